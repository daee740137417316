/* Which VM ticks next: always one with the soonest deadline, the lowest of several; each as often
 * as its rate says. */
#include "unit.h"

#include "pacer/real.h"

enum { MOST = 300 };

/* Their deadlines are all that the agenda knows of VMs. */
static struct {
  struct lc_rate rate;
  int64_t phase_ns, tick;
} vm[MOST];
static int64_t deadline[MOST];
static struct lc_vms vms;

static int64_t due(int32_t v) {
  return deadline[v] = lc_tick_time(vm[v].rate, vm[v].phase_ns, vm[v].tick);
}

static void make_vms(struct lc_world *world, int32_t n, uint64_t seed) {
  static const struct lc_rate rates[] = {{1, 1}, {2, 1}, {3, 1}, {6, 1}, {1, 3}, {7, 2}};
  struct draws draws = {seed};
  vms = (struct lc_vms){.n = n, .deadline_ns = deadline};
  *world = (struct lc_world){.n_vm = n, .vms = &vms};
  for (int32_t v = 0; v < n; v++) {
    vm[v].rate = rates[draw_below(&draws, LENGTH(rates))];
    vm[v].phase_ns = draw_below(&draws, 4) * 250000000;
    vm[v].tick = 0;
    due(v);
  }
}

/* The plain way: all are looked at. */
static int32_t soonest(int32_t n) {
  int32_t first = 0;
  for (int32_t v = 1; v < n; v++)
    if (due(v) < due(first))
      first = v;
  return first;
}

static void run_agenda(int32_t n, uint64_t seed, int ticks) {
  struct lc_world world;
  struct agenda agenda;
  make_vms(&world, n, seed);
  agenda_init(&agenda, &world);
  for (int i = 0; i < ticks; i++) {
    int32_t expected = soonest(n), own = agenda.entry[0].own;
    require(own == expected, "tick %d of %d VMs is VM %d's, not VM %d's", i, n, own, expected);
    assert_int_equal(agenda_next(&agenda), due(own));
    vm[own].tick++;
    agenda_moved(&agenda, due(own));
  }
  agenda_free(&agenda);
}

static void test_soonest_first(void **state) {
  (void)state;
  for (int32_t n = 1; n <= 20; n++)
    run_agenda(n, (uint64_t)n, 400);
  run_agenda(MOST, 99, 5000);
}

/* All due at once tick in the order of their numbers. */
static void test_ties(void **state) {
  (void)state;
  struct lc_world world;
  struct agenda agenda;
  make_vms(&world, 37, 1);
  for (int32_t v = 0; v < 37; v++) {
    vm[v].rate = (struct lc_rate){1, 1};
    vm[v].phase_ns = 0;
    due(v);
  }
  agenda_init(&agenda, &world);
  for (int round = 0; round < 5; round++)
    for (int32_t v = 0; v < 37; v++) {
      assert_int_equal(agenda.entry[0].own, v);
      assert_int_equal(agenda_next(&agenda), round * LC_NS_PER_S);
      vm[v].tick++;
      agenda_moved(&agenda, due(v));
    }
  agenda_free(&agenda);
}

static void test_nobody(void **state) {
  (void)state;
  struct lc_world world;
  struct agenda agenda;
  make_vms(&world, 0, 1);
  agenda_init(&agenda, &world);
  assert_int_equal(agenda_next(&agenda), INT64_MAX);
  agenda_free(&agenda);
}

/* A VM whose next tick is beyond the range of time gives way to all others. */
static void test_end_of_time(void **state) {
  (void)state;
  struct lc_world world;
  struct agenda agenda;
  make_vms(&world, 3, 5);
  agenda_init(&agenda, &world);
  int32_t first = agenda.entry[0].own;
  agenda_moved(&agenda, INT64_MAX);
  for (int i = 0; i < 50; i++) {
    int32_t own = agenda.entry[0].own;
    assert_int_not_equal(own, first);
    vm[own].tick++;
    agenda_moved(&agenda, due(own));
  }
  agenda_moved(&agenda, INT64_MAX);
  agenda_moved(&agenda, INT64_MAX);
  assert_int_equal(agenda_next(&agenda), INT64_MAX);
  agenda_free(&agenda);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_soonest_first),
      cmocka_unit_test(test_ties),
      cmocka_unit_test(test_nobody),
      cmocka_unit_test(test_end_of_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
