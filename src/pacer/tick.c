/* One tick in real time: take in what has arrived, step, send, log. */
#include "real.h"

#include <string.h>

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Into the queue of one of our VMs. Arrivals on a rank are strictly increasing, so what a VM saw at
 * a tick can be told from the times alone. */
static void arrive(struct real *r, struct lc_message *message) {
  struct lc_world *w = r->world;
  message->t_arrival = r->last_arrival_ns = later(model_now(r), r->last_arrival_ns + 1);
  lc_queue_put(&w->vm[message->receiver - w->first_vm].inbox, message);
}

int64_t moment(struct real *r, int64_t now_ns) {
  return r->last_arrival_ns = later(now_ns, r->last_arrival_ns);
}

static void receive(void *context, const unsigned char *bytes, size_t length) {
  struct real *r = context;
  struct lc_world *w = r->world;
  struct lc_message *message = lc_message_take(w->pool);
  if (!lc_message_decode(message, w->clocks, bytes, length) || message->receiver < w->first_vm ||
      message->receiver >= w->first_vm + w->n_own)
    lc_die(LC_EINTERNAL, "a message of %zu bytes came that no rank of this run sent", length);
  arrive(r, message);
}

lc_status take_in(struct real *r, struct lc_error *err) {
  int32_t n;
  return lc_transport_poll(r->world->transport, receive, r, &n, err);
}

lc_status drain(struct real *r, struct lc_error *err) {
  return lc_transport_drain(r->world->transport, receive, r, err);
}

static lc_status deliver(struct real *r, const struct lc_step *step, int32_t i,
                         struct lc_error *err) {
  struct lc_world *w = r->world;
  struct lc_message *message = lc_message_take(w->pool);
  const struct lc_event *event = &step->event;
  message->sender = event->machine;
  message->receiver = step->receiver[i];
  message->copy = 0;
  message->number = event->msg_first + i;
  message->send_seq = event->seq;
  message->t_send = event->t_actual;
  memcpy(message->stamp, step->stamps, (size_t)w->clocks->stamp_words * sizeof(int64_t));
  struct lc_sent sent = {
      .sender = message->sender,
      .receiver = message->receiver,
      .copy = message->copy,
      .number = message->number,
      .send_seq = message->send_seq,
      .t_send = message->t_send,
  };
  lc_store_sent(w->store, &sent);
  r->n_sent++;
  int32_t rank = lc_owner(message->receiver, w->n_vm, lc_transport_size(w->transport));
  if (rank == lc_transport_rank(w->transport)) {
    arrive(r, message);
    return LC_OK;
  }
  size_t length = lc_message_encode(message, w->clocks, r->wire);
  lc_message_give(w->pool, message);
  return lc_transport_send(w->transport, rank, r->wire, length, err);
}

static void note_lateness(struct real *r, int32_t own, const struct lc_event *event,
                          int64_t next_deadline_ns) {
  struct lc_lateness *lateness = &r->outcome->lateness;
  int64_t model = event->t_actual - event->t_scheduled;
  int64_t wall = (int64_t)((double)model * (double)r->world->speed.q / (double)r->world->speed.p);
  lc_histogram_add(&lateness->histogram, wall);
  lateness->n_tick++;
  lateness->largest_ns = later(lateness->largest_ns, wall);
  lateness->n_overrun += event->t_actual >= next_deadline_ns;
  r->lateness_sum[own] += model;
  r->lateness_max[own] = later(r->lateness_max[own], model);
}

lc_status run_tick(struct real *r, struct lc_error *err) {
  struct lc_world *w = r->world;
  int32_t own = r->agenda.entry[0].own;
  struct lc_vm *vm = &w->vm[own];
  lc_status status = take_in(r, err);
  if (status)
    return status;
  int64_t now = moment(r, later(model_now(r), lc_vm_deadline(vm)));
  struct lc_step step = lc_vm_step(vm, w->workload, w->clocks, w->pool, now);
  for (int32_t i = 0; i < step.n_receiver && !status; i++)
    status = deliver(r, &step, i, err);
  lc_store_event(w->store, &step.event, step.stamps);
  r->n_received += step.event.kind == LC_RECEIVE;
  int64_t next = lc_vm_deadline(vm);
  note_lateness(r, own, &step.event, next);
  agenda_moved(&r->agenda, next);
  return status;
}
