/* Every snapshot is a consistent cut: no message is received before it and sent after it. And it
 * has exactly the messages that cross it: a row for each that was sent before it and not received
 * before it, none else.
 *
 * A VM's events before a cut are its first ones, and no later cut has fewer. So of each message two
 * cuts say all: the first that has its send, and the first that has its receive. Rows are sorted by
 * message and held against those two, so that the work is that of sorting, however many cuts there
 * are. */
#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cut_time cut_time(const struct lc_history *h) {
  if (strcmp(h->method, "time-cut") == 0 || (!*h->method && h->exact_time))
    return CUT_EXACT;
  return *h->method ? CUT_OWN_MOMENT : CUT_RANK_BY_RANK;
}

/* ---- which cuts ------------------------------------------------------------------------------ */

/* False if the snapshot is not whole, or counts events that have not reached the file. */
static bool can_be_judged(const struct lc_history *h, int32_t snapshot, struct lc_check *check) {
  if (!is_end(h, snapshot) && cut_time(h) == CUT_RANK_BY_RANK) {
    if (check)
      check->n_unknown++;
    return false;
  }
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_state *state = state_of(h, v, snapshot);
    if (!state->valid) {
      if (check)
        violation(check, h->t_snapshot[snapshot],
                  "snapshot %d is said to be whole, but lacks the state of VM %d", snapshot, v);
      return false;
    }
    if (!h->ended && h->machine[v].logged && state->n_event > h->machine[v].n_event) {
      if (check)
        check->n_unknown++;
      return false;
    }
  }
  return true;
}

struct cut_list list_cuts(const struct lc_history *h, struct lc_check *check) {
  struct cut_list cuts = {0};
  cuts.snapshot = lc_new((size_t)h->n_snapshot, sizeof *cuts.snapshot, "the verifier's cuts");
  for (int32_t s = 0; s < h->n_snapshot; s++)
    if ((is_end(h, s) ? h->ended : s < h->n_taken) && can_be_judged(h, s, check))
      cuts.snapshot[cuts.n++] = s;
  return cuts;
}

