/* Who can send to whom. The regular shapes are formulas and take no memory. */
#include "topology.h"

#include "../base/shuffle.h"

#include "lcmpi/rng.h"

#include <stdlib.h>
#include <string.h>

/* By kind; behind a colon stands more. */
static const char *const words[] = {"full", "ring", "star", "grid", "random:", "file:"};
enum { N_WORD = sizeof words / sizeof *words };

const char *lc_topology_word(size_t i) {
  return i < N_WORD ? words[i] : NULL;
}

static lc_status refuse(struct lc_error *err, const char *text) {
  return lc_fail(
      err, LC_EUSAGE,
      "--topology %s: must be full, ring, star, grid, random:K (each VM sends to K drawn "
      "ones) or file:PATH",
      text);
}

static bool begins(const char *text, const char *word) {
  return strncmp(text, word, strlen(word)) == 0;
}

static lc_status read_rule(struct lc_topology_rule *rule, const char *text, struct lc_error *err) {
  static const char partial[] = ",partial";
  int64_t k = 0;
  for (int i = 0; i < LC_TOPOLOGY_RANDOM; i++)
    if (strcmp(text, words[i]) == 0) {
      rule->kind = (enum lc_topology_kind)i;
      return LC_OK;
    }
  if (begins(text, words[LC_TOPOLOGY_RANDOM])) {
    rule->kind = LC_TOPOLOGY_RANDOM;
    if (!lc_parse_int64(text + 7, &k) || k < 1 || k > INT32_MAX)
      return refuse(err, text);
    rule->k = (int32_t)k;
    return LC_OK;
  }
  if (!begins(text, words[LC_TOPOLOGY_FILE]) || !text[5] || text[5] == ',')
    return refuse(err, text);
  size_t length = strlen(text + 5), behind = sizeof partial - 1;
  rule->kind = LC_TOPOLOGY_FILE;
  rule->partial = length > behind && strcmp(text + 5 + length - behind, partial) == 0;
  rule->path = lc_format("%.*s", (int)(length - (rule->partial ? behind : 0)), text + 5);
  return LC_OK;
}

lc_status lc_topology_rule_parse(struct lc_topology_rule *rule, const char *text,
                                 struct lc_error *err) {
  struct lc_topology_rule read = {.kind = LC_TOPOLOGY_FULL};
  lc_status status = read_rule(&read, text, err);
  if (status)
    return status;
  free(rule->path);
  *rule = read;
  return LC_OK;
}

char *lc_topology_rule_print(const struct lc_topology_rule *rule) {
  if (rule->kind == LC_TOPOLOGY_RANDOM)
    return lc_format("%s%d", words[rule->kind], rule->k);
  if (rule->kind == LC_TOPOLOGY_FILE)
    return lc_format("%s%s%s", words[rule->kind], rule->path, rule->partial ? ",partial" : "");
  return lc_format("%s", words[rule->kind]);
}

/* ---- making
 * ------------------------------------------------------------------------------------- */

/* A VM's peers: k of its n - 1 others, in ascending order of ids. */
static void draw_peers(const struct lc_topology *t, uint64_t seed, int32_t vm, uint32_t k,
                       uint32_t *with, int32_t *places, int32_t *peer) {
  int32_t local = vm % t->n_vm;
  struct lc_block block = {{0}};
  for (uint32_t i = 0; i < k; i++) {
    if (i % 4 == 0)
      block = lc_draw(seed, LC_DRAW_TOPOLOGY, vm, 0, i / 4);
    with[i] = i + lc_below(block.word[i % 4], (uint32_t)t->n_vm - 1 - i);
  }
  shuffle_first(with, k, places, peer);
  for (uint32_t i = 0; i < k; i++)
    peer[i] += peer[i] >= local;
  qsort(peer, k, sizeof *peer, ascending_ids);
}

static lc_status make_random(struct lc_topology *t, const struct lc_topology_rule *rule,
                             uint64_t seed, struct lc_error *err) {
  int32_t k = rule->k;
  if (k > t->n_vm - 1)
    return lc_fail(err, LC_EUSAGE, "--topology random:%d: a VM of %d has only %d others", k,
                   t->n_vm, t->n_vm - 1);
  t->max_degree = k;
  t->first = lc_new((size_t)t->n_own + 1, sizeof *t->first, "the topology");
  t->peer = lc_new((size_t)t->n_own * (size_t)k, sizeof *t->peer, "the topology");
  uint32_t *with = lc_new((size_t)k, sizeof *with, "the topology");
  int32_t *places = shuffle_places((uint32_t)k, t->n_vm, "the topology");
  for (int32_t i = 0; i < t->n_own; i++) {
    t->first[i + 1] = t->first[i] + k;
    draw_peers(t, seed, t->first_vm + i, (uint32_t)k, with, places, t->peer + t->first[i]);
  }
  free(places);
  free(with);
  return LC_OK;
}

