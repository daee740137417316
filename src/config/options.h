/* The table of options, and the texts that go with it. */
#ifndef LC_CONFIG_OPTIONS_H
#define LC_CONFIG_OPTIONS_H

#include "lcmpi/config.h"

struct option_entry {
  const char *name;     /* without the dashes */
  int key;              /* a letter, or a number above 255 */
  const char *argument; /* NULL: a switch */
  const char *group;    /* heading in --help; entries of a group stand together */
  const char *help;
  /* NULL: not an option of a run's configuration (help, version). `value` is NULL for a switch. */
  lc_status (*set)(struct lc_config *config, const char *value, struct lc_error *err);
  /* The effective value, as `set` reads it; freed by the caller. */
  char *(*print)(const struct lc_config *config);
};

extern const struct option_entry option_table[];
extern const size_t n_option;

/* The entry of that long name, or NULL. */
const struct option_entry *option_find(const char *name);

void config_defaults(struct lc_config *config);
void config_free(struct lc_config *config);

#endif
