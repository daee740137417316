/* The operations of idle ticks: thresholds, and who a multicast goes to. */
#include "choose.h"

#include <stdlib.h>

/* A shuffle of so few keeps its swaps in a list; that of more undoes them in an array of all peers.
 */
enum { FEW = 16 };

static uint64_t threshold(double fraction) {
  return (uint64_t)(fraction * 0x1p32 + 0.5);
}

void lc_workload_init(struct lc_workload *load, uint64_t seed, const struct lc_topology *topology,
                      double unicast, double multicast, int32_t fanout) {
  int32_t peers = topology->max_degree;
  *load = (struct lc_workload){
      .seed = seed,
      .topology = topology,
      .fanout = fanout < peers ? fanout : peers,
      .unicast_below = threshold(unicast),
      .multicast_below = threshold(unicast + multicast),
  };
  size_t room = (size_t)(load->fanout > 1 ? load->fanout : 1);
  load->chosen = lc_new(room, sizeof *load->chosen, "the receivers of a multicast");
  if (load->fanout <= FEW)
    return;
  load->order = lc_new((size_t)peers, sizeof *load->order, "the peers of a multicast");
  load->swapped = lc_new(room, sizeof *load->swapped, "the shuffle of a multicast");
  for (int32_t i = 0; i < peers; i++)
    load->order[i] = i;
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
  int32_t vm;
  int64_t tick;
  struct lc_block block;
  uint32_t at;
};

static uint32_t next_word(struct stream *s) {
  if (s->at >= 4 && s->at % 4 == 0)
    s->block = lc_draw(s->load->seed, LC_DRAW_OPERATION, s->vm, (uint64_t)s->tick, s->at / 4);
  return s->block.word[s->at++ % 4];
}

/* The place of peer `i` in a list of swaps: peers not in the list are where they were. */
static uint32_t place_of(const uint32_t (*swap)[2], uint32_t n, uint32_t i) {
  while (n-- > 0)
    if (swap[n][0] == i)
      return swap[n][1];
  return i;
}

static void shuffle_few(struct stream *s, uint32_t fanout, uint32_t degree, int32_t *chosen) {
  uint32_t swap[FEW][2];
  for (uint32_t i = 0; i < fanout; i++) {
    uint32_t j = i + lc_below(next_word(s), degree - i);
    chosen[i] = (int32_t)place_of((const uint32_t(*)[2])swap, i, j);
    swap[i][1] = place_of((const uint32_t(*)[2])swap, i, i);
    swap[i][0] = j;
  }
}

/* The same for a fan-out of two, the usual one. */
static void shuffle_two(const struct lc_block *draw, uint32_t degree, int32_t *chosen) {
  uint32_t a = lc_below(draw->word[2], degree), b = 1 + lc_below(draw->word[3], degree - 1);
  b = b == a ? 0 : b;
  chosen[0] = (int32_t)(a < b ? a : b);
  chosen[1] = (int32_t)(a < b ? b : a);
}

static void exchange(int32_t *a, int32_t *b) {
  int32_t kept = *a;
  *a = *b;
  *b = kept;
}

/* The swaps are undone afterwards, so that a multicast costs its fan-out and not all peers. */
static void shuffle_many(struct lc_workload *load, struct stream *s, uint32_t fanout,
                         uint32_t degree) {
  for (uint32_t i = 0; i < fanout; i++) {
    load->swapped[i] = i + lc_below(next_word(s), degree - i);
    exchange(&load->order[i], &load->order[load->swapped[i]]);
  }
  for (uint32_t i = 0; i < fanout; i++)
    load->chosen[i] = load->order[i];
  for (uint32_t i = fanout; i-- > 0;)
    exchange(&load->order[i], &load->order[load->swapped[i]]);
}

static int ascending(const void *a, const void *b) {
  int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
  return (left > right) - (left < right);
}

int32_t choose_receivers(struct lc_workload *load, int32_t vm, int64_t tick,
                         const struct lc_block *draw, int32_t degree) {
  int32_t fanout = load->fanout < degree ? load->fanout : degree;
  struct stream s = {.load = load, .vm = vm, .tick = tick, .block = *draw, .at = 2};
  int32_t *chosen = load->chosen;
  if (fanout == degree) /* all of them: nothing to shuffle */
    for (int32_t i = 0; i < fanout; i++)
      chosen[i] = i;
  else if (fanout == 2)
    shuffle_two(draw, (uint32_t)degree, chosen);
  else if (fanout <= FEW)
    shuffle_few(&s, (uint32_t)fanout, (uint32_t)degree, chosen);
  else
    shuffle_many(load, &s, (uint32_t)fanout, (uint32_t)degree);
  if (fanout > 2 && fanout < degree)
    qsort(chosen, (size_t)fanout, sizeof *chosen, ascending);
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
