/* The open file of a running rank. Rows are gathered in memory, column by column; a commit writes each
 * column with one independent transfer into the rank's own region, the column `kind` last, then moves
 * the rank's counters. No call here changes the file's structure or waits for another rank. */
#include "store_internal.h"

#include "../transport/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_COLUMNS = 16 };

/* This rank's part of one table. */
struct part {
  const struct table *table;
  hid_t column[MAX_COLUMNS], stamp[LC_MAX_CLOCKS], counter;
  int64_t first, room;    /* the region */
  int64_t n_written;      /* rows on file */
  int64_t n_added;        /* rows in memory */
  size_t capacity;        /* of `records` and `stamps` */
  char *records;          /* n_added records */
  size_t stamp_capacity;
  int64_t *stamps; /* n_added * stamp_words */
};

struct lc_store {
  char *path;
  struct lc_transport *transport;
  const struct lc_clock_set *clocks;
  struct lc_store_options options;
  struct layout layout;
  int32_t first_vm, n_vm; /* this rank's block */
  struct h5 h;
  int lock_fd;
  struct part part[LC_N_TABLE];
  hid_t state[MAX_COLUMNS], state_stamp[LC_MAX_CLOCKS], n_snapshots, n_final;
  void *scratch; /* one column on its way to the file */
  size_t scratch_bytes;
};

/* ---- opening and closing ------------------------------------------------------------------------ */

static hid_t open_column(struct lc_store *s, const char *path) {
  if (s->h.failed)
    return -1;
  hid_t dataset = H5Dopen2(s->h.file, path, H5P_DEFAULT);
  h5_ok(&s->h, dataset, "open", path);
  return dataset;
}

static void open_part(struct lc_store *s, int t) {
  char path[PATH_BYTES];
  struct part *p = &s->part[t];
  p->table = &lc_tables[t];
  lc_assert(p->table->n_column <= MAX_COLUMNS);
  for (int i = 0; i < p->table->n_column; i++)
    if (!p->table->column[i].filled_later)
      p->column[i] =
          open_column(s, column_path(path, p->table->group, p->table->column[i].name));
  for (int32_t c = 0; c < s->clocks->n && p->table->stamped; c++)
    p->stamp[c] = open_column(s, stamp_path(path, p->table->group, s->clocks->clock[c]->name));
  p->counter = open_column(s, column_path(path, "/commit", p->table->n_rows));
  int32_t rank = lc_transport_rank(s->transport);
  p->first = s->layout.first[t][rank];
  p->room = s->layout.rows[t][rank];
}

static void open_all(struct lc_store *s) {
  char path[PATH_BYTES];
  for (int t = 0; t < LC_N_TABLE; t++)
    open_part(s, t);
  for (int i = 0; i < lc_n_state_column; i++)
    s->state[i] = open_column(s, column_path(path, "/snapshots", lc_state_columns[i].name));
  for (int32_t c = 0; c < s->clocks->n; c++)
    s->state_stamp[c] = open_column(s, stamp_path(path, "/snapshots", s->clocks->clock[c]->name));
  s->n_snapshots = open_column(s, "/commit/n_snapshots");
  s->n_final = open_column(s, "/commit/n_final");
}

/* Every rank must look at the file that rank 0 made, not at another of the same name. */
static lc_status check_same_file(struct lc_store *s, struct lc_error *err) {
  struct stat file;
  int64_t mine[2] = {-1, -1}, theirs[2];
  if (stat(s->path, &file) == 0) {
    mine[0] = (int64_t)file.st_ino;
    mine[1] = (int64_t)file.st_size;
  }
  memcpy(theirs, mine, sizeof theirs);
  lc_broadcast(s->transport, theirs, sizeof theirs);
  lc_status status = LC_OK;
  if (memcmp(mine, theirs, sizeof mine) != 0)
    status = lc_fail(err, LC_EFILE,
                     "%s: rank %d does not see the file that rank 0 created: choose a folder that "
                     "all hosts share",
                     s->path, lc_transport_rank(s->transport));
  return lc_agree(s->transport, status, err);
}

static void open_parallel(struct lc_store *s) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_fapl_mpio(access, s->transport->files, MPI_INFO_NULL);
  s->h = (struct h5){.path = s->path, .file = H5Fopen(s->path, H5F_ACC_RDWR, access)};
  h5_ok(&s->h, s->h.file, "open", "");
  H5Pclose(access);
  if (!s->h.failed)
    open_all(s);
}

