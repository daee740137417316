/* sim.h: histories to be judged. A small deterministic simulator runs the real step of the real VMs
 * over a network of random latencies, all in memory and in one thread, and records what a run
 * records. */
#ifndef LCMPI_TESTS_SIM_H
#define LCMPI_TESTS_SIM_H

#include "lcmpi/history.h"

/* An indexed history of n_vm machines with clocks lamport and vector, three snapshots and an end.
 * The same seed gives the same history. Released with lc_history_free(). */
void simulate(struct lc_history *history, uint64_t seed, int32_t n_vm);

/* What would be on file had the run been killed: of each machine only its first events (each as
 * many as a draw of `seed` says), of its messages those and perhaps a few more, no end. */
void cut_off(struct lc_history *history, uint64_t seed);

/* Takes event `at` out of the history as if its tick had never been: later events of the machine
 * move up by one in their numbers, not in their ticks. It must be an internal event. */
void remove_event(struct lc_history *history, int64_t at);

#endif
