/* When ticks are due and how rates and phases are dealt out. Tick times are held against values
 * that were computed with whole numbers of any size, so a rounding that builds up cannot hide. */
#include "unit.h"

#include "lcmpi/rng.h"
#include "lcmpi/workload.h"

#define S LC_NS_PER_S

static void test_tick_times(void **state) {
  (void)state;
  static const struct {
    struct lc_rate rate;
    int64_t phase, tick, time;
  } list[] = {
      {{1, 1}, 0, 0, 0},
      {{1, 3}, 0, 1, 3 * S},
      {{1, 3}, 0, 12345678, INT64_C(37037034000000000)},
      {{3, 1}, 0, 1, 333333333},
      {{3, 1}, 0, 2, 666666666},
      {{3, 1}, 0, 3, S},
      {{3, 1}, 0, INT64_C(3000000000), INT64_C(1000000000000000000)},
      {{3, 1}, 0, INT64_C(3000000001), INT64_C(1000000000333333333)},
      {{7, 3}, 0, 10, INT64_C(4285714285)},
      {{6, 1}, 0, 1, 166666666},
      {{6, 1}, 0, INT64_C(6000000000), INT64_C(1000000000000000000)},
      {{6, 1}, 0, INT64_C(6000000001), INT64_C(1000000000166666666)},
      {{6, 1}, 166666666, INT64_C(6000000005), INT64_C(1000000000999999999)},
      {{5, 2}, 400000000, 999999999, INT64_C(400000000000000000)},
      {{355, 113}, 17, INT64_C(10000000000), INT64_C(3183098591549295791)},
      {{999999937, 1000003}, 1, INT64_C(8000000000000), INT64_C(8000024504001543753)},
      {{100000000, 1}, 3, INT64_C(100000000000000000), INT64_C(1000000000000000003)},
      {{1, 100000}, 0, 92233, INT64_C(9223300000000000000)},
      {{INT64_MAX, 1}, 0, INT64_MAX, S},
      {{INT64_MAX, INT64_MAX - 1}, 0, INT64_C(9223372036), INT64_C(9223372035999999999)},
      {{1, INT64_MAX}, 7, 0, 7},
  };
  for (size_t i = 0; i < LENGTH(list); i++) {
    int64_t time = lc_tick_time(list[i].rate, list[i].phase, list[i].tick);
    require(time == list[i].time, "tick %lld of rate %lld/%lld is at %lld, not %lld",
            (long long)list[i].tick, (long long)list[i].rate.p, (long long)list[i].rate.q,
            (long long)time, (long long)list[i].time);
  }
}

static void test_beyond_the_range_of_time(void **state) {
  (void)state;
  assert_int_equal(lc_tick_time((struct lc_rate){1, 1}, 854775806, INT64_C(9223372036)),
                   INT64_MAX - 1);
  assert_int_equal(lc_tick_time((struct lc_rate){1, 1}, 854775807, INT64_C(9223372036)), INT64_MAX);
  assert_int_equal(lc_tick_time((struct lc_rate){1, 1}, 854775808, INT64_C(9223372036)), INT64_MAX);
  assert_int_equal(lc_tick_time((struct lc_rate){1, 1}, 0, INT64_C(9223372037)), INT64_MAX);
  assert_int_equal(lc_tick_time((struct lc_rate){1, 100000}, 0, 92234), INT64_MAX);
  assert_int_equal(lc_tick_time((struct lc_rate){1, INT64_MAX}, 0, 1), INT64_MAX);
  assert_int_equal(lc_tick_time((struct lc_rate){2, 1}, 0, INT64_MAX), INT64_MAX);
}

