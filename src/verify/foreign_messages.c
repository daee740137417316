/* Messages of imported logs: every receive has its send, every send its receive or a place where it
 * still can be, channels keep their order, and the lengths of queues agree with both. */
#include "foreign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void match(struct judged *j, struct lc_check *check, int64_t i) {
  char one[WHERE_TEXT], other[WHERE_TEXT], third[WHERE_TEXT];
  const struct lc_event *e = &j->h->event[i];
  int64_t s = e->peer < 0 ? -1 : lc_history_sent(j->h, e->peer, e->msg_first, 0);
  bool kept = false;
  check->n_checked++;
  event_where(one, j, i);
  if (s < 0) {
    if (j->f->carried[i] >= 0)
      kept = violation(check, e->t_actual,
                       "%s takes a message with value %" PRId64
                       "; no send of that value is left: it was taken before, or never sent",
                       one, j->f->carried[i]);
    else
      kept =
          violation(check, e->t_actual,
                    "%s takes a message from machine %.40s; no send is left for it: one was taken "
                    "twice, or never sent",
                    one, e->peer < 0 ? "?" : j->f->name[e->peer]);
    if (kept)
      point_event(j, check, i);
    return;
  }
  if (send_event(j, s) < 0) {
    violation(check, e->t_actual, "%s takes a message that no event sent", one);
    return;
  }
  const struct lc_sent *sent = &j->h->sent[s];
  j->taken[i] = s;
  send_where(other, j, s);
  if (j->taken_by[s] >= 0)
    kept = violation(check, e->t_actual, "%s takes what %s sent and %s took", one, other,
                     event_where(third, j, j->taken_by[s]));
  else if (sent->receiver != e->machine)
    kept = violation(check, e->t_actual, "%s takes what %s sent to machine %.40s", one, other,
                     j->f->name[sent->receiver]);
  else if (sent->t_send > e->t_actual + LC_CLOCKS_AGREE_NS)
    kept = violation(check, e->t_actual, "%s takes what %s sent later", one, other);
  if (j->taken_by[s] < 0)
    j->taken_by[s] = i;
  if (kept) {
    point_event(j, check, i);
    point_send(j, check, s);
  }
}

void judge_matching(struct judged *j) {
  struct lc_check *check =
      new_check(j->verdict, "matching", "every receive takes a message of its own, sent before");
  int64_t ambiguous = 0;
  for (int64_t s = 0; s < j->h->n_sent; s++)
    j->taken_by[s] = -1;
  for (int64_t i = 0; i < j->h->n_event; i++) {
    j->taken[i] = -1;
    if (j->h->event[i].kind == LC_RECEIVE)
      match(j, check, i);
    ambiguous += j->f->ambiguous[i] != 0;
  }
  if (ambiguous)
    snprintf(check->note, sizeof check->note,
             "the log leaves open which of several messages %" PRId64 " receives took", ambiguous);
}

/* ---- conservation ------------------------------------------------------------------------- */

/* Whether an event finds, after what it took, nothing more in the queue. */
static bool leaves_none(const struct judged *j, int64_t i) {
  const struct lc_event *e = &j->h->event[i];
  return e->queue_after == 0 && e->queue_before >= 0 && !is_second(j, i);
}

/* The first event of a machine that shows that nothing which had arrived by a time is left in its
 * queue: it leaves none at or after that. Where only values tell messages apart, it may also take
 * one that was sent at or after that: queues are in the order of arrivals. -1 if there is none. */
static int64_t cleared_since(const struct judged *j, int32_t vm, int64_t t, bool by_value) {
  const struct lc_machine *m = &j->h->machine[vm];
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    if (j->h->event[i].t_actual >= t && leaves_none(j, i))
      return i;
    if (by_value && j->taken[i] >= 0 && !j->f->ambiguous[i] && j->h->sent[j->taken[i]].t_send >= t)
      return i;
  }
  return -1;
}

/* The event that shows that a message did not get where it was sent: one that took a later message
 * of its channel, or that shows that it is not in the queue. -1 if it can still be on its way. */
