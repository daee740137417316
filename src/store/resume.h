/* What a new file takes over from the file of a run that goes on. */
#ifndef LC_STORE_RESUME_H
#define LC_STORE_RESUME_H

#include "store_internal.h"

struct resume;

/* Most rows that are in memory at a time, here and in restart.c; a test makes it small. */
extern int64_t most_batch_rows;

/* Opens the plan's past and counts what is taken over, by the plan's own ranks. `path` is the new
 * file's. */
lc_status resume_begin(struct resume **resume, const struct lc_store_plan *plan, const char *path,
                       struct lc_error *err);
/* Room for it in the layout, and whether there are abandoned rows. */
void resume_make_room(const struct resume *resume, struct layout *layout);
/* Rows of a table that go to a rank. */
int64_t resume_rows(const struct resume *resume, int t, int32_t rank);
/* Whether the new file takes the place of the old one. */
bool resume_in_place(const struct resume *resume);
/* Writes it into a new file of that layout, in which all structure is there. */
void resume_copy(struct resume *resume, const struct layout *layout, struct h5 *to);
/* Failed if the old file could not be read. */
const struct h5 *resume_source(const struct resume *resume);
void resume_end(struct resume *resume);

#endif
