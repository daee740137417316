/* The verifier on correct histories: it finds nothing, it looks at everything, and where a history
 * breaks off it says "unknown" and not "violated". Hundreds of simulated histories are judged. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/verify.h"

enum { SEEDS = 75, MOST_VMS = 5 };

static const struct lc_check *find_check(const struct lc_verdict *verdict, const char *name) {
  for (int32_t i = 0; i < verdict->n_check; i++)
    if (strcmp(verdict->check[i].name, name) == 0)
      return &verdict->check[i];
  fail_msg("there is no check '%s'", name);
  return NULL;
}

static void require_ok(const struct lc_history *h, struct lc_verdict *verdict, uint64_t seed) {
  lc_status status = lc_verify(h, verdict);
  for (int32_t i = 0; i < verdict->n_check; i++) {
    const struct lc_check *check = &verdict->check[i];
    require(check->n_violation == 0, "seed %d, %d VMs, %s: %s", (int)seed, h->n_vm, check->name,
            check->witness);
    assert_string_equal(check->witness, "");
    assert_true(strlen(check->claim) > 0);
  }
  assert_int_equal(status, LC_OK);
}

static void require_all_judged(const struct lc_history *h, uint64_t seed) {
  struct lc_verdict verdict;
  require_ok(h, &verdict, seed);
  for (int32_t i = 0; i < verdict.n_check; i++) {
    assert_int_equal(verdict.check[i].n_unknown, 0);
    bool needs_messages = i >= 1 && i <= 3; /* sends, matching, conservation */
    require(verdict.check[i].n_checked > 0 || (h->n_vm == 1 && needs_messages),
            "seed %d, %d VMs: %s looked at nothing", (int)seed, h->n_vm, verdict.check[i].name);
  }
}

static void test_correct_histories(void **state) {
  (void)state;
  static const enum sim_method methods[] = {SIM_CHANDY_LAMPORT, SIM_LAI_YANG, SIM_TIME_CUT,
                                            SIM_RANK_BY_RANK};
  for (size_t i = 0; i < LENGTH(methods); i++)
    for (int32_t n_vm = 1; n_vm <= MOST_VMS; n_vm++)
      for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct lc_history h;
        simulate_by(&h, seed, n_vm, methods[i], false);
        require_all_judged(&h, seed);
        lc_history_free(&h);
      }
}

/* What was looked at is counted: were half of the events passed over, it would show here. */
static void test_everything_is_looked_at(void **state) {
  (void)state;
  static const char *const names[] = {
      "ticks",         "sends",        "matching",  "conservation", "queues", "happened-before",
      "clock lamport", "clock vector", "snapshots", "cuts",         "digest"};
  struct lc_history h;
  struct lc_verdict verdict;
  int64_t n_send = 0, n_receive = 0, events = 0, n_end = 0;
  simulate(&h, 3, 4);
  require_ok(&h, &verdict, 3);
  assert_int_equal(verdict.n_check, LENGTH(names));
  for (int32_t i = 0; i < verdict.n_check; i++)
    assert_string_equal(verdict.check[i].name, names[i]);
  for (int64_t i = 0; i < h.n_event; i++) {
    n_send += h.event[i].kind == LC_SEND;
    n_receive += h.event[i].kind == LC_RECEIVE;
  }
  for (int64_t i = 0; i < h.n_left; i++)
    n_end += h.left[i].snapshot == h.n_snapshot - 1;
  events = h.n_event;
  assert_true(n_send > 20 && n_receive > 20 && n_end > 0 && h.n_left > n_end);
  assert_int_equal(find_check(&verdict, "ticks")->n_checked, events);
  assert_int_equal(find_check(&verdict, "sends")->n_checked, n_send);
  assert_int_equal(find_check(&verdict, "matching")->n_checked, n_receive + n_end);
  assert_int_equal(find_check(&verdict, "conservation")->n_checked, h.n_sent);
  assert_int_equal(find_check(&verdict, "queues")->n_checked, events);
  assert_int_equal(find_check(&verdict, "happened-before")->n_checked, events);
  assert_int_equal(find_check(&verdict, "clock lamport")->n_checked, events - 4 + n_receive);
  assert_true(find_check(&verdict, "clock vector")->n_checked > events - 4 + n_receive);
  assert_int_equal(find_check(&verdict, "snapshots")->n_checked, 4 * h.n_snapshot);
  assert_int_equal(find_check(&verdict, "cuts")->n_checked,
                   h.n_sent + h.n_left + (4 + 1) * h.n_snapshot); /* states and balances */
  assert_int_equal(find_check(&verdict, "digest")->n_checked, 4 * (h.n_snapshot + 1));
  lc_history_free(&h);
}

