/* The wiring of a run: from the configuration to a world, through the pacer, to a closed file. */
#include "summary.h"

#include "lcmpi/rng.h"
#include "lcmpi/stop.h"

#include <errno.h>
#include <hdf5.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

enum { MESSAGE_ROOM_LEAST = 256 };
static const int64_t compact_below = INT64_C(256) << 20;

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
  char *path, *options, *history, *source;
  char start_time[32];
  struct lc_store *store;
  int64_t plan_bytes;
};

/* ---- the file's name ------------------------------------------------------------------------------- */

static char *default_name(uint64_t seed) {
  const char *job = getenv("SLURM_JOB_ID"), *array = getenv("SLURM_ARRAY_JOB_ID");
  const char *task = getenv("SLURM_ARRAY_TASK_ID");
  if (job && array && task)
    return lc_format("lcmpi-%s_%s.h5", array, task);
  if (job)
    return lc_format("lcmpi-%s.h5", job);
  char stamp[32];
  time_t now = time(NULL);
  struct tm utc;
  strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
  return lc_format("lcmpi-%s-%" PRIu64 ".h5", stamp, seed);
}

/* Seed and name are rank 0's choice where they were not given. */
static void settle_names(struct run *run) {
  struct lc_config *c = run->config;
  char name[4096] = "";
  if (!c->seed_given)
    c->seed = lc_system_seed();
  lc_broadcast(run->transport, &c->seed, sizeof c->seed);
  c->seed_given = true; /* it stands among the effective options */
  if (run->rank == 0) {
    char *chosen = c->output ? lc_format("%s", c->output) : default_name(c->seed);
    snprintf(name, sizeof name, "%s", chosen);
    free(chosen);
  }
  lc_broadcast(run->transport, name, sizeof name);
  run->path = lc_format("%s", name);
  free(c->output);
  c->output = lc_format("%s", name);
}

/* ---- the plan of the file --------------------------------------------------------------------------- */

static void plan_vms(struct run *run) {
  struct lc_config *c = run->config;
  run->constants = lc_new((size_t)c->n_vm, sizeof *run->constants, "the table of VMs");
  for (int32_t v = 0; v < c->n_vm; v++) {
    struct lc_rate rate = lc_rate_of(&c->rates, c->seed, v);
    run->constants[v] = (struct lc_vm_constants){
        .rate = rate,
        .phase_ns = lc_phase_of(c->phase, rate, c->seed, v),
        .rank = lc_owner(v, c->n_vm, run->n_rank),
    };
  }
  run->first_vm = lc_first_vm(run->rank, c->n_vm, run->n_rank);
  run->n_own = lc_first_vm(run->rank + 1, c->n_vm, run->n_rank) - run->first_vm;
}

static lc_status plan_ranks(struct run *run, struct lc_error *err) {
  const struct lc_host *hosts;
  lc_status status = lc_transport_hosts(run->transport, &hosts, &run->hostnames, err);
  status = lc_agree(run->transport, status, err);
  if (status)
    return status;
  run->ranks = lc_new((size_t)run->n_rank, sizeof *run->ranks, "the table of ranks");
  for (int32_t r = 0; r < run->n_rank; r++)
    run->ranks[r] = (struct lc_rank_constants){hosts[r].host, hosts[r].pid,
                                               hosts[r].clock_offset_ns, hosts[r].clock_error_ns};
  run->clock_offset_ns = hosts[run->rank].clock_offset_ns;
  return LC_OK;
}

/* Events are known exactly: one for each tick. Messages are not: --reserve times what is expected, but
 * never more than there can be. */
static lc_status plan_rows(struct run *run, struct lc_error *err) {
  struct lc_config *c = run->config;
  double each = lc_workload_messages_per_tick(&run->workload);
  double factor = (double)c->reserve.p / (double)c->reserve.q;
  double total = 0;
  for (int t = 0; t < LC_N_TABLE; t++)
    run->rows[t] = lc_new((size_t)run->n_rank, sizeof *run->rows[t], "the file's plan");
  for (int32_t v = 0; v < c->n_vm; v++) {
    const struct lc_vm_constants *vm = &run->constants[v];
    int64_t ticks = lc_tick_count(vm->rate, vm->phase_ns, c->duration_ns);
    total += (double)ticks;
    if (total > 1e15)
      return lc_fail(err, LC_EUSAGE,
                     "these rates and --duration make more than 1e15 events: use less");
    run->rows[LC_EVENTS][vm->rank] += ticks;
  }
  for (int32_t r = 0; r < run->n_rank; r++) {
    double ticks = (double)run->rows[LC_EVENTS][r];
    double messages = ticks * each * factor + MESSAGE_ROOM_LEAST;
    run->rows[LC_MESSAGES][r] = (int64_t)ceil(messages);
    run->rows[LC_QUEUE][r] = run->rows[LC_CHANNEL][r] = (int64_t)ceil(messages);
  }
  return LC_OK;
}

