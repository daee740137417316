/* Makes a new file: rank 0 alone, with HDF5's serial driver, under a temporary name. All structure
 * is made here; while the run goes on nobody changes any. */
#include "resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void layout_from_plan(struct layout *layout, const struct lc_store_plan *plan) {
  layout_init(layout, plan->n_vm, plan->n_rank, plan->n_snapshot);
  for (int32_t c = 0; c < plan->clocks->n; c++) {
    const struct lc_clock *clock = plan->clocks->clock[c];
    struct file_clock *to = &layout->clock[layout->n_clock++];
    snprintf(to->name, sizeof to->name, "%s", clock->name);
    to->summary = lc_format("%s", clock->summary);
    to->promise = lc_format("%s", clock->promise);
    to->order = clock->order;
    to->characterizes = clock->characterizes;
    to->has_value = clock->value != NULL;
    to->words = plan->clocks->stamp_width[c];
  }
  for (int t = 0; t <= LC_CHANNEL; t++)
    memcpy(layout->rows[t], plan->rows[t], (size_t)plan->n_rank * sizeof(int64_t));
  layout->level = -1;
  layout->served = plan->served;
  layout_place(layout, LC_REGION_ROWS);
}

int64_t lc_store_plan_bytes(const struct lc_store_plan *plan) {
  double bytes = 0;
  for (int t = LC_EVENTS; t <= LC_MESSAGES; t++) {
    double row = t == LC_EVENTS ? plan->clocks->stamp_words * 8.0 : 0;
    for (int i = 0; i < lc_tables[t].n_column; i++)
      row += (double)column_bytes(lc_tables[t].column[i].type);
    for (int32_t r = 0; r < plan->n_rank; r++)
      bytes += row * (double)plan->rows[t][r];
  }
  double states = (double)plan->n_vm * plan->n_snapshot;
  bytes += states * 8 * (lc_n_state_column + (double)plan->clocks->stamp_words);
  return bytes < 0x1p62 ? (int64_t)bytes : INT64_MAX;
}

/* One value of each VM (rank) into a column of the root. */
static void write_constant(struct h5 *h, const char *name, hid_t type, const void *values) {
  char path[PATH_BYTES];
  h5_write_all(h, column_path(path, "/", name), type, values);
}

static void write_vm_constants(const struct lc_store_plan *plan, struct h5 *h) {
  enum { CHUNK = 16384 };
  enum { RATE_P, RATE_Q, PHASE, RANK, REPLICA, LOGGED, N_COLUMN };
  static const char *const name[N_COLUMN] = {"tick_rate_p", "tick_rate_q", "phase",
                                             "vm_rank",     "replica",     "logged"};
  char path[PATH_BYTES];
  int64_t(*number)[CHUNK] = lc_new(N_COLUMN, sizeof *number, "the file's constants");
  double *rate = lc_new(CHUNK, sizeof *rate, "the file's constants");
  for (int32_t first = 0; first < plan->n_vm; first += CHUNK) {
    int32_t n = plan->n_vm - first < CHUNK ? plan->n_vm - first : CHUNK;
    for (int32_t i = 0; i < n; i++) {
      struct lc_vm_constants vm = plan->vm(plan->context, first + i);
      rate[i] = (double)vm.rate.p / (double)vm.rate.q;
      number[RATE_P][i] = vm.rate.p;
      number[RATE_Q][i] = vm.rate.q;
      number[PHASE][i] = vm.phase_ns;
      number[RANK][i] = vm.rank;
      number[REPLICA][i] = vm.replica;
      number[LOGGED][i] = vm.logged;
    }
    h5_write_rows(h, "/tick_rate", H5T_NATIVE_DOUBLE, (hsize_t)first, (hsize_t)n, rate);
    for (int k = 0; k < N_COLUMN; k++)
      h5_write_rows(h, column_path(path, "/", name[k]), H5T_NATIVE_INT64, (hsize_t)first,
                    (hsize_t)n, number[k]);
  }
  free(number);
  free(rate);
}

