/* The file of --topology file:PATH: read by rank 0, so that it need not lie on every host. */
#include "run_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lc_status read_file(const char *path, char **text, size_t *length, struct lc_error *err) {
  size_t room = 0, n = 0;
  FILE *file = fopen(path, "r");
  *text = NULL;
  if (!file)
    return lc_fail(err, LC_EFILE, "--topology file:%s: cannot be opened: %s", path,
                   strerror(errno));
  do {
    lc_grow((void **)text, &room, *length + 65536, 1, "the topology's file");
    n = fread(*text + *length, 1, 65536, file);
    *length += n;
  } while (n == 65536 && *length < INT32_MAX - 65536);
  bool bad = ferror(file) != 0;
  fclose(file);
  if (bad)
    return lc_fail(err, LC_EFILE, "--topology file:%s: cannot be read: %s", path, strerror(errno));
  if (n == 65536)
    return lc_fail(err, LC_EUSAGE, "--topology file:%s: is larger than 2 GiB", path);
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
    status = read_file(rule->path, text, length, err);
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
