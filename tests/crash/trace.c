/* Preloaded into the ranks of a run: logs everything they do to the files whose names begin with
 * CRASH_TRACE_PREFIX, in the one order in which it happened. Each call is made, and its record
 * appended to CRASH_TRACE_LOG, while an exclusive flock on that log is held, so the order of the
 * records is that of the calls, over all processes. exhaustive.py reads the log.
 *
 * Calls that could change a file without being replayed are logged as such, and fail the test. */
#define _GNU_SOURCE
#include <aio.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* The next definition of a function, looked up once. */
#define NEXT(name)                                                                                 \
  static __typeof__(&name) next;                                                                   \
  if (!next)                                                                                       \
  next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

enum kind { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, OTHER };

/* What stands before the name and the bytes of a record. */
struct header {
  uint32_t kind, flags, name_bytes;
  int32_t rank;
  uint64_t inode, offset, data_bytes;
};

static const char *prefix;
static int log_fd = -1;
static int32_t rank = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("CRASH_TRACE_LOG"), *number = getenv("OMPI_COMM_WORLD_RANK");
  prefix = getenv("CRASH_TRACE_PREFIX");
  if (!number)
    number = getenv("PMI_RANK");
  rank = number ? atoi(number) : -1;
  if (log && prefix)
    log_fd =
        (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int watched_name(const char *name) {
  return log_fd >= 0 && name && strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The inode of a descriptor of a watched file; 0 if it is of another. */
static uint64_t watched(int fd) {
  char link[64], name[4096];
  struct stat file;
  if (log_fd < 0 || fd < 0 || fd == log_fd)
    return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, name, sizeof name - 1);
  if (n <= 0)
    return 0;
  name[n] = '\0';
  return watched_name(name) && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) ? file.st_ino : 0;
}

static uint64_t inode_of(const char *name) {
  struct stat file;
  return stat(name, &file) == 0 ? file.st_ino : 0;
}

static void enter(void) {
  pthread_mutex_lock(&mutex);
  flock(log_fd, LOCK_EX);
}

static void leave(void) {
  int error = errno;
  flock(log_fd, LOCK_UN);
  pthread_mutex_unlock(&mutex);
  errno = error;
}

static void put(const void *bytes, size_t n) {
  for (const char *at = bytes; n;) {
    long done = syscall(SYS_write, log_fd, at, n);
    if (done <= 0)
      abort();
    at += done;
    n -= (size_t)done;
  }
}

static void record(enum kind kind, int flags, uint64_t inode, const char *name, int64_t offset,
                   const struct iovec *part, int n_part, size_t n) {
  int error = errno;
  struct header h = {
      (uint32_t)kind, (uint32_t)flags, (uint32_t)strlen(name), rank, inode, (uint64_t)offset, n};
  put(&h, sizeof h);
  put(name, h.name_bytes);
  for (int i = 0; i < n_part && n; i++) {
    size_t some = part[i].iov_len < n ? part[i].iov_len : n;
    put(part[i].iov_base, some);
    n -= some;
  }
  errno = error;
}

/* ---- writing
 * -------------------------------------------------------------------------------------- */

static void record_write(uint64_t inode, int64_t offset, const struct iovec *part, int n_part,
                         ssize_t done) {
  if (done > 0)
    record(WRITE, 0, inode, "", offset, part, n_part, (size_t)done);
}

/* `position` is where the bytes go; evaluated before the call is made. */
#define TRACE_WRITE(call, position, part, n_part)                                                  \
  uint64_t inode = watched(fd);                                                                    \
  if (!inode)                                                                                      \
    return call;                                                                                   \
  enter();                                                                                         \
  int64_t where = position;                                                                        \
  ssize_t done = call;                                                                             \
  record_write(inode, where, part, n_part, done);                                                  \
  leave();                                                                                         \
  return done

static int64_t write_position(int fd) {
  struct stat file;
  if (fcntl(fd, F_GETFL) & O_APPEND)
    return fstat(fd, &file) == 0 ? file.st_size : 0;
  return lseek(fd, 0, SEEK_CUR);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t n) {
  NEXT(write);
  struct iovec part = {(void *)(uintptr_t)bytes, n};
  TRACE_WRITE(next(fd, bytes, n), write_position(fd), &part, 1);
}

