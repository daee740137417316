/* Cuts while they are being recorded, one or many at a time. What makes a VM record (a marker, a
 * message of a later colour, its own tick) is known before the VM gets there, as a moment in the
 * order of its arrivals. At the moment the state is copied: what arrived before it is the queue,
 * and of what has come to the rank already and arrives later, the channels' part is what was sent
 * before its sender's record. What comes afterwards is looked at when it comes. */
#include "lcmpi/snapshot.h"

#include "lcmpi/heap.h"

#include "marks.h"
#include "moments.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A cut, with what only its recording needs. */
struct recording {
  struct lc_cut cut;
  struct marks marks;
  size_t left_room, stamp_room;
  int64_t begun_ns; /* wall time of the first record; 0: none yet */
};

struct lc_recorder {
  const struct lc_snapshot_method *method;
  struct lc_vms *vms;
  const struct lc_marking *marking;
  bool by_deadline;
  lc_marker_sender *send;
  void *context;
  int32_t first;           /* number of the oldest cut that is not finished */
  int32_t begun;           /* snapshots below this one have had their time */
  struct recording **open; /* [n_open] cuts first, first + 1, ... */
  size_t n_open, open_room;
  int32_t *n_recorded;     /* [n_own] */
  struct lc_heap *moments; /* [n_block] of struct moment */
  int64_t n_moment;
  int64_t n_lost; /* lai-yang: messages that were lost on their way to this rank's VMs */
};

static bool sooner(const void *a, const void *b) {
  const struct moment *x = a, *y = b;
  if (x->t == y->t && x->sender == y->sender && x->number == y->number)
    return x->own < y->own;
  return is_before(x->t, x->sender, x->number, y);
}

static const struct lc_heap_kind moments_of_block = {sizeof(struct moment), sooner,
                                                     "the moments of a snapshot"};

struct lc_recorder *lc_recorder_new(const struct lc_snapshot_method *method, struct lc_vms *vms,
                                    const struct lc_marking *marking, int32_t next,
                                    bool by_deadline, lc_marker_sender *send, void *context) {
  struct lc_recorder *r = lc_new(1, sizeof *r, "the snapshots");
  *r = (struct lc_recorder){.method = method,
                            .vms = vms,
                            .marking = method->kind == LC_CHANDY_LAMPORT ? marking : NULL,
                            .by_deadline = by_deadline,
                            .send = send,
                            .context = context,
                            .first = next,
                            .begun = next};
  r->n_recorded = lc_new((size_t)vms->n, sizeof *r->n_recorded, "the snapshots");
  for (int32_t i = 0; i < vms->n; i++)
    r->n_recorded[i] = next;
  r->moments = lc_new((size_t)vms->n_block, sizeof *r->moments, "the snapshots");
  return r;
}

void lc_cut_free(struct lc_cut *cut) {
  free(cut->state);
  free(cut->stamps);
  free(cut->jump_max);
  free(cut->left);
  free(cut->left_stamps);
  free(cut);
}

void lc_recorder_free(struct lc_recorder *r) {
  if (!r)
    return;
  for (size_t i = 0; i < r->n_open; i++) {
    marks_free(&r->open[i]->marks);
    lc_cut_free(&r->open[i]->cut);
  }
  for (int32_t b = 0; b < r->vms->n_block; b++)
    free(r->moments[b].item);
  free(r->open);
  free(r->n_recorded);
  free(r->moments);
  free(r);
}

static int64_t wall_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * LC_NS_PER_S + now.tv_nsec;
}

/* ---- cuts ---------------------------------------------------------------------------------------
 */

static struct recording *new_recording(const struct lc_recorder *r, int32_t index) {
  const struct lc_vms *vms = r->vms;
  size_t n = (size_t)vms->n;
  struct recording *recording = lc_new(1, sizeof *recording, "a snapshot");
  struct lc_cut *cut = &recording->cut;
  cut->index = index;
  cut->n_unrecorded = vms->n;
  cut->state = lc_new(n, sizeof *cut->state, "a snapshot");
  cut->stamps = lc_new(n * (size_t)vms->clocks->stamp_words, sizeof *cut->stamps, "a snapshot");
  cut->jump_max = lc_new(n * (size_t)vms->clocks->n, sizeof *cut->jump_max, "a snapshot");
  for (int32_t i = 0; i < vms->n && r->marking; i++)
    cut->n_outstanding += r->marking->n_in[i];
  cut->n_outstanding -= r->n_lost;
  return recording;
}

