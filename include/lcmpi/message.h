/* message.h: a message on the wire between two ranks in real time: who sent it, its number, and the
 * stamps that it carries. Little-endian on every host. Local. */
#ifndef LCMPI_MESSAGE_H
#define LCMPI_MESSAGE_H

#include "lcmpi/clock.h"

/* A message is identified by (sender, number): one counter per sender over all its messages. */
struct lc_message {
  int32_t sender, receiver;
  int64_t number;  /* 0, 1, 2, ... of the sender; of a marker: of the sender's next message */
  int32_t tail;    /* its colour; below 0: the marker of snapshot -1 - tail, without stamps */
  int64_t stamp[]; /* of its send event: the clock set's stamp_words */
};

/* The most bytes that a message with the stamps of `set` takes. */
size_t lc_message_wire_bytes(const struct lc_clock_set *set);
/* Writes a message with these stamps, and returns its length. */
size_t lc_message_encode(const struct lc_message *message, const int64_t *stamp,
                         const struct lc_clock_set *set, unsigned char *to);
/* False if the bytes are not a message with stamps of this set, between VMs 0..n_vm-1. */
bool lc_message_decode(struct lc_message *message, const struct lc_clock_set *set, int32_t n_vm,
                       const unsigned char *from, size_t length);

#endif
