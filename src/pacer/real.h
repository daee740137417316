/* What the files of the real-time pacer share. */
#ifndef LC_PACER_REAL_H
#define LC_PACER_REAL_H

#include "common.h"

#include "lcmpi/message.h"

/* The next tick of every VM of this rank, soonest first: a binary heap by (deadline, VM). */
struct agenda {
  int32_t n;
  struct {
    int64_t deadline_ns;
    int32_t own; /* own number of the VM */
  } * entry;
};

void agenda_init(struct agenda *agenda, const struct lc_world *world);
void agenda_free(struct agenda *agenda);
/* INT64_MAX if no VM has a tick before the end of time. */
int64_t agenda_next(const struct agenda *agenda);
/* The first entry's VM has ticked: its next deadline takes its place. */
void agenda_moved(struct agenda *agenda, int64_t deadline_ns);

/* States of all own VMs that were taken and are not yet on file: seldom more than one, but they
 * wait for rows that wait for room. */
struct taken_states {
  size_t n;
  int32_t *index;           /* [n] */
  struct lc_state *state;   /* [n][n_own] */
  int64_t *stamps;          /* [n][n_own][stamp_words] */
  int64_t *jump_max;        /* [n][n_own][clocks] */
  struct lc_digest *digest; /* [n] of this rank before each, with the states */
  size_t index_room, state_room, stamp_room, jump_room, digest_room;
};

enum { ROUND_NS = 200000000, ROUND_OFFSET_NS = 137000000, LOST_NS = 1200000000 };

struct real {
  struct lc_world *world;
  struct lc_outcome *outcome;
  struct lc_digest digest;
  int64_t begun_cpu_ns;     /* processor time used before the start */
  int64_t start_ns;         /* this host's monotonic clock at model time 0 */
  int64_t end_ns;           /* model time */
  int64_t last_arrival_ns;  /* arrivals on this rank are strictly increasing */
  int64_t last_deadline_ns; /* of the last tick run */
  struct agenda agenda;
  struct taken_states taken;
  int32_t next_snapshot;
  int64_t last_tick_ns, last_commit_ns, last_round_ns; /* wall time */
  unsigned char *wire;                                 /* a message on its way out */
  int64_t n_sent, n_received;                          /* of this rank's VMs */
  struct lateness_of_vm *lateness;                     /* [n_own] */
  struct lc_message *decoded;                          /* one on its way in */
  struct lc_channels channels;                         /* to this rank's VMs */
  bool over;                                           /* all ranks agreed that the loop ends */
  lc_status failure; /* of this rank's store; the loop goes on until all know */
  struct lc_error error;
};

/* time.c */
int64_t model_now(const struct real *r);
int64_t wall_of(const struct real *r, int64_t model_ns);

/* tick.c */
/* The moment of an event or a state of this rank, `now_ns` or as little later as need be: all
 * arrivals so far are at or before it, those to come after it. */
int64_t moment(struct real *r, int64_t now_ns);
/* One tick of the first VM of the agenda, and what it makes happen. */
lc_status run_tick(struct real *r, struct lc_error *err);
/* Takes in every message that has arrived. */
lc_status take_in(struct real *r, struct lc_error *err);
/* Takes in every message that was ever sent. Collective. */
lc_status drain(struct real *r, struct lc_error *err);

/* record.c */
void take_states_before(struct real *r, int64_t deadline_ns, int64_t now_ns);
/* Commits rows, then the states that count them. Failures are kept in r->failure. */
void commit(struct real *r);
/* The first failure of this rank's store is kept in r->failure, until all ranks know. */
void keep_failure(struct real *r, lc_status status);
lc_status write_ending(struct real *r, struct lc_error *err);

/* rounds.c */
lc_status run_rounds(struct real *r, struct lc_error *err);

#endif
