/* From the configuration to the plan of a file: names, VMs, rows to lay out, provenance. */
#include "run_internal.h"

#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>

enum { MESSAGE_ROOM_LEAST = 256, LAYOUT_BYTES = 1 << 20 };

/* ---- the file's name
 * ------------------------------------------------------------------------------- */

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

/* The name is rank 0's choice if it was not given: it holds the time. */
static void settle_name(struct run *run) {
  struct lc_config *c = run->config;
  char name[4096] = "";
  if (run->rank == 0) {
    const char *given = c->output ? c->output : c->resume;
    char *chosen = given ? lc_format("%s", given) : default_name(c->seed);
    snprintf(name, sizeof name, "%s", chosen);
    free(chosen);
  }
  lc_broadcast(run->transport, name, sizeof name);
  run->path = lc_format("%s", name);
  free(c->output);
  c->output = lc_format("%s", name);
}

/* ---- the plan of the file
 * --------------------------------------------------------------------------- */

static int32_t vms_of(const struct run *run, int32_t rank) {
  return lc_first_vm(run->place, rank + 1) - lc_first_vm(run->place, rank);
}

void plan_vms(struct run *run) {
  const struct lc_config *c = run->config;
  run->place = (struct lc_placement){c->n_vm * c->n_replica, run->n_rank, c->n_apart};
  run->first_vm = lc_first_vm(run->place, run->rank);
  run->n_own = vms_of(run, run->rank);
}

/* What is known of a VM before it starts: a formula, so that no rank keeps a table of all. */
static struct lc_vm_constants constants_of(const void *context, int32_t vm) {
  const struct run *run = context;
  const struct lc_config *c = run->config;
  struct lc_rate rate = lc_rate_of(&c->rates, c->seed, vm, c->n_vm);
  return (struct lc_vm_constants){
      .rate = rate,
      .phase_ns = lc_phase_of(c->phase, rate, c->seed, vm),
      .rank = lc_owner(run->place, vm),
      .replica = vm / c->n_vm,
      .logged = lc_logged(c->log, c->log_sample, c->n_vm, run->place.n_vm, vm),
  };
}

static void plan_ranks(struct run *run) {
  const struct lc_host *hosts;
  lc_transport_hosts(run->transport, &hosts, &run->hostnames);
  run->ranks = lc_new((size_t)run->n_rank, sizeof *run->ranks, "the table of ranks");
  for (int32_t r = 0; r < run->n_rank; r++)
    run->ranks[r] = (struct lc_rank_constants){hosts[r].host, hosts[r].pid,
                                               hosts[r].clock_offset_ns, hosts[r].clock_error_ns};
  run->clock_offset_ns = hosts[run->rank].clock_offset_ns;
}

/* What the VMs of a rank, or all, are expected to do. */
struct expected {
  double ticks, messages; /* messages as if no tick received: more than there can be on average */
  double logged, logged_sent; /* VMs whose rows are kept, and their messages */
};

static void add_vm(struct expected *sum, const struct lc_vm_constants *vm, double ticks,
                   double messages) {
  sum->ticks += ticks;
  sum->messages += messages;
  sum->logged += vm->logged;
  sum->logged_sent += vm->logged ? messages : 0;
}

static double reserve_of(const struct run *run) {
  return (double)run->config->reserve.p / (double)run->config->reserve.q;
}

static lc_status count_rows(struct run *run, struct expected *all, struct expected *of_rank,
                            struct lc_error *err) {
  const double most = 1e15;
  for (int32_t v = 0; v < run->place.n_vm; v++) {
    struct lc_vm_constants vm = constants_of(run, v);
    int64_t ticks = lc_tick_count(vm.rate, vm.phase_ns, run->config->duration_ns);
    int32_t degree = lc_topology_degree(&run->topology, v);
    double messages = (double)ticks * lc_workload_messages_per_tick(&run->workload, degree);
    add_vm(&of_rank[vm.rank], &vm, (double)ticks, messages);
    add_vm(all, &vm, (double)ticks, messages);
    if (all->ticks > most)
      return lc_fail(err, LC_EUSAGE,
                     "these rates and --duration make more than 1e15 events: use less");
    run->rows[LC_EVENTS][vm.rank] += vm.logged ? ticks : 0;
  }
  double kept = fmax(all->logged_sent, all->messages * all->logged / run->place.n_vm);
  double room = kept * reserve_of(run);
  if (all->messages <= most && room <= most)
    return LC_OK;
  return lc_fail(err, LC_EUSAGE,
                 "these rates, --duration and fan-out make %.3g messages, and --reserve room for "
                 "%.3g in the file: the most is 1e15, use less",
                 all->messages, room);
}

