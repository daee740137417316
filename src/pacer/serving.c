/* The server and what goes to and from it, whatever brings it there. */
#include "serving.h"

#include <stdlib.h>
#include <string.h>

/* ---- words --------------------------------------------------------------------------------------
 */

enum { R_VM, R_KIND, R_NUMBER, R_SENT, R_ARRIVAL, R_CLOCK, R_RECEIVER, R_MESSAGE, R_STAMP };
enum { A_VM, A_KIND, A_NUMBER, A_SENT, A_ARRIVAL, A_BEFORE, A_SENDER, A_MESSAGE, A_CAME, A_STAMP };

size_t serving_words(int32_t stamp_words) {
  _Static_assert((int)A_STAMP >= (int)R_STAMP, "the longer one");
  return A_STAMP + (size_t)stamp_words;
}

static int64_t *add_words(struct words *to, size_t n) {
  lc_grow((void **)&to->word, &to->room, to->n + n, sizeof *to->word, "what goes to other ranks");
  int64_t *at = to->word + to->n;
  to->n += n;
  return at;
}

void write_request(struct words *to, const struct lc_request *r, int32_t stamp_words) {
  size_t stamps = r->kind == LC_SUBMIT ? (size_t)stamp_words : 0;
  int64_t *word = add_words(to, R_STAMP + stamps);
  const int64_t fixed[R_STAMP] = {r->vm,        r->kind,  r->number,   r->t_sent,
                                  r->t_arrival, r->clock, r->receiver, r->message};
  memcpy(word, fixed, sizeof fixed);
  if (stamps)
    memcpy(word + R_STAMP, r->stamp, stamps * sizeof *word);
}

size_t read_request(struct lc_request *r, const int64_t *word, int32_t stamp_words) {
  size_t stamps = word[R_KIND] == LC_SUBMIT ? (size_t)stamp_words : 0;
  *r = (struct lc_request){.t_sent = word[R_SENT],
                           .t_arrival = word[R_ARRIVAL],
                           .number = word[R_NUMBER],
                           .clock = word[R_CLOCK],
                           .vm = (int32_t)word[R_VM],
                           .kind = (uint8_t)word[R_KIND],
                           .receiver = (int32_t)word[R_RECEIVER],
                           .message = word[R_MESSAGE],
                           .stamp = stamps ? word + R_STAMP : NULL};
  return R_STAMP + stamps;
}

void write_reply(struct words *to, const struct reply *a, int32_t stamp_words) {
  size_t stamps = a->given.n_before ? (size_t)stamp_words : 0;
  int64_t *word = add_words(to, A_STAMP + stamps);
  const int64_t fixed[A_STAMP] = {a->vm,           a->kind,         a->number,
                                  a->t_sent,       a->t_arrival,    a->given.n_before,
                                  a->given.sender, a->given.number, a->given.t_arrival};
  memcpy(word, fixed, sizeof fixed);
  if (stamps)
    memcpy(word + A_STAMP, a->given.stamp, stamps * sizeof *word);
}

size_t read_reply(struct reply *a, const int64_t *word, int32_t stamp_words) {
  size_t stamps = word[A_BEFORE] ? (size_t)stamp_words : 0;
  *a = (struct reply){.vm = (int32_t)word[A_VM],
                      .kind = (uint8_t)word[A_KIND],
                      .number = word[A_NUMBER],
                      .t_sent = word[A_SENT],
                      .t_arrival = word[A_ARRIVAL],
                      .given = {.number = word[A_MESSAGE],
                                .t_arrival = word[A_CAME],
                                .sender = (int32_t)word[A_SENDER],
                                .n_before = (int32_t)word[A_BEFORE],
                                .stamp = word + A_STAMP}};
  return A_STAMP + stamps;
}

/* ---- opening and closing ------------------------------------------------------------------------
 */

