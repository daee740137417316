/* snapshot.h: consistent snapshots of a system while it runs. A method decides when each VM records
 * its state, from nothing but what passes its channels; what it records is a cut: for every message
 * whose receive is before the cut, its send is too. The messages that cross it (sent before their
 * sender's record, arriving after their receiver's) are the channels' states. Local, no input or
 * output: the pacer tells a recorder what arrives and happens on its rank, sends what the recorder
 * asks for, and takes away what is done.
 *
 *   chandy-lamport  Chandy and Lamport, "Distributed snapshots: determining global states of
 *                   distributed systems", TOCS 3(1), 1985. Markers on every channel, first in,
 * first out. lai-yang        Lai and Yang, "On distributed snapshots", IPL 25(3), 1987, with the
 * counts of Mattern, "Efficient algorithms for distributed snapshots and global virtual time
 *                   approximation", JPDC 18(4), 1993. Messages carry their sender's colour.
 *   time-cut        virtual time only: ticks before T are done, arrivals before T are in the queue.
 *                   Needs no recorder: no window reaches across T. */
#ifndef LCMPI_SNAPSHOT_H
#define LCMPI_SNAPSHOT_H

#include "lcmpi/history.h"
#include "lcmpi/vm.h"

enum lc_snapshot_kind { LC_TIME_CUT, LC_CHANDY_LAMPORT, LC_LAI_YANG };

struct lc_snapshot_method {
  const char *name, *summary;
  enum lc_snapshot_kind kind;
  bool real_time;  /* goes with --pace real; all go with virtual */
  bool needs_fifo; /* refused with --fifo off */
  bool coloured;   /* messages carry their sender's colour */
};
extern const struct lc_snapshot_method lc_snapshot_methods[];
extern const size_t lc_n_snapshot_method;
/* The method of that name, or NULL. */
const struct lc_snapshot_method *lc_snapshot_method_find(const char *name);

/* The state of a VM as it is now, recorded at a moment at which so many messages are in its queue;
 * and its part of the digest of states. */
struct lc_state lc_state_of(const struct lc_vms *vms, int32_t own, int64_t t_actual,
                            int64_t n_queued);
uint64_t lc_state_hash(const struct lc_vms *vms, int32_t own, int32_t snapshot, int64_t n_queued);

/* ---- the recorder of chandy-lamport and lai-yang
 * -------------------------------------------------
 */

/* What chandy-lamport knows of the channels to this rank's VMs. */
struct lc_marking {
  int32_t *n_in; /* [n_own] channels into a VM */
  bool *starts;  /* [n_own] records by itself when the time comes: VM 0 of each copy, and those that
                    no marker would reach */
};

/* A marker to be sent: it takes its place in the channel behind the sender's message number - 1. */
struct lc_marker {
  int32_t sender, receiver; /* global ids */
  int32_t snapshot;
  int64_t number; /* the sender's next message */
  int64_t t_send; /* model ns: the moment of its sender's record */
};
typedef void lc_marker_sender(void *context, const struct lc_marker *marker);
/* What stands for a message's number in the draw of the marker's latency: one that no message has.
 */
static inline int64_t lc_marker_draw(const struct lc_marker *marker) {
  return -1 - ((int64_t)marker->snapshot << 32 | marker->receiver);
}

/* One rank's part of a cut, while it is being recorded and when it is done. */
struct lc_cut {
  int32_t index;
  int64_t n_unrecorded; /* VMs that have not recorded their state */
  /* What channels can still bring. CHANDY_LAMPORT: those whose marker has not come; LAI_YANG: sent
   * by this rank's VMs before their record minus received before it or since; the sum over all
   * ranks counts. */
  int64_t n_outstanding;
  struct lc_state *state; /* [n_own] */
  int64_t *stamps;        /* [n_own][stamp_words] */
  int64_t *jump_max;      /* [n_own][clocks] */
  int64_t n_left;
  struct lc_left *left;   /* by receiver, then queue order, once lc_recorder_finished() gave it */
  int64_t *left_stamps;   /* [n_left][stamp_words] */
  uint64_t states;        /* the digest of its states */
  struct lc_digest after; /* of the events of VMs that had recorded */
  struct lc_cut_cost {
    int64_t t_done;    /* model time at which the rank's last channel was recorded */
    int64_t wall_ns;   /* from the rank's first record until all was recorded */
    int64_t n_marker;  /* markers that its VMs sent */
    int64_t n_control; /* control messages that its VMs sent: reports of counts */
  } cost;
};

