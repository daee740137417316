/* What lcmpi verify found, as JSON for programs: postprocess/README.md is the contract. */
#ifndef LC_RUN_JSON_H
#define LC_RUN_JSON_H

#include "lcmpi/verify.h"

/* One object on stdout, one line. */
void json_verdict(const char *path, const struct lc_history *history,
                  const struct lc_verdict *verdict, lc_status status, bool all_logged);
void json_unreadable(const char *path, lc_status status, const struct lc_error *err);

#endif
