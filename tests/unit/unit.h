/* unit.h: what the unit tests share: cmocka, checks that say where they failed in a loop, random
 * numbers that owe nothing to the code under test, and a chi-squared test. Seeds are fixed, so a
 * test that passes once passes always. */
#ifndef LCMPI_TESTS_UNIT_H
#define LCMPI_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Fails the test with a text of its own, where "0x3 != 0x4" would not say enough. */
#define require(condition, ...)                                                                    \
  ((condition) ? (void)0 : (print_error(__VA_ARGS__), print_error("\n"), fail()))

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* SplitMix64 (Steele, Lea, Flood 2014). */
struct draws {
  uint64_t state;
};

static inline uint64_t next_draw(struct draws *draws) {
  uint64_t z = draws->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* A whole number in 0..n-1. */
static inline int64_t draw_below(struct draws *draws, int64_t n) {
  return (int64_t)(next_draw(draws) % (uint64_t)n);
}

/* A whole number of up to 63 bits whose size is drawn first: small ones come as often as large
 * ones. */
static inline int64_t draw_any_size(struct draws *draws) {
  int shift = 1 + (int)draw_below(draws, 63);
  return (int64_t)(next_draw(draws) >> shift);
}

/* True if the counts could come from these shares (which sum to 1): Pearson's statistic is below
 * the limit that one fair draw in a million exceeds. A share of 0 must have the count 0. */
static inline bool frequencies_fit(const int64_t *count, const double *share, int n) {
  /* of the chi-squared distribution with 1, 2, ... degrees of freedom */
  static const double limit[] = {24.0, 27.7, 30.7, 33.4, 35.9, 38.3, 40.6, 42.8, 44.9, 46.9,
                                 48.9, 50.9, 52.8, 54.7, 56.5, 58.4, 60.2, 62.0, 63.7, 65.5};
  double total = 0, statistic = 0;
  int degrees = -1;
  for (int i = 0; i < n; i++)
    total += (double)count[i];
  for (int i = 0; i < n; i++) {
    double expected = share[i] * total, off = (double)count[i] - expected;
    if (share[i] <= 0 && count[i])
      return false;
    if (share[i] <= 0)
      continue;
    statistic += off * off / expected;
    degrees++;
  }
  if (degrees < 1 || degrees > (int)LENGTH(limit))
    return degrees == 0;
  return statistic < limit[degrees - 1];
}

#endif
