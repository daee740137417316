/* The summary of a run. */
#include "summary.h"

#include "lcmpi/stop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a rank tells of one of its VMs. */
struct row {
  struct lc_rate rate;
  int64_t n_tick, n_internal, n_sent, n_received, n_queued, clock, jump_largest, jump_sum;
};

static struct row row_of(const struct lc_clock_set *clocks, const struct lc_vm *vm, int64_t t_end) {
  int32_t shown = lc_clock_set_shown(clocks);
  struct row row = {
      .rate = vm->rate,
      .n_tick = vm->next_tick,
      .n_internal = vm->n_internal,
      .n_sent = vm->n_sent,
      .n_received = vm->n_received,
  };
  for (size_t i = 0; i < vm->inbox.length; i++)
    row.n_queued += lc_queue_at(&vm->inbox, i)->t_arrival < t_end;
  if (shown >= 0) {
    row.clock = vm->jumps[shown].last;
    row.jump_largest = vm->jumps[shown].largest;
    row.jump_sum = vm->jumps[shown].sum;
  }
  return row;
}

static void print_row(int32_t vm, int32_t rank, const struct row *row, bool clock) {
  char rate[LC_QUANTITY_MAX];
  printf("%5d %5d %8s %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %8" PRId64, vm, rank,
         lc_print_rational(rate, row->rate.p, row->rate.q), row->n_tick, row->n_internal,
         row->n_sent, row->n_received, row->n_queued);
  if (clock)
    printf(" %10" PRId64 " %8" PRId64 " %8.2f", row->clock, row->jump_largest,
           row->n_tick ? (double)row->jump_sum / (double)row->n_tick : 0);
  putchar('\n');
}

static void print_table(const struct row *row, int32_t n_vm, int32_t n_rank, const char *clock) {
  printf("\n   VM  rank  ticks/s     ticks  internal      sent  received   queued");
  if (clock)
    printf(" %10s jump max jump avg", clock);
  putchar('\n');
  for (int32_t v = 0; v < n_vm && v < LC_TABLE_VMS; v++)
    print_row(v, lc_owner(v, n_vm, n_rank), &row[v], clock != NULL);
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

static void print_lateness(const struct lc_lateness *l) {
  char half[LC_QUANTITY_MAX], most[LC_QUANTITY_MAX], largest[LC_QUANTITY_MAX];
  char ticks[LC_QUANTITY_MAX];
  printf("lateness  median %s, p99 %s, largest %s over %s ticks\n", quantile_text(half, l, 0.5),
         quantile_text(most, l, 0.99), lc_print_time(largest, l->largest_ns),
         lc_print_count(ticks, l->n_tick));
  if (l->n_overrun) {
    double share = (double)l->n_overrun / (double)l->n_tick;
    printf("warning   %s tick%s (%.3g %%) began after the next one of their VM was due%s\n",
           lc_print_count(ticks, l->n_overrun), l->n_overrun == 1 ? "" : "s", 100 * share,
           share > 0.01 ? ": this machine is too slow for the load, lower --speed or --rates" : "");
  }
}

static void print_cost(const struct lc_outcome *o, int64_t most_kib) {
  char memory[LC_QUANTITY_MAX];
  printf("cost      %.2f %% of a core per rank while ticking, at most %s per rank\n",
         o->ticking_ns > 0 ? 100 * (double)o->cpu_ns / (double)o->ticking_ns : 0,
         lc_print_bytes(memory, most_kib * 1024));
}

/* Where the plotting tool lies: beside the sources in a build tree, else on the PATH. */
static const char *plot_tool(void) {
  static const char in_tree[] = LCMPI_SOURCE_DIR "/postprocess/lcmpi_plot";
  return access(in_tree, X_OK) == 0 ? in_tree : "lcmpi_plot";
}

static void print_file(const char *path, const char *program, const struct lc_outcome *o) {
  char bytes[LC_QUANTITY_MAX];
  struct stat file;
  int64_t size = stat(path, &file) == 0 ? (int64_t)file.st_blocks * 512 : 0;
  printf("file      %s (%s on disk, %s%s)\n", path, lc_print_bytes(bytes, size),
         o->signal ? "stopped early by " : "complete", o->signal ? lc_signal_name(o->signal) : "");
  if (o->n_grown)
    printf("          grown %" PRId64 " times: a larger --reserve avoids that\n", o->n_grown);
  char *tool = lc_quote(program), *plot = lc_quote(plot_tool()), *name = lc_quote(path);
  printf("next      %s verify %s\n          %s %s\n", tool, name, plot, name);
  free(tool);
  free(plot);
  free(name);
}

void print_start(const struct lc_config *config, struct lc_transport *transport, const char *path) {
  char duration[LC_QUANTITY_MAX], speed[LC_QUANTITY_MAX], pace[64] = "real pace";
  int32_t n_rank = lc_transport_size(transport);
  if (lc_transport_rank(transport) != 0)
    return;
  if (config->speed.p != config->speed.q)
    snprintf(pace, sizeof pace, "%s times real pace",
             lc_print_rational(speed, config->speed.p, config->speed.q));
  printf("lcmpi %s: %d VM%s on %d rank%s, %s at %s, seed %" PRIu64 ", into %s\n", lc_version(),
         config->n_vm, config->n_vm == 1 ? "" : "s", n_rank, n_rank == 1 ? "" : "s",
         lc_print_duration(duration, config->duration_ns), pace, config->seed, path);
  fflush(stdout);
}

void print_summary(const struct lc_config *config, struct lc_transport *transport,
                   const struct lc_clock_set *clocks, const struct lc_vm *vm, int32_t n_own,
                   const struct lc_outcome *o, const char *path, const char *program) {
  struct row *own = lc_new((size_t)n_own, sizeof *own, "the summary");
  for (int32_t i = 0; i < n_own; i++)
    own[i] = row_of(clocks, &vm[i], o->t_end);
  void *all;
  size_t bytes;
  lc_gather(transport, own, (size_t)n_own * sizeof *own, &all, &bytes);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  int64_t most_kib = used.ru_maxrss;
  lc_max(transport, &most_kib, 1);
  if (lc_transport_rank(transport) == 0) {
    int32_t shown = lc_clock_set_shown(clocks), n_rank = lc_transport_size(transport);
    print_table(all, config->n_vm, n_rank, shown < 0 ? NULL : clocks->clock[shown]->name);
    print_balance(&o->balance);
    print_lateness(&o->lateness);
    print_cost(o, most_kib);
    print_file(path, program, o);
    fflush(stdout);
  }
  free(own);
  free(all);
}
