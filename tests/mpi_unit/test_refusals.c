/* What is refused leaves every byte as it was, says so in one line, and leaves no temporary file
 * behind. */
#include "model.h"
#include "mpi_unit.h"

#include "store/place.h"

#include <fcntl.h>
#include <hdf5.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lc_error err;
static struct model model;

static void check_said(const char *path, const char *words) {
  check_that(err.status == LC_EFILE && strncmp(err.text, path, strlen(path)) == 0 &&
                 strstr(err.text, words) && !strchr(err.text, '\n'),
             "'%s', not '%s'", err.text, words);
}

static bool has_temporary(const char *path) {
  char temporary[1200];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  return is_there(temporary);
}

/* As the process of another run. Locks belong to what is open, not to who opened it. */
static int hold(const char *path) {
  int fd = -1;
  check_ok(place_hold(path, &fd, &err), err);
  return fd;
}

/* ---- a new file where there is one ----------------------------------------------------------- */

static lc_status create(const char *path, struct lc_store **store, bool force) {
  int64_t *rows = lc_new((size_t)n_rank, sizeof *rows, "a test");
  struct lc_store_plan plan = {.n_vm = model.n_vm,
                               .n_rank = n_rank,
                               .n_replica = 1,
                               .first_vm = model.first_own,
                               .n_own = model.n_own,
                               .clocks = &model.clocks,
                               .vm = model_constants,
                               .context = &model,
                               .rank = model.rank,
                               .rows = {rows, rows, rows, rows},
                               .n_snapshot = MODEL_SNAPSHOTS,
                               .t_snapshot = model.t_snapshot};
  struct lc_store_options options = {.force = force};
  err = (struct lc_error){LC_OK, ""};
  lc_status status = lc_store_create(store, path, &plan, options, transport, &err);
  free(rows);
  return status;
}

/* Every rank is told the same. */
static void check_not_created(const char *path, bool force, const char *words) {
  struct lc_store *store = NULL;
  barrier();
  uint64_t bytes = bytes_of(path);
  barrier();
  check_fails(create(path, &store, force), LC_EFILE);
  check(!store);
  check_said(path, words);
  barrier();
  check(bytes_of(path) == bytes && !has_temporary(path));
  barrier();
}

static void an_existing_file_stays(void) {
  const char *path = in_folder("exists.h5"), *text = in_folder("exists.txt");
  struct lc_store *store;
  if (rank == 0) {
    FILE *file = fopen(text, "w");
    check(file && fputs("not to be lost\n", file) >= 0 && fclose(file) == 0);
  }
  model_write(&model, path, LC_RUN_COMPLETE);
  check_not_created(path, false, "add --force");
  check_not_created(text, false, "add --force");
  check_ok(create(text, &store, true), err); /* --force means any file */
  model_close(store);
  check_ok(create(path, &store, true), err);
  model_close(store);
  model_check_file(&model, path, 0, 0, false);
}

static void a_held_file_stays(void) {
  const char *path = in_folder("held.h5");
  struct lc_store *store;
  int fd = -1;
  model_write(&model, path, LC_RUN_COMPLETE);
  if (rank == n_rank - 1)
    fd = hold(path);
  check_not_created(path, true, "by another process");
  if (rank == n_rank - 1)
    close(fd);
  barrier();
  check_ok(create(path, &store, true), err);
  model_close(store);
}

/* h5py with mode "r+" has an exclusive lock. */
static void nothing_is_rewritten_under_another_program(void) {
  const char *path = in_folder("edited.h5");
  enum lc_run_state was;
  model_close(model_create(&model, path, 10, (struct lc_store_options){0}));
  if (rank)
    return;
  uint64_t bytes = bytes_of(path);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  check(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_recover(path, &was, &err), LC_EFILE);
  check_said(path, "by another process");
  check(bytes_of(path) == bytes && !has_temporary(path));
  close(fd);
  check_ok(lc_store_recover(path, &was, &err), err);
}

