/* One tick in real time: take in what has arrived, step, send, log. */
#include "real.h"

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Into the queue of one of our VMs, now or after the network model's latency. Moments on a rank are
 * strictly increasing, so what a VM saw at a tick can be told from the times alone. */
static void arrive(struct real *r, int32_t sender, int32_t receiver, int64_t number,
                   const int64_t *stamp) {
  struct lc_world *w = r->world;
  int64_t now = r->last_arrival_ns = later(model_now(r), r->last_arrival_ns + 1);
  int64_t arrival = now + lc_latency_draw(w->latency, w->vms->load->seed, sender, number);
  if (w->fifo && w->latency->kind != LC_LATENCY_CONST)
    arrival = lc_channels_order(&r->channels, sender, receiver, arrival, now);
  lc_vms_put(w->vms, receiver - w->vms->first, sender, number, arrival, stamp);
}

int64_t moment(struct real *r, int64_t now_ns) {
  return r->last_arrival_ns = later(now_ns, r->last_arrival_ns);
}

static void receive(void *context, const unsigned char *bytes, size_t length) {
  struct real *r = context;
  struct lc_world *w = r->world;
  struct lc_message *message = r->decoded;
  if (!lc_message_decode(message, w->vms->clocks, w->n_vm, bytes, length) ||
      message->receiver < w->vms->first || message->receiver >= w->vms->first + w->vms->n)
    lc_die(LC_EINTERNAL, "a message of %zu bytes came that no rank of this run sent", length);
  arrive(r, message->sender, message->receiver, message->number, message->stamp);
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
  const struct lc_event *event = &step->event;
  int32_t receiver = step->receiver[i];
  int64_t number = event->msg_first + i;
  struct lc_sent sent = {
      .sender = event->machine,
      .receiver = receiver,
      .number = number,
      .send_seq = event->seq,
      .t_send = event->t_actual,
  };
  if (logs(w, event->machine))
    lc_store_sent(w->store, &sent);
  r->n_sent++;
  int32_t rank = lc_owner(receiver, w->n_vm, lc_transport_size(w->transport));
  if (rank == lc_transport_rank(w->transport)) {
    arrive(r, event->machine, receiver, number, step->stamps);
    return LC_OK;
  }
  size_t length =
      lc_message_encode(event->machine, receiver, number, step->stamps, w->vms->clocks, r->wire);
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
  r->lateness[own].sum += model;
  r->lateness[own].max = later(r->lateness[own].max, model);
}

lc_status run_tick(struct real *r, struct lc_error *err) {
  struct lc_world *w = r->world;
  int32_t own = r->agenda.entry[0].own;
  struct lc_step step;
  lc_status status = take_in(r, err);
  if (status)
    return status;
  lc_vms_step(w->vms, own, moment(r, later(model_now(r), w->vms->deadline_ns[own])), &step);
  lc_vms_digest(w->vms, &step, &r->digest);
  for (int32_t i = 0; i < step.n_receiver && !status; i++)
    status = deliver(r, &step, i, err);
  if (logs(w, step.event.machine))
    lc_store_event(w->store, &step.event, step.stamps);
  r->n_received += step.event.kind == LC_RECEIVE;
  int64_t next = w->vms->deadline_ns[own];
  note_lateness(r, own, &step.event, next);
  agenda_moved(&r->agenda, next);
  return status;
}
