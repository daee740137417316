/* Who of a block ticks next. The deadlines lie by themselves and in groups, each with its earliest:
 * a window looks at those of groups that have something due. */
#ifndef LC_VM_DUE_H
#define LC_VM_DUE_H

#include "lcmpi/vm.h"

enum { DUE_ROOM = LC_BLOCK_VMS + 16 }; /* what find_due() may write */

/* The VMs of a block with a tick before `until_ns`, ascending; returns how many. */
int32_t find_due(const struct lc_vms *vms, int32_t block, int64_t until_ns, int32_t *own);
/* After ticks before `until_ns`: the earliest deadlines of their groups. */
void note_deadlines(struct lc_vms *vms, int32_t block, int64_t until_ns);

#endif
