/* Cones are found by a walk that looks at each event of the cone once: the cone of a VM is a number
 * that only moves, and what it moves over is looked at for messages. */
#include "lcmpi/causality.h"

#include <stdlib.h>
#include <string.h>

void lc_causality_init(struct lc_causality *c, const struct lc_history *h) {
  *c = (struct lc_causality){
      .history = h,
      .send_of = lc_new((size_t)h->n_event, sizeof *c->send_of, "happened-before"),
      .receive_of = lc_new((size_t)h->n_sent, sizeof *c->receive_of, "happened-before"),
  };
  memset(c->receive_of, -1, (size_t)h->n_sent * sizeof *c->receive_of);
  for (int64_t i = 0; i < h->n_event; i++) {
    const struct lc_event *e = &h->event[i];
    int64_t at = e->kind == LC_RECEIVE ? lc_history_sent(h, e->peer, e->msg_first, 0) : -1;
    c->send_of[i] = -1;
    if (at < 0)
      continue;
    const struct lc_machine *sender = &h->machine[h->sent[at].sender];
    c->receive_of[at] = i;
    if (h->sent[at].send_seq >= 0 && h->sent[at].send_seq < sender->n_event)
      c->send_of[i] = sender->first_event + h->sent[at].send_seq;
  }
}

void lc_causality_free(struct lc_causality *c) {
  free(c->send_of);
  free(c->receive_of);
}

/* The number of an event among those of its VM. */
static int64_t number_of(const struct lc_history *h, int64_t event) {
  return event - h->machine[h->event[event].machine].first_event;
}

/* ---- cones --------------------------------------------------------------------------------------
 */

/* VMs whose cone has moved and was not looked at since. */
struct moved {
  int32_t *vm;
  int32_t n;
  bool *waits; /* [n_vm] */
};

static struct moved moved_new(int32_t n_vm) {
  return (struct moved){.vm = lc_new((size_t)n_vm, sizeof(int32_t), "a causal cone"),
                        .waits = lc_new((size_t)n_vm, sizeof(bool), "a causal cone")};
}

static void moved_free(struct moved *moved) {
  free(moved->vm);
  free(moved->waits);
}

static void note_moved(struct moved *moved, int32_t vm) {
  if (moved->waits[vm])
    return;
  moved->waits[vm] = true;
  moved->vm[moved->n++] = vm;
}

static int32_t next_moved(struct moved *moved) {
  int32_t vm = moved->vm[--moved->n];
  moved->waits[vm] = false;
  return vm;
}

void lc_causal_past(const struct lc_causality *c, int64_t event, int64_t *end) {
  const struct lc_history *h = c->history;
  int64_t *seen = lc_new((size_t)h->n_vm, sizeof *seen, "a causal cone");
  struct moved moved = moved_new(h->n_vm);
  memset(end, 0, (size_t)h->n_vm * sizeof *end);
  end[h->event[event].machine] = number_of(h, event) + 1;
  note_moved(&moved, h->event[event].machine);
  while (moved.n) {
    int32_t vm = next_moved(&moved);
    for (; seen[vm] < end[vm]; seen[vm]++) {
      int64_t send = c->send_of[h->machine[vm].first_event + seen[vm]];
      if (send < 0 || number_of(h, send) < end[h->event[send].machine])
        continue;
      end[h->event[send].machine] = number_of(h, send) + 1;
      note_moved(&moved, h->event[send].machine);
    }
  }
  moved_free(&moved);
  free(seen);
}

/* The receives of a SEND's messages, one after the other: *at begins with 0. -1 at the end. */
static int64_t next_receive(const struct lc_causality *c, int64_t send, int32_t *at) {
  const struct lc_history *h = c->history;
  const struct lc_event *e = &h->event[send];
  if (e->kind != LC_SEND)
    return -1;
  while (*at < e->msg_count) {
    int64_t sent = lc_history_sent(h, e->machine, e->msg_first + (*at)++, 0);
    if (sent >= 0 && c->receive_of[sent] >= 0)
      return c->receive_of[sent];
  }
  return -1;
}

