/* One machine, tick by tick, against a trace that was worked out by hand from the rules: a waiting
 * message is taken, else the tick's draw is performed; every event advances the clocks once. */
#include "unit.h"

#include "lcmpi/vm.h"

#define MS INT64_C(1000000)

/* Three machines of rate 5/2 with everything that they stand on; machine 1 is looked at. */
struct bench {
  struct lc_clock_set clocks;
  struct lc_topology topology;
  struct lc_workload load;
  struct lc_rate_rule rates;
  struct lc_vms vms;
};

static void open_bench(struct bench *b, uint64_t seed, int32_t n_vm, const char *clocks) {
  struct lc_error err;
  lc_clock_set_init(&b->clocks, n_vm);
  assert_int_equal(lc_clock_set_parse(&b->clocks, clocks, &err), LC_OK);
  b->topology = (struct lc_topology){.n_vm = n_vm, .n_replica = 1, .max_degree = n_vm - 1};
  lc_workload_init(&b->load, seed, &b->topology, LC_RECEIVE_OR_ACT, 0.2, 0.1, 2);
  b->rates = (struct lc_rate_rule){.n = 1, .rate = {{5, 2}}};
  lc_vms_init(&b->vms, 0, n_vm, &b->rates, LC_PHASE_ZERO, &b->load, &b->clocks);
  b->vms.deadline_ns[1] = 100 * MS; /* a phase that no option gives */
}

static void close_bench(struct bench *b) {
  lc_vms_free(&b->vms);
  lc_workload_free(&b->load);
}

static struct lc_step step_at(struct bench *b, int64_t now) {
  struct lc_step step;
  lc_vms_step(&b->vms, 1, now, &step);
  return step;
}

static void arrive(struct bench *b, int32_t sender, int64_t number, int64_t t_arrival,
                   const int64_t stamp[4]) {
  lc_vms_put(&b->vms, 1, sender, number, t_arrival, stamp);
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
    assert_int_equal(b->vms.deadline_ns[1], trace[tick].due);
    struct lc_step step = step_at(b, trace[tick].now);
    require_event(&step.event, tick);
    require_receivers(&step);
    assert_memory_equal(step.stamps, trace[tick].stamp, sizeof trace[tick].stamp);
    assert_ptr_equal(step.stamps, lc_vms_stamps(&b->vms, 1));
  }
}

static void test_trace(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  run_trace(&b);
  const struct lc_vm *vm = lc_vms_vm(&b.vms, 1);
  struct lc_counts counts = lc_vms_counts(&b.vms, 1);
  assert_int_equal(counts.n_tick, 14);
  assert_int_equal(counts.n_internal, 4);
  assert_int_equal(counts.n_sent, 6);
  assert_int_equal(counts.n_received, 6);
  assert_int_equal(vm->n_queued, 0);
  assert_int_equal(vm->max_queued, 2);
  assert_null(lc_vms_first(&b.vms, 1));
  assert_int_equal(b.vms.deadline_ns[1], 5700 * MS);
  close_bench(&b);
}

/* Of 18 -> 31 -> 2^40 + 1; the vector clock has no one value. */
static void test_jumps(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  run_trace(&b);
  assert_int_equal(lc_vms_jump(&b.vms, 1, 0), (INT64_C(1) << 40) + 1 - 31);
  assert_int_equal(lc_vms_jump(&b.vms, 1, 1), 0);
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
    events[i] = step_at(&reference, reference.vms.deadline_ns[1]).event;
  close_bench(&reference);
  for (size_t k = 0; k < LENGTH(lists); k++) {
    struct bench b;
    open_bench(&b, 8, 3, lists[k]);
    for (int i = 0; i < 200; i++) {
      struct lc_step step = step_at(&b, b.vms.deadline_ns[1]);
      assert_memory_equal(&step.event, &events[i], sizeof step.event);
    }
    close_bench(&b);
  }
}

/* The memory of messages that were taken is that of those that come. */
static void test_memory_is_used_again(void **state) {
  (void)state;
  static const int64_t stamp[4] = {1, 1, 0, 0};
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  for (int round = 0; round < 20; round++) {
    int64_t now = 1000 * MS * (round + 1);
    for (int64_t i = 0; i < 10; i++)
      arrive(&b, 0, 10 * round + i, now + i, stamp);
    for (int i = 0; i < 10; i++)
      assert_int_equal(step_at(&b, now + 10 + i).event.kind, LC_RECEIVE);
    assert_int_equal(b.vms.nodes[0].n_node, 10);
    assert_int_equal(b.vms.nodes[0].n_free, 10);
  }
  close_bench(&b);
}

/* ---- the inbox against a sorted array -------------------------------------------------------- */

enum { KEYS = 3, MOST = 400 };

struct reference {
  int64_t key[MOST][KEYS]; /* arrival, sender, number */
  size_t n;
};

