/* Copies what is before a cut from the file of a run into the new file in which it goes on: by one
 * rank, a batch of rows at a time, so that memory does not grow with the file. Rows go to the
 * region of the rank that runs their VM now, in the order that they had; those of the queues and
 * channels by snapshot first. What is behind the cut comes again in virtual time; in real time it
 * is kept aside, in tables of its own. The old file is only read. */
#include "resume.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 1 << 23, PIECE_VMS = 16384 };

int64_t most_batch_rows = 1 << 20;

struct resume {
  struct h5 from;
  struct layout old;
  const struct lc_store_plan *plan;
  bool in_place;
  int32_t *new_rank;          /* [n_vm] */
  int64_t *n_event;           /* [n_vm] before the cut */
  int64_t *rows[LC_N_TABLE];  /* [plan->n_rank] that go to each rank's region */
  int64_t *at[LC_N_TABLE];    /* [plan->n_rank] where the next of them goes */
  int64_t *start[LC_N_TABLE]; /* of queue and channel: [old ranks][n_taken + 1], the row of a region
                                 at which each snapshot begins */
  int32_t latest;             /* counting: the snapshot of the row before, in a region */
  int64_t most_rows;          /* of a batch */
  struct h5 *to;
};

static int32_t n_taken(const struct resume *x) {
  return x->plan->restart->n_taken;
}

static void refuse(struct resume *x, const char *group, const char *what) {
  if (x->from.failed)
    return;
  x->from.failed = true;
  lc_fail(&x->from.error, LC_EFILE, "%s: %s: %s", x->from.path, group, what);
}

/* ---- which rows, and where to ----------------------------------------------------------------
 */

/* Rows [at, at + n) of the region of an old rank; how they go together. */
struct piece {
  int32_t rank;
  int64_t at, n;
};

struct batch {
  int t;
  int32_t n_piece;
  const struct piece *piece;
  int64_t n;         /* rows of all pieces */
  int32_t *snapshot; /* [n], of queue and channel */
  int32_t *target;   /* [n] the new rank; n_rank more: into the abandoned table; -1: nowhere */
};

static bool is_crossing(int t) {
  return t == LC_QUEUE || t == LC_CHANNEL;
}

/* The table that takes what is behind the cut. */
static int abandoned_of(int t) {
  return t == LC_EVENTS ? LC_ABANDONED_EVENTS : LC_ABANDONED_MESSAGES;
}

static void read_pieces(struct resume *x, const struct batch *b, const char *path, hid_t type,
                        size_t row_bytes, void *values) {
  char *at = values;
  for (int32_t i = 0; i < b->n_piece; i++) {
    const struct piece *p = &b->piece[i];
    int64_t row = x->old.first[b->t][p->rank] + p->at;
    h5_read_rows(&x->from, path, type, (hsize_t)row, (hsize_t)p->n, at);
    at += (size_t)p->n * row_bytes;
  }
}

/* By the VM that wrote a row, and by its event or snapshot. */
static int32_t target_of(const struct resume *x, int t, int32_t vm, int64_t number) {
  int32_t rank = x->new_rank[vm];
  if (t >= LC_ABANDONED_EVENTS)
    return rank;
  if (is_crossing(t))
    return number >= 0 && number < n_taken(x) ? rank : -1;
  if (number < x->n_event[vm])
    return rank;
  return x->plan->keep_abandoned ? x->plan->n_rank + rank : -1;
}

static void find_targets(struct resume *x, struct batch *b) {
  static const char *const of_vm[LC_N_TABLE] = {"machine",  "sender",  "receiver",
                                                "receiver", "machine", "sender"};
  static const char *const of_number[LC_N_TABLE] = {"seq",      "send_seq", "snapshot",
                                                    "snapshot", "seq",      "send_seq"};
  char path[PATH_BYTES];
  const char *group = lc_tables[b->t].group;
  int32_t *vm = lc_new((size_t)b->n, sizeof *vm, "going on from a file");
  int64_t *number = lc_new((size_t)b->n, sizeof *number, "going on from a file");
  read_pieces(x, b, column_path(path, group, of_vm[b->t]), H5T_NATIVE_INT32, sizeof *vm, vm);
  read_pieces(x, b, column_path(path, group, of_number[b->t]), H5T_NATIVE_INT64, sizeof *number,
              number);
  b->target = lc_new((size_t)b->n, sizeof *b->target, "going on from a file");
  b->snapshot =
      lc_new(is_crossing(b->t) ? (size_t)b->n : 0, sizeof *b->snapshot, "going on from a file");
  for (int64_t i = 0; i < b->n && !x->from.failed; i++) {
    if (vm[i] < 0 || vm[i] >= x->old.n_vm) {
      refuse(x, group, "a row names a machine that there is not");
      break;
    }
    b->target[i] = target_of(x, b->t, vm[i], number[i]);
    if (is_crossing(b->t))
      b->snapshot[i] = (int32_t)number[i];
  }
  free(vm);
  free(number);
}

