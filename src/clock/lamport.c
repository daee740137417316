/* L. Lamport, "Time, clocks, and the ordering of events in a distributed system", CACM 21(7), 1978:
 * rules IR1 and IR2. Every event advances the clock; a receive sets C = max(C, m) + 1. */
#include "lcmpi/clock.h"

#include <inttypes.h>
#include <stdio.h>

static int32_t one_word(int32_t n_vm) {
  (void)n_vm;
  return 1;
}

static void advance(int64_t *state, const struct lc_clock_site *site) {
  (void)site;
  state[0]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)site;
  state[0] = (stamp[0] > state[0] ? stamp[0] : state[0]) + 1;
}

static int64_t value(const int64_t *stamp) {
  return stamp[0];
}

static void print(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)n_vm;
  snprintf(to, size, "%" PRId64, stamp[0]);
}

const struct lc_clock lc_clock_lamport = {
    .name = "lamport",
    .summary = "one counter; a receive sets C = max(C, m) + 1 (Lamport 1978)",
    .promise = "a -> b implies C(a) < C(b)",
    .order = LC_ORDER_SCALAR,
    .characterizes = false,
    .stamp_words = one_word,
    .local = advance,
    .send = advance,
    .receive = receive,
    .compare = lc_compare_scalar,
    .value = value,
    .print = print,
};
