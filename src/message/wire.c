/* A message on the wire: a fixed head in little-endian bytes, then each clock's own encoding. */
#include "lcmpi/message.h"

enum { HEAD_BYTES = 2 * 4 + 8 + 4 };

static unsigned char *put(unsigned char *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++)
    *to++ = (unsigned char)(value >> (8 * i));
  return to;
}

static int64_t get(const unsigned char **from, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; i--)
    value = value << 8 | (*from)[i];
  *from += bytes;
  return bytes == 4 ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value;
}

size_t lc_message_wire_bytes(const struct lc_clock_set *set) {
  return HEAD_BYTES + set->wire_bytes;
}

size_t lc_message_encode(const struct lc_message *message, const int64_t *stamp,
                         const struct lc_clock_set *set, unsigned char *to) {
  unsigned char *at = to;
  at = put(at, (uint64_t)message->sender, 4);
  at = put(at, (uint64_t)message->receiver, 4);
  at = put(at, (uint64_t)message->number, 8);
  at = put(at, (uint64_t)message->tail, 4);
  return HEAD_BYTES + (message->tail < 0 ? 0 : lc_clock_set_encode(set, stamp, at));
}

bool lc_message_decode(struct lc_message *message, const struct lc_clock_set *set, int32_t n_vm,
                       const unsigned char *from, size_t length) {
  if (length < HEAD_BYTES)
    return false;
  const unsigned char *at = from;
  message->sender = (int32_t)get(&at, 4);
  message->receiver = (int32_t)get(&at, 4);
  message->number = get(&at, 8);
  message->tail = (int32_t)get(&at, 4);
  bool sane = message->sender >= 0 && message->sender < n_vm && message->receiver >= 0 &&
              message->receiver < n_vm && message->number >= 0;
  if (message->tail < 0)
    return sane && length == HEAD_BYTES;
  return sane && lc_clock_set_decode(set, message->stamp, at, length - HEAD_BYTES);
}
