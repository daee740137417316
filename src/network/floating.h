/* Logarithm, exponential and the normal quantile with the same last bit on every host: sums and
 * products of doubles in a fixed order (and sqrt, which IEEE 754 rounds correctly), no libm, and
 * the build allows no contraction. Within 4 units in the last place of the exact value. */
#ifndef LC_NETWORK_FLOATING_H
#define LC_NETWORK_FLOATING_H

/* Natural logarithm of a normal x > 0. */
double fixed_log(double x);
/* e^x for |x| <= 700. */
double fixed_exp(double x);
/* The z that a standard normal variable is below with probability p, 0 < p < 1: M. Wichura,
 * "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37(3),
 * 1988 (PPND16). */
double fixed_normal_quantile(double p);

#endif
