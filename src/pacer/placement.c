/* Which rank has which VMs, whose events are logged, and when states are recorded: the same on
 * every rank. */
#include "lcmpi/pacer.h"

int32_t lc_first_vm(struct lc_placement p, int32_t rank) {
  int64_t among = rank > p.n_apart ? rank - p.n_apart : 0;
  return (int32_t)(among * p.n_vm / (p.n_rank - p.n_apart));
}

int32_t lc_owner(struct lc_placement p, int32_t vm) {
  int64_t n = p.n_rank - p.n_apart;
  return (int32_t)((((int64_t)vm + 1) * n - 1) / p.n_vm) + p.n_apart;
}

int32_t lc_snapshot_count(int64_t duration_ns, int64_t every_ns) {
  return every_ns ? (int32_t)((duration_ns - 1) / every_ns) + 1 : 1;
}

int64_t lc_snapshot_time(int32_t index, int64_t duration_ns, int64_t every_ns) {
  bool last = index == lc_snapshot_count(duration_ns, every_ns) - 1;
  return last ? duration_ns : (index + 1) * every_ns;
}

bool lc_logged(enum lc_log log, int32_t sample, int32_t n_copy, int32_t n_vm, int32_t vm) {
  if (log != LC_LOG_SAMPLE)
    return log == LC_LOG_ALL;
  return (n_copy < n_vm ? vm / n_copy : vm) % sample == 0;
}