static void test_tick_counts(void **state) {
  (void)state;
  static const struct {
    struct lc_rate rate;
    int64_t phase, end, count;
  } list[] = {
      {{1, 1}, 0, 60 * S, 60},
      {{6, 1}, 0, 60 * S, 360},
      {{6, 1}, 0, 60 * S + 1, 361},
      {{6, 1}, 166666666, 60 * S, 360},
      {{1, 3}, 0, 1, 1},
      {{1, 3}, 0, 3 * S, 1},
      {{1, 3}, 0, 3 * S + 1, 2},
      {{3, 1}, 0, 333333333, 1},
      {{3, 1}, 0, 333333334, 2},
      {{7, 3}, 0, INT64_C(4285714285), 10},
      {{7, 3}, 0, INT64_C(4285714286), 11},
      {{6, 1}, 5, 5, 0},
      {{6, 1}, 5, 6, 1},
      {{6, 1}, 5, 4, 0},
      {{6, 1}, 0, INT64_MAX, INT64_C(55340232222)},
      {{100000000, 1}, 0, INT64_MAX, INT64_C(922337203685477581)},
      {{INT64_MAX, 1}, 0, INT64_MAX, INT64_MAX},
      {{1, INT64_MAX}, 0, INT64_MAX, 1},
  };
  for (size_t i = 0; i < LENGTH(list); i++) {
    int64_t count = lc_tick_count(list[i].rate, list[i].phase, list[i].end);
    require(count == list[i].count, "rate %lld/%lld has %lld ticks before %lld, not %lld",
            (long long)list[i].rate.p, (long long)list[i].rate.q, (long long)count,
            (long long)list[i].end, (long long)list[i].count);
  }
}

/* The count is the number of ticks whose time is before the end, whatever rate, phase and end. */
static void test_count_agrees_with_times(void **state) {
  (void)state;
  struct draws draws = {21};
  for (int i = 0; i < 100000; i++) {
    struct lc_rate rate = {1 + draw_any_size(&draws) % 100000000,
                           1 + draw_any_size(&draws) % 100000};
    int64_t phase = draw_any_size(&draws) / 4, end = draw_any_size(&draws);
    if (i % 2) { /* near a tick, where an error by one shows */
      int64_t t = lc_tick_time(rate, phase, draw_any_size(&draws) % 1000000);
      end = t == INT64_MAX ? t : t - 1 + draw_below(&draws, 3);
    }
    int64_t count = lc_tick_count(rate, phase, end);
    bool fits = count >= 0 && (count == 0 || lc_tick_time(rate, phase, count - 1) < end) &&
                lc_tick_time(rate, phase, count) >= end;
    require(fits, "rate %lld/%lld, phase %lld: %lld ticks before %lld", (long long)rate.p,
            (long long)rate.q, (long long)phase, (long long)count, (long long)end);
  }
}

/* By counting one by one, where that is possible. */
static void test_count_agrees_with_counting(void **state) {
  (void)state;
  struct draws draws = {22};
  for (int i = 0; i < 300; i++) {
    struct lc_rate rate = {1 + draw_below(&draws, 20), 1 + draw_below(&draws, 7)};
    int64_t phase = draw_below(&draws, 3 * S), end = draw_below(&draws, 20 * S), counted = 0;
    while (lc_tick_time(rate, phase, counted) < end)
      counted++;
    assert_int_equal(lc_tick_count(rate, phase, end), counted);
  }
}

/* ---- rates ----------------------------------------------------------------------------------- */

static struct lc_rate_rule *rule_of(int32_t n, bool drawn) {
  struct lc_rate_rule *rule = calloc(1, sizeof *rule);
  rule->n = n;
  rule->drawn = drawn;
  for (int32_t i = 0; i < n; i++)
    rule->rate[i] = (struct lc_rate){i + 1, 1};
  return rule;
}

static void test_rates_dealt_out(void **state) {
  (void)state;
  struct lc_rate_rule *rule = rule_of(3, false);
  for (int32_t vm = 0; vm < 20; vm++)
    assert_int_equal(lc_rate_of(rule, 1, vm, INT32_MAX).p, vm % 3 + 1);
  free(rule);
}

