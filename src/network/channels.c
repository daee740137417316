/* First in, first out: no message of a channel arrives before the one that was sent before it. Only
 * channels with a message under way have an entry, so the table is as large as the network is full.
 * Open addressing; what has arrived is left out when the table is made anew. */
#include "lcmpi/digest.h"
#include "lcmpi/network.h"

#include <stdlib.h>

enum { LEAST_ROOM = 1024 };

static size_t place(const struct lc_channels *c, int32_t sender, int32_t receiver) {
  size_t mask = c->room - 1, i = lc_hash_id(sender, receiver) & mask;
  while (c->entry[i].sender >= 0 &&
         (c->entry[i].sender != sender || c->entry[i].receiver != receiver))
    i = (i + 1) & mask;
  return i;
}

static void make_anew(struct lc_channels *c, int64_t now_ns) {
  struct lc_channel *old = c->entry;
  size_t old_room = c->room, kept = 0;
  for (size_t i = 0; i < old_room; i++)
    kept += old[i].sender >= 0 && old[i].t_last > now_ns;
  c->room = LEAST_ROOM;
  while (c->room < 4 * kept)
    c->room *= 2;
  c->entry = lc_new(c->room, sizeof *c->entry, "the channels");
  c->n = kept;
  for (size_t i = 0; i < c->room; i++)
    c->entry[i].sender = -1;
  for (size_t i = 0; i < old_room; i++)
    if (old[i].sender >= 0 && old[i].t_last > now_ns)
      c->entry[place(c, old[i].sender, old[i].receiver)] = old[i];
  free(old);
}

int64_t lc_channels_order(struct lc_channels *c, int32_t sender, int32_t receiver,
                          int64_t t_arrival, int64_t now_ns) {
  if (2 * (c->n + 1) > c->room)
    make_anew(c, now_ns);
  struct lc_channel *entry = &c->entry[place(c, sender, receiver)];
  if (entry->sender < 0) {
    *entry = (struct lc_channel){sender, receiver, t_arrival};
    c->n++;
  }
  if (entry->t_last < t_arrival)
    entry->t_last = t_arrival;
  return entry->t_last;
}

bool lc_until_admits_late(struct lc_until *until, int32_t sender, int32_t receiver) {
  size_t closed = until->closed.n;
  lc_channels_order(&until->closed, sender, receiver, INT64_MAX, 0); /* it stays in the table */
  bool admitted = until->closed.n > closed;
  until->n_lost += !admitted;
  return admitted;
}

void lc_channels_free(struct lc_channels *c) {
  free(c->entry);
  *c = (struct lc_channels){0};
}
