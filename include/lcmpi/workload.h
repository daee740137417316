/* workload.h: when a VM ticks, and what an idle tick does. Pure functions of the configuration and
 * the seed. Local. */
#ifndef LCMPI_WORKLOAD_H
#define LCMPI_WORKLOAD_H

#include "lcmpi/event.h"
#include "lcmpi/network.h"

/* ---- ticks ------------------------------------------------------------------------------------
 */

/* A tick rate in ticks per second of model time: p/q > 0, reduced. */
struct lc_rate {
  int64_t p, q;
};

/* When tick k >= 0 is due: phase + floor(k q 1e9 / p) ns, from the start and never from the last
 * tick. INT64_MAX if that is beyond the range of time. */
int64_t lc_tick_time(struct lc_rate rate, int64_t phase_ns, int64_t k);
/* How many ticks are due before `end_ns`. */
int64_t lc_tick_count(struct lc_rate rate, int64_t phase_ns, int64_t end_ns);

enum lc_phase { LC_PHASE_ZERO, LC_PHASE_PERIOD, LC_PHASE_RANDOM };

enum { LC_MAX_RATES = 4096 };

/* Which rates the VMs get. */
struct lc_rate_rule {
  int32_t n;
  bool drawn; /* each VM draws one of the n rates; else a copy's VMs take them in turn */
  struct lc_rate rate[LC_MAX_RATES];
  uint64_t
      below[LC_MAX_RATES]; /* drawn: the draw's 32-bit word picks the first with word < below */
};

/* Gives the drawn rates weights (NULL: equal ones), summing to anything above 0. */
void lc_rate_rule_weigh(struct lc_rate_rule *rule, const double *weight);
/* Which of the rule's rates a VM (global id) of a system with n_copy VMs in a copy has, and that
 * rate. Copies have draws of their own, but rates that are given are the same in all. */
int32_t lc_rate_index(const struct lc_rate_rule *rule, uint64_t seed, int32_t vm, int32_t n_copy);
struct lc_rate lc_rate_of(const struct lc_rate_rule *rule, uint64_t seed, int32_t vm,
                          int32_t n_copy);
/* The first tick's time. */
int64_t lc_phase_of(enum lc_phase phase, struct lc_rate rate, uint64_t seed, int32_t vm);

/* ---- operations -------------------------------------------------------------------------------
 */

enum { LC_FANOUT_ALL = INT32_MAX };

/* What a tick does that finds messages in the queue (model.md, Tick rules): it takes one of them;
 * or it takes one and acts as well, as a second event. */
enum lc_tick_rule { LC_RECEIVE_OR_ACT, LC_RECEIVE_THEN_ACT };
extern const char *const lc_tick_rules[]; /* their names */

struct lc_workload {
  uint64_t seed;
  const struct lc_topology *topology; /* not owned */
  enum lc_tick_rule rule;
  bool shared_stream; /* all VMs of a copy draw what its first one does: seed A's first version */
  int32_t fanout;     /* peers of a multicast, >= 1; cut to the number of peers */
  uint64_t unicast_below;   /* thresholds of the draw's 32-bit word, in 0..2^32: */
  uint64_t multicast_below; /* below the first unicast, below the second multicast, else internal */
  int32_t *chosen;          /* room for a multicast's receivers; owned */
  int32_t *order;           /* what shuffles of large fan-outs work on, else NULL; owned */
  uint32_t *swapped;        /* [fanout] a shuffle's swaps; owned */
};

/* Weights are fractions of the ticks that act and sum to 1 with the internal events' share. */
void lc_workload_init(struct lc_workload *load, uint64_t seed, const struct lc_topology *topology,
                      enum lc_tick_rule rule, double unicast, double multicast, int32_t fanout);
void lc_workload_free(struct lc_workload *load);

/* The VM whose stream of operations a VM draws from: its own. */
static inline int32_t lc_workload_stream(const struct lc_workload *load, int32_t vm) {
  return load->shared_stream ? vm - vm % load->topology->n_vm : vm;
}

/* Messages that a tick that acts, of a VM with so many peers, sends on average. */
double lc_workload_messages_per_tick(const struct lc_workload *load, int32_t degree);

#endif
