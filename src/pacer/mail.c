/* Messages of virtual time between their send and their receiver's inbox. They lie in buckets, one
 * for each block of VMs, and come into the inboxes when the block runs next: so memory is written
 * in order and a block's VMs come into the cache once a window. What is for another rank lies in
 * that rank's bucket, which goes as one message at the end of the window. */
#include "virtual.h"

#include <stdlib.h>
#include <string.h>

enum { ARRIVAL, NUMBER, ENDS, STAMPS };
enum { SOON = 16 };

static int64_t *add_record(struct bucket *bucket, int32_t words) {
  if (bucket->n + (size_t)words > bucket->room)
    lc_grow((void **)&bucket->word, &bucket->room, bucket->n + (size_t)words, sizeof *bucket->word,
            "the messages of a window");
  int64_t *record = bucket->word + bucket->n;
  bucket->n += (size_t)words;
  return record;
}

void mail_open(struct virtual *v) {
  const struct lc_world *w = v->world;
  v->record_words = STAMPS + w->vms->clocks->stamp_words + (w->method->kind != LC_TIME_CUT);
  v->constant = w->latency->kind == LC_LATENCY_CONST;
  v->arriving = lc_new((size_t)w->vms->n_block, sizeof *v->arriving, "the messages of a window");
  v->leaving = lc_new((size_t)v->n_rank, sizeof *v->leaving, "the messages of a window");
  v->parcel = lc_new((size_t)v->n_rank, sizeof *v->parcel, "the messages of a window");
}

void mail_free(struct virtual *v) {
  for (int32_t b = 0; b < v->world->vms->n_block; b++)
    free(v->arriving[b].word);
  for (int32_t r = 0; r < v->n_rank; r++)
    free(v->leaving[r].word);
  free(v->arriving);
  free(v->leaving);
  free(v->parcel);
  lc_channels_free(&v->channels);
  lc_channels_free(&v->until.closed);
}

int64_t mail_bytes(const struct virtual *v) {
  size_t words = 0;
  for (int32_t b = 0; b < v->world->vms->n_block; b++)
    words += v->arriving[b].room;
  for (int32_t r = 0; r < v->n_rank; r++)
    words += v->leaving[r].room;
  return (int64_t)(words * sizeof(int64_t) + v->channels.room * sizeof *v->channels.entry +
                   v->until.closed.room * sizeof *v->until.closed.entry);
}

static int64_t arrival_of(struct virtual *v, int32_t sender, int32_t receiver, int64_t number,
                          int64_t t_send) {
  const struct lc_world *w = v->world;
  if (v->constant) /* first in, first out by itself */
    return t_send + w->latency->min_ns;
  int64_t arrival = t_send + lc_latency_draw(w->latency, w->vms->load->seed, sender, number);
  return w->fifo ? lc_channels_order(&v->channels, sender, receiver, arrival, t_send) : arrival;
}

/* To the receiver's block, or its rank. */
static int64_t *record_for(struct virtual *v, int32_t receiver) {
  const struct lc_world *w = v->world;
  int32_t own = receiver - w->vms->first;
  bool here = own >= 0 && own < w->vms->n;
  return add_record(here ? &v->arriving[own / LC_BLOCK_VMS]
                         : &v->leaving[lc_owner(w->place, receiver)],
                    v->record_words);
}

static void log_sent(struct virtual *v, const struct lc_step *step, int32_t i, int64_t arrival) {
  struct lc_sent sent = sent_of(step, i);
  sent.t_arrival = arrival;
  lc_store_sent(v->world->store, &sent);
}

void mail_send(void *context, const struct lc_step *step) {
  struct virtual *v = context;
  const struct lc_world *w = v->world;
  const struct lc_event *e = &step->event;
  int32_t stamp_words = w->vms->clocks->stamp_words;
  bool log = logs(w, e->machine);
  for (int32_t i = 0; i < step->n_receiver; i++) {
    int32_t receiver = step->receiver[i];
    int64_t *record = record_for(v, receiver), number = e->msg_first + i;
    record[ARRIVAL] = arrival_of(v, e->machine, receiver, number, e->t_actual);
    record[NUMBER] = number;
    record[ENDS] = (int64_t)e->machine << 32 | receiver;
    for (int32_t k = 0; k < stamp_words; k++)
      record[STAMPS + k] = step->stamps[k];
    if (v->recorder)
      record[STAMPS + stamp_words] =
          w->method->coloured ? lc_recorder_colour(v->recorder, e->machine - w->vms->first) : 0;
    if (log)
      log_sent(v, step, i, record[ARRIVAL]);
  }
  v->n_sent += step->n_receiver;
}

void mail_marker(void *context, const struct lc_marker *marker) {
  struct virtual *v = context;
  int64_t *record = record_for(v, marker->receiver);
  memset(record, 0, (size_t)v->record_words * sizeof *record);
  record[ARRIVAL] =
      arrival_of(v, marker->sender, marker->receiver, lc_marker_draw(marker), marker->t_send);
  record[NUMBER] = marker->number;
  record[ENDS] = (int64_t)marker->sender << 32 | marker->receiver;
  record[v->record_words - 1] = -1 - (int64_t)marker->snapshot;
  if (record[ARRIVAL] < v->next_marker_ns)
    v->next_marker_ns = record[ARRIVAL];
}

