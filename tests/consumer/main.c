/* Registers a clock, holds it to its promise, and runs a system with it beside lamport; and shows
 * that a clock that is none is found out. */
#include "consumer.h"

#include <stdio.h>

static lc_status judge(const struct lc_clock *clock, struct lc_error *err) {
  for (uint64_t seed = 1; seed <= 3; seed++) {
    lc_status status = lc_clock_conformance(clock, seed, err);
    if (status)
      return status;
  }
  return LC_OK;
}

static lc_status work(struct lc_error *err) {
  lc_status status = lc_clock_register(&plausible, err);
  if (!status)
    status = judge(lc_clock_find("plausible"), err);
  if (status)
    return status;
  printf("clock plausible: passes the suite\n");
  if (lc_clock_register(&plausible, err) != LC_EUSAGE)
    return lc_fail(err, LC_EINTERNAL, "the same name was registered twice");
  printf("again: %s\n", err->text);
  if (judge(&deaf, err) != LC_EVERIFY)
    return lc_fail(err, LC_EINTERNAL, "the suite finds nothing wrong with %s", deaf.name);
  printf("found: %s\n", err->text);
  return run_system("lamport,plausible", err);
}

int main(void) {
  struct lc_error err;
  lc_status status = work(&err);
  if (status)
    fprintf(stderr, "consumer: %s\n", err.text);
  return (int)status;
}