static void release_batch(struct batch *b) {
  free(b->snapshot);
  free(b->target);
}

/* Calls `visit` for all committed rows of a table, in the order of the file. */
static void walk(struct resume *x, int t, void (*visit)(struct resume *x, struct batch *b)) {
  if (!layout_has_table(&x->old, t))
    return;
  for (int32_t r = 0; r < x->old.n_rank; r++) {
    int64_t rows = x->old.rows[t][r];
    for (int64_t at = 0; at < rows && !x->from.failed; at += x->most_rows) {
      struct piece piece = {r, at, rows - at < x->most_rows ? rows - at : x->most_rows};
      visit(x, &(struct batch){.t = t, .n_piece = 1, .piece = &piece, .n = piece.n});
    }
  }
}

/* ---- counting --------------------------------------------------------------------------------
 */

/* Counts the rows of each snapshot in a region, start[s + 1] for snapshot s: those of a rank come
 * one after another, and those that don't count behind them. */
static void note_snapshots(struct resume *x, const struct batch *b) {
  int64_t *start = x->start[b->t] + (int64_t)b->piece->rank * (n_taken(x) + 1);
  if (b->piece->at == 0)
    x->latest = 0;
  for (int64_t i = 0; i < b->n && !x->from.failed; i++) {
    if (b->target[i] < 0) {
      x->latest = INT32_MAX;
      continue;
    }
    if (b->snapshot[i] < x->latest)
      refuse(x, lc_tables[b->t].group, "rows are not in the order of their snapshots");
    x->latest = b->snapshot[i];
    start[b->snapshot[i] + 1]++;
  }
}

static void count_rows(struct resume *x, struct batch *b) {
  int32_t n_rank = x->plan->n_rank;
  find_targets(x, b);
  for (int64_t i = 0; i < b->n && !x->from.failed; i++) {
    int32_t target = b->target[i];
    if (target >= n_rank)
      x->rows[abandoned_of(b->t)][target - n_rank]++;
    else if (target >= 0)
      x->rows[b->t][target]++;
  }
  if (is_crossing(b->t))
    note_snapshots(x, b);
  release_batch(b);
}

static void count_table(struct resume *x, int t) {
  size_t n = (size_t)n_taken(x) + 1;
  if (is_crossing(t))
    x->start[t] = lc_new((size_t)x->old.n_rank * n, sizeof(int64_t), "going on from a file");
  walk(x, t, count_rows);
  for (size_t i = 0; is_crossing(t) && i < (size_t)x->old.n_rank * n; i++)
    x->start[t][i] += i % n ? x->start[t][i - 1] : 0;
}

/* ---- rows ------------------------------------------------------------------------------------
 */

/* Rows in the order of their keys below `n_key`, stable; `order` has n of them and is replaced.
 * Those whose key is -1 are left out. Returns how many there are. */
static int64_t sort_by(const int32_t *key, int32_t n_key, int64_t **order, int64_t n) {
  int64_t *start = lc_new((size_t)n_key + 2, sizeof *start, "going on from a file");
  int64_t *sorted = lc_new((size_t)n, sizeof *sorted, "going on from a file");
  for (int64_t i = 0; i < n; i++)
    start[key[(*order)[i]] + 2]++;
  start[1] = 0; /* of -1 */
  for (int32_t k = 1; k <= n_key; k++)
    start[k + 1] += start[k];
  int64_t kept = start[n_key + 1];
  for (int64_t i = 0; i < n; i++)
    if (key[(*order)[i]] >= 0)
      sorted[start[key[(*order)[i]] + 1]++] = (*order)[i];
  free(start);
  free(*order);
  *order = sorted;
  return kept;
}

