/* Requests and replies as words, and the figures of the server. */
#include "serving.h"

#include <string.h>

enum { R_VM, R_KIND, R_NUMBER, R_SENT, R_ARRIVAL, R_CLOCK, R_RECEIVER, R_MESSAGE, R_STAMP };
enum { A_VM, A_KIND, A_SENT, A_ARRIVAL, A_BEFORE, A_SENDER, A_MESSAGE, A_CAME, A_STAMP };

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
  const int64_t fixed[A_STAMP] = {a->vm,           a->kind,           a->t_sent,
                                  a->t_arrival,    a->given.n_before, a->given.sender,
                                  a->given.number, a->given.t_arrival};
  memcpy(word, fixed, sizeof fixed);
  if (stamps)
    memcpy(word + A_STAMP, a->given.stamp, stamps * sizeof *word);
}

size_t read_reply(struct reply *a, const int64_t *word, int32_t stamp_words) {
  size_t stamps = word[A_BEFORE] ? (size_t)stamp_words : 0;
  *a = (struct reply){.vm = (int32_t)word[A_VM],
                      .kind = (uint8_t)word[A_KIND],
                      .t_sent = word[A_SENT],
                      .t_arrival = word[A_ARRIVAL],
                      .given = {.number = word[A_MESSAGE],
                                .t_arrival = word[A_CAME],
                                .sender = (int32_t)word[A_SENDER],
                                .n_before = (int32_t)word[A_BEFORE],
                                .stamp = word + A_STAMP}};
  return A_STAMP + stamps;
}

bool reply_of(struct reply *reply, const struct lc_answer *answer) {
  const struct lc_request *r = &answer->request;
  *reply = (struct reply){.vm = r->vm,
                          .kind = r->kind,
                          .t_sent = r->t_sent,
                          .given = {.number = answer->message,
                                    .t_arrival = answer->t_arrival,
                                    .sender = answer->sender,
                                    .n_before = answer->n_before,
                                    .stamp = answer->stamp}};
  return r->kind != LC_REPORT;
}

void share_server(const struct lc_world *w, const struct asking *a, const struct lc_server *server,
                  const struct lc_histogram *reported, struct lc_outcome *outcome) {
  struct lc_service *s = &outcome->service;
  memcpy(s->latency, a->latency, sizeof s->latency);
  if (reported)
    s->latency[LC_REPORT] = *reported;
  if (server)
    s->figures = *lc_server_figures(server);
  s->n_skipped = a->n_skipped;
  for (int k = 0; k < LC_N_REQUEST; k++)
    lc_sum(w->transport, s->latency[k].count, LC_HISTOGRAM_BINS);
  lc_sum(w->transport, &s->n_skipped, 1);
  lc_broadcast(w->transport, &s->figures, sizeof s->figures);
}
