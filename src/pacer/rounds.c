/* What ranks tell each other while they run. Every 200 ms (at once when a rank is done) each brings
 * its requests and figures to a round; the answer is the same everywhere, and so is what follows
 * from it. */
#include "real.h"

#include <stdlib.h>
#include <string.h>

/* Combined by maximum. */
enum { SIGNAL, FAILED, WANTS_ROOM, CLOCK, NOW, CUT_MAX, N_MAX = CUT_MAX + CUTS_MAX };
/* Summed. */
enum { DONE = N_MAX, EVENTS, SENT, QUEUED, OVERRUN, CUT_SUM };
enum { VMS = CUT_SUM + CUTS_SUM, VM_WORDS = 3 };
enum { MAX_WORDS = VMS + VM_WORDS * LC_TABLE_VMS };

static int32_t n_words(const struct lc_world *w) {
  return VMS + (w->place.n_vm <= LC_TABLE_VMS ? VM_WORDS * w->place.n_vm : 0);
}

static int64_t shown_clock(const struct lc_vms *vms, int32_t own) {
  const struct lc_clock_set *set = vms->clocks;
  int32_t c = lc_clock_set_shown(set);
  return c < 0 ? 0 : set->clock[c]->value(lc_vms_stamps(vms, own) + set->stamp_at[c]);
}

static bool done(const struct real *r) {
  return agenda_next(&r->agenda) >= r->end_ns && model_now(r) >= r->end_ns;
}

/* What waits at the server. */
static void gather_inboxes(const struct lc_world *w, const struct lc_server *server,
                           int64_t *words) {
  for (int32_t v = 0; v < w->place.n_vm; v++) {
    int64_t queued = lc_server_inbox(server, v);
    words[QUEUED] += queued;
    if (w->place.n_vm <= LC_TABLE_VMS)
      words[VMS + VM_WORDS * v + 2] = queued;
  }
}

static void gather_words(const struct real *r, int64_t *words) {
  const struct lc_world *w = r->world;
  memset(words, 0, MAX_WORDS * sizeof *words);
  words[SIGNAL] = lc_stop_signal();
  words[FAILED] = r->failure != LC_OK;
  words[WANTS_ROOM] = lc_store_wants_room(w->store);
  words[DONE] = done(r);
  words[EVENTS] = r->outcome->n_event;
  words[SENT] = r->n_sent;
  words[OVERRUN] = r->outcome->lateness.n_overrun;
  int64_t now = model_now(r);
  words[NOW] = -now;
  if (r->recorder)
    report_cuts(r, words + CUT_MAX, words + CUT_SUM);
  for (int32_t i = 0; i < w->vms->n; i++) {
    int64_t clock = shown_clock(w->vms, i), queued = lc_vms_arrived(w->vms, i, now);
    words[QUEUED] += queued;
    words[CLOCK] = clock > words[CLOCK] ? clock : words[CLOCK];
    if (w->place.n_vm > LC_TABLE_VMS)
      continue;
    int64_t *own = words + VMS + (ptrdiff_t)VM_WORDS * (w->vms->first + i);
    own[0] = lc_vms_vm(w->vms, i)->n_tick;
    own[1] = clock;
    own[2] = queued;
  }
  if (r->serving && r->serving->server)
    gather_inboxes(w, r->serving->server, words);
}

static void show(const struct real *r, const int64_t *words) {
  const struct lc_world *w = r->world;
  struct lc_view view = {
      .t_ns = model_now(r),
      .clock = words[CLOCK],
      .n_event = words[EVENTS],
      .n_sent = words[SENT],
      .n_queued = words[QUEUED],
      .n_overrun = words[OVERRUN],
      .signal = (int)words[SIGNAL],
  };
  for (int32_t v = 0; v < w->place.n_vm && w->place.n_vm <= LC_TABLE_VMS; v++) {
    view.vm[v].n_tick = words[VMS + VM_WORDS * v];
    view.vm[v].clock = words[VMS + VM_WORDS * v + 1];
    view.vm[v].n_queued = words[VMS + VM_WORDS * v + 2];
  }
  lc_progress_show(w->progress, &view);
}

static void obey(struct real *r, const int64_t *words) {
  r->outcome->signal = (int)words[SIGNAL];
  if (r->recorder)
    finish_cuts(r, words + CUT_MAX, words + CUT_SUM, -words[NOW]);
  r->over = words[SIGNAL] || words[FAILED] || words[DONE] == r->world->place.n_rank;
  if (r->over || !words[WANTS_ROOM])
    return;
  r->outcome->n_grown++;
  keep_failure(r, lc_store_grow(r->world->store, &r->error));
}

/* A stop, and a round after it that the others do not join in time: a rank is gone, or cannot run.
 */
static lc_status check_lost(const struct real *r, struct lc_error *err) {
  int64_t now = lc_monotonic_ns();
  if (!lc_stop_signal() || now - lc_stop_time_ns() < LOST_NS || now - r->last_round_ns < LOST_NS)
    return LC_OK;
  return lc_fail(err, LC_ERANK,
                 "rank %d got %s and the other ranks do not answer: a rank was lost; what is "
                 "committed is on file",
                 lc_transport_rank(r->world->transport), lc_signal_name(lc_stop_signal()));
}

lc_status run_rounds(struct real *r, struct lc_error *err) {
  struct lc_transport *transport = r->world->transport;
  const int64_t *result;
  bool over = false;
  if (lc_round_running(transport)) {
    lc_status status = lc_round_test(transport, &over, &result, err);
    if (!status && over) {
      show(r, result);
      obey(r, result);
    }
    return status ? status : over ? LC_OK : check_lost(r, err);
  }
  int64_t now = lc_monotonic_ns();
  if (now - r->last_round_ns < ROUND_NS && !done(r))
    return LC_OK;
  int64_t words[MAX_WORDS];
  r->last_round_ns = now;
  gather_words(r, words);
  return lc_round_start(transport, words, n_words(r->world), N_MAX, err);
}
