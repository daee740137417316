/* Virtual time on one rank: all ticks of a block in a window. VMs do not hear each other inside a
 * window, so they run one after another, a group at a time: who is due is found without a branch,
 * the draws of all of them are made together (the processor makes several at once), then each takes
 * its tick; those that are due again go round once more. */
#include "step.h"

struct due {
  int32_t n;
  int32_t own[LC_GROUP_VMS];
  struct lc_draws draw;
};

_Static_assert((int)LC_DRAWS == (int)LC_GROUP_VMS, "a group draws at once");

static int32_t group_end(const struct lc_vms *vms, int32_t group) {
  int32_t end = (group + 1) * LC_GROUP_VMS;
  return end < vms->n ? end : vms->n;
}

static int32_t find_due(const struct lc_vms *vms, int32_t group, int64_t until_ns,
                        struct due *due) {
  int32_t n = 0, end = group_end(vms, group);
  for (int32_t i = group * LC_GROUP_VMS; i < end; i++) {
    due->own[n] = i;
    n += vms->deadline_ns[i] < until_ns;
  }
  return n;
}

static int64_t earliest(const struct lc_vms *vms, int32_t group) {
  int64_t first = INT64_MAX;
  int32_t end = group_end(vms, group);
  for (int32_t i = group * LC_GROUP_VMS; i < end; i++)
    first = vms->deadline_ns[i] < first ? vms->deadline_ns[i] : first;
  return first;
}

/* In a large system most of what a tick touches is not in the cache: it is asked for as soon as it
 * is known, for the whole group, and comes while the draws are made. */
static void fetch_vms(const struct lc_vms *vms, const struct due *due) {
  for (int32_t k = 0; k < due->n; k++) {
    __builtin_prefetch(&vms->vm[due->own[k]], 1);
    __builtin_prefetch(state_of(vms, due->own[k]), 1);
  }
}

static void draw_all(const struct lc_vms *vms, const struct lc_nodes *nodes, struct due *due) {
  for (int32_t k = 0; k < due->n; k++) {
    int32_t own = due->own[k], first = vms->vm[own].first;
    if (first >= 0)
      __builtin_prefetch(node_at(vms, nodes, first));
    uint64_t tick = (uint64_t)vms->vm[own].n_tick;
    due->draw.word[0][k] = (uint32_t)tick;
    due->draw.word[1][k] = (uint32_t)(tick >> 32);
    due->draw.word[2][k] = (uint32_t)(vms->first + own);
  }
  lc_draw_many(vms->load->seed, LC_DRAW_OPERATION, due->n, &due->draw);
}

static inline void run_due(struct lc_vms *vms, struct lc_nodes *nodes, struct due *due,
                           int64_t until_ns, bool lamport, bool log, struct lc_sink *sink) {
  int32_t again = 0;
  for (int32_t k = 0; k < due->n; k++) {
    struct lc_step step;
    int32_t own = due->own[k];
    struct lc_block draw = {
        {due->draw.word[0][k], due->draw.word[1][k], due->draw.word[2][k], due->draw.word[3][k]}};
    step_vm(vms, nodes, own, vms->deadline_ns[own], lamport, &draw, &step);
    digest_step(vms, &step, sink->digest);
    sink->n_received += step.event.kind == LC_RECEIVE;
    if (step.n_receiver)
      sink->sent(sink->context, &step);
    if (log && (!sink->logged || sink->logged(sink->context, step.event.machine)))
      sink->happened(sink->context, &step);
    due->own[again] = own;
    again += vms->deadline_ns[own] < until_ns;
  }
  due->n = again;
}

static inline __attribute__((always_inline)) int64_t run_group(struct lc_vms *vms, int32_t group,
                                                               struct due *due, int64_t until_ns,
                                                               bool lamport, bool log,
                                                               struct lc_sink *sink) {
  int64_t ticks = 0;
  struct lc_nodes *nodes = &vms->nodes[group / (LC_BLOCK_VMS / LC_GROUP_VMS)];
  while (due->n) {
    ticks += due->n;
    draw_all(vms, nodes, due);
    run_due(vms, nodes, due, until_ns, lamport, log, sink);
  }
  vms->group_deadline_ns[group] = earliest(vms, group);
  return ticks;
}

static int32_t group_limit(const struct lc_vms *vms, int32_t block) {
  int32_t end = (block + 1) * (LC_BLOCK_VMS / LC_GROUP_VMS);
  int32_t all = (vms->n + LC_GROUP_VMS - 1) / LC_GROUP_VMS;
  return end < all ? end : all;
}

int64_t lc_vms_block_deadline(const struct lc_vms *vms, int32_t block) {
  int64_t first = INT64_MAX;
  int32_t end = group_limit(vms, block);
  for (int32_t g = block * (LC_BLOCK_VMS / LC_GROUP_VMS); g < end; g++)
    first = vms->group_deadline_ns[g] < first ? vms->group_deadline_ns[g] : first;
  return first;
}

/* The first group from `group` on with a VM that is due, its VMs on their way into the cache; or
 * `end`. */
static int32_t next_group(const struct lc_vms *vms, int32_t group, int32_t end, int64_t until_ns,
                          struct due *due) {
  while (group < end && vms->group_deadline_ns[group] >= until_ns)
    group++;
  if (group < end) {
    due->n = find_due(vms, group, until_ns, due);
    fetch_vms(vms, due);
  }
  return group;
}

/* One group is ahead of the one that runs. */
static inline __attribute__((always_inline)) int64_t run_groups(struct lc_vms *vms, int32_t first,
                                                                int32_t end, int64_t until_ns,
                                                                bool lamport, bool log,
                                                                struct lc_sink *sink) {
  struct due due[2];
  int64_t ticks = 0;
  int32_t turn = 0, group = next_group(vms, first, end, until_ns, &due[0]);
  while (group < end) {
    int32_t next = next_group(vms, group + 1, end, until_ns, &due[!turn]);
    ticks += run_group(vms, group, &due[turn], until_ns, lamport, log, sink);
    group = next;
    turn = !turn;
  }
  return ticks;
}

/* The usual case, lamport alone and no log, gets a loop of its own from the compiler. */
int64_t lc_vms_run(struct lc_vms *vms, int32_t block, int64_t until_ns, struct lc_sink *sink) {
  int32_t first = block * (LC_BLOCK_VMS / LC_GROUP_VMS), end = group_limit(vms, block);
  bool lamport = only_lamport(vms), log = sink->happened != NULL;
  if (lamport && !log)
    return run_groups(vms, first, end, until_ns, true, false, sink);
  if (lamport)
    return run_groups(vms, first, end, until_ns, true, true, sink);
  return run_groups(vms, first, end, until_ns, false, log, sink);
}