/* Collective: the file as it stands under its name now. */
static lc_status open_store(struct lc_store *s, struct lc_error *err) {
  lc_status status = place_hold(s->path, &s->lock_fd, err);
  status = lc_agree(s->transport, status, err);
  if (!status)
    status = check_same_file(s, err);
  if (status)
    return status;
  open_parallel(s);
  return lc_agree(s->transport, h5_status(&s->h, err), err);
}

static void find_block(struct lc_store *s, const struct lc_store_plan *plan) {
  int32_t rank = lc_transport_rank(s->transport);
  for (int32_t v = 0; v < plan->n_vm; v++) {
    if (plan->vm[v].rank != rank)
      continue;
    if (!s->n_vm)
      s->first_vm = v;
    s->n_vm++;
  }
}

lc_status lc_store_create(struct lc_store **out, const char *path,
                          const struct lc_store_plan *plan, struct lc_store_options options,
                          struct lc_transport *transport, struct lc_error *err) {
  h5_quiet();
  struct lc_store *s = lc_new(1, sizeof *s, "the store");
  s->path = lc_format("%s", path);
  s->transport = transport;
  s->clocks = plan->clocks;
  s->options = options;
  s->lock_fd = -1;
  s->h.file = -1;
  layout_from_plan(&s->layout, plan);
  find_block(s, plan);
  lc_status status = LC_OK;
  if (lc_transport_rank(transport) == 0)
    status = create_file(path, plan, &s->layout, options.force, err);
  status = lc_agree(transport, status, err);
  if (!status)
    status = open_store(s, err);
  *out = s;
  if (status) {
    struct lc_error ignored;
    lc_store_close(s, true, &ignored);
    *out = NULL;
  }
  return status;
}

static void close_columns(struct lc_store *s) {
  for (int t = 0; t < LC_N_TABLE; t++) {
    struct part *p = &s->part[t];
    for (int i = 0; i < p->table->n_column; i++)
      if (!p->table->column[i].filled_later)
        H5Dclose(p->column[i]);
    for (int32_t c = 0; c < s->clocks->n && p->table->stamped; c++)
      H5Dclose(p->stamp[c]);
    H5Dclose(p->counter);
  }
  for (int i = 0; i < lc_n_state_column; i++)
    H5Dclose(s->state[i]);
  for (int32_t c = 0; c < s->clocks->n; c++)
    H5Dclose(s->state_stamp[c]);
  H5Dclose(s->n_snapshots);
  H5Dclose(s->n_final);
}

/* Closes what is open in HDF5; nothing is dirty, since only raw data was written. */
static lc_status close_parallel(struct lc_store *s, struct lc_error *err) {
  bool failed = s->h.failed;
  close_columns(s);
  herr_t code = H5Fclose(s->h.file);
  s->h.file = -1;
  if (code < 0 && !failed)
    h5_ok(&s->h, code, "close", "");
  if (s->options.durable && fsync(s->lock_fd) != 0 && !s->h.failed)
    return lc_fail(err, LC_EFILE, "%s: cannot be brought to disk: %s", s->path, strerror(errno));
  return h5_status(&s->h, err);
}

lc_status lc_store_close(struct lc_store *s, bool lost, struct lc_error *err) {
  lc_status status = LC_OK;
  if (!lost && s->h.file >= 0)
    status = close_parallel(s, err);
  if (s->lock_fd >= 0)
    close(s->lock_fd);
  for (int t = 0; t < LC_N_TABLE; t++) {
    free(s->part[t].records);
    free(s->part[t].stamps);
  }
  layout_free(&s->layout);
  free(s->scratch);
  free(s->path);
  free(s);
  return status;
}

/* ---- rows --------------------------------------------------------------------------------------- */

static void add(struct part *p, const void *record) {
  size_t bytes = p->table->record_bytes;
  lc_grow((void **)&p->records, &p->capacity, (size_t)p->n_added + 1, bytes, "the log");
  memcpy(p->records + (size_t)p->n_added * bytes, record, bytes);
  p->n_added++;
}

void lc_store_event(struct lc_store *s, const struct lc_event *event, const int64_t *stamps) {
  struct part *p = &s->part[LC_EVENTS];
  size_t words = (size_t)s->clocks->stamp_words;
  lc_grow((void **)&p->stamps, &p->stamp_capacity, ((size_t)p->n_added + 1) * words,
          sizeof *p->stamps, "the log's stamps");
  memcpy(p->stamps + (size_t)p->n_added * words, stamps, words * sizeof *stamps);
  add(p, event);
}

