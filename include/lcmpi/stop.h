/* stop.h: signals, and the end of the time there is, as requests to stop. A handler only notes the
 * first one; what is done about it is decided by all ranks together. A second request, by a signal
 * that comes later, ends the process at once. Local. */
#ifndef LCMPI_STOP_H
#define LCMPI_STOP_H

#include <stdint.h>

/* Signals of less than a second are one request, told by several: when a job is cancelled, Slurm
 * and the launcher both pass it on, and timeout(1) tells its child and then its group. */
#define LC_STOP_APART_NS INT64_C(1000000000)

/* From now on SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGXCPU ask for a stop. One that comes
 * LC_STOP_APART_NS or more after the first ends the process with 128 + its number, without any
 * cleaning up: what is committed is on file. */
void lc_stop_on_signals(void);
/* Asks for a stop, as SIGALRM, when so much wall time has passed from now on; at once if that is
 * not above 0. It is no signal in this sense: one that comes after it is the first. */
void lc_stop_after(int64_t ns);
/* What asked for a stop, or 0: the first signal that came; SIGALRM as long as there was none. */
int lc_stop_signal(void);
/* When a stop was first asked for, by the monotonic clock. */
int64_t lc_stop_time_ns(void);
/* "SIGTERM"; of SIGALRM "--max-walltime" */
const char *lc_signal_name(int signal);

#endif
