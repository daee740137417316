/* Draws are part of the format of a run, so they are held against the published known-answer
 * vectors of philox4x32-10 and against an independent computation, word for word. */
#include "unit.h"

#include "lcmpi/rng.h"

static void require_words(struct lc_block block, const uint32_t expected[4]) {
  for (int i = 0; i < 4; i++)
    require(block.word[i] == expected[i], "word %d is %08x, not %08x", i, block.word[i],
            expected[i]);
}

/* The three vectors of Random123's kat_vectors file. The counter's words are (number low, number
 * high, VM, purpose + 256 * block), so any counter can be asked for. */
static void test_published_vectors(void **state) {
  (void)state;
  static const uint32_t zeros[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  static const uint32_t ones[] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  static const uint32_t pi[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  require_words(lc_draw(0, (enum lc_purpose)0, 0, 0, 0), zeros);
  require_words(lc_draw(UINT64_MAX, (enum lc_purpose)0xff, -1, UINT64_MAX, 0xffffff), ones);
  require_words(lc_draw(UINT64_C(0x299f31d0a4093822), (enum lc_purpose)0x44, 0x13198a2e,
                        UINT64_C(0x85a308d3243f6a88), 0x037073),
                pi);
}

/* Computed with another implementation of the published algorithm. */
static void test_counter_and_key(void **state) {
  (void)state;
  static const uint32_t a[] = {0x537a57aa, 0x61fd7193, 0x0b8af222, 0xf09c8c75};
  static const uint32_t b[] = {0x5f80e9bd, 0x137a1194, 0x4bf6b74d, 0xb100778d};
  require_words(lc_draw(UINT64_C(0x0123456789abcdef), LC_DRAW_RATE, 5, UINT64_C(0x1122334455), 3),
                a);
  require_words(lc_draw(7, LC_DRAW_OPERATION, 2, 41, 1), b);
}

static void test_purposes_keep_their_values(void **state) {
  (void)state;
  assert_int_equal(LC_DRAW_OPERATION, 0);
  assert_int_equal(LC_DRAW_RATE, 1);
}

static void test_every_argument_counts(void **state) {
  (void)state;
  struct lc_block base = lc_draw(1, LC_DRAW_OPERATION, 1, 1, 1);
  const struct lc_block other[] = {
      lc_draw(2, LC_DRAW_OPERATION, 1, 1, 1),
      lc_draw(1 + (UINT64_C(1) << 32), LC_DRAW_OPERATION, 1, 1, 1),
      lc_draw(1, LC_DRAW_RATE, 1, 1, 1),
      lc_draw(1, LC_DRAW_OPERATION, 2, 1, 1),
      lc_draw(1, LC_DRAW_OPERATION, 1, 2, 1),
      lc_draw(1, LC_DRAW_OPERATION, 1, 1 + (UINT64_C(1) << 32), 1),
      lc_draw(1, LC_DRAW_OPERATION, 1, 1, 2),
  };
  for (size_t i = 0; i < LENGTH(other); i++)
    assert_memory_not_equal(&base, &other[i], sizeof base);
  struct lc_block again = lc_draw(1, LC_DRAW_OPERATION, 1, 1, 1);
  assert_memory_equal(&base, &again, sizeof base);
}

static void test_below_edges(void **state) {
  (void)state;
  static const uint32_t sizes[] = {1, 2, 3, 6, 1000, 1u << 31, UINT32_MAX};
  for (size_t i = 0; i < LENGTH(sizes); i++) {
    assert_int_equal(lc_below(0, sizes[i]), 0);
    assert_int_equal(lc_below(UINT32_MAX, sizes[i]), sizes[i] - 1);
  }
}

/* Value k begins at the word ceil(k 2^32 / n): shares differ by one word at most. */
static void test_below_shares(void **state) {
  (void)state;
  for (uint32_t n = 2; n <= 100; n++)
    for (uint32_t k = 1; k < n; k++) {
      uint32_t first = (uint32_t)((((uint64_t)k << 32) + n - 1) / n);
      require(lc_below(first, n) == k && lc_below(first - 1, n) == k - 1,
              "value %u of %u does not begin at word %u", k, n, first);
    }
}

static void test_system_seeds_differ(void **state) {
  (void)state;
  uint64_t seed[8], any = 0;
  for (size_t i = 0; i < LENGTH(seed); i++) {
    seed[i] = lc_system_seed();
    any |= seed[i];
    assert_true(seed[i] <= INT64_MAX); /* it can be given as --seed again */
    for (size_t j = 0; j < i; j++)
      assert_true(seed[i] != seed[j]);
  }
  assert_true(any > UINT32_MAX);
}

static void test_many_at_once(void **state) {
  (void)state;
  for (int32_t n = 0; n <= LC_DRAWS; n++) {
    struct lc_draws draws;
    uint64_t seed = UINT64_C(0x123456789abcdef) * (uint64_t)(n + 1);
    memset(&draws, 0x5a, sizeof draws);
    for (int32_t k = 0; k < n; k++) {
      draws.word[0][k] = (uint32_t)(k * 77 + n);
      draws.word[1][k] = (uint32_t)(k % 3);
      draws.word[2][k] = (uint32_t)(1000 * k);
    }
    lc_draw_many(seed, LC_DRAW_LATENCY, n, &draws);
    for (int32_t k = 0; k < n; k++) {
      uint64_t number = (uint64_t)(k % 3) << 32 | (uint32_t)(k * 77 + n);
      struct lc_block block = lc_draw(seed, LC_DRAW_LATENCY, 1000 * k, number, 0);
      for (int w = 0; w < 4; w++)
        assert_int_equal(draws.word[w][k], block.word[w]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_at_once),
      cmocka_unit_test(test_published_vectors),
      cmocka_unit_test(test_counter_and_key),
      cmocka_unit_test(test_purposes_keep_their_values),
      cmocka_unit_test(test_every_argument_counts),
      cmocka_unit_test(test_below_edges),
      cmocka_unit_test(test_below_shares),
      cmocka_unit_test(test_system_seeds_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
