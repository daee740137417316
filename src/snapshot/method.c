/* The methods by which snapshots are taken. */
#include "lcmpi/snapshot.h"

#include <string.h>

const struct lc_snapshot_method lc_snapshot_methods[] = {
    {"time-cut",
     "virtual time only: ticks before T are done, what arrives from T on is in flight; the default "
     "there",
     LC_TIME_CUT, false, false, false},
    {"chandy-lamport",
     "VM 0 starts, markers spread on every channel; needs --fifo on; the default in real time",
     LC_CHANDY_LAMPORT, true, true, false},
    {"lai-yang",
     "VMs record at their next tick, or before the first message of one that has; messages carry "
     "colours and are counted; no markers",
     LC_LAI_YANG, true, false, true},
};
const size_t lc_n_snapshot_method = sizeof lc_snapshot_methods / sizeof *lc_snapshot_methods;

const struct lc_snapshot_method *lc_snapshot_method_find(const char *name) {
  for (size_t i = 0; i < lc_n_snapshot_method; i++)
    if (strcmp(lc_snapshot_methods[i].name, name) == 0)
      return &lc_snapshot_methods[i];
  return NULL;
}
