/* The verifier on snapshots: methods that are right are proved right; methods that record without
 * markers or colours are caught, exactly where the plain definition says; and each kind of defect,
 * planted at random places of many histories, is found with a witness that names it. */
#include "plant.h"

enum { HISTORIES = 60 };

static const struct lc_state *state_at(const struct lc_history *h, int32_t vm, int32_t snapshot) {
  return &h->state[(int64_t)vm * h->n_snapshot + snapshot];
}

/* ---- methods that are right ------------------------------------------------------------------ */

static void require_right(const struct lc_history *h, uint64_t seed, enum sim_method method) {
  struct lc_verdict verdict;
  lc_status status = lc_verify(h, &verdict);
  for (int32_t i = 0; i < verdict.n_check; i++)
    require(verdict.check[i].n_violation == 0, "seed %d, %d VMs, method %d, %s: %s", (int)seed,
            h->n_vm, (int)method, verdict.check[i].name, verdict.check[i].witness);
  assert_int_equal(status, LC_OK);
}

/* Some of whose snapshots are not done when the run ends. */
static void test_right_methods(void **state) {
  (void)state;
  static const enum sim_method methods[] = {SIM_CHANDY_LAMPORT, SIM_LAI_YANG, SIM_TIME_CUT};
  for (size_t i = 0; i < LENGTH(methods); i++) {
    int64_t queued = 0, flying = 0, not_done = 0;
    for (uint64_t seed = 0; seed < HISTORIES; seed++) {
      struct lc_history h;
      simulate_by(&h, seed, 2 + (int32_t)(seed % 5), methods[i], seed % 2);
      require_right(&h, seed, methods[i]);
      not_done += h.n_taken < h.n_snapshot - 1;
      for (int64_t k = 0; k < h.n_left; k++) {
        queued += h.left[k].snapshot < h.n_snapshot - 1 && h.left[k].fate == LC_FATE_QUEUED;
        flying += h.left[k].snapshot < h.n_snapshot - 1 && h.left[k].fate == LC_FATE_IN_FLIGHT;
      }
      lc_history_free(&h);
    }
    require(queued > 100 && flying > 100, "%d: %d, %d", (int)i, (int)queued, (int)flying);
    assert_true(methods[i] == SIM_TIME_CUT ? not_done == 0 : not_done > 10);
  }
}

/* The second is begun before the first is done: its first record comes before the last of that. */
static void test_snapshots_overlap(void **state) {
  (void)state;
  int64_t overlaps = 0;
  for (uint64_t seed = 0; seed < HISTORIES; seed++) {
    struct lc_history h;
    simulate_by(&h, seed, 5, SIM_CHANDY_LAMPORT, true);
    for (int32_t v = 1; v < 5 && h.n_taken >= 2; v++)
      overlaps += state_at(&h, v, 0)->t_actual > state_at(&h, 0, 1)->t_actual;
    for (int64_t i = 0; i < h.n_left; i++)
      overlaps += h.left[i].snapshot == 0 && h.left[i].t_arrival > h.t_snapshot[1];
    lc_history_free(&h);
  }
  assert_true(overlaps > 10);
}

/* ---- methods that are wrong ------------------------------------------------------------------ */

/* How many (message, cut) there are that a cut has received but not sent; *first: the first cut. */
static int64_t count_inconsistent(const struct lc_history *h, int32_t *first) {
  int64_t n = 0;
  *first = h->n_snapshot;
  for (int64_t i = 0; i < h->n_event; i++) {
    const struct lc_event *e = &h->event[i];
    if (e->kind != LC_RECEIVE)
      continue;
    int64_t send_seq = row_of(h, e->peer, e->msg_first)->send_seq;
    for (int32_t k = 0; k < h->n_snapshot - 1; k++)
      if (e->seq < state_at(h, e->machine, k)->n_event &&
          send_seq >= state_at(h, e->peer, k)->n_event) {
        n++;
        *first = k < *first ? k : *first;
      }
  }
  return n;
}

