/* Reads a file back: the history of a run for the verifier, and what `lcmpi info` says. Only rows
 * that the commit counters cover are looked at, so a live or crashed file reads like a finished
 * one. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if every table has its rows and no room behind them: the file was compacted. */
static bool is_exact(const struct layout *layout) {
  bool exact = true;
  for (int t = 0; t < LC_N_TABLE; t++)
    exact &= committed_rows(layout, t) == layout->total[t];
  return exact;
}

/* All committed rows of one table as records. */
static void *read_table(struct h5 *h, const struct layout *layout, int t) {
  const struct table *table = &lc_tables[t];
  int64_t n = committed_rows(layout, t);
  char path[PATH_BYTES];
  void *records = lc_new((size_t)n, table->record_bytes, "reading a file");
  void *values = lc_new((size_t)n, sizeof(int64_t), "reading a file");
  for (int i = 0; i < table->n_column; i++) {
    const struct column *column = &table->column[i];
    if (column->filled_later && !is_exact(layout))
      continue;
    read_regions(h, layout, t, column_path(path, table->group, column->name),
                 memory_type(column->type), column_bytes(column->type), values);
    column_scatter(column, values, n, records, table->record_bytes);
  }
  free(values);
  return records;
}

/* [n_vm]: all of them where the format does not know otherwise. */
static uint8_t *read_logged(const struct layout *layout, struct h5 *h) {
  uint8_t *logged = lc_new((size_t)layout->n_vm, sizeof *logged, "reading a file");
  memset(logged, 1, (size_t)layout->n_vm);
  if (layout_has(layout, VIRTUAL_SINCE))
    h5_read_all(h, "/logged", H5T_NATIVE_UINT8, logged);
  return logged;
}

static void read_machines(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  size_t n = (size_t)history->n_vm;
  int64_t *p = lc_new(n, sizeof *p, "reading a file"), *q = lc_new(n, sizeof *q, "reading a file");
  int64_t *phase = lc_new(n, sizeof *phase, "reading a file");
  uint8_t *logged = read_logged(layout, h);
  h5_read_all(h, "/tick_rate_p", H5T_NATIVE_INT64, p);
  h5_read_all(h, "/tick_rate_q", H5T_NATIVE_INT64, q);
  h5_read_all(h, "/phase", H5T_NATIVE_INT64, phase);
  history->machine = lc_new(n, sizeof *history->machine, "reading a file");
  for (size_t i = 0; i < n && !h->failed; i++) {
    history->machine[i].rate = (struct lc_rate){p[i], q[i]};
    history->machine[i].phase_ns = phase[i];
    history->machine[i].logged = logged[i] != 0;
    if (p[i] >= 1 && q[i] >= 1)
      continue;
    h->failed = true;
    lc_fail(&h->error, LC_EFILE, "%s: VM %zu has no tick rate", h->path, i);
  }
  free(p);
  free(q);
  free(phase);
  free(logged);
}

static void read_states(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  size_t n = (size_t)layout->n_vm * (size_t)layout->n_snapshot;
  history->n_snapshot = layout->n_snapshot;
  history->t_snapshot = lc_new((size_t)layout->n_snapshot, sizeof(int64_t), "reading a file");
  h5_read_all(h, "/snapshots/t", H5T_NATIVE_INT64, history->t_snapshot);
  history->state = lc_new(n, sizeof *history->state, "reading a file");
  void *values = lc_new(n, sizeof(int64_t), "reading a file");
  for (int i = 0; i < lc_n_state_column; i++) {
    const struct column *column = &lc_state_columns[i];
    if (!layout_has(layout, column->since))
      continue;
    h5_read_all(h, column_path(path, "/snapshots", column->name), memory_type(column->type),
                values);
    column_scatter(column, values, (int64_t)n, history->state, sizeof *history->state);
  }
  read_valid(h, layout, values);
  for (size_t i = 0; i < n; i++)
    history->state[i].valid = ((uint8_t *)values)[i];
  free(values);
}

