/* verify.h: an independent judge of a recorded run. Happened-before is derived again from program
 * order and message ids alone; nothing of the code that produced the run is used. Local. */
#ifndef LCMPI_VERIFY_H
#define LCMPI_VERIFY_H

#include "lcmpi/history.h"

enum { LC_MAX_CHECKS = 11 + LC_MAX_CLOCKS };

/* Where an event that a witness is about stands: in an imported log, file and line of that. */
struct lc_place {
  int32_t machine, file; /* file: index into lc_foreign.file, -1 if it is of our own */
  int64_t seq, line;     /* seq -1: a message's send, of which the log has that line */
};
enum { LC_MAX_PLACES = 4 };

/* One thing that was checked. */
struct lc_check {
  char name[80];     /* "ticks", "clock vector", ... */
  char claim[160];   /* what holds if there is no violation */
  int64_t n_checked; /* how often the claim was put to the test */
  int64_t n_unknown; /* where it could not be: what it needs was not on file yet */
  int64_t n_violation;
  char note[200];     /* more about them, or about what was found, or "" */
  char witness[1000]; /* the smallest violation: events, VM, tick, stamps; "" if none */
  int64_t t_witness;  /* its model time: witnesses are compared by it */
  int32_t n_place;
  struct lc_place place[LC_MAX_PLACES];
};

struct lc_verdict {
  int32_t n_check;
  struct lc_check check[LC_MAX_CHECKS];
};

/* Judges an indexed history; an imported log by what can be said of such. Returns LC_OK, or
 * LC_EVERIFY if any check found a violation. */
lc_status lc_verify(const struct lc_history *history, struct lc_verdict *verdict);

#endif
