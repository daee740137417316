/* Handlers that do nothing but note, and the rule that a second request is final. */
#include "lcmpi/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal;
static volatile int64_t first_time_ns;

static void note(int number) {
  if (first_signal)
    _exit(128 + number);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  first_time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  first_signal = number;
}

void lc_stop_on_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaction(signals[i], &action, NULL);
  signal(SIGPIPE, SIG_IGN); /* who reads the output may leave, and a file may reach its limit: */
  signal(SIGXFSZ, SIG_IGN); /* neither ends a run without a word */
}

int lc_stop_signal(void) {
  return first_signal;
}

int64_t lc_stop_time_ns(void) {
  return first_time_ns;
}

const char *lc_signal_name(int number) {
  switch (number) {
  case SIGINT:
    return "SIGINT";
  case SIGTERM:
    return "SIGTERM";
  case SIGHUP:
    return "SIGHUP";
  case SIGUSR1:
    return "SIGUSR1";
  }
  return "a signal";
}
