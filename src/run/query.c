/* lcmpi query: which question it is, which events it is about, and the answer. */
#include "query.h"

#include "lcmpi/run.h"
#include "lcmpi/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *word;
  int n_event;          /* words behind it that name events */
  const char *argument; /* how they are asked for */
} questions[] = {
    [ASK_EVENT] = {"event", 1, "an event, VM:SEQ"},
    [ASK_BEFORE] = {"before", 2, "two events, VM:SEQ VM:SEQ"},
    [ASK_PATH] = {"path", 2, "two events, VM:SEQ VM:SEQ"},
    [ASK_PAST] = {"past", 1, "an event, VM:SEQ"},
    [ASK_FUTURE] = {"future", 1, "an event, VM:SEQ"},
    [ASK_CONCURRENT] = {"concurrent", 1, "an event, VM:SEQ"},
    [ASK_CHAIN] = {"chain", 0, "no more words"},
    [ASK_STATE] = {"state", 0, "a snapshot, its number or 'end'"},
};
enum { N_QUESTION = sizeof questions / sizeof *questions };

const char *event_name(char out[EVENT_NAME], const struct lc_history *h, int64_t event) {
  if (event < 0)
    return "?";
  snprintf(out, EVENT_NAME, "%d:%" PRId64, h->event[event].machine, h->event[event].seq);
  return out;
}

int64_t events_in(const struct lc_history *h, int32_t vm, int64_t begin, int64_t end) {
  int64_t n = 0;
  for (int64_t i = h->machine[vm].first_event + begin; i < h->machine[vm].first_event + end; i++)
    n += h->event[i].kind != LC_SKIPPED;
  return n;
}

int64_t query_count(const struct query *query) {
  int64_t n = 0;
  for (int32_t v = 0; v < query->history.n_vm; v++)
    n += events_in(&query->history, v, query->begin[v], query->end[v]);
  return n;
}

/* ---- what is asked ------------------------------------------------------------------------------
 */

