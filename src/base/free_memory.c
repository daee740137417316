/* How much memory a process may still take. Linux hands out more than there is and kills whoever
 * touches it, so what is known beforehand to be too much is better refused. */
#include "lcmpi/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* "MemAvailable:   123 kB" and "SwapFree: ..." */
static int64_t of_the_system(void) {
  char line[128];
  int64_t kib, sum = 0;
  FILE *file = fopen("/proc/meminfo", "r");
  if (!file)
    return INT64_MAX;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "MemAvailable: %" SCNd64, &kib) == 1 ||
        sscanf(line, "SwapFree: %" SCNd64, &kib) == 1)
      sum += kib * 1024;
  fclose(file);
  return sum ? sum : INT64_MAX;
}

static int64_t number_in(const char *path) {
  int64_t n = INT64_MAX;
  FILE *file = fopen(path, "r");
  if (!file)
    return INT64_MAX;
  if (fscanf(file, "%" SCNd64, &n) != 1)
    n = INT64_MAX; /* "max" */
  fclose(file);
  return n;
}

/* The limit that a container or a batch system set, less what it uses. */
static int64_t of_the_group(void) {
  static const char *const file[][2] = {
      {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
       "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
  int64_t least = INT64_MAX;
  for (int i = 0; i < 2; i++) {
    int64_t limit = number_in(file[i][0]), used = number_in(file[i][1]);
    if (limit != INT64_MAX && used != INT64_MAX && limit > used)
      least = smaller(least, limit - used);
  }
  return least;
}

int64_t lc_free_memory(void) {
  struct rlimit limit;
  int64_t least = smaller(of_the_system(), of_the_group());
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur < INT64_MAX)
    least = smaller(least, (int64_t)limit.rlim_cur);
  return least;
}
