/* Which rank runs which VM, and when states are recorded: every rank works it out for itself, so
 * the two ways of asking must give one answer. */
#include "unit.h"

#include "lcmpi/pacer.h"

static void require_blocks_of(struct lc_placement place) {
  int32_t least = INT32_MAX, most = 0, n_vm = place.n_vm, n_rank = place.n_rank;
  for (int32_t r = 0; r <= place.n_apart; r++)
    assert_int_equal(lc_first_vm(place, r), 0); /* those before the first have none */
  assert_int_equal(lc_first_vm(place, n_rank), n_vm);
  for (int32_t r = place.n_apart; r < n_rank; r++) {
    int32_t first = lc_first_vm(place, r), end = lc_first_vm(place, r + 1);
    require(end > first, "rank %d of %d has none of %d VMs", r, n_rank, n_vm);
    least = end - first < least ? end - first : least;
    most = end - first > most ? end - first : most;
    int32_t step = end - first > 1000 ? (end - first) / 500 : 1;
    for (int32_t v = first; v < end; v += step)
      require(lc_owner(place, v) == r, "VM %d of %d on %d ranks", v, n_vm, n_rank);
    assert_int_equal(lc_owner(place, end - 1), r);
  }
  require(most - least <= 1, "%d VMs on %d ranks: from %d to %d each", n_vm, n_rank, least, most);
}

static void require_blocks(int32_t n_vm, int32_t n_rank) {
  require_blocks_of((struct lc_placement){n_vm, n_rank, 0});
  require_blocks_of((struct lc_placement){n_vm, n_rank + 1, 1});
}

static void test_blocks_are_even(void **state) {
  (void)state;
  for (int32_t n_rank = 1; n_rank <= 40; n_rank++)
    for (int32_t n_vm = n_rank; n_vm <= 130; n_vm++)
      require_blocks(n_vm, n_rank);
  require_blocks(10000000, 1);
  require_blocks(10000000, 7);
  require_blocks(9999991, 4096);
  require_blocks(100000, 100000);
}

static void require_snapshots(int64_t duration, int64_t every) {
  int32_t n = lc_snapshot_count(duration, every);
  int64_t before = 0;
  require(n >= 1, "%lld every %lld", (long long)duration, (long long)every);
  for (int32_t i = 0; i < n; i++) {
    int64_t t = lc_snapshot_time(i, duration, every);
    if (i < n - 1)
      assert_int_equal(t, (i + 1) * every);
    require(t > before && t <= duration, "snapshot %d of %d at %lld", i, n, (long long)t);
    require(t - before <= every, "a gap before snapshot %d", i);
    before = t;
  }
  assert_int_equal(before, duration); /* the final state */
}

static void test_snapshots(void **state) {
  (void)state;
  for (int64_t duration = 1; duration <= 60; duration++)
    for (int64_t every = 1; every <= 70; every++)
      require_snapshots(duration, every);
  assert_int_equal(lc_snapshot_count(60 * LC_NS_PER_S, 5 * LC_NS_PER_S), 12);
  require_snapshots(60 * LC_NS_PER_S, 5 * LC_NS_PER_S);
  require_snapshots(60 * LC_NS_PER_S, 60 * LC_NS_PER_S - 1);
  require_snapshots(INT64_C(36500) * 86400 * LC_NS_PER_S, 86400 * LC_NS_PER_S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_blocks_are_even),
      cmocka_unit_test(test_snapshots),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
