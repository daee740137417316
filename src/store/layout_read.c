/* Reads a file's layout back, and refuses what is not ours, newer, or not consistent in itself. */
#include "layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(struct h5 *h, const char *what) {
  if (h->failed)
    return;
  h->failed = true;
  lc_fail(&h->error, LC_EFILE, "%s: %s", h->path, what);
}

/* Returns the version of the format, 100 * major + minor. */
static int check_format(struct h5 *h) {
  char *format = h5_get_text(h, "/", "lcmpi_format");
  int major = -1, minor = 0;
  if (!format || sscanf(format, "%d.%d", &major, &minor) < 1 || major < 0 || minor < 0 ||
      minor > 99)
    refuse(h, "is an HDF5 file, but not one of lcmpi's (it has no attribute lcmpi_format)");
  else if (major > LC_FORMAT_MAJOR) {
    h->failed = true;
    lc_fail(&h->error, LC_EFILE,
            "%s: has format %s; this lcmpi reads formats up to %d.x: use a newer lcmpi", h->path,
            format, LC_FORMAT_MAJOR);
  }
  free(format);
  return 100 * major + minor;
}

static int32_t length_of(struct h5 *h, const char *path) {
  hsize_t size[3] = {0};
  if (h5_sizes(h, path, size) != 1 || size[0] < 1 || size[0] > INT32_MAX)
    refuse(h, "a dimension is missing or has no size");
  return h->failed ? 0 : (int32_t)size[0];
}

struct names {
  int32_t n;
  char name[LC_MAX_CLOCKS][64];
};

static herr_t note_name(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  (void)group, (void)info;
  struct names *names = context;
  if (names->n < LC_MAX_CLOCKS && strlen(name) < sizeof names->name[0])
    snprintf(names->name[names->n++], sizeof names->name[0], "%s", name);
  return 0;
}

static void read_clock(struct layout *layout, struct h5 *h, const char *name) {
  char group[PATH_BYTES], path[PATH_BYTES];
  struct file_clock *clock = &layout->clock[layout->n_clock++];
  snprintf(clock->name, sizeof clock->name, "%s", name);
  snprintf(group, sizeof group, "/events/clocks/%s", name);
  clock->summary = h5_get_text(h, group, "summary");
  clock->promise = h5_get_text(h, group, "promise");
  char *order = h5_get_text(h, group, "order");
  if (!clock->summary || !clock->promise || !order)
    refuse(h, "a clock lacks its summary, promise or order");
  else
    clock->order = strcmp(order, "vector") == 0 ? LC_ORDER_VECTOR : LC_ORDER_SCALAR;
  free(order);
  clock->characterizes = h5_get_int(h, group, "characterizes", 0) != 0;
  clock->has_value = h5_get_int(h, group, "has_value", 0) != 0;
  hsize_t size[3] = {0, 1, 1};
  h5_sizes(h, stamp_path(path, "/events", name), size);
  clock->words = clock->order == LC_ORDER_VECTOR ? (int32_t)size[1] : 1;
}

static void read_clocks(struct layout *layout, struct h5 *h) {
  struct names names = {0};
  if (!h5_exists(h, "/events/clocks"))
    return;
  hid_t group = H5Gopen2(h->file, "/events/clocks", H5P_DEFAULT);
  if (!h5_ok(h, group, "open", "/events/clocks"))
    return;
  herr_t code = H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, note_name, &names);
  h5_ok(h, code, "list", "/events/clocks");
  H5Gclose(group);
  for (int32_t c = 0; c < names.n; c++)
    read_clock(layout, h, names.name[c]);
}

/* True if `path` has `rows` rows, or at least as many, and `columns` beside each. */
static void expect(struct h5 *h, const char *path, int64_t rows, bool exactly, int64_t columns) {
  hsize_t size[3] = {0, 1, 1};
  int rank = h5_sizes(h, path, size);
  if (h->failed)
    return;
  bool fits = rank >= 1 && (exactly ? (int64_t)size[0] == rows : (int64_t)size[0] >= rows) &&
              (int64_t)(size[1] * size[2]) == columns;
  if (!fits) {
    h->failed = true;
    lc_fail(&h->error, LC_EFILE, "%s: %s does not have the size that the rest of the file asks for",
            h->path, path);
  }
}

static void expect_table(const struct layout *layout, struct h5 *h, int t) {
  const struct table *table = &lc_tables[t];
  char path[PATH_BYTES];
  int64_t need = 0;
  for (int32_t r = 0; r < layout->n_rank; r++) {
    int64_t first = layout->first[t][r], n = layout->rows[t][r];
    if (first < 0 || n < 0 || first > INT64_MAX - n) {
      refuse(h, "a commit counter is negative or out of range");
      return;
    }
    need = n && first + n > need ? first + n : need;
  }
  for (int i = 0; i < table->n_column; i++)
    expect(h, column_path(path, table->group, table->column[i].name), need, false, 1);
  for (int32_t c = 0; c < layout->n_clock && layout_stamped(layout, t); c++)
    expect(h, stamp_path(path, table->group, layout->clock[c].name), need, false,
           layout->clock[c].words);
}

