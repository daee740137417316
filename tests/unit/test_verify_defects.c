/* The verifier on broken histories: correct ones from the simulator into which one defect is
 * planted. The check that is meant for the defect must fail, with a witness that names the machine
 * and the tick. Every kind is planted at random places of many histories. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/verify.h"

enum { SEEDS = 8, TEXT = 160 };

/* What the verdict must be. */
struct expected {
  const char *check;
  char witness[2][TEXT]; /* both must stand in the witness */
};

/* Plants one defect; false if this history has no place for it. */
typedef bool plant(struct lc_history *h, struct draws *draws, struct expected *expected);

static void expect(struct expected *expected, const char *check, const char *text) {
  expected->check = check;
  snprintf(expected->witness[1], TEXT, "%s", text);
}

static void expect_event(struct expected *expected, const struct lc_event *e) {
  snprintf(expected->witness[0], TEXT, "VM %d tick %lld (", e->machine, (long long)e->tick);
}

static const struct lc_check *failed_check(const struct lc_verdict *verdict, const char *name) {
  for (int32_t i = 0; i < verdict->n_check; i++)
    if (strcmp(verdict->check[i].name, name) == 0)
      return &verdict->check[i];
  return NULL;
}

static void require_found(const struct lc_history *h, const struct expected *expected) {
  struct lc_verdict verdict;
  assert_int_equal(lc_verify(h, &verdict), LC_EVERIFY);
  const struct lc_check *check = failed_check(&verdict, expected->check);
  assert_non_null(check);
  require(check->n_violation > 0, "%s finds nothing; expected: %s%s", expected->check,
          expected->witness[0], expected->witness[1]);
  for (int i = 0; i < 2; i++)
    require(strstr(check->witness, expected->witness[i]), "expected '%s' in: %s",
            expected->witness[i], check->witness);
}

static void plant_everywhere(plant *defect) {
  int planted = 0;
  for (int32_t n_vm = 2; n_vm <= 5; n_vm++)
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      struct lc_history h;
      struct draws draws = {seed * 10 + (uint64_t)n_vm};
      struct expected expected = {.check = ""};
      simulate(&h, 1000 + seed, n_vm);
      if (defect(&h, &draws, &expected)) {
        require_found(&h, &expected);
        planted++;
      }
      lc_history_free(&h);
    }
  require(planted >= 6, "planted only %d times", planted);
}

/* ---- places ---------------------------------------------------------------------------------- */

typedef bool suits(const struct lc_history *h, int64_t at);

/* A random event that suits, or -1. */
static int64_t pick(const struct lc_history *h, struct draws *draws, suits *place) {
  int64_t chosen = -1, seen = 0;
  for (int64_t i = 0; i < h->n_event; i++)
    if (place(h, i) && draw_below(draws, ++seen) == 0)
      chosen = i;
  return chosen;
}

static bool has_before(const struct lc_history *h, int64_t at) {
  return h->event[at].seq > 0;
}

static bool has_after(const struct lc_history *h, int64_t at) {
  return h->event[at].seq + 1 < h->machine[h->event[at].machine].n_event;
}

static bool any_event(const struct lc_history *h, int64_t at) {
  return at < h->n_event;
}

static bool is_internal(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_INTERNAL;
}

static bool is_send(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_SEND;
}

static bool is_receive(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_RECEIVE;
}

/* The next event is in time to be the first that shows what is wrong. */
static bool is_followed_internal(const struct lc_history *h, int64_t at) {
  return is_internal(h, at) && has_after(h, at) && h->event[at + 1].t_actual < h->t_end;
}

static struct lc_sent *row_of(const struct lc_history *h, int32_t sender, int64_t number) {
  return &h->sent[h->machine[sender].first_sent + number];
}

static int64_t send_of(const struct lc_history *h, int64_t receive) {
  const struct lc_event *e = &h->event[receive];
  return h->machine[e->peer].first_event + row_of(h, e->peer, e->msg_first)->send_seq;
}

/* ---- ticks ----------------------------------------------------------------------------------- */