void lc_store_sent(struct lc_store *s, const struct lc_sent *sent) {
  add(&s->part[LC_MESSAGES], sent);
}

void lc_store_left(struct lc_store *s, const struct lc_left *left) {
  add(&s->part[left->fate == LC_FATE_QUEUED ? LC_QUEUE : LC_CHANNEL], left);
}

int64_t lc_store_pending(const struct lc_store *s) {
  int64_t n = 0;
  for (int t = 0; t < LC_N_TABLE; t++)
    n += s->part[t].n_added;
  return n;
}

bool lc_store_wants_room(const struct lc_store *s) {
  for (int t = 0; t < LC_N_TABLE; t++) {
    const struct part *p = &s->part[t];
    if (p->n_written + p->n_added > p->room - p->room / 8)
      return true;
  }
  return false;
}

/* Rows of a part that a commit writes now. */
static int64_t fitting(const struct part *p) {
  int64_t space = p->room - p->n_written;
  return p->n_added < space ? p->n_added : space;
}

static void *scratch(struct lc_store *s, size_t bytes) {
  lc_grow(&s->scratch, &s->scratch_bytes, bytes, 1, "a column of the log");
  return s->scratch;
}

static void write_stamps(struct lc_store *s, struct part *p, int64_t n) {
  size_t all = (size_t)s->clocks->stamp_words;
  for (int32_t c = 0; c < s->clocks->n; c++) {
    size_t words = (size_t)s->clocks->stamp_width[c];
    int64_t *values = scratch(s, (size_t)n * words * sizeof *values);
    for (int64_t i = 0; i < n; i++)
      memcpy(values + (size_t)i * words,
             p->stamps + (size_t)i * all + (size_t)s->clocks->stamp_at[c], words * sizeof *values);
    h5_transfer(&s->h, true, p->stamp[c], H5T_NATIVE_INT64, (hsize_t)(p->first + p->n_written),
                (hsize_t)n, values, s->clocks->clock[c]->name);
  }
}

static void write_data(struct lc_store *s, struct part *p) {
  int64_t n = fitting(p);
  if (!n)
    return;
  if (p->table->stamped)
    write_stamps(s, p, n);
  for (int i = 0; i < p->table->n_column; i++) {
    const struct column *column = &p->table->column[i];
    if (column->filled_later)
      continue;
    void *values = scratch(s, (size_t)n * column_bytes(column->type));
    column_gather(column, p->records, p->table->record_bytes, n, values);
    h5_transfer(&s->h, true, p->column[i], memory_type(column->type),
                (hsize_t)(p->first + p->n_written), (hsize_t)n, values, column->name);
  }
}

static void write_counter(struct lc_store *s, hid_t counter, int64_t value, const char *name) {
  h5_transfer(&s->h, true, counter, H5T_NATIVE_INT64, (hsize_t)lc_transport_rank(s->transport), 1,
              &value, name);
}

static void move_counter(struct lc_store *s, struct part *p) {
  int64_t n = fitting(p);
  if (!n)
    return;
  write_counter(s, p->counter, p->n_written + n, p->table->n_rows);
  if (s->h.failed)
    return;
  p->n_written += n;
  p->n_added -= n;
  memmove(p->records, p->records + (size_t)n * p->table->record_bytes,
          (size_t)p->n_added * p->table->record_bytes);
  if (p->table->stamped) {
    size_t words = (size_t)s->clocks->stamp_words;
    memmove(p->stamps, p->stamps + (size_t)n * words,
            (size_t)p->n_added * words * sizeof *p->stamps);
  }
}

static void sync_if_durable(struct lc_store *s) {
  if (s->options.durable && !s->h.failed && fsync(s->lock_fd) != 0) {
    s->h.failed = true;
    lc_fail(&s->h.error, LC_EFILE, "%s: cannot be brought to disk: %s", s->path, strerror(errno));
  }
}

/* A message is on file before the event that sent it, so that no committed send lacks its rows. */
static const int commit_order[LC_N_TABLE] = {LC_MESSAGES, LC_EVENTS, LC_QUEUE, LC_CHANNEL};

