/* Clocks of imported logs, looked at in two ways. "clock" is the promise of a Lamport clock, held
 * against what was logged: a -> b implies C(a) < C(b). "stamps" is whether each stamp follows from
 * the one before by the rule and the convention of the log. A log that breaks the first and keeps
 * the second does faithfully what its rule is, and its rule is wrong. */
#include "foreign.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const flaw[] = {
    [LC_AFTER_UPDATE] = "",
    [LC_BEFORE_UPDATE] =
        "stamps are logged before their update, so they are not those of the events",
    [LC_BEFORE_MAXIMUM] = "a tick adds 1 once: a receive and the action of its tick add nothing "
                          "to the maximum",
};

/* The stamp that an event has: that which is logged, but where a receive is logged before the
 * maximum and the message's value beside it. */
static int64_t stamp_of(const struct judged *j, int64_t i) {
  int64_t logged = j->h->clock[0].stamp[i];
  bool raised = j->f->convention == LC_BEFORE_MAXIMUM && j->h->event[i].kind == LC_RECEIVE &&
                j->f->carried[i] > logged;
  return raised ? j->f->carried[i] : logged;
}

static void judge_order(struct judged *j, struct lc_check *check, int64_t i) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  int64_t before = event_before(j, i);
  if (before < 0)
    return;
  check->n_checked++;
  if (stamp_of(j, before) >= stamp_of(j, i) &&
      violation(check, j->h->event[i].t_actual, "%s has %" PRId64 ", not after %" PRId64 " of %s",
                event_where(one, j, i), stamp_of(j, i), stamp_of(j, before),
                event_where(other, j, before))) {
    point_event(j, check, before);
    point_event(j, check, i);
  }
}

/* Whether a receive breaks the promise. */
static bool judge_receive(struct judged *j, struct lc_check *check, int64_t i, int64_t s) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  int64_t send = send_event(j, s);
  check->n_checked++;
  if (stamp_of(j, send) < stamp_of(j, i))
    return false;
  if (violation(check, j->h->event[i].t_actual, "%s has %" PRId64 ", not after %" PRId64 " of %s",
                event_where(one, j, i), stamp_of(j, i), stamp_of(j, send),
                send_where(other, j, s))) {
    point_send(j, check, s);
    point_event(j, check, i);
  }
  return true;
}

void judge_clock(struct judged *j) {
  struct lc_check *check =
      new_check(j->verdict, "clock logged", "a -> b implies C(a) < C(b), as logged");
  int64_t receives = 0, broken = 0;
  for (int64_t i = 0; i < j->h->n_event; i++) {
    int64_t s = j->taken[i];
    judge_order(j, check, i);
    if (s < 0 || j->f->ambiguous[i]) {
      check->n_unknown += j->h->event[i].kind == LC_RECEIVE;
      continue;
    }
    receives++;
    broken += judge_receive(j, check, i, s);
  }
  snprintf(check->note, sizeof check->note, "%" PRId64 " of %" PRId64 " receives break it%s%s",
           broken, receives, *flaw[j->f->convention] ? ": " : "", flaw[j->f->convention]);
}

/* ---- stamps ---------------------------------------------------------------------------------- */

/* The value that the message of a receive brought, or -1 if it is not known. */
static int64_t brought(const struct judged *j, int64_t i) {
  if (j->h->event[i].kind != LC_RECEIVE)
    return -1;
  if (j->f->carried[i] >= 0)
    return j->f->carried[i];
  if (j->taken[i] < 0 || j->f->ambiguous[i])
    return -1;
  return j->h->clock[0].stamp[send_event(j, j->taken[i])];
}

static int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* What the stamp of event i must be if that of the one before is (or should have been) `last`. */
static int64_t expected(const struct judged *j, int64_t i, int64_t last) {
  int64_t before = event_before(j, i);
  switch (j->f->convention) {
  case LC_AFTER_UPDATE:
    return larger(last, brought(j, i)) + 1;
  case LC_BEFORE_UPDATE:
    return before < 0 ? 0 : larger(last, brought(j, before)) + 1;
  case LC_BEFORE_MAXIMUM:
    break;
  }
  return larger(last, before < 0 ? -1 : brought(j, before)) + !is_second(j, i);
}

/* The event whose update a stamp shows, and whether the value that it needs is known. */
static int64_t updated_by(const struct judged *j, int64_t i) {
  return j->f->convention == LC_AFTER_UPDATE ? i : event_before(j, i);
}

static const char *explain(const struct judged *j, int64_t i, int64_t last, int64_t stamp) {
  int64_t by = updated_by(j, i);
  bool merges = by >= 0 && j->h->event[by].kind == LC_RECEIVE;
  if (j->f->convention == LC_AFTER_UPDATE && stamp == last)
    return ": logged before its update";
  if (merges && stamp == larger(last, brought(j, by)))
    return ": a receive that adds nothing";
  if (merges)
    return ": a wrong merge";
  return "";
}

static void judge_stamp(struct judged *j, struct lc_check *check, int64_t i, int64_t last[2]) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  int64_t stamp = j->h->clock[0].stamp[i], by = updated_by(j, i), wanted = expected(j, i, last[0]);
  bool merges = by >= 0 && j->h->event[by].kind == LC_RECEIVE;
  bool known = !merges || brought(j, by) >= 0;
  bool good = known ? stamp == wanted || stamp == expected(j, i, last[1]) : stamp >= wanted;
  check->n_checked += known;
  check->n_unknown += !known;
  if (!good &&
      violation(check, j->h->event[i].t_actual,
                "%s has %" PRId64 "; by the rule it is %s%" PRId64 "%s%s%s", event_where(one, j, i),
                stamp, known ? "" : "at least ", wanted, merges && by != i ? ", after " : "",
                merges && by != i ? event_where(other, j, by) : "",
                explain(j, i, last[0], stamp))) {
    point_event(j, check, i);
    if (merges && by != i)
      point_event(j, check, by);
    if (merges && j->taken[by] >= 0)
      point_send(j, check, j->taken[by]);
  }
  last[0] = stamp;
  last[1] = good ? stamp : wanted; /* one wrong line is one violation: the clock may be right */
}

void judge_stamps(struct judged *j) {
  static const char *const rule[] = {
      [LC_AFTER_UPDATE] = "each stamp is max(last, message) + 1, logged after the update",
      [LC_BEFORE_UPDATE] = "each stamp is max(last, message) + 1, logged before the update",
      [LC_BEFORE_MAXIMUM] =
          "a tick adds 1; a receive is logged before its maximum, the action after it",
  };
  struct lc_check *check = new_check(j->verdict, "stamps", rule[j->f->convention]);
  for (int32_t v = 0; v < j->h->n_vm; v++) {
    const struct lc_machine *m = &j->h->machine[v];
    int64_t last[2] = {0, 0};
    for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++)
      judge_stamp(j, check, i, last);
  }
}
