/* The operations of idle ticks: thresholds, and who a multicast goes to. */
#include "../base/shuffle.h"
#include "choose.h"

#include <stdlib.h>

const char *const lc_tick_rules[] = {"receive-or-act", "receive-then-act"};

static uint64_t threshold(double fraction) {
  return (uint64_t)(fraction * 0x1p32 + 0.5);
}

void lc_workload_init(struct lc_workload *load, uint64_t seed, const struct lc_topology *topology,
                      enum lc_tick_rule rule, double unicast, double multicast, int32_t fanout) {
  int32_t peers = topology->max_degree;
  *load = (struct lc_workload){
      .seed = seed,
      .topology = topology,
      .rule = rule,
      .fanout = fanout < peers ? fanout : peers,
      .unicast_below = threshold(unicast),
      .multicast_below = threshold(unicast + multicast),
  };
  size_t room = (size_t)(load->fanout > 1 ? load->fanout : 1);
  load->chosen = lc_new(room, sizeof *load->chosen, "the receivers of a multicast");
  load->swapped = lc_new(room, sizeof *load->swapped, "the shuffle of a multicast");
  load->order = shuffle_places((uint32_t)room, peers, "the peers of a multicast");
}

void lc_workload_free(struct lc_workload *load) {
  free(load->order);
  free(load->chosen);
  free(load->swapped);
  *load = (struct lc_workload){0};
}

/* The words that a multicast draws from: words 2, 3 of block 0, then blocks 1, 2, ... */
struct stream {
  const struct lc_workload *load;
  int32_t vm; /* whose stream it is */
  int64_t tick;
  struct lc_block block;
  uint32_t at;
};

static uint32_t next_word(struct stream *s) {
  if (s->at >= 4 && s->at % 4 == 0)
    s->block = lc_draw(s->load->seed, LC_DRAW_OPERATION, s->vm, (uint64_t)s->tick, s->at / 4);
  return s->block.word[s->at++ % 4];
}

static void shuffle_many(struct lc_workload *load, struct stream *s, uint32_t fanout,
                         uint32_t degree) {
  for (uint32_t i = 0; i < fanout; i++)
    load->swapped[i] = i + lc_below(next_word(s), degree - i);
  shuffle_first(load->swapped, fanout, load->order, load->chosen);
}

/* The same for a fan-out of two, the usual one. */
static void shuffle_two(const struct lc_block *draw, uint32_t degree, int32_t *chosen) {
  uint32_t a = lc_below(draw->word[2], degree), b = 1 + lc_below(draw->word[3], degree - 1);
  b = b == a ? 0 : b;
  chosen[0] = (int32_t)(a < b ? a : b);
  chosen[1] = (int32_t)(a < b ? b : a);
}

int32_t choose_receivers(struct lc_workload *load, int32_t vm, int64_t tick,
                         const struct lc_block *draw, int32_t degree) {
  int32_t fanout = load->fanout < degree ? load->fanout : degree;
  struct stream s = {
      .load = load, .vm = lc_workload_stream(load, vm), .tick = tick, .block = *draw, .at = 2};
  int32_t *chosen = load->chosen;
  if (fanout == degree) /* all of them: nothing to shuffle */
    for (int32_t i = 0; i < fanout; i++)
      chosen[i] = i;
  else if (fanout == 2)
    shuffle_two(draw, (uint32_t)degree, chosen);
  else
    shuffle_many(load, &s, (uint32_t)fanout, (uint32_t)degree);
  if (fanout > 2 && fanout < degree)
    qsort(chosen, (size_t)fanout, sizeof *chosen, ascending_ids);
  for (int32_t i = 0; i < fanout; i++)
    chosen[i] = peer_of(load->topology, vm, chosen[i]);
  return fanout;
}

double lc_workload_messages_per_tick(const struct lc_workload *load, int32_t degree) {
  if (degree < 1)
    return 0;
  double unicast = (double)load->unicast_below * 0x1p-32;
  double multicast = (double)load->multicast_below * 0x1p-32 - unicast;
  return unicast + multicast * (load->fanout < degree ? load->fanout : degree);
}
