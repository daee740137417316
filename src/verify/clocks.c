/* Each clock's promise against happened-before.
 *
 * a -> b implies C(a) < C(b): it is enough to look at neighbours, since the order of stamps is
 * transitive: each event after the one before it on its VM, each receive after its send.
 *
 * C(a) < C(b) implies a -> b: for event b and VM i, let a be the first event of i that is not in
 * b's past. Stamps grow along i, so if any event of i outside b's past is below b, then a is. One
 * look per (b, i) therefore proves it for all pairs. */
#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order by what the file says of the clock, not by the clock's own compare(). */
static bool before(const struct lc_history_clock *clock, int64_t a, int64_t b) {
  const int64_t *x = clock->stamp + a * clock->words, *y = clock->stamp + b * clock->words;
  if (clock->order == LC_ORDER_SCALAR)
    return x[0] < y[0];
  bool smaller = false;
  for (int32_t i = 0; i < clock->words; i++) {
    if (x[i] > y[i])
      return false;
    smaller |= x[i] < y[i];
  }
  return smaller;
}

enum { STAMP_TEXT = 160 };

static const char *stamp_text(char out[STAMP_TEXT], const struct lc_history_clock *clock,
                              int64_t event) {
  int used = 0;
  for (int32_t i = 0; i < clock->words && used < STAMP_TEXT - 24; i++)
    used += snprintf(out + used, (size_t)(STAMP_TEXT - used), "%s%" PRId64, i ? " " : "",
                     clock->stamp[event * clock->words + i]);
  if (used >= STAMP_TEXT - 24)
    snprintf(out + used, (size_t)(STAMP_TEXT - used), " ...");
  return out;
}

static void report(struct lc_check *check, const struct lc_history *h,
                   const struct lc_history_clock *clock, int64_t a, int64_t b, const char *relation,
                   const char *stamps) {
  char x[EVENT_TEXT], y[EVENT_TEXT], p[STAMP_TEXT], q[STAMP_TEXT];
  violation(check, h->event[b].t_actual, "%s %s %s, but their stamps %s: [%s] and [%s]",
            event_text(x, &h->event[a]), relation, event_text(y, &h->event[b]), stamps,
            stamp_text(p, clock, a), stamp_text(q, clock, b));
}

/* A skipped tick is no event of the clocks: it has the stamp of the one before. */
static void check_unchanged(struct lc_check *check, const struct lc_history *h,
                            const struct lc_history_clock *clock, int64_t b) {
  const int64_t *stamp = clock->stamp + b * clock->words;
  if (memcmp(stamp - clock->words, stamp, (size_t)clock->words * sizeof *stamp) != 0)
    report(check, h, clock, b - 1, b, "comes just before", "differ");
}

static void check_neighbours(struct lc_check *check, const struct lc_history *h,
                             const struct matching *m, const struct lc_history_clock *clock) {
  int64_t receives = 0, broken = 0;
  for (int64_t b = 0; b < h->n_event; b++) {
    const struct lc_machine *machine = &h->machine[h->event[b].machine];
    if (b > machine->first_event) {
      check->n_checked++;
      if (h->event[b].kind == LC_SKIPPED)
        check_unchanged(check, h, clock, b);
      else if (!before(clock, b - 1, b))
        report(check, h, clock, b - 1, b, "comes just before", "do not grow");
    }
    if (m->send_of[b] >= 0) {
      check->n_checked++;
      receives++;
      if (before(clock, m->send_of[b], b))
        continue;
      broken++;
      report(check, h, clock, m->send_of[b], b, "sends what is received by", "do not grow");
    }
  }
  snprintf(check->note, sizeof check->note,
           "%" PRId64 " of %" PRId64 " receives are not after their send", broken, receives);
}

/* What is wrong with a clock of this build that is known to be faulty. */
static void note_fault(struct lc_check *check, const char *name) {
  const struct lc_clock *known = lc_clock_find(name);
  size_t used = strlen(check->note);
  if (known && known->fault)
    snprintf(check->note + used, sizeof check->note - used, "; known to be faulty: %s",
             known->fault);
}

/* How many events of each VM are in the past of the latest event of each VM, itself included: for
 * the VMs of its copy, since no other can be. */
