/* What clocks of one word share. */
#ifndef LC_CLOCK_SCALAR_H
#define LC_CLOCK_SCALAR_H

#include "lcmpi/clock.h"

#include <inttypes.h>
#include <stdio.h>

static inline int32_t one_word(int32_t n_vm) {
  (void)n_vm;
  return 1;
}

static inline int64_t first_word(const int64_t *stamp) {
  return stamp[0];
}

static inline void print_word(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)n_vm;
  snprintf(to, size, "%" PRId64, stamp[0]);
}

#endif
