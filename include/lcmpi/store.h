/* store.h: the shared HDF5 file of a run. Every rank writes its own region of every table, with
 * independent raw-data writes only, and moves its own commit counters afterwards: whatever moment
 * the processes are killed at, the file opens and every committed row is in it. src/store/README.md
 * has the recipe, postprocess/README.md the layout.
 *
 * "Collective." functions are called by all ranks of the transport together and return the same
 * status everywhere; "Local." ones by any rank at any time. Failures are LC_EFILE with the
 * library's own text unless said otherwise. */
#ifndef LCMPI_STORE_H
#define LCMPI_STORE_H

#include "lcmpi/history.h"
#include "lcmpi/predict.h"
#include "lcmpi/server.h"
#include "lcmpi/snapshot.h"
#include "lcmpi/transport.h"
#include "lcmpi/vm.h"

enum { LC_FORMAT_MAJOR = 2, LC_FORMAT_MINOR = 0 };

/* /commit/state of a file. */
enum lc_run_state {
  LC_RUN_RUNNING = 1,
  LC_RUN_COMPLETE = 2,
  LC_RUN_STOPPED = 3,
  LC_RUN_FAILED = 4,
  LC_RUN_RECOVERED = 5
};
const char *lc_run_state_name(int state);

/* The tables with one row per event or message; each rank has a region of each. The abandoned ones
 * are what was past the snapshot from which a run in real time was resumed. */
enum lc_table {
  LC_EVENTS,
  LC_MESSAGES,
  LC_QUEUE,
  LC_CHANNEL,
  LC_ABANDONED_EVENTS,
  LC_ABANDONED_MESSAGES,
  LC_N_TABLE
};

/* What is known of a VM before it starts. */
struct lc_vm_constants {
  struct lc_rate rate;
  int64_t phase_ns;
  int32_t rank, replica;
  bool logged; /* its events and messages go into the file */
};

struct lc_rank_constants {
  int32_t host; /* index into the attribute hostnames */
  int32_t pid;
  int64_t clock_offset_ns, clock_error_ns; /* of the host's clock against rank 0's */
};

/* One root attribute: text unless `text` is NULL; none at all if `name` is. */
struct lc_attribute {
  const char *name, *text;
  int64_t number;
};

/* Where a run goes on: a cut of a file that is whole on all ranks. */
struct lc_restart {
  int32_t snapshot; /* its number in the file; n_snapshot - 1: the end of the run; -1: before its
                       first event, where there is no snapshot yet */
  int32_t n_taken;  /* snapshots that stay in the file, this one among them if it is not the end */
  int64_t t_ns;     /* model time: the latest that any VM's state was recorded */
  struct lc_digest digest; /* of all before it */
  int held; /* rank 0's lock on the file until lc_store_create() has copied it; else -1 */
};

/* Everything that shapes a new file. Rank 0 reads all of it, the others only the sizes, their block
 * and `rows`. Not owned by the store. */
struct lc_store_plan {
  int32_t n_vm, n_rank; /* VMs of all copies */
  int32_t n_replica;
  int32_t first_vm, n_own; /* this rank's block */
  const struct lc_clock_set *clocks;
  struct lc_vm_constants (*vm)(const void *context, int32_t vm);
  const void *context;
  const struct lc_rank_constants *rank; /* [n_rank] */
  const int64_t *rows[LC_N_TABLE]; /* [n_rank]: rows laid out for each rank; not of abandoned */
  int32_t n_snapshot;              /* the last one is the state at the end */
  const int64_t *t_snapshot;       /* [n_snapshot] */
  bool served;                     /* by a central server: the file has a group for it */
  int32_t n_attribute;
  const struct lc_attribute *attribute;
  /* A run that goes on: its file so far (may be the new file's own path), of which what is before
   * the cut is copied, and what is behind it too, as abandoned rows, where `keep_abandoned` says
   * so. NULL: a new run. */
  const char *past_path;
  struct lc_restart *restart; /* rank 0's lock is given up once all is copied */
  bool keep_abandoned;
};

/* Called once, before MPI is started: HDF5 must end with MPI and not after it. Local. */
void lc_store_init(void);
/* The version of the HDF5 library, "1.10.8". Static. */
const char *lc_store_library(void);

/* Bytes that events, messages and states of the plan take once they are written; INT64_MAX if they
 * are beyond counting. Local. */
int64_t lc_store_plan_bytes(const struct lc_store_plan *plan);