/* The rows of a batch that go on, by the region that they go to, then snapshot. */
static int64_t *order_of(const struct resume *x, const struct batch *b, int64_t *kept) {
  int64_t *order = lc_new((size_t)b->n, sizeof *order, "going on from a file");
  for (int64_t i = 0; i < b->n; i++)
    order[i] = i;
  if (is_crossing(b->t) && b->n_piece > 1)
    sort_by(b->snapshot, n_taken(x), &order, b->n);
  *kept = sort_by(b->target, 2 * x->plan->n_rank, &order, b->n);
  return order;
}

/* Rows of a batch that go to one region. */
struct share {
  int t;
  int32_t rank;
  int64_t n;
};

static struct share *shares_of(const struct resume *x, const struct batch *b, const int64_t *order,
                               int64_t kept, size_t *n_share) {
  struct share *share = NULL;
  size_t room = 0;
  int32_t latest = -1;
  *n_share = 0;
  for (int64_t i = 0; i < kept; i++) {
    int32_t target = b->target[order[i]], n_rank = x->plan->n_rank;
    if (!share || target != latest) {
      lc_grow((void **)&share, &room, *n_share + 1, sizeof *share, "going on from a file");
      share[(*n_share)++] =
          (struct share){target < n_rank ? b->t : abandoned_of(b->t), target % n_rank, 0};
    }
    latest = target;
    share[*n_share - 1].n++;
  }
  return share;
}

/* What a batch's rows are copied by. */
struct copying {
  const struct batch *batch;
  int64_t *order, kept;
  struct share *share;
  size_t n_share;
};

/* One column, or a clock's stamps; `name` is its path below the group. */
static void copy_column(struct resume *x, const struct copying *c, const char *name, hid_t type,
                        size_t row_bytes) {
  char path[PATH_BYTES];
  const struct batch *b = c->batch;
  char *values = lc_new((size_t)b->n, row_bytes, "going on from a file");
  char *sorted = lc_new((size_t)c->kept, row_bytes, "going on from a file"), *from = sorted;
  read_pieces(x, b, column_path(path, lc_tables[b->t].group, name), type, row_bytes, values);
  permute(c->order, c->kept, row_bytes, values, sorted);
  for (size_t i = 0; i < c->n_share && !x->from.failed; i++) {
    const struct share *share = &c->share[i];
    h5_write_rows(x->to, column_path(path, lc_tables[share->t].group, name), type,
                  (hsize_t)x->at[share->t][share->rank], (hsize_t)share->n, from);
    from += (size_t)share->n * row_bytes;
  }
  free(values);
  free(sorted);
}

static void copy_columns(struct resume *x, const struct copying *c) {
  char name[PATH_BYTES];
  const struct table *table = &lc_tables[c->batch->t];
  for (int32_t k = 0; k < x->old.n_clock && layout_stamped(&x->old, c->batch->t); k++) {
    snprintf(name, sizeof name, "clocks/%s/stamp", x->old.clock[k].name);
    copy_column(x, c, name, H5T_NATIVE_INT64, (size_t)x->old.clock[k].words * sizeof(int64_t));
  }
  for (int i = 0; i < table->n_column; i++) {
    const struct column *column = &table->column[i];
    if (!column->filled_later)
      copy_column(x, c, column->name, memory_type(column->type), column_bytes(column->type));
  }
}

static void copy_rows(struct resume *x, struct batch *b) {
  find_targets(x, b);
  if (!x->from.failed) {
    struct copying c = {.batch = b};
    c.order = order_of(x, b, &c.kept);
    c.share = shares_of(x, b, c.order, c.kept, &c.n_share);
    copy_columns(x, &c);
    for (size_t i = 0; i < c.n_share; i++)
      x->at[c.share[i].t][c.share[i].rank] += c.share[i].n;
    free(c.order);
    free(c.share);
  }
  release_batch(b);
}

/* Rows of snapshots [first, end) in the region of an old rank. */
static struct piece piece_of(const struct resume *x, int t, int32_t rank, int32_t first,
                             int32_t end) {
  const int64_t *start = x->start[t] + (int64_t)rank * (n_taken(x) + 1);
  return (struct piece){rank, start[first], start[end] - start[first]};
}

static int64_t rows_of(const struct resume *x, int t, int32_t first, int32_t end) {
  int64_t n = 0;
  for (int32_t r = 0; r < x->old.n_rank; r++)
    n += piece_of(x, t, r, first, end).n;
  return n;
}

