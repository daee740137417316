/* rng.h: counter-based random numbers (Philox4x32-10; Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC'11; from the Random123 library).
 *
 * A draw is a pure function of (seed, purpose, VM, number): no draw depends on what ran before it,
 * so the same tick has the same draw on any number of ranks and in every pace. */
#ifndef LCMPI_RNG_H
#define LCMPI_RNG_H

#include <stdint.h>

/* What a draw is for. The values are part of the format of a run: they never change. */
enum lc_purpose {
  LC_DRAW_OPERATION = 0, /* number = tick: word 0 operation, word 1 peer, words 2, 3 multicast */
  LC_DRAW_RATE = 1,      /* number = 0: word 0 the rate, words 2, 3 the random phase */
  LC_DRAW_LATENCY = 2,   /* number = message number of the sender; words 0, 1 */
  LC_DRAW_TOPOLOGY = 3,  /* number = 0, blocks 0, 1, ...: the peers of a VM */
  LC_DRAW_REQUEST = 4,   /* number = request of the VM to the server; words 0, 1: its latency */
  LC_DRAW_ANSWER = 5,    /* the same of what the server answers to it */
};

struct lc_block {
  uint32_t word[4];
};

/* Key: the seed. Counter: (number low, number high, VM, purpose + 256 * block), so that a purpose
 * that needs more than four words takes blocks 1, 2, ... of the same tick. */
struct lc_block lc_draw(uint64_t seed, enum lc_purpose purpose, int32_t vm, uint64_t number,
                        uint32_t block);

/* Block 0 of n numbers at once, 0 <= n <= LC_DRAWS. Before: word 0 and 1 the number's low and high
 * half, word 2 the VM. After: the words of the block; places behind n are changed too. */
enum { LC_DRAWS = 64 };
struct lc_draws {
  uint32_t word[4][LC_DRAWS];
};
void lc_draw_many(uint64_t seed, enum lc_purpose purpose, int32_t n, struct lc_draws *draws);

/* A whole number in 0..n-1 out of one word (multiply-high; n >= 1). */
static inline uint32_t lc_below(uint32_t word, uint32_t n) {
  return (uint32_t)(((uint64_t)word * n) >> 32);
}

/* 40 random bits from the system: few enough to be typed again, for a seed that was not given. */
uint64_t lc_system_seed(void);

#endif
