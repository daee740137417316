/* Where a file lies and who holds it: temporary names, renames, locks. */
#ifndef LC_STORE_PLACE_H
#define LC_STORE_PLACE_H

#include "lcmpi/base.h"

/* PATH.tmp, to be freed by the caller. */
char *place_temporary(const char *path);
/* Sees that `path` may be created: it is not there, or it is a file, `force` is set and nobody
 * holds it. */
lc_status place_free(const char *path, bool force, struct lc_error *err);
/* Clears a temporary file that a killed process left behind; refuses one that is being written. */
lc_status place_clear_temporary(const char *temporary, struct lc_error *err);
/* Takes the place of writer of an existing file: holds a shared lock, which readers do not notice
 * and other writers do. *fd is closed to give it up. */
lc_status place_hold(const char *path, int *fd, struct lc_error *err);
/* LC_EFILE if any process holds the file. */
lc_status place_check_unheld(const char *path, struct lc_error *err);
bool place_is_held(const char *path);
/* fsync of the file, rename over `path`, fsync of the folder: afterwards `path` is the new file,
 * before it the old one, at whatever moment the power goes. */
lc_status place_publish(const char *temporary, const char *path, struct lc_error *err);

#endif
