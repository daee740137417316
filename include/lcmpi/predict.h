/* predict.h: what theory expects of a run, from its rates, weights and topology alone.
 *
 * Let r_i be the tick rate of VM i and s_ji the probability that an idle tick of VM j sends to VM
 * i. A receive uses up a tick, so the arrival rates solve the fixed point a_i = sum over j != i of
 * s_ji max(0, r_j - a_j). VM i is saturated when a_i > r_i. Its queue is a random walk that one
 * arrival lengthens and one tick shortens: per tick the drift is m = a_i / r_i - 1 and the variance
 * a_i / r_i (Poisson arrivals); reflected at zero its mean after n ticks is that of a reflected
 * Brownian motion, m n F(x) + sqrt(v n) f(x) + v / (2 m) (2 F(x) - 1),  x = m sqrt(n / v), with F
 * and f the normal distribution and its density (J. M. Harrison, "Brownian Motion and Stochastic
 * Flow Systems", 1985, 1.8): v / (2 |m|) for an unsaturated VM in a long run, about (a_i - r_i) T
 * for a saturated one. With r the rate of the fastest unsaturated VM of the copy, a Lamport clock
 * ends near r T, that of a saturated VM near r T r_i / a_i, and never below r_i T. Local. */
#ifndef LCMPI_PREDICT_H
#define LCMPI_PREDICT_H

#include "lcmpi/workload.h"

struct lc_prediction {
  double arrivals; /* messages per second */
  double queue;    /* expected length at the end */
  double clock;    /* Lamport's, expected at the end */
  bool saturated;
};

/* Predicts VMs [first, first + n) of the system of `load` after `duration_ns`; `load`'s topology
 * must know the peers of all VMs of every copy that these belong to. *residual, unless NULL,
 * receives the largest relative error of the fixed point: above 1e-6 it was not found, which can
 * happen only where an idle tick sends more than one message on average and the network is not
 * full. */
void lc_predict(const struct lc_workload *load, const struct lc_rate_rule *rates,
                int64_t duration_ns, int32_t first, int32_t n, struct lc_prediction *out,
                double *residual);
/* Bytes that it takes for a while, beside what it fills in, for copies of n_copy VMs. */
double lc_predict_bytes(int32_t n_copy);

#endif
