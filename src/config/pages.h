/* What is installed beside the program and follows from its tables. */
#ifndef LC_CONFIG_PAGES_H
#define LC_CONFIG_PAGES_H

#include <stdio.h>

/* lcmpi(1), for the man macros of troff; it refers to the tools, n names. */
void print_manual(FILE *to, const char *version, const char *date, char *const *tool, int n);
/* What bash completes a command line of lcmpi with. */
void print_completion(FILE *to);

#endif