EXPORT ssize_t writev(int fd, const struct iovec *part, int n_part) {
  NEXT(writev);
  TRACE_WRITE(next(fd, part, n_part), write_position(fd), part, n_part);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
  NEXT(pwrite);
  struct iovec part = {(void *)(uintptr_t)bytes, n};
  TRACE_WRITE(next(fd, bytes, n, at), at, &part, 1);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  NEXT(pwrite64);
  struct iovec part = {(void *)(uintptr_t)bytes, n};
  TRACE_WRITE(next(fd, bytes, n, at), at, &part, 1);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *part, int n_part, off_t at) {
  NEXT(pwritev);
  TRACE_WRITE(next(fd, part, n_part, at), at, part, n_part);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *part, int n_part, off64_t at) {
  NEXT(pwritev64);
  TRACE_WRITE(next(fd, part, n_part, at), at, part, n_part);
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *part, int n_part, off_t at, int flags) {
  NEXT(pwritev2);
  TRACE_WRITE(next(fd, part, n_part, at, flags), at < 0 ? write_position(fd) : at, part, n_part);
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *part, int n_part, off64_t at, int flags) {
  NEXT(pwritev64v2);
  TRACE_WRITE(next(fd, part, n_part, at, flags), at < 0 ? write_position(fd) : at, part, n_part);
}

/* ---- sizes and syncs
 * -------------------------------------------------------------------------------- */

#define TRACE_CALL(call, kind, flags, name, offset)                                                \
  uint64_t inode = watched(fd);                                                                    \
  if (!inode)                                                                                      \
    return call;                                                                                   \
  enter();                                                                                         \
  int code = call;                                                                                 \
  if (code == 0)                                                                                   \
    record(kind, flags, inode, name, offset, NULL, 0, 0);                                          \
  leave();                                                                                         \
  return code

EXPORT int ftruncate(int fd, off_t size) {
  NEXT(ftruncate);
  TRACE_CALL(next(fd, size), TRUNCATE, 0, "", size);
}

EXPORT int ftruncate64(int fd, off64_t size) {
  NEXT(ftruncate64);
  TRACE_CALL(next(fd, size), TRUNCATE, 0, "", size);
}

/* Room is made with zeros: to a reader the file is only longer, if it was not as long already. */
static off_t longer(int fd, off_t end) {
  struct stat file;
  return fstat(fd, &file) == 0 && file.st_size > end ? file.st_size : end;
}

EXPORT int posix_fallocate(int fd, off_t at, off_t n) {
  NEXT(posix_fallocate);
  off_t size = longer(fd, at + n);
  TRACE_CALL(next(fd, at, n), TRUNCATE, 0, "", size);
}

EXPORT int posix_fallocate64(int fd, off64_t at, off64_t n) {
  NEXT(posix_fallocate64);
  off_t size = longer(fd, at + n);
  TRACE_CALL(next(fd, at, n), TRUNCATE, 0, "", size);
}

EXPORT int fsync(int fd) {
  NEXT(fsync);
  TRACE_CALL(next(fd), SYNC, 0, "", 0);
}

EXPORT int fdatasync(int fd) {
  NEXT(fdatasync);
  TRACE_CALL(next(fd), SYNC, 0, "", 0);
}

/* ---- names
 * ------------------------------------------------------------------------------------------ */

/* An open that makes or empties a file; others change nothing. */
static void record_open(const char *name, int flags) {
  record(OPEN, flags & O_TRUNC ? 1 : 0, inode_of(name), name, 0, NULL, 0, 0);
}

#define TRACE_OPEN(call)                                                                           \
  mode_t mode = 0;                                                                                 \
  if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {                                       \
    va_list more;                                                                                  \
    va_start(more, flags);                                                                         \
    mode = va_arg(more, mode_t);                                                                   \
    va_end(more);                                                                                  \
  }                                                                                                \
  if (!(flags & (O_CREAT | O_TRUNC)) || !watched_name(name))                                       \
    return call;                                                                                   \
  enter();                                                                                         \
  int fd = call;                                                                                   \
  if (fd >= 0)                                                                                     \
    record_open(name, flags);                                                                      \
  leave();                                                                                         \
  return fd

EXPORT int open(const char *name, int flags, ...) {
  NEXT(open);
  TRACE_OPEN(next(name, flags, mode));
}

EXPORT int open64(const char *name, int flags, ...) {
  NEXT(open64);
  TRACE_OPEN(next(name, flags, mode));
}

EXPORT int openat(int folder, const char *name, int flags, ...) {
  NEXT(openat);
  TRACE_OPEN(next(folder, name, flags, mode));
}

EXPORT int openat64(int folder, const char *name, int flags, ...) {
  NEXT(openat64);
  TRACE_OPEN(next(folder, name, flags, mode));
}

