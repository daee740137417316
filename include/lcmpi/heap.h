/* heap.h: a binary heap: items of one kind, of which the first in their order is at hand. Inline:
 * with a kind that the compiler can see, an item is moved and compared without a call. Local. */
#ifndef LCMPI_HEAP_H
#define LCMPI_HEAP_H

#include "lcmpi/base.h"

#include <string.h>

/* What a heap is of. */
struct lc_heap_kind {
  size_t size;                                  /* bytes of an item */
  bool (*before)(const void *a, const void *b); /* a total order */
  const char *what;                             /* said when there is no memory for it */
};

/* All zeros is the empty one; release `item` with free(). */
struct lc_heap {
  unsigned char *item; /* [n], the first one first */
  size_t n, room;
};

#define LC_HEAP_INLINE static inline __attribute__((always_inline))

/* The first item, or NULL; valid until the heap is changed. */
static inline void *lc_heap_first(const struct lc_heap *heap) {
  return heap->n ? heap->item : NULL;
}

/* Copies an item into the heap. */
LC_HEAP_INLINE void lc_heap_add(struct lc_heap *heap, const struct lc_heap_kind *kind,
                                const void *item) {
  size_t size = kind->size, hole = heap->n;
  lc_grow((void **)&heap->item, &heap->room, ++heap->n, size, kind->what);
  for (size_t above; hole; hole = above) {
    above = (hole - 1) / 2;
    if (!kind->before(item, heap->item + above * size))
      break;
    memcpy(heap->item + hole * size, heap->item + above * size, size);
  }
  memcpy(heap->item + hole * size, item, size);
}

/* Replaces the first item, which there must be, by one from elsewhere. */
LC_HEAP_INLINE void lc_heap_replace(struct lc_heap *heap, const struct lc_heap_kind *kind,
                                    const void *item) {
  size_t size = kind->size, hole = 0;
  for (size_t below; (below = 2 * hole + 1) < heap->n; hole = below) {
    unsigned char *first = heap->item + below * size;
    if (below + 1 < heap->n && kind->before(first + size, first)) {
      first += size;
      below++;
    }
    if (!kind->before(first, item))
      break;
    memcpy(heap->item + hole * size, first, size);
  }
  memcpy(heap->item + hole * size, item, size);
}

/* Copies the first item, which there must be, out and removes it. */
LC_HEAP_INLINE void lc_heap_take(struct lc_heap *heap, const struct lc_heap_kind *kind,
                                 void *item) {
  lc_assert(heap->n);
  memcpy(item, heap->item, kind->size);
  if (--heap->n)
    lc_heap_replace(heap, kind, heap->item + heap->n * kind->size);
}

#endif
