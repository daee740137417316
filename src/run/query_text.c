/* Answers as lines for people. */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>

static double seconds(int64_t ns) {
  return (double)ns / 1e9;
}

/* "1 event", "2 events" */
static const char *plural(int64_t n) {
  return n == 1 ? "" : "s";
}

/* The stamps of clocks that have one word. */
static void print_scalars(const struct lc_history *h, int64_t event) {
  for (int32_t c = 0; c < h->n_clock; c++)
    if (h->clock[c].words == 1)
      printf("  %s %" PRId64, h->clock[c].name, h->clock[c].stamp[event]);
}

/* The index of the i-th message of a SEND in `sent`, or -1. */
static int64_t message_of(const struct lc_history *h, const struct lc_event *e, int32_t i) {
  return lc_history_sent(h, e->machine, e->msg_first + i, 0);
}

static void print_messages(const struct query *query, int64_t event) {
  const struct lc_history *h = &query->history;
  const struct lc_event *e = &h->event[event];
  char name[EVENT_NAME];
  if (e->kind == LC_RECEIVE)
    printf("  takes %d:%" PRId64 ", sent at %s", e->peer, e->msg_first,
           event_name(name, h, query->causality.send_of[event]));
  if (e->kind == LC_SEND && e->msg_count > 2)
    printf("  sends %d:%" PRId64 " to %d:%" PRId64, e->machine, e->msg_first, e->machine,
           e->msg_first + e->msg_count - 1);
  for (int32_t i = 0; e->kind == LC_SEND && e->msg_count <= 2 && i < e->msg_count; i++) {
    int64_t at = message_of(h, e, i);
    printf("%s%d:%" PRId64, i ? ", " : "  sends ", e->machine, e->msg_first + i);
    if (at >= 0)
      printf(" to VM %d", h->sent[at].receiver);
  }
}

static void print_line(const struct query *query, int64_t event) {
  const struct lc_history *h = &query->history;
  const struct lc_event *e = &h->event[event];
  char name[EVENT_NAME];
  printf("  %-10s %14.6f s  %-8s", event_name(name, h, event), seconds(e->t_actual),
         lc_kind_name(e->kind));
  print_scalars(h, event);
  print_messages(query, event);
  putchar('\n');
}

static void print_listed(const struct query *query) {
  for (int64_t i = 0; i < query->n_listed; i++)
    print_line(query, query->listed[i]);
}

/* What became of a message that a SEND sent. */
static void print_sent(const struct query *query, int64_t at) {
  static const char *const fate[] = {"not received as far as is on file", "received",
                                     "in the queue at the end", "in flight at the end", "lost"};
  const struct lc_history *h = &query->history;
  const struct lc_sent *sent = &h->sent[at];
  int64_t receive = query->causality.receive_of[at];
  char name[EVENT_NAME];
  printf("  sends     %d:%" PRId64 " to VM %d: ", sent->sender, sent->number, sent->receiver);
  if (receive >= 0)
    printf("received by %s at %.6f s\n", event_name(name, h, receive),
           seconds(h->event[receive].t_actual));
  else
    printf("%s\n", fate[sent->fate <= LC_FATE_LOST ? sent->fate : 0]);
}

static void print_stamps(const struct lc_history *h, int64_t event) {
  for (int32_t c = 0; c < h->n_clock; c++) {
    const struct lc_history_clock *clock = &h->clock[c];
    printf("  %-9s", clock->name);
    for (int32_t w = 0; w < clock->words; w++)
      printf(" %" PRId64, clock->stamp[event * clock->words + w]);
    putchar('\n');
  }
}

static void print_taken(const struct query *query, int64_t event) {
  const struct lc_event *e = &query->history.event[event];
  char name[EVENT_NAME];
  printf("  takes     %d:%" PRId64 ", sent by %s", e->peer, e->msg_first,
         event_name(name, &query->history, query->causality.send_of[event]));
  if (!query->history.foreign)
    printf(", in the queue since %.6f s", seconds(e->t_arrival));
  putchar('\n');
}

