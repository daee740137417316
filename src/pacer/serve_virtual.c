/* --route server in virtual time: the server on rank 0 beside its VMs. Requests and replies take
 * the network's latency, each in its own draw, so what a window brings forth arrives after it, as
 * with messages between VMs: every rank runs its VMs through the window, rank 0 also serves what
 * arrives in it, and nothing depends on where windows lie. Ticks that have begun by the end of the
 * run are brought to theirs, so the last window is when nothing is under way any more. */
#include "serving.h"
#include "virtual.h"

#include <stdlib.h>
#include <string.h>

struct serving {
  struct virtual v;
  struct asking asking;
  struct lc_server *server; /* on rank 0, else NULL */
  int64_t *t_reply;         /* [n_vm] arrival of the latest reply to each VM */
  struct lc_histogram reported;
  struct words *leaving; /* [n_rank] */
  int64_t t_leaving;     /* earliest arrival of what they have */
  bool over;             /* only what was left in the inboxes is under way */
  int32_t stamp_words;
};

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* ---- on the way ---------------------------------------------------------------------------------
 */

static void send_request(void *context, struct lc_request *request) {
  struct serving *s = context;
  if (s->server)
    lc_server_put(s->server, request);
  else
    write_request(&s->leaving[0], request, s->stamp_words);
  s->t_leaving = sooner(s->t_leaving, request->t_arrival);
}

/* Into the inbox of its VM, where the end of a run is recorded from. */
static void put_left(struct serving *s, const struct reply *left) {
  struct lc_vms *vms = s->v.world->vms;
  lc_vms_put(vms, left->vm - vms->first, left->given.sender, left->given.number,
             left->given.t_arrival, left->given.stamp);
}

static void arrive(struct serving *s, const struct reply *reply) {
  if (s->over)
    put_left(s, reply);
  else
    asking_reply(&s->asking, reply);
}

static void send_reply(struct serving *s, const struct reply *reply) {
  int32_t rank = lc_owner(reply->vm, s->v.world->n_vm, s->v.n_rank);
  s->t_leaving = sooner(s->t_leaving, reply->t_arrival);
  if (rank == 0)
    arrive(s, reply);
  else
    write_reply(&s->leaving[rank], reply, s->stamp_words);
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
      arrive(s, &reply);
    }
}

static lc_status exchange(struct serving *s, const int64_t *words, int32_t n, int32_t n_max,
                          const int64_t **all, struct lc_error *err) {
  struct virtual *v = &s->v;
  for (int32_t r = 0; r < v->n_rank; r++)
    v->parcel[r] = (struct lc_parcel){s->leaving[r].word, s->leaving[r].n};
  lc_status status =
      lc_exchange(v->world->transport, v->parcel, take_parcel, s, words, n, n_max, all, err);
  for (int32_t r = 0; r < v->n_rank; r++)
    s->leaving[r].n = 0;
  s->t_leaving = INT64_MAX;
  return status;
}

/* ---- a window -----------------------------------------------------------------------------------
 */

static void serve(struct serving *s, int64_t until_ns) {
  const struct lc_world *w = s->v.world;
  struct lc_answer answer;
  struct reply reply;
  while (lc_server_arrival(s->server) < until_ns) {
    lc_server_serve(s->server, &answer);
    const struct lc_request *r = &answer.request;
    if (!reply_of(&reply, &answer)) {
      lc_histogram_add(&s->reported, answer.t_done - r->t_sent);
      continue;
    }
    reply.t_arrival = answer.t_done + lc_latency_draw_for(w->latency, w->vms->load->seed,
                                                          LC_DRAW_ANSWER, r->vm, r->number);
    if (w->fifo && reply.t_arrival < s->t_reply[r->vm])
      reply.t_arrival = s->t_reply[r->vm];
    s->t_reply[r->vm] = reply.t_arrival;
    send_reply(s, &reply);
  }
}

static void run_window(struct serving *s, int64_t until_ns) {
  if (s->server)
    serve(s, until_ns);
  for (int64_t t; (t = agenda_next(&s->asking.agenda)) < until_ns;)
    asking_step(&s->asking, t);
  s->v.outcome->n_window++;
}

static void happened(void *context, const struct lc_step *step) {
  struct serving *s = context;
  lc_vms_digest(s->v.world->vms, step, &s->v.outcome->digest);
  if (logs(s->v.world, step->event.machine))
    virtual_log(&s->v, step);
}

/* ---- between windows ----------------------------------------------------------------------------
 */

enum { NEXT, SIGNAL, FAILED, WANTS_ROOM, N_MAX };
enum { EVENTS = N_MAX, SENT, QUEUED, N_WORDS };

