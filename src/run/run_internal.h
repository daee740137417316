/* What the files that wire a run share. */
#ifndef LC_RUN_INTERNAL_H
#define LC_RUN_INTERNAL_H

#include "lcmpi/pacer.h"
#include "lcmpi/run.h"

/* The attribute of the file that has run.topology_hash. */
#define TOPOLOGY_HASH "topology_hash"

/* Everything a run holds, made by prepare() and released by release(). */
struct run {
  struct lc_config *config;
  struct lc_transport *transport;
  int32_t rank, n_rank;
  struct lc_clock_set clocks;
  struct lc_topology topology; /* of this rank's VMs */
  struct lc_workload workload;
  struct lc_rank_constants *ranks; /* [n_rank] */
  int64_t *rows[LC_N_TABLE];       /* [n_rank] */
  int64_t *t_snapshot;
  int32_t n_snapshot;
  struct lc_placement place;
  struct lc_vms vms; /* this rank's */
  int32_t first_vm, n_own;
  int64_t clock_offset_ns;
  const char *hostnames;
  const char *program, *command_line; /* as typed */
  int64_t begun_ns;                   /* when that was */
  int64_t limit_ns; /* wall time from the first line to the stop that Slurm's end asks for; or 0 */
  /* Rank 0: of the contents of --topology file:PATH, now and in the file of --resume; or 0. */
  int64_t topology_hash, past_topology_hash;
  char *path, *options, *history, *source;
  char start_time[32];
  struct lc_restart restart; /* of a run that goes on: where, */
  struct lc_past past;       /* and what this rank's VMs were then */
  struct lc_store *store;
  int64_t plan_bytes;
  int64_t set_up_ns;                             /* wall time before the first tick */
  struct lc_prediction prediction[LC_TABLE_VMS]; /* of this rank's first VMs */
  double residual;                               /* of the prediction of all its VMs */
};

/* Makes the configuration that of the file of --resume, if there is one. *nothing: it is of a
 * complete run, has no more to do, and says so. Collective. */
lc_status settle_resume(struct run *run, bool *nothing, struct lc_error *err);
/* The cut that a run goes on from; and this rank's VMs as they were then. Nothing of a new run.
 * Collective. */
lc_status find_restart(struct run *run, struct lc_error *err);
lc_status restore_vms(struct run *run, struct lc_error *err);
/* Bytes that this rank's past takes, without messages. */
double past_bytes(const struct run *run);
/* From now on --max-walltime, or else the end of the Slurm job, asks for a stop. Collective. */
void watch_limit(struct run *run);
/* How many VMs there are and which are this rank's. Local. */
void plan_vms(struct run *run);
/* The text of --topology file:PATH on every rank, freed by the caller; NULL if there is none. Of a
 * run that goes on it must be what it was. Collective. */
lc_status share_topology_file(struct run *run, char **text, size_t *length, struct lc_error *err);
/* The peers of this rank's VMs, and what they do; a file of channels is read by rank 0 alone.
 * Collective. */
lc_status make_topology(struct run *run, struct lc_error *err);
/* Refuse what there is no memory for: a run, on any rank (collective: returns to each its own); or
 * lcmpi predict (local). */
lc_status check_run_memory(const struct run *run, struct lc_error *err);
lc_status check_prediction_memory(const struct run *run, struct lc_error *err);
/* Bytes that the prediction of this rank's VMs takes for a while. */
double prediction_bytes(const struct run *run);
/* What theory expects of this rank's VMs, into the file. Local. */
lc_status write_prediction(struct run *run, struct lc_error *err);
/* A line on stdout if theory's equation was not solved. */
void warn_of_residual(double residual);
/* File name, VMs, ranks, rows and snapshots of the run; then its file. Collective. */
lc_status plan_run(struct run *run, struct lc_error *err);
lc_status create_store(struct run *run, struct lc_error *err);

#endif
