/* Files, groups, attributes, and what HDF5 says when it fails. */
#include "h5.h"

#include "lcmpi/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void lc_store_init(void) {
  H5dont_atexit();
}

const char *lc_store_library(void) {
  static char text[32];
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  return text;
}

enum { CLOSING_BYTES = 1 << 16 }; /* beyond the cache of metadata */

void h5_quiet(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct words {
  char deepest[256];
};

/* Called from the outermost record to the innermost; the system's or MPI's reason stands in the
 * last one that has a text. */
static herr_t keep_deepest(unsigned n, const H5E_error2_t *record, void *context) {
  (void)n;
  struct words *words = context;
  if (record->desc && *record->desc)
    snprintf(words->deepest, sizeof words->deepest, "%s", record->desc);
  return 0;
}

/* Leaves the system's words, if they are quoted among file names and addresses. */
static void shorten(char *text) {
  static const char quote[] = "error message = '";
  char *words = strstr(text, quote);
  if (words) {
    words += strlen(quote);
    size_t length = strcspn(words, "'");
    memmove(text, words, length);
    text[length] = '\0';
  }
  for (char *at = text; *at; at++)
    if (*at == '\n')
      *at = ' ';
}

/* MPI-IO reports a failed write without the system's reason. */
static bool disk_is_full(const char *path) {
  struct statvfs disk;
  return statvfs(path, &disk) == 0 && disk.f_bavail * disk.f_frsize < 65536;
}

bool h5_ok(struct h5 *h, int64_t code, const char *doing, const char *object) {
  if (h->failed)
    return false;
  if (code >= 0)
    return true;
  struct words words = {""};
  int system_error = errno;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_deepest, &words);
  H5Eclear2(H5E_DEFAULT);
  shorten(words.deepest);
  bool full = system_error == ENOSPC || system_error == EDQUOT || disk_is_full(h->path);
  h->failed = true;
  lc_fail(&h->error, LC_EFILE, "%s: cannot %s%s%s: %s%s", h->path, doing, *object ? " " : "",
          object, words.deepest[0] ? words.deepest : "HDF5 gives no reason",
          full ? ": no space left on the disk" : "");
  return false;
}

lc_status h5_status(const struct h5 *h, struct lc_error *err) {
  if (!h->failed)
    return LC_OK;
  *err = h->error;
  return err->status;
}

/* Locks are the store's own matter (place.c); HDF5's would shut readers out. The format is that of
 * HDF5 1.8, which every tool reads; large datasets start on a page of their own. */
static hid_t access_list(void) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_alignment(access, 4096, 4096);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, 0, 1);
#else
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
#endif
  return access;
}

void h5_create(struct h5 *h, const char *path) {
  *h = (struct h5){.path = path, .file = -1};
  hid_t access = access_list(), create = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  h->file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
  h5_ok(h, h->file, "create", "");
  H5Pclose(access);
  H5Pclose(create);
}

void h5_open(struct h5 *h, const char *path, bool write) {
  *h = (struct h5){.path = path, .file = -1};
  hid_t access = access_list();
  h->file = H5Fopen(path, write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
  h5_ok(h, h->file, "open", "");
  H5Pclose(access);
}

void h5_close(struct h5 *h) {
  if (h->file >= 0) {
    herr_t code = H5Fclose(h->file);
    h5_ok(h, code, "close", "");
  }
  h->file = -1;
}

/* A file in memory has the limit on a file's size (ulimit -f) too: beyond it there is nowhere to
 * put the cache, and the process ends before HDF5 tries. */
static void check_limit(const struct h5 *h) {
  struct rlimit limit;
  hsize_t size = 0;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      H5Fget_filesize(h->file, &size) < 0 || size <= limit.rlim_cur)
    return;
  unlink(h->path);
  char most[LC_QUANTITY_MAX];
  lc_die(LC_EFILE,
         "%s: cannot be written: %s: the limit on a file's size (ulimit -f) is %s; raise it",
         h->path, strerror(EFBIG), lc_print_bytes(most, (int64_t)limit.rlim_cur));
}

/* Whether the disk takes what HDF5 still holds in its cache. */
static void check_room(struct h5 *h, int fd) {
  struct stat file;
  size_t cached = 0;
  H5Fget_mdc_size(h->file, NULL, NULL, &cached, NULL);
  int code = fstat(fd, &file) != 0
                 ? errno
                 : posix_fallocate(fd, file.st_size, (off_t)cached + CLOSING_BYTES);
  if (!code && ftruncate(fd, file.st_size) != 0)
    code = errno;
  if (!code)
    return;
  h->failed = true;
  lc_fail(&h->error, LC_EFILE, "%s: cannot be written: %s", h->path, strerror(code));
}

