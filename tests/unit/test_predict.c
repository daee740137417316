/* Theory against hand calculation, against the archived runs of the exercise, and against itself.
 */
#include "unit.h"

#include "lcmpi/predict.h"

#include <math.h>

#define S LC_NS_PER_S

struct system {
  struct lc_topology topology;
  struct lc_workload load;
  struct lc_rate_rule rates;
};

static void open_system(struct system *s, const char *shape, int32_t n_vm, int32_t n_replica,
                        const char *rates, double unicast, double multicast, int32_t fanout) {
  struct lc_error err;
  struct lc_topology_rule rule = {.kind = LC_TOPOLOGY_FULL};
  *s = (struct system){.rates = {.n = 0}};
  assert_int_equal(lc_topology_rule_parse(&rule, shape, &err), LC_OK);
  assert_int_equal(lc_topology_build(&s->topology, &rule, 1, n_vm, n_replica, 0, n_vm * n_replica,
                                     NULL, 0, &err),
                   LC_OK);
  lc_workload_init(&s->load, 1, &s->topology, unicast, multicast, fanout);
  for (const char *at = rates; *at; at++)
    if (*at != ',')
      s->rates.rate[s->rates.n++] = (struct lc_rate){*at - '0', 1};
}

static void close_system(struct system *s) {
  lc_workload_free(&s->load);
  lc_topology_free(&s->topology);
}

static void require_near(double got, double expected, double error, const char *what) {
  require(fabs(got - expected) <= error, "%s is %g, not %g", what, got, expected);
}

/* a_0 = 0.2 ((3 - a_1) + (6 - a_2)) and so on, with VM 0 saturated: a_1 = 0.2 (6 - a_2), a_2 = 0.2
 * (3 - a_1) give a_1 = 1.125, a_2 = 0.375, a_0 = 1.5. */
static void test_by_hand(void **state) {
  (void)state;
  struct system s;
  struct lc_prediction p[3];
  double residual;
  open_system(&s, "full", 3, 1, "1,3,6", 0.2, 0.1, 2);
  lc_predict(&s.load, &s.rates, 60 * S, 0, 3, p, &residual);
  assert_true(residual < 1e-9);
  require_near(p[0].arrivals, 1.5, 1e-6, "a_0");
  require_near(p[1].arrivals, 1.125, 1e-6, "a_1");
  require_near(p[2].arrivals, 0.375, 1e-6, "a_2");
  assert_true(p[0].saturated && !p[1].saturated && !p[2].saturated);
  require_near(p[0].clock, 240, 1e-3, "the slow clock");
  require_near(p[2].clock, 360, 1e-3, "the fast clock");
  require_near(p[0].queue, 30 + 1.5, 0.2, "the long queue"); /* (a - r) T + v / 2m */
  require_near(p[2].queue, 0.0625 / 2 / (1 - 0.0625), 1e-3, "the short queue");
  close_system(&s);
}

/* Final clocks of the archived runs of the exercise (rates, weights and 65 s of ticks as they
 * were). */
static const struct {
  const char *rates;
  double unicast, multicast, clock[3];
} archived[] = {
    {"1,3,2", 0.2, 0.1, {184, 193, 187}},         {"1,1,6", 0.2, 0.1, {346, 284, 388}},
    {"2,3,6", 0.2, 0.1, {369, 377, 388}},         {"3,5,2", 0.2, 0.1, {313, 323, 309}},
    {"3,1,1", 0.2, 0.1, {193, 184, 184}},         {"2,6,1", 0.2, 0.1, {370, 388, 264}},
    {"6,5,1", 0.2, 0.1, {388, 383, 235}},         {"1,2,2", 0.2, 0.1, {123, 128, 128}},
    {"1,2,3", 0.2, 0.1, {186, 189, 193}},         {"4,6,2", 0.5, 0.25, {377, 388, 256}},
    {"5,5,6", 0.5, 0.25, {382, 382, 388}},        {"3,6,1", 1. / 30, 1. / 60, {373, 388, 376}},
    {"2,1,3", 1. / 30, 1. / 60, {186, 179, 193}},
};

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void test_archived_clocks(void **state) {
  (void)state;
  enum { N = 3 * LENGTH(archived) };
  double off[N], sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (size_t k = 0; k < LENGTH(archived); k++) {
    struct system s;
    struct lc_prediction p[3];
    open_system(&s, "full", 3, 1, archived[k].rates, archived[k].unicast, archived[k].multicast, 2);
    lc_predict(&s.load, &s.rates, 65 * S, 0, 3, p, NULL);
    for (int v = 0; v < 3; v++) {
      double x = p[v].clock, y = archived[k].clock[v];
      off[3 * k + (size_t)v] = fabs(x - y);
      sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
    }
    close_system(&s);
  }
  double r = (N * sxy - sx * sy) / sqrt((N * sxx - sx * sx) * (N * syy - sy * sy));
  qsort(off, N, sizeof *off, ascending);
  require(off[N / 2] <= 10, "the median error of the clock is %g ticks", off[N / 2]);
  require(r > 0.97, "the correlation of the clocks is %g", r);
}

