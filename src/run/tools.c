/* Where the tools for a file lie: beside the program if it is installed, and in postprocess/ of the
 * project, one or two folders above, if it is where it was built. */
#include "summary.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder part of a path, with its last slash; of a bare name nothing. */
static int folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (int)(slash + 1 - path) : 0;
}

/* FOLDER/WAY/NAME, if that can be called; else NULL. The caller frees it. */
static char *tool_in(const char *folder, int length, const char *way, const char *name) {
  char *path = lc_format("%.*s%s%s", length, folder, way, name);
  if (access(path, X_OK) == 0)
    return path;
  free(path);
  return NULL;
}

/* As an absolute path without detours, in the place of `path`. */
static char *straight(char *path) {
  char *real = path ? realpath(path, NULL) : NULL;
  free(path);
  return real;
}

char *tool_beside(const char *program, const char *name) {
  char self[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n > 0 ? n : 0] = '\0';
  int length = folder_length(self), typed = folder_length(program);
  char *path = typed ? tool_in(program, typed, "", name) : NULL;
  if (!path && typed)
    path = tool_in(self, length, "", name);
  if (!path && (path = straight(tool_in(self, length, "../postprocess/", name))) == NULL)
    path = straight(tool_in(self, length, "../../postprocess/", name));
  return path ? path : lc_format("%s", name);
}
