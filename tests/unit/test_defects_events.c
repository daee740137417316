/* The verifier on broken histories: events at wrong times, of wrong kinds, and sends. Each kind of
 * defect is planted at random places of many histories; the check that is meant for it must fail,
 * with a witness that names the machine and the tick. */
#include "plant.h"

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
  expect(expected, "ticks", "a tick has an event too many");
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
  snprintf(expected->witness[0], TEXT, "VM %d has %lld ticks; its rate asks for %lld", last.machine,
           (long long)last.seq, (long long)last.seq + 1);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ticks),
      cmocka_unit_test(test_sends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
