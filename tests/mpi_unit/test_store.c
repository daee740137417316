/* The file: what is written is what is read, whatever happens in between. */
#include "model.h"
#include "mpi_unit.h"

#include <hdf5.h>
#include <inttypes.h>
#include <sys/stat.h>

enum { ALL = 1000000 };

static struct lc_error err;
static const struct lc_store_options plain, durable = {.durable = true};

static struct lc_store_info describe(const char *path) {
  struct lc_store_info info;
  check_ok(lc_store_describe(path, &info, &err), err);
  return info;
}

static const char *attribute(const struct lc_store_info *info, const char *name) {
  for (int32_t i = 0; i < info->n_text; i++)
    if (strcmp(info->text[i].name, name) == 0)
      return info->text[i].value;
  return "";
}

static int64_t all_events(const struct model *m) {
  int64_t n = 0;
  for (int32_t v = 0; v < m->n_vm; v++)
    n += m->n_event[v];
  return n;
}

static int64_t left_before(const struct model *m, uint8_t fate, int32_t snapshot) {
  int64_t n = 0;
  for (int32_t v = 0; v < m->n_vm; v++)
    for (int64_t i = 0; i < m->n_left[v]; i++)
      n += m->left[v][i].fate == fate && m->left[v][i].snapshot < snapshot;
  return n;
}

/* ---- a file from its beginning to its end ---------------------------------------------------- */

static void check_described(const struct model *m, const char *path, enum lc_run_state state) {
  struct lc_store_info info = describe(path);
  check(info.state == (int)state && info.ended && !info.live);
  check(info.n_vm == m->n_vm && info.n_rank == n_rank && info.n_clock == 2);
  check(info.n_snapshot == MODEL_SNAPSHOTS && info.n_snapshot_done == MODEL_SNAPSHOTS);
  check(strcmp(info.clock[0], "lamport") == 0 && strcmp(info.clock[1], "vector") == 0);
  check(info.rows[LC_EVENTS] == all_events(m) && info.rows[LC_MESSAGES] == m->balance.sent);
  check(info.rows[LC_QUEUE] == left_before(m, LC_FATE_QUEUED, MODEL_SNAPSHOTS));
  check(info.rows[LC_CHANNEL] == left_before(m, LC_FATE_IN_FLIGHT, MODEL_SNAPSHOTS));
  check(info.t_end == m->t_end);
  check(info.exact == !strncmp(attribute(&info, "row_order"), "by machine", 10));
  check(memcmp(&info.balance, &m->balance, sizeof info.balance) == 0);
  struct stat file;
  check(stat(path, &file) == 0 && info.file_bytes == (int64_t)file.st_size);
  check(info.disk_bytes == (int64_t)file.st_blocks * 512);
  check(strcmp(attribute(&info, "title"), "a run that never was") == 0);
  check(strncmp(attribute(&info, "history"), "once", 4) == 0);
  check(strcmp(attribute(&info, "seed"), "4711") == 0);
  check(strcmp(attribute(&info, "lcmpi_format"), "2.0") == 0);
  lc_store_info_free(&info);
}

static hid_t open_here(const char *path) {
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  check(file >= 0);
  return file;
}

static void read_column(hid_t file, const char *path, hid_t type, void *values) {
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  check_that(dataset >= 0, "%s", path);
  check_that(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "%s", path);
  H5Dclose(dataset);
}