static int64_t shown_lost(const struct judged *j, int64_t s, bool known) {
  const struct lc_history *h = j->h;
  const struct lc_sent *sent = &h->sent[s];
  int64_t t = sent->t_send + j->f->latency_bound_ns, seen = -1;
  for (int64_t later = s + 1; known && later < h->n_sent && h->sent[later].sender == sent->sender;
       later++)
    if (h->sent[later].receiver == sent->receiver && j->taken_by[later] >= 0 &&
        !j->f->ambiguous[j->taken_by[later]])
      return j->taken_by[later];
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (v == sent->sender || (known && v != sent->receiver))
      continue;
    seen = cleared_since(j, v, t, !known);
    if (seen < 0)
      return -1;
  }
  return seen;
}

/* The same where only values tell messages apart: a receive that may have taken this one leaves
 * another, which must be lost as well. */
static int64_t surely_lost(const struct judged *j, int64_t s) {
  int64_t seen = shown_lost(j, s, j->f->receiver_known[s]), send = send_event(j, s);
  for (int64_t i = 0; i < j->h->n_event && seen >= 0 && send >= 0 && j->f->by_value; i++)
    if (j->f->ambiguous[i] && j->taken[i] >= 0 && j->f->carried[i] == j->h->clock[0].stamp[send] &&
        shown_lost(j, j->taken[i], false) < 0)
      return -1;
  return seen;
}

/* Another send to the same machine at nearly the same time: two that raced for one slot. */
static int64_t rival_of(const struct judged *j, int64_t s) {
  const struct lc_sent *sent = &j->h->sent[s];
  for (int64_t i = 0; i < j->h->n_sent && j->f->receiver_known[s]; i++) {
    const struct lc_sent *other = &j->h->sent[i];
    if (other->sender != sent->sender && other->receiver == sent->receiver &&
        llabs(other->t_send - sent->t_send) < LC_CLOCKS_AGREE_NS)
      return i;
  }
  return -1;
}

/* Adds to a witness that was kept which sends raced, if any of [first, last] to that machine did.
 */
static void point_rival(const struct judged *j, struct lc_check *check, int64_t first,
                        int64_t last) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  for (int64_t s = first; s <= last; s++) {
    int64_t rival = j->h->sent[s].receiver == j->h->sent[first].receiver ? rival_of(j, s) : -1;
    if (rival < 0)
      continue;
    size_t length = strlen(check->witness);
    snprintf(check->witness + length, sizeof check->witness - length,
             "; at the same time to the same machine: %s and %s", send_where(one, j, s),
             send_where(other, j, rival));
    if (s != first && s != last)
      point_send(j, check, s);
    point_send(j, check, rival);
    return;
  }
}

static void report_lost(struct judged *j, struct lc_check *check, int64_t s, int64_t seen) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  if (!violation(check, j->h->sent[s].t_send,
                 "the message of %s is lost: nobody takes it, though %s %s", send_where(one, j, s),
                 event_where(other, j, seen),
                 leaves_none(j, seen) ? "leaves an empty queue" : "takes one that was sent later"))
    return;
  point_send(j, check, s);
  point_event(j, check, seen);
  point_rival(j, check, s, s);
}

/* A message that is missing in a channel, where k-th sends are matched with k-th receives. */
struct gap {
  int64_t missing;
  int64_t seen;        /* the event that shows it: it leaves none in the queue */
  int64_t first, last; /* the sends of which it is one */
};

/* An empty queue means that of each sender as many were taken as had been sent a while before. */
static struct gap gap_in(const struct judged *j, int32_t sender, int32_t receiver) {
  const struct lc_machine *from = &j->h->machine[sender], *to = &j->h->machine[receiver];
  int64_t *send = lc_new((size_t)from->n_sent, sizeof *send, "the verifier's channels");
  int64_t n = 0, taken = 0, sent = 0, by_now = 0, good = 0;
  struct gap gap = {0};
  for (int64_t s = from->first_sent; s < from->first_sent + from->n_sent; s++)
    if (j->h->sent[s].receiver == receiver)
      send[n++] = s;
  for (int64_t i = to->first_event; i < to->first_event + to->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    taken += e->kind == LC_RECEIVE && e->peer == sender;
    if (!leaves_none(j, i))
      continue;
    while (sent < n && j->h->sent[send[sent]].t_send + j->f->latency_bound_ns <= e->t_actual)
      sent++;
    while (by_now < n && j->h->sent[send[by_now]].t_send <= e->t_actual)
      by_now++;
    if (sent - taken > gap.missing)
      gap = (struct gap){sent - taken, i, send[good < sent ? good : sent - 1], send[sent - 1]};
    if (by_now == taken)
      good = taken;
  }
  free(send);
  return gap;
}