struct lc_store_options {
  bool force;   /* replace an existing file */
  bool durable; /* fsync between data and counters, and at the end */
};

struct lc_store;

/* Lays the file out under a temporary name, renames it to `path`, opens it on every rank and checks
 * that all see the same one. An existing file is replaced only with options.force, or if it is
 * plan->past_path, and never one that another process writes. With plan->past_path the new file
 * starts as the old one was at the cut: its rows, its snapshots, its counters; until the rename the
 * old file is as it was. Collective. */
lc_status lc_store_create(struct lc_store **store, const char *path,
                          const struct lc_store_plan *plan, struct lc_store_options options,
                          struct lc_transport *transport, struct lc_error *err);

/* Add one row to this rank's part; written at the next commit. `stamps` is one event's. Local. */
void lc_store_event(struct lc_store *store, const struct lc_event *event, const int64_t *stamps);
void lc_store_sent(struct lc_store *store, const struct lc_sent *sent);
/* A message that crosses a cut, with its stamps: fate QUEUED or IN_FLIGHT picks the table. The rows
 * of a rank come by snapshot, then receiver, then queue order. */
void lc_store_left(struct lc_store *store, const struct lc_left *left, const int64_t *stamps);

/* Rows added and not yet committed. Local. */
int64_t lc_store_pending(const struct lc_store *store);
/* Writes what was added, as far as there is room in this rank's regions, then moves the counters:
 * after it returns, those rows survive a kill -9 at any moment (with options.durable: a power cut).
 * After a failure nothing more is written; every later commit fails alike. Local. */
lc_status lc_store_commit(struct lc_store *store, struct lc_error *err);
/* True if rows wait in memory for which there is no room until lc_store_grow() is called. Local. */
bool lc_store_wants_room(const struct lc_store *store);
/* Lays the file out again with at least twice the room where a rank asked for it. Collective. */
lc_status lc_store_grow(struct lc_store *store, struct lc_error *err);

/* A snapshot of this rank, in this order: every row that it counts and the messages that cross the
 * cut are committed; then the states of VMs [first, first + n) of this rank in snapshot `index`
 * (state[i], stamps + i * stamp_words and jump_max + i * (number of clocks) belong to VM first +
 * i); then what it took and the digest of this rank's events before the cut; with
 * lc_store_states_done() it counts. Snapshots of a rank are done in ascending order. Local. */
lc_status lc_store_states(struct lc_store *store, int32_t index, int32_t first, int32_t n,
                          const struct lc_state *state, const int64_t *stamps,
                          const int64_t *jump_max, struct lc_error *err);
lc_status lc_store_cut(struct lc_store *store, int32_t index, const struct lc_cut_cost *cost,
                       const struct lc_digest *digest, struct lc_error *err);
lc_status lc_store_states_done(struct lc_store *store, int32_t index, struct lc_error *err);

/* What theory expects of VMs [first, first + n) of this rank at the end of the run, which is
 * planned for t_end; written before it begins. Local. */
lc_status lc_store_prediction(struct lc_store *store, int32_t first, int32_t n,
                              const struct lc_prediction *prediction, int64_t t_end,
                              struct lc_error *err);

/* The totals of VMs [first, first + n) of this rank; stamps + i * stamp_words and jump_max + i *
 * (number of clocks) belong to VM first + i. Written at once. Local. */
lc_status lc_store_totals(struct lc_store *store, int32_t first, int32_t n,
                          const struct lc_vm_totals *totals, const int64_t *stamps,
                          const int64_t *jump_max, struct lc_error *err);
/* What the central server did, of all ranks together, and the ticks that this rank's VMs skipped:
 * of a plan with `served`. Local. */
lc_status lc_store_service(struct lc_store *store, const struct lc_service *service,
                           const struct lc_vms *vms, struct lc_error *err);
/* Rank 0 writes the end of the run: time, balance, digest, state. The others do nothing. Local. */
lc_status lc_store_end(struct lc_store *store, enum lc_run_state state, int64_t t_end,
                       const struct lc_balance *balance, const struct lc_digest *digest,
                       struct lc_error *err);

/* Closes the file. With `lost` set no other rank is waited for: this rank's rows and counters are
 * on file already, and the handle is dropped. Collective unless `lost`. */
lc_status lc_store_close(struct lc_store *store, bool lost, struct lc_error *err);

/* Rewrites a closed file to its exact size, sorted by VM and event, compressed, with the fate of
 * every message filled in; through a temporary file, fsync and a rename. Local. */
