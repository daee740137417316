/* Where a run goes on, and what its VMs were there. A cut is whole once every rank has counted it;
 * of a file that a kill left, that is all that is looked at. Ranks read only the rows that they
 * need, whatever the file's ranks were: states by VM, messages by a walk over the one column that
 * says whose they are. */
#include "resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WORDS = 1 << 23 };

/* ---- the cut ---------------------------------------------------------------------------------
 */

static bool has_end(const struct layout *layout) {
  for (int32_t r = 0; r < layout->n_rank; r++)
    if (layout->n_final[r] != 1)
      return false;
  return true;
}

static lc_status no_such_snapshot(const char *path, const struct layout *layout, int32_t from,
                                  struct lc_error *err) {
  int32_t whole = whole_snapshots(layout), end = layout->n_snapshot - 1;
  char there[80] = "no snapshot yet", last[40] = "";
  if (whole)
    snprintf(there, sizeof there, whole > 1 ? "snapshots 0 to %d" : "snapshot %d", whole - 1);
  if (has_end(layout))
    snprintf(last, sizeof last, " and the end, %d", end);
  return lc_fail(err, LC_EUSAGE, "--from %d: %s has %s%s: choose one of them, or leave --from out",
                 from, path, there, last);
}

static lc_status choose_cut(const char *path, const struct layout *layout, int32_t from,
                            struct lc_restart *restart, struct lc_error *err) {
  int32_t whole = whole_snapshots(layout), end = layout->n_snapshot - 1;
  bool ended = has_end(layout);
  restart->snapshot = from >= 0                        ? from
                      : ended && from == LC_NEWEST_CUT ? end
                      : from == LC_BEGINNING           ? -1
                                                       : whole - 1;
  if (from < LC_BEGINNING || (from >= whole && !(ended && from == end)))
    return no_such_snapshot(path, layout, from, err);
  restart->n_taken = restart->snapshot == end ? whole : restart->snapshot + 1;
  return LC_OK;
}

static int64_t latest_record(struct h5 *h, const struct layout *layout, int32_t snapshot) {
  const hsize_t start[3] = {0, (hsize_t)snapshot, 0}, count[3] = {(hsize_t)layout->n_vm, 1, 1};
  int64_t latest = 0;
  int64_t *t = lc_new((size_t)layout->n_vm, sizeof *t, "a restart");
  h5_read_block(h, "/snapshots/t_actual", H5T_NATIVE_INT64, start, count, t);
  for (int32_t v = 0; v < layout->n_vm; v++)
    latest = t[v] > latest ? t[v] : latest;
  free(t);
  return latest;
}

static void read_digest(struct h5 *h, const struct layout *layout, struct lc_restart *restart) {
  char path[PATH_BYTES];
  const hsize_t start[3] = {0, (hsize_t)restart->snapshot, 0};
  const hsize_t count[3] = {(hsize_t)layout->n_rank, 1, 1};
  struct lc_digest *digest = &restart->digest;
  uint64_t *part = lc_new((size_t)layout->n_rank, sizeof *part, "a restart");
  for (int32_t i = 0; i < 2 + layout->n_clock; i++) {
    uint64_t *sum = i == 0   ? &digest->execution
                    : i == 1 ? &digest->snapshots
                             : &digest->clock[i - 2];
    cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : layout->clock[i - 2].name);
    h5_read_block(h, path, H5T_NATIVE_UINT64, start, count, part);
    for (int32_t r = 0; r < layout->n_rank; r++)
      *sum += part[r];
  }
  free(part);
}

lc_status check_past_format(const char *path, const struct layout *layout, struct lc_error *err) {
  if (!layout_has(layout, CUTS_SINCE))
    return lc_fail(err, LC_EFILE,
                   "%s: has format %d.%d, from before runs could go on (2.0): start a new run",
                   path, layout->version / 100, layout->version % 100);
  if (layout->version > 100 * LC_FORMAT_MAJOR + LC_FORMAT_MINOR)
    return lc_fail(err, LC_EFILE,
                   "%s: was written by a newer lcmpi, and would lose what this one does not know: "
                   "use that one",
                   path);
  return LC_OK;
}

