/* argp's view of the options table. */
#ifndef LC_CONFIG_HELP_H
#define LC_CONFIG_HELP_H

#include "options.h"

#include <argp.h>

/* What an option does, with its default; the caller frees it. */
char *option_text(const struct option_entry *entry, const struct lc_config *defaults);

struct argp_option *argp_options(const struct lc_config *defaults);
void argp_options_free(struct argp_option *list);

/* The exit code of a signal, which is no lc_status. */
extern const char signal_code[], signal_meaning[];

/* The answers to --clock help and --snapshot-method help. */
void print_clocks(FILE *to);
void print_methods(FILE *to);

#endif
