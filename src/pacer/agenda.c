/* Thin over a heap: the order, and what an empty one says. */
#include "agenda.h"

static bool sooner(const void *a, const void *b) {
  const struct due *x = a, *y = b;
  return x->t_ns != y->t_ns ? x->t_ns < y->t_ns : x->own < y->own;
}

static const struct lc_heap_kind kind = {sizeof(struct due), sooner, "the agenda"};

void agenda_add(struct lc_heap *agenda, int32_t own, int64_t t_ns) {
  lc_heap_add(agenda, &kind, &(struct due){t_ns, own});
}

struct due agenda_take(struct lc_heap *agenda) {
  struct due first;
  lc_heap_take(agenda, &kind, &first);
  return first;
}

int64_t agenda_next(const struct lc_heap *agenda) {
  const struct due *first = lc_heap_first(agenda);
  return first ? first->t_ns : INT64_MAX;
}

int32_t agenda_first(const struct lc_heap *agenda) {
  return ((const struct due *)lc_heap_first(agenda))->own;
}

void agenda_moved(struct lc_heap *agenda, int64_t t_ns) {
  lc_heap_replace(agenda, &kind, &(struct due){t_ns, agenda_first(agenda)});
}
