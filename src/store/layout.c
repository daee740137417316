/* Builds a file's structure from a struct layout. */
#include "layout.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL(field) (ptrdiff_t) offsetof(struct lc_vm_totals, field)

const struct constant vm_constants[] = {
    {"tick_rate", COLUMN_F64, "s-1", "tick rate", -1, 0},
    {"tick_rate_p", COLUMN_I64, "1", "numerator of the exact tick rate", -1, 0},
    {"tick_rate_q", COLUMN_I64, "s", "denominator of the exact tick rate", -1, 0},
    {"phase", COLUMN_I64, "ns", "model time of tick 0", -1, 0},
    {"vm_rank", COLUMN_I32, "1", "rank that runs the machine", -1, 0},
    {"replica", COLUMN_I32, "1", "copy of the system that the machine belongs to", -1,
     VIRTUAL_SINCE},
    {"logged", COLUMN_U8, "1", "whether its events and messages are on file", -1, VIRTUAL_SINCE},
    {"predicted_arrivals", COLUMN_F64, "s-1", "rate of arriving messages that theory expects", -1,
     VIRTUAL_SINCE},
    {"predicted_queue", COLUMN_F64, "1",
     "messages in the queue at the planned end that theory expects", -1, VIRTUAL_SINCE},
    {"predicted_clock", COLUMN_F64, "1", "Lamport clock at the planned end that theory expects", -1,
     VIRTUAL_SINCE},
    {"n_tick", COLUMN_I64, "1", "ticks done in the whole run", TOTAL(n_tick), 0},
    {"n_event", COLUMN_I64, "1", "events in the whole run", TOTAL(n_event), 0},
    {"n_internal", COLUMN_I64, "1", "internal events in the whole run", TOTAL(n_internal), 0},
    {"n_sent", COLUMN_I64, "1", "messages sent in the whole run", TOTAL(n_sent), 0},
    {"n_received", COLUMN_I64, "1", "messages received in the whole run", TOTAL(n_received), 0},
    {"n_queued", COLUMN_I64, "1", "messages in the queue at the end", TOTAL(n_queued), 0},
    {"queue_max", COLUMN_I64, "1", "longest queue that a tick found", TOTAL(queue_max),
     VIRTUAL_SINCE},
    {"lateness_max", COLUMN_I64, "ns", "largest lateness of a tick, in model time",
     TOTAL(lateness_max_ns), 0},
    {"lateness_mean", COLUMN_I64, "ns", "mean lateness of the ticks, in model time",
     TOTAL(lateness_mean_ns), 0},
};
const int n_vm_constant = sizeof vm_constants / sizeof *vm_constants;

const struct constant rank_constants[] = {
    {"host", COLUMN_I32, "1", "host of the rank, an index into the attribute hostnames", -1, 0},
    {"pid", COLUMN_I32, "1", "process id of the rank", -1, 0},
    {"clock_offset", COLUMN_I64, "ns", "the host's monotonic clock minus that of rank 0's host", -1,
     0},
    {"clock_error", COLUMN_I64, "ns",
     "bound of the error of clock_offset, now or in a segment before", -1, 0},
};
const int n_rank_constant = sizeof rank_constants / sizeof *rank_constants;

const char *const balance_names[5] = {"sent", "received", "queued", "in_flight", "lost"};

bool layout_has(const struct layout *layout, int since) {
  return since <= layout->version;
}

bool layout_has_table(const struct layout *layout, int table) {
  return layout_has(layout, lc_tables[table].since) &&
         (table < LC_ABANDONED_EVENTS || layout->abandoned);
}

bool layout_stamped(const struct layout *layout, int table) {
  return layout_has(layout, lc_tables[table].stamped_since);
}

const char *stamp_path(char out[PATH_BYTES], const char *group, const char *clock) {
  snprintf(out, PATH_BYTES, "%s/clocks/%s/stamp", group, clock);
  return out;
}

const char *column_path(char out[PATH_BYTES], const char *group, const char *column) {
  snprintf(out, PATH_BYTES, "%s/%s", strcmp(group, "/") == 0 ? "" : group, column);
  return out;
}

const char *digest_path(char out[PATH_BYTES], int which, const char *clock) {
  snprintf(out, PATH_BYTES, "/digest/%s%s",
           which == 0   ? "execution"
           : which == 1 ? "snapshots"
                        : "",
           which == 2 ? clock : "");
  return out;
}

