/* What --help, the lists of --clock help and --snapshot-method help, and the commands' help say. */
#include "help.h"
#include "commands.h"

#include "lcmpi/clock.h"

#include <stdlib.h>

const char signal_code[] = "128+n";
const char signal_meaning[] = "ended at once by a signal n, a second or more after the first";

static char *with_exit_codes(const char *head) {
  char *text = lc_format("%sExit codes:\n", head);
#define X(name, code, meaning) text = lc_append(text, "  %2d  %s\n", code, meaning);
  LC_STATUS_MAP(X)
#undef X
  return lc_append(text, " %s  %s\n", signal_code, signal_meaning);
}

void lc_print_help(FILE *to, enum lc_command about) {
  static const struct argp_option none[] = {{0}};
  struct lc_config defaults;
  config_defaults(&defaults);
  struct argp_option *options = argp_options(&defaults);
  char *doc = with_exit_codes(command_table[about].head);
  struct argp argp = {.options = about == LC_COMMAND_RUN ? options : none, .doc = doc};
  char name[] = "lcmpi";
  setenv("ARGP_HELP_FMT", "rmargin=98,opt-doc-col=28", 0);
  argp_help(&argp, to, ARGP_HELP_LONG | ARGP_HELP_DOC, name);
  free(doc);
  argp_options_free(options);
  config_free(&defaults);
}

void print_clocks(FILE *to) {
  fputs("Clocks, for --clock NAME or a list of them (they run side by side on one execution):\n",
        to);
  const struct lc_clock *clock;
  for (size_t i = 0; (clock = lc_clock_at(i)); i++)
    fprintf(to, "  %-15s %s\n  %-15s promise: %s\n", clock->name, clock->summary, "",
            clock->promise);
}

void print_methods(FILE *to) {
  fputs("Methods, for --snapshot-method NAME; each sees only what passes the channels:\n", to);
  for (size_t i = 0; i < lc_n_snapshot_method; i++)
    fprintf(to, "  %-15s %s\n", lc_snapshot_methods[i].name, lc_snapshot_methods[i].summary);
}
