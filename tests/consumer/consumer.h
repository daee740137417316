/* What the files of this program share. */
#ifndef CONSUMER_H
#define CONSUMER_H

#include <lcmpi/clock.h>

/* Plausible clocks: F. Torres-Rojas, M. Ahamad, 1996. */
extern const struct lc_clock plausible;
/* The same, but a receive does not look at its message: no clock. */
extern const struct lc_clock deaf;

/* Three machines of 1, 3 and 6 ticks/s, 60 s of virtual time, with these clocks; prints the stamps
 * at the end and the digest of all events. */
lc_status run_system(const char *clocks, struct lc_error *err);

#endif