void lc_causal_future(const struct lc_causality *c, int64_t event, int64_t *begin) {
  const struct lc_history *h = c->history;
  int64_t *seen = lc_new((size_t)h->n_vm, sizeof *seen, "a causal cone");
  struct moved moved = moved_new(h->n_vm);
  for (int32_t v = 0; v < h->n_vm; v++)
    begin[v] = seen[v] = h->machine[v].n_event;
  begin[h->event[event].machine] = number_of(h, event);
  note_moved(&moved, h->event[event].machine);
  while (moved.n) {
    int32_t vm = next_moved(&moved);
    while (seen[vm] > begin[vm]) {
      int32_t at = 0;
      int64_t send = h->machine[vm].first_event + --seen[vm];
      for (int64_t r; (r = next_receive(c, send, &at)) >= 0;) {
        if (number_of(h, r) >= begin[h->event[r].machine])
          continue;
        begin[h->event[r].machine] = number_of(h, r);
        note_moved(&moved, h->event[r].machine);
      }
    }
  }
  moved_free(&moved);
  free(seen);
}

bool lc_happened_before(const struct lc_causality *c, int64_t a, int64_t b) {
  const struct lc_history *h = c->history;
  int64_t *end = lc_new((size_t)h->n_vm, sizeof *end, "a causal cone");
  lc_causal_past(c, b, end);
  bool before = a != b && number_of(h, a) < end[h->event[a].machine];
  free(end);
  return before;
}

/* ---- paths --------------------------------------------------------------------------------------
 */

/* A message that brought a path to a VM earlier than any with fewer messages, and the one before.
 */
struct hop {
  int64_t send, receive, before; /* before: -1 at the beginning */
};

struct search {
  const struct lc_causality *c;
  int64_t *begin;   /* [n_vm] first event reached so far */
  int64_t *brought; /* [n_vm] the hop that did, -1: none */
  struct hop *hop;
  size_t n_hop, room;
};

/* All that [from, to) of a VM send; `hop` brought the path there. */
static void follow(struct search *s, int32_t vm, int64_t from, int64_t to, int64_t hop,
                   struct moved *next) {
  const struct lc_history *h = s->c->history;
  for (int64_t i = from; i < to; i++) {
    int32_t at = 0;
    int64_t send = h->machine[vm].first_event + i;
    for (int64_t r; (r = next_receive(s->c, send, &at)) >= 0;) {
      int32_t receiver = h->event[r].machine;
      if (number_of(h, r) >= s->begin[receiver])
        continue;
      s->begin[receiver] = number_of(h, r);
      lc_grow((void **)&s->hop, &s->room, s->n_hop + 1, sizeof *s->hop, "a causal path");
      s->brought[receiver] = (int64_t)s->n_hop;
      s->hop[s->n_hop++] = (struct hop){send, r, hop};
      note_moved(next, receiver);
    }
  }
}

/* Breadth first, by the number of messages. False if b is not reached. */
static bool reach(struct search *s, int64_t a, int64_t b) {
  const struct lc_history *h = s->c->history;
  struct moved now = moved_new(h->n_vm), next = moved_new(h->n_vm);
  int64_t *from = lc_new((size_t)h->n_vm, sizeof *from, "a causal path");
  int64_t *by = lc_new((size_t)h->n_vm, sizeof *by, "a causal path");
  int64_t *seen = lc_new((size_t)h->n_vm, sizeof *seen, "a causal path");
  int32_t goal = h->event[b].machine;
  for (int32_t v = 0; v < h->n_vm; v++) {
    s->begin[v] = seen[v] = h->machine[v].n_event;
    s->brought[v] = -1;
  }
  s->begin[h->event[a].machine] = number_of(h, a);
  note_moved(&now, h->event[a].machine);
  while (now.n && s->begin[goal] > number_of(h, b)) {
    memcpy(from, s->begin, (size_t)h->n_vm * sizeof *from);
    memcpy(by, s->brought, (size_t)h->n_vm * sizeof *by);
    while (now.n) {
      int32_t vm = next_moved(&now);
      follow(s, vm, from[vm], seen[vm], by[vm], &next);
      seen[vm] = from[vm];
    }
    struct moved swap = now;
    now = next;
    next = swap;
  }
  moved_free(&now);
  moved_free(&next);
  free(from);
  free(by);
  free(seen);
  return s->begin[goal] <= number_of(h, b);
}

