/* Text for troff and its man macros. */
#ifndef LC_CONFIG_TROFF_H
#define LC_CONFIG_TROFF_H

#include <stdbool.h>
#include <stdio.h>

/* So much text as it is, within a line; and in a font: B or I. */
void troff_put(FILE *to, const char *text, size_t length);
void troff_in(FILE *to, char font, const char *text, size_t length);
/* Prose, in lines of its own; options in it are bold. */
void troff_text(FILE *to, const char *text, size_t length);
/* A line of a usage: words in capitals are to be replaced, the others typed. */
void troff_usage(FILE *to, const char *line, size_t length);
/* A paragraph of a help text: prose, then items, which begin with blanks. `first`: right behind a
 * heading. */
void troff_paragraph(FILE *to, const char *text, size_t length, bool first);
/* The paragraph of a help text at *at, which is moved behind it, and its length; NULL at the end.
 */
const char *troff_next(const char **at, size_t *length);

#endif
