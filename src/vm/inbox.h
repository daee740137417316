/* A VM's inbox: a list of nodes in queue order (arrival, sender, number). Up to `seen` they had
 * arrived by the latest tick; what comes in arrives after it, so an insertion walks only over what
 * has not yet arrived, however long the queue is. */
#ifndef LC_VM_INBOX_H
#define LC_VM_INBOX_H

#include "lcmpi/vm.h"

static inline struct lc_node *node_at(const struct lc_vms *vms, const struct lc_nodes *nodes,
                                      int32_t i) {
  return (struct lc_node *)(void *)(nodes->memory + (size_t)i * vms->node_bytes);
}

/* Everything that has arrived by `now_ns` is in the queue. */
static inline void inbox_look(const struct lc_vms *vms, const struct lc_nodes *nodes,
                              struct lc_vm *vm, int64_t now_ns) {
  while (vm->seen != vm->last) {
    int32_t next = vm->seen < 0 ? vm->first : node_at(vms, nodes, vm->seen)->next;
    if (node_at(vms, nodes, next)->t_arrival > now_ns)
      return;
    vm->seen = next;
    vm->n_queued++;
  }
}

/* The first node, out of the list; it is to be given back. */
static inline int32_t inbox_take(const struct lc_vms *vms, const struct lc_nodes *nodes,
                                 struct lc_vm *vm) {
  int32_t taken = vm->first;
  vm->first = node_at(vms, nodes, taken)->next;
  if (vm->first < 0)
    vm->last = -1;
  if (vm->seen == taken)
    vm->seen = -1;
  vm->n_queued--;
  return taken;
}

static inline void inbox_give(struct lc_nodes *nodes, int32_t i) {
  if ((size_t)nodes->n_free == nodes->free_room)
    lc_grow((void **)&nodes->free, &nodes->free_room, (size_t)nodes->n_free + 1,
            sizeof *nodes->free, "the messages that wait");
  nodes->free[nodes->n_free++] = i;
}

#endif
