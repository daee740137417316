/* One VM's state, as every method records it. */
#include "lcmpi/snapshot.h"

struct lc_state lc_state_of(const struct lc_vms *vms, int32_t own, int64_t t_actual,
                            int64_t n_queued) {
  struct lc_counts counts = lc_vms_counts(vms, own);
  struct lc_late late = vms->late ? vms->late[own] : (struct lc_late){0};
  return (struct lc_state){
      .t_actual = t_actual,
      .n_tick = counts.n_tick,
      .n_event = counts.n_event,
      .n_internal = counts.n_internal,
      .n_sent = counts.n_sent,
      .n_received = counts.n_received,
      .n_queued = n_queued,
      .queue_max = lc_vms_vm(vms, own)->max_queued,
      .lateness_max_ns = late.largest_ns,
      .lateness_sum_ns = late.sum_ns,
      .valid = 1,
  };
}

uint64_t lc_state_hash(const struct lc_vms *vms, int32_t own, int32_t snapshot, int64_t n_queued) {
  struct lc_counts c = lc_vms_counts(vms, own);
  const int64_t counts[] = {c.n_tick, c.n_internal, c.n_sent, c.n_received, n_queued};
  uint64_t hash = lc_hash_state(vms->first + own, snapshot, counts, 5);
  return lc_hash_words(hash, lc_vms_stamps(vms, own), vms->clocks->stamp_words);
}
