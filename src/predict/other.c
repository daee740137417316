/* The fixed point in a network that is not full, found by iteration. Where an idle tick sends less
 * than one message it is the only one, and each VM in its turn takes what it has been sent so far.
 * Else turns would favour the first among VMs that are alike, and full steps would swing, since
 * more sent means less sent back: then all move together and part of the way. Only who is found
 * saturated stops at once in the first sweeps, where small steps would take long; not later, when
 * it could go round in circles. */
#include "theory.h"

#include <math.h>
#include <string.h>

/* A change below SETTLED is none; one below ENOUGH of all VMs ends the search. */
#define SETTLED 1e-11
#define ENOUGH  1e-10

/* What VMs [first, end) of the copy send with so many idle ticks, added to the arrivals. */
static void send_all(struct lc_theory *t, const double *idle, int32_t first, int32_t end) {
  const struct lc_topology *topology = t->load->topology;
  for (int32_t i = first; i < end; i++) {
    if (idle[i] == 0)
      continue;
    int32_t vm = t->first + i, degree = lc_topology_degree(topology, vm);
    double each = idle[i] * share_of(t->load, degree);
    for (int32_t k = 0; k < degree; k++)
      t->arrivals[lc_topology_peer(topology, vm, k) - t->first] += each;
  }
}

/* Sweeps in which who is saturated stops at once. */
enum { STOPS = 16 };

enum way { IN_TURN, TOGETHER_OR_STOP, TOGETHER };

/* Moves VMs [first, end) towards the idle ticks that their arrivals leave; returns the largest
 * move that was called for. */
static double move(struct lc_theory *t, int32_t first, int32_t end, enum way way) {
  double largest = 0;
  for (int32_t i = first; i < end; i++) {
    double ticks = ticks_of(t, i), to = fmax(0, ticks - t->arrivals[i]), by = to - t->idle[i];
    double size = fabs(by) / ticks;
    if (way == TOGETHER || (way == TOGETHER_OR_STOP && to > 0))
      by /= 1 + lc_workload_messages_per_tick(t->load,
                                              lc_topology_degree(t->load->topology, t->first + i));
    t->change[i] = size > SETTLED ? by : 0;
    t->idle[i] += t->change[i];
    largest = fmax(largest, size);
  }
  return largest;
}

static double sweep(struct lc_theory *t, enum way way) {
  double largest = 0;
  int32_t at_once = way == IN_TURN ? 1 : t->n;
  for (int32_t i = 0; i < t->n; i += at_once) {
    largest = fmax(largest, move(t, i, i + at_once, way));
    send_all(t, t->change, i, i + at_once);
  }
  return largest;
}

/* Large systems get fewer sweeps, so that a search in vain ends in seconds. */
static int32_t most_sweeps(int32_t n) {
  double most = 200 + 5e8 / n;
  return most < 5000 ? (int32_t)most : 5000;
}

static void search(struct lc_theory *t) {
  bool single = lc_workload_messages_per_tick(t->load, t->load->topology->max_degree) < 1;
  int32_t most = most_sweeps(t->n);
  for (int32_t k = 0; k < most; k++) {
    enum way way = single ? IN_TURN : k < STOPS ? TOGETHER_OR_STOP : TOGETHER;
    if (sweep(t, way) <= ENOUGH)
      return;
  }
}

void solve_other_network(struct lc_theory *t) {
  size_t bytes = (size_t)t->n * sizeof(double);
  memset(t->idle, 0, bytes);
  memset(t->arrivals, 0, bytes);
  search(t);
  memset(t->arrivals, 0, bytes); /* once more, without what the many sums have rounded */
  send_all(t, t->idle, 0, t->n);
  for (int32_t i = 0; i < t->n; i++)
    t->residual = fmax(t->residual, idle_error(ticks_of(t, i), t->arrivals[i], t->idle[i]));
}

void sum_other_network(struct lc_theory *t) {
  memset(t->arrivals, 0, (size_t)t->n * sizeof *t->arrivals);
  for (int32_t i = 0; i < t->n; i++)
    t->idle[i] = ticks_of(t, i);
  send_all(t, t->idle, 0, t->n);
}