static void read_clocks(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  size_t states = (size_t)layout->n_vm * (size_t)layout->n_snapshot;
  for (int32_t c = 0; c < layout->n_clock; c++) {
    const struct file_clock *from = &layout->clock[c];
    struct lc_history_clock *to = &history->clock[history->n_clock++];
    size_t words = (size_t)from->words;
    memcpy(to->name, from->name, sizeof to->name);
    to->order = from->order;
    to->characterizes = from->characterizes;
    to->words = from->words;
    to->stamp = lc_new((size_t)history->n_event * words, sizeof(int64_t), "reading stamps");
    read_regions(h, layout, LC_EVENTS, stamp_path(path, "/events", from->name), H5T_NATIVE_INT64,
                 words * sizeof(int64_t), to->stamp);
    to->state_stamp = lc_new(states * words, sizeof(int64_t), "reading stamps");
    h5_read_all(h, stamp_path(path, "/snapshots", from->name), H5T_NATIVE_INT64, to->state_stamp);
  }
}

static void *read_root(struct h5 *h, const char *path, hid_t type, size_t n) {
  void *values = lc_new(n, sizeof(int64_t), "reading a file");
  h5_read_all(h, path, type, values);
  return values;
}

static void read_totals(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  size_t n = (size_t)layout->n_vm;
  history->totals = lc_new(n, sizeof *history->totals, "reading a file");
  history->longest_known = layout_has(layout, VIRTUAL_SINCE);
  for (int k = 0; k < n_vm_constant; k++) {
    if (vm_constants[k].total < 0 || !layout_has(layout, vm_constants[k].since))
      continue;
    int64_t *values =
        read_root(h, column_path(path, "/", vm_constants[k].name), H5T_NATIVE_INT64, n);
    for (size_t i = 0; i < n; i++)
      memcpy((char *)&history->totals[i] + vm_constants[k].total, &values[i], sizeof *values);
    free(values);
  }
  for (int32_t c = 0; c < layout->n_clock; c++) {
    const struct file_clock *from = &layout->clock[c];
    struct lc_history_clock *to = &history->clock[c];
    snprintf(path, sizeof path, "/final_%s", from->name);
    to->final_stamp = read_root(h, path, H5T_NATIVE_INT64, n * (size_t)from->words);
    if (!from->has_value)
      continue;
    snprintf(path, sizeof path, "/%s_jump_max", from->name);
    to->jump_max = read_root(h, path, H5T_NATIVE_INT64, n);
    snprintf(path, sizeof path, "/%s_jump_mean", from->name);
    to->jump_mean = read_root(h, path, H5T_NATIVE_DOUBLE, n);
  }
}

static void read_digest(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  struct lc_digest *digest = &history->digest;
  h5_read_one(h, digest_path(path, 0, NULL), H5T_NATIVE_UINT64, &digest->execution);
  h5_read_one(h, digest_path(path, 1, NULL), H5T_NATIVE_UINT64, &digest->snapshots);
  for (int32_t c = 0; c < layout->n_clock; c++)
    h5_read_one(h, digest_path(path, 2, layout->clock[c].name), H5T_NATIVE_UINT64,
                &digest->clock[c]);
  history->digested = true;
}

static bool option_is(const char *options, const char *line) {
  const char *at = options ? strstr(options, line) : NULL;
  return at && (at == options || at[-1] == '\n') && (at[strlen(line)] == '\n' || !at[strlen(line)]);
}

/* The VMs of one copy. */
static int32_t read_copy(const struct layout *layout, struct h5 *h) {
  int64_t replicas = h5_get_int(h, "/", "n_replica", 1);
  bool whole = replicas >= 1 && replicas <= layout->n_vm && layout->n_vm % replicas == 0;
  return whole ? (int32_t)(layout->n_vm / replicas) : layout->n_vm;
}

static enum lc_tick_rule read_rule(struct h5 *h) {
  char *rule = h5_get_text(h, "/", "tick_rule");
  bool then_act = rule && strcmp(rule, lc_tick_rules[LC_RECEIVE_THEN_ACT]) == 0;
  free(rule);
  return then_act ? LC_RECEIVE_THEN_ACT : LC_RECEIVE_OR_ACT;
}

