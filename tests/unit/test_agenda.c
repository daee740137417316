/* Which VM ticks next: always one with the soonest deadline, the lowest of several; each as often
 * as its rate says. */
#include "unit.h"

#include "lcmpi/workload.h"
#include "pacer/agenda.h"

enum { MOST = 300 };

/* Their deadlines are all that the agenda knows of VMs. */
static struct {
  struct lc_rate rate;
  int64_t phase_ns, tick;
} vm[MOST];

static int64_t due(int32_t v) {
  return lc_tick_time(vm[v].rate, vm[v].phase_ns, vm[v].tick);
}

static struct lc_heap all_due(int32_t n) {
  struct lc_heap agenda = {.n = 0};
  for (int32_t v = 0; v < n; v++)
    agenda_add(&agenda, v, due(v));
  return agenda;
}

static void make_vms(int32_t n, uint64_t seed) {
  static const struct lc_rate rates[] = {{1, 1}, {2, 1}, {3, 1}, {6, 1}, {1, 3}, {7, 2}};
  struct draws draws = {seed};
  for (int32_t v = 0; v < n; v++) {
    vm[v].rate = rates[draw_below(&draws, LENGTH(rates))];
    vm[v].phase_ns = draw_below(&draws, 4) * 250000000;
    vm[v].tick = 0;
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
  make_vms(n, seed);
  struct lc_heap agenda = all_due(n);
  for (int i = 0; i < ticks; i++) {
    int32_t expected = soonest(n), own = agenda_first(&agenda);
    require(own == expected, "tick %d of %d VMs is VM %d's, not VM %d's", i, n, own, expected);
    assert_int_equal(agenda_next(&agenda), due(own));
    vm[own].tick++;
    agenda_moved(&agenda, due(own));
  }
  free(agenda.item);
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
  make_vms(37, 1);
  for (int32_t v = 0; v < 37; v++) {
    vm[v].rate = (struct lc_rate){1, 1};
    vm[v].phase_ns = 0;
  }
  struct lc_heap agenda = all_due(37);
  for (int round = 0; round < 5; round++)
    for (int32_t v = 0; v < 37; v++) {
      assert_int_equal(agenda_first(&agenda), v);
      assert_int_equal(agenda_next(&agenda), round * LC_NS_PER_S);
      vm[v].tick++;
      agenda_moved(&agenda, due(v));
    }
  free(agenda.item);
}

static void test_nobody(void **state) {
  (void)state;
  make_vms(0, 1);
  struct lc_heap agenda = all_due(0);
  assert_int_equal(agenda_next(&agenda), INT64_MAX);
  free(agenda.item);
}

/* A VM whose next tick is beyond the range of time gives way to all others. */
static void test_end_of_time(void **state) {
  (void)state;
  make_vms(3, 5);
  struct lc_heap agenda = all_due(3);
  int32_t first = agenda_first(&agenda);
  agenda_moved(&agenda, INT64_MAX);
  for (int i = 0; i < 50; i++) {
    int32_t own = agenda_first(&agenda);
    assert_int_not_equal(own, first);
    vm[own].tick++;
    agenda_moved(&agenda, due(own));
  }
  agenda_moved(&agenda, INT64_MAX);
  agenda_moved(&agenda, INT64_MAX);
  assert_int_equal(agenda_next(&agenda), INT64_MAX);
  free(agenda.item);
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
