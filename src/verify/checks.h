/* What the checks share. Each check_*() adds one lc_check (clocks: one each) to the verdict. */
#ifndef LC_VERIFY_CHECKS_H
#define LC_VERIFY_CHECKS_H

#include "lcmpi/verify.h"

/* Which send a receive took, and what became of each message. */
struct matching {
  int64_t *send_of; /* [n_event]: a RECEIVE's send event as an index, -1 unknown or not a receive */
  uint8_t *fate;    /* [n_sent]: enum lc_fate */
  int64_t *t_arrival;  /* [n_sent]: INT64_MIN where it is not known */
  int64_t *receive_of; /* [n_sent]: the event that took it, -1 if none on file */
};

struct lc_check *new_check(struct lc_verdict *verdict, const char *name, const char *claim);
/* Counts a violation; keeps its text if it is the smallest so far by time. True if it did. */
bool violation(struct lc_check *check, int64_t t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "VM 1 tick 12 (SEND, 4.000131 s)": how an event is named in a witness. */
enum { EVENT_TEXT = 96 };
const char *event_text(char out[EVENT_TEXT], const struct lc_event *event);

/* How a snapshot relates to its time: as of that time, in virtual time (EXACT); as of it by each
 * rank's own clock, without the messages that cross it (RANK_BY_RANK, files of format 1.x); or as
 * of a moment of each VM's own, at or after it (OWN_MOMENT). The end is as of its time always. */
enum cut_time { CUT_EXACT, CUT_RANK_BY_RANK, CUT_OWN_MOMENT };
enum cut_time cut_time(const struct lc_history *h);

/* The cuts that can be judged, in order: whole snapshots, and the end if it is on file. */
struct cut_list {
  int32_t n;
  int32_t *snapshot; /* [n], ascending */
};
/* What stands in the way of others is counted and reported in `check`, if that is not NULL. */
struct cut_list list_cuts(const struct lc_history *h, struct lc_check *check);
/* The first cut of the list that has event `seq` of a VM before it; cuts->n if none has. */
int32_t first_cut_after(const struct lc_history *h, const struct cut_list *cuts, int32_t vm,
                        int64_t seq);

static inline const struct lc_state *state_of(const struct lc_history *h, int32_t vm,
                                              int32_t snapshot) {
  return &h->state[(int64_t)vm * h->n_snapshot + snapshot];
}
static inline bool is_end(const struct lc_history *h, int32_t snapshot) {
  return snapshot == h->n_snapshot - 1;
}

/* Whether every VM that can send to `vm`, and itself, has its log on file. */
bool copy_is_logged(const struct lc_history *h, int32_t vm);

void check_ticks(const struct lc_history *h, struct lc_verdict *verdict);
void check_sends(const struct lc_history *h, struct lc_verdict *verdict);
void check_matching(const struct lc_history *h, struct matching *m, struct lc_verdict *verdict);
void check_conservation(const struct lc_history *h, const struct matching *m,
                        struct lc_verdict *verdict);
void check_queues(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict);
/* server.c: of runs with a central server. A tick that was skipped, and what an event after another
 * must keep to: `before` is the event before it. */
void check_skipped(struct lc_check *check, const struct lc_machine *machine,
                   const struct lc_event *e, int64_t expected);
void check_not_busy(struct lc_check *check, const struct lc_event *before,
                    const struct lc_event *e);
/* One VM's inbox, whose messages are at[0..n-1] in order of arrival: indices into history->sent. */
void replay_inbox(struct lc_check *check, const struct lc_history *h, const struct matching *m,
                  int32_t vm, const int64_t *at, int64_t n);
void check_server(const struct lc_history *h, struct lc_verdict *verdict);
void check_causality(const struct lc_history *h, const struct matching *m, int64_t *order,
                     int64_t *n, struct lc_verdict *verdict);
void check_clock(const struct lc_history *h, const struct matching *m, const int64_t *order,
                 int64_t n, int32_t clock, struct lc_verdict *verdict);
void check_snapshots(const struct lc_history *h, const struct matching *m,
                     struct lc_verdict *verdict);
/* Files before format 2.0 have no messages of cuts: there it adds no check. */
void check_cuts(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict);
void check_totals(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict);
void check_digest(const struct lc_history *h, struct lc_verdict *verdict);

/* All checks of an imported log. */
void check_foreign(const struct lc_history *h, struct lc_verdict *verdict);

#endif
