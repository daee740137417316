/* verify.h: an independent judge of a recorded run. Happened-before is derived again from program
 * order and message ids alone; nothing of the code that produced the run is used. Local. */
#ifndef LCMPI_VERIFY_H
#define LCMPI_VERIFY_H

#include "lcmpi/history.h"

enum { LC_MAX_CHECKS = 11 + LC_MAX_CLOCKS };

/* One thing that was checked. */
struct lc_check {
  char name[80];     /* "ticks", "clock vector", ... */
  char claim[160];   /* what holds if there is no violation */
  int64_t n_checked; /* how often the claim was put to the test */
  int64_t n_unknown; /* where it could not be: what it needs was not on file yet */
  int64_t n_violation;
  char note[200];     /* more about the violations, or "" */
  char witness[1000]; /* the smallest violation: events, VM, tick, stamps; "" if none */
  int64_t t_witness;  /* its model time: witnesses are compared by it */
};

struct lc_verdict {
  int32_t n_check;
  struct lc_check check[LC_MAX_CHECKS];
};

/* Judges an indexed history. Returns LC_OK, or LC_EVERIFY if any check found a violation. */
lc_status lc_verify(const struct lc_history *history, struct lc_verdict *verdict);

#endif