/* Where some hear more than others, a rank may hear all there is; one without VMs hears nothing. */
static double share_of_rank(const struct run *run, int32_t rank) {
  enum lc_topology_kind kind = run->topology.kind;
  int32_t vms = vms_of(run, rank);
  bool all = kind == LC_TOPOLOGY_STAR || kind == LC_TOPOLOGY_FILE;
  return all && vms ? 1 : (double)vms / run->place.n_vm;
}

/* What crosses a cut lies with its receiver: at worst all that was sent to the VMs of a rank so
 * far. Where some hear more than others that may be all there is: room costs nothing until it is
 * used. At the end there is room for the worst; for all snapshots before it for as much again in
 * the middle of the run, or for some messages per VM where that is less. */
static double room_for_cuts(const struct run *run, int32_t rank, double sent) {
  double worst = sent * share_of_rank(run, rank);
  double others = run->n_snapshot - 1;
  return worst + fmin(worst * others / 2, others * (16.0 * vms_of(run, rank) + MESSAGE_ROOM_LEAST));
}

/* A second event in each tick that receives: at most one for each tick, and each message. */
static int64_t more_events(const struct run *run, int32_t rank, double sent) {
  double most = (double)run->rows[LC_EVENTS][rank];
  if (run->config->tick_rule != LC_RECEIVE_THEN_ACT || most == 0)
    return 0;
  return (int64_t)ceil(fmin(most, sent * share_of_rank(run, rank) + MESSAGE_ROOM_LEAST));
}

/* Ticks are known exactly, and of receive-or-act so are events. Messages are not: --reserve times
 * what is expected, with a little room for chance where that is not much. */
static lc_status plan_rows(struct run *run, struct lc_error *err) {
  double factor = reserve_of(run);
  struct expected all = {0, 0, 0, 0};
  struct expected *of_rank = lc_new((size_t)run->n_rank, sizeof *of_rank, "the file's plan");
  for (int t = 0; t < LC_N_TABLE; t++)
    run->rows[t] = lc_new((size_t)run->n_rank, sizeof *run->rows[t], "the file's plan");
  lc_status status = count_rows(run, &all, of_rank, err);
  double least = all.logged > 0 ? MESSAGE_ROOM_LEAST : 0;
  for (int32_t r = 0; r < run->n_rank && !status; r++) {
    run->rows[LC_EVENTS][r] += more_events(run, r, all.messages * factor);
    run->rows[LC_MESSAGES][r] = (int64_t)ceil(of_rank[r].logged_sent * factor + least);
    double left = fmin(room_for_cuts(run, r, all.messages * factor) + MESSAGE_ROOM_LEAST, 1e15);
    run->rows[LC_QUEUE][r] = run->rows[LC_CHANNEL][r] = (int64_t)ceil(left);
  }
  free(of_rank);
  return status;
}

static void plan_snapshots(struct run *run) {
  struct lc_config *c = run->config;
  run->n_snapshot = lc_snapshot_count(c->duration_ns, c->snapshot_every_ns);
  run->t_snapshot = lc_new((size_t)run->n_snapshot, sizeof *run->t_snapshot, "the snapshots");
  for (int32_t s = 0; s < run->n_snapshot; s++)
    run->t_snapshot[s] = lc_snapshot_time(s, c->duration_ns, c->snapshot_every_ns);
}

static const char *smaller_run(const struct run *run) {
  bool vectors = run->clocks.stamp_words >= run->config->n_vm && run->config->n_vm > 1;
  return vectors ? "fewer VMs, a shorter --duration or --clock lamport"
                 : "fewer VMs or a shorter --duration";
}

