/* The yardstick of virtual time: nothing but what every engine must do. Per tick one Philox draw
 * and the VM's cache line; for the 30 % of ticks that send, one random other line. No queues, no
 * clocks, no order of time. Prints million ticks per second for each number of VMs given. */
#include "../../src/base/philox.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TICKS = 40000000, LINE = 8 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double run(int32_t n, int64_t *lines) {
  const uint32_t sends = (uint32_t)(0.3 * 0x1p32);
  int64_t rounds = TICKS / n;
  double start = now();
  for (int64_t k = 0; k < rounds; k++)
    for (int32_t i = 0; i < n; i++) {
      struct lc_block draw = draw_block(7, LC_DRAW_OPERATION, i, (uint64_t)k, 0);
      lines[(int64_t)i * LINE] += draw.word[2];
      if (draw.word[0] < sends)
        lines[(int64_t)lc_below(draw.word[1], (uint32_t)n) * LINE + 1]++;
    }
  return (double)rounds * n / (now() - start) / 1e6;
}

int main(int argc, char **argv) {
  int64_t sum = 0;
  for (int i = 1; i < argc; i++) {
    int32_t n = atoi(argv[i]);
    int64_t *lines = aligned_alloc(64, (size_t)n * LINE * sizeof *lines);
    for (int64_t k = 0; k < (int64_t)n * LINE; k++)
      lines[k] = k; /* touched before the clock runs */
    printf("%d %.2f\n", n, run(n, lines));
    sum += lines[1];
    free(lines);
  }
  return sum == 42; /* used, so that nothing is left out */
}
