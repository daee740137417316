/* How a violation is kept and worded: of all violations of a check, the earliest is shown. */
#include "checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct lc_check *new_check(struct lc_verdict *verdict, const char *name, const char *claim) {
  lc_assert(verdict->n_check < LC_MAX_CHECKS);
  struct lc_check *check = &verdict->check[verdict->n_check++];
  memset(check, 0, sizeof *check);
  snprintf(check->name, sizeof check->name, "%s", name);
  snprintf(check->claim, sizeof check->claim, "%s", claim);
  return check;
}

bool violation(struct lc_check *check, int64_t t, const char *format, ...) {
  if (check->n_violation++ && t >= check->t_witness)
    return false;
  check->n_place = 0;
  check->t_witness = t;
  va_list args;
  va_start(args, format);
  vsnprintf(check->witness, sizeof check->witness, format, args);
  va_end(args);
  return true;
}

const char *event_text(char out[EVENT_TEXT], const struct lc_event *event) {
  snprintf(out, EVENT_TEXT, "VM %d tick %" PRId64 " (%s, event %" PRId64 ", %.6f s)",
           event->machine, event->tick, lc_kind_name(event->kind), event->seq,
           (double)event->t_actual / 1e9);
  return out;
}