/* More rows than a batch takes: those of the old ranks one after another. */
static void copy_large_snapshot(struct resume *x, int t, int32_t snapshot) {
  for (int32_t r = 0; r < x->old.n_rank; r++) {
    struct piece all = piece_of(x, t, r, snapshot, snapshot + 1);
    for (int64_t at = 0; at < all.n && !x->from.failed; at += x->most_rows) {
      int64_t n = all.n - at < x->most_rows ? all.n - at : x->most_rows;
      struct piece piece = {r, all.at + at, n};
      copy_rows(x, &(struct batch){.t = t, .n_piece = 1, .piece = &piece, .n = n});
    }
  }
}

/* The old ranks' rows snapshot by snapshot, as many snapshots at once as a batch takes. */
static void copy_crossing(struct resume *x, int t) {
  struct piece *piece = lc_new((size_t)x->old.n_rank, sizeof *piece, "going on from a file");
  int32_t end;
  for (int32_t first = 0; first < n_taken(x) && !x->from.failed; first = end) {
    int64_t n = rows_of(x, t, first, first + 1), more = 0;
    for (end = first + 1; end < n_taken(x); end++, n += more) {
      more = rows_of(x, t, end, end + 1);
      if (n + more > x->most_rows)
        break;
    }
    if (n > x->most_rows) {
      copy_large_snapshot(x, t, first);
      continue;
    }
    for (int32_t r = 0; r < x->old.n_rank; r++)
      piece[r] = piece_of(x, t, r, first, end);
    copy_rows(x, &(struct batch){.t = t, .n_piece = x->old.n_rank, .piece = piece, .n = n});
  }
  free(piece);
}

static void copy_table(struct resume *x, int t) {
  if (is_crossing(t))
    copy_crossing(x, t);
  else
    walk(x, t, copy_rows);
}

/* ---- snapshots -------------------------------------------------------------------------------
 */

/* [vm, snapshot] items of the snapshots that stay, a block of VMs at a time. */
static void copy_states(struct resume *x, const char *path, hid_t type, int32_t words) {
  int32_t most = MOST_WORDS / words / n_taken(x), n_vm = x->old.n_vm;
  most = most > PIECE_VMS ? most / PIECE_VMS * PIECE_VMS : most > 0 ? most : 1;
  most = most < n_vm ? most : n_vm;
  int64_t *values = lc_new((size_t)most * (size_t)n_taken(x) * (size_t)words, sizeof *values,
                           "going on from a file");
  for (int32_t first = 0; first < n_vm && !x->from.failed; first += most) {
    int32_t n = n_vm - first < most ? n_vm - first : most;
    const hsize_t start[3] = {(hsize_t)first, 0, 0};
    const hsize_t count[3] = {(hsize_t)n, (hsize_t)n_taken(x), (hsize_t)words};
    h5_read_block(&x->from, path, type, start, count, values);
    h5_write_block(x->to, path, type, start, count, values);
  }
  free(values);
}

/* The old ranks' parts of a [rank, snapshot] item become rank 0's: their sum, or the largest. */
static void gather_parts(struct resume *x, const char *path, bool largest) {
  size_t old = (size_t)x->old.n_snapshot, taken = (size_t)n_taken(x);
  const hsize_t start[3] = {0}, count[3] = {1, (hsize_t)taken, 1};
  uint64_t *part = lc_new((size_t)x->old.n_rank * old, sizeof *part, "going on from a file");
  uint64_t *all = lc_new(taken, sizeof *all, "going on from a file");
  h5_read_all(&x->from, path, H5T_NATIVE_UINT64, part);
  for (size_t r = 0; r < (size_t)x->old.n_rank; r++)
    for (size_t s = 0; s < taken; s++) {
      uint64_t one = part[r * old + s];
      all[s] = !largest ? all[s] + one : one > all[s] ? one : all[s];
    }
  h5_write_block(x->to, path, H5T_NATIVE_UINT64, start, count, all);
  free(part);
  free(all);
}

static bool is_time(const struct column *column) {
  return column->offset == offsetof(struct lc_cut_cost, t_done) ||
         column->offset == offsetof(struct lc_cut_cost, wall_ns);
}