lc_status lc_store_commit(struct lc_store *s, struct lc_error *err) {
  for (int i = 0; i < LC_N_TABLE; i++)
    write_data(s, &s->part[commit_order[i]]);
  sync_if_durable(s);
  for (int i = 0; i < LC_N_TABLE; i++)
    move_counter(s, &s->part[commit_order[i]]);
  return h5_status(&s->h, err);
}

/* ---- growth ------------------------------------------------------------------------------------- */

/* Twice the room of every table that is nearly full, and enough for what waits in memory. */
static void ask_for_room(struct lc_store *s) {
  int64_t wanted[LC_N_TABLE];
  for (int t = 0; t < LC_N_TABLE; t++) {
    const struct part *p = &s->part[t];
    wanted[t] = p->room;
    if (p->n_written + p->n_added > p->room - p->room / 8)
      wanted[t] = 2 * (p->room > p->n_written + p->n_added ? p->room : p->n_written + p->n_added);
  }
  size_t ranks = (size_t)s->layout.n_rank;
  int64_t *all = lc_new(ranks * LC_N_TABLE, sizeof *all, "growing the file");
  lc_gather_all(s->transport, wanted, sizeof wanted, all);
  for (size_t r = 0; r < ranks; r++)
    for (int t = 0; t < LC_N_TABLE; t++)
      s->layout.rows[t][r] = all[r * LC_N_TABLE + (size_t)t];
  free(all);
  layout_place(&s->layout, LC_REGION_ROWS);
}

lc_status lc_store_grow(struct lc_store *s, struct lc_error *err) {
  lc_status status = lc_agree(s->transport, h5_status(&s->h, err), err);
  if (status)
    return status;
  ask_for_room(s);
  status = close_parallel(s, err);
  if (!status && lc_transport_rank(s->transport) == 0)
    status = rewrite_file(s->path, s->layout.rows, 0, "laid out again with more room", err);
  status = lc_agree(s->transport, status, err);
  close(s->lock_fd);
  s->lock_fd = -1;
  return status ? status : open_store(s, err);
}

/* ---- states, totals, the end --------------------------------------------------------------------- */

static void write_state_column(struct lc_store *s, int i, int32_t index,
                               const struct lc_state *state) {
  const struct column *column = &lc_state_columns[i];
  hsize_t start[3] = {(hsize_t)s->first_vm, (hsize_t)index, 0};
  hsize_t count[3] = {(hsize_t)s->n_vm, 1, 1};
  void *values = scratch(s, (size_t)s->n_vm * column_bytes(column->type));
  column_gather(column, state, sizeof *state, s->n_vm, values);
  h5_transfer_block(&s->h, true, s->state[i], memory_type(column->type), start, count, values,
                    column->name);
}

static int64_t *stamps_of_clock(struct lc_store *s, int32_t c, const int64_t *stamps) {
  size_t words = (size_t)s->clocks->stamp_width[c], all = (size_t)s->clocks->stamp_words;
  int64_t *values = scratch(s, (size_t)s->n_vm * words * sizeof *values);
  for (size_t i = 0; i < (size_t)s->n_vm; i++)
    memcpy(values + i * words, stamps + i * all + (size_t)s->clocks->stamp_at[c],
           words * sizeof *values);
  return values;
}

lc_status lc_store_states(struct lc_store *s, int32_t index, const struct lc_state *state,
                          const int64_t *stamps, struct lc_error *err) {
  for (int32_t c = 0; c < s->clocks->n; c++) {
    hsize_t start[3] = {(hsize_t)s->first_vm, (hsize_t)index, 0};
    hsize_t count[3] = {(hsize_t)s->n_vm, 1, (hsize_t)s->clocks->stamp_width[c]};
    h5_transfer_block(&s->h, true, s->state_stamp[c], H5T_NATIVE_INT64, start, count,
                      stamps_of_clock(s, c, stamps), "stamps of a snapshot");
  }
  for (int i = 0; i < lc_n_state_column; i++)
    write_state_column(s, i, index, state);
  sync_if_durable(s);
  if (index == s->layout.n_snapshot - 1)
    write_counter(s, s->n_final, 1, "n_final");
  else
    write_counter(s, s->n_snapshots, index + 1, "n_snapshots");
  return h5_status(&s->h, err);
}