static void read_method(struct lc_history *history, struct h5 *h) {
  char *method = h5_get_text(h, "/", "snapshot_method");
  snprintf(history->method, sizeof history->method, "%s", method ? method : "");
  free(method);
}

/* What kind of a run it was. */
static void read_kind(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char *pace = h5_get_text(h, "/", "pace"), *options = h5_get_text(h, "/", "options");
  history->n_copy = read_copy(layout, h);
  history->server.served = option_is(options, "route = server");
  history->server.by_timestamp = !option_is(options, "server-order = arrival");
  history->exact_time = pace && strcmp(pace, "virtual") == 0 && !history->server.served;
  history->fifo = !option_is(options, "fifo = off");
  history->rule = read_rule(h);
  history->receive_until_ns = h5_get_int(h, "/", "receive_until_ns", 0);
  read_method(history, h);
  free(pace);
  free(options);
}

static void read_server(struct lc_history_server *server, const struct layout *layout,
                        struct h5 *h) {
  server->known = true;
  server->clock = h5_read_scalar(h, "/server/clock");
  server->n_refresh = h5_read_scalar(h, "/server/n_refresh");
  server->n_submit = h5_read_scalar(h, "/server/n_submit");
  server->n_report = h5_read_scalar(h, "/server/n_report");
  server->n_skipped = lc_new((size_t)layout->n_vm, sizeof *server->n_skipped, "reading a file");
  h5_read_rows(h, "/server/n_skipped", H5T_NATIVE_INT64, 0, (hsize_t)layout->n_vm,
               server->n_skipped);
}

/* The rows of one table of messages that cross a cut, behind those that are there. */
static void append_left(struct lc_history *history, const struct layout *layout, struct h5 *h,
                        int t) {
  char path[PATH_BYTES];
  int64_t *rows = lc_new((size_t)layout->n_rank, sizeof *rows, "reading a file");
  int64_t *counted = counted_rows(h, layout, t, rows), n = 0, before = history->n_left;
  for (int32_t r = 0; r < layout->n_rank; r++)
    n += rows[r];
  struct lc_left *all = read_table(h, layout, t);
  permute(counted, n, sizeof *all, all, history->left + before);
  for (int32_t c = 0; c < history->n_clock && history->cuts; c++) {
    size_t bytes = (size_t)history->clock[c].words * sizeof(int64_t);
    int64_t *stamp = lc_new((size_t)committed_rows(layout, t), bytes, "reading stamps");
    read_regions(h, layout, t, stamp_path(path, lc_tables[t].group, history->clock[c].name),
                 H5T_NATIVE_INT64, bytes, stamp);
    permute(counted, n, bytes, stamp,
            history->clock[c].left_stamp + before * history->clock[c].words);
    free(stamp);
  }
  history->n_left += n;
  free(all);
  free(counted);
  free(rows);
}

static void read_left(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  size_t most = (size_t)(committed_rows(layout, LC_QUEUE) + committed_rows(layout, LC_CHANNEL));
  history->cuts = layout_has(layout, CUTS_SINCE);
  history->left = lc_new(most, sizeof *history->left, "reading a file");
  for (int32_t c = 0; c < history->n_clock && history->cuts; c++)
    history->clock[c].left_stamp =
        lc_new(most, (size_t)history->clock[c].words * sizeof(int64_t), "reading stamps");
  append_left(history, layout, h, LC_QUEUE);
  append_left(history, layout, h, LC_CHANNEL);
}

static uint64_t digest_before(const struct layout *layout, const uint64_t *part, int32_t snapshot) {
  uint64_t sum = 0;
  for (int32_t r = 0; r < layout->n_rank; r++)
    sum += part[(int64_t)r * layout->n_snapshot + snapshot];
  return sum;
}