static void write_rank_constants(const struct lc_store_plan *plan, struct h5 *h) {
  size_t n = (size_t)plan->n_rank;
  int64_t *number = lc_new(n, sizeof *number, "the file's constants");
  for (size_t i = 0; i < n; i++)
    number[i] = plan->rank[i].host;
  write_constant(h, "host", H5T_NATIVE_INT64, number);
  for (size_t i = 0; i < n; i++)
    number[i] = plan->rank[i].pid;
  write_constant(h, "pid", H5T_NATIVE_INT64, number);
  for (size_t i = 0; i < n; i++)
    number[i] = plan->rank[i].clock_offset_ns;
  write_constant(h, "clock_offset", H5T_NATIVE_INT64, number);
  for (size_t i = 0; i < n; i++)
    number[i] = plan->rank[i].clock_error_ns;
  write_constant(h, "clock_error", H5T_NATIVE_INT64, number);
  free(number);
}

static void write_attributes(const struct lc_store_plan *plan, struct h5 *h) {
  char format[16];
  snprintf(format, sizeof format, "%d.%d", LC_FORMAT_MAJOR, LC_FORMAT_MINOR);
  h5_set_text(h, "/", "Conventions", "CF-1.10");
  h5_set_text(h, "/", "lcmpi_format", format);
  h5_set_text(h, "/", "row_order", "by writer rank, each rank's region in the order of writing");
  h5_set_int(h, "/", "n_vm", plan->n_vm);
  h5_set_int(h, "/", "n_replica", plan->n_replica);
  h5_set_int(h, "/", "n_rank", plan->n_rank);
  for (int32_t i = 0; i < plan->n_attribute; i++) {
    const struct lc_attribute *attribute = &plan->attribute[i];
    if (!attribute->name)
      continue;
    if (attribute->text)
      h5_set_text(h, "/", attribute->name, attribute->text);
    else
      h5_set_int(h, "/", attribute->name, attribute->number);
  }
}

static void fill(const struct lc_store_plan *plan, const struct layout *layout,
                 struct resume *resume, struct h5 *h) {
  const uint8_t running = LC_RUN_RUNNING;
  const struct segment begin = new_segment(0, -1, plan->n_rank);
  write_attributes(plan, h);
  layout_build(layout, h);
  write_vm_constants(plan, h);
  write_rank_constants(plan, h);
  h5_write_all(h, "/snapshots/t", H5T_NATIVE_INT64, plan->t_snapshot);
  h5_write_all(h, "/commit/state", H5T_NATIVE_UINT8, &running);
  if (resume)
    resume_copy(resume, layout, h);
  else
    write_segments(h, &begin, 1);
}

static lc_status build(struct new_file *file, const struct lc_store_plan *plan,
                       const struct layout *layout, struct resume *resume, struct lc_error *err) {
  struct h5 h;
  h5_create(&h, file->temporary);
  fill(plan, layout, resume, &h);
  bool unread = resume && resume_source(resume)->failed;
  h.failed |= unread;
  h5_close_new(&h, file->fd);
  return h5_status(unread ? resume_source(resume) : &h, err);
}

lc_status create_file(const char *path, const struct lc_store_plan *plan,
                      const struct layout *layout, bool force, struct resume *resume, int *held,
                      struct lc_error *err) {
  struct new_file file;
  bool in_place = resume && resume_in_place(resume); /* then we hold what is there */
  lc_status status = in_place ? LC_OK : place_free(path, force, err);
  if (!status)
    status = place_begin(&file, path, err);
  if (status)
    return status;
  if (!in_place && place_is_held(path)) { /* another run came first */
    place_abandon(&file);
    status = place_free(path, force, err);
    return status ? status
                  : lc_fail(err, LC_EFILE, "%s: was written by another process just now", path);
  }
  if (in_place)
    place_keep_mode(&file);
  status = build(&file, plan, layout, resume, err);
  if (!status)
    status = place_publish(&file, force || in_place, held, err);
  if (status)
    place_abandon(&file);
  return status;
}
