/* --route server in real time: rank 0 is the server and has no VMs, unless it is alone. Requests
 * and replies are messages between ranks; as with messages between VMs, the network's latency comes
 * on top of what they take. The server hands out what it has served when model time has got there.
 * A tick that has begun by the end of the run is brought to its end: ranks go on until no tick is
 * open. */
#include "real.h"

#include <stdlib.h>
#include <string.h>

struct post {
  struct real r;
  struct serving s;
  struct words out, in; /* one message on its way */
};

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

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
  struct post *p = context;
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
  struct post *p = context;
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
  p->r.n_sent = s->asking.n_sent;
  p->r.n_received = s->asking.n_received;
  p->r.outcome->n_event = s->asking.n_event;
}

static lc_status run_until_over(struct post *p, struct lc_error *err) {
  struct real *r = &p->r;
  while (!r->over) {
    lc_status status = take_in(r, err);
    if (status)
      return status;
    if (!r->failure)
      do_due(p);
    status = run_rounds(r, err);
    if (status)
      return status;
    if (r->over)
      break;
    commit_if_time(r);
    sleep_a_little(r);
  }
  note_cost(r);
  *err = r->error;
  return lc_agree(r->world->transport, r->failure, err);
}

/* ---- the end ------------------------------------------------------------------------------------
 */

bool server_done(const struct real *r) {
  const struct asking *a = &r->serving->asking;
  return !a->n_open && agenda_next(&a->agenda) >= r->end_ns && model_now(r) >= r->end_ns;
}

void server_stop(struct real *r) {
  int64_t end = model_now(r) + 1;
  lc_max(r->world->transport, &end, 1);
  r->end_ns = r->serving->asking.end_ns = sooner(end, r->world->duration_ns);
}

/* Nobody waits for a reply any more: what is still to be served are reports. */
static lc_status end_post(struct post *p, struct lc_error *err) {
  struct serving *s = &p->s;
  struct reply none;
  lc_status status = drain(&p->r, err);
  if (status)
    return status;
  while (s->server && lc_server_arrival(s->server) < INT64_MAX)
    lc_assert(!serve_next(s, &none));
  status = serving_end(s, p->r.outcome, err);
  return status ? status : real_end(&p->r, err);
}

lc_status pace_real_server(struct lc_world *world, struct lc_outcome *outcome,
                           struct lc_error *err) {
  struct post p = {.out = {.n = 0}};
  size_t words = serving_words(world->vms->clocks->stamp_words);
  real_init(&p.r, world, outcome);
  serving_open(&p.s, world);
  lc_grow((void **)&p.in.word, &p.in.room, words, sizeof *p.in.word, "a message");
  p.s.asking.context = &p;
  p.s.asking.send = send_request;
  p.s.asking.happened = happened;
  p.r.serving = &p.s;
  p.r.receive = receive_post;
  p.r.context = &p;
  real_start(&p.r, words * sizeof(int64_t));
  lc_status status = run_until_over(&p, err);
  if (!status)
    status = end_post(&p, err);
  real_free(&p.r, status);
  serving_free(&p.s);
  free(p.out.word);
  free(p.in.word);
  return status;
}