const char *cut_digest_path(char out[PATH_BYTES], int which, const char *clock) {
  char whole[PATH_BYTES];
  snprintf(out, PATH_BYTES, "/snapshots/restart%.100s", digest_path(whole, which, clock) + 7);
  return out;
}

const char *state_jump_path(char out[PATH_BYTES], const char *clock) {
  snprintf(out, PATH_BYTES, "/snapshots/clocks/%s/jump_max", clock);
  return out;
}

hid_t memory_type(enum column_type type) {
  switch (type) {
  case COLUMN_U8:
    return H5T_NATIVE_UINT8;
  case COLUMN_I32:
    return H5T_NATIVE_INT32;
  case COLUMN_I64:
    return H5T_NATIVE_INT64;
  case COLUMN_F64:
    break;
  }
  return H5T_NATIVE_DOUBLE;
}

hid_t file_type(enum column_type type) {
  switch (type) {
  case COLUMN_U8:
    return H5T_STD_U8LE;
  case COLUMN_I32:
    return H5T_STD_I32LE;
  case COLUMN_I64:
    return H5T_STD_I64LE;
  case COLUMN_F64:
    break;
  }
  return H5T_IEEE_F64LE;
}

void layout_init(struct layout *layout, int32_t n_vm, int32_t n_rank, int32_t n_snapshot) {
  *layout = (struct layout){.n_vm = n_vm,
                            .n_rank = n_rank,
                            .n_snapshot = n_snapshot,
                            .n_segment = 1,
                            .version = 100 * LC_FORMAT_MAJOR + LC_FORMAT_MINOR};
  for (int t = 0; t < LC_N_TABLE; t++) {
    layout->first[t] = lc_new((size_t)n_rank, sizeof(int64_t), "the file's layout");
    layout->rows[t] = lc_new((size_t)n_rank, sizeof(int64_t), "the file's layout");
  }
  layout->n_snapshots = lc_new((size_t)n_rank, sizeof(int64_t), "the file's layout");
  layout->n_final = lc_new((size_t)n_rank, sizeof(int64_t), "the file's layout");
}

void layout_free(struct layout *layout) {
  for (int t = 0; t < LC_N_TABLE; t++) {
    free(layout->first[t]);
    free(layout->rows[t]);
  }
  free(layout->n_snapshots);
  free(layout->n_final);
  for (int32_t c = 0; c < layout->n_clock; c++) {
    free(layout->clock[c].summary);
    free(layout->clock[c].promise);
  }
  *layout = (struct layout){0};
}

void layout_place(struct layout *layout, int64_t multiple) {
  for (int t = 0; t < LC_N_TABLE; t++) {
    layout->total[t] = 0;
    for (int32_t r = 0; r < layout->n_rank; r++) {
      layout->rows[t][r] = (layout->rows[t][r] + multiple - 1) / multiple * multiple;
      layout->first[t][r] = layout->total[t];
      layout->total[t] += layout->rows[t][r];
    }
  }
}

/* ---- building -----------------------------------------------------------------------------------
 */

void layout_describe(struct h5 *h, const char *path, const char *units, const char *long_name) {
  if (units)
    h5_set_text(h, path, "units", units);
  h5_set_text(h, path, "long_name", long_name);
}

static void describe_flags(struct h5 *h, const char *path, const char *meanings) {
  uint8_t values[16];
  int n = 1;
  for (const char *at = meanings; *at; at++)
    n += *at == ' ';
  for (int i = 0; i < n; i++)
    values[i] = (uint8_t)i;
  h5_set_bytes(h, path, "flag_values", values, n);
  h5_set_text(h, path, "flag_meanings", meanings);
}

static void build_column(struct h5 *h, const char *group, const struct column *column,
                         const struct h5_shape *shape, int level) {
  char path[PATH_BYTES];
  column_path(path, group, column->name);
  h5_dataset(h, path, file_type(column->type), shape, level);
  layout_describe(h, path, column->units, column->long_name);
  if (column->flag_meanings)
    describe_flags(h, path, column->flag_meanings);
}

