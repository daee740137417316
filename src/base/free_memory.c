/* How much memory a process may still take. Linux hands out more than there is and kills whoever
 * touches it, so what is known beforehand to be too much is better refused. */
#include "lcmpi/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* The limit of the address space, less what is mapped already: libraries take a good part of it. */
static int64_t of_the_process(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur > INT64_MAX)
    return INT64_MAX;
  int64_t pages = number_in("/proc/self/statm"), page = sysconf(_SC_PAGESIZE);
  int64_t mapped = pages < INT64_MAX / page ? pages * page : 0;
  return (int64_t)limit.rlim_cur > mapped ? (int64_t)limit.rlim_cur - mapped : 0;
}

int64_t lc_free_memory(int32_t sharing) {
  int64_t of_all = smaller(of_the_system(), of_the_group());
  return smaller(of_all == INT64_MAX ? of_all : of_all / sharing, of_the_process());
}
