/* Runs with a central server. A tick waits for its reply, so what was due meanwhile is skipped: no
 * more and no less. When the server looked into an inbox is not on file; but a reply says how many
 * messages there were, and messages come one after the other: so what was there at each look is
 * known exactly, and the message taken must be the first of them in the server's order. */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- ticks --------------------------------------------------------------------------------------
 */

void check_skipped(struct lc_check *check, const struct lc_machine *machine,
                   const struct lc_event *e, int64_t expected) {
  char text[EVENT_TEXT];
  check->n_checked++;
  event_text(text, e);
  int64_t due = lc_tick_time(machine->rate, machine->phase_ns, e->tick);
  if (e->seq != expected || e->tick != expected)
    violation(check, e->t_actual, "%s stands where event %" PRId64 " of tick %" PRId64 " belongs",
              text, expected, expected);
  else if (e->msg_count || e->msg_first || e->peer != -1 || e->t_arrival || e->op != LC_OP_NONE ||
           e->queue_before || e->queue_after)
    violation(check, e->t_actual, "%s was skipped, but did something", text);
  else if (e->t_scheduled != due)
    violation(check, e->t_actual, "%s was scheduled for %" PRId64 " ns; its rate asks for %" PRId64,
              text, e->t_scheduled, due);
  else if (expected == 0)
    violation(check, e->t_actual, "%s was skipped, but no tick came before it", text);
  else if (e->t_scheduled >= e->t_actual)
    violation(check, e->t_actual, "%s was skipped, but the tick before it was over by then", text);
}

/* A tick that received or acted alone is over when it happened; one that sent some time after. */
void check_not_busy(struct lc_check *check, const struct lc_event *before,
                    const struct lc_event *e) {
  char text[EVENT_TEXT], other[EVENT_TEXT];
  event_text(text, e);
  event_text(other, before);
  if (e->kind == LC_SKIPPED && before->kind == LC_SEND
          ? e->t_actual < before->t_actual
          : e->kind == LC_SKIPPED && e->t_actual != before->t_actual)
    violation(check, e->t_actual, "%s was held up until another time than %s was over", text,
              other);
  else if (e->kind != LC_SKIPPED && e->t_scheduled < before->t_actual)
    violation(check, e->t_actual, "%s began, due at %" PRId64 " ns, although %s was not over", text,
              e->t_scheduled, other);
}

/* ---- inboxes ------------------------------------------------------------------------------------
 */

/* The clock that the server orders by: Lamport's if it is there, else the first with one word. */
static const struct lc_history_clock *order_of(const struct lc_history *h) {
  const struct lc_history_clock *first = NULL;
  for (int32_t c = 0; c < h->n_clock; c++) {
    if (strcmp(h->clock[c].name, "lamport") == 0)
      return &h->clock[c];
    if (!first && h->clock[c].words == 1 && h->clock[c].order == LC_ORDER_SCALAR)
      first = &h->clock[c];
  }
  return first;
}

struct inbox {
  const struct lc_history *h;
  const struct lc_history_clock *clock; /* NULL: by arrival */
  const int64_t *at;                    /* all that came, in order of arrival */
  int64_t *waiting;                     /* indices into history->sent */
  int64_t n_waiting, n_come;
};

static int64_t value_of(const struct inbox *in, int64_t sent) {
  const struct lc_sent *s = &in->h->sent[sent];
  const struct lc_machine *sender = &in->h->machine[s->sender];
  if (s->send_seq < 0 || s->send_seq >= sender->n_event)
    return 0; /* its event is missing, which check_matching() says */
  return in->clock->stamp[(sender->first_event + s->send_seq) * in->clock->words];
}

/* `waiting` is in order of arrival, and so are indices of what came at one time. */
static bool goes_first(const struct inbox *in, int64_t x, int64_t y) {
  if (!in->clock)
    return false;
  int64_t a = value_of(in, x), b = value_of(in, y);
  return a != b ? a < b : x < y; /* `sent` is in order of sender, number */
}

static int64_t take_first(struct inbox *in) {
  int64_t first = 0;
  for (int64_t i = 1; i < in->n_waiting; i++)
    if (goes_first(in, in->waiting[i], in->waiting[first]))
      first = i;
  int64_t taken = in->waiting[first];
  in->n_waiting--;
  memmove(in->waiting + first, in->waiting + first + 1,
          (size_t)(in->n_waiting - first) * sizeof *in->waiting);
  return taken;
}