/* The cut of that number, which is not finished. */
static struct recording *recording_of(struct lc_recorder *r, int32_t index) {
  lc_assert(index >= r->first);
  size_t i = (size_t)(index - r->first);
  while (r->n_open <= i) {
    lc_grow((void **)&r->open, &r->open_room, r->n_open + 1, sizeof *r->open, "the snapshots");
    r->open[r->n_open] = new_recording(r, r->first + (int32_t)r->n_open);
    r->n_open++;
  }
  return r->open[i];
}

static void add_left(const struct lc_recorder *r, struct recording *recording,
                     const struct lc_left *left, const int64_t *stamp) {
  size_t words = (size_t)r->vms->clocks->stamp_words;
  struct lc_cut *cut = &recording->cut;
  size_t n = (size_t)cut->n_left++;
  lc_grow((void **)&cut->left, &recording->left_room, n + 1, sizeof *cut->left,
          "the messages of a snapshot");
  lc_grow((void **)&cut->left_stamps, &recording->stamp_room, (n + 1) * words,
          sizeof *cut->left_stamps, "the messages of a snapshot");
  cut->left[n] = *left;
  memcpy(cut->left_stamps + n * words, stamp, words * sizeof *stamp);
}

static void note_done(struct lc_cut *cut, int64_t t) {
  if (t > cut->cost.t_done)
    cut->cost.t_done = t;
}

/* A message of the channel's state, which has come or was there already. */
static void add_to_channel(const struct lc_recorder *r, struct recording *recording,
                           const struct lc_left *left, const int64_t *stamp) {
  add_left(r, recording, left, stamp);
  if (r->method->kind != LC_LAI_YANG)
    return;
  recording->cut.n_outstanding--;
  recording->cut.cost.n_control++; /* the count of its receiver is told anew */
  note_done(&recording->cut, left->t_arrival);
}

/* Was it sent before its sender recorded? Chandy-lamport: it is before the marker in the channel.
 */
static bool sent_before(const struct lc_recorder *r, const struct recording *recording, int32_t own,
                        int32_t sender, int64_t number, int32_t colour) {
  if (r->method->kind == LC_LAI_YANG)
    return colour <= recording->cut.index;
  return number < marks_number(&recording->marks, own, sender);
}

/* ---- recording ----------------------------------------------------------------------------------
 */

/* The queue at that moment, and what is on its way already. Returns how many are queued. */
static int64_t record_inbox(struct lc_recorder *r, struct recording *recording,
                            const struct moment *moment) {
  const struct lc_vms *vms = r->vms;
  int32_t own = moment->own;
  int64_t n_queued = 0;
  const struct lc_node *node = lc_vms_first(vms, own);
  for (; node; node = lc_vms_next(vms, own, node)) {
    struct lc_left left = {.machine = vms->first + own,
                           .sender = node->sender,
                           .snapshot = recording->cut.index,
                           .number = node->number,
                           .t_arrival = node->t_arrival,
                           .fate = LC_FATE_QUEUED};
    int32_t colour = r->method->coloured ? (int32_t)node->stamp[vms->clocks->stamp_words] : 0;
    if (is_before(node->t_arrival, node->sender, node->number, moment)) {
      n_queued++;
      add_left(r, recording, &left, node->stamp);
      continue;
    }
    left.fate = LC_FATE_IN_FLIGHT;
    if (sent_before(r, recording, own, node->sender, node->number, colour))
      add_to_channel(r, recording, &left, node->stamp);
  }
  return n_queued;
}

static void send_markers(struct lc_recorder *r, struct lc_cut *cut, int32_t own, int64_t t) {
  const struct lc_topology *topology = r->vms->load->topology;
  struct lc_marker marker = {.sender = r->vms->first + own,
                             .snapshot = cut->index,
                             .number = cut->state[own].n_sent,
                             .t_send = t};
  int32_t degree = lc_topology_degree(topology, marker.sender);
  for (int32_t i = 0; i < degree; i++) {
    marker.receiver = lc_topology_peer(topology, marker.sender, i);
    r->send(r->context, &marker);
  }
  cut->cost.n_marker += degree;
}

