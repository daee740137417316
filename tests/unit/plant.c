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
