/* progress.h: what a person sees while a run goes on. Rank 0 only; the other ranks have no display.
 * Local. */
#ifndef LCMPI_PROGRESS_H
#define LCMPI_PROGRESS_H

#include "lcmpi/workload.h"

enum lc_progress_mode { LC_PROGRESS_AUTO, LC_PROGRESS_LIVE, LC_PROGRESS_LOG, LC_PROGRESS_NONE };

enum { LC_TABLE_VMS = 16 }; /* up to so many VMs are shown one by one */

/* The whole system at one moment, over all ranks. */
struct lc_view {
  int64_t t_ns;  /* model time */
  int64_t clock; /* the largest value of the clock that is shown */
  int64_t n_event, n_sent, n_queued;
  int64_t n_overrun; /* ticks that began after the next one of their VM was due */
  int signal;        /* that asked for a stop, or 0 */
  struct {
    int64_t n_tick, clock, n_queued;
  } vm[LC_TABLE_VMS]; /* if there are no more VMs than that */
};

struct lc_progress;

/* `clock` is the name of the clock that is shown, or NULL; rate[] has n_vm entries and is copied.
 * With LC_PROGRESS_AUTO, live if the terminal can be opened (isatty() tells nothing under a
 * launcher), else a log line on stderr every few seconds. NULL, and all calls on it are nothing,
 * with LC_PROGRESS_NONE. */
struct lc_progress *lc_progress_open(enum lc_progress_mode mode, int32_t n_vm,
                                     const struct lc_rate *rate, const char *clock,
                                     int64_t duration_ns, struct lc_rate speed);
/* Shows the state; as often as it likes to be called, it draws as often as is good to read. */
void lc_progress_show(struct lc_progress *progress, const struct lc_view *view);
/* Clears the live display and gives the terminal back. */
void lc_progress_close(struct lc_progress *progress);

#endif
