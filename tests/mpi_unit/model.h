/* model.h: a made-up run, the same on every rank, and the file it is written to: so that every rank
 * knows what must be read back. All figures are different, so that no two columns can be confused.
 */
#ifndef LCMPI_TESTS_MODEL_H
#define LCMPI_TESTS_MODEL_H

#include "lcmpi/store.h"

enum { MODEL_SNAPSHOTS = 4 };

struct model {
  struct lc_clock_set clocks;
  int32_t n_vm, first_own, n_own; /* blocks of VMs, as the pacer lays them out */
  int32_t n_rank;                 /* that the file is laid out for */
  int32_t widest;                 /* the most that n_rank has been */
  int64_t t_end;
  struct lc_vm_constants *vm;
  struct lc_rank_constants *rank;
  int64_t t_snapshot[MODEL_SNAPSHOTS];
  /* of each VM: its events in order, the messages it sent, those that were on their way to it at
   * each cut */
  struct lc_event **event;
  struct lc_sent **sent;
  struct lc_left **left;
  int64_t *n_event, *n_sent, *n_left;
  struct lc_balance balance;
};

/* `more` internal events at the first VM of the last rank. */
void model_init(struct model *m, int64_t more);
void model_free(struct model *m);
/* Lays the VMs out for another number of ranks, `uneven`: all but the last have one VM. */
void model_spread(struct model *m, int32_t ranks, bool uneven);
int64_t model_stamp(int32_t vm, int64_t seq, int32_t word); /* of the set's stamp_words */
/* Events before each cut are the model's own; at the end all of them. */
struct lc_state model_state(const struct model *m, int32_t vm, int32_t snapshot);
int64_t model_state_stamp(int32_t vm, int32_t snapshot, int32_t word);
int64_t model_state_jump(int32_t vm, int32_t snapshot, int32_t clock);
int64_t model_left_stamp(const struct lc_left *left, int32_t word);
/* Padding is nothing. */
bool same_state(const struct lc_state *a, const struct lc_state *b);
bool same_left(const struct lc_left *a, const struct lc_left *b);
struct lc_cut_cost model_cost(int32_t of_rank, int32_t snapshot);
struct lc_digest model_cut_digest(int32_t of_rank, int32_t snapshot); /* the rank's part */
struct lc_vm_totals model_totals(int32_t vm);
int64_t model_total_stamp(int32_t vm, int32_t word);
int64_t model_jump(int32_t vm, int32_t clock);
struct lc_vm_constants model_constants(const void *model, int32_t vm);

extern const struct lc_digest model_digest;

/* The plan of its file; `rows` are for each rank of each table. */
struct lc_store_plan model_plan(const struct model *m, const int64_t *rows);
/* Its file with room for so many rows on each rank. */
struct lc_store *model_create(const struct model *m, const char *path, int64_t room,
                              struct lc_store_options options);
/* Adds an event of an own VM, and the message that it sent. */
void model_add_event(const struct model *m, struct lc_store *store, int32_t vm, int64_t seq);
/* Adds rows [from, to) of every own VM's events, and the messages of those events. */
void model_add(const struct model *m, struct lc_store *store, int64_t from, int64_t to);
/* All rows, in batches, with a commit after each. */
void model_write_rows(const struct model *m, struct lc_store *store);
/* A snapshot: the messages that cross it, committed, and the rest of it. */
void model_write_snapshot(const struct model *m, struct lc_store *store, int32_t snapshot);
void model_write_left(const struct model *m, struct lc_store *store, int32_t snapshot);
void model_write_states(const struct model *m, struct lc_store *store, int32_t snapshot);
/* What is left over, the totals, the final state and the end; not yet closed. */
void model_end(const struct model *m, struct lc_store *store, enum lc_run_state state);
void model_close(struct lc_store *store);
/* A whole file, closed. */
void model_write(const struct model *m, const char *path, enum lc_run_state state);

/* Checks that the file has the first `events` events of each VM (all there are, if it has fewer),
 * the messages that these sent, snapshots [0, taken), and with `whole` the end too. */
void model_check_file(const struct model *m, const char *path, int64_t events, int32_t taken,
                      bool whole);
/* The same of a file that has what is before a cut: snapshot `cut`, or -1: nothing. */
void model_check_cut(const struct model *m, const char *path, int32_t cut, int32_t taken);
/* One that has all. */
void model_check_whole_file(const struct model *m, const char *path);

/* ---- files as bytes: Local ------------------------------------------------------------------- */

/* A number that the bytes of a file give; 0 if there is none. */
uint64_t bytes_of(const char *path);
void copy_file(const char *from, const char *to, int64_t most_bytes);
bool is_there(const char *path);

#endif
