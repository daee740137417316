/* --route server in real time: rank 0 is the server and has no VMs, unless it is alone. Requests
 * and replies are messages between ranks; as with messages between VMs, the network's latency comes
 * on top of what they take. The server hands out what it has served when model time has got there.
 * A tick that has begun by the end of the run is brought to its end, in windows as in virtual time:
 * nothing waits for the wall clock any more, however long the line at the server is. */
#include "real.h"

#include <stdlib.h>
#include <string.h>

struct post {
  struct real r;
  struct serving s;
  struct words out, in; /* one message on its way */
};

/* ---- on the way ---------------------------------------------------------------------------------
 */

static void request_comes(struct post *p, struct lc_request *request) {
  request->t_arrival = arrival_of_request(&p->s, request, next_arrival(&p->r));
  lc_server_put(p->s.server, request);
}

static void reply_comes(struct post *p, struct reply *reply) {
  reply->t_arrival = arrival_of_reply(&p->s, reply, next_arrival(&p->r));
  asking_reply(&p->s.asking, reply);
}

/* What is in `out`. */
static void post_to(struct post *p, int32_t rank) {
  struct real *r = &p->r;
  keep_failure(r, lc_transport_send(r->world->transport, rank, p->out.word,
                                    p->out.n * sizeof *p->out.word, &r->error));
  p->out.n = 0;
}

static void send_request(void *context, struct lc_request *request) {
  struct post *p = ((const struct serving *)context)->pace;
  if (p->s.server) {
    request_comes(p, request);
    return;
  }
  write_request(&p->out, request, p->s.stamp_words);
  post_to(p, 0);
}

static void send_reply(struct post *p, struct reply *reply) {
  int32_t rank = lc_owner(p->s.world->place, reply->vm);
  if (rank == p->s.rank) {
    reply_comes(p, reply);
    return;
  }
  write_reply(&p->out, reply, p->s.stamp_words);
  post_to(p, rank);
}

/* The server hears requests, the others replies. */
static void receive_post(void *context, const unsigned char *bytes, size_t length) {
  struct post *p = context;
  struct lc_request request;
  struct reply reply;
  lc_assert(length <= p->in.room * sizeof *p->in.word);
  memcpy(p->in.word, bytes, length);
  if (p->s.server) {
    read_request(&request, p->in.word, p->s.stamp_words);
    request_comes(p, &request);
  } else {
    read_reply(&reply, p->in.word, p->s.stamp_words);
    reply_comes(p, &reply);
  }
}

/* ---- a turn -------------------------------------------------------------------------------------
 */

static void happened(void *context, const struct lc_step *step) {
  struct post *p = ((const struct serving *)context)->pace;
  struct real *r = &p->r;
  lc_vms_digest(r->world->vms, step, &r->digest);
  if (logs(r->world, step->event.machine))
    lc_store_event(r->world->store, &step->event, step->stamps);
  if (step->event.kind != LC_SKIPPED) /* what is due meanwhile is skipped: nothing overruns */
    note_lateness(r, &step->event, INT64_MAX);
}

/* What is due by now: no more, so a rank that cannot keep up comes back to hear the others. */
static void do_due(struct post *p) {
  struct serving *s = &p->s;
  int64_t now = model_now(&p->r);
  struct reply reply;
  while (s->server && lc_server_done(s->server) <= now)
    if (serve_next(s, &reply))
      send_reply(p, &reply);
  while (agenda_next(&s->asking.agenda) <= now) {
    asking_step(&s->asking, moment(&p->r, model_now(&p->r)));
    p->r.last_tick_ns = lc_monotonic_ns();
  }
}

static void note_counts(struct post *p) {
  p->r.n_sent = p->s.asking.n_sent;
  p->r.n_received = p->s.asking.n_received;
  p->r.outcome->n_event = p->s.asking.n_event;
}

static lc_status server_turn(void *context, struct lc_error *err) {
  struct post *p = context;
  lc_status status = take_in(&p->r, err);
  if (status || p->r.failure)
    return status;
  do_due(p);
  note_counts(p);
  return LC_OK;
}

/* ---- the end ------------------------------------------------------------------------------------
 */

/* A moment that lies behind all that any rank has done; an early end is there. From now on senders
 * say when something arrives, who must know what is still on the way. Collective. */
static void agree_on_end(struct post *p) {
  struct serving *s = &p->s;
  struct lc_transport *transport = s->world->transport;
  s->t_least = 1 + moment(&p->r, model_now(&p->r));
  lc_max(transport, &s->t_least, 1);
  lc_max(transport, s->t_request, s->world->place.n_vm);
  lc_max(transport, s->t_reply, s->world->place.n_vm);
  if (p->r.outcome->signal && s->t_least < p->r.end_ns)
    p->r.end_ns = s->asking.end_ns = s->t_least;
}

static lc_status finish_ticks(struct post *p, struct lc_error *err) {
  struct serving *s = &p->s;
  int64_t least = s->world->latency->min_ns, length = least > 1 ? least : 1;
  s->asking.send = window_send;
  for (;;) {
    const int64_t *all;
    int64_t next = -window_next(s);
    lc_status status = window_exchange(s, &next, 1, 1, &all, err);
    if (status)
      return status;
    if (-all[0] == INT64_MAX)
      return LC_OK;
    window_run(s, length - all[0]);
  }
}

static lc_status end_post(struct post *p, struct lc_error *err) {
  lc_status status = drain(&p->r, err);
  if (status)
    return status;
  agree_on_end(p);
  status = finish_ticks(p, err);
  if (status)
    return status;
  note_counts(p);
  status = serving_end(&p->s, p->r.outcome, err);
  return status ? status : real_end(&p->r, err);
}

lc_status pace_real_server(struct lc_world *world, struct lc_outcome *outcome,
                           struct lc_error *err) {
  struct post p = {.out = {.n = 0}};
  size_t words = serving_words(world->vms->clocks->stamp_words);
  real_init(&p.r, world, outcome);
  serving_open(&p.s, world);
  lc_grow((void **)&p.in.word, &p.in.room, words, sizeof *p.in.word, "a message");
  p.s.pace = &p;
  p.s.asking.send = send_request;
  p.s.asking.happened = happened;
  p.r.serving = &p.s;
  p.r.turn = server_turn;
  p.r.receive = receive_post;
  p.r.context = &p;
  real_start(&p.r, words * sizeof(int64_t));
  lc_status status = run_until_over(&p.r, err);
  if (!status) {
    *err = p.r.error;
    status = lc_agree(world->transport, p.r.failure, err);
  }
  if (!status)
    status = end_post(&p, err);
  real_free(&p.r, status);
  serving_free(&p.s);
  free(p.out.word);
  free(p.in.word);
  return status;
}
