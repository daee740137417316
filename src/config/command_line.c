/* From argv to a command and its configuration, with glibc's argp. Its own messages are many lines
 * and come from every rank, so what it would complain of is looked for first and said in one. */
#include "commands.h"
#include "help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
  struct lc_command_line *line;
  struct lc_error *err;
  lc_status status;
  bool named;             /* a command was named */
  int n_word;             /* words behind it */
  void (*list)(FILE *to); /* what an option can be was asked for */
};

static const char *const *option_names(void) {
  static const char *names[64];
  lc_assert(n_option < 64);
  for (size_t i = 0; i < n_option; i++)
    names[i] = option_table[i].name;
  return names;
}

static lc_status unknown_option(const char *name, struct lc_error *err) {
  const char *near = lc_nearest(name, option_names(), n_option);
  if (near)
    return lc_fail(err, LC_EUSAGE, "unknown option --%s; did you mean --%s?", name, near);
  return lc_fail(err, LC_EUSAGE, "unknown option --%s; 'lcmpi --help' lists all", name);
}

/* One long option: there must be one of that very name, with a value exactly if it takes one. */
static lc_status check_long(const char *word, const char *next, bool *takes_next,
                            struct lc_error *err) {
  size_t length = strcspn(word, "=");
  bool valued = word[length] == '=';
  char *name = lc_format("%.*s", (int)length, word);
  const struct option_entry *entry = option_find(name);
  lc_status status = LC_OK;
  if (!entry)
    status = unknown_option(name, err);
  else if (valued && !entry->argument)
    status = lc_fail(err, LC_EUSAGE, "--%s takes no value", name);
  else if (!valued && entry->argument && !next)
    status = lc_fail(err, LC_EUSAGE, "--%s needs a value (%s)", name, entry->argument);
  *takes_next = entry && entry->argument && !valued;
  free(name);
  return status;
}

static const struct option_entry *find_letter(char letter) {
  for (size_t i = 0; i < n_option; i++)
    if (option_table[i].key == letter)
      return &option_table[i];
  return NULL;
}

static lc_status check_letters(const char *word, const char *next, bool *takes_next,
                               struct lc_error *err) {
  for (const char *at = word; *at; at++) {
    const struct option_entry *entry = find_letter(*at);
    if (!entry)
      return lc_fail(err, LC_EUSAGE, "unknown option -%c; 'lcmpi --help' lists all", *at);
    if (!entry->argument)
      continue;
    *takes_next = at[1] == '\0';
    if (*takes_next && !next)
      return lc_fail(err, LC_EUSAGE, "-%c needs a value (%s)", *at, entry->argument);
    return LC_OK;
  }
  return LC_OK;
}

static lc_status check_words(int argc, char **argv, struct lc_error *err) {
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
    bool takes_next = false;
    lc_status status = LC_OK;
    if (strcmp(word, "--") == 0)
      return LC_OK;
    if (strncmp(word, "--", 2) == 0)
      status = check_long(word + 2, next, &takes_next, err);
    else if (word[0] == '-' && word[1])
      status = check_letters(word + 1, next, &takes_next, err);
    if (status)
      return status;
    i += takes_next;
  }
  return LC_OK;
}

