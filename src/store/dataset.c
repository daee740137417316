/* Datasets: how they are laid out, their dimension scales, and transfers of whole rows. */
#include "h5.h"

#include <errno.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK_ROWS = 65536, TALL_ROWS = 256, PIECE_ROWS = 16384 };

/* Open objects for `path`; -1 after any failure. */
static hid_t open_dataset(struct h5 *h, const char *path) {
  if (h->failed)
    return -1;
  hid_t dataset = H5Dopen2(h->file, path, H5P_DEFAULT);
  return h5_ok(h, dataset, "open", path) ? dataset : -1;
}

static hid_t layout_list(const struct h5_shape *shape, int level) {
  hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  if (level < 0) {
    H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
  }
  if (level == -2 && shape->rank > 1 && shape->size[0] >= TALL_ROWS) {
    hsize_t piece[3] = {shape->size[0] < PIECE_ROWS ? shape->size[0] : PIECE_ROWS, 1,
                        shape->size[2]};
    H5Pset_chunk(create, shape->rank, piece);
  }
  bool empty = shape->rank == 0;
  for (int i = 0; i < shape->rank; i++)
    empty |= shape->size[i] == 0;
  if (level > 0 && !empty) {
    hsize_t chunk[3];
    for (int i = 0; i < shape->rank; i++)
      chunk[i] = shape->size[i] < CHUNK_ROWS ? shape->size[i] : CHUNK_ROWS;
    /* wide rows: keep a chunk near a few MiB */
    while (shape->rank > 1 && chunk[0] > 64 && chunk[0] * chunk[1] > UINT64_C(8) * CHUNK_ROWS)
      chunk[0] /= 2;
    H5Pset_chunk(create, shape->rank, chunk);
    H5Pset_shuffle(create);
    H5Pset_deflate(create, (unsigned)level);
  }
  return create;
}

static void attach(struct h5 *h, hid_t dataset, const struct h5_shape *shape) {
  for (int i = 0; i < shape->rank && !h->failed; i++) {
    hid_t scale = open_dataset(h, shape->scale[i]);
    if (scale < 0)
      return;
    h5_ok(h, H5DSattach_scale(dataset, scale, (unsigned)i), "attach dimension", shape->scale[i]);
    H5Dclose(scale);
  }
}

void h5_dataset(struct h5 *h, const char *path, hid_t type, const struct h5_shape *shape,
                int level) {
  if (h->failed)
    return;
  hid_t space =
      shape->rank ? H5Screate_simple(shape->rank, shape->size, NULL) : H5Screate(H5S_SCALAR);
  hid_t create = layout_list(shape, level), link = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(link, 1);
  hid_t dataset = H5Dcreate2(h->file, path, type, space, link, create, H5P_DEFAULT);
  if (h5_ok(h, dataset, "create", path)) {
    attach(h, dataset, shape);
    H5Dclose(dataset);
  }
  H5Pclose(link);
  H5Pclose(create);
  H5Sclose(space);
}

static const char *last_part(const char *path) {
  const char *name = path;
  for (const char *at = path; *at; at++)
    if (*at == '/')
      name = at + 1;
  return name;
}

static void make_scale(struct h5 *h, const char *path, const char *name) {
  hid_t dataset = open_dataset(h, path);
  if (dataset < 0)
    return;
  h5_ok(h, H5DSset_scale(dataset, name), "make a dimension of", path);
  H5Dclose(dataset);
}

