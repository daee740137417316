/* Machines that go on from what they were: beside machines that never stopped they do the same
 * ticks at the same times, with the same draws, messages and stamps. */
#include "unit.h"

#include "lcmpi/vm.h"

#define MS INT64_C(1000000)

struct system {
  struct lc_clock_set clocks;
  struct lc_topology topology;
  struct lc_workload load;
  struct lc_rate_rule rates;
  enum lc_phase phase;
  struct lc_vms vms;
  bool by_windows; /* blocks know their deadlines */
  /* what happened since it was last asked for */
  int64_t n_event, lateness;
  uint64_t sum;
  struct lc_digest digest;
};

static void set_up(struct system *s, uint64_t seed, int32_t n_vm, const char *clocks) {
  struct draws draws = {seed};
  struct lc_error err;
  *s = (struct system){.phase = (enum lc_phase)(seed % 3)};
  lc_clock_set_init(&s->clocks, n_vm);
  assert_int_equal(lc_clock_set_parse(&s->clocks, clocks, &err), LC_OK);
  s->topology = (struct lc_topology){.n_vm = n_vm, .n_replica = 1, .max_degree = n_vm - 1};
  lc_workload_init(&s->load, seed, &s->topology, LC_RECEIVE_OR_ACT, 0.3, 0.2, 3);
  s->rates = (struct lc_rate_rule){.n = 5, .drawn = seed % 2};
  for (int32_t i = 0; i < 5; i++)
    s->rates.rate[i] =
        (struct lc_rate){1 + draw_below(&draws, 60), 1 + draw_below(&draws, i % 2 ? 1 : 9)};
  lc_rate_rule_weigh(&s->rates, NULL);
  lc_vms_init(&s->vms, 0, n_vm, &s->rates, s->phase, &s->load, &s->clocks);
  lc_vms_keep_lateness(&s->vms);
}

static void tear_down(struct system *s) {
  lc_vms_free(&s->vms);
  lc_workload_free(&s->load);
}

/* ---- running ------------------------------------------------------------------------------------
 */

/* Messages take 100 to 600 ms, each by its own number. */
static void sent(void *context, const struct lc_step *step) {
  struct system *s = context;
  for (int32_t i = 0; i < step->n_receiver; i++) {
    int64_t number = step->event.msg_first + i;
    uint64_t draw = lc_hash_id(step->event.machine, number) % (uint64_t)(500 * MS);
    lc_vms_put(&s->vms, step->receiver[i], step->event.machine, number,
               step->event.t_actual + 100 * MS + (int64_t)draw, step->stamps);
  }
}

static void happened(void *context, const struct lc_step *step) {
  struct system *s = context;
  s->n_event++;
  s->lateness += step->event.t_actual - step->event.t_scheduled;
  s->sum += lc_hash_event(lc_hash_id(step->event.machine, step->event.seq), &step->event) +
            (uint64_t)step->event.queue_before * UINT64_C(0x9e3779b97f4a7c15);
}

/* In virtual time: windows no longer than the shortest latency. */
static void run_windows(struct system *s, int64_t begin, int64_t end) {
  struct draws draws = {(uint64_t)end};
  struct lc_sink sink = {.context = s, .sent = sent, .happened = happened, .digest = &s->digest};
  for (int64_t t = begin; t < end;) {
    t += 1 + draw_below(&draws, 100 * MS);
    t = t < end ? t : end;
    for (int32_t block = 0; block < s->vms.n_block; block++)
      lc_vms_run(&s->vms, block, t, &sink);
  }
}

/* In real time: a tick at a time, each a little late. */
static void run_ticks(struct system *s, int64_t end) {
  for (;;) {
    int32_t first = 0;
    for (int32_t v = 1; v < s->vms.n; v++)
      if (s->vms.deadline_ns[v] < s->vms.deadline_ns[first])
        first = v;
    if (s->vms.deadline_ns[first] >= end)
      return;
    struct lc_step step;
    int64_t late = (int64_t)(lc_hash_id(first, lc_vms_vm(&s->vms, first)->n_tick) % 5000);
    lc_vms_step(&s->vms, first, s->vms.deadline_ns[first] + late, &step);
    lc_vms_digest(&s->vms, &step, &s->digest);
    sent(s, &step);
    happened(s, &step);
  }
}