/* The simulator must make what the defects of the other test need: waiting messages, ties,
 * snapshots. */
static void test_histories_are_rich(void **state) {
  (void)state;
  int64_t longest = 0, ties = 0, multicasts = 0, late = 0, flying = 0, queued = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    struct lc_history h;
    simulate(&h, seed, 4);
    for (int64_t i = 0; i < h.n_event; i++) {
      const struct lc_event *e = &h.event[i];
      longest = e->queue_before > longest ? e->queue_before : longest;
      multicasts += e->msg_count > 1;
      late += e->t_actual > e->t_scheduled;
      ties +=
          i && e->kind == LC_RECEIVE && e[-1].kind == LC_RECEIVE && e->t_arrival == e[-1].t_arrival;
    }
    flying += h.balance.in_flight;
    queued += h.balance.queued;
    lc_history_free(&h);
  }
  assert_true(longest >= 4 && ties > 20 && multicasts > 100 && late > 500 && flying > 20 &&
              queued > 20);
}

static void test_same_seed_same_history(void **state) {
  (void)state;
  struct lc_history a, b;
  simulate(&a, 9, 5);
  simulate(&b, 9, 5);
  assert_int_equal(a.n_event, b.n_event);
  assert_memory_equal(a.event, b.event, (size_t)a.n_event * sizeof *a.event);
  assert_memory_equal(a.clock[1].stamp, b.clock[1].stamp, (size_t)a.n_event * 5 * 8);
  lc_history_free(&a);
  lc_history_free(&b);
}

/* ---- histories that break off ---------------------------------------------------------------- */

static void test_cut_off_histories(void **state) {
  (void)state;
  int64_t unknown = 0, checked = 0;
  for (int32_t n_vm = 1; n_vm <= MOST_VMS; n_vm++)
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      struct lc_history h;
      struct lc_verdict verdict;
      simulate(&h, seed, n_vm);
      cut_off(&h, seed);
      require_ok(&h, &verdict, seed);
      assert_int_equal(find_check(&verdict, "conservation")->n_unknown, h.n_sent);
      for (int32_t i = 0; i < verdict.n_check; i++) {
        unknown += verdict.check[i].n_unknown;
        checked += verdict.check[i].n_checked;
      }
      lc_history_free(&h);
    }
  assert_true(unknown > 10000 && checked > 100000);
}

/* The last machine wrote nothing at all. */
static int64_t lose_machine_2(struct lc_history *h) {
  int64_t orphans = 0;
  h->ended = h->digested = false;
  h->n_left = h->n_taken = 0;
  h->n_event -= h->machine[2].n_event;
  h->n_sent -= h->machine[2].n_sent;
  h->machine[2].n_event = h->machine[2].n_sent = 0;
  for (int64_t i = 0; i < h->n_event; i++)
    orphans += h->event[i].kind == LC_RECEIVE && h->event[i].peer == 2;
  return orphans;
}

/* What the others received from it cannot be judged, and is counted. */
static void test_unknown_is_counted(void **state) {
  (void)state;
  int64_t all = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    simulate(&h, seed, 3);
    int64_t orphans = lose_machine_2(&h);
    require_ok(&h, &verdict, seed);
    assert_int_equal(find_check(&verdict, "matching")->n_unknown, orphans);
    assert_true(find_check(&verdict, "clock vector")->n_unknown >= orphans);
    assert_true(find_check(&verdict, "snapshots")->n_unknown > 0);
    all += orphans;
    lc_history_free(&h);
  }
  assert_true(all > 50);
}

static void test_nothing_on_file(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_verdict verdict;
  simulate(&h, 5, 3);
  h.ended = h.digested = false;
  h.n_event = h.n_sent = h.n_left = h.n_taken = 0;
  for (int32_t v = 0; v < 3; v++)
    h.machine[v] = (struct lc_machine){.rate = {1, 1}};
  for (int32_t i = 0; i < 3 * h.n_snapshot; i++)
    h.state[i].valid = 0;
  require_ok(&h, &verdict, 5);
  lc_history_free(&h);
}

