/* stop.h: signals as requests to stop. A handler only notes the first one; what is done about it is
 * decided by all ranks together. A second one ends the process at once. Local. */
#ifndef LCMPI_STOP_H
#define LCMPI_STOP_H

#include <stdint.h>

/* From now on SIGINT, SIGTERM, SIGHUP and SIGUSR1 ask for a stop. The second of them ends the
 * process with 128 + its number, without any cleaning up: what is committed is on file. */
void lc_stop_on_signals(void);
/* Asks for a stop, as SIGALRM does, when so much wall time has passed from now on. A signal that
 * comes after it is not yet a second one. */
void lc_stop_after(int64_t ns);
/* The first signal that came, or 0. */
int lc_stop_signal(void);
/* When it came, by the monotonic clock. */
int64_t lc_stop_time_ns(void);
/* "SIGTERM" */
const char *lc_signal_name(int signal);

#endif