static void check_totals(const struct model *m, const char *path) {
  static const char *const names[] = {"/n_tick",    "/n_event",      "/n_internal",
                                      "/n_sent",    "/n_received",   "/n_queued",
                                      "/queue_max", "/lateness_max", "/lateness_mean"};
  int64_t values[400];
  double means[100];
  hid_t file = open_here(path);
  check((m->n_vm + 1) * m->n_vm <= 400);
  for (size_t k = 0; k < 9; k++) {
    read_column(file, names[k], H5T_NATIVE_INT64, values);
    for (int32_t v = 0; v < m->n_vm; v++) {
      struct lc_vm_totals totals = model_totals(v);
      int64_t expected[9];
      memcpy(expected, &totals, sizeof expected);
      check_that(values[v] == expected[k], "%s of VM %d", names[k], v);
    }
  }
  read_column(file, "/final_lamport", H5T_NATIVE_INT64, values);
  for (int32_t v = 0; v < m->n_vm; v++)
    check(values[v] == model_total_stamp(v, 0));
  read_column(file, "/final_vector", H5T_NATIVE_INT64, values);
  for (int32_t v = 0; v < m->n_vm * m->n_vm; v++)
    check(values[v] == model_total_stamp(v / m->n_vm, 1 + v % m->n_vm));
  read_column(file, "/lamport_jump_max", H5T_NATIVE_INT64, values);
  read_column(file, "/lamport_jump_mean", H5T_NATIVE_DOUBLE, means);
  for (int32_t v = 0; v < m->n_vm; v++) {
    check(values[v] == model_jump(v, 0));
    double off = means[v] * (double)model_totals(v).n_event - (double)model_total_stamp(v, 0);
    check(off < 1e-6 && off > -1e-6);
  }
  H5Fclose(file);
}

static void check_constants(const struct model *m, const char *path) {
  int64_t values[100];
  double rates[100];
  hid_t file = open_here(path);
  read_column(file, "/vm_rank", H5T_NATIVE_INT64, values);
  read_column(file, "/tick_rate", H5T_NATIVE_DOUBLE, rates);
  for (int32_t v = 0; v < m->n_vm; v++)
    check(values[v] == m->vm[v].rank && rates[v] == (3.0 + v) / 2);
  read_column(file, "/replica", H5T_NATIVE_INT64, values);
  for (int32_t v = 0; v < m->n_vm; v++)
    check(values[v] == v);
  read_column(file, "/host", H5T_NATIVE_INT64, values);
  for (int32_t r = 0; r < n_rank; r++)
    check(values[r] == r / 2);
  read_column(file, "/pid", H5T_NATIVE_INT64, values);
  for (int32_t r = 0; r < n_rank; r++)
    check(values[r] == 1000 + r);
  read_column(file, "/clock_offset", H5T_NATIVE_INT64, values);
  for (int32_t r = 0; r < n_rank; r++)
    check(values[r] == m->rank[r].clock_offset_ns);
  H5Fclose(file);
}

static void check_digest(const char *path) {
  uint64_t value = 0;
  hid_t file = open_here(path);
  read_column(file, "/digest/execution", H5T_NATIVE_UINT64, &value);
  check(value == model_digest.execution);
  read_column(file, "/digest/snapshots", H5T_NATIVE_UINT64, &value);
  check(value == model_digest.snapshots);
  read_column(file, "/digest/vector", H5T_NATIVE_UINT64, &value);
  check(value == model_digest.clock[1]);
  H5Fclose(file);
}

/* What each snapshot took, of each rank. */
static void check_costs(const char *path) {
  static const char *const names[] = {"/snapshots/cost/t_done", "/snapshots/cost/wall",
                                      "/snapshots/cost/markers", "/snapshots/cost/control"};
  int64_t values[MODEL_SNAPSHOTS * 100];
  hid_t file = open_here(path);
  for (size_t k = 0; k < 4; k++) {
    read_column(file, names[k], H5T_NATIVE_INT64, values);
    for (int32_t r = 0; r < n_rank; r++)
      for (int32_t s = 0; s < MODEL_SNAPSHOTS; s++) {
        struct lc_cut_cost cost = model_cost(r, s);
        int64_t expected[4];
        memcpy(expected, &cost, sizeof expected);
        check_that(values[r * MODEL_SNAPSHOTS + s] == expected[k], "%s of snapshot %d", names[k],
                   s);
      }
  }
  H5Fclose(file);
}

static void check_whole(const struct model *m, const char *path, enum lc_run_state state) {
  model_check_whole_file(m, path);
  if (rank == 0)
    check_described(m, path, state);
  check_totals(m, path);
  check_constants(m, path);
  check_digest(path);
  check_costs(path);
}

static void what_is_written_is_read(void) {
  struct model m;
  const char *path = in_folder("whole.h5");
  model_init(&m, 0);
  model_write(&m, path, LC_RUN_COMPLETE);
  check_whole(&m, path, LC_RUN_COMPLETE); /* by all ranks at once */
  model_free(&m);
}

