/* What logging costs: time per event from lc_store_event() to its commit, for several batch sizes,
 * beside a plain pwrite() of the same bytes in the same run; and time per snapshot. Prints a table,
 * asserts nothing. usage: mpirun -np N store_bench [FOLDER] */
#include "lcmpi/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 200000, SNAPSHOTS = 200 };

static struct lc_transport *transport;
static struct lc_clock_set clocks;
static int32_t n_rank, rank;

static void die_on(lc_status status, const struct lc_error *err) {
  if (status)
    lc_die(status, "%s", err->text);
}

static struct lc_vm_constants constants_of(const void *context, int32_t vm) {
  (void)context;
  return (struct lc_vm_constants){.rate = {1, 1}, .rank = vm, .logged = true};
}

static struct lc_store *create(const char *path) {
  struct lc_error err;
  struct lc_store *store;
  struct lc_rank_constants *ranks = lc_new((size_t)n_rank, sizeof *ranks, "bench");
  int64_t *rows = lc_new((size_t)n_rank, sizeof *rows, "bench");
  int64_t *times = lc_new(SNAPSHOTS + 1, sizeof *times, "bench");
  for (int32_t r = 0; r < n_rank; r++) {
    rows[r] = EVENTS;
  }
  struct lc_store_plan plan = {.n_vm = n_rank,
                               .n_rank = n_rank,
                               .clocks = &clocks,
                               .n_replica = 1,
                               .first_vm = rank,
                               .n_own = 1,
                               .vm = constants_of,
                               .rank = ranks,
                               .rows = {rows, rows, rows, rows},
                               .n_snapshot = SNAPSHOTS + 1,
                               .t_snapshot = times};
  struct lc_store_options options = {.force = true};
  die_on(lc_store_create(&store, path, &plan, options, transport, &err), &err);
  free(ranks);
  free(rows);
  free(times);
  return store;
}

/* Nanoseconds per event of the slowest rank, all ranks writing at once. */
static double log_events(const char *path, int batch) {
  struct lc_error err;
  struct lc_store *store = create(path);
  int64_t stamps[64] = {0}, barrier = 0;
  lc_max(transport, &barrier, 1);
  int64_t start = lc_monotonic_ns();
  for (int i = 0; i < EVENTS; i++) {
    struct lc_event event = {.machine = rank, .seq = i, .tick = i, .kind = LC_INTERNAL};
    lc_store_event(store, &event, stamps);
    if ((i + 1) % batch == 0)
      die_on(lc_store_commit(store, &err), &err);
  }
  int64_t ns = lc_monotonic_ns() - start;
  lc_max(transport, &ns, 1);
  die_on(lc_store_close(store, false, &err), &err);
  return (double)ns / EVENTS;
}

static double plain_writes(const char *path, int batch, size_t row_bytes) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0666);
  char *bytes = lc_new((size_t)batch, row_bytes, "bench");
  int64_t barrier = 0;
  lc_max(transport, &barrier, 1);
  int64_t start = lc_monotonic_ns();
  off_t base = (off_t)rank * EVENTS * (off_t)row_bytes;
  for (int i = 0; i < EVENTS / batch; i++)
    if (pwrite(fd, bytes, (size_t)batch * row_bytes, base + (off_t)i * batch * (off_t)row_bytes) <
        0)
      lc_die(LC_EFILE, "pwrite failed");
  int64_t ns = lc_monotonic_ns() - start;
  lc_max(transport, &ns, 1);
  close(fd);
  free(bytes);
  return (double)ns / EVENTS;
}

static double snapshots(const char *path) {
  struct lc_error err;
  struct lc_store *store = create(path);
  struct lc_state state = {.valid = 1};
  int64_t stamps[64] = {0}, jump_max[64] = {0}, barrier = 0;
  lc_max(transport, &barrier, 1);
  int64_t start = lc_monotonic_ns();
  for (int32_t s = 0; s < SNAPSHOTS; s++) {
    die_on(lc_store_states(store, s, 0, 1, &state, stamps, jump_max, &err), &err);
    die_on(lc_store_states_done(store, s, &err), &err);
  }
  int64_t ns = lc_monotonic_ns() - start;
  lc_max(transport, &ns, 1);
  die_on(lc_store_close(store, false, &err), &err);
  return (double)ns / SNAPSHOTS / 1e3;
}

int main(int argc, char **argv) {
  struct lc_error err;
  static const int batches[] = {1, 10, 100, 1000, 10000};
  die_on(lc_transport_open(&transport, &argc, &argv, &err), &err);
  rank = lc_transport_rank(transport);
  n_rank = lc_transport_size(transport);
  lc_clock_set_init(&clocks, n_rank);
  die_on(lc_clock_set_parse(&clocks, "lamport", &err), &err);
  char *path = lc_format("%s/store_bench.h5", argc > 1 ? argv[1] : ".");
  size_t row = 4 + 8 + 8 + 8 + 8 + 4 + 8 + 4 + 8 + 4 + 4 + 1 + 1 + 8; /* columns and one stamp */
  if (rank == 0)
    printf("%d ranks\nevents per commit   ns per event   plain pwrite   ratio\n", n_rank);
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
    double logged = log_events(path, batches[i]), plain = plain_writes(path, batches[i], row);
    if (rank == 0) {
      unlink(path);
      printf("%17d %14.0f %14.0f %7.1f\n", batches[i], logged, plain, logged / plain);
    }
  }
  double each = snapshots(path);
  if (rank == 0) {
    printf("snapshot of one VM per rank: %.0f us per rank\n", each);
    unlink(path);
  }
  free(path);
  lc_transport_close(transport);
  return 0;
}
