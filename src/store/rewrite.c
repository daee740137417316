/* Writes a file anew from its committed rows: with more room (growth of a running file), or exact,
 * sorted and compressed (compaction at the end, recovery after a crash). The old file stays valid
 * until the rename, the new one is from then on. One column is in memory at a time, and for the
 * fates of the messages the whole log. */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXACT_LEVEL = 1 };

struct rewrite {
  struct h5 from, to;
  struct layout old, new;
  bool exact;
  int64_t *order[LC_N_TABLE]; /* exact: new row i is committed row order[i]; NULL: as they are */
  int64_t kept[LC_N_TABLE];   /* rows that go on: of the queues and channels those that count */
  int32_t *snapshot;          /* [n_snapshot] new index, or -1 for one that was never recorded */
};

/* A stable sort of a table's rows by the machine that wrote them: within a machine they are in
 * order already. */
static int64_t *sorted_by_machine(struct rewrite *w, int t, const char *column) {
  char path[PATH_BYTES];
  int64_t n = committed_rows(&w->old, t);
  int32_t *machine = lc_new((size_t)n, sizeof *machine, "sorting rows");
  int64_t *start = lc_new((size_t)w->old.n_vm + 1, sizeof *start, "sorting rows");
  int64_t *order = lc_new((size_t)n, sizeof *order, "sorting rows");
  read_regions(&w->from, &w->old, t, column_path(path, lc_tables[t].group, column),
               H5T_NATIVE_INT32, sizeof *machine, machine);
  for (int64_t i = 0; i < n && !w->from.failed; i++) {
    if (machine[i] < 0 || machine[i] >= w->old.n_vm) {
      w->from.failed = true;
      lc_fail(&w->from.error, LC_EFILE, "%s: a row of %s names machine %d; there are %d",
              w->from.path, lc_tables[t].group, machine[i], w->old.n_vm);
      break;
    }
    start[machine[i] + 1]++;
  }
  for (int32_t v = 0; v < w->old.n_vm; v++)
    start[v + 1] += start[v];
  for (int64_t i = 0; i < n && !w->from.failed; i++)
    order[start[machine[i]]++] = i;
  free(machine);
  free(start);
  return order;
}

/* Which snapshots go on: an exact file drops those that no VM recorded. */
static void choose_snapshots(struct rewrite *w) {
  int32_t n = w->old.n_snapshot, kept = 0;
  size_t states = (size_t)w->old.n_vm * (size_t)n;
  uint8_t *valid = lc_new(states, 1, "the snapshots");
  w->snapshot = lc_new((size_t)n, sizeof *w->snapshot, "the snapshots");
  read_valid(&w->from, &w->old, valid);
  for (int32_t s = 0; s < n; s++) {
    bool any = !w->exact || s == n - 1; /* a file has at least the place of the final state */
    for (int32_t v = 0; v < w->old.n_vm; v++)
      any |= valid[(size_t)v * (size_t)n + (size_t)s] != 0;
    w->snapshot[s] = any ? kept++ : -1;
  }
  free(valid);
  w->new.n_snapshot = kept;
}

static void plan_layout(struct rewrite *w, int64_t *const *room) {
  layout_init(&w->new, w->old.n_vm, w->old.n_rank, w->old.n_snapshot);
  w->new.version = w->old.version;
  w->new.abandoned = w->old.abandoned;
  w->new.served = w->old.served;
  w->new.n_segment = w->old.n_segment;
  for (int32_t c = 0; c < w->old.n_clock; c++) {
    struct file_clock *clock = &w->new.clock[w->new.n_clock++];
    *clock = w->old.clock[c];
    clock->summary = lc_format("%s", w->old.clock[c].summary);
    clock->promise = lc_format("%s", w->old.clock[c].promise);
  }
  for (int t = 0; t < LC_N_TABLE; t++)
    memcpy(w->new.rows[t], room ? room[t] : w->old.rows[t],
           (size_t)w->old.n_rank * sizeof(int64_t));
  for (int t = LC_QUEUE; t <= LC_CHANNEL && w->exact; t++)
    w->order[t] = counted_rows(&w->from, &w->old, t, w->new.rows[t]);
  for (int t = 0; t < LC_N_TABLE; t++)
    w->kept[t] = committed_rows(w->order[t] ? &w->new : &w->old, t);
  w->new.level = w->exact ? EXACT_LEVEL : -1;
  layout_place(&w->new, w->exact ? 1 : LC_REGION_ROWS);
  choose_snapshots(w);
  if (!w->exact)
    return;
  w->order[LC_EVENTS] = sorted_by_machine(w, LC_EVENTS, "machine");
  w->order[LC_MESSAGES] = sorted_by_machine(w, LC_MESSAGES, "sender");
}

