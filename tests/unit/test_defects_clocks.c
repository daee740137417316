/* The verifier on broken histories: stamps, snapshots, cycles; the witness; rows of any kind. Each
 * kind of defect is planted at random places of many histories; the check that is meant for it must
 * fail, with a witness that names the machine and the tick. */
#include "plant.h"

/* ---- clocks ---------------------------------------------------------------------------------- */

enum { LAMPORT, VECTOR };

static int64_t *stamp_at(const struct lc_history *h, int clock, int64_t event) {
  return h->clock[clock].stamp + event * h->clock[clock].words;
}

static bool stand_still(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, has_before);
  int clock = (int)draw_below(draws, 2);
  memcpy(stamp_at(h, clock, at), stamp_at(h, clock, at - 1),
         (size_t)h->clock[clock].words * sizeof(int64_t));
  if (clock == LAMPORT)
    expect(expected, "clock lamport", "do not grow");
  else /* an earlier event may be the first that seems to know this one */
    expect(expected, "clock vector", "");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool jumps_at(const struct lc_history *h, int64_t at) {
  return is_receive(h, at) && (!has_before(h, at) || *stamp_at(h, LAMPORT, send_of(h, at)) >
                                                         *stamp_at(h, LAMPORT, at - 1));
}

/* A receive with the stamp of its send, as a clock has it that forgets to advance. */
static bool receive_at_the_time_of_the_send(struct lc_history *h, struct draws *draws,
                                            struct expected *expected) {
  int64_t at = pick(h, draws, jumps_at);
  if (at < 0)
    return false;
  *stamp_at(h, LAMPORT, at) = *stamp_at(h, LAMPORT, send_of(h, at));
  expect(expected, "clock lamport", "sends what is received by");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool learns_at(const struct lc_history *h, int64_t at) {
  if (!is_receive(h, at) || !has_before(h, at))
    return false;
  const int64_t *before = stamp_at(h, VECTOR, at - 1), *after = stamp_at(h, VECTOR, at);
  for (int32_t i = 0; i < h->n_vm; i++)
    if (i != h->event[at].machine && after[i] > before[i])
      return true;
  return false;
}

static bool forget_to_merge(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, learns_at);
  if (at < 0)
    return false;
  int64_t *stamp = stamp_at(h, VECTOR, at);
  memcpy(stamp, stamp_at(h, VECTOR, at - 1), (size_t)h->n_vm * sizeof *stamp);
  stamp[h->event[at].machine]++;
  expect(expected, "clock vector", "sends what is received by");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool is_last(const struct lc_history *h, int64_t at) {
  return !has_after(h, at) && !is_send(h, at);
}

/* The last event of a machine, which nothing follows, claims to know the last event of another,
 * which nothing follows either, or one of a third that is new to it with that. */
static bool know_too_much(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_last);
  if (at < 0)
    return false;
  int32_t vm = h->event[at].machine, other = (vm + 1) % h->n_vm;
  const struct lc_machine *machine = &h->machine[other];
  int64_t *stamp = stamp_at(h, VECTOR, at), known = stamp[other];
  if (known >= machine->n_event)
    return false;
  const int64_t *more = stamp_at(h, VECTOR, machine->first_event + known);
  for (int32_t i = 0; i < h->n_vm; i++)
    if (more[i] > stamp[i])
      stamp[i] = more[i];
  expect(expected, "clock vector", "did not happen before");
  snprintf(expected->witness[1], TEXT, "did not happen before VM %d tick %lld (", vm,
           (long long)h->event[at].tick);
  return true;
}

static void test_clocks(void **state) {
  (void)state;
  plant_everywhere(stand_still);
  plant_everywhere(receive_at_the_time_of_the_send);
  plant_everywhere(forget_to_merge);
  plant_everywhere(know_too_much);
}

/* A scalar clock that says it characterizes happened-before is found out on any history. */
static bool claim_to_characterize(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  (void)draws;
  h->clock[LAMPORT].characterizes = true;
  expect(expected, "clock lamport", "did not happen before");
  return true;
}

