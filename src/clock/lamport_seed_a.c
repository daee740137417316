/* The clock of seed A, one of the published solutions of the exercise, as its program had it: a
 * tick advances it once, whatever happens in it, and a receive sets C = max(C, m) without advancing
 * it again. So a receive can carry the stamp of its send, and both events of a tick carry one
 * stamp. */
#include "scalar.h"

static void tick(int64_t *state, const struct lc_clock_site *site) {
  (void)site;
  state[0]++;
}

static void nothing(int64_t *state, const struct lc_clock_site *site) {
  (void)state;
  (void)site;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)site;
  state[0] = stamp[0] > state[0] ? stamp[0] : state[0];
}

const struct lc_clock lc_clock_lamport_seed_a = {
    .name = "lamport-seed-a",
    .summary = "seed A's: a tick advances it once, a receive sets C = max(C, m); faulty",
    .promise = "a -> b implies C(a) < C(b)",
    .fault = "a receive does not advance it: it can carry the stamp of its send",
    .order = LC_ORDER_SCALAR,
    .stamp_words = one_word,
    .tick = tick,
    .local = nothing,
    .send = nothing,
    .receive = receive,
    .compare = lc_compare_scalar,
    .value = first_word,
    .print = print_word,
};
