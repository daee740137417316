/* Every recorded state is the state that the log gives for that machine after as many events. */
#include "checks.h"

#include <inttypes.h>
#include <string.h>

struct tally {
  int64_t n_internal, n_sent, n_received;
};

static void count_event(struct tally *tally, const struct lc_event *e) {
  tally->n_internal += e->kind == LC_INTERNAL;
  tally->n_sent += e->kind == LC_SEND ? e->msg_count : 0;
  tally->n_received += e->kind == LC_RECEIVE;
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

static void check_state(struct lc_check *check, const struct lc_history *h, int32_t vm,
                        int32_t snapshot, const struct tally *tally) {
  const struct lc_machine *machine = &h->machine[vm];
  const struct lc_state *state = &h->state[(int64_t)vm * h->n_snapshot + snapshot];
  int64_t t = h->t_snapshot[snapshot], n = state->n_event;
  const struct lc_event *last = n ? &h->event[machine->first_event + n - 1] : NULL;
  check->n_checked++;
  if (tally->n_internal != state->n_internal || tally->n_sent != state->n_sent ||
      tally->n_received != state->n_received)
    violation(check, t,
              "snapshot %d says VM %d did %" PRId64 " internal events, %" PRId64 " sends, %" PRId64
              " receives; the log gives %" PRId64 ", %" PRId64 ", %" PRId64,
              snapshot, vm, state->n_internal, state->n_sent, state->n_received, tally->n_internal,
              tally->n_sent, tally->n_received);
  else if (last && last->t_scheduled >= t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns holds VM %d's later tick %" PRId64,
              snapshot, t, vm, last->tick);
  else if (last && !stamps_agree(h, vm, snapshot, last - h->event))
    violation(check, t, "snapshot %d has other stamps for VM %d than its event %" PRId64, snapshot,
              vm, n - 1);
  else if (n < machine->n_event && h->event[machine->first_event + n].t_scheduled < t)
    violation(check, t, "snapshot %d of time %" PRId64 " ns lacks VM %d's tick %" PRId64, snapshot,
              t, vm, h->event[machine->first_event + n].tick);
}

void check_snapshots(const struct lc_history *h, struct lc_verdict *verdict) {
  struct lc_check *check =
      new_check(verdict, "snapshots", "every recorded state is the one that the log gives");
  for (int32_t v = 0; v < h->n_vm; v++) {
    struct tally tally = {0};
    int64_t counted = 0;
    for (int32_t s = 0; s < h->n_snapshot; s++) {
      const struct lc_state *state = &h->state[(int64_t)v * h->n_snapshot + s];
      if (!state->valid)
        continue;
      if (state->n_event > h->machine[v].n_event || state->n_event < counted) {
        if (state->n_event < counted || h->ended)
          violation(check, h->t_snapshot[s], "snapshot %d counts %" PRId64 " events of VM %d", s,
                    state->n_event, v);
        else
          check->n_unknown++;
        continue;
      }
      for (; counted < state->n_event; counted++)
        count_event(&tally, &h->event[h->machine[v].first_event + counted]);
      check_state(check, h, v, s, &tally);
    }
  }
}
