/* What all clocks share: the two common orders, the common wire form. */
#include "lcmpi/clock.h"

#include <string.h>

enum lc_order lc_compare_scalar(const int64_t *a, const int64_t *b, int32_t n_vm) {
  (void)n_vm;
  return a[0] < b[0] ? LC_BEFORE : a[0] > b[0] ? LC_AFTER : LC_EQUAL;
}

enum lc_order lc_compare_vector(const int64_t *a, const int64_t *b, int32_t n_vm) {
  bool less = false, more = false;
  for (int32_t i = 0; i < n_vm; i++) {
    less |= a[i] < b[i];
    more |= a[i] > b[i];
  }
  if (less && more)
    return LC_CONCURRENT;
  return less ? LC_BEFORE : more ? LC_AFTER : LC_EQUAL;
}

size_t lc_clock_wire_bytes(const struct lc_clock *clock, int32_t n_vm) {
  if (clock->wire_bytes)
    return clock->wire_bytes(n_vm);
  return (size_t)clock->stamp_words(n_vm) * sizeof(int64_t);
}

size_t lc_clock_encode(const struct lc_clock *clock, const int64_t *stamp, int32_t n_vm,
                       unsigned char *to) {
  if (clock->encode)
    return clock->encode(stamp, n_vm, to);
  unsigned char *at = to;
  for (int32_t i = 0; i < clock->stamp_words(n_vm); i++)
    for (int shift = 0; shift < 64; shift += 8)
      *at++ = (unsigned char)((uint64_t)stamp[i] >> shift);
  return (size_t)(at - to);
}

size_t lc_clock_decode(const struct lc_clock *clock, int64_t *stamp, int32_t n_vm,
                       const unsigned char *from, size_t length) {
  if (clock->decode)
    return clock->decode(stamp, n_vm, from, length);
  size_t words = (size_t)clock->stamp_words(n_vm);
  if (length < words * 8)
    return 0;
  for (size_t i = 0; i < words; i++) {
    uint64_t word = 0;
    for (int byte = 7; byte >= 0; byte--)
      word = word << 8 | from[i * 8 + (size_t)byte];
    stamp[i] = (int64_t)word;
  }
  return words * 8;
}
