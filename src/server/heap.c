/* Both take the logarithm of the heap's size: thousands of requests can wait in one line. */
#include "heap.h"

static void swap(void **a, void **b) {
  void *kept = *a;
  *a = *b;
  *b = kept;
}

void heap_add(struct heap *h, void *item, heap_before *before) {
  lc_grow((void **)&h->item, &h->room, h->n + 1, sizeof *h->item, "the central server");
  size_t at = h->n++;
  h->item[at] = item;
  for (; at && before(h->item[at], h->item[(at - 1) / 2]); at = (at - 1) / 2)
    swap(&h->item[at], &h->item[(at - 1) / 2]);
}

void *heap_take(struct heap *h, heap_before *before) {
  if (!h->n)
    return NULL;
  void *taken = h->item[0];
  h->item[0] = h->item[--h->n];
  for (size_t at = 0;;) {
    size_t first = at;
    for (size_t child = 2 * at + 1; child < 2 * at + 3 && child < h->n; child++)
      if (before(h->item[child], h->item[first]))
        first = child;
    if (first == at)
      return taken;
    swap(&h->item[at], &h->item[first]);
    at = first;
  }
}
