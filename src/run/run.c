/* The wiring of a run: from the configuration to a world, through the pacer, to a closed file. */
#include "summary.h"

#include "lcmpi/rng.h"
#include "lcmpi/stop.h"

#include <stdlib.h>

static const int64_t compact_below = INT64_C(256) << 20;

lc_status make_topology(struct run *run, struct lc_error *err) {
  struct lc_config *c = run->config;
  char *text = NULL;
  size_t length = 0;
  lc_status status = share_topology_file(run, &text, &length, err);
  if (status)
    return status;
  status = lc_topology_build(&run->topology, &c->topology, c->seed, c->n_vm, c->n_replica,
                             run->first_vm, run->n_own, text, length, err);
  free(text);
  if (status)
    return status;
  lc_workload_init(&run->workload, c->seed, &run->topology, c->tick_rule, c->unicast, c->multicast,
                   c->fanout);
  run->workload.shared_stream = c->shared_stream;
  return LC_OK;
}

static void make_vms(struct run *run) {
  const struct lc_config *c = run->config;
  lc_vms_init(&run->vms, run->first_vm, run->n_own, &c->rates, c->phase, &run->workload,
              &run->clocks);
  if (c->pace == LC_PACE_REAL || c->served)
    lc_vms_keep_lateness(&run->vms);
  if (c->served)
    lc_vms_keep_skipped(&run->vms);
}

/* A seed that was not given is rank 0's choice. */
static void settle_seed(struct run *run) {
  struct lc_config *c = run->config;
  if (!c->seed_given)
    c->seed = lc_system_seed();
  lc_broadcast(run->transport, &c->seed, sizeof c->seed);
  c->seed_given = true; /* it stands among the effective options */
}

static lc_status prepare(struct run *run, bool *nothing, struct lc_error *err) {
  struct lc_config *c = run->config;
  lc_status status = settle_resume(run, nothing, err);
  if (status || *nothing)
    return status;
  status = lc_config_settle(c, run->n_rank, err);
  if (status)
    return status;
  status = lc_config_clocks(c, &run->clocks, err);
  if (status)
    return status;
  settle_seed(run);
  plan_vms(run);
  status = find_restart(run, err);
  if (!status)
    status = lc_agree(run->transport, check_run_memory(run, err), err);
  if (!status)
    status = lc_agree(run->transport, make_topology(run, err), err);
  if (!status)
    status = plan_run(run, err);
  if (status)
    return status;
  make_vms(run); /* what there is no memory for must not leave a file behind */
  status = restore_vms(run, err);
  if (!status)
    status = create_store(run, err);
  lc_restart_release(&run->restart);
  return status ? status : lc_agree(run->transport, write_prediction(run, err), err);
}

static void release(struct run *run) {
  lc_restart_release(&run->restart);
  lc_past_free(&run->past);
  lc_vms_free(&run->vms);
  lc_workload_free(&run->workload);
  lc_topology_free(&run->topology);
  for (int t = 0; t < LC_N_TABLE; t++)
    free(run->rows[t]);
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
  /* virtual time is over before a table could be read: a line says where it is */
  int32_t n_vm = c->pace == LC_PACE_VIRTUAL ? INT32_MAX : run->place.n_vm;
  for (int32_t v = 0; v < n_vm && n_vm <= LC_TABLE_VMS; v++)
    rate[v] = lc_rate_of(&c->rates, c->seed, v, c->n_vm);
  int32_t shown = lc_clock_set_shown(&run->clocks);
  return lc_progress_open(c->progress, n_vm, rate,
                          shown < 0 || n_vm == INT32_MAX ? NULL : run->clocks.clock[shown]->name,
                          c->duration_ns, c->speed);
}