static void write_regions(struct rewrite *w, int t, const char *path, hid_t type, size_t row_bytes,
                          const char *values) {
  for (int32_t r = 0; r < w->old.n_rank; r++) {
    h5_write_rows(&w->to, path, type, (hsize_t)w->new.first[t][r], (hsize_t)w->old.rows[t][r],
                  values);
    values += (size_t)w->old.rows[t][r] * row_bytes;
  }
}

/* Renumbers what a queue table says of its snapshot. */
static void renumber(const struct rewrite *w, int32_t *snapshot, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (snapshot[i] >= 0 && snapshot[i] < w->old.n_snapshot)
      snapshot[i] = w->snapshot[snapshot[i]];
}

static void copy_rows(struct rewrite *w, int t, const char *path, hid_t type, size_t row_bytes,
                      bool is_snapshot) {
  int64_t n = committed_rows(&w->old, t);
  char *values = lc_new((size_t)n, row_bytes, "rewriting a file");
  read_regions(&w->from, &w->old, t, path, type, row_bytes, values);
  if (w->order[t]) {
    n = w->kept[t];
    char *sorted = lc_new((size_t)n, row_bytes, "rewriting a file");
    permute(w->order[t], n, row_bytes, values, sorted);
    free(values);
    values = sorted;
  }
  if (is_snapshot)
    renumber(w, (int32_t *)(void *)values, n);
  if (w->exact)
    h5_write_rows(&w->to, path, type, 0, (hsize_t)n, values);
  else
    write_regions(w, t, path, type, row_bytes, values);
  free(values);
}

static void copy_table(struct rewrite *w, int t) {
  char path[PATH_BYTES];
  const struct table *table = &lc_tables[t];
  if (!layout_has_table(&w->old, t))
    return;
  for (int32_t c = 0; c < w->old.n_clock && layout_stamped(&w->old, t); c++)
    copy_rows(w, t, stamp_path(path, table->group, w->old.clock[c].name), H5T_NATIVE_INT64,
              (size_t)w->old.clock[c].words * sizeof(int64_t), false);
  for (int i = 0; i < table->n_column; i++)
    if (!table->column[i].filled_later)
      copy_rows(w, t, column_path(path, table->group, table->column[i].name),
                memory_type(table->column[i].type), column_bytes(table->column[i].type),
                strcmp(table->column[i].name, "snapshot") == 0);
  column_path(path, "/commit", table->n_rows);
  h5_write_all(&w->to, path, H5T_NATIVE_INT64, w->exact ? w->new.rows[t] : w->old.rows[t]);
}

/* [vm or rank][old snapshot] items to [vm or rank][new snapshot] ones. */
static void copy_of_snapshots(struct rewrite *w, const char *path, hid_t type, size_t item_bytes,
                              int32_t n) {
  size_t vms = (size_t)n, from = (size_t)w->old.n_snapshot;
  size_t to = (size_t)w->new.n_snapshot;
  char *old = lc_new(vms * from, item_bytes, "rewriting a file");
  char *new = lc_new(vms * to, item_bytes, "rewriting a file");
  if (strcmp(path, "/snapshots/valid") == 0)
    read_valid(&w->from, &w->old, (uint8_t *)old);
  else
    h5_read_all(&w->from, path, type, old);
  for (size_t v = 0; v < vms; v++)
    for (size_t s = 0; s < from; s++)
      if (w->snapshot[s] >= 0)
        memcpy(new + (v * to + (size_t)w->snapshot[s]) * item_bytes,
               old + (v * from + s) * item_bytes, item_bytes);
  h5_write_all(&w->to, path, type, new);
  free(old);
  free(new);
}

/* Of each rank's snapshots those that go on. */
static void copy_snapshot_counts(struct rewrite *w) {
  int64_t *count = lc_new((size_t)w->old.n_rank, sizeof *count, "rewriting a file");
  for (int32_t r = 0; r < w->old.n_rank; r++) {
    count[r] = 0;
    for (int64_t s = 0; s < w->old.n_snapshots[r]; s++)
      count[r] += w->snapshot[s] >= 0;
  }
  h5_write_all(&w->to, "/commit/n_snapshots", H5T_NATIVE_INT64, count);
  free(count);
}