static lc_status find_cut(const char *path, int32_t from, struct lc_restart *restart,
                          struct lc_error *err) {
  struct h5 h;
  struct layout layout;
  lc_status status = open_checked(&h, &layout, path, err);
  if (status)
    return status;
  status = check_past_format(path, &layout, err);
  if (!status)
    status = choose_cut(path, &layout, from, restart, err);
  if (!status && restart->snapshot >= 0) {
    restart->t_ns = latest_record(&h, &layout, restart->snapshot);
    read_digest(&h, &layout, restart);
    status = h5_status(&h, err);
  }
  h5_close(&h);
  layout_free(&layout);
  return status;
}

lc_status lc_store_restart(const char *path, int32_t from, bool hold, struct lc_restart *restart,
                           struct lc_error *err) {
  h5_quiet();
  *restart = (struct lc_restart){.snapshot = -1, .held = -1};
  lc_status status = hold ? place_take(path, &restart->held, err) : LC_OK;
  if (!status)
    status = find_cut(path, from, restart, err);
  if (status)
    lc_restart_release(restart);
  return status;
}

void lc_restart_release(struct lc_restart *restart) {
  if (restart->held >= 0)
    close(restart->held);
  restart->held = -1;
}

lc_status check_past_clocks(const char *path, const struct layout *layout,
                            const struct lc_clock_set *clocks, struct lc_error *err) {
  bool same = layout->n_clock == clocks->n;
  for (int32_t c = 0; c < layout->n_clock && same; c++)
    same = strcmp(layout->clock[c].name, clocks->clock[c]->name) == 0 &&
           layout->clock[c].words == clocks->stamp_width[c];
  if (same)
    return LC_OK;
  char names[LC_MAX_CLOCKS * 66] = "";
  for (int32_t c = 0; c < layout->n_clock; c++)
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", c ? "," : "",
             layout->clock[c].name);
  return lc_fail(err, LC_EFILE, "%s: has other clocks than this run, or of another size: %s", path,
                 *names ? names : "none");
}

/* ---- states ----------------------------------------------------------------------------------
 */

/* What is read: VMs [first, first + n) at a cut of an open file. */
struct reader {
  struct h5 h;
  struct layout layout;
  int32_t snapshot, first;
  int32_t n_taken;
  enum lc_snapshot_kind method; /* in virtual time */
  const struct lc_clock_set *clocks;
  struct lc_past *past;
  int64_t chunk;                          /* most rows in memory at a time */
  size_t left_room, left_stamps_room;     /* of past->left ... */
  size_t under_way_room;                  /* ... and past->under_way */
  int32_t *snapshots, *receiver, *sender; /* [chunk] columns of the rows at hand */
};

/* The method of a run in virtual time; of another one, or if the file does not say, LC_TIME_CUT. */
static enum lc_snapshot_kind virtual_method(struct h5 *h) {
  char *pace = h5_get_text(h, "/", "pace"), *name = h5_get_text(h, "/", "snapshot_method");
  const struct lc_snapshot_method *method = name ? lc_snapshot_method_find(name) : NULL;
  bool is_virtual = pace && strcmp(pace, "virtual") == 0;
  free(pace);
  free(name);
  return is_virtual && method ? method->kind : LC_TIME_CUT;
}

static void read_state_columns(struct reader *r) {
  char path[PATH_BYTES];
  const hsize_t start[3] = {(hsize_t)r->first, (hsize_t)r->snapshot, 0};
  const hsize_t count[3] = {(hsize_t)r->past->n, 1, 1};
  void *values = lc_new((size_t)r->past->n, sizeof(int64_t), "a restart");
  for (int i = 0; i < lc_n_state_column; i++) {
    const struct column *column = &lc_state_columns[i];
    h5_read_block(&r->h, column_path(path, "/snapshots", column->name), memory_type(column->type),
                  start, count, values);
    column_scatter(column, values, r->past->n, r->past->state, sizeof *r->past->state);
  }
  free(values);
  for (int32_t i = 0; i < r->past->n && !r->h.failed; i++) {
    if (r->past->state[i].valid == 1)
      continue;
    r->h.failed = true;
    lc_fail(&r->h.error, LC_EFILE, "%s: snapshot %d has no state of VM %d", r->h.path, r->snapshot,
            r->first + i);
  }
}

