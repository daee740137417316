/* That happened-before is an order; or the proof that it is none. */
#include "checks.h"

#include "lcmpi/causality.h"

#include <inttypes.h>
#include <stdlib.h>

void check_causality(const struct lc_history *h, const struct matching *m, int64_t *order,
                     int64_t *n, struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "happened-before", "no event is among its own causes");
  bool acyclic = lc_causal_order(h, m->send_of, order, n);
  check->n_checked = *n;
  if (acyclic)
    return;
  int64_t *done = lc_new((size_t)h->n_vm, sizeof *done, "the verifier's causal order");
  for (int64_t i = 0; i < *n; i++)
    done[h->event[order[i]].machine]++;
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (done[v] == h->machine[v].n_event)
      continue;
    char text[EVENT_TEXT], cause[EVENT_TEXT];
    int64_t at = h->machine[v].first_event + done[v];
    violation(check, h->event[at].t_actual, "%s takes a message of %s, which it is a cause of",
              event_text(text, &h->event[at]), event_text(cause, &h->event[m->send_of[at]]));
  }
  free(done);
}
