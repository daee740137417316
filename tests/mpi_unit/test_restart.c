/* Going on from a file: which cut it is, what the VMs were there, and a new file that has what was
 * before it and nothing else, on any number of ranks; whatever stands in the way leaves the old
 * file as it was. */
#include "model.h"
#include "mpi_unit.h"

#include "store/place.h"
#include "store/resume.h"

#include <hdf5.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THE_END = MODEL_SNAPSHOTS - 1, VALUES = 20000 };

static struct lc_error err;
static struct model model;
static const struct lc_store_options plain;

/* ---- files that were left -------------------------------------------------------------------- */

/* All rows, snapshots [0, taken), and beside them the messages of the next one, which some ranks
 * have counted too: as a kill leaves it. */
static struct lc_store *write_until(const char *path, int32_t taken) {
  struct lc_store *store = model_create(&model, path, 100, plain);
  model_write_rows(&model, store);
  for (int32_t s = 0; s < taken; s++)
    model_write_snapshot(&model, store, s);
  if (taken < THE_END)
    model_write_left(&model, store, taken);
  if (taken < THE_END && rank > 0)
    model_write_states(&model, store, taken);
  barrier();
  return store;
}

static void leave(const char *path, int32_t taken) {
  model_close(write_until(path, taken));
}

/* A run that was stopped early and saved. */
static void leave_stopped(const char *path, int32_t taken) {
  struct lc_store *store = model_create(&model, path, 100, plain);
  model_write_rows(&model, store);
  for (int32_t s = 0; s < taken; s++)
    model_write_snapshot(&model, store, s);
  model_end(&model, store, LC_RUN_STOPPED);
  model_close(store);
}

/* ---- the cut --------------------------------------------------------------------------------- */

/* The model's snapshot s; of the end the number depends on how many there are. */
static void check_cut(const struct lc_restart *restart, int32_t s, int32_t taken) {
  struct lc_digest sum = {0};
  int64_t latest = 0;
  check_that(s == restart->snapshot || s == THE_END, "snapshot %d", restart->snapshot);
  check(restart->n_taken == taken);
  for (int32_t v = 0; v < model.n_vm && s >= 0; v++)
    if (model_state(&model, v, s).t_actual > latest)
      latest = model_state(&model, v, s).t_actual;
  for (int32_t r = 0; r < n_rank && s >= 0; r++) {
    struct lc_digest part = model_cut_digest(r, s);
    sum.execution += part.execution;
    sum.snapshots += part.snapshots;
    for (int32_t c = 0; c < 2; c++)
      sum.clock[c] += part.clock[c];
  }
  check(restart->t_ns == latest);
  check(memcmp(&restart->digest, &sum, sizeof sum) == 0);
}

static struct lc_restart restart_of(const char *path, int32_t from) {
  struct lc_restart restart;
  check_ok(lc_store_restart(path, from, false, &restart, &err), err);
  check(restart.held < 0);
  return restart;
}

static void the_newest_whole_cut_or_another(void) {
  const char *killed = in_folder("cut-killed.h5"), *none = in_folder("cut-none.h5");
  const char *stopped = in_folder("cut-stopped.h5"), *complete = in_folder("cut-complete.h5");
  leave(killed, 2);
  leave(none, 0);
  leave_stopped(stopped, 1);
  model_write(&model, complete, LC_RUN_COMPLETE);
  struct lc_restart restart = restart_of(killed, -1);
  check_cut(&restart, 1, 2);
  restart = restart_of(killed, 0);
  check_cut(&restart, 0, 1);
  restart = restart_of(none, -1);
  check_cut(&restart, -1, 0);
  restart = restart_of(stopped, -1);
  check_cut(&restart, THE_END, 1);
  check(restart.snapshot == THE_END);
  restart = restart_of(stopped, 0);
  check_cut(&restart, 0, 1);
  restart = restart_of(stopped, LC_NEWEST_SNAPSHOT);
  check_cut(&restart, 0, 1);
  check(restart.snapshot == 0);
  restart = restart_of(none, LC_NEWEST_SNAPSHOT);
  check_cut(&restart, -1, 0);
  restart = restart_of(complete, -1);
  check_cut(&restart, THE_END, THE_END);
  barrier();
  if (rank == 0) /* leaves out the snapshots that nobody took: the end gets another number */
    check_ok(lc_store_compact(stopped, &err), err);
  barrier();
  restart = restart_of(stopped, -1);
  check_cut(&restart, THE_END, 1);
  check(restart.snapshot == 1);
}

/* All ranks have counted their final states; the mark of the end is not there. */
static void an_end_without_its_mark(void) {
  const char *path = in_folder("cut-unmarked.h5");
  struct lc_store *store = model_create(&model, path, 100, plain);
  model_write_rows(&model, store);
  model_write_snapshot(&model, store, THE_END);
  model_close(store);
  struct lc_restart restart = restart_of(path, -1);
  check_cut(&restart, THE_END, 0);
}

