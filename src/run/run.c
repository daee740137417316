/* The wiring of a run: from the configuration to a world, through the pacer, to a closed file. */
#include "run_internal.h"

#include "lcmpi/rng.h"
#include "lcmpi/stop.h"

#include <stdlib.h>

static const int64_t compact_below = INT64_C(256) << 20;

static void make_vms(struct run *run) {
  run->vm = lc_new((size_t)run->n_own, sizeof *run->vm, "the VMs");
  for (int32_t i = 0; i < run->n_own; i++) {
    const struct lc_vm_constants *constants = &run->constants[run->first_vm + i];
    lc_vm_init(&run->vm[i], run->first_vm + i, constants->rate, constants->phase_ns, &run->clocks);
  }
}

/* A seed that was not given is rank 0's choice. */
static void settle_seed(struct run *run) {
  struct lc_config *c = run->config;
  if (!c->seed_given)
    c->seed = lc_system_seed();
  lc_broadcast(run->transport, &c->seed, sizeof c->seed);
  c->seed_given = true; /* it stands among the effective options */
}

static lc_status prepare(struct run *run, struct lc_error *err) {
  struct lc_config *c = run->config;
  lc_status status = lc_config_settle(c, run->n_rank, err);
  if (status)
    return status;
  lc_clock_set_init(&run->clocks, c->n_vm);
  status = lc_clock_set_parse(&run->clocks, c->clocks, err);
  if (status)
    return status;
  settle_seed(run);
  lc_workload_init(&run->workload, c->seed, c->n_vm, c->unicast, c->multicast, c->fanout);
  lc_message_pool_init(&run->pool, run->clocks.stamp_words);
  status = plan_run(run, err);
  if (status)
    return status;
  make_vms(run); /* what there is no memory for must not leave a file behind */
  return create_store(run, err);
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
    print_summary(run->config, run->transport, &run->clocks, run->vm, run->n_own, outcome,
                  run->path, run->program);
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
                 struct lc_transport *transport, struct lc_error *err) {
  struct run run = {
      .config = config,
      .transport = transport,
      .rank = lc_transport_rank(transport),
      .n_rank = lc_transport_size(transport),
      .program = program,
      .command_line = command_line,
  };
  struct lc_outcome *outcome = lc_new(1, sizeof *outcome, "the outcome");
  lc_stop_on_signals();
  lc_status status = prepare(&run, err);
  if (!status) {
    print_start(config, transport, run.path);
    status = tick(&run, outcome, err);
    status = conclude(&run, outcome, status, err);
  }
  release(&run);
  free(outcome);
  return status;
}