#define TRACE_FOPEN(call)                                                                          \
  if (!watched_name(name) || (how[0] == 'r' && !strchr(how, '+')))                                 \
    return call;                                                                                   \
  enter();                                                                                         \
  FILE *file = call;                                                                               \
  if (file)                                                                                        \
    record_open(name, how[0] == 'w' ? O_TRUNC : 0);                                                \
  leave();                                                                                         \
  return file

/* glibc writes what goes through a FILE by itself: only files that stay empty may be opened so. */
EXPORT FILE *fopen(const char *name, const char *how) {
  NEXT(fopen);
  TRACE_FOPEN(next(name, how));
}

EXPORT FILE *fopen64(const char *name, const char *how) {
  NEXT(fopen64);
  TRACE_FOPEN(next(name, how));
}

static void record_rename(const char *from, const char *to) {
  struct iovec part = {(void *)(uintptr_t)to, strlen(to)};
  record(RENAME, 0, 0, from, 0, &part, 1, part.iov_len);
}

#define TRACE_RENAME(call)                                                                         \
  if (!watched_name(from) && !watched_name(to))                                                    \
    return call;                                                                                   \
  enter();                                                                                         \
  int code = call;                                                                                 \
  if (code == 0)                                                                                   \
    record_rename(from, to);                                                                       \
  leave();                                                                                         \
  return code

EXPORT int rename(const char *from, const char *to) {
  NEXT(rename);
  TRACE_RENAME(next(from, to));
}

EXPORT int renameat(int a, const char *from, int b, const char *to) {
  NEXT(renameat);
  TRACE_RENAME(next(a, from, b, to));
}

EXPORT int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  NEXT(renameat2);
  TRACE_RENAME(next(a, from, b, to, flags));
}

#define TRACE_UNLINK(call)                                                                         \
  if (!watched_name(name))                                                                         \
    return call;                                                                                   \
  enter();                                                                                         \
  int code = call;                                                                                 \
  if (code == 0)                                                                                   \
    record(UNLINK, 0, 0, name, 0, NULL, 0, 0);                                                     \
  leave();                                                                                         \
  return code

EXPORT int unlink(const char *name) {
  NEXT(unlink);
  TRACE_UNLINK(next(name));
}

EXPORT int unlinkat(int folder, const char *name, int flags) {
  NEXT(unlinkat);
  TRACE_UNLINK(next(folder, name, flags));
}

EXPORT int remove(const char *name) {
  NEXT(remove);
  TRACE_UNLINK(next(name));
}

/* ---- what is not replayed
 * --------------------------------------------------------------------------- */

static void note_other(const char *call) {
  enter();
  record(OTHER, 0, 0, call, 0, NULL, 0, 0);
  leave();
}

EXPORT int truncate(const char *name, off_t size) {
  NEXT(truncate);
  if (watched_name(name))
    note_other("truncate");
  return next(name, size);
}

EXPORT int truncate64(const char *name, off64_t size) {
  NEXT(truncate64);
  if (watched_name(name))
    note_other("truncate64");
  return next(name, size);
}

EXPORT int fallocate(int fd, int mode, off_t at, off_t n) {
  NEXT(fallocate);
  if (watched(fd))
    note_other("fallocate");
  return next(fd, mode, at, n);
}

EXPORT int fallocate64(int fd, int mode, off64_t at, off64_t n) {
  NEXT(fallocate64);
  if (watched(fd))
    note_other("fallocate64");
  return next(fd, mode, at, n);
}

EXPORT void *mmap(void *address, size_t n, int protection, int flags, int fd, off_t at) {
  NEXT(mmap);
  if (fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE) && watched(fd))
    note_other("mmap");
  return next(address, n, protection, flags, fd, at);
}

EXPORT ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t n, unsigned flags) {
  NEXT(copy_file_range);
  if (watched(to))
    note_other("copy_file_range");
  return next(from, a, to, b, n, flags);
}

EXPORT int aio_write(struct aiocb *request) {
  NEXT(aio_write);
  if (watched(request->aio_fildes))
    note_other("aio_write");
  return next(request);
}

EXPORT int aio_write64(struct aiocb64 *request) {
  NEXT(aio_write64);
  if (watched(request->aio_fildes))
    note_other("aio_write64");
  return next(request);
}

EXPORT int link(const char *from, const char *to) {
  NEXT(link);
  if (watched_name(from) || watched_name(to))
    note_other("link");
  return next(from, to);
}

EXPORT int creat(const char *name, mode_t mode) {
  NEXT(creat);
  if (watched_name(name))
    note_other("creat");
  return next(name, mode);
}
