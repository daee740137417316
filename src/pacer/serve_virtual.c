/* --route server in virtual time: the server on rank 0 beside its VMs. Requests and replies take
 * the network's latency, each in its own draw, so what a window brings forth arrives after it, as
 * with messages between VMs: every rank runs its VMs through the window, rank 0 also serves what
 * arrives in it, and nothing depends on where windows lie. Ticks that have begun by the end of the
 * run are brought to theirs, so the last window is when nothing is under way any more. */
#include "serving.h"
#include "virtual.h"

struct windows {
  struct virtual v;
  struct serving s;
};

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static void happened(void *context, const struct lc_step *step) {
  const struct serving *s = context;
  struct windows *w = s->pace;
  lc_vms_digest(w->v.world->vms, step, &w->v.outcome->digest);
  if (logs(w->v.world, step->event.machine))
    virtual_log(&w->v, step);
}

/* ---- between windows ----------------------------------------------------------------------------
 */

enum { NEXT, SIGNAL, FAILED, WANTS_ROOM, N_MAX };
enum { EVENTS = N_MAX, SENT, QUEUED, N_WORDS };

/* What every rank needs to know before the next window, which starts at *next. A stop is an end at
 * that time: no tick begins any more. */
static lc_status agree(struct windows *w, int64_t *next, bool *over, struct lc_error *err) {
  struct virtual *v = &w->v;
  struct asking *asking = &w->s.asking;
  v->outcome->n_event = asking->n_event;
  virtual_look(v);
  int64_t words[N_WORDS] = {[NEXT] = -window_next(&w->s),
                            [SIGNAL] = lc_stop_signal(),
                            [FAILED] = v->failure != LC_OK,
                            [WANTS_ROOM] = lc_store_wants_room(v->world->store),
                            [EVENTS] = asking->n_event,
                            [SENT] = asking->n_sent,
                            [QUEUED] = asking->n_sent - asking->n_received};
  const int64_t *all;
  lc_status status = window_exchange(&w->s, words, N_WORDS, N_MAX, &all, err);
  if (status)
    return status;
  *next = -all[NEXT];
  if (all[SIGNAL] && !v->outcome->signal) {
    v->outcome->signal = (int)all[SIGNAL];
    asking->end_ns = sooner(*next, asking->end_ns);
  }
  *over = all[FAILED] || *next == INT64_MAX;
  virtual_show(v, sooner(*next, asking->end_ns), all + EVENTS, (int)all[SIGNAL]);
  return !*over && all[WANTS_ROOM] ? write_all_rows(v, err) : LC_OK;
}

static lc_status run_windows(struct windows *w, struct lc_error *err) {
  const struct lc_world *world = w->v.world;
  int64_t next = 0, length = world->latency->min_ns;
  bool over = false;
  for (;;) {
    lc_status status = agree(w, &next, &over, err);
    if (status)
      return status;
    if (over)
      break;
    window_run(&w->s, next > INT64_MAX - length ? INT64_MAX : next + length);
    w->v.outcome->n_window++;
  }
  *err = w->v.error;
  return lc_agree(world->transport, w->v.failure, err);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

lc_status pace_virtual_server(struct lc_world *world, struct lc_outcome *outcome,
                              struct lc_error *err) {
  struct windows w;
  int64_t begun = lc_monotonic_ns();
  virtual_begin(&w.v, world, outcome);
  serving_open(&w.s, world);
  w.s.pace = &w;
  w.s.asking.send = window_send;
  w.s.asking.happened = happened;
  lc_status status = run_windows(&w, err);
  outcome->ticking_ns = lc_monotonic_ns() - begun;
  if (!status)
    status = serving_end(&w.s, outcome, err);
  if (!status) {
    w.v.n_sent = w.s.asking.n_sent;
    status = virtual_end(&w.v, w.s.asking.end_ns, err);
  }
  serving_free(&w.s);
  virtual_free(&w.v, status);
  return status;
}
