/* digest.h: 64 bits that stand for a whole execution (model.md, Rulings, Digest). Every event has a
 * hash; the digest is their sum, so it does not depend on the order in which anything ran, and
 * ranks add theirs up. Two executions with the same digest had the same events; a chance agreement
 * has probability 2^-64. Local. */
#ifndef LCMPI_DIGEST_H
#define LCMPI_DIGEST_H

#include "lcmpi/clock.h"
#include "lcmpi/event.h"

struct lc_digest {
  uint64_t execution; /* VM, event number, tick, time, kind, messages, receivers */
  uint64_t snapshots; /* counts and stamps of every VM at every snapshot before the end */
  uint64_t clock[LC_MAX_CLOCKS]; /* the stamps of every event, one digest per clock */
};

/* The two halves of the 128-bit product, folded. */
static inline uint64_t lc_mix(uint64_t a, uint64_t b) {
  __extension__ unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The identity of event `seq` of VM `vm`: what the other hashes start from. */
static inline uint64_t lc_hash_id(int32_t vm, int64_t seq) {
  return lc_mix((uint64_t)(uint32_t)vm ^ UINT64_C(0x9e3779b97f4a7c15),
                (uint64_t)seq ^ UINT64_C(0xbf58476d1ce4e5b9));
}

static inline uint64_t lc_hash_words(uint64_t id, const int64_t *word, int32_t n) {
  uint64_t hash = id;
  for (int32_t i = 0; i < n; i++)
    hash = lc_mix(hash ^ UINT64_C(0x94d049bb133111eb),
                  (uint64_t)word[i] ^ UINT64_C(0xd6e8feb86659fd93));
  return hash;
}

/* An event without its receivers: its words by odd factors, mixed with its identity. In virtual
 * time t_actual is the tick's time. */
static inline uint64_t lc_hash_event(uint64_t id, const struct lc_event *e) {
  uint64_t what = (uint64_t)e->kind | (uint64_t)(uint32_t)e->msg_count << 8;
  uint64_t sum = (uint64_t)e->tick * UINT64_C(0xa0761d6478bd642f) +
                 (uint64_t)e->t_actual * UINT64_C(0xe7037ed1a0b428db) +
                 (uint64_t)e->msg_first * UINT64_C(0x8ebc6af09c88c6e3) +
                 (uint64_t)e->t_arrival * UINT64_C(0x589965cc75374cc3) +
                 (uint64_t)(uint32_t)e->peer * UINT64_C(0x1d8e4e27c47d124f) + what;
  return lc_mix(id ^ UINT64_C(0x2545f4914f6cdd1d), sum ^ UINT64_C(0xd1342543de82ef95));
}

/* A message: who it went to. */
static inline uint64_t lc_hash_message(int32_t sender, int64_t number, int32_t receiver) {
  uint64_t ends = (uint64_t)(uint32_t)sender << 32 | (uint32_t)receiver;
  return lc_mix(ends ^ UINT64_C(0xeb44accab455d165),
                (uint64_t)number ^ UINT64_C(0xaf251af3b0f025b5));
}

/* Adds one VM's state at a snapshot: `counts` is whatever the snapshot counts. */
static inline uint64_t lc_hash_state(int32_t vm, int32_t snapshot, const int64_t *counts,
                                     int32_t n) {
  return lc_hash_words(lc_mix(lc_hash_id(vm, snapshot), UINT64_C(0xff51afd7ed558ccd)), counts, n);
}

#endif
