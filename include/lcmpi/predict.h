/* predict.h: what theory expects of a run, from its rates, weights and topology alone.
 *
 * Let r_i be the tick rate of VM i and s_ji the probability that an idle tick of VM j sends to VM
 * i. A receive uses up a tick, so the arrival rates solve the fixed point a_i = sum over j != i of
 * s_ji max(0, r_j - a_j). Of receive-then-act every tick acts: a_i = sum of s_ji r_j. VM i is
 * saturated when a_i > r_i. Its queue is a random walk that one arrival lengthens and one tick
 * shortens: per tick the drift is m = a_i / r_i - 1 and the variance a_i / r_i (Poisson arrivals);
 * reflected at zero its mean after n ticks is that of a reflected Brownian motion, m n F(x) +
 * sqrt(v n) f(x) + v / (2 m) (2 F(x) - 1),  x = m sqrt(n / v), with F and f the normal distribution
 * and its density (J. M. Harrison, "Brownian Motion and Stochastic Flow Systems", 1985, 1.8): v /
 * (2 |m|) for an unsaturated VM in a long run, about (a_i - r_i) T for a saturated one. With r the
 * rate of the fastest unsaturated VM of the copy, a Lamport clock ends near r T, that of a
 * saturated VM near r T r_i / a_i, and never below r_i T; of receive-then-act a VM has r_i +
 * min(r_i, a_i) events per second in the place of r_i. Local. */
#ifndef LCMPI_PREDICT_H
#define LCMPI_PREDICT_H

#include "lcmpi/workload.h"

/* What is expected of one VM; all per second of model time. */
struct lc_prediction {
  double ticks;    /* its rate */
  double arrivals; /* of messages */
  double events;   /* ticks, and of receive-then-act receives beside them */
  double clock;    /* what Lamport's clock rises by; or one that a tick advances once */
};

/* Expected at a time: the length of the queue, and Lamport's clock. */
double lc_predicted_queue(const struct lc_prediction *prediction, int64_t t_ns);
double lc_predicted_clock(const struct lc_prediction *prediction, int64_t t_ns);
static inline bool lc_predicted_saturated(const struct lc_prediction *prediction) {
  return prediction->arrivals > prediction->ticks;
}

/* The theory of a system. A copy is solved when one of its VMs is first asked for, and kept until
 * another is, so it may be asked for in chunks; copies that are all alike (rates that are given, a
 * topology that is not drawn) are solved once. */
struct lc_theory;
/* Bytes that it takes for copies of n_copy VMs. */
double lc_theory_bytes(int32_t n_copy, bool full);
/* `load` and `rates` must outlive it; `load`'s topology must know the peers of all VMs of every
 * copy that is asked for. `once_a_tick`: the clock in question is one that a tick advances once,
 * whatever it does; else every event does. */
struct lc_theory *lc_theory_open(const struct lc_workload *load, const struct lc_rate_rule *rates,
                                 bool once_a_tick);
void lc_theory_close(struct lc_theory *theory);

/* VMs [first, first + n), global ids. */
void lc_predict(struct lc_theory *theory, int32_t first, int32_t n, struct lc_prediction *out);

/* By how much the rate of idle ticks, max(0, r_i - a_i), of any VM predicted so far is off the one
 * that its peers were taken to have, relative to r_i. Above LC_THEORY_OFF no fixed point was found:
 * that can happen only where an idle tick sends one message or more on average and the network is
 * not full. */
double lc_theory_residual(const struct lc_theory *theory);
#define LC_THEORY_OFF 1e-6

#endif
