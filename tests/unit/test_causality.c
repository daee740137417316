/* Happened-before of simulated histories against two things that know it by other ways: vector
 * stamps, which are ordered exactly as events are, and Lamport stamps, which are the length of the
 * longest chain that ends in an event. Of histories that are cut off both know more than is on
 * file: there a search through all events says what there is. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/causality.h"

enum { SEEDS = 25, MOST_VMS = 5, LAMPORT = 0, VECTOR = 1, UNREACHED = INT32_MAX };

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

/* The send of every receive, by a look at every event: -1 if it is not on file. */
static int64_t *find_sends(const struct lc_history *h) {
  int64_t *send = lc_new((size_t)h->n_event, sizeof *send, "a test");
  for (int64_t r = 0; r < h->n_event; r++) {
    const struct lc_event *receive = &h->event[r];
    send[r] = -1;
    for (int64_t s = 0; receive->kind == LC_RECEIVE && s < h->n_event; s++) {
      int64_t at = receive->msg_first - h->event[s].msg_first;
      if (h->event[s].kind == LC_SEND && h->event[s].machine == receive->peer && at >= 0 &&
          at < h->event[s].msg_count)
        send[r] = s;
    }
  }
  return send;
}

/* The fewest messages on the way from a to every event, by relaxation until nothing changes. */
static void count_messages(const struct lc_history *h, const int64_t *send, int64_t a,
                           int32_t *least) {
  for (int64_t i = 0; i < h->n_event; i++)
    least[i] = i == a ? 0 : UNREACHED;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = 0; i < h->n_event; i++) {
      int32_t best = least[i];
      if (number_of(h, i) && least[i - 1] < best)
        best = least[i - 1];
      if (send[i] >= 0 && least[send[i]] < UNREACHED && least[send[i]] + 1 < best)
        best = least[send[i]] + 1;
      changed |= best < least[i];
      least[i] = best;
    }
  }
}

/* a -> b, known in one of two ways. */
typedef bool before(const struct lc_history *h, int64_t a, int64_t b);

static int32_t *fewest; /* [n_event][n_event] of the history at hand, by count_messages() */

static bool before_by_search(const struct lc_history *h, int64_t a, int64_t b) {
  return a != b && fewest[a * h->n_event + b] < UNREACHED;
}

static void require_cones(const struct lc_causality *c, before *is_before, int64_t event) {
  const struct lc_history *h = c->history;
  int64_t end[MOST_VMS], begin[MOST_VMS];
  lc_causal_past(c, event, end);
  lc_causal_future(c, event, begin);
  for (int64_t i = 0; i < h->n_event; i++) {
    int32_t v = h->event[i].machine;
    bool past = number_of(h, i) < end[v], future = number_of(h, i) >= begin[v];
    require(past == (i == event || is_before(h, i, event)), "past of %d: %d", (int)event, (int)i);
    require(future == (i == event || is_before(h, event, i)), "future of %d: %d", (int)event,
            (int)i);
    assert_int_equal(lc_happened_before(c, i, event), past && i != event);
  }
}

static void require_paths(const struct lc_causality *c, const int64_t *send, before *is_before,
                          int64_t a) {
  const struct lc_history *h = c->history;
  int32_t *least = lc_new((size_t)h->n_event, sizeof *least, "a test");
  count_messages(h, send, a, least);
  for (int64_t b = 0; b < h->n_event; b++) {
    int64_t *path, n = lc_causal_path(c, a, b, &path);
    if (!is_before(h, a, b)) {
      assert_int_equal(n, 0);
      assert_null(path);
      continue;
    }
    int32_t messages = 0;
    assert_true(n >= 2 && path[0] == a && path[n - 1] == b);
    for (int64_t k = 1; k < n; k++) {
      bool same = h->event[path[k]].machine == h->event[path[k - 1]].machine;
      require(same ? path[k] > path[k - 1] : send[path[k]] == path[k - 1],
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
      int64_t *send = find_sends(&h);
      lc_causality_init(&c, &h);
      for (int64_t i = (int64_t)seed % 7; i < h.n_event; i += 7) {
        require_cones(&c, before_by_vectors, i);
        require_paths(&c, send, before_by_vectors, i);
      }
      require_chain(&c);
      free(send);
      lc_causality_free(&c);
      lc_history_free(&h);
    }
}

/* The length of the longest chain, by relaxation. */
static int64_t longest_by_search(const struct lc_history *h, const int64_t *send) {
  int64_t *depth = lc_new((size_t)h->n_event, sizeof *depth, "a test"), longest = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t i = 0; i < h->n_event; i++) {
      int64_t most = number_of(h, i) ? depth[i - 1] : 0;
      if (send[i] >= 0 && depth[send[i]] > most)
        most = depth[send[i]];
      changed |= depth[i] != most + 1;
      depth[i] = most + 1;
      longest = depth[i] > longest ? depth[i] : longest;
    }
  }
  free(depth);
  return longest;
}

static void require_as_searched(const struct lc_history *h, const int64_t *send) {
  struct lc_causality c;
  int64_t *chain;
  fewest = lc_new((size_t)(h->n_event * h->n_event), sizeof *fewest, "a test");
  for (int64_t i = 0; i < h->n_event; i++)
    count_messages(h, send, i, fewest + i * h->n_event);
  lc_causality_init(&c, h);
  for (int64_t i = 0; i < h->n_event; i += 3) {
    require_cones(&c, before_by_search, i);
    require_paths(&c, send, before_by_search, i);
  }
  int64_t n = lc_longest_chain(&c, &chain);
  assert_int_equal(n, longest_by_search(h, send));
  for (int64_t k = 1; k < n; k++)
    assert_true(before_by_search(h, chain[k - 1], chain[k]));
  free(chain);
  lc_causality_free(&c);
  free(fewest);
}

/* A killed run: messages whose other end is not on file order nothing. */
static void test_cut_off(void **state) {
  (void)state;
  int64_t lost = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct lc_history h;
    simulate(&h, seed, 4);
    cut_off(&h, seed);
    int64_t *send = find_sends(&h);
    require_as_searched(&h, send);
    for (int64_t i = 0; i < h.n_event; i++)
      lost += h.event[i].kind == LC_RECEIVE && send[i] < 0;
    free(send);
    lc_history_free(&h);
  }
  assert_true(lost > 0);
}

/* Where all is among its own causes cones are everything, and no chain is the longest. */
static void test_cycle(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_causality c;
  int64_t *chain;
  make_a_cycle(&h);
  lc_causality_init(&c, &h);
  for (int64_t i = 0; i < h.n_event; i++) {
    int64_t end[2], begin[2];
    lc_causal_past(&c, i, end);
    lc_causal_future(&c, i, begin);
    for (int32_t v = 0; v < 2; v++)
      assert_true(end[v] == 2 && begin[v] == 0);
  }
  assert_int_equal(lc_longest_chain(&c, &chain), -1);
  assert_null(chain);
  lc_causality_free(&c);
  lc_history_free(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_simulated),
                                     cmocka_unit_test(test_cut_off), cmocka_unit_test(test_cycle)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
