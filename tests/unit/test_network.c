/* Latencies and topologies. */
#include "unit.h"

#include "base/shuffle.h"
#include "lcmpi/network.h"
#include "lcmpi/rng.h"
#include "network/floating.h"

#include <math.h>
#include <time.h>

#define MS   INT64_C(1000000)
#define SEED 11 /* of the topologies */

/* ---- floating point -------------------------------------------------------------------------- */

static double ulps(double got, double exact) {
  return fabs(got - exact) / (nextafter(fabs(exact), INFINITY) - fabs(exact));
}

static void test_logarithm_and_exponential(void **state) {
  (void)state;
  struct draws draws = {3};
  for (int i = 0; i < 200000; i++) {
    double u = (double)(draw_below(&draws, INT64_C(1) << 53) + 1) * 0x1p-53;
    require(u == 1 || ulps(fixed_log(u), log(u)) <= 4, "log %a", u);
    double x = (u - 0.5) * 1000;
    require(ulps(fixed_exp(x), exp(x)) <= 4, "exp %a", x);
    require(ulps(fixed_log(exp(x)), log(exp(x))) <= 4, "log exp %a", x);
  }
  assert_true(fixed_log(1) == 0 && fixed_exp(0) == 1);
}

static void test_normal_quantile(void **state) {
  (void)state;
  for (double z = -8; z < 8; z += 0.01) {
    double p = erfc(-z / sqrt(2)) / 2;
    if (p < 1 - 1e-9) /* behind that p has lost the digits that z needs */
      require(fabs(fixed_normal_quantile(p) - z) < 1e-6, "quantile of %a: %g", p, z);
  }
  assert_true(fixed_normal_quantile(0.5) == 0);
}

/* The bits that every host has: they never change. */
static void test_same_bits_everywhere(void **state) {
  (void)state;
  static const struct {
    const char *law;
    int64_t ns[4];
  } golden[] = {
      {"const:10ms", {10000000, 10000000, 10000000, 10000000}},
      {"uniform:5ms,25ms", {22824498, 13342479, 9698137, 9544323}},
      {"exp:20ms,min=1ms", {44369454, 10795614, 5355154, 5155118}},
      {"lognormal:20ms,0.5,min=1ms", {37049931, 18013184, 13934129, 13759221}},
  };
  for (size_t k = 0; k < LENGTH(golden); k++) {
    struct lc_latency l;
    struct lc_error err;
    assert_int_equal(lc_latency_parse(&l, golden[k].law, &err), LC_OK);
    for (int i = 0; i < 4; i++) {
      int64_t ns = lc_latency_draw(&l, 42, 3 + i, 1000 * i);
      require(ns == golden[k].ns[i], "%s, draw %d: %lld", golden[k].law, i, (long long)ns);
    }
  }
}

/* ---- latency --------------------------------------------------------------------------------- */

enum { N = 100000 };

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Mean and quartiles in ms of 100,000 draws; the bounds hold beyond any reasonable doubt. */
static void require_law(const char *law, double mean, double low, double half, double high) {
  struct lc_latency l;
  struct lc_error err;
  int64_t *ns = malloc(N * sizeof *ns);
  double sum = 0;
  assert_int_equal(lc_latency_parse(&l, law, &err), LC_OK);
  for (int i = 0; i < N; i++) {
    ns[i] = lc_latency_draw(&l, 7, i % 50, i / 50);
    assert_true(ns[i] >= l.min_ns);
    sum += (double)ns[i] / 1e6 / N;
  }
  qsort(ns, N, sizeof *ns, by_size);
  const double quartile[] = {low, half, high};
  require(fabs(sum - mean) < 0.03 * mean, "%s: mean %g", law, sum);
  for (int k = 0; k < 3; k++) {
    double q = (double)ns[N / 4 * (k + 1)] / 1e6;
    require(fabs(q - quartile[k]) < 0.03 * quartile[k], "%s: quartile %d is %g", law, k, q);
  }
  free(ns);
}

