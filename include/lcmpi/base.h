/* base.h: what every other part stands on: how a failure is reported, how memory is had, how
 * quantities are written and read.
 *
 * Failures are of two kinds. A broken world (a full disk, a bad option, a lost rank) is a status
 * that is returned, with one line of text in a struct lc_error. A broken program, or a lack of
 * memory in the midst of a run, ends the process at once through lc_die(). */
#ifndef LCMPI_BASE_H
#define LCMPI_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, exit code, meaning). The one list from which statuses, exit codes and what --help says of
 * them come: a status is its own exit code. */
#define LC_STATUS_MAP(X)                                                                           \
  X(LC_OK, 0, "done")                                                                              \
  X(LC_EINTERNAL, 1, "internal error (a defect of lcmpi)")                                         \
  X(LC_EUSAGE, 2, "usage: an option or its value was refused, nothing was started")                \
  X(LC_EFILE, 3, "file: could not be created, written, read or understood")                        \
  X(LC_EVERIFY, 4, "verification failed, or the balance of messages does not hold")                \
  X(LC_ENOMEM, 5, "out of memory")                                                                 \
  X(LC_ERANK, 6, "a rank was lost (where that can be known)")                                      \
  X(LC_STOPPED, 85, "stopped early by a signal or --max-walltime, and saved: --resume goes on")

typedef enum lc_status {
#define X(name, code, text) name = (code),
  LC_STATUS_MAP(X)
#undef X
} lc_status;

/* One failure: `text` is one line without a newline that says what, where and what to do. */
struct lc_error {
  lc_status status;
  char text[1024];
};

/* Fills in *err and returns `status`, so that `return lc_fail(err, LC_EFILE, "...")` reads well. */
lc_status lc_fail(struct lc_error *err, lc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the process with the exit code of `status` after one line on stderr. If a hook is set it is
 * called instead of _exit(), so that a program under MPI can end the other ranks too; the hook
 * must not return. */
_Noreturn void lc_die(lc_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
typedef void lc_die_hook(lc_status status, const char *text);
void lc_set_die_hook(lc_die_hook *hook);

/* Kept in release builds: a run that has lost its invariants must not go on writing. */
#define lc_assert(condition)                                                                       \
  ((condition)                                                                                     \
       ? (void)0                                                                                   \
       : lc_die(LC_EINTERNAL, "%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition))

/* Zeroed memory for `count` objects of `size` bytes (never NULL; release with free()).
 * lc_die(LC_ENOMEM) with the figure and `what` it was for if there is none. */
void *lc_new(size_t count, size_t size, const char *what);
/* The same, from the start of a cache line on. */
void *lc_new_lines(size_t count, size_t size, const char *what);

/* Makes room for at least `need` objects in the array at *array, which has room for *capacity
 * and grows by doubling; new room is not cleared. Out of memory as in lc_new(). */
void lc_grow(void **array, size_t *capacity, size_t need, size_t size, const char *what);

/* Bytes that this process may still take if it is one of `sharing` on this host that take as much:
 * its part of what the system and the cgroup have free, and what is left of the limit of its
 * address space. INT64_MAX where that cannot be known. */
int64_t lc_free_memory(int32_t sharing);

/* A printable string that the caller frees. */
char *lc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* `text`, from one of these functions or NULL, with more behind it, in memory that takes its place.
 */
char *lc_append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `word` as a shell reads it back, in quotes if it needs them; the caller frees it. */
char *lc_quote(const char *word);

/* ---- quantities ---------------------------------------------------------------------------- */

#define LC_NS_PER_S INT64_C(1000000000)

/* All parsers take the whole text or nothing: they return false, and leave *out alone, for text
 * that is not exactly one quantity of their kind, or out of the type's range. */

/* "12", "-3" */
bool lc_parse_int64(const char *text, int64_t *out);
/* "12", "0x1f": the whole unsigned range */
bool lc_parse_uint64(const char *text, uint64_t *out);
/* "3", "2.5", "1/3": reduced, denominator > 0; at most 18 digits each */
bool lc_parse_rational(const char *text, int64_t *numerator, int64_t *denominator);
/* "60s", "1.5m", "250ms", "10us", "3ns", "2h", "1d" to nanoseconds; the unit is required. One that
 * is too long for the type is INT64_MAX, so that it is refused for its length and not for its form.
 */
bool lc_parse_duration(const char *text, int64_t *ns);
/* "512", "8KiB", "2MB", "1.5GiB", "1TB" to bytes */
bool lc_parse_size(const char *text, int64_t *bytes);

enum { LC_QUANTITY_MAX = 32 }; /* room for any of the texts below, with the final zero */

/* The shortest exact form that lc_parse_duration() reads back: "60s", "1.5s", "250ms". */
const char *lc_print_duration(char out[LC_QUANTITY_MAX], int64_t ns);
/* For people: three digits and a unit, such as "183 us". */
const char *lc_print_time(char out[LC_QUANTITY_MAX], int64_t ns);
/* For people: "1.5 MiB". */
const char *lc_print_bytes(char out[LC_QUANTITY_MAX], int64_t bytes);
/* For people: digits in groups of three, "12,345". */
const char *lc_print_count(char out[LC_QUANTITY_MAX], int64_t count);
/* "5/2" or "3": what lc_parse_rational() reads back. */
const char *lc_print_rational(char out[LC_QUANTITY_MAX], int64_t numerator, int64_t denominator);

/* The entry of the list (count names) nearest to `name` in edit distance, or NULL if none is near
 * enough to be what was meant. */
const char *lc_nearest(const char *name, const char *const *list, size_t count);

#endif
