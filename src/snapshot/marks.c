/* A hash table of channels by (sender, receiver). */
#include "marks.h"

#include "lcmpi/digest.h"

#include <stdlib.h>

enum { LEAST_ROOM = 64 };

static size_t place(const struct marks *m, int32_t own, int32_t sender) {
  size_t mask = m->room - 1, i = lc_hash_id(sender, own) & mask;
  while (m->entry[i].sender >= 0 && (m->entry[i].sender != sender || m->entry[i].own != own))
    i = (i + 1) & mask;
  return i;
}

static void widen(struct marks *m) {
  struct marks wider = {.n = m->n, .room = m->room ? 2 * m->room : LEAST_ROOM};
  wider.entry = lc_new(wider.room, sizeof *wider.entry, "the markers of a snapshot");
  for (size_t i = 0; i < wider.room; i++)
    wider.entry[i].sender = -1;
  for (size_t i = 0; i < m->room; i++)
    if (m->entry[i].sender >= 0)
      wider.entry[place(&wider, m->entry[i].own, m->entry[i].sender)] = m->entry[i];
  free(m->entry);
  *m = wider;
}

bool marks_add(struct marks *m, struct mark mark) {
  if (2 * (m->n + 1) > m->room)
    widen(m);
  struct mark *entry = &m->entry[place(m, mark.own, mark.sender)];
  if (entry->sender >= 0)
    return false;
  *entry = mark;
  m->n++;
  return true;
}

int64_t marks_number(const struct marks *m, int32_t own, int32_t sender) {
  if (!m->room)
    return INT64_MAX;
  const struct mark *entry = &m->entry[place(m, own, sender)];
  return entry->sender < 0 ? INT64_MAX : entry->number;
}

void marks_free(struct marks *m) {
  free(m->entry);
  *m = (struct marks){0};
}
