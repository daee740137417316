/* Replays every queue: a receive takes the first message by (arrival, sender, number, copy) of
 * those that had arrived, the lengths logged are the lengths there were, a VM acts only when its
 * queue is empty, and each channel is first in, first out. */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>

/* One VM's messages in queue order. */
struct arrivals {
  int64_t *at; /* indices into history->sent */
  int64_t n;
};

struct key {
  int64_t t_arrival, sent;
};

static int by_arrival(const void *a, const void *b) {
  const struct key *x = a, *y = b;
  if (x->t_arrival != y->t_arrival)
    return x->t_arrival < y->t_arrival ? -1 : 1;
  return (x->sent > y->sent) - (x->sent < y->sent); /* `sent` is in order of sender, number, copy */
}

/* Groups the messages whose arrival is known by receiver, each group in queue order. */
static void sort_arrivals(const struct lc_history *h, const struct matching *m,
                          struct arrivals *arrivals, struct key *keys) {
  int64_t *fill = lc_new((size_t)h->n_vm + 1, sizeof *fill, "the verifier's queues");
  for (int64_t i = 0; i < h->n_sent; i++)
    if (m->t_arrival[i] != INT64_MIN)
      fill[h->sent[i].receiver + 1]++;
  for (int32_t v = 0; v < h->n_vm; v++) {
    arrivals[v].n = fill[v + 1];
    fill[v + 1] += fill[v];
  }
  for (int64_t i = 0; i < h->n_sent; i++)
    if (m->t_arrival[i] != INT64_MIN)
      keys[fill[h->sent[i].receiver]++] = (struct key){m->t_arrival[i], i};
  int64_t first = 0;
  for (int32_t v = 0; v < h->n_vm; v++) {
    arrivals[v].at = lc_new((size_t)arrivals[v].n, sizeof *arrivals[v].at, "the verifier's queues");
    if (arrivals[v].n)
      qsort(keys + first, (size_t)arrivals[v].n, sizeof *keys, by_arrival);
    for (int64_t i = 0; i < arrivals[v].n; i++)
      arrivals[v].at[i] = keys[first + i].sent;
    first += arrivals[v].n;
  }
  free(fill);
}

/* In a run without an end the messages that had arrived but not been taken are not known: then
 * only the order of those taken can be judged. */
static void replay(struct lc_check *check, const struct lc_history *h, const struct matching *m,
                   int32_t vm, const struct arrivals *arrivals) {
  char text[EVENT_TEXT];
  const struct lc_machine *machine = &h->machine[vm];
  int64_t arrived = 0, taken = 0;
  for (int64_t i = 0; i < machine->n_event; i++) {
    const struct lc_event *e = &h->event[machine->first_event + i];
    while (arrived < arrivals->n && m->t_arrival[arrivals->at[arrived]] <= e->t_actual)
      arrived++;
    int64_t waiting = arrived - taken;
    bool receive = e->kind == LC_RECEIVE;
    event_text(text, e);
    if (receive && m->send_of[machine->first_event + i] < 0)
      return; /* its message is not on file: the rest of this queue cannot be replayed */
    check->n_checked++;
    if (e->queue_after != e->queue_before - receive)
      violation(check, e->t_actual, "%s leaves %d in its queue of %d", text, e->queue_after,
                e->queue_before);
    if (h->ended ? e->queue_before != waiting : e->queue_before < waiting)
      violation(check, e->t_actual, "%s logs %d in its queue; %" PRId64 " had arrived and waited",
                text, e->queue_before, waiting);
    bool took = h->rule == LC_RECEIVE_THEN_ACT && i > 0 && e[-1].kind == LC_RECEIVE &&
                e[-1].tick == e->tick; /* a message already, in this tick */
    if (!receive && !took && waiting > 0) {
      const struct lc_sent *first = &h->sent[arrivals->at[taken]];
      violation(check, e->t_actual, "%s acts although message %" PRId64 " of VM %d waits", text,
                first->number, first->sender);
    }
    if (!receive)
      continue;
    const struct lc_sent *first = taken < arrivals->n ? &h->sent[arrivals->at[taken]] : NULL;
    if (first && (first->sender != e->peer || first->number != e->msg_first))
      violation(check, e->t_actual,
                "%s takes message %" PRId64 " of VM %d; message %" PRId64 " of VM %d was first",
                text, e->msg_first, e->peer, first->number, first->sender);
    taken++;
  }
}

static void check_channels(struct lc_check *check, const struct lc_history *h,
                           const struct matching *m, const struct arrivals *arrivals,
                           int64_t *last_number) {
  for (int32_t v = 0; v < h->n_vm; v++) {
    for (int64_t i = 0; i < arrivals[v].n; i++)
      last_number[h->sent[arrivals[v].at[i]].sender] = -1;
    for (int64_t i = 0; i < arrivals[v].n; i++) {
      int64_t at = arrivals[v].at[i];
      const struct lc_sent *sent = &h->sent[at];
      if (sent->number < last_number[sent->sender])
        violation(check, m->t_arrival[at],
                  "message %" PRId64 " of VM %d reached VM %d after message %" PRId64, sent->number,
                  sent->sender, v, last_number[sent->sender]);
      last_number[sent->sender] = sent->number;
    }
  }
}

void check_queues(const struct lc_history *h, const struct matching *m,
                  struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "queues",
                h->fifo ? "messages are taken in queue order, lengths are right, channels are FIFO"
                        : "messages are taken in queue order, lengths are right");
  struct arrivals *arrivals = lc_new((size_t)h->n_vm, sizeof *arrivals, "the verifier's queues");
  struct key *keys = lc_new((size_t)h->n_sent, sizeof *keys, "the verifier's queues");
  int64_t *last = lc_new((size_t)h->n_vm, sizeof *last, "the verifier's queues");
  sort_arrivals(h, m, arrivals, keys);
  bool whole = false;
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (v % h->n_copy == 0)
      whole = copy_is_logged(h, v);
    if (whole && h->server.served)
      replay_inbox(check, h, m, v, arrivals[v].at, arrivals[v].n);
    else if (whole)
      replay(check, h, m, v, &arrivals[v]);
    else
      check->n_unknown += h->machine[v].n_event;
  }
  if (h->fifo)
    check_channels(check, h, m, arrivals, last);
  for (int32_t v = 0; v < h->n_vm; v++)
    free(arrivals[v].at);
  free(arrivals);
  free(keys);
  free(last);
}
