/* What there is no memory for is refused before anything is made of it: Linux would hand it out and
 * kill the process later, with a file half written. */
#include "run_internal.h"

/* For what is not counted: the file's columns, HDF5, messages. */
static const double spare_bytes = 16 << 20;

/* All ranks of a host take their memory at the same time. Collective. */
static int32_t ranks_on_this_host(const struct run *run) {
  const struct lc_host *hosts;
  const char *names;
  int32_t n = 0;
  lc_transport_hosts(run->transport, &hosts, &names);
  for (int32_t r = 0; r < run->n_rank; r++)
    n += hosts[r].host == hosts[run->rank].host;
  return n;
}

static lc_status check(const struct run *run, double bytes, int32_t sharing, const char *remedy,
                       struct lc_error *err) {
  char need[LC_QUANTITY_MAX], have[LC_QUANTITY_MAX];
  int64_t room = lc_free_memory(sharing);
  bytes += spare_bytes;
  if (bytes <= (double)room)
    return LC_OK;
  return lc_fail(err, LC_ENOMEM, "out of memory: %d VMs in a process take %s; it can have %s: %s",
                 run->n_own, lc_print_bytes(need, bytes < 0x1p62 ? (int64_t)bytes : INT64_MAX),
                 lc_print_bytes(have, room), remedy);
}

lc_status check_run_memory(const struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  double bytes = lc_vms_bytes(run->n_own, &run->clocks) +
                 lc_topology_bytes(&c->topology, c->n_vm, run->n_own) + prediction_bytes(run) +
                 past_bytes(run);
  if (c->served)
    bytes += lc_serving_bytes(run->place, run->n_own, run->clocks.stamp_words);
  return check(run, bytes, ranks_on_this_host(run), "use fewer VMs, more hosts or --clock lamport",
               err);
}

lc_status check_prediction_memory(const struct run *run, struct lc_error *err) {
  const struct lc_config *c = run->config;
  double bytes = lc_topology_bytes(&c->topology, c->n_vm, run->n_own) +
                 lc_theory_bytes(c->n_vm, c->topology.kind == LC_TOPOLOGY_FULL);
  return check(run, bytes, 1, "use fewer VMs", err);
}