struct lc_recorder;

/* A recorder for the VMs of this rank, whose next snapshot is number `next`; `by_deadline`: ticks
 * happen at their deadlines (virtual time), so that lai-yang knows the moments beforehand.
 * `marking` is not owned, and NULL for lai-yang. LC_LAI_YANG: vms must be coloured (lc_vms_colour).
 */
struct lc_recorder *lc_recorder_new(const struct lc_snapshot_method *method, struct lc_vms *vms,
                                    const struct lc_marking *marking, int32_t next,
                                    bool by_deadline, lc_marker_sender *send, void *context);
void lc_recorder_free(struct lc_recorder *recorder);

/* The time of snapshot `index` has come, at model time t: all ticks due before t are done. */
void lc_recorder_begin(struct lc_recorder *recorder, int32_t index, int64_t t);

/* A message (its colour: 0 but with lai-yang), or a marker, has come for VM `own` and arrives at
 * t_arrival, which may lie ahead. A message is told of when it is put. */
void lc_recorder_message(struct lc_recorder *recorder, int32_t own, int32_t sender, int64_t number,
                         int64_t t_arrival, int32_t colour, const int64_t *stamp);
void lc_recorder_marker(struct lc_recorder *recorder, int32_t own, const struct lc_marker *marker,
                        int64_t t_arrival);
/* A message of that colour was lost on its way to a VM of this rank: no cut has it. */
void lc_recorder_lost(struct lc_recorder *recorder, int32_t colour);
/* Before all of these: so many were lost before a run went on. Summed over all ranks. */
void lc_recorder_lost_before(struct lc_recorder *recorder, int64_t n_lost);

/* The earliest moment at which a VM of a block records, INT64_MAX if none is known. Before a VM
 * ticks at or after that moment, lc_recorder_take() must have been called, and when it is, its
 * ticks before the moment must be done. */
int64_t lc_recorder_due(const struct lc_recorder *recorder, int32_t block);
/* Records all VMs of a block whose moment is at or before t. */
void lc_recorder_take(struct lc_recorder *recorder, int32_t block, int64_t t);
/* Not `by_deadline`: VM `own` is about to tick at this moment. */
void lc_recorder_tick(struct lc_recorder *recorder, int32_t own, int64_t t);
/* What happened: needed of every event while lc_recorder_open(). */
void lc_recorder_event(struct lc_recorder *recorder, const struct lc_step *step);

/* How many snapshots a VM has recorded: the colour of what it sends. */
int32_t lc_recorder_colour(const struct lc_recorder *recorder, int32_t own);
/* True while a cut is being recorded, or a moment is known. */
bool lc_recorder_open(const struct lc_recorder *recorder);

/* How far the k-th oldest cut that is not finished is, k = 0, 1, ...: it is whole when the sums
 * over all ranks of both counts are 0 and model time has reached the largest t_done of any. */
void lc_recorder_report(const struct lc_recorder *recorder, int32_t k, int64_t *n_unrecorded,
                        int64_t *n_outstanding, int64_t *t_done);
/* The oldest cut, which is whole on all ranks: it is taken out, and the caller's to free with
 * lc_cut_free(). */
struct lc_cut *lc_recorder_finished(struct lc_recorder *recorder);
void lc_cut_free(struct lc_cut *cut);

#endif