/* Puts a file in memory in the place of the file on disk, below HDF5. */
static bool divert(struct h5 *h) {
  void *fd = NULL;
  int memory = memfd_create("lcmpi", MFD_CLOEXEC);
  bool good = memory >= 0 && H5Fget_vfd_handle(h->file, H5P_DEFAULT, &fd) >= 0 &&
              dup2(memory, *(int *)fd) >= 0;
  if (memory >= 0)
    close(memory);
  return good;
}

/* HDF5 does not survive a failure while it writes its cache: it crashes when MPI ends. So the room
 * is looked for first, and after a failure the cache goes to where there is room. */
void h5_close_new(struct h5 *h, int fd) {
  if (h->file < 0)
    return;
  check_limit(h);
  if (!h->failed)
    check_room(h, fd);
  if (h->failed && !divert(h))
    lc_die(LC_EFILE, "%s", h->error.text);
  h5_close(h);
}

void h5_group(struct h5 *h, const char *path) {
  if (h->failed)
    return;
  hid_t create = H5Pcreate(H5P_GROUP_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_create_intermediate_group(link, 1);
  hid_t group = H5Gcreate2(h->file, path, link, create, H5P_DEFAULT);
  if (h5_ok(h, group, "create group", path))
    H5Gclose(group);
  H5Pclose(create);
  H5Pclose(link);
}

bool h5_exists(struct h5 *h, const char *path) {
  if (h->failed)
    return false;
  if (strcmp(path, "/") == 0)
    return true;
  /* every step of the path must be there before the next may be asked for */
  char part[256];
  for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
    if (H5Lexists(h->file, part, H5P_DEFAULT) <= 0)
      return false;
  }
  return H5Lexists(h->file, path, H5P_DEFAULT) > 0;
}

/* ---- attributes ---------------------------------------------------------------------------------
 */

static void set_attribute(struct h5 *h, const char *path, const char *name, hid_t type, hid_t space,
                          const void *value) {
  if (h->failed)
    return;
  if (H5Aexists_by_name(h->file, path, name, H5P_DEFAULT) > 0)
    H5Adelete_by_name(h->file, path, name, H5P_DEFAULT);
  hid_t attribute =
      H5Acreate_by_name(h->file, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (h5_ok(h, attribute, "create attribute", name)) {
    h5_ok(h, H5Awrite(attribute, type, value), "write attribute", name);
    H5Aclose(attribute);
  }
}

static void set_scalar(struct h5 *h, const char *path, const char *name, hid_t type,
                       const void *value) {
  hid_t space = H5Screate(H5S_SCALAR);
  set_attribute(h, path, name, type, space, value);
  H5Sclose(space);
}

static hid_t text_type(void) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

void h5_set_text(struct h5 *h, const char *path, const char *name, const char *text) {
  hid_t type = text_type();
  set_scalar(h, path, name, type, &text);
  H5Tclose(type);
}

void h5_set_int(struct h5 *h, const char *path, const char *name, int64_t value) {
  set_scalar(h, path, name, H5T_STD_I64LE, &value);
}

void h5_set_double(struct h5 *h, const char *path, const char *name, double value) {
  set_scalar(h, path, name, H5T_IEEE_F64LE, &value);
}

void h5_set_bytes(struct h5 *h, const char *path, const char *name, const uint8_t *values, int n) {
  hsize_t size = (hsize_t)n;
  hid_t space = H5Screate_simple(1, &size, NULL);
  set_attribute(h, path, name, H5T_STD_U8LE, space, values);
  H5Sclose(space);
}

static hid_t open_attribute(struct h5 *h, const char *path, const char *name) {
  if (h->failed || H5Aexists_by_name(h->file, path, name, H5P_DEFAULT) <= 0)
    return -1;
  return H5Aopen_by_name(h->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
}

char *h5_get_text(struct h5 *h, const char *path, const char *name) {
  hid_t attribute = open_attribute(h, path, name);
  if (attribute < 0)
    return NULL;
  char *copy = NULL, *text = NULL;
  hid_t stored = H5Aget_type(attribute), type = text_type();
  if (H5Tis_variable_str(stored) > 0 && H5Aread(attribute, type, &text) >= 0 && text) {
    copy = lc_format("%s", text);
    H5free_memory(text);
  }
  H5Tclose(stored);
  H5Tclose(type);
  H5Aclose(attribute);
  return copy;
}

int64_t h5_get_int(struct h5 *h, const char *path, const char *name, int64_t otherwise) {
  hid_t attribute = open_attribute(h, path, name);
  if (attribute < 0)
    return otherwise;
  int64_t value = otherwise;
  hid_t stored = H5Aget_type(attribute);
  if (H5Tget_class(stored) == H5T_INTEGER)
    H5Aread(attribute, H5T_NATIVE_INT64, &value);
  H5Tclose(stored);
  H5Aclose(attribute);
  return value;
}