static void plan_snapshots(struct run *run) {
  struct lc_config *c = run->config;
  run->n_snapshot = lc_snapshot_count(c->duration_ns, c->snapshot_every_ns);
  run->t_snapshot = lc_new((size_t)run->n_snapshot, sizeof *run->t_snapshot, "the snapshots");
  for (int32_t s = 0; s < run->n_snapshot; s++)
    run->t_snapshot[s] = lc_snapshot_time(s, c->duration_ns, c->snapshot_every_ns);
}

static lc_status check_size(struct run *run, int64_t bytes, struct lc_error *err) {
  char need[LC_QUANTITY_MAX], have[LC_QUANTITY_MAX];
  int64_t limit = run->config->max_file_bytes;
  bool given = limit > 0;
  if (!given) {
    struct statvfs disk;
    char *copy = lc_format("%s", run->path);
    limit = statvfs(dirname(copy), &disk) == 0
                ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize
                : INT64_MAX;
    free(copy);
  }
  if (bytes <= limit)
    return LC_OK;
  return lc_fail(err, given ? LC_EUSAGE : LC_EFILE,
                 "%s: would need %s; %s %s: use a shorter --duration, fewer VMs or %s", run->path,
                 lc_print_bytes(need, bytes), given ? "--max-file-size is" : "free on the disk is",
                 lc_print_bytes(have, limit),
                 run->clocks.stamp_words > run->config->n_vm ? "--clock lamport" : "another folder");
}

