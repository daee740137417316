/* A VM that goes on. All that a step needs follows from the counts, the stamps and the options: a
 * tick's time is a formula, draws are counted by ticks, and the clocks that there are have their
 * stamp as their state. */
#include "due.h"
#include "step.h"

#include <string.h>

__extension__ typedef __int128 wide;

/* The deadline that move_deadline() has after so many ticks, with its remainder. */
static void restore_deadline(struct lc_vms *vms, int32_t own, struct lc_rate rate, int64_t phase_ns,
                             int64_t n_tick) {
  int64_t t = lc_tick_time(rate, phase_ns, n_tick);
  vms->deadline_ns[own] = t;
  if (t == INT64_MAX)
    return; /* beyond the end of time: it never ticks again */
  wide parts = (wide)rate.q * LC_NS_PER_S * n_tick - (wide)(t - phase_ns) * rate.p;
  lc_vms_vm(vms, own)->remainder = (int64_t)parts;
}

/* Before its first event a clock has a state and no stamp yet. */
static void restore_clocks(struct lc_vms *vms, int32_t own, const struct lc_vm_past *past) {
  const struct lc_clock_set *set = vms->clocks;
  int64_t *state = lc_vms_vm(vms, own)->word, *stamps = state + vms->stamp_at;
  size_t stamp_bytes = (size_t)set->stamp_words * sizeof *stamps;
  memcpy(stamps + set->stamp_words, past->jump_max, (size_t)set->n * sizeof *stamps);
  for (int32_t c = 0; c < set->n; c++)
    lc_assert(!set->clock[c]->state_words && !set->clock[c]->stamp);
  if (past->counts.n_tick == 0)
    return;
  memcpy(state, past->stamps, stamp_bytes);
  memmove(stamps, past->stamps, stamp_bytes);
}

void lc_vms_restore(struct lc_vms *vms, int32_t own, const struct lc_rate_rule *rates,
                    enum lc_phase phase, const struct lc_vm_past *past) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  const struct lc_counts *counts = &past->counts;
  struct lc_rate rate = rates->rate[vm->rate];
  lc_assert(vm->n_tick == 0 && vm->n_queued == 0 && vm->pile < 0);
  vm->n_tick = counts->n_tick;
  vm->max_queued = (int32_t)past->max_queued;
  vms->tally[own] = (struct lc_tally){
      .n_send = counts->n_event - counts->n_internal - counts->n_received,
      .n_sent = counts->n_sent,
      .n_received = counts->n_received,
  };
  if (vms->late)
    vms->late[own] = past->late;
  int64_t start = lc_phase_of(phase, rate, vms->load->seed, vms->first + own);
  restore_deadline(vms, own, rate, start, counts->n_tick);
  restore_clocks(vms, own, past);
}

void lc_vms_restored(struct lc_vms *vms) {
  for (int32_t b = 0; b < vms->n_block; b++)
    note_deadlines(vms, b, INT64_MAX);
}
