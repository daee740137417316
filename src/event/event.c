/* The names of the kinds of event, as they stand in the file's flag_meanings. */
#include "lcmpi/event.h"

const char *lc_kind_name(uint8_t kind) {
  static const char *const names[] = {"EMPTY", "INTERNAL", "SEND", "RECEIVE", "SKIPPED"};
  return kind < sizeof names / sizeof *names ? names[kind] : "?";
}
