/* Where a run goes on. Rank 0 finds the cut and keeps others from writing the file; every rank
 * reads what its own VMs were then, whichever rank they were on before. */
#include "run_internal.h"

#include <inttypes.h>

/* At the end of a run records and markers of a snapshot are lost that had begun and was not done.
 * Virtual time must come to the result of a run that went on, so it goes back to the one before.
 * Time cuts begin and are done at once. */
static bool is_amid_a_snapshot(const struct lc_config *c, const struct lc_restart *restart) {
  bool at_end = restart->snapshot >= restart->n_taken;
  return at_end && c->pace == LC_PACE_VIRTUAL && c->method->kind != LC_TIME_CUT &&
         restart->n_taken < lc_snapshot_count(restart->t_ns, c->snapshot_every_ns) - 1;
}

/* After --receive-until a cut does not say which channels are closed. */
static lc_status go_before_closing(const struct lc_config *c, struct lc_restart *restart,
                                   struct lc_error *err) {
  lc_status status = LC_OK;
  if (restart->t_ns > c->receive_until_ns && c->from >= 0)
    return lc_fail(err, LC_EUSAGE,
                   "--from %d: is later than --receive-until: the run goes on from earlier "
                   "snapshots only",
                   c->from);
  for (int32_t k = restart->n_taken - 1; restart->t_ns > c->receive_until_ns && !status; k--)
    status = k < 0 ? lc_store_restart(c->resume, LC_BEGINNING, false, restart, err)
                   : lc_store_restart(c->resume, k, false, restart, err);
  return status;
}

/* On rank 0. Where to go on from can be asked for; what is chosen comes to the same result. */
static lc_status choose_restart(struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  struct lc_restart *restart = &run->restart;
  lc_status status = lc_store_restart(c->resume, c->from, true, restart, err);
  int held = restart->held;
  if (!status && c->from < 0 && is_amid_a_snapshot(c, restart))
    status = lc_store_restart(c->resume, LC_NEWEST_SNAPSHOT, false, restart, err);
  if (!status)
    status = go_before_closing(c, restart, err);
  restart->held = held;
  return status;
}

lc_status find_restart(struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  lc_status status = LC_OK;
  if (!c->resume)
    return LC_OK;
  if (run->rank == 0)
    status = choose_restart(run, err);
  status = lc_agree(run->transport, status, err);
  if (status)
    return status;
  int held = run->restart.held;
  lc_broadcast(run->transport, &run->restart, sizeof run->restart);
  run->restart.held = held;
  return LC_OK;
}

double past_bytes(const struct run *run) {
  if (!run->config->resume)
    return 0;
  double words = run->clocks.stamp_words + run->clocks.n;
  return run->n_own * ((double)sizeof(struct lc_state) + words * (double)sizeof(int64_t));
}

/* What a damaged file must not make of a VM. */
static bool is_possible(const struct lc_state *s, enum lc_tick_rule rule) {
  return s->valid && s->n_tick >= 0 && s->n_internal >= 0 && s->n_sent >= 0 && s->n_received >= 0 &&
         s->n_event >= s->n_tick &&
         s->n_event - s->n_tick == (rule == LC_RECEIVE_THEN_ACT ? s->n_received : 0) &&
         s->n_internal <= s->n_event && s->n_received <= s->n_event - s->n_internal &&
         s->n_received <= s->n_tick && s->queue_max >= 0 && s->queue_max <= INT32_MAX;
}

static lc_status restore(struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  const struct lc_past *past = &run->past;
  for (int32_t i = 0; i < past->n; i++) {
    const struct lc_state *state = &past->state[i];
    if (!is_possible(state, c->tick_rule))
      return lc_fail(err, LC_EFILE, "%s: no VM can be in the state of VM %d in snapshot %d",
                     c->resume, run->first_vm + i, run->restart.snapshot);
    struct lc_vm_past vm = {
        .counts = {state->n_tick, state->n_event, state->n_internal, state->n_sent,
                   state->n_received},
        .max_queued = state->queue_max,
        .late = {state->lateness_max_ns, state->lateness_sum_ns},
        .stamps = past->stamps + (ptrdiff_t)i * run->clocks.stamp_words,
        .jump_max = past->jump_max + (ptrdiff_t)i * run->clocks.n,
    };
    lc_vms_restore(&run->vms, i, &c->rates, c->phase, &vm);
  }
  lc_vms_restored(&run->vms);
  return LC_OK;
}

lc_status restore_vms(struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  if (!c->resume)
    return LC_OK;
  lc_status status = lc_store_past(c->resume, &run->restart, run->first_vm, run->n_own,
                                   &run->clocks, &run->past, err);
  if (!status)
    status = restore(run, err);
  return lc_agree(run->transport, status, err);
}
