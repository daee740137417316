/* The structure of a file: which groups and datasets there are, and how large. One function builds
 * it, whether the file is new, grown or compacted. */
#ifndef LC_STORE_LAYOUT_H
#define LC_STORE_LAYOUT_H

#include "h5.h"
#include "schema.h"

/* A clock as the file knows it, so that files with clocks of another build can be handled. */
struct file_clock {
  char name[64];
  char *summary, *promise; /* owned */
  enum lc_clock_order order;
  bool characterizes, has_value;
  int32_t words;
};

struct layout {
  int32_t n_vm, n_rank, n_snapshot;
  int32_t n_clock;
  struct file_clock clock[LC_MAX_CLOCKS];
  int64_t *first[LC_N_TABLE]; /* [n_rank] where each rank's region starts; owned */
  int64_t *rows[LC_N_TABLE]; /* [n_rank] rows laid out, or (read from a file) rows on file; owned */
  int64_t total[LC_N_TABLE];
  int32_t n_segment;
  bool abandoned; /* has the tables of abandoned rows */
  bool served;    /* has the group of a central server */
  int version;    /* of the format, 100 * major + minor: what came later is not there */
  int level;      /* as h5_dataset() takes it, for everything with one row per event or message */
  /* of a layout that was read from a file: */
  int state;                      /* enum lc_run_state */
  bool ended;                     /* the end of the run is on file, and every rank's final state */
  int64_t *n_snapshots, *n_final; /* [n_rank] counters; owned */
};

/* Datasets with one value per VM or rank in the root. */
struct constant {
  const char *name;
  enum column_type type;
  const char *units, *long_name;
  ptrdiff_t total; /* where it is in a struct lc_vm_totals; -1: known before the run */
  int since;       /* version of the format that it came with */
};
extern const struct constant vm_constants[];
extern const int n_vm_constant;
extern const struct constant rank_constants[];
extern const int n_rank_constant;
extern const char *const balance_names[5]; /* in the order of struct lc_balance */
bool layout_has(const struct layout *layout, int since);
/* Whether the file has that table: those of abandoned rows only if there are any. */
bool layout_has_table(const struct layout *layout, int table);
bool layout_stamped(const struct layout *layout, int table);

enum { PATH_BYTES = 160 };
/* The path of a clock's stamps below a group, "/events/clocks/vector/stamp". */
const char *stamp_path(char out[PATH_BYTES], const char *group, const char *clock);
const char *column_path(char out[PATH_BYTES], const char *group, const char *column);
/* Where a digest is: 0 of the execution, 1 of the snapshots, 2 of a clock. */
const char *digest_path(char out[PATH_BYTES], int which, const char *clock);
/* The same digest of what is before each cut, [rank, snapshot]. */
const char *cut_digest_path(char out[PATH_BYTES], int which, const char *clock);
/* A clock's largest jump by the time of each snapshot, [vm, snapshot]. */
const char *state_jump_path(char out[PATH_BYTES], const char *clock);
hid_t memory_type(enum column_type type);
hid_t file_type(enum column_type type);
void layout_describe(struct h5 *h, const char *path, const char *units, const char *long_name);
/* Everything that is small is written out at once, so that later writes to it need no new space on
 * the disk and cannot fail on a full one. */
void write_zeros(struct h5 *h, const char *path, enum column_type type, int64_t n);

/* An empty layout of that many VMs and ranks. */
void layout_init(struct layout *layout, int32_t n_vm, int32_t n_rank, int32_t n_snapshot);
void layout_free(struct layout *layout);
/* Region starts and totals from `rows`, each region rounded up to `multiple` rows. */
void layout_place(struct layout *layout, int64_t multiple);
/* The layout that a file has, with the committed rows in `rows`. Checks format and sizes: what it
 * returns without a failure can be read without another look. */
void layout_read(struct layout *layout, struct h5 *h);
/* Builds everything in an empty file: groups, dimensions, datasets, their attributes; writes
 * the region starts and zero counters. */
void layout_build(const struct layout *layout, struct h5 *h);

/* service.c: the group of a central server. */
void service_build(const struct layout *layout, struct h5 *h);
/* Calls visit for each dataset of it, with how many values it has. */
typedef void service_dataset(void *context, const char *path, enum column_type type, int64_t n);
void service_each(const struct layout *layout, service_dataset *visit, void *context);

/* Calls visit for each dataset with one value (or one row) per VM that belongs to a clock. */
typedef void clock_dataset(void *context, struct h5 *h, const char *path, enum column_type type,
                           int32_t words);
void layout_clock_totals(const struct layout *layout, struct h5 *h, clock_dataset *visit,
                         void *context);

#endif
