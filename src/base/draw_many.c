/* Many draws at once: the rounds of Philox4x32-10 over arrays, which the compiler makes into vector
 * instructions for the processor that the program runs on. The same blocks as lc_draw() (a unit
 * test compares them). */
#include "lcmpi/rng.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Constants of Salmon et al., SC'11, table 2 and section 3.2 (Weyl sequence of the key). */
enum { ROUNDS = 10, LANES = 16 };
static const uint32_t multiplier[2] = {0xD2511F53, 0xCD9E8D57};
static const uint32_t weyl[2] = {0x9E3779B9, 0xBB67AE85};

FOR_EACH_PROCESSOR
void lc_draw_many(uint64_t seed, enum lc_purpose purpose, int32_t n, struct lc_draws *d) {
  int whole = (n + LANES - 1) / LANES * LANES;
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int k = n; k < whole; k++)
    d->word[0][k] = d->word[1][k] = d->word[2][k] = 0;
  for (int k = 0; k < whole; k++)
    d->word[3][k] = (uint32_t)purpose;
  for (int round = 0; round < ROUNDS; round++) {
    for (int k = 0; k < whole; k++) {
      uint64_t a = (uint64_t)multiplier[0] * d->word[0][k];
      uint64_t b = (uint64_t)multiplier[1] * d->word[2][k];
      d->word[0][k] = (uint32_t)(b >> 32) ^ d->word[1][k] ^ key[0];
      d->word[1][k] = (uint32_t)b;
      d->word[2][k] = (uint32_t)(a >> 32) ^ d->word[3][k] ^ key[1];
      d->word[3][k] = (uint32_t)a;
    }
    key[0] += weyl[0];
    key[1] += weyl[1];
  }
}
