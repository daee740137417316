/* What the files of the prediction share: one copy of the system, solved for the rate at which each
 * of its VMs has idle ticks; arrivals follow from those of the others. */
#ifndef LC_PREDICT_THEORY_H
#define LC_PREDICT_THEORY_H

#include "lcmpi/predict.h"

struct lc_theory {
  const struct lc_workload *load;
  const struct lc_rate_rule *rates;
  double *ticks;         /* [rates->n] ticks per second; all from here on owned */
  int32_t n;             /* VMs of a copy */
  int32_t first;         /* global id of the first VM of the copy that is solved; -1: none is */
  uint16_t *rate;        /* [n] which of the rates */
  double *arrivals;      /* [n] */
  double *idle, *change; /* [n] not FULL: idle ticks per second, and what they just changed by */
  int32_t *fastest;      /* [rates->n] FULL: the rates from the fastest on */
  int64_t *n_with;       /* [rates->n] FULL: VMs of the copy with each rate */
  double *by_rate;       /* [rates->n] FULL: arrivals at VMs with each rate */
  bool once_a_tick;      /* the clock counts ticks, else events */
  double lead;           /* events per second of the fastest unsaturated VM */
  double residual;       /* worst so far */
};

_Static_assert(LC_MAX_RATES <= UINT16_MAX, "an index of a rate takes 16 bits");

static inline double ticks_of(const struct lc_theory *t, int32_t i) {
  return t->ticks[t->rate[i]];
}

/* The probability that an idle tick of a VM with so many peers sends to a given one of them. */
double share_of(const struct lc_workload *load, int32_t degree);

/* How far `idle` is from what a VM has that ticks and is sent so much, relative to its ticks. */
double idle_error(double ticks, double arrivals, double idle);

/* Each solves the copy for its arrivals and adds to the residual. */
void solve_full_network(struct lc_theory *theory);
void solve_other_network(struct lc_theory *theory);
/* The same where every tick acts: nothing is to be solved. */
void sum_full_network(struct lc_theory *theory);
void sum_other_network(struct lc_theory *theory);

#endif
