/* The summary of a run. */
#include "summary.h"

#include "lcmpi/stop.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a rank tells of one of its VMs. */
struct row {
  struct lc_rate rate;
  int64_t n_tick, n_event, n_internal, n_sent, n_received, n_queued, clock, jump_largest;
  double queue_expected, clock_expected;
};

static struct row row_of(const struct run *run, int32_t own, int64_t t_end) {
  const struct lc_vms *vms = &run->vms;
  struct lc_counts counts = lc_vms_counts(vms, own);
  int32_t shown = lc_clock_set_shown(&run->clocks);
  struct row row = {
      .rate = run->config->rates.rate[lc_vms_vm(vms, own)->rate],
      .n_tick = counts.n_tick,
      .n_event = counts.n_event,
      .n_internal = counts.n_internal,
      .n_sent = counts.n_sent,
      .n_received = counts.n_received,
      .n_queued = lc_vms_arrived(vms, own, t_end),
      .queue_expected = lc_predicted_queue(&run->prediction[own], t_end),
      .clock_expected = lc_predicted_clock(&run->prediction[own], t_end),
  };
  if (shown >= 0) {
    const int64_t *stamp = lc_vms_stamps(vms, own) + run->clocks.stamp_at[shown];
    row.clock = run->clocks.clock[shown]->value(stamp);
    row.jump_largest = lc_vms_jump(vms, own, shown);
  }
  return row;
}

enum { CLOCK_WIDTH = 10 };

/* A clock of a long name has a wider column. */
static int width_of(const char *clock) {
  size_t length = strlen(clock);
  return length > CLOCK_WIDTH ? (int)length : CLOCK_WIDTH;
}

static void print_row(int32_t vm, int32_t rank, const struct row *row, const char *clock) {
  char rate[LC_QUANTITY_MAX];
  printf("%5d %5d %8s %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %8" PRId64 " %7.4g", vm,
         rank, lc_print_rational(rate, row->rate.p, row->rate.q), row->n_tick, row->n_internal,
         row->n_sent, row->n_received, row->n_queued, row->queue_expected);
  if (clock)
    printf(" %*" PRId64 " %7.4g %8" PRId64 " %8.2f", width_of(clock), row->clock,
           row->clock_expected, row->jump_largest,
           row->n_event ? (double)row->clock / (double)row->n_event : 0);
  putchar('\n');
}

/* Beside the queue and the clock stands what theory expects of them at the time of the end. */
static void print_table(const struct row *row, struct lc_placement place, const char *clock) {
  int32_t n_vm = place.n_vm;
  printf("\n   VM  rank  ticks/s     ticks  internal      sent  received   queued  theory");
  if (clock)
    printf(" %*s  theory jump max jump avg", width_of(clock), clock);
  putchar('\n');
  for (int32_t v = 0; v < n_vm && v < LC_TABLE_VMS; v++)
    print_row(v, lc_owner(place, v), &row[v], clock);
  if (n_vm > LC_TABLE_VMS)
    printf("  ... and %d more VMs: all are in the file\n", n_vm - LC_TABLE_VMS);
}

static void print_balance(const struct lc_balance *b) {
  bool holds = b->sent == b->received + b->queued + b->in_flight + b->lost;
  printf("\nbalance   %" PRId64 " sent = %" PRId64 " received + %" PRId64 " queued + %" PRId64
         " in flight + %" PRId64 " lost: %s\n",
         b->sent, b->received, b->queued, b->in_flight, b->lost, holds ? "holds" : "DOES NOT HOLD");
}

/* A quantile is the middle of a bin of the histogram, which can lie above the largest value. */
static const char *quantile_text(char out[LC_QUANTITY_MAX], const struct lc_lateness *l, double q) {
  int64_t ns = lc_histogram_quantile(&l->histogram, q);
  return lc_print_time(out, ns < l->largest_ns ? ns : l->largest_ns);
}

static void print_lateness(const struct lc_outcome *o, bool served) {
  const struct lc_lateness *l = &o->lateness;
  char half[LC_QUANTITY_MAX], most[LC_QUANTITY_MAX], largest[LC_QUANTITY_MAX];
  char ticks[LC_QUANTITY_MAX];
  printf("lateness  median %s, p99 %s, largest %s over %s ticks%s\n", quantile_text(half, l, 0.5),
         quantile_text(most, l, 0.99), lc_print_time(largest, l->largest_ns),
         lc_print_count(ticks, l->n_tick),
         served              ? ", with the wait for the reply"
         : o->n_event_before ? " since the resume"
                             : "");
  if (l->n_overrun) {
    double share = (double)l->n_overrun / (double)l->n_tick;
    printf("warning   %s tick%s (%.3g %%) began after the next one of their VM was due%s\n",
           lc_print_count(ticks, l->n_overrun), l->n_overrun == 1 ? "" : "s", 100 * share,
           share > 0.01 ? ": this machine is too slow for the load, lower --speed or --rates" : "");
  }
}