int32_t first_cut_after(const struct lc_history *h, const struct cut_list *cuts, int32_t vm,
                        int64_t seq) {
  int32_t low = 0, high = cuts->n;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (state_of(h, vm, cuts->snapshot[middle])->n_event > seq)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* ---- rows by message ------------------------------------------------------------------------- */

struct row {
  int64_t number, at; /* at: index into history->left */
  int32_t sender, copy, cut;
};

struct judge {
  const struct lc_history *h;
  const struct matching *m;
  struct lc_check *check;
  struct cut_list cuts;
  int64_t n_row;
  struct row *row;   /* of the cuts, by message, then cut */
  int64_t *n_queued; /* [n_vm][cuts.n] rows that are queued */
  int64_t *n_held;   /* [copies of the system][cuts.n] rows */
  int64_t *n_lost;   /* the same: messages sent before the cut and lost by the end */
  bool may_be_lost;  /* the run has no end, and a channel has delivered after --receive-until */
};

static int by_message(const void *a, const void *b) {
  const struct row *x = a, *y = b;
  if (x->sender != y->sender)
    return x->sender < y->sender ? -1 : 1;
  if (x->number != y->number)
    return x->number < y->number ? -1 : 1;
  if (x->copy != y->copy)
    return x->copy < y->copy ? -1 : 1;
  if (x->cut != y->cut)
    return x->cut < y->cut ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

/* Below 0 if the row's message comes before `sent`, above if behind it. */
static int compare_to(const struct row *row, const struct lc_sent *sent) {
  struct row other = {sent->number, row->at, sent->sender, sent->copy, row->cut};
  return by_message(row, &other);
}

static void sort_rows(struct judge *j) {
  const struct lc_history *h = j->h;
  int32_t *cut_of = lc_new((size_t)h->n_snapshot, sizeof *cut_of, "the verifier's cuts");
  for (int32_t s = 0; s < h->n_snapshot; s++)
    cut_of[s] = -1;
  for (int32_t c = 0; c < j->cuts.n; c++)
    cut_of[j->cuts.snapshot[c]] = c;
  j->row = lc_new((size_t)h->n_left, sizeof *j->row, "the verifier's cuts");
  for (int64_t i = 0; i < h->n_left; i++) {
    const struct lc_left *left = &h->left[i];
    int32_t cut =
        left->snapshot >= 0 && left->snapshot < h->n_snapshot ? cut_of[left->snapshot] : -1;
    if (cut < 0)
      continue;
    j->row[j->n_row++] = (struct row){left->number, i, left->sender, left->copy, cut};
    j->n_queued[(int64_t)left->machine * j->cuts.n + cut] += left->fate == LC_FATE_QUEUED;
    j->n_held[(int64_t)(left->machine / h->n_copy) * j->cuts.n + cut]++;
  }
  free(cut_of);
  if (j->n_row)
    qsort(j->row, (size_t)j->n_row, sizeof *j->row, by_message);
}

/* What is known of a message, and which cuts it crosses: [sent, received). */
struct message {
  int64_t sent_at;       /* index into history->sent, or -1 */
  int64_t send, receive; /* events, or -1 */
  int32_t receiver;      /* -1 not known */
  int32_t sent, received;
  bool arrives, ends; /* whether `t_arrival` and `received` are known */
  bool lost;          /* or, in a run without an end, may be: after --receive-until */
  int64_t t_arrival;
};

/* ---- one row --------------------------------------------------------------------------------- */

static int64_t time_of(const struct judge *j, int32_t cut) {
  return is_end(j->h, j->cuts.snapshot[cut]) ? j->h->t_end
                                             : j->h->t_snapshot[j->cuts.snapshot[cut]];
}

static void bad_row(struct judge *j, const struct row *row, const char *what) {
  const struct lc_left *left = &j->h->left[row->at];
  violation(j->check, time_of(j, row->cut),
            "snapshot %d has message %" PRId64 " of VM %d %s VM %d, %s", left->snapshot,
            left->number, left->sender,
            left->fate == LC_FATE_QUEUED ? "in the queue of" : "in flight to", left->machine, what);
}

/* The same with an event that shows it. */
static void bad_row_by(struct judge *j, const struct row *row, const char *what, int64_t event) {
  char text[EVENT_TEXT], all[EVENT_TEXT + 64];
  snprintf(all, sizeof all, "%s %s", what, event_text(text, &j->h->event[event]));
  bad_row(j, row, all);
}

/* By its arrival a message of a cut that is as of a time is queued or in flight; where each VM has
 * its own moment, what arrives at that very moment may be either. */
static bool is_placed(const struct judge *j, const struct row *row) {
  const struct lc_left *left = &j->h->left[row->at];
  bool queued = left->fate == LC_FATE_QUEUED;
  if (!queued && left->fate != LC_FATE_IN_FLIGHT)
    return false;
  if (is_end(j->h, left->snapshot) || cut_time(j->h) == CUT_EXACT)
    return queued == (left->t_arrival < time_of(j, row->cut));
  int64_t moment = state_of(j->h, left->machine, left->snapshot)->t_actual;
  return queued ? left->t_arrival <= moment : left->t_arrival >= moment;
}

static bool stamps_agree(const struct lc_history *h, int64_t row, const int64_t *event,
                         const int64_t *other_row) {
  for (int32_t c = 0; c < h->n_clock; c++) {
    const struct lc_history_clock *clock = &h->clock[c];
    const int64_t *expected = event ? clock->stamp + *event * clock->words
                                    : clock->left_stamp + *other_row * clock->words;
    if (memcmp(clock->left_stamp + row * clock->words, expected,
               (size_t)clock->words * sizeof *expected) != 0)
      return false;
  }
  return true;
}

/* A row of a cut that the message crosses. `first`: a row of the same message. */
static void judge_row(struct judge *j, const struct message *message, const struct row *row,
                      const struct row *first) {
  const struct lc_left *left = &j->h->left[row->at];
  char text[100];
  int32_t receiver = message->receiver >= 0 ? message->receiver : j->h->left[first->at].machine;
  int64_t arrival = message->arrives ? message->t_arrival : j->h->left[first->at].t_arrival;
  if (left->machine != receiver) {
    snprintf(text, sizeof text, "which was sent to VM %d", receiver);
    bad_row(j, row, text);
  } else if (left->t_arrival != arrival) {
    snprintf(text, sizeof text, "with the arrival %" PRId64 " ns, which was %" PRId64 " ns",
             left->t_arrival, arrival);
    bad_row(j, row, text);
  } else if (!is_placed(j, row)) {
    snprintf(text, sizeof text, "where it was not: it arrived at %" PRId64 " ns", left->t_arrival);
    bad_row(j, row, text);
  } else if (message->send >= 0 && !stamps_agree(j->h, row->at, &message->send, NULL)) {
    bad_row_by(j, row, "with other stamps than", message->send);
  } else if (message->send < 0 && !stamps_agree(j->h, row->at, NULL, &first->at)) {
    bad_row(j, row, "with other stamps than in another snapshot");
  }
}

/* ---- one message ----------------------------------------------------------------------------- */

/* A gap of the rows: it crosses the cuts [from, to) without being there. */
static void report_missing(struct judge *j, const struct message *message, const struct row *group,
                           int32_t from, int32_t to) {
  const struct lc_sent *sent = message->sent_at >= 0 ? &j->h->sent[message->sent_at] : NULL;
  char text[EVENT_TEXT] = "";
  if (message->send >= 0)
    event_text(text, &j->h->event[message->send]);
  violation(j->check, time_of(j, from),
            "snapshot %d lacks message %" PRId64 " of VM %d to VM %d, which was sent before it%s%s "
            "and not received",
            j->cuts.snapshot[from], sent ? sent->number : group->number,
            sent ? sent->sender : group->sender, message->receiver, *text ? " by " : "", text);
  j->check->n_violation += to - from - 1;
}

/* The rows of one message, in order of cuts, against the cuts that it crosses. */
static void judge_rows(struct judge *j, const struct message *message, const struct row *row,
                       int64_t n) {
  int32_t next = message->sent;
  for (int64_t i = 0; i < n; i++) {
    int32_t cut = row[i].cut;
    j->check->n_checked++;
    if (cut < message->sent && message->send >= 0)
      bad_row_by(j, &row[i], "which was sent after it by", message->send);
    else if (cut < message->sent)
      bad_row(j, &row[i], "which was sent after it");
    else if (message->receive >= 0 && cut >= message->received)
      bad_row_by(j, &row[i], "which was received before it by", message->receive);
    else if (message->lost && j->h->ended)
      bad_row(j, &row[i], "which was lost");
    else if (i && cut == row[i - 1].cut)
      bad_row(j, &row[i], "where it is twice");
    else {
      if (next < cut && !message->lost)
        report_missing(j, message, row, next, cut);
      judge_row(j, message, &row[i], &row[0]);
      next = cut + 1;
    }
  }
  if (message->lost)
    return; /* no cut has it */
  if (message->ends && next < message->received)
    report_missing(j, message, row, next, message->received);
  else if (!message->ends && next < j->cuts.n)
    j->check->n_unknown++;
}

static void report_inconsistent(struct judge *j, const struct message *message) {
  const struct lc_history *h = j->h;
  const struct lc_sent *sent = &h->sent[message->sent_at];
  char send[EVENT_TEXT] = "an event that is not on file", receive[EVENT_TEXT];
  if (message->send >= 0)
    event_text(send, &h->event[message->send]);
  violation(j->check, time_of(j, message->received),
            "snapshot %d is no consistent cut: message %" PRId64 " of VM %d was received before it "
            "by %s and sent after it by %s",
            j->cuts.snapshot[message->received], sent->number, sent->sender,
            event_text(receive, &h->event[message->receive]), send);
  j->check->n_violation += message->sent - message->received - 1;
}

static void judge_message(struct judge *j, int64_t at, const struct row *row, int64_t n) {
  const struct lc_history *h = j->h;
  const struct lc_sent *sent = &h->sent[at];
  const struct lc_machine *sender = &h->machine[sent->sender];
  bool has_send = sent->send_seq >= 0 && sent->send_seq < sender->n_event;
  struct message message = {
      .sent_at = at,
      .send = has_send ? sender->first_event + sent->send_seq : -1,
      .receive = j->m->receive_of[at],
      .receiver = sent->receiver,
      .sent = first_cut_after(h, &j->cuts, sent->sender, sent->send_seq),
      .received = j->cuts.n,
      .arrives = j->m->t_arrival[at] != INT64_MIN,
      .t_arrival = j->m->t_arrival[at],
      .ends = h->machine[sent->receiver].logged,
      .lost =
          j->m->fate[at] == LC_FATE_LOST || (j->m->fate[at] == LC_FATE_UNKNOWN && j->may_be_lost),
  };
  if (message.receive >= 0) {
    const struct lc_event *e = &h->event[message.receive];
    message.received = first_cut_after(h, &j->cuts, e->machine, e->seq);
  }
  for (int32_t c = message.sent; message.lost && c < j->cuts.n; c++)
    j->n_lost[(int64_t)(sent->sender / h->n_copy) * j->cuts.n + c]++;
  j->check->n_checked++;
  if (message.received < message.sent)
    report_inconsistent(j, &message);
  judge_rows(j, &message, row, n);
}

/* Rows of a message that is not on file: of a VM that is not logged, as far as they agree with each
 * other and with what the states count; of any other, none should be. */
static void judge_unsent(struct judge *j, const struct row *row, int64_t n) {
  const struct lc_history *h = j->h;
  int32_t sender = row->sender;
  if (h->machine[sender].logged) {
    for (int64_t i = 0; i < n; i++)
      bad_row(j, &row[i], "which was never sent");
    j->check->n_checked += n;
    return;
  }
  struct message message = {.sent_at = -1, .send = -1, .receive = -1, .receiver = -1};
  message.received = j->cuts.n;
  while (message.sent < j->cuts.n &&
         state_of(h, sender, j->cuts.snapshot[message.sent])->n_sent <= row->number)
    message.sent++;
  judge_rows(j, &message, row, n);
}

static void judge_messages(struct judge *j) {
  int64_t at = 0, end;
  for (int64_t i = 0; i <= j->h->n_sent; i++) {
    const struct lc_sent *sent = i < j->h->n_sent ? &j->h->sent[i] : NULL;
    for (; at < j->n_row && (!sent || compare_to(&j->row[at], sent) < 0); at = end) {
      struct row first = j->row[at];
      struct lc_sent same = {.sender = first.sender, .number = first.number, .copy = first.copy};
      for (end = at; end < j->n_row && compare_to(&j->row[end], &same) == 0;)
        end++;
      judge_unsent(j, &j->row[at], end - at);
    }
    if (!sent)
      break;
    for (end = at; end < j->n_row && compare_to(&j->row[end], sent) == 0;)
      end++;
    judge_message(j, i, &j->row[at], end - at);
    at = end;
  }
}

/* ---- all rows -------------------------------------------------------------------------------- */

static bool in_order(const struct lc_left *a, const struct lc_left *b) {
  if (a->snapshot != b->snapshot)
    return a->snapshot < b->snapshot;
  if (a->t_arrival != b->t_arrival)
    return a->t_arrival < b->t_arrival;
  if (a->sender != b->sender)
    return a->sender < b->sender;
  return a->number != b->number ? a->number < b->number : a->copy <= b->copy;
}

/* A VM's rows come by snapshot, each queue in its order, and those in flight likewise. */
static void judge_order(struct judge *j) {
  const struct lc_history *h = j->h;
  int64_t *last = lc_new(2 * (size_t)h->n_vm, sizeof *last, "the verifier's cuts");
  for (int64_t i = 0; i < h->n_left; i++) {
    const struct lc_left *left = &h->left[i];
    int64_t *before = &last[2 * left->machine + (left->fate == LC_FATE_QUEUED)];
    bool is_there = left->snapshot >= 0 && left->snapshot < h->n_snapshot;
    if (*before && !in_order(&h->left[*before - 1], left))
      violation(j->check, is_there ? h->t_snapshot[left->snapshot] : 0,
                "snapshot %d has message %" PRId64 " of VM %d %s VM %d behind message %" PRId64
                " of VM %d of snapshot %d: not in order",
                left->snapshot, left->number, left->sender,
                left->fate == LC_FATE_QUEUED ? "in the queue of" : "in flight to", left->machine,
                h->left[*before - 1].number, h->left[*before - 1].sender,
                h->left[*before - 1].snapshot);
    *before = i + 1;
  }
  free(last);
}

static void judge_counts(struct judge *j) {
  for (int32_t v = 0; v < j->h->n_vm; v++)
    for (int32_t c = 0; c < j->cuts.n; c++) {
      const struct lc_state *state = state_of(j->h, v, j->cuts.snapshot[c]);
      int64_t rows = j->n_queued[(int64_t)v * j->cuts.n + c];
      j->check->n_checked++;
      if (rows != state->n_queued)
        violation(j->check, time_of(j, c),
                  "snapshot %d says that %" PRId64
                  " messages are in the queue of VM %d, and has %" PRId64 " of them",
                  j->cuts.snapshot[c], state->n_queued, v, rows);
    }
}

/* What the states of one copy of the system count as sent and not received is there, logged or not.
 */
static void judge_balance(struct judge *j, int32_t copy) {
  const struct lc_history *h = j->h;
  for (int32_t c = 0; c < j->cuts.n; c++) {
    uint64_t under_way = 0;
    for (int32_t v = copy * h->n_copy; v < (copy + 1) * h->n_copy; v++) {
      const struct lc_state *state = state_of(h, v, j->cuts.snapshot[c]);
      under_way += (uint64_t)state->n_sent - (uint64_t)state->n_received;
    }
    int64_t rows = j->n_held[(int64_t)copy * j->cuts.n + c];
    bool logged = copy_is_logged(h, copy * h->n_copy);
    int64_t lost = j->n_lost[(int64_t)copy * j->cuts.n + c]; /* by then, or later */
    if (h->receive_until_ns && h->ended && !logged)
      lost = h->balance.lost; /* no more than that */
    else if (j->may_be_lost && !logged)
      lost = (int64_t)under_way;
    int64_t least = (int64_t)under_way - lost;
    int64_t most = h->ended && logged ? least : (int64_t)under_way;
    j->check->n_checked++;
    if (rows < least || rows > most)
      violation(j->check, time_of(j, c),
                "snapshot %d says that VMs %d to %d have %" PRId64
                " messages under way, and has %" PRId64 " of them",
                j->cuts.snapshot[c], copy * h->n_copy, (copy + 1) * h->n_copy - 1,
                (int64_t)under_way, rows);
  }
}

/* Whether anything on file arrives at --receive-until or later. */
static bool delivers_late(const struct lc_history *h) {
  for (int64_t i = 0; i < h->n_event; i++)
    if (h->event[i].kind == LC_RECEIVE && h->event[i].t_arrival >= h->receive_until_ns)
      return true;
  for (int64_t i = 0; i < h->n_left; i++)
    if (h->left[i].t_arrival >= h->receive_until_ns)
      return true;
  return false;
}

void check_cuts(const struct lc_history *h, const struct matching *m, struct lc_verdict *verdict) {
  if (!h->cuts)
    return;
  struct judge j = {.h = h, .m = m};
  j.check = new_check(verdict, "cuts",
                      "every snapshot is a consistent cut with exactly the messages that cross it");
  j.cuts = list_cuts(h, j.check);
  size_t cuts = (size_t)j.cuts.n;
  j.n_queued = lc_new((size_t)h->n_vm * cuts, sizeof *j.n_queued, "the verifier's cuts");
  j.n_held = lc_new((size_t)(h->n_vm / h->n_copy) * cuts, sizeof *j.n_held, "the verifier's cuts");
  j.n_lost = lc_new((size_t)(h->n_vm / h->n_copy) * cuts, sizeof *j.n_lost, "the verifier's cuts");
  j.may_be_lost = h->receive_until_ns && !h->ended && delivers_late(h);
  sort_rows(&j);
  judge_messages(&j);
  judge_order(&j);
  judge_counts(&j);
  for (int32_t copy = 0; copy < h->n_vm / h->n_copy; copy++)
    judge_balance(&j, copy);
  free(j.cuts.snapshot);
  free(j.row);
  free(j.n_queued);
  free(j.n_held);
  free(j.n_lost);
}
