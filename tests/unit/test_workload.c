/* What an idle tick does. The draw of a tick is a pure function, so every choice is made twice
 * here: by the workload, and by a plain shuffle of all peers that is slow and easy to see through.
 */
#include "unit.h"

#include "vm/choose.h"

/* A workload on a full network; the topology is the test's for as long as the workload is used. */
static struct lc_topology network[64];
static int n_network;

static void init(struct lc_workload *load, uint64_t seed, int32_t n_vm, double unicast,
                 double multicast, int32_t fanout) {
  struct lc_topology *topology = &network[n_network++ % (int)LENGTH(network)];
  *topology = (struct lc_topology){.n_vm = n_vm, .n_replica = 1, .max_degree = n_vm - 1};
  lc_workload_init(load, seed, topology, LC_RECEIVE_OR_ACT, unicast, multicast, fanout);
}

enum { DRAWS = 60000, MOST_VMS = 40 };

static struct choice choice_of(struct lc_workload *load, int32_t vm, int64_t tick) {
  struct lc_block draw = lc_draw(load->seed, LC_DRAW_OPERATION, vm, (uint64_t)tick, 0);
  return choose(load, vm, tick, &draw);
}

/* A copy of a choice that outlives the next call. */
struct copied {
  enum lc_op op;
  int32_t n;
  int32_t receiver[MOST_VMS];
};

static struct copied copy_of_choice(struct lc_workload *load, int32_t vm, int64_t tick) {
  struct choice choice = choice_of(load, vm, tick);
  struct copied copy = {.op = choice.op, .n = choice.n_receiver};
  for (int32_t i = 0; i < copy.n; i++)
    copy.receiver[i] = choice.receiver[i];
  return copy;
}

/* ---- the reference --------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
  return *(const int32_t *)a - *(const int32_t *)b;
}

static uint32_t stream(uint64_t seed, int32_t vm, int64_t tick, uint32_t i) {
  uint32_t at = i + 2; /* words 2, 3 of block 0, then those of blocks 1, 2, ... */
  return lc_draw(seed, LC_DRAW_OPERATION, vm, (uint64_t)tick, at / 4).word[at % 4];
}

static struct copied expected_multicast(uint64_t seed, int32_t n_vm, int32_t fanout, int32_t vm,
                                        int64_t tick) {
  struct copied choice = {.op = LC_OP_MULTICAST, .n = fanout};
  int32_t peer[MOST_VMS], n = 0;
  for (int32_t v = 0; v < n_vm; v++)
    if (v != vm)
      peer[n++] = v;
  if (choice.n > n)
    choice.n = n;
  for (int32_t i = 0; i < choice.n; i++) {
    int32_t j = i;
    if (choice.n < n)
      j += (int32_t)lc_below(stream(seed, vm, tick, (uint32_t)i), (uint32_t)(n - i));
    int32_t kept = peer[i];
    peer[i] = peer[j];
    peer[j] = kept;
    choice.receiver[i] = peer[i];
  }
  qsort(choice.receiver, (size_t)choice.n, sizeof *choice.receiver, ascending);
  return choice;
}

static struct copied expected(uint64_t seed, int32_t n_vm, int32_t fanout, int32_t vm,
                              int64_t tick) {
  struct lc_block draw = lc_draw(seed, LC_DRAW_OPERATION, vm, (uint64_t)tick, 0);
  double u = (double)draw.word[0] / 0x1p32;
  struct copied choice = {.op = LC_OP_INTERNAL};
  if (n_vm < 2 || u >= 0.2 + 0.1)
    return choice;
  if (u >= 0.2)
    return expected_multicast(seed, n_vm, fanout, vm, tick);
  int32_t peer = (int32_t)lc_below(draw.word[1], (uint32_t)n_vm - 1);
  choice = (struct copied){.op = LC_OP_UNICAST, .n = 1, .receiver = {peer + (peer >= vm)}};
  return choice;
}

static void require_same(struct copied a, struct copied b, int32_t vm, int64_t tick) {
  require(a.op == b.op && a.n == b.n &&
              memcmp(a.receiver, b.receiver, (size_t)a.n * sizeof *a.receiver) == 0,
          "VM %d tick %lld: operation %d to %d peers, expected operation %d to %d peers", vm,
          (long long)tick, (int)a.op, a.n, (int)b.op, b.n);
}

static void test_choices_are_the_reference(void **state) {
  (void)state;
  static const int32_t fanouts[] = {1, 2, 3, 7, 16, 17, 20, LC_FANOUT_ALL};
  for (int32_t n_vm = 1; n_vm <= 30; n_vm++)
    for (size_t f = 0; f < LENGTH(fanouts); f++) {
      struct lc_workload load;
      init(&load, 31, n_vm, 0.2, 0.1, fanouts[f]);
      for (int64_t i = 0; i < 600; i++) {
        int32_t vm = (int32_t)(i % n_vm);
        int64_t tick = i * i * i * i; /* beyond 32 bits, too */
        require_same(copy_of_choice(&load, vm, tick), expected(31, n_vm, fanouts[f], vm, tick), vm,
                     tick);
      }
      lc_workload_free(&load);
    }
}

