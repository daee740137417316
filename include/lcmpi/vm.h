/* vm.h: the virtual machines of one rank and their step: the state of one tick to the next, without
 * any input or output. What a step did is returned; the world outside sends and logs it. Both paces
 * run on it. A VM takes a cache line with the words of its clocks (`lamport` alone; more clocks
 * have more words), its deadline and three counts; a waiting message is a node in its block's
 * memory; an empty queue takes none. Local. */
#ifndef LCMPI_VM_H
#define LCMPI_VM_H

#include "lcmpi/digest.h"
#include "lcmpi/workload.h"

/* VMs lie in blocks, which share memory for their messages and fit a processor's cache. */
enum { LC_BLOCK_VMS = 2048, LC_GROUP_VMS = 64 };

/* What every tick needs: with one word each for the clock and its largest jump, a cache line. */
struct lc_vm {
  int64_t n_tick;      /* done: the number of the next tick */
  int64_t t_pile;      /* earliest arrival in the pile; INT64_MAX if that is empty */
  int64_t remainder;   /* of the deadline, in parts of a ns; see lc_period */
  int32_t rate;        /* index into lc_vms.period */
  int32_t first, last; /* the queue: nodes of the block, -1 none */
  int32_t pile;        /* messages that had not arrived by the latest tick, in no order */
  int32_t n_queued;    /* nodes of the queue */
  int32_t max_queued;  /* largest queue that a tick found */
  int64_t word[];      /* clock states, stamps of the latest event, largest jump of each clock;
                          lamport alone is its own stamp */
};

/* What only some ticks need. */
struct lc_tally {
  int64_t n_send;             /* events */
  int64_t n_sent, n_received; /* messages */
};

/* How late a VM's ticks were: start minus deadline. */
struct lc_late {
  int64_t largest_ns, sum_ns; /* model time */
};

/* A period q/p s in whole ns and a rest in 1/p ns: adding it up gives every tick's exact time. */
struct lc_period {
  int64_t whole_ns, rest, p;
};

/* A message that waits at its receiver. */
struct lc_node {
  int64_t t_arrival, number;
  int32_t sender, next; /* next: node of the block, -1 none */
  int64_t stamp[];
};

/* The nodes of one block: n_node in use or free. The free ones are a stack beside them, so that a
 * node is taken without a look at its memory, which is seldom in the cache. */
struct lc_nodes {
  char *memory;
  int32_t *free; /* [n_free] */
  int32_t n_node, n_free;
  size_t room, free_room;
};

struct lc_vms {
  int32_t n;      /* VMs of this rank */
  int32_t first;  /* global id of the first */
  int32_t n_copy; /* VMs of one copy of the system: what clocks are told */
  int32_t n_block;
  const struct lc_clock_set *clocks; /* not owned */
  struct lc_workload *load;          /* not owned */
  struct lc_period *period;          /* by rate; all from here on owned */
  char *vm;                          /* [n] struct lc_vm of vm_bytes each */
  struct lc_tally *tally;            /* [n] */
  struct lc_late *late;              /* [n]; NULL: no tick is late */
  int64_t *skipped;                  /* [n] ticks; NULL: none is skipped */
  int64_t *deadline_ns;       /* [n] of the next tick; filled up to a whole group with INT64_MAX */
  int64_t *group_deadline_ns; /* the earliest of each group of VMs; see lc_vms_run() */
  bool midway;                /* lc_vms_step() has taken a message, and the same tick is to act */
  size_t vm_bytes;
  int32_t message_words;    /* of a waiting message: the stamps, and its colour behind them */
  int32_t stamp_at, n_word; /* in a VM's words: where its stamps are; how many there are */
  size_t node_bytes;
  struct lc_nodes *nodes; /* [n_block] */
};

/* The VMs [first, first + n) of a system, before their first tick. `load` has the topology. */
void lc_vms_init(struct lc_vms *vms, int32_t first, int32_t n, const struct lc_rate_rule *rates,
                 enum lc_phase phase, struct lc_workload *load, const struct lc_clock_set *clocks);
void lc_vms_free(struct lc_vms *vms);
/* Bytes held for n VMs with that set of clocks, without messages; and held now for messages. */
double lc_vms_bytes(int32_t n, const struct lc_clock_set *clocks);
int64_t lc_vms_message_bytes(const struct lc_vms *vms);

static inline struct lc_vm *lc_vms_vm(const struct lc_vms *vms, int32_t own) {
  return (struct lc_vm *)(void *)(vms->vm + (size_t)own * vms->vm_bytes);
}

/* From now on the lateness of what lc_vms_step() does is kept. Before the first tick, and before
 * lc_vms_restore(). */
void lc_vms_keep_lateness(struct lc_vms *vms);
/* From now on ticks may be skipped. Before the first tick. */
void lc_vms_keep_skipped(struct lc_vms *vms);
/* From now on messages carry one word more, their colour, behind their stamps. Before any is put.
 */
void lc_vms_colour(struct lc_vms *vms);