/* One rank has not counted its final states, whichever: then there is no end. */
static void an_end_of_some_ranks(void) {
  const char *path[] = {in_folder("cut-first.h5"), in_folder("cut-last.h5")};
  for (int i = 0; i < 2; i++) {
    struct lc_store *store = write_until(path[i], 0);
    model_write_left(&model, store, THE_END);
    if (rank != (i ? n_rank - 1 : 0))
      model_write_states(&model, store, THE_END);
    model_close(store);
    struct lc_restart restart = restart_of(path[i], -1);
    check_cut(&restart, -1, 0);
  }
}

static void check_refused(const char *path, int32_t from, lc_status status, const char *words) {
  struct lc_restart restart;
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_restart(path, from, true, &restart, &err), status);
  check_that(strstr(err.text, words) && strstr(err.text, path) && !strchr(err.text, '\n'), "'%s'",
             err.text);
  check(restart.held < 0 && !place_is_held(path));
}

static void set_format(const char *path, const char *format) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t attribute = H5Aopen(file, "lcmpi_format", H5P_DEFAULT), type = H5Aget_type(attribute);
  check(attribute >= 0 && H5Awrite(attribute, type, &format) >= 0);
  H5Tclose(type);
  H5Aclose(attribute);
  H5Fclose(file);
}

static void no_such_cut(void) {
  const char *none = in_folder("no-none.h5"), *two = in_folder("no-two.h5");
  const char *one = in_folder("no-one.h5"), *ended = in_folder("no-ended.h5");
  leave(none, 0);
  leave(one, 1);
  leave(two, 2);
  leave_stopped(ended, 2);
  if (rank)
    return;
  check_refused(none, 0, LC_EUSAGE, "--from 0: ");
  check_refused(none, 0, LC_EUSAGE, "has no snapshot yet:");
  check_refused(one, 1, LC_EUSAGE, "has snapshot 0:");
  check_refused(two, 2, LC_EUSAGE, "has snapshots 0 to 1:");
  check_refused(two, THE_END, LC_EUSAGE, "has snapshots 0 to 1:");
  check_refused(two, -4, LC_EUSAGE, "--from -4: ");
  check_refused(ended, 2, LC_EUSAGE, "has snapshots 0 to 1 and the end, 3:");
  set_format(one, "1.1");
  check_refused(one, -1, LC_EFILE, "has format 1.1, from before runs could go on");
  set_format(one, "2.9");
  check_refused(one, -1, LC_EFILE, "was written by a newer lcmpi");
  err = (struct lc_error){LC_OK, ""};
  struct lc_restart restart;
  check_fails(lc_store_restart(in_folder("no-file.h5"), -1, true, &restart, &err), LC_EFILE);
  check(strstr(err.text, "No such file"));
}

/* Who goes on from a file keeps others from writing it. */
static void a_file_is_held(void) {
  const char *path = in_folder("held.h5");
  struct lc_restart restart;
  enum lc_run_state was;
  struct lc_store *store = write_until(path, 1);
  if (rank == n_rank - 1) {
    err = (struct lc_error){LC_OK, ""};
    check_fails(lc_store_restart(path, -1, true, &restart, &err), LC_EFILE);
    check(strstr(err.text, "is being written by another process") && restart.held < 0);
  }
  barrier();
  model_close(store);
  if (rank)
    return;
  check_ok(lc_store_restart(path, -1, true, &restart, &err), err);
  check(restart.held >= 0 && place_is_held(path));
  check_fails(lc_store_recover(path, &was, &err), LC_EFILE);
  lc_restart_release(&restart);
  check(restart.held < 0 && !place_is_held(path));
  lc_restart_release(&restart);
}

/* ---- what VMs were --------------------------------------------------------------------------- */

static void check_states(const struct lc_past *past, int32_t first, int32_t n, int32_t s) {
  int32_t words = model.clocks.stamp_words;
  check(past->n == n);
  for (int32_t i = 0; i < n; i++) {
    struct lc_state state = model_state(&model, first + i, s);
    check_that(same_state(&past->state[i], &state), "VM %d", first + i);
    for (int32_t w = 0; w < words; w++)
      check(past->stamps[i * words + w] == model_state_stamp(first + i, s, w));
    for (int32_t c = 0; c < model.clocks.n; c++) {
      bool has = model.clocks.clock[c]->value != NULL;
      check(past->jump_max[i * model.clocks.n + c] ==
            (has ? model_state_jump(first + i, s, c) : 0));
    }
  }
}

/* Row `k` of those to the VMs must be this one, with its stamps. */
static void check_left_row(const struct lc_past *past, int64_t k, struct lc_left left,
                           int32_t numbered) {
  int32_t words = model.clocks.stamp_words;
  for (int32_t w = 0; w < words; w++)
    check(past->left_stamps[k * words + w] == model_left_stamp(&left, w));
  left.snapshot = numbered;
  check_that(same_left(&past->left[k], &left), "row %" PRId64, k);
}

static void check_left(const struct lc_past *past, int32_t first, int32_t n, int32_t s,
                       int32_t numbered) {
  int64_t k = 0;
  for (int32_t v = first; v < first + n; v++)
    for (uint8_t fate = LC_FATE_QUEUED; fate <= LC_FATE_IN_FLIGHT; fate++)
      for (int64_t i = 0; i < model.n_left[v]; i++)
        if (model.left[v][i].snapshot == s && model.left[v][i].fate == fate)
          check_left_row(past, k++, model.left[v][i], numbered);
  check(past->n_left == k);
}