/* The file of a run that goes on. */
static void a_live_file_stays(void) {
  const char *path = in_folder("running.h5");
  struct lc_store *store = model_create(&model, path, 10, (struct lc_store_options){0});
  model_add(&model, store, 0, 5);
  check_ok(lc_store_commit(store, &err), err);
  check_not_created(path, true, "by another process");
  enum lc_run_state was;
  if (rank == n_rank - 1) {
    uint64_t bytes = bytes_of(path);
    check_fails(lc_store_recover(path, &was, &err), LC_EFILE);
    check_said(path, "by another process");
    check(bytes_of(path) == bytes && !has_temporary(path));
  }
  barrier();
  model_add(&model, store, 5, 8);
  check_ok(lc_store_commit(store, &err), err);
  model_close(store);
  model_check_file(&model, path, 8, 0, false);
}

static void no_such_place(void) {
  const char *folder = in_folder("folder"), *missing = in_folder("missing/run.h5");
  if (rank == 0)
    check(mkdir(folder, 0777) == 0);
  barrier();
  check_not_created(folder, true, "is not a file");
  check_not_created(missing, false, "No such file or directory");
}

/* A temporary file that was left behind is cleared away; one that is being written is not. */
static void temporary_files(void) {
  const char *path = in_folder("new.h5"), *temporary = in_folder("new.h5.tmp");
  struct lc_store *store = NULL;
  int fd = -1;
  if (rank == 0)
    copy_file("/proc/self/exe", temporary, 10000);
  barrier();
  if (rank == n_rank - 1)
    fd = hold(temporary);
  uint64_t bytes = bytes_of(temporary);
  barrier();
  check_fails(create(path, &store, false), LC_EFILE);
  check(err.status == LC_EFILE && strstr(err.text, "by another process"));
  barrier();
  check(bytes && bytes_of(temporary) == bytes && !is_there(path));
  barrier();
  if (rank == n_rank - 1)
    close(fd);
  barrier();
  check_ok(create(path, &store, false), err);
  check(!is_there(temporary));
  model_close(store);
}

/* ---- files that are none of ours: by one rank ------------------------------------------------ */

static void check_unreadable(const char *path, const char *words) {
  struct lc_history history;
  struct lc_store_info info;
  enum lc_run_state was;
  uint64_t bytes = bytes_of(path);
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_read(path, &history, &err), LC_EFILE);
  check_said(path, words);
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_describe(path, &info, &err), LC_EFILE);
  check_said(path, words);
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_recover(path, &was, &err), LC_EFILE);
  check_said(path, words);
  err = (struct lc_error){LC_OK, ""};
  check_fails(lc_store_compact(path, &err), LC_EFILE);
  check_said(path, words);
  check(bytes_of(path) == bytes && !has_temporary(path));
}

static void write_bytes(const char *path, const char *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  check(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

static void not_hdf5(void) {
  if (rank)
    return;
  const char *path = in_folder("text.h5"), *folder = in_folder("a-folder");
  check_unreadable(in_folder("nowhere.h5"), "No such file or directory");
  check(mkdir(folder, 0777) == 0);
  check_unreadable(folder, "");
  write_bytes(path, "", 0);
  check_unreadable(path, "is not an HDF5 file");
  write_bytes(path, "\x89HDF\r\n\x1a\n", 8); /* the signature and nothing behind it */
  check_unreadable(path, "");
  copy_file("/proc/self/exe", path, 20000);
  check_unreadable(path, "is not an HDF5 file");
}

static void not_ours(void) {
  if (rank)
    return;
  const char *path = in_folder("foreign.h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t group = H5Gcreate2(file, "/events", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  check(file >= 0 && group >= 0);
  H5Gclose(group);
  H5Fclose(file);
  check_unreadable(path, "not one of lcmpi's");
}

static hid_t open_to_spoil(const char *path) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  check(file >= 0);
  return file;
}

static void set_format(const char *path, const char *format) {
  hid_t file = open_to_spoil(path), attribute = H5Aopen(file, "lcmpi_format", H5P_DEFAULT);
  hid_t type = H5Aget_type(attribute);
  check(attribute >= 0 && H5Awrite(attribute, type, &format) >= 0);
  H5Tclose(type);
  H5Aclose(attribute);
  H5Fclose(file);
}

static const char *sample(void) {
  return in_folder("sample.h5");
}

static void newer_formats(void) {
  static const char *const refused[] = {"3.0", "10.3", "999"}, *const foreign[] = {"", "x", "-1.0"};
  const char *path = in_folder("newer.h5");
  model_write(&model, sample(), LC_RUN_COMPLETE);
  if (rank)
    return;
  copy_file(sample(), path, INT64_MAX);
  for (int i = 0; i < 3; i++) {
    set_format(path, refused[i]);
    check_unreadable(path, "use a newer lcmpi");
    set_format(path, foreign[i]);
    check_unreadable(path, "not one of lcmpi's");
  }
  set_format(path, "2.9"); /* a later format of the same kind */
  model_check_whole_file(&model, path);
}

static void truncated_files(void) {
  if (rank)
    return;
  const char *path = in_folder("cut.h5");
  struct stat file;
  check(stat(sample(), &file) == 0);
  int64_t whole = (int64_t)file.st_size;
  const int64_t lengths[] = {1, 7, 100, 1000, 4096, whole / 3, whole / 2, whole - 4096, whole - 1};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    copy_file(sample(), path, lengths[i]);
    check_unreadable(path, "");
  }
  copy_file(sample(), path, whole);
  model_check_whole_file(&model, path);
}

/* ---- files of ours with nonsense in them ----------------------------------------------------- */

static void set_word(const char *path, const char *dataset, int64_t value) {
  hid_t file = open_to_spoil(path), set = H5Dopen2(file, dataset, H5P_DEFAULT);
  hid_t space = H5Dget_space(set), one;
  hsize_t start = 0, count = 1;
  check(set >= 0);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL);
  one = H5Screate_simple(1, &count, NULL);
  check(H5Dwrite(set, H5T_NATIVE_INT64, one, space, H5P_DEFAULT, &value) >= 0);
  H5Sclose(one);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
}

