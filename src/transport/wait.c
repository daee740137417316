/* Time, waiting without spinning, and MPI's return codes as ours. */
#include "internal.h"

#include <time.h>

lc_status transport_check(int code, const char *doing, struct lc_error *err) {
  if (code == MPI_SUCCESS)
    return LC_OK;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  return lc_fail(err, LC_ERANK, "a rank was lost or MPI failed while %s: %s", doing, text);
}

int64_t lc_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * LC_NS_PER_S + now.tv_nsec;
}

void lc_sleep_until(int64_t ns) {
  struct timespec until = {.tv_sec = ns / LC_NS_PER_S, .tv_nsec = ns % LC_NS_PER_S};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Sleeping is what makes room for the other ranks on few cores; the first looks come quickly. */
void transport_finish(int code, MPI_Request *request) {
  struct lc_error err;
  int done = 0;
  int64_t nap = 5000;
  for (int look = 0;; look++) {
    if (code == MPI_SUCCESS)
      code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (transport_check(code, "the ranks did something together", &err))
      lc_die(LC_ERANK, "%s", err.text);
    if (done)
      return;
    if (look < 3)
      continue;
    lc_sleep_until(lc_monotonic_ns() + nap);
    nap = nap < 1000000 ? nap * 2 : nap;
  }
}
