/* A question about a recorded run and its answer: query.c finds it, query_text.c and query_json.c
 * say it. */
#ifndef LC_RUN_QUERY_H
#define LC_RUN_QUERY_H

#include "lcmpi/causality.h"

enum question {
  ASK_EVENT,
  ASK_BEFORE,
  ASK_PATH,
  ASK_PAST,
  ASK_FUTURE,
  ASK_CONCURRENT,
  ASK_CHAIN,
  ASK_STATE
};

enum relation { IS_BEFORE, IS_AFTER, IS_CONCURRENT, IS_SAME };

struct query {
  const char *path; /* of the file */
  enum question question;
  const char *word; /* that asks it */
  struct lc_history history;
  struct lc_causality causality; /* empty for ASK_STATE */
  bool whole;                    /* the run reached its end, and all of it is logged */
  int64_t event[2];              /* that it is about, as indices into history.event */
  enum relation relation;        /* BEFORE, PATH: of the first to the second */
  int64_t n_listed, *listed;     /* PATH, CHAIN: events */
  int64_t *begin, *end;          /* PAST, FUTURE, CONCURRENT: of each VM the events [begin, end) */
  int32_t snapshot;              /* STATE: its column in the tables of states */
  bool is_end;                   /* which is the end of the run */
};

enum { EVENT_NAME = 48 };

/* "VM:SEQ"; "?" for -1. */
const char *event_name(char out[EVENT_NAME], const struct lc_history *h, int64_t event);
/* How many of the events [begin, end) of a VM are any: skipped ticks are rows, but nothing
 * happened. */
int64_t events_in(const struct lc_history *h, int32_t vm, int64_t begin, int64_t end);
/* How many events an answer that is a set has. */
int64_t query_count(const struct query *query);

void query_text(const struct query *query);
void query_json(const struct query *query);

#endif