static lc_status find_question(struct query *query, char *const *word, int n_word,
                               struct lc_error *err) {
  const char *words[N_QUESTION];
  if (!n_word)
    return lc_fail(err, LC_EUSAGE,
                   "'lcmpi query' needs a question; 'lcmpi query --help' lists them");
  for (int i = 0; i < N_QUESTION; i++) {
    words[i] = questions[i].word;
    if (strcmp(*word, words[i]) != 0)
      continue;
    query->question = (enum question)i;
    query->word = words[i];
    if (n_word - 1 != questions[i].n_event + (i == ASK_STATE))
      return lc_fail(err, LC_EUSAGE, "'lcmpi query FILE %s' takes %s", words[i],
                     questions[i].argument);
    return LC_OK;
  }
  const char *near = lc_nearest(*word, words, N_QUESTION);
  return lc_fail(err, LC_EUSAGE, "unknown question '%s'%s%s%s; 'lcmpi query --help' lists all",
                 *word, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* The VM of that number, or in imported logs of that name; -1 if there is none. */
static int32_t find_machine(const struct lc_history *h, const char *name) {
  int64_t number;
  for (int32_t v = 0; h->foreign && v < h->n_vm; v++)
    if (strcmp(h->foreign->name[v], name) == 0)
      return v;
  return lc_parse_int64(name, &number) && number >= 0 && number < h->n_vm ? (int32_t)number : -1;
}

static lc_status find_event(struct query *query, const char *word, int64_t *event,
                            struct lc_error *err) {
  const struct lc_history *h = &query->history;
  const char *colon = strrchr(word, ':');
  int64_t seq;
  if (!colon || colon == word || !lc_parse_int64(colon + 1, &seq) || seq < 0)
    return lc_fail(err, LC_EUSAGE, "'%s' is no event: it is written VM:SEQ, such as 0:12", word);
  char *name = lc_format("%.*s", (int)(colon - word), word);
  int32_t vm = find_machine(h, name);
  lc_status status = LC_OK;
  if (vm < 0)
    status = lc_fail(err, LC_EUSAGE, "%s has no VM %s: its VMs are 0 to %d%s", query->path, name,
                     h->n_vm - 1, h->foreign ? ", or the names of machines in the logs" : "");
  else if (!h->machine[vm].logged)
    status = lc_fail(err, LC_EUSAGE, "%s: VM %d is not logged (--log)", query->path, vm);
  else if (seq >= h->machine[vm].n_event)
    status =
        lc_fail(err, LC_EUSAGE, "%s has no event %s: VM %d has %" PRId64 " on file%s", query->path,
                word, vm, h->machine[vm].n_event, h->machine[vm].n_event ? ", from 0" : "");
  else
    *event = h->machine[vm].first_event + seq;
  free(name);
  return status;
}

static lc_status find_snapshot(struct query *query, const char *word, struct lc_error *err) {
  const struct lc_history *h = &query->history;
  int64_t number;
  bool is_end = strcmp(word, "end") == 0;
  if (!is_end && (!lc_parse_int64(word, &number) || number < 0))
    return lc_fail(err, LC_EUSAGE, "'%s' is no snapshot: it is a number from 0, or 'end'", word);
  if (is_end)
    number = h->n_snapshot - 1;
  if (is_end ? h->ended : number < h->n_taken) {
    query->snapshot = (int32_t)number;
    query->is_end = is_end;
    return LC_OK;
  }
  char numbers[64] = "none";
  if (h->n_taken)
    snprintf(numbers, sizeof numbers, "%s%d", h->n_taken == 1 ? "" : "0 to ", h->n_taken - 1);
  return lc_fail(err, LC_EUSAGE, "%s has no snapshot %s on file: it has %s%s", query->path, word,
                 numbers, h->ended ? ", and 'end'" : "");
}

/* ---- the answer ---------------------------------------------------------------------------------
 */

/* Only logs that were put together can have it; then there is no happened-before to ask about. */
static lc_status contradiction(const struct query *query, struct lc_error *err) {
  return lc_fail(err, LC_EVERIFY,
                 "%s: an event is among its own causes ('lcmpi verify' shows it): nothing can be "
                 "said of before and after",
                 query->path);
}

static lc_status relate(struct query *query, struct lc_error *err) {
  const struct lc_causality *c = &query->causality;
  int64_t a = query->event[0], b = query->event[1];
  bool before = lc_happened_before(c, a, b), after = lc_happened_before(c, b, a);
  if (before && after)
    return contradiction(query, err);
  query->relation = a == b ? IS_SAME : before ? IS_BEFORE : after ? IS_AFTER : IS_CONCURRENT;
  return LC_OK;
}

/* Of each VM: past [0, end), future [begin, all), what is concurrent between them. Copies are
 * systems of their own: an event of another one is none of the three. */
static lc_status find_cone(struct query *query, struct lc_error *err) {
  const struct lc_history *h = &query->history;
  int64_t event = query->event[0];
  size_t n = (size_t)h->n_vm;
  query->begin = lc_new(n, sizeof *query->begin, "a causal cone");
  query->end = lc_new(n, sizeof *query->end, "a causal cone");
  int64_t *past_end = query->question == ASK_PAST ? query->end : query->begin;
  int64_t *future_begin = query->question == ASK_FUTURE ? query->begin : query->end;
  if (query->question != ASK_FUTURE)
    lc_causal_past(&query->causality, event, past_end);
  if (query->question != ASK_PAST)
    lc_causal_future(&query->causality, event, future_begin);
  int32_t own = h->event[event].machine;
  int64_t number = event - h->machine[own].first_event;
  if ((query->question != ASK_FUTURE && past_end[own] != number + 1) ||
      (query->question != ASK_PAST && future_begin[own] != number))
    return contradiction(query, err);
  query->end[own] -= query->question == ASK_PAST; /* but for the event itself */
  query->begin[own] += query->question == ASK_FUTURE;
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (query->question == ASK_FUTURE)
      query->end[v] = h->machine[v].n_event;
    if (query->end[v] < query->begin[v] || v / h->n_copy != own / h->n_copy)
      query->end[v] = query->begin[v];
  }
  return LC_OK;
}

static lc_status find_answer(struct query *query, struct lc_error *err) {
  switch (query->question) {
  case ASK_EVENT:
  case ASK_STATE:
    return LC_OK;
  case ASK_BEFORE:
    return relate(query, err);
  case ASK_PATH:
    query->n_listed =
        lc_causal_path(&query->causality, query->event[0], query->event[1], &query->listed);
    return relate(query, err);
  case ASK_PAST:
  case ASK_FUTURE:
  case ASK_CONCURRENT:
    return find_cone(query, err);
  case ASK_CHAIN:
    query->n_listed = lc_longest_chain(&query->causality, &query->listed);
    return query->n_listed < 0 ? contradiction(query, err) : LC_OK;
  }
  return lc_fail(err, LC_EINTERNAL, "no such question");
}

/* The copy of the system that an event is of. */
static int32_t copy_of(const struct lc_history *h, int64_t event) {
  return h->event[event].machine / h->n_copy;
}

/* Whether all that could bear on the answer is on file. Messages never leave a copy. */
static bool is_whole(const struct query *query) {
  const struct lc_history *h = &query->history;
  bool whole = h->complete;
  for (int32_t v = 0; v < h->n_vm; v++) {
    bool bears = query->event[0] < 0 || copy_of(h, query->event[0]) == v / h->n_copy;
    whole &= h->machine[v].logged || !bears;
  }
  return whole;
}

static lc_status answer(struct query *query, char *const *word, struct lc_error *err) {
  lc_status status = LC_OK;
  if (query->question == ASK_STATE)
    return find_snapshot(query, word[1], err);
  for (int i = 0; i < questions[query->question].n_event && !status; i++)
    status = find_event(query, word[1 + i], &query->event[i], err);
  if (status)
    return status;
  if (query->event[1] >= 0 &&
      copy_of(&query->history, query->event[0]) != copy_of(&query->history, query->event[1]))
    return lc_fail(err, LC_EUSAGE,
                   "%s and %s are of different copies of the system: nothing orders them", word[1],
                   word[2]);
  lc_causality_init(&query->causality, &query->history);
  return find_answer(query, err);
}

lc_status lc_query_command(const char *path, char *const *word, int n_word, bool json,
                           struct lc_error *err) {
  struct query query = {.path = path, .event = {-1, -1}};
  lc_status status = find_question(&query, word, n_word, err);
  if (status)
    return status;
  status = lc_store_read(path, &query.history, err);
  if (status)
    return status;
  status = answer(&query, word, err);
  query.whole = !status && is_whole(&query);
  if (!status)
    (json ? query_json : query_text)(&query);
  free(query.begin);
  free(query.end);
  free(query.listed);
  lc_causality_free(&query.causality);
  lc_history_free(&query.history);
  return status;
}
