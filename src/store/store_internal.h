/* What the files of the store share. */
#ifndef LC_STORE_INTERNAL_H
#define LC_STORE_INTERNAL_H

#include "layout.h"
#include "place.h"

/* Regions have whole multiples of so many rows: then no two ranks share a page of any column. */
enum { LC_REGION_ROWS = 4096 };

/* A plan's layout, with room for each rank rounded up to whole pages. */
void layout_from_plan(struct layout *layout, const struct lc_store_plan *plan);
struct resume;
/* A new file of that layout, published under its name; *held holds it (place.h). Of a run that goes
 * on it begins with what `resume` takes over, else that is NULL. */
lc_status create_file(const char *path, const struct lc_store_plan *plan,
                      const struct layout *layout, bool force, struct resume *resume, int *held,
                      struct lc_error *err);

/* Rewrites `path` through a temporary file: with `room` == NULL exactly (sorted, compressed, fates
 * joined), else with room[t][r] rows for each table and rank. `state` 0 keeps the state that it
 * has; `remark` goes into the attribute history. The caller has the file to itself; *held holds the
 * new one. */
lc_status rewrite_file(const char *path, int64_t *const *room, int state, const char *remark,
                       int *held, struct lc_error *err);

/* Rows [0, n) of a record's field to and from a column's array. */
void column_gather(const struct column *column, const void *records, size_t record_bytes, int64_t n,
                   void *values);
void column_scatter(const struct column *column, const void *values, int64_t n, void *records,
                    size_t record_bytes);
/* All committed rows of a column (`row_bytes` each), the ranks' regions one after another. */
void read_regions(struct h5 *h, const struct layout *layout, int t, const char *path, hid_t type,
                  size_t row_bytes, void *values);
/* [n_vm][n_snapshot]: whether the state was recorded and is under its rank's counter. */
void read_valid(struct h5 *h, const struct layout *layout, uint8_t *valid);
int64_t committed_rows(const struct layout *layout, int t);
/* The rows of LC_QUEUE or LC_CHANNEL whose snapshot is under the counter of their region's rank, as
 * numbers among the committed rows, ascending; a kill can leave others. rows[r] of them are of rank
 * r. The caller frees it. */
int64_t *counted_rows(struct h5 *h, const struct layout *layout, int t, int64_t *rows);
/* Items order[0..n) of an array. */
void permute(const int64_t *order, int64_t n, size_t bytes, const void *from, void *to);
/* A stretch of the run that begins now. */
struct segment new_segment(int64_t t_start, int32_t snapshot, int32_t n_rank);
/* All of them; read: the caller frees them. */
struct segment *read_segments(struct h5 *h, const struct layout *layout);
void write_segments(struct h5 *h, const struct segment *segment, int32_t n);
/* Whether a snapshot is under the counter of a rank; how many, without the end, are under those of
 * all ranks. */
bool snapshot_counts(const struct layout *layout, int32_t rank, int32_t snapshot);
int32_t whole_snapshots(const struct layout *layout);

/* What an imported log says beyond events and messages; nothing if the file is none. */
void read_foreign(struct lc_history *history, const struct layout *layout, struct h5 *h);
bool is_imported(struct h5 *h);

/* Opens a file for reading once it is seen to be one of ours, and whole; closed again on failure.
 */
lc_status open_checked(struct h5 *h, struct layout *layout, const char *path, struct lc_error *err);
/* Whether a run can go on from a file: its format, and that its clocks are those of the run. */
lc_status check_past_format(const char *path, const struct layout *layout, struct lc_error *err);
lc_status check_past_clocks(const char *path, const struct layout *layout,
                            const struct lc_clock_set *clocks, struct lc_error *err);
/* The totals in the root of a file, counted from an indexed history. */
void write_counted_totals(struct h5 *to, const struct layout *layout,
                          const struct lc_history *history);
/* The history of an open file. */
void read_history(struct lc_history *history, const struct layout *layout, struct h5 *h);

#endif