static int32_t root_above(int32_t n) {
  int32_t root = 1;
  while ((int64_t)root * root < n)
    root++;
  return root;
}

lc_status lc_topology_build(struct lc_topology *t, const struct lc_topology_rule *rule,
                            uint64_t seed, int32_t n_vm, int32_t n_replica, int32_t first_vm,
                            int32_t n_own, const char *text, size_t length, struct lc_error *err) {
  lc_status status = LC_OK;
  *t = (struct lc_topology){.kind = rule->kind,
                            .n_vm = n_vm,
                            .n_replica = n_replica,
                            .first_vm = first_vm,
                            .n_own = n_own,
                            .width = root_above(n_vm)};
  if (rule->kind == LC_TOPOLOGY_RANDOM)
    status = make_random(t, rule, seed, err);
  else if (rule->kind == LC_TOPOLOGY_FILE)
    status = read_channels(t, rule, text, length, err);
  else if (rule->kind == LC_TOPOLOGY_FULL || rule->kind == LC_TOPOLOGY_STAR)
    t->max_degree = n_vm - 1;
  else
    for (int32_t v = 0; v < n_vm && t->max_degree < 4; v++)
      if (lc_topology_degree(t, v) > t->max_degree)
        t->max_degree = lc_topology_degree(t, v);
  if (status)
    lc_topology_free(t);
  return status;
}

void lc_topology_free(struct lc_topology *t) {
  free(t->first);
  free(t->peer);
  *t = (struct lc_topology){0};
}

double lc_topology_bytes(const struct lc_topology_rule *rule, int32_t n_vm, int32_t n_own) {
  int32_t k = rule->k < n_vm ? rule->k : n_vm - 1;
  if (rule->kind == LC_TOPOLOGY_RANDOM) /* and for a while what a shuffle needs */
    return n_own * (double)sizeof(int64_t) + (n_own + 1.0) * k * (double)sizeof(int32_t) +
           n_vm * (double)sizeof(int32_t);
  return rule->kind == LC_TOPOLOGY_FILE ? n_vm * (double)sizeof(int64_t) : 0;
}

/* ---- asking
 * ------------------------------------------------------------------------------------- */

/* At most four, ascending: above, left, right, below. */
static int32_t grid_peers(const struct lc_topology *t, int32_t v, int32_t peer[4]) {
  int32_t n = 0, column = v % t->width;
  if (v >= t->width)
    peer[n++] = v - t->width;
  if (column > 0)
    peer[n++] = v - 1;
  if (column + 1 < t->width && v + 1 < t->n_vm)
    peer[n++] = v + 1;
  if (v < t->n_vm - t->width)
    peer[n++] = v + t->width;
  return n;
}

static int32_t ring_peer(const struct lc_topology *t, int32_t v, int32_t i) {
  int32_t before = v ? v - 1 : t->n_vm - 1, after = v + 1 < t->n_vm ? v + 1 : 0;
  return (i == 0) == (before < after) ? before : after;
}

/* Where the listed peers of a VM start. */
static int64_t row_of(const struct lc_topology *t, int32_t vm) {
  return t->kind == LC_TOPOLOGY_RANDOM ? vm - t->first_vm : vm % t->n_vm;
}

int32_t lc_topology_degree(const struct lc_topology *t, int32_t vm) {
  int32_t peer[4];
  switch (t->kind) {
  case LC_TOPOLOGY_FULL:
    break;
  case LC_TOPOLOGY_RING:
    return t->n_vm < 3 ? t->n_vm - 1 : 2;
  case LC_TOPOLOGY_STAR:
    return vm % t->n_vm == 0 ? t->n_vm - 1 : 1;
  case LC_TOPOLOGY_GRID:
    return grid_peers(t, vm % t->n_vm, peer);
  case LC_TOPOLOGY_RANDOM:
    return t->max_degree;
  case LC_TOPOLOGY_FILE:
    return (int32_t)(t->first[row_of(t, vm) + 1] - t->first[row_of(t, vm)]);
  }
  return t->n_vm - 1;
}

int32_t lc_topology_peer(const struct lc_topology *t, int32_t vm, int32_t i) {
  int32_t peer[4], local = vm % t->n_vm, base = vm - local;
  switch (t->kind) {
  case LC_TOPOLOGY_FULL:
    break;
  case LC_TOPOLOGY_RING:
    return base + (t->n_vm == 2 ? 1 - local : ring_peer(t, local, i));
  case LC_TOPOLOGY_STAR:
    return base + (local == 0 ? i + 1 : 0);
  case LC_TOPOLOGY_GRID:
    grid_peers(t, local, peer);
    return base + peer[i];
  case LC_TOPOLOGY_RANDOM:
  case LC_TOPOLOGY_FILE:
    return base + t->peer[t->first[row_of(t, vm)] + i];
  }
  return base + i + (i >= local);
}