/* The witness: a receive before the cut, and its send, which is not. */
static void require_witness(const struct lc_history *h, const char *witness, int32_t cut) {
  char text[TEXT];
  bool found = false;
  snprintf(text, sizeof text, "snapshot %d is no consistent cut", cut);
  require(strstr(witness, text), "%s: %s", text, witness);
  for (int64_t i = 0; i < h->n_event && !found; i++) {
    const struct lc_event *e = &h->event[i];
    if (e->kind != LC_RECEIVE || e->seq >= state_at(h, e->machine, cut)->n_event)
      continue;
    const struct lc_event *send = &h->event[send_of(h, i)];
    if (send->seq < state_at(h, send->machine, cut)->n_event)
      continue;
    snprintf(text, sizeof text, "before it by VM %d tick %lld (RECEIVE, event %lld, %.6f s)",
             e->machine, (long long)e->tick, (long long)e->seq, (double)e->t_actual / 1e9);
    found = strstr(witness, text);
    snprintf(text, sizeof text, "after it by VM %d tick %lld (SEND, event %lld, %.6f s)",
             send->machine, (long long)send->tick, (long long)send->seq,
             (double)send->t_actual / 1e9);
    found = found && strstr(witness, text);
  }
  require(found, "not both events: %s", witness);
}

/* The rows of these are right: only whether the cuts are consistent is in question. */
static void test_records_without_markers(void **state) {
  (void)state;
  static const enum sim_method methods[] = {SIM_AT_RECEIVE, SIM_AT_RANDOM};
  for (size_t i = 0; i < LENGTH(methods); i++) {
    int64_t caught = 0, lucky = 0;
    for (uint64_t seed = 0; seed < 3 * HISTORIES; seed++) {
      struct lc_history h;
      struct lc_verdict verdict;
      int32_t first;
      simulate_by(&h, seed, 2 + (int32_t)(seed % 4), methods[i], false);
      int64_t n = count_inconsistent(&h, &first);
      lc_verify(&h, &verdict);
      const struct lc_check *check = check_named(&verdict, "cuts");
      require((n > 0) == (check->n_violation > 0) && check->n_violation >= n,
              "seed %d, method %d: %d inconsistencies, %d violations: %s", (int)seed, (int)i,
              (int)n, (int)check->n_violation, check->witness);
      if (n)
        require_witness(&h, check->witness, first);
      caught += n > 0;
      lucky += n == 0;
      lc_history_free(&h);
    }
    require(caught > 20 && lucky > 5, "method %d: %d caught, %d not", (int)i, (int)caught,
            (int)lucky);
  }
}

/* Each VM records when a message has reached it, as it is then: queues hold messages that were sent
 * after the cut, and of the channels nothing is known. */
static void test_records_at_an_arrival(void **state) {
  (void)state;
  int64_t from_later = 0, lacking = 0;
  for (uint64_t seed = 0; seed < 3 * HISTORIES; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    simulate_by(&h, seed, 3 + (int32_t)(seed % 3), SIM_AT_ARRIVAL, false);
    assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
    const struct lc_check *check = check_named(&verdict, "cuts");
    assert_true(check->n_violation > 0);
    from_later += strstr(check->witness, ", which was sent after it by VM") != NULL;
    lacking += strstr(check->witness, " lacks message ") != NULL;
    lc_history_free(&h);
  }
  require(from_later > 10 && lacking > 10, "%d, %d", (int)from_later, (int)lacking);
}

/* ---- defects of the rows --------------------------------------------------------------------- */

static void expect_row(struct expected *expected, const struct lc_left *left, const char *what) {
  expect(expected, "cuts", what);
  snprintf(expected->witness[0], TEXT, "snapshot %d has message %lld of VM %d %s VM %d, ",
           left->snapshot, (long long)left->number, left->sender,
           left->fate == LC_FATE_QUEUED ? "in the queue of" : "in flight to", left->machine);
}

static bool lose_a_row(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  const struct lc_left *left = &h->left[at];
  expect(expected, "cuts", "which was sent before it by VM");
  snprintf(expected->witness[0], TEXT, "snapshot %d lacks message %lld of VM %d to VM %d, ",
           left->snapshot, (long long)left->number, left->sender, left->machine);
  remove_left(h, at);
  return true;
}

static bool have_a_row_twice(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  expect_row(expected, &h->left[at], "where it is twice");
  const struct lc_left *left = &h->left[at];
  insert_left(h, left,
              h->machine[left->sender].first_event +
                  row_of(h, left->sender, left->number)->send_seq);
  return true;
}