static void durable_is_the_same(void) {
  struct model m;
  const char *path = in_folder("durable.h5");
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, path, 100, durable);
  model_write_rows(&m, store);
  for (int32_t s = 0; s < MODEL_SNAPSHOTS - 1; s++)
    model_write_snapshot(&m, store, s);
  model_end(&m, store, LC_RUN_STOPPED);
  model_close(store);
  check_whole(&m, path, LC_RUN_STOPPED);
  model_free(&m);
}

/* Rows that are added are in memory; those committed are on file for any reader, while the run goes
 * on. */
static void a_live_file_has_what_was_committed(void) {
  struct model m;
  const char *path = in_folder("live.h5");
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, path, 100, plain);
  barrier();
  if (rank == 0) {
    struct lc_store_info info = describe(path);
    check(info.state == LC_RUN_RUNNING && info.live && !info.ended && !info.exact);
    check(info.rows[LC_EVENTS] == 0 && info.n_snapshot_done == 0);
    lc_store_info_free(&info);
    model_check_file(&m, path, 0, 0, false);
  }
  barrier();
  model_add(&m, store, 0, 7);
  check_ok(lc_store_commit(store, &err), err);
  check_ok(lc_store_commit(store, &err), err); /* nothing to do */
  model_write_snapshot(&m, store, 0);
  if (rank > 0) /* a snapshot counts when all have it */
    model_write_snapshot(&m, store, 1);
  else
    model_write_left(&m, store, 1);
  model_add(&m, store, 7, 20);
  check(lc_store_pending(store) > 0 && !lc_store_wants_room(store));
  barrier();
  if (rank == 0) {
    struct lc_store_info info = describe(path);
    check(info.live && info.n_snapshot_done == 1);
    lc_store_info_free(&info);
    model_check_file(&m, path, 7, 1, false);
  }
  barrier();
  check_ok(lc_store_commit(store, &err), err);
  check(lc_store_pending(store) == 0);
  barrier();
  if (rank == 0)
    model_check_file(&m, path, 20, 1, false);
  barrier();
  model_close(store);
  if (rank == 0) {
    struct lc_store_info info = describe(path);
    check(info.state == LC_RUN_RUNNING && !info.live && !info.ended);
    lc_store_info_free(&info);
  }
  model_free(&m);
}

/* Many at once look at a file that nobody writes, with lcmpi and with other programs. */
static void looking_is_not_writing(void) {
  struct model m;
  const char *path = in_folder("looked-at.h5");
  model_init(&m, 0);
  model_write(&m, path, LC_RUN_COMPLETE);
  for (int i = 0; i < 20; i++) {
    if (rank % 3 == 1) { /* as another program does */
      H5Fclose(open_here(path));
      continue;
    }
    struct lc_store_info info = describe(path);
    check(!info.live);
    lc_store_info_free(&info);
  }
  model_free(&m);
}

/* ---- growth ---------------------------------------------------------------------------------- */

/* One rank has far more rows than were laid out; what fits is on file before the growth, the rest
 * after it. */
static void growth(void) {
  struct model m;
  const char *path = in_folder("growth.h5");
  model_init(&m, 9500); /* regions have 4096 rows at least */
  struct lc_store *store = model_create(&m, path, 1, plain);
  bool large = rank == n_rank - 1;
  model_add(&m, store, 0, 6000);
  check_ok(lc_store_commit(store, &err), err);
  check(lc_store_wants_room(store) == large);
  check((lc_store_pending(store) > 1000) == large);
  check_ok(lc_store_grow(store, &err), err);
  check(!lc_store_wants_room(store)); /* at least twice the room */
  model_write_snapshot(&m, store, 0);
  check_ok(lc_store_commit(store, &err), err);
  check(lc_store_pending(store) == 0);
  model_add(&m, store, 6000, 20000);
  for (int grown = 0; grown < 3; grown++) {
    int64_t wants = lc_store_wants_room(store);
    lc_max(transport, &wants, 1);
    if (wants)
      check_ok(lc_store_grow(store, &err), err);
    check_ok(lc_store_commit(store, &err), err);
  }
  check(lc_store_pending(store) == 0);
  for (int32_t s = 1; s < MODEL_SNAPSHOTS - 1; s++)
    model_write_snapshot(&m, store, s);
  model_end(&m, store, LC_RUN_COMPLETE);
  model_close(store);
  check_whole(&m, path, LC_RUN_COMPLETE);
  if (rank == 0) {
    struct lc_store_info info = describe(path);
    check(strstr(attribute(&info, "history"), "laid out again with more room"));
    lc_store_info_free(&info);
    check(!is_there(in_folder("growth.h5.tmp")));
  }
  model_free(&m);
}

