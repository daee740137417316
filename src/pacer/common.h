/* What both paces share: states, totals, and the end of a run. */
#ifndef LC_PACER_COMMON_H
#define LC_PACER_COMMON_H

#include "lcmpi/pacer.h"
#include "lcmpi/stop.h"

enum { LC_CHUNK_VMS = 16384 }; /* states and totals go to the file so many at a time */

bool logs(const struct lc_world *world, int32_t vm);

/* Lays out more room until every row of every rank is on file. `status` is this rank's own failure
 * so far. Collective. */
lc_status commit_everything(struct lc_world *world, struct lc_outcome *outcome, lc_status status,
                            struct lc_error *err);

/* A cut of all VMs at one moment of model time: ticks before t are done, arrivals before t are in
 * the queue, later ones in flight. First the messages that cross it, which are added to `found`;
 * when these rows are committed, the states, for the end (index n_snapshot - 1) the totals too; its
 * digest is this rank's, to which the states are added. lateness NULL in virtual time. */
struct lateness_of_vm {
  int64_t sum, max; /* model time */
};
lc_status record_messages(struct lc_world *world, int32_t index, int64_t t,
                          struct lc_balance *found, struct lc_error *err);
lc_status write_cut(struct lc_world *world, int32_t index, int64_t t, int64_t begun_ns,
                    const struct lateness_of_vm *lateness, struct lc_digest *digest,
                    struct lc_error *err);

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
