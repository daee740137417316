/* Messages into inboxes, and a look at what is there. */
#include "inbox.h"

#include <stdlib.h>
#include <string.h>

static void grow_nodes(const struct lc_vms *vms, struct lc_nodes *nodes) {
  size_t room = nodes->room ? 2 * nodes->room : 8;
  char *memory = lc_new_lines(room, vms->node_bytes, "the messages that wait");
  if (nodes->memory)
    memcpy(memory, nodes->memory, (size_t)nodes->n_node * vms->node_bytes);
  free(nodes->memory);
  nodes->memory = memory;
  nodes->room = room;
}

static int32_t new_node(const struct lc_vms *vms, struct lc_nodes *nodes) {
  if (nodes->n_free)
    return nodes->free[--nodes->n_free];
  if (nodes->n_node == INT32_MAX)
    lc_die(LC_ENOMEM, "more than %d messages wait in one block of %d VMs", INT32_MAX, LC_BLOCK_VMS);
  if ((size_t)nodes->n_node == nodes->room)
    grow_nodes(vms, nodes);
  return nodes->n_node++;
}

void lc_vms_put(struct lc_vms *vms, int32_t own, int32_t sender, int64_t number, int64_t t_arrival,
                const int64_t *stamp) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  struct lc_nodes *nodes = &vms->nodes[own / LC_BLOCK_VMS];
  int32_t i = new_node(vms, nodes);
  struct lc_node *node = node_at(vms, nodes, i);
  node->t_arrival = t_arrival;
  node->number = number;
  node->sender = sender;
  node->next = vm->pile;
  for (int32_t k = 0; k < vms->message_words; k++)
    node->stamp[k] = stamp[k];
  vm->pile = i;
  vm->t_pile = t_arrival < vm->t_pile ? t_arrival : vm->t_pile;
}

void lc_vms_expect(const struct lc_vms *vms, int32_t own, int32_t k) {
  const struct lc_nodes *nodes = &vms->nodes[own / LC_BLOCK_VMS];
  __builtin_prefetch(lc_vms_vm(vms, own), 1);
  if (nodes->n_free > k)
    __builtin_prefetch(node_at(vms, nodes, nodes->free[nodes->n_free - 1 - k]), 1);
}

/* ---- queue order --------------------------------------------------------------------------------
 */

static bool before(const struct lc_node *a, const struct lc_node *b) {
  if (a->t_arrival != b->t_arrival)
    return a->t_arrival < b->t_arrival;
  if (a->sender != b->sender)
    return a->sender < b->sender;
  return a->number < b->number;
}

static int32_t merge(const struct lc_vms *vms, const struct lc_nodes *nodes, int32_t a, int32_t b) {
  int32_t head = -1, *link = &head;
  while (a >= 0 && b >= 0) {
    int32_t *first = before(node_at(vms, nodes, a), node_at(vms, nodes, b)) ? &a : &b;
    *link = *first;
    link = &node_at(vms, nodes, *first)->next;
    *first = *link;
  }
  *link = a >= 0 ? a : b;
  return head;
}

/* Merge sort from the bottom up: run[i] is empty or a sorted list of 2^i nodes. */
static int32_t sorted(const struct lc_vms *vms, const struct lc_nodes *nodes, int32_t list) {
  int32_t run[32], n = 0, all = -1;
  if (list < 0 || node_at(vms, nodes, list)->next < 0)
    return list;
  while (list >= 0) {
    int32_t one = list, i = 0;
    list = node_at(vms, nodes, one)->next;
    node_at(vms, nodes, one)->next = -1;
    for (; i < n && run[i] >= 0; i++) {
      one = merge(vms, nodes, run[i], one);
      run[i] = -1;
    }
    n += i == n;
    run[i] = one;
  }
  for (int32_t i = 0; i < n; i++)
    all = merge(vms, nodes, run[i], all);
  return all;
}

/* Takes what has arrived out of the pile, as a list in no order. */
static int32_t take_arrived(const struct lc_vms *vms, const struct lc_nodes *nodes,
                            struct lc_vm *vm, int64_t now_ns) {
  int32_t arrived = -1, rest = -1, next;
  vm->t_pile = INT64_MAX;
  for (int32_t i = vm->pile; i >= 0; i = next) {
    struct lc_node *node = node_at(vms, nodes, i);
    int32_t *list = node->t_arrival <= now_ns ? &arrived : &rest;
    next = node->next;
    node->next = *list;
    *list = i;
    if (list == &rest && node->t_arrival < vm->t_pile)
      vm->t_pile = node->t_arrival;
  }
  vm->pile = rest;
  return arrived;
}

/* What has arrived, in queue order, out of the pile. Mostly that is the only message there. */
static inline int32_t take_pile(const struct lc_vms *vms, const struct lc_nodes *nodes,
                                struct lc_vm *vm, int64_t now_ns) {
  int32_t only = vm->pile;
  if (node_at(vms, nodes, only)->next >= 0)
    return sorted(vms, nodes, take_arrived(vms, nodes, vm, now_ns));
  vm->pile = -1;
  vm->t_pile = INT64_MAX;
  return only;
}

void inbox_sort_in(const struct lc_vms *vms, const struct lc_nodes *nodes, struct lc_vm *vm,
                   int64_t now_ns) {
  int32_t list = take_pile(vms, nodes, vm, now_ns);
  int32_t *end = vm->n_queued ? &node_at(vms, nodes, vm->last)->next : &vm->first;
  *end = list;
  for (; list >= 0; list = node_at(vms, nodes, list)->next) {
    vm->last = list;
    vm->n_queued++;
  }
}

/* ---- looking ------------------------------------------------------------------------------------
 */

static const struct lc_node *node_or_null(const struct lc_vms *vms, int32_t own, int32_t i) {
  return i < 0 ? NULL : node_at(vms, &vms->nodes[own / LC_BLOCK_VMS], i);
}

const struct lc_node *lc_vms_first(const struct lc_vms *vms, int32_t own) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  vm->pile = sorted(vms, &vms->nodes[own / LC_BLOCK_VMS], vm->pile);
  return node_or_null(vms, own, vm->n_queued ? vm->first : vm->pile);
}

const struct lc_node *lc_vms_next(const struct lc_vms *vms, int32_t own,
                                  const struct lc_node *node) {
  const struct lc_vm *vm = lc_vms_vm(vms, own);
  bool last = vm->n_queued && node == node_or_null(vms, own, vm->last);
  return node_or_null(vms, own, last ? vm->pile : node->next);
}

int64_t lc_vms_arrived(const struct lc_vms *vms, int32_t own, int64_t t_ns) {
  int64_t n = 0;
  const struct lc_node *node = lc_vms_first(vms, own);
  for (; node && node->t_arrival < t_ns; node = lc_vms_next(vms, own, node))
    n++;
  return n;
}
