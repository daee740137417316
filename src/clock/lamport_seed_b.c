/* The clock of seed B, one of the published solutions of the exercise, as its program had it: the
 * rules are Lamport's, but what is logged and sent is the value from before the update. So a
 * receive does not know of its own message. The state is the clock and the value that was logged
 * last. */
#include "scalar.h"

enum { CLOCK, LOGGED };

static int32_t two_words(int32_t n_vm) {
  (void)n_vm;
  return 2;
}

static void advance(int64_t *state, const struct lc_clock_site *site) {
  (void)site;
  state[LOGGED] = state[CLOCK]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)site;
  state[LOGGED] = state[CLOCK];
  state[CLOCK] = (stamp[0] > state[CLOCK] ? stamp[0] : state[CLOCK]) + 1;
}

static void logged(const int64_t *state, const struct lc_clock_site *site, int64_t *stamp) {
  (void)site;
  stamp[0] = state[LOGGED];
}

const struct lc_clock lc_clock_lamport_seed_b = {
    .name = "lamport-seed-b",
    .summary = "seed B's: Lamport's rules, logged and sent before the update; faulty",
    .promise = "a -> b implies C(a) < C(b)",
    .fault = "it is logged and sent before its update: a receive does not know of its message",
    .order = LC_ORDER_SCALAR,
    .stamp_words = one_word,
    .state_words = two_words,
    .local = advance,
    .send = advance,
    .receive = receive,
    .stamp = logged,
    .compare = lc_compare_scalar,
    .value = first_word,
    .print = print_word,
};
