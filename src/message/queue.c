/* The inbound queue, in the order that model.md rules: (arrival time, sender, number, copy). */
#include "lcmpi/message.h"

#include <stdlib.h>
#include <string.h>

static int compare_int64(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

int lc_message_compare(const struct lc_message *a, const struct lc_message *b) {
  int order = compare_int64(a->t_arrival, b->t_arrival);
  if (!order)
    order = compare_int64(a->sender, b->sender);
  if (!order)
    order = compare_int64(a->number, b->number);
  return order ? order : compare_int64(a->copy, b->copy);
}

static size_t slot(const struct lc_queue *queue, size_t i) {
  return (queue->head + i) & (queue->room - 1);
}

static void make_room(struct lc_queue *queue) {
  size_t old = queue->room;
  lc_grow((void **)&queue->ring, &queue->room, queue->length + 1, sizeof *queue->ring,
          "a VM's queue");
  if (queue->room == old)
    return;
  /* what had wrapped around the old end goes behind it, where the ring goes on now */
  size_t wrapped = queue->head + queue->length > old ? queue->head + queue->length - old : 0;
  if (wrapped)
    memcpy(queue->ring + old, queue->ring, wrapped * sizeof queue->ring[0]);
}

void lc_queue_put(struct lc_queue *queue, struct lc_message *message) {
  make_room(queue);
  size_t i = queue->length++;
  for (; i > 0; i--) {
    struct lc_message *before = queue->ring[slot(queue, i - 1)];
    if (lc_message_compare(before, message) <= 0)
      break;
    queue->ring[slot(queue, i)] = before;
  }
  queue->ring[slot(queue, i)] = message;
}

struct lc_message *lc_queue_take(struct lc_queue *queue) {
  if (!queue->length)
    return NULL;
  struct lc_message *first = queue->ring[queue->head];
  queue->head = slot(queue, 1);
  queue->length--;
  return first;
}

struct lc_message *lc_queue_at(const struct lc_queue *queue, size_t i) {
  lc_assert(i < queue->length);
  return queue->ring[slot(queue, i)];
}

void lc_queue_free(struct lc_queue *queue) {
  free(queue->ring);
  *queue = (struct lc_queue){0};
}