static void test_laws(void **state) {
  (void)state;
  require_law("uniform:10ms,30ms", 20, 15, 20, 25);
  require_law("exp:20ms", 20, 20 * log(4. / 3), 20 * log(2), 20 * log(4));
  double sigma = 0.5, z = 0.674489750196;
  require_law("lognormal:20ms,0.5", 20 * exp(sigma * sigma / 2), 20 * exp(-sigma * z), 20,
              20 * exp(sigma * z));
}

static void require_printed(const char *text, const char *printed, int64_t min_ns) {
  struct lc_latency l, again;
  struct lc_error err;
  require(lc_latency_parse(&l, text, &err) == LC_OK, "%s: %s", text, err.text);
  char *out = lc_latency_print(&l);
  assert_string_equal(out, printed);
  assert_int_equal(l.min_ns, min_ns);
  assert_int_equal(lc_latency_parse(&again, out, &err), LC_OK);
  assert_memory_equal(&again, &l, sizeof l);
  free(out);
}

static void test_latency_forms(void **state) {
  (void)state;
  require_printed("none", "none", 0);
  require_printed("const:10ms", "const:10ms", 10 * MS);
  require_printed("uniform:5ms,15ms", "uniform:5ms,15ms,min=5ms", 5 * MS);
  require_printed("uniform:0s,15ms,min=1us", "uniform:0s,15ms,min=1us", 1000);
  require_printed("exp:20ms", "exp:20ms,min=20us", 20000);
  require_printed("exp:20ms,min=1ms", "exp:20ms,min=1ms", MS);
  require_printed("exp:3ns", "exp:3ns,min=1ns", 1);
  require_printed("lognormal:20ms,0.5,min=1ms", "lognormal:20ms,0.5,min=1ms", MS);
  require_printed("lognormal:min=2ms,20ms,3/8", "lognormal:20ms,0.375,min=2ms", 2 * MS);
}

static void test_latency_refusals(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "10ms",
                                      "const",
                                      "const:",
                                      "const:5",
                                      "const:-1ms",
                                      "const:1ms,2ms",
                                      "uniform:1ms",
                                      "uniform:2ms,1ms",
                                      "uniform:1ms,2ms,3ms",
                                      "exp:0s",
                                      "exp:1ms,2ms",
                                      "exp:1ms,min=",
                                      "exp:1ms,min=-1ms",
                                      "exp:1ms,min=1ms,min=1ms",
                                      "exp:20d",
                                      "lognormal:1ms",
                                      "lognormal:1ms,nan",
                                      "lognormal:1ms,10.5",
                                      "lognormal:1h,9",
                                      "const:1ms,min=1us",
                                      "gauss:1ms,1ms",
                                      "const:400d",
                                      "exp:1ms,",
                                      ":",
                                      "exp:1ms,min=366d",
                                      "uniform:1ms,2ms,min=5s",
                                      "exp:-5ms",
                                      "uniform:-5ms,1ms"};
  for (size_t i = 0; i < LENGTH(texts); i++) {
    struct lc_latency l = {.a_ns = 77};
    struct lc_error err = {LC_OK, ""};
    require(lc_latency_parse(&l, texts[i], &err) == LC_EUSAGE, "%s is accepted", texts[i]);
    require(strstr(err.text, "--latency") && !strchr(err.text, '\n'), "%s", err.text);
    assert_int_equal(l.a_ns, 77);
  }
}