/* `queues`: those in queues, too. */
static void check_under_way(const struct lc_past *past, int32_t first, int32_t n, int32_t s,
                            bool queues) {
  int64_t k = 0;
  for (int32_t v = 0; v < model.n_vm; v++)
    for (int64_t i = 0; i < model.n_left[v]; i++) {
      const struct lc_left *left = &model.left[v][i];
      bool own = left->sender >= first && left->sender < first + n;
      if (left->snapshot != s || (left->fate != LC_FATE_IN_FLIGHT && !queues) || !own ||
          left->t_arrival <= model_state(&model, left->sender, s).t_actual)
        continue;
      int64_t found = 0;
      for (int64_t j = 0; j < past->n_under_way; j++)
        found += past->under_way[j].sender == left->sender &&
                 past->under_way[j].number == left->number && past->under_way[j].machine == v &&
                 past->under_way[j].t_arrival == left->t_arrival;
      check(found == 1);
      k++;
    }
  check(past->n_under_way == k);
}

/* How many snapshots below n_taken had a marker that arrived after the first of these VMs recorded
 * cut s. */
static int32_t n_marked(int32_t first, int32_t n, int32_t s, int32_t n_taken) {
  int64_t earliest = INT64_MAX;
  int32_t found = 0;
  for (int32_t v = first; v < first + n; v++)
    if (model_state(&model, v, s).t_actual < earliest)
      earliest = model_state(&model, v, s).t_actual;
  for (int32_t k = n_taken - 1; k >= 0; k--, found++) {
    int64_t done = 0;
    for (int32_t r = 0; r < n_rank; r++)
      done = model_cost(r, k).t_done > done ? model_cost(r, k).t_done : done;
    if (done <= earliest)
      break;
  }
  return found;
}

static void check_marked(const struct lc_past *past, int32_t first, int32_t n, int32_t s,
                         int32_t n_taken) {
  check(past->n_marked == n_marked(first, n, s, n_taken));
  for (int32_t k = 0; k < past->n_marked; k++)
    for (int32_t i = 0; i < n; i++)
      check(past->t_marked[k * n + i] == model_state(&model, first + i, n_taken - 1 - k).t_actual);
}

/* `s`: the model's number of the cut. `method`: of a run in virtual time, or NULL. */
static void check_past_with(const char *path, int32_t from, int32_t s, const char *method) {
  struct lc_restart restart = restart_of(path, from);
  struct lc_past past;
  const int32_t blocks[][2] = {
      {0, model.n_vm}, {model.first_own, model.n_own}, {rank, 2}, {model.n_vm - 1, 1}, {1, 0}};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    int32_t first = blocks[i][0], n = blocks[i][1];
    check_ok(lc_store_past(path, &restart, first, n, &model.clocks, &past, &err), err);
    check_states(&past, first, n, s);
    check_left(&past, first, n, s, restart.snapshot);
    check_under_way(&past, first, n, s, method != NULL);
    if (method && strcmp(method, "chandy-lamport") == 0)
      check_marked(&past, first, n, s, restart.n_taken);
    else
      check(!past.n_marked && !past.t_marked);
    check(i || (past.n_left && past.n_under_way));
    lc_past_free(&past);
    check(!past.state && !past.n_left);
  }
}

static void check_past(const char *path, int32_t from, int32_t s) {
  check_past_with(path, from, s, NULL);
}

static void say(const char *path, const char *pace, const char *method) {
  struct h5 h;
  barrier();
  if (rank == 0) {
    h5_open(&h, path, true);
    h5_set_text(&h, "/", "pace", pace);
    h5_set_text(&h, "/", "snapshot_method", method);
    check_ok(h5_status(&h, &err), err);
    h5_close(&h);
  }
  barrier();
}

/* Channels of virtual time go on behind what had arrived after its sender's record, too. */
static void what_channels_were(void) {
  const char *path = in_folder("past-methods.h5");
  static const char *const methods[] = {"chandy-lamport", "lai-yang"};
  leave_stopped(path, 2);
  for (int i = 0; i < 2; i++) {
    say(path, "virtual", methods[i]);
    for (int32_t s = 0; s < 2; s++)
      check_past_with(path, s, s, methods[i]);
    check_past_with(path, -1, THE_END, methods[i]);
  }
  say(path, "real", "chandy-lamport");
  check_past(path, 1, 1);
  say(path, "virtual", "time-cut");
  check_past(path, 1, 1);
}

static void what_machines_were(void) {
  const char *killed = in_folder("past-killed.h5"), *stopped = in_folder("past-stopped.h5");
  leave(killed, 2);
  leave_stopped(stopped, 2);
  for (int i = 0; i < 2; i++) {
    most_batch_rows = i ? 7 : 1 << 20;
    check_past(killed, -1, 1);
    check_past(killed, 0, 0);
    check_past(stopped, -1, THE_END);
    check_past(stopped, 1, 1);
  }
  most_batch_rows = 1 << 20;
  barrier();
  if (rank == 0)
    check_ok(lc_store_compact(stopped, &err), err);
  barrier();
  check_past(stopped, -1, THE_END);
  check_past(stopped, 0, 0);
}

