/* One tick of one machine (model.md, Tick; rule receive-or-act): one tick, one event. */
#include "lcmpi/vm.h"

#include <stdlib.h>

static struct lc_clock_site site_of(const struct lc_vm *vm, const struct lc_clock_set *clocks,
                                    int64_t now_ns) {
  return (struct lc_clock_site){.self = vm->id, .n_vm = clocks->n_vm, .physical_ns = now_ns};
}

void lc_vm_init(struct lc_vm *vm, int32_t id, struct lc_rate rate, int64_t phase_ns,
                const struct lc_clock_set *clocks) {
  *vm = (struct lc_vm){.id = id, .rate = rate, .phase_ns = phase_ns};
  vm->clock_state = lc_new((size_t)clocks->state_words, sizeof(int64_t), "a VM's clocks");
  vm->stamps = lc_new((size_t)clocks->stamp_words, sizeof(int64_t), "a VM's stamps");
  vm->jumps = lc_new((size_t)clocks->n, sizeof *vm->jumps, "a VM's clock jumps");
  struct lc_clock_site site = site_of(vm, clocks, 0);
  lc_clock_set_start(clocks, vm->clock_state, &site);
}

void lc_vm_free(struct lc_vm *vm, struct lc_message_pool *pool) {
  while (vm->inbox.length)
    lc_message_give(pool, lc_queue_take(&vm->inbox));
  lc_queue_free(&vm->inbox);
  free(vm->clock_state);
  free(vm->stamps);
  free(vm->jumps);
  *vm = (struct lc_vm){0};
}

int64_t lc_vm_deadline(const struct lc_vm *vm) {
  return lc_tick_time(vm->rate, vm->phase_ns, vm->next_tick);
}

static void receive(struct lc_vm *vm, struct lc_event *event, const struct lc_clock_set *clocks,
                    struct lc_message_pool *pool, const struct lc_clock_site *site) {
  struct lc_message *message = lc_queue_take(&vm->inbox);
  lc_clock_set_receive(clocks, vm->clock_state, message->stamp, site, vm->stamps);
  event->kind = LC_RECEIVE;
  event->peer = message->sender;
  event->msg_first = message->number;
  event->msg_count = 1;
  event->t_arrival = message->t_arrival;
  vm->n_received++;
  lc_message_give(pool, message);
}

static void act(struct lc_vm *vm, struct lc_step *step, struct lc_workload *load,
                const struct lc_clock_set *clocks, const struct lc_clock_site *site) {
  struct lc_choice choice = lc_workload_choose(load, vm->id, step->event.tick);
  step->event.op = (uint8_t)choice.op;
  if (choice.op == LC_OP_INTERNAL) {
    lc_clock_set_local(clocks, vm->clock_state, site, vm->stamps);
    step->event.kind = LC_INTERNAL;
    vm->n_internal++;
    return;
  }
  lc_clock_set_send(clocks, vm->clock_state, site, vm->stamps);
  step->event.kind = LC_SEND;
  step->event.peer = choice.op == LC_OP_UNICAST ? choice.receiver[0] : -1;
  step->event.msg_first = vm->n_sent;
  step->event.msg_count = choice.n_receiver;
  step->n_receiver = choice.n_receiver;
  step->receiver = choice.receiver;
  vm->n_sent += choice.n_receiver;
}

static void note_jumps(struct lc_vm *vm, const struct lc_clock_set *clocks) {
  for (int32_t c = 0; c < clocks->n; c++) {
    if (!clocks->clock[c]->value)
      continue;
    struct lc_jumps *jumps = &vm->jumps[c];
    int64_t value = clocks->clock[c]->value(vm->stamps + clocks->stamp_at[c]);
    int64_t jump = value - jumps->last;
    jumps->last = value;
    jumps->sum += jump;
    if (jump > jumps->largest)
      jumps->largest = jump;
  }
}

struct lc_step lc_vm_step(struct lc_vm *vm, struct lc_workload *load,
                          const struct lc_clock_set *clocks, struct lc_message_pool *pool,
                          int64_t now_ns) {
  struct lc_clock_site site = site_of(vm, clocks, now_ns);
  struct lc_step step = {.stamps = vm->stamps,
                         .event = {
                             .machine = vm->id,
                             .peer = -1,
                             .seq = vm->n_event,
                             .tick = vm->next_tick,
                             .t_scheduled = lc_vm_deadline(vm),
                             .t_actual = now_ns,
                             .queue_before = (int32_t)vm->inbox.length,
                         }};
  if (vm->inbox.length)
    receive(vm, &step.event, clocks, pool, &site);
  else
    act(vm, &step, load, clocks, &site);
  step.event.queue_after = (int32_t)vm->inbox.length;
  note_jumps(vm, clocks);
  vm->n_event++;
  vm->next_tick++;
  return step;
}