/* ---- a pure function ------------------------------------------------------------------------- */

/* Were the order of peers not put back after a multicast, later ones would depend on it. */
static void test_same_tick_same_draw(void **state) {
  (void)state;
  struct lc_workload load, other;
  struct draws draws = {41};
  init(&load, 5, 9, 0.2, 0.6, 4);
  init(&other, 5, 9, 0.2, 0.6, 4);
  for (int i = 0; i < 3000; i++) {
    int32_t vm = (int32_t)draw_below(&draws, 9);
    int64_t tick = draw_below(&draws, 50);
    struct copied first = copy_of_choice(&load, vm, tick);
    require_same(copy_of_choice(&load, vm, tick), first, vm, tick);
    struct lc_workload fresh;
    init(&fresh, 5, 9, 0.2, 0.6, 4);
    require_same(copy_of_choice(&fresh, vm, tick), first, vm, tick);
    lc_workload_free(&fresh);
    copy_of_choice(&other, (vm + 1) % 9, tick + 1); /* another history of calls */
    require_same(copy_of_choice(&other, vm, tick), first, vm, tick);
  }
  lc_workload_free(&load);
  lc_workload_free(&other);
}

static void test_order_is_put_back(void **state) {
  (void)state;
  struct lc_workload load;
  init(&load, 6, 40, 0, 1, 20); /* a large fan-out: a small one needs no array */
  for (int64_t tick = 0; tick < 500; tick++) {
    choice_of(&load, (int32_t)(tick % 40), tick);
    for (int32_t i = 0; i < 39; i++)
      assert_int_equal(load.order[i], i);
  }
  lc_workload_free(&load);
}

static void test_seeds_and_vms_differ(void **state) {
  (void)state;
  struct lc_workload a, b;
  int same_seed = 0, same_vm = 0;
  init(&a, 1, 10, 1, 0, 1);
  init(&b, 2, 10, 1, 0, 1);
  for (int64_t tick = 0; tick < 900; tick++) {
    same_seed += copy_of_choice(&a, 0, tick).receiver[0] == copy_of_choice(&b, 0, tick).receiver[0];
    same_vm += copy_of_choice(&a, 0, tick).receiver[0] == copy_of_choice(&a, 1, tick).receiver[0];
  }
  assert_in_range(same_seed, 50, 150); /* one in nine by chance */
  assert_in_range(same_vm, 40, 150);
  lc_workload_free(&a);
  lc_workload_free(&b);
}

/* ---- frequencies ----------------------------------------------------------------------------- */

static void test_operations_and_peers(void **state) {
  (void)state;
  static const double shares[] = {0, 0.2, 0.1, 0.7};
  static const double quarter[] = {.25, .25, 0, .25, .25};
  struct lc_workload load;
  int64_t op[4] = {0}, peer[5] = {0};
  init(&load, 51, 5, 0.2, 0.1, 2);
  for (int64_t tick = 0; tick < DRAWS; tick++) {
    struct choice choice = choice_of(&load, 2, tick);
    op[choice.op]++;
    if (choice.op == LC_OP_UNICAST)
      peer[choice.receiver[0]]++;
  }
  require(frequencies_fit(op, shares, 4), "operations do not follow their weights");
  require(frequencies_fit(peer, quarter, 5), "a unicast's peers are not uniform");
  lc_workload_free(&load);
}

static void test_extreme_weights(void **state) {
  (void)state;
  static const enum lc_op op[] = {LC_OP_UNICAST, LC_OP_MULTICAST, LC_OP_INTERNAL};
  for (int i = 0; i < 3; i++) {
    struct lc_workload load;
    init(&load, 52, 4, i == 0, i == 1, 2);
    for (int64_t tick = 0; tick < 20000; tick++)
      assert_int_equal(choice_of(&load, 1, tick).op, op[i]);
    lc_workload_free(&load);
  }
}

static void test_multicast_pairs_are_uniform(void **state) {
  (void)state;
  struct lc_workload load;
  int64_t pair[36] = {0}, count[15];
  double share[15];
  int n = 0;
  init(&load, 53, 6, 0, 1, 2);
  for (int64_t tick = 0; tick < DRAWS; tick++) {
    struct choice choice = choice_of(&load, 3, tick);
    assert_int_equal(choice.n_receiver, 2);
    assert_true(choice.receiver[0] >= 0 && choice.receiver[0] < choice.receiver[1] &&
                choice.receiver[1] < 6 && choice.receiver[0] != 3 && choice.receiver[1] != 3);
    pair[choice.receiver[0] * 6 + choice.receiver[1]]++;
  }
  for (int a = 0; a < 6; a++)
    for (int b = a + 1; b < 6; b++)
      if (a != 3 && b != 3) {
        share[n] = 0.1;
        count[n++] = pair[a * 6 + b];
      }
  assert_int_equal(n, 10);
  require(frequencies_fit(count, share, n), "a multicast's pairs are not uniform");
  lc_workload_free(&load);
}

