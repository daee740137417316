/* The one place that draws, inline for the loops that draw for every tick. Random123's header is
 * C, header only and fixed for ever. */
#ifndef LC_BASE_PHILOX_H
#define LC_BASE_PHILOX_H

#include "lcmpi/rng.h"

#include <Random123/philox.h>

static inline struct lc_block draw_block(uint64_t seed, enum lc_purpose purpose, int32_t vm,
                                         uint64_t number, uint32_t block) {
  philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
  philox4x32_ctr_t counter = {
      {(uint32_t)number, (uint32_t)(number >> 32), (uint32_t)vm, (uint32_t)purpose + (block << 8)}};
  philox4x32_ctr_t out = philox4x32(counter, key);
  return (struct lc_block){{out.v[0], out.v[1], out.v[2], out.v[3]}};
}

#endif
