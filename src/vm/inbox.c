/* Messages into inboxes, and a look at what is there. */
#include "inbox.h"

#include <string.h>

static int32_t new_node(struct lc_vms *vms, struct lc_nodes *nodes) {
  if (nodes->n_free)
    return nodes->free[--nodes->n_free];
  if (nodes->n_node == INT32_MAX)
    lc_die(LC_ENOMEM, "more than %d messages wait in one block of %d VMs", INT32_MAX, LC_BLOCK_VMS);
  lc_grow((void **)&nodes->memory, &nodes->room, (size_t)nodes->n_node + 1, vms->node_bytes,
          "the messages that wait");
  return nodes->n_node++;
}

static bool before(const struct lc_node *a, const struct lc_node *b) {
  if (a->t_arrival != b->t_arrival)
    return a->t_arrival < b->t_arrival;
  if (a->sender != b->sender)
    return a->sender < b->sender;
  return a->number < b->number;
}

void lc_vms_put(struct lc_vms *vms, int32_t own, int32_t sender, int64_t number, int64_t t_arrival,
                const int64_t *stamp) {
  struct lc_vm *vm = &vms->vm[own];
  struct lc_nodes *nodes = &vms->nodes[own / LC_BLOCK_VMS];
  int32_t i = new_node(vms, nodes);
  struct lc_node *node = node_at(vms, nodes, i);
  node->t_arrival = t_arrival;
  node->number = number;
  node->sender = sender;
  memcpy(node->stamp, stamp, (size_t)vms->clocks->stamp_words * sizeof *stamp);
  int32_t after = vm->last; /* behind this one; -1: at the front */
  if (after != vm->seen && before(node, node_at(vms, nodes, after))) {
    after = vm->seen;
    for (;;) {
      int32_t next = after < 0 ? vm->first : node_at(vms, nodes, after)->next;
      if (before(node, node_at(vms, nodes, next)))
        break;
      after = next;
    }
  }
  int32_t *link = after < 0 ? &vm->first : &node_at(vms, nodes, after)->next;
  node->next = *link;
  *link = i;
  if (after == vm->last)
    vm->last = i;
}

void lc_vms_expect(const struct lc_vms *vms, int32_t own) {
  __builtin_prefetch(&vms->vm[own], 1);
}

void lc_vms_expect_soon(const struct lc_vms *vms, int32_t own, int32_t k) {
  const struct lc_vm *vm = &vms->vm[own];
  const struct lc_nodes *nodes = &vms->nodes[own / LC_BLOCK_VMS];
  if (vm->last >= 0)
    __builtin_prefetch(node_at(vms, nodes, vm->last), 1);
  if (nodes->n_free > k)
    __builtin_prefetch(node_at(vms, nodes, nodes->free[nodes->n_free - 1 - k]), 1);
}

const struct lc_node *lc_vms_first(const struct lc_vms *vms, int32_t own) {
  int32_t first = vms->vm[own].first;
  return first < 0 ? NULL : node_at(vms, &vms->nodes[own / LC_BLOCK_VMS], first);
}

const struct lc_node *lc_vms_next(const struct lc_vms *vms, int32_t own,
                                  const struct lc_node *node) {
  return node->next < 0 ? NULL : node_at(vms, &vms->nodes[own / LC_BLOCK_VMS], node->next);
}

int64_t lc_vms_arrived(const struct lc_vms *vms, int32_t own, int64_t t_ns) {
  int64_t n = 0;
  const struct lc_node *node = lc_vms_first(vms, own);
  for (; node && node->t_arrival < t_ns; node = lc_vms_next(vms, own, node))
    n++;
  return n;
}