static void read_cut_digests(struct lc_history *history, const struct layout *layout,
                             struct h5 *h) {
  char path[PATH_BYTES];
  size_t n = (size_t)layout->n_snapshot;
  uint64_t *part = lc_new(n * (size_t)layout->n_rank, sizeof *part, "reading a file");
  history->cut_digest = lc_new(n, sizeof *history->cut_digest, "reading a file");
  for (int32_t i = 0; i < 2 + layout->n_clock; i++) {
    cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : layout->clock[i - 2].name);
    h5_read_all(h, path, H5T_NATIVE_UINT64, part);
    for (int32_t s = 0; s < layout->n_snapshot; s++) {
      struct lc_digest *digest = &history->cut_digest[s];
      *(i == 0   ? &digest->execution
        : i == 1 ? &digest->snapshots
                 : &digest->clock[i - 2]) = digest_before(layout, part, s);
    }
  }
  free(part);
}

static void read_jumps(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  size_t n = (size_t)layout->n_vm * (size_t)layout->n_snapshot;
  for (int32_t c = 0; c < layout->n_clock; c++)
    if (layout->clock[c].has_value)
      history->clock[c].state_jump =
          read_root(h, state_jump_path(path, layout->clock[c].name), H5T_NATIVE_INT64, n);
}

static void read_balance(struct lc_balance *balance, struct h5 *h) {
  int64_t *const words[5] = {&balance->sent, &balance->received, &balance->queued,
                             &balance->in_flight, &balance->lost};
  char path[PATH_BYTES];
  for (int i = 0; i < 5; i++)
    *words[i] = h5_read_scalar(h, column_path(path, "/balance", balance_names[i]));
}

void read_history(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  *history = (struct lc_history){.n_vm = layout->n_vm};
  read_kind(history, layout, h);
  read_machines(history, layout, h);
  history->n_event = committed_rows(layout, LC_EVENTS);
  history->event = read_table(h, layout, LC_EVENTS);
  history->n_sent = committed_rows(layout, LC_MESSAGES);
  history->sent = read_table(h, layout, LC_MESSAGES);
  history->joined = is_exact(layout);
  read_clocks(history, layout, h);
  read_states(history, layout, h);
  read_left(history, layout, h);
  history->n_taken = whole_snapshots(layout);
  if (history->cuts) {
    read_cut_digests(history, layout, h);
    read_jumps(history, layout, h);
  }
  history->ended = layout->ended;
  history->complete = layout->state == LC_RUN_COMPLETE;
  if (history->ended) {
    read_totals(history, layout, h);
    if (layout_has(layout, VIRTUAL_SINCE))
      read_digest(history, layout, h);
  }
  if (history->ended && layout->served && history->server.served)
    read_server(&history->server, layout, h);
  history->t_end = h5_read_scalar(h, "/commit/t_end");
  history->error_ns = 2 * h5_read_largest(h, "/clock_error", layout->n_rank);
  read_balance(&history->balance, h);
  if (is_imported(h))
    read_foreign(history, layout, h);
}

