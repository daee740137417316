/* Strings of any length. */
#include "lcmpi/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *format_all(const char *format, va_list args) {
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0)
    lc_die(LC_ENOMEM, "out of memory: a line of text could not be had");
  return text;
}

char *lc_format(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = format_all(format, args);
  va_end(args);
  return text;
}

char *lc_append(char *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *more = format_all(format, args);
  va_end(args);
  size_t old = text ? strlen(text) : 0, capacity = text ? old + 1 : 0, length = strlen(more);
  lc_grow((void **)&text, &capacity, old + length + 1, 1, "text");
  memcpy(text + old, more, length + 1);
  free(more);
  return text;
}

char *lc_quote(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "%+,-./:=@_";
  if (*word && !word[strspn(word, plain)])
    return lc_format("%s", word);
  char *text = lc_format("'");
  while (*word) {
    size_t length = strcspn(word, "'");
    text = lc_append(text, "%.*s%s", (int)length, word, word[length] ? "'\\''" : "");
    word += length + (word[length] != '\0');
  }
  return lc_append(text, "'");
}