static void nothing_was(void) {
  const char *path = in_folder("past-none.h5");
  struct lc_past past;
  leave(path, 0);
  struct lc_restart restart = restart_of(path, -1);
  check_ok(lc_store_past(path, &restart, 0, 3, &model.clocks, &past, &err), err);
  check(past.n == 0 && !past.n_left && !past.n_under_way);
  lc_past_free(&past);
}

static void others_than_these(void) {
  const char *path = in_folder("past-others.h5");
  struct lc_past past;
  struct lc_clock_set clocks;
  leave(path, 1);
  struct lc_restart restart = restart_of(path, -1);
  check_fails(lc_store_past(path, &restart, 0, model.n_vm + 1, &model.clocks, &past, &err),
              LC_EFILE);
  check(strstr(err.text, "VMs, not as many as this run") && !past.state);
  static const char *const names[] = {"lamport", "vector", "vector,lamport"};
  for (int i = 0; i < 3; i++) {
    lc_clock_set_init(&clocks, model.n_vm);
    check_ok(lc_clock_set_parse(&clocks, names[i], &err), err);
    check_fails(lc_store_past(path, &restart, 0, 1, &clocks, &past, &err), LC_EFILE);
    check(strstr(err.text, "has other clocks than this run") && strstr(err.text, "lamport,vector"));
  }
  lc_clock_set_init(&clocks, model.n_vm + 1);
  check_ok(lc_clock_set_parse(&clocks, "lamport,vector", &err), err);
  check_fails(lc_store_past(path, &restart, 0, 1, &clocks, &past, &err), LC_EFILE);
}

/* ---- a new file ------------------------------------------------------------------------------ */

/* How a run goes on. */
struct going {
  const char *past, *path;
  int32_t from;
  bool keep; /* what is behind the cut */
  int32_t n_snapshot;
  int64_t room; /* of each rank, that the plan has */
};

/* By a model that is spread as the new run is. */
static lc_status go_on(const struct model *m, struct going g, struct lc_store **store) {
  static const struct lc_attribute attributes[] = {{"history", "twice", 0},
                                                   {"start_time", "later", 0},
                                                   {"command_line", "lcmpi --resume", 0},
                                                   {"options", "duration = 2h", 0}};
  int64_t t_snapshot[MODEL_SNAPSHOTS + 2];
  int64_t *rows = lc_new((size_t)m->n_rank, sizeof *rows, "a test");
  struct lc_restart restart;
  check_ok(lc_store_restart(g.past, g.from, rank == 0, &restart, &err), err);
  for (int32_t r = 0; r < m->n_rank; r++)
    rows[r] = g.room;
  for (int32_t s = 0; s < MODEL_SNAPSHOTS + 2; s++)
    t_snapshot[s] = (s + 1) * INT64_C(5000000000);
  struct lc_store_plan plan = model_plan(m, rows);
  plan.past_path = g.past;
  plan.restart = &restart;
  plan.keep_abandoned = g.keep;
  plan.n_snapshot = g.n_snapshot ? g.n_snapshot : MODEL_SNAPSHOTS;
  plan.t_snapshot = t_snapshot;
  plan.n_attribute = 4;
  plan.attribute = attributes;
  err = (struct lc_error){LC_OK, ""};
  lc_status status = lc_store_create(store, g.path, &plan, plain, transport, &err);
  check(rank || !status == (restart.held < 0));
  lc_restart_release(&restart);
  free(rows);
  barrier();
  return status;
}

static hid_t open_here(const char *path) {
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  check(file >= 0);
  return file;
}

static int64_t read_column(hid_t file, const char *path, int64_t *values) {
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  check_that(dataset >= 0, "%s", path);
  hid_t space = H5Dget_space(dataset);
  int64_t n = H5Sget_simple_extent_npoints(space);
  check_that(n <= VALUES * 30, "%s", path);
  check_that(H5Dread(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "%s",
             path);
  H5Sclose(space);
  H5Dclose(dataset);
  return n;
}

static int64_t column[4][VALUES * 30], first_row[100], n_row[100];

static void look_at_regions(hid_t file, const char *name) {
  char path[80];
  snprintf(path, sizeof path, "/commit/first_%s", name);
  read_column(file, path, first_row);
  snprintf(path, sizeof path, "/commit/n_%s", name);
  read_column(file, path, n_row);
}

/* Every row lies with the rank of its VM, each VM's in their order. */
static void check_regions(const struct model *m, hid_t file, const char *name, const char *vm,
                          const char *number) {
  int64_t next[100] = {0};
  look_at_regions(file, name);
  read_column(file, vm, column[0]);
  read_column(file, number, column[1]);
  for (int32_t r = 0; r < m->n_rank; r++)
    for (int64_t i = first_row[r]; i < first_row[r] + n_row[r]; i++) {
      int64_t v = column[0][i];
      check_that(m->vm[v].rank == r && column[1][i] == next[v], "%s, row %" PRId64, name, i);
      next[v]++;
    }
}

/* The rows of a rank: by snapshot, receiver, and as they were. */
static void check_crossing_order(const struct model *m, hid_t file, const char *name, uint8_t fate,
                                 int32_t taken) {
  char path[80];
  static const char *const names[] = {"snapshot", "receiver", "sender", "number"};
  look_at_regions(file, name);
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "/snapshots/%s/%s", name, names[i]);
    read_column(file, path, column[i]);
  }
  for (int32_t r = 0; r < m->n_rank; r++) {
    int64_t row = first_row[r];
    for (int32_t s = 0; s < taken; s++)
      for (int32_t v = 0; v < m->n_vm; v++)
        for (int64_t i = 0; i < m->n_left[v] && m->vm[v].rank == r; i++) {
          const struct lc_left *left = &m->left[v][i];
          if (left->snapshot != s || left->fate != fate)
            continue;
          check_that(column[0][row] == s && column[1][row] == v && column[2][row] == left->sender &&
                         column[3][row] == left->number,
                     "%s, row %" PRId64, name, row);
          row++;
        }
    check(row == first_row[r] + n_row[r]);
  }
}