/* Of clock c: stamps of rows of `words` each into rows of all clocks. */
static void scatter_stamps(const struct lc_clock_set *clocks, int32_t c, int64_t n,
                           const int64_t *values, int64_t *stamps) {
  size_t words = (size_t)clocks->stamp_width[c], all = (size_t)clocks->stamp_words;
  for (size_t i = 0; i < (size_t)n; i++)
    memcpy(stamps + i * all + (size_t)clocks->stamp_at[c], values + i * words,
           words * sizeof *values);
}

static void read_state_clock(struct reader *r, int32_t c) {
  char path[PATH_BYTES];
  const char *name = r->clocks->clock[c]->name;
  size_t n = (size_t)r->past->n, words = (size_t)r->clocks->stamp_width[c];
  const hsize_t start[3] = {(hsize_t)r->first, (hsize_t)r->snapshot, 0};
  hsize_t count[3] = {(hsize_t)n, 1, (hsize_t)words};
  int64_t *values = lc_new(n * words, sizeof *values, "a restart");
  h5_read_block(&r->h, stamp_path(path, "/snapshots", name), H5T_NATIVE_INT64, start, count,
                values);
  scatter_stamps(r->clocks, c, r->past->n, values, r->past->stamps);
  if (r->layout.clock[c].has_value) {
    count[2] = 1;
    h5_read_block(&r->h, state_jump_path(path, name), H5T_NATIVE_INT64, start, count, values);
    for (size_t i = 0; i < n; i++)
      r->past->jump_max[i * (size_t)r->clocks->n + (size_t)c] = values[i];
  }
  free(values);
}

static void read_states(struct reader *r) {
  size_t n = (size_t)r->past->n;
  r->past->state = lc_new(n, sizeof *r->past->state, "a restart");
  r->past->stamps = lc_new(n * (size_t)r->clocks->stamp_words, sizeof(int64_t), "a restart");
  r->past->jump_max = lc_new(n * (size_t)r->clocks->n, sizeof(int64_t), "a restart");
  if (!n)
    return;
  read_state_columns(r);
  for (int32_t c = 0; c < r->clocks->n; c++)
    read_state_clock(r, c);
}

/* Model time at which all markers of a snapshot had arrived. */
static int64_t done_time(struct reader *r, int32_t snapshot) {
  const hsize_t start[3] = {0, (hsize_t)snapshot, 0};
  const hsize_t count[3] = {(hsize_t)r->layout.n_rank, 1, 1};
  int64_t latest = 0;
  int64_t *t = lc_new((size_t)r->layout.n_rank, sizeof *t, "a restart");
  h5_read_block(&r->h, "/snapshots/cost/t_done", H5T_NATIVE_INT64, start, count, t);
  for (int32_t rank = 0; rank < r->layout.n_rank; rank++)
    latest = t[rank] > latest ? t[rank] : latest;
  free(t);
  return latest;
}

/* Markers arrive in the order of their snapshots, so the first that had all arrived ends it. */
static void read_marked(struct reader *r) {
  struct lc_past *past = r->past;
  size_t n = (size_t)past->n, room = 0;
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < n; i++)
    first = past->state[i].t_actual < first ? past->state[i].t_actual : first;
  int32_t s = r->method == LC_CHANDY_LAMPORT ? r->n_taken - 1 : -1;
  for (; s >= 0 && n && !r->h.failed && done_time(r, s) > first; s--) {
    const hsize_t start[3] = {(hsize_t)r->first, (hsize_t)s, 0}, count[3] = {(hsize_t)n, 1, 1};
    size_t at = (size_t)past->n_marked++ * n;
    lc_grow((void **)&past->t_marked, &room, at + n, sizeof *past->t_marked, "a restart");
    h5_read_block(&r->h, "/snapshots/t_actual", H5T_NATIVE_INT64, start, count,
                  past->t_marked + at);
  }
}

/* ---- messages --------------------------------------------------------------------------------
 */

/* Rows [at, at + n) of a table, and which of them are kept. */
struct piece {
  int t;
  int64_t at, n;
  int64_t *kept; /* [n_kept] ascending, from `at` on */
  int64_t n_kept;
};

static bool is_own(const struct reader *r, int32_t vm) {
  return vm >= r->first && vm < r->first + r->past->n;
}

/* Only where VMs record at moments of their own can a message be in a queue after its sender's. */
static bool is_own_sender(const struct reader *r, int32_t vm, int t) {
  return is_own(r, vm) && (t == LC_CHANNEL || r->method != LC_TIME_CUT);
}

