/* The manual page, from the tables of commands, options, clocks, presets, methods and exit codes
 * and from the texts of --help. */
#include "commands.h"
#include "help.h"
#include "pages.h"
#include "troff.h"

#include <stdlib.h>
#include <string.h>

static const char examples[] = "Examples:";

static bool is_usage(const char *paragraph) {
  return strncmp(paragraph, "Usage:", 6) == 0;
}

static bool is_examples(const char *paragraph) {
  return strncmp(paragraph, examples, sizeof examples - 1) == 0;
}

static void put_synopsis(FILE *to, const char *head) {
  size_t length;
  const char *at = head, *usage = troff_next(&at, &length), *end = usage + length;
  for (const char *line = usage + 6; line < end; line++) {
    line += strspn(line, " ");
    const char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (!line_end)
      line_end = end;
    troff_usage(to, line, (size_t)(line_end - line));
    if (line_end < end)
      fputs(".br\n", to);
    line = line_end;
  }
}

static void put_prose(FILE *to, const char *head, bool first) {
  const char *at = head, *paragraph;
  size_t length;
  while ((paragraph = troff_next(&at, &length)))
    if (!is_usage(paragraph) && !is_examples(paragraph)) {
      troff_paragraph(to, paragraph, length, first);
      first = false;
    }
}

static void put_examples(FILE *to, const char *head) {
  const char *at = head, *paragraph;
  size_t length;
  while ((paragraph = troff_next(&at, &length)))
    if (is_examples(paragraph))
      troff_paragraph(to, paragraph + sizeof examples, length - sizeof examples, true);
}

static void put_commands(FILE *to) {
  fputs(".SH COMMANDS\nWithout one of these words, or with\n.BR run ,\nlcmpi runs.\n", to);
  for (size_t i = 0; i < n_command; i++) {
    if (i == LC_COMMAND_RUN)
      continue;
    fprintf(to, ".SS %s\n", command_table[i].name);
    put_synopsis(to, command_table[i].head);
    put_prose(to, command_table[i].head, false);
  }
}

static void put_heading(FILE *to, const char *heading) {
  fputs(".SS ", to);
  troff_put(to, heading, strlen(heading));
  putc('\n', to);
}

static void put_option(FILE *to, const struct option_entry *entry,
                       const struct lc_config *defaults) {
  char letter[] = {'-', (char)entry->key}, *name = lc_format("--%s", entry->name);
  char *text = option_text(entry, defaults);
  fputs(".TP\n", to);
  if (entry->key < 256) {
    troff_in(to, 'B', letter, sizeof letter);
    fputs(", ", to);
  }
  troff_in(to, 'B', name, strlen(name));
  if (entry->argument) {
    putc('=', to);
    troff_in(to, 'I', entry->argument, strlen(entry->argument));
  }
  putc('\n', to);
  troff_text(to, text, strlen(text));
  free(text);
  free(name);
}

static void put_options(FILE *to) {
  const char *group = NULL;
  struct lc_config defaults;
  config_defaults(&defaults);
  fputs(".SH OPTIONS\n", to);
  for (size_t i = 0; i < n_option; i++) {
    if (!group || strcmp(group, option_table[i].group) != 0)
      put_heading(to, group = option_table[i].group);
    put_option(to, &option_table[i], &defaults);
  }
  config_free(&defaults);
}

/* What the options say whose value can be 'help'. */
static void put_lists(FILE *to) {
  fputs(".SH VALUES\n", to);
  for (size_t i = 0; i < n_option; i++) {
    char *text = NULL, *heading;
    size_t length = 0;
    if (!option_table[i].list)
      continue;
    FILE *memory = open_memstream(&text, &length);
    lc_assert(memory);
    option_table[i].list(memory);
    fclose(memory);
    heading = lc_format("--%s", option_table[i].name);
    put_heading(to, heading);
    troff_paragraph(to, text, length, true);
    free(heading);
    free(text);
  }
}

static void put_exit_codes(FILE *to) {
  fputs(".SH EXIT STATUS\n", to);
#define X(name, code, meaning)                                                                     \
  fprintf(to, ".TP\n.B %d\n", code);                                                               \
  troff_text(to, meaning, strlen(meaning));
  LC_STATUS_MAP(X)
#undef X
  fprintf(to, ".TP\n.B %s\n", signal_code);
  troff_text(to, signal_meaning, strlen(signal_meaning));
}

static void put_environment(FILE *to) {
  static const struct {
    const char *name, *text;
  } variables[] = {
      {"NO_COLOR", "if it is set and not empty, the live display has no colours"},
      {"TERM", "if it is dumb, or not set, there is no live display"},
      {"SLURM_JOB_END_TIME", "the time, in seconds since 1970, at which the Slurm job ends: a run "
                             "stops 30 s before it and "
                             "is saved, unless --max-walltime says otherwise"},
      {"SLURM_ARRAY_JOB_ID",
       "with SLURM_ARRAY_TASK_ID: part of the name of the file, without --output"},
      {"SLURM_JOB_ID", "the same where the job is not one of an array"},
      {"OMPI_MCA_rmaps_base_oversubscribe",
       "to be set to 1 for Open MPI 4 if mpirun says that there are not enough slots; "
       "for Open MPI 5 it is PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe"},
  };
  fputs(".SH ENVIRONMENT\n", to);
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    fprintf(to, ".TP\n.B %s\n", variables[i].name);
    troff_text(to, variables[i].text, strlen(variables[i].text));
  }
}

static void put_see_also(FILE *to, char *const *tool, int n) {
  fputs(".SH SEE ALSO\n.BR mpirun (1),\n.BR h5dump (1)\n.PP\nThe tools\n", to);
  for (int i = 0; i < n; i++)
    fprintf(to, i < n - 1 ? ".BR %s ,\n" : ".B %s\n", tool[i]);
  fputs("say with\n.B \\-\\-help\nwhat they do.\n", to);
}

void print_manual(FILE *to, const char *version, const char *date, char *const *tool, int n) {
  const char *head = command_table[LC_COMMAND_RUN].head;
  fprintf(to,
          ".\\\" Generated from the tables of options and commands.\n"
          ".TH LCMPI 1 \"%s\" \"lcmpi %s\" \"User Commands\"\n.nh\n.ad l\n"
          ".SH NAME\nlcmpi \\- a laboratory for logical time\n.SH SYNOPSIS\n",
          date, version);
  put_synopsis(to, head);
  fputs(".SH DESCRIPTION\n", to);
  put_prose(to, head, true);
  put_commands(to);
  put_options(to);
  put_lists(to);
  put_exit_codes(to);
  put_environment(to);
  fputs(".SH EXAMPLES\n", to);
  put_examples(to, head);
  put_see_also(to, tool, n);
}