static void copy_snapshots(struct resume *x) {
  char path[PATH_BYTES];
  if (!n_taken(x))
    return;
  for (int i = 0; i < lc_n_state_column; i++)
    copy_states(x, column_path(path, "/snapshots", lc_state_columns[i].name),
                memory_type(lc_state_columns[i].type), 1);
  for (int32_t c = 0; c < x->old.n_clock; c++) {
    const struct file_clock *clock = &x->old.clock[c];
    copy_states(x, stamp_path(path, "/snapshots", clock->name), H5T_NATIVE_INT64, clock->words);
    if (clock->has_value)
      copy_states(x, state_jump_path(path, clock->name), H5T_NATIVE_INT64, 1);
  }
  for (int i = 0; i < lc_n_cost_column; i++)
    gather_parts(x, column_path(path, "/snapshots/cost", lc_cost_columns[i].name),
                 is_time(&lc_cost_columns[i]));
  for (int32_t i = 0; i < 2 + x->old.n_clock; i++)
    gather_parts(x, cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : x->old.clock[i - 2].name),
                 false);
}

/* ---- what is small ---------------------------------------------------------------------------
 */

static void write_counters(struct resume *x) {
  char path[PATH_BYTES];
  size_t n_rank = (size_t)x->plan->n_rank;
  int64_t *taken = lc_new(n_rank, sizeof *taken, "going on from a file");
  for (size_t r = 0; r < n_rank; r++)
    taken[r] = n_taken(x);
  h5_write_all(x->to, "/commit/n_snapshots", H5T_NATIVE_INT64, taken);
  for (int t = 0; t < LC_N_TABLE; t++)
    if (h5_exists(x->to, column_path(path, "/commit", lc_tables[t].n_rows)))
      h5_write_all(x->to, path, H5T_NATIVE_INT64, x->rows[t]);
  free(taken);
}

static void copy_segments(struct resume *x) {
  const struct lc_restart *restart = x->plan->restart;
  size_t n = (size_t)x->old.n_segment;
  struct segment *old = read_segments(&x->from, &x->old);
  struct segment *all = lc_new(n + 1, sizeof *all, "going on from a file");
  memcpy(all, old, n * sizeof *all);
  bool kept = restart->snapshot < restart->n_taken; /* and not the end */
  all[n] = new_segment(restart->t_ns, kept ? restart->snapshot : -1, x->plan->n_rank);
  write_segments(x->to, all, (int32_t)n + 1);
  free(old);
  free(all);
}

/* Times of rows from before are as uncertain as hosts' clocks were then. */
static void keep_clock_error(struct resume *x) {
  size_t n = (size_t)x->plan->n_rank;
  int64_t before = h5_read_largest(&x->from, "/clock_error", x->old.n_rank);
  int64_t *error = lc_new(n, sizeof *error, "going on from a file");
  h5_read_all(x->to, "/clock_error", H5T_NATIVE_INT64, error);
  for (size_t r = 0; r < n; r++)
    error[r] = error[r] > before ? error[r] : before;
  h5_write_all(x->to, "/clock_error", H5T_NATIVE_INT64, error);
  free(error);
}

/* The file keeps where it came from; that it went on is one more line of its history. */
static void keep_attributes(struct resume *x) {
  static const char *const kept[] = {"start_time", "command_line"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    char *text = h5_get_text(&x->from, "/", kept[i]);
    if (text)
      h5_set_text(x->to, "/", kept[i], text);
    free(text);
  }
  char *old = h5_get_text(&x->from, "/", "history"), *new = h5_get_text(x->to, "/", "history");
  if (old && new) {
    char *both = lc_format("%s\n%s", old, new);
    h5_set_text(x->to, "/", "history", both);
    free(both);
  }
  free(old);
  free(new);
}

void resume_copy(struct resume *x, const struct layout *layout, struct h5 *to) {
  x->to = to;
  for (int t = 0; t < LC_N_TABLE; t++)
    memcpy(x->at[t], layout->first[t], (size_t)x->plan->n_rank * sizeof(int64_t));
  for (int t = LC_N_TABLE - 1; t >= 0; t--) /* what was abandoned before comes first */
    copy_table(x, t);
  copy_snapshots(x);
  write_counters(x);
  copy_segments(x);
  keep_clock_error(x);
  keep_attributes(x);
}

/* ---- from the beginning to the end -----------------------------------------------------------
 */

