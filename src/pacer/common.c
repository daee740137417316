/* What a run that goes on begins with; states, totals and the end of a run, in chunks, so that a
 * million VMs need no second copy. */
#include "common.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool logs(const struct lc_world *w, int32_t vm) {
  return lc_logged(w->log, w->log_sample, w->vms->n_copy, w->place.n_vm, vm);
}

struct lc_sent sent_of(const struct lc_step *step, int32_t i) {
  const struct lc_event *e = &step->event;
  return (struct lc_sent){.sender = e->machine,
                          .receiver = step->receiver[i],
                          .number = e->msg_first + i,
                          .send_seq = e->seq,
                          .t_send = e->t_actual};
}

/* A message of before was sent before every cut that is still to come: it has the first colour. */
void go_on(const struct lc_world *w, struct lc_outcome *outcome, struct lc_balance *before,
           struct lc_until *until) {
  *before = (struct lc_balance){0};
  *until = (struct lc_until){.t_ns = w->receive_until_ns};
  if (!w->restart)
    return;
  size_t words = (size_t)w->vms->clocks->stamp_words;
  int64_t *stamp = lc_new(words + 1, sizeof *stamp, "a message");
  for (int64_t i = 0; i < w->past->n_left; i++) {
    const struct lc_left *left = &w->past->left[i];
    lc_until_admits(until, left->sender, left->machine, left->t_arrival); /* it may close it */
    memcpy(stamp, w->past->left_stamps + (size_t)i * words, words * sizeof *stamp);
    lc_vms_put(w->vms, left->machine - w->vms->first, left->sender, left->number, left->t_arrival,
               stamp);
  }
  free(stamp);
  for (int32_t i = 0; i < w->vms->n; i++) {
    struct lc_counts counts = lc_vms_counts(w->vms, i);
    outcome->n_event += counts.n_event;
    before->sent += counts.n_sent;
    before->received += counts.n_received;
  }
  /* a message is lost when a rank hears of it, which is up to one latency before it would arrive */
  until->n_lost = before->sent - before->received - w->past->n_left;
  outcome->n_event_before = outcome->n_event;
  if (lc_transport_rank(w->transport) == 0)
    outcome->digest = w->restart->digest;
}

lc_status commit_everything(struct lc_world *w, struct lc_outcome *outcome, lc_status status,
                            struct lc_error *err) {
  for (;;) {
    if (!status)
      status = lc_store_commit(w->store, err);
    status = lc_agree(w->transport, status, err);
    if (status)
      return status;
    int64_t pending = lc_store_pending(w->store);
    lc_max(w->transport, &pending, 1);
    if (!pending)
      return LC_OK;
    outcome->n_grown++;
    status = lc_store_grow(w->store, err);
    if (status)
      return status;
  }
}

lc_status record_messages(struct lc_world *w, int32_t index, int64_t t, struct lc_balance *found,
                          struct lc_error *err) {
  enum { MOST_WAITING = 1 << 16 };
  lc_status status = LC_OK;
  for (int32_t i = 0; i < w->vms->n && !status; i++) {
    struct lc_left left = {.machine = w->vms->first + i, .snapshot = index};
    const struct lc_node *node = lc_vms_first(w->vms, i);
    for (; node; node = lc_vms_next(w->vms, i, node)) {
      bool queued = node->t_arrival < t;
      found->queued += queued;
      found->in_flight += !queued;
      left.sender = node->sender;
      left.number = node->number;
      left.t_arrival = node->t_arrival;
      left.fate = queued ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT;
      lc_store_left(w->store, &left, node->stamp);
    }
    if (lc_store_pending(w->store) > MOST_WAITING && !lc_store_wants_room(w->store))
      status = lc_store_commit(w->store, err);
  }
  return status;
}

/* Of a cut: what is before it, and when it was recorded. */
struct cut_times {
  int64_t t, t_actual;
};

/* Room for one chunk on its way to the file. */
struct chunk {
  struct lc_state state[LC_CHUNK_VMS];
  struct lc_vm_totals totals[LC_CHUNK_VMS];
  int64_t *stamps, *jump_max;
};

static void fill_chunk(struct chunk *chunk, const struct lc_world *w, int32_t first, int32_t n,
                       struct cut_times at) {
  size_t words = (size_t)w->vms->clocks->stamp_words;
  int32_t clocks = w->vms->clocks->n;
  for (int32_t k = 0; k < n; k++) {
    int32_t own = first + k;
    chunk->state[k] = lc_state_of(w->vms, own, at.t_actual, lc_vms_arrived(w->vms, own, at.t));
    const struct lc_state *state = &chunk->state[k];
    chunk->totals[k] = (struct lc_vm_totals){
        .n_tick = state->n_tick,
        .n_event = state->n_event,
        .n_internal = state->n_internal,
        .n_sent = state->n_sent,
        .n_received = state->n_received,
        .n_queued = state->n_queued,
        .queue_max = state->queue_max,
        .lateness_max_ns = state->lateness_max_ns,
        .lateness_mean_ns = state->n_tick ? state->lateness_sum_ns / state->n_tick : 0,
    };
    memcpy(chunk->stamps + (size_t)k * words, lc_vms_stamps(w->vms, own), words * sizeof(int64_t));
    for (int32_t c = 0; c < clocks; c++)
      chunk->jump_max[k * clocks + c] = lc_vms_jump(w->vms, own, c);
  }
}

