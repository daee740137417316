/* Which clocks there are: those of this build, and those that the program brings. */
#include "lcmpi/clock.h"

#include <string.h>

static const struct lc_clock **registered;
static size_t n_registered, capacity;

_Static_assert(LC_CLOCK_NAME_MAX == 63, "as lc_clock_lacks() says it");

static bool is_word(const char *name) {
  static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
  size_t length = name ? strspn(name, characters) : 0;
  return length && !name[length] && *name >= 'a' && strcmp(name, "help") != 0;
}

const char *lc_clock_lacks(const struct lc_clock *clock) {
  if (!is_word(clock->name))
    return "a name of one word: a letter, then letters, digits and hyphens, all lower case";
  if (strlen(clock->name) > LC_CLOCK_NAME_MAX)
    return "a name of at most 63 characters";
  if (!clock->summary || !clock->promise)
    return "a summary and a promise";
  if (!clock->stamp_words || !clock->local || !clock->send || !clock->receive || !clock->compare ||
      !clock->print)
    return "one of its required operations";
  if (!clock->encode != !clock->decode || !clock->encode != !clock->wire_bytes)
    return "one of encode, decode and wire_bytes; it has another";
  return NULL;
}

lc_status lc_clock_register(const struct lc_clock *clock, struct lc_error *err) {
  const char *lack = lc_clock_lacks(clock);
  if (lack)
    return lc_fail(err, LC_EUSAGE, "clock %s lacks %s", clock->name ? clock->name : "(unnamed)",
                   lack);
  if (lc_clock_find(clock->name))
    return lc_fail(err, LC_EUSAGE, "clock %s: there is a clock of this name", clock->name);
  lc_grow((void **)&registered, &capacity, n_registered + 1, sizeof(void *), "the list of clocks");
  registered[n_registered++] = clock;
  return LC_OK;
}

const struct lc_clock *lc_clock_at(size_t i) {
  if (i < lc_n_clock)
    return lc_clocks[i];
  return i - lc_n_clock < n_registered ? registered[i - lc_n_clock] : NULL;
}

const struct lc_clock *lc_clock_find(const char *name) {
  const struct lc_clock *clock;
  for (size_t i = 0; (clock = lc_clock_at(i)); i++)
    if (strcmp(clock->name, name) == 0)
      return clock;
  return NULL;
}
