/* A binary heap of pointers: the line of requests, and each inbox. */
#ifndef LC_SERVER_HEAP_H
#define LC_SERVER_HEAP_H

#include "lcmpi/base.h"

typedef bool heap_before(const void *a, const void *b);

struct heap {
  void **item;
  size_t n, room;
};

void heap_add(struct heap *heap, void *item, heap_before *before);
/* Takes the first out; NULL if there is none. */
void *heap_take(struct heap *heap, heap_before *before);

#endif