static int by_key(const void *a, const void *b) {
  const int64_t *x = a, *y = b;
  for (int i = 0; i < KEYS; i++)
    if (x[i] != y[i])
      return x[i] < y[i] ? -1 : 1;
  return 0;
}

static void require_inbox(const struct bench *b, int32_t own, const struct reference *r) {
  const struct lc_node *node = lc_vms_first(&b->vms, own);
  for (size_t i = 0; i < r->n; i++, node = lc_vms_next(&b->vms, own, node)) {
    assert_non_null(node);
    assert_true(node->t_arrival == r->key[i][0] && node->sender == r->key[i][1] &&
                node->number == r->key[i][2]);
  }
  assert_null(node);
}

static void put_both(struct bench *b, int32_t own, struct reference *r, int64_t t_arrival,
                     int32_t sender, int64_t number) {
  const int64_t stamp[4] = {number, 0, 0, 0};
  lc_vms_put(&b->vms, own, sender, number, t_arrival, stamp);
  int64_t key[KEYS] = {t_arrival, sender, number};
  memcpy(r->key[r->n++], key, sizeof key);
  qsort(r->key, r->n, sizeof *r->key, by_key);
}

/* A step takes the first that has arrived; what has not yet is behind it. */
static void step_both(struct bench *b, int32_t own, struct reference *r, int64_t now) {
  struct lc_step step;
  int64_t waiting = 0;
  for (size_t i = 0; i < r->n; i++)
    waiting += r->key[i][0] <= now;
  assert_int_equal(lc_vms_arrived(&b->vms, own, now + 1), waiting);
  lc_vms_step(&b->vms, own, now, &step);
  assert_int_equal(step.event.queue_before, waiting);
  assert_int_equal(step.event.kind == LC_RECEIVE, waiting > 0);
  if (!waiting)
    return;
  assert_int_equal(step.event.t_arrival, r->key[0][0]);
  assert_int_equal(step.event.peer, r->key[0][1]);
  assert_int_equal(step.event.msg_first, r->key[0][2]);
  memmove(r->key, r->key + 1, --r->n * sizeof *r->key);
}

static void test_inboxes(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    struct draws draws = {seed};
    struct reference reference[3] = {{.n = 0}, {.n = 0}, {.n = 0}};
    struct bench b;
    open_bench(&b, seed, 3, "lamport,vector");
    int64_t now = 0, puts = 4 + draw_below(&draws, 5);
    for (int i = 0; i < 900; i++) {
      int32_t own = (int32_t)draw_below(&draws, 3);
      struct reference *r = &reference[own];
      if (draw_below(&draws, 10) < puts && r->n < MOST)
        put_both(&b, own, r, now + 1 + draw_below(&draws, 8), (int32_t)draw_below(&draws, 3), i);
      else
        step_both(&b, own, r, now += draw_below(&draws, 4));
      require_inbox(&b, own, r);
    }
    close_bench(&b);
  }
}

/* ---- tick times ------------------------------------------------------------------------------ */

static void test_deadlines(void **state) {
  (void)state;
  static const struct lc_rate rates[] = {
      {7, 3}, {999983, 1000}, {1, 100000}, {100000000, 1}, {3, 1}, {INT64_MAX, INT64_MAX - 1}};
  for (size_t k = 0; k < LENGTH(rates); k++)
    for (int phase = 0; phase < 3; phase++) {
      struct bench b;
      open_bench(&b, 9, 3, "lamport");
      lc_vms_free(&b.vms);
      b.rates.rate[0] = rates[k];
      lc_vms_init(&b.vms, 0, 3, &b.rates, (enum lc_phase)phase, &b.load, &b.clocks);
      int64_t start = lc_phase_of((enum lc_phase)phase, rates[k], 9, 1);
      for (int64_t tick = 0; tick < 10000; tick++) {
        assert_int_equal(b.vms.deadline_ns[1], lc_tick_time(rates[k], start, tick));
        step_at(&b, b.vms.deadline_ns[1]);
      }
      close_bench(&b);
    }
}

/* ---- windows against single ticks ------------------------------------------------------------ */

/* Messages take 100 ms, so a window may be up to that long. */
struct windows {
  struct lc_vms *vms;
  int64_t n_event;
  uint64_t sum;
};

static void sent(void *context, const struct lc_step *step) {
  struct windows *w = context;
  for (int32_t i = 0; i < step->n_receiver; i++)
    lc_vms_put(w->vms, step->receiver[i], step->event.machine, step->event.msg_first + i,
               step->event.t_actual + 100 * MS, step->stamps);
}

static void happened(void *context, const struct lc_step *step) {
  struct windows *w = context;
  w->n_event++;
  w->sum += lc_hash_event(lc_hash_id(step->event.machine, step->event.seq), &step->event);
}