/* Every copy gets the same, whether its VMs are a multiple of the rates or not. */
static void test_rates_dealt_out_in_copies(void **state) {
  (void)state;
  struct lc_rate_rule *rule = rule_of(3, false);
  for (int32_t n_copy = 1; n_copy < 9; n_copy++)
    for (int32_t vm = 0; vm < 5 * n_copy; vm++)
      assert_int_equal(lc_rate_of(rule, 1, vm, n_copy).p, vm % n_copy % 3 + 1);
  free(rule);
}

/* Rates that are drawn are each VM's own, in whatever copy. */
static void test_rates_drawn_in_copies(void **state) {
  (void)state;
  struct lc_rate_rule *rule = rule_of(6, true);
  lc_rate_rule_weigh(rule, NULL);
  for (int32_t vm = 0; vm < 500; vm++)
    assert_int_equal(lc_rate_of(rule, 1, vm, 4).p, lc_rate_of(rule, 1, vm, 500).p);
  free(rule);
}

static void require_drawn(const struct lc_rate_rule *rule, uint64_t seed, const double *share) {
  int64_t count[8] = {0};
  for (int32_t vm = 0; vm < 20000; vm++) {
    struct lc_rate rate = lc_rate_of(rule, seed, vm, INT32_MAX);
    assert_true(rate.p >= 1 && rate.p <= rule->n && rate.q == 1);
    count[rate.p - 1]++;
  }
  require(frequencies_fit(count, share, rule->n), "rates do not follow their weights");
}

static void test_equal_weights(void **state) {
  (void)state;
  static const double sixth[] = {1 / 6., 1 / 6., 1 / 6., 1 / 6., 1 / 6., 1 / 6.};
  struct lc_rate_rule *rule = rule_of(6, true);
  lc_rate_rule_weigh(rule, NULL);
  require_drawn(rule, 1, sixth);
  require_drawn(rule, 2, sixth);
  assert_true(rule->below[5] == UINT64_C(1) << 32);
  free(rule);
}

static void test_given_weights(void **state) {
  (void)state;
  static const double weight[] = {7, 7, 6}, share[] = {.35, .35, .30};
  struct lc_rate_rule *rule = rule_of(3, true);
  lc_rate_rule_weigh(rule, weight);
  require_drawn(rule, 3, share);
  free(rule);
}

/* Zeros at the start, in the middle and at the end: frequencies_fit() asks for none at all. */
static void test_zero_weights_are_never_drawn(void **state) {
  (void)state;
  static const double weight[] = {0, 1, 0, 0, 2, 1, 0, 0}, share[] = {0, .25, 0, 0, .5, .25, 0, 0};
  struct lc_rate_rule *rule = rule_of(8, true);
  lc_rate_rule_weigh(rule, weight);
  require_drawn(rule, 4, share);
  /* nor by the first and the last word that a draw can have */
  assert_true(rule->below[0] == 0);
  assert_true(rule->below[4] < UINT32_MAX && rule->below[5] == UINT64_C(1) << 32);
  free(rule);
}

static void test_one_weight_takes_all(void **state) {
  (void)state;
  static const double first[] = {5, 0, 0}, last[] = {0, 0, 5};
  struct lc_rate_rule *rule = rule_of(3, true);
  lc_rate_rule_weigh(rule, first);
  for (int32_t vm = 0; vm < 1000; vm++)
    assert_int_equal(lc_rate_of(rule, 5, vm, INT32_MAX).p, 1);
  lc_rate_rule_weigh(rule, last);
  for (int32_t vm = 0; vm < 1000; vm++)
    assert_int_equal(lc_rate_of(rule, 5, vm, INT32_MAX).p, 3);
  free(rule);
}

