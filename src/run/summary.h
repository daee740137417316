/* What a run prints on stdout, on rank 0. */
#ifndef LC_RUN_SUMMARY_H
#define LC_RUN_SUMMARY_H

#include "lcmpi/pacer.h"
#include "lcmpi/run.h"

/* One line before the run. Local. */
void print_start(const struct lc_config *config, struct lc_transport *transport, const char *path);
/* The table of VMs, the balance, the lateness, the file and the next commands. Collective. */
void print_summary(const struct lc_config *config, struct lc_transport *transport,
                   const struct lc_clock_set *clocks, const struct lc_vm *vm, int32_t n_own,
                   const struct lc_outcome *outcome, const char *path, const char *program);

#endif
