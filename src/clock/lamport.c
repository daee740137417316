/* L. Lamport, "Time, clocks, and the ordering of events in a distributed system", CACM 21(7), 1978:
 * rules IR1 and IR2. Every event advances the clock; a receive sets C = max(C, m) + 1. */
#include "scalar.h"

static void advance(int64_t *state, const struct lc_clock_site *site) {
  (void)site;
  state[0]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)site;
  state[0] = (stamp[0] > state[0] ? stamp[0] : state[0]) + 1;
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
    .value = first_word,
    .print = print_word,
};