/* Of the old ranks' parts the new rank 0 has the sums, of times the latest. */
static void check_costs(const struct model *m, hid_t file, int32_t taken, int32_t n_snapshot) {
  static const char *const names[] = {"/snapshots/cost/t_done", "/snapshots/cost/wall",
                                      "/snapshots/cost/markers", "/snapshots/cost/control"};
  for (int k = 0; k < 4; k++) {
    check(read_column(file, names[k], column[0]) == (int64_t)m->n_rank * n_snapshot);
    for (int32_t s = 0; s < n_snapshot; s++) {
      int64_t expected = 0, cost[4];
      for (int32_t r = 0; r < n_rank && s < taken; r++) {
        struct lc_cut_cost part = model_cost(r, s);
        memcpy(cost, &part, sizeof cost);
        expected = k > 1 ? expected + cost[k] : cost[k] > expected ? cost[k] : expected;
      }
      check_that(column[0][s] == expected, "%s of snapshot %d", names[k], s);
      for (int32_t r = 1; r < m->n_rank; r++)
        check(column[0][r * n_snapshot + s] == 0);
    }
  }
}

static void check_segments(hid_t file, int32_t n, int64_t t, int32_t snapshot, int32_t ranks) {
  check(read_column(file, "/segments/t_start", column[0]) == n);
  check(column[0][0] == 0 && column[0][n - 1] == t);
  check(read_column(file, "/segments/snapshot", column[0]) == n);
  check(column[0][0] == -1 && column[0][n - 1] == snapshot);
  check(read_column(file, "/segments/n_rank", column[0]) == n);
  check(column[0][0] == n_rank && column[0][n - 1] == ranks);
  check(read_column(file, "/segments/started", column[0]) == n);
  for (int32_t i = 0; i < n; i++)
    check(column[0][i] > INT64_C(1500000000000000000) && (!i || column[0][i] >= column[0][i - 1]));
}

static const char *attribute(const struct lc_store_info *info, const char *name) {
  for (int32_t i = 0; i < info->n_text; i++)
    if (strcmp(info->text[i].name, name) == 0)
      return info->text[i].value;
  return "";
}

/* The new file, while it is open: what is before the cut (the model's snapshot `cut`), and nothing
 * else. */
static void check_new_file(const struct model *m, struct going g, int32_t cut, int32_t taken) {
  struct lc_store_info info;
  int32_t n_snapshot = g.n_snapshot ? g.n_snapshot : MODEL_SNAPSHOTS;
  int64_t t = 0;
  model_check_cut(m, g.path, cut, taken);
  check_ok(lc_store_describe(g.path, &info, &err), err);
  check(info.state == LC_RUN_RUNNING && info.live && !info.ended && info.t_end == 0);
  check(info.n_rank == m->n_rank && info.n_snapshot == n_snapshot);
  check(info.n_snapshot_done == taken && info.n_resumed == 1);
  check(info.resumed_n_rank == m->n_rank && info.resumed_snapshot == (cut < THE_END ? cut : -1));
  for (int32_t v = 0; v < m->n_vm && cut >= 0; v++)
    if (model_state(m, v, cut).t_actual > t)
      t = model_state(m, v, cut).t_actual;
  check(info.t_resumed == t);
  const char *history = attribute(&info, "history"), *end = strstr(history, "\ntwice");
  check(strstr(history, "once") == history && end && strlen(end) == strlen("\ntwice"));
  check(strcmp(attribute(&info, "options"), "duration = 2h") == 0);
  lc_store_info_free(&info);
  hid_t file = open_here(g.path);
  check_regions(m, file, "events", "/events/machine", "/events/seq");
  check_regions(m, file, "messages", "/messages/sender", "/messages/number");
  check_crossing_order(m, file, "queue", LC_FATE_QUEUED, taken);
  check_crossing_order(m, file, "channel", LC_FATE_IN_FLIGHT, taken);
  check_costs(m, file, taken, n_snapshot);
  check_segments(file, 2, t, cut < THE_END ? cut : -1, m->n_rank);
  read_column(file, "/snapshots/t", column[0]);
  for (int32_t s = 0; s < n_snapshot; s++)
    check(column[0][s] == (s + 1) * INT64_C(5000000000));
  check(g.keep || H5Lexists(file, "/abandoned", H5P_DEFAULT) == 0);
  H5Fclose(file);
}