static lc_status unknown_command(const char *word, struct lc_error *err) {
  const char *names[LC_COMMAND_HELP]; /* the first that is none of the table */
  for (size_t i = 0; i < n_command; i++)
    names[i] = command_table[i].name;
  const char *near = lc_nearest(word, names, n_command);
  return lc_fail(err, LC_EUSAGE, "unknown command '%s'%s%s%s; 'lcmpi --help' lists all", word,
                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool find_command(const char *word, enum lc_command *command) {
  for (size_t i = 0; i < n_command; i++)
    if (strcmp(word, command_table[i].name) == 0) {
      *command = (enum lc_command)i;
      return true;
    }
  return false;
}

static lc_status take_command(struct parsing *p, const char *word) {
  p->named = true;
  if (strcmp(word, "help") == 0) {
    p->line->command = LC_COMMAND_HELP;
    return LC_OK;
  }
  if (!find_command(word, &p->line->about))
    return unknown_command(word, p->err);
  p->line->command = p->line->about;
  return LC_OK;
}

static lc_status take_word(struct parsing *p, const char *word) {
  struct lc_command_line *line = p->line;
  if (!p->named)
    return take_command(p, word);
  if (line->command == LC_COMMAND_HELP && line->about == LC_COMMAND_RUN &&
      find_command(word, &line->about))
    return LC_OK;
  if (p->n_word == command_table[line->about].n_word) {
    bool runs = line->about == LC_COMMAND_RUN;
    return lc_fail(p->err, LC_EUSAGE, "'%s' is one word too many; 'lcmpi %s%s--help' shows how",
                   word, runs ? "" : command_table[line->about].name, runs ? "" : " ");
  }
  char **place = p->n_word ? &line->question[line->n_question++] : &line->file;
  *place = lc_format("%s", word);
  p->n_word++;
  return LC_OK;
}

static void take_option(struct parsing *p, size_t i, const char *value) {
  const struct option_entry *entry = &option_table[i];
  if (entry->list && strcmp(value, "help") == 0) {
    p->list = entry->list;
  } else if (entry->set) {
    p->status = entry->set(&p->line->config, value, p->err);
    p->line->config.given |= option_bit(entry);
  }
}

static error_t take(int key, char *value, struct argp_state *state) {
  struct parsing *p = state->input;
  if (p->status)
    return 0;
  if (key == ARGP_KEY_ARG) {
    p->status = take_word(p, value);
    return 0;
  }
  if (key == 'h')
    p->line->command = LC_COMMAND_HELP;
  else if (key == 'V' && p->line->command != LC_COMMAND_HELP)
    p->line->command = LC_COMMAND_VERSION;
  else if (key == PRINT_CONFIG && p->line->command == LC_COMMAND_RUN)
    p->line->command = LC_COMMAND_CONFIG;
  p->line->json |= key == JSON;
  for (size_t i = 0; i < n_option; i++)
    if (option_table[i].key == key) {
      take_option(p, i, value);
      return 0;
    }
  return ARGP_ERR_UNKNOWN;
}

char *option_text(const struct option_entry *entry, const struct lc_config *defaults) {
  char *value = entry->print && entry->argument ? entry->print(defaults) : NULL;
  char *text =
      value ? lc_format("%s (default %s)", entry->help, value) : lc_format("%s", entry->help);
  free(value);
  return text;
}

/* argp's view of the table; with defaults in the texts when it is made for --help. */
struct argp_option *argp_options(const struct lc_config *defaults) {
  size_t room = 2 * n_option + 2, n = 0;
  struct argp_option *list = lc_new(room, sizeof *list, "the options");
  const char *group = NULL;
  int number = 0;
  for (size_t i = 0; i < n_option; i++) {
    const struct option_entry *entry = &option_table[i];
    if (!group || strcmp(group, entry->group) != 0) {
      char *heading = lc_format("%s:", entry->group);
      list[n++] = (struct argp_option){.doc = heading, .group = ++number};
      group = entry->group;
    }
    list[n++] = (struct argp_option){
        .name = entry->name,
        .key = entry->key,
        .arg = entry->argument,
        .doc = option_text(entry, defaults),
        .group = number,
    };
  }
  return list;
}

void argp_options_free(struct argp_option *list) {
  for (struct argp_option *at = list; at->doc; at++)
    free((void *)(uintptr_t)at->doc);
  free(list);
}

/* Options of a run mean nothing to the commands that look at a file. */
static lc_status check_words_of(const struct lc_command_line *line, int argc, char **argv,
                                struct lc_error *err) {
  bool runs = line->command == LC_COMMAND_CONFIG || command_table[line->about].options;
  const struct command *command = &command_table[line->about];
  if (line->command == LC_COMMAND_HELP || line->command == LC_COMMAND_VERSION ||
      line->command == LC_COMMAND_LIST)
    return LC_OK;
  if (line->json && runs)
    return lc_fail(err, LC_EUSAGE, "--json is an option of 'lcmpi verify' and 'lcmpi query'");
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0 && !runs; i++)
    if (argv[i][0] == '-' && argv[i][1] && !(command->json && strcmp(argv[i], "--json") == 0))
      return lc_fail(err, LC_EUSAGE, "'lcmpi %s' takes no option %s", command->name, argv[i]);
  if (command->n_word && !line->file)
    return lc_fail(err, LC_EUSAGE, "'lcmpi %s' needs the name of a file", command->name);
  return LC_OK;
}

/* What goes together with the command. */
static lc_status check_command(struct parsing *p, int argc, char **argv) {
  struct lc_command_line *line = p->line;
  line->list = p->list;
  if (line->command == LC_COMMAND_CONFIG && line->config.resume)
    return lc_fail(p->err, LC_EUSAGE,
                   "--print-config: with --resume the options are those of the file: 'lcmpi info' "
                   "prints them");
  if (p->list && (line->command == LC_COMMAND_RUN || line->command == LC_COMMAND_CONFIG ||
                  line->command == LC_COMMAND_PREDICT))
    line->command = LC_COMMAND_LIST;
  if (line->command == LC_COMMAND_PREDICT && line->config.resume)
    return lc_fail(p->err, LC_EUSAGE,
                   "'lcmpi predict' takes no option --resume: theory is about a whole run");
  return check_words_of(line, argc, argv, p->err);
}

lc_status lc_command_line_parse(struct lc_command_line *line, int argc, char **argv,
                                struct lc_error *err) {
  *line = (struct lc_command_line){.command = LC_COMMAND_RUN, .about = LC_COMMAND_RUN};
  config_defaults(&line->config);
  lc_status status = check_words(argc, argv, err);
  if (status)
    return status;
  struct parsing p = {.line = line, .err = err};
  struct argp_option *options = argp_options(&line->config);
  struct argp argp = {.options = options, .parser = take};
  error_t code = argp_parse(&argp, argc, argv,
                            ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_IN_ORDER, NULL, &p);
  argp_options_free(options);
  if (p.status)
    return p.status;
  if (code)
    return lc_fail(err, LC_EUSAGE, "the command line cannot be read: %s", strerror(code));
  return check_command(&p, argc, argv);
}

void lc_command_line_free(struct lc_command_line *line) {
  config_free(&line->config);
  free(line->file);
  for (int i = 0; i < line->n_question; i++)
    free(line->question[i]);
}
