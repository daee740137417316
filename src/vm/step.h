/* One tick of one machine (model.md, Tick; Tick rules): one event, or two of receive-then-act.
 * Inline: the real-time pacer takes it an event at a time, virtual time in the loops of run.c, one
 * for each kind of event. */
#ifndef LC_VM_STEP_H
#define LC_VM_STEP_H

#include "choose.h"
#include "inbox.h"

/* A clock's value is a number of its stamp; what it rose by is noted before the stamp is gone. */
static inline void note_jumps(const struct lc_vms *vms, const int64_t *value_before,
                              int64_t *stamps) {
  const struct lc_clock_set *set = vms->clocks;
  int64_t *largest = stamps + set->stamp_words;
  for (int32_t c = 0; c < set->n; c++) {
    if (!set->clock[c]->value)
      continue;
    int64_t jump = set->clock[c]->value(stamps + set->stamp_at[c]) - value_before[c];
    if (jump > largest[c])
      largest[c] = jump;
  }
}

static inline void note_values(const struct lc_vms *vms, const int64_t *stamps, int64_t *value) {
  const struct lc_clock_set *set = vms->clocks;
  for (int32_t c = 0; c < set->n; c++)
    if (set->clock[c]->value)
      value[c] = set->clock[c]->value(stamps + set->stamp_at[c]);
}

static inline __attribute__((always_inline)) void move_deadline(struct lc_vms *vms, int32_t own) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  const struct lc_period *period = &vms->period[vm->rate];
  int64_t carry = vm->remainder >= period->p - period->rest; /* no sum: p may be near 2^63 */
  vm->remainder += period->rest - (carry ? period->p : 0);
  vms->deadline_ns[own] += period->whole_ns + carry;
}

/* Lamport's clock alone is the usual case: its rules without a call, the same as lamport.c's. Its
 * words are the clock, which is the stamp too, and the largest jump. */
extern const struct lc_clock lc_clock_lamport;

static inline bool only_lamport(const struct lc_clock_set *clocks) {
  return clocks->n == 1 && clocks->clock[0] == &lc_clock_lamport;
}

static inline void lamport_step(int64_t *word, int64_t message) {
  int64_t before = word[0], now = (message > before ? message : before) + 1;
  word[0] = now;
  if (now - before > word[1])
    word[1] = now - before;
}

static inline void any_step(const struct lc_vms *vms, int32_t own, uint8_t kind,
                            const int64_t *message, int64_t now_ns) {
  int64_t *state = lc_vms_vm(vms, own)->word, *stamps = state + vms->stamp_at;
  int64_t before[LC_MAX_CLOCKS];
  struct lc_clock_site site = {
      .self = (vms->first + own) % vms->n_copy, .n_vm = vms->n_copy, .physical_ns = now_ns};
  note_values(vms, stamps, before);
  if (kind == LC_RECEIVE)
    lc_clock_set_receive(vms->clocks, state, message, &site, stamps);
  else if (kind == LC_SEND)
    lc_clock_set_send(vms->clocks, state, &site, stamps);
  else
    lc_clock_set_local(vms->clocks, state, &site, stamps);
  note_jumps(vms, before, stamps);
}

static inline __attribute__((always_inline)) void clocks_step(const struct lc_vms *vms, int32_t own,
                                                              bool lamport, uint8_t kind,
                                                              const int64_t *message,
                                                              int64_t now_ns) {
  if (lamport)
    lamport_step(lc_vms_vm(vms, own)->word, kind == LC_RECEIVE ? message[0] : 0);
  else
    any_step(vms, own, kind, message, now_ns);
}

/* What clocks do at the beginning of a tick, if any of them does. */
static inline void clocks_begin(const struct lc_vms *vms, int32_t own, int64_t now_ns) {
  if (!vms->clocks->ticks)
    return;
  struct lc_clock_site site = {
      .self = (vms->first + own) % vms->n_copy, .n_vm = vms->n_copy, .physical_ns = now_ns};
  lc_clock_set_tick(vms->clocks, lc_vms_vm(vms, own)->word, &site);
}

static inline void note_late(const struct lc_vms *vms, int32_t own, int64_t now_ns) {
  if (!vms->late)
    return;
  struct lc_late *late = &vms->late[own];
  int64_t ns = now_ns - vms->deadline_ns[own];
  late->sum_ns += ns;
  late->largest_ns = ns > late->largest_ns ? ns : late->largest_ns;
}

/* Before the first event of a tick. */
static inline void begin_tick(struct lc_vms *vms, int32_t own, int64_t now_ns) {
  note_late(vms, own, now_ns);
  clocks_begin(vms, own, now_ns);
}

static inline bool has_mail(const struct lc_vm *vm, int64_t now_ns) {
  return (vm->n_queued > 0) | (vm->t_pile <= now_ns);
}

/* A second event in each tick that received; where the rule is known to the compiler this is no
 * branch. */
static inline int64_t event_number(const struct lc_vms *vms, int32_t own, bool then_act) {
  int64_t ticks = lc_vms_vm(vms, own)->n_tick;
  return then_act ? ticks + vms->tally[own].n_received : ticks;
}

