/* Several clocks on one execution: each has its part of one state and one stamp array per VM. */
#include "lcmpi/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lc_clock_set_init(struct lc_clock_set *set, int32_t n_vm) {
  memset(set, 0, sizeof *set);
  set->n_vm = n_vm;
}

lc_status lc_clock_set_add(struct lc_clock_set *set, const struct lc_clock *clock,
                           struct lc_error *err) {
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c] == clock)
      return lc_fail(err, LC_EUSAGE, "--clock names %s twice", clock->name);
  if (set->n == LC_MAX_CLOCKS)
    return lc_fail(err, LC_EUSAGE, "--clock takes at most %d clocks", LC_MAX_CLOCKS);
  int32_t stamp = clock->stamp_words(set->n_vm);
  int32_t state = clock->state_words ? clock->state_words(set->n_vm) : stamp;
  int32_t c = set->n++;
  set->clock[c] = clock;
  set->stamp_at[c] = set->stamp_words;
  set->state_at[c] = set->state_words;
  set->stamp_width[c] = stamp;
  set->stamp_words += stamp;
  set->state_words += state;
  set->wire_bytes += lc_clock_wire_bytes(clock, set->n_vm);
  set->ticks |= clock->tick != NULL;
  return LC_OK;
}

static lc_status unknown_clock(const char *name, struct lc_error *err) {
  char known[256] = "";
  size_t used = 0;
  for (size_t i = 0; lc_clock_at(i) && used < sizeof known; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                             lc_clock_at(i)->name);
  return lc_fail(err, LC_EUSAGE, "--clock: no clock is called '%s'; there are: %s", name, known);
}

lc_status lc_clock_set_parse(struct lc_clock_set *set, const char *list, struct lc_error *err) {
  const char *at = list;
  for (;;) {
    size_t length = strcspn(at, ",");
    char *name = lc_format("%.*s", (int)length, at);
    const struct lc_clock *clock = lc_clock_find(name);
    lc_status status = clock ? lc_clock_set_add(set, clock, err) : unknown_clock(name, err);
    free(name);
    if (status)
      return status;
    at += length;
    if (!*at)
      return LC_OK;
    at++;
  }
}

int32_t lc_clock_set_shown(const struct lc_clock_set *set) {
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c]->value)
      return c;
  return -1;
}

const struct lc_clock *lc_clock_set_untold(const struct lc_clock_set *set) {
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c]->state_words)
      return set->clock[c];
  return NULL;
}

void lc_clock_set_start(const struct lc_clock_set *set, int64_t *state,
                        const struct lc_clock_site *site) {
  for (int32_t i = 0; i < set->state_words; i++)
    state[i] = 0;
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c]->init)
      set->clock[c]->init(state + set->state_at[c], site);
}

void lc_clock_set_tick(const struct lc_clock_set *set, int64_t *state,
                       const struct lc_clock_site *site) {
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c]->tick)
      set->clock[c]->tick(state + set->state_at[c], site);
}

static void take_stamp(const struct lc_clock_set *set, int32_t c, const int64_t *state,
                       const struct lc_clock_site *site, int64_t *stamps) {
  const int64_t *own = state + set->state_at[c];
  int64_t *to = stamps + set->stamp_at[c];
  if (set->clock[c]->stamp)
    set->clock[c]->stamp(own, site, to);
  else
    memcpy(to, own, (size_t)set->stamp_width[c] * sizeof *to);
}

void lc_clock_set_local(const struct lc_clock_set *set, int64_t *state,
                        const struct lc_clock_site *site, int64_t *stamps) {
  for (int32_t c = 0; c < set->n; c++) {
    set->clock[c]->local(state + set->state_at[c], site);
    take_stamp(set, c, state, site, stamps);
  }
}

void lc_clock_set_send(const struct lc_clock_set *set, int64_t *state,
                       const struct lc_clock_site *site, int64_t *stamps) {
  for (int32_t c = 0; c < set->n; c++) {
    set->clock[c]->send(state + set->state_at[c], site);
    take_stamp(set, c, state, site, stamps);
  }
}

void lc_clock_set_receive(const struct lc_clock_set *set, int64_t *state, const int64_t *message,
                          const struct lc_clock_site *site, int64_t *stamps) {
  for (int32_t c = 0; c < set->n; c++) {
    set->clock[c]->receive(state + set->state_at[c], message + set->stamp_at[c], site);
    take_stamp(set, c, state, site, stamps);
  }
}

size_t lc_clock_set_encode(const struct lc_clock_set *set, const int64_t *stamps,
                           unsigned char *to) {
  size_t used = 0;
  for (int32_t c = 0; c < set->n; c++)
    used += lc_clock_encode(set->clock[c], stamps + set->stamp_at[c], set->n_vm, to + used);
  return used;
}

bool lc_clock_set_decode(const struct lc_clock_set *set, int64_t *stamps, const unsigned char *from,
                         size_t length) {
  size_t used = 0;
  for (int32_t c = 0; c < set->n; c++) {
    size_t read = lc_clock_decode(set->clock[c], stamps + set->stamp_at[c], set->n_vm, from + used,
                                  length - used);
    if (!read)
      return false;
    used += read;
  }
  return used == length;
}
