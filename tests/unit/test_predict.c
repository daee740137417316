/* Theory against hand calculation, against the archived runs of the exercise, and against itself.
 */
#include "unit.h"

#include "lcmpi/predict.h"

#include <math.h>
#include <time.h>

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
  lc_workload_init(&s->load, 1, &s->topology, LC_RECEIVE_OR_ACT, unicast, multicast, fanout);
  for (const char *at = rates; *at; at++)
    if (*at != ',')
      s->rates.rate[s->rates.n++] = (struct lc_rate){*at - '0', 1};
}

/* Of VMs [first, first + n); returns the residual. */
static double predict(const struct system *s, int32_t first, int32_t n, struct lc_prediction *out) {
  struct lc_theory *theory = lc_theory_open(&s->load, &s->rates, false);
  lc_predict(theory, first, n, out);
  double residual = lc_theory_residual(theory);
  lc_theory_close(theory);
  return residual;
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
  open_system(&s, "full", 3, 1, "1,3,6", 0.2, 0.1, 2);
  assert_true(predict(&s, 0, 3, p) < 1e-9);
  require_near(p[0].arrivals, 1.5, 1e-6, "a_0");
  require_near(p[1].arrivals, 1.125, 1e-6, "a_1");
  require_near(p[2].arrivals, 0.375, 1e-6, "a_2");
  assert_true(lc_predicted_saturated(&p[0]) && !lc_predicted_saturated(&p[1]) &&
              !lc_predicted_saturated(&p[2]));
  require_near(lc_predicted_clock(&p[0], 60 * S), 240, 1e-3, "the slow clock");
  require_near(lc_predicted_clock(&p[2], 60 * S), 360, 1e-3, "the fast clock");
  require_near(lc_predicted_clock(&p[0], 15 * S), 60, 1e-3, "the slow clock after 15 s");
  double queue = lc_predicted_queue(&p[0], 60 * S); /* (a - r) T + v / 2m */
  require_near(queue, 30 + 1.5, 0.2, "the long queue");
  require_near(lc_predicted_queue(&p[2], 60 * S), 0.0625 / 2 / (1 - 0.0625), 1e-3,
               "the short queue");
  assert_true(lc_predicted_queue(&p[0], 0) == 0 && lc_predicted_clock(&p[0], 0) == 0);
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
    predict(&s, 0, 3, p);
    for (int v = 0; v < 3; v++) {
      double x = lc_predicted_clock(&p[v], 65 * S), y = archived[k].clock[v];
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
  predict(&s, 0, 4, p);
  for (int v = 0; v < 4; v++)
    assert_true(p[v].arrivals == 0 && lc_predicted_queue(&p[v], 10 * S) == 0 &&
                lc_predicted_clock(&p[v], 10 * S) == 10 * (double)s.rates.rate[v].p);
  close_system(&s);
  open_system(&s, "full", 1, 1, "3", 0.5, 0.5, 2);
  predict(&s, 0, 1, p);
  assert_true(p[0].arrivals == 0 && p[0].clock == 3);
  close_system(&s);
}

/* Both ways of solving find the same: a full network written as a drawn one with all peers. */
static void test_two_ways(void **state) {
  (void)state;
  struct system full, drawn;
  struct lc_prediction p[9], q[9];
  open_system(&full, "full", 9, 1, "1,3,6,2,5", 0.3, 0.2, 3);
  open_system(&drawn, "random:8", 9, 1, "1,3,6,2,5", 0.3, 0.2, 3);
  assert_true(predict(&full, 0, 9, p) < 1e-9);
  assert_true(predict(&drawn, 0, 9, q) < 1e-9);
  for (int v = 0; v < 9; v++)
    require_near(q[v].arrivals, p[v].arrivals, 1e-8, "an arrival rate");
  close_system(&full);
  close_system(&drawn);
}

static void require_same(const struct lc_prediction *a, const struct lc_prediction *b) {
  assert_true(a->ticks == b->ticks && a->arrivals == b->arrivals && a->clock == b->clock);
}

/* Rates that are given are dealt out in each copy: copies of 5 VMs are all alike, with 3 rates too;
 * a part of them is predicted as the whole. */
static void test_copies(void **state) {
  (void)state;
  struct system one, many;
  struct lc_prediction p[5], q[20], part[7];
  open_system(&one, "ring", 5, 1, "1,3,6", 0.3, 0.2, 2);
  open_system(&many, "ring", 5, 4, "1,3,6", 0.3, 0.2, 2);
  predict(&one, 0, 5, p);
  predict(&many, 0, 20, q);
  predict(&many, 8, 7, part);
  for (int v = 0; v < 20; v++)
    require_same(&q[v], &p[v % 5]);
  for (int v = 0; v < 7; v++)
    require_same(&part[v], &q[8 + v]);
  close_system(&one);
  close_system(&many);
}

/* a_i = sum of s_ji max(0, r_j - a_j), and nothing else. */
static double worst_error(const struct system *s, const struct lc_prediction *p, int32_t n) {
  double worst = 0;
  for (int32_t i = 0; i < n; i++) {
    double sum = 0;
    for (int32_t j = 0; j < n; j++) {
      int32_t degree = lc_topology_degree(&s->topology, j);
      double idle = fmax(0, p[j].ticks - p[j].arrivals);
      for (int32_t k = 0; k < degree; k++)
        if (lc_topology_peer(&s->topology, j, k) == i)
          sum += lc_workload_messages_per_tick(&s->load, degree) / degree * idle;
    }
    worst = fmax(worst, fabs(sum - p[i].arrivals) / p[i].ticks);
  }
  return worst;
}

/* The equation itself, in every shape and up to idle ticks that reach every peer: s = 1. */
static void test_equation(void **state) {
  (void)state;
  static const char *const shapes[] = {"full", "ring", "star", "grid", "random:1", "random:3"};
  static const char *const rates[] = {"1,6", "6", "1,1,6", "6,6,1", "2,5,5,3,9", "1,3,6"};
  static const double weights[][2] = {{0.2, 0.1}, {0, 0}, {1, 0}, {0, 1}, {0.5, 0.5}, {0, 0.9}};
  static const int32_t fanouts[] = {1, 2, LC_FANOUT_ALL};
  for (size_t k = 0; k < LENGTH(shapes); k++)
    for (size_t w = 0; w < LENGTH(weights); w++)
      for (int32_t n = 4; n < 9; n++)
        for (size_t f = 0; f < LENGTH(fanouts); f++) {
          struct system s;
          struct lc_prediction p[9];
          const char *list = rates[(k + w + (size_t)n + f) % LENGTH(rates)];
          open_system(&s, shapes[k], n, 1, list, weights[w][0], weights[w][1], fanouts[f]);
          double residual = predict(&s, 0, n, p), error = worst_error(&s, p, n);
          require(residual < 1e-9 && error < 1e-6,
                  "%s of %d, rates %s, weights %g and %g, fan-out %d: off by %g, as was said %g",
                  shapes[k], n, list, weights[w][0], weights[w][1], fanouts[f], error, residual);
          close_system(&s);
        }
}

/* Every idle tick reaches every peer: the fastest alone have idle ticks, and share them. */
static void test_all_hear_all(void **state) {
  (void)state;
  static const struct {
    const char *rates;
    int32_t n;
    double unicast, arrivals[3];
  } list[] = {
      {"1,6", 2, 1, {6, 0}},
      {"1,1,6", 3, 0, {6, 6, 0}},
      {"6,6", 2, 0.5, {3, 3}},
      {"6,1,6", 3, 0, {3, 6, 3}},
      {"2,2,2", 3, 0, {4. / 3, 4. / 3, 4. / 3}},
  };
  for (size_t k = 0; k < LENGTH(list); k++) {
    struct system s;
    struct lc_prediction p[3];
    open_system(&s, "full", list[k].n, 1, list[k].rates, list[k].unicast, 1 - list[k].unicast, 2);
    assert_true(predict(&s, 0, list[k].n, p) < 1e-9);
    for (int32_t v = 0; v < list[k].n; v++)
      require_near(p[v].arrivals, list[k].arrivals[v], 1e-9, "an arrival rate");
    close_system(&s);
  }
  struct system s;
  struct lc_prediction p[2];
  open_system(&s, "full", 2, 1, "1,6", 1, 0, 2);
  predict(&s, 0, 2, p);
  assert_true(lc_predicted_saturated(&p[0]) && !lc_predicted_saturated(&p[1]));
  require_near(lc_predicted_queue(&p[0], 60 * S), 300, 1, "the queue");
  close_system(&s);
}

/* The hub of a star hears so much that it never sends: nothing arrives at the others, exactly. */
static void test_saturated_hub(void **state) {
  (void)state;
  enum { N = 5000 };
  struct system s;
  struct lc_prediction *p = calloc(N, sizeof *p);
  clock_t begun = clock();
  open_system(&s, "star", N, 1, "1,2,3,4,5,6", 0.2, 0.1, LC_FANOUT_ALL);
  assert_true(predict(&s, 0, N, p) < 1e-9);
  assert_true(lc_predicted_saturated(&p[0]));
  for (int v = 1; v < N; v++)
    assert_true(p[v].arrivals == 0);
  require((double)(clock() - begun) / CLOCKS_PER_SEC < 1, "it took more than a second");
  close_system(&s);
  free(p);
}

/* A large system of every shape, fast enough to be predicted before every run. */
static void test_large(void **state) {
  (void)state;
  enum { N = 100000 };
  static const char *const shapes[] = {"full", "ring", "grid", "star", "random:4"};
  struct lc_prediction *p = calloc(N, sizeof *p);
  for (size_t k = 0; k < LENGTH(shapes); k++) {
    struct system s;
    open_system(&s, shapes[k], N, 1, "1,2,3,4,5,6", 0.2, 0.1, 2);
    s.rates.drawn = true;
    lc_rate_rule_weigh(&s.rates, NULL);
    clock_t begun = clock();
    assert_true(predict(&s, 0, N, p) < 1e-9);
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    require(seconds < 1.5, "%s: it took %g s", shapes[k], seconds);
    close_system(&s);
  }
  free(p);
}

/* Groups of three VMs that send to all of the next one, in a circle of three groups: too strong a
 * coupling for the equation to settle. It is said so. */
static void test_no_fixed_point(void **state) {
  (void)state;
  static const struct lc_topology_rule rule = {.kind = LC_TOPOLOGY_FILE};
  struct lc_error err;
  struct system s = {.rates = {.n = 2, .rate = {{1, 1}, {2, 1}}}};
  struct lc_prediction p[9];
  char text[512] = "";
  for (int i = 0; i < 27; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%d -> %d\n", i / 3,
             (i / 9 + 1) % 3 * 3 + i % 3);
  assert_int_equal(lc_topology_build(&s.topology, &rule, 1, 9, 1, 0, 9, text, strlen(text), &err),
                   LC_OK);
  lc_workload_init(&s.load, 1, &s.topology, LC_RECEIVE_OR_ACT, 0, 1, LC_FANOUT_ALL);
  assert_true(predict(&s, 0, 9, p) > LC_THEORY_OFF);
  close_system(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_by_hand),      cmocka_unit_test(test_archived_clocks),
      cmocka_unit_test(test_nobody_sends), cmocka_unit_test(test_two_ways),
      cmocka_unit_test(test_copies),       cmocka_unit_test(test_equation),
      cmocka_unit_test(test_all_hear_all), cmocka_unit_test(test_saturated_hub),
      cmocka_unit_test(test_large),        cmocka_unit_test(test_no_fixed_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