/* `now_ns` is at or after the deadline. */
static inline __attribute__((always_inline)) void begin_step(const struct lc_vms *vms, int32_t own,
                                                             int64_t now_ns, bool then_act,
                                                             uint8_t kind, struct lc_step *step) {
  const struct lc_vm *vm = lc_vms_vm(vms, own);
  step->event = (struct lc_event){
      .machine = vms->first + own,
      .peer = -1,
      .seq = event_number(vms, own, then_act),
      .tick = vm->n_tick,
      .t_scheduled = vms->deadline_ns[own],
      .t_actual = now_ns,
      .kind = kind,
      .queue_before = vm->n_queued,
  };
  step->stamps = lc_vms_stamps(vms, own);
  step->n_receiver = 0;
  step->receiver = NULL;
}

static inline void end_event(const struct lc_vms *vms, int32_t own, struct lc_step *step) {
  step->event.queue_after = lc_vms_vm(vms, own)->n_queued;
}

static inline void end_tick(struct lc_vms *vms, int32_t own) {
  lc_vms_vm(vms, own)->n_tick++;
  move_deadline(vms, own);
}

/* The message of a step that has begun. */
static inline __attribute__((always_inline)) void take_message(struct lc_vms *vms, int32_t own,
                                                               int64_t now_ns, bool lamport,
                                                               const struct lc_given *message,
                                                               struct lc_step *step) {
  step->event.peer = message->sender;
  step->event.msg_first = message->number;
  step->event.msg_count = 1;
  step->event.t_arrival = message->t_arrival;
  vms->tally[own].n_received++;
  clocks_step(vms, own, lamport, LC_RECEIVE, message->stamp, now_ns);
}

/* For a VM that has mail; `nodes` are those of its block. With `then_act` the tick is not over. */
static inline __attribute__((always_inline)) void
receive_step(struct lc_vms *vms, struct lc_nodes *nodes, int32_t own, int64_t now_ns, bool lamport,
             bool then_act, struct lc_step *step) {
  struct lc_vm *vm = lc_vms_vm(vms, own);
  if (vm->t_pile <= now_ns)
    inbox_sort_in(vms, nodes, vm, now_ns);
  if (vm->n_queued > vm->max_queued)
    vm->max_queued = vm->n_queued;
  begin_step(vms, own, now_ns, then_act, LC_RECEIVE, step);
  int32_t taken = inbox_take(vms, nodes, vm);
  const struct lc_node *node = node_at(vms, nodes, taken);
  struct lc_given message = {node->number, node->t_arrival, node->sender, 0, node->stamp};
  take_message(vms, own, now_ns, lamport, &message, step);
  inbox_give(nodes, taken);
  end_event(vms, own, step);
  if (!then_act)
    end_tick(vms, own);
}

static inline __attribute__((always_inline)) void internal_step(struct lc_vms *vms, int32_t own,
                                                                int64_t now_ns, bool lamport,
                                                                bool then_act,
                                                                struct lc_step *step) {
  begin_step(vms, own, now_ns, then_act, LC_INTERNAL, step);
  step->event.op = LC_OP_INTERNAL;
  clocks_step(vms, own, lamport, LC_INTERNAL, NULL, now_ns);
  end_event(vms, own, step);
  end_tick(vms, own);
}

static inline __attribute__((always_inline)) void
send_step(struct lc_vms *vms, int32_t own, int64_t now_ns, bool lamport, bool then_act,
          const struct choice *choice, struct lc_step *step) {
  struct lc_tally *tally = &vms->tally[own];
  begin_step(vms, own, now_ns, then_act, LC_SEND, step);
  step->event.op = (uint8_t)choice->op;
  step->event.peer = choice->op == LC_OP_UNICAST ? choice->receiver[0] : -1;
  step->event.msg_first = tally->n_sent;
  step->event.msg_count = step->n_receiver = choice->n_receiver;
  step->receiver = choice->receiver;
  tally->n_send++;
  tally->n_sent += choice->n_receiver;
  clocks_step(vms, own, lamport, LC_SEND, NULL, now_ns);
  end_event(vms, own, step);
  end_tick(vms, own);
}

/* A tick that acts; `draw` is the tick's block 0. */
static inline __attribute__((always_inline)) void
act_step(struct lc_vms *vms, int32_t own, int64_t now_ns, bool lamport, bool then_act,
         const struct lc_block *draw, struct lc_step *step) {
  int64_t tick = lc_vms_vm(vms, own)->n_tick;
  struct choice choice = choose(vms->load, vms->first + own, tick, draw);
  if (choice.op == LC_OP_INTERNAL)
    internal_step(vms, own, now_ns, lamport, then_act, step);
  else
    send_step(vms, own, now_ns, lamport, then_act, &choice, step);
}

static inline __attribute__((always_inline)) void digest_step(const struct lc_vms *vms,
                                                              const struct lc_step *step,
                                                              bool lamport,
                                                              struct lc_digest *digest) {
  const struct lc_clock_set *set = vms->clocks;
  const struct lc_event *e = &step->event;
  uint64_t id = lc_hash_id(e->machine, e->seq);
  digest->execution += lc_hash_event(id, e);
  for (int32_t i = 0; i < step->n_receiver; i++)
    digest->execution += lc_hash_message(e->machine, e->msg_first + i, step->receiver[i]);
  if (lamport)
    digest->clock[0] += lc_hash_words(id, step->stamps, 1);
  else
    for (int32_t c = 0; c < set->n; c++)
      digest->clock[c] += lc_hash_words(id, step->stamps + set->stamp_at[c], set->stamp_width[c]);
}

#endif