static void read_cut(struct resume *x) {
  const struct lc_store_plan *plan = x->plan;
  const hsize_t start[3] = {0, (hsize_t)plan->restart->snapshot, 0};
  const hsize_t count[3] = {(hsize_t)x->old.n_vm, 1, 1};
  x->new_rank = lc_new((size_t)x->old.n_vm, sizeof *x->new_rank, "going on from a file");
  x->n_event = lc_new((size_t)x->old.n_vm, sizeof *x->n_event, "going on from a file");
  for (int32_t v = 0; v < x->old.n_vm; v++)
    x->new_rank[v] = plan->vm(plan->context, v).rank;
  if (plan->restart->snapshot >= 0)
    h5_read_block(&x->from, "/snapshots/n_event", H5T_NATIVE_INT64, start, count, x->n_event);
}

static int64_t most_rows(const struct layout *layout) {
  int32_t words = 1;
  for (int32_t c = 0; c < layout->n_clock; c++)
    words = layout->clock[c].words > words ? layout->clock[c].words : words;
  int64_t most = MOST_WORDS / words;
  return most > most_batch_rows ? most_batch_rows : most > 0 ? most : 1;
}

static lc_status check_fits(const struct resume *x, struct lc_error *err) {
  const struct lc_store_plan *plan = x->plan;
  lc_status status = check_past_format(plan->past_path, &x->old, err);
  if (!status)
    status = check_past_clocks(plan->past_path, &x->old, plan->clocks, err);
  if (!status && x->old.n_vm != plan->n_vm)
    status = lc_fail(err, LC_EFILE, "%s: has %d VMs; this run has %d", plan->past_path, x->old.n_vm,
                     plan->n_vm);
  if (!status && plan->restart->n_taken >= plan->n_snapshot)
    status = lc_fail(err, LC_EFILE, "%s: has %d snapshots; this run has only %d", plan->past_path,
                     plan->restart->n_taken, plan->n_snapshot - 1);
  return status;
}

static lc_status count_all(struct resume *x, struct lc_error *err) {
  lc_status status = check_fits(x, err);
  if (status)
    return status;
  x->most_rows = most_rows(&x->old);
  for (int t = 0; t < LC_N_TABLE; t++) {
    x->rows[t] = lc_new((size_t)x->plan->n_rank, sizeof(int64_t), "going on from a file");
    x->at[t] = lc_new((size_t)x->plan->n_rank, sizeof(int64_t), "going on from a file");
  }
  read_cut(x);
  for (int t = 0; t < LC_N_TABLE; t++)
    count_table(x, t);
  return h5_status(&x->from, err);
}

lc_status resume_begin(struct resume **out, const struct lc_store_plan *plan, const char *path,
                       struct lc_error *err) {
  lc_assert(plan->restart->held >= 0);
  *out = NULL;
  if (!place_is_same(plan->restart->held, plan->past_path))
    return lc_fail(err, LC_EFILE, "%s: another file was put in its place just now",
                   plan->past_path);
  struct resume *x = lc_new(1, sizeof *x, "going on from a file");
  x->plan = plan;
  x->in_place = place_is_same(plan->restart->held, path);
  lc_status status = open_checked(&x->from, &x->old, plan->past_path, err);
  if (status) {
    free(x);
    return status;
  }
  status = count_all(x, err);
  if (status)
    resume_end(x);
  else
    *out = x;
  return status;
}

void resume_make_room(const struct resume *x, struct layout *layout) {
  for (int t = 0; t < LC_N_TABLE; t++)
    for (int32_t r = 0; r < layout->n_rank; r++) {
      layout->rows[t][r] = x->rows[t][r] > layout->rows[t][r] ? x->rows[t][r] : layout->rows[t][r];
      layout->abandoned |= t >= LC_ABANDONED_EVENTS && x->rows[t][r] > 0;
    }
  layout->n_segment = x->old.n_segment + 1;
}

int64_t resume_rows(const struct resume *x, int t, int32_t rank) {
  return x->rows[t][rank];
}

bool resume_in_place(const struct resume *x) {
  return x->in_place;
}

const struct h5 *resume_source(const struct resume *x) {
  return &x->from;
}

void resume_end(struct resume *x) {
  h5_close(&x->from);
  layout_free(&x->old);
  for (int t = 0; t < LC_N_TABLE; t++) {
    free(x->rows[t]);
    free(x->at[t]);
    free(x->start[t]);
  }
  free(x->new_rank);
  free(x->n_event);
  free(x);
}
