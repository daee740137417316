/* Named sets of options. */
#ifndef LC_CONFIG_PRESETS_H
#define LC_CONFIG_PRESETS_H

#include "options.h"

/* Sets the options of the preset `value`. LC_EUSAGE if there is none. */
lc_status preset_set(struct lc_config *config, const char *value, struct lc_error *err);
/* The name of the i-th; NULL beyond the last. */
const char *preset_word(size_t i);
/* The answer to --preset help. */
void print_presets(FILE *to);

#endif
