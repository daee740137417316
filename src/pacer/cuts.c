/* Snapshots in virtual time. A time cut is taken at once, since no window reaches across it: every
 * rank is at the same moment. The other methods record each VM at a moment of its own: while a cut
 * is open, a block of VMs stops at each such moment, and markers, which VMs pass on without a tick,
 * bound the next window like ticks do. */
#include "virtual.h"

#include <stdlib.h>

lc_status cuts_open(struct virtual *v, struct lc_error *err) {
  struct lc_world *w = v->world;
  if (w->method->kind == LC_TIME_CUT)
    return LC_OK;
  if (w->method->coloured)
    lc_vms_colour(w->vms);
  lc_status status = LC_OK;
  if (w->method->kind == LC_CHANDY_LAMPORT)
    status = lc_agree(w->transport, marking_make(&v->marking, w, err), err);
  v->recorder =
      lc_recorder_new(w->method, w->vms, &v->marking, v->next_snapshot, true, mail_marker, v);
  return status;
}

void cuts_free(struct virtual *v) {
  lc_recorder_free(v->recorder);
  marking_free(&v->marking);
}

void cuts_report(const struct virtual *v, int64_t *max_words, int64_t *sum_words) {
  for (ptrdiff_t k = 0; k < CUTS_AHEAD && v->recorder; k++)
    lc_recorder_report(v->recorder, (int32_t)k, &sum_words[2 * k], &sum_words[2 * k + 1],
                       &max_words[k]);
}

static lc_status time_cut(struct virtual *v, int32_t index, int64_t t, struct lc_error *err) {
  struct lc_world *w = v->world;
  struct lc_balance ignored = {0};
  int64_t begun_ns = lc_monotonic_ns();
  for (int32_t b = 0; b < w->vms->n_block; b++)
    mail_deliver(v, b);
  if (!v->failure)
    keep_failure_of(v, record_messages(w, index, t, &ignored, &v->error));
  lc_status status = write_all_rows(v, err);
  if (status)
    return status;
  return lc_agree(w->transport, write_cut(w, index, t, t, begun_ns, &v->outcome->digest, err), err);
}

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Those whose time has come. With a recorder one at a time: markers leave at that moment, and the
 * next window starts there. One that was not done at the end at which a run goes on begins anew
 * there: an end is gone on from like that only where it was asked for. */
static lc_status begin_cuts(struct virtual *v, int64_t *next, struct lc_error *err) {
  struct lc_world *w = v->world;
  while (v->next_snapshot < w->n_snapshot - 1) { /* the last one is the end's */
    int64_t t = lc_snapshot_time(v->next_snapshot, w->duration_ns, w->snapshot_every_ns);
    if (t > *next)
      return LC_OK;
    lc_status status = LC_OK;
    if (!v->recorder)
      status = time_cut(v, v->next_snapshot, t, err);
    if (status)
      return status;
    v->next_snapshot++;
    if (!v->recorder)
      continue;
    for (int32_t b = 0; b < w->vms->n_block; b++)
      mail_deliver(v, b);
    *next = later(t, v->begun_ns);
    lc_recorder_begin(v->recorder, v->next_snapshot - 1, *next);
    return LC_OK;
  }
  return LC_OK;
}

static lc_status finish_cut(struct virtual *v, struct lc_error *err) {
  struct lc_cut *cut = lc_recorder_finished(v->recorder);
  struct lc_digest digest = cut_digest(cut, &v->outcome->digest);
  add_cut_rows(v->world, cut);
  lc_status status = write_all_rows(v, err);
  if (!status)
    status = lc_agree(v->world->transport, write_recorded(v->world, cut, &digest, err), err);
  lc_cut_free(cut);
  return status;
}

lc_status cuts_take(struct virtual *v, const int64_t *max_words, const int64_t *sum_words,
                    int64_t *next, bool over, struct lc_error *err) {
  for (ptrdiff_t k = 0; k < CUTS_AHEAD && v->recorder; k++) {
    if (sum_words[2 * k] || sum_words[2 * k + 1] || max_words[k] > *next)
      break;
    lc_status status = finish_cut(v, err);
    if (status)
      return status;
  }
  return v->recorder && over ? LC_OK : begin_cuts(v, next, err);
}

void cuts_run_block(struct virtual *v, int32_t block) {
  struct lc_vms *vms = v->world->vms;
  int64_t t;
  mail_deliver(v, block);
  while ((t = lc_recorder_due(v->recorder, block)) < v->until_ns) {
    v->outcome->n_event += lc_vms_run(vms, block, t, &v->sink);
    lc_recorder_take(v->recorder, block, t);
  }
  v->outcome->n_event += lc_vms_run(vms, block, v->until_ns, &v->sink);
}
