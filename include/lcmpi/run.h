/* run.h: the commands of the program, each from a parsed command line to an exit status. */
#ifndef LCMPI_RUN_H
#define LCMPI_RUN_H

#include "lcmpi/config.h"
#include "lcmpi/transport.h"

/* A whole run: prints its summary on rank 0. `program` is how it was called, for the commands that
 * it proposes; `begun_ns` is when, by lc_monotonic_ns(). Returns the status to exit with, with the
 * text in *err if it is a failure. Collective. */
lc_status lc_run(struct lc_config *config, const char *program, const char *command_line,
                 int64_t begun_ns, struct lc_transport *transport, struct lc_error *err);

/* The commands that look at a file. Local: one process does them. */
lc_status lc_info_command(const char *path, struct lc_error *err);
/* `json`: what it found as one JSON object on stdout, also of a file that cannot be read. */
lc_status lc_verify_command(const char *path, bool json, struct lc_error *err);
/* A question about happened-before or a snapshot; 'lcmpi query --help' lists them. LC_EUSAGE for
 * one that cannot be asked, or not of this run. `json` as above. */
lc_status lc_query_command(const char *path, char *const *word, int n_word, bool json,
                           struct lc_error *err);
lc_status lc_recover_command(const char *path, struct lc_error *err);
/* Prints the effective options of a run on so many ranks. LC_EUSAGE for what a run would refuse. */
lc_status lc_config_command(struct lc_config *config, int32_t n_rank, struct lc_error *err);
/* What theory expects of a run with these options; fills in what was not given. */
lc_status lc_predict_command(struct lc_config *config, struct lc_error *err);

/* The version and that of every library, on stdout. */
void lc_print_version(void);
/* "0.1.0 (git abc1234)"; "0.1.0" outside of a git checkout. */
const char *lc_version(void);

#endif