/* /GROUP/clocks/NAME/stamp, `shape` widened by a dimension for stamps of several words. */
static void build_stamps(const struct layout *layout, struct h5 *h, const char *group,
                         struct h5_shape shape, const char *wide_dimension, int level) {
  char path[PATH_BYTES];
  int rank = shape.rank;
  for (int32_t c = 0; c < layout->n_clock; c++) {
    const struct file_clock *clock = &layout->clock[c];
    shape.rank = rank;
    if (clock->order == LC_ORDER_VECTOR) {
      shape.size[rank] = (hsize_t)clock->words;
      shape.scale[rank] = wide_dimension;
      shape.rank++;
    }
    snprintf(path, sizeof path, "%s/clocks/%s", group, clock->name);
    h5_group(h, path);
    h5_set_text(h, path, "summary", clock->summary);
    h5_set_text(h, path, "promise", clock->promise);
    h5_set_text(h, path, "order", clock->order == LC_ORDER_VECTOR ? "vector" : "scalar");
    h5_set_int(h, path, "characterizes", clock->characterizes);
    h5_set_int(h, path, "has_value", clock->has_value);
    stamp_path(path, group, clock->name);
    h5_dataset(h, path, H5T_STD_I64LE, &shape, level);
    layout_describe(h, path, "1", clock->summary);
  }
}

static void build_table(const struct layout *layout, struct h5 *h, int t) {
  const struct table *table = &lc_tables[t];
  char dimension[PATH_BYTES];
  if (!layout_has_table(layout, t))
    return;
  h5_group(h, table->group);
  h5_set_text(h, table->group, "title", table->title);
  column_path(dimension, table->group, table->dimension);
  h5_dimension(h, dimension, (hsize_t)layout->total[t]);
  struct h5_shape shape = {1, {(hsize_t)layout->total[t]}, {dimension}};
  for (int i = 0; i < table->n_column; i++)
    build_column(h, table->group, &table->column[i], &shape, layout->level);
  if (layout_stamped(layout, t))
    build_stamps(layout, h, table->group, shape, "/vm", layout->level);
}

void write_zeros(struct h5 *h, const char *path, enum column_type type, int64_t n) {
  void *zeros = lc_new((size_t)n, column_bytes(type), "a dataset of zeros");
  h5_write_all(h, path, memory_type(type), zeros);
  free(zeros);
}

/* What a rank writes of a snapshot beside the states: what it took, and for a restart the largest
 * jumps and the digests. */
static void build_cuts(const struct layout *layout, struct h5 *h, const struct h5_shape *states,
                       int level) {
  char path[PATH_BYTES];
  size_t ranks = (size_t)layout->n_rank, n = ranks * (size_t)layout->n_snapshot;
  struct h5_shape shape = {
      2, {(hsize_t)ranks, (hsize_t)layout->n_snapshot}, {"/rank", "/snapshots/snapshot"}};
  for (int32_t c = 0; c < layout->n_clock; c++) {
    if (!layout->clock[c].has_value)
      continue;
    h5_dataset(h, state_jump_path(path, layout->clock[c].name), H5T_STD_I64LE, states, level);
    layout_describe(h, path, "1", "largest growth of the clock from one event to the next by then");
  }
  h5_group(h, "/snapshots/cost");
  h5_set_text(h, "/snapshots/cost", "title", "what each snapshot took on each rank");
  for (int i = 0; i < lc_n_cost_column; i++) {
    build_column(h, "/snapshots/cost", &lc_cost_columns[i], &shape, 0);
    write_zeros(h, column_path(path, "/snapshots/cost", lc_cost_columns[i].name), COLUMN_I64,
                (int64_t)n);
  }
  h5_group(h, "/snapshots/restart");
  h5_set_text(h, "/snapshots/restart", "title",
              "digests of all before each cut, each rank's part: their sum modulo 2^64 counts");
  for (int32_t i = 0; i < 2 + layout->n_clock; i++) {
    cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : layout->clock[i - 2].name);
    h5_dataset(h, path, H5T_STD_U64LE, &shape, 0);
    layout_describe(h, path, "1", "the rank's part of a digest");
    write_zeros(h, path, COLUMN_I64, (int64_t)n);
  }
}