/* A row of a message that a cut has not sent yet, or has received; false if there is none. */
static bool add_row(struct lc_history *h, struct draws *draws, bool is_received,
                    struct expected *expected) {
  for (int64_t tries = 0; tries < 1000; tries++) {
    int64_t at = draw_below(draws, h->n_event);
    int32_t k = (int32_t)draw_below(draws, h->n_snapshot - 1);
    const struct lc_event *e = &h->event[at];
    if (e->kind != LC_RECEIVE)
      continue;
    const struct lc_event *send = &h->event[send_of(h, at)], *shown = is_received ? e : send;
    bool sent = send->seq < state_at(h, send->machine, k)->n_event;
    bool received = e->seq < state_at(h, e->machine, k)->n_event;
    if (is_received ? !received : sent)
      continue;
    struct lc_left left = {.machine = e->machine,
                           .sender = e->peer,
                           .snapshot = k,
                           .number = e->msg_first,
                           .t_arrival = e->t_arrival,
                           .fate = is_received ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT};
    insert_left(h, &left, send - h->event);
    char text[TEXT];
    snprintf(text, sizeof text, "which was %s it by VM %d tick %lld",
             is_received ? "received before" : "sent after", shown->machine,
             (long long)shown->tick);
    expect_row(expected, &left, text);
    return true;
  }
  return false;
}

static bool have_what_is_sent_later(struct lc_history *h, struct draws *draws,
                                    struct expected *expected) {
  return add_row(h, draws, false, expected);
}

static bool have_what_is_received(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  return add_row(h, draws, true, expected);
}

static bool have_what_was_never_sent(struct lc_history *h, struct draws *draws,
                                     struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  struct lc_left left = h->left[at];
  left.number = h->machine[left.sender].n_sent + draw_below(draws, 3);
  insert_left(h, &left, 0);
  expect_row(expected, &left, "which was never sent");
  return true;
}

static bool be_at_another_vm(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  char text[TEXT];
  snprintf(text, sizeof text, "which was sent to VM %d", h->left[at].machine);
  h->left[at].machine = (h->left[at].machine + 1) % h->n_vm;
  expect_row(expected, &h->left[at], text);
  return true;
}

static bool arrive_at_another_time(struct lc_history *h, struct draws *draws,
                                   struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  h->left[at].t_arrival += draw_below(draws, 2) ? 1 : -1;
  expect_row(expected, &h->left[at], "with the arrival");
  return true;
}

static bool have_another_stamp(struct lc_history *h, struct draws *draws,
                               struct expected *expected) {
  int64_t at = pick_left(h, draws, draw_below(draws, 4) == 0);
  if (at < 0)
    return false;
  const struct lc_history_clock *clock = &h->clock[draw_below(draws, h->n_clock)];
  clock->left_stamp[at * clock->words + draw_below(draws, clock->words)]++;
  expect_row(expected, &h->left[at], "with other stamps than VM");
  return true;
}

static bool be_in_the_other_place(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  struct lc_left *left = &h->left[at];
  if (left->t_arrival == state_at(h, left->machine, left->snapshot)->t_actual)
    return false; /* may be either */
  left->fate = left->fate == LC_FATE_QUEUED ? LC_FATE_IN_FLIGHT : LC_FATE_QUEUED;
  expect_row(expected, left, "where it was not");
  return true;
}

static bool be_lost(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_left(h, draws, false);
  if (at < 0)
    return false;
  h->left[at].fate = LC_FATE_LOST;
  expect_row(expected, &h->left[at], "where it was not");
  return true;
}

static bool be_out_of_order(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t seen = 0, at = -1;
  for (int64_t i = 1; i < h->n_left; i++) {
    const struct lc_left *a = &h->left[i - 1], *b = &h->left[i];
    if (a->snapshot == b->snapshot && a->machine == b->machine && a->fate == b->fate &&
        draw_below(draws, ++seen) == 0)
      at = i;
  }
  if (at < 0)
    return false;
  struct lc_left kept = h->left[at];
  h->left[at] = h->left[at - 1];
  h->left[at - 1] = kept;
  for (int32_t c = 0; c < h->n_clock; c++)
    for (int32_t w = 0; w < h->clock[c].words; w++) {
      int64_t *a = &h->clock[c].left_stamp[(at - 1) * h->clock[c].words + w];
      int64_t *b = a + h->clock[c].words, word = *a;
      *a = *b;
      *b = word;
    }
  expect(expected, "cuts", "not in order");
  snprintf(expected->witness[0], TEXT, "snapshot %d has message %lld", h->left[at].snapshot,
           (long long)h->left[at].number);
  return true;
}

static void test_rows(void **state) {
  (void)state;
  plant_everywhere(lose_a_row);
  plant_everywhere(have_a_row_twice);
  plant_everywhere(have_what_is_sent_later);
  plant_everywhere(have_what_is_received);
  plant_everywhere(have_what_was_never_sent);
  plant_everywhere(be_at_another_vm);
  plant_everywhere(arrive_at_another_time);
  plant_everywhere(have_another_stamp);
  plant_everywhere(be_in_the_other_place);
  plant_everywhere(be_lost);
  plant_everywhere(be_out_of_order);
}

