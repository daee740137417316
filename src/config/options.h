/* The table of options, and the texts that go with it. */
#ifndef LC_CONFIG_OPTIONS_H
#define LC_CONFIG_OPTIONS_H

#include "lcmpi/config.h"

/* What a run that goes on does with an option: see lc_config_resume(). */
enum option_kind {
  OPTION_OF_RUN,  /* shapes the run: as in its file */
  OPTION_EXTENDS, /* the same, but it may be longer */
  OPTION_FREE,    /* may differ; from the file unless it is given */
  OPTION_NOT_KEPT /* about one call of the program alone */
};

struct option_entry {
  const char *name;     /* without the dashes */
  int key;              /* a letter, or a number above 255 */
  const char *argument; /* NULL: a switch */
  const char *group;    /* heading in --help; entries of a group stand together */
  enum option_kind kind;
  const char *help;
  /* NULL: not an option of a run's configuration (help, version). `value` is NULL for a switch. */
  lc_status (*set)(struct lc_config *config, const char *value, struct lc_error *err);
  /* The effective value, as `set` reads it; freed by the caller. NULL: not given, and there is no
   * default. */
  char *(*print)(const struct lc_config *config);
  void (*list)(FILE *to); /* the answer to the value 'help'; NULL for most */
  /* The i-th word that a value can be, or begin with if the word ends in a colon; NULL beyond the
   * last. NULL where no word has a meaning. */
  const char *(*word)(size_t i);
};

enum { PRINT_CONFIG = 322, JSON = 323 }; /* their keys */

extern const struct option_entry option_table[];
extern const size_t n_option;

/* The entry of that long name, or NULL. */
const struct option_entry *option_find(const char *name);

/* Its bit in lc_config.given. */
uint64_t option_bit(const struct option_entry *entry);

void config_defaults(struct lc_config *config);
void config_free(struct lc_config *config);

#endif
