/* vm.h: a virtual machine and its step: the state of one tick to the next, without any input or
 * output. What the step did is returned; the world outside sends and logs it. Local. */
#ifndef LCMPI_VM_H
#define LCMPI_VM_H

#include "lcmpi/message.h"
#include "lcmpi/workload.h"

/* How far a clock's value went at one event, over all events of a VM. */
struct lc_jumps {
  int64_t last, largest, sum;
};

struct lc_vm {
  int32_t id;
  struct lc_rate rate;
  int64_t phase_ns;
  int64_t next_tick; /* ticks done so far = number of the next one */
  int64_t n_event, n_internal;
  int64_t n_sent, n_received; /* messages */
  struct lc_queue inbox;      /* of messages from the run's pool; owned until taken */
  int64_t *clock_state;       /* the clock set's state_words; owned */
  int64_t *stamps;            /* of the latest event, all clocks; owned */
  struct lc_jumps *jumps;     /* one per clock; zero for a clock without value(); owned */
};

void lc_vm_init(struct lc_vm *vm, int32_t id, struct lc_rate rate, int64_t phase_ns,
                const struct lc_clock_set *clocks);
/* Releases what the VM owns and gives the messages in its queue back to the pool. */
void lc_vm_free(struct lc_vm *vm, struct lc_message_pool *pool);

/* When the next tick is due. */
int64_t lc_vm_deadline(const struct lc_vm *vm);

/* What a step did. */
struct lc_step {
  struct lc_event event;
  const int64_t *stamps;   /* of the event: vm->stamps */
  int32_t n_receiver;      /* a SEND: one message to each, numbered from event.msg_first */
  const int32_t *receiver; /* ascending; valid until the workload's next choice */
};

/* Tick rule receive-or-act: takes the first message of the queue if there is one, else performs
 * the operation drawn for the tick. `now_ns` is the actual time; every message that has arrived
 * by now is in the inbox. The message taken goes back to the pool. */
struct lc_step lc_vm_step(struct lc_vm *vm, struct lc_workload *load,
                          const struct lc_clock_set *clocks, struct lc_message_pool *pool,
                          int64_t now_ns);

#endif
