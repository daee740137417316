/* A VM does one thing at a time, so there is never more than one moment of it in the agenda, and
 * one reply that it waits for. */
#include "asking.h"

#include <stdlib.h>
#include <string.h>

enum { RESTING, WAITING, SENDING };
enum { NUMBER, ARRIVED, SENDER, BEFORE, STAMP }; /* words of a stored reply */

/* ---- opening and closing ------------------------------------------------------------------------
 */

/* Lamport's if it is there, else the first that has a value. */
static int32_t choose_clock(const struct lc_clock_set *set) {
  for (int32_t c = 0; c < set->n; c++)
    if (strcmp(set->clock[c]->name, "lamport") == 0)
      return c;
  return lc_clock_set_shown(set);
}

static void rest(struct asking *a, int32_t own) {
  int64_t deadline = a->world->vms->deadline_ns[own];
  a->asker[own].state = RESTING;
  if (deadline < a->end_ns)
    agenda_add(&a->agenda, own, deadline);
}

size_t reply_words(int32_t stamp_words) {
  return STAMP + (size_t)stamp_words;
}

void asking_open(struct asking *a, const struct lc_world *w) {
  size_t n = (size_t)w->vms->n;
  *a = (struct asking){.world = w,
                       .reply_words = reply_words(w->vms->clocks->stamp_words),
                       .end_ns = w->duration_ns,
                       .clock = choose_clock(w->vms->clocks)};
  a->asker = lc_new(n, sizeof *a->asker, "the VMs' requests");
  a->reply = lc_new(n * a->reply_words, sizeof *a->reply, "the replies to the VMs");
  for (int32_t i = 0; i < w->vms->n; i++)
    rest(a, i);
}

void asking_free(struct asking *a) {
  free(a->asker);
  free(a->reply);
  free(a->agenda.item);
}

/* ---- requests -----------------------------------------------------------------------------------
 */

static int64_t value_of(const struct asking *a, const int64_t *stamps) {
  const struct lc_clock_set *set = a->world->vms->clocks;
  return a->clock < 0 ? 0 : set->clock[a->clock]->value(stamps + set->stamp_at[a->clock]);
}

/* Adds what every request has. */
static void request(struct asking *a, int32_t own, int64_t now_ns, struct lc_request r) {
  const struct lc_world *w = a->world;
  r.vm = w->vms->first + own;
  r.number = a->asker[own].n_request++;
  r.t_sent = now_ns;
  r.clock = value_of(a, r.stamp ? r.stamp : lc_vms_stamps(w->vms, own));
  a->send(a->context, &r);
}

static void submit(struct asking *a, int32_t own, const struct lc_step *step) {
  const struct lc_event *e = &step->event;
  const struct lc_world *w = a->world;
  for (int32_t i = 0; i < step->n_receiver; i++) {
    struct lc_sent sent = sent_of(step, i);
    if (logs(w, e->machine))
      lc_store_sent(w->store, &sent);
    request(a, own, e->t_actual,
            (struct lc_request){.kind = LC_SUBMIT,
                                .receiver = step->receiver[i],
                                .message = sent.number,
                                .stamp = step->stamps});
  }
  a->n_sent += step->n_receiver;
}

/* ---- a tick -------------------------------------------------------------------------------------
 */

static void happened(struct asking *a, const struct lc_step *step) {
  a->n_event++;
  a->happened(a->context, step);
}

/* What was due meanwhile did not happen. */
static void end_tick(struct asking *a, int32_t own, int64_t now_ns) {
  struct lc_vms *vms = a->world->vms;
  struct lc_step step;
  int64_t until = now_ns < a->end_ns ? now_ns : a->end_ns;
  while (vms->deadline_ns[own] < until) {
    lc_vms_skip(vms, own, now_ns, &step);
    happened(a, &step);
    a->n_skipped++;
  }
  a->n_open--;
  rest(a, own);
}

static void take_reply(struct asking *a, int32_t own, int64_t now_ns) {
  const int64_t *word = a->reply + (size_t)own * a->reply_words;
  struct lc_given given = {.number = word[NUMBER],
                           .t_arrival = word[ARRIVED],
                           .sender = (int32_t)word[SENDER],
                           .n_before = (int32_t)word[BEFORE],
                           .stamp = word + STAMP};
  struct lc_step step;
  if (given.n_before) {
    lc_vms_take(a->world->vms, own, now_ns, &given, &step);
    a->n_received++;
    happened(a, &step);
    request(a, own, now_ns, (struct lc_request){.kind = LC_REPORT});
    end_tick(a, own, now_ns);
    return;
  }
  lc_vms_act(a->world->vms, own, now_ns, &step);
  happened(a, &step);
  if (!step.n_receiver) {
    end_tick(a, own, now_ns);
    return;
  }
  a->asker[own].state = SENDING;
  a->asker[own].n_open = step.n_receiver;
  a->asker[own].t_over = now_ns;
  submit(a, own, &step);
}

void asking_step(struct asking *a, int64_t now_ns) {
  struct due next = agenda_take(&a->agenda);
  struct asker *asker = &a->asker[next.own];
  if (asker->state == WAITING) {
    take_reply(a, next.own, now_ns);
  } else if (asker->state == SENDING) {
    end_tick(a, next.own, now_ns);
  } else if (next.t_ns < a->end_ns) {
    asker->state = WAITING;
    a->n_open++;
    request(a, next.own, now_ns, (struct lc_request){.kind = LC_REFRESH});
  }
}

static void keep_reply(struct asking *a, int32_t own, const struct lc_given *given) {
  int64_t *word = a->reply + (size_t)own * a->reply_words;
  word[NUMBER] = given->number;
  word[ARRIVED] = given->t_arrival;
  word[SENDER] = given->sender;
  word[BEFORE] = given->n_before;
  if (given->n_before)
    memcpy(word + STAMP, given->stamp, (a->reply_words - STAMP) * sizeof *word);
}

void asking_reply(struct asking *a, const struct reply *reply) {
  int32_t own = reply->vm - a->world->vms->first;
  lc_assert(own >= 0 && own < a->world->vms->n);
  struct asker *asker = &a->asker[own];
  lc_histogram_add(&a->latency[reply->kind], reply->t_arrival - reply->t_sent);
  if (reply->kind == LC_REFRESH) {
    keep_reply(a, own, &reply->given);
    agenda_add(&a->agenda, own, reply->t_arrival);
    return;
  }
  lc_assert(asker->state == SENDING && asker->n_open > 0);
  if (reply->t_arrival > asker->t_over)
    asker->t_over = reply->t_arrival;
  if (--asker->n_open == 0)
    agenda_add(&a->agenda, own, asker->t_over);
}