/* ---- going on -----------------------------------------------------------------------------------
 */

/* The messages of one machine, the last first: they may be put in any order. */
static void copy_messages(const struct lc_vms *from, struct lc_vms *to, int32_t vm,
                          const struct lc_node *node) {
  if (!node)
    return;
  copy_messages(from, to, vm, lc_vms_next(from, vm, node));
  lc_vms_put(to, vm, node->sender, node->number, node->t_arrival, node->stamp);
}

static void restore(struct system *to, const struct system *from) {
  int64_t jumps[LC_MAX_CLOCKS];
  for (int32_t v = 0; v < from->vms.n; v++) {
    for (int32_t c = 0; c < from->clocks.n; c++)
      jumps[c] = lc_vms_jump(&from->vms, v, c);
    struct lc_vm_past past = {
        .counts = lc_vms_counts(&from->vms, v),
        .max_queued = lc_vms_vm(&from->vms, v)->max_queued,
        .late = from->vms.late[v],
        .stamps = lc_vms_stamps(&from->vms, v),
        .jump_max = jumps,
    };
    lc_vms_restore(&to->vms, v, &to->rates, to->phase, &past);
    copy_messages(&from->vms, &to->vms, v, lc_vms_first(&from->vms, v));
  }
  lc_vms_restored(&to->vms);
}

static void require_same_messages(const struct system *a, const struct system *b, int32_t v) {
  size_t bytes = (size_t)a->clocks.stamp_words * sizeof(int64_t);
  const struct lc_node *x = lc_vms_first(&a->vms, v), *y = lc_vms_first(&b->vms, v);
  for (; x && y; x = lc_vms_next(&a->vms, v, x), y = lc_vms_next(&b->vms, v, y)) {
    assert_int_equal(x->t_arrival, y->t_arrival);
    assert_int_equal(x->sender, y->sender);
    assert_int_equal(x->number, y->number);
    assert_memory_equal(x->stamp, y->stamp, bytes);
  }
  assert_true(!x && !y);
}

static void require_same(const struct system *a, const struct system *b) {
  size_t words = (size_t)(a->clocks.stamp_words + a->clocks.n);
  for (int32_t v = 0; v < a->vms.n; v++) {
    const struct lc_vm *x = lc_vms_vm(&a->vms, v), *y = lc_vms_vm(&b->vms, v);
    struct lc_counts ours = lc_vms_counts(&a->vms, v), theirs = lc_vms_counts(&b->vms, v);
    assert_int_equal(a->vms.deadline_ns[v], b->vms.deadline_ns[v]);
    assert_int_equal(x->remainder, y->remainder);
    assert_int_equal(x->max_queued, y->max_queued);
    assert_memory_equal(&ours, &theirs, sizeof ours);
    assert_memory_equal(&a->vms.late[v], &b->vms.late[v], sizeof *a->vms.late);
    assert_memory_equal(x->word, y->word, (size_t)a->vms.n_word * sizeof *x->word);
    assert_memory_equal(lc_vms_stamps(&a->vms, v), lc_vms_stamps(&b->vms, v),
                        words * sizeof(int64_t));
    require_same_messages(a, b, v);
  }
  for (int32_t block = 0; block < a->vms.n_block && a->by_windows; block++)
    assert_int_equal(lc_vms_block_deadline(&a->vms, block), lc_vms_block_deadline(&b->vms, block));
  assert_int_equal(a->n_event, b->n_event);
  assert_true(a->sum == b->sum);
  assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
}

static int64_t lateness_of(const struct system *s) {
  int64_t sum = 0;
  for (int32_t v = 0; v < s->vms.n; v++) {
    sum += s->vms.late[v].sum_ns;
    assert_in_range(s->vms.late[v].largest_ns, 0, 5000);
  }
  return sum;
}

