/* What the files that wire a run share. */
#ifndef LC_RUN_INTERNAL_H
#define LC_RUN_INTERNAL_H

#include "summary.h"

/* Everything a run holds, made by prepare() and released by release(). */
struct run {
  struct lc_config *config;
  struct lc_transport *transport;
  int32_t rank, n_rank;
  struct lc_clock_set clocks;
  struct lc_workload workload;
  struct lc_message_pool pool;
  struct lc_vm_constants *constants; /* [n_vm] */
  struct lc_rank_constants *ranks;   /* [n_rank] */
  int64_t *rows[LC_N_TABLE];         /* [n_rank] */
  int64_t *t_snapshot;
  int32_t n_snapshot;
  struct lc_vm *vm; /* this rank's */
  int32_t first_vm, n_own;
  int64_t clock_offset_ns;
  const char *hostnames;
  const char *program, *command_line; /* as typed */
  char *path, *options, *history, *source;
  char start_time[32];
  struct lc_store *store;
  int64_t plan_bytes;
};

/* File name, VMs, ranks, rows and snapshots of the run; then its file. Collective. */
lc_status plan_run(struct run *run, struct lc_error *err);
lc_status create_store(struct run *run, struct lc_error *err);

#endif
