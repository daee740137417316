/* Happened-before from program order and message ids alone: an order in which every cause comes
 * before its effects, as far as there is one. */
#include "lcmpi/causality.h"

#include <stdlib.h>

/* Machines that can go on are on a stack; one that waits for a send hangs on the sender's list. */
struct progress {
  int64_t *done;  /* [n_vm] events ordered */
  int32_t *ready; /* stack */
  int32_t n_ready;
  int32_t *waiter, *next; /* lists of machines: first waiter of a machine, next in the same list */
};

static void advance(const struct lc_history *h, const int64_t *send_of, struct progress *p,
                    int32_t vm, int64_t *order, int64_t *n) {
  const struct lc_machine *machine = &h->machine[vm];
  int64_t before = p->done[vm];
  while (p->done[vm] < machine->n_event) {
    int64_t at = machine->first_event + p->done[vm];
    int64_t send = send_of[at];
    if (send >= 0) {
      int32_t sender = h->event[send].machine;
      if (send - h->machine[sender].first_event >= p->done[sender]) {
        p->next[vm] = p->waiter[sender];
        p->waiter[sender] = vm;
        break;
      }
    }
    order[(*n)++] = at;
    p->done[vm]++;
  }
  if (p->done[vm] == before)
    return; /* two that wait for each other must not wake each other for ever */
  for (int32_t w = p->waiter[vm]; w >= 0;) {
    int32_t after = p->next[w];
    if (w != vm)
      p->ready[p->n_ready++] = w;
    w = after;
  }
  p->waiter[vm] = -1;
}

bool lc_causal_order(const struct lc_history *h, const int64_t *send_of, int64_t *order,
                     int64_t *n) {
  size_t vms = (size_t)h->n_vm;
  struct progress p = {
      .done = lc_new(vms, sizeof *p.done, "a causal order"),
      .ready = lc_new(vms, sizeof *p.ready, "a causal order"),
      .waiter = lc_new(vms, sizeof *p.waiter, "a causal order"),
      .next = lc_new(vms, sizeof *p.next, "a causal order"),
  };
  *n = 0;
  for (int32_t v = h->n_vm; v-- > 0;) {
    p.waiter[v] = -1;
    p.ready[p.n_ready++] = v;
  }
  /* a machine is ready, waits in one list, or is done: the stack never holds more than n_vm */
  while (p.n_ready) {
    int32_t vm = p.ready[--p.n_ready];
    advance(h, send_of, &p, vm, order, n);
  }
  free(p.done);
  free(p.ready);
  free(p.waiter);
  free(p.next);
  return *n == h->n_event;
}
