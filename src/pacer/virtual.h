/* What the files of virtual time share. */
#ifndef LC_PACER_VIRTUAL_H
#define LC_PACER_VIRTUAL_H

#include "common.h"

/* Messages on their way to one block of this rank, or to another rank: records of record_words
 * words each: arrival, number, sender and receiver, stamps. */
struct bucket {
  int64_t *word;
  size_t n, room; /* words */
};

struct virtual {
  struct lc_world *world;
  struct lc_outcome *outcome;
  struct lc_sink sink;
  struct bucket *arriving;  /* [n_block] */
  struct bucket *leaving;   /* [n_rank]; that of this rank stays empty */
  struct lc_parcel *parcel; /* [n_rank] */
  int32_t record_words;
  struct lc_channels channels; /* of senders on this rank */
  bool constant;               /* every message takes the minimum: nothing is drawn */
  int32_t n_rank, rank;
  int64_t until_ns; /* end of the window */
  int64_t n_sent;
  int64_t n_waiting;              /* events since the last commit */
  int64_t look_tick, look_window; /* when the wall clock is looked at next */
  int64_t now_ns, committed_ns;   /* wall time of the last look; of the last commit it made */
  int32_t next_snapshot;
  int64_t shown_ns;  /* wall time at which the display was shown last */
  lc_status failure; /* of this rank's store; the windows go on until all know */
  struct lc_error error;
};

/* mail.c: what happens to the messages of a window */
void mail_open(struct virtual *v);
void mail_free(struct virtual *v);
/* Bytes held for messages between their send and an inbox. */
int64_t mail_bytes(const struct virtual *v);
/* A sink's `sent`. */
void mail_send(void *context, const struct lc_step *step);
/* Brings what has come for a block into its inboxes. */
void mail_deliver(struct virtual *v, int32_t block);
/* Gives each rank its messages, and agrees on `words`. Collective. */
lc_status mail_exchange(struct virtual *v, const int64_t *words, int32_t n, int32_t n_max,
                        const int64_t **result, struct lc_error *err);

#endif
