/* config.h: what a run is asked to do: one table of options, from which parsing, --help, the
 * defaults shown and the effective options stored in the file all follow. Local. */
#ifndef LCMPI_CONFIG_H
#define LCMPI_CONFIG_H

#include "lcmpi/pacer.h"

#include <stdio.h>

enum lc_compaction { LC_COMPACT_AUTO, LC_COMPACT_ALWAYS, LC_COMPACT_NEVER };
enum { LC_MAX_VMS = 10000000, LC_MAX_ALL_VMS = 100000000 };
enum lc_pace { LC_PACE_REAL, LC_PACE_VIRTUAL };

struct lc_config {
  int32_t n_vm;      /* of one copy; 0: one per rank */
  int32_t n_apart;   /* ranks without VMs: 1 where a server in real time is not alone, else 0 */
  int32_t n_replica; /* copies */
  struct lc_rate_rule rates;
  char *rates_text;        /* as given, for the effective options; owned, as all texts here */
  char *rate_weights_text; /* NULL: equal weights */
  bool preset_weights;     /* they came with a preset: rates that are given drop them */
  enum lc_phase phase;
  enum lc_tick_rule tick_rule;
  double unicast, multicast, internal; /* sum to 1 */
  char *unicast_text, *multicast_text, *internal_text;
  int32_t fanout; /* LC_FANOUT_ALL: every peer */
  char *clocks;
  struct lc_topology_rule topology;
  struct lc_latency latency;
  char *latency_text; /* NULL: the pace's own */
  bool fifo;
  int64_t receive_until_ns; /* INT64_MAX: for ever */
  bool shared_stream;       /* --rng-fault */
  bool served;              /* --route server */
  struct lc_server_rule server;
  enum lc_pace pace;
  int64_t duration_ns;
  struct lc_rate speed; /* model seconds per wall second */
  uint64_t seed;
  bool seed_given;
  int64_t snapshot_every_ns;               /* model time; 0: the final state alone */
  const struct lc_snapshot_method *method; /* NULL until it is settled: the pace's own */
  enum lc_log log;
  int32_t log_sample;
  char *output; /* NULL: a name made of the time and the seed */
  bool force, durable;
  enum lc_compaction compaction;
  int64_t max_file_bytes; /* 0: what is free on the disk */
  int64_t commit_every_ns;
  struct lc_rate reserve; /* rows laid out for messages over rows expected */
  int64_t poll_ns;
  enum lc_progress_mode progress;
  char *resume;            /* the file of the run that goes on; NULL: a new run */
  int32_t from;            /* the snapshot it goes on from; -1: the newest that is whole */
  int64_t max_walltime_ns; /* since the program's start; 0: no limit */
  uint64_t given;          /* bit i: option i of the table stood on the command line */
};

enum lc_command {
  LC_COMMAND_RUN,
  LC_COMMAND_INFO,
  LC_COMMAND_VERIFY,
  LC_COMMAND_QUERY,
  LC_COMMAND_RECOVER,
  LC_COMMAND_PREDICT,
  LC_COMMAND_HELP,    /* print help and end */
  LC_COMMAND_VERSION, /* print the version and end */
  LC_COMMAND_LIST,    /* print what an option can be and end */
  LC_COMMAND_CONFIG   /* print the effective options and end */
};

enum { LC_MAX_QUESTION_WORDS = 3 };

struct lc_command_line {
  enum lc_command command;
  enum lc_command about; /* HELP: of which command */
  char *file;            /* INFO, VERIFY, QUERY, RECOVER; owned */
  int n_question;
  char *question[LC_MAX_QUESTION_WORDS]; /* QUERY: its words, owned */
  bool json;                             /* VERIFY, QUERY: one JSON object instead of lines */
  void (*list)(FILE *to);                /* LIST */
  struct lc_config config;
};

/* Reads the command line. LC_EUSAGE with one line that says what is wrong and what would be right.
 * Prints nothing and changes nothing outside *line, which lc_command_line_free() releases, also
 * after a failure. */
lc_status lc_command_line_parse(struct lc_command_line *line, int argc, char **argv,
                                struct lc_error *err);
void lc_command_line_free(struct lc_command_line *line);

/* With config->resume, before lc_config_settle(): makes the configuration that of the run in the
 * file, of which `options_of_file` is the text that lc_config_text() made. Whatever shapes the run
 * and stood on the command line must have the value that it has there, but for --duration, which
 * may be longer; what did not stand there gets that value. What may differ is taken from the
 * file too, unless it was given, but not what is about one call alone (--output, --force, --resume,
 * --from, --max-walltime). An option that the file does not have is left as it is. LC_EUSAGE naming
 * the option and both values; LC_EFILE for an option or value in the file that this program does
 * not know. Local. */
lc_status lc_config_resume(struct lc_config *config, const char *options_of_file,
                           struct lc_error *err);

/* What can be checked only once the number of ranks is known; fills in n_vm and what depends on the
 * pace. */
lc_status lc_config_settle(struct lc_config *config, int32_t n_rank, struct lc_error *err);

/* The clocks of a configuration that is settled. LC_EUSAGE for a list that is none, and for clocks
 * that the server or --resume cannot do with. */
lc_status lc_config_clocks(const struct lc_config *config, struct lc_clock_set *clocks,
                           struct lc_error *err);

/* The effective options, "name = value" a line; the caller frees it. */
char *lc_config_text(const struct lc_config *config);

void lc_print_help(FILE *to, enum lc_command about);

#endif
