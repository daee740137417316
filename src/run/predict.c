/* The prediction: as a command of its own, and into the file of a run. */
#include "run_internal.h"

#include "lcmpi/rng.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CHUNK_VMS = 16384 };

/* The VMs of all copies that this rank has VMs of. */
static int32_t whole_copies(const struct run *run, int32_t *n) {
  int32_t size = run->config->n_vm, first = run->first_vm - run->first_vm % size;
  *n = (run->first_vm + run->n_own - first + size - 1) / size * size;
  return first;
}

/* Drawn channels are known for a rank's own VMs only; theory needs those of whole copies. */
static lc_status widen(const struct run *run, struct lc_topology *wide, struct lc_error *err) {
  const struct lc_config *c = run->config;
  int32_t n, first = whole_copies(run, &n);
  return lc_topology_build(wide, &c->topology, c->seed, c->n_vm, c->n_replica, first, n, NULL, 0,
                           err);
}

/* Whether the clock that is shown is one that a tick advances once. */
static bool shows_ticks(const struct run *run) {
  int32_t shown = lc_clock_set_shown(&run->clocks);
  return shown >= 0 && run->clocks.clock[shown]->tick;
}

static int32_t vms_at_a_time(const struct run *run) {
  return run->n_own < CHUNK_VMS ? run->n_own : CHUNK_VMS;
}

static bool must_widen(const struct run *run) {
  int32_t n;
  return run->config->topology.kind == LC_TOPOLOGY_RANDOM &&
         (whole_copies(run, &n) != run->first_vm || n != run->n_own);
}

double prediction_bytes(const struct run *run) {
  const struct lc_config *c = run->config;
  int32_t n;
  whole_copies(run, &n);
  double wide = must_widen(run) ? lc_topology_bytes(&c->topology, c->n_vm, n) : 0;
  return wide + lc_theory_bytes(c->n_vm, c->topology.kind == LC_TOPOLOGY_FULL) +
         vms_at_a_time(run) * (double)(sizeof(struct lc_prediction) + sizeof(double));
}

static lc_status write_chunks(struct run *run, const struct lc_workload *load,
                              struct lc_error *err) {
  const struct lc_config *c = run->config;
  lc_status status = LC_OK;
  struct lc_theory *theory = lc_theory_open(load, &c->rates, shows_ticks(run));
  int32_t room = vms_at_a_time(run);
  struct lc_prediction *out = lc_new((size_t)room, sizeof *out, "the prediction");
  for (int32_t first = 0; first < run->n_own && !status; first += room) {
    int32_t n = run->n_own - first < room ? run->n_own - first : room;
    lc_predict(theory, run->first_vm + first, n, out);
    for (int32_t i = 0; first == 0 && i < n && i < LC_TABLE_VMS; i++)
      run->prediction[i] = out[i];
    status = lc_store_prediction(run->store, first, n, out, c->duration_ns, err);
  }
  run->residual = lc_theory_residual(theory);
  free(out);
  lc_theory_close(theory);
  return status;
}

lc_status write_prediction(struct run *run, struct lc_error *err) {
  struct lc_workload load = run->workload;
  struct lc_topology wide;
  if (!must_widen(run))
    return write_chunks(run, &load, err);
  lc_status status = widen(run, &wide, err);
  if (status)
    return status;
  load.topology = &wide;
  status = write_chunks(run, &load, err);
  lc_topology_free(&wide);
  return status;
}

void warn_of_residual(double residual) {
  if (residual > LC_THEORY_OFF)
    printf("warning   theory: the fixed point was not found: the equation is off by %.2g\n",
           residual);
}

/* ---- the command
 * ------------------------------------------------------------------------------- */

static void print_row(const struct lc_config *c, int32_t v, const struct lc_prediction *p) {
  char rate[LC_QUANTITY_MAX];
  struct lc_rate r = lc_rate_of(&c->rates, c->seed, v, c->n_vm);
  double ticks = (double)lc_tick_count(r, lc_phase_of(c->phase, r, c->seed, v), c->duration_ns);
  double clock = lc_predicted_clock(p, c->duration_ns);
  double events = ticks * p->events / p->ticks;
  printf("%5d %8s %11.4g %9.4g %10.4g %9.3g%s\n", v, lc_print_rational(rate, r.p, r.q), p->arrivals,
         lc_predicted_queue(p, c->duration_ns), clock, events > 0 ? clock / events : 0,
         lc_predicted_saturated(p) ? "  saturated" : "");
}

static void print_prediction(const struct run *run) {
  struct lc_theory *theory = lc_theory_open(&run->workload, &run->config->rates, shows_ticks(run));
  struct lc_prediction p;
  int32_t saturated = 0;
  printf("   VM  ticks/s  arrivals/s     queue      clock  jump avg\n");
  for (int32_t v = 0; v < run->place.n_vm; v++) {
    lc_predict(theory, v, 1, &p);
    saturated += lc_predicted_saturated(&p);
    if (v < LC_TABLE_VMS)
      print_row(run->config, v, &p);
  }
  char more[LC_QUANTITY_MAX], all[LC_QUANTITY_MAX], count[LC_QUANTITY_MAX];
  if (run->place.n_vm > LC_TABLE_VMS)
    printf("  ... and %s more VMs; of all %s VMs %s %s saturated\n",
           lc_print_count(more, run->place.n_vm - LC_TABLE_VMS),
           lc_print_count(all, run->place.n_vm), lc_print_count(count, saturated),
           saturated == 1 ? "is" : "are");
  warn_of_residual(lc_theory_residual(theory));
  lc_theory_close(theory);
}

lc_status lc_predict_command(struct lc_config *c, struct lc_error *err) {
  struct run run = {.config = c, .n_rank = 1};
  if (!c->n_vm)
    c->n_vm = 3;
  lc_status status = lc_config_settle(c, 1, err);
  if (status)
    return status;
  if (!c->seed_given)
    c->seed = lc_system_seed();
  plan_vms(&run);
  status = lc_config_clocks(c, &run.clocks, err);
  if (!status)
    status = check_prediction_memory(&run, err);
  if (!status)
    status = make_topology(&run, err);
  if (status)
    return status;
  char duration[LC_QUANTITY_MAX];
  printf("theory for %d VM%s, %s, seed %" PRIu64 "\n\n", run.place.n_vm,
         run.place.n_vm == 1 ? "" : "s", lc_print_duration(duration, c->duration_ns), c->seed);
  print_prediction(&run);
  lc_workload_free(&run.workload);
  lc_topology_free(&run.topology);
  return LC_OK;
}