lc_status lc_store_compact(const char *path, struct lc_error *err);

/* The same for a file that its run did not finish, whose state becomes RECOVERED; a finished file
 * keeps its state, and is left alone if it has its exact size already. *was receives the state that
 * the file had. A file that a process writes is refused. Local. */
lc_status lc_store_recover(const char *path, enum lc_run_state *was, struct lc_error *err);

/* ---- going on from a file ----------------------------------------------------------------------
 */

/* The cut that a run of this file goes on from: snapshot `from`, or LC_NEWEST_CUT: the end of the
 * run if that is on file, else LC_NEWEST_SNAPSHOT: the last that all ranks have counted, else
 * LC_BEGINNING. Rank 0 passes hold = true and keeps others from writing the file from then on.
 * LC_EUSAGE, naming --from, if there is no such snapshot; LC_EFILE if the file is being written
 * (which only who holds it is told), or of a format before 2.0. Local. */
enum { LC_NEWEST_CUT = -1, LC_NEWEST_SNAPSHOT = -2, LC_BEGINNING = -3 };
lc_status lc_store_restart(const char *path, int32_t from, bool hold, struct lc_restart *restart,
                           struct lc_error *err);
/* Gives the lock up, if it is held still. */
void lc_restart_release(struct lc_restart *restart);

/* What VMs [first, first + n) were at a cut. All arrays are owned. */
struct lc_past {
  int32_t n;
  struct lc_state *state; /* [n] */
  int64_t *stamps;        /* [n][stamp_words] of all clocks of the set, in its order */
  int64_t *jump_max;      /* [n][clocks] */
  /* Messages to them: queued and in flight, by receiver, then queue order. */
  int64_t n_left;
  struct lc_left *left;
  int64_t *left_stamps; /* [n_left][stamp_words] */
  /* Messages from them that are on file and arrive, or arrived, after their sender's record: what
   * channels that are first in, first out go on behind. */
  int64_t n_under_way;
  struct lc_left *under_way;
  /* Chandy-lamport in virtual time: of snapshots n_taken - 1, n_taken - 2, ..., as far back as
   * markers arrived after the first record of any of these VMs, when each recorded its state and
   * sent its markers. */
  int32_t n_marked;
  int64_t *t_marked; /* [n_marked][n] */
};
/* Reads it, while the file still has its name: lc_store_create() may give that to the new one.
 * LC_EFILE too if its clocks are not those of the set. Of restart->snapshot -1 everything is empty
 * and n is 0. Local: any rank, any VMs. */
lc_status lc_store_past(const char *path, const struct lc_restart *restart, int32_t first,
                        int32_t n, const struct lc_clock_set *clocks, struct lc_past *past,
                        struct lc_error *err);
void lc_past_free(struct lc_past *past);

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Bytes on disk, and what `lcmpi info` says about a file. Texts are owned. */
struct lc_store_info {
  int state; /* enum lc_run_state */
  int32_t n_vm, n_rank, n_snapshot, n_snapshot_done, n_clock;
  int32_t n_copy, n_logged; /* VMs of one copy; VMs whose events and messages are on file */
  char clock[LC_MAX_CLOCKS][LC_CLOCK_NAME_MAX + 1];
  int64_t rows[LC_N_TABLE]; /* committed, all ranks */
  int64_t t_end;            /* 0 if not ended */
  struct lc_balance balance;
  bool digested;     /* `digest` is on file */
  uint64_t digest;   /* of the execution */
  bool ended, live;  /* live: a process holds it for writing now */
  int32_t n_resumed; /* how often the run was gone on with; the last time ... */
  int64_t t_resumed; /* ... at this model time ... */
  int32_t resumed_snapshot, resumed_n_rank; /* ... from this snapshot (-1: none), on these ranks */
  bool exact;                               /* compacted: no room behind the rows */
  bool newer; /* its format has a later minor number than ours: read, but not rewritten */
  int64_t file_bytes, disk_bytes;
  int32_t n_text;
  struct {
    char *name, *value;
  } * text; /* the root attributes, as text */
};
lc_status lc_store_describe(const char *path, struct lc_store_info *info, struct lc_error *err);
void lc_store_info_free(struct lc_store_info *info);

/* Reads all committed rows, of a finished, crashed or live file, and indexes them. Local. */
lc_status lc_store_read(const char *path, struct lc_history *history, struct lc_error *err);

#endif
