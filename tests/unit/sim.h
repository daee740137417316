/* sim.h: histories to be judged. A small deterministic simulator runs the real step of the real VMs
 * over a network of random latencies, all in memory and in one thread, and records what a run
 * records. */
#ifndef LCMPI_TESTS_SIM_H
#define LCMPI_TESTS_SIM_H

#include "lcmpi/history.h"

#include <stdbool.h>

/* How snapshots are taken: by methods that are right, ... */
enum sim_method {
  SIM_CHANDY_LAMPORT, /* VM 0 starts; markers in the channels */
  SIM_LAI_YANG,       /* messages have colours; channels are not first in, first out */
  SIM_TIME_CUT,       /* virtual time: no tick is late */
  SIM_RANK_BY_RANK,   /* as of the ticks due by then, late or not; without messages (format 1) */
  /* ... and by some that are not, without markers or colours: each VM by itself */
  SIM_AT_RECEIVE, /* after its first receive at or after the time; with the messages that cross */
  SIM_AT_RANDOM,  /* at a random moment after the time; with the messages that cross */
  SIM_AT_ARRIVAL  /* when its first message has arrived after the time; with what it sees then */
};

/* An indexed history of n_vm machines with clocks lamport and vector, three snapshots and an end,
 * which are whole. The same seed gives the same history. Released with lc_history_free(). */
void simulate(struct lc_history *history, uint64_t seed, int32_t n_vm);
/* The same by any method; that one is by SIM_CHANDY_LAMPORT. With `late` the last two snapshots
 * before the end come so late that they may not be done when the run ends. */
void simulate_by(struct lc_history *history, uint64_t seed, int32_t n_vm, enum sim_method method,
                 bool late);

/* What would be on file had the run been killed: of each machine only its first events (each as
 * many as a draw of `seed` says), of its messages those and perhaps a few more, no end; of its
 * snapshots those for which this is enough. */
void cut_off(struct lc_history *history, uint64_t seed);

/* Takes event `at` out of the history as if its tick had never been: later events of the machine
 * move up by one in their numbers, not in their ticks. It must be an internal event. */
void remove_event(struct lc_history *history, int64_t at);

/* Two machines that each receive first what the other sends afterwards. Their hosts' clocks may
 * differ by a minute, so no time is wrong: only the order is impossible. */
void make_a_cycle(struct lc_history *history);

#endif
