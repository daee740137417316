/* Ticks of imported logs: one operation each, none skipped, at the rate that was declared, and
 * idle ones draw their operations with the right frequencies.
 *
 * A log has no tick numbers. Its times have: the next tick is due a period after the one before. A
 * program that sleeps between ticks drifts, so the expectation follows the times (by a quarter of
 * what they are off). A tick that is late by half a period or more was skipped, unless the next one
 * comes early by as much: then it was merely late. */
#include "foreign.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double rate_tolerance = 0.05;
static const double least_p = 1e-6;

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The median time from tick to tick; 0 if there are less than three ticks. */
static double median_period(const struct judged *j, int32_t vm) {
  const struct lc_machine *m = &j->h->machine[vm];
  int64_t *interval = lc_new((size_t)m->n_event, sizeof *interval, "the intervals of ticks"), n = 0;
  int64_t before = -1;
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    if (is_second(j, i))
      continue;
    if (before >= 0)
      interval[n++] = j->h->event[i].t_actual - j->h->event[before].t_actual;
    before = i;
  }
  qsort(interval, (size_t)n, sizeof *interval, compare);
  int64_t low = n > 0 ? (n - 1) / 2 : 0, high = n / 2;
  double median = n < 2 ? 0 : ((double)interval[low] + (double)interval[high]) / 2;
  free(interval);
  return median;
}

/* The next event that begins a tick, after `at` and before `end`; -1 if there is none. */
static int64_t next_tick(const struct judged *j, int64_t at, int64_t end) {
  for (int64_t i = at + 1; i < end; i++)
    if (!is_second(j, i))
      return i;
  return -1;
}

/* The second of two operations in one tick, or after a gap: `off` periods from when it was due. */
static void report_tick(struct judged *j, struct lc_check *check, int64_t before, int64_t at,
                        double off) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  const struct lc_event *e = &j->h->event[at];
  bool kept;
  event_where(one, j, at);
  event_where(other, j, before);
  if (e->t_actual < j->h->event[before].t_actual)
    kept = violation(check, e->t_actual, "%s stands behind %s: its time is before", one, other);
  else if (off < 0)
    kept = violation(check, e->t_actual, "%s is in the same tick as %s", one, other);
  else
    kept =
        violation(check, e->t_actual, "%s comes %.1f periods after %s: ticks are missing between",
                  one, off + 1, other);
  if (kept) {
    point_event(j, check, before);
    point_event(j, check, at);
  }
}

static void judge_times(struct judged *j, struct lc_check *check, int32_t vm, double period) {
  const struct lc_machine *m = &j->h->machine[vm];
  int64_t end = m->first_event + m->n_event, before = m->first_event;
  double due = (double)j->h->event[before].t_actual + period;
  for (int64_t i = next_tick(j, before, end); i >= 0; before = i, i = next_tick(j, i, end)) {
    double t = (double)j->h->event[i].t_actual, off = (t - due) / period;
    int64_t next = next_tick(j, i, end);
    bool made_up = next >= 0 && off >= 0.5 && off < 1.5 &&
                   (double)j->h->event[next].t_actual < due + 1.5 * period;
    check->n_checked++;
    if (t < (double)j->h->event[before].t_actual || off <= -0.5 || (off >= 0.5 && !made_up)) {
      report_tick(j, check, before, i, off);
      due = (off <= -0.5 ? due : t + period); /* an additional one does not move the next */
      continue;
    }
    due += period + 0.25 * (made_up ? 0 : t - due);
  }
}

/* A tick that receives also acts, in the same tick; what ends the log may be cut short. */
static void judge_actions(struct judged *j, struct lc_check *check, int32_t vm, double period) {
  char where[WHERE_TEXT];
  const struct lc_machine *m = &j->h->machine[vm];
  for (int64_t i = m->first_event; i + 1 < m->first_event + m->n_event; i++) {
    const struct lc_event *e = &j->h->event[i], *next = e + 1;
    if (e->kind != LC_RECEIVE)
      continue;
    bool acts = next->kind != LC_RECEIVE && (double)(next->t_actual - e->t_actual) < period / 2;
    if (!acts && violation(check, e->t_actual, "%s is not followed by an action of the same tick",
                           event_where(where, j, i)))
      point_event(j, check, i);
  }
}

void judge_ticks(struct judged *j) {
  struct lc_check *check = new_check(
      j->verdict, "ticks",
      j->f->then_act ? "a tick receives at most one message and acts once; none is skipped"
                     : "a tick is one operation, and none is skipped");
  for (int32_t v = 0; v < j->h->n_vm; v++) {
    double period = median_period(j, v);
    if (period <= 0) {
      check->n_unknown += j->h->machine[v].n_event;
      continue;
    }
    judge_times(j, check, v, period);
    if (j->f->then_act)
      judge_actions(j, check, v, period);
  }
}

