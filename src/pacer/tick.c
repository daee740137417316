/* One tick in real time: take in what has arrived, step, send, log. */
#include "real.h"

#include <string.h>

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

int64_t next_arrival(struct real *r) {
  return r->last_arrival_ns = later(model_now(r), r->last_arrival_ns + 1);
}

/* Into the queue of one of our VMs, now or after the network model's latency. Moments on a rank are
 * strictly increasing, so what a VM saw at a tick can be told from the times alone. */
static int64_t arrival_of(struct real *r, int32_t sender, int32_t receiver, int64_t number) {
  struct lc_world *w = r->world;
  int64_t now = next_arrival(r);
  int64_t arrival = now + lc_latency_draw(w->latency, w->vms->load->seed, sender, number);
  if (w->fifo && w->latency->kind != LC_LATENCY_CONST)
    arrival = lc_channels_order(&r->channels, sender, receiver, arrival, now);
  return arrival;
}

/* `stamp` has room for the colour behind it. */
static void arrive(struct real *r, const struct lc_message *message, int64_t *stamp) {
  struct lc_vms *vms = r->world->vms;
  int32_t own = message->receiver - vms->first, colour = message->tail;
  int64_t number = message->number;
  int64_t arrival = arrival_of(r, message->sender, message->receiver, number);
  if (!lc_until_admits(&r->until, message->sender, message->receiver, arrival)) {
    lc_recorder_lost(r->recorder, colour);
    return;
  }
  stamp[vms->clocks->stamp_words] = colour;
  lc_recorder_message(r->recorder, own, message->sender, number, arrival, colour, stamp);
  lc_vms_put(vms, own, message->sender, number, arrival, stamp);
}

static void marker_arrives(struct real *r, const struct lc_marker *marker) {
  int64_t arrival = arrival_of(r, marker->sender, marker->receiver, lc_marker_draw(marker));
  lc_recorder_marker(r->recorder, marker->receiver - r->world->vms->first, marker, arrival);
}

int64_t moment(struct real *r, int64_t now_ns) {
  return r->last_arrival_ns = later(now_ns, r->last_arrival_ns);
}

void receive_message(void *context, const unsigned char *bytes, size_t length) {
  struct real *r = context;
  struct lc_world *w = r->world;
  struct lc_message *message = r->decoded;
  if (!lc_message_decode(message, w->vms->clocks, w->place.n_vm, bytes, length) ||
      message->receiver < w->vms->first || message->receiver >= w->vms->first + w->vms->n)
    lc_die(LC_EINTERNAL, "a message of %zu bytes came that no rank of this run sent", length);
  if (message->tail >= 0) {
    arrive(r, message, message->stamp);
    return;
  }
  struct lc_marker marker = {.sender = message->sender,
                             .receiver = message->receiver,
                             .snapshot = -1 - message->tail,
                             .number = message->number};
  marker_arrives(r, &marker);
}

lc_status take_in(struct real *r, struct lc_error *err) {
  int32_t n;
  return lc_transport_poll(r->world->transport, r->receive, r->context, &n, err);
}

lc_status drain(struct real *r, struct lc_error *err) {
  return lc_transport_drain(r->world->transport, r->receive, r->context, err);
}

/* The rank of a VM, or -1 if it is this one. */
static int32_t other_rank(const struct lc_world *w, int32_t vm) {
  int32_t rank = lc_owner(w->place, vm);
  return rank == lc_transport_rank(w->transport) ? -1 : rank;
}

static lc_status send_to(struct real *r, int32_t rank, const struct lc_message *message,
                         const int64_t *stamps, struct lc_error *err) {
  size_t length = lc_message_encode(message, stamps, r->world->vms->clocks, r->wire);
  return lc_transport_send(r->world->transport, rank, r->wire, length, err);
}

void send_marker(void *context, const struct lc_marker *marker) {
  struct real *r = context;
  int32_t rank = other_rank(r->world, marker->receiver);
  struct lc_message message = {.sender = marker->sender,
                               .receiver = marker->receiver,
                               .number = marker->number,
                               .tail = -1 - marker->snapshot};
  if (rank < 0)
    marker_arrives(r, marker);
  else
    keep_failure(r, send_to(r, rank, &message, NULL, &r->error));
}

static lc_status deliver(struct real *r, const struct lc_step *step, int32_t i,
                         struct lc_error *err) {
  struct lc_world *w = r->world;
  const struct lc_event *event = &step->event;
  int32_t receiver = step->receiver[i];
  int64_t number = event->msg_first + i;
  struct lc_sent sent = sent_of(step, i);
  if (logs(w, event->machine))
    lc_store_sent(w->store, &sent);
  r->n_sent++;
  int32_t rank = other_rank(w, receiver);
  struct lc_message message = {.sender = event->machine, .receiver = receiver, .number = number};
  if (w->method->coloured)
    message.tail = lc_recorder_colour(r->recorder, event->machine - w->vms->first);
  if (rank >= 0)
    return send_to(r, rank, &message, step->stamps, err);
  memcpy(r->stamps, step->stamps, (size_t)w->vms->clocks->stamp_words * sizeof *r->stamps);
  arrive(r, &message, r->stamps);
  return LC_OK;
}

void note_lateness(struct real *r, const struct lc_event *event, int64_t next_deadline_ns) {
  struct lc_lateness *lateness = &r->outcome->lateness;
  int64_t model = event->t_actual - event->t_scheduled;
  int64_t wall = (int64_t)((double)model * (double)r->world->speed.q / (double)r->world->speed.p);
  lc_histogram_add(&lateness->histogram, wall);
  lateness->n_tick++;
  lateness->largest_ns = later(lateness->largest_ns, wall);
  lateness->n_overrun += event->t_actual >= next_deadline_ns;
}

/* What an event makes happen. */
static lc_status follow(struct real *r, const struct lc_step *step, struct lc_error *err) {
  struct lc_world *w = r->world;
  lc_status status = LC_OK;
  lc_recorder_event(r->recorder, step);
  lc_vms_digest(w->vms, step, &r->digest);
  for (int32_t i = 0; i < step->n_receiver && !status; i++)
    status = deliver(r, step, i, err);
  if (logs(w, step->event.machine))
    lc_store_event(w->store, &step->event, step->stamps);
  r->n_received += step->event.kind == LC_RECEIVE;
  r->outcome->n_event++;
  return status;
}

lc_status run_tick(struct real *r, struct lc_error *err) {
  struct lc_vms *vms = r->world->vms;
  int32_t own = agenda_first(&r->agenda);
  struct lc_step step;
  lc_status status = take_in(r, err);
  if (status)
    return status;
  int64_t now = moment(r, later(model_now(r), vms->deadline_ns[own]));
  lc_recorder_take(r->recorder, own / LC_BLOCK_VMS, now);
  lc_recorder_tick(r->recorder, own, now);
  while (lc_vms_step(vms, own, now, &step) && !status)
    status = follow(r, &step, err);
  if (!status)
    status = follow(r, &step, err);
  int64_t next = vms->deadline_ns[own];
  note_lateness(r, &step.event, next);
  agenda_moved(&r->agenda, next);
  return status;
}
