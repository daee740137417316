/* network.h: what lies between the VMs: who can send to whom, and how long a message takes. Pure
 * functions of the configuration and the seed (model.md, Network; Rulings, Latency). Local.
 *
 * A system is `n_replica` copies of `n_vm` VMs each; VM ids are replica * n_vm + local id, and
 * peers never cross copies. */
#ifndef LCMPI_NETWORK_H
#define LCMPI_NETWORK_H

#include "lcmpi/base.h"
#include "lcmpi/rng.h"

/* ---- latency ------------------------------------------------------------------------------------
 */

enum lc_latency_kind { LC_LATENCY_CONST, LC_LATENCY_UNIFORM, LC_LATENCY_EXP, LC_LATENCY_LOGNORMAL };

/* Model ns. CONST: a. UNIFORM: from a to b. EXP: mean a. LOGNORMAL: median a, sigma of the
 * logarithm. No message takes less than min_ns: the lookahead of virtual time. */
struct lc_latency {
  enum lc_latency_kind kind;
  int64_t a_ns, b_ns;
  double sigma;
  int64_t min_ns;
};

/* Reads "const:10ms", "uniform:5ms,15ms", "exp:20ms,min=1ms", "lognormal:20ms,0.5,min=1ms", or
 * "none" (const:0). Without min=: that of CONST is its value, that of UNIFORM its lower end, that
 * of EXP and LOGNORMAL a thousandth of a_ns, at least 1 ns. LC_EUSAGE, naming --latency, for text
 * that is none of them, an end before the start, a min= above the end, and a tail beyond
 * LC_LATENCY_MOST_NS (the latency of the smallest and the largest draw is looked at). */
lc_status lc_latency_parse(struct lc_latency *latency, const char *text, struct lc_error *err);
/* The i-th word that a law can begin with, NULL beyond the last; behind a colon stands more. */
const char *lc_latency_word(size_t i);
/* What lc_latency_parse() reads back, complete with min= where there can be one; the caller frees
 * it. */
char *lc_latency_print(const struct lc_latency *latency);

#define LC_LATENCY_MOST_NS (INT64_C(365) * 86400 * LC_NS_PER_S)

/* The latency of message `number` of VM `sender`: drawn in ns, rounded to nearest, then at least
 * min_ns. The same on every host: own logarithm and exponential, no contraction. */
int64_t lc_latency_draw(const struct lc_latency *latency, uint64_t seed, int32_t sender,
                        int64_t number);
/* The same of what VM and server say to each other: `purpose` is LC_DRAW_REQUEST or _ANSWER. */
int64_t lc_latency_draw_for(const struct lc_latency *latency, uint64_t seed,
                            enum lc_purpose purpose, int32_t vm, int64_t number);

/* ---- channels -----------------------------------------------------------------------------------
 */

struct lc_channel {
  int32_t sender, receiver;
  int64_t t_last;
};

/* The last arrival of every channel with a message under way (or that was asked about with one at
 * the end of time). All zeros is the empty table. */
struct lc_channels {
  struct lc_channel *entry; /* sender -1: free; owned */
  size_t room, n;
};

/* The arrival of the next message of a channel, in order of sending: t_arrival, or that of the one
 * before it if that is later. `now_ns` is a time that no later message of any channel arrives
 * before. */
int64_t lc_channels_order(struct lc_channels *channels, int32_t sender, int32_t receiver,
                          int64_t t_arrival, int64_t now_ns);
void lc_channels_free(struct lc_channels *channels);

/* Receivers that look at the time only between messages, and listen until t_ns: a channel delivers
 * its messages up to and including the first that arrives then or later; what comes behind that is
 * lost (model.md, Rulings, Ticks). For channels that are first in, first out. */