static void copy_cuts(struct rewrite *w) {
  char path[PATH_BYTES];
  for (int32_t c = 0; c < w->old.n_clock; c++)
    if (w->old.clock[c].has_value)
      copy_of_snapshots(w, state_jump_path(path, w->old.clock[c].name), H5T_NATIVE_INT64,
                        sizeof(int64_t), w->old.n_vm);
  for (int i = 0; i < lc_n_cost_column; i++)
    copy_of_snapshots(w, column_path(path, "/snapshots/cost", lc_cost_columns[i].name),
                      H5T_NATIVE_INT64, sizeof(int64_t), w->old.n_rank);
  for (int32_t i = 0; i < 2 + w->old.n_clock; i++)
    copy_of_snapshots(w,
                      cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : w->old.clock[i - 2].name),
                      H5T_NATIVE_UINT64, sizeof(uint64_t), w->old.n_rank);
}

static void copy_segments(struct rewrite *w) {
  struct segment *segment = read_segments(&w->from, &w->old);
  write_segments(&w->to, segment, w->old.n_segment);
  free(segment);
}

static void copy_snapshots(struct rewrite *w) {
  char path[PATH_BYTES];
  copy_snapshot_counts(w);
  int64_t *t = lc_new((size_t)w->old.n_snapshot, sizeof *t, "rewriting a file");
  h5_read_all(&w->from, "/snapshots/t", H5T_NATIVE_INT64, t);
  for (int32_t s = 0; s < w->old.n_snapshot; s++)
    if (w->snapshot[s] >= 0)
      t[w->snapshot[s]] = t[s];
  h5_write_all(&w->to, "/snapshots/t", H5T_NATIVE_INT64, t);
  free(t);
  for (int32_t c = 0; c < w->old.n_clock; c++)
    copy_of_snapshots(w, stamp_path(path, "/snapshots", w->old.clock[c].name), H5T_NATIVE_INT64,
                      (size_t)w->old.clock[c].words * sizeof(int64_t), w->old.n_vm);
  if (layout_has(&w->old, CUTS_SINCE)) {
    copy_cuts(w);
    copy_segments(w);
  }
  for (int i = 0; i < lc_n_state_column; i++)
    if (layout_has(&w->old, lc_state_columns[i].since))
      copy_of_snapshots(w, column_path(path, "/snapshots", lc_state_columns[i].name),
                        memory_type(lc_state_columns[i].type),
                        column_bytes(lc_state_columns[i].type), w->old.n_vm);
}

static void copy_whole(struct rewrite *w, const char *path, enum column_type type, int64_t n) {
  void *values = lc_new((size_t)n, column_bytes(type), "rewriting a file");
  h5_read_all(&w->from, path, memory_type(type), values);
  h5_write_all(&w->to, path, memory_type(type), values);
  free(values);
}

static void copy_clock_total(void *context, struct h5 *h, const char *path, enum column_type type,
                             int32_t words) {
  struct rewrite *w = context;
  (void)h;
  copy_whole(w, path, type, (int64_t)w->old.n_vm * (words > 0 ? words : 1));
}

static void copy_of_server(void *context, const char *path, enum column_type type, int64_t n) {
  copy_whole(context, path, type, n);
}

static void copy_small(struct rewrite *w) {
  char path[PATH_BYTES];
  for (int i = 0; i < n_vm_constant; i++)
    if (layout_has(&w->old, vm_constants[i].since))
      copy_whole(w, column_path(path, "/", vm_constants[i].name), vm_constants[i].type,
                 w->old.n_vm);
  for (int i = 0; i < n_rank_constant; i++)
    copy_whole(w, column_path(path, "/", rank_constants[i].name), rank_constants[i].type,
               w->old.n_rank);
  layout_clock_totals(&w->old, &w->to, copy_clock_total, w);
  for (int i = 0; i < 5; i++)
    copy_whole(w, column_path(path, "/balance", balance_names[i]), COLUMN_I64, 1);
  for (int i = 0; i < 2 + w->old.n_clock && layout_has(&w->old, VIRTUAL_SINCE); i++) {
    uint64_t digest = 0;
    digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : w->old.clock[i - 2].name);
    h5_read_one(&w->from, path, H5T_NATIVE_UINT64, &digest);
    h5_write_all(&w->to, path, H5T_NATIVE_UINT64, &digest);
  }
  if (w->old.served)
    service_each(&w->old, copy_of_server, w);
  copy_whole(w, "/commit/n_final", COLUMN_I64, w->old.n_rank);
  copy_whole(w, "/commit/t_end", COLUMN_I64, 1);
}