void serving_open(struct serving *s, struct lc_world *w) {
  size_t n_vm = (size_t)w->place.n_vm;
  *s = (struct serving){.world = w,
                        .rank = lc_transport_rank(w->transport),
                        .n_rank = w->place.n_rank,
                        .t_leaving = INT64_MAX,
                        .stamp_words = w->vms->clocks->stamp_words};
  asking_open(&s->asking, w);
  s->asking.context = s;
  s->leaving = lc_new((size_t)s->n_rank, sizeof *s->leaving, "what goes to other ranks");
  s->parcel = lc_new((size_t)s->n_rank, sizeof *s->parcel, "what goes to other ranks");
  s->t_request = lc_new(n_vm, sizeof *s->t_request, "the VMs' requests");
  s->t_reply = lc_new(n_vm, sizeof *s->t_reply, "the replies to the VMs");
  if (s->rank == 0)
    s->server =
        lc_server_new(w->place.n_vm, s->stamp_words, w->server->order, w->server->service_ns);
}

double lc_serving_bytes(struct lc_placement place, int32_t n_own, int32_t stamp_words) {
  size_t of_client = sizeof(struct asker) + reply_words(stamp_words) * sizeof(int64_t) +
                     2 * sizeof(struct due); /* the agenda grows twofold */
  size_t of_all = 2 * sizeof(int64_t) + lc_server_vm_bytes();
  return (double)of_client * n_own + (double)of_all * place.n_vm;
}

void serving_free(struct serving *s) {
  for (int32_t r = 0; r < s->n_rank && s->leaving; r++)
    free(s->leaving[r].word);
  free(s->leaving);
  free(s->parcel);
  free(s->t_request);
  free(s->t_reply);
  lc_server_free(s->server);
  asking_free(&s->asking);
}

/* ---- on the way and at the server ---------------------------------------------------------------
 */

/* Each in its own draw; nothing overtakes unless --fifo is off. */
static int64_t arrive(const struct lc_world *w, enum lc_purpose purpose, int32_t vm, int64_t number,
                      int64_t t_ns, int64_t *latest) {
  int64_t arrival = t_ns + lc_latency_draw_for(w->latency, w->vms->load->seed, purpose, vm, number);
  if (w->fifo && arrival < *latest)
    arrival = *latest;
  return *latest = arrival;
}

int64_t arrival_of_request(struct serving *s, const struct lc_request *r, int64_t t_ns) {
  return arrive(s->world, LC_DRAW_REQUEST, r->vm, r->number, t_ns, &s->t_request[r->vm]);
}

int64_t arrival_of_reply(struct serving *s, const struct reply *a, int64_t t_ns) {
  return arrive(s->world, LC_DRAW_ANSWER, a->vm, a->number, t_ns, &s->t_reply[a->vm]);
}

static struct reply reply_of(const struct lc_answer *answer) {
  const struct lc_request *r = &answer->request;
  return (struct reply){.vm = r->vm,
                        .kind = r->kind,
                        .number = r->number,
                        .t_sent = r->t_sent,
                        .t_arrival = answer->t_done,
                        .given = {.number = answer->message,
                                  .t_arrival = answer->t_arrival,
                                  .sender = answer->sender,
                                  .n_before = answer->n_before,
                                  .stamp = answer->stamp}};
}

bool serve_next(struct serving *s, struct reply *reply) {
  struct lc_answer answer;
  lc_server_serve(s->server, &answer);
  *reply = reply_of(&answer);
  if (reply->kind != LC_REPORT)
    return true;
  lc_histogram_add(&s->reported, answer.t_done - reply->t_sent);
  return false;
}

/* ---- windows ------------------------------------------------------------------------------------
 */

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

void window_send(void *serving, struct lc_request *request) {
  struct serving *s = serving;
  request->t_arrival = arrival_of_request(s, request, request->t_sent);
  s->t_leaving = sooner(s->t_leaving, request->t_arrival);
  if (s->server)
    lc_server_put(s->server, request);
  else
    write_request(&s->leaving[0], request, s->stamp_words);
}

static void window_reply(struct serving *s, struct reply *reply) {
  int32_t rank = lc_owner(s->world->place, reply->vm);
  reply->t_arrival = arrival_of_reply(s, reply, reply->t_arrival);
  s->t_leaving = sooner(s->t_leaving, reply->t_arrival);
  if (rank == s->rank)
    asking_reply(&s->asking, reply);
  else
    write_reply(&s->leaving[rank], reply, s->stamp_words);
}

