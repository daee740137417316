/* Messages: every send event has its messages, every receive takes exactly one of them, and each
 * message that was sent is received, queued, in flight or lost, once. */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The copies that one send event made: consecutive numbers to ascending receivers. */
static void check_send(struct lc_check *check, const struct lc_history *h, const struct lc_event *e,
                       int64_t expected_number) {
  char text[EVENT_TEXT];
  check->n_checked++;
  event_text(text, e);
  if (e->msg_count < 1 || e->msg_first != expected_number ||
      e->msg_first > INT64_MAX - e->msg_count) {
    violation(check, e->t_actual,
              "%s sends %d messages from number %" PRId64 " on; the next number is %" PRId64, text,
              e->msg_count, e->msg_first, expected_number);
    return;
  }
  int32_t before = -1;
  for (int64_t number = e->msg_first; number < e->msg_first + e->msg_count; number++) {
    int64_t i = lc_history_sent(h, e->machine, number, 0);
    if (i < 0) {
      violation(check, e->t_actual, "%s sent message %" PRId64 ", which is not on file", text,
                number);
      return;
    }
    const struct lc_sent *sent = &h->sent[i];
    if (sent->send_seq != e->seq || sent->t_send != e->t_actual)
      violation(check, e->t_actual,
                "%s sent message %" PRId64 ", which says it is of event %" PRId64 " at %" PRId64
                " ns",
                text, number, sent->send_seq, sent->t_send);
    if (sent->receiver <= before || sent->receiver == e->machine || sent->receiver >= h->n_vm)
      violation(check, e->t_actual, "%s sent message %" PRId64 " to VM %d after one to VM %d", text,
                number, sent->receiver, before);
    if (e->msg_count == 1 && e->op == LC_OP_UNICAST && sent->receiver != e->peer)
      violation(check, e->t_actual, "%s names peer %d; its message goes to VM %d", text, e->peer,
                sent->receiver);
    before = sent->receiver;
  }
}

void check_sends(const struct lc_history *h, struct lc_verdict *verdict) {
  struct lc_check *check = new_check(
      verdict, "sends", "every send event has its messages, numbered without a gap, to its peers");
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_machine *machine = &h->machine[v];
    int64_t next = 0;
    for (int64_t i = 0; i < machine->n_event; i++) {
      const struct lc_event *e = &h->event[machine->first_event + i];
      if (e->kind != LC_SEND)
        continue;
      check_send(check, h, e, next);
      if (e->msg_count > 0 && e->msg_first >= 0 && e->msg_first <= INT64_MAX - e->msg_count)
        next = e->msg_first + e->msg_count;
    }
    /* rows past the last event on file are a batch cut short, but only in a run without an end */
    int64_t rows = machine->n_sent;
    if (h->ended && rows && h->sent[machine->first_sent + rows - 1].number >= next)
      violation(check, h->t_end, "VM %d has message %" PRId64 " on file; its events sent %" PRId64,
                v, h->sent[machine->first_sent + rows - 1].number, next);
  }
}

/* True if the send may exist beyond the sender's rows that reached the file. */
static bool beyond_the_file(const struct lc_history *h, int32_t sender, int64_t number) {
  if (sender < 0 || sender >= h->n_vm)
    return false;
  const struct lc_machine *machine = &h->machine[sender];
  if (!machine->logged)
    return true;
  if (h->ended)
    return false;
  return machine->n_sent == 0 || number > h->sent[machine->first_sent + machine->n_sent - 1].number;
}

static void match_receive(struct lc_check *check, const struct lc_history *h, struct matching *m,
                          int64_t at) {
  char text[EVENT_TEXT], other[EVENT_TEXT];
  const struct lc_event *e = &h->event[at];
  event_text(text, e);
  int64_t i = lc_history_sent(h, e->peer, e->msg_first, 0);
  if (i < 0) {
    if (beyond_the_file(h, e->peer, e->msg_first))
      check->n_unknown++;
    else
      violation(check, e->t_actual, "%s took message %" PRId64 " of VM %d, which was never sent",
                text, e->msg_first, e->peer);
    return;
  }
  check->n_checked++;
  const struct lc_sent *sent = &h->sent[i];
  const struct lc_machine *sender = &h->machine[sent->sender];
  if (m->fate[i] == LC_FATE_RECEIVED) {
    violation(check, e->t_actual, "%s took message %" PRId64 " of VM %d, which was taken before",
              text, e->msg_first, e->peer);
    return;
  }
  m->fate[i] = LC_FATE_RECEIVED;
  m->t_arrival[i] = e->t_arrival;
  m->receive_of[i] = at;
  if (sent->receiver != e->machine)
    violation(check, e->t_actual, "%s took message %" PRId64 " of VM %d, which was for VM %d", text,
              e->msg_first, e->peer, sent->receiver);
  if (e->t_arrival > e->t_actual ||
      (e->t_arrival < sent->t_send &&
       (uint64_t)sent->t_send - (uint64_t)e->t_arrival > (uint64_t)h->error_ns))
    violation(check, e->t_actual,
              "%s took message %" PRId64 " of VM %d, sent at %" PRId64 " ns, arrived at %" PRId64,
              text, e->msg_first, e->peer, sent->t_send, e->t_arrival);
  if (sent->send_seq < 0 || sent->send_seq >= sender->n_event) {
    if (h->ended)
      violation(check, e->t_actual, "%s took message %" PRId64 " of VM %d, whose event is missing",
                text, e->msg_first, e->peer);
    else
      check->n_unknown++;
    return;
  }
  const struct lc_event *send = &h->event[sender->first_event + sent->send_seq];
  if (send->kind != LC_SEND)
    violation(check, e->t_actual, "%s took message %" PRId64 ", whose origin %s is not a send",
              text, e->msg_first, event_text(other, send));
  else
    m->send_of[at] = send - h->event;
}

