/* The theory of predict.h: a copy is solved for its arrivals, all else follows from them. */
#include "theory.h"

#include <math.h>
#include <stdlib.h>

double share_of(const struct lc_workload *load, int32_t degree) {
  return degree ? lc_workload_messages_per_tick(load, degree) / degree : 0;
}

double idle_error(double ticks, double arrivals, double idle) {
  return fabs(fmax(0, ticks - arrivals) - idle) / ticks;
}

/* ---- opening
 * ------------------------------------------------------------------------------------ */

static bool is_full(const struct lc_theory *t) {
  return t->load->topology->kind == LC_TOPOLOGY_FULL;
}

static void sort_rates(struct lc_theory *t) {
  for (int32_t k = t->rates->n - 1, n = 0; k >= 0; k--, n++) { /* a range is ascending */
    int32_t at = n;
    for (; at > 0 && t->ticks[t->fastest[at - 1]] < t->ticks[k]; at--)
      t->fastest[at] = t->fastest[at - 1];
    t->fastest[at] = k;
  }
}

static void make_room(struct lc_theory *t) {
  static const char what[] = "the prediction";
  size_t n = (size_t)t->n, n_rate = (size_t)t->rates->n;
  t->ticks = lc_new(n_rate, sizeof *t->ticks, what);
  t->rate = lc_new(n, sizeof *t->rate, what);
  t->arrivals = lc_new(n, sizeof *t->arrivals, what);
  if (is_full(t)) {
    t->fastest = lc_new(n_rate, sizeof *t->fastest, what);
    t->n_with = lc_new(n_rate, sizeof *t->n_with, what);
    t->by_rate = lc_new(n_rate, sizeof *t->by_rate, what);
  } else {
    t->idle = lc_new(n, sizeof *t->idle, what);
    t->change = lc_new(n, sizeof *t->change, what);
  }
}

struct lc_theory *lc_theory_open(const struct lc_workload *load, const struct lc_rate_rule *rates,
                                 bool once_a_tick) {
  struct lc_theory *t = lc_new(1, sizeof *t, "the prediction");
  *t = (struct lc_theory){.load = load,
                          .rates = rates,
                          .once_a_tick = once_a_tick,
                          .n = load->topology->n_vm,
                          .first = -1};
  make_room(t);
  for (int32_t k = 0; k < rates->n; k++)
    t->ticks[k] = (double)rates->rate[k].p / (double)rates->rate[k].q;
  if (is_full(t))
    sort_rates(t);
  return t;
}

double lc_theory_bytes(int32_t n_copy, bool full) {
  size_t each = sizeof(uint16_t) + (full ? 1 : 3) * sizeof(double);
  return (double)n_copy * (double)each;
}

void lc_theory_close(struct lc_theory *t) {
  free(t->ticks);
  free(t->rate);
  free(t->arrivals);
  free(t->idle);
  free(t->change);
  free(t->fastest);
  free(t->n_with);
  free(t->by_rate);
  free(t);
}

double lc_theory_residual(const struct lc_theory *t) {
  return t->residual;
}

/* ---- solving
 * ------------------------------------------------------------------------------------ */

/* What is as good as nothing beside a VM's ticks becomes nothing. */
static void leave_out_dust(struct lc_theory *t) {
  for (int32_t i = 0; i < t->n; i++)
    if (t->arrivals[i] < 1e-12 * ticks_of(t, i))
      t->arrivals[i] = 0;
}

/* Per second: ticks, and receives that take none. */
static double events_of(const struct lc_theory *t, int32_t i) {
  double ticks = ticks_of(t, i);
  return t->load->rule == LC_RECEIVE_THEN_ACT ? ticks + fmin(ticks, t->arrivals[i]) : ticks;
}

/* What advances the clock. */
static double advances_of(const struct lc_theory *t, int32_t i) {
  return t->once_a_tick ? ticks_of(t, i) : events_of(t, i);
}

/* That of the fastest unsaturated VM of the copy, or the fastest of all if there is none. */
static double leading_rate(const struct lc_theory *t) {
  double unsaturated = 0, any = 0;
  for (int32_t i = 0; i < t->n; i++) {
    double advances = advances_of(t, i);
    any = fmax(any, advances);
    if (t->arrivals[i] <= ticks_of(t, i))
      unsaturated = fmax(unsaturated, advances);
  }
  return unsaturated > 0 ? unsaturated : any;
}

static bool copies_are_alike(const struct lc_theory *t) {
  return !t->rates->drawn && t->load->topology->kind != LC_TOPOLOGY_RANDOM;
}

/* The copy that begins with VM `first`. */
static void solve(struct lc_theory *t, int32_t first) {
  if (t->first == first || (t->first >= 0 && copies_are_alike(t)))
    return;
  t->first = first;
  for (int32_t i = 0; i < t->n; i++)
    t->rate[i] = (uint16_t)lc_rate_index(t->rates, t->load->seed, first + i, t->n);
  bool every_tick_acts = t->load->rule == LC_RECEIVE_THEN_ACT;
  if (every_tick_acts && is_full(t))
    sum_full_network(t);
  else if (every_tick_acts)
    sum_other_network(t);
  else if (is_full(t))
    solve_full_network(t);
  else
    solve_other_network(t);
  leave_out_dust(t);
  t->lead = leading_rate(t);
}

void lc_predict(struct lc_theory *t, int32_t first, int32_t n, struct lc_prediction *out) {
  for (int32_t k = 0; k < n; k++) {
    int32_t vm = first + k, local = vm % t->n;
    solve(t, vm - local);
    double ticks = ticks_of(t, local), arrivals = t->arrivals[local];
    double own = advances_of(t, local);
    double clock = arrivals > ticks ? t->lead * ticks / arrivals : arrivals > 0 ? t->lead : own;
    out[k] = (struct lc_prediction){.ticks = ticks,
                                    .arrivals = arrivals,
                                    .events = events_of(t, local),
                                    .clock = fmax(own, clock)};
  }
}

/* ---- at a time
 * ---------------------------------------------------------------------------------- */

/* n ticks, m and v per tick. */
double lc_predicted_queue(const struct lc_prediction *p, int64_t t_ns) {
  double n = p->ticks * ((double)t_ns / 1e9), load = p->arrivals / p->ticks;
  double m = load - 1, v = load, x = m * sqrt(n / v);
  double below = erfc(-x / sqrt(2)) / 2, density = exp(-x * x / 2) / sqrt(2 * acos(-1));
  if (n < 1 || load <= 0)
    return 0;
  if (fabs(x) < 1e-4)
    return sqrt(v * n) * 2 * density;
  return fmax(0, m * n * below + sqrt(v * n) * density + v / (2 * m) * (2 * below - 1));
}

double lc_predicted_clock(const struct lc_prediction *p, int64_t t_ns) {
  return p->clock * ((double)t_ns / 1e9);
}