static void print_event(const struct query *query) {
  const struct lc_history *h = &query->history;
  int64_t event = query->event[0];
  const struct lc_event *e = &h->event[event];
  char name[EVENT_NAME];
  printf("%s: %s at %.6f s, tick %" PRId64, event_name(name, h, event), lc_kind_name(e->kind),
         seconds(e->t_actual), e->tick);
  if (!h->foreign)
    printf(" (due at %.6f s)", seconds(e->t_scheduled));
  if (e->queue_before >= 0)
    printf(", queue %d before and %d after", e->queue_before, e->queue_after);
  putchar('\n');
  if (h->foreign)
    printf("  log       %s line %" PRId64 ", machine %s\n",
           h->foreign->file[h->foreign->event_file[event]], h->foreign->event_line[event],
           h->foreign->name[e->machine]);
  print_stamps(h, event);
  if (e->kind == LC_RECEIVE)
    print_taken(query, event);
  for (int32_t i = 0; e->kind == LC_SEND && i < e->msg_count; i++) {
    int64_t at = message_of(h, e, i);
    if (at >= 0)
      print_sent(query, at);
  }
}

static void print_relation(const struct query *query) {
  char a[EVENT_NAME], b[EVENT_NAME];
  event_name(a, &query->history, query->event[0]);
  event_name(b, &query->history, query->event[1]);
  switch (query->relation) {
  case IS_BEFORE:
    printf("yes: %s happened before %s\n", a, b);
    return;
  case IS_AFTER:
    printf("no: %s happened before %s\n", b, a);
    return;
  case IS_CONCURRENT:
    printf("no: %s and %s are concurrent\n", a, b);
    return;
  case IS_SAME:
    printf("no: %s is one event\n", a);
    return;
  }
}

static void print_path(const struct query *query) {
  char n[LC_QUANTITY_MAX];
  int64_t messages = 0;
  for (int64_t i = 1; i < query->n_listed; i++)
    messages += query->causality.send_of[query->listed[i]] == query->listed[i - 1];
  print_relation(query);
  if (query->n_listed && messages)
    printf("a path with the fewest messages, %s:\n", lc_print_count(n, messages));
  else if (query->n_listed)
    printf("by program order alone:\n");
  print_listed(query);
}

static void print_chain(const struct query *query) {
  char n[LC_QUANTITY_MAX], all[LC_QUANTITY_MAX];
  int64_t n_event = 0;
  for (int32_t v = 0; v < query->history.n_vm; v++)
    n_event += events_in(&query->history, v, 0, query->history.machine[v].n_event);
  printf("the longest chain has %s of %s events\n", lc_print_count(n, query->n_listed),
         lc_print_count(all, n_event));
  print_listed(query);
}

/* The events [begin, end) of a VM. */
static void print_interval(const struct lc_history *h, int32_t v, int64_t begin, int64_t end) {
  char n[LC_QUANTITY_MAX], first[EVENT_NAME], last[EVENT_NAME];
  const int64_t of_vm = h->machine[v].first_event;
  printf("  VM %-7d %9s  %s", v, lc_print_count(n, events_in(h, v, begin, end)),
         event_name(first, h, of_vm + begin));
  if (end - begin > 1)
    printf(" to %s, %.6f", event_name(last, h, of_vm + end - 1),
           seconds(h->event[of_vm + begin].t_actual));
  printf("%s %.6f s\n", end - begin > 1 ? " to" : ",", seconds(h->event[of_vm + end - 1].t_actual));
}

static void print_cone(const struct query *query) {
  const struct lc_history *h = &query->history;
  char n[LC_QUANTITY_MAX], name[EVENT_NAME];
  int64_t count = query_count(query);
  const char *verb = query->question == ASK_PAST     ? "happened before"
                     : query->question == ASK_FUTURE ? "happened after"
                     : count == 1                    ? "is concurrent with"
                                                     : "are concurrent with";
  printf("%s event%s %s %s\n", lc_print_count(n, count), plural(count), verb,
         event_name(name, h, query->event[0]));
  for (int32_t v = 0; v < h->n_vm; v++)
    if (query->end[v] > query->begin[v])
      print_interval(h, v, query->begin[v], query->end[v]);
}