/* A marker of before takes its place in its channels again. One that arrives no later than whatever
 * its sender sends next is nothing to wait for. */
static void mark_again(struct virtual *v, int32_t own, int32_t snapshot, int64_t t_send) {
  const struct lc_world *w = v->world;
  const struct lc_workload *load = w->vms->load;
  struct lc_marker marker = {.sender = w->vms->first + own, .snapshot = snapshot, .t_send = t_send};
  int64_t t_next = w->past->state[own].t_actual + w->latency->min_ns;
  int32_t degree = lc_topology_degree(load->topology, marker.sender);
  for (int32_t i = 0; i < degree; i++) {
    marker.receiver = lc_topology_peer(load->topology, marker.sender, i);
    int64_t t =
        t_send + lc_latency_draw(w->latency, load->seed, marker.sender, lc_marker_draw(&marker));
    if (t > t_next)
      lc_channels_order(&v->channels, marker.sender, marker.receiver, t, 0);
  }
}

/* A channel's last arrival is the latest of all that was sent through it. That of a marker is drawn
 * again, that of a message is on file; but not if a tick before its receiver's record took it: then
 * it came before that record, and what is sent after the cut does not. */
void mail_go_on(struct virtual *v) {
  const struct lc_world *w = v->world;
  const struct lc_past *past = w->past;
  if (!w->fifo || v->constant)
    return;
  for (int64_t i = 0; i < past->n_under_way; i++)
    lc_channels_order(&v->channels, past->under_way[i].sender, past->under_way[i].machine,
                      past->under_way[i].t_arrival, 0);
  for (int32_t k = 0; k < past->n_marked; k++)
    for (int32_t i = 0; i < past->n; i++)
      mark_again(v, i, w->restart->n_taken - 1 - k, past->t_marked[(int64_t)k * past->n + i]);
}

static void marker_arrives(struct virtual *v, const int64_t *record) {
  int32_t sender = (int32_t)(record[ENDS] >> 32), receiver = (int32_t)record[ENDS];
  struct lc_marker marker = {.sender = sender,
                             .receiver = receiver,
                             .snapshot = (int32_t)(-1 - record[v->record_words - 1]),
                             .number = record[NUMBER]};
  lc_recorder_marker(v->recorder, receiver - v->world->vms->first, &marker, record[ARRIVAL]);
}

/* A message into the inbox of its receiver, or not at all. */
static void message_arrives(struct virtual *v, const int64_t *record) {
  struct lc_vms *vms = v->world->vms;
  int32_t sender = (int32_t)(record[ENDS] >> 32), receiver = (int32_t)record[ENDS];
  int32_t own = receiver - vms->first, colour = (int32_t)record[v->record_words - 1];
  bool admitted = lc_until_admits(&v->until, sender, receiver, record[ARRIVAL]);
  if (v->recorder && admitted)
    lc_recorder_message(v->recorder, own, sender, record[NUMBER], record[ARRIVAL], colour,
                        record + STAMPS);
  else if (v->recorder)
    lc_recorder_lost(v->recorder, colour);
  if (admitted)
    lc_vms_put(vms, own, sender, record[NUMBER], record[ARRIVAL], record + STAMPS);
}

void mail_deliver(struct virtual *v, int32_t block) {
  struct bucket *bucket = &v->arriving[block];
  struct lc_vms *vms = v->world->vms;
  size_t soon = SOON * (size_t)v->record_words;
  for (size_t at = 0; at < bucket->n; at += (size_t)v->record_words) {
    const int64_t *record = bucket->word + at;
    if (at + soon < bucket->n)
      lc_vms_expect(vms, (int32_t)record[soon + ENDS] - vms->first, SOON);
    if (v->recorder && record[v->record_words - 1] < 0)
      marker_arrives(v, record);
    else
      message_arrives(v, record);
  }
  bucket->n = 0;
}

static void take_parcel(void *context, const int64_t *word, size_t n) {
  struct virtual *v = context;
  for (size_t at = 0; at < n; at += (size_t)v->record_words) {
    int32_t own = (int32_t)word[at + ENDS] - v->world->vms->first;
    lc_assert(own >= 0 && own < v->world->vms->n);
    int64_t *record = add_record(&v->arriving[own / LC_BLOCK_VMS], v->record_words);
    memcpy(record, word + at, (size_t)v->record_words * sizeof *word);
  }
}

lc_status mail_exchange(struct virtual *v, const int64_t *words, int32_t n, int32_t n_max,
                        const int64_t **result, struct lc_error *err) {
  for (int32_t r = 0; r < v->n_rank; r++)
    v->parcel[r] = (struct lc_parcel){v->leaving[r].word, v->leaving[r].n};
  lc_status status =
      lc_exchange(v->world->transport, v->parcel, take_parcel, v, words, n, n_max, result, err);
  for (int32_t r = 0; r < v->n_rank; r++)
    v->leaving[r].n = 0;
  return status;
}
