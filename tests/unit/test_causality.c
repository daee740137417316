/* Happened-before of simulated histories against two things that know it by other ways: vector
 * stamps, which are ordered exactly as events are, and Lamport stamps, which are the length of the
 * longest chain that ends in an event. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/causality.h"

enum { SEEDS = 25, MOST_VMS = 5, LAMPORT = 0, VECTOR = 1 };

static int64_t number_of(const struct lc_history *h, int64_t event) {
  return event - h->machine[h->event[event].machine].first_event;
}

static bool before_by_vectors(const struct lc_history *h, int64_t a, int64_t b) {
  const struct lc_history_clock *clock = &h->clock[VECTOR];
  const int64_t *x = clock->stamp + a * clock->words, *y = clock->stamp + b * clock->words;
  bool less = false;
  for (int32_t i = 0; i < clock->words; i++) {
    if (x[i] > y[i])
      return false;
    less |= x[i] < y[i];
  }
  return less;
}

static void require_cones(const struct lc_causality *c, int64_t event) {
  const struct lc_history *h = c->history;
  int64_t end[MOST_VMS], begin[MOST_VMS];
  lc_causal_past(c, event, end);
  lc_causal_future(c, event, begin);
  for (int64_t i = 0; i < h->n_event; i++) {
    int32_t v = h->event[i].machine;
    bool past = number_of(h, i) < end[v], future = number_of(h, i) >= begin[v];
    require(past == (i == event || before_by_vectors(h, i, event)), "past of %d: %d", (int)event,
            (int)i);
    require(future == (i == event || before_by_vectors(h, event, i)), "future of %d: %d",
            (int)event, (int)i);
    assert_int_equal(lc_happened_before(c, i, event), past && i != event);
  }
}

/* The fewest messages on the way from a to every event, by relaxation until nothing changes. */
static void count_messages(const struct lc_causality *c, int64_t a, int32_t *least) {
  const struct lc_history *h = c->history;
  for (int64_t i = 0; i < h->n_event; i++)
    least[i] = i == a ? 0 : INT32_MAX - 1;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = 0; i < h->n_event; i++) {
      int32_t best = least[i];
      if (number_of(h, i) && least[i - 1] < best)
        best = least[i - 1];
      if (c->send_of[i] >= 0 && least[c->send_of[i]] + 1 < best)
        best = least[c->send_of[i]] + 1;
      changed |= best < least[i];
      least[i] = best;
    }
  }
}

static void require_paths(const struct lc_causality *c, int64_t a) {
  const struct lc_history *h = c->history;
  int32_t *least = lc_new((size_t)h->n_event, sizeof *least, "a test");
  count_messages(c, a, least);
  for (int64_t b = 0; b < h->n_event; b++) {
    int64_t *path, n = lc_causal_path(c, a, b, &path);
    if (!before_by_vectors(h, a, b)) {
      assert_int_equal(n, 0);
      assert_null(path);
      continue;
    }
    int32_t messages = 0;
    assert_true(n >= 2 && path[0] == a && path[n - 1] == b);
    for (int64_t k = 1; k < n; k++) {
      bool same = h->event[path[k]].machine == h->event[path[k - 1]].machine;
      require(same ? path[k] > path[k - 1] : c->send_of[path[k]] == path[k - 1],
              "step %d of a path from %d to %d", (int)k, (int)a, (int)b);
      messages += !same;
    }
    assert_int_equal(messages, least[b]);
    free(path);
  }
  free(least);
}

static void require_chain(const struct lc_causality *c) {
  const struct lc_history *h = c->history;
  int64_t *chain, n = lc_longest_chain(c, &chain), longest = 0;
  for (int64_t i = 0; i < h->n_event; i++)
    longest = h->clock[LAMPORT].stamp[i] > longest ? h->clock[LAMPORT].stamp[i] : longest;
  assert_int_equal(n, longest);
  for (int64_t k = 0; k < n; k++) {
    assert_int_equal(h->clock[LAMPORT].stamp[chain[k]], k + 1);
    assert_true(!k || before_by_vectors(h, chain[k - 1], chain[k]));
  }
  free(chain);
}

static void test_simulated(void **state) {
  (void)state;
  for (int32_t n_vm = 1; n_vm <= MOST_VMS; n_vm++)
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      struct lc_history h;
      struct lc_causality c;
      simulate(&h, seed, n_vm);
      lc_causality_init(&c, &h);
      for (int64_t i = (int64_t)seed % 7; i < h.n_event; i += 7) {
        require_cones(&c, i);
        require_paths(&c, i);
      }
      require_chain(&c);
      lc_causality_free(&c);
      lc_history_free(&h);
    }
}

/* A killed run: messages whose other end is not on file order nothing. */
static void test_cut_off(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct lc_history h;
    struct lc_causality c;
    simulate(&h, seed, 4);
    cut_off(&h, seed);
    lc_causality_init(&c, &h);
    int64_t *chain, n = lc_longest_chain(&c, &chain);
    assert_true(n >= 0 && n <= h.n_event);
    for (int64_t i = 0; i < h.n_event; i++)
      assert_true(c.send_of[i] < 0 || h.event[c.send_of[i]].kind == LC_SEND);
    free(chain);
    lc_causality_free(&c);
    lc_history_free(&h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_simulated),
                                     cmocka_unit_test(test_cut_off)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
