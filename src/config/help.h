/* argp's view of the options table. */
#ifndef LC_CONFIG_HELP_H
#define LC_CONFIG_HELP_H

#include "options.h"

#include <argp.h>

struct argp_option *argp_options(const struct lc_config *defaults);
void argp_options_free(struct argp_option *list);

/* The answers to --clock help and --snapshot-method help. */
void print_clocks(FILE *to);
void print_methods(FILE *to);

#endif
