/* Snapshots and commits. A state is copied at its moment, which costs next to nothing, and written
 * when its cut is whole on all ranks and there is time before the next tick; a commit likewise. */
#include "real.h"

#include <stdlib.h>

void begin_cuts(struct real *r, int64_t deadline_ns, int64_t now_ns) {
  struct lc_world *w = r->world;
  while (r->next_snapshot < w->n_snapshot - 1) { /* the last one is the end's */
    int64_t t = lc_snapshot_time(r->next_snapshot, w->duration_ns, w->snapshot_every_ns);
    if (t > now_ns || t > deadline_ns || t >= r->end_ns)
      return;
    lc_recorder_begin(r->recorder, r->next_snapshot++, moment(r, now_ns));
  }
}

void take_moments(struct real *r, int64_t now_ns) {
  if (!lc_recorder_open(r->recorder))
    return;
  for (int32_t b = 0; b < r->world->vms->n_block; b++)
    lc_recorder_take(r->recorder, b, now_ns);
}

void report_cuts(const struct real *r, int64_t *max_words, int64_t *sum_words) {
  for (ptrdiff_t k = 0; k < CUTS_AHEAD; k++)
    lc_recorder_report(r->recorder, (int32_t)k, &sum_words[2 * k], &sum_words[2 * k + 1],
                       &max_words[k]);
}

static void finish_cut(struct real *r) {
  struct done_cuts *done = &r->done;
  size_t n = done->n++;
  lc_grow((void **)&done->cut, &done->cut_room, n + 1, sizeof *done->cut, "a snapshot");
  lc_grow((void **)&done->digest, &done->digest_room, n + 1, sizeof *done->digest, "a snapshot");
  done->cut[n] = lc_recorder_finished(r->recorder);
  done->digest[n] = cut_digest(done->cut[n], &r->digest);
  add_cut_rows(r->world, done->cut[n]);
}

void finish_cuts(struct real *r, const int64_t *max_words, const int64_t *sum_words,
                 int64_t now_ns) {
  for (ptrdiff_t k = 0; k < CUTS_AHEAD; k++) {
    if (sum_words[2 * k] || sum_words[2 * k + 1] || max_words[k] > now_ns)
      return;
    finish_cut(r);
  }
}

void finish_last_cuts(struct real *r) {
  int32_t before;
  do {
    int64_t max_words[CUTS_MAX], sum_words[CUTS_SUM];
    before = (int32_t)r->done.n;
    report_cuts(r, max_words, sum_words);
    lc_max(r->world->transport, max_words, CUTS_MAX);
    lc_sum(r->world->transport, sum_words, CUTS_SUM);
    finish_cuts(r, max_words, sum_words, r->end_ns);
  } while ((int32_t)r->done.n == before + CUTS_AHEAD);
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
  for (size_t i = 0; i < r->done.n; i++) {
    if (!r->failure)
      keep_failure(r, write_recorded(w, r->done.cut[i], &r->done.digest[i], &r->error));
    lc_cut_free(r->done.cut[i]);
  }
  r->done.n = 0;
}

/* What is left over, then all rows, then the states, which count them: of the cuts that waited for
 * their rows, and the final one. Every rank takes the same steps, whatever waited on it.
 * Collective.
 */
lc_status write_ending(struct real *r, struct lc_error *err) {
  struct lc_world *w = r->world;
  int64_t begun_ns = lc_monotonic_ns();
  if (!r->failure)
    keep_failure(r,
                 record_messages(w, w->n_snapshot - 1, r->end_ns, &r->outcome->balance, &r->error));
  *err = r->error;
  lc_status status = commit_everything(w, r->outcome, r->failure, err);
  if (status)
    return status;
  commit(r); /* the cuts: all rows are on file */
  *err = r->error;
  status = r->failure;
  if (!status)
    status =
        write_cut(w, w->n_snapshot - 1, r->end_ns, moment(r, r->end_ns), begun_ns, &r->digest, err);
  return lc_agree(w->transport, status, err);
}