static int64_t free_bytes(const char *path) {
  struct statvfs disk;
  char *copy = lc_format("%s", path);
  bool known = statvfs(dirname(copy), &disk) == 0;
  free(copy);
  return known ? (int64_t)disk.f_bavail * (int64_t)disk.f_frsize : INT64_MAX;
}

/* What the process may make of one file. The layout is a little larger than its rows. */
static int64_t limit_of_rows(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur > INT64_MAX)
    return INT64_MAX;
  int64_t most = (int64_t)limit.rlim_cur, layout = LAYOUT_BYTES + most / 64;
  return most > layout ? most - layout : 0;
}

static lc_status check_size(struct run *run, int64_t bytes, struct lc_error *err) {
  char need[LC_QUANTITY_MAX], have[LC_QUANTITY_MAX];
  int64_t given = run->config->max_file_bytes, left = free_bytes(run->path);
  int64_t limit = limit_of_rows();
  lc_print_bytes(need, bytes);
  lc_print_bytes(have, given ? given : left);
  if (given && bytes > given)
    return lc_fail(err, LC_EUSAGE,
                   "--max-file-size %s: the rows of this run take %s: allow more, or use %s", have,
                   need, smaller_run(run));
  if (!given && bytes > left)
    return lc_fail(err, LC_EFILE,
                   "%s: would need %s, free on the disk is %s: use another folder, %s", run->path,
                   need, have, smaller_run(run));
  lc_print_bytes(have, limit);
  if (bytes > limit)
    return lc_fail(err, LC_EFILE,
                   "%s: would need %s, the limit on a file's size (ulimit -f) leaves %s: raise it, "
                   "or use %s",
                   run->path, need, have, smaller_run(run));
  return LC_OK;
}

static void provenance(struct run *run) {
  time_t now = time(NULL);
  struct tm utc;
  strftime(run->start_time, sizeof run->start_time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  run->options = lc_config_text(run->config);
  run->source = lc_format("lcmpi %s", lc_version());
  run->history = lc_format("%s lcmpi: %s", run->start_time, run->command_line);
}

lc_status create_store(struct run *run, struct lc_error *err) {
  struct lc_config *c = run->config;
  provenance(run);
  const struct lc_attribute attributes[] = {
      {"title", "lcmpi: events, messages and states of virtual machines with logical clocks", 0},
      {"source", run->source, 0},
      {"history", run->history, 0},
      {"start_time", run->start_time, 0},
      {"command_line", run->command_line, 0},
      {"options", run->options, 0},
      {"seed", NULL, (int64_t)c->seed},
      {"pace", c->pace == LC_PACE_REAL ? "real" : "virtual", 0},
      {"tick_rule", lc_tick_rules[c->tick_rule], 0},
      {"snapshot_method", c->method->name, 0},
      {"duration_ns", NULL, c->duration_ns},
      {"mpi_library", lc_transport_library(), 0},
      {"hdf5_version", lc_store_library(), 0},
      {"hostnames", run->hostnames, 0},
      {run->topology_hash ? TOPOLOGY_HASH : NULL, NULL, run->topology_hash},
      {c->receive_until_ns < INT64_MAX ? "receive_until_ns" : NULL, NULL, c->receive_until_ns},
  };
  struct lc_store_plan plan = {
      .n_vm = run->place.n_vm,
      .n_rank = run->n_rank,
      .n_replica = c->n_replica,
      .first_vm = run->first_vm,
      .n_own = run->n_own,
      .clocks = &run->clocks,
      .vm = constants_of,
      .context = run,
      .rank = run->ranks,
      .n_snapshot = run->n_snapshot,
      .t_snapshot = run->t_snapshot,
      .n_attribute = sizeof attributes / sizeof *attributes,
      .served = c->served,
      .attribute = attributes,
      .past_path = c->resume,
      .restart = c->resume ? &run->restart : NULL,
      .keep_abandoned = c->pace == LC_PACE_REAL,
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

lc_status plan_run(struct run *run, struct lc_error *err) {
  settle_name(run);
  plan_snapshots(run);
  plan_ranks(run);
  return plan_rows(run, err);
}