void window_run(struct serving *s, int64_t until_ns) {
  struct reply reply;
  while (s->server && lc_server_arrival(s->server) < until_ns)
    if (serve_next(s, &reply))
      window_reply(s, &reply);
  for (int64_t t; (t = agenda_next(&s->asking.agenda)) < until_ns;)
    asking_step(&s->asking, t > s->t_least ? t : s->t_least);
}

int64_t window_next(const struct serving *s) {
  int64_t first = sooner(agenda_next(&s->asking.agenda), s->t_leaving);
  return s->server ? sooner(first, lc_server_arrival(s->server)) : first;
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

static lc_status exchange(struct serving *s, lc_parcel_receiver *receiver, const int64_t *words,
                          int32_t n, int32_t n_max, const int64_t **all, struct lc_error *err) {
  for (int32_t r = 0; r < s->n_rank; r++)
    s->parcel[r] = (struct lc_parcel){s->leaving[r].word, s->leaving[r].n};
  lc_status status =
      lc_exchange(s->world->transport, s->parcel, receiver, s, words, n, n_max, all, err);
  for (int32_t r = 0; r < s->n_rank; r++)
    s->leaving[r].n = 0;
  return status;
}

lc_status window_exchange(struct serving *s, const int64_t *words, int32_t n, int32_t n_max,
                          const int64_t **all, struct lc_error *err) {
  lc_status status = exchange(s, take_parcel, words, n, n_max, all, err);
  s->t_leaving = INT64_MAX;
  return status;
}

/* ---- the end ------------------------------------------------------------------------------------
 */

static void put_left(struct serving *s, const struct reply *left) {
  struct lc_vms *vms = s->world->vms;
  lc_vms_put(vms, left->vm - vms->first, left->given.sender, left->given.number,
             left->given.t_arrival, left->given.stamp);
}

static void take_left(void *context, const int64_t *word, size_t n) {
  struct serving *s = context;
  struct reply left;
  for (size_t at = 0; at < n;) {
    at += read_reply(&left, word + at, s->stamp_words);
    put_left(s, &left);
  }
}

static lc_status hand_over(struct serving *s, struct lc_error *err) {
  struct lc_placement place = s->world->place;
  struct lc_answer answer = {.n_before = 0};
  const int64_t nothing = 0, *ignored;
  for (int32_t v = 0; s->server && v < place.n_vm; v++)
    while (lc_server_take(s->server, v, &answer)) {
      struct reply left = reply_of(&answer);
      int32_t rank = lc_owner(place, v);
      left.vm = v;
      if (rank == s->rank)
        put_left(s, &left);
      else
        write_reply(&s->leaving[rank], &left, s->stamp_words);
    }
  return exchange(s, take_left, &nothing, 1, 1, &ignored, err);
}

static void share_server(const struct serving *s, struct lc_service *service) {
  struct lc_transport *transport = s->world->transport;
  memcpy(service->latency, s->asking.latency, sizeof service->latency);
  if (s->server) {
    service->latency[LC_REPORT] = s->reported;
    service->figures = *lc_server_figures(s->server);
  }
  service->n_skipped = s->asking.n_skipped;
  for (int k = 0; k < LC_N_REQUEST; k++)
    lc_sum(transport, service->latency[k].count, LC_HISTOGRAM_BINS);
  lc_sum(transport, &service->n_skipped, 1);
  lc_broadcast(transport, &service->figures, sizeof service->figures);
}

lc_status serving_end(struct serving *s, struct lc_outcome *outcome, struct lc_error *err) {
  struct lc_world *w = s->world;
  /* a rank that has not left the exchange before would take these for replies */
  lc_status status = lc_agree(w->transport, LC_OK, err);
  if (!status)
    status = hand_over(s, err);
  if (status)
    return status;
  share_server(s, &outcome->service);
  return lc_agree(w->transport, lc_store_service(w->store, &outcome->service, w->vms, err), err);
}
