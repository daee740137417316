/* The one place that draws. Random123's header is C, header only and fixed for ever. */
#include "lcmpi/rng.h"

#include <Random123/philox.h>
#include <sys/random.h>
#include <time.h>

struct lc_block lc_draw(uint64_t seed, enum lc_purpose purpose, int32_t vm, uint64_t number,
                        uint32_t block) {
  philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  philox4x32_ctr_t counter = {
      {(uint32_t)number, (uint32_t)(number >> 32), (uint32_t)vm, (uint32_t)purpose + (block << 8)}};
  philox4x32_ctr_t out = philox4x32(counter, key);
  return (struct lc_block){{out.v[0], out.v[1], out.v[2], out.v[3]}};
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