/* ---- defects of the states ------------------------------------------------------------------- */

static int64_t pick_cut(const struct lc_history *h, struct draws *draws, const char *check,
                        const char *text, struct expected *expected) {
  int64_t at = draw_below(draws, (int64_t)h->n_vm * h->n_snapshot);
  expect(expected, check, text);
  snprintf(expected->witness[0], TEXT, "snapshot %lld says that", (long long)(at % h->n_snapshot));
  return at;
}

static bool miscount_a_queue(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_cut(h, draws, "cuts", "messages are in the queue of VM", expected);
  h->state[at].n_queued += draw_below(draws, 2) ? 1 : -1;
  return true;
}

static bool misstate_the_longest(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t at = pick_cut(h, draws, "snapshots", "longest queue was", expected);
  h->state[at].queue_max += draw_below(draws, 2) ? 1 : -1;
  return true;
}

static bool misstate_a_jump(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick_cut(h, draws, "snapshots", "clock lamport has jumped by", expected);
  h->clock[0].state_jump[at] += draw_below(draws, 2) ? 1 : -1;
  return true;
}

static bool misstate_a_digest(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  static const char *const names[] = {"the execution", "the snapshots", "lamport", "vector"};
  int64_t s = draw_below(draws, h->n_snapshot), which = draw_below(draws, 4);
  struct lc_digest *digest = &h->cut_digest[s];
  *(which == 0   ? &digest->execution
    : which == 1 ? &digest->snapshots
                 : &digest->clock[which - 2]) += UINT64_C(1) << 40;
  expect(expected, "digest", "");
  snprintf(expected->witness[0], TEXT, "the digest of %s before snapshot %lld", names[which],
           (long long)s);
  return true;
}

static bool lack_a_state(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = draw_below(draws, (int64_t)h->n_vm * h->n_snapshot);
  h->state[at].valid = 0;
  expect(expected, "cuts", "lacks the state of VM");
  snprintf(expected->witness[0], TEXT, "snapshot %lld is said to be whole",
           (long long)(at % h->n_snapshot));
  return true;
}

/* Its last event was a send or a receive: without it, a row is wrong, or a message is received that
 * was not sent. */
static int64_t shift_a_cut(struct lc_history *h, struct draws *draws) {
  int64_t at = draw_below(draws, (int64_t)h->n_vm * h->n_snapshot), n = h->state[at].n_event;
  const struct lc_event *event = &h->event[h->machine[at / h->n_snapshot].first_event];
  bool is_first = at % h->n_snapshot == 0;
  if (!n || event[n - 1].kind == LC_INTERNAL || (!is_first && h->state[at - 1].n_event == n))
    return -1;
  h->state[at].n_event--;
  return at;
}

static bool count_one_event_less(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t at = shift_a_cut(h, draws);
  expect(expected, "cuts", "message");
  snprintf(expected->witness[0], TEXT, "snapshot %lld ", (long long)(at % h->n_snapshot));
  return at >= 0;
}

static bool digest_one_event_less(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = shift_a_cut(h, draws);
  expect(expected, "digest", "before snapshot");
  return at >= 0;
}

static void test_states(void **state) {
  (void)state;
  plant_everywhere(miscount_a_queue);
  plant_everywhere(misstate_the_longest);
  plant_everywhere(misstate_a_jump);
  plant_everywhere(misstate_a_digest);
  plant_everywhere(lack_a_state);
  plant_everywhere(count_one_event_less);
  plant_everywhere(digest_one_event_less);
}

/* ---- states at moments of their own ---------------------------------------------------------- */

static bool record_before_the_time(struct lc_history *h, struct draws *draws,
                                   struct expected *expected) {
  int64_t at = draw_below(draws, h->n_vm) * h->n_snapshot + draw_below(draws, h->n_snapshot - 1);
  h->state[at].t_actual = h->t_snapshot[at % h->n_snapshot] - 1 - h->error_ns;
  expect(expected, "snapshots", "");
  snprintf(expected->witness[0], TEXT, "snapshot %lld", (long long)(at % h->n_snapshot));
  return true;
}

static void test_moments(void **state) {
  (void)state;
  plant_everywhere(record_before_the_time);
}

/* In a run that ended, a snapshot that was whole may not lack a state; one that was not may, unless
 * it is a time cut. */