static bool has_temporary(const char *path) {
  char temporary[1200];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  return is_there(temporary);
}

/* Goes on, looks at the new file while it is open, and closes it. */
static void go_on_and_check(const struct model *m, struct going g, int32_t cut, int32_t taken) {
  struct lc_store *store = NULL;
  bool in_place = strcmp(g.past, g.path) == 0;
  uint64_t bytes = bytes_of(g.past);
  barrier();
  check_ok(go_on(m, g, &store), err);
  check(lc_store_pending(store) == 0);
  check_new_file(m, g, cut, taken);
  check(place_is_held(g.path) && !has_temporary(g.path));
  check(in_place || (bytes_of(g.past) == bytes && !place_is_held(g.past)));
  barrier();
  model_close(store);
}

/* On other numbers of ranks, from all kinds of files and cuts, whole or in small batches. */
static void from_every_kind(const char *past, const char *path, int32_t from, int32_t cut,
                            int32_t taken) {
  static const int64_t batches[] = {1 << 20, 50, 3};
  struct model m = model;
  m.rank = NULL;
  for (int32_t i = 0; i < 3; i++) {
    most_batch_rows = batches[i];
    model_spread(&m, n_rank + i, i == 1);
    struct going g = {past, path, from, false, i ? 0 : MODEL_SNAPSHOTS + 2, 0};
    go_on_and_check(&m, g, cut, taken);
    if (rank == 0)
      check(unlink(path) == 0);
    barrier();
  }
  most_batch_rows = 1 << 20;
  free(m.rank);
  model_spread(&model, n_rank, false);
}

static void a_new_file(void) {
  const char *killed = in_folder("go-killed.h5"), *stopped = in_folder("go-stopped.h5");
  const char *none = in_folder("go-none.h5"), *failed = in_folder("go-failed.h5");
  const char *path = in_folder("go-new.h5");
  leave(killed, 2);
  leave(none, 0);
  leave_stopped(stopped, 2);
  struct lc_store *store = write_until(failed, 1);
  check_ok(lc_store_end(store, LC_RUN_FAILED, 0, &model.balance, &model_digest, &err), err);
  model_close(store);
  from_every_kind(killed, path, -1, 1, 2);
  from_every_kind(killed, path, 0, 0, 1);
  from_every_kind(none, path, -1, -1, 0);
  from_every_kind(stopped, path, -1, THE_END, 2);
  from_every_kind(stopped, path, 1, 1, 2);
  from_every_kind(failed, path, -1, 0, 1);
}

static void from_rewritten_files(void) {
  const char *killed = in_folder("re-killed.h5"), *stopped = in_folder("re-stopped.h5");
  const char *path = in_folder("re-new.h5");
  enum lc_run_state was;
  leave(killed, 2);
  leave_stopped(stopped, 2);
  if (rank == 0) {
    check_ok(lc_store_recover(killed, &was, &err), err);
    check_ok(lc_store_compact(stopped, &err), err);
  }
  barrier();
  from_every_kind(killed, path, -1, 1, 2);
  from_every_kind(stopped, path, -1, THE_END, 2);
  from_every_kind(stopped, path, 0, 0, 1);
}

/* The file is replaced, and may be read by whom the old one could; a symbolic link stays one. */
static void in_the_same_place(void) {
  const char *path = in_folder("same.h5"), *link = in_folder("same-link.h5");
  struct stat file;
  leave(path, 2);
  if (rank == 0)
    check(chmod(path, 0640) == 0 && symlink("same.h5", link) == 0);
  barrier();
  go_on_and_check(&model, (struct going){.past = path, .path = path, .from = -1}, 1, 2);
  check(stat(path, &file) == 0 && (file.st_mode & 0777) == 0640);
  barrier();
  if (rank == 0)
    check(unlink(path) == 0);
  barrier();
  leave(path, 2);
  go_on_and_check(&model, (struct going){.past = link, .path = link, .from = 0}, 0, 1);
  check(lstat(link, &file) == 0 && S_ISLNK(file.st_mode));
  model_check_cut(&model, path, 0, 1);
}

/* Adds what is behind the cut, as the run does that goes on. */
static void add_behind(const struct model *m, struct lc_store *store, int32_t cut) {
  for (int32_t v = m->first_own; v < m->first_own + m->n_own; v++)
    for (int64_t i = model_state(m, v, cut).n_event; i < m->n_event[v]; i++)
      model_add_event(m, store, v, i);
  check_ok(lc_store_commit(store, &err), err);
}