static void nonsense(void) {
  static const struct {
    const char *dataset;
    int64_t value;
    const char *words;
  } list[] = {
      {"/commit/n_events", -1, "negative or out of range"},
      {"/commit/n_events", INT64_MAX, ""},
      {"/commit/n_events", 1000000000, "size"},
      {"/commit/n_messages", 1000000000, "size"},
      {"/commit/n_queue", INT64_C(1) << 62, ""},
      {"/commit/first_events", -5, "negative or out of range"},
      {"/commit/first_channel", INT64_MAX, ""},
      {"/events/machine", -1, ""},
      {"/events/machine", 1000, ""},
      {"/messages/sender", 1000, ""},
      {"/tick_rate_q", 0, ""},
  };
  if (rank)
    return;
  const char *path = in_folder("nonsense.h5");
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
    struct lc_history history;
    copy_file(sample(), path, INT64_MAX);
    set_word(path, list[i].dataset, list[i].value);
    uint64_t bytes = bytes_of(path);
    err = (struct lc_error){LC_OK, ""};
    lc_status status = lc_store_read(path, &history, &err);
    check_that(status == LC_EFILE && strstr(err.text, list[i].words), "%s %s", list[i].dataset,
               err.text);
    if (strncmp(list[i].dataset, "/commit", 7) == 0)
      check_unreadable(path, list[i].words);
    check(bytes_of(path) == bytes && !has_temporary(path));
  }
}

/* Whole datasets that are not there. */
static void missing_parts(void) {
  static const char *const parts[] = {"/vm",      "/events/seq", "/events/clocks/vector/stamp",
                                      "/commit",  "/snapshots",  "/snapshots/valid",
                                      "/balance", "/tick_rate_p"};
  if (rank)
    return;
  const char *path = in_folder("parts.h5");
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    struct lc_history history;
    copy_file(sample(), path, INT64_MAX);
    hid_t file = open_to_spoil(path);
    check(H5Ldelete(file, parts[i], H5P_DEFAULT) >= 0);
    H5Fclose(file);
    err = (struct lc_error){LC_OK, ""};
    check_that(lc_store_read(path, &history, &err) == LC_EFILE, "without %s", parts[i]);
    check_said(path, "");
    uint64_t bytes = bytes_of(path);
    check_fails(lc_store_compact(path, &err), LC_EFILE);
    check(bytes_of(path) == bytes && !has_temporary(path));
  }
}

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  in_folder("");
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  model_init(&model, 0);
  run(an_existing_file_stays);
  run(a_held_file_stays);
  run(nothing_is_rewritten_under_another_program);
  run(a_live_file_stays);
  run(no_such_place);
  run(temporary_files);
  run(not_hdf5);
  run(not_ours);
  run(newer_formats);
  run(truncated_files);
  run(nonsense);
  run(missing_parts);
  model_free(&model);
  return end_ranks();
}