/* ---- histories without a log ----------------------------------------------------------------- */

/* The counts that the balance is made of, and stamps to hold the last ones against. */
static void count_totals(struct lc_history *h) {
  h->totals = lc_new((size_t)h->n_vm, sizeof *h->totals, "a test");
  for (int64_t i = 0; i < h->n_event; i++) {
    struct lc_vm_totals *totals = &h->totals[h->event[i].machine];
    totals->n_sent += h->event[i].kind == LC_SEND ? h->event[i].msg_count : 0;
    totals->n_received += h->event[i].kind == LC_RECEIVE;
  }
  for (int64_t i = 0; i < h->n_left; i++)
    h->totals[h->left[i].machine].n_queued +=
        h->left[i].snapshot == h->n_snapshot - 1 && h->left[i].fate == LC_FATE_QUEUED;
  for (int32_t c = 0; c < h->n_clock; c++)
    h->clock[c].final_stamp =
        lc_new((size_t)(h->n_vm * h->clock[c].words), sizeof(int64_t), "a test");
}

/* What is left of a history when only the totals and snapshots of its machines were recorded. */
static void forget_the_log(struct lc_history *h) {
  count_totals(h);
  h->n_event = h->n_sent = 0;
  for (int32_t v = 0; v < h->n_vm; v++) {
    h->machine[v].logged = false;
    h->machine[v].n_event = h->machine[v].n_sent = 0;
  }
}

static void require_bad_balance(const struct lc_history *h, const char *said) {
  struct lc_verdict verdict;
  assert_int_equal(lc_verify(h, &verdict), LC_EVERIFY);
  const struct lc_check *check = find_check(&verdict, "conservation");
  assert_true(check && check->n_violation == 1);
  require(strstr(check->witness, said), "%s: %s", said, check->witness);
}

/* What each machine counted is held against the balance, and so is the rest of it. */
static void test_balance_without_a_log(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 30; seed++) {
    struct lc_history h;
    struct lc_verdict verdict;
    simulate(&h, seed, 4);
    forget_the_log(&h);
    require_ok(&h, &verdict, seed);
    assert_int_equal(find_check(&verdict, "ticks")->n_checked, 0);
    assert_int_equal(find_check(&verdict, "conservation")->n_checked, 1);
    struct lc_balance kept = h.balance, *b = &h.balance;
    b->received++;
    require_bad_balance(&h, "is not what the totals of the VMs give");
    *b = kept;
    b->in_flight++;
    require_bad_balance(&h, "does not add up");
    *b = kept;
    b->lost += b->in_flight + 1;
    b->in_flight = -1;
    require_bad_balance(&h, "balance has -1 messages in flight");
    *b = kept;
    b->in_flight += b->lost + 1;
    b->lost = -1;
    require_bad_balance(&h, "and -1 lost");
    lc_history_free(&h);
  }
}

/* What is in flight on file must be in the balance too. */
static void test_balance_with_a_part_of_the_log(void **state) {
  (void)state;
  int64_t planted = 0;
  for (uint64_t seed = 0; seed < 60; seed++) {
    struct lc_history h;
    simulate(&h, seed, 4);
    count_totals(&h);
    h.machine[3].logged = false;
    h.balance.lost = h.balance.in_flight;
    h.balance.in_flight = 0;
    if (h.balance.lost) {
      require_bad_balance(&h, "balance has 0 messages in flight");
      planted++;
    }
    lc_history_free(&h);
  }
  assert_true(planted > 20);
}

/* The states at an early end are on file before the file says that it ended, and when. */
static void test_killed_at_an_early_end(void **state) {
  (void)state;
  struct lc_history h;
  struct lc_verdict verdict;
  simulate(&h, 11, 4);
  h.t_snapshot[h.n_snapshot - 1] += INT64_C(1000000000);
  assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
  assert_true(find_check(&verdict, "snapshots")->n_violation > 0);
  h.ended = false;
  require_ok(&h, &verdict, 11);
  h.clock[0].state_stamp[(h.n_snapshot - 1) * h.clock[0].words]++; /* the rest is judged as ever */
  assert_int_equal(lc_verify(&h, &verdict), LC_EVERIFY);
  assert_non_null(strstr(find_check(&verdict, "snapshots")->witness, "other stamps"));
  lc_history_free(&h);
}