/* The format of a run: a rate is picked by word 0 of the VM's draw. */
static void test_rate_comes_from_its_draw(void **state) {
  (void)state;
  struct lc_rate_rule *rule = rule_of(6, true);
  lc_rate_rule_weigh(rule, NULL);
  for (int32_t vm = 0; vm < 2000; vm++) {
    uint32_t word = lc_draw(77, LC_DRAW_RATE, vm, 0, 0).word[0];
    assert_int_equal(lc_rate_of(rule, 77, vm, INT32_MAX).p, 1 + (int)((double)word / 0x1p32 * 6));
  }
  free(rule);
}

/* ---- phases ---------------------------------------------------------------------------------- */

static void test_fixed_phases(void **state) {
  (void)state;
  assert_int_equal(lc_phase_of(LC_PHASE_ZERO, (struct lc_rate){3, 1}, 1, 5), 0);
  assert_int_equal(lc_phase_of(LC_PHASE_PERIOD, (struct lc_rate){3, 1}, 1, 5), 333333334);
  assert_int_equal(lc_phase_of(LC_PHASE_PERIOD, (struct lc_rate){1, 3}, 1, 5), 3 * S);
  /* with the first tick after one period: T seconds have rate x T whole periods, and the one that
   * fills them is not before their end (archived: 388 as the last of 389 ticks of rate 6 in 65 s)
   */
  for (int64_t rate = 1; rate <= 11; rate++) {
    struct lc_rate r = {rate, 1};
    int64_t phase = lc_phase_of(LC_PHASE_PERIOD, r, 1, 5);
    assert_int_equal(lc_tick_count(r, phase, 65 * S), 65 * rate - 1);
    assert_int_equal(lc_tick_count(r, phase, 65 * S + 1), 65 * rate);
  }
}

static void test_random_phases(void **state) {
  (void)state;
  static const struct lc_rate rates[] = {{1, 1}, {6, 1}, {1, 3}, {100000000, 1}, {1, 100000}};
  static const double tenth[] = {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1};
  for (size_t r = 0; r < LENGTH(rates); r++) {
    int64_t period = lc_tick_time(rates[r], 0, 1), count[10] = {0};
    for (int32_t vm = 0; vm < 20000; vm++) {
      int64_t phase = lc_phase_of(LC_PHASE_RANDOM, rates[r], 9, vm);
      require(phase >= 0 && phase < period, "phase %lld of period %lld", (long long)phase,
              (long long)period);
      count[phase / ((period + 9) / 10)]++;
    }
    require(frequencies_fit(count, tenth, 10), "phases are not uniform in period %lld",
            (long long)period);
  }
}

/* Words 2 and 3: the phase owes nothing to word 0, which picks the rate. */
static void test_phase_comes_from_its_draw(void **state) {
  (void)state;
  for (int32_t vm = 0; vm < 1000; vm++) {
    struct lc_block draw = lc_draw(5, LC_DRAW_RATE, vm, 0, 0);
    int64_t expected = (int64_t)((double)draw.word[3] / 0x1p32 * (double)S);
    int64_t off = lc_phase_of(LC_PHASE_RANDOM, (struct lc_rate){1, 1}, 5, vm) - expected;
    assert_true(off >= 0 && off <= 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tick_times),
      cmocka_unit_test(test_beyond_the_range_of_time),
      cmocka_unit_test(test_tick_counts),
      cmocka_unit_test(test_count_agrees_with_times),
      cmocka_unit_test(test_count_agrees_with_counting),
      cmocka_unit_test(test_rates_dealt_out),
      cmocka_unit_test(test_rates_dealt_out_in_copies),
      cmocka_unit_test(test_rates_drawn_in_copies),
      cmocka_unit_test(test_equal_weights),
      cmocka_unit_test(test_given_weights),
      cmocka_unit_test(test_zero_weights_are_never_drawn),
      cmocka_unit_test(test_one_weight_takes_all),
      cmocka_unit_test(test_rate_comes_from_its_draw),
      cmocka_unit_test(test_fixed_phases),
      cmocka_unit_test(test_random_phases),
      cmocka_unit_test(test_phase_comes_from_its_draw),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
