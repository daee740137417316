/* One suite for every clock. Happened-before is a reachability matrix over program order and
 * messages: it shares no idea with any clock, so no clock can be right by making the same mistake.
 */
#include "lcmpi/clock.h"
#include "lcmpi/rng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EVENTS = 192, ROW_WORDS = MAX_EVENTS / 64, GUARD = 2, HISTORIES = 40, SHOWN = 128 };
static const int64_t canary = INT64_C(0x5ca1ab1e0ddba11);

/* One randomised history: what each event is, and which events are in its past. */
struct trial {
  const struct lc_clock *clock;
  uint64_t seed;
  int32_t n_vm, words, state_words;
  int32_t n;                            /* events so far */
  int32_t vm[MAX_EVENTS];               /* of each event */
  int32_t sender[MAX_EVENTS];           /* event that a receive took its message from, or -1 */
  uint64_t past[MAX_EVENTS][ROW_WORDS]; /* bit a of row b: a -> b */
  int64_t *stamp[MAX_EVENTS];           /* with a guard behind */
  int64_t **state;                      /* per VM, with a guard behind */
  int32_t *latest;                      /* per VM: its last event, or -1 */
  int32_t in_flight[MAX_EVENTS];        /* send events whose message is under way */
  int32_t n_in_flight;
  bool broken; /* the promise, by a clock that is said to be faulty */
};

static bool happened_before(const struct trial *t, int32_t a, int32_t b) {
  return t->past[b][a / 64] >> (a % 64) & 1;
}

static void add_cause(struct trial *t, int32_t cause, int32_t event) {
  if (cause < 0)
    return;
  for (int w = 0; w < ROW_WORDS; w++)
    t->past[event][w] |= t->past[cause][w];
  t->past[event][cause / 64] |= UINT64_C(1) << (cause % 64);
}

static int64_t *guarded(int32_t words) {
  int64_t *array = lc_new((size_t)words + GUARD, sizeof *array, "the clock suite");
  for (int i = 0; i < GUARD; i++)
    array[words + i] = canary;
  return array;
}

static bool guard_broken(const int64_t *array, int32_t words) {
  return array[words] != canary || array[words + 1] != canary;
}

/* One event at `vm`: kind 0 internal, 1 send, 2 receive of the message of event `from`. */
static lc_status happen(struct trial *t, int32_t vm, int kind, int32_t from, struct lc_error *err) {
  const struct lc_clock *clock = t->clock;
  int32_t e = t->n++;
  struct lc_clock_site site = {.self = vm, .n_vm = t->n_vm, .physical_ns = 1000 * (int64_t)e};
  t->vm[e] = vm;
  t->sender[e] = kind == 2 ? from : -1;
  t->stamp[e] = guarded(t->words);
  add_cause(t, t->latest[vm], e);
  t->latest[vm] = e;
  if (clock->tick)
    clock->tick(t->state[vm], &site);
  if (kind == 2) {
    add_cause(t, from, e);
    clock->receive(t->state[vm], t->stamp[from], &site);
  } else if (kind == 1) {
    clock->send(t->state[vm], &site);
    t->in_flight[t->n_in_flight++] = e;
  } else {
    clock->local(t->state[vm], &site);
  }
  if (clock->stamp)
    clock->stamp(t->state[vm], &site, t->stamp[e]);
  else
    memcpy(t->stamp[e], t->state[vm], (size_t)t->words * sizeof(int64_t));
  if (guard_broken(t->state[vm], t->state_words) || guard_broken(t->stamp[e], t->words))
    return lc_fail(err, LC_EVERIFY, "clock %s writes past its declared words with %d VMs",
                   clock->name, t->n_vm);
  return LC_OK;
}

static lc_status play(struct trial *t, uint64_t number, struct lc_error *err) {
  for (uint32_t i = 0; t->n < MAX_EVENTS; i++) {
    uint32_t draw[4];
    memcpy(draw, lc_draw(t->seed, LC_DRAW_OPERATION, (int32_t)number, i, 0).word, sizeof draw);
    int32_t vm = (int32_t)lc_below(draw[0], (uint32_t)t->n_vm);
    int kind = (int)lc_below(draw[1], 3);
    int32_t from = -1;
    if (kind == 2) {
      if (!t->n_in_flight)
        continue;
      uint32_t pick = lc_below(draw[2], (uint32_t)t->n_in_flight);
      from = t->in_flight[pick];
      if (t->vm[from] == vm)
        continue; /* no messages to oneself */
      t->in_flight[pick] = t->in_flight[--t->n_in_flight];
    }
    lc_status status = happen(t, vm, kind, from, err);
    if (status)
      return status;
  }
  return LC_OK;
}

static enum lc_order opposite(enum lc_order order) {
  return order == LC_BEFORE ? LC_AFTER : order == LC_AFTER ? LC_BEFORE : order;
}

/* What happened-before says against the order of two stamps, or NULL. */
static const char *broken_promise(const struct trial *t, int32_t a, int32_t b,
                                  enum lc_order order) {
  if (happened_before(t, a, b) && order != LC_BEFORE)
    return t->sender[b] == a      ? "a receive does not dominate its send"
           : t->vm[a] == t->vm[b] ? "stamps do not grow along a process"
                                  : "a -> b, but not C(a) < C(b)";
  if (t->clock->characterizes && order == LC_BEFORE && !happened_before(t, a, b))
    return "C(a) < C(b), but not a -> b";
  return NULL;
}

/* A stamp in words, though print() may do more than it should. */
static const char *shown(const struct trial *t, int32_t e, char out[SHOWN]) {
  memset(out, 0, SHOWN);
  t->clock->print(out, SHOWN / 2, t->stamp[e], t->n_vm);
  out[strcspn(out, "\n")] = '\0';
  return out;
}