/* A run that goes on writes behind what was copied; in the end nobody sees that it was stopped. */
static void to_the_end(void) {
  const char *path = in_folder("to-the-end.h5");
  struct lc_store *store = NULL;
  struct model m = model;
  m.rank = NULL;
  model_spread(&m, n_rank, true);
  leave(path, 1);
  struct going g = {.past = path, .path = path, .from = -1, .room = 100};
  check_ok(go_on(&m, g, &store), err);
  add_behind(&m, store, 0);
  check(!lc_store_wants_room(store) && lc_store_pending(store) == 0);
  for (int32_t s = 1; s < THE_END; s++)
    model_write_snapshot(&m, store, s);
  barrier();
  model_check_file(&m, path, INT64_MAX, THE_END, false);
  barrier();
  check_ok(lc_store_grow(store, &err), err); /* all that is new in the file survives it */
  barrier();
  model_check_file(&m, path, INT64_MAX, THE_END, false);
  barrier();
  model_end(&m, store, LC_RUN_COMPLETE);
  model_close(store);
  model_check_whole_file(&m, path);
  barrier();
  if (rank == 0) {
    check_ok(lc_store_compact(path, &err), err);
    model_check_whole_file(&m, path);
    hid_t file = open_here(path);
    check(read_column(file, "/segments/t_start", column[0]) == 2 && column[0][1] > 0);
    H5Fclose(file);
  }
  free(m.rank);
}

/* ---- what was behind the cut, in real time --------------------------------------------------- */

/* Each event from the cut on, and each message of those, `times` in the tables of abandoned rows.
 */
static void check_abandoned(const struct model *m, const char *path, int32_t cut, int64_t times) {
  int64_t expected[2] = {0}, seen[2] = {0};
  hid_t file = open_here(path);
  for (int t = 0; t < 2; t++) {
    look_at_regions(file, t ? "abandoned_messages" : "abandoned_events");
    read_column(file, t ? "/abandoned/messages/sender" : "/abandoned/events/machine", column[0]);
    read_column(file, t ? "/abandoned/messages/number" : "/abandoned/events/seq", column[1]);
    read_column(file, t ? "/abandoned/messages/t_send" : "/abandoned/events/t_actual", column[2]);
    if (!t)
      read_column(file, "/abandoned/events/clocks/lamport/stamp", column[3]);
    for (int32_t r = 0; r < m->n_rank; r++)
      for (int64_t i = first_row[r]; i < first_row[r] + n_row[r]; i++, seen[t]++) {
        int64_t v = column[0][i], number = column[1][i];
        check(m->vm[v].rank == r);
        check(number >= model_state(m, (int32_t)v, cut).n_event);
        check(column[2][i] == (t ? m->sent[v][number].t_send : m->event[v][number].t_actual));
        check(t || column[3][i] == model_stamp((int32_t)v, number, 0));
      }
  }
  for (int32_t v = 0; v < m->n_vm; v++) {
    int64_t n = model_state(m, v, cut).n_event;
    expected[0] += m->n_event[v] - n;
    expected[1] += m->n_sent[v] > n ? m->n_sent[v] - n : 0;
  }
  check(expected[0] && expected[1]);
  check(seen[0] == times * expected[0] && seen[1] == times * expected[1]);
  H5Fclose(file);
}

static void what_was_behind_is_kept(void) {
  const char *path = in_folder("kept.h5"), *other = in_folder("kept-other.h5");
  struct lc_store *store = NULL;
  struct model m = model;
  m.rank = NULL;
  most_batch_rows = 40;
  model_spread(&m, n_rank, true);
  leave(path, 1);
  go_on_and_check(&m, (struct going){path, other, -1, true, 0, 0}, 0, 1);
  check_abandoned(&m, other, 0, 1);
  check_ok(go_on(&m, (struct going){path, path, -1, true, 0, 100}, &store), err);
  check_abandoned(&m, path, 0, 1);
  barrier();
  add_behind(&m, store, 0);
  check_ok(lc_store_grow(store, &err), err);
  model_close(store);
  check_abandoned(&m, path, 0, 1);
  model_check_file(&m, path, INT64_MAX, 1, false);
  barrier();
  model_spread(&m, n_rank + 2, false); /* once more, with all of it again behind the cut */
  check_ok(go_on(&m, (struct going){path, path, -1, true, 0, 0}, &store), err);
  barrier();
  check_abandoned(&m, path, 0, 2);
  model_check_cut(&m, path, 0, 1);
  barrier();
  model_close(store);
  model_spread(&m, n_rank, false); /* what is there stays, also where nothing is added */
  check_ok(go_on(&m, (struct going){path, path, -1, false, 0, 0}, &store), err);
  barrier();
  check_abandoned(&m, path, 0, 2);
  barrier();
  model_close(store);
  if (rank == 0) {
    enum lc_run_state was;
    check_ok(lc_store_recover(path, &was, &err), err);
    check_abandoned(&m, path, 0, 2);
    model_check_cut(&m, path, 0, 1);
    hid_t file = open_here(path);
    check(read_column(file, "/segments/n_rank", column[0]) == 4 && column[0][2] == n_rank + 2);
    H5Fclose(file);
  }
  most_batch_rows = 1 << 20;
  free(m.rank);
}