static lc_status write_states(struct lc_world *w, int32_t index, struct cut_times at,
                              struct lc_digest *digest, struct lc_error *err) {
  bool final = index == w->n_snapshot - 1;
  size_t room = (size_t)(w->vms->n < LC_CHUNK_VMS ? w->vms->n : LC_CHUNK_VMS);
  struct chunk *chunk = lc_new(1, sizeof *chunk, "a snapshot");
  chunk->stamps = lc_new(room * (size_t)w->vms->clocks->stamp_words, sizeof(int64_t), "a snapshot");
  chunk->jump_max = lc_new(room * (size_t)w->vms->clocks->n, sizeof(int64_t), "a snapshot");
  lc_status status = LC_OK;
  for (int32_t first = 0; first < w->vms->n && !status; first += LC_CHUNK_VMS) {
    int32_t n = w->vms->n - first < LC_CHUNK_VMS ? w->vms->n - first : LC_CHUNK_VMS;
    fill_chunk(chunk, w, first, n, at);
    for (int32_t k = 0; k < n && !final; k++)
      digest->snapshots += lc_state_hash(w->vms, first + k, index, chunk->state[k].n_queued);
    if (final)
      status =
          lc_store_totals(w->store, first, n, chunk->totals, chunk->stamps, chunk->jump_max, err);
    if (!status)
      status = lc_store_states(w->store, index, first, n, chunk->state, chunk->stamps,
                               chunk->jump_max, err);
  }
  free(chunk->stamps);
  free(chunk->jump_max);
  free(chunk);
  return status;
}

lc_status write_cut(struct lc_world *w, int32_t index, int64_t t, int64_t t_actual,
                    int64_t begun_ns, struct lc_digest *digest, struct lc_error *err) {
  lc_status status = write_states(w, index, (struct cut_times){t, t_actual}, digest, err);
  struct lc_cut_cost cost = {.t_done = t, .wall_ns = lc_monotonic_ns() - begun_ns};
  if (!status)
    status = lc_store_cut(w->store, index, &cost, digest, err);
  return status ? status : lc_store_states_done(w->store, index, err);
}

struct lc_digest cut_digest(const struct lc_cut *cut, struct lc_digest *so_far) {
  so_far->snapshots += cut->states;
  struct lc_digest digest = *so_far;
  digest.execution -= cut->after.execution;
  for (int32_t c = 0; c < LC_MAX_CLOCKS; c++)
    digest.clock[c] -= cut->after.clock[c];
  return digest;
}

void add_cut_rows(struct lc_world *w, const struct lc_cut *cut) {
  for (int64_t i = 0; i < cut->n_left; i++)
    lc_store_left(w->store, &cut->left[i], cut->left_stamps + i * w->vms->clocks->stamp_words);
}

lc_status write_recorded(struct lc_world *w, const struct lc_cut *cut,
                         const struct lc_digest *digest, struct lc_error *err) {
  lc_status status = lc_store_states(w->store, cut->index, 0, w->vms->n, cut->state, cut->stamps,
                                     cut->jump_max, err);
  if (!status)
    status = lc_store_cut(w->store, cut->index, &cut->cost, digest, err);
  return status ? status : lc_store_states_done(w->store, cut->index, err);
}

lc_status check_balance(const struct lc_balance *b, struct lc_error *err) {
  if (b->sent == b->received + b->queued + b->in_flight + b->lost)
    return LC_OK;
  return lc_fail(err, LC_EVERIFY,
                 "the balance of messages does not hold: sent %" PRId64 ", received %" PRId64
                 ", queued %" PRId64 ", in flight %" PRId64 ", lost %" PRId64,
                 b->sent, b->received, b->queued, b->in_flight, b->lost);
}

void share_counts(struct lc_world *w, struct lc_outcome *o) {
  enum { FIXED = 11 };
  int64_t words[FIXED + LC_MAX_CLOCKS] = {o->balance.sent,
                                          o->balance.received,
                                          o->balance.queued,
                                          o->balance.in_flight,
                                          o->balance.lost,
                                          o->n_event,
                                          o->ticking_ns,
                                          o->cpu_ns,
                                          (int64_t)o->digest.execution,
                                          (int64_t)o->digest.snapshots,
                                          o->n_event_before};
  int32_t ranks = lc_transport_size(w->transport);
  for (int32_t c = 0; c < LC_MAX_CLOCKS; c++)
    words[FIXED + c] = (int64_t)o->digest.clock[c];
  lc_sum(w->transport, words, FIXED + LC_MAX_CLOCKS);
  o->balance = (struct lc_balance){words[0], words[1], words[2], words[3], words[4]};
  o->n_event = words[5];
  o->ticking_ns = words[6] / ranks;
  o->cpu_ns = words[7] / ranks;
  o->digest.execution = (uint64_t)words[8];
  o->digest.snapshots = (uint64_t)words[9];
  o->n_event_before = words[10];
  for (int32_t c = 0; c < LC_MAX_CLOCKS; c++)
    o->digest.clock[c] = (uint64_t)words[FIXED + c];
  lc_max(w->transport, &o->message_bytes, 1);
}