/* The next that happens on this rank, or through what leaves it. */
static int64_t earliest(const struct serving *s) {
  int64_t first = sooner(agenda_next(&s->asking.agenda), s->t_leaving);
  return s->server ? sooner(first, lc_server_arrival(s->server)) : first;
}

/* What every rank needs to know before the next window, which starts at *next. A stop is an end at
 * that time: no tick begins any more. */
static lc_status agree(struct serving *s, int64_t *next, bool *over, struct lc_error *err) {
  struct virtual *v = &s->v;
  v->outcome->n_event = s->asking.n_event;
  virtual_look(v);
  int64_t words[N_WORDS] = {[NEXT] = -earliest(s),
                            [SIGNAL] = lc_stop_signal(),
                            [FAILED] = v->failure != LC_OK,
                            [WANTS_ROOM] = lc_store_wants_room(v->world->store),
                            [EVENTS] = s->asking.n_event,
                            [SENT] = s->asking.n_sent,
                            [QUEUED] = s->asking.n_sent - s->asking.n_received};
  const int64_t *all;
  lc_status status = exchange(s, words, N_WORDS, N_MAX, &all, err);
  if (status)
    return status;
  *next = -all[NEXT];
  if (all[SIGNAL] && !v->outcome->signal) {
    v->outcome->signal = (int)all[SIGNAL];
    s->asking.end_ns = sooner(*next, s->asking.end_ns);
  }
  *over = all[FAILED] || *next == INT64_MAX;
  virtual_show(v, sooner(*next, s->asking.end_ns), all + EVENTS, (int)all[SIGNAL]);
  return !*over && all[WANTS_ROOM] ? write_all_rows(v, err) : LC_OK;
}

static lc_status run_windows(struct serving *s, struct lc_error *err) {
  const struct lc_world *w = s->v.world;
  int64_t next = 0, length = w->latency->min_ns;
  bool over = false;
  for (;;) {
    lc_status status = agree(s, &next, &over, err);
    if (status)
      return status;
    if (over)
      break;
    run_window(s, next > INT64_MAX - length ? INT64_MAX : next + length);
  }
  *err = s->v.error;
  return lc_agree(w->transport, s->v.failure, err);
}

/* ---- the end ------------------------------------------------------------------------------------
 */

/* What is left in the inboxes goes to the ranks of its receivers. */
static lc_status hand_over(struct serving *s, struct lc_error *err) {
  struct lc_answer answer = {.n_before = 0};
  const int64_t nothing = 0, *ignored;
  struct reply left;
  s->over = true;
  for (int32_t v = 0; s->server && v < s->v.world->n_vm; v++)
    while (lc_server_take(s->server, v, &answer)) {
      reply_of(&left, &answer);
      left.vm = v;
      send_reply(s, &left);
    }
  return exchange(s, &nothing, 1, 1, &ignored, err);
}

static void open_serving(struct serving *s, struct lc_world *w, struct lc_outcome *outcome) {
  virtual_begin(&s->v, w, outcome);
  asking_open(&s->asking, w);
  s->asking.context = s;
  s->asking.send = send_request;
  s->asking.happened = happened;
  s->t_leaving = INT64_MAX;
  s->stamp_words = w->vms->clocks->stamp_words;
  s->leaving = lc_new((size_t)s->v.n_rank, sizeof *s->leaving, "what goes to other ranks");
  if (s->v.rank != 0)
    return;
  s->server = lc_server_new(w->n_vm, s->stamp_words, w->server->order, w->server->service_ns);
  s->t_reply = lc_new((size_t)w->n_vm, sizeof *s->t_reply, "the replies to the VMs");
}

static void close_serving(struct serving *s, lc_status status) {
  for (int32_t r = 0; r < s->v.n_rank; r++)
    free(s->leaving[r].word);
  free(s->leaving);
  free(s->t_reply);
  lc_server_free(s->server);
  asking_free(&s->asking);
  virtual_free(&s->v, status);
}

lc_status pace_virtual_server(struct lc_world *world, struct lc_outcome *outcome,
                              struct lc_error *err) {
  struct serving s = {.over = false};
  int64_t begun = lc_monotonic_ns();
  open_serving(&s, world, outcome);
  lc_status status = run_windows(&s, err);
  outcome->ticking_ns = lc_monotonic_ns() - begun;
  if (!status)
    status = hand_over(&s, err);
  if (!status) {
    s.v.n_sent = s.asking.n_sent;
    share_server(world, &s.asking, s.server, &s.reported, outcome);
    status = lc_store_service(world->store, &outcome->service, world->vms, err);
    status = lc_agree(world->transport, status, err);
  }
  if (!status)
    status = virtual_end(&s.v, s.asking.end_ns, err);
  close_serving(&s, status);
  return status;
}