static struct lc_left *read_records(struct reader *r, const struct piece *p) {
  char path[PATH_BYTES];
  const struct table *table = &lc_tables[p->t];
  struct lc_left *all = lc_new((size_t)p->n, sizeof *all, "a restart");
  void *values = lc_new((size_t)p->n, sizeof(int64_t), "a restart");
  for (int i = 0; i < table->n_column; i++) {
    h5_read_rows(&r->h, column_path(path, table->group, table->column[i].name),
                 memory_type(table->column[i].type), (hsize_t)p->at, (hsize_t)p->n, values);
    column_scatter(&table->column[i], values, p->n, all, sizeof *all);
  }
  free(values);
  return all;
}

/* The stamps of the rows that are kept, [n_kept][stamp_words]. */
static void read_stamps(struct reader *r, const struct piece *p, int64_t *stamps) {
  char path[PATH_BYTES];
  for (int32_t c = 0; c < r->clocks->n; c++) {
    size_t bytes = (size_t)r->clocks->stamp_width[c] * sizeof(int64_t);
    int64_t *values = lc_new((size_t)p->n, bytes, "a restart");
    int64_t *kept = lc_new((size_t)p->n_kept, bytes, "a restart");
    h5_read_rows(&r->h, stamp_path(path, lc_tables[p->t].group, r->clocks->clock[c]->name),
                 H5T_NATIVE_INT64, (hsize_t)p->at, (hsize_t)p->n, values);
    permute(p->kept, p->n_kept, bytes, values, kept);
    scatter_stamps(r->clocks, c, p->n_kept, kept, stamps);
    free(values);
    free(kept);
  }
}

static void add_left(struct reader *r, struct piece *p, const struct lc_left *all) {
  struct lc_past *past = r->past;
  size_t words = (size_t)r->clocks->stamp_words, n = (size_t)past->n_left;
  p->n_kept = 0;
  for (int64_t i = 0; i < p->n; i++)
    if (all[i].snapshot == r->snapshot && is_own(r, all[i].machine))
      p->kept[p->n_kept++] = i;
  if (!p->n_kept)
    return;
  size_t more = n + (size_t)p->n_kept;
  lc_grow((void **)&past->left, &r->left_room, more, sizeof *past->left, "a restart");
  lc_grow((void **)&past->left_stamps, &r->left_stamps_room, more * words, sizeof(int64_t),
          "a restart");
  permute(p->kept, p->n_kept, sizeof *all, all, past->left + n);
  read_stamps(r, p, past->left_stamps + n * words);
  past->n_left += p->n_kept;
}

static void add_under_way(struct reader *r, const struct piece *p, const struct lc_left *all) {
  struct lc_past *past = r->past;
  for (int64_t i = 0; i < p->n; i++) {
    if (all[i].snapshot != r->snapshot || !is_own_sender(r, all[i].sender, p->t) ||
        all[i].t_arrival <= past->state[all[i].sender - r->first].t_actual)
      continue;
    lc_grow((void **)&past->under_way, &r->under_way_room, (size_t)past->n_under_way + 1,
            sizeof *past->under_way, "a restart");
    past->under_way[past->n_under_way++] = all[i];
  }
}

/* Shortens a piece to the rows from the first to the last that is wanted. */
static void trim(struct reader *r, struct piece *p) {
  char path[PATH_BYTES];
  const char *group = lc_tables[p->t].group;
  int64_t first = p->n, last = -1;
  h5_read_rows(&r->h, column_path(path, group, "snapshot"), H5T_NATIVE_INT32, (hsize_t)p->at,
               (hsize_t)p->n, r->snapshots);
  bool any = false;
  for (int64_t i = 0; i < p->n && !any; i++)
    any = r->snapshots[i] == r->snapshot;
  if (any) {
    h5_read_rows(&r->h, column_path(path, group, "receiver"), H5T_NATIVE_INT32, (hsize_t)p->at,
                 (hsize_t)p->n, r->receiver);
    h5_read_rows(&r->h, column_path(path, group, "sender"), H5T_NATIVE_INT32, (hsize_t)p->at,
                 (hsize_t)p->n, r->sender);
  }
  for (int64_t i = 0; i < p->n && any; i++) {
    bool ours = is_own(r, r->receiver[i]) || is_own_sender(r, r->sender[i], p->t);
    if (r->snapshots[i] != r->snapshot || !ours)
      continue;
    first = i < first ? i : first;
    last = i;
  }
  p->at += first;
  p->n = last < 0 ? 0 : last - first + 1;
}

