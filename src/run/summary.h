/* What a run prints on stdout, on rank 0. */
#ifndef LC_RUN_SUMMARY_H
#define LC_RUN_SUMMARY_H

#include "run_internal.h"

/* One line before the run. Local. */
void print_start(const struct run *run);
/* The table of VMs, the balance, the digest or the lateness, the cost, the file and the next
 * commands. Collective. */
void print_summary(const struct run *run, const struct lc_outcome *outcome);

/* What to type for one of the tools of postprocess/, where `program` was typed for lcmpi; the
 * caller frees it. */
char *tool_beside(const char *program, const char *name);

#endif
