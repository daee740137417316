/* What the files of virtual time share. */
#ifndef LC_PACER_VIRTUAL_H
#define LC_PACER_VIRTUAL_H

#include "common.h"
#include "marking.h"

/* Messages on their way to one block of this rank, or to another rank: records of record_words
 * words each: arrival, number, sender and receiver, stamps; with a recorder one more behind them:
 * the message's colour, or that it is a marker. */
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
  struct lc_recorder *recorder; /* NULL: time cuts */
  struct lc_marking marking;
  int64_t next_marker_ns;      /* earliest arrival of a marker sent since the last exchange */
  struct lc_channels channels; /* of senders on this rank */
  struct lc_until until;       /* of channels to this rank's VMs */
  bool constant;               /* every message takes the minimum: nothing is drawn */
  int32_t n_rank, rank;
  int64_t begun_ns; /* model time of the end at which a run goes on, else 0 */
  /* The end is a cut at one time, so it does not come before this: where a run goes on from
   * markers, some VMs have had ticks that are later than the next one of others. With lai-yang none
   * has: VMs record before they tick. */
  int64_t even_ns;
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

/* cuts.c: snapshots */
lc_status cuts_open(struct virtual *v, struct lc_error *err);
void cuts_free(struct virtual *v);
/* Words that cuts add to a round: CUTS_MAX by maximum, CUTS_SUM summed; none without a recorder. */
enum { CUTS_AHEAD = 4, CUTS_MAX = CUTS_AHEAD, CUTS_SUM = 2 * CUTS_AHEAD };
void cuts_report(const struct virtual *v, int64_t *max_words, int64_t *sum_words);
/* Takes every snapshot whose time has come before the window that starts at *next, which may become
 * earlier; writes those that are done on all ranks, as the words of the round say. `over`: the run
 * is being stopped. Collective. */
lc_status cuts_take(struct virtual *v, const int64_t *max_words, const int64_t *sum_words,
                    int64_t *next, bool over, struct lc_error *err);
/* Runs a block's VMs through the window, stopping where one of them records. */
void cuts_run_block(struct virtual *v, int32_t block);

/* virtual.c */
lc_status write_all_rows(struct virtual *v, struct lc_error *err); /* collective */
void virtual_begin(struct virtual *v, struct lc_world *world, struct lc_outcome *outcome);
/* A row of an event that is logged. */
void virtual_log(struct virtual *v, const struct lc_step *step);
/* Commits rows whose time has come; shows the display, with events, messages sent, and those sent
 * that are neither received nor lost. */
void virtual_look(struct virtual *v);
void virtual_show(struct virtual *v, int64_t t_ns, const int64_t *counts, int signal);
/* The state at the end and the end of the file, when all inboxes are filled. Collective. */
lc_status virtual_end(struct virtual *v, int64_t end, struct lc_error *err);
/* With the status of the run: the file of one that could not write says so. */
void virtual_free(struct virtual *v, lc_status status);
void keep_failure_of(struct virtual *v, lc_status status);

/* serve_virtual.c */
lc_status pace_virtual_server(struct lc_world *world, struct lc_outcome *outcome,
                              struct lc_error *err);

/* mail.c: what happens to the messages of a window */
void mail_open(struct virtual *v);
void mail_free(struct virtual *v);
/* Bytes held for messages between their send and an inbox. */
int64_t mail_bytes(const struct virtual *v);
/* A sink's `sent`. */
void mail_send(void *context, const struct lc_step *step);
/* A recorder's `send`. */
void mail_marker(void *context, const struct lc_marker *marker);
/* Of a run that goes on: channels that are first in, first out have their order from before. */
void mail_go_on(struct virtual *v);
/* Brings what has come for a block into its inboxes. */
void mail_deliver(struct virtual *v, int32_t block);
/* Gives each rank its messages, and agrees on `words`. Collective. */
lc_status mail_exchange(struct virtual *v, const int64_t *words, int32_t n, int32_t n_max,
                        const int64_t **result, struct lc_error *err);

#endif