static void read_piece(struct reader *r, struct piece p) {
  trim(r, &p);
  if (!p.n || r->h.failed)
    return;
  struct lc_left *all = read_records(r, &p);
  p.kept = lc_new((size_t)p.n, sizeof *p.kept, "a restart");
  add_left(r, &p, all);
  add_under_way(r, &p, all);
  free(p.kept);
  free(all);
}

static void walk_table(struct reader *r, int t) {
  for (int32_t rank = 0; rank < r->layout.n_rank; rank++) {
    int64_t at = r->layout.first[t][rank], end = at + r->layout.rows[t][rank];
    for (; at < end && !r->h.failed; at += r->chunk)
      read_piece(r, (struct piece){t, at, end - at < r->chunk ? end - at : r->chunk, NULL, 0});
  }
}

/* A stable sort by receiver: for each, the queue stands before the channel already. */
static void sort_left(struct reader *r) {
  struct lc_past *past = r->past;
  size_t n = (size_t)past->n_left, words = (size_t)r->clocks->stamp_words;
  int64_t *start = lc_new((size_t)past->n + 1, sizeof *start, "a restart");
  int64_t *order = lc_new(n, sizeof *order, "a restart");
  struct lc_left *left = lc_new(n, sizeof *left, "a restart");
  int64_t *stamps = lc_new(n * words, sizeof *stamps, "a restart");
  for (size_t i = 0; i < n; i++)
    start[past->left[i].machine - r->first + 1]++;
  for (int32_t v = 0; v < past->n; v++)
    start[v + 1] += start[v];
  for (size_t i = 0; i < n; i++)
    order[start[past->left[i].machine - r->first]++] = (int64_t)i;
  permute(order, past->n_left, sizeof *left, past->left, left);
  permute(order, past->n_left, words * sizeof *stamps, past->left_stamps, stamps);
  free(past->left);
  free(past->left_stamps);
  past->left = left;
  past->left_stamps = stamps;
  free(start);
  free(order);
}

static void read_messages(struct reader *r) {
  r->chunk = MOST_WORDS / (r->clocks->stamp_words + 1) + 1;
  r->chunk = r->chunk < most_batch_rows ? r->chunk : most_batch_rows;
  r->snapshots = lc_new((size_t)r->chunk, sizeof(int32_t), "a restart");
  r->receiver = lc_new((size_t)r->chunk, sizeof(int32_t), "a restart");
  r->sender = lc_new((size_t)r->chunk, sizeof(int32_t), "a restart");
  walk_table(r, LC_QUEUE);
  walk_table(r, LC_CHANNEL);
  if (!r->h.failed)
    sort_left(r);
  free(r->snapshots);
  free(r->receiver);
  free(r->sender);
}

lc_status lc_store_past(const char *path, const struct lc_restart *restart, int32_t first,
                        int32_t n, const struct lc_clock_set *clocks, struct lc_past *past,
                        struct lc_error *err) {
  *past = (struct lc_past){0};
  if (restart->snapshot < 0)
    return LC_OK;
  struct reader r = {.snapshot = restart->snapshot,
                     .first = first,
                     .n_taken = restart->n_taken,
                     .clocks = clocks,
                     .past = past};
  lc_status status = open_checked(&r.h, &r.layout, path, err);
  if (status)
    return status;
  status = check_past_format(path, &r.layout, err);
  if (!status)
    status = check_past_clocks(path, &r.layout, clocks, err);
  if (!status && (first < 0 || n < 0 || first > r.layout.n_vm - n))
    status = lc_fail(err, LC_EFILE, "%s: has %d VMs, not as many as this run", path, r.layout.n_vm);
  if (!status) {
    past->n = n;
    r.method = virtual_method(&r.h);
    read_states(&r);
    read_marked(&r);
    read_messages(&r);
    status = h5_status(&r.h, err);
  }
  h5_close(&r.h);
  layout_free(&r.layout);
  if (status)
    lc_past_free(past);
  return status;
}

void lc_past_free(struct lc_past *past) {
  free(past->state);
  free(past->stamps);
  free(past->jump_max);
  free(past->left);
  free(past->left_stamps);
  free(past->under_way);
  free(past->t_marked);
  *past = (struct lc_past){0};
}
