/* Answers as one JSON object on one line; postprocess/README.md is the contract. */
#include "json.h"
#include "query.h"

#include <inttypes.h>
#include <stdio.h>

static void print_name(const struct lc_history *h, int64_t event) {
  char name[EVENT_NAME];
  if (event < 0)
    printf("null");
  else
    printf("\"%s\"", event_name(name, h, event));
}

/* Stamps of row `at` of an array of each clock that `array_of` gives. */
static void print_stamps(const struct lc_history *h, int64_t at,
                         const int64_t *(*array_of)(const struct lc_history_clock *clock)) {
  putchar('{');
  for (int32_t c = 0, n = 0; c < h->n_clock; c++) {
    const struct lc_history_clock *clock = &h->clock[c];
    const int64_t *stamp = array_of(clock);
    if (!stamp)
      continue;
    stamp += at * clock->words;
    printf("%s\"%s\": ", n++ ? ", " : "", clock->name);
    if (clock->order == LC_ORDER_SCALAR) {
      printf("%" PRId64, *stamp);
      continue;
    }
    for (int32_t w = 0; w < clock->words; w++)
      printf("%s%" PRId64, w ? ", " : "[", stamp[w]);
    putchar(']');
  }
  putchar('}');
}

static const int64_t *of_event(const struct lc_history_clock *clock) {
  return clock->stamp;
}

static const int64_t *of_state(const struct lc_history_clock *clock) {
  return clock->state_stamp;
}

static const int64_t *of_left(const struct lc_history_clock *clock) {
  return clock->left_stamp;
}

static void print_sent(const struct query *query, const struct lc_event *e) {
  const struct lc_history *h = &query->history;
  printf(", \"sent\": [");
  for (int32_t i = 0, n = 0; e->kind == LC_SEND && i < e->msg_count; i++) {
    int64_t at = lc_history_sent(h, e->machine, e->msg_first + i, 0);
    if (at < 0)
      continue;
    printf("%s{\"message\": \"%d:%" PRId64 "\", \"receiver\": %d, \"received_by\": ",
           n++ ? ", " : "", e->machine, e->msg_first + i, h->sent[at].receiver);
    print_name(h, query->causality.receive_of[at]);
    putchar('}');
  }
  putchar(']');
}

static void print_known(int64_t value, bool known) {
  if (known)
    printf("%" PRId64, value);
  else
    printf("null");
}

static void print_event(const struct query *query, int64_t event) {
  const struct lc_history *h = &query->history;
  const struct lc_event *e = &h->event[event];
  printf("{\"event\": ");
  print_name(h, event);
  printf(", \"vm\": %d, \"seq\": %" PRId64 ", \"tick\": %" PRId64
         ", \"kind\": \"%s\", \"t_ns\": %" PRId64 ", \"t_due_ns\": ",
         e->machine, e->seq, e->tick, lc_kind_name(e->kind), e->t_actual);
  print_known(e->t_scheduled, !h->foreign);
  printf(", \"queue_before\": ");
  print_known(e->queue_before, e->queue_before >= 0);
  printf(", \"queue_after\": ");
  print_known(e->queue_after, e->queue_after >= 0);
  if (h->foreign)
    json_line(h, e->machine, h->foreign->event_file[event], h->foreign->event_line[event]);
  printf(", \"stamps\": ");
  print_stamps(h, event, of_event);
  printf(", \"took\": ");
  if (e->kind == LC_RECEIVE) {
    printf("{\"message\": \"%d:%" PRId64 "\", \"sent_by\": ", e->peer, e->msg_first);
    print_name(h, query->causality.send_of[event]);
    putchar('}');
  } else {
    printf("null");
  }
  print_sent(query, e);
  putchar('}');
}

static void print_listed(const struct query *query) {
  printf("\"events\": [");
  for (int64_t i = 0; i < query->n_listed; i++) {
    printf("%s", i ? ", " : "");
    print_event(query, query->listed[i]);
  }
  putchar(']');
}