/* ---- compaction ------------------------------------------------------------------------------ */

static uint8_t fate_in_model(const struct model *m, const struct lc_sent *sent, int64_t *t) {
  for (int64_t i = 0; i < m->n_left[sent->receiver]; i++) {
    const struct lc_left *left = &m->left[sent->receiver][i];
    *t = left->t_arrival;
    if (left->snapshot == MODEL_SNAPSHOTS - 1 && left->sender == sent->sender &&
        left->number == sent->number)
      return left->fate;
  }
  for (int64_t i = 0; i < m->n_event[sent->receiver]; i++) {
    const struct lc_event *e = &m->event[sent->receiver][i];
    *t = e->t_arrival;
    if (e->kind == LC_RECEIVE && e->peer == sent->sender && e->msg_first == sent->number)
      return LC_FATE_RECEIVED;
  }
  return LC_FATE_UNKNOWN;
}

static void check_fates(const struct model *m, const char *path) {
  size_t n = (size_t)m->balance.sent, row = 0;
  int64_t *t = lc_new(n, sizeof *t, "a test"), expected = 0, seen[5] = {0};
  uint8_t *fate = lc_new(n, 1, "a test");
  hid_t file = open_here(path);
  read_column(file, "/messages/fate", H5T_NATIVE_UINT8, fate);
  read_column(file, "/messages/t_arrival", H5T_NATIVE_INT64, t);
  for (int32_t v = 0; v < m->n_vm; v++)
    for (int64_t i = 0; i < m->n_sent[v]; i++, row++) {
      uint8_t is = fate_in_model(m, &m->sent[v][i], &expected);
      check_that(fate[row] == is, "message %" PRId64 " of VM %d", i, v);
      check_that(!is || t[row] == expected, "message %" PRId64 " of VM %d", i, v);
      seen[is]++;
    }
  check(seen[LC_FATE_RECEIVED] && seen[LC_FATE_QUEUED] && seen[LC_FATE_IN_FLIGHT]);
  H5Fclose(file);
  free(t);
  free(fate);
}

/* Rows by machine, then seq, whoever wrote them. */
static void check_sorted(const struct model *m, const char *path) {
  size_t n = (size_t)all_events(m), row = 0;
  int32_t *machine = lc_new(n, sizeof *machine, "a test");
  int64_t *seq = lc_new(n, sizeof *seq, "a test");
  hid_t file = open_here(path);
  read_column(file, "/events/machine", H5T_NATIVE_INT32, machine);
  read_column(file, "/events/seq", H5T_NATIVE_INT64, seq);
  for (int32_t v = 0; v < m->n_vm; v++)
    for (int64_t i = 0; i < m->n_event[v]; i++, row++)
      check(machine[row] == v && seq[row] == i);
  H5Fclose(file);
  free(machine);
  free(seq);
}

static void compaction(void) {
  struct model m;
  const char *path = in_folder("compact.h5");
  model_init(&m, 0);
  model_write(&m, path, LC_RUN_COMPLETE);
  if (rank == 0) {
    struct lc_store_info before = describe(path), after;
    check_ok(lc_store_compact(path, &err), err);
    after = describe(path);
    check(after.exact && after.file_bytes < before.file_bytes);
    check(strncmp(attribute(&after, "row_order"), "by machine", 10) == 0);
    check(strstr(attribute(&after, "history"), "lcmpi: compacted"));
    lc_store_info_free(&before);
    lc_store_info_free(&after);
    check_whole(&m, path, LC_RUN_COMPLETE);
    check_sorted(&m, path);
    check_fates(&m, path);
    /* again: the same contents; and recover has nothing to do */
    check_ok(lc_store_compact(path, &err), err);
    check_whole(&m, path, LC_RUN_COMPLETE);
    enum lc_run_state was = LC_RUN_FAILED;
    uint64_t bytes = bytes_of(path);
    check_ok(lc_store_recover(path, &was, &err), err);
    check(was == LC_RUN_COMPLETE && bytes_of(path) == bytes);
    check(!is_there(in_folder("compact.h5.tmp")));
  }
  model_free(&m);
}

