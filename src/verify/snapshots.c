/* Every recorded state is the state that the log gives for that machine after as many events, and
 * in a run with an end none is missing. */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tally {
  int64_t n_internal, n_sent, n_received;
};

static void count_event(struct tally *tally, const struct lc_event *e) {
  tally->n_internal += e->kind == LC_INTERNAL;
  tally->n_sent += e->kind == LC_SEND ? e->msg_count : 0;
  tally->n_received += e->kind == LC_RECEIVE;
}

static const struct lc_state *state_of(const struct lc_history *h, int32_t vm, int32_t snapshot) {
  return &h->state[(int64_t)vm * h->n_snapshot + snapshot];
}

static bool is_final(const struct lc_history *h, int32_t snapshot) {
  return snapshot == h->n_snapshot - 1;
}

/* The first snapshot of a VM that was recorded at `t` or later, or not at all; the final one, which
 * is not in order of time, stands for none. */
static int32_t first_from(const struct lc_history *h, int32_t vm, int64_t t) {
  int32_t low = 0, high = h->n_snapshot - 1;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    const struct lc_state *state = state_of(h, vm, middle);
    if (state->valid && state->t_actual < t)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* [n_vm][n_snapshot]: messages that had arrived at a VM when its state was recorded; in the final
 * state those that it had received or that were left in its queue. */
static int64_t *count_arrivals(const struct lc_history *h, const struct matching *m) {
  size_t n = (size_t)h->n_snapshot;
  int64_t *arrived = lc_new((size_t)h->n_vm * n, sizeof *arrived, "the verifier's snapshots");
  for (int64_t i = 0; i < h->n_sent; i++) {
    if (m->t_arrival[i] == INT64_MIN)
      continue;
    int64_t *of_vm = arrived + (size_t)h->sent[i].receiver * n;
    /* in virtual time a state holds what arrived before its time, else also what arrived at it */
    int64_t from = m->t_arrival[i] + (h->exact_time && m->t_arrival[i] < INT64_MAX);
    int32_t s = first_from(h, h->sent[i].receiver, from);
    if (!is_final(h, s))
      of_vm[s]++;
    of_vm[n - 1] += m->fate[i] == LC_FATE_RECEIVED || m->fate[i] == LC_FATE_QUEUED;
  }
  for (size_t v = 0; v < (size_t)h->n_vm; v++)
    for (size_t s = 1; s + 1 < n; s++)
      arrived[v * n + s] += arrived[v * n + s - 1];
  return arrived;
}

static bool stamps_agree(const struct lc_history *h, int32_t vm, int32_t snapshot, int64_t last) {
  for (int32_t c = 0; c < h->n_clock; c++) {
    const struct lc_history_clock *clock = &h->clock[c];
    int64_t row = (int64_t)vm * h->n_snapshot + snapshot;
    if (memcmp(clock->state_stamp + row * clock->words, clock->stamp + last * clock->words,
               (size_t)clock->words * sizeof(int64_t)) != 0)
      return false;
  }
  return true;
}

/* Is it the state after its last event and before the next? */
static void check_place(struct lc_check *check, const struct lc_history *h, int32_t vm,
                        int32_t snapshot) {
  const struct lc_machine *machine = &h->machine[vm];
  const struct lc_state *state = state_of(h, vm, snapshot);
  bool unsaid = is_final(h, snapshot) && !h->ended; /* killed before it said when its end was */
  int64_t t = unsaid ? state->t_actual : h->t_snapshot[snapshot], n = state->n_event;
  const struct lc_event *event = &h->event[machine->first_event];
  const struct lc_event *last = n ? &event[n - 1] : NULL;
  const struct lc_event *next = n < machine->n_event ? &event[n] : NULL;
  if (last && last->t_scheduled >= t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns holds VM %d's later tick %" PRId64,
              snapshot, t, vm, last->tick);
  else if (next && next->t_scheduled < t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns lacks VM %d's tick %" PRId64, snapshot,
              t, vm, next->tick);
  else if (last && !stamps_agree(h, vm, snapshot, last - h->event))
    violation(check, t, "snapshot %d has other stamps for VM %d than its event %" PRId64, snapshot,
              vm, n - 1);
  else if (state->t_actual < t || (h->exact_time && state->t_actual != t) ||
           (next && state->t_actual > next->t_actual) ||
           (last && state->t_actual < last->t_actual && !is_final(h, snapshot)))
    violation(check, t,
              "snapshot %d of time %" PRId64 " ns was recorded for VM %d at %" PRId64
              " ns, after %" PRId64 " events",
              snapshot, t, vm, state->t_actual, n);
}

static void check_state(struct lc_check *check, const struct lc_history *h, int32_t vm,
                        int32_t snapshot, const struct tally *tally, const int64_t *arrived) {
  const struct lc_state *state = state_of(h, vm, snapshot);
  int64_t t = h->t_snapshot[snapshot];
  int64_t queued = arrived ? arrived[(int64_t)vm * h->n_snapshot + snapshot] - tally->n_received
                           : state->n_queued; /* without an end, not all arrivals are known */
  check->n_checked++;
  if (state->n_tick == state->n_event && tally->n_internal == state->n_internal &&
      tally->n_sent == state->n_sent && tally->n_received == state->n_received &&
      queued == state->n_queued) {
    check_place(check, h, vm, snapshot);
    return;
  }
  violation(check, t,
            "snapshot %d says VM %d did %" PRId64 " ticks, %" PRId64 " internal events, %" PRId64
            " sends, %" PRId64 " receives, with %" PRId64 " in its queue; the log gives %" PRId64
            ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
            snapshot, vm, state->n_tick, state->n_internal, state->n_sent, state->n_received,
            state->n_queued, state->n_event, tally->n_internal, tally->n_sent, tally->n_received,
            queued);
}

static void check_missing(struct lc_check *check, const struct lc_history *h, int32_t vm,
                          int32_t snapshot) {
  int64_t t = h->t_snapshot[snapshot];
  if (h->ended && (is_final(h, snapshot) || t < h->t_end))
    violation(check, t, "snapshot %d of time %" PRId64 " ns lacks VM %d", snapshot, t, vm);
}

static void check_machine(struct lc_check *check, const struct lc_history *h, int32_t v,
                          const int64_t *arrived) {
  struct tally tally = {0};
  int64_t counted = 0;
  for (int32_t s = 0; s < h->n_snapshot; s++) {
    const struct lc_state *state = state_of(h, v, s);
    if (!state->valid) {
      check_missing(check, h, v, s);
      continue;
    }
    if (state->n_event < counted ||
        (h->ended && h->machine[v].logged && state->n_event > h->machine[v].n_event)) {
      violation(check, h->t_snapshot[s], "snapshot %d counts %" PRId64 " events of VM %d", s,
                state->n_event, v);
      continue;
    }
    if (!h->machine[v].logged || state->n_event > h->machine[v].n_event) {
      check->n_unknown++;
      continue;
    }
    for (; counted < state->n_event; counted++)
      count_event(&tally, &h->event[h->machine[v].first_event + counted]);
    check_state(check, h, v, s, &tally, arrived);
  }
}

void check_snapshots(const struct lc_history *h, const struct matching *m,
                     struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "snapshots", "every recorded state is the one that the log gives");
  int64_t *arrived = h->ended && h->n_snapshot ? count_arrivals(h, m) : NULL;
  bool whole = false;
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (v % h->n_copy == 0)
      whole = copy_is_logged(h, v);
    check_machine(check, h, v, whole ? arrived : NULL);
  }
  free(arrived);
}