static void test_reasons(void **state) {
  (void)state;
  static const char *const reasons[][2] = {
      {"const:10", "'10' is not a time with its unit"},
      {"uniform:1ms,2", "'2' is not a time with its unit"},
      {"exp:1ms,min=x", "'x' is not a time with its unit"},
      {"const:-1ms", "no time can be negative"},
      {"exp:-5ms", "no time can be negative"},
      {"uniform:-5ms,1ms", "no time can be negative"},
      {"uniform:1ms,-5ms", "no time can be negative"},
      {"exp:5ms,min=-1ms", "no time can be negative"},
      {"const:10000000000000s", "longer than 365 days"},
      {"uniform:1ms,99999999999999999999999999d", "longer than 365 days"},
      {"exp:1ms,min=10000000000000s", "longer than 365 days"},
      {"lognormal:0s,1", "cannot be 0"},
      {"uniform:2ms,1ms", "the end lies before the start"},
      {"uniform:1ms,2ms,min=5s", "min= lies above the end"},
  };
  for (size_t i = 0; i < LENGTH(reasons); i++) {
    struct lc_latency l;
    struct lc_error err;
    assert_int_equal(lc_latency_parse(&l, reasons[i][0], &err), LC_EUSAGE);
    require(strstr(err.text, reasons[i][0]) && strstr(err.text, reasons[i][1]), "%s", err.text);
  }
}

/* ---- channels -------------------------------------------------------------------------------- */

static void test_channels(void **state) {
  (void)state;
  enum { VMS = 60 };
  static int64_t last[VMS][VMS];
  struct lc_channels channels = {NULL, 0, 0};
  struct draws draws = {5};
  for (int64_t now = 0; now < 40000; now++) {
    int32_t from = (int32_t)draw_below(&draws, VMS), to = (int32_t)draw_below(&draws, VMS);
    int64_t arrival = now + 1 + draw_below(&draws, 5000);
    last[from][to] = arrival > last[from][to] ? arrival : last[from][to];
    assert_int_equal(lc_channels_order(&channels, from, to, arrival, now), last[from][to]);
  }
  lc_channels_free(&channels);
}

/* ---- topology -------------------------------------------------------------------------------- */

static lc_status build(struct lc_topology *t, const char *shape, int32_t n_vm, int32_t copies,
                       int32_t first, int32_t n, const char *text, struct lc_error *err) {
  struct lc_topology_rule rule = {.kind = LC_TOPOLOGY_FULL};
  assert_int_equal(lc_topology_rule_parse(&rule, shape, err), LC_OK);
  lc_status status =
      lc_topology_build(t, &rule, SEED, n_vm, copies, first, n, text, text ? strlen(text) : 0, err);
  free(rule.path);
  return status;
}

/* Written out again: is there a channel from a to b? */
static bool linked(const char *shape, int32_t n, int32_t a, int32_t b) {
  int32_t width = 1;
  while (width * width < n)
    width++;
  if (a == b)
    return false;
  if (strcmp(shape, "ring") == 0)
    return (a + 1) % n == b || (b + 1) % n == a;
  if (strcmp(shape, "star") == 0)
    return a == 0 || b == 0;
  if (strcmp(shape, "grid") == 0)
    return abs(a / width - b / width) + abs(a % width - b % width) == 1;
  return true;
}

static void require_shape(const char *shape, int32_t n) {
  struct lc_topology t;
  struct lc_error err;
  int32_t copies = 3, most = 0;
  assert_int_equal(build(&t, shape, n, copies, 0, n * copies, NULL, &err), LC_OK);
  for (int32_t vm = 0; vm < n * copies; vm++) {
    int32_t k = 0;
    for (int32_t b = 0; b < n; b++)
      if (linked(shape, n, vm % n, b)) {
        require(k < lc_topology_degree(&t, vm) && lc_topology_peer(&t, vm, k) == vm / n * n + b,
                "%s of %d: peer %d of VM %d", shape, n, k, vm);
        k++;
      }
    assert_int_equal(lc_topology_degree(&t, vm), k);
    most = k > most ? k : most;
  }
  assert_int_equal(t.max_degree, most);
  lc_topology_free(&t);
}

static void test_shapes(void **state) {
  (void)state;
  static const char *const shapes[] = {"full", "ring", "star", "grid"};
  for (size_t s = 0; s < LENGTH(shapes); s++)
    for (int32_t n = 1; n <= 27; n++)
      require_shape(shapes[s], n);
}