static void print_digest(const struct run *run, const struct lc_digest *d) {
  printf("digest 0x%016" PRIx64 "\n", d->execution);
  printf("          0x%016" PRIx64 " of the states\n", d->snapshots);
  for (int32_t c = 0; c < run->clocks.n; c++)
    printf("          0x%016" PRIx64 " of the stamps of %s\n", d->clock[c],
           run->clocks.clock[c]->name);
}

static void print_latency(const struct lc_service *s, int kind, const char *what) {
  char half[LC_QUANTITY_MAX], most[LC_QUANTITY_MAX], n[LC_QUANTITY_MAX];
  if (s->figures.n_served[kind])
    printf("          %s %s: median %s, p99 %s\n", lc_print_count(n, s->figures.n_served[kind]),
           what, lc_print_time(half, lc_histogram_quantile(&s->latency[kind], 0.5)),
           lc_print_time(most, lc_histogram_quantile(&s->latency[kind], 0.99)));
}

static void print_service(const struct lc_service *s, int64_t n_tick) {
  const struct lc_server_figures *f = &s->figures;
  char waited[LC_QUANTITY_MAX], skipped[LC_QUANTITY_MAX];
  double time = f->t_idle > 0 ? (double)f->t_idle : 1;
  printf("server    busy %.3g %% of the time; %.3g requests there on average, %" PRId64
         " at most; the longest wait %s; its clock %" PRId64 "\n",
         100 * (double)f->busy_ns / time, (double)(f->busy_ns + f->waiting_ns) / time, f->line_most,
         lc_print_time(waited, f->waiting_most_ns), f->clock);
  print_latency(s, LC_REFRESH, "requests for a message until the reply");
  print_latency(s, LC_SUBMIT, "messages handed in until the reply");
  print_latency(s, LC_REPORT, "receives reported until served");
  printf("          %s of the ticks (%.3g %%) skipped: the one before was not over\n",
         lc_print_count(skipped, s->n_skipped),
         n_tick ? 100 * (double)s->n_skipped / (double)n_tick : 0);
}

static void print_speed(const struct run *run, const struct lc_outcome *o) {
  char count[LC_QUANTITY_MAX], windows[LC_QUANTITY_MAX], took[LC_QUANTITY_MAX];
  char each[LC_QUANTITY_MAX], waiting[LC_QUANTITY_MAX], set_up[LC_QUANTITY_MAX];
  double seconds = (double)o->ticking_ns / 1e9;
  int64_t events = o->n_event - o->n_event_before;
  printf("speed     %s event%s%s in %s: %.3g million/s, %s window%s; set up in %s\n",
         lc_print_count(count, events), events == 1 ? "" : "s",
         o->n_event_before ? " since the resume" : "", lc_print_time(took, o->ticking_ns),
         seconds > 0 ? (double)events / seconds / 1e6 : 0, lc_print_count(windows, o->n_window),
         o->n_window == 1 ? "" : "s", lc_print_time(set_up, run->set_up_ns));
  double bytes = lc_vms_bytes(run->n_own, &run->clocks) / run->n_own;
  printf("memory    %s per VM", lc_print_bytes(each, (int64_t)(bytes + 0.5)));
  if (!run->config->served) /* else they are with the server */
    printf(", and at most %s per rank for messages under way",
           lc_print_bytes(waiting, o->message_bytes));
  puts("");
}

static void print_cost(const struct lc_outcome *o, int64_t most_kib, bool real) {
  char memory[LC_QUANTITY_MAX];
  printf("cost      ");
  if (real)
    printf("%.2f %% of a core per rank while ticking, ",
           o->ticking_ns > 0 ? 100 * (double)o->cpu_ns / (double)o->ticking_ns : 0);
  printf("at most %s per rank\n", lc_print_bytes(memory, most_kib * 1024));
}

/* On as many ranks as it had, in the same file. */
static void print_resume(const struct run *run) {
  char *tool = lc_quote(run->program), *name = lc_quote(run->path);
  printf("resume    ");
  if (run->n_rank > 1)
    printf("mpirun -np %d ", run->n_rank);
  printf("%s --resume %s\n", tool, name);
  free(tool);
  free(name);
}

