/* When VMs record: known beforehand, because what makes them record arrives later than it comes to
 * the rank. */
#ifndef LC_SNAPSHOT_MOMENTS_H
#define LC_SNAPSHOT_MOMENTS_H

#include "lcmpi/base.h"

/* A place in the order of what arrives at a VM: (time, sender, number). Messages before it are in
 * the queue. */
struct moment {
  int64_t t, number;
  int32_t sender; /* BEFORE_ALL, BEHIND_ALL: of that time */
  int32_t own;    /* the VM that records */
  int32_t upto;   /* all its snapshots below this one */
};
enum { BEFORE_ALL = -1, BEHIND_ALL = INT32_MAX };

/* True if message `number` of `sender`, which arrives at t, comes before the moment. */
static inline bool is_before(int64_t t, int32_t sender, int64_t number,
                             const struct moment *moment) {
  if (t != moment->t)
    return t < moment->t;
  if (sender != moment->sender)
    return sender < moment->sender;
  return number < moment->number;
}

#endif