static void print_relation(const struct query *query) {
  static const char *const word[] = {"before", "after", "concurrent", "same"};
  printf("\"a\": ");
  print_name(&query->history, query->event[0]);
  printf(", \"b\": ");
  print_name(&query->history, query->event[1]);
  printf(", \"relation\": \"%s\"", word[query->relation]);
}

static void print_cone(const struct query *query) {
  printf("\"event\": ");
  print_name(&query->history, query->event[0]);
  printf(", \"count\": %" PRId64 ", \"vms\": [", query_count(query));
  for (int32_t v = 0, n = 0; v < query->history.n_vm; v++)
    if (query->end[v] > query->begin[v])
      printf("%s{\"vm\": %d, \"first\": %" PRId64 ", \"last\": %" PRId64 "}", n++ ? ", " : "", v,
             query->begin[v], query->end[v] - 1);
  putchar(']');
}

static void print_vm(const struct lc_history *h, int32_t v, int32_t snapshot) {
  int64_t at = (int64_t)v * h->n_snapshot + snapshot;
  const struct lc_state *s = &h->state[at];
  printf("%s{\"vm\": %d, \"t_ns\": %" PRId64 ", \"n_tick\": %" PRId64 ", \"n_event\": %" PRId64
         ", \"n_internal\": %" PRId64 ", \"n_sent\": %" PRId64 ", \"n_received\": %" PRId64
         ", \"n_queued\": %" PRId64 ", \"stamps\": ",
         v ? ", " : "", v, s->t_actual, s->n_tick, s->n_event, s->n_internal, s->n_sent,
         s->n_received, s->n_queued);
  print_stamps(h, at, of_state);
  putchar('}');
}

static void print_state(const struct query *query) {
  const struct lc_history *h = &query->history;
  bool is_end = query->is_end;
  printf("\"snapshot\": ");
  if (is_end)
    printf("null");
  else
    printf("%d", query->snapshot);
  printf(", \"end\": %s, \"t_ns\": %" PRId64 ", \"vms\": [", is_end ? "true" : "false",
         is_end ? h->t_end : h->t_snapshot[query->snapshot]);
  for (int32_t v = 0; v < h->n_vm; v++)
    print_vm(h, v, query->snapshot);
  printf("], \"messages\": ");
  if (!is_end && !h->cuts) {
    printf("null");
    return;
  }
  putchar('[');
  for (int64_t i = 0, n = 0; i < h->n_left; i++) {
    const struct lc_left *left = &h->left[i];
    if (left->snapshot != query->snapshot)
      continue;
    printf("%s{\"message\": \"%d:%" PRId64
           "\", \"copy\": %d, \"receiver\": %d, \"fate\": \"%s\", \"t_arrival_ns\": %" PRId64
           ", \"stamps\": ",
           n++ ? ", " : "", left->sender, left->number, left->copy, left->machine,
           left->fate == LC_FATE_QUEUED ? "QUEUED" : "IN_FLIGHT", left->t_arrival);
    print_stamps(h, i, of_left);
    putchar('}');
  }
  putchar(']');
}

void query_json(const struct query *query) {
  printf("{\"version\": 1, \"file\": ");
  json_text(query->path);
  printf(", \"question\": \"%s\", \"whole\": %s, ", query->word, query->whole ? "true" : "false");
  switch (query->question) {
  case ASK_EVENT:
    printf("\"events\": [");
    print_event(query, query->event[0]);
    putchar(']');
    break;
  case ASK_BEFORE:
    print_relation(query);
    break;
  case ASK_PATH:
    print_relation(query);
    printf(", ");
    print_listed(query);
    break;
  case ASK_PAST:
  case ASK_FUTURE:
  case ASK_CONCURRENT:
    print_cone(query);
    break;
  case ASK_CHAIN:
    printf("\"count\": %" PRId64 ", ", query->n_listed);
    print_listed(query);
    break;
  case ASK_STATE:
    print_state(query);
    break;
  }
  printf("}\n");
}
