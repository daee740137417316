/* What an idle tick does: one Philox block per tick decides. Word 0 picks the operation by
 * whole-number thresholds, word 1 the peer; a multicast's receivers come from a partial
 * Fisher-Yates shuffle that takes words 2 and 3 and then further blocks of the same tick. */
#ifndef LC_VM_CHOOSE_H
#define LC_VM_CHOOSE_H

#include "lcmpi/rng.h"
#include "lcmpi/workload.h"

struct choice {
  enum lc_op op;
  int32_t n_receiver;
  const int32_t *receiver; /* ascending; valid until the next call with the same workload */
};

/* The receivers of a multicast into load->chosen, ascending; returns how many. */
int32_t choose_receivers(struct lc_workload *load, int32_t vm, int64_t tick,
                         const struct lc_block *draw, int32_t degree);

/* The full network of a single copy, without a call; the others by the topology's own functions. */
static inline int32_t degree_of(const struct lc_topology *t, int32_t vm) {
  if (t->kind == LC_TOPOLOGY_FULL)
    return t->n_vm - 1;
  return lc_topology_degree(t, vm);
}

static inline int32_t peer_of(const struct lc_topology *t, int32_t vm, int32_t i) {
  if (t->kind == LC_TOPOLOGY_FULL && t->n_replica == 1)
    return i + (i >= vm);
  return lc_topology_peer(t, vm, i);
}

/* Whether a tick whose draw begins with `word` sends, if its VM has a peer. */
static inline bool may_send(const struct lc_workload *load, uint32_t word) {
  return word < load->multicast_below;
}

/* The operation of tick `tick` of `vm` (a global id), if it is idle; `draw` is block 0 of the tick.
 * A VM without peers does internal events. */
static inline struct choice choose(struct lc_workload *load, int32_t vm, int64_t tick,
                                   const struct lc_block *draw) {
  const struct choice internal = {.op = LC_OP_INTERNAL};
  if (!may_send(load, draw->word[0]))
    return internal;
  int32_t degree = degree_of(load->topology, vm);
  if (degree < 1)
    return internal;
  if (draw->word[0] >= load->unicast_below) {
    int32_t n = choose_receivers(load, vm, tick, draw, degree);
    return (struct choice){LC_OP_MULTICAST, n, load->chosen};
  }
  int32_t i = (int32_t)lc_below(draw->word[1], (uint32_t)degree);
  load->chosen[0] = peer_of(load->topology, vm, i);
  return (struct choice){LC_OP_UNICAST, 1, load->chosen};
}

#endif