static void match_left(struct lc_check *check, const struct lc_history *h, struct matching *m,
                       const struct lc_left *left) {
  int64_t at = lc_history_sent(h, left->sender, left->number, left->copy);
  if (at < 0 && beyond_the_file(h, left->sender, left->number)) {
    check->n_unknown++;
    return;
  }
  check->n_checked++;
  if (at < 0 || h->sent[at].receiver != left->machine || m->fate[at] != LC_FATE_UNKNOWN) {
    violation(check, left->t_arrival,
              "message %" PRId64 " of VM %d is left over at VM %d at the end, but %s", left->number,
              left->sender, left->machine,
              at < 0                                  ? "was never sent"
              : h->sent[at].receiver != left->machine ? "was sent to another VM"
                                                      : "was taken or left over elsewhere too");
    return;
  }
  m->fate[at] = left->fate;
  m->t_arrival[at] = left->t_arrival;
}

/* With --receive-until each channel delivers one message that arrives then or later, and nothing
 * behind it: what is behind it is lost. */
static void match_lost(struct lc_check *check, const struct lc_history *h, struct matching *m) {
  int64_t *closed_by = lc_new((size_t)h->n_vm, sizeof *closed_by, "the verifier's channels");
  for (int64_t i = 0; i < h->n_sent; i++) {
    const struct lc_sent *sent = &h->sent[i];
    int64_t *by = &closed_by[sent->receiver]; /* index + 1 of the message that closed it */
    bool closed = *by && h->sent[*by - 1].sender == sent->sender;
    if (m->fate[i] == LC_FATE_UNKNOWN) {
      if (closed)
        m->fate[i] = LC_FATE_LOST;
      continue;
    }
    check->n_checked++;
    if (closed)
      violation(check, m->t_arrival[i],
                "message %" PRId64 " of VM %d reached VM %d, although the channel had delivered "
                "message %" PRId64 " at %" PRId64 " ns, after --receive-until",
                sent->number, sent->sender, sent->receiver, h->sent[*by - 1].number,
                m->t_arrival[*by - 1]);
    else if (m->t_arrival[i] >= h->receive_until_ns)
      *by = i + 1;
  }
  free(closed_by);
}

void check_matching(const struct lc_history *h, struct matching *m, struct lc_verdict *verdict) {
  struct lc_check *check = new_check(
      verdict, "matching", "every receive takes exactly one message that was sent to its VM");
  for (int64_t i = 0; i < h->n_sent; i++) {
    m->t_arrival[i] = INT64_MIN;
    m->receive_of[i] = -1;
  }
  for (int64_t i = 0; i < h->n_event; i++) {
    m->send_of[i] = -1;
    if (h->event[i].kind == LC_RECEIVE)
      match_receive(check, h, m, i);
  }
  /* what was left at the end is matched here too, so that the queues can be replayed */
  for (int64_t i = 0; i < h->n_left; i++)
    if (h->left[i].snapshot == h->n_snapshot - 1)
      match_left(check, h, m, &h->left[i]);
  if (h->receive_until_ns && h->ended)
    match_lost(check, h, m);
}

static bool equal_balance(const struct lc_balance *a, const struct lc_balance *b) {
  return a->sent == b->sent && a->received == b->received && a->queued == b->queued &&
         a->in_flight == b->in_flight && a->lost == b->lost;
}

