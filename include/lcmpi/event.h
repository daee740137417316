/* event.h: what a VM did at a tick. One tick is one event, or two where it took a message and acted
 * as well (receive-then-act); the log is made of these. */
#ifndef LCMPI_EVENT_H
#define LCMPI_EVENT_H

#include <stdint.h>

/* 0 is an empty row of a file that is still being written. */
enum lc_kind { LC_EMPTY = 0, LC_INTERNAL = 1, LC_SEND = 2, LC_RECEIVE = 3, LC_SKIPPED = 4 };

/* The operation that a tick drew; NONE of an event that took a message. */
enum lc_op { LC_OP_NONE = 0, LC_OP_UNICAST = 1, LC_OP_MULTICAST = 2, LC_OP_INTERNAL = 3 };

/* Times are model time in ns since the start of the run. */
struct lc_event {
  int32_t machine;      /* the VM */
  int32_t peer;         /* the sender of a RECEIVE, the receiver of a unicast; else -1 */
  int64_t seq;          /* 0, 1, 2, ... of the VM */
  int64_t tick;         /* 0, 1, 2, ... of the VM */
  int64_t t_scheduled;  /* when the tick was due */
  int64_t t_actual;     /* when it happened, >= t_scheduled */
  int64_t t_arrival;    /* RECEIVE: when the message came into the queue; else 0 */
  int64_t msg_first;    /* number of the first message sent, or of the one taken; else 0 */
  int32_t msg_count;    /* messages sent or taken */
  int32_t queue_before; /* messages in the queue before and after the event */
  int32_t queue_after;
  uint8_t kind; /* enum lc_kind */
  uint8_t op;   /* enum lc_op */
};

/* "SEND" and so on; "?" for a value that is none. */
const char *lc_kind_name(uint8_t kind);

#endif