struct copied {
  struct rewrite *w;
  const char *remark;
};

static herr_t copy_attribute(hid_t file, const char *name, const H5A_info_t *info, void *context) {
  (void)file, (void)info;
  struct copied *copied = context;
  struct rewrite *w = copied->w;
  char *text = h5_get_text(&w->from, "/", name);
  if (!text) {
    h5_set_int(&w->to, "/", name, h5_get_int(&w->from, "/", name, 0));
    return 0;
  }
  if (strcmp(name, "history") == 0) {
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    char *longer = lc_format("%s\n%s lcmpi: %s", text, stamp, copied->remark);
    free(text);
    text = longer;
  }
  h5_set_text(&w->to, "/", name, text);
  free(text);
  return 0;
}

static void copy_attributes(struct rewrite *w, const char *remark) {
  struct copied copied = {w, remark};
  H5Aiterate2(w->from.file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, copy_attribute, &copied);
  if (w->exact)
    h5_set_text(&w->to, "/", "row_order", "by machine, then seq; messages by sender, then number");
}

/* ---- what became of each message
 * ------------------------------------------------------------------ */

static int by_id(const void *a, const void *b) {
  const struct lc_sent *x = a, *y = b;
  if (x->sender != y->sender)
    return x->sender < y->sender ? -1 : 1;
  if (x->number != y->number)
    return x->number < y->number ? -1 : 1;
  return (x->copy > y->copy) - (x->copy < y->copy);
}

static void set_fate(struct lc_history *h, struct lc_sent id, int64_t t_arrival, uint8_t fate) {
  struct lc_sent *found =
      h->n_sent ? bsearch(&id, h->sent, (size_t)h->n_sent, sizeof id, by_id) : NULL;
  if (!found)
    return; /* sent by a row that did not reach the file */
  found->t_arrival = t_arrival;
  found->fate = fate;
}

static void write_joined(struct rewrite *w, const struct lc_history *h) {
  char path[PATH_BYTES];
  const struct table *table = &lc_tables[LC_MESSAGES];
  void *values = lc_new((size_t)h->n_sent, sizeof(int64_t), "the messages' fates");
  for (int i = 0; i < table->n_column; i++) {
    const struct column *column = &table->column[i];
    if (!column->filled_later)
      continue;
    column_gather(column, h->sent, sizeof *h->sent, h->n_sent, values);
    h5_write_rows(&w->to, column_path(path, table->group, column->name), memory_type(column->type),
                  0, (hsize_t)h->n_sent, values);
  }
  free(values);
}

/* With --receive-until a message is lost that was sent through a channel behind the one that closed
 * it, which arrived then or later. */
static void set_lost(struct lc_history *h) {
  int32_t *closed_by = lc_new((size_t)h->n_vm, sizeof *closed_by, "the messages' fates");
  for (int64_t i = 0; i < h->n_sent; i++) {
    struct lc_sent *sent = &h->sent[i];
    bool known = sent->fate != LC_FATE_UNKNOWN;
    if (known && sent->t_arrival >= h->receive_until_ns)
      closed_by[sent->receiver] = sent->sender + 1;
    else if (!known && closed_by[sent->receiver] == sent->sender + 1)
      sent->fate = LC_FATE_LOST;
  }
  free(closed_by);
}

/* The receiver's part of each message, out of its RECEIVE event or the tables of what was left; and
 * the totals of a run that had no end. */
static void join_fates(struct rewrite *w, bool recovered) {
  struct lc_history history;
  struct lc_error ignored;
  read_history(&history, &w->old, &w->from);
  if (!w->from.failed && lc_history_index(&history, &ignored) == LC_OK) {
    for (int64_t i = 0; i < history.n_event; i++) {
      const struct lc_event *e = &history.event[i];
      if (e->kind == LC_RECEIVE)
        set_fate(&history, (struct lc_sent){.sender = e->peer, .number = e->msg_first},
                 e->t_arrival, LC_FATE_RECEIVED);
    }
    for (int64_t i = 0; i < history.n_left; i++) {
      const struct lc_left *left = &history.left[i];
      if (left->snapshot != history.n_snapshot - 1)
        continue; /* it went on */
      set_fate(&history,
               (struct lc_sent){.sender = left->sender, .number = left->number, .copy = left->copy},
               left->t_arrival, left->fate);
    }
    if (history.receive_until_ns && history.ended)
      set_lost(&history);
    write_joined(w, &history);
    if (recovered)
      write_counted_totals(&w->to, &w->new, &history);
  }
  lc_history_free(&history);
}