static void record(struct lc_recorder *r, struct recording *recording,
                   const struct moment *moment) {
  const struct lc_vms *vms = r->vms;
  struct lc_cut *cut = &recording->cut;
  size_t own = (size_t)moment->own, words = (size_t)vms->clocks->stamp_words;
  int32_t clocks = vms->clocks->n;
  if (!recording->begun_ns)
    recording->begun_ns = wall_ns();
  int64_t n_queued = record_inbox(r, recording, moment);
  cut->state[own] = lc_state_of(vms, moment->own, moment->t, n_queued);
  memcpy(cut->stamps + own * words, lc_vms_stamps(vms, moment->own), words * sizeof *cut->stamps);
  for (int32_t c = 0; c < clocks; c++)
    cut->jump_max[moment->own * clocks + c] = lc_vms_jump(vms, moment->own, c);
  cut->states += lc_state_hash(vms, moment->own, cut->index, n_queued);
  cut->n_unrecorded--;
  note_done(cut, moment->t);
  r->n_recorded[own] = cut->index + 1;
  if (r->method->kind == LC_CHANDY_LAMPORT) {
    send_markers(r, cut, moment->own, moment->t);
  } else {
    const struct lc_state *state = &cut->state[own];
    cut->n_outstanding += state->n_sent - state->n_received - n_queued;
    cut->cost.n_control++; /* the VM tells its counts */
  }
}

/* All snapshots that the moment asks for and the VM has not recorded yet. */
static void record_upto(struct lc_recorder *r, const struct moment *moment) {
  for (int32_t k = r->n_recorded[moment->own]; k < moment->upto; k++)
    record(r, recording_of(r, k), moment);
}

static void add_moment(struct lc_recorder *r, struct moment moment) {
  if (r->n_recorded[moment.own] >= moment.upto)
    return;
  lc_heap_add(&r->moments[moment.own / LC_BLOCK_VMS], &moments_of_block, &moment);
  r->n_moment++;
}

/* ---- what makes VMs record ----------------------------------------------------------------------
 */

void lc_recorder_begin(struct lc_recorder *r, int32_t index, int64_t t) {
  r->begun = index + 1;
  if (index < r->first)
    return; /* the others' colour was ahead of this rank's clock, and all is done */
  recording_of(r, index);
  for (int32_t i = 0; i < r->vms->n; i++) {
    struct moment moment = {.t = t, .sender = BEFORE_ALL, .own = i, .upto = index + 1};
    if (r->method->kind == LC_CHANDY_LAMPORT && r->marking->starts[i])
      record_upto(r, &moment);
    if (r->method->kind == LC_LAI_YANG && r->by_deadline) {
      moment.t = r->vms->deadline_ns[i];
      moment.sender = BEHIND_ALL;
      add_moment(r, moment);
    }
  }
}

void lc_recorder_tick(struct lc_recorder *r, int32_t own, int64_t t) {
  if (r->method->kind != LC_LAI_YANG || r->n_recorded[own] >= r->begun)
    return;
  struct moment moment = {.t = t, .sender = BEHIND_ALL, .own = own, .upto = r->begun};
  record_upto(r, &moment);
}

void lc_recorder_message(struct lc_recorder *r, int32_t own, int32_t sender, int64_t number,
                         int64_t t_arrival, int32_t colour, const int64_t *stamp) {
  struct lc_left left = {.machine = r->vms->first + own,
                         .sender = sender,
                         .number = number,
                         .t_arrival = t_arrival,
                         .fate = LC_FATE_IN_FLIGHT};
  for (int32_t k = r->first; k < r->n_recorded[own]; k++) {
    struct recording *recording = recording_of(r, k);
    left.snapshot = k;
    if (sent_before(r, recording, own, sender, number, colour))
      add_to_channel(r, recording, &left, stamp);
  }
  add_moment(r, (struct moment){t_arrival, number, sender, own, colour});
}

void lc_recorder_lost_before(struct lc_recorder *r, int64_t n_lost) {
  lc_assert(!r->n_open);
  r->n_lost = r->method->kind == LC_LAI_YANG ? n_lost : 0;
}

/* Counts wait for all that was sent before a cut: those whose sender had not recorded it yet. Cuts
 * before its colour are there already when it is counted, so that later ones begin with all that
 * were lost so far. */
void lc_recorder_lost(struct lc_recorder *r, int32_t colour) {
  if (r->method->kind != LC_LAI_YANG)
    return;
  if (colour > r->first)
    recording_of(r, colour - 1);
  for (size_t i = 0; i < r->n_open; i++)
    r->open[i]->cut.n_outstanding -= r->first + (int32_t)i >= colour;
  r->n_lost++;
}

