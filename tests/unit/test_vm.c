/* One machine, tick by tick, against a trace that was worked out by hand from the rules: a waiting
 * message is taken, else the tick's draw is performed; every event advances the clocks once. */
#include "unit.h"

#include "lcmpi/vm.h"

#define MS INT64_C(1000000)

/* A machine 1 of 3 with everything that it stands on. */
struct bench {
  struct lc_clock_set clocks;
  struct lc_workload load;
  struct lc_message_pool pool;
  struct lc_vm vm;
};

static void open_bench(struct bench *b, uint64_t seed, int32_t n_vm, const char *clocks) {
  struct lc_error err;
  lc_clock_set_init(&b->clocks, n_vm);
  assert_int_equal(lc_clock_set_parse(&b->clocks, clocks, &err), LC_OK);
  lc_workload_init(&b->load, seed, n_vm, 0.2, 0.1, 2);
  lc_message_pool_init(&b->pool, b->clocks.stamp_words);
  lc_vm_init(&b->vm, 1, (struct lc_rate){5, 2}, 100 * MS, &b->clocks);
}

static void close_bench(struct bench *b) {
  lc_vm_free(&b->vm, &b->pool);
  lc_message_pool_free(&b->pool);
  lc_workload_free(&b->load);
}

static void arrive(struct bench *b, int32_t sender, int64_t number, int64_t t_arrival,
                   const int64_t stamp[4]) {
  struct lc_message *message = lc_message_take(&b->pool);
  message->sender = sender;
  message->receiver = 1;
  message->copy = 0;
  message->number = number;
  message->t_arrival = t_arrival;
  memcpy(message->stamp, stamp, (size_t)b->clocks.stamp_words * sizeof *stamp);
  lc_queue_put(&b->vm.inbox, message);
}

/* ---- the trace ------------------------------------------------------------------------------- */

/* What comes in before a tick. The second message arrives before the first, which was put in first.
 */
static const struct {
  int tick;
  int32_t sender;
  int64_t number, t_arrival, stamp[4]; /* lamport, then the vector */
} inbound[] = {
    {2, 0, 0, 830 * MS, {10, 3, 0, 4}},
    {2, 2, 4, 700 * MS, {6, 1, 0, 5}},
    {3, 2, 5, 1000 * MS, {7, 1, 0, 6}},
    {8, 0, 1, 2900 * MS, {12, 4, 1, 4}},
    {11, 2, 6, 4100 * MS, {INT64_C(1) << 40, 5, 2, 9}},
    {11, 0, 2, 4100 * MS, {30, 6, 1, 4}},
};

/* Rate 5/2, phase 0.1 s: tick k is due at 0.1 s + k * 0.4 s. The operations of idle ticks are those
 * that seed 3 draws for machine 1, by an independent computation of the draws. */
