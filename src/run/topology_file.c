/* The file of --topology file:PATH: read by rank 0, so that it need not lie on every host. */
#include "run_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 30, PIECE = 1 << 16 };

static lc_status refuse(struct lc_error *err, const char *path, const char *why) {
  return lc_fail(err, LC_EFILE, "--topology file:%s: %s", path, why);
}

static lc_status refuse_for(struct lc_error *err, const char *path, const char *what) {
  return lc_fail(err, LC_EFILE, "--topology file:%s: %s: %s", path, what, strerror(errno));
}

/* A pipe would be waited for; a device may have no end. */
static lc_status open_regular(const char *path, int *fd, struct lc_error *err) {
  struct stat file = {.st_size = 0};
  *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (*fd < 0)
    return refuse_for(err, path, "cannot be opened");
  if (fstat(*fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size <= MOST_BYTES)
    return LC_OK;
  close(*fd);
  return refuse(err, path, S_ISREG(file.st_mode) ? "is larger than 1 GiB" : "is not a file");
}

static lc_status read_file(const char *path, char **text, size_t *length, struct lc_error *err) {
  size_t room = 0;
  ssize_t n = 1;
  int fd;
  lc_status status = open_regular(path, &fd, err);
  if (status)
    return status;
  while (n > 0 && *length <= MOST_BYTES) {
    lc_grow((void **)text, &room, *length + PIECE, 1, "the topology's file");
    n = read(fd, *text + *length, PIECE);
    *length += n > 0 ? (size_t)n : 0;
  }
  if (n < 0)
    status = refuse_for(err, path, "cannot be read");
  else if (n > 0) /* it grows, or does not say how large it is */
    status = refuse(err, path, "is larger than 1 GiB");
  close(fd);
  return status;
}

/* FNV-1a, never 0. */
static int64_t hash_of(const char *text, size_t length) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
  return hash ? (int64_t)hash : 1;
}

/* On rank 0. */
static lc_status read_checked(struct run *run, char **text, size_t *length, struct lc_error *err) {
  const char *path = run->config->topology.path;
  lc_status status = read_file(path, text, length, err);
  if (status)
    return status;
  run->topology_hash = hash_of(*text, *length);
  if (run->past_topology_hash && run->topology_hash != run->past_topology_hash)
    return lc_fail(err, LC_EUSAGE,
                   "--topology file:%s: the file is not what it was when the run of %s was started",
                   path, run->config->resume);
  return LC_OK;
}

lc_status share_topology_file(struct run *run, char **text, size_t *length, struct lc_error *err) {
  const struct lc_topology_rule *rule = &run->config->topology;
  lc_status status = LC_OK;
  *text = NULL;
  *length = 0;
  if (rule->kind != LC_TOPOLOGY_FILE)
    return LC_OK;
  if (run->rank == 0)
    status = read_checked(run, text, length, err);
  if (run->transport)
    status = lc_agree(run->transport, status, err);
  if (status) {
    free(*text);
    *text = NULL;
    return status;
  }
  if (!run->transport)
    return LC_OK;
  lc_broadcast(run->transport, length, sizeof *length);
  if (run->rank != 0)
    *text = lc_new(*length + 1, 1, "the topology's file");
  lc_broadcast(run->transport, *text, *length);
  return LC_OK;
}
