/* A few swaps are kept in a list, which stays in the cache; more in an array of all places, where
 * they are undone afterwards. */
#include "shuffle.h"

#include "lcmpi/base.h"

enum { FEW = 16 };

int32_t *shuffle_places(uint32_t k, int32_t n, const char *what) {
  if (k <= FEW)
    return NULL;
  int32_t *places = lc_new((size_t)n, sizeof *places, what);
  for (int32_t i = 0; i < n; i++)
    places[i] = i;
  return places;
}

/* What stands at a place after n swaps of a list. */
static int32_t standing_at(const uint32_t *with, const int32_t *moved, uint32_t n, uint32_t place) {
  while (n-- > 0)
    if (with[n] == place)
      return moved[n];
  return (int32_t)place;
}

static void shuffle_few(const uint32_t *with, uint32_t k, int32_t *first) {
  int32_t moved[FEW]; /* by swap i, from place i */
  for (uint32_t i = 0; i < k; i++) {
    first[i] = standing_at(with, moved, i, with[i]);
    moved[i] = standing_at(with, moved, i, i);
  }
}

static void exchange(int32_t *a, int32_t *b) {
  int32_t kept = *a;
  *a = *b;
  *b = kept;
}

void shuffle_first(const uint32_t *with, uint32_t k, int32_t *places, int32_t *first) {
  if (k <= FEW) {
    shuffle_few(with, k, first);
    return;
  }
  for (uint32_t i = 0; i < k; i++) {
    exchange(&places[i], &places[with[i]]);
    first[i] = places[i];
  }
  for (uint32_t i = k; i-- > 0;)
    exchange(&places[i], &places[with[i]]);
}

int ascending_ids(const void *a, const void *b) {
  int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
  return (left > right) - (left < right);
}
