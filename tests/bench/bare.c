/* What the machine allows: a process that sleeps until START + k / RATE on the monotonic clock for
 * some seconds and prints by how many ns it was late, one line each. usage: bare START_NS RATE
 * SECONDS */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  int64_t start = strtoll(argv[1], NULL, 10), rate = strtoll(argv[2], NULL, 10);
  int64_t n = (int64_t)(strtod(argv[3], NULL) * (double)rate);
  prctl(PR_SET_TIMERSLACK, 1UL);
  for (int64_t k = 0; k < n; k++) {
    int64_t due = start + k * 1000000000 / rate;
    struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000}, now;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%" PRId64 "\n", (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - due);
  }
  return 0;
}
