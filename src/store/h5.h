/* A thin layer over HDF5 with one sticky failure per file: after the first failure every call does
 * nothing and returns a refusal, so that a sequence of calls is written without a test behind each.
 */
#ifndef LC_STORE_H5_H
#define LC_STORE_H5_H

#include "lcmpi/base.h"

#include <hdf5.h>

struct h5 {
  const char *path; /* for texts; not owned */
  hid_t file;
  bool failed;
  struct lc_error error;
};

/* Turns off HDF5's own printing. Call before anything else. */
void h5_quiet(void);

/* Notes a failure with HDF5's (and MPI's) innermost text; false if `code` is negative or there
 * was a failure before. */
bool h5_ok(struct h5 *h, int64_t code, const char *doing, const char *object);
/* LC_OK, or the sticky failure copied to *err. */
lc_status h5_status(const struct h5 *h, struct lc_error *err);

/* Serial access. h5_create() empties what is there: place_begin() sees to it that it is ours. */
void h5_create(struct h5 *h, const char *path);
/* Closes a file that h5_create() made; `fd` is another descriptor of it. */
void h5_close_new(struct h5 *h, int fd);
void h5_open(struct h5 *h, const char *path, bool write);
void h5_close(struct h5 *h);

void h5_group(struct h5 *h, const char *path);
bool h5_exists(struct h5 *h, const char *path);

/* Attributes of the object at `path` ("/" for the file). */
void h5_set_text(struct h5 *h, const char *path, const char *name, const char *text);
void h5_set_int(struct h5 *h, const char *path, const char *name, int64_t value);
void h5_set_double(struct h5 *h, const char *path, const char *name, double value);
void h5_set_bytes(struct h5 *h, const char *path, const char *name, const uint8_t *values, int n);
/* A text that the caller frees; NULL if there is no such attribute. */
char *h5_get_text(struct h5 *h, const char *path, const char *name);
int64_t h5_get_int(struct h5 *h, const char *path, const char *name, int64_t otherwise);

/* ---- datasets -----------------------------------------------------------------------------------
 */

/* Up to three dimensions, each named by the path of its dimension scale. */
struct h5_shape {
  int rank;
  hsize_t size[3];
  const char *scale[3];
};

/* How the data lies: level -1 is contiguous and allocated at once without filling (a hole in a
 * sparse file); -2 the same, but where the first dimension is long each place in the second has
 * pieces of its own, so that it is written in one go; 0 contiguous, 1..9 chunks with shuffle and
 * deflate. */
void h5_dataset(struct h5 *h, const char *path, hid_t type, const struct h5_shape *shape,
                int level);
/* A dimension scale with values (a coordinate), or without (a netCDF pure dimension). */
void h5_coordinate(struct h5 *h, const char *path, hsize_t n, const int32_t *values);
void h5_dimension(struct h5 *h, const char *path, hsize_t n);

/* Whole rows [start, start + n) of the first dimension; of `columns` values each if the dataset has
 * further dimensions. `type` is the type in memory. */
void h5_write_rows(struct h5 *h, const char *path, hid_t type, hsize_t start, hsize_t n,
                   const void *values);
void h5_read_rows(struct h5 *h, const char *path, hid_t type, hsize_t start, hsize_t n,
                  void *values);
void h5_write_all(struct h5 *h, const char *path, hid_t type, const void *values);
void h5_read_all(struct h5 *h, const char *path, hid_t type, void *values);
/* A block of a dataset. */
void h5_read_block(struct h5 *h, const char *path, hid_t type, const hsize_t start[3],
                   const hsize_t count[3], void *values);
void h5_write_block(struct h5 *h, const char *path, hid_t type, const hsize_t start[3],
                    const hsize_t count[3], const void *values);
/* A dataset of a single value; what has another shape is a failure. */
void h5_read_one(struct h5 *h, const char *path, hid_t type, void *value);
int64_t h5_read_scalar(struct h5 *h, const char *path);
/* The largest of the n values of a dataset, at least 0. */
int64_t h5_read_largest(struct h5 *h, const char *path, int32_t n);
/* The sizes of a dataset; its rank, or -1. */
int h5_sizes(struct h5 *h, const char *path, hsize_t size[3]);

/* A block, or whole rows, of an open dataset, by independent transfer; for the writer, which keeps
 * datasets open. */
void h5_transfer_block(struct h5 *h, bool write, hid_t dataset, hid_t type, const hsize_t *start,
                       const hsize_t *count, void *values, const char *name);
void h5_transfer(struct h5 *h, bool write, hid_t dataset, hid_t type, hsize_t start, hsize_t n,
                 void *values, const char *name);

#endif
