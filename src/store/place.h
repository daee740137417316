/* Where a file lies and who holds it: temporary names, renames, locks. */
#ifndef LC_STORE_PLACE_H
#define LC_STORE_PLACE_H

#include "lcmpi/base.h"

/* The file that a symbolic link leads to, so that it is replaced and not the link; else a copy of
 * the path. Freed by the caller. */
char *place_resolve(const char *path);
/* Sees that `path` may be created: nothing is there, or it is a file, `force` is set and nobody
 * writes it. */
lc_status place_free(const char *path, bool force, struct lc_error *err);

/* A file on its way to its name. */
struct new_file {
  const char *path;
  char *temporary; /* PATH.tmp, an empty file at first */
  int fd;          /* holds its lock */
};
/* Takes PATH.tmp, also one that a killed process left behind, but not from a process that is at
 * work on it. The path is not owned. */
lc_status place_begin(struct new_file *file, const char *path, struct lc_error *err);
/* The new file may be read and written by whom the one could that has the name now. */
void place_keep_mode(const struct new_file *file);
/* fsync of the file, rename to its name (`replace`: over what is there), fsync of the folder: at
 * whatever moment the power goes, `path` is the old file before and the new one afterwards. Then
 * *held is a descriptor that holds the file as place_hold() does. */
lc_status place_publish(struct new_file *file, bool replace, int *held, struct lc_error *err);
/* Removes it; not after place_publish() was successful. */
void place_abandon(struct new_file *file);

/* Takes the place of a writer among the writers of an existing file; *fd is closed to give it up.
 */
lc_status place_hold(const char *path, int *fd, struct lc_error *err);
/* Takes an existing file for a process alone, to write it anew. */
lc_status place_take(const char *path, int *fd, struct lc_error *err);
/* True if the descriptor is of the file that has that name now. */
bool place_is_same(int fd, const char *path);
/* True if a process writes the file. */
bool place_is_held(const char *path);

#endif
