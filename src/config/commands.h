/* The table of commands; an entry's place is its enum lc_command. */
#ifndef LC_CONFIG_COMMANDS_H
#define LC_CONFIG_COMMANDS_H

#include "lcmpi/config.h"

struct command {
  const char *name;
  const char *head; /* usage and what it does, as argp wants it: the options come at the \v */
  bool options;     /* it takes those of a run */
  bool json;        /* it takes --json */
  int n_word;       /* words behind it at most; the first one is a file */
};

extern const struct command command_table[];
extern const size_t n_command;

#endif