static lc_status check_pair(struct trial *t, int32_t a, int32_t b, struct lc_error *err) {
  const struct lc_clock *clock = t->clock;
  enum lc_order order = clock->compare(t->stamp[a], t->stamp[b], t->n_vm);
  enum lc_order declared = clock->order == LC_ORDER_SCALAR
                               ? lc_compare_scalar(t->stamp[a], t->stamp[b], t->words)
                               : lc_compare_vector(t->stamp[a], t->stamp[b], t->words);
  const char *breach = NULL;
  if (order != opposite(clock->compare(t->stamp[b], t->stamp[a], t->n_vm)))
    breach = "compare(a, b) and compare(b, a) do not agree";
  else if (order != declared)
    breach = "compare() is not the order that the table declares";
  else if (a == b && order != LC_EQUAL)
    breach = "a stamp does not equal itself";
  else {
    breach = broken_promise(t, a, b, order);
    t->broken |= breach != NULL;
    if (clock->fault)
      return LC_OK;
  }
  if (!breach)
    return LC_OK;
  char stamp_a[SHOWN], stamp_b[SHOWN];
  return lc_fail(err, LC_EVERIFY,
                 "clock %s: %s (%d VMs, seed %" PRIu64 ", events %d of VM %d, %s, and %d of VM %d, "
                 "%s)",
                 clock->name, breach, t->n_vm, t->seed, a, t->vm[a], shown(t, a, stamp_a), b,
                 t->vm[b], shown(t, b, stamp_b));
}

static lc_status check_wire(const struct trial *t, int32_t e, struct lc_error *err) {
  size_t most = lc_clock_wire_bytes(t->clock, t->n_vm);
  unsigned char *bytes = lc_new(most + 1, 1, "the clock suite");
  int64_t *back = guarded(t->words);
  bytes[most] = 0xa5;
  size_t length = lc_clock_encode(t->clock, t->stamp[e], t->n_vm, bytes);
  const char *breach = NULL;
  if (length == 0 || length > most || bytes[most] != 0xa5)
    breach = "a stamp is encoded in no bytes, or in more than it declares";
  else if (lc_clock_decode(t->clock, back, t->n_vm, bytes, length) != length ||
           memcmp(back, t->stamp[e], (size_t)t->words * sizeof *back) != 0)
    breach = "a stamp is not decoded to what was encoded";
  else if (guard_broken(back, t->words))
    breach = "decode writes past the declared words";
  else if (lc_clock_decode(t->clock, back, t->n_vm, bytes, length - 1) != 0)
    breach = "a stamp cut short is decoded";
  free(bytes);
  free(back);
  if (!breach)
    return LC_OK;
  return lc_fail(err, LC_EVERIFY, "clock %s: %s (%d VMs, seed %" PRIu64 ", event %d)",
                 t->clock->name, breach, t->n_vm, t->seed, e);
}

static lc_status check_history(struct trial *t, struct lc_error *err) {
  char text[512];
  for (int32_t b = 0; b < t->n; b++) {
    lc_status status = check_wire(t, b, err);
    for (int32_t a = 0; a < t->n && !status; a++)
      status = check_pair(t, a, b, err);
    if (status)
      return status;
    memset(text, '#', sizeof text);
    t->clock->print(text, 16, t->stamp[b], t->n_vm);
    if (!memchr(text, '\0', 16) || text[16] != '#')
      return lc_fail(err, LC_EVERIFY, "clock %s: print() writes more than it may", t->clock->name);
  }
  return LC_OK;
}

static lc_status run_trial(const struct lc_clock *clock, uint64_t seed, uint64_t number,
                           bool *broken, struct lc_error *err) {
  struct trial *t = lc_new(1, sizeof *t, "the clock suite");
  t->clock = clock;
  t->seed = seed;
  t->n_vm = 1 + (int32_t)(number % 9);
  t->words = clock->stamp_words(t->n_vm);
  t->state_words = clock->state_words ? clock->state_words(t->n_vm) : t->words;
  t->state = lc_new((size_t)t->n_vm, sizeof *t->state, "the clock suite");
  t->latest = lc_new((size_t)t->n_vm, sizeof *t->latest, "the clock suite");
  for (int32_t v = 0; v < t->n_vm; v++) {
    t->state[v] = guarded(t->state_words);
    t->latest[v] = -1;
    struct lc_clock_site site = {.self = v, .n_vm = t->n_vm};
    if (clock->init)
      clock->init(t->state[v], &site);
  }
  lc_status status = play(t, number, err);
  if (!status)
    status = check_history(t, err);
  for (int32_t e = 0; e < t->n; e++)
    free(t->stamp[e]);
  for (int32_t v = 0; v < t->n_vm; v++)
    free(t->state[v]);
  free(t->state);
  free(t->latest);
  *broken |= t->broken;
  free(t);
  return status;
}

lc_status lc_clock_conformance(const struct lc_clock *clock, uint64_t seed, struct lc_error *err) {
  const char *missing = lc_clock_lacks(clock);
  if (missing)
    return lc_fail(err, LC_EVERIFY, "clock %s lacks %s", clock->name ? clock->name : "(unnamed)",
                   missing);
  bool broken = false;
  for (uint64_t number = 0; number < HISTORIES; number++) {
    lc_status status = run_trial(clock, seed, number, &broken, err);
    if (status)
      return status;
  }
  if (clock->fault && !broken)
    return lc_fail(err, LC_EVERIFY, "clock %s is said to be faulty, but keeps its promise",
                   clock->name);
  return LC_OK;
}