struct pasts {
  int32_t n_copy;
  int64_t *of_vm;     /* [n_vm][n_copy] */
  bool *vm_unknown;   /* [n_vm] */
  int64_t **of_send;  /* [n_event]: kept from a send until its last receive */
  bool *send_unknown; /* [n_event] */
  int32_t *uses;      /* [n_event]: receives still to come */
};

static void release_use(struct pasts *p, int64_t send) {
  if (--p->uses[send] == 0) {
    free(p->of_send[send]);
    p->of_send[send] = NULL;
  }
}

/* Brings the past of event b's VM up to b; false if part of it is not on file. */
static bool step_past(struct pasts *p, const struct lc_history *h, const struct matching *m,
                      int64_t b) {
  const struct lc_event *e = &h->event[b];
  size_t row = (size_t)p->n_copy * sizeof(int64_t);
  int64_t *past = p->of_vm + (int64_t)e->machine * p->n_copy;
  int64_t send = m->send_of[b];
  if (e->kind == LC_RECEIVE && send < 0)
    p->vm_unknown[e->machine] = true;
  if (send >= 0) {
    for (int32_t i = 0; i < p->n_copy; i++)
      if (p->of_send[send][i] > past[i])
        past[i] = p->of_send[send][i];
    p->vm_unknown[e->machine] |= p->send_unknown[send];
    release_use(p, send);
  }
  past[e->machine % p->n_copy] = b - h->machine[e->machine].first_event + 1;
  if (p->uses[b]) {
    p->of_send[b] = lc_new((size_t)p->n_copy, sizeof(int64_t), "the verifier's pasts");
    memcpy(p->of_send[b], past, row);
    p->send_unknown[b] = p->vm_unknown[e->machine];
  }
  return !p->vm_unknown[e->machine];
}

static void check_converse(struct lc_check *check, const struct lc_history *h,
                           const struct matching *m, const int64_t *order, int64_t n,
                           const struct lc_history_clock *clock) {
  size_t vms = (size_t)h->n_vm, events = (size_t)h->n_event;
  struct pasts p = {
      .n_copy = h->n_copy,
      .of_vm = lc_new(vms * (size_t)h->n_copy, sizeof *p.of_vm, "the verifier's pasts"),
      .vm_unknown = lc_new(vms, sizeof *p.vm_unknown, "the verifier's pasts"),
      .of_send = lc_new(events, sizeof *p.of_send, "the verifier's pasts"),
      .send_unknown = lc_new(events, sizeof *p.send_unknown, "the verifier's pasts"),
      .uses = lc_new(events, sizeof *p.uses, "the verifier's pasts"),
  };
  for (int64_t i = 0; i < n; i++)
    if (m->send_of[order[i]] >= 0)
      p.uses[m->send_of[order[i]]]++;
  for (int64_t i = 0; i < n; i++) {
    int64_t b = order[i];
    if (!step_past(&p, h, m, b)) {
      check->n_unknown++;
      continue;
    }
    const int64_t *past = p.of_vm + (int64_t)h->event[b].machine * h->n_copy;
    int32_t first = h->event[b].machine - h->event[b].machine % h->n_copy;
    for (int32_t v = 0; v < h->n_copy; v++) {
      const struct lc_machine *other = &h->machine[first + v];
      int64_t a = other->first_event + past[v], end = other->first_event + other->n_event;
      while (a < end && h->event[a].kind == LC_SKIPPED) /* has the stamp of one in the past */
        a++;
      if (first + v == h->event[b].machine || a >= end)
        continue;
      check->n_checked++;
      if (before(clock, a, b))
        report(check, h, clock, a, b, "did not happen before", "say so");
    }
  }
  for (int64_t i = 0; i < h->n_event; i++)
    free(p.of_send[i]);
  free(p.of_vm);
  free(p.vm_unknown);
  free(p.of_send);
  free(p.send_unknown);
  free(p.uses);
}

void check_clock(const struct lc_history *h, const struct matching *m, const int64_t *order,
                 int64_t n, int32_t c, struct lc_verdict *verdict) {
  const struct lc_history_clock *clock = &h->clock[c];
  char name[80];
  snprintf(name, sizeof name, "clock %s", clock->name);
  struct lc_check *check = new_check(verdict, name,
                                     clock->characterizes ? "a -> b exactly when C(a) < C(b)"
                                                          : "a -> b implies C(a) < C(b)");
  check_neighbours(check, h, m, clock);
  note_fault(check, clock->name);
  if (clock->characterizes)
    check_converse(check, h, m, order, n, clock);
}