static void build_snapshots(const struct layout *layout, struct h5 *h) {
  int32_t *index = lc_new((size_t)layout->n_snapshot, sizeof *index, "the snapshots");
  for (int32_t s = 0; s < layout->n_snapshot; s++)
    index[s] = s;
  h5_group(h, "/snapshots");
  h5_set_text(h, "/snapshots", "title", "state of every machine, one column per snapshot");
  h5_coordinate(h, "/snapshots/snapshot", (hsize_t)layout->n_snapshot, index);
  free(index);
  struct h5_shape times = {1, {(hsize_t)layout->n_snapshot}, {"/snapshots/snapshot"}};
  h5_dataset(h, "/snapshots/t", H5T_STD_I64LE, &times, 0);
  layout_describe(h, "/snapshots/t", "ns", "model time of the snapshot; the last one is the end");
  int level = layout->level < 0 ? -2 : layout->level; /* a snapshot is written at a time */
  struct h5_shape shape = {
      2, {(hsize_t)layout->n_vm, (hsize_t)layout->n_snapshot}, {"/vm", "/snapshots/snapshot"}};
  for (int i = 0; i < lc_n_state_column; i++)
    if (layout_has(layout, lc_state_columns[i].since))
      build_column(h, "/snapshots", &lc_state_columns[i], &shape, level);
  build_stamps(layout, h, "/snapshots", shape, "/component", level);
  if (layout_has(layout, CUTS_SINCE))
    build_cuts(layout, h, &shape, level);
}

static void build_constants(const struct layout *layout, struct h5 *h, const struct constant *list,
                            int n, const char *scale, int32_t length) {
  char path[PATH_BYTES];
  struct h5_shape shape = {1, {(hsize_t)length}, {scale}};
  for (int i = 0; i < n; i++) {
    if (!layout_has(layout, list[i].since))
      continue;
    column_path(path, "/", list[i].name);
    h5_dataset(h, path, file_type(list[i].type), &shape, 0);
    layout_describe(h, path, list[i].units, list[i].long_name);
    write_zeros(h, path, list[i].type, length);
  }
}

static void build_clock_total(void *context, struct h5 *h, const char *path, enum column_type type,
                              int32_t words) {
  const struct layout *layout = context;
  struct h5_shape shape = {words > 0 ? 2 : 1,
                           {(hsize_t)layout->n_vm, (hsize_t)(words > 0 ? words : 0)},
                           {"/vm", "/component"}};
  h5_dataset(h, path, file_type(type), &shape, 0);
  layout_describe(h, path, "1",
                  strstr(path, "/final_") ? "stamp of the last event"
                  : strstr(path, "_jump_max")
                      ? "largest growth of the clock from one event to the next"
                      : "mean growth of the clock from one event to the next");
  write_zeros(h, path, type, (int64_t)layout->n_vm * (words > 0 ? words : 1));
}

void layout_clock_totals(const struct layout *layout, struct h5 *h, clock_dataset *visit,
                         void *context) {
  char path[PATH_BYTES];
  for (int32_t c = 0; c < layout->n_clock; c++) {
    const struct file_clock *clock = &layout->clock[c];
    snprintf(path, sizeof path, "/final_%s", clock->name);
    visit(context, h, path, COLUMN_I64, clock->order == LC_ORDER_VECTOR ? clock->words : 0);
    if (!clock->has_value)
      continue;
    snprintf(path, sizeof path, "/%s_jump_max", clock->name);
    visit(context, h, path, COLUMN_I64, 0);
    snprintf(path, sizeof path, "/%s_jump_mean", clock->name);
    visit(context, h, path, COLUMN_F64, 0);
  }
}

static void build_commit(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  struct h5_shape ranks = {1, {(hsize_t)layout->n_rank}, {"/rank"}}, scalar = {.rank = 0};
  h5_group(h, "/commit");
  h5_set_text(h, "/commit", "comment",
              "rows of each writer rank that are completely on file: [first, first + n) of its "
              "region; the counters are written after the rows");
  for (int t = 0; t < LC_N_TABLE; t++) {
    if (!layout_has_table(layout, t))
      continue;
    column_path(path, "/commit", lc_tables[t].n_rows);
    h5_dataset(h, path, H5T_STD_I64LE, &ranks, 0);
    layout_describe(h, path, "1", "rows of the rank that are on file");
    write_zeros(h, path, COLUMN_I64, layout->n_rank);
    column_path(path, "/commit", lc_tables[t].first_row);
    h5_dataset(h, path, H5T_STD_I64LE, &ranks, 0);
    layout_describe(h, path, "1", "first row of the rank's region");
    h5_write_all(h, path, H5T_NATIVE_INT64, layout->first[t]);
  }
  static const char *const more[][2] = {
      {"/commit/n_snapshots", "snapshots of the rank that are on file, without the final state"},
      {"/commit/n_final", "1 if the rank's final state is on file"}};
  for (int i = 0; i < 2; i++) {
    h5_dataset(h, more[i][0], H5T_STD_I64LE, &ranks, 0);
    layout_describe(h, more[i][0], "1", more[i][1]);
    write_zeros(h, more[i][0], COLUMN_I64, layout->n_rank);
  }
  h5_dataset(h, "/commit/t_end", H5T_STD_I64LE, &scalar, 0);
  layout_describe(h, "/commit/t_end", "ns", "model time at which the run ended, once it has");
  write_zeros(h, "/commit/t_end", COLUMN_I64, 1);
  h5_dataset(h, "/commit/state", H5T_STD_U8LE, &scalar, 0);
  layout_describe(h, "/commit/state", NULL, "state of the run");
  describe_flags(h, "/commit/state", RUN_STATE_MEANINGS);
  write_zeros(h, "/commit/state", COLUMN_U8, 1);
}