static bool skip_a_tick(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_followed_internal);
  if (at < 0)
    return false;
  expect(expected, "ticks", "a tick was skipped");
  expect_event(expected, &h->event[at + 1]);
  remove_event(h, at);
  return true;
}

static bool repeat_a_tick(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, has_before);
  h->event[at].tick--;
  expect(expected, "ticks", "a tick has two events");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool misnumber_an_event(struct lc_history *h, struct draws *draws,
                               struct expected *expected) {
  int64_t at = pick(h, draws, any_event);
  h->event[at].seq++;
  expect(expected, "ticks", "stands where event");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool schedule_wrongly(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, any_event);
  h->event[at].t_scheduled += draw_below(draws, 2) ? 1 : -1;
  expect(expected, "ticks", "its rate asks for");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool is_tick_1(const struct lc_history *h, int64_t at) {
  return h->event[at].tick == 1 && h->event[at].t_actual < h->t_end;
}

static bool change_a_rate(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_tick_1);
  h->machine[h->event[at].machine].rate.p += 1;
  expect(expected, "ticks", "its rate asks for");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool happen_too_early(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, any_event);
  h->event[at].t_actual = h->event[at].t_scheduled - 1;
  expect(expected, "ticks", "happened 1 ns before it was due");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool is_after_a_late_one(const struct lc_history *h, int64_t at) {
  return has_before(h, at) && h->event[at - 1].t_actual > h->event[at].t_scheduled;
}

static bool happen_out_of_order(struct lc_history *h, struct draws *draws,
                                struct expected *expected) {
  int64_t at = pick(h, draws, is_after_a_late_one);
  if (at < 0)
    return false;
  h->event[at].t_actual = h->event[at].t_scheduled;
  expect(expected, "ticks", "happened before the event before it");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool be_of_no_kind(struct lc_history *h, struct draws *draws, struct expected *expected) {
  static const uint8_t kinds[] = {LC_EMPTY, LC_SKIPPED, 9, 255};
  int64_t at = pick(h, draws, any_event);
  h->event[at].kind = kinds[draw_below(draws, LENGTH(kinds))];
  expect(expected, "ticks", "has no kind of event");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool is_last_internal(const struct lc_history *h, int64_t at) {
  return is_internal(h, at) && !has_after(h, at);
}

static bool end_too_soon(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_last_internal);
  if (at < 0)
    return false;
  const struct lc_event last = h->event[at];
  expect(expected, "ticks", "");
  snprintf(expected->witness[0], TEXT, "VM %d has %lld events; its rate asks for %lld",
           last.machine, (long long)last.seq, (long long)last.seq + 1);
  remove_event(h, at);
  return true;
}

static void test_ticks(void **state) {
  (void)state;
  plant_everywhere(skip_a_tick);
  plant_everywhere(repeat_a_tick);
  plant_everywhere(misnumber_an_event);
  plant_everywhere(schedule_wrongly);
  plant_everywhere(change_a_rate);
  plant_everywhere(happen_too_early);
  plant_everywhere(happen_out_of_order);
  plant_everywhere(be_of_no_kind);
  plant_everywhere(end_too_soon);
}

/* ---- sends ----------------------------------------------------------------------------------- */

/* An event of a tick in time: the end of the run, too, has a time, and the earliest is the witness.
 */
static bool is_early_send(const struct lc_history *h, int64_t at) {
  return is_send(h, at) && h->event[at].t_actual < h->t_end;
}

static bool is_later_send(const struct lc_history *h, int64_t at) {
  return is_send(h, at) && h->event[at].msg_first > 0;
}

/* From one send on every number of the machine is greater by one, wherever it stands. */
static bool leave_a_gap(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_later_send);
  if (at < 0)
    return false;
  int32_t vm = h->event[at].machine;
  int64_t from = h->event[at].msg_first;
  for (int64_t i = 0; i < h->n_event; i++) {
    struct lc_event *e = &h->event[i];
    bool own = e->kind == LC_SEND ? e->machine == vm : e->kind == LC_RECEIVE && e->peer == vm;
    e->msg_first += own && e->msg_first >= from;
  }
  for (int64_t i = 0; i < h->n_sent; i++)
    h->sent[i].number += h->sent[i].sender == vm && h->sent[i].number >= from;
  for (int64_t i = 0; i < h->n_left; i++)
    h->left[i].number += h->left[i].sender == vm && h->left[i].number >= from;
  expect(expected, "sends", "the next number is");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool lose_a_row(struct lc_history *h, struct draws *draws, struct expected *expected) {
  struct lc_error err;
  int64_t at = pick(h, draws, is_send);
  const struct lc_event *e = &h->event[at];
  int64_t number = e->msg_first + draw_below(draws, e->msg_count);
  int64_t row = row_of(h, e->machine, number) - h->sent;
  memmove(h->sent + row, h->sent + row + 1, (size_t)(--h->n_sent - row) * sizeof *h->sent);
  assert_int_equal(lc_history_index(h, &err), LC_OK);
  expect(expected, "sends", "which is not on file");
  expect_event(expected, e);
  return true;
}

static bool send_of_another_event(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = pick(h, draws, is_send);
  const struct lc_event *e = &h->event[at];
  struct lc_sent *row = row_of(h, e->machine, e->msg_first);
  if (draw_below(draws, 2))
    row->send_seq += row->send_seq > 0 ? -1 : 1;
  else
    row->t_send++;
  expect(expected, "sends", "which says it is of event");
  expect_event(expected, e);
  return true;
}

static bool is_multicast(const struct lc_history *h, int64_t at) {
  return is_send(h, at) && h->event[at].msg_count > 1;
}

static bool send_out_of_order(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  int64_t at = pick(h, draws, is_multicast);
  if (at < 0)
    return false;
  struct lc_sent *row = row_of(h, h->event[at].machine, h->event[at].msg_first);
  int32_t kept = row[0].receiver;
  row[0].receiver = row[1].receiver;
  row[1].receiver = kept;
  expect(expected, "sends", "after one to VM");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool send_to_oneself(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_send);
  const struct lc_event *e = &h->event[at];
  row_of(h, e->machine, e->msg_first)->receiver = e->machine;
  expect(expected, "sends", "to VM");
  expect_event(expected, e);
  return true;
}

static bool is_unicast(const struct lc_history *h, int64_t at) {
  return h->event[at].op == LC_OP_UNICAST;
}

static bool name_another_peer(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  int64_t at = pick(h, draws, is_unicast);
  struct lc_event *e = &h->event[at];
  e->peer = (e->peer + 1) % h->n_vm;
  expect(expected, "sends", "names peer");
  expect_event(expected, e);
  return true;
}

static bool miscount_messages(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  int64_t at = pick(h, draws, is_early_send);
  h->event[at].msg_count = (int32_t)-draw_below(draws, 2);
  expect(expected, "sends", "sends");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool add_a_row(struct lc_history *h, struct draws *draws, struct expected *expected) {
  struct lc_error err;
  int32_t vm = (int32_t)draw_below(draws, h->n_vm);
  int64_t number = h->machine[vm].n_sent;
  h->sent = realloc(h->sent, (size_t)(h->n_sent + 1) * sizeof *h->sent);
  h->sent[h->n_sent++] =
      (struct lc_sent){.sender = vm, .receiver = (vm + 1) % h->n_vm, .number = number};
  assert_int_equal(lc_history_index(h, &err), LC_OK);
  expect(expected, "sends", "on file; its events sent");
  snprintf(expected->witness[0], TEXT, "VM %d has message %lld", vm, (long long)number);
  return true;
}

static void test_sends(void **state) {
  (void)state;
  plant_everywhere(leave_a_gap);
  plant_everywhere(lose_a_row);
  plant_everywhere(send_of_another_event);
  plant_everywhere(send_out_of_order);
  plant_everywhere(send_to_oneself);
  plant_everywhere(name_another_peer);
  plant_everywhere(miscount_messages);
  plant_everywhere(add_a_row);
}

/* ---- matching -------------------------------------------------------------------------------- */

static int64_t receive_before(const struct lc_history *h, int64_t at) {
  int64_t first = h->machine[h->event[at].machine].first_event;
  for (int64_t i = at; i-- > first;)
    if (is_receive(h, i))
      return i;
  return -1;
}

static bool is_second_receive(const struct lc_history *h, int64_t at) {
  return is_receive(h, at) && receive_before(h, at) >= 0;
}

static bool receive_twice(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, is_second_receive);
  if (at < 0)
    return false;
  int64_t before = receive_before(h, at);
  h->event[at].peer = h->event[before].peer;
  h->event[at].msg_first = h->event[before].msg_first;
  expect(expected, "matching", "which was taken before");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool receive_what_was_never_sent(struct lc_history *h, struct draws *draws,
                                        struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  struct lc_event *e = &h->event[at];
  switch (draw_below(draws, 4)) {
  case 0:
    e->msg_first = h->machine[e->peer].n_sent;
    break;
  case 1:
    e->msg_first = -1;
    break;
  case 2:
    e->peer = -1;
    break;
  default:
    e->peer = h->n_vm;
  }
  expect(expected, "matching", "which was never sent");
  expect_event(expected, e);
  return true;
}

static bool is_receive_of_first(const struct lc_history *h, int64_t at) {
  return is_receive(h, at) && h->event[at].machine == 0;
}

static bool is_receive_of_second(const struct lc_history *h, int64_t at) {
  return is_receive(h, at) && h->event[at].machine == 1;
}

/* Two machines take each other's message. The earlier of the two is the witness. */
static bool receive_by_the_wrong_vm(struct lc_history *h, struct draws *draws,
                                    struct expected *expected) {
  int64_t at = pick(h, draws, is_receive_of_first), other = pick(h, draws, is_receive_of_second);
  if (at < 0 || other < 0)
    return false;
  struct lc_event *a = &h->event[at], *b = &h->event[other], kept = *a;
  a->peer = b->peer;
  a->msg_first = b->msg_first;
  b->peer = kept.peer;
  b->msg_first = kept.msg_first;
  expect(expected, "matching", "which was for VM");
  expect_event(expected, a->t_actual <= b->t_actual ? a : b);
  return true;
}

static bool arrive_after_the_taking(struct lc_history *h, struct draws *draws,
                                    struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  h->event[at].t_arrival = h->event[at].t_actual + 1;
  expect(expected, "matching", "arrived at");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool arrive_before_the_sending(struct lc_history *h, struct draws *draws,
                                      struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  h->event[at].t_arrival = h->event[send_of(h, at)].t_actual - 1;
  expect(expected, "matching", "arrived at");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool be_sent_by_no_send(struct lc_history *h, struct draws *draws,
                               struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  struct lc_event *send = &h->event[send_of(h, at)];
  send->kind = LC_INTERNAL;
  expect(expected, "matching", "is not a send");
  expect_event(expected, send);
  return true;
}

static bool be_sent_by_no_event(struct lc_history *h, struct draws *draws,
                                struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  const struct lc_event *e = &h->event[at];
  row_of(h, e->peer, e->msg_first)->send_seq =
      draw_below(draws, 2) ? -1 : h->machine[e->peer].n_event;
  expect(expected, "matching", "whose event is missing");
  expect_event(expected, e);
  return true;
}

static void test_matching(void **state) {
  (void)state;
  plant_everywhere(receive_twice);
  plant_everywhere(receive_what_was_never_sent);
  plant_everywhere(receive_by_the_wrong_vm);
  plant_everywhere(arrive_after_the_taking);
  plant_everywhere(arrive_before_the_sending);
  plant_everywhere(be_sent_by_no_send);
  plant_everywhere(be_sent_by_no_event);
}

/* ---- what is left ---------------------------------------------------------------------------- */

static struct lc_left *pick_left(struct lc_history *h, struct draws *draws) {
  return h->n_left ? &h->left[draw_below(draws, h->n_left)] : NULL;
}

static struct lc_left *append_left(struct lc_history *h) {
  h->left = realloc(h->left, (size_t)(h->n_left + 1) * sizeof *h->left);
  return &h->left[h->n_left++];
}

static void expect_left(struct expected *expected, const struct lc_left *left) {
  snprintf(expected->witness[0], TEXT, "message %lld of VM %d is left over at VM %d",
           (long long)left->number, left->sender, left->machine);
}

static bool leave_twice(struct lc_history *h, struct draws *draws, struct expected *expected) {
  const struct lc_left *left = pick_left(h, draws);
  if (!left)
    return false;
  struct lc_left twice = *left;
  *append_left(h) = twice;
  expect(expected, "matching", "left over elsewhere");
  expect_left(expected, &twice);
  return true;
}

static bool leave_what_was_taken(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  const struct lc_event *e = &h->event[at];
  struct lc_left *left = append_left(h);
  *left = (struct lc_left){.machine = e->machine,
                           .sender = e->peer,
                           .number = e->msg_first,
                           .t_arrival = e->t_arrival,
                           .fate = LC_FATE_QUEUED};
  expect(expected, "matching", "was taken");
  expect_left(expected, left);
  return true;
}

static bool leave_elsewhere(struct lc_history *h, struct draws *draws, struct expected *expected) {
  struct lc_left *left = pick_left(h, draws);
  if (!left)
    return false;
  left->machine = (left->machine + 1) % h->n_vm;
  expect(expected, "matching", "was sent to another VM");
  expect_left(expected, left);
  return true;
}

static bool leave_what_was_never_sent(struct lc_history *h, struct draws *draws,
                                      struct expected *expected) {
  struct lc_left *left = pick_left(h, draws);
  if (!left)
    return false;
  left->number = h->machine[left->sender].n_sent + 2;
  expect(expected, "matching", "was never sent");
  expect_left(expected, left);
  return true;
}

static void expect_lost(struct expected *expected, const struct lc_sent *sent) {
  expect(expected, "conservation", "was neither received nor left over");
  snprintf(expected->witness[0], TEXT, "message %lld of VM %d to VM %d (event %lld",
           (long long)sent->number, sent->sender, sent->receiver, (long long)sent->send_seq);
}

static bool lose_a_left_one(struct lc_history *h, struct draws *draws, struct expected *expected) {
  struct lc_left *left = pick_left(h, draws);
  if (!left || row_of(h, left->sender, left->number)->t_send >= h->t_end)
    return false; /* of those, the balance at the end is the earlier witness */
  expect_lost(expected, row_of(h, left->sender, left->number));
  *left = h->left[--h->n_left];
  return true;
}

static bool lose_a_received_one(struct lc_history *h, struct draws *draws,
                                struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  struct lc_event *e = &h->event[at];
  if (row_of(h, e->peer, e->msg_first)->t_send >= h->t_end)
    return false;
  expect_lost(expected, row_of(h, e->peer, e->msg_first));
  e->kind = LC_INTERNAL;
  e->op = LC_OP_INTERNAL;
  return true;
}

static bool misstate_the_balance(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t *const words[] = {&h->balance.sent, &h->balance.received, &h->balance.queued,
                            &h->balance.in_flight, &h->balance.lost};
  *words[draw_below(draws, 5)] += 1 - 2 * draw_below(draws, 2);
  expect(expected, "conservation", "the stored balance");
  return true;
}

static void test_conservation(void **state) {
  (void)state;
  plant_everywhere(leave_twice);
  plant_everywhere(leave_what_was_taken);
  plant_everywhere(leave_elsewhere);
  plant_everywhere(leave_what_was_never_sent);
  plant_everywhere(lose_a_left_one);
  plant_everywhere(lose_a_received_one);
  plant_everywhere(misstate_the_balance);
}

/* What arrived before the end is queued, the rest is in flight: here one is the other, and the
 * balance agrees with that. */
static bool confuse_queue_and_channel(struct lc_history *h, struct draws *draws,
                                      struct expected *expected) {
  struct lc_left *left = pick_left(h, draws);
  if (!left)
    return false;
  int64_t queued = left->fate == LC_FATE_QUEUED ? -1 : 1;
  left->fate = queued > 0 ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT;
  h->balance.queued += queued;
  h->balance.in_flight -= queued;
  h->state[(int64_t)left->machine * h->n_snapshot + h->n_snapshot - 1].n_queued += queued;
  expect(expected, "conservation", "");
  snprintf(expected->witness[0], TEXT, "message %lld of VM %d", (long long)left->number,
           left->sender);
  return true;
}

static void test_queued_or_in_flight(void **state) {
  (void)state;
  plant_everywhere(confuse_queue_and_channel);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static bool misstate_the_queue(struct lc_history *h, struct draws *draws,
                               struct expected *expected) {
  int64_t at = pick(h, draws, any_event);
  int32_t off = draw_below(draws, 2) ? 1 : -1;
  h->event[at].queue_before += off;
  h->event[at].queue_after += off;
  expect(expected, "queues", "had arrived and waited");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool misstate_the_rest(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  int64_t at = pick(h, draws, any_event);
  h->event[at].queue_after += draw_below(draws, 2) ? 1 : -1;
  expect(expected, "queues", "in its queue of");
  expect_event(expected, &h->event[at]);
  return true;
}

static bool leaves_one_that_is_next(const struct lc_history *h, int64_t at) {
  return is_receive(h, at) && h->event[at].queue_before >= 2 && has_after(h, at) &&
         h->event[at + 1].t_arrival <= h->event[at].t_actual;
}

static bool take_out_of_order(struct lc_history *h, struct draws *draws,
                              struct expected *expected) {
  int64_t at = pick(h, draws, leaves_one_that_is_next);
  if (at < 0)
    return false;
  struct lc_event *a = &h->event[at], *b = a + 1, kept = *a;
  a->peer = b->peer;
  a->msg_first = b->msg_first;
  a->t_arrival = b->t_arrival;
  b->peer = kept.peer;
  b->msg_first = kept.msg_first;
  b->t_arrival = kept.t_arrival;
  expect(expected, "queues", "was first");
  expect_event(expected, a);
  return true;
}

/* The tick does something else, and its message stays in the queue for ever. */
static bool act_while_one_waits(struct lc_history *h, struct draws *draws,
                                struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  struct lc_event *e = &h->event[at];
  *append_left(h) = (struct lc_left){.machine = e->machine,
                                     .sender = e->peer,
                                     .number = e->msg_first,
                                     .t_arrival = e->t_arrival,
                                     .fate = LC_FATE_QUEUED};
  e->kind = LC_INTERNAL;
  e->op = LC_OP_INTERNAL;
  e->queue_after = e->queue_before;
  expect(expected, "queues", "acts although message");
  expect_event(expected, e);
  return true;
}

static int64_t later_of_channel(const struct lc_history *h, int64_t at) {
  const struct lc_event *e = &h->event[at];
  int64_t end = h->machine[e->machine].first_event + h->machine[e->machine].n_event;
  for (int64_t i = at + 1; i < end; i++)
    if (is_receive(h, i) && h->event[i].peer == e->peer)
      return i;
  return -1;
}

/* The later message of the channel was already sent when the earlier one arrived. */
static bool can_be_overtaken(const struct lc_history *h, int64_t at) {
  if (!is_receive(h, at))
    return false;
  int64_t later = later_of_channel(h, at);
  return later >= 0 && h->event[send_of(h, later)].t_actual <= h->event[at].t_arrival &&
         h->event[later].t_arrival > h->event[at].t_arrival;
}

static bool overtake(struct lc_history *h, struct draws *draws, struct expected *expected) {
  int64_t at = pick(h, draws, can_be_overtaken);
  if (at < 0)
    return false;
  struct lc_event *a = &h->event[at], *b = &h->event[later_of_channel(h, at)];
  int64_t kept = a->msg_first;
  a->msg_first = b->msg_first;
  b->msg_first = kept;
  expect(expected, "queues", "");
  snprintf(expected->witness[0], TEXT, "message %lld of VM %d reached VM %d after message %lld",
           (long long)b->msg_first, b->peer, b->machine, (long long)a->msg_first);
  return true;
}

/* In a run without an end, too: of those that were taken later some must have waited. */
static bool misstate_the_queue_without_end(struct lc_history *h, struct draws *draws,
                                           struct expected *expected) {
  int64_t at = pick(h, draws, leaves_one_that_is_next);
  if (at < 0)
    return false;
  h->ended = false;
  h->n_left = 0;
  h->event[at].queue_before = 1;
  h->event[at].queue_after = 0;
  expect(expected, "queues", "had arrived and waited");
  expect_event(expected, &h->event[at]);
  return true;
}

static void test_queues(void **state) {
  (void)state;
  plant_everywhere(misstate_the_queue);
  plant_everywhere(misstate_the_rest);
  plant_everywhere(take_out_of_order);
  plant_everywhere(act_while_one_waits);
  plant_everywhere(overtake);
  plant_everywhere(misstate_the_queue_without_end);
}

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

static bool take_a_state_too_soon(struct lc_history *h, struct draws *draws,
                                  struct expected *expected) {
  int64_t at = pick_state(h, draws), n = h->state[at].n_event;
  if (at % h->n_snapshot && h->state[at - 1].n_event == n)
    return false;
  restate(h, at, n - 1);
  expect_state(expected, h, at);
  snprintf(expected->witness[1], TEXT, "lacks VM %lld's tick %lld", (long long)(at / h->n_snapshot),
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
  restate(h, at, n + 1);
  expect_state(expected, h, at);
  snprintf(expected->witness[1], TEXT, "holds VM %d's later tick %lld", vm, (long long)n);
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

/* Two machines that each receive first what the other sends afterwards. Their hosts' clocks may
 * differ by a minute, so no time is wrong: only the order is impossible. */
static void make_a_cycle(struct lc_history *h) {
  struct lc_error err;
  *h = (struct lc_history){.n_vm = 2, .ended = true, .t_end = 2 * LC_NS_PER_S, .n_snapshot = 1};
  h->error_ns = 60 * LC_NS_PER_S;
  h->machine = calloc(2, sizeof *h->machine);
  h->event = calloc(4, sizeof *h->event);
  h->sent = calloc(2, sizeof *h->sent);
  h->t_snapshot = calloc(1, sizeof *h->t_snapshot);
  h->state = calloc(2, sizeof *h->state);
  h->t_snapshot[0] = h->t_end;
  h->balance = (struct lc_balance){.sent = 2, .received = 2};
  h->n_event = 4;
  h->n_sent = 2;
  for (int32_t v = 0; v < 2; v++) {
    h->machine[v].rate = (struct lc_rate){1, 1};
    h->event[2 * v] = (struct lc_event){
        .machine = v, .peer = 1 - v, .msg_count = 1, .queue_before = 1, .kind = LC_RECEIVE};
    h->event[2 * v + 1] = (struct lc_event){.machine = v,
                                            .peer = 1 - v,
                                            .seq = 1,
                                            .tick = 1,
                                            .t_scheduled = LC_NS_PER_S,
                                            .t_actual = LC_NS_PER_S,
                                            .msg_count = 1,
                                            .kind = LC_SEND,
                                            .op = LC_OP_UNICAST};
    h->sent[v] =
        (struct lc_sent){.sender = v, .receiver = 1 - v, .send_seq = 1, .t_send = LC_NS_PER_S};
    h->state[v] = (struct lc_state){
        .t_actual = h->t_end, .n_tick = 2, .n_event = 2, .n_sent = 1, .n_received = 1, .valid = 1};
  }
  assert_int_equal(lc_history_index(h, &err), LC_OK);
}

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
  const struct lc_check *check = failed_check(&verdict, "happened-before");
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
        const struct lc_check *check = failed_check(&verdict, names[i]);
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
      cmocka_unit_test(test_ticks),
      cmocka_unit_test(test_sends),
      cmocka_unit_test(test_matching),
      cmocka_unit_test(test_conservation),
      cmocka_unit_test(test_queued_or_in_flight),
      cmocka_unit_test(test_queues),
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
