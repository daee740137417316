/* Many draws at once: Philox4x32-10 on several counters side by side. The same blocks as lc_draw()
 * (a unit test compares them). Compilers make poor vector code of a product of 32-bit words whose
 * halves part, so the widest registers have their instructions spelt out: a third of the time. */
#include "lcmpi/rng.h"
#include "processor.h"

/* Constants of Salmon et al., SC'11, table 2 and section 3.2 (Weyl sequence of the key). */
enum { ROUNDS = 10, LANES = 8 };
static const uint32_t multiplier[2] = {0xD2511F53, 0xCD9E8D57};
static const uint32_t weyl[2] = {0x9E3779B9, 0xBB67AE85};

_Static_assert(LC_DRAWS % LANES == 0, "whole vectors");

FOR_EACH_PROCESSOR
static void draw_portable(uint64_t seed, enum lc_purpose purpose, int32_t n, struct lc_draws *d) {
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  int whole = (n + LANES - 1) / LANES * LANES;
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

#ifdef LC_HAVE_AVX512

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f")))

AVX512 static inline __m512i load(const uint32_t *word) {
  return _mm512_cvtepu32_epi64(_mm256_loadu_si256((const void *)word));
}

AVX512 static inline void store(uint32_t *word, __m512i value) {
  _mm256_storeu_si256((void *)word, _mm512_cvtepi64_epi32(value));
}

/* The high half of the product, and two words, by exclusive or. */
AVX512 static inline __m512i high_xor(__m512i product, __m512i word, uint32_t key) {
  return _mm512_ternarylogic_epi64(_mm512_srli_epi64(product, 32), word,
                                   _mm512_set1_epi64((int64_t)key), 0x96);
}

/* A lane's word is the lower half of 64 bits; what is above it is never looked at. */
AVX512 static void draw_avx512(uint64_t seed, enum lc_purpose purpose, int32_t n,
                               struct lc_draws *draws) {
  const __m512i by0 = _mm512_set1_epi64(multiplier[0]), by2 = _mm512_set1_epi64(multiplier[1]);
  for (int k = 0; k < n; k += LANES) {
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    __m512i a = load(draws->word[0] + k), b = load(draws->word[1] + k);
    __m512i c = load(draws->word[2] + k), d = _mm512_set1_epi64(purpose);
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++) {
      __m512i x = _mm512_mul_epu32(a, by0), y = _mm512_mul_epu32(c, by2);
      a = high_xor(y, b, key[0]);
      b = y;
      c = high_xor(x, d, key[1]);
      d = x;
      key[0] += weyl[0];
      key[1] += weyl[1];
    }
    store(draws->word[0] + k, a);
    store(draws->word[1] + k, b);
    store(draws->word[2] + k, c);
    store(draws->word[3] + k, d);
  }
}

void lc_draw_many(uint64_t seed, enum lc_purpose purpose, int32_t n, struct lc_draws *draws) {
  if (__builtin_cpu_supports("avx512f"))
    draw_avx512(seed, purpose, n, draws);
  else
    draw_portable(seed, purpose, n, draws);
}

#else

void lc_draw_many(uint64_t seed, enum lc_purpose purpose, int32_t n, struct lc_draws *draws) {
  draw_portable(seed, purpose, n, draws);
}

#endif
