/* Tick times. Tick k is due at phase + floor(k q 1e9 / p), computed in 128 bits from the start of
 * the run: no rounding builds up, whatever the rate. */
#include "lcmpi/rng.h"
#include "lcmpi/workload.h"

__extension__ typedef __int128 wide;

int64_t lc_tick_time(struct lc_rate rate, int64_t phase_ns, int64_t k) {
  wide period = (wide)rate.q * LC_NS_PER_S; /* times p */
  wide most = ((wide)INT64_MAX - phase_ns) * rate.p;
  if (period && k > most / period)
    return INT64_MAX;
  return (int64_t)(phase_ns + k * period / rate.p);
}

int64_t lc_tick_count(struct lc_rate rate, int64_t phase_ns, int64_t end_ns) {
  if (end_ns <= phase_ns)
    return 0;
  /* floor(x) < D iff x < D for whole D, so the count is ceil((end - phase) p / (q 1e9)) */
  wide period = (wide)rate.q * LC_NS_PER_S;
  wide count = ((wide)(end_ns - phase_ns) * rate.p + period - 1) / period;
  return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

void lc_rate_rule_weigh(struct lc_rate_rule *rule, const double *weight) {
  double total = 0, sum = 0;
  for (int32_t i = 0; i < rule->n; i++)
    total += weight ? weight[i] : 1;
  for (int32_t i = 0; i < rule->n; i++) {
    sum += weight ? weight[i] : 1;
    rule->below[i] = (uint64_t)(sum / total * 0x1p32 + 0.5);
  }
  /* the last rate that can be drawn at all takes what rounding left */
  int32_t last = rule->n - 1;
  while (last > 0 && weight && weight[last] == 0)
    last--;
  for (int32_t i = last; i < rule->n; i++)
    rule->below[i] = UINT64_C(1) << 32;
}

int32_t lc_rate_index(const struct lc_rate_rule *rule, uint64_t seed, int32_t vm, int32_t n_copy) {
  if (!rule->drawn)
    return vm % n_copy % rule->n;
  uint32_t word = lc_draw(seed, LC_DRAW_RATE, vm, 0, 0).word[0];
  int32_t i = 0;
  while (word >= rule->below[i])
    i++;
  return i;
}

struct lc_rate lc_rate_of(const struct lc_rate_rule *rule, uint64_t seed, int32_t vm,
                          int32_t n_copy) {
  return rule->rate[lc_rate_index(rule, seed, vm, n_copy)];
}

/* The period in whole ns, rounded up: with the floor of every tick's time, tick k is at the floor
 * of (k + 1) periods or a ns later, never before it. So as many ticks are due before T as there are
 * whole periods in T, one fewer if they fill it: what a machine does whose first tick is at 1 /
 * rate. */
static int64_t period_of(struct lc_rate rate) {
  int64_t period = lc_tick_time(rate, 0, 1);
  wide exact = (wide)rate.q * LC_NS_PER_S;
  return period + ((wide)period * rate.p < exact && period < INT64_MAX);
}

int64_t lc_phase_of(enum lc_phase phase, struct lc_rate rate, uint64_t seed, int32_t vm) {
  switch (phase) {
  case LC_PHASE_ZERO:
    return 0;
  case LC_PHASE_PERIOD:
    return period_of(rate);
  case LC_PHASE_RANDOM:
    break;
  }
  struct lc_block draw = lc_draw(seed, LC_DRAW_RATE, vm, 0, 0);
  int64_t period = lc_tick_time(rate, 0, 1);
  uint64_t word = (uint64_t)draw.word[3] << 32 | draw.word[2];
  __extension__ unsigned __int128 product = (unsigned __int128)word * (uint64_t)period;
  return (int64_t)(product >> 64);
}
