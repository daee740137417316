/* /segments: where the run began, and where it was gone on with. */
#include "store_internal.h"

#include <stdlib.h>
#include <time.h>

struct segment new_segment(int64_t t_start, int32_t snapshot, int32_t n_rank) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  return (struct segment){t_start, started_ns, snapshot, n_rank};
}

struct segment *read_segments(struct h5 *h, const struct layout *layout) {
  char path[PATH_BYTES];
  size_t n = (size_t)layout->n_segment;
  struct segment *segment = lc_new(n, sizeof *segment, "reading a file");
  void *values = lc_new(n, sizeof(int64_t), "reading a file");
  for (int i = 0; i < lc_n_segment_column; i++) {
    const struct column *column = &lc_segment_columns[i];
    h5_read_all(h, column_path(path, "/segments", column->name), memory_type(column->type), values);
    column_scatter(column, values, layout->n_segment, segment, sizeof *segment);
  }
  free(values);
  return segment;
}

void write_segments(struct h5 *h, const struct segment *segment, int32_t n) {
  char path[PATH_BYTES];
  void *values = lc_new((size_t)n, sizeof(int64_t), "writing a file");
  for (int i = 0; i < lc_n_segment_column; i++) {
    const struct column *column = &lc_segment_columns[i];
    column_gather(column, segment, sizeof *segment, n, values);
    h5_write_all(h, column_path(path, "/segments", column->name), memory_type(column->type),
                 values);
  }
  free(values);
}
