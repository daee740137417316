/* Which channels a marker has come through, and where in the channel it was. */
#ifndef LC_SNAPSHOT_MARKS_H
#define LC_SNAPSHOT_MARKS_H

#include "lcmpi/base.h"

struct mark {
  int32_t sender, own;
  int64_t number; /* of the sender's first message behind the marker */
};

/* Open addressing; all zeros is the empty table. */
struct marks {
  struct mark *entry; /* sender -1: free */
  size_t n, room;
};
/* False if the channel has its mark already. */
bool marks_add(struct marks *marks, struct mark mark);
/* The number, or INT64_MAX if no marker has come: all messages so far are before it. */
int64_t marks_number(const struct marks *marks, int32_t own, int32_t sender);
void marks_free(struct marks *marks);

#endif
