/* The order of the checks, and how a witness is kept and worded. */
#include "checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lc_check *new_check(struct lc_verdict *verdict, const char *name, const char *claim) {
  lc_assert(verdict->n_check < LC_MAX_CHECKS);
  struct lc_check *check = &verdict->check[verdict->n_check++];
  memset(check, 0, sizeof *check);
  snprintf(check->name, sizeof check->name, "%s", name);
  snprintf(check->claim, sizeof check->claim, "%s", claim);
  return check;
}

void violation(struct lc_check *check, int64_t t, const char *format, ...) {
  if (check->n_violation++ && t >= check->t_witness)
    return;
  check->t_witness = t;
  va_list args;
  va_start(args, format);
  vsnprintf(check->witness, sizeof check->witness, format, args);
  va_end(args);
}

const char *event_text(char out[EVENT_TEXT], const struct lc_event *event) {
  snprintf(out, EVENT_TEXT, "VM %d tick %" PRId64 " (%s, event %" PRId64 ", %.6f s)",
           event->machine, event->tick, lc_kind_name(event->kind), event->seq,
           (double)event->t_actual / 1e9);
  return out;
}

int64_t find_sent(const struct lc_history *h, int32_t sender, int64_t number, int32_t copy) {
  if (sender < 0 || sender >= h->n_vm)
    return -1;
  const struct lc_sent *rows = h->sent + h->machine[sender].first_sent;
  int64_t low = 0, high = h->machine[sender].n_sent;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    const struct lc_sent *row = &rows[middle];
    if (row->number < number || (row->number == number && row->copy < copy))
      low = middle + 1;
    else
      high = middle;
  }
  if (low == h->machine[sender].n_sent || rows[low].number != number || rows[low].copy != copy)
    return -1;
  return h->machine[sender].first_sent + low;
}

lc_status lc_verify(const struct lc_history *h, struct lc_verdict *verdict) {
  verdict->n_check = 0;
  struct matching m = {
      .send_of = lc_new((size_t)h->n_event, sizeof *m.send_of, "the verifier's matching"),
      .fate = lc_new((size_t)h->n_sent, sizeof *m.fate, "the verifier's matching"),
      .t_arrival = lc_new((size_t)h->n_sent, sizeof *m.t_arrival, "the verifier's matching"),
      .t_taken = lc_new((size_t)h->n_sent, sizeof *m.t_taken, "the verifier's matching"),
  };
  int64_t n_ordered = 0;
  int64_t *order = lc_new((size_t)h->n_event, sizeof *order, "the verifier's causal order");
  check_ticks(h, verdict);
  check_sends(h, verdict);
  check_matching(h, &m, verdict);
  check_conservation(h, &m, verdict);
  check_queues(h, &m, verdict);
  check_causality(h, &m, order, &n_ordered, verdict);
  for (int32_t c = 0; c < h->n_clock; c++)
    check_clock(h, &m, order, n_ordered, c, verdict);
  check_snapshots(h, verdict);
  free(order);
  free(m.send_of);
  free(m.fate);
  free(m.t_arrival);
  free(m.t_taken);
  for (int32_t i = 0; i < verdict->n_check; i++)
    if (verdict->check[i].n_violation)
      return LC_EVERIFY;
  return LC_OK;
}