/* What a VM has done so far. */
struct lc_counts {
  int64_t n_tick;
  int64_t n_event, n_internal; /* events */
  int64_t n_sent, n_received;  /* messages */
};
static inline struct lc_counts lc_vms_counts(const struct lc_vms *vms, int32_t own) {
  const struct lc_tally *tally = &vms->tally[own];
  int64_t ticks = lc_vms_vm(vms, own)->n_tick;
  int64_t more = vms->load->rule == LC_RECEIVE_THEN_ACT ? tally->n_received : 0;
  int64_t skipped = vms->skipped ? vms->skipped[own] : 0;
  return (struct lc_counts){ticks, ticks + more,
                            ticks + more - tally->n_send - tally->n_received - skipped,
                            tally->n_sent, tally->n_received};
}

/* Stamps of a VM's latest event, all clocks; the largest jump of clock c. */
static inline const int64_t *lc_vms_stamps(const struct lc_vms *vms, int32_t own) {
  return lc_vms_vm(vms, own)->word + vms->stamp_at;
}
static inline int64_t lc_vms_jump(const struct lc_vms *vms, int32_t own, int32_t c) {
  return lc_vms_stamps(vms, own)[vms->clocks->stamp_words + c];
}

/* Puts a message into a VM's inbox. It must arrive after the VM's latest tick; `stamp` has
 * message_words words. */
void lc_vms_put(struct lc_vms *vms, int32_t own, int32_t sender, int64_t number, int64_t t_arrival,
                const int64_t *stamp);
/* For whoever puts many: the k-th message from now is for VM `own`. What that needs is brought into
 * the cache. */
void lc_vms_expect(const struct lc_vms *vms, int32_t own, int32_t k);
/* The first message of the inbox, arrived or not, in queue order (arrival, sender, number), and the
 * one after a node; NULL at the end. Valid until a message is put or a tick taken. */
const struct lc_node *lc_vms_first(const struct lc_vms *vms, int32_t own);
const struct lc_node *lc_vms_next(const struct lc_vms *vms, int32_t own,
                                  const struct lc_node *node);
/* How many messages of the inbox arrived before `t_ns`. */
int64_t lc_vms_arrived(const struct lc_vms *vms, int32_t own, int64_t t_ns);

/* What a VM was at a cut, for going on from there. */
struct lc_vm_past {
  struct lc_counts counts;
  int64_t max_queued;
  struct lc_late late;     /* where it is kept */
  const int64_t *stamps;   /* [stamp_words] of its latest event */
  const int64_t *jump_max; /* [clocks] */
};
/* Makes a VM that has not ticked yet what it was: its counts, its clocks (whose state must be their
 * stamp), and its next deadline. Its messages are put afterwards. When all VMs are restored,
 * lc_vms_restored() is called once. */
void lc_vms_restore(struct lc_vms *vms, int32_t own, const struct lc_rate_rule *rates,
                    enum lc_phase phase, const struct lc_vm_past *past);
void lc_vms_restored(struct lc_vms *vms);

/* What a step did. */
struct lc_step {
  struct lc_event event;
  const int64_t *stamps;   /* of the event; valid until the VM's next step */
  int32_t n_receiver;      /* a SEND: one message to each, numbered from event.msg_first */
  const int32_t *receiver; /* ascending; valid until the workload's next choice */
};

/* One event of a VM's tick: takes the first message that has arrived by `now_ns` if there is one,
 * else performs the operation drawn for the tick. `now_ns` is the actual time, at or after the
 * deadline. True if the tick is not over (receive-then-act, after a receive): then the next call is
 * for its second event, of the same VM at the same time. */
bool lc_vms_step(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step);

/* The parts of a tick whose message, if there is one, lies elsewhere: the tick takes the message
 * that it is given, or performs the operation drawn for it, or is skipped: that is an event of its
 * own, which changes no clock. The inbox of lc_vms_put() is not looked at. */
struct lc_given {
  int64_t number, t_arrival;
  int32_t sender, n_before; /* n_before: messages that waited there with it */
  const int64_t *stamp;
};
void lc_vms_take(struct lc_vms *vms, int32_t own, int64_t now_ns, const struct lc_given *given,
                 struct lc_step *step);
void lc_vms_act(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step);
void lc_vms_skip(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step);

/* Adds what a step did to a digest. */
void lc_vms_digest(const struct lc_vms *vms, const struct lc_step *step, struct lc_digest *digest);

/* ---- virtual time -------------------------------------------------------------------------------
 */

/* What becomes of the events of a window. `sent` is called for every SEND, `happened` for every
 * event of a VM for which `logged` is NULL or true; neither may change a VM. */
struct lc_sink {
  void *context;
  void (*sent)(void *context, const struct lc_step *step);
  void (*happened)(void *context, const struct lc_step *step); /* NULL: nothing is logged */
  bool (*logged)(void *context, int32_t vm);                   /* global id */
  struct lc_digest *digest;                                    /* what happened is added to it */
  int64_t n_received;                                          /* receives are added to it */
};

/* The earliest deadline in a block. */
int64_t lc_vms_block_deadline(const struct lc_vms *vms, int32_t block);
/* Runs all ticks of a block that are due before `until_ns`, each at its deadline. Messages that
 * arrive before `until_ns` must be in the inboxes. Returns how many events. A rank that uses this
 * may not use lc_vms_step(). */
int64_t lc_vms_run(struct lc_vms *vms, int32_t block, int64_t until_ns, struct lc_sink *sink);

#endif
