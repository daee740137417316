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

#endif