static void go_on(uint64_t seed, int32_t n_vm, const char *clocks, int64_t cut, int64_t end,
                  bool by_windows) {
  struct system a, b;
  set_up(&a, seed, n_vm, clocks);
  set_up(&b, seed, n_vm, clocks);
  a.by_windows = b.by_windows = by_windows;
  if (by_windows)
    run_windows(&a, 0, cut);
  else
    run_ticks(&a, cut);
  assert_int_equal(lateness_of(&a), a.lateness);
  restore(&b, &a);
  a.n_event = 0;
  a.sum = 0;
  a.digest = (struct lc_digest){0};
  require_same(&a, &b);
  if (by_windows) {
    run_windows(&a, cut, end);
    run_windows(&b, cut, end);
  } else {
    run_ticks(&a, end);
    run_ticks(&b, end);
  }
  assert_true(a.n_event > 0);
  require_same(&a, &b);
  tear_down(&a);
  tear_down(&b);
}

static void test_going_on(void **state) {
  (void)state;
  static const char *const clocks[] = {"lamport", "vector", "lamport,vector", "vector,lamport"};
  for (uint64_t seed = 0; seed < 40; seed++)
    for (int way = 0; way < 2; way++)
      go_on(seed, 1 + (int32_t)(seed * 7 % 90), clocks[seed % LENGTH(clocks)],
            (int64_t)seed * 333333333, (int64_t)seed * 333333333 + 20000 * MS, way);
  go_on(3, 2 * LC_BLOCK_VMS + 70, "lamport", 777 * MS, 1100 * MS, true);
}

/* ---- tick times ------------------------------------------------------------------------------ */

static void restore_count(struct system *s, int64_t n_tick) {
  static const int64_t zeros[LC_MAX_CLOCKS];
  struct lc_vm_past past = {
      .counts = {.n_tick = n_tick, .n_internal = n_tick}, .stamps = zeros, .jump_max = zeros};
  lc_vms_restore(&s->vms, 0, &s->rates, s->phase, &past);
  lc_vms_restored(&s->vms);
}

/* However far the run was, the deadlines that follow are those of the formula. */
static void test_deadlines(void **state) {
  (void)state;
  static const struct lc_rate rates[] = {
      {7, 3}, {999983, 1000}, {1, 100000}, {100000000, 1}, {3, 1}, {INT64_MAX, INT64_MAX - 1}};
  static const int64_t done[] = {0, 1, 2, 12345, 9000};
  for (size_t k = 0; k < LENGTH(rates); k++)
    for (size_t d = 0; d < LENGTH(done); d++) {
      struct system s;
      set_up(&s, 3 * d + 2, 1, "lamport");
      lc_vms_free(&s.vms);
      s.rates = (struct lc_rate_rule){.n = 1, .rate = {rates[k]}};
      lc_vms_init(&s.vms, 0, 1, &s.rates, s.phase, &s.load, &s.clocks);
      int64_t start = lc_phase_of(s.phase, rates[k], s.load.seed, 0);
      restore_count(&s, done[d]);
      for (int64_t tick = done[d]; tick < done[d] + 3000; tick++) {
        struct lc_step step;
        assert_int_equal(s.vms.deadline_ns[0], lc_tick_time(rates[k], start, tick));
        lc_vms_step(&s.vms, 0, s.vms.deadline_ns[0], &step);
        assert_int_equal(step.event.tick, tick);
      }
      tear_down(&s);
    }
}

/* A tick beyond the end of time never comes. */
static void test_the_end_of_time(void **state) {
  (void)state;
  struct system s;
  set_up(&s, 5, 1, "lamport");
  restore_count(&s, INT64_MAX / 2);
  assert_int_equal(s.vms.deadline_ns[0], INT64_MAX);
  assert_int_equal(lc_vms_block_deadline(&s.vms, 0), INT64_MAX);
  tear_down(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_going_on),
      cmocka_unit_test(test_deadlines),
      cmocka_unit_test(test_the_end_of_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
