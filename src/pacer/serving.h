/* What both paces of --route server share: the server on rank 0 and the VMs' side on every rank,
 * what ranks write to each other, and the server's end of a run. A pace brings requests and replies
 * to each other's ranks and says when they arrive. Words are written one after the other: a request
 * or a reply is as long as its kind. */
#ifndef LC_PACER_SERVING_H
#define LC_PACER_SERVING_H

#include "asking.h"

/* A growing row of words. */
struct words {
  int64_t *word;
  size_t n, room;
};

struct serving {
  struct lc_world *world;
  struct asking asking;
  struct lc_server *server; /* on rank 0, else NULL */
  int64_t *t_request;       /* [n_vm] arrival of the latest request of each VM, */
  int64_t *t_reply;         /* [n_vm] and of the latest reply to it, for whoever says when */
  struct lc_histogram reported;
  struct words *leaving; /* [n_rank] for the next exchange */
  int64_t t_leaving;     /* earliest arrival of what they have */
  int64_t t_least;       /* nothing happens to a VM before this */
  struct lc_parcel *parcel;
  int32_t rank, n_rank, stamp_words;
  void *pace; /* what its callbacks need */
};

/* The callbacks of `asking` are the pace's; their context is the serving. */
void serving_open(struct serving *serving, struct lc_world *world);
void serving_free(struct serving *serving);

/* ---- words --------------------------------------------------------------------------------------
 */

/* The most words that a request or a reply takes. */
size_t serving_words(int32_t stamp_words);
void write_request(struct words *to, const struct lc_request *request, int32_t stamp_words);
/* Reads the one that begins there; returns how many words it has. Its stamps lie there. */
size_t read_request(struct lc_request *request, const int64_t *word, int32_t stamp_words);
void write_reply(struct words *to, const struct reply *reply, int32_t stamp_words);
size_t read_reply(struct reply *reply, const int64_t *word, int32_t stamp_words);

/* ---- on the way and at the server ---------------------------------------------------------------
 */

/* When a request that leaves at `t_ns` arrives at the server; a reply at its VM. */
int64_t arrival_of_request(struct serving *serving, const struct lc_request *request, int64_t t_ns);
int64_t arrival_of_reply(struct serving *serving, const struct reply *reply, int64_t t_ns);

/* Serves the first request in line. True if a reply leaves; its t_arrival is when it does. */
bool serve_next(struct serving *serving, struct reply *reply);

/* ---- windows ------------------------------------------------------------------------------------
 */

/* A `send` of asking: the request goes to rank 0 with the next exchange. */
void window_send(void *serving, struct lc_request *request);
/* Rank 0 serves and every rank runs its VMs up to that time. Nothing that leaves may arrive before.
 */
void window_run(struct serving *serving, int64_t until_ns);
/* The next that happens on this rank, or through what leaves it; INT64_MAX: nothing does. */
int64_t window_next(const struct serving *serving);
/* What has left comes to its ranks, and all agree on `words`. Collective. */
lc_status window_exchange(struct serving *serving, const int64_t *words, int32_t n, int32_t n_max,
                          const int64_t **all, struct lc_error *err);

/* ---- the end ------------------------------------------------------------------------------------
 */

/* When nothing is under way any more: what is left in the inboxes goes into those of the VMs, where
 * the end is recorded from; then figures of the run, those of all ranks together, are in *outcome
 * and on file. Collective. */
lc_status serving_end(struct serving *serving, struct lc_outcome *outcome, struct lc_error *err);

#endif
