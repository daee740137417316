/* How failures are reported: see base.h for the two kinds. */
#include "lcmpi/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

lc_status lc_fail(struct lc_error *err, lc_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  err->status = status;
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  return status;
}

static lc_die_hook *die_hook;

void lc_set_die_hook(lc_die_hook *hook) {
  die_hook = hook;
}

void lc_die(lc_status status, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (die_hook)
    die_hook(status, text);
  fprintf(stderr, "lcmpi: %s\n", text);
  _exit(status);
}
