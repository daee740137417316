/* The nearest name to a misspelt one, for the tip behind "unknown option". */
#include "lcmpi/base.h"

#include <string.h>

enum { LONGEST = 63 };

/* Levenshtein's distance of two short strings, one row of the table at a time. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[LONGEST + 2];
  size_t columns = strlen(b);
  for (size_t j = 0; j <= columns; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= columns; j++) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      row[j] = change < shorter + 1 ? change : shorter + 1;
    }
  }
  return row[columns];
}

const char *lc_nearest(const char *name, const char *const *list, size_t count) {
  const char *best = NULL;
  size_t length = strlen(name);
  size_t best_distance = length / 3 + 2; /* further away is a guess, not a tip */
  if (length > LONGEST)
    return NULL;
  for (size_t i = 0; i < count; i++) {
    if (strlen(list[i]) > LONGEST)
      continue;
    size_t distance = edit_distance(name, list[i]);
    bool prefix = length >= 3 && strncmp(name, list[i], length) == 0;
    if (prefix)
      distance = 1;
    if (distance < best_distance) {
      best_distance = distance;
      best = list[i];
    }
  }
  return best;
}
