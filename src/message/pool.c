/* Messages of a run all have one size: released ones are kept for the next. */
#include "lcmpi/message.h"

#include <stdlib.h>

void lc_message_pool_init(struct lc_message_pool *pool, int32_t stamp_words) {
  *pool = (struct lc_message_pool){.bytes = sizeof(struct lc_message) +
                                            (size_t)stamp_words * sizeof(int64_t)};
}

struct lc_message *lc_message_take(struct lc_message_pool *pool) {
  if (pool->n_free)
    return pool->free[--pool->n_free];
  return lc_new(1, pool->bytes, "a message");
}

void lc_message_give(struct lc_message_pool *pool, struct lc_message *message) {
  lc_grow((void **)&pool->free, &pool->room, pool->n_free + 1, sizeof(struct lc_message *),
          "the pool of messages");
  pool->free[pool->n_free++] = message;
}

void lc_message_pool_free(struct lc_message_pool *pool) {
  while (pool->n_free)
    free(pool->free[--pool->n_free]);
  free(pool->free);
  *pool = (struct lc_message_pool){0};
}
