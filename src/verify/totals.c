/* What the file says of each machine's whole run is the count of its log. */
#include "checks.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a - b, also for times that no run has. */
static int64_t difference(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

static struct lc_vm_totals count(const struct lc_history *h, int32_t v) {
  struct lc_vm_totals totals = {.n_event = h->machine[v].n_event};
  uint64_t lateness = 0;
  for (int64_t i = 0; i < totals.n_event; i++) {
    const struct lc_event *e = &h->event[h->machine[v].first_event + i];
    bool first = i == 0 || e->tick != e[-1].tick; /* of its tick */
    int64_t late = first ? difference(e->t_actual, e->t_scheduled) : 0;
    totals.n_tick += first;
    totals.n_internal += e->kind == LC_INTERNAL;
    totals.n_sent += e->kind == LC_SEND ? e->msg_count : 0;
    totals.n_received += e->kind == LC_RECEIVE;
    if (e->queue_before > totals.queue_max)
      totals.queue_max = e->queue_before;
    lateness += (uint64_t)late;
    if (late > totals.lateness_max_ns)
      totals.lateness_max_ns = late;
  }
  totals.lateness_mean_ns = totals.n_tick ? (int64_t)lateness / totals.n_tick : 0;
  return totals;
}

/* The stamps that the machine ended with, and by how much its clock rose from event to event. */
static void check_clock_totals(struct lc_check *check, const struct lc_history *h, int32_t v,
                               const struct lc_history_clock *clock) {
  const struct lc_machine *machine = &h->machine[v];
  size_t bytes = (size_t)clock->words * sizeof(int64_t);
  const int64_t *stamp = clock->stamp + machine->first_event * clock->words;
  int64_t n = machine->n_event;
  if (n && memcmp(clock->final_stamp + (int64_t)v * clock->words, stamp + (n - 1) * clock->words,
                  bytes) != 0)
    violation(check, h->t_end, "VM %d's final stamp of clock %s is not that of its last event", v,
              clock->name);
  if (!clock->jump_max || clock->words != 1)
    return;
  int64_t largest = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t jump = difference(stamp[i], i ? stamp[i - 1] : 0);
    largest = jump > largest ? jump : largest;
  }
  double mean = n ? (double)stamp[n - 1] / (double)n : 0;
  if (clock->jump_max[v] != largest || fabs(clock->jump_mean[v] - mean) > 1e-9 * fabs(mean))
    violation(check, h->t_end,
              "VM %d's clock %s is said to jump by %" PRId64 " at most and %g on average; its "
              "stamps give %" PRId64 " and %g",
              v, clock->name, clock->jump_max[v], clock->jump_mean[v], largest, mean);
}

void check_totals(const struct lc_history *h, const struct matching *m,
                  struct lc_verdict *verdict) {
  if (!h->totals)
    return;
  struct lc_check *check =
      new_check(verdict, "totals", "the totals of every VM are those of its log");
  int64_t *queued = lc_new((size_t)h->n_vm, sizeof *queued, "the verifier's totals");
  bool whole = false;
  for (int64_t i = 0; i < h->n_sent; i++)
    queued[h->sent[i].receiver] += m->fate[i] == LC_FATE_QUEUED;
  for (int32_t v = 0; v < h->n_vm; v++) {
    struct lc_vm_totals totals = count(h, v);
    if (v % h->n_copy == 0)
      whole = copy_is_logged(h, v);
    if (!h->machine[v].logged) {
      check->n_unknown++;
      continue;
    }
    totals.n_queued = whole ? queued[v] : h->totals[v].n_queued;
    totals.queue_max = h->longest_known ? totals.queue_max : h->totals[v].queue_max;
    check->n_checked++;
    if (memcmp(&totals, &h->totals[v], sizeof totals) != 0)
      violation(check, h->t_end,
                "VM %d is said to have done %" PRId64 " ticks, %" PRId64 " sends, %" PRId64
                " receives; the log gives %" PRId64 ", %" PRId64 ", %" PRId64
                " (or its other counts differ)",
                v, h->totals[v].n_tick, h->totals[v].n_sent, h->totals[v].n_received, totals.n_tick,
                totals.n_sent, totals.n_received);
    for (int32_t c = 0; c < h->n_clock; c++)
      check_clock_totals(check, h, v, &h->clock[c]);
  }
  free(queued);
}
