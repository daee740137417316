/* Code for the processor at hand: functions that the compiler makes once for each kind, so that the
 * loader picks one, and whether instructions may be spelt out. Neither under the sanitizers, whose
 * tests then run the portable code. */
#ifndef LC_BASE_PROCESSOR_H
#define LC_BASE_PROCESSOR_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#define LC_HAVE_AVX512
#else
#define FOR_EACH_PROCESSOR
#endif

#endif
