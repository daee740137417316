/* The channels that markers go through, as a rank needs to know them before they do. */
#ifndef LC_PACER_MARKING_H
#define LC_PACER_MARKING_H

#include "lcmpi/pacer.h"

/* Counts the channels into each VM of this rank, and finds out who must record by itself: VM 0 of
 * each copy, and with a topology that has VMs it cannot reach, as few others as it takes.
 * Collective. */
lc_status marking_make(struct lc_marking *marking, const struct lc_world *world,
                       struct lc_error *err);
void marking_free(struct lc_marking *marking);

#endif