static void open_system(struct bench *b, uint64_t seed, int32_t n_vm, const char *clocks) {
  open_bench(b, seed, n_vm, clocks);
  lc_vms_free(&b->vms);
  b->rates = (struct lc_rate_rule){.n = 5, .rate = {{1, 1}, {50, 1}, {7, 3}, {6, 1}, {3, 1}}};
  lc_vms_init(&b->vms, 0, n_vm, &b->rates, LC_PHASE_RANDOM, &b->load, &b->clocks);
}

static void run_windows(struct bench *b, uint64_t seed, int64_t end, struct windows *w,
                        struct lc_digest *digest) {
  struct draws draws = {seed};
  struct lc_sink sink = {.context = w, .sent = sent, .happened = happened, .digest = digest};
  int64_t ticks = 0;
  for (int64_t t = 0; t < end;) {
    t += 1 + draw_below(&draws, 100 * MS);
    t = t < end ? t : end;
    for (int32_t block = 0; block < b->vms.n_block; block++) {
      ticks += lc_vms_run(&b->vms, block, t, &sink);
      assert_true(lc_vms_block_deadline(&b->vms, block) >= t);
    }
  }
  assert_int_equal(ticks, w->n_event);
}

static void run_ticks(struct bench *b, int64_t end, struct windows *w, struct lc_digest *digest) {
  for (;;) {
    int32_t first = 0;
    for (int32_t v = 1; v < b->vms.n; v++)
      if (b->vms.deadline_ns[v] < b->vms.deadline_ns[first])
        first = v;
    if (b->vms.deadline_ns[first] >= end)
      return;
    struct lc_step step;
    lc_vms_step(&b->vms, first, b->vms.deadline_ns[first], &step);
    lc_vms_digest(&b->vms, &step, digest);
    sent(w, &step);
    happened(w, &step);
  }
}

static void compare_ways(uint64_t seed, int32_t n_vm, int64_t end, const char *clocks) {
  struct bench a, b;
  struct lc_digest by_window = {0}, by_tick = {0};
  open_system(&a, seed, n_vm, clocks);
  open_system(&b, seed, n_vm, clocks);
  struct windows x = {.vms = &a.vms}, y = {.vms = &b.vms};
  run_windows(&a, seed, end, &x, &by_window);
  run_ticks(&b, end, &y, &by_tick);
  assert_int_equal(x.n_event, y.n_event);
  assert_true(x.sum == y.sum);
  assert_memory_equal(&by_window, &by_tick, sizeof by_tick);
  for (int32_t v = 0; v < n_vm; v++) {
    struct lc_counts ours = lc_vms_counts(&a.vms, v), theirs = lc_vms_counts(&b.vms, v);
    assert_memory_equal(&ours, &theirs, sizeof ours);
    assert_int_equal(lc_vms_vm(&a.vms, v)->max_queued, lc_vms_vm(&b.vms, v)->max_queued);
    assert_memory_equal(lc_vms_stamps(&a.vms, v), lc_vms_stamps(&b.vms, v),
                        (size_t)a.clocks.stamp_words * sizeof(int64_t));
  }
  close_bench(&a);
  close_bench(&b);
}

static void test_windows(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 12; seed++)
    compare_ways(seed, 2 + (int32_t)seed * 11, 4000 * MS, seed % 2 ? "lamport" : "vector,lamport");
  compare_ways(5, 2 * LC_BLOCK_VMS + 70, 300 * MS, "lamport");
}

/* Before the first window too, a block knows when its first tick is due: no window is run in vain.
 */
static void test_first_deadline(void **state) {
  (void)state;
  for (int phase = 0; phase < 3; phase++) {
    struct bench b;
    int64_t first = INT64_MAX;
    open_bench(&b, 3, 100, "lamport");
    lc_vms_free(&b.vms);
    lc_vms_init(&b.vms, 0, 100, &b.rates, (enum lc_phase)phase, &b.load, &b.clocks);
    for (int32_t v = 0; v < 100; v++)
      first = b.vms.deadline_ns[v] < first ? b.vms.deadline_ns[v] : first;
    assert_int_equal(lc_vms_block_deadline(&b.vms, 0), first);
    close_bench(&b);
  }
}

static void test_a_new_machine(void **state) {
  (void)state;
  struct bench b;
  open_bench(&b, 3, 3, "lamport,vector");
  assert_int_equal(lc_vms_vm(&b.vms, 1)->n_tick, 0);
  assert_null(lc_vms_first(&b.vms, 1));
  for (int i = 0; i < b.vms.n_word; i++)
    assert_int_equal(lc_vms_vm(&b.vms, 1)->word[i], 0);
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
      cmocka_unit_test(test_memory_is_used_again),
      cmocka_unit_test(test_inboxes),
      cmocka_unit_test(test_deadlines),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_first_deadline),
      cmocka_unit_test(test_a_new_machine),
      cmocka_unit_test(test_kind_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
