/* Messages of imported logs: every receive has its send, every send its receive or a place where it
 * still can be, channels keep their order, and the lengths of queues agree with both. */
#include "foreign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void match(struct judged *j, struct lc_check *check, int64_t i) {
  char one[WHERE_TEXT], other[WHERE_TEXT], third[WHERE_TEXT];
  const struct lc_event *e = &j->h->event[i];
  int64_t s = e->peer < 0 ? -1 : find_sent(j->h, e->peer, e->msg_first, 0);
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

/* ---- conservation --------------------------------------------------------------------------- */

/* Whether a machine was seen with an empty queue at or after a time: then nothing that had arrived
 * by then is left there. Returns that event, or -1. */
static int64_t empty_since(const struct judged *j, int32_t vm, int64_t t) {
  const struct lc_machine *m = &j->h->machine[vm];
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    if (e->t_actual >= t && e->queue_after == 0 && e->queue_before >= 0 && !is_second(j, i))
      return i;
  }
  return -1;
}

/* The event that shows that a message did not get where it was sent: one that took a later message
 * of its channel, or found the queue empty. -1 if it can still be on its way. */
static int64_t shown_lost(const struct judged *j, int64_t s) {
  const struct lc_history *h = j->h;
  const struct lc_sent *sent = &h->sent[s];
  int64_t t = sent->t_send + j->f->latency_bound_ns, seen = -1;
  if (j->f->receiver_known[s])
    for (int64_t later = s + 1; later < h->n_sent && h->sent[later].sender == sent->sender; later++)
      if (h->sent[later].receiver == sent->receiver && j->taken_by[later] >= 0 &&
          !j->f->ambiguous[j->taken_by[later]])
        return j->taken_by[later];
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (v == sent->sender || (j->f->receiver_known[s] && v != sent->receiver))
      continue;
    seen = empty_since(j, v, t);
    if (seen < 0)
      return -1;
  }
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

static void report_lost(struct judged *j, struct lc_check *check, int64_t s, int64_t seen) {
  char one[WHERE_TEXT], other[WHERE_TEXT], third[WHERE_TEXT];
  int64_t rival = rival_of(j, s);
  if (!violation(check, j->h->sent[s].t_send,
                 "the message of %s is lost: nobody takes it, though %s %s%s%s",
                 send_where(one, j, s), event_where(other, j, seen),
                 j->h->event[seen].queue_after == 0 ? "leaves an empty queue"
                                                    : "is of a later message of its channel",
                 rival >= 0 ? "; at the same time to the same machine: " : "",
                 rival >= 0 ? send_where(third, j, rival) : ""))
    return;
  point_send(j, check, s);
  point_event(j, check, seen);
  if (rival >= 0)
    point_send(j, check, rival);
}

/* Where sends and receives are matched by count alone: an empty queue means that of each sender as
 * many were taken as had been sent a while before. Returns how many are missing at most. */
static int64_t missing_in(const struct judged *j, int32_t sender, int32_t receiver, int64_t *seen) {
  const struct lc_machine *from = &j->h->machine[sender], *to = &j->h->machine[receiver];
  int64_t taken = 0, sent = 0, next = from->first_sent, most = 0;
  for (int64_t i = to->first_event; i < to->first_event + to->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    taken += e->kind == LC_RECEIVE && e->peer == sender;
    if (e->queue_after != 0 || e->queue_before < 0 || is_second(j, i))
      continue;
    for (; next < from->first_sent + from->n_sent &&
           j->h->sent[next].t_send + j->f->latency_bound_ns <= e->t_actual;
         next++)
      sent += j->h->sent[next].receiver == receiver && j->f->receiver_known[next];
    if (sent - taken > most) {
      *seen = i;
      most = sent - taken;
    }
  }
  return most;
}

static void judge_channel(struct judged *j, struct lc_check *check, int32_t sender,
                          int32_t receiver, int64_t lost) {
  char where[WHERE_TEXT];
  int64_t seen = -1, missing = missing_in(j, sender, receiver, &seen);
  if (missing <= lost)
    return;
  if (violation(
          check, j->h->event[seen].t_actual,
          "%s leaves an empty queue, and of the messages that machine %.40s sent before %" PRId64
          " more than lost was not taken",
          event_where(where, j, seen), j->f->name[sender], missing - lost))
    point_event(j, check, seen);
}

void judge_conservation(struct judged *j) {
  const struct lc_history *h = j->h;
  struct lc_check *check = new_check(
      j->verdict, "conservation", "what was sent is taken, or can still be on its way at the end");
  size_t cells = (size_t)h->n_vm * (size_t)h->n_vm;
  int64_t *lost = lc_new(cells, sizeof *lost, "the verifier's channels"), left = 0;
  bool known = true;
  for (int64_t s = 0; s < h->n_sent; s++) {
    check->n_checked++;
    known &= j->f->receiver_known[s] != 0;
    if (j->taken_by[s] >= 0)
      continue;
    int64_t seen = shown_lost(j, s);
    left += seen < 0;
    if (seen < 0)
      continue;
    lost[h->sent[s].sender * h->n_vm + h->sent[s].receiver]++;
    report_lost(j, check, s, seen);
  }
  for (int32_t a = 0; a < h->n_vm && known; a++)
    for (int32_t b = 0; b < h->n_vm; b++)
      if (a != b)
        judge_channel(j, check, a, b, lost[a * h->n_vm + b]);
  snprintf(check->note, sizeof check->note,
           "%" PRId64 " sent, %" PRId64 " not taken by the end that can be in a queue or in flight",
           h->n_sent, left);
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

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Times of all sends to a machine; n is -1 if the log does not tell which those are. */
static int64_t *sends_by_time(const struct judged *j, int32_t receiver, int64_t *n) {
  int64_t *time = lc_new((size_t)j->h->n_sent, sizeof *time, "the verifier's queues");
  *n = 0;
  for (int64_t s = 0; s < j->h->n_sent && *n >= 0; s++) {
    if (!j->f->receiver_known[s])
      *n = -1;
    else if (j->h->sent[s].receiver == receiver)
      time[(*n)++] = j->h->sent[s].t_send;
  }
  qsort(time, *n < 0 ? 0 : (size_t)*n, sizeof *time, compare);
  return time;
}

static void judge_queue(struct judged *j, struct lc_check *check, int32_t vm) {
  char one[WHERE_TEXT], other[WHERE_TEXT];
  const struct lc_machine *m = &j->h->machine[vm];
  int64_t n, sent = 0, taken = 0, before = -1;
  int64_t *time = sends_by_time(j, vm, &n);
  for (int64_t i = m->first_event; i < m->first_event + m->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    bool kept = false, receives = e->kind == LC_RECEIVE;
    if (is_second(j, i))
      continue;
    while (n >= 0 && sent < n && time[sent] <= e->t_actual + LC_CLOCKS_AGREE_NS)
      sent++;
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
