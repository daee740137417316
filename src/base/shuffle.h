/* A partial Fisher-Yates shuffle of 0..n-1 that costs k and not n, for whoever draws k of n. */
#ifndef LC_BASE_SHUFFLE_H
#define LC_BASE_SHUFFLE_H

#include <stdint.h>

/* 0..n-1 in order, which shuffles of more than a few work on; NULL if k is a few. Owned by the
 * caller. */
int32_t *shuffle_places(uint32_t k, int32_t n, const char *what);

/* What stands at places 0..k-1 once place i was swapped with place with[i] >= i, for i = 0..k-1 in
 * turn. `places` is what shuffle_places() gave for this k or more; it is in order again after. */
void shuffle_first(const uint32_t *with, uint32_t k, int32_t *places, int32_t *first);

/* For qsort(). */
int ascending_ids(const void *a, const void *b);

#endif