static lc_status tick(struct run *run, struct lc_outcome *outcome, struct lc_error *err) {
  const struct lc_config *c = run->config;
  struct lc_world world = {
      .transport = run->transport,
      .store = run->store,
      .progress = open_progress(run),
      .vms = &run->vms,
      .latency = &c->latency,
      .server = c->served ? &c->server : NULL,
      .fifo = c->fifo,
      .receive_until_ns = c->receive_until_ns,
      .log = c->log,
      .log_sample = c->log_sample,
      .place = run->place,
      .clock_offset_ns = run->clock_offset_ns,
      .duration_ns = c->duration_ns,
      .snapshot_every_ns = c->snapshot_every_ns,
      .n_snapshot = run->n_snapshot,
      .speed = c->speed,
      .commit_every_ns = c->commit_every_ns,
      .poll_ns = c->poll_ns,
      .method = c->method,
      .restart = c->resume ? &run->restart : NULL,
      .past = c->resume ? &run->past : NULL,
  };
  lc_status status = c->pace == LC_PACE_REAL ? lc_pace_real(&world, outcome, err)
                                             : lc_pace_virtual(&world, outcome, err);
  lc_progress_close(world.progress);
  return status;
}

static lc_status compact(const struct run *run, struct lc_error *err) {
  enum lc_compaction when = run->config->compaction;
  bool small = run->plan_bytes < compact_below && run->config->log != LC_LOG_NONE;
  if (when == LC_COMPACT_NEVER || (when == LC_COMPACT_AUTO && !small))
    return LC_OK;
  lc_status status = run->rank == 0 ? lc_store_compact(run->path, err) : LC_OK;
  return lc_agree(run->transport, status, err);
}

/* Closes the file and, after a full run, compacts it. A run whose file cannot be compacted is
 * complete all the same: *kept says so. */
static lc_status close_file(struct run *run, const struct lc_outcome *outcome, lc_status status,
                            bool *kept, struct lc_error *err) {
  struct lc_error closing;
  lc_status closed = lc_store_close(run->store, status == LC_ERANK, &closing);
  if (status)
    return status;
  *err = closing;
  status = lc_agree(run->transport, closed, err);
  if (status || outcome->signal)
    return status;
  status = compact(run, err);
  *kept = status != LC_OK;
  return status;
}

static lc_status conclude(struct run *run, struct lc_outcome *outcome, lc_status status,
                          struct lc_error *err) {
  bool kept = false;
  status = close_file(run, outcome, status, &kept, err);
  if (status == LC_ERANK)
    return status;
  if (!status || kept || status == LC_EVERIFY)
    print_summary(run, outcome);
  if (status == LC_EFILE) {
    struct lc_error cause = *err;
    char *tool = lc_quote(run->program), *name = lc_quote(run->path);
    lc_fail(err, LC_EFILE, "%.600s; %s is safe in the file: make room, then: %.100s recover %.250s",
            cause.text, kept ? "the whole run" : "what was committed", tool, name);
    free(tool);
    free(name);
  }
  return status ? status : outcome->signal ? LC_STOPPED : LC_OK;
}

lc_status lc_run(struct lc_config *config, const char *program, const char *command_line,
                 int64_t begun_ns, struct lc_transport *transport, struct lc_error *err) {
  struct run run = {
      .config = config,
      .transport = transport,
      .rank = lc_transport_rank(transport),
      .n_rank = lc_transport_size(transport),
      .program = program,
      .command_line = command_line,
      .begun_ns = begun_ns,
      .restart = {.held = -1},
  };
  struct lc_outcome *outcome = lc_new(1, sizeof *outcome, "the outcome");
  int64_t launched_ns = lc_monotonic_ns();
  bool nothing = false;
  lc_stop_on_signals();
  watch_limit(&run);
  lc_status status = prepare(&run, &nothing, err);
  if (!status && !nothing) {
    print_start(&run);
    run.set_up_ns = lc_monotonic_ns() - launched_ns;
    status = tick(&run, outcome, err);
    status = conclude(&run, outcome, status, err);
  }
  release(&run);
  free(outcome);
  return status;
}
