/* One event per tick, or a receive and one that acts; no tick skipped, none before its time, as
 * many as the rate asks for. */
#include "checks.h"

#include <inttypes.h>

/* What an event should be: the one with this number, of this tick, no earlier than the one before
 * it; the second of its tick or not. */
struct place {
  int64_t seq, tick, t_before;
  bool second;
};

static const char *misplaced(const struct lc_event *e, const struct place *at) {
  if (e->tick > at->tick)
    return at->second ? "a tick did not act" : "a tick was skipped";
  return e->tick == at->tick ? "an event is not there" : "a tick has an event too many";
}

static void check_event(struct lc_check *check, const struct lc_machine *machine, bool exact_time,
                        const struct lc_event *e, const struct place *at) {
  char text[EVENT_TEXT];
  check->n_checked++;
  int64_t due = lc_tick_time(machine->rate, machine->phase_ns, e->tick);
  if (e->seq != at->seq || e->tick != at->tick)
    violation(check, e->t_actual,
              "%s stands where event %" PRId64 " of tick %" PRId64 " belongs: %s",
              event_text(text, e), at->seq, at->tick, misplaced(e, at));
  else if (at->second && e->kind == LC_RECEIVE)
    violation(check, e->t_actual, "%s is the second receive of its tick", event_text(text, e));
  else if (e->kind != LC_INTERNAL && e->kind != LC_SEND && e->kind != LC_RECEIVE)
    violation(check, e->t_actual, "%s has no kind of event (%d)", event_text(text, e), e->kind);
  else if ((e->kind == LC_INTERNAL && e->msg_count != 0) ||
           (e->kind == LC_RECEIVE && e->msg_count != 1))
    violation(check, e->t_actual, "%s has %d messages", event_text(text, e), e->msg_count);
  else if ((e->peer >= 0) != (e->kind == LC_RECEIVE || e->op == LC_OP_UNICAST) ||
           (e->op == LC_OP_UNICAST && e->msg_count != 1) ||
           (e->kind == LC_INTERNAL && e->msg_first != 0) ||
           (e->kind != LC_RECEIVE && e->t_arrival != 0))
    violation(check, e->t_actual,
              "%s names peer %d, message %" PRId64 " and arrival %" PRId64
              ", which do not go with its kind",
              event_text(text, e), e->peer, e->msg_first, e->t_arrival);
  else if ((e->kind == LC_INTERNAL && e->op != LC_OP_INTERNAL) ||
           (e->kind == LC_RECEIVE && e->op != LC_OP_NONE) ||
           (e->kind == LC_SEND && e->op != LC_OP_UNICAST && e->op != LC_OP_MULTICAST))
    violation(check, e->t_actual, "%s is said to have drawn operation %d", event_text(text, e),
              e->op);
  else if (e->t_scheduled != due)
    violation(check, e->t_actual, "%s was scheduled for %" PRId64 " ns; its rate asks for %" PRId64,
              event_text(text, e), e->t_scheduled, due);
  else if (e->t_actual < e->t_scheduled)
    violation(check, e->t_actual, "%s happened %" PRIu64 " ns before it was due",
              event_text(text, e), (uint64_t)e->t_scheduled - (uint64_t)e->t_actual);
  else if (exact_time && e->t_actual != e->t_scheduled)
    violation(check, e->t_actual, "%s happened after it was due, in virtual time",
              event_text(text, e));
  else if (e->t_actual < at->t_before)
    violation(check, e->t_actual, "%s happened before the event before it", event_text(text, e));
}

/* Returns how many ticks the events of a VM make. */
static int64_t check_machine(struct lc_check *check, const struct lc_history *h,
                             const struct lc_machine *machine) {
  const struct lc_event *event = h->event + machine->first_event;
  struct place at = {.second = false};
  for (; at.seq < machine->n_event; at.seq++) {
    const struct lc_event *e = &event[at.seq];
    if (h->server.served && e->kind == LC_SKIPPED)
      check_skipped(check, machine, e, at.seq);
    else
      check_event(check, machine, h->exact_time, e, &at);
    if (h->server.served && at.seq)
      check_not_busy(check, e - 1, e);
    at.second = h->rule == LC_RECEIVE_THEN_ACT && e->kind == LC_RECEIVE && !at.second;
    at.tick += !at.second;
    at.t_before = e->t_actual;
  }
  return at.tick; /* without one that did not act at the end */
}

void check_ticks(const struct lc_history *h, struct lc_verdict *verdict) {
  struct lc_check *check = new_check(
      verdict, "ticks",
      h->server.served ? "one event per tick, skipped exactly if the one before it was not over"
      : h->rule == LC_RECEIVE_THEN_ACT
          ? "each tick acts once, after a receive or none; no tick skipped, none early"
          : "one event per tick, no tick skipped, each at its time or later");
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_machine *machine = &h->machine[v];
    int64_t ticks = check_machine(check, h, machine);
    if (!h->ended || !machine->logged)
      continue;
    int64_t due = lc_tick_count(machine->rate, machine->phase_ns, h->t_end);
    if (ticks != due)
      violation(check, h->t_end, "VM %d has %" PRId64 " ticks; its rate asks for %" PRId64, v,
                ticks, due);
  }
}