/* A run that was stopped early: snapshots that nobody took are not in the compacted file, and rows
 * that name a snapshot name the same one by its new number. */
static void compaction_drops_snapshots_that_never_were(void) {
  struct model m;
  const char *path = in_folder("stopped.h5");
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, path, 100, plain);
  model_write_rows(&m, store);
  model_write_snapshot(&m, store, 0);
  model_end(&m, store, LC_RUN_STOPPED);
  model_close(store);
  if (rank == 0) {
    struct lc_history h;
    enum lc_run_state was = LC_RUN_FAILED;
    check_ok(lc_store_recover(path, &was, &err), err); /* not exact yet: recover compacts it */
    check(was == LC_RUN_STOPPED);
    struct lc_store_info info = describe(path);
    check(info.state == LC_RUN_STOPPED && info.exact && info.ended && info.n_snapshot == 2);
    check(info.n_snapshot_done == 2);
    lc_store_info_free(&info);
    check_ok(lc_store_read(path, &h, &err), err);
    check(h.n_snapshot == 2 && h.t_snapshot[0] == m.t_snapshot[0] && h.t_snapshot[1] == m.t_end);
    for (int32_t v = 0; v < m.n_vm; v++)
      check(h.state[2 * v].n_event == model_state(&m, v, 0).n_event &&
            h.state[2 * v + 1].n_event == model_state(&m, v, MODEL_SNAPSHOTS - 1).n_event);
    int64_t seen[2] = {0};
    for (int64_t i = 0; i < h.n_left; i++)
      seen[h.left[i].snapshot]++;
    check(seen[0] > 0 && seen[1] == m.balance.queued + m.balance.in_flight);
    lc_history_free(&h);
    model_check_file(&m, path, ALL, 1, true);
  }
  model_free(&m);
}

/* ---- recovery -------------------------------------------------------------------------------- */

static void recover_and_check(const struct model *m, const char *path, enum lc_run_state state,
                              int64_t events, int32_t taken) {
  enum lc_run_state was = LC_RUN_COMPLETE;
  check_ok(lc_store_recover(path, &was, &err), err);
  check(was == state);
  struct lc_store_info info = describe(path);
  check(info.state == LC_RUN_RECOVERED && info.exact && !info.ended && !info.live);
  check(strstr(attribute(&info, "history"), "recovered"));
  check(info.rows[LC_QUEUE] == left_before(m, LC_FATE_QUEUED, taken));
  check(info.rows[LC_CHANNEL] == left_before(m, LC_FATE_IN_FLIGHT, taken));
  lc_store_info_free(&info);
  model_check_file(m, path, events, taken, false);
  uint64_t bytes = bytes_of(path);
  check_ok(lc_store_recover(path, &was, &err), err);
  check(was == LC_RUN_RECOVERED && bytes_of(path) == bytes);
}

static void check_rows(const char *path, int64_t queued, int64_t in_flight) {
  struct lc_store_info info = describe(path);
  check(info.rows[LC_QUEUE] == queued && info.rows[LC_CHANNEL] == in_flight);
  lc_store_info_free(&info);
}

/* A copy of the file at some moment is what a kill -9 of all ranks at that moment leaves. It has
 * the messages of a snapshot too that does not count yet: they are not read, and not recovered. */
