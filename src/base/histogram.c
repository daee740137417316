/* Bins are linear up to 2 * SUB and then SUB to each power of two, as in HdrHistogram. */
#include "lcmpi/histogram.h"

static int bin_of(int64_t ns) {
  uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
  if (value < 2ULL * LC_HISTOGRAM_SUB)
    return (int)value;
  int power = 63 - __builtin_clzll(value); /* >= 6 */
  int shift = power - 5;
  return (shift + 1) * LC_HISTOGRAM_SUB + (int)((value >> shift) - LC_HISTOGRAM_SUB);
}

int64_t lc_histogram_middle(int bin) {
  if (bin < 2 * LC_HISTOGRAM_SUB)
    return bin;
  int shift = bin / LC_HISTOGRAM_SUB - 1;
  int64_t low = (int64_t)(LC_HISTOGRAM_SUB + bin % LC_HISTOGRAM_SUB) << shift;
  return low + ((INT64_C(1) << shift) - 1) / 2;
}

void lc_histogram_add(struct lc_histogram *h, int64_t ns) {
  h->count[bin_of(ns)]++;
}

int64_t lc_histogram_quantile(const struct lc_histogram *h, double q) {
  int64_t total = 0, seen = 0;
  for (int i = 0; i < LC_HISTOGRAM_BINS; i++)
    total += h->count[i];
  double wanted = q * (double)total;
  for (int i = 0; i < LC_HISTOGRAM_BINS && total; i++) {
    seen += h->count[i];
    if (h->count[i] && (double)seen >= wanted)
      return lc_histogram_middle(i);
  }
  return 0;
}
