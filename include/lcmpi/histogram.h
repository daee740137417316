/* histogram.h: a histogram of times with about 3 % resolution over the whole range of int64_t,
 * small enough to send. Its counts can be summed over ranks as plain arrays of int64_t. Local. */
#ifndef LCMPI_HISTOGRAM_H
#define LCMPI_HISTOGRAM_H

#include <stdint.h>

/* 64 bins of one value each, then 57 powers of two up to the largest int64_t. */
enum { LC_HISTOGRAM_SUB = 32, LC_HISTOGRAM_BINS = 59 * LC_HISTOGRAM_SUB };

struct lc_histogram {
  int64_t count[LC_HISTOGRAM_BINS];
};

/* Counts one value in nanoseconds; negative values count as 0. */
void lc_histogram_add(struct lc_histogram *h, int64_t ns);

/* The value below which the fraction q (0..1) of all values lies, to the width of a bin;
 * 0 for an empty histogram. */
int64_t lc_histogram_quantile(const struct lc_histogram *h, double q);

/* The middle of a bin. */
int64_t lc_histogram_middle(int bin);

#endif
