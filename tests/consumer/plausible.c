/* The R-entries vector of F. Torres-Rojas and M. Ahamad, "Plausible clocks: constant size logical
 * clocks for distributed systems", 1996: a vector clock of R words, of which VM i advances word i
 * mod R. So it is as long for a million machines as for three; what it calls concurrent is, but not
 * all that it orders is ordered. */
#include "consumer.h"

#include <inttypes.h>
#include <stdio.h>

enum { R = 2 };

static int32_t words(int32_t n_vm) {
  (void)n_vm;
  return R;
}

static void advance(int64_t *state, const struct lc_clock_site *site) {
  state[site->self % R]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  for (int i = 0; i < R; i++)
    if (stamp[i] > state[i])
      state[i] = stamp[i];
  advance(state, site);
}

static void receive_deaf(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)stamp;
  advance(state, site);
}

static enum lc_order compare(const int64_t *a, const int64_t *b, int32_t n_vm) {
  (void)n_vm;
  return lc_compare_vector(a, b, R);
}

static void print(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)n_vm;
  snprintf(to, size, "[%" PRId64 " %" PRId64 "]", stamp[0], stamp[1]);
}

const struct lc_clock plausible = {
    .name = "plausible",
    .summary = "a vector of two words (Torres-Rojas, Ahamad 1996)",
    .promise = "a -> b implies P(a) < P(b)",
    .order = LC_ORDER_VECTOR,
    .stamp_words = words,
    .local = advance,
    .send = advance,
    .receive = receive,
    .compare = compare,
    .print = print,
};

const struct lc_clock deaf = {
    .name = "plausible-deaf",
    .summary = "does not look at messages",
    .promise = "a -> b implies P(a) < P(b)",
    .order = LC_ORDER_VECTOR,
    .stamp_words = words,
    .local = advance,
    .send = advance,
    .receive = receive_deaf,
    .compare = compare,
    .print = print,
};