void lc_recorder_marker(struct lc_recorder *r, int32_t own, const struct lc_marker *marker,
                        int64_t t_arrival) {
  struct recording *recording = recording_of(r, marker->snapshot);
  bool first = marks_add(&recording->marks, (struct mark){marker->sender, own, marker->number});
  lc_assert(first); /* a channel carries one marker a snapshot */
  recording->cut.n_outstanding--;
  note_done(&recording->cut, t_arrival);
  add_moment(r,
             (struct moment){t_arrival, marker->number, marker->sender, own, marker->snapshot + 1});
}

int64_t lc_recorder_due(const struct lc_recorder *r, int32_t block) {
  const struct moment *first = lc_heap_first(&r->moments[block]);
  return first ? first->t : INT64_MAX;
}

void lc_recorder_take(struct lc_recorder *r, int32_t block, int64_t t) {
  while (lc_recorder_due(r, block) <= t) {
    struct moment moment;
    lc_heap_take(&r->moments[block], &moments_of_block, &moment);
    r->n_moment--;
    record_upto(r, &moment);
  }
}

void lc_recorder_event(struct lc_recorder *r, const struct lc_step *step) {
  int32_t recorded = r->n_recorded[step->event.machine - r->vms->first];
  for (int32_t k = r->first; k < recorded; k++)
    lc_vms_digest(r->vms, step, &recording_of(r, k)->cut.after);
}

int32_t lc_recorder_colour(const struct lc_recorder *r, int32_t own) {
  return r->n_recorded[own];
}

bool lc_recorder_open(const struct lc_recorder *r) {
  return r->n_open > 0 || r->n_moment > 0;
}

/* ---- the end of a cut ---------------------------------------------------------------------------
 */

void lc_recorder_report(const struct lc_recorder *r, int32_t k, int64_t *n_unrecorded,
                        int64_t *n_outstanding, int64_t *t_done) {
  bool open = (size_t)k < r->n_open;
  const struct lc_cut *cut = open ? &r->open[k]->cut : NULL;
  *n_unrecorded = open ? cut->n_unrecorded : r->vms->n;
  *n_outstanding = open ? cut->n_outstanding : 0;
  *t_done = open ? cut->cost.t_done : 0;
}

static int by_queue_order(const void *a, const void *b, void *context) {
  const struct lc_left *left = context;
  const struct lc_left *x = &left[*(const int64_t *)a], *y = &left[*(const int64_t *)b];
  if (x->machine != y->machine)
    return x->machine < y->machine ? -1 : 1;
  if (x->fate != y->fate)
    return x->fate < y->fate ? -1 : 1; /* QUEUED, then IN_FLIGHT */
  if (x->t_arrival != y->t_arrival)
    return x->t_arrival < y->t_arrival ? -1 : 1;
  if (x->sender != y->sender)
    return x->sender < y->sender ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

static void sort_left(struct lc_cut *cut, size_t words) {
  size_t n = (size_t)cut->n_left;
  int64_t *order = lc_new(n, sizeof *order, "the messages of a snapshot");
  struct lc_left *left = lc_new(n, sizeof *left, "the messages of a snapshot");
  int64_t *stamps = lc_new(n * words, sizeof *stamps, "the messages of a snapshot");
  for (size_t i = 0; i < n; i++)
    order[i] = (int64_t)i;
  if (n)
    qsort_r(order, n, sizeof *order, by_queue_order, cut->left);
  for (size_t i = 0; i < n; i++) {
    left[i] = cut->left[order[i]];
    memcpy(stamps + i * words, cut->left_stamps + (size_t)order[i] * words, words * sizeof *stamps);
  }
  free(order);
  free(cut->left);
  free(cut->left_stamps);
  cut->left = left;
  cut->left_stamps = stamps;
}

struct lc_cut *lc_recorder_finished(struct lc_recorder *r) {
  lc_assert(r->n_open > 0);
  struct recording *recording = r->open[0];
  lc_assert(recording->cut.n_unrecorded == 0);
  memmove(r->open, r->open + 1, --r->n_open * sizeof(struct recording *));
  r->first++;
  sort_left(&recording->cut, (size_t)r->vms->clocks->stamp_words);
  recording->cut.cost.wall_ns = wall_ns() - recording->begun_ns;
  marks_free(&recording->marks);
  return &recording->cut; /* the first member: the cut's owner frees the recording */
}
