#include "plant.h"

void expect(struct expected *expected, const char *check, const char *text) {
  expected->check = check;
  snprintf(expected->witness[1], TEXT, "%s", text);
}

void expect_event(struct expected *expected, const struct lc_event *e) {
  snprintf(expected->witness[0], TEXT, "VM %d tick %lld (", e->machine, (long long)e->tick);
}

const struct lc_check *check_named(const struct lc_verdict *verdict, const char *name) {
  for (int32_t i = 0; i < verdict->n_check; i++)
    if (strcmp(verdict->check[i].name, name) == 0)
      return &verdict->check[i];
  return NULL;
}

void require_found(const struct lc_history *h, const struct expected *expected) {
  struct lc_verdict verdict;
  assert_int_equal(lc_verify(h, &verdict), LC_EVERIFY);
  const struct lc_check *check = check_named(&verdict, expected->check);
  assert_non_null(check);
  require(check->n_violation > 0, "%s finds nothing; expected: %s%s", expected->check,
          expected->witness[0], expected->witness[1]);
  for (int i = 0; i < 2; i++)
    require(strstr(check->witness, expected->witness[i]), "expected '%s' in: %s",
            expected->witness[i], check->witness);
}

void plant_everywhere(plant *defect) {
  int planted = 0;
  for (int32_t n_vm = 2; n_vm <= 5; n_vm++)
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
      struct lc_history h;
      struct draws draws = {seed * 10 + (uint64_t)n_vm};
      struct expected expected = {.check = ""};
      simulate(&h, 1000 + seed, n_vm);
      if (defect(&h, &draws, &expected)) {
        require_found(&h, &expected);
        planted++;
      }
      lc_history_free(&h);
    }
  require(planted >= 6, "planted only %d times", planted);
}

int64_t pick(const struct lc_history *h, struct draws *draws, suits *place) {
  int64_t chosen = -1, seen = 0;
  for (int64_t i = 0; i < h->n_event; i++)
    if (place(h, i) && draw_below(draws, ++seen) == 0)
      chosen = i;
  return chosen;
}

bool has_before(const struct lc_history *h, int64_t at) {
  return h->event[at].seq > 0;
}

bool has_after(const struct lc_history *h, int64_t at) {
  return h->event[at].seq + 1 < h->machine[h->event[at].machine].n_event;
}

bool any_event(const struct lc_history *h, int64_t at) {
  return at < h->n_event;
}

bool is_internal(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_INTERNAL;
}

bool is_send(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_SEND;
}

bool is_receive(const struct lc_history *h, int64_t at) {
  return h->event[at].kind == LC_RECEIVE;
}

bool is_followed_internal(const struct lc_history *h, int64_t at) {
  return is_internal(h, at) && has_after(h, at) && h->event[at + 1].t_actual < h->t_end;
}

struct lc_sent *row_of(const struct lc_history *h, int32_t sender, int64_t number) {
  return &h->sent[h->machine[sender].first_sent + number];
}

int64_t send_of(const struct lc_history *h, int64_t receive) {
  const struct lc_event *e = &h->event[receive];
  return h->machine[e->peer].first_event + row_of(h, e->peer, e->msg_first)->send_seq;
}

int64_t pick_left(const struct lc_history *h, struct draws *draws, bool at_end) {
  int64_t chosen = -1, seen = 0;
  for (int64_t i = 0; i < h->n_left; i++)
    if ((h->left[i].snapshot == h->n_snapshot - 1) == at_end && draw_below(draws, ++seen) == 0)
      chosen = i;
  return chosen;
}

static void move_left(struct lc_history *h, int64_t to, int64_t from, int64_t n) {
  memmove(h->left + to, h->left + from, (size_t)n * sizeof *h->left);
  for (int32_t c = 0; c < h->n_clock; c++) {
    int64_t words = h->clock[c].words, *stamp = h->clock[c].left_stamp;
    memmove(stamp + to * words, stamp + from * words, (size_t)(n * words) * sizeof *stamp);
  }
}

static bool left_before(const struct lc_left *a, const struct lc_left *b) {
  const int64_t keys[][2] = {{a->snapshot, b->snapshot}, {a->machine, b->machine},
                             {a->fate, b->fate},         {a->t_arrival, b->t_arrival},
                             {a->sender, b->sender},     {a->number, b->number}};
  for (size_t i = 0; i < LENGTH(keys); i++)
    if (keys[i][0] != keys[i][1])
      return keys[i][0] < keys[i][1];
  return false;
}

int64_t insert_left(struct lc_history *h, const struct lc_left *left, int64_t event) {
  struct lc_left row = *left; /* may be one of those that move */
  int64_t at = 0;
  while (at < h->n_left && !left_before(&row, &h->left[at]))
    at++;
  h->left = realloc(h->left, (size_t)(h->n_left + 1) * sizeof *h->left);
  for (int32_t c = 0; c < h->n_clock; c++)
    h->clock[c].left_stamp = realloc(
        h->clock[c].left_stamp, (size_t)((h->n_left + 1) * h->clock[c].words) * sizeof(int64_t));
  move_left(h, at + 1, at, h->n_left - at);
  h->left[at] = row;
  for (int32_t c = 0; c < h->n_clock; c++)
    memcpy(h->clock[c].left_stamp + at * h->clock[c].words,
           h->clock[c].stamp + event * h->clock[c].words,
           (size_t)h->clock[c].words * sizeof(int64_t));
  h->n_left++;
  return at;
}

void remove_left(struct lc_history *h, int64_t at) {
  move_left(h, at, at + 1, h->n_left - at - 1);
  h->n_left--;
}
