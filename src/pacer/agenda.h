/* What happens next to the VMs of a rank, soonest first, and of one time in the order of their
 * numbers. */
#ifndef LC_PACER_AGENDA_H
#define LC_PACER_AGENDA_H

#include "lcmpi/heap.h"

/* Of one VM; the agenda is a heap of them. */
struct due {
  int64_t t_ns;
  int32_t own; /* own number of the VM */
};

void agenda_add(struct lc_heap *agenda, int32_t own, int64_t t_ns);
/* Takes out the first one, which there must be. */
struct due agenda_take(struct lc_heap *agenda);
/* When the first is due; INT64_MAX if there is none. */
int64_t agenda_next(const struct lc_heap *agenda);
/* The first one's VM, which there must be. */
int32_t agenda_first(const struct lc_heap *agenda);
/* What comes next for the first one's VM takes its place. */
void agenda_moved(struct lc_heap *agenda, int64_t t_ns);

#endif