static void print_file(const struct run *run, const struct lc_outcome *o) {
  const char *path = run->path;
  char bytes[LC_QUANTITY_MAX];
  struct stat file;
  int64_t size = stat(path, &file) == 0 ? (int64_t)file.st_blocks * 512 : 0;
  printf("file      %s (%s on disk, %s%s)\n", path, lc_print_bytes(bytes, size),
         o->signal ? "stopped early by " : "complete", o->signal ? lc_signal_name(o->signal) : "");
  if (o->n_grown)
    printf("          grown %" PRId64 " times: a larger --reserve avoids that\n", o->n_grown);
  bool refused = run->config->served || lc_clock_set_untold(&run->clocks); /* by --resume */
  if (o->signal && !refused)
    print_resume(run);
  char *tool = lc_quote(run->program), *name = lc_quote(path);
  char *beside = tool_beside(run->program, "lcmpi_plot"), *plot = lc_quote(beside);
  printf("next      %s verify %s\n          %s %s\n", tool, name, plot, name);
  free(tool);
  free(plot);
  free(beside);
  free(name);
}

void print_start(const struct run *run) {
  char duration[LC_QUANTITY_MAX], speed[LC_QUANTITY_MAX], left[LC_QUANTITY_MAX];
  char pace[64] = "real pace", copies[48] = "";
  const struct lc_config *config = run->config;
  if (run->rank != 0)
    return;
  if (config->pace == LC_PACE_VIRTUAL)
    snprintf(pace, sizeof pace, "virtual pace");
  else if (config->speed.p != config->speed.q)
    snprintf(pace, sizeof pace, "%s times real pace",
             lc_print_rational(speed, config->speed.p, config->speed.q));
  if (config->n_replica > 1)
    snprintf(copies, sizeof copies, "%d copies of ", config->n_replica);
  printf("lcmpi %s: %s%d VM%s on %d rank%s, %s at %s, seed %" PRIu64 ", into %s\n", lc_version(),
         copies, config->n_vm, config->n_vm == 1 ? "" : "s", run->n_rank,
         run->n_rank == 1 ? "" : "s", lc_print_duration(duration, config->duration_ns), pace,
         config->seed, run->path);
  if (run->limit_ns)
    printf("limit     the run stops in %s and is saved: this Slurm job ends soon after "
           "(SLURM_JOB_END_TIME)\n",
           lc_print_duration(left, run->limit_ns));
  fflush(stdout);
}

/* The rows of the first VMs, on rank 0; the caller frees them. */
static struct row *gather_rows(const struct run *run, int64_t t_end) {
  int32_t n = run->place.n_vm < LC_TABLE_VMS ? run->place.n_vm : LC_TABLE_VMS;
  int32_t own = n - run->first_vm < run->n_own ? n - run->first_vm : run->n_own;
  struct row rows[LC_TABLE_VMS];
  void *all;
  size_t bytes;
  for (int32_t i = 0; i < own; i++)
    rows[i] = row_of(run, i, t_end);
  lc_gather(run->transport, rows, (size_t)(own > 0 ? own : 0) * sizeof *rows, &all, &bytes);
  return all;
}

/* The worst of all ranks' predictions, in whole parts of a thousand million. Collective. */
static double worst_residual(const struct run *run) {
  int64_t parts = (int64_t)(fmin(run->residual, 1e9) * 1e9 + 0.5);
  lc_max(run->transport, &parts, 1);
  return (double)parts / 1e9;
}

void print_summary(const struct run *run, const struct lc_outcome *o) {
  bool real = run->config->pace == LC_PACE_REAL;
  int32_t shown = lc_clock_set_shown(&run->clocks);
  struct row *rows = gather_rows(run, o->t_end);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  int64_t most_kib = used.ru_maxrss;
  lc_max(run->transport, &most_kib, 1);
  double residual = worst_residual(run);
  if (run->rank == 0) {
    print_table(rows, run->place, shown < 0 ? NULL : run->clocks.clock[shown]->name);
    warn_of_residual(residual);
    print_balance(&o->balance);
    if (run->config->served)
      print_service(&o->service, o->n_event);
    if (real) {
      print_lateness(o, run->config->served);
    } else {
      print_digest(run, &o->digest);
      print_speed(run, o);
    }
    print_cost(o, most_kib, real);
    print_file(run, o);
    fflush(stdout);
  }
  free(rows);
}
