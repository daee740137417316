/* The verifier on broken histories: matching, what is left, queues. Each kind of defect is planted
 * at random places of many histories; the check that is meant for it must fail, with a witness that
 * names the machine and the tick. */
#include "plant.h"

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

static struct lc_left *pick_end(struct lc_history *h, struct draws *draws) {
  int64_t at = pick_left(h, draws, true);
  return at < 0 ? NULL : &h->left[at];
}

/* What a RECEIVE took, as if it were left over at the end. */
static struct lc_left *leave_taken(struct lc_history *h, int64_t receive) {
  const struct lc_event *e = &h->event[receive];
  struct lc_left left = {.machine = e->machine,
                         .sender = e->peer,
                         .snapshot = h->n_snapshot - 1,
                         .number = e->msg_first,
                         .t_arrival = e->t_arrival,
                         .fate = LC_FATE_QUEUED};
  int64_t at = insert_left(h, &left, send_of(h, receive)); /* which moves the rows */
  return &h->left[at];
}

static void expect_left(struct expected *expected, const struct lc_left *left) {
  snprintf(expected->witness[0], TEXT, "message %lld of VM %d is left over at VM %d",
           (long long)left->number, left->sender, left->machine);
}

static bool leave_twice(struct lc_history *h, struct draws *draws, struct expected *expected) {
  const struct lc_left *left = pick_end(h, draws);
  if (!left)
    return false;
  expect(expected, "matching", "left over elsewhere");
  expect_left(expected, left);
  insert_left(h, left, 0);
  return true;
}

static bool leave_what_was_taken(struct lc_history *h, struct draws *draws,
                                 struct expected *expected) {
  int64_t at = pick(h, draws, is_receive);
  if (at < 0)
    return false;
  expect(expected, "matching", "was taken");
  expect_left(expected, leave_taken(h, at));
  return true;
}

static bool leave_elsewhere(struct lc_history *h, struct draws *draws, struct expected *expected) {
  struct lc_left *left = pick_end(h, draws);
  if (!left)
    return false;
  left->machine = (left->machine + 1) % h->n_vm;
  expect(expected, "matching", "was sent to another VM");
  expect_left(expected, left);
  return true;
}

static bool leave_what_was_never_sent(struct lc_history *h, struct draws *draws,
                                      struct expected *expected) {
  struct lc_left *left = pick_end(h, draws);
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
  const struct lc_left *left = pick_end(h, draws);
  if (!left || row_of(h, left->sender, left->number)->t_send >= h->t_end)
    return false; /* of those, the balance at the end is the earlier witness */
  expect_lost(expected, row_of(h, left->sender, left->number));
  remove_left(h, left - h->left);
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
  struct lc_left *left = pick_end(h, draws);
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
  leave_taken(h, at);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matching),
      cmocka_unit_test(test_conservation),
      cmocka_unit_test(test_queued_or_in_flight),
      cmocka_unit_test(test_queues),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
