/* One event per tick, no tick skipped, none before its time, as many as the rate asks for. */
#include "checks.h"

#include <inttypes.h>

static void check_event(struct lc_check *check, const struct lc_machine *machine, bool exact_time,
                        const struct lc_event *e, int64_t expected, int64_t t_before) {
  char text[EVENT_TEXT];
  check->n_checked++;
  int64_t due = lc_tick_time(machine->rate, machine->phase_ns, e->tick);
  if (e->seq != expected || e->tick != expected)
    violation(check, e->t_actual,
              "%s stands where event %" PRId64 " of tick %" PRId64 " belongs: %s",
              event_text(text, e), expected, expected,
              e->tick > expected ? "a tick was skipped" : "a tick has two events");
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
  else if (e->t_actual < t_before)
    violation(check, e->t_actual, "%s happened before the event before it", event_text(text, e));
}

void check_ticks(const struct lc_history *h, struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "ticks", "one event per tick, no tick skipped, each at its time or later");
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_machine *machine = &h->machine[v];
    const struct lc_event *event = h->event + machine->first_event;
    for (int64_t i = 0; i < machine->n_event; i++)
      check_event(check, machine, h->exact_time, &event[i], i, i ? event[i - 1].t_actual : 0);
    if (!h->ended || !machine->logged)
      continue;
    int64_t due = lc_tick_count(machine->rate, machine->phase_ns, h->t_end);
    if (machine->n_event != due)
      violation(check, h->t_end, "VM %d has %" PRId64 " events; its rate asks for %" PRId64, v,
                machine->n_event, due);
  }
}
