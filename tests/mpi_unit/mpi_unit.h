/* mpi_unit.h: what the tests under mpirun share. cmocka goes on after a failed test, which would
 * leave the other ranks waiting for a rank that has left its test; here the first failed check on
 * any rank ends all ranks, after one line that says where. A test that hangs is ended by a timer,
 * with one line too. */
#ifndef LCMPI_TESTS_MPI_UNIT_H
#define LCMPI_TESTS_MPI_UNIT_H

#include "lcmpi/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the program, set by start_ranks(). */
extern struct lc_transport *transport;
extern int32_t rank, n_rank;

void start_ranks(int *argc, char ***argv);
/* All ranks run the test; its name stands in the line of a failure. */
void run_test(void (*test)(void), const char *name);
#define run(test) run_test(test, #test)
/* Ends the program: 0, since a failure does not come so far. */
int end_ranks(void);

_Noreturn void check_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define check(condition)                                                                           \
  ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "%s", #condition))
/* With a text of its own behind the expression. */
#define check_that(condition, format, ...)                                                         \
  ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "%s: " format, #condition, __VA_ARGS__))
/* A call that must succeed, and one that must fail with this status; `err` has its text. */
#define check_ok(call, err)                                                                        \
  ((call) == LC_OK ? (void)0 : check_failed(__FILE__, __LINE__, "%s: %s", #call, (err).text))
#define check_fails(call, status)                                                                  \
  ((call) == (status) ? (void)0 : check_failed(__FILE__, __LINE__, "%s: not " #status, #call))

/* Nobody goes on before all have come here. */
static inline void barrier(void) {
  int64_t word = 0;
  lc_max(transport, &word, 1);
}

/* A number made of others, the same on every rank: SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t mix(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t z = a * UINT64_C(0x9e3779b97f4a7c15) + b * UINT64_C(0xd1342543de82ef95) +
               c * UINT64_C(0x2545f4914f6cdd1d) + 1;
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* ---- a folder of the test's own -------------------------------------------------------------- */

/* The path of a file in it. The folder is made at the first call, which is collective, and removed
 * at the end with all that is in it; after a failure it stays. */
const char *in_folder(const char *name);

#endif
