/* The open file of a running rank, as the files that write it share it. */
#ifndef LC_STORE_WRITER_H
#define LC_STORE_WRITER_H

#include "store_internal.h"

enum { MAX_COLUMNS = 16 };

/* This rank's part of one table. */
struct part {
  const struct table *table;
  int64_t column[MAX_COLUMNS], stamp[LC_MAX_CLOCKS], counter; /* where they begin in the file */
  int64_t first, room;                                        /* the region */
  int64_t n_written;                                          /* rows on file */
  int64_t n_added;                                            /* rows in memory */
  size_t capacity;                                            /* of `records` and `stamps` */
  char *records;                                              /* n_added records */
  size_t stamp_capacity;
  int64_t *stamps; /* n_added * stamp_words */
};

struct lc_store {
  char *path;
  struct lc_transport *transport;
  const struct lc_clock_set *clocks;
  struct lc_store_options options;
  struct layout layout;
  int32_t first_vm, n_vm; /* this rank's block */
  struct h5 h;
  int lock_fd;
  struct part part[LC_N_TABLE];
  hid_t state[MAX_COLUMNS], state_stamp[LC_MAX_CLOCKS], state_jump[LC_MAX_CLOCKS];
  int64_t cost[MAX_COLUMNS], cut_digest[2 + LC_MAX_CLOCKS]; /* where they begin in the file */
  int64_t n_snapshots, n_final; /* where these counters begin in the file */
  void *scratch;                /* one column on its way to the file */
  size_t scratch_bytes;
};

/* Collective: opens the file that stands under the store's name now, and closes it. */
lc_status open_store(struct lc_store *s, struct lc_error *err);
lc_status close_parallel(struct lc_store *s, struct lc_error *err);
/* Memory for one column on its way to the file, valid until the next call. */
void *scratch(struct lc_store *s, size_t bytes);
/* Eight bytes at a place in the file. */
void write_word(struct lc_store *s, int64_t at, int64_t value, const char *name);
/* This rank's word of a counter in /commit. */
void write_counter(struct lc_store *s, int64_t counter, int64_t value, const char *name);
void sync_if_durable(struct lc_store *s);
/* True if a part has more rows than its region takes; the rest waits in memory. */
bool overfull(const struct part *p);

#endif