static const struct {
  enum lc_kind kind;
  enum lc_op op;
  int32_t peer;
  int64_t msg_first;
  int32_t msg_count, before, after;
  int64_t due, now, t_arrival, stamp[4];
} trace[] = {
    {LC_SEND, LC_OP_MULTICAST, -1, 0, 2, 0, 0, 100 * MS, 100 * MS, 0, {1, 0, 1, 0}},
    {LC_INTERNAL, LC_OP_INTERNAL, -1, 0, 0, 0, 0, 500 * MS, 500 * MS, 0, {2, 0, 2, 0}},
    {LC_RECEIVE, LC_OP_NONE, 2, 4, 1, 2, 1, 900 * MS, 900 * MS, 700 * MS, {7, 1, 3, 5}},
    {LC_RECEIVE, LC_OP_NONE, 0, 0, 1, 2, 1, 1300 * MS, 1303703701, 830 * MS, {11, 3, 4, 5}},
    {LC_RECEIVE, LC_OP_NONE, 2, 5, 1, 1, 0, 1700 * MS, 1700 * MS, 1000 * MS, {12, 3, 5, 6}},
    {LC_INTERNAL, LC_OP_INTERNAL, -1, 0, 0, 0, 0, 2100 * MS, 2100 * MS, 0, {13, 3, 6, 6}},
    {LC_SEND, LC_OP_MULTICAST, -1, 2, 2, 0, 0, 2500 * MS, 2507407402, 0, {14, 3, 7, 6}},
    {LC_INTERNAL, LC_OP_INTERNAL, -1, 0, 0, 0, 0, 2900 * MS, 2900 * MS, 0, {15, 3, 8, 6}},
    {LC_RECEIVE, LC_OP_NONE, 0, 1, 1, 1, 0, 3300 * MS, 3300 * MS, 2900 * MS, {16, 4, 9, 6}},
    {LC_SEND, LC_OP_UNICAST, 2, 4, 1, 0, 0, 3700 * MS, 3711111103, 0, {17, 4, 10, 6}},
    {LC_INTERNAL, LC_OP_INTERNAL, -1, 0, 0, 0, 0, 4100 * MS, 4100 * MS, 0, {18, 4, 11, 6}},
    {LC_RECEIVE, LC_OP_NONE, 0, 2, 1, 2, 1, 4500 * MS, 4500 * MS, 4100 * MS, {31, 6, 12, 6}},
    {LC_RECEIVE,
     LC_OP_NONE,
     2,
     6,
     1,
     1,
     0,
     4900 * MS,
     4914814804,
     4100 * MS,
     {1 + (INT64_C(1) << 40), 6, 13, 9}},
    {LC_SEND,
     LC_OP_UNICAST,
     2,
     5,
     1,
     0,
     0,
     5300 * MS,
     5300 * MS,
     0,
     {2 + (INT64_C(1) << 40), 6, 14, 9}},
};

static void require_event(const struct lc_event *e, int tick) {
  assert_int_equal(e->machine, 1);
  assert_int_equal(e->seq, tick);
  assert_int_equal(e->tick, tick);
  require(e->kind == trace[tick].kind, "tick %d is a %s", tick, lc_kind_name(e->kind));
  assert_int_equal(e->op, trace[tick].op);
  assert_int_equal(e->peer, trace[tick].peer);
  assert_int_equal(e->msg_first, trace[tick].msg_first);
  assert_int_equal(e->msg_count, trace[tick].msg_count);
  assert_int_equal(e->queue_before, trace[tick].before);
  assert_int_equal(e->queue_after, trace[tick].after);
  assert_int_equal(e->t_scheduled, trace[tick].due);
  assert_int_equal(e->t_actual, trace[tick].now);
  assert_int_equal(e->t_arrival, trace[tick].t_arrival);
}

static void require_receivers(const struct lc_step *step) {
  assert_int_equal(step->n_receiver, step->event.kind == LC_SEND ? step->event.msg_count : 0);
  if (step->event.op == LC_OP_UNICAST)
    assert_int_equal(step->receiver[0], step->event.peer);
  if (step->event.op != LC_OP_MULTICAST)
    return;
  assert_int_equal(step->receiver[0], 0);
  assert_int_equal(step->receiver[1], 2);
}

static void run_trace(struct bench *b) {
  for (int tick = 0; tick < (int)LENGTH(trace); tick++) {
    for (size_t i = 0; i < LENGTH(inbound); i++)
      if (inbound[i].tick == tick)
        arrive(b, inbound[i].sender, inbound[i].number, inbound[i].t_arrival, inbound[i].stamp);
    assert_int_equal(lc_vm_deadline(&b->vm), trace[tick].due);
    struct lc_step step = lc_vm_step(&b->vm, &b->load, &b->clocks, &b->pool, trace[tick].now);
    require_event(&step.event, tick);
    require_receivers(&step);
    assert_memory_equal(step.stamps, trace[tick].stamp, sizeof trace[tick].stamp);
    assert_ptr_equal(step.stamps, b->vm.stamps);
  }
}