static void judge_channel(struct judged *j, struct lc_check *check, int32_t sender,
                          int32_t receiver, int64_t *lost) {
  char one[WHERE_TEXT], other[WHERE_TEXT], third[WHERE_TEXT];
  struct gap gap = gap_in(j, sender, receiver);
  if (gap.missing <= *lost)
    return;
  *lost = gap.missing;
  if (!violation(check, j->h->sent[gap.first].t_send,
                 "a message is lost: one from %s to %s to machine %.40s was not taken, though %s "
                 "leaves an empty queue",
                 send_where(one, j, gap.first), send_where(other, j, gap.last),
                 j->f->name[receiver], event_where(third, j, gap.seen)))
    return;
  point_send(j, check, gap.first);
  if (gap.last != gap.first)
    point_send(j, check, gap.last);
  point_rival(j, check, gap.first, gap.last);
  point_event(j, check, gap.seen);
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Times of all sends to a machine; n is -1 if the log does not tell which those are. */
static int64_t *sends_by_time(const struct judged *j, int32_t receiver, int64_t *n) {
  int64_t *time = lc_new((size_t)j->h->n_sent, sizeof *time, "the verifier's queues");
  *n = j->f->by_value ? -1 : 0;
  for (int64_t s = 0; s < j->h->n_sent && *n >= 0; s++)
    if (j->h->sent[s].receiver == receiver)
      time[(*n)++] = j->h->sent[s].t_send;
  qsort(time, *n < 0 ? 0 : (size_t)*n, sizeof *time, compare);
  return time;
}

/* A queue that is never empty shows a loss by its length, and goes on to: one wrong number alone is
 * a matter of the queues. Returns how many are missing, in *seen the first event to show it. */
static int64_t missing_at(const struct judged *j, int32_t vm, int64_t lost, int64_t *seen) {
  enum { OFTEN = 3 };
  const struct lc_machine *m = &j->h->machine[vm];
  int64_t n, sent = 0, taken = 0, missing = lost;
  int64_t *time = sends_by_time(j, vm, &n), times = 0;
  for (int64_t i = m->first_event; i < m->first_event + m->n_event && n >= 0; i++) {
    const struct lc_event *e = &j->h->event[i];
    while (sent < n && time[sent] + j->f->latency_bound_ns <= e->t_actual)
      sent++;
    if (j->f->queue_logged[i] && sent - taken - e->queue_before > lost) {
      if (!times++)
        *seen = i;
      int64_t here = sent - taken - e->queue_before;
      missing = here > missing ? here : missing;
    }
    taken += e->kind == LC_RECEIVE;
  }
  free(time);
  return times >= OFTEN ? missing : lost;
}

static void judge_missing(struct judged *j, struct lc_check *check, int32_t vm) {
  char where[WHERE_TEXT];
  int64_t seen = -1, missing = missing_at(j, vm, j->missing[vm], &seen);
  if (missing <= j->missing[vm])
    return;
  if (violation(check, j->h->event[seen].t_actual,
                "%s finds %d in its queue; %" PRId64
                " more were sent to it long before and not taken: lost",
                event_where(where, j, seen), j->h->event[seen].queue_before,
                missing - j->missing[vm]))
    point_event(j, check, seen);
  j->missing[vm] = missing;
}

/* Counts what is lost per channel and receiver. Returns how many can still be on their way. */
static int64_t judge_untaken(struct judged *j, struct lc_check *check, int64_t *lost) {
  int64_t left = 0;
  for (int64_t s = 0; s < j->h->n_sent; s++) {
    check->n_checked++;
    if (j->taken_by[s] >= 0)
      continue;
    int64_t seen = surely_lost(j, s);
    left += seen < 0;
    if (seen < 0)
      continue;
    lost[j->h->sent[s].sender * j->h->n_vm + j->h->sent[s].receiver]++;
    report_lost(j, check, s, seen);
  }
  return left;
}

void judge_conservation(struct judged *j) {
  int32_t n = j->h->n_vm;
  struct lc_check *check = new_check(
      j->verdict, "conservation", "what was sent is taken, or can still be on its way at the end");
  int64_t *lost = lc_new((size_t)n * (size_t)n, sizeof *lost, "the verifier's channels");
  int64_t left = judge_untaken(j, check, lost);
  for (int32_t to = 0; to < n; to++) {
    for (int32_t from = 0; from < n; from++) {
      if (from != to && !j->f->by_value)
        judge_channel(j, check, from, to, &lost[from * n + to]);
      j->missing[to] += lost[from * n + to];
    }
    judge_missing(j, check, to);
  }
  snprintf(check->note, sizeof check->note,
           "%" PRId64 " sent, %" PRId64 " not taken by the end that can be in a queue or in flight",
           j->h->n_sent, left);
  free(lost);
}

/* ---- order and queues ------------------------------------------------------------------------ */

void judge_fifo(struct judged *j) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  const struct lc_history *h = j->h;
  struct lc_check *check =
      new_check(j->verdict, "fifo", "messages of a channel are taken in the order of their sends");
  int64_t *last = lc_new((size_t)h->n_vm, sizeof *last, "the verifier's channels");
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_machine *m = &h->machine[v];
    for (int32_t p = 0; p < h->n_vm; p++)
      last[p] = -1;
    for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
      int64_t s = j->taken[i];
      if (s < 0)
        continue;
      if (j->f->ambiguous[i]) {
        check->n_unknown++;
        continue;
      }
      int32_t p = h->sent[s].sender;
      check->n_checked++;
      if (last[p] > s && violation(check, h->event[i].t_actual, "%s takes what %s sent before %s",
                                   event_where(one, j, i), send_where(other, j, s),
                                   "a message that was taken already")) {
        point_event(j, check, i);
        point_send(j, check, s);
        point_send(j, check, last[p]);
      }
      last[p] = s > last[p] ? s : last[p];
    }
  }
  free(last);
}

