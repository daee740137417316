/* The tables of the file as data: layout, writing, rewriting and reading all go by these lists. */
#ifndef LC_STORE_SCHEMA_H
#define LC_STORE_SCHEMA_H

#include "lcmpi/store.h"

enum column_type { COLUMN_U8, COLUMN_I32, COLUMN_I64, COLUMN_F64 };

struct column {
  const char *name;
  enum column_type type;
  size_t offset; /* in the table's record */
  const char *units, *long_name;
  const char *flag_meanings; /* of the values 0, 1, 2, ...; NULL if not an enumeration */
  bool filled_later;         /* not in the record: joined in when the file is rewritten */
  int since;                 /* version of the format that it came with, as in struct layout */
};

/* Versions of the format, 100 * major + minor: digests and copies came with 1.1, the messages of
 * every cut and what a restart needs with 2.0. */
enum { VIRTUAL_SINCE = 101, CUTS_SINCE = 200, NEVER = 1000000 };

struct table {
  const char *group;     /* path of the group */
  const char *dimension; /* name of its dimension */
  const char *n_rows;    /* names in /commit: rows on file ... */
  const char *first_row; /* ... and where each rank's region starts */
  const char *title;
  size_t record_bytes;
  int stamped_since; /* has one clocks/NAME/stamp per clock from that version on */
  int n_column;
  const struct column *column; /* the last one is written last */
  int since;
};

extern const struct table lc_tables[LC_N_TABLE];
/* [vm, snapshot] columns of /snapshots, a struct lc_state each; the last one is written last. */
extern const struct column lc_state_columns[];
extern const int lc_n_state_column;
/* [rank, snapshot] columns of /snapshots/cost, a struct lc_cut_cost each. */
extern const struct column lc_cost_columns[];
extern const int lc_n_cost_column;

/* One stretch of a run: from its beginning, or from where it was gone on with. */
struct segment {
  int64_t t_start;    /* model time */
  int64_t started_ns; /* since 1970 */
  int32_t snapshot;   /* its number in the file; -1: from the beginning, or from an end */
  int32_t n_rank;
};
/* [segment] columns of /segments, a struct segment each. */
extern const struct column lc_segment_columns[];
extern const int lc_n_segment_column;

size_t column_bytes(enum column_type type);

#define RUN_STATE_MEANINGS "NONE RUNNING COMPLETE STOPPED FAILED RECOVERED"

#endif