void judge_rates(struct judged *j) {
  struct lc_check *check = new_check(
      j->verdict, "rates", "the median time from tick to tick is that of the rate, within 5 %");
  for (int32_t v = 0; v < j->h->n_vm; v++) {
    const struct lc_machine *m = &j->h->machine[v];
    double period = median_period(j, v), rate = (double)m->rate.p / (double)m->rate.q;
    if (period <= 0 || !j->f->rate_declared[v]) {
      check->n_unknown++;
      continue;
    }
    check->n_checked++;
    if (fabs(period * rate / 1e9 - 1) <= rate_tolerance)
      continue;
    if (violation(check, j->h->event[m->first_event].t_actual,
                  "machine %.40s has rate %g; in %.120s it ticks %.3f times a second",
                  j->f->name[v], rate, j->f->file[j->f->event_file[m->first_event]], 1e9 / period))
      point_event(j, check, m->first_event);
  }
}

/* ---- operations ----------------------------------------------------------------------------- */

/* The probability of a larger chi-squared; of one degree of freedom or two. */
static double chance_of(double chi_squared, int freedom) {
  return freedom == 1 ? erfc(sqrt(chi_squared / 2)) : exp(-chi_squared / 2);
}

/* p of the counts [unicast, multicast, internal]; -1 if they are too few to say. What is expected
 * less than five times is put together with the most frequent. */
static double chance_of_counts(const int64_t count[3], const double weight[3], bool *impossible) {
  double n = (double)(count[0] + count[1] + count[2]);
  double expected[3] = {0}, observed[3] = {0};
  int most = weight[0] > weight[2] ? 0 : 2, cells = 0;
  *impossible = false;
  for (int k = 0; k < 3; k++) {
    *impossible |= weight[k] <= 0 && count[k] > 0;
    int to = weight[k] * n < 5 ? most : k;
    expected[to] += weight[k] * n;
    observed[to] += (double)count[k];
  }
  double sum = 0;
  for (int k = 0; k < 3; k++) {
    if (expected[k] < 5)
      continue;
    cells++;
    sum += (observed[k] - expected[k]) * (observed[k] - expected[k]) / expected[k];
  }
  return *impossible ? 0 : cells < 2 ? -1 : chance_of(sum, cells - 1);
}

static void count_operations(const struct judged *j, int32_t vm, int64_t count[3]) {
  const struct lc_machine *m = &j->h->machine[vm];
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    if (e->kind == LC_INTERNAL)
      count[2]++;
    else if (e->kind == LC_SEND)
      count[e->msg_count > 1]++;
  }
}

/* The least p of all machines, or p itself of one. */
static double judge_counts(struct judged *j, struct lc_check *check, const int64_t count[3],
                           const char *who, int64_t event) {
  const double *w = j->f->operation;
  bool impossible;
  double p = chance_of_counts(count, w, &impossible);
  if (p < 0) {
    check->n_unknown++;
    return 1;
  }
  check->n_checked++;
  if (p < least_p && violation(check, j->h->event[event].t_actual,
                               "%s drew %" PRId64 " unicasts, %" PRId64 " multicasts and %" PRId64
                               " internal events; with weights %g, %g, %g that has p = %.2g",
                               who, count[0], count[1], count[2], w[0], w[1], w[2], p))
    point_event(j, check, event);
  return p;
}

void judge_operations(struct judged *j) {
  const double *w = j->f->operation;
  char claim[160], who[64];
  snprintf(claim, sizeof claim,
           "idle ticks draw unicast, multicast, internal with weights %g, %g, %g (p >= 1e-6)", w[0],
           w[1], w[2]);
  bool known = w[0] + w[1] + w[2] > 0;
  struct lc_check *check =
      new_check(j->verdict, "operations",
                known ? claim : "idle ticks draw operations with their weights (not given)");
  int64_t all[3] = {0};
  double least = 1;
  for (int32_t v = 0; v < j->h->n_vm && known; v++) {
    int64_t count[3] = {0};
    count_operations(j, v, count);
    for (int k = 0; k < 3; k++)
      all[k] += count[k];
    snprintf(who, sizeof who, "machine %.40s", j->f->name[v]);
    if (j->h->machine[v].n_event)
      least = fmin(least, judge_counts(j, check, count, who, j->h->machine[v].first_event));
  }
  if (known && j->h->n_event)
    least = fmin(least, judge_counts(j, check, all, "all machines together", 0));
  if (known)
    snprintf(check->note, sizeof check->note,
             "chi-squared: least p %.2g; in all %" PRId64 " unicasts, %" PRId64
             " multicasts, %" PRId64 " internal events",
             least, all[0], all[1], all[2]);
}
