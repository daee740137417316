/* message.h: messages between VMs, the queue they wait in, and their form on the wire. Local. */
#ifndef LCMPI_MESSAGE_H
#define LCMPI_MESSAGE_H

#include "lcmpi/clock.h"

/* A message is identified by (sender, number, copy): one counter per sender over all its messages,
 * copy 0 unless the network made a duplicate. Times are model time in ns. */
struct lc_message {
  int32_t sender, receiver, copy;
  int64_t number;    /* 0, 1, 2, ... of the sender */
  int64_t send_seq;  /* the sender's event that sent it */
  int64_t t_send;    /* actual time of that event */
  int64_t t_arrival; /* when it came into the receiver's queue */
  int64_t stamp[];   /* of that event: the clock set's stamp_words */
};

/* The order of a queue: by (arrival, sender, number, copy). Negative, 0, positive as in strcmp().
 */
int lc_message_compare(const struct lc_message *a, const struct lc_message *b);

/* ---- memory -----------------------------------------------------------------------------------
 */

/* Messages of one size, recycled. The pool owns all memory; a message is with its holder from
 * take to give. */
struct lc_message_pool {
  size_t bytes;
  size_t n_free, room;
  struct lc_message **free;
};

void lc_message_pool_init(struct lc_message_pool *pool, int32_t stamp_words);
struct lc_message *lc_message_take(struct lc_message_pool *pool);
void lc_message_give(struct lc_message_pool *pool, struct lc_message *message);
void lc_message_pool_free(struct lc_message_pool *pool);

/* ---- queue ------------------------------------------------------------------------------------
 */

/* A VM's inbound queue, without bound: a ring of messages kept in queue order. Arrivals come nearly
 * in order, so an insertion looks at the last few only. All zeros is the empty queue. */
struct lc_queue {
  struct lc_message **ring;
  size_t room, head, length;
};

void lc_queue_put(struct lc_queue *queue, struct lc_message *message);
/* The first message, out of the queue; NULL if it is empty. */
struct lc_message *lc_queue_take(struct lc_queue *queue);
/* The i-th message in queue order, 0 <= i < length. */
struct lc_message *lc_queue_at(const struct lc_queue *queue, size_t i);
/* Releases the ring, not the messages. */
void lc_queue_free(struct lc_queue *queue);

/* ---- wire -------------------------------------------------------------------------------------
 */

/* The most bytes that a message with the stamps of `set` takes. */
size_t lc_message_wire_bytes(const struct lc_clock_set *set);
/* Writes the message, little-endian on every host, and returns its length. t_arrival is not sent.
 */
size_t lc_message_encode(const struct lc_message *message, const struct lc_clock_set *set,
                         unsigned char *to);
/* False if the bytes are not a message of a system with this set. */
bool lc_message_decode(struct lc_message *message, const struct lc_clock_set *set,
                       const unsigned char *from, size_t length);

#endif
