/* pacer.h: what makes VMs tick. In real time against the wall clock; in virtual time as fast as the
 * processor allows, in windows as long as the network's lookahead, with the same result on any
 * number of ranks. All ranks end together. */
#ifndef LCMPI_PACER_H
#define LCMPI_PACER_H

#include "lcmpi/histogram.h"
#include "lcmpi/progress.h"
#include "lcmpi/server.h"
#include "lcmpi/snapshot.h"
#include "lcmpi/store.h"
#include "lcmpi/vm.h"

/* Whose events and messages go into the file: all VMs; of every sample-th copy (of a single copy:
 * every sample-th VM); none. Totals and states go there always. */
enum lc_log { LC_LOG_ALL, LC_LOG_SAMPLE, LC_LOG_NONE };

/* --route server. */
struct lc_server_rule {
  enum lc_server_order order;
  int64_t service_ns; /* that each request takes */
};

/* Where VMs run: in blocks as even as can be on all ranks, or on all but rank 0, which is the
 * central server's alone. */
struct lc_placement {
  int32_t n_vm; /* of all copies together */
  int32_t n_rank;
  int32_t n_apart; /* ranks without VMs, the first ones: 0 or 1 */
};

/* A system about to run. The pacer uses all of it and owns none. */
struct lc_world {
  struct lc_transport *transport;
  struct lc_store *store;
  struct lc_progress *progress; /* NULL but on rank 0 */
  struct lc_vms *vms;           /* this rank's block */
  const struct lc_latency *latency;
  const struct lc_server_rule *server; /* NULL: messages go from VM to VM */
  bool fifo;
  int64_t receive_until_ns; /* INT64_MAX: for ever */
  enum lc_log log;
  int32_t log_sample;
  struct lc_placement place;
  int64_t clock_offset_ns; /* of this host's monotonic clock against rank 0's */
  int64_t duration_ns, snapshot_every_ns;
  int32_t n_snapshot; /* with the final state */
  struct lc_rate speed;
  int64_t commit_every_ns, poll_ns; /* wall time */
  const struct lc_snapshot_method *method;
  /* A run that goes on: from where, and what this rank's VMs were; the VMs are restored already.
   * The pacer empties it: it is as large as the VMs. NULL: a new run. */
  const struct lc_restart *restart;
  struct lc_past *past;
};

/* Whether the events of a VM go into the file. Local. */
bool lc_logged(enum lc_log log, int32_t sample, int32_t n_copy, int32_t n_vm, int32_t vm);

/* Lateness of ticks (start minus deadline) in wall time. With a server a tick has its event when
 * the reply has come, and that is what counts; ticks that are skipped have none. */
struct lc_lateness {
  struct lc_histogram histogram;
  int64_t largest_ns;
  int64_t n_tick;
  int64_t n_overrun; /* ticks that began after the next one of their VM was due */
};

/* How the run ended. The lateness and the balance are those of all ranks together. */
struct lc_outcome {
  int signal;    /* that stopped it early, or 0 */
  int64_t t_end; /* model time: every tick due before it was done */
  struct lc_balance balance;
  struct lc_lateness lateness; /* real time only */
  int64_t ticking_ns, cpu_ns;  /* wall and processor time of the ticking, mean over the ranks */
  int64_t n_grown;             /* how often the file was laid out again */
  int64_t n_event;             /* of the whole run */
  int64_t n_event_before;      /* of them before the restart, if it was resumed */
  int64_t n_window;            /* virtual time: how many there were */
  int64_t message_bytes;       /* virtual time: held for messages under way, most of any rank */
  struct lc_digest digest;
  struct lc_service service; /* with a server */
};

/* The rank that runs a VM. Local. */
int32_t lc_owner(struct lc_placement place, int32_t vm);
/* The first VM of a rank; of one without VMs 0; of rank n_rank: n_vm. Local. */
int32_t lc_first_vm(struct lc_placement place, int32_t rank);

/* Bytes that a central server and its n_own clients take on a rank beside the VMs themselves,
 * without messages. Local. */
double lc_serving_bytes(struct lc_placement place, int32_t n_own, int32_t stamp_words);

/* The number of snapshots of a run, the final state included, and their times. every_ns 0: the
 * final state alone. Local. */
int32_t lc_snapshot_count(int64_t duration_ns, int64_t every_ns);
int64_t lc_snapshot_time(int32_t index, int64_t duration_ns, int64_t every_ns);

/* Runs the system to its end, or until a signal asks all ranks to stop, drains the network by count
 * and writes the end of the file. LC_OK (look at outcome->signal), LC_EFILE after a failed write,
 * LC_EVERIFY if the balance does not hold, LC_ERANK if the other ranks do not answer. After
 * LC_ERANK no collective call may follow. Collective. */
lc_status lc_pace_real(struct lc_world *world, struct lc_outcome *outcome, struct lc_error *err);

/* The same in virtual time. The latency's minimum must be positive. Collective. */
lc_status lc_pace_virtual(struct lc_world *world, struct lc_outcome *outcome, struct lc_error *err);

#endif
