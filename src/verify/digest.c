/* The digests that the run computed as it went are those of what is on file. */
#include "checks.h"

#include <inttypes.h>

static void digest_events(const struct lc_history *h, struct lc_digest *digest) {
  for (int64_t i = 0; i < h->n_event; i++) {
    uint64_t id = lc_hash_id(h->event[i].machine, h->event[i].seq);
    digest->execution += lc_hash_event(id, &h->event[i]);
    for (int32_t c = 0; c < h->n_clock; c++)
      digest->clock[c] +=
          lc_hash_words(id, h->clock[c].stamp + i * h->clock[c].words, h->clock[c].words);
  }
  for (int64_t i = 0; i < h->n_sent; i++)
    digest->execution += lc_hash_message(h->sent[i].sender, h->sent[i].number, h->sent[i].receiver);
}

static void digest_states(const struct lc_history *h, struct lc_digest *digest) {
  for (int32_t v = 0; v < h->n_vm; v++)
    for (int32_t s = 0; s + 1 < h->n_snapshot; s++) {
      int64_t at = (int64_t)v * h->n_snapshot + s;
      const struct lc_state *state = &h->state[at];
      const int64_t counts[] = {state->n_tick, state->n_internal, state->n_sent, state->n_received,
                                state->n_queued};
      if (!state->valid)
        continue;
      uint64_t hash = lc_hash_state(v, s, counts, 5);
      for (int32_t c = 0; c < h->n_clock; c++)
        hash = lc_hash_words(hash, h->clock[c].state_stamp + at * h->clock[c].words,
                             h->clock[c].words);
      digest->snapshots += hash;
    }
}

static void compare(struct lc_check *check, const struct lc_history *h, const char *what,
                    uint64_t stored, uint64_t computed) {
  check->n_checked++;
  if (stored != computed)
    violation(check, h->t_end,
              "the digest of %s is 0x%016" PRIx64
              " in the file; what is on file gives 0x%016" PRIx64,
              what, stored, computed);
}

void check_digest(const struct lc_history *h, struct lc_verdict *verdict) {
  if (!h->digested)
    return;
  struct lc_check *check =
      new_check(verdict, "digest", "the digests are those of the events, stamps and states");
  struct lc_digest digest = {0};
  bool logged = true;
  for (int32_t v = 0; v < h->n_vm; v++)
    logged &= h->machine[v].logged;
  digest_states(h, &digest);
  compare(check, h, "the snapshots", h->digest.snapshots, digest.snapshots);
  if (!logged) {
    check->n_unknown = 1 + h->n_clock;
    return;
  }
  digest_events(h, &digest);
  compare(check, h, "the execution", h->digest.execution, digest.execution);
  for (int32_t c = 0; c < h->n_clock; c++)
    compare(check, h, h->clock[c].name, h->digest.clock[c], digest.clock[c]);
}