static void test_false_claims(void **state) {
  (void)state;
  plant_everywhere(claim_to_characterize);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

/* A random state of a random machine that has done something by then. */
static int64_t pick_state(const struct lc_history *h, struct draws *draws) {
  int64_t n = (int64_t)h->n_vm * h->n_snapshot, at = draw_below(draws, n);
  while (h->state[at].n_event == 0)
    at = (at + 1) % n;
  return at;
}

static void expect_state(struct expected *expected, const struct lc_history *h, int64_t at) {
  expect(expected, "snapshots", "");
  snprintf(expected->witness[0], TEXT, "snapshot %lld", (long long)(at % h->n_snapshot));
  snprintf(expected->witness[1], TEXT, "VM %lld", (long long)(at / h->n_snapshot));
}

static bool miscount_a_state(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_state(h, draws), off = draw_below(draws, 2) ? 1 : -1;
  switch (draw_below(draws, 3)) {
  case 0:
    h->state[at].n_internal += off;
    break;
  case 1:
    h->state[at].n_sent += off;
    break;
  default:
    h->state[at].n_received += off;
  }
  expect_state(expected, h, at);
  return true;
}

static bool count_too_many_events(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = pick_state(h, draws);
  h->state[at].n_event = h->machine[at / h->n_snapshot].n_event + 1;
  expect_state(expected, h, at);
  return true;
}

static bool count_backwards(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int32_t vm = (int32_t)draw_below(draws, h->n_vm);
  int64_t at = (int64_t)(vm + 1) * h->n_snapshot - 1; /* its last state */
  if (h->state[at - 1].n_event == 0)
    return false;
  h->state[at].n_event = h->state[at - 1].n_event - 1;
  expect_state(expected, h, at);
  return true;
}

static bool change_a_state_stamp(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t at = pick_state(h, draws);
  int clock = (int)draw_below(draws, 2);
  int64_t words = h->clock[clock].words;
  h->clock[clock].state_stamp[at * words + draw_below(draws, words)]++;
  expect_state(expected, h, at);
  snprintf(expected->witness[0], TEXT, "snapshot %lld has other stamps",
           (long long)(at % h->n_snapshot));
  return true;
}

/* The whole state as it was after `n` events: right in itself, at the wrong time. */
static void restate(struct lc_history *h, int64_t at, int64_t n) {
  int64_t first = h->machine[at / h->n_snapshot].first_event;
  struct lc_state *state = &h->state[at];
  state->n_event = state->n_tick = n;
  state->n_queued += state->n_received; /* all that had arrived */
  state->n_internal = state->n_sent = state->n_received = 0;
  for (int64_t i = 0; i < n; i++) {
    const struct lc_event *e = &h->event[first + i];
    state->n_internal += e->kind == LC_INTERNAL;
    state->n_sent += e->kind == LC_SEND ? e->msg_count : 0;
    state->n_received += e->kind == LC_RECEIVE;
  }
  state->n_queued -= state->n_received;
  for (int clock = LAMPORT; clock <= VECTOR; clock++) {
    int64_t *to = h->clock[clock].state_stamp + at * h->clock[clock].words;
    size_t bytes = (size_t)h->clock[clock].words * sizeof(int64_t);
    if (n)
      memcpy(to, stamp_at(h, clock, first + n - 1), bytes);
    else
      memset(to, 0, bytes);
  }
}

/* Event `seq` of the VM of a state. */
static const struct lc_event *state_event(const struct lc_history *h, int64_t at, int64_t seq) {
  return &h->event[h->machine[at / h->n_snapshot].first_event + seq];
}

static bool take_a_state_too_soon(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = pick_state(h, draws), n = h->state[at].n_event;
  bool is_end = at % h->n_snapshot == h->n_snapshot - 1;
  if (at % h->n_snapshot && h->state[at - 1].n_event == n)
    return false;
  if (!is_end && state_event(h, at, n - 1)->t_actual == h->state[at].t_actual)
    return false; /* may be after it */
  restate(h, at, n - 1);
  expect_state(expected, h, at);
  snprintf(expected->witness[1], TEXT, is_end ? "'s tick %lld" : "lacks its tick %lld",
           (long long)n - 1);
  return true;
}

static bool take_a_state_too_late(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int32_t vm = (int32_t)draw_below(draws, h->n_vm);
  int64_t at = (int64_t)vm * h->n_snapshot + draw_below(draws, h->n_snapshot - 1);
  int64_t n = h->state[at].n_event;
  if (n == h->machine[vm].n_event || h->state[at + 1].n_event == n)
    return false;
  if (state_event(h, at, n)->t_actual == h->state[at].t_actual)
    return false; /* may be before it */
  restate(h, at, n + 1);
  expect_state(expected, h, at);
  snprintf(expected->witness[1], TEXT, "holds its later tick %lld", (long long)n);
  return true;
}

static void test_snapshots(void **state) {
  (void)state;
  plant_everywhere(miscount_a_state);
  plant_everywhere(count_too_many_events);
  plant_everywhere(count_backwards);
  plant_everywhere(change_a_state_stamp);
  plant_everywhere(take_a_state_too_soon);
  plant_everywhere(take_a_state_too_late);
}

static bool miscount_ticks(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_state(h, draws);
  h->state[at].n_tick++;
  expect_state(expected, h, at);
  return true;
}

/* One tick is one event, in a state, too. */
static void test_ticks_of_snapshots(void **state) {
  (void)state;
  plant_everywhere(miscount_ticks);
}

static bool miscount_the_final_queue(struct lc_history *h, struct draws *draws,
                                     struct expected *expected) {
  int64_t at = (draw_below(draws, h->n_vm) + 1) * h->n_snapshot - 1;
  h->state[at].n_queued++;
  expect_state(expected, h, at);
  return true;
}

/* The final state counts the messages that are listed as queued. */
static void test_queues_of_the_final_state(void **state) {
  (void)state;
  plant_everywhere(miscount_the_final_queue);
}

static bool lose_a_state(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_state(h, draws);
  h->state[at].valid = 0;
  expect_state(expected, h, at);
  return true;
}

/* A run that ended has recorded every state up to its end. */
static void test_missing_states(void **state) {
  (void)state;
  plant_everywhere(lose_a_state);
}

/* ---- happened-before ------------------------------------------------------------------------- */

static void test_cycle(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_verdict verdict;
  make_a_cycle(&h);
  assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
  for (int32_t i = 0; i < verdict.n_check; i++) {
    const struct lc_check *check = &verdict.check[i];
    bool cyclic = strcmp(check->name, "happened-before") == 0;
    require((check->n_violation > 0) == cyclic, "%s: %s", check->name, check->witness);
    if (!cyclic)
      continue;
    assert_non_null(strstr(check->witness, "VM 0 tick 0 (RECEIVE"));
    assert_non_null(strstr(check->witness, "VM 1 tick 1 (SEND"));
  }
  lc_history_free(&h);
}

/* A receive of a message that its own machine sends later. */
static void test_cycle_of_one(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_verdict verdict;
  make_a_cycle(&h);
  h.event[0].peer = 0;
  assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
  const struct lc_check *check = check_named(&verdict, "happened-before");
  assert_true(check->n_violation > 0);
  assert_non_null(strstr(check->witness, "VM 0 tick 0"));
  lc_history_free(&h);
}

/* ---- the smallest witness -------------------------------------------------------------------- */

/* The same defect twice: later on machine 0, which is looked at first, and earlier on machine 1. */
static void test_the_earliest_is_the_witness(void **state) {
  (void)state;
  int done = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    simulate(&h, seed, 3);
    int64_t late = h.machine[0].first_event + h.machine[0].n_event - 1;
    int64_t early = h.machine[1].first_event + 1;
    if (h.machine[0].n_event > 3 && h.event[late].t_actual > h.event[early].t_actual) {
      char text[TEXT];
      for (int clock = LAMPORT; clock <= VECTOR; clock++) {
        size_t bytes = (size_t)h.clock[clock].words * sizeof(int64_t);
        memcpy(stamp_at(&h, clock, late), stamp_at(&h, clock, late - 1), bytes);
        memcpy(stamp_at(&h, clock, early), stamp_at(&h, clock, early - 1), bytes);
      }
      h.event[late].t_scheduled--;
      h.event[early].t_scheduled--;
      snprintf(text, sizeof text, "VM 1 tick 1 (");
      assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
      static const char *const names[] = {"ticks", "clock lamport", "clock vector"};
      for (size_t i = 0; i < LENGTH(names); i++) {
        const struct lc_check *check = check_named(&verdict, names[i]);
        assert_true(check->n_violation >= 2);
        require(strstr(check->witness, text), "%s: %s", check->name, check->witness);
        if (i < 2) /* an event before it may be the first that seems to know it */
          assert_int_equal(check->t_witness, h.event[early].t_actual);
      }
      done++;
    }
    lc_history_free(&h);
  }
  assert_true(done > 4);
}