/* The system's words for what HDF5 would wrap in its own. */
static lc_status check_readable(const char *path, struct lc_error *err) {
  struct stat file;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would be waited for */
  if (fd < 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be opened: %s", path, strerror(errno));
  bool regular = fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
  close(fd);
  if (!regular)
    return lc_fail(err, LC_EFILE, "%s: is not a file", path);
  h5_quiet();
  if (H5Fis_hdf5(path) <= 0) {
    H5Eclear2(H5E_DEFAULT);
    return lc_fail(err, LC_EFILE, "%s: is not an HDF5 file", path);
  }
  return LC_OK;
}

lc_status open_checked(struct h5 *h, struct layout *layout, const char *path,
                       struct lc_error *err) {
  *layout = (struct layout){0};
  *h = (struct h5){.path = path, .file = -1};
  lc_status status = check_readable(path, err);
  if (status)
    return status;
  h5_open(h, path, false);
  layout_read(layout, h);
  status = h5_status(h, err);
  if (status) {
    h5_close(h);
    layout_free(layout);
  }
  return status;
}

lc_status lc_store_read(const char *path, struct lc_history *history, struct lc_error *err) {
  struct h5 h;
  struct layout layout;
  *history = (struct lc_history){0};
  lc_status status = open_checked(&h, &layout, path, err);
  if (status)
    return status;
  read_history(history, &layout, &h);
  status = h5_status(&h, err);
  h5_close(&h);
  layout_free(&layout);
  if (!status)
    status = lc_history_index(history, err);
  if (status)
    lc_history_free(history);
  return status;
}

/* ---- info ---------------------------------------------------------------------------------------
 */

static herr_t note_attribute(hid_t file, const char *name, const H5A_info_t *info, void *context) {
  (void)info;
  struct lc_store_info *out = context;
  struct h5 h = {.path = "", .file = file};
  char *value = h5_get_text(&h, "/", name);
  if (!value)
    value = lc_format("%" PRId64, h5_get_int(&h, "/", name, 0));
  size_t room = (size_t)out->n_text;
  lc_grow((void **)&out->text, &room, room + 1, sizeof *out->text, "a file's attributes");
  out->text[out->n_text].name = lc_format("%s", name);
  out->text[out->n_text++].value = value;
  return 0;
}

static int32_t count_logged(const struct layout *layout, struct h5 *h) {
  uint8_t *logged = read_logged(layout, h);
  int32_t n = 0;
  for (int32_t v = 0; v < layout->n_vm; v++)
    n += logged[v] != 0;
  free(logged);
  return n;
}

static void describe_segments(struct lc_store_info *info, const struct layout *layout,
                              struct h5 *h) {
  if (!layout_has(layout, CUTS_SINCE) || layout->n_segment < 2)
    return;
  struct segment *segment = read_segments(h, layout), *last = &segment[layout->n_segment - 1];
  info->n_resumed = layout->n_segment - 1;
  info->t_resumed = last->t_start;
  info->resumed_snapshot = last->snapshot;
  info->resumed_n_rank = last->n_rank;
  free(segment);
}

static void describe(struct lc_store_info *info, const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  info->n_vm = layout->n_vm;
  info->n_copy = read_copy(layout, h);
  info->n_logged = count_logged(layout, h);
  info->n_rank = layout->n_rank;
  info->n_snapshot = layout->n_snapshot;
  info->n_snapshot_done = whole_snapshots(layout);
  info->n_clock = layout->n_clock;
  for (int32_t c = 0; c < layout->n_clock; c++)
    memcpy(info->clock[c], layout->clock[c].name, sizeof info->clock[c]);
  info->exact = is_exact(layout);
  info->newer = layout->version > 100 * LC_FORMAT_MAJOR + LC_FORMAT_MINOR;
  for (int t = 0; t < LC_N_TABLE; t++)
    info->rows[t] = committed_rows(layout, t);
  info->state = layout->state;
  info->ended = layout->ended;
  info->n_snapshot_done += info->ended;
  info->t_end = h5_read_scalar(h, "/commit/t_end");
  read_balance(&info->balance, h);
  info->digested = info->ended && layout_has(layout, VIRTUAL_SINCE) && !is_imported(h);
  if (info->digested)
    h5_read_one(h, digest_path(path, 0, NULL), H5T_NATIVE_UINT64, &info->digest);
  describe_segments(info, layout, h);
  H5Aiterate2(h->file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, note_attribute, info);
}

lc_status lc_store_describe(const char *path, struct lc_store_info *info, struct lc_error *err) {
  struct h5 h;
  struct layout layout;
  struct stat file;
  *info = (struct lc_store_info){0};
  lc_status status = open_checked(&h, &layout, path, err);
  if (status)
    return status;
  describe(info, &layout, &h);
  status = h5_status(&h, err);
  h5_close(&h);
  layout_free(&layout);
  if (stat(path, &file) == 0) {
    info->file_bytes = (int64_t)file.st_size;
    info->disk_bytes = (int64_t)file.st_blocks * 512;
  }
  info->live = place_is_held(path);
  if (status)
    lc_store_info_free(info);
  return status;
}

void lc_store_info_free(struct lc_store_info *info) {
  for (int32_t i = 0; i < info->n_text; i++) {
    free(info->text[i].name);
    free(info->text[i].value);
  }
  free(info->text);
  *info = (struct lc_store_info){0};
}
