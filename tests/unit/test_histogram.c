/* The histogram against exact quantiles of the same values: no more than half a bin away, which
 * is 1.6 %, and 3.2 % is what is promised. */
#include "unit.h"

#include "lcmpi/histogram.h"

enum { N = 20000 };

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void require_near(int64_t got, int64_t exact, double q) {
  double off = (double)got - (double)exact;
  double allowed = 0.032 * (double)exact;
  require(off <= allowed && -off <= allowed, "quantile %g is %lld, not %lld", q, (long long)got,
          (long long)exact);
}

static void compare_quantiles(struct lc_histogram *h, int64_t *values, int n) {
  static const double list[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
  memset(h, 0, sizeof *h);
  for (int i = 0; i < n; i++)
    lc_histogram_add(h, values[i]);
  qsort(values, (size_t)n, sizeof *values, ascending);
  for (size_t i = 0; i < LENGTH(list); i++) {
    double place = list[i] * n;
    int at = (int)place;
    at -= at > 0 && at >= place; /* the smallest value that has q * n values at or below it */
    require_near(lc_histogram_quantile(h, list[i]), values[at], list[i]);
  }
}

static void test_quantiles_of_random_data(void **state) {
  (void)state;
  static struct lc_histogram h;
  static int64_t values[N];
  struct draws draws = {11};
  for (int i = 0; i < N; i++)
    values[i] = draw_any_size(&draws); /* every size from a nanosecond to centuries */
  compare_quantiles(&h, values, N);
  for (int i = 0; i < N; i++)
    values[i] = draw_below(&draws, 5000000);
  compare_quantiles(&h, values, N);
  for (int i = 0; i < N; i++)
    values[i] = 40000 + draw_below(&draws, 100) * draw_below(&draws, 100) * draw_below(&draws, 100);
  compare_quantiles(&h, values, N);
  compare_quantiles(&h, values, 1);
  compare_quantiles(&h, values, 3);
}

/* The last bin has the largest time, and there is none behind it. */
static void test_bins(void **state) {
  (void)state;
  struct lc_histogram h = {{0}};
  for (int bin = 1; bin < LC_HISTOGRAM_BINS; bin++)
    assert_true(lc_histogram_middle(bin) > lc_histogram_middle(bin - 1));
  lc_histogram_add(&h, INT64_MAX);
  assert_int_equal(h.count[LC_HISTOGRAM_BINS - 1], 1);
  assert_int_equal(lc_histogram_quantile(&h, 1), lc_histogram_middle(LC_HISTOGRAM_BINS - 1));
}

static void test_small_values_are_exact(void **state) {
  (void)state;
  for (int64_t value = 0; value < 2 * LC_HISTOGRAM_SUB; value++) {
    struct lc_histogram h = {{0}};
    lc_histogram_add(&h, value);
    assert_int_equal(lc_histogram_quantile(&h, 0.5), value);
  }
}

/* Both sides of every power of two, where one bin's width ends and the next begins. */
static void test_powers_of_two(void **state) {
  (void)state;
  for (int power = 1; power < 63; power++)
    for (int64_t off = -1; off <= 1; off++) {
      struct lc_histogram h = {{0}};
      int64_t value = (INT64_C(1) << power) + off;
      lc_histogram_add(&h, value);
      require_near(lc_histogram_quantile(&h, 1), value, 1);
    }
}

static void test_edges(void **state) {
  (void)state;
  struct lc_histogram h = {{0}};
  assert_int_equal(lc_histogram_quantile(&h, 0.5), 0);
  lc_histogram_add(&h, -1);
  lc_histogram_add(&h, INT64_MIN);
  assert_int_equal(h.count[0], 2);
  assert_int_equal(lc_histogram_quantile(&h, 1), 0);
  lc_histogram_add(&h, INT64_MAX);
  lc_histogram_add(&h, INT64_MAX);
  assert_int_equal(lc_histogram_quantile(&h, 0.5), 0);
  require_near(lc_histogram_quantile(&h, 0.51), INT64_MAX, 0.51);
  require_near(lc_histogram_quantile(&h, 1), INT64_MAX, 1);
}

/* The counts of several ranks are summed word by word. */
static void test_sums_are_histograms(void **state) {
  (void)state;
  static struct lc_histogram part[3], whole, sum;
  struct draws draws = {12};
  for (int i = 0; i < 3000; i++) {
    int64_t value = draw_any_size(&draws);
    lc_histogram_add(&part[i % 3], value);
    lc_histogram_add(&whole, value);
  }
  int64_t total = 0;
  for (int b = 0; b < LC_HISTOGRAM_BINS; b++) {
    for (int p = 0; p < 3; p++)
      sum.count[b] += part[p].count[b];
    total += sum.count[b];
  }
  assert_memory_equal(&sum, &whole, sizeof sum);
  assert_int_equal(total, 3000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quantiles_of_random_data),
      cmocka_unit_test(test_bins),
      cmocka_unit_test(test_small_values_are_exact),
      cmocka_unit_test(test_powers_of_two),
      cmocka_unit_test(test_edges),
      cmocka_unit_test(test_sums_are_histograms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