static void provenance(struct run *run, const char *command_line) {
  time_t now = time(NULL);
  struct tm utc;
  strftime(run->start_time, sizeof run->start_time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  run->options = lc_config_text(run->config);
  run->source = lc_format("lcmpi %s", lc_version());
  run->history = lc_format("%s lcmpi: %s", run->start_time, command_line);
}

static lc_status create_store(struct run *run, const char *command_line, struct lc_error *err) {
  struct lc_config *c = run->config;
  unsigned major, minor, release;
  char hdf5[32];
  H5get_libversion(&major, &minor, &release);
  snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
  provenance(run, command_line);
  const struct lc_attribute attributes[] = {
      {"title", "lcmpi: events, messages and states of virtual machines with logical clocks", 0},
      {"source", run->source, 0},
      {"history", run->history, 0},
      {"start_time", run->start_time, 0},
      {"command_line", command_line, 0},
      {"options", run->options, 0},
      {"seed", NULL, (int64_t)c->seed},
      {"pace", "real", 0},
      {"tick_rule", "receive-or-act", 0},
      {"duration_ns", NULL, c->duration_ns},
      {"mpi_library", lc_transport_library(), 0},
      {"hdf5_version", hdf5, 0},
      {"hostnames", run->hostnames, 0},
  };
  struct lc_store_plan plan = {
      .n_vm = c->n_vm,
      .n_rank = run->n_rank,
      .clocks = &run->clocks,
      .vm = run->constants,
      .rank = run->ranks,
      .n_snapshot = run->n_snapshot,
      .t_snapshot = run->t_snapshot,
      .n_attribute = sizeof attributes / sizeof *attributes,
      .attribute = attributes,
  };
  for (int t = 0; t < LC_N_TABLE; t++)
    plan.rows[t] = run->rows[t];
  run->plan_bytes = lc_store_plan_bytes(&plan);
  lc_status status = run->rank == 0 ? check_size(run, run->plan_bytes, err) : LC_OK;
  status = lc_agree(run->transport, status, err);
  if (status)
    return status;
  struct lc_store_options options = {.force = c->force, .durable = c->durable};
  return lc_store_create(&run->store, run->path, &plan, options, run->transport, err);
}

/* ---- before, during, after --------------------------------------------------------------------------- */

static void make_vms(struct run *run) {
  run->vm = lc_new((size_t)run->n_own, sizeof *run->vm, "the VMs");
  for (int32_t i = 0; i < run->n_own; i++) {
    const struct lc_vm_constants *constants = &run->constants[run->first_vm + i];
    lc_vm_init(&run->vm[i], run->first_vm + i, constants->rate, constants->phase_ns,
               &run->clocks);
  }
}

static lc_status prepare(struct run *run, const char *command_line, struct lc_error *err) {
  struct lc_config *c = run->config;
  lc_status status = lc_config_settle(c, run->n_rank, err);
  if (status)
    return status;
  lc_clock_set_init(&run->clocks, c->n_vm);
  status = lc_clock_set_parse(&run->clocks, c->clocks, err);
  if (status)
    return status;
  settle_names(run);
  lc_workload_init(&run->workload, c->seed, c->n_vm, c->unicast, c->multicast, c->fanout);
  lc_message_pool_init(&run->pool, run->clocks.stamp_words);
  plan_vms(run);
  plan_snapshots(run);
  status = plan_ranks(run, err);
  if (!status)
    status = plan_rows(run, err);
  if (!status)
    status = create_store(run, command_line, err);
  if (!status)
    make_vms(run);
  return status;
}

static void release(struct run *run) {
  for (int32_t i = 0; i < run->n_own && run->vm; i++)
    lc_vm_free(&run->vm[i], &run->pool);
  free(run->vm);
  lc_message_pool_free(&run->pool);
  lc_workload_free(&run->workload);
  for (int t = 0; t < LC_N_TABLE; t++)
    free(run->rows[t]);
  free(run->constants);
  free(run->ranks);
  free(run->t_snapshot);
  free(run->path);
  free(run->options);
  free(run->history);
  free(run->source);
}

static struct lc_progress *open_progress(const struct run *run) {
  const struct lc_config *c = run->config;
  if (run->rank != 0)
    return NULL;
  struct lc_rate rate[LC_TABLE_VMS];
  for (int32_t v = 0; v < c->n_vm && v < LC_TABLE_VMS; v++)
    rate[v] = run->constants[v].rate;
  int32_t shown = lc_clock_set_shown(&run->clocks);
  return lc_progress_open(c->progress, c->n_vm, rate,
                          shown < 0 ? NULL : run->clocks.clock[shown]->name, c->duration_ns,
                          c->speed);
}

static lc_status tick(struct run *run, struct lc_outcome *outcome, struct lc_error *err) {
  const struct lc_config *c = run->config;
  struct lc_world world = {
      .transport = run->transport,
      .store = run->store,
      .progress = open_progress(run),
      .clocks = &run->clocks,
      .workload = &run->workload,
      .pool = &run->pool,
      .n_vm = c->n_vm,
      .first_vm = run->first_vm,
      .n_own = run->n_own,
      .vm = run->vm,
      .clock_offset_ns = run->clock_offset_ns,
      .duration_ns = c->duration_ns,
      .snapshot_every_ns = c->snapshot_every_ns,
      .n_snapshot = run->n_snapshot,
      .speed = c->speed,
      .commit_every_ns = c->commit_every_ns,
      .poll_ns = c->poll_ns,
  };
  lc_status status = lc_pace_real(&world, outcome, err);
  lc_progress_close(world.progress);
  return status;
}

static lc_status compact(const struct run *run, struct lc_error *err) {
  enum lc_compaction when = run->config->compaction;
  bool small = run->plan_bytes < compact_below;
  if (when == LC_COMPACT_NEVER || (when == LC_COMPACT_AUTO && !small))
    return LC_OK;
  lc_status status = run->rank == 0 ? lc_store_compact(run->path, err) : LC_OK;
  return lc_agree(run->transport, status, err);
}

/* Closes the file, compacts it after a full run, and prints the summary. */
static lc_status conclude(struct run *run, struct lc_outcome *outcome, lc_status status,
                          struct lc_error *err) {
  struct lc_error closing;
  lc_status closed = lc_store_close(run->store, status == LC_ERANK, &closing);
  if (status == LC_ERANK)
    return status;
  if (!status) {
    *err = closing;
    status = lc_agree(run->transport, closed, err);
  }
  if (!status && !outcome->signal)
    status = compact(run, err);
  if (!status || status == LC_EVERIFY)
    print_summary(run->config, run->transport, &run->clocks, run->vm, run->n_own, outcome,
                  run->path);
  if (status == LC_EFILE && run->rank == 0)
    fprintf(stderr, "lcmpi: what was committed is safe; after making room: lcmpi recover %s\n",
            run->path);
  return status ? status : outcome->signal ? LC_STOPPED : LC_OK;
}

lc_status lc_run(struct lc_config *config, const char *command_line,
                 struct lc_transport *transport, struct lc_error *err) {
  struct run run = {
      .config = config,
      .transport = transport,
      .rank = lc_transport_rank(transport),
      .n_rank = lc_transport_size(transport),
  };
  struct lc_outcome *outcome = lc_new(1, sizeof *outcome, "the outcome");
  lc_status status = prepare(&run, command_line, err);
  if (!status) {
    print_start(config, transport, run.path);
    lc_stop_on_signals();
    status = tick(&run, outcome, err);
    status = conclude(&run, outcome, status, err);
  }
  release(&run);
  free(outcome);
  return status;
}