struct lc_until {
  int64_t t_ns;              /* INT64_MAX: for ever */
  struct lc_channels closed; /* that delivered a message at t_ns or later: they stay in the table */
  int64_t n_lost;            /* of a run that goes on only the sum over all ranks says something */
};
/* Whether a message is delivered; messages of a channel must be asked about in order of sending. */
bool lc_until_admits_late(struct lc_until *until, int32_t sender, int32_t receiver);
static inline bool lc_until_admits(struct lc_until *until, int32_t sender, int32_t receiver,
                                   int64_t t_arrival) {
  return t_arrival < until->t_ns || lc_until_admits_late(until, sender, receiver);
}

/* ---- topology -----------------------------------------------------------------------------------
 */

enum lc_topology_kind {
  LC_TOPOLOGY_FULL,   /* everyone to everyone */
  LC_TOPOLOGY_RING,   /* to the one before and the one after */
  LC_TOPOLOGY_STAR,   /* VM 0 to all, all to VM 0 */
  LC_TOPOLOGY_GRID,   /* rows of ceil(sqrt(n)) VMs, the last may be short: up, left, right, down */
  LC_TOPOLOGY_RANDOM, /* each VM draws k distinct VMs that it sends to */
  LC_TOPOLOGY_FILE    /* channels listed in a file */
};

struct lc_topology_rule {
  enum lc_topology_kind kind;
  int32_t k;    /* RANDOM */
  bool partial; /* FILE: VMs that cannot be reached are meant */
  char *path;   /* FILE; owned */
};

/* Reads "full", "ring", "star", "grid", "random:4", "file:PATH" or "file:PATH,partial". The file is
 * not opened. LC_EUSAGE, naming --topology, for anything else. Replaces what *rule owns. */
lc_status lc_topology_rule_parse(struct lc_topology_rule *rule, const char *text,
                                 struct lc_error *err);
/* The i-th word that a shape can begin with, as lc_latency_word(). */
const char *lc_topology_word(size_t i);
/* What lc_topology_rule_parse() reads back; the caller frees it. */
char *lc_topology_rule_print(const struct lc_topology_rule *rule);

/* The peers that VMs can send to. */
struct lc_topology {
  enum lc_topology_kind kind;
  int32_t n_vm, n_replica; /* VMs of a copy; copies */
  int32_t width;           /* GRID: VMs in a row */
  int32_t first_vm, n_own; /* RANDOM: the VMs whose peers are known; else all are */
  int32_t max_degree;      /* of the VMs whose peers are known */
  int64_t *first;          /* RANDOM by own VM, FILE by local id: where its peers start; owned */
  int32_t *peer;           /* local ids, ascending for each VM; owned */
};

/* Makes the topology for VMs [first_vm, first_vm + n_own) of all n_replica * n_vm. `text` holds the
 * `length` bytes of a FILE's file (else NULL): a line is "A B" (channels both ways) or "A -> B"
 * (one way) with local ids, "#" starts a comment; a channel listed twice is one. LC_EUSAGE with the
 * path and line number for what is not such a line, names a VM that does not exist, or itself; for
 * a graph in which some VM cannot be reached from another, unless `partial`, naming one; for a
 * RANDOM k above n_vm - 1. RANDOM draws with LC_DRAW_TOPOLOGY by global VM id, so it does not
 * depend on first_vm and n_own. */
lc_status lc_topology_build(struct lc_topology *topology, const struct lc_topology_rule *rule,
                            uint64_t seed, int32_t n_vm, int32_t n_replica, int32_t first_vm,
                            int32_t n_own, const char *text, size_t length, struct lc_error *err);
void lc_topology_free(struct lc_topology *topology);
/* Bytes that lc_topology_build() takes for n_own VMs of copies of n_vm, without the channels that a
 * file lists. */
double lc_topology_bytes(const struct lc_topology_rule *rule, int32_t n_vm, int32_t n_own);

/* How many peers a VM has, also where they are not known, and the i-th of them (0 <= i < degree) in
 * ascending order; global ids. */
int32_t lc_topology_degree(const struct lc_topology *topology, int32_t vm);
int32_t lc_topology_peer(const struct lc_topology *topology, int32_t vm, int32_t i);

#endif
