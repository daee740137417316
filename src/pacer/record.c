/* States and commits. A state is copied at its moment, which costs next to nothing, and written
 * when there is time before the next tick; a commit likewise. */
#include "real.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more, and returns where its states and stamps go. */
static struct lc_state *one_more(struct real *r, int64_t **stamps) {
  struct taken_states *taken = &r->taken;
  size_t own = (size_t)r->world->n_own, words = own * (size_t)r->world->clocks->stamp_words;
  size_t n = taken->n++;
  lc_grow((void **)&taken->index, &taken->index_room, n + 1, sizeof *taken->index, "a snapshot");
  lc_grow((void **)&taken->state, &taken->state_room, (n + 1) * own, sizeof *taken->state,
          "a snapshot");
  lc_grow((void **)&taken->stamps, &taken->stamp_room, (n + 1) * words, sizeof *taken->stamps,
          "a snapshot");
  *stamps = taken->stamps + n * words;
  return taken->state + n * own;
}

static struct lc_state *take_state(struct real *r, int32_t index, int64_t now_ns) {
  struct lc_world *w = r->world;
  size_t words = (size_t)w->clocks->stamp_words;
  if (r->taken.n)
    commit(r);
  int64_t *stamps;
  struct lc_state *state = one_more(r, &stamps);
  r->taken.index[r->taken.n - 1] = index;
  for (int32_t i = 0; i < w->n_own; i++) {
    const struct lc_vm *vm = &w->vm[i];
    state[i] = (struct lc_state){
        .t_actual = now_ns,
        .n_tick = vm->next_tick,
        .n_event = vm->n_event,
        .n_internal = vm->n_internal,
        .n_sent = vm->n_sent,
        .n_received = vm->n_received,
        .n_queued = (int64_t)vm->inbox.length,
        .valid = 1,
    };
    memcpy(stamps + (size_t)i * words, vm->stamps, words * sizeof *stamps);
  }
  return state;
}

/* Every state whose time has come, before a tick that is due at or after it. */
void take_states_before(struct real *r, int64_t deadline_ns, int64_t now_ns) {
  struct lc_world *w = r->world;
  while (r->next_snapshot < w->n_snapshot - 1) { /* the last one is the end's */
    int64_t t = lc_snapshot_time(r->next_snapshot, w->duration_ns, w->snapshot_every_ns);
    if (t > now_ns || t > deadline_ns || t >= r->end_ns)
      return;
    take_state(r, r->next_snapshot++, moment(r, now_ns));
  }
}

void keep_failure(struct real *r, lc_status status) {
  if (status && !r->failure)
    r->failure = status;
}

void commit(struct real *r) {
  struct lc_world *w = r->world;
  r->last_commit_ns = lc_monotonic_ns();
  if (r->failure)
    return;
  keep_failure(r, lc_store_commit(w->store, &r->error));
  /* states count events: they may be on file only once all of these are */
  if (r->failure || lc_store_pending(w->store) > 0)
    return;
  size_t own = (size_t)w->n_own, words = own * (size_t)w->clocks->stamp_words;
  for (size_t i = 0; i < r->taken.n && !r->failure; i++)
    keep_failure(r, lc_store_states(w->store, r->taken.index[i], r->taken.state + i * own,
                                    r->taken.stamps + i * words, &r->error));
  r->taken.n = 0;
}

static void log_left_over(struct real *r, const struct lc_message *message) {
  struct lc_left left = {
      .machine = message->receiver,
      .sender = message->sender,
      .copy = message->copy,
      .snapshot = r->world->n_snapshot - 1,
      .number = message->number,
      .t_arrival = message->t_arrival,
      .fate = message->t_arrival < r->end_ns ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT,
  };
  lc_store_left(r->world->store, &left);
  if (left.fate == LC_FATE_QUEUED)
    r->outcome->balance.queued++;
  else
    r->outcome->balance.in_flight++;
}

static void write_totals(struct real *r, const struct lc_state *final) {
  struct lc_world *w = r->world;
  size_t n = (size_t)w->n_own, words = (size_t)w->clocks->stamp_words;
  size_t clocks = (size_t)w->clocks->n;
  struct lc_vm_totals *totals = lc_new(n, sizeof *totals, "the totals");
  int64_t *stamps = lc_new(n * words, sizeof *stamps, "the totals");
  struct lc_jumps *jumps = lc_new(n * clocks, sizeof *jumps, "the totals");
  for (size_t i = 0; i < n; i++) {
    const struct lc_vm *vm = &w->vm[i];
    const struct lc_state *state = &final[i];
    totals[i] = (struct lc_vm_totals){
        .n_tick = state->n_tick,
        .n_event = state->n_event,
        .n_internal = state->n_internal,
        .n_sent = state->n_sent,
        .n_received = state->n_received,
        .n_queued = state->n_queued,
        .lateness_max_ns = r->lateness_max[i],
        .lateness_mean_ns = vm->n_event ? r->lateness_sum[i] / vm->n_event : 0,
    };
    memcpy(stamps + i * words, vm->stamps, words * sizeof *stamps);
    memcpy(jumps + i * clocks, vm->jumps, clocks * sizeof *jumps);
  }
  keep_failure(r, lc_store_totals(w->store, totals, stamps, jumps, &r->error));
  free(totals);
  free(stamps);
  free(jumps);
}

/* The final state: what arrived before the end is queued, the rest was in flight. */
void write_ending(struct real *r) {
  struct lc_world *w = r->world;
  struct lc_state *final = take_state(r, w->n_snapshot - 1, r->end_ns);
  for (int32_t i = 0; i < w->n_own; i++) {
    const struct lc_queue *inbox = &w->vm[i].inbox;
    int64_t before = r->outcome->balance.queued;
    for (size_t m = 0; m < inbox->length; m++)
      log_left_over(r, lc_queue_at(inbox, m));
    final[i].n_queued = r->outcome->balance.queued - before;
  }
  write_totals(r, final);
}