/* ---- a snapshot ---------------------------------------------------------------------------------
 */

static void print_states(const struct query *query) {
  const struct lc_history *h = &query->history;
  printf("%7s %16s %10s %10s %10s %10s %10s %8s", "VM", "recorded", "ticks", "events", "internal",
         "sent", "received", "queued");
  for (int32_t c = 0; c < h->n_clock; c++)
    if (h->clock[c].words == 1)
      printf(" %14s", h->clock[c].name);
  putchar('\n');
  for (int32_t v = 0; v < h->n_vm; v++) {
    int64_t at = (int64_t)v * h->n_snapshot + query->snapshot;
    const struct lc_state *s = &h->state[at];
    printf("%7d %14.6f s %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64 " %10" PRId64
           " %8" PRId64,
           v, seconds(s->t_actual), s->n_tick, s->n_event, s->n_internal, s->n_sent, s->n_received,
           s->n_queued);
    for (int32_t c = 0; c < h->n_clock; c++)
      if (h->clock[c].words == 1)
        printf(" %14" PRId64, h->clock[c].state_stamp[at]);
    putchar('\n');
  }
}

static void print_crossing(const struct query *query) {
  const struct lc_history *h = &query->history;
  for (int64_t i = 0; i < h->n_left; i++) {
    const struct lc_left *left = &h->left[i];
    if (left->snapshot != query->snapshot)
      continue;
    bool queued = left->fate == LC_FATE_QUEUED;
    printf("  %-9s %d:%" PRId64 " to VM %d, %s at %.6f s", queued ? "queued" : "in flight",
           left->sender, left->number, left->machine, queued ? "arrived" : "arrives",
           seconds(left->t_arrival));
    for (int32_t c = 0; c < h->n_clock; c++)
      if (h->clock[c].words == 1 && h->clock[c].left_stamp)
        printf("  %s %" PRId64, h->clock[c].name, h->clock[c].left_stamp[i]);
    putchar('\n');
  }
}

static void print_state(const struct query *query) {
  const struct lc_history *h = &query->history;
  bool is_end = query->is_end;
  int64_t queued = 0, in_flight = 0;
  for (int64_t i = 0; i < h->n_left; i++) {
    queued += h->left[i].snapshot == query->snapshot && h->left[i].fate == LC_FATE_QUEUED;
    in_flight += h->left[i].snapshot == query->snapshot && h->left[i].fate == LC_FATE_IN_FLIGHT;
  }
  if (is_end)
    printf("the end, at %.6f s", seconds(h->t_end));
  else
    printf("snapshot %d, begun at %.6f s", query->snapshot,
           seconds(h->t_snapshot[query->snapshot]));
  if (is_end || h->cuts)
    printf(": %" PRId64 " message%s in queues, %" PRId64 " in flight\n", queued, plural(queued),
           in_flight);
  else
    printf(": a file of this format has no messages of it\n");
  print_states(query);
  print_crossing(query);
}

/* ---- all ----------------------------------------------------------------------------------------
 */

void query_text(const struct query *query) {
  switch (query->question) {
  case ASK_EVENT:
    print_event(query);
    break;
  case ASK_BEFORE:
    print_relation(query);
    break;
  case ASK_PATH:
    print_path(query);
    break;
  case ASK_PAST:
  case ASK_FUTURE:
  case ASK_CONCURRENT:
    print_cone(query);
    break;
  case ASK_CHAIN:
    print_chain(query);
    break;
  case ASK_STATE:
    print_state(query);
    return; /* a snapshot that is on file is whole */
  }
  if (!query->whole)
    printf("(as far as it is on file: %s)\n", query->history.complete ? "not every VM is logged"
                                              : query->history.ended
                                                  ? "the run was stopped before its end"
                                                  : "the run has no end");
}
