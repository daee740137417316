/* Text for troff, which takes a hyphen for a place to break a word, and a dot or a quote at the
 * beginning of a line for a request. */
#include "troff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* ---- text ---------------------------------------------------------------------------------- */

void troff_put(FILE *to, const char *text, size_t length) {
  static const struct {
    char character;
    const char *escape;
  } special[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'"', "\\(dq"},
                 {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
  if (length && *text == '.')
    fputs("\\&", to);
  for (size_t i = 0; i < length; i++) {
    const char *escape = NULL;
    for (size_t k = 0; k < sizeof special / sizeof *special; k++)
      if (special[k].character == text[i])
        escape = special[k].escape;
    if (escape)
      fputs(escape, to);
    else
      putc(text[i], to);
  }
}

void troff_in(FILE *to, char font, const char *text, size_t length) {
  fprintf(to, "\\f%c", font);
  troff_put(to, text, length);
  fputs("\\fR", to);
}

static size_t name_length(const char *text, size_t length) {
  size_t n = 0;
  while (n < length && (islower((unsigned char)text[n]) || text[n] == '-'))
    n++;
  return n;
}

/* A word of prose: options are bold. */
static void put_word(FILE *to, const char *word, size_t length) {
  size_t before = strspn(word, "('");
  if (before < length && strncmp(word + before, "--", 2) == 0) {
    size_t name = name_length(word + before, length - before);
    troff_put(to, word, before);
    troff_in(to, 'B', word + before, name);
    troff_put(to, word + before + name, length - before - name);
  } else {
    troff_put(to, word, length);
  }
}

void troff_text(FILE *to, const char *text, size_t length) {
  size_t column = 0;
  for (const char *at = text, *end = text + length; at < end;) {
    size_t blanks = strspn(at, " \n"), word = strcspn(at + blanks, " \n\v");
    at += blanks;
    if (at + word > end || !word)
      break;
    if (column)
      putc(column + word > 70 ? '\n' : ' ', to);
    column = column + word > 70 ? word : column + 1 + word;
    put_word(to, at, word);
    at += word;
  }
  putc('\n', to);
}

void troff_usage(FILE *to, const char *line, size_t length) {
  for (size_t i = 0; i < length;) {
    size_t n = 0;
    bool replaced = isupper((unsigned char)line[i]);
    while (i + n < length && (isalnum((unsigned char)line[i + n]) || line[i + n] == '-'))
      n++;
    if (n)
      troff_in(to, replaced ? 'I' : 'B', line + i, n);
    else
      troff_put(to, line + i, n = 1);
    i += n;
  }
  putc('\n', to);
}

/* ---- paragraphs ---------------------------------------------------------------------------- */

/* A line that begins with blanks is an item, "  TERM  TEXT", or more text of the one before. */
static void put_item(FILE *to, const char *line, size_t length) {
  size_t indent = strspn(line, " ");
  const char *term = line + indent, *end = line + length, *gap = term;
  if (indent > 2) {
    fputs(".br\n", to);
    troff_text(to, term, (size_t)(end - term));
    return;
  }
  while (gap < end && strncmp(gap, "  ", 2) != 0)
    gap++;
  fputs(gap < end ? ".TP\n" : ".PP\n", to);
  troff_in(to, 'B', term, (size_t)(gap - term));
  putc('\n', to);
  if (gap < end)
    troff_text(to, gap, (size_t)(end - gap));
}

void troff_paragraph(FILE *to, const char *text, size_t length, bool first) {
  const char *end = text + length, *items = text;
  while (items < end && *items != ' ') {
    const char *line_end = memchr(items, '\n', (size_t)(end - items));
    items = line_end ? line_end + 1 : end;
  }
  if (items > text) {
    if (!first)
      fputs(".PP\n", to);
    troff_text(to, text, (size_t)(items - text));
  }
  while (items < end) {
    const char *line_end = memchr(items, '\n', (size_t)(end - items));
    if (!line_end)
      line_end = end;
    put_item(to, items, (size_t)(line_end - items));
    items = line_end + 1;
  }
}

const char *troff_next(const char **at, size_t *length) {
  const char *begin = *at + strspn(*at, "\n");
  const char *gap = strstr(begin, "\n\n"), *end = begin + strcspn(begin, "\v");
  if (gap && gap < end)
    end = gap;
  *length = (size_t)(end - begin);
  while (*length && begin[*length - 1] == '\n')
    --*length;
  *at = end;
  return *length ? begin : NULL;
}
