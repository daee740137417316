/* The totals of a run without an end, counted from the rows that are on file: what recovery writes
 * where the run itself had no time to. */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a - b, also for times that no run has. */
static int64_t difference(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

static struct lc_vm_totals count(const struct lc_event *event, int64_t n) {
  struct lc_vm_totals totals = {.n_event = n};
  uint64_t sum = 0;
  for (int64_t i = 0; i < n; i++) {
    bool first = i == 0 || event[i].tick != event[i - 1].tick; /* of its tick */
    int64_t late = first ? difference(event[i].t_actual, event[i].t_scheduled) : 0;
    totals.n_tick += first;
    totals.n_internal += event[i].kind == LC_INTERNAL;
    totals.n_sent += event[i].kind == LC_SEND ? event[i].msg_count : 0;
    totals.n_received += event[i].kind == LC_RECEIVE;
    if (event[i].queue_before > totals.queue_max)
      totals.queue_max = event[i].queue_before;
    totals.lateness_max_ns = late > totals.lateness_max_ns ? late : totals.lateness_max_ns;
    sum += (uint64_t)late;
  }
  totals.lateness_mean_ns = totals.n_tick ? (int64_t)sum / totals.n_tick : 0;
  return totals;
}

static void write_counts(struct h5 *to, const struct layout *layout, const struct lc_history *h) {
  char path[PATH_BYTES];
  size_t n = (size_t)h->n_vm;
  struct lc_vm_totals *totals = lc_new(n, sizeof *totals, "the totals");
  int64_t *values = lc_new(n, sizeof *values, "the totals");
  for (size_t v = 0; v < n; v++)
    totals[v] = count(h->event + h->machine[v].first_event, h->machine[v].n_event);
  for (int k = 0; k < n_vm_constant; k++) {
    if (vm_constants[k].total < 0 || !layout_has(layout, vm_constants[k].since))
      continue;
    for (size_t v = 0; v < n; v++)
      memcpy(&values[v], (const char *)&totals[v] + vm_constants[k].total, sizeof *values);
    h5_write_all(to, column_path(path, "/", vm_constants[k].name), H5T_NATIVE_INT64, values);
  }
  free(totals);
  free(values);
}

static void write_final_stamps(struct h5 *to, const struct lc_history *h,
                               const struct lc_history_clock *clock) {
  char path[PATH_BYTES];
  size_t words = (size_t)clock->words;
  int64_t *final = lc_new((size_t)h->n_vm * words, sizeof *final, "the totals");
  for (size_t v = 0; v < (size_t)h->n_vm; v++) {
    const struct lc_machine *machine = &h->machine[v];
    if (machine->n_event)
      memcpy(final + v * words,
             clock->stamp + (size_t)(machine->first_event + machine->n_event - 1) * words,
             words * sizeof *final);
  }
  snprintf(path, sizeof path, "/final_%s", clock->name);
  h5_write_all(to, path, H5T_NATIVE_INT64, final);
  free(final);
}

static void write_jumps(struct h5 *to, const struct lc_history *h,
                        const struct lc_history_clock *clock) {
  char path[PATH_BYTES];
  size_t n = (size_t)h->n_vm;
  int64_t *largest = lc_new(n, sizeof *largest, "the totals");
  double *mean = lc_new(n, sizeof *mean, "the totals");
  for (size_t v = 0; v < n; v++) {
    const int64_t *stamp = clock->stamp + h->machine[v].first_event;
    int64_t events = h->machine[v].n_event;
    for (int64_t i = 0; i < events; i++) {
      int64_t jump = difference(stamp[i], i ? stamp[i - 1] : 0);
      largest[v] = jump > largest[v] ? jump : largest[v];
    }
    mean[v] = events ? (double)stamp[events - 1] / (double)events : 0;
  }
  snprintf(path, sizeof path, "/%s_jump_max", clock->name);
  h5_write_all(to, path, H5T_NATIVE_INT64, largest);
  snprintf(path, sizeof path, "/%s_jump_mean", clock->name);
  h5_write_all(to, path, H5T_NATIVE_DOUBLE, mean);
  free(largest);
  free(mean);
}

void write_counted_totals(struct h5 *to, const struct layout *layout, const struct lc_history *h) {
  write_counts(to, layout, h);
  for (int32_t c = 0; c < h->n_clock; c++) {
    write_final_stamps(to, h, &h->clock[c]);
    if (layout->clock[c].has_value && h->clock[c].words == 1)
      write_jumps(to, h, &h->clock[c]);
  }
}