/* ---- any row ------------------------------------------------------------------------ */

/* Any field of any row may be anything. What the verdict is does not matter here. */
static void test_random_rows_are_survived(void **state) {
  (void)state;
  static const int64_t extremes[] = {INT64_MIN, INT64_MAX, -1, 0, 1, INT64_C(1) << 40};
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    struct draws draws = {seed};
    simulate(&h, seed % 10, 3);
    h.ended = seed % 3 != 0;
    for (int i = 0; i < 3; i++) {
      struct lc_event *e = &h.event[draw_below(&draws, h.n_event)];
      int64_t *const words[] = {&e->seq,      &e->tick,      &e->t_scheduled,
                                &e->t_actual, &e->t_arrival, &e->msg_first};
      int32_t *const ints[] = {&e->peer, &e->msg_count, &e->queue_before, &e->queue_after};
      *words[draw_below(&draws, 6)] = extremes[draw_below(&draws, 6)];
      *ints[draw_below(&draws, 4)] = (int32_t)extremes[draw_below(&draws, 5)];
      struct lc_sent *sent = &h.sent[draw_below(&draws, h.n_sent)];
      *(draw_below(&draws, 2) ? &sent->send_seq : &sent->t_send) = extremes[draw_below(&draws, 6)];
      struct lc_state *s = &h.state[draw_below(&draws, 3 * h.n_snapshot)];
      s->n_event = extremes[draw_below(&draws, 6)];
    }
    lc_verify(&h, &verdict);
    lc_history_free(&h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clocks),
      cmocka_unit_test(test_false_claims),
      cmocka_unit_test(test_snapshots),
      cmocka_unit_test(test_ticks_of_snapshots),
      cmocka_unit_test(test_queues_of_the_final_state),
      cmocka_unit_test(test_missing_states),
      cmocka_unit_test(test_cycle),
      cmocka_unit_test(test_cycle_of_one),
      cmocka_unit_test(test_the_earliest_is_the_witness),
      cmocka_unit_test(test_random_rows_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
