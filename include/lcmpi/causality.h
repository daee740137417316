/* causality.h: happened-before of a recorded run (Lamport 1978), from program order and message ids
 * alone: what an event's causes and effects are, and how one led to another. Stamps are not looked
 * at. A message whose send or receive is not on file orders nothing. Events are indices into
 * history->event; the events of a VM lie one after the other, so a cone is one number per VM.
 * Local.
 */
#ifndef LCMPI_CAUSALITY_H
#define LCMPI_CAUSALITY_H

#include "lcmpi/history.h"

struct lc_causality {
  const struct lc_history *history; /* not owned */
  int64_t *send_of;                 /* [n_event] the send whose message a RECEIVE took, or -1 */
  int64_t *receive_of;              /* [n_sent] the event that took a message, or -1 */
};

/* Of an indexed history, which must stay as it is. */
void lc_causality_init(struct lc_causality *causality, const struct lc_history *history);
void lc_causality_free(struct lc_causality *causality);

/* Puts all events into an order in which causes come first; send_of as above. False if
 * happened-before has a cycle; then *n is how many could be ordered. */
bool lc_causal_order(const struct lc_history *history, const int64_t *send_of, int64_t *order,
                     int64_t *n);

/* The causal past of an event, itself included: of each VM the first end[v] events. */
void lc_causal_past(const struct lc_causality *causality, int64_t event, int64_t *end);
/* Its causal future, itself included: of each VM the events from number begin[v] on. What lies
 * between is concurrent with it. */
void lc_causal_future(const struct lc_causality *causality, int64_t event, int64_t *begin);
/* a -> b. An event does not happen before itself. */
bool lc_happened_before(const struct lc_causality *causality, int64_t a, int64_t b);

/* A path from a to b that takes the fewest messages: a, each send and its receive, b, ascending in
 * happened-before and each once. The caller frees *path. Returns how many events, 0 if a does not
 * happen before b (then *path is NULL). */
int64_t lc_causal_path(const struct lc_causality *causality, int64_t a, int64_t b, int64_t **path);
/* The longest chain of events each of which happens before the next; SKIPPED ticks do not count and
 * are not in it. The caller frees *chain. Returns how many events; -1 if happened-before of the
 * record has a cycle, which lcmpi verify explains. */
int64_t lc_longest_chain(const struct lc_causality *causality, int64_t **chain);

#endif
