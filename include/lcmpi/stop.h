/* stop.h: signals, and the end of the time there is, as requests to stop. A handler only notes the
 * first one; what is done about it is decided by all ranks together. A second signal ends the
 * process at once. Local. */
#ifndef LCMPI_STOP_H
#define LCMPI_STOP_H

#include <stdint.h>

/* From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGXCPU ask for a stop. The second of them ends
 * the process with 128 + its number, without any cleaning up: what is committed is on file. */
void lc_stop_on_signals(void);
/* Asks for a stop, as SIGALRM, when so much wall time has passed from now on; at once if that is
 * not above 0. It is not one of the two signals: one that comes after it is the first. */
void lc_stop_after(int64_t ns);
/* What asked for a stop, or 0: the first signal that came; SIGALRM as long as there was none. */
int lc_stop_signal(void);
/* When a stop was first asked for, by the monotonic clock. */
int64_t lc_stop_time_ns(void);
/* "SIGTERM"; of SIGALRM "--max-walltime" */
const char *lc_signal_name(int signal);

#endif