static void build_balance(struct h5 *h) {
  char path[PATH_BYTES];
  struct h5_shape scalar = {.rank = 0};
  h5_group(h, "/balance");
  h5_set_text(h, "/balance", "title", "sent = received + queued + in_flight + lost");
  for (int i = 0; i < 5; i++) {
    column_path(path, "/balance", balance_names[i]);
    h5_dataset(h, path, H5T_STD_I64LE, &scalar, 0);
    layout_describe(h, path, "1", "messages at the end of the run");
    write_zeros(h, path, COLUMN_I64, 1);
  }
}

static void build_digest(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  struct h5_shape scalar = {.rank = 0};
  h5_group(h, "/digest");
  h5_set_text(h, "/digest", "title", "64 bits that stand for the whole run");
  for (int32_t i = 0; i < 2 + layout->n_clock; i++) {
    digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : layout->clock[i - 2].name);
    h5_dataset(h, path, H5T_STD_U64LE, &scalar, 0);
    layout_describe(h, path, "1",
                    i == 0   ? "of all events"
                    : i == 1 ? "of all states before the end"
                             : "of all stamps of the clock");
    write_zeros(h, path, COLUMN_I64, 1);
  }
}

static void build_scale(struct h5 *h, const char *path, int32_t n, const char *long_name) {
  int32_t *index = lc_new((size_t)n, sizeof *index, "a dimension");
  for (int32_t i = 0; i < n; i++)
    index[i] = i;
  h5_coordinate(h, path, (hsize_t)n, index);
  h5_set_text(h, path, "long_name", long_name);
  free(index);
}

static void build_segments(const struct layout *layout, struct h5 *h) {
  struct h5_shape shape = {1, {(hsize_t)layout->n_segment}, {"/segments/segment"}};
  h5_group(h, "/segments");
  h5_set_text(h, "/segments", "title", "where the run began, and where it was gone on with");
  build_scale(h, "/segments/segment", layout->n_segment, "stretch of the run");
  for (int i = 0; i < lc_n_segment_column; i++)
    build_column(h, "/segments", &lc_segment_columns[i], &shape, 0);
}

void layout_build(const struct layout *layout, struct h5 *h) {
  int32_t wide = 0; /* words of a vector stamp: the VMs of one copy */
  for (int32_t c = 0; c < layout->n_clock; c++)
    if (layout->clock[c].order == LC_ORDER_VECTOR)
      wide = layout->clock[c].words;
  build_scale(h, "/vm", layout->n_vm, "virtual machine");
  build_scale(h, "/rank", layout->n_rank, "MPI rank");
  if (wide)
    build_scale(h, "/component", wide, "component of a vector stamp");
  build_constants(layout, h, vm_constants, n_vm_constant, "/vm", layout->n_vm);
  layout_clock_totals(layout, h, build_clock_total, (void *)(uintptr_t)layout);
  build_constants(layout, h, rank_constants, n_rank_constant, "/rank", layout->n_rank);
  build_table(layout, h, LC_EVENTS);
  build_table(layout, h, LC_MESSAGES);
  build_snapshots(layout, h);
  build_table(layout, h, LC_QUEUE);
  build_table(layout, h, LC_CHANNEL);
  if (layout->abandoned)
    h5_group(h, "/abandoned");
  build_table(layout, h, LC_ABANDONED_EVENTS);
  build_table(layout, h, LC_ABANDONED_MESSAGES);
  if (layout_has(layout, CUTS_SINCE))
    build_segments(layout, h);
  build_commit(layout, h);
  build_balance(h);
  if (layout->served)
    service_build(layout, h);
  if (layout_has(layout, VIRTUAL_SINCE))
    build_digest(layout, h);
}
