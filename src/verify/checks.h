/* What the checks share. Each check_*() adds one lc_check (clocks: one each) to the verdict. */
#ifndef LC_VERIFY_CHECKS_H
#define LC_VERIFY_CHECKS_H

#include "lcmpi/verify.h"

/* Which send a receive took, and what became of each message. */
struct matching {
  int64_t *send_of; /* [n_event]: a RECEIVE's send event as an index, -1 unknown or not a receive */
  uint8_t *fate;    /* [n_sent]: enum lc_fate */
  int64_t *t_arrival; /* [n_sent]: INT64_MIN where it is not known */
  int64_t *t_taken;   /* [n_sent]: the receive's time, INT64_MAX if not received */
};

struct lc_check *new_check(struct lc_verdict *verdict, const char *name, const char *claim);
/* Counts a violation; keeps its text if it is the smallest so far by time. */
void violation(struct lc_check *check, int64_t t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "VM 1 tick 12 (SEND, 4.000131 s)": how an event is named in a witness. */
enum { EVENT_TEXT = 96 };
const char *event_text(char out[EVENT_TEXT], const struct lc_event *event);

/* Whether every VM that can send to `vm`, and itself, has its log on file. */
bool copy_is_logged(const struct lc_history *h, int32_t vm);

/* The index of a message in history->sent, or -1. */
int64_t find_sent(const struct lc_history *h, int32_t sender, int64_t number, int32_t copy);

void check_ticks(const struct lc_history *h, struct lc_verdict *verdict);
void check_sends(const struct lc_history *h, struct lc_verdict *verdict);
void check_matching(const struct lc_history *h, struct matching *m, struct lc_verdict *verdict);
void check_conservation(const struct lc_history *h, const struct matching *m,
                        struct lc_verdict *verdict);
void check_queues(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict);
/* Puts all events into an order in which causes come first. False if happened-before has a cycle;
 * then *n is how many could be ordered. */
bool causal_order(const struct lc_history *h, const struct matching *m, int64_t *order, int64_t *n);
void check_causality(const struct lc_history *h, const struct matching *m, int64_t *order,
                     int64_t *n, struct lc_verdict *verdict);
void check_clock(const struct lc_history *h, const struct matching *m, const int64_t *order,
                 int64_t n, int32_t clock, struct lc_verdict *verdict);
void check_snapshots(const struct lc_history *h, const struct matching *m,
                     struct lc_verdict *verdict);
void check_totals(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict);
void check_digest(const struct lc_history *h, struct lc_verdict *verdict);

#endif