/* Opens and writes this rank's rows of one of the root's columns, which are used once only. */
static void write_total(struct lc_store *s, const char *path, hid_t type, const void *values) {
  h5_write_rows(&s->h, path, type, (hsize_t)s->first_vm, (hsize_t)s->n_vm, values);
}

static void write_counts(struct lc_store *s, const struct lc_vm_totals *totals) {
  static const struct {
    const char *path;
    size_t offset;
  } list[] = {
      {"/n_tick", offsetof(struct lc_vm_totals, n_tick)},
      {"/n_event", offsetof(struct lc_vm_totals, n_event)},
      {"/n_internal", offsetof(struct lc_vm_totals, n_internal)},
      {"/n_sent", offsetof(struct lc_vm_totals, n_sent)},
      {"/n_received", offsetof(struct lc_vm_totals, n_received)},
      {"/n_queued", offsetof(struct lc_vm_totals, n_queued)},
      {"/lateness_max", offsetof(struct lc_vm_totals, lateness_max_ns)},
      {"/lateness_mean", offsetof(struct lc_vm_totals, lateness_mean_ns)},
  };
  int64_t *values = lc_new((size_t)s->n_vm, sizeof *values, "the totals");
  for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
    for (int32_t i = 0; i < s->n_vm; i++)
      memcpy(&values[i], (const char *)&totals[i] + list[k].offset, sizeof *values);
    write_total(s, list[k].path, H5T_NATIVE_INT64, values);
  }
  free(values);
}

static void write_jumps(struct lc_store *s, int32_t c, const struct lc_vm_totals *totals,
                        const struct lc_jumps *jumps) {
  char path[PATH_BYTES];
  size_t n = (size_t)s->n_vm;
  int64_t *largest = lc_new(n, sizeof *largest, "the totals");
  double *mean = lc_new(n, sizeof *mean, "the totals");
  for (size_t i = 0; i < n; i++) {
    const struct lc_jumps *jump = &jumps[i * (size_t)s->clocks->n + (size_t)c];
    largest[i] = jump->largest;
    mean[i] = totals[i].n_event ? (double)jump->sum / (double)totals[i].n_event : 0;
  }
  snprintf(path, sizeof path, "/%s_jump_max", s->clocks->clock[c]->name);
  write_total(s, path, H5T_NATIVE_INT64, largest);
  snprintf(path, sizeof path, "/%s_jump_mean", s->clocks->clock[c]->name);
  write_total(s, path, H5T_NATIVE_DOUBLE, mean);
  free(largest);
  free(mean);
}

lc_status lc_store_totals(struct lc_store *s, const struct lc_vm_totals *totals,
                          const int64_t *stamps, const struct lc_jumps *jumps,
                          struct lc_error *err) {
  char path[PATH_BYTES];
  write_counts(s, totals);
  for (int32_t c = 0; c < s->clocks->n; c++) {
    snprintf(path, sizeof path, "/final_%s", s->clocks->clock[c]->name);
    write_total(s, path, H5T_NATIVE_INT64, stamps_of_clock(s, c, stamps));
    if (s->clocks->clock[c]->value)
      write_jumps(s, c, totals, jumps);
  }
  return h5_status(&s->h, err);
}

lc_status lc_store_end(struct lc_store *s, enum lc_run_state state, int64_t t_end,
                       const struct lc_balance *balance, struct lc_error *err) {
  if (lc_transport_rank(s->transport) != 0)
    return LC_OK;
  uint8_t byte = (uint8_t)state;
  const int64_t words[5] = {balance->sent, balance->received, balance->queued, balance->in_flight,
                            balance->lost};
  char path[PATH_BYTES];
  if (state == LC_RUN_FAILED) /* the disk may have taken this much: it needs no new space */
    s->h.failed = false;
  for (int i = 0; i < 5; i++)
    h5_write_all(&s->h, column_path(path, "/balance", balance_names[i]), H5T_NATIVE_INT64,
                 &words[i]);
  if (state != LC_RUN_FAILED) {
    hsize_t last = (hsize_t)s->layout.n_snapshot - 1;
    h5_write_rows(&s->h, "/snapshots/t", H5T_NATIVE_INT64, last, 1, &t_end);
  }
  h5_write_all(&s->h, "/commit/t_end", H5T_NATIVE_INT64, &t_end);
  sync_if_durable(s);
  h5_write_all(&s->h, "/commit/state", H5T_NATIVE_UINT8, &byte);
  return h5_status(&s->h, err);
}
