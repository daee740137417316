/* Answers as JSON for programs: postprocess/README.md is the contract. */
#ifndef LC_RUN_JSON_H
#define LC_RUN_JSON_H

#include "lcmpi/verify.h"

/* A string on stdout, in quotes. What is not UTF-8 becomes question marks. */
void json_text(const char *text);

/* Where in the logs of another program something stands: members of an object, behind others. */
void json_line(const struct lc_history *history, int32_t machine, int32_t file, int64_t line);

/* What lcmpi verify found: one object on stdout, one line. */
void json_verdict(const char *path, const struct lc_history *history,
                  const struct lc_verdict *verdict, lc_status status, bool all_logged);
void json_unreadable(const char *path, lc_status status, const struct lc_error *err);

#endif