static void expect_segments(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  for (int i = 0; i < lc_n_segment_column; i++)
    expect(h, column_path(path, "/segments", lc_segment_columns[i].name), layout->n_segment, true,
           1);
}

static void expect_cuts(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  for (int i = 0; i < lc_n_cost_column; i++)
    expect(h, column_path(path, "/snapshots/cost", lc_cost_columns[i].name), layout->n_rank, true,
           layout->n_snapshot);
  for (int32_t i = 0; i < 2 + layout->n_clock; i++)
    expect(h, cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : layout->clock[i - 2].name),
           layout->n_rank, true, layout->n_snapshot);
  for (int32_t c = 0; c < layout->n_clock; c++)
    if (layout->clock[c].has_value)
      expect(h, state_jump_path(path, layout->clock[c].name), layout->n_vm, true,
             layout->n_snapshot);
}

static void expect_small(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  for (int i = 0; i < n_vm_constant; i++)
    if (layout_has(layout, vm_constants[i].since))
      expect(h, column_path(path, "/", vm_constants[i].name), layout->n_vm, true, 1);
  for (int i = 0; i < n_rank_constant; i++)
    expect(h, column_path(path, "/", rank_constants[i].name), layout->n_rank, true, 1);
  for (int i = 0; i < lc_n_state_column; i++)
    if (layout_has(layout, lc_state_columns[i].since))
      expect(h, column_path(path, "/snapshots", lc_state_columns[i].name), layout->n_vm, true,
             layout->n_snapshot);
  for (int32_t c = 0; c < layout->n_clock; c++)
    expect(h, stamp_path(path, "/snapshots", layout->clock[c].name), layout->n_vm, true,
           (int64_t)layout->n_snapshot * layout->clock[c].words);
  if (layout_has(layout, CUTS_SINCE)) {
    expect_cuts(layout, h);
    expect_segments(layout, h);
  }
}

static void expect_clock_total(void *context, struct h5 *h, const char *path, enum column_type type,
                               int32_t words) {
  const struct layout *layout = context;
  (void)type;
  expect(h, path, layout->n_vm, true, words > 0 ? words : 1);
}

/* The state is written last and is read first, then the counters of snapshots, then those of rows:
 * what each promises is under the counters read later. */
static void read_state(struct layout *layout, struct h5 *h) {
  expect(h, "/commit/n_final", layout->n_rank, true, 1);
  expect(h, "/commit/n_snapshots", layout->n_rank, true, 1);
  layout->state = (int)h5_read_scalar(h, "/commit/state");
  layout->ended = layout->state == LC_RUN_COMPLETE || layout->state == LC_RUN_STOPPED;
  h5_read_all(h, "/commit/n_final", H5T_NATIVE_INT64, layout->n_final);
  h5_read_all(h, "/commit/n_snapshots", H5T_NATIVE_INT64, layout->n_snapshots);
  for (int32_t r = 0; r < layout->n_rank; r++) {
    layout->ended &= layout->n_final[r] == 1;
    if (layout->n_snapshots[r] < 0 || layout->n_snapshots[r] >= layout->n_snapshot)
      refuse(h, "a counter of snapshots is negative or out of range");
  }
}

void layout_read(struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  *layout = (struct layout){0};
  int version = check_format(h);
  int32_t n_vm = length_of(h, "/vm"), n_rank = length_of(h, "/rank");
  int32_t n_snapshot = length_of(h, "/snapshots/snapshot");
  if (h->failed)
    return;
  layout_init(layout, n_vm, n_rank, n_snapshot);
  layout->version = version;
  if (layout_has(layout, CUTS_SINCE)) {
    layout->abandoned = h5_exists(h, "/abandoned");
    layout->served = h5_exists(h, "/server");
    layout->n_segment = length_of(h, "/segments/segment");
  }
  read_state(layout, h);
  read_clocks(layout, h);
  for (int t = 0; t < LC_N_TABLE && !h->failed; t++) {
    hsize_t size[3] = {0};
    if (!layout_has_table(layout, t))
      continue;
    column_path(path, "/commit", lc_tables[t].first_row);
    expect(h, path, n_rank, true, 1);
    h5_read_all(h, path, H5T_NATIVE_INT64, layout->first[t]);
    column_path(path, "/commit", lc_tables[t].n_rows);
    expect(h, path, n_rank, true, 1);
    h5_read_all(h, path, H5T_NATIVE_INT64, layout->rows[t]);
    expect_table(layout, h, t);
    h5_sizes(h, column_path(path, lc_tables[t].group, lc_tables[t].column[0].name), size);
    layout->total[t] = (int64_t)size[0];
  }
  expect_small(layout, h);
  layout_clock_totals(layout, h, expect_clock_total, layout);
}