/* What the file says became of a message is what the receivers' rows say. */
static void check_stored_fate(struct lc_check *check, const struct lc_sent *sent, uint8_t fate,
                              int64_t t_arrival) {
  bool arrives = fate != LC_FATE_UNKNOWN && fate != LC_FATE_LOST;
  if (sent->fate == fate && (!arrives || sent->t_arrival == t_arrival))
    return;
  violation(check, sent->t_send,
            "message %" PRId64 " of VM %d is said to have fate %d and to have arrived at %" PRId64
            " ns; its receiver's rows give fate %d, %" PRId64 " ns",
            sent->number, sent->sender, sent->fate, sent->t_arrival, fate, arrives ? t_arrival : 0);
}

/* What arrived before the end is queued, what did later in flight. */
static void check_left(struct lc_check *check, const struct lc_history *h,
                       const struct lc_sent *sent, uint8_t fate, int64_t t_arrival) {
  bool queued = fate == LC_FATE_QUEUED;
  if ((queued || fate == LC_FATE_IN_FLIGHT) && queued != (t_arrival < h->t_end))
    violation(check, sent->t_send,
              "message %" PRId64 " of VM %d, which arrived at %" PRId64
              " ns, is said to be %s at the end, %" PRId64 " ns",
              sent->number, sent->sender, t_arrival, queued ? "queued" : "in flight", h->t_end);
}

static void report_balance(struct lc_check *check, const struct lc_history *h, const char *source,
                           const struct lc_balance *count) {
  const struct lc_balance *b = &h->balance;
  violation(check, h->t_end,
            "the stored balance %" PRId64 " = %" PRId64 " + %" PRId64 " + %" PRId64 " + %" PRId64
            " is not what the %s: %" PRId64 " = %" PRId64 " + %" PRId64 " + %" PRId64 " + %" PRId64,
            b->sent, b->received, b->queued, b->in_flight, b->lost, source, count->sent,
            count->received, count->queued, count->in_flight, count->lost);
}

/* a + b, also for counts that no run has. */
static int64_t sum(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Where not every VM is logged: what the totals of all of them add up to is sent, received and
 * queued. In flight and lost are the rest, and at least those that are on file. */
static void check_balance_of_totals(struct lc_check *check, const struct lc_history *h,
                                    const struct lc_balance *on_file) {
  const struct lc_balance *b = &h->balance;
  struct lc_balance total = {.in_flight = b->in_flight, .lost = b->lost};
  for (int32_t v = 0; v < h->n_vm && h->totals; v++) {
    total.sent = sum(total.sent, h->totals[v].n_sent);
    total.received = sum(total.received, h->totals[v].n_received);
    total.queued = sum(total.queued, h->totals[v].n_queued);
  }
  check->n_checked++;
  if (!equal_balance(&total, b))
    report_balance(check, h, "totals of the VMs give", &total);
  else if (b->sent != sum(sum(b->received, b->queued), sum(b->in_flight, b->lost)))
    violation(check, h->t_end, "the stored balance does not add up");
  else if (b->in_flight < on_file->in_flight || b->lost < on_file->lost)
    violation(check, h->t_end,
              "the stored balance has %" PRId64 " messages in flight and %" PRId64
              " lost; on file are %" PRId64 " and %" PRId64,
              b->in_flight, b->lost, on_file->in_flight, on_file->lost);
}

void check_conservation(const struct lc_history *h, const struct matching *m,
                        struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "conservation", "sent = received + queued + in flight + lost, each once");
  for (int64_t i = 0; i < h->n_sent && h->joined; i++)
    check_stored_fate(check, &h->sent[i], m->fate[i], m->t_arrival[i]);
  if (!h->ended) {
    check->n_unknown = h->n_sent;
    return;
  }
  struct lc_balance count = {.sent = h->n_sent};
  bool logged = true;
  for (int32_t v = 0; v < h->n_vm; v++)
    logged &= h->machine[v].logged;
  for (int64_t i = 0; i < h->n_sent; i++) {
    const struct lc_sent *sent = &h->sent[i];
    check->n_checked++;
    check_left(check, h, sent, m->fate[i], m->t_arrival[i]);
    count.received += m->fate[i] == LC_FATE_RECEIVED;
    count.queued += m->fate[i] == LC_FATE_QUEUED;
    count.in_flight += m->fate[i] == LC_FATE_IN_FLIGHT;
    count.lost += m->fate[i] == LC_FATE_LOST;
    if (m->fate[i] == LC_FATE_UNKNOWN && !h->machine[sent->receiver].logged)
      check->n_unknown++;
    else if (m->fate[i] == LC_FATE_UNKNOWN)
      violation(check, sent->t_send,
                "message %" PRId64 " of VM %d to VM %d (event %" PRId64
                ", %.6f s) was neither received nor left over",
                sent->number, sent->sender, sent->receiver, sent->send_seq,
                (double)sent->t_send / 1e9);
  }
  if (!logged)
    check_balance_of_totals(check, h, &count);
  else if (!equal_balance(&count, &h->balance))
    report_balance(check, h, "log gives", &count);
}
