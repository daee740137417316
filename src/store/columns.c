/* Between records in memory and columns on file. */
#include "store_internal.h"

#include <string.h>

void column_gather(const struct column *column, const void *records, size_t record_bytes, int64_t n,
                   void *values) {
  size_t bytes = column_bytes(column->type);
  const char *from = (const char *)records + column->offset;
  for (int64_t i = 0; i < n; i++)
    memcpy((char *)values + (size_t)i * bytes, from + (size_t)i * record_bytes, bytes);
}

void column_scatter(const struct column *column, const void *values, int64_t n, void *records,
                    size_t record_bytes) {
  size_t bytes = column_bytes(column->type);
  char *to = (char *)records + column->offset;
  for (int64_t i = 0; i < n; i++)
    memcpy(to + (size_t)i * record_bytes, (const char *)values + (size_t)i * bytes, bytes);
}

int64_t committed_rows(const struct layout *layout, int t) {
  int64_t n = 0;
  for (int32_t r = 0; r < layout->n_rank; r++)
    n += layout->rows[t][r];
  return n;
}

void read_regions(struct h5 *h, const struct layout *layout, int t, const char *path, hid_t type,
                  size_t row_bytes, void *values) {
  char *at = values;
  for (int32_t r = 0; r < layout->n_rank; r++) {
    h5_read_rows(h, path, type, (hsize_t)layout->first[t][r], (hsize_t)layout->rows[t][r], at);
    at += (size_t)layout->rows[t][r] * row_bytes;
  }
}
