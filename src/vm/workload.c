/* What an idle tick does: one Philox block per tick decides. Word 0 picks the operation by
 * whole-number thresholds, word 1 the peer; a multicast's receivers come from a partial
 * Fisher-Yates shuffle that takes words 2 and 3 and then further blocks of the same tick. */
#include "lcmpi/workload.h"

#include "lcmpi/rng.h"

#include <stdlib.h>

static uint64_t threshold(double fraction) {
  return (uint64_t)(fraction * 0x1p32 + 0.5);
}

void lc_workload_init(struct lc_workload *load, uint64_t seed, int32_t n_vm, double unicast,
                      double multicast, int32_t fanout) {
  int32_t peers = n_vm - 1;
  *load = (struct lc_workload){
      .seed = seed,
      .n_vm = n_vm,
      .fanout = fanout < peers ? fanout : peers,
      .unicast_below = threshold(unicast),
      .multicast_below = threshold(unicast + multicast),
  };
  load->order = lc_new((size_t)peers, sizeof *load->order, "the peers of a multicast");
  load->chosen = lc_new((size_t)peers, sizeof *load->chosen, "the receivers of a multicast");
  load->swapped = lc_new((size_t)peers, sizeof *load->swapped, "the shuffle of a multicast");
  for (int32_t i = 0; i < peers; i++)
    load->order[i] = i;
}

void lc_workload_free(struct lc_workload *load) {
  free(load->order);
  free(load->chosen);
  free(load->swapped);
  *load = (struct lc_workload){0};
}

/* Peers are numbered 0..n_vm-2 without the VM itself. */
static int32_t peer_id(int32_t vm, int32_t peer) {
  return peer + (peer >= vm);
}

/* Word i of the stream that a multicast draws from: words 2, 3 of block 0, then blocks 1, 2, ... */
static uint32_t stream_word(const struct lc_workload *load, int32_t vm, int64_t tick,
                            struct lc_block *block, uint32_t i) {
  uint32_t at = i + 2;
  if (at >= 4 && at % 4 == 0)
    *block = lc_draw(load->seed, LC_DRAW_OPERATION, vm, (uint64_t)tick, at / 4);
  return block->word[at % 4];
}

static void swap(int32_t *a, int32_t *b) {
  int32_t kept = *a;
  *a = *b;
  *b = kept;
}

static int ascending(const void *a, const void *b) {
  int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
  return (left > right) - (left < right);
}

/* The first `fanout` places of a shuffle of all peers; the swaps are undone afterwards, so that a
 * multicast costs its fan-out and not the number of VMs. */
static void choose_receivers(struct lc_workload *load, int32_t vm, int64_t tick,
                             struct lc_block block) {
  uint32_t peers = (uint32_t)load->n_vm - 1, fanout = (uint32_t)load->fanout;
  for (uint32_t i = 0; i < fanout; i++) {
    load->swapped[i] = i;
    if (fanout < peers)
      load->swapped[i] += lc_below(stream_word(load, vm, tick, &block, i), peers - i);
    swap(&load->order[i], &load->order[load->swapped[i]]);
  }
  for (uint32_t i = 0; i < fanout; i++)
    load->chosen[i] = peer_id(vm, load->order[i]);
  for (uint32_t i = fanout; i-- > 0;)
    swap(&load->order[i], &load->order[load->swapped[i]]);
  qsort(load->chosen, fanout, sizeof *load->chosen, ascending);
}

struct lc_choice lc_workload_choose(struct lc_workload *load, int32_t vm, int64_t tick) {
  struct lc_choice internal = {.op = LC_OP_INTERNAL};
  if (load->n_vm < 2)
    return internal;
  struct lc_block block = lc_draw(load->seed, LC_DRAW_OPERATION, vm, (uint64_t)tick, 0);
  if (block.word[0] < load->unicast_below) {
    load->chosen[0] = peer_id(vm, (int32_t)lc_below(block.word[1], (uint32_t)load->n_vm - 1));
    return (struct lc_choice){LC_OP_UNICAST, 1, load->chosen};
  }
  if (block.word[0] < load->multicast_below) {
    choose_receivers(load, vm, tick, block);
    return (struct lc_choice){LC_OP_MULTICAST, load->fanout, load->chosen};
  }
  return internal;
}

double lc_workload_messages_per_tick(const struct lc_workload *load) {
  if (load->n_vm < 2)
    return 0;
  double unicast = (double)load->unicast_below * 0x1p-32;
  double multicast = (double)load->multicast_below * 0x1p-32 - unicast;
  return unicast + multicast * load->fanout;
}
