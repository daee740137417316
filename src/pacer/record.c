/* States and commits. A state is copied at its moment, which costs next to nothing, and written
 * when there is time before the next tick; a commit likewise. */
#include "real.h"

#include <stdlib.h>
#include <string.h>

/* Makes room for one more, and returns where its states and stamps go. */
static struct lc_state *one_more(struct real *r, int64_t **stamps, int64_t **jump_max) {
  struct taken_states *taken = &r->taken;
  size_t own = (size_t)r->world->vms->n;
  size_t words = own * (size_t)r->world->vms->clocks->stamp_words;
  size_t n = taken->n++;
  lc_grow((void **)&taken->index, &taken->index_room, n + 1, sizeof *taken->index, "a snapshot");
  lc_grow((void **)&taken->state, &taken->state_room, (n + 1) * own, sizeof *taken->state,
          "a snapshot");
  lc_grow((void **)&taken->stamps, &taken->stamp_room, (n + 1) * words, sizeof *taken->stamps,
          "a snapshot");
  size_t jumps = own * (size_t)r->world->vms->clocks->n;
  lc_grow((void **)&taken->jump_max, &taken->jump_room, (n + 1) * jumps, sizeof *taken->jump_max,
          "a snapshot");
  lc_grow((void **)&taken->digest, &taken->digest_room, n + 1, sizeof *taken->digest, "a snapshot");
  *stamps = taken->stamps + n * words;
  *jump_max = taken->jump_max + n * jumps;
  return taken->state + n * own;
}

static void take_state(struct real *r, int32_t index, int64_t now_ns) {
  const struct lc_vms *vms = r->world->vms;
  size_t words = (size_t)vms->clocks->stamp_words;
  if (r->taken.n)
    commit(r);
  int64_t *stamps, *jump_max;
  struct lc_state *state = one_more(r, &stamps, &jump_max);
  r->taken.index[r->taken.n - 1] = index;
  for (int32_t i = 0; i < vms->n; i++) {
    /* what arrives at this very moment is seen by an event of this moment too */
    state[i] = lc_state_of(vms, i, now_ns, lc_vms_arrived(vms, i, now_ns + 1));
    memcpy(stamps + (size_t)i * words, lc_vms_stamps(vms, i), words * sizeof *stamps);
    for (int32_t c = 0; c < vms->clocks->n; c++)
      jump_max[i * vms->clocks->n + c] = lc_vms_jump(vms, i, c);
    r->digest.snapshots += lc_state_hash(vms, i, index, state[i].n_queued);
  }
  r->taken.digest[r->taken.n - 1] = r->digest;
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
  size_t own = (size_t)w->vms->n, words = own * (size_t)w->vms->clocks->stamp_words;
  for (size_t i = 0; i < r->taken.n && !r->failure; i++) {
    int32_t index = r->taken.index[i];
    struct lc_cut_cost cost = {.t_done = r->taken.state[i * own].t_actual};
    keep_failure(r, lc_store_states(w->store, index, 0, w->vms->n, r->taken.state + i * own,
                                    r->taken.stamps + i * words,
                                    r->taken.jump_max + i * own * (size_t)w->vms->clocks->n,
                                    &r->error));
    if (!r->failure)
      keep_failure(r, lc_store_cut(w->store, index, &cost, &r->taken.digest[i], &r->error));
    if (!r->failure)
      keep_failure(r, lc_store_states_done(w->store, index, &r->error));
  }
  r->taken.n = 0;
}

/* What is left over, then all rows, then the final state, which counts them. Collective. */
lc_status write_ending(struct real *r, struct lc_error *err) {
  struct lc_world *w = r->world;
  int64_t begun_ns = lc_monotonic_ns();
  if (!r->failure)
    keep_failure(r,
                 record_messages(w, w->n_snapshot - 1, r->end_ns, &r->outcome->balance, &r->error));
  do { /* states that were taken wait for their rows */
    commit(r);
    *err = r->error;
    lc_status status = commit_everything(w, r->outcome, r->failure, err);
    if (status)
      return status;
  } while (r->taken.n);
  return lc_agree(
      w->transport,
      write_cut(w, w->n_snapshot - 1, r->end_ns, begun_ns, r->lateness, &r->digest, err), err);
}