static void test_nobody_sends(void **state) {
  (void)state;
  struct system s;
  struct lc_prediction p[4];
  open_system(&s, "full", 4, 1, "1,2,3,6", 0, 0, 2);
  lc_predict(&s.load, &s.rates, 10 * S, 0, 4, p, NULL);
  for (int v = 0; v < 4; v++)
    assert_true(p[v].arrivals == 0 && p[v].queue == 0 && !p[v].saturated &&
                p[v].clock == 10 * (double)s.rates.rate[v].p);
  close_system(&s);
  open_system(&s, "full", 1, 1, "3", 0.5, 0.5, 2);
  lc_predict(&s.load, &s.rates, 10 * S, 0, 1, p, NULL);
  assert_true(p[0].arrivals == 0 && p[0].clock == 30);
  close_system(&s);
}

/* Both ways of solving find the same: a full network written as a drawn one with all peers. */
static void test_two_ways(void **state) {
  (void)state;
  struct system full, drawn;
  struct lc_prediction p[9], q[9];
  double residual;
  open_system(&full, "full", 9, 1, "1,3,6,2,5", 0.3, 0.2, 3);
  open_system(&drawn, "random:8", 9, 1, "1,3,6,2,5", 0.3, 0.2, 3);
  lc_predict(&full.load, &full.rates, 60 * S, 0, 9, p, NULL);
  lc_predict(&drawn.load, &drawn.rates, 60 * S, 0, 9, q, &residual);
  assert_true(residual < 1e-9);
  for (int v = 0; v < 9; v++)
    require_near(q[v].arrivals, p[v].arrivals, 1e-8, "an arrival rate");
  close_system(&full);
  close_system(&drawn);
}

static void require_same(const struct lc_prediction *a, const struct lc_prediction *b) {
  assert_true(a->arrivals == b->arrivals && a->queue == b->queue && a->clock == b->clock &&
              a->saturated == b->saturated);
}

/* Rates that are given are dealt out in each copy: copies of 5 VMs are all alike, with 3 rates too;
 * a part of them is predicted as the whole. */
static void test_copies(void **state) {
  (void)state;
  struct system one, many;
  struct lc_prediction p[5], q[20], part[7];
  open_system(&one, "ring", 5, 1, "1,3,6", 0.3, 0.2, 2);
  open_system(&many, "ring", 5, 4, "1,3,6", 0.3, 0.2, 2);
  lc_predict(&one.load, &one.rates, 60 * S, 0, 5, p, NULL);
  lc_predict(&many.load, &many.rates, 60 * S, 0, 20, q, NULL);
  lc_predict(&many.load, &many.rates, 60 * S, 8, 7, part, NULL);
  for (int v = 0; v < 20; v++)
    require_same(&q[v], &p[v % 5]);
  for (int v = 0; v < 7; v++)
    require_same(&part[v], &q[8 + v]);
  close_system(&one);
  close_system(&many);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_by_hand),      cmocka_unit_test(test_archived_clocks),
      cmocka_unit_test(test_nobody_sends), cmocka_unit_test(test_two_ways),
      cmocka_unit_test(test_copies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
