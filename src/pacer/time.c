/* Model time against the wall clock, in whole numbers: with --speed p/q, model = wall * p / q since
 * the start. */
#include "real.h"

__extension__ typedef __int128 wide;

int64_t model_now(const struct real *r) {
  wide wall = lc_monotonic_ns() - r->start_ns;
  return r->begun_ns + (int64_t)(wall * r->world->speed.p / r->world->speed.q);
}

/* The first moment of the wall clock at which model time has reached `model_ns`. */
int64_t wall_of(const struct real *r, int64_t model_ns) {
  wide since = (wide)model_ns - r->begun_ns;
  wide wall = (since * r->world->speed.q + r->world->speed.p - 1) / r->world->speed.p;
  wall += r->start_ns;
  return wall > INT64_MAX ? INT64_MAX : (int64_t)wall;
}
