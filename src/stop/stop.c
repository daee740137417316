/* Handlers that do nothing but note, and the rule that a second signal is final. */
#include "lcmpi/stop.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal;
static volatile int64_t asked_ns, signalled_ns; /* of the first request; of the first signal */

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The timer is for those who sent nothing yet: it neither comes second nor makes the next one so.
 */
static void note(int number) {
  int64_t now = now_ns();
  if (!first_signal)
    asked_ns = now;
  else if (number == SIGALRM)
    return;
  else if (first_signal != SIGALRM) {
    if (now - signalled_ns >= LC_STOP_APART_NS)
      _exit(128 + number);
    return;
  }
  first_signal = number;
  signalled_ns = now;
}

static void note_from_now_on(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask); /* one is noted after the other */
  sigaction(number, &action, NULL);
}

void lc_stop_on_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    note_from_now_on(signals[i]);
  signal(SIGPIPE, SIG_IGN); /* who reads the output may leave, and a file may reach its limit: */
  signal(SIGXFSZ, SIG_IGN); /* neither ends a run without a word */
}

void lc_stop_after(int64_t ns) {
  note_from_now_on(SIGALRM);
  if (ns <= 0) {
    raise(SIGALRM);
    return;
  }
  int64_t us = (ns + 999) / 1000; /* 0 would be never */
  struct itimerval timer = {.it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int lc_stop_signal(void) {
  return first_signal;
}

int64_t lc_stop_time_ns(void) {
  return asked_ns;
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
  case SIGXCPU:
    return "SIGXCPU";
  case SIGALRM:
    return "--max-walltime";
  }
  return "a signal";
}
