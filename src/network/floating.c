/* See floating.h. The logarithm is the series of artanh, the exponential Taylor's, after a
 * reduction that leaves so little that a fixed number of terms is enough. */
#include "floating.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the first has zeros at its end, so that its products with exponents are exact.
 */
static const double ln2_high = 0x1.62e42fefa3800p-1, ln2_low = 0x1.ef35793c76730p-45;

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh s, s = (m - 1) / (m + 1), |s| < 0.172.
 */
double fixed_log(double x) {
  enum { TERMS = 11 };
  uint64_t bits = bits_of(x);
  int e = (int)(bits >> 52) - 1023;
  double m = of_bits((bits & 0xfffffffffffffu) | UINT64_C(1023) << 52);
  if (m >= 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    e++;
  }
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int k = TERMS; k > 0; k--)
    sum = square * (1.0 / (2 * k + 1) + sum);
  return e * ln2_high + (2 * s + (2 * s * sum + e * ln2_low));
}

/* x = k ln 2 + r with |r| <= ln 2 / 2. */
double fixed_exp(double x) {
  enum { TERMS = 14 };
  double scaled = x * 0x1.71547652b82fep+0;
  int k = (int)(scaled + (scaled < 0 ? -0.5 : 0.5));
  double r = (x - k * ln2_high) - k * ln2_low, sum = 0;
  for (int n = TERMS; n > 1; n--)
    sum = r / n * (1 + sum);
  return (1 + (r + r * sum)) * of_bits((uint64_t)(1023 + k) << 52);
}

/* The quotient of two polynomials of degree 7, highest coefficient first; `below` ends in 1. */
static double quotient(const double above[8], const double below[8], double x) {
  double a = above[0], b = below[0];
  for (int i = 1; i < 8; i++) {
    a = a * x + above[i];
    b = b * x + below[i];
  }
  return a / b;
}

/* The coefficients of the paper: the middle, the tails, the far tails. */
static const double middle[2][8] = {
    {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
     4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
     1.3314166789178437745e+2, 3.3871328727963666080e+0},
    {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4,
     2.1213794301586595867e+4, 5.3941960214247511077e+3, 6.8718700749205790830e+2,
     4.2313330701600911252e+1, 1.0}};
static const double tail[2][8] = {
    {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
     4.63033784615654529590e+0, 1.42343711074968357734e+0},
    {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e+0,
     2.05319162663775882187e+0, 1.0}};
static const double far_tail[2][8] = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e+0,
     5.46378491116411436990e+0, 6.65790464350110377720e+0},
    {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0}};

double fixed_normal_quantile(double p) {
  double q = p - 0.5;
  if (q <= 0.425 && q >= -0.425)
    return q * quotient(middle[0], middle[1], 0.180625 - q * q);
  double r = sqrt(-fixed_log(q < 0 ? p : 1 - p));
  double z =
      r <= 5 ? quotient(tail[0], tail[1], r - 1.6) : quotient(far_tail[0], far_tail[1], r - 5);
  return q < 0 ? -z : z;
}
