/* More room for a running file: all ranks close it, rank 0 lays it out anew, all open it again. */
#include "writer.h"

#include <stdlib.h>
#include <unistd.h>

/* At least twice the room of every table whose rows do not fit. */
static void ask_for_room(struct lc_store *s) {
  int64_t wanted[LC_N_TABLE];
  for (int t = 0; t < LC_N_TABLE; t++) {
    const struct part *p = &s->part[t];
    wanted[t] = p->room;
    if (overfull(p))
      wanted[t] = 2 * (p->room > p->n_written + p->n_added ? p->room : p->n_written + p->n_added);
  }
  size_t ranks = (size_t)s->layout.n_rank;
  int64_t *all = lc_new(ranks * LC_N_TABLE, sizeof *all, "growing the file");
  lc_gather_all(s->transport, wanted, sizeof wanted, all);
  for (size_t r = 0; r < ranks; r++)
    for (int t = 0; t < LC_N_TABLE; t++)
      s->layout.rows[t][r] = all[r * LC_N_TABLE + (size_t)t];
  free(all);
  layout_place(&s->layout, LC_REGION_ROWS);
}

lc_status lc_store_grow(struct lc_store *s, struct lc_error *err) {
  lc_status status = lc_agree(s->transport, h5_status(&s->h, err), err);
  if (status)
    return status;
  ask_for_room(s);
  int held = -1;
  status = lc_agree(s->transport, close_parallel(s, err), err);
  if (!status && lc_transport_rank(s->transport) == 0)
    status = rewrite_file(s->path, s->layout.rows, 0, "laid out again with more room", &held, err);
  status = lc_agree(s->transport, status, err);
  if (status) { /* the old file is in its place still: it can at least be marked */
    struct lc_error ignored;
    open_store(s, &ignored);
    s->h.failed = true;
    s->h.error = *err;
    return status;
  }
  close(s->lock_fd);
  s->lock_fd = held;
  return open_store(s, err);
}