static void recovery_after_a_kill(void) {
  struct model m;
  const char *path = in_folder("killed.h5");
  const char *copy[] = {in_folder("killed-0.h5"), in_folder("killed-9.h5"),
                        in_folder("killed-a.h5")};
  static const int64_t events[] = {0, 9, ALL};
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, path, 100, plain);
  for (int i = 0; i < 3; i++) {
    model_add(&m, store, i ? events[i - 1] : 0, events[i] < 400 ? events[i] : 400);
    check_ok(lc_store_commit(store, &err), err);
    if (i > 0)
      model_write_states(&m, store, i - 1);
    model_write_left(&m, store, i);
    barrier();
    if (rank == 0)
      copy_file(path, copy[i], INT64_MAX);
    barrier();
  }
  model_close(store);
  for (int i = 0; i < 3; i++)
    if (rank == i % n_rank) {
      check_rows(copy[i], left_before(&m, LC_FATE_QUEUED, i + 1),
                 left_before(&m, LC_FATE_IN_FLIGHT, i + 1));
      model_check_file(&m, copy[i], events[i], i, false);
      recover_and_check(&m, copy[i], LC_RUN_RUNNING, events[i], i);
    }
  model_free(&m);
}

/* Closed in order, but the end was never written, or the run failed. */
static void recovery_without_an_end(void) {
  struct model m;
  const char *open = in_folder("open.h5"), *failed = in_folder("failed.h5");
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, open, 100, plain);
  model_write_rows(&m, store);
  model_close(store);
  store = model_create(&m, failed, 100, plain);
  model_write_rows(&m, store);
  check_ok(lc_store_end(store, LC_RUN_FAILED, m.t_end, &m.balance, &model_digest, &err), err);
  model_close(store);
  if (rank == 0) {
    struct lc_store_info info = describe(failed);
    check(info.state == LC_RUN_FAILED && !info.ended);
    lc_store_info_free(&info);
  }
  barrier();
  if (rank == 0)
    recover_and_check(&m, open, LC_RUN_RUNNING, ALL, 0);
  if (rank == n_rank - 1)
    recover_and_check(&m, failed, LC_RUN_FAILED, ALL, 0);
  model_free(&m);
}

/* All ranks but one have written their final state when the mark was written: no end. */
static void an_end_needs_all_ranks(void) {
  struct model m;
  const char *path = in_folder("half.h5");
  model_init(&m, 0);
  struct lc_store *store = model_create(&m, path, 100, plain);
  model_write_rows(&m, store);
  if (rank != n_rank - 1)
    model_write_snapshot(&m, store, MODEL_SNAPSHOTS - 1);
  barrier();
  check_ok(lc_store_end(store, LC_RUN_COMPLETE, m.t_end, &m.balance, &model_digest, &err), err);
  model_close(store);
  if (rank == 0) {
    struct lc_store_info info = describe(path);
    check(info.state == LC_RUN_COMPLETE && !info.ended);
    lc_store_info_free(&info);
  }
  model_free(&m);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void plans_are_counted(void) {
  struct model m;
  int64_t rows[] = {1000, 1000}, many[] = {INT64_MAX / 2, INT64_MAX / 2}, none[] = {0, 0};
  model_init(&m, 0);
  struct lc_store_plan plan = {.n_vm = m.n_vm,
                               .n_rank = 2,
                               .clocks = &m.clocks,
                               .rows = {rows, rows, none, none},
                               .n_snapshot = 1};
  int64_t bytes = lc_store_plan_bytes(&plan), stamps = 8 * m.clocks.stamp_words;
  check(bytes > 2000 * (stamps + 60) && bytes < 2000 * (stamps + 150) + m.n_vm * (stamps + 200));
  plan.n_snapshot = 101;
  check(lc_store_plan_bytes(&plan) > bytes + m.n_vm * 100 * stamps);
  plan.rows[LC_EVENTS] = many;
  check(lc_store_plan_bytes(&plan) == INT64_MAX);
  model_free(&m);
}

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  run(what_is_written_is_read);
  run(durable_is_the_same);
  run(a_live_file_has_what_was_committed);
  run(looking_is_not_writing);
  run(growth);
  run(compaction);
  run(compaction_drops_snapshots_that_never_were);
  run(recovery_after_a_kill);
  run(recovery_without_an_end);
  run(an_end_needs_all_ranks);
  run(plans_are_counted);
  return end_ranks();
}
