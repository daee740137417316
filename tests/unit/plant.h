/* One defect in a correct history: planting it at random places of many, and what the verifier must
 * then say. The tests of defects are made of these. */
#ifndef LC_TESTS_UNIT_PLANT_H
#define LC_TESTS_UNIT_PLANT_H

#include "sim.h"
#include "unit.h"

#include "lcmpi/verify.h"

enum { SEEDS = 8, TEXT = 160 };

/* What the verdict must be. */
struct expected {
  const char *check;
  char witness[2][TEXT]; /* both must stand in the witness */
};
void expect(struct expected *expected, const char *check, const char *text);
void expect_event(struct expected *expected, const struct lc_event *e);
/* The check of that name, or NULL. */
const struct lc_check *check_named(const struct lc_verdict *verdict, const char *name);
void require_found(const struct lc_history *h, const struct expected *expected);

/* Plants one defect; false if this history has no place for it. */
typedef bool plant(struct lc_history *h, struct draws *draws, struct expected *expected);
void plant_everywhere(plant *defect);

/* Places: a random event that suits, or -1. */
typedef bool suits(const struct lc_history *h, int64_t at);
int64_t pick(const struct lc_history *h, struct draws *draws, suits *place);
bool has_before(const struct lc_history *h, int64_t at);
bool has_after(const struct lc_history *h, int64_t at);
bool any_event(const struct lc_history *h, int64_t at);
bool is_internal(const struct lc_history *h, int64_t at);
bool is_send(const struct lc_history *h, int64_t at);
bool is_receive(const struct lc_history *h, int64_t at);
/* The next event is in time to be the first that shows what is wrong. */
bool is_followed_internal(const struct lc_history *h, int64_t at);
struct lc_sent *row_of(const struct lc_history *h, int32_t sender, int64_t number);
int64_t send_of(const struct lc_history *h, int64_t receive);

/* A random row of a message that crosses a cut, or -1: of the end or of a snapshot before it. */
int64_t pick_left(const struct lc_history *h, struct draws *draws, bool at_end);
/* Puts a row at its place, with the stamps of an event; takes one away. Returns where it is. */
int64_t insert_left(struct lc_history *h, const struct lc_left *left, int64_t event);
void remove_left(struct lc_history *h, int64_t at);

#endif
