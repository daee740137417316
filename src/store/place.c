/* MPI-IO locks nothing and HDF5's own lock shuts readers out, so the writer of a file holds a
 * shared flock on it: h5py and h5dump still read it, while h5py's "r+", a second run and `recover`
 * are refused. New files and rewritten ones appear under their name by a rename only. */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *place_temporary(const char *path) {
  return lc_format("%s.tmp", path);
}

static bool held(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would be waited for */
  if (fd < 0)
    return false;
  bool busy = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return busy;
}

bool place_is_held(const char *path) {
  return held(path);
}

lc_status place_check_unheld(const char *path, struct lc_error *err) {
  if (!held(path))
    return LC_OK;
  return lc_fail(err, LC_EFILE,
                 "%s: is held by another process (a run that writes it, or a program that has it "
                 "open): wait for it to end",
                 path);
}

lc_status place_free(const char *path, bool force, struct lc_error *err) {
  struct stat file;
  if (stat(path, &file) != 0)
    return LC_OK;
  if (!S_ISREG(file.st_mode))
    return lc_fail(err, LC_EFILE, "%s: exists and is not a file: choose another -o", path);
  if (!force)
    return lc_fail(err, LC_EFILE,
                   "%s: exists and is not overwritten: choose another -o, or add --force", path);
  return place_check_unheld(path, err);
}

lc_status place_clear_temporary(const char *temporary, struct lc_error *err) {
  if (access(temporary, F_OK) != 0)
    return LC_OK;
  lc_status status = place_check_unheld(temporary, err);
  if (status)
    return status;
  if (unlink(temporary) != 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be removed: %s", temporary, strerror(errno));
  return LC_OK;
}

lc_status place_hold(const char *path, int *fd, struct lc_error *err) {
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be opened: %s", path, strerror(errno));
  /* a file system without locks is used without; elsewhere only a reader's lock can be there */
  if (flock(*fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(*fd);
    *fd = -1;
    return lc_fail(err, LC_EFILE, "%s: is held by another process", path);
  }
  return LC_OK;
}

static int sync_path(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0)
    return -1;
  int code = fsync(fd);
  close(fd);
  return code;
}

lc_status place_publish(const char *temporary, const char *path, struct lc_error *err) {
  if (sync_path(temporary, O_RDONLY) != 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be brought to disk: %s", temporary, strerror(errno));
  if (rename(temporary, path) != 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be renamed to %s: %s", temporary, path,
                   strerror(errno));
  char *copy = lc_format("%s", path);
  sync_path(dirname(copy),
            O_RDONLY | O_DIRECTORY); /* not every file system can: then it need not */
  free(copy);
  return LC_OK;
}
