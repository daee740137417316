/* What both paces share: going on, states, totals, and the end of a run. */
#ifndef LC_PACER_COMMON_H
#define LC_PACER_COMMON_H

#include "lcmpi/pacer.h"
#include "lcmpi/stop.h"

enum { LC_CHUNK_VMS = 16384 }; /* states and totals go to the file so many at a time */

bool logs(const struct lc_world *world, int32_t vm);
/* The i-th message of a step as its sender's log has it; its arrival is not known there. */
struct lc_sent sent_of(const struct lc_step *step, int32_t i);

/* The start of a run that goes on: the messages of its past are put into the inboxes, what its VMs
 * have sent and received is in *before, their ticks and, on rank 0, the digest are in *outcome. Of
 * a new run all that is zero. *until stands where its channels did. */
void go_on(const struct lc_world *world, struct lc_outcome *outcome, struct lc_balance *before,
           struct lc_until *until);

/* Lays out more room until every row of every rank is on file. `status` is this rank's own failure
 * so far. Collective. */
lc_status commit_everything(struct lc_world *world, struct lc_outcome *outcome, lc_status status,
                            struct lc_error *err);

/* A cut of all VMs at one moment of model time: ticks before t are done, arrivals before t are in
 * the queue, later ones in flight. First the messages that cross it, which are added to `found`;
 * when these rows are committed, the states, for the end (index n_snapshot - 1) the totals too; its
 * digest is this rank's, to which the states are added. The states are recorded at t_actual: in
 * real time, where ticks are late, after t. */
lc_status record_messages(struct lc_world *world, int32_t index, int64_t t,
                          struct lc_balance *found, struct lc_error *err);
lc_status write_cut(struct lc_world *world, int32_t index, int64_t t, int64_t t_actual,
                    int64_t begun_ns, struct lc_digest *digest, struct lc_error *err);

/* A cut that a recorder has finished: the digest of this rank before it, of which *so_far is all so
 * far and gets the cut's states; its rows; and when these are committed, its states. */
struct lc_digest cut_digest(const struct lc_cut *cut, struct lc_digest *so_far);
void add_cut_rows(struct lc_world *world, const struct lc_cut *cut);
lc_status write_recorded(struct lc_world *world, const struct lc_cut *cut,
                         const struct lc_digest *digest, struct lc_error *err);

lc_status check_balance(const struct lc_balance *balance, struct lc_error *err);
/* Digests and counts become those of all ranks. Collective. */
void share_counts(struct lc_world *world, struct lc_outcome *outcome);

#endif
