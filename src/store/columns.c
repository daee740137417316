/* Between records in memory and columns on file. */
#include "store_internal.h"

#include <stdlib.h>
#include <string.h>

/* `n` items of constant size between two places with steps of their own: the compiler makes loops
 * of single moves. */
#define MOVE(size)                                                                                 \
  for (int64_t i = 0; i < n; i++)                                                                  \
  memcpy(to + (size_t)i * to_step, from + (size_t)i * from_step, size)

static void move(size_t bytes, int64_t n, const char *from, size_t from_step, char *to,
                 size_t to_step) {
  if (bytes == 8)
    MOVE(8);
  else if (bytes == 4)
    MOVE(4);
  else
    MOVE(1);
}

void column_gather(const struct column *column, const void *records, size_t record_bytes, int64_t n,
                   void *values) {
  size_t bytes = column_bytes(column->type);
  move(bytes, n, (const char *)records + column->offset, record_bytes, values, bytes);
}

void column_scatter(const struct column *column, const void *values, int64_t n, void *records,
                    size_t record_bytes) {
  size_t bytes = column_bytes(column->type);
  move(bytes, n, values, bytes, (char *)records + column->offset, record_bytes);
}

int64_t committed_rows(const struct layout *layout, int t) {
  int64_t n = 0;
  for (int32_t r = 0; r < layout->n_rank; r++)
    n += layout->rows[t][r];
  return n;
}

void permute(const int64_t *order, int64_t n, size_t bytes, const void *from, void *to) {
  for (int64_t i = 0; i < n; i++)
    memcpy((char *)to + (size_t)i * bytes, (const char *)from + (size_t)order[i] * bytes, bytes);
}

int64_t *counted_rows(struct h5 *h, const struct layout *layout, int t, int64_t *rows) {
  char path[PATH_BYTES];
  size_t n = (size_t)committed_rows(layout, t);
  int32_t *snapshot = lc_new(n, sizeof *snapshot, "reading a file");
  int64_t *counted = lc_new(n, sizeof *counted, "reading a file");
  read_regions(h, layout, t, column_path(path, lc_tables[t].group, "snapshot"), H5T_NATIVE_INT32,
               sizeof *snapshot, snapshot);
  int64_t at = 0, kept = 0;
  for (int32_t r = 0; r < layout->n_rank; r++) {
    rows[r] = -kept;
    for (int64_t end = at + layout->rows[t][r]; at < end; at++)
      if (!layout_has(layout, CUTS_SINCE) || snapshot_counts(layout, r, snapshot[at]))
        counted[kept++] = at;
    rows[r] += kept;
  }
  free(snapshot);
  return counted;
}

bool snapshot_counts(const struct layout *layout, int32_t rank, int32_t snapshot) {
  if (snapshot == layout->n_snapshot - 1)
    return layout->n_final[rank] == 1;
  return snapshot >= 0 && snapshot < layout->n_snapshots[rank];
}

int32_t whole_snapshots(const struct layout *layout) {
  int64_t least = layout->n_snapshot - 1;
  for (int32_t r = 0; r < layout->n_rank; r++)
    least = layout->n_snapshots[r] < least ? layout->n_snapshots[r] : least;
  return (int32_t)least;
}

void read_valid(struct h5 *h, const struct layout *layout, uint8_t *valid) {
  size_t snapshots = (size_t)layout->n_snapshot;
  int32_t *rank = lc_new((size_t)layout->n_vm, sizeof *rank, "reading a file");
  h5_read_all(h, "/vm_rank", H5T_NATIVE_INT32, rank);
  h5_read_all(h, "/snapshots/valid", H5T_NATIVE_UINT8, valid);
  for (size_t v = 0; v < (size_t)layout->n_vm; v++)
    for (size_t s = 0; s < snapshots; s++) {
      bool known = rank[v] >= 0 && rank[v] < layout->n_rank;
      bool counted = known && snapshot_counts(layout, rank[v], (int32_t)s);
      valid[v * snapshots + s] = valid[v * snapshots + s] && counted;
    }
  free(rank);
}

void read_regions(struct h5 *h, const struct layout *layout, int t, const char *path, hid_t type,
                  size_t row_bytes, void *values) {
  char *at = values;
  for (int32_t r = 0; r < layout->n_rank; r++) {
    h5_read_rows(h, path, type, (hsize_t)layout->first[t][r], (hsize_t)layout->rows[t][r], at);
    at += (size_t)layout->rows[t][r] * row_bytes;
  }
}
