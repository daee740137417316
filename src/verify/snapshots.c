/* Every recorded state is the state that the log gives for that machine after as many events, and
 * in a run with an end none is missing. A state is either as of its snapshot's time: all ticks that
 * were due before it and no others; or as of a moment of its VM's own: all events before that. */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tally {
  int64_t n_tick, n_internal, n_sent, n_received;
  int64_t queue_max, jump_max[LC_MAX_CLOCKS];
};

/* a - b, also for stamps that no run has. */
static int64_t difference(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

static void count_event(struct tally *tally, const struct lc_history *h, int64_t at) {
  const struct lc_event *e = &h->event[at];
  bool is_first = at == h->machine[e->machine].first_event;
  tally->n_tick += is_first || e->tick != e[-1].tick;
  tally->n_internal += e->kind == LC_INTERNAL;
  tally->n_sent += e->kind == LC_SEND ? e->msg_count : 0;
  tally->n_received += e->kind == LC_RECEIVE;
  if (e->queue_before > tally->queue_max)
    tally->queue_max = e->queue_before;
  for (int32_t c = 0; c < h->n_clock; c++) {
    const int64_t *stamp = h->clock[c].stamp + at * h->clock[c].words;
    int64_t jump = difference(stamp[0], is_first ? 0 : *(stamp - h->clock[c].words));
    if (jump > tally->jump_max[c])
      tally->jump_max[c] = jump;
  }
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

/* [n_vm][n_snapshot]: messages that had arrived at a VM when its state was recorded, with or
 * without those that arrived at that very moment; in the final state those that it had received or
 * that were left in its queue. */
static int64_t *count_arrivals(const struct lc_history *h, const struct matching *m, bool with) {
  size_t n = (size_t)h->n_snapshot;
  int64_t *arrived = lc_new((size_t)h->n_vm * n, sizeof *arrived, "the verifier's snapshots");
  for (int64_t i = 0; i < h->n_sent; i++) {
    if (m->t_arrival[i] == INT64_MIN)
      continue;
    int64_t *of_vm = arrived + (size_t)h->sent[i].receiver * n;
    int64_t from = m->t_arrival[i] + (!with && m->t_arrival[i] < INT64_MAX);
    int32_t s = first_from(h, h->sent[i].receiver, from);
    if (!is_end(h, s))
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

/* As of its snapshot's time: after all ticks that were due before it and before the others. */
static void check_place(struct lc_check *check, const struct lc_history *h, int32_t vm,
                        int32_t snapshot, const struct lc_event *last,
                        const struct lc_event *next) {
  const struct lc_state *state = state_of(h, vm, snapshot);
  bool unsaid = is_end(h, snapshot) && !h->ended; /* killed before it said when its end was */
  int64_t t = unsaid ? state->t_actual : h->t_snapshot[snapshot];
  if (last && last->t_scheduled >= t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns holds VM %d's later tick %" PRId64,
              snapshot, t, vm, last->tick);
  else if (next && next->t_scheduled < t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns lacks VM %d's tick %" PRId64, snapshot,
              t, vm, next->tick);
  else if (state->t_actual < t || (h->exact_time && state->t_actual != t) ||
           (next && state->t_actual > next->t_actual) ||
           (last && state->t_actual < last->t_actual && !is_end(h, snapshot)))
    violation(check, t,
              "snapshot %d of time %" PRId64 " ns was recorded for VM %d at %" PRId64
              " ns, after %" PRId64 " events",
              snapshot, t, vm, state->t_actual, state->n_event);
}

/* As of a moment of its own, at its snapshot's time or later: what happens at that very moment in
 * virtual time happens after it. */
static void check_moment(struct lc_check *check, const struct lc_history *h, int32_t vm,
                         int32_t snapshot, const struct lc_event *last,
                         const struct lc_event *next) {
  int64_t t = h->t_snapshot[snapshot], moment = state_of(h, vm, snapshot)->t_actual;
  if (moment < t && (uint64_t)t - (uint64_t)moment > (uint64_t)h->error_ns)
    violation(check, t,
              "snapshot %d of time %" PRId64 " ns was recorded for VM %d before, at %" PRId64 " ns",
              snapshot, t, vm, moment);
  else if (last && (h->exact_time ? last->t_actual >= moment : last->t_actual > moment))
    violation(check, t, "snapshot %d, of VM %d at %" PRId64 " ns, holds its later tick %" PRId64,
              snapshot, vm, moment, last->tick);
  else if (next && next->t_actual < moment)
    violation(check, t, "snapshot %d, of VM %d at %" PRId64 " ns, lacks its tick %" PRId64,
              snapshot, vm, moment, next->tick);
}

/* Is it the state after its last event and before the next? */
static void check_between(struct lc_check *check, const struct lc_history *h, int32_t vm,
                          int32_t snapshot) {
  const struct lc_machine *machine = &h->machine[vm];
  int64_t n = state_of(h, vm, snapshot)->n_event;
  const struct lc_event *event = &h->event[machine->first_event];
  const struct lc_event *last = n ? &event[n - 1] : NULL;
  const struct lc_event *next = n < machine->n_event ? &event[n] : NULL;
  if (last && !stamps_agree(h, vm, snapshot, last - h->event))
    violation(check, h->t_snapshot[snapshot],
              "snapshot %d has other stamps for VM %d than its event %" PRId64, snapshot, vm,
              n - 1);
  else if (cut_time(h) == CUT_OWN_MOMENT && !is_end(h, snapshot))
    check_moment(check, h, vm, snapshot, last, next);
  else
    check_place(check, h, vm, snapshot, last, next);
}

/* The longest queue and the largest jumps so far, which files before format 2.0 do not have. */
static void check_largest(struct lc_check *check, const struct lc_history *h, int32_t vm,
                          int32_t snapshot, const struct tally *tally) {
  int64_t at = (int64_t)vm * h->n_snapshot + snapshot, t = h->t_snapshot[snapshot];
  if (h->cuts && h->state[at].queue_max != tally->queue_max)
    violation(check, t,
              "snapshot %d says that VM %d's longest queue was %" PRId64 "; the log gives %" PRId64,
              snapshot, vm, h->state[at].queue_max, tally->queue_max);
  for (int32_t c = 0; c < h->n_clock; c++)
    if (h->clock[c].state_jump && h->clock[c].words == 1 &&
        h->clock[c].state_jump[at] != tally->jump_max[c])
      violation(check, t,
                "snapshot %d says that VM %d's clock %s has jumped by %" PRId64
                " at most; its stamps give %" PRId64,
                snapshot, vm, h->clock[c].name, h->clock[c].state_jump[at], tally->jump_max[c]);
}

/* How many messages had arrived by the states, at least and at most; NULL where that cannot be
 * known. */
struct arrivals {
  const int64_t *least, *most;
};

static void check_state(struct lc_check *check, const struct lc_history *h, int32_t vm,
                        int32_t snapshot, const struct tally *tally,
                        const struct arrivals *arrived) {
  const struct lc_state *state = state_of(h, vm, snapshot);
  int64_t at = (int64_t)vm * h->n_snapshot + snapshot;
  int64_t least = state->n_queued, most = state->n_queued;
  if (arrived->least) {
    least = arrived->least[at] - tally->n_received;
    most = arrived->most[at] - tally->n_received;
  }
  check->n_checked++;
  if (state->n_tick == tally->n_tick && tally->n_internal == state->n_internal &&
      tally->n_sent == state->n_sent && tally->n_received == state->n_received &&
      least <= state->n_queued && state->n_queued <= most) {
    check_between(check, h, vm, snapshot);
    check_largest(check, h, vm, snapshot, tally);
    return;
  }
  violation(check, h->t_snapshot[snapshot],
            "snapshot %d says VM %d did %" PRId64 " ticks, %" PRId64 " internal events, %" PRId64
            " sends, %" PRId64 " receives, with %" PRId64 " in its queue; the log gives %" PRId64
            ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64,
            snapshot, vm, state->n_tick, state->n_internal, state->n_sent, state->n_received,
            state->n_queued, tally->n_tick, tally->n_internal, tally->n_sent, tally->n_received,
            least);
}

/* A snapshot that takes its time may not have been done when the run ended. */
static void check_missing(struct lc_check *check, const struct lc_history *h, int32_t vm,
                          int32_t snapshot) {
  int64_t t = h->t_snapshot[snapshot];
  if (!h->ended || (!is_end(h, snapshot) && t >= h->t_end))
    return;
  if (cut_time(h) == CUT_OWN_MOMENT && !is_end(h, snapshot) && snapshot >= h->n_taken)
    check->n_unknown++;
  else
    violation(check, t, "snapshot %d of time %" PRId64 " ns lacks VM %d", snapshot, t, vm);
}

static void check_machine(struct lc_check *check, const struct lc_history *h, int32_t v,
                          const struct arrivals *arrived) {
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
      count_event(&tally, h, h->machine[v].first_event + counted);
    check_state(check, h, v, s, &tally, arrived);
  }
}

void check_snapshots(const struct lc_history *h, const struct matching *m,
                     struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "snapshots", "every recorded state is the one that the log gives");
  bool known = h->ended && h->n_snapshot; /* without an end, not all arrivals are known */
  int64_t *before = known && cut_time(h) != CUT_RANK_BY_RANK ? count_arrivals(h, m, false) : NULL;
  int64_t *by = known && cut_time(h) != CUT_EXACT ? count_arrivals(h, m, true) : NULL;
  const struct arrivals all = {before ? before : by, by ? by : before}, none = {NULL, NULL};
  bool whole = false;
  for (int32_t v = 0; v < h->n_vm; v++) {
    if (v % h->n_copy == 0)
      whole = copy_is_logged(h, v);
    check_machine(check, h, v, whole ? &all : &none);
  }
  free(before);
  free(by);
}