static void judge_queue(struct judged *j, struct lc_check *check, int32_t vm) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  const struct lc_machine *m = &j->h->machine[vm];
  int64_t n, sent = 0, old = 0, taken = 0, before = -1;
  int64_t *time = sends_by_time(j, vm, &n);
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    bool kept = false, receives = e->kind == LC_RECEIVE;
    if (is_second(j, i))
      continue;
    while (n >= 0 && sent < n && time[sent] <= e->t_actual + LC_CLOCKS_AGREE_NS)
      sent++;
    while (n >= 0 && old < n && time[old] + j->f->latency_bound_ns <= e->t_actual)
      old++;
    if (j->f->queue_logged[i] || (before >= 0 && e->queue_before >= 0)) {
      check->n_checked++;
      event_where(one, j, i);
      if (receives != (e->queue_before > 0))
        kept = violation(check, e->t_actual, "%s finds %d in its queue", one, e->queue_before);
      else if (before >= 0 && e->queue_before < j->h->event[before].queue_after)
        kept = violation(check, e->t_actual, "%s finds %d in its queue; %s left %d", one,
                         e->queue_before, event_where(other, j, before),
                         j->h->event[before].queue_after);
      else if (n >= 0 && e->queue_before > sent - taken)
        kept = violation(check, e->t_actual,
                         "%s finds %d in its queue; %" PRId64 " were sent to it, of which %" PRId64
                         " had been taken",
                         one, e->queue_before, sent, taken);
      else if (n >= 0 && e->queue_before < old - taken - j->missing[vm])
        kept =
            violation(check, e->t_actual,
                      "%s finds %d in its queue; %" PRId64 " had been sent to it long before, of "
                      "which %" PRId64 " had been taken",
                      one, e->queue_before, old, taken);
    } else {
      check->n_unknown++;
    }
    if (kept) {
      point_event(j, check, i);
      if (before >= 0)
        point_event(j, check, before);
    }
    taken += receives;
    if (e->queue_before >= 0)
      before = i;
  }
  free(time);
}

void judge_queues(struct judged *j) {
  struct lc_check *check =
      new_check(j->verdict, "queues",
                "a tick takes a message if there is one; what it leaves is there at the next");
  for (int32_t v = 0; v < j->h->n_vm; v++)
    judge_queue(j, check, v);
}
