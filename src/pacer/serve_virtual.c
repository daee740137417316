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
  int64_t t_leaving; /* earliest arrival of what is in s.leaving */
};

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* ---- on the way ---------------------------------------------------------------------------------
 */

static void send_request(void *context, struct lc_request *request) {
  struct windows *w = context;
  request->t_arrival = arrival_of_request(&w->s, request, request->t_sent);
  w->t_leaving = sooner(w->t_leaving, request->t_arrival);
  if (w->s.server)
    lc_server_put(w->s.server, request);
  else
    write_request(&w->s.leaving[0], request, w->s.stamp_words);
}

static void send_reply(struct windows *w, struct reply *reply) {
  int32_t rank = lc_owner(w->s.world->place, reply->vm);
  reply->t_arrival = arrival_of_reply(&w->s, reply, reply->t_arrival);
  w->t_leaving = sooner(w->t_leaving, reply->t_arrival);
  if (rank == w->s.rank)
    asking_reply(&w->s.asking, reply);
  else
    write_reply(&w->s.leaving[rank], reply, w->s.stamp_words);
}

/* Rank 0 hears requests, the others replies. */
static void take_parcel(void *context, const int64_t *word, size_t n) {
  struct serving *s = context;
  struct lc_request request;
  struct reply reply;
  for (size_t at = 0; at < n;)
    if (s->server) {
      at += read_request(&request, word + at, s->stamp_words);
      lc_server_put(s->server, &request);
    } else {
      at += read_reply(&reply, word + at, s->stamp_words);
      asking_reply(&s->asking, &reply);
    }
}

/* ---- a window -----------------------------------------------------------------------------------
 */

static void run_window(struct windows *w, int64_t until_ns) {
  struct serving *s = &w->s;
  struct reply reply;
  while (s->server && lc_server_arrival(s->server) < until_ns)
    if (serve_next(s, &reply))
      send_reply(w, &reply);
  for (int64_t t; (t = agenda_next(&s->asking.agenda)) < until_ns;)
    asking_step(&s->asking, t);
  w->v.outcome->n_window++;
}

static void happened(void *context, const struct lc_step *step) {
  struct windows *w = context;
  lc_vms_digest(w->v.world->vms, step, &w->v.outcome->digest);
  if (logs(w->v.world, step->event.machine))
    virtual_log(&w->v, step);
}

/* ---- between windows ----------------------------------------------------------------------------
 */

enum { NEXT, SIGNAL, FAILED, WANTS_ROOM, N_MAX };
enum { EVENTS = N_MAX, SENT, QUEUED, N_WORDS };

/* The next that happens on this rank, or through what leaves it. */
static int64_t earliest(const struct windows *w) {
  int64_t first = sooner(agenda_next(&w->s.asking.agenda), w->t_leaving);
  return w->s.server ? sooner(first, lc_server_arrival(w->s.server)) : first;
}

/* What every rank needs to know before the next window, which starts at *next. A stop is an end at
 * that time: no tick begins any more. */
static lc_status agree(struct windows *w, int64_t *next, bool *over, struct lc_error *err) {
  struct virtual *v = &w->v;
  struct asking *asking = &w->s.asking;
  v->outcome->n_event = asking->n_event;
  virtual_look(v);
  int64_t words[N_WORDS] = {[NEXT] = -earliest(w),
                            [SIGNAL] = lc_stop_signal(),
                            [FAILED] = v->failure != LC_OK,
                            [WANTS_ROOM] = lc_store_wants_room(v->world->store),
                            [EVENTS] = asking->n_event,
                            [SENT] = asking->n_sent,
                            [QUEUED] = asking->n_sent - asking->n_received};
  const int64_t *all;
  lc_status status = serving_exchange(&w->s, take_parcel, &w->s, words, N_WORDS, N_MAX, &all, err);
  w->t_leaving = INT64_MAX;
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
    run_window(w, next > INT64_MAX - length ? INT64_MAX : next + length);
  }
  *err = w->v.error;
  return lc_agree(world->transport, w->v.failure, err);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

lc_status pace_virtual_server(struct lc_world *world, struct lc_outcome *outcome,
                              struct lc_error *err) {
  struct windows w = {.t_leaving = INT64_MAX};
  int64_t begun = lc_monotonic_ns();
  virtual_begin(&w.v, world, outcome);
  serving_open(&w.s, world);
  w.s.asking.context = &w;
  w.s.asking.send = send_request;
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
