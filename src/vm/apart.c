/* A tick whose message comes from elsewhere, as a central server keeps it: its parts one by one,
 * with the same draws, counts and clocks as a whole step. */
#include "step.h"

#include <stdlib.h>

void lc_vms_keep_skipped(struct lc_vms *vms) {
  vms->skipped = lc_new((size_t)vms->n, sizeof *vms->skipped, "the skipped ticks");
}

void lc_vms_take(struct lc_vms *vms, int32_t own, int64_t now_ns, const struct lc_given *given,
                 struct lc_step *step) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  begin_tick(vms, own, now_ns);
  begin_step(vms, own, now_ns, false, LC_RECEIVE, step);
  if (given->n_before > vm->max_queued)
    vm->max_queued = given->n_before;
  take_message(vms, own, now_ns, only_lamport(vms->clocks), given, step);
  end_event(vms, own, step);
  end_tick(vms, own);
  step->event.queue_before = given->n_before;
  step->event.queue_after = given->n_before - 1;
}

void lc_vms_act(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step) {
  uint64_t tick = (uint64_t)lc_vms_vm(vms, own)->n_tick;
  struct lc_block draw = lc_draw(vms->load->seed, LC_DRAW_OPERATION,
                                 lc_workload_stream(vms->load, vms->first + own), tick, 0);
  begin_tick(vms, own, now_ns);
  act_step(vms, own, now_ns, only_lamport(vms->clocks), false, &draw, step);
}

void lc_vms_skip(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step) {
  lc_assert(vms->skipped);
  note_late(vms, own, now_ns);
  begin_step(vms, own, now_ns, false, LC_SKIPPED, step);
  vms->skipped[own]++;
  end_event(vms, own, step);
  end_tick(vms, own);
}
