/* The order of the checks. */
#include "checks.h"

#include <stdlib.h>

bool copy_is_logged(const struct lc_history *h, int32_t vm) {
  int32_t first = vm - vm % h->n_copy;
  for (int32_t v = first; v < first + h->n_copy; v++)
    if (!h->machine[v].logged)
      return false;
  return true;
}

static void check_own(const struct lc_history *h, struct lc_verdict *verdict) {
  struct matching m = {
      .send_of = lc_new((size_t)h->n_event, sizeof *m.send_of, "the verifier's matching"),
      .fate = lc_new((size_t)h->n_sent, sizeof *m.fate, "the verifier's matching"),
      .t_arrival = lc_new((size_t)h->n_sent, sizeof *m.t_arrival, "the verifier's matching"),
      .receive_of = lc_new((size_t)h->n_sent, sizeof *m.receive_of, "the verifier's matching"),
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
  check_snapshots(h, &m, verdict);
  check_cuts(h, &m, verdict);
  check_totals(h, &m, verdict);
  check_server(h, verdict);
  check_digest(h, verdict);
  free(order);
  free(m.send_of);
  free(m.fate);
  free(m.t_arrival);
  free(m.receive_of);
}

lc_status lc_verify(const struct lc_history *h, struct lc_verdict *verdict) {
  verdict->n_check = 0;
  if (h->foreign)
    check_foreign(h, verdict);
  else
    check_own(h, verdict);
  for (int32_t i = 0; i < verdict->n_check; i++)
    if (verdict->check[i].n_violation)
      return LC_EVERIFY;
  return LC_OK;
}
