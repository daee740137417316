/* A run that goes on is the run of its file: the options that shape it are compared in the form in
 * which they were printed, which is what both sides have. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* The line `name = value` at *at, which moves on to the next one; false if it has another form. */
static bool next_line(const char **at, char **name, char **value) {
  size_t length = strcspn(*at, "\n");
  char *line = lc_format("%.*s", (int)length, *at);
  char *between = strstr(line, " = ");
  *at += length + ((*at)[length] == '\n');
  *name = *value = NULL;
  if (between) {
    *name = lc_format("%.*s", (int)(between - line), line);
    *value = lc_format("%s", between + 3);
  }
  free(line);
  return between != NULL;
}

static lc_status refuse_file(const struct lc_config *c, const char *name, const char *value,
                             const char *why, struct lc_error *err) {
  return lc_fail(err, LC_EFILE, "%.250s: its option %.40s = %.250s cannot be taken over: %.300s",
                 c->resume, name, value, why);
}

static lc_status refuse_shorter(const struct lc_config *c, const char *given, const char *value,
                                struct lc_error *err) {
  return lc_fail(err, LC_EUSAGE,
                 "--duration %s: the run in %.500s is %s long and can be made longer, not shorter: "
                 "leave it out, or start a new run",
                 given, c->resume, value);
}

/* As in the file. What was not given and prints as the file has it is the default there too, which
 * need not be a value that can be given ("equal", "the free space"). */
static lc_status inherit(struct lc_config *c, const struct option_entry *entry, const char *value,
                         struct lc_error *err) {
  struct lc_error why;
  char *now = entry->print(c);
  bool same = now && strcmp(now, value) == 0;
  free(now);
  if (same)
    return LC_OK;
  if (!entry->argument && strcmp(value, "yes") != 0)
    return refuse_file(c, entry->name, value, "it must be yes or no", err);
  if (entry->set(c, entry->argument ? value : NULL, &why))
    return refuse_file(c, entry->name, value, why.text, err);
  return LC_OK;
}

/* Given, and in the file: the same, or longer where that is possible. */
static lc_status compare(const struct lc_config *c, const struct option_entry *entry,
                         const char *value, struct lc_error *err) {
  lc_status status = LC_OK;
  char *given = entry->print(c);
  int64_t ns = 0;
  if (entry->kind == OPTION_EXTENDS) {
    if (!lc_parse_duration(value, &ns))
      status = refuse_file(c, entry->name, value, "it is not a time", err);
    else if (c->duration_ns < ns)
      status = refuse_shorter(c, given, value, err);
  } else if (strcmp(given, value) != 0) {
    status = lc_fail(err, LC_EUSAGE,
                     "--%s %.200s: the run in %.300s has %.200s: leave it out, or start a new run",
                     entry->name, given, c->resume, value);
  }
  free(given);
  return status;
}

static lc_status take_line(struct lc_config *c, const char *name, const char *value,
                           struct lc_error *err) {
  const struct option_entry *entry = option_find(name);
  if (!entry || !entry->set)
    return refuse_file(c, name, value, "a newer lcmpi made the file", err);
  if (entry->kind == OPTION_NOT_KEPT)
    return LC_OK;
  if (!(c->given & option_bit(entry)))
    return inherit(c, entry, value, err);
  return entry->kind == OPTION_FREE ? LC_OK : compare(c, entry, value, err);
}

lc_status lc_config_resume(struct lc_config *c, const char *options_of_file, struct lc_error *err) {
  lc_status status = LC_OK;
  for (const char *at = options_of_file; *at && !status;) {
    char *name, *value;
    if (next_line(&at, &name, &value))
      status = take_line(c, name, value, err);
    free(name);
    free(value);
  }
  return status;
}