void h5_coordinate(struct h5 *h, const char *path, hsize_t n, const int32_t *values) {
  if (h->failed)
    return;
  hid_t space = H5Screate_simple(1, &n, NULL);
  hid_t dataset =
      H5Dcreate2(h->file, path, H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (h5_ok(h, dataset, "create", path)) {
    h5_ok(h, H5Dwrite(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "write",
          path);
    H5Dclose(dataset);
  }
  H5Sclose(space);
  make_scale(h, path, last_part(path));
}

/* No space is allocated for it: its values do not exist. The name is netCDF's own mark. */
void h5_dimension(struct h5 *h, const char *path, hsize_t n) {
  if (h->failed)
    return;
  char mark[96];
  snprintf(mark, sizeof mark, "This is a netCDF dimension but not a netCDF variable.%10llu",
           (unsigned long long)n);
  hid_t space = H5Screate_simple(1, &n, NULL);
  hid_t dataset =
      H5Dcreate2(h->file, path, H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (h5_ok(h, dataset, "create", path))
    H5Dclose(dataset);
  H5Sclose(space);
  make_scale(h, path, mark);
}

void h5_transfer_block(struct h5 *h, bool write, hid_t dataset, hid_t type, const hsize_t *start,
                       const hsize_t *count, void *values, const char *name) {
  if (h->failed)
    return;
  hid_t file_space = H5Dget_space(dataset);
  int rank = H5Sget_simple_extent_ndims(file_space);
  hid_t memory_space = H5Screate_simple(rank, count, NULL);
  H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL);
  errno = 0;
  herr_t code = write ? H5Dwrite(dataset, type, memory_space, file_space, H5P_DEFAULT, values)
                      : H5Dread(dataset, type, memory_space, file_space, H5P_DEFAULT, values);
  h5_ok(h, code, write ? "write" : "read", name);
  H5Sclose(memory_space);
  H5Sclose(file_space);
}

void h5_transfer(struct h5 *h, bool write, hid_t dataset, hid_t type, hsize_t start, hsize_t n,
                 void *values, const char *name) {
  if (h->failed || n == 0)
    return;
  hsize_t count[3] = {0}, from[3] = {start, 0, 0};
  hid_t space = H5Dget_space(dataset);
  H5Sget_simple_extent_dims(space, count, NULL);
  H5Sclose(space);
  count[0] = n;
  h5_transfer_block(h, write, dataset, type, from, count, values, name);
}

void h5_write_rows(struct h5 *h, const char *path, hid_t type, hsize_t start, hsize_t n,
                   const void *values) {
  hid_t dataset = n ? open_dataset(h, path) : -1;
  if (dataset < 0)
    return;
  h5_transfer(h, true, dataset, type, start, n, (void *)(uintptr_t)values, path);
  H5Dclose(dataset);
}

void h5_read_rows(struct h5 *h, const char *path, hid_t type, hsize_t start, hsize_t n,
                  void *values) {
  hid_t dataset = n ? open_dataset(h, path) : -1;
  if (dataset < 0)
    return;
  hsize_t size[3] = {0};
  if (h5_sizes(h, path, size) < 1 || start + n > size[0]) {
    h->failed = true;
    lc_fail(&h->error, LC_EFILE, "%s: %s has fewer rows than its commit counter says", h->path,
            path);
  }
  h5_transfer(h, false, dataset, type, start, n, values, path);
  H5Dclose(dataset);
}

static void transfer_block_at(struct h5 *h, bool write, const char *path, hid_t type,
                              const hsize_t start[3], const hsize_t count[3], void *values) {
  hid_t dataset = open_dataset(h, path);
  if (dataset < 0)
    return;
  h5_transfer_block(h, write, dataset, type, start, count, values, path);
  H5Dclose(dataset);
}

void h5_read_block(struct h5 *h, const char *path, hid_t type, const hsize_t start[3],
                   const hsize_t count[3], void *values) {
  transfer_block_at(h, false, path, type, start, count, values);
}

void h5_write_block(struct h5 *h, const char *path, hid_t type, const hsize_t start[3],
                    const hsize_t count[3], const void *values) {
  transfer_block_at(h, true, path, type, start, count, (void *)(uintptr_t)values);
}

void h5_write_all(struct h5 *h, const char *path, hid_t type, const void *values) {
  hid_t dataset = open_dataset(h, path);
  if (dataset < 0)
    return;
  h5_ok(h, H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "write", path);
  H5Dclose(dataset);
}

void h5_read_all(struct h5 *h, const char *path, hid_t type, void *values) {
  hid_t dataset = open_dataset(h, path);
  if (dataset < 0)
    return;
  h5_ok(h, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "read", path);
  H5Dclose(dataset);
}

void h5_read_one(struct h5 *h, const char *path, hid_t type, void *value) {
  hsize_t size[3] = {0};
  if (h5_sizes(h, path, size) != 0 && !h->failed) {
    h->failed = true;
    lc_fail(&h->error, LC_EFILE, "%s: %s is not a single value", h->path, path);
  }
  if (!h->failed)
    h5_read_all(h, path, type, value);
}

int64_t h5_read_scalar(struct h5 *h, const char *path) {
  int64_t value = 0;
  h5_read_one(h, path, H5T_NATIVE_INT64, &value);
  return h->failed ? 0 : value;
}

int64_t h5_read_largest(struct h5 *h, const char *path, int32_t n) {
  int64_t most = 0;
  int64_t *values = lc_new((size_t)n, sizeof *values, "reading a file");
  h5_read_all(h, path, H5T_NATIVE_INT64, values);
  for (int32_t i = 0; i < n; i++)
    most = values[i] > most ? values[i] : most;
  free(values);
  return most;
}

int h5_sizes(struct h5 *h, const char *path, hsize_t size[3]) {
  hid_t dataset = open_dataset(h, path);
  if (dataset < 0)
    return -1;
  hid_t space = H5Dget_space(dataset);
  int rank = H5Sget_simple_extent_ndims(space);
  if (rank > 3)
    rank = -1;
  else
    H5Sget_simple_extent_dims(space, size, NULL);
  H5Sclose(space);
  H5Dclose(dataset);
  return rank;
}