/* ---- indexing -------------------------------------------------------------------------------- */

static void shuffle_events(struct lc_history *h, struct draws *draws) {
  for (int64_t i = h->n_event; i-- > 1;) {
    int64_t j = draw_below(draws, i + 1);
    struct lc_event kept = h->event[i];
    h->event[i] = h->event[j];
    h->event[j] = kept;
    for (int32_t c = 0; c < h->n_clock; c++)
      for (int32_t w = 0; w < h->clock[c].words; w++) {
        int64_t *a = h->clock[c].stamp + i * h->clock[c].words + w;
        int64_t *b = h->clock[c].stamp + j * h->clock[c].words + w, word = *a;
        *a = *b;
        *b = word;
      }
  }
}

static void test_index_sorts_whatever_comes(void **state) {
  (void)state;
  struct draws draws = {81};
  struct lc_error err;
  struct lc_history sorted, h;
  simulate(&sorted, 7, 4);
  simulate(&h, 7, 4);
  shuffle_events(&h, &draws);
  for (int64_t i = h.n_sent; i-- > 1;) {
    int64_t j = draw_below(&draws, i + 1);
    struct lc_sent kept = h.sent[i];
    h.sent[i] = h.sent[j];
    h.sent[j] = kept;
  }
  assert_int_equal(lc_history_index(&h, &err), LC_OK);
  size_t events = (size_t)h.n_event;
  assert_memory_equal(h.event, sorted.event, events * sizeof *h.event);
  assert_memory_equal(h.clock[0].stamp, sorted.clock[0].stamp, events * 8);
  assert_memory_equal(h.clock[1].stamp, sorted.clock[1].stamp, events * 4 * 8);
  assert_memory_equal(h.sent, sorted.sent, (size_t)h.n_sent * sizeof *h.sent);
  assert_memory_equal(h.machine, sorted.machine, 4 * sizeof *h.machine);
  lc_history_free(&h);
  lc_history_free(&sorted);
}

static void test_index_refuses_machines_that_do_not_exist(void **state) {
  (void)state;
  static const int32_t ids[] = {-1, 3, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < LENGTH(ids); i++) {
    struct lc_history h;
    struct lc_error err = {0};
    simulate(&h, 8, 3);
    assert_true(h.n_left > 0);
    h.event[5].machine = ids[i];
    assert_int_equal(lc_history_index(&h, &err), LC_EFILE);
    assert_non_null(strstr(err.text, "event row 5"));
    h.event[5].machine = 0;
    h.sent[2].sender = ids[i];
    assert_int_equal(lc_history_index(&h, &err), LC_EFILE);
    assert_non_null(strstr(err.text, "message row 2"));
    h.sent[2].sender = 0;
    int32_t *const others[] = {&h.event[1].peer, &h.sent[1].receiver, &h.left[0].machine,
                               &h.left[0].sender};
    for (size_t k = 0; k < LENGTH(others); k++) {
      int32_t kept = *others[k];
      *others[k] = ids[i];
      bool none = k == 0 && ids[i] == -1; /* an event need not have a peer */
      assert_int_equal(lc_history_index(&h, &err), none ? LC_OK : LC_EFILE);
      *others[k] = kept;
    }
    lc_history_free(&h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_correct_histories),
      cmocka_unit_test(test_everything_is_looked_at),
      cmocka_unit_test(test_histories_are_rich),
      cmocka_unit_test(test_same_seed_same_history),
      cmocka_unit_test(test_cut_off_histories),
      cmocka_unit_test(test_unknown_is_counted),
      cmocka_unit_test(test_nothing_on_file),
      cmocka_unit_test(test_balance_without_a_log),
      cmocka_unit_test(test_balance_with_a_part_of_the_log),
      cmocka_unit_test(test_killed_at_an_early_end),
      cmocka_unit_test(test_index_sorts_whatever_comes),
      cmocka_unit_test(test_index_refuses_machines_that_do_not_exist),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