/* ---- all of it
 * ------------------------------------------------------------------------------------ */

static void copy_all(struct rewrite *w, int state, const char *remark) {
  uint8_t byte = (uint8_t)(state ? state : h5_read_scalar(&w->from, "/commit/state"));
  copy_attributes(w, remark);
  layout_build(&w->new, &w->to);
  copy_small(w);
  for (int t = 0; t < LC_N_TABLE; t++)
    copy_table(w, t);
  copy_snapshots(w);
  if (w->exact)
    join_fates(w, state == LC_RUN_RECOVERED);
  h5_write_all(&w->to, "/commit/state", H5T_NATIVE_UINT8, &byte);
}

static void release(struct rewrite *w) {
  h5_close(&w->from);
  layout_free(&w->old);
  layout_free(&w->new);
  for (int t = 0; t < LC_N_TABLE; t++)
    free(w->order[t]);
  free(w->snapshot);
}

lc_status rewrite_file(const char *path, int64_t *const *room, int state, const char *remark,
                       int *held, struct lc_error *err) {
  struct rewrite w = {.exact = room == NULL, .to = {.file = -1}};
  struct new_file file;
  lc_status status = open_checked(&w.from, &w.old, path, err);
  if (status)
    return status;
  status = place_begin(&file, path, err);
  if (!status) {
    place_keep_mode(&file);
    plan_layout(&w, room);
    h5_create(&w.to, file.temporary);
    if (!w.from.failed)
      copy_all(&w, state, remark);
    w.to.failed |= w.from.failed;
    h5_close_new(&w.to, file.fd);
    status = h5_status(w.from.failed ? &w.from : &w.to, err);
    if (!status)
      status = place_publish(&file, true, held, err);
    if (status)
      place_abandon(&file);
  }
  release(&w);
  return status;
}

/* What recovery has to do, from the state that a file is in now. */
struct remedy {
  enum lc_run_state was;
  bool finished, exact, newer;
};

static lc_status diagnose(const char *path, struct remedy *remedy, struct lc_error *err) {
  struct lc_store_info info;
  lc_status status = lc_store_describe(path, &info, err);
  if (status)
    return status;
  remedy->was = (enum lc_run_state)info.state;
  remedy->finished = info.ended || info.state == LC_RUN_RECOVERED;
  remedy->exact = info.exact;
  remedy->newer = info.newer;
  lc_store_info_free(&info);
  return LC_OK;
}

/* By a process that has the file for itself. */
static lc_status make_exact(const char *path, struct remedy *remedy, struct lc_error *err) {
  int held = -1;
  lc_status status = diagnose(path, remedy, err);
  if (status || (remedy->finished && remedy->exact))
    return status;
  if (remedy->newer)
    return lc_fail(err, LC_EFILE,
                   "%s: was written by a newer lcmpi, and would lose what this one does not know: "
                   "use that one",
                   path);
  status = remedy->finished ? rewrite_file(path, NULL, 0, "compacted", &held, err)
                            : rewrite_file(path, NULL, LC_RUN_RECOVERED,
                                           "recovered after the run did not end", &held, err);
  if (held >= 0)
    close(held);
  return status;
}

static lc_status take_and_make_exact(const char *path, struct remedy *remedy,
                                     struct lc_error *err) {
  int taken;
  char *real = place_resolve(path);
  lc_status status = place_take(real, &taken, err);
  if (!status) {
    status = make_exact(real, remedy, err);
    close(taken);
  }
  free(real);
  return status;
}

lc_status lc_store_compact(const char *path, struct lc_error *err) {
  struct remedy remedy;
  h5_quiet();
  return take_and_make_exact(path, &remedy, err);
}

lc_status lc_store_recover(const char *path, enum lc_run_state *was, struct lc_error *err) {
  struct remedy remedy;
  lc_status status =
      diagnose(path, &remedy, err); /* one that nothing is wrong with is not written */
  if (!status && !(remedy.finished && remedy.exact))
    status = take_and_make_exact(path, &remedy, err);
  if (!status)
    *was = remedy.was;
  return status;
}