static void test_drawn_peers(void **state) {
  (void)state;
  enum { VMS = 12, COPIES = 2000, K = 5 };
  struct lc_topology all, part;
  struct lc_error err;
  int64_t count[VMS] = {0};
  assert_int_equal(build(&all, "random:5", VMS, COPIES, 0, VMS * COPIES, NULL, &err), LC_OK);
  assert_int_equal(build(&part, "random:5", VMS, COPIES, 31, 100, NULL, &err), LC_OK);
  assert_int_equal(all.max_degree, K);
  assert_int_equal(lc_topology_degree(&part, 0), K); /* of one whose peers are not known, too */
  for (int32_t vm = 0; vm < VMS * COPIES; vm++)
    for (int32_t k = 0; k < K; k++) {
      int32_t peer = lc_topology_peer(&all, vm, k);
      assert_true(peer / VMS == vm / VMS && peer != vm);
      assert_true(k == 0 || peer > lc_topology_peer(&all, vm, k - 1));
      if (vm >= 31 && vm < 131)
        assert_int_equal(lc_topology_peer(&part, vm, k), peer);
      if (vm % VMS == 4)
        count[peer % VMS]++;
    }
  for (int32_t v = 0; v < VMS; v++) /* 5 of 11, in 2,000 draws: 909 +- 22 */
    require(v == 4 ? count[v] == 0 : count[v] > 780 && count[v] < 1040, "VM %d: %lld", v,
            (long long)count[v]);
  lc_topology_free(&all);
  lc_topology_free(&part);
  assert_int_equal(build(&all, "random:12", 12, 1, 0, 12, NULL, &err), LC_EUSAGE);
  assert_int_equal(build(&all, "random:11", 12, 1, 0, 12, NULL, &err), LC_OK);
  for (int32_t k = 0; k < 11; k++)
    assert_int_equal(lc_topology_peer(&all, 5, k), k + (k >= 5));
  lc_topology_free(&all);
}

/* The draws of a VM's peers, by a shuffle of all others. */
static void plain_shuffle(uint64_t seed, int32_t n, int32_t vm, int32_t k, int32_t *peer) {
  int32_t *other = calloc((size_t)n, sizeof *other);
  for (int32_t i = 0; i < n - 1; i++)
    other[i] = i + (i >= vm);
  for (int32_t i = 0; i < k; i++) {
    uint32_t word = lc_draw(seed, LC_DRAW_TOPOLOGY, vm, 0, (uint32_t)i / 4).word[i % 4];
    int32_t j = i + (int32_t)lc_below(word, (uint32_t)(n - 1 - i)), kept = other[i];
    other[i] = other[j];
    other[j] = kept;
    peer[i] = other[i];
  }
  qsort(peer, (size_t)k, sizeof *peer, ascending_ids);
  free(other);
}

static void test_drawn_peers_are_a_shuffle(void **state) {
  (void)state;
  static const int32_t many[] = {1, 2, 4, 5, 15, 16, 17, 18, 40, 149};
  for (size_t i = 0; i < LENGTH(many); i++) {
    struct lc_topology t;
    struct lc_error err;
    int32_t k = many[i], expected[150];
    char shape[32];
    snprintf(shape, sizeof shape, "random:%d", k);
    assert_int_equal(build(&t, shape, 150, 1, 0, 150, NULL, &err), LC_OK);
    for (int32_t vm = 0; vm < 150; vm++) {
      plain_shuffle(SEED, 150, vm, k, expected);
      for (int32_t p = 0; p < k; p++)
        assert_int_equal(lc_topology_peer(&t, vm, p), expected[p]);
    }
    lc_topology_free(&t);
  }
}

/* A VM's peers cost their number, not its square: these would take 20 s. */
static void test_many_drawn_peers(void **state) {
  (void)state;
  struct lc_topology t;
  struct lc_error err;
  clock_t begun = clock();
  assert_int_equal(build(&t, "random:3999", 4000, 1, 0, 2000, NULL, &err), LC_OK);
  double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
  require(seconds < 6, "it took %g s", seconds);
  lc_topology_free(&t);
}