/* All is before the cut: there are no such tables. */
static void nothing_was_behind(void) {
  const char *path = in_folder("kept-none.h5");
  leave_stopped(path, 1);
  go_on_and_check(&model, (struct going){path, path, -1, true, 0, 0}, THE_END, 1);
  hid_t file = open_here(path);
  check(H5Lexists(file, "/abandoned", H5P_DEFAULT) == 0);
  check(H5Lexists(file, "/commit/n_abandoned_events", H5P_DEFAULT) == 0);
  H5Fclose(file);
}

/* ---- what stands in the way ------------------------------------------------------------------ */

static void check_not_gone_on(const struct model *m, struct going g, const char *words) {
  struct lc_store *store = NULL;
  uint64_t old = bytes_of(g.past), new = bytes_of(g.path);
  barrier();
  check_fails(go_on(m, g, &store), LC_EFILE);
  check_that(!store && strstr(err.text, words) && !strchr(err.text, '\n'), "'%s'", err.text);
  check(bytes_of(g.past) == old && bytes_of(g.path) == new);
  check(!has_temporary(g.path) && !has_temporary(g.past) && !place_is_held(g.past));
  barrier();
}

static void set_value(const char *path, const char *dataset, int64_t row, int64_t value) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, dataset, H5P_DEFAULT);
  hid_t space = H5Dget_space(set), one;
  hsize_t start = (hsize_t)row, count = 1;
  check(set >= 0);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL);
  one = H5Screate_simple(1, &count, NULL);
  check(H5Dwrite(set, H5T_NATIVE_INT64, one, space, H5P_DEFAULT, &value) >= 0);
  H5Sclose(one);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
}

static void nothing_is_lost(void) {
  const char *path = in_folder("way.h5"), *other = in_folder("way-other.h5");
  const char *spoilt = in_folder("way-spoilt.h5"), *nowhere = in_folder("nowhere/new.h5");
  struct going in_place = {.past = path, .path = path, .from = -1}, elsewhere = in_place;
  elsewhere.path = other;
  leave(path, 2);
  leave(other, 1);
  check_not_gone_on(&model, elsewhere, "exists and is not overwritten");
  elsewhere.path = nowhere;
  check_not_gone_on(&model, elsewhere, "No such file or directory");
  struct model m = model;
  lc_clock_set_init(&m.clocks, m.n_vm);
  check_ok(lc_clock_set_parse(&m.clocks, "lamport", &err), err);
  check_not_gone_on(&m, in_place, "has other clocks than this run");
  m = model;
  m.n_vm--;
  check_not_gone_on(&m, in_place, "VMs; this run has");
  in_place.n_snapshot = 2;
  check_not_gone_on(&model, in_place, "has 2 snapshots; this run has only 1");
  struct going from_spoilt = {.past = spoilt, .path = spoilt, .from = -1};
  static const struct {
    const char *dataset;
    int64_t row, value;
    const char *words;
  } list[] = {{"/events/machine", 3, -1, "a row names a machine that there is not"},
              {"/messages/sender", 2, 1000, "a row names a machine that there is not"},
              {"/snapshots/queue/receiver", 0, 1000, "a row names a machine that there is not"},
              {"/snapshots/channel/snapshot", 0, 1, "rows are not in the order"},
              {"/snapshots/channel/snapshot", 0, -1, "rows are not in the order"}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    if (rank == 0) {
      copy_file(path, spoilt, INT64_MAX);
      set_value(spoilt, list[i].dataset, list[i].row, list[i].value);
    }
    barrier();
    check_not_gone_on(&model, from_spoilt, list[i].words);
  }
  in_place.n_snapshot = 0;
  go_on_and_check(&model, in_place, 1, 2); /* the way is free */
}

/* Another process has put another file in its place between the look and the copying. */
static void another_file_came(void) {
  const char *path = in_folder("came.h5"), *other = in_folder("came-other.h5");
  struct lc_restart restart;
  struct lc_store *store = NULL;
  int64_t *rows = lc_new((size_t)n_rank, sizeof *rows, "a test");
  leave(path, 1);
  leave(other, 2);
  check_ok(lc_store_restart(path, -1, rank == 0, &restart, &err), err);
  barrier();
  if (rank == 0)
    check(rename(other, path) == 0);
  struct lc_store_plan plan = model_plan(&model, rows);
  plan.past_path = path;
  plan.restart = &restart;
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_create(&store, path, &plan, plain, transport, &err), LC_EFILE);
  check(strstr(err.text, "another file was put in its place"));
  lc_restart_release(&restart);
  free(rows);
  barrier();
  restart = restart_of(path, -1); /* which is there still */
  check_cut(&restart, 1, 2);
}

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  in_folder("");
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  model_init(&model, 0);
  run(the_newest_whole_cut_or_another);
  run(an_end_without_its_mark);
  run(an_end_of_some_ranks);
  run(no_such_cut);
  run(a_file_is_held);
  run(what_machines_were);
  run(what_channels_were);
  run(nothing_was);
  run(others_than_these);
  run(a_new_file);
  run(from_rewritten_files);
  run(in_the_same_place);
  run(to_the_end);
  run(what_was_behind_is_kept);
  run(nothing_was_behind);
  run(nothing_is_lost);
  run(another_file_came);
  model_free(&model);
  return end_ranks();
}
