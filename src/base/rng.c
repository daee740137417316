/* Draws for those who draw seldom, and the seed of a run that was given none. */
#include "philox.h"

#include <sys/random.h>
#include <time.h>

struct lc_block lc_draw(uint64_t seed, enum lc_purpose purpose, int32_t vm, uint64_t number,
                        uint32_t block) {
  return draw_block(seed, purpose, vm, number, block);
}

uint64_t lc_system_seed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  }
  return seed >> 24; /* 40 bits: short enough to type again, long enough not to meet twice */
}
