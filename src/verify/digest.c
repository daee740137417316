/* The digests that the run computed as it went, to its end and to each cut, are those of what is on
 * file. */
#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void add(const struct lc_history *h, struct lc_digest *sum, const struct lc_digest *other) {
  sum->execution += other->execution;
  sum->snapshots += other->snapshots;
  for (int32_t c = 0; c < h->n_clock; c++)
    sum->clock[c] += other->clock[c];
}

/* [cuts.n + 1]: of the events and messages that each cut is the first to have before it; the last
 * is of those that none has. */
static void digest_events(const struct lc_history *h, const struct cut_list *cuts,
                          struct lc_digest *part) {
  for (int32_t v = 0; v < h->n_vm; v++)
    for (int64_t k = 0, cut = 0; k < h->machine[v].n_event; k++) {
      int64_t i = h->machine[v].first_event + k;
      while (cut < cuts->n && state_of(h, v, cuts->snapshot[cut])->n_event <= k)
        cut++;
      uint64_t id = lc_hash_id(v, h->event[i].seq);
      part[cut].execution += lc_hash_event(id, &h->event[i]);
      for (int32_t c = 0; c < h->n_clock; c++)
        part[cut].clock[c] +=
            lc_hash_words(id, h->clock[c].stamp + i * h->clock[c].words, h->clock[c].words);
    }
  for (int64_t i = 0; i < h->n_sent; i++) {
    const struct lc_sent *sent = &h->sent[i];
    part[first_cut_after(h, cuts, sent->sender, sent->send_seq)].execution +=
        lc_hash_message(sent->sender, sent->number, sent->receiver);
  }
}

static uint64_t digest_state(const struct lc_history *h, int32_t v, int32_t snapshot) {
  int64_t at = (int64_t)v * h->n_snapshot + snapshot;
  const struct lc_state *state = &h->state[at];
  const int64_t counts[] = {state->n_tick, state->n_internal, state->n_sent, state->n_received,
                            state->n_queued};
  uint64_t hash = lc_hash_state(v, snapshot, counts, 5);
  for (int32_t c = 0; c < h->n_clock; c++)
    hash = lc_hash_words(hash, h->clock[c].state_stamp + at * h->clock[c].words, h->clock[c].words);
  return hash;
}

/* Of all states before the end; up to snapshot s in upto[s]. */
static void digest_states(const struct lc_history *h, uint64_t *upto) {
  uint64_t sum = 0;
  for (int32_t s = 0; s < h->n_snapshot; s++) {
    for (int32_t v = 0; v < h->n_vm && !is_end(h, s); v++)
      if (state_of(h, v, s)->valid)
        sum += digest_state(h, v, s);
    upto[s] = sum;
  }
}

static void compare(struct lc_check *check, int64_t t, const char *what, const char *when,
                    uint64_t stored, uint64_t computed) {
  check->n_checked++;
  if (stored != computed)
    violation(check, t,
              "the digest of %s%s is 0x%016" PRIx64
              " in the file; what is on file gives 0x%016" PRIx64,
              what, when, stored, computed);
}

/* The clocks and the execution need every event. */
static void compare_all(struct lc_check *check, const struct lc_history *h, int64_t t,
                        const char *when, bool logged, const struct lc_digest *stored,
                        const struct lc_digest *computed) {
  compare(check, t, "the snapshots", when, stored->snapshots, computed->snapshots);
  if (!logged) {
    check->n_unknown += 1 + h->n_clock;
    return;
  }
  compare(check, t, "the execution", when, stored->execution, computed->execution);
  for (int32_t c = 0; c < h->n_clock; c++)
    compare(check, t, h->clock[c].name, when, stored->clock[c], computed->clock[c]);
}

void check_digest(const struct lc_history *h, struct lc_verdict *verdict) {
  if (!h->digested && !h->cut_digest)
    return;
  struct lc_check *check =
      new_check(verdict, "digest", "the digests are those of the events, stamps and states");
  struct cut_list cuts = {0};
  if (h->cut_digest)
    cuts = list_cuts(h, NULL);
  struct lc_digest *part = lc_new((size_t)cuts.n + 1, sizeof *part, "the verifier's digests");
  uint64_t *states = lc_new((size_t)h->n_snapshot, sizeof *states, "the verifier's digests");
  struct lc_digest sum = {0};
  bool logged = true;
  for (int32_t v = 0; v < h->n_vm; v++)
    logged &= h->machine[v].logged;
  digest_states(h, states);
  if (logged)
    digest_events(h, &cuts, part);
  for (int32_t c = 0; c < cuts.n; c++) {
    char when[40];
    int32_t s = cuts.snapshot[c];
    add(h, &sum, &part[c]);
    sum.snapshots = states[s];
    snprintf(when, sizeof when, " before snapshot %d", s);
    compare_all(check, h, is_end(h, s) ? h->t_end : h->t_snapshot[s], when, logged,
                &h->cut_digest[s], &sum);
  }
  add(h, &sum, &part[cuts.n]);
  sum.snapshots = h->n_snapshot ? states[h->n_snapshot - 1] : 0;
  if (h->digested)
    compare_all(check, h, h->t_end, "", logged, &h->digest, &sum);
  free(cuts.snapshot);
  free(part);
  free(states);
}
