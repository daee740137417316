/* C. Fidge, "Timestamps in message-passing systems that preserve the partial ordering", 1988;
 * F. Mattern, "Virtual time and global states of distributed systems", 1989. One counter per VM:
 * V[i] is the number of events of VM i in the causal past, the event itself included. */
#include "lcmpi/clock.h"

#include <inttypes.h>
#include <stdio.h>

static int32_t one_word_per_vm(int32_t n_vm) {
  return n_vm;
}

static void advance(int64_t *state, const struct lc_clock_site *site) {
  state[site->self]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  for (int32_t i = 0; i < site->n_vm; i++)
    if (stamp[i] > state[i])
      state[i] = stamp[i];
  state[site->self]++;
}

static void print(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  size_t used = 0;
  for (int32_t i = 0; i < n_vm && used < size; i++) {
    int length = snprintf(to + used, size - used, "%s%" PRId64, i ? " " : "[", stamp[i]);
    used += (size_t)length;
  }
  if (used < size)
    snprintf(to + used, size - used, "]");
}

const struct lc_clock lc_clock_vector = {
    .name = "vector",
    .summary = "one counter per VM; tells concurrent from ordered (Fidge 1988, Mattern 1989)",
    .promise = "a -> b exactly when V(a) < V(b)",
    .order = LC_ORDER_VECTOR,
    .characterizes = true,
    .stamp_words = one_word_per_vm,
    .local = advance,
    .send = advance,
    .receive = receive,
    .compare = lc_compare_vector,
    .print = print,
};
