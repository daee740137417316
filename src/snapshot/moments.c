/* A binary heap of moments, by the order of arrivals. */
#include "moments.h"

static bool sooner(const struct moment *a, const struct moment *b) {
  if (a->t == b->t && a->sender == b->sender && a->number == b->number)
    return a->own < b->own;
  return is_before(a->t, a->sender, a->number, b);
}

static void swap(struct moment *a, struct moment *b) {
  struct moment kept = *a;
  *a = *b;
  *b = kept;
}

void moments_add(struct moments *moments, struct moment moment) {
  lc_grow((void **)&moments->entry, &moments->room, moments->n + 1, sizeof *moments->entry,
          "the moments of a snapshot");
  size_t i = moments->n++;
  moments->entry[i] = moment;
  for (; i && sooner(&moments->entry[i], &moments->entry[(i - 1) / 2]); i = (i - 1) / 2)
    swap(&moments->entry[i], &moments->entry[(i - 1) / 2]);
}

struct moment moments_take(struct moments *moments) {
  struct moment *entry = moments->entry, first = entry[0];
  entry[0] = entry[--moments->n];
  for (size_t i = 0;;) {
    size_t least = i, left = 2 * i + 1, right = left + 1;
    if (left < moments->n && sooner(&entry[left], &entry[least]))
      least = left;
    if (right < moments->n && sooner(&entry[right], &entry[least]))
      least = right;
    if (least == i)
      return first;
    swap(&entry[i], &entry[least]);
    i = least;
  }
}
