/* Which VM of this rank ticks next. */
#include "real.h"

#include <stdlib.h>

static bool sooner(const struct agenda *a, int32_t x, int32_t y) {
  if (a->entry[x].deadline_ns != a->entry[y].deadline_ns)
    return a->entry[x].deadline_ns < a->entry[y].deadline_ns;
  return a->entry[x].own < a->entry[y].own;
}

static void sink(struct agenda *a, int32_t at) {
  for (;;) {
    int32_t first = at, left = 2 * at + 1, right = left + 1;
    if (left < a->n && sooner(a, left, first))
      first = left;
    if (right < a->n && sooner(a, right, first))
      first = right;
    if (first == at)
      return;
    __typeof__(*a->entry) kept = a->entry[at];
    a->entry[at] = a->entry[first];
    a->entry[first] = kept;
    at = first;
  }
}

void agenda_init(struct agenda *a, const struct lc_world *world) {
  a->n = world->vms->n;
  a->entry = lc_new((size_t)a->n, sizeof *a->entry, "the agenda of ticks");
  for (int32_t i = 0; i < a->n; i++) {
    a->entry[i].deadline_ns = world->vms->deadline_ns[i];
    a->entry[i].own = i;
  }
  for (int32_t i = a->n / 2; i-- > 0;)
    sink(a, i);
}

void agenda_free(struct agenda *a) {
  free(a->entry);
}

int64_t agenda_next(const struct agenda *a) {
  return a->n ? a->entry[0].deadline_ns : INT64_MAX;
}

void agenda_moved(struct agenda *a, int64_t deadline_ns) {
  a->entry[0].deadline_ns = deadline_ns;
  sink(a, 0);
}
