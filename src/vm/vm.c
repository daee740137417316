/* The VMs of a rank: their memory, and a step at a time. */
#include "due.h"
#include "step.h"

#include <stdlib.h>

static int32_t pieces(int32_t n, int32_t size) {
  return (int32_t)(((int64_t)n + size - 1) / size);
}

/* Behind the states, unless the only state is the stamp. */
static int32_t stamp_at(const struct lc_clock_set *clocks) {
  return only_lamport(clocks) ? 0 : clocks->state_words;
}

static int32_t words_of_vm(const struct lc_clock_set *clocks) {
  return stamp_at(clocks) + clocks->stamp_words + clocks->n;
}

static size_t vm_bytes(const struct lc_clock_set *clocks) {
  return sizeof(struct lc_vm) + (size_t)words_of_vm(clocks) * sizeof(int64_t);
}

static struct lc_period period_of(struct lc_rate rate) {
  __extension__ __int128 whole = (__int128)rate.q * LC_NS_PER_S / rate.p;
  __extension__ __int128 rest = (__int128)rate.q * LC_NS_PER_S % rate.p;
  return (struct lc_period){(int64_t)whole, (int64_t)rest, rate.p};
}

static void start_vm(struct lc_vms *vms, int32_t own, const struct lc_rate_rule *rates,
                     enum lc_phase phase, uint64_t seed) {
  int32_t id = vms->first + own, rate = lc_rate_index(rates, seed, id, vms->n_copy);
  struct lc_vm *vm = lc_vms_vm(vms, own);
  *vm = (struct lc_vm){.rate = rate, .t_pile = INT64_MAX, .first = -1, .pile = -1};
  vms->deadline_ns[own] = lc_phase_of(phase, rates->rate[rate], seed, id);
  struct lc_clock_site site = {.self = id % vms->n_copy, .n_vm = vms->n_copy, .physical_ns = 0};
  lc_clock_set_start(vms->clocks, vm->word, &site);
}

void lc_vms_init(struct lc_vms *vms, int32_t first, int32_t n, const struct lc_rate_rule *rates,
                 enum lc_phase phase, struct lc_workload *load, const struct lc_clock_set *clocks) {
  size_t many = (size_t)n, groups = (size_t)pieces(n, LC_GROUP_VMS);
  *vms = (struct lc_vms){
      .n = n,
      .first = first,
      .n_copy = clocks->n_vm,
      .n_block = pieces(n, LC_BLOCK_VMS),
      .clocks = clocks,
      .load = load,
      .stamp_at = stamp_at(clocks),
      .n_word = words_of_vm(clocks),
      .vm_bytes = vm_bytes(clocks),
      .message_words = clocks->stamp_words,
      .node_bytes = sizeof(struct lc_node) + (size_t)clocks->stamp_words * sizeof(int64_t),
  };
  vms->period = lc_new((size_t)rates->n, sizeof *vms->period, "the tick rates");
  for (int32_t i = 0; i < rates->n; i++)
    vms->period[i] = period_of(rates->rate[i]);
  vms->vm = lc_new_lines(many, vms->vm_bytes, "the VMs");
  vms->tally = lc_new_lines(many, sizeof *vms->tally, "the VMs");
  vms->deadline_ns = lc_new_lines(groups * LC_GROUP_VMS, sizeof *vms->deadline_ns, "the VMs");
  vms->group_deadline_ns = lc_new(groups, sizeof *vms->group_deadline_ns, "the VMs");
  vms->nodes = lc_new((size_t)vms->n_block, sizeof *vms->nodes, "the VMs' inboxes");
  for (int32_t i = 0; i < n; i++)
    start_vm(vms, i, rates, phase, load->seed);
  for (size_t i = many; i < groups * LC_GROUP_VMS; i++)
    vms->deadline_ns[i] = INT64_MAX;
  for (int32_t b = 0; b < vms->n_block; b++)
    note_deadlines(vms, b, INT64_MAX);
}

void lc_vms_keep_lateness(struct lc_vms *vms) {
  vms->late = lc_new((size_t)vms->n, sizeof *vms->late, "the lateness");
}

void lc_vms_colour(struct lc_vms *vms) {
  vms->message_words++;
  vms->node_bytes += sizeof(int64_t);
}

void lc_vms_free(struct lc_vms *vms) {
  for (int32_t b = 0; b < vms->n_block; b++) {
    free(vms->nodes[b].memory);
    free(vms->nodes[b].free);
  }
  free(vms->nodes);
  free(vms->period);
  free(vms->vm);
  free(vms->deadline_ns);
  free(vms->group_deadline_ns);
  free(vms->tally);
  free(vms->late);
  free(vms->skipped);
  *vms = (struct lc_vms){0};
}

double lc_vms_bytes(int32_t n, const struct lc_clock_set *clocks) {
  double deadlines = sizeof(int64_t) * (1 + 1.0 / LC_GROUP_VMS);
  return n * ((double)vm_bytes(clocks) + (double)sizeof(struct lc_tally) + deadlines);
}

int64_t lc_vms_message_bytes(const struct lc_vms *vms) {
  size_t bytes = 0;
  for (int32_t b = 0; b < vms->n_block; b++)
    bytes += vms->nodes[b].room * vms->node_bytes + vms->nodes[b].free_room * sizeof(int32_t);
  return (int64_t)bytes;
}

bool lc_vms_step(struct lc_vms *vms, int32_t own, int64_t now_ns, struct lc_step *step) {
  const struct lc_vm *vm = lc_vms_vm(vms, own);
  bool lamport = only_lamport(vms->clocks), then_act = vms->load->rule == LC_RECEIVE_THEN_ACT;
  if (!vms->midway) {
    begin_tick(vms, own, now_ns);
    if (has_mail(vm, now_ns)) {
      receive_step(vms, &vms->nodes[own / LC_BLOCK_VMS], own, now_ns, lamport, then_act, step);
      vms->midway = then_act;
      return then_act;
    }
  }
  vms->midway = false;
  struct lc_block draw =
      lc_draw(vms->load->seed, LC_DRAW_OPERATION, lc_workload_stream(vms->load, vms->first + own),
              (uint64_t)vm->n_tick, 0);
  act_step(vms, own, now_ns, lamport, then_act, &draw, step);
  return false;
}

void lc_vms_digest(const struct lc_vms *vms, const struct lc_step *step, struct lc_digest *digest) {
  digest_step(vms, step, only_lamport(vms->clocks), digest);
}