static void test_what_may_be_missing(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < HISTORIES; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    simulate_by(&h, seed, 4, SIM_LAI_YANG, true);
    lc_verify(&h, &verdict);
    bool is_whole = h.n_taken == h.n_snapshot - 1;
    assert_int_equal(check_named(&verdict, "snapshots")->n_violation, 0);
    assert_true((check_named(&verdict, "snapshots")->n_unknown > 0) == !is_whole);
    strcpy(h.method, "time-cut");
    if (!is_whole)
      lc_verify(&h, &verdict);
    const struct lc_check *check = check_named(&verdict, "snapshots");
    require(is_whole || check->n_violation > 0, "%s", check->witness);
    lc_history_free(&h);
  }
}

/* ---- without a log --------------------------------------------------------------------------- */

static void forget(struct lc_history *h, int32_t first) {
  struct lc_error err;
  int64_t events = h->machine[first].first_event, sent = h->machine[first].first_sent;
  for (int32_t v = first; v < h->n_vm; v++)
    h->machine[v].logged = false;
  h->n_event = events;
  h->n_sent = sent;
  assert_int_equal(lc_history_index(h, &err), LC_OK);
}

static int64_t cut_violations(const struct lc_history *h, const char *said) {
  struct lc_verdict verdict;
  lc_verify(h, &verdict);
  const struct lc_check *check = check_named(&verdict, "cuts");
  require(!check->n_violation || strstr(check->witness, said), "%s: %s", said, check->witness);
  return check->n_violation;
}

/* What can be judged is: that rows are as many as the states say, agree with each other from cut to
 * cut, and are of messages that the states count as sent. */
static void test_without_a_log(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < HISTORIES; seed++) {
    struct lc_history h;
    simulate(&h, seed, 4);
    forget(&h, seed % 2 ? 2 : 0);
    assert_int_equal(cut_violations(&h, ""), 0);
    struct draws draws = {seed};
    struct lc_left later = {.machine = 2, .sender = 3, .number = 1000000, .fate = LC_FATE_QUEUED};
    int64_t at = insert_left(&h, &later, 0);
    assert_true(cut_violations(&h, "which was sent after it") > 0);
    remove_left(&h, at);
    at = pick_left(&h, &draws, false);
    if (at >= 0) {
      remove_left(&h, at);
      assert_true(cut_violations(&h, "") > 0);
    }
    lc_history_free(&h);
  }
}

/* Files before format 2.0 have no messages of cuts. */
static void test_old_files(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_verdict verdict;
  simulate_by(&h, 1, 4, SIM_RANK_BY_RANK, false);
  assert_int_equal(lc_verify(&h, &verdict), LC_OK);
  assert_null(check_named(&verdict, "cuts"));
  lc_history_free(&h);
}

/* ---- any row --------------------------------------------------------------------------------- */

static void test_random_rows_are_survived(void **state) {
  (void)state;
  static const int64_t extremes[] = {INT64_MIN, INT64_MAX, -1, 0, 1, INT64_C(1) << 40};
  for (uint64_t seed = 0; seed < 300; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    struct draws draws = {seed};
    simulate_by(&h, seed % 10, 3, (enum sim_method)(seed % 3), false);
    h.ended = seed % 4 != 0;
    h.n_taken = seed % 7 ? h.n_taken : INT32_MAX;
    for (int i = 0; i < 3; i++) {
      struct lc_left *left = &h.left[draw_below(&draws, h.n_left)];
      struct lc_state *s = &h.state[draw_below(&draws, 3 * h.n_snapshot)];
      int64_t *const words[] = {&left->number, &left->t_arrival, &s->t_actual, &s->n_event,
                                &s->n_sent,    &s->n_queued,     &s->n_tick};
      int32_t *const ints[] = {&left->snapshot, &left->copy};
      *words[draw_below(&draws, 7)] = extremes[draw_below(&draws, 6)];
      *ints[draw_below(&draws, 2)] = (int32_t)extremes[draw_below(&draws, 5)];
      left->fate = (uint8_t)draw_below(&draws, 6);
      h.sent[draw_below(&draws, h.n_sent)].send_seq = extremes[draw_below(&draws, 6)];
    }
    lc_verify(&h, &verdict);
    lc_history_free(&h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_right_methods),
      cmocka_unit_test(test_snapshots_overlap),
      cmocka_unit_test(test_records_without_markers),
      cmocka_unit_test(test_records_at_an_arrival),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_states),
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_what_may_be_missing),
      cmocka_unit_test(test_without_a_log),
      cmocka_unit_test(test_old_files),
      cmocka_unit_test(test_random_rows_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