static void test_trace(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  run_trace(&b);
  assert_int_equal(b.vm.next_tick, 14);
  assert_int_equal(b.vm.n_event, 14);
  assert_int_equal(b.vm.n_internal, 4);
  assert_int_equal(b.vm.n_sent, 6);
  assert_int_equal(b.vm.n_received, 6);
  assert_int_equal(b.vm.inbox.length, 0);
  assert_int_equal(lc_vm_deadline(&b.vm), 5700 * MS);
  close_bench(&b);
}

/* Of 18 -> 31 -> 2^40 + 1; the vector clock has no one value. */
static void test_jumps(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  run_trace(&b);
  int64_t end = 2 + (INT64_C(1) << 40);
  assert_int_equal(b.vm.jumps[0].last, end);
  assert_int_equal(b.vm.jumps[0].sum, end);
  assert_int_equal(b.vm.jumps[0].largest, (INT64_C(1) << 40) + 1 - 31);
  assert_int_equal(b.vm.jumps[1].last, 0);
  assert_int_equal(b.vm.jumps[1].sum, 0);
  assert_int_equal(b.vm.jumps[1].largest, 0);
  close_bench(&b);
}

/* A clock never changes what the machine does. */
static void test_clocks_change_nothing(void **state) {
  (void)state;
  static const char *const lists[] = {"lamport", "vector", "vector,lamport"};
  struct bench reference;
  open_bench(&reference, 8, 3, "lamport,vector");
  struct lc_event events[200];
  for (int i = 0; i < 200; i++)
    events[i] = lc_vm_step(&reference.vm, &reference.load, &reference.clocks, &reference.pool,
                           lc_vm_deadline(&reference.vm))
                    .event;
  close_bench(&reference);
  for (size_t k = 0; k < LENGTH(lists); k++) {
    struct bench b;
    open_bench(&b, 8, 3, lists[k]);
    for (int i = 0; i < 200; i++) {
      struct lc_step step = lc_vm_step(&b.vm, &b.load, &b.clocks, &b.pool, lc_vm_deadline(&b.vm));
      assert_memory_equal(&step.event, &events[i], sizeof step.event);
    }
    close_bench(&b);
  }
}

/* Messages come back to the pool when they are taken, and when the machine goes. */
static void test_messages_are_given_back(void **state) {
  (void)state;
  static const int64_t stamp[4] = {1, 1, 0, 0};
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  for (int64_t i = 0; i < 10; i++)
    arrive(&b, 0, i, i, stamp);
  assert_int_equal(b.pool.n_free, 0);
  for (int i = 0; i < 4; i++)
    lc_vm_step(&b.vm, &b.load, &b.clocks, &b.pool, 9000 * MS);
  assert_int_equal(b.pool.n_free, 4);
  assert_int_equal(b.vm.inbox.length, 6);
  lc_vm_free(&b.vm, &b.pool);
  assert_int_equal(b.pool.n_free, 10);
  lc_message_pool_free(&b.pool);
  lc_workload_free(&b.load);
}

static void test_a_new_machine(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  assert_int_equal(b.vm.next_tick, 0);
  assert_int_equal(b.vm.n_event, 0);
  assert_int_equal(lc_vm_deadline(&b.vm), 100 * MS);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(b.vm.clock_state[i], 0);
    assert_int_equal(b.vm.stamps[i], 0);
  }
  close_bench(&b);
}

static void test_kind_names(void **state) {
  (void)state;
  assert_string_equal(lc_kind_name(LC_EMPTY), "EMPTY");
  assert_string_equal(lc_kind_name(LC_INTERNAL), "INTERNAL");
  assert_string_equal(lc_kind_name(LC_SEND), "SEND");
  assert_string_equal(lc_kind_name(LC_RECEIVE), "RECEIVE");
  assert_string_equal(lc_kind_name(LC_SKIPPED), "SKIPPED");
  assert_string_equal(lc_kind_name(5), "?");
  assert_string_equal(lc_kind_name(255), "?");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trace),
      cmocka_unit_test(test_jumps),
      cmocka_unit_test(test_clocks_change_nothing),
      cmocka_unit_test(test_messages_are_given_back),
      cmocka_unit_test(test_a_new_machine),
      cmocka_unit_test(test_kind_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
