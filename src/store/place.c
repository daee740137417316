/* MPI-IO locks nothing and HDF5's own lock shuts readers out, so there are two locks here. A lock
 * on one byte far behind the end tells writers from each other: shared by the ranks of a run, for
 * one process alone while a file is made or written anew; readers don't take it, so whoever holds
 * it writes. The shared flock on top is for other programs: h5py and h5dump still read the file,
 * while h5py's "r+" is refused. New files and rewritten ones appear under their name by a rename
 * only. */
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

static struct flock region(short type) {
  return (struct flock){
      .l_type = type, .l_whence = SEEK_SET, .l_start = INT64_C(1) << 62, .l_len = 1};
}

/* A file system without locks is used without. */
static bool lock(int fd, short type) {
  struct flock byte = region(type);
  return fcntl(fd, F_OFD_SETLK, &byte) == 0 || (errno != EAGAIN && errno != EACCES);
}

static bool lock_out_other_programs(int fd) {
  return flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

char *place_resolve(const char *path) {
  struct stat file;
  bool link = lstat(path, &file) == 0 && S_ISLNK(file.st_mode);
  char *real = link ? realpath(path, NULL) : NULL;
  return real ? real : lc_format("%s", path);
}

bool place_is_held(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would be waited for */
  if (fd < 0)
    return false;
  struct flock byte = region(F_WRLCK);
  bool held = fcntl(fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
  close(fd);
  return held;
}

static lc_status is_held(const char *path, struct lc_error *err) {
  return lc_fail(err, LC_EFILE, "%s: is being written by another process: wait for it to end",
                 path);
}

lc_status place_free(const char *path, bool force, struct lc_error *err) {
  struct stat file;
  if (lstat(path, &file) != 0)
    return LC_OK;
  if (!S_ISREG(file.st_mode))
    return lc_fail(err, LC_EFILE, "%s: exists and is not a file: choose another -o", path);
  if (!force)
    return lc_fail(err, LC_EFILE,
                   "%s: exists and is not overwritten: choose another -o, or add --force", path);
  return place_is_held(path) ? is_held(path, err) : LC_OK;
}

bool place_is_same(int fd, const char *path) {
  struct stat mine, named;
  return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino &&
         mine.st_dev == named.st_dev;
}

lc_status place_begin(struct new_file *file, const char *path, struct lc_error *err) {
  *file = (struct new_file){.path = path, .temporary = lc_format("%s.tmp", path)};
  for (;;) {
    file->fd = open(file->temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (file->fd < 0) {
      lc_fail(err, LC_EFILE, "%s: cannot be created: %s", path, strerror(errno));
      break;
    }
    bool mine = lock(file->fd, F_WRLCK) && lock_out_other_programs(file->fd);
    if (mine && place_is_same(file->fd, file->temporary))
      return LC_OK;
    close(file->fd);
    if (mine)
      continue; /* another process has just given it its name */
    is_held(file->temporary, err);
    break;
  }
  free(file->temporary);
  return err->status;
}

void place_keep_mode(const struct new_file *file) {
  struct stat old;
  if (stat(file->path, &old) == 0 && fchmod(file->fd, old.st_mode & 07777) != 0)
    return; /* a file system without modes */
}

static void sync_folder(const char *path) {
  char *copy = lc_format("%s", path);
  int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd); /* not every file system can: then it need not */
    close(fd);
  }
  free(copy);
}

/* What came to be there since place_free() is not overwritten either. */
static int give_name(const struct new_file *file, bool replace) {
  if (!replace) {
    if (renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
      return 0;
    if (errno != EINVAL && errno != ENOSYS)
      return -1;
  } /* a file system that cannot tell */
  return rename(file->temporary, file->path);
}

lc_status place_publish(struct new_file *file, bool replace, int *held, struct lc_error *err) {
  if (fsync(file->fd) != 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be brought to disk: %s", file->temporary,
                   strerror(errno));
  if (give_name(file, replace) != 0)
    return lc_fail(err, LC_EFILE, "%s: cannot be renamed to %s: %s", file->temporary, file->path,
                   strerror(errno));
  sync_folder(file->path);
  lock(file->fd, F_RDLCK);
  *held = file->fd;
  free(file->temporary);
  return LC_OK;
}

void place_abandon(struct new_file *file) {
  unlink(file->temporary);
  close(file->fd);
  free(file->temporary);
}

static lc_status open_locked(const char *path, int flags, short type, int *fd,
                             struct lc_error *err) {
  for (;;) {
    *fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
      return lc_fail(err, LC_EFILE, "%s: cannot be opened: %s", path, strerror(errno));
    bool mine = lock(*fd, type) && lock_out_other_programs(*fd);
    if (mine && place_is_same(*fd, path))
      return LC_OK;
    close(*fd);
    *fd = -1;
    if (!mine)
      return is_held(path, err);
  } /* another file was given the name meanwhile */
}

lc_status place_hold(const char *path, int *fd, struct lc_error *err) {
  return open_locked(path, O_RDWR, F_RDLCK, fd, err);
}

lc_status place_take(const char *path, int *fd, struct lc_error *err) {
  return open_locked(path, O_RDWR, F_WRLCK, fd, err);
}