/* What was there at the look of an event, by its number. False if that cannot be. */
static bool come_by(struct lc_check *check, struct inbox *in, const struct matching *m, int64_t n,
                    const struct lc_event *e) {
  char text[EVENT_TEXT];
  event_text(text, e);
  int64_t slack = in->h->error_ns;
  while (in->n_waiting < e->queue_before && in->n_come < n)
    in->waiting[in->n_waiting++] = in->at[in->n_come++];
  if (in->n_waiting != e->queue_before) {
    violation(check, e->t_actual, "%s found %d in its inbox; there were %" PRId64, text,
              e->queue_before, in->n_waiting);
    return false;
  }
  if (in->n_come && m->t_arrival[in->at[in->n_come - 1]] - slack > e->t_actual)
    violation(check, e->t_actual, "%s found a message that came later, at %" PRId64 " ns", text,
              m->t_arrival[in->at[in->n_come - 1]]);
  if (in->n_come < n && m->t_arrival[in->at[in->n_come]] + slack < e->t_scheduled)
    violation(check, e->t_actual, "%s did not find a message that had come at %" PRId64 " ns", text,
              m->t_arrival[in->at[in->n_come]]);
  return true;
}

static void check_taken(struct lc_check *check, struct inbox *in, const struct lc_event *e) {
  char text[EVENT_TEXT];
  const struct lc_sent *first = &in->h->sent[take_first(in)];
  if (first->sender != e->peer || first->number != e->msg_first)
    violation(check, e->t_actual,
              "%s takes message %" PRId64 " of VM %d; message %" PRId64 " of VM %d was first",
              event_text(text, e), e->msg_first, e->peer, first->number, first->sender);
}

void replay_inbox(struct lc_check *check, const struct lc_history *h, const struct matching *m,
                  int32_t vm, const int64_t *at, int64_t n) {
  const struct lc_machine *machine = &h->machine[vm];
  struct inbox in = {.h = h,
                     .clock = h->server.by_timestamp ? order_of(h) : NULL,
                     .at = at,
                     .waiting = lc_new((size_t)n, sizeof *in.waiting, "the verifier's inboxes")};
  for (int64_t i = 0; i < machine->n_event; i++) {
    const struct lc_event *e = &h->event[machine->first_event + i];
    bool receive = e->kind == LC_RECEIVE;
    if (e->kind == LC_SKIPPED)
      continue;
    if (!h->ended || (receive && m->send_of[machine->first_event + i] < 0))
      break; /* what came and was not taken, or was, is not on file */
    check->n_checked++;
    if (e->queue_after != e->queue_before - receive || receive != (e->queue_before > 0))
      violation(check, e->t_actual, "VM %d tick %" PRId64 " leaves %d in its inbox of %d", vm,
                e->tick, e->queue_after, e->queue_before);
    else if (!come_by(check, &in, m, n, e))
      break;
    else if (receive)
      check_taken(check, &in, e);
  }
  free(in.waiting);
}

/* ---- the server's own figures -------------------------------------------------------------------
 */

static void compare(struct lc_check *check, const struct lc_history *h, const char *what,
                    int64_t stored, int64_t counted) {
  check->n_checked++;
  if (stored != counted)
    violation(check, h->t_end, "the server says %" PRId64 " %s; the log gives %" PRId64, stored,
              what, counted);
}

/* It was told of every send and receive, so its clock is above them, and no lower than the number
 * of requests. */
static void check_own_clock(struct lc_check *check, const struct lc_history *h) {
  const struct lc_history_server *s = &h->server;
  const struct lc_history_clock *clock = order_of(h);
  check->n_checked++;
  if (s->clock < s->n_refresh + s->n_submit + s->n_report)
    violation(check, h->t_end, "the server's clock is %" PRId64 ", less than its requests",
              s->clock);
  for (int64_t i = 0; i < h->n_event && clock; i++)
    if (h->event[i].kind != LC_SKIPPED && h->event[i].kind != LC_INTERNAL &&
        clock->stamp[i * clock->words] >= s->clock) {
      char text[EVENT_TEXT];
      violation(check, h->event[i].t_actual,
                "%s has stamp %" PRId64 "; the server's clock is %" PRId64,
                event_text(text, &h->event[i]), clock->stamp[i * clock->words], s->clock);
    }
}

void check_server(const struct lc_history *h, struct lc_verdict *verdict) {
  const struct lc_history_server *s = &h->server;
  if (!s->served)
    return;
  struct lc_check *check =
      new_check(verdict, "server",
                "it had one request for each tick, message and receive; its clock is right");
  int64_t ticks = 0, receives = 0;
  bool logged = s->known;
  for (int32_t v = 0; v < h->n_vm; v++)
    logged &= h->machine[v].logged;
  if (!logged) {
    check->n_unknown++;
    return;
  }
  int64_t *skipped = lc_new((size_t)h->n_vm, sizeof *skipped, "the verifier's counts");
  for (int64_t i = 0; i < h->n_event; i++) {
    skipped[h->event[i].machine] += h->event[i].kind == LC_SKIPPED;
    ticks += h->event[i].kind != LC_SKIPPED;
    receives += h->event[i].kind == LC_RECEIVE;
  }
  compare(check, h, "ticks", s->n_refresh, ticks);
  compare(check, h, "messages", s->n_submit, h->n_sent);
  compare(check, h, "receives", s->n_report, receives);
  for (int32_t v = 0; v < h->n_vm; v++)
    compare(check, h, "skipped ticks of a VM", s->n_skipped[v], skipped[v]);
  check_own_clock(check, h);
  free(skipped);
}
