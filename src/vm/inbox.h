/* A VM's inbox: the queue, a list of nodes in queue order (arrival, sender, number), and the pile
 * of what had not arrived by the latest tick, in no order. A message goes on the pile without a
 * look at any other; a tick that finds something arrived sorts that much into the queue. So a
 * message costs the same however long the queue is, and however many come at once. */
#ifndef LC_VM_INBOX_H
#define LC_VM_INBOX_H

#include "lcmpi/vm.h"

static inline struct lc_node *node_at(const struct lc_vms *vms, const struct lc_nodes *nodes,
                                      int32_t i) {
  return (struct lc_node *)(void *)(nodes->memory + (size_t)i * vms->node_bytes);
}

/* What has arrived by `now_ns`, out of the pile and behind the queue. */
void inbox_sort_in(const struct lc_vms *vms, const struct lc_nodes *nodes, struct lc_vm *vm,
                   int64_t now_ns);

/* The first node, out of the queue; it is to be given back. */
static inline int32_t inbox_take(const struct lc_vms *vms, const struct lc_nodes *nodes,
                                 struct lc_vm *vm) {
  int32_t taken = vm->first;
  vm->n_queued--;
  vm->first = vm->n_queued ? node_at(vms, nodes, taken)->next : -1;
  return taken;
}

static inline void inbox_give(struct lc_nodes *nodes, int32_t i) {
  if ((size_t)nodes->n_free == nodes->free_room)
    lc_grow((void **)&nodes->free, &nodes->free_room, (size_t)nodes->n_free + 1,
            sizeof *nodes->free, "the messages that wait");
  nodes->free[nodes->n_free++] = i;
}

#endif
