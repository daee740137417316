/* Channels are known at their senders. Receivers are told of them once; who is reached from VM 0 is
 * found by breadth-first search, a step of all ranks at a time. */
#include "marking.h"

#include <stdlib.h>
#include <string.h>

/* VM ids on their way to the ranks that run them. */
struct post {
  struct {
    int64_t *word;
    size_t n, room;
  } * to; /* [n_rank] */
  struct lc_parcel *parcel;
  int32_t n_rank, rank;
};

static void post_open(struct post *post, const struct lc_world *w) {
  post->n_rank = lc_transport_size(w->transport);
  post->rank = lc_transport_rank(w->transport);
  post->to = lc_new((size_t)post->n_rank, sizeof *post->to, "the channels");
  post->parcel = lc_new((size_t)post->n_rank, sizeof *post->parcel, "the channels");
}

static void post_free(struct post *post) {
  for (int32_t r = 0; r < post->n_rank; r++)
    free(post->to[r].word);
  free(post->to);
  free(post->parcel);
}

/* To the rank that runs it; what is for this rank goes to the receiver at once. */
static void post_vm(struct post *post, const struct lc_world *w, int32_t vm,
                    lc_parcel_receiver *receiver, void *context) {
  int32_t r = lc_owner(w->place, vm);
  int64_t word = vm;
  if (r == post->rank) {
    receiver(context, &word, 1);
    return;
  }
  lc_grow((void **)&post->to[r].word, &post->to[r].room, post->to[r].n + 1, sizeof word,
          "the channels");
  post->to[r].word[post->to[r].n++] = word;
}

/* *count becomes the sum over all ranks. */
static lc_status post_all(struct post *post, const struct lc_world *w, lc_parcel_receiver *receiver,
                          void *context, int64_t *count, struct lc_error *err) {
  const int64_t *sum;
  for (int32_t r = 0; r < post->n_rank; r++)
    post->parcel[r] = (struct lc_parcel){post->to[r].word, post->to[r].n};
  lc_status status =
      lc_exchange(w->transport, post->parcel, receiver, context, count, 1, 0, &sum, err);
  for (int32_t r = 0; r < post->n_rank; r++)
    post->to[r].n = 0;
  if (!status)
    *count = *sum;
  return status;
}

/* ---- channels into each VM ----------------------------------------------------------------------
 */

struct counting {
  const struct lc_world *world;
  int32_t *n_in;
};

static void count_channel(void *context, const int64_t *word, size_t n) {
  struct counting *c = context;
  for (size_t i = 0; i < n; i++)
    c->n_in[word[i] - c->world->vms->first]++;
}

static lc_status count_channels(const struct lc_world *w, struct post *post, int32_t *n_in,
                                struct lc_error *err) {
  const struct lc_topology *topology = w->vms->load->topology;
  struct counting counting = {w, n_in};
  int64_t ignored = 0;
  for (int32_t i = 0; i < w->vms->n; i++) {
    int32_t degree = lc_topology_degree(topology, w->vms->first + i);
    for (int32_t k = 0; k < degree; k++)
      post_vm(post, w, lc_topology_peer(topology, w->vms->first + i, k), count_channel, &counting);
  }
  return post_all(post, w, count_channel, &counting, &ignored, err);
}

/* ---- who is reached -----------------------------------------------------------------------------
 */

struct search {
  const struct lc_world *world;
  bool *reached;     /* [n_own] */
  int32_t *frontier; /* own VMs that were reached and have not told their peers */
  int32_t n_frontier;
};

static void reach(void *context, const int64_t *word, size_t n) {
  struct search *s = context;
  for (size_t i = 0; i < n; i++) {
    int32_t own = (int32_t)word[i] - s->world->vms->first;
    if (s->reached[own])
      continue;
    s->reached[own] = true;
    s->frontier[s->n_frontier++] = own;
  }
}

static lc_status spread(struct search *s, struct post *post, struct lc_error *err) {
  const struct lc_world *w = s->world;
  const struct lc_topology *topology = w->vms->load->topology;
  int64_t more = 1;
  while (more) {
    for (int32_t at = 0; at < s->n_frontier; at++) {
      int32_t vm = w->vms->first + s->frontier[at];
      for (int32_t k = 0; k < lc_topology_degree(topology, vm); k++)
        post_vm(post, w, lc_topology_peer(topology, vm, k), reach, s);
    }
    s->n_frontier = 0;
    more = 0;
    for (int32_t r = 0; r < post->n_rank; r++)
      more += post->to[r].n > 0;
    lc_status status = post_all(post, w, reach, s, &more, err);
    if (status)
      return status;
  }
  return LC_OK;
}

static void start_at(struct search *s, bool *starts, int32_t own) {
  int64_t vm = s->world->vms->first + own;
  starts[own] = true;
  reach(s, &vm, 1);
}

/* From VM 0 and those that nobody sends to; then from the lowest that is not reached, until all
 * are. */
static lc_status find_starts(const struct lc_world *w, struct post *post,
                             struct lc_marking *marking, struct lc_error *err) {
  size_t n = (size_t)w->vms->n;
  struct search s = {.world = w,
                     .reached = lc_new(n, sizeof *s.reached, "the channels"),
                     .frontier = lc_new(n, sizeof *s.frontier, "the channels")};
  lc_status status = LC_OK;
  for (int32_t i = 0; i < w->vms->n; i++)
    if (marking->starts[i] || !marking->n_in[i])
      start_at(&s, marking->starts, i);
  int32_t own = 0;
  while (!status) {
    status = spread(&s, post, err);
    while (own < w->vms->n && s.reached[own])
      own++;
    int64_t mine = own < w->vms->n ? -(int64_t)(w->vms->first + own) : INT64_MIN, lowest = mine;
    lc_max(w->transport, &lowest, 1);
    if (lowest == INT64_MIN)
      break;
    if (mine == lowest)
      start_at(&s, marking->starts, own);
  }
  free(s.reached);
  free(s.frontier);
  return status;
}

lc_status marking_make(struct lc_marking *marking, const struct lc_world *w, struct lc_error *err) {
  const struct lc_topology *topology = w->vms->load->topology;
  bool full = topology->kind == LC_TOPOLOGY_FULL;
  size_t n = (size_t)w->vms->n;
  marking->n_in = lc_new(n, sizeof *marking->n_in, "the channels");
  marking->starts = lc_new(n, sizeof *marking->starts, "the channels");
  for (int32_t i = 0; i < w->vms->n; i++) {
    marking->starts[i] = (w->vms->first + i) % w->vms->n_copy == 0;
    marking->n_in[i] = full ? w->vms->n_copy - 1 : 0;
  }
  if (full)
    return LC_OK;
  struct post post;
  post_open(&post, w);
  lc_status status = count_channels(w, &post, marking->n_in, err);
  bool partial = topology->kind == LC_TOPOLOGY_RANDOM || topology->kind == LC_TOPOLOGY_FILE;
  /* A parcel may come before the exchange in front of it is over, and these are no counts. */
  if (partial)
    status = lc_agree(w->transport, status, err);
  if (!status && partial)
    status = find_starts(w, &post, marking, err);
  post_free(&post);
  return status;
}

void marking_free(struct lc_marking *marking) {
  free(marking->n_in);
  free(marking->starts);
}
