/* What the files of the real-time pacer share. */
#ifndef LC_PACER_REAL_H
#define LC_PACER_REAL_H

#include "agenda.h"
#include "common.h"
#include "marking.h"
#include "serving.h"

#include "lcmpi/message.h"

/* Cuts that are whole on all ranks and not yet on file: their rows are with the store, their states
 * wait for these. */
struct done_cuts {
  size_t n, cut_room, digest_room;
  struct lc_cut **cut;      /* [n] */
  struct lc_digest *digest; /* [n] of this rank before each */
};

enum { ROUND_NS = 200000000, ROUND_OFFSET_NS = 137000000, LOST_NS = 1200000000 };

struct real {
  struct lc_world *world;
  struct lc_outcome *outcome;
  struct lc_digest digest;
  int64_t begun_cpu_ns;         /* processor time used before the start */
  int64_t start_ns;             /* this host's monotonic clock when the VMs start, */
  int64_t begun_ns;             /* and the model time then: 0, or where a run goes on */
  int64_t end_ns;               /* model time */
  int64_t last_arrival_ns;      /* arrivals on this rank are strictly increasing */
  int64_t last_deadline_ns;     /* of the last tick run */
  struct lc_heap agenda;        /* the next tick of every VM */
  struct serving *serving;      /* with a server, which has an agenda of its own; else NULL */
  struct lc_recorder *recorder; /* NULL with a server: no snapshots but the end */
  struct lc_marking marking;
  struct done_cuts done;
  int32_t next_snapshot;
  int64_t last_tick_ns, last_commit_ns, last_round_ns; /* wall time */
  unsigned char *wire;                                 /* a message on its way out */
  int64_t *stamps;                                     /* of one, with its colour behind them */
  int64_t n_sent, n_received;                          /* of this rank's VMs */
  struct lc_message *decoded;                          /* one on its way in */
  struct lc_channels channels;                         /* to this rank's VMs */
  struct lc_until until;                               /* of those channels */
  /* What is due is done, and what has come taken in; and that of one message. */
  lc_status (*turn)(void *context, struct lc_error *err);
  lc_receiver *receive;
  void *context;
  bool over;         /* all ranks agreed that the loop ends */
  lc_status failure; /* of this rank's store; the loop goes on until all know */
  struct lc_error error;
};

/* time.c */
int64_t model_now(const struct real *r);
int64_t wall_of(const struct real *r, int64_t model_ns);

/* real.c: also for a run with a server */
void real_init(struct real *r, struct lc_world *world, struct lc_outcome *outcome);
/* Listens for messages of at most so many bytes, and agrees on the start. Collective. */
void real_start(struct real *r, size_t wire_bytes);
/* Turns, rounds and commits, until all ranks agree that it is over. */
lc_status run_until_over(struct real *r, struct lc_error *err);
/* The state at the end and the end of the file. Collective. */
lc_status real_end(struct real *r, struct lc_error *err);
/* After a run that ended with `status`: a file that could be written no further says so. */
void real_free(struct real *r, lc_status status);

/* serve_real.c */
lc_status pace_real_server(struct lc_world *world, struct lc_outcome *outcome,
                           struct lc_error *err);

/* tick.c */
/* The moment of an arrival: later than all before it on this rank. */
int64_t next_arrival(struct real *r);
/* The moment of an event or a state of this rank, `now_ns` or as little later as need be: all
 * arrivals so far are at or before it, those to come after it. */
int64_t moment(struct real *r, int64_t now_ns);
/* One tick of the first VM of the agenda, and what it makes happen. */
lc_status run_tick(struct real *r, struct lc_error *err);
/* How late an event was, and whether the next tick of its VM was due by then. */
void note_lateness(struct real *r, const struct lc_event *event, int64_t next_deadline_ns);
/* The `receive` of messages between VMs. */
void receive_message(void *context, const unsigned char *bytes, size_t length);
/* Takes in every message that has arrived. */
lc_status take_in(struct real *r, struct lc_error *err);
/* Takes in every message that was ever sent. Collective. */
lc_status drain(struct real *r, struct lc_error *err);

/* A marker that the recorder sends; `context` is the pacer. A failure is kept in r->failure. */
void send_marker(void *context, const struct lc_marker *marker);

/* record.c */
/* Begins every snapshot whose time has come, before a tick that is due at or after it. */
void begin_cuts(struct real *r, int64_t deadline_ns, int64_t now_ns);
/* Records every VM whose moment is at or before `now_ns`. */
void take_moments(struct real *r, int64_t now_ns);
/* Words that cuts add to a round: CUTS_MAX by maximum, CUTS_SUM summed; and what follows from the
 * result: cuts that are whole everywhere are done. `now_ns` is model time on the rank that is
 * furthest behind. */
enum { CUTS_AHEAD = 8, CUTS_MAX = CUTS_AHEAD, CUTS_SUM = 2 * CUTS_AHEAD };
void report_cuts(const struct real *r, int64_t *max_words, int64_t *sum_words);
void finish_cuts(struct real *r, const int64_t *max_words, const int64_t *sum_words,
                 int64_t now_ns);
/* The same at the end, when all that was sent has come. Collective. */
void finish_last_cuts(struct real *r);
/* Commits rows, then the states that count them. Failures are kept in r->failure. */
void commit(struct real *r);
/* The first failure of this rank's store is kept in r->failure, until all ranks know. */
void keep_failure(struct real *r, lc_status status);
lc_status write_ending(struct real *r, struct lc_error *err);

/* rounds.c */
lc_status run_rounds(struct real *r, struct lc_error *err);

#endif