static void test_listed_channels(void **state) {
  (void)state;
  struct lc_topology t;
  struct lc_error err;
  const char *text = "# a ring with a chord\r\n0 1\n 1\t2 # here\n\n2->3\n3 -> 0\n0 1\n0 2";
  assert_int_equal(build(&t, "file:x", 4, 2, 0, 8, text, &err), LC_OK);
  static const int32_t peers[4][3] = {{1, 2, -1}, {0, 2, -1}, {0, 1, 3}, {0, -1, -1}};
  for (int32_t vm = 0; vm < 8; vm++)
    for (int32_t k = 0; k < 3; k++) {
      bool there = k < lc_topology_degree(&t, vm);
      assert_int_equal(there ? lc_topology_peer(&t, vm, k) - vm / 4 * 4 : -1, peers[vm % 4][k]);
    }
  assert_int_equal(t.max_degree, 3);
  lc_topology_free(&t);
}

static void test_bytes(void **state) {
  (void)state;
  struct lc_topology_rule rule = {.kind = LC_TOPOLOGY_GRID};
  assert_true(lc_topology_bytes(&rule, 1000, 500) == 0);
  rule = (struct lc_topology_rule){.kind = LC_TOPOLOGY_RANDOM, .k = 50};
  assert_true(lc_topology_bytes(&rule, 1000, 500) == 500 * 8 + 501 * 50 * 4 + 1000 * 4);
  rule.k = INT32_MAX; /* will be refused, but not for its memory */
  assert_true(lc_topology_bytes(&rule, 3, 3) == 3 * 8 + 4 * 2 * 4 + 3 * 4);
}

static void require_bad_file(const char *shape, const char *text, const char *said) {
  struct lc_topology t;
  struct lc_error err = {LC_OK, ""};
  require(build(&t, shape, 4, 1, 0, 4, text, &err) == LC_EUSAGE, "accepted: %s", text);
  require(strstr(err.text, said) && strstr(err.text, "x"), "%s: %s", said, err.text);
}

static void test_bad_files(void **state) {
  (void)state;
  require_bad_file("file:x", "0 1\n1 2\n2 4\n", "line 3: names a VM that does not exist");
  require_bad_file("file:x", "0 1\n1 99999999999999999999\n", "line 2: names a VM");
  require_bad_file("file:x", "0 1\n1 -> -2\n", "line 2: is not");
  require_bad_file("file:x", "0\n", "line 1: is not");
  require_bad_file("file:x", "0 1 2\n", "line 1: is not");
  require_bad_file("file:x", "a b\n", "line 1: is not");
  require_bad_file("file:x", "0->\n", "line 1: is not");
  require_bad_file("file:x", "2 2\n", "line 1: a VM has no channel to itself");
  require_bad_file("file:x", "", "VM 1 cannot be reached from VM 0");
  require_bad_file("file:x", "0 1\n2 3\n", "VM 2 cannot be reached from VM 0");
  require_bad_file("file:x", "0 -> 1\n1 2\n2 3\n", "VM 0 cannot be reached from VM 1");
  struct lc_topology t;
  struct lc_error err;
  assert_int_equal(build(&t, "file:x,partial", 4, 1, 0, 4, "0 1\n2 3\n", &err), LC_OK);
  lc_topology_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_logarithm_and_exponential),
      cmocka_unit_test(test_normal_quantile),
      cmocka_unit_test(test_same_bits_everywhere),
      cmocka_unit_test(test_laws),
      cmocka_unit_test(test_latency_forms),
      cmocka_unit_test(test_latency_refusals),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_channels),
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_drawn_peers),
      cmocka_unit_test(test_drawn_peers_are_a_shuffle),
      cmocka_unit_test(test_many_drawn_peers),
      cmocka_unit_test(test_listed_channels),
      cmocka_unit_test(test_bad_files),
      cmocka_unit_test(test_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