/* Adds an event if it is not the last one already. */
static void add_event(int64_t *path, int64_t *n, int64_t event) {
  if (!*n || path[*n - 1] != event)
    path[(*n)++] = event;
}

int64_t lc_causal_path(const struct lc_causality *c, int64_t a, int64_t b, int64_t **path) {
  const struct lc_history *h = c->history;
  struct search s = {.c = c,
                     .begin = lc_new((size_t)h->n_vm, sizeof *s.begin, "a causal path"),
                     .brought = lc_new((size_t)h->n_vm, sizeof *s.brought, "a causal path")};
  int64_t n = 0, n_hop = 0;
  *path = NULL;
  if (a != b && reach(&s, a, b)) {
    int64_t last = s.brought[h->event[b].machine];
    lc_assert(last < 0 || s.hop);
    for (int64_t i = last; i >= 0; i = s.hop[i].before)
      n_hop++;
    int64_t *hops = lc_new((size_t)n_hop + 1, sizeof *hops, "a causal path");
    for (int64_t i = last, k = n_hop; i >= 0; i = s.hop[i].before)
      hops[--k] = i;
    *path = lc_new(2 * (size_t)n_hop + 2, sizeof **path, "a causal path");
    add_event(*path, &n, a);
    for (int64_t k = 0; k < n_hop; k++) {
      add_event(*path, &n, s.hop[hops[k]].send);
      add_event(*path, &n, s.hop[hops[k]].receive);
    }
    add_event(*path, &n, b);
    free(hops);
  }
  free(s.begin);
  free(s.brought);
  free(s.hop);
  return n;
}

/* ---- the longest chain --------------------------------------------------------------------------
 */

static int64_t walk_back(const struct lc_causality *c, const int64_t *depth, int64_t last,
                         int64_t **chain) {
  const struct lc_history *h = c->history;
  int64_t n = last < 0 ? 0 : depth[last], at = last;
  *chain = lc_new((size_t)n + 1, sizeof **chain, "a causal chain");
  for (int64_t k = n; k > 0;) {
    int64_t before = number_of(h, at) ? at - 1 : -1, send = c->send_of[at];
    if (h->event[at].kind != LC_SKIPPED)
      (*chain)[--k] = at;
    at = send >= 0 && (before < 0 || depth[send] > depth[before]) ? send : before;
  }
  return n;
}

int64_t lc_longest_chain(const struct lc_causality *c, int64_t **chain) {
  const struct lc_history *h = c->history;
  int64_t *order = lc_new((size_t)h->n_event, sizeof *order, "a causal chain"), n = 0;
  int64_t *depth = lc_new((size_t)h->n_event, sizeof *depth, "a causal chain"), last = -1;
  *chain = NULL;
  bool acyclic = lc_causal_order(h, c->send_of, order, &n);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = order[i], send = c->send_of[at];
    int64_t most = number_of(h, at) ? depth[at - 1] : 0;
    if (send >= 0 && depth[send] > most)
      most = depth[send];
    depth[at] = most + (h->event[at].kind != LC_SKIPPED);
    if (last < 0 || depth[at] > depth[last])
      last = at;
  }
  n = acyclic ? walk_back(c, depth, last, chain) : -1;
  free(order);
  free(depth);
  return n;
}
