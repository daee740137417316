/* The tables of options and commands as functions of bash, which completion.bash works with. */
#include "commands.h"
#include "options.h"
#include "pages.h"

#include <ctype.h>
#include <string.h>

/* `_lcmpi_value OPTION`: sets `kind` to how its value is completed: '' if it has none, value,
 * words, list or file; and `list` to the words. */
static void print_values(FILE *to) {
  fputs("_lcmpi_value() {\n  kind='' list=''\n  case $1 in\n", to);
  for (size_t i = 0; i < n_option; i++) {
    const struct option_entry *entry = &option_table[i];
    if (!entry->argument)
      continue;
    const char *kind = strcmp(entry->argument, "FILE") == 0   ? "file"
                       : !entry->word                         ? "value"
                       : strcmp(entry->argument, "LIST") == 0 ? "list"
                                                              : "words";
    fputs("  ", to);
    if (entry->key < 256)
      fprintf(to, "-%c | ", entry->key);
    fprintf(to, "--%s) kind='%s'", entry->name, kind);
    if (entry->word)
      fputs(" list='", to);
    for (size_t k = 0; entry->word && entry->word(k); k++)
      fprintf(to, "%s%s", k ? " " : "", entry->word(k));
    fprintf(to, "%s ;;\n", !entry->word ? "" : entry->list ? " help'" : "'");
  }
  fputs("  esac\n}\n\n", to);
}

/* The words that a command can take behind its file: those that begin the lines of its help. */
static void print_questions(FILE *to, const char *head) {
  const char *separator = "";
  for (const char *line = head; (line = strstr(line, "\n  ")); line++)
    if (islower((unsigned char)line[3])) {
      fprintf(to, "%s%.*s", separator, (int)strcspn(line + 3, " \n"), line + 3);
      separator = " ";
    }
}

/* `_lcmpi_command COMMAND`: sets `options`; `files`, so many words that are files; and `questions`,
 * what stands behind them. */
static void print_commands(FILE *to) {
  fputs("_lcmpi_command() {\n  options='' files=0 questions=''\n  case $1 in\n", to);
  for (size_t i = 0; i < n_command; i++) {
    const struct command *command = &command_table[i];
    fprintf(to, "  %s)\n    options='", command->name);
    for (size_t k = 0; k < n_option; k++) {
      const struct option_entry *entry = &option_table[k];
      if (entry->key == 'h' || (entry->key == JSON ? command->json : command->options))
        fprintf(to, " --%s", entry->name);
    }
    fprintf(to, "' files=%d questions='", command->n_word > 0);
    if (command->n_word > 1)
      print_questions(to, command->head);
    fputs("'\n    ;;\n", to);
  }
  fputs("  esac\n}\n\n_lcmpi_commands='", to);
  for (size_t i = 0; i < n_command; i++)
    fprintf(to, "%s ", command_table[i].name);
  fputs("help'\n", to);
}

void print_completion(FILE *to) {
  fputs("# shellcheck shell=bash\n"
        "# Completion of lcmpi for bash; generated from its tables of options and commands.\n\n",
        to);
  print_values(to);
  print_commands(to);
}