/* ---- few peers, many receivers --------------------------------------------------------------- */

static void test_receivers_are_distinct_and_ascending(void **state) {
  (void)state;
  for (int32_t n_vm = 2; n_vm <= MOST_VMS; n_vm += 3)
    for (int32_t fanout = 1; fanout <= n_vm + 1; fanout += 2) {
      struct lc_workload load;
      init(&load, 61, n_vm, 0, 1, fanout);
      for (int64_t tick = 0; tick < 30; tick++) {
        int32_t vm = (int32_t)(tick % n_vm), before = -1;
        struct choice choice = choice_of(&load, vm, tick);
        assert_int_equal(choice.n_receiver, fanout < n_vm ? fanout : n_vm - 1);
        for (int32_t i = 0; i < choice.n_receiver; i++) {
          assert_true(choice.receiver[i] > before && choice.receiver[i] < n_vm &&
                      choice.receiver[i] != vm);
          before = choice.receiver[i];
        }
      }
      lc_workload_free(&load);
    }
}

static void test_fanout_all(void **state) {
  (void)state;
  struct lc_workload load;
  init(&load, 62, 7, 0, 1, LC_FANOUT_ALL);
  for (int32_t vm = 0; vm < 7; vm++) {
    struct choice choice = choice_of(&load, vm, vm);
    assert_int_equal(choice.n_receiver, 6);
    for (int32_t i = 0; i < 6; i++)
      assert_int_equal(choice.receiver[i], i + (i >= vm));
  }
  lc_workload_free(&load);
}

static void test_alone(void **state) {
  (void)state;
  struct lc_workload load;
  init(&load, 63, 1, 0.5, 0.5, 2);
  for (int64_t tick = 0; tick < 1000; tick++) {
    struct choice choice = choice_of(&load, 0, tick);
    assert_int_equal(choice.op, LC_OP_INTERNAL);
    assert_int_equal(choice.n_receiver, 0);
  }
  assert_true(lc_workload_messages_per_tick(&load, load.topology->max_degree) == 0);
  lc_workload_free(&load);
}

static void test_two(void **state) {
  (void)state;
  struct lc_workload load;
  int64_t count[4] = {0};
  init(&load, 64, 2, 0.2, 0.1, 2);
  for (int64_t tick = 0; tick < 2000; tick++)
    for (int32_t vm = 0; vm < 2; vm++) {
      struct choice choice = choice_of(&load, vm, tick);
      count[choice.op]++;
      assert_int_equal(choice.n_receiver, choice.op != LC_OP_INTERNAL);
      if (choice.n_receiver)
        assert_int_equal(choice.receiver[0], 1 - vm);
    }
  assert_true(count[LC_OP_UNICAST] && count[LC_OP_MULTICAST] && count[LC_OP_INTERNAL]);
  lc_workload_free(&load);
}

static void require_mean(int32_t n_vm, int32_t fanout, double mean) {
  struct lc_workload load;
  init(&load, 65, n_vm, 0.2, 0.1, fanout);
  double got = lc_workload_messages_per_tick(&load, load.topology->max_degree);
  require(got > mean - 1e-8 && got < mean + 1e-8, "%d VMs: %g messages a tick, not %g", n_vm, got,
          mean);
  lc_workload_free(&load);
}

/* Of a VM with fewer peers than others: its multicasts are smaller. */
static void test_messages_of_few_peers(void **state) {
  (void)state;
  struct lc_workload load;
  init(&load, 65, 101, 0.2, 0.1, LC_FANOUT_ALL);
  static const double mean[] = {0, 0.3, 0.4, 0.5};
  for (int32_t degree = 0; degree < 4; degree++) {
    double got = lc_workload_messages_per_tick(&load, degree);
    require(got > mean[degree] - 1e-8 && got < mean[degree] + 1e-8,
            "%d peers: %g messages a tick, not %g", degree, got, mean[degree]);
  }
  lc_workload_free(&load);
}

static void test_messages_per_tick(void **state) {
  (void)state;
  require_mean(3, 2, 0.4);
  require_mean(2, 2, 0.3);
  require_mean(10, 5, 0.7);
  require_mean(11, LC_FANOUT_ALL, 1.2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_choices_are_the_reference),
      cmocka_unit_test(test_same_tick_same_draw),
      cmocka_unit_test(test_order_is_put_back),
      cmocka_unit_test(test_seeds_and_vms_differ),
      cmocka_unit_test(test_operations_and_peers),
      cmocka_unit_test(test_extreme_weights),
      cmocka_unit_test(test_multicast_pairs_are_uniform),
      cmocka_unit_test(test_receivers_are_distinct_and_ascending),
      cmocka_unit_test(test_fanout_all),
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_two),
      cmocka_unit_test(test_messages_per_tick),
      cmocka_unit_test(test_messages_of_few_peers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
