/* Virtual time on one rank: all ticks of a block in a window. VMs do not hear each other inside a
 * window, so their ticks may run in any order. Those that are due go in batches: first who takes a
 * message is told from who acts, without a branch; then the draws of all who act are made together,
 * and who does an internal event is told from who sends; then each kind runs in a loop of its own,
 * which the processor need not guess its way through. Who is due again goes round once more. */
#include "due.h"
#include "step.h"

enum { BATCH = LC_DRAWS };

#define ALWAYS static inline __attribute__((always_inline))

/* What a loop is compiled for: Lamport's clock alone, a log, the rule receive-then-act. */
struct shape {
  bool lamport, log, then_act;
};

struct ticks {
  int32_t n;
  int32_t own[BATCH];
};

struct acting {
  int32_t n;
  int32_t own[BATCH];
  struct lc_draws draw;
};

struct window {
  struct lc_vms *vms;
  struct lc_nodes *nodes; /* of the block */
  int64_t until_ns;
  const int32_t *ahead, *ahead_end; /* VMs of the next batch that have not been asked for yet */
  struct lc_sink *sink;
  struct lc_digest digest;
};

/* ---- a batch ------------------------------------------------------------------------------------
 */

/* In a large system most of what a tick touches is not in the cache: it is asked for a batch ahead,
 * one VM with each tick, so that the processor works on while memory answers. */
static inline void fetch_one(struct window *w) {
  if (w->ahead == w->ahead_end)
    return;
  int32_t own = *w->ahead++;
  __builtin_prefetch(lc_vms_vm(w->vms, own), 1);
  __builtin_prefetch(&w->vms->tally[own], 1);
}

static void fetch_messages(const struct window *w, const struct ticks *receive) {
  for (int32_t k = 0; k < receive->n; k++) {
    const struct lc_vm *vm = lc_vms_vm(w->vms, receive->own[k]);
    __builtin_prefetch(node_at(w->vms, w->nodes, vm->n_queued ? vm->first : vm->pile));
  }
}

ALWAYS void part(const struct lc_vms *vms, const int32_t *own, int32_t n, bool then_act,
                 struct ticks *receive, struct acting *act) {
  int32_t receiving = 0, acting = 0;
  for (int32_t k = 0; k < n; k++) {
    const struct lc_vm *vm = lc_vms_vm(vms, own[k]);
    bool mail = has_mail(vm, vms->deadline_ns[own[k]]);
    receive->own[receiving] = act->own[acting] = own[k];
    act->draw.word[0][acting] = (uint32_t)vm->n_tick;
    act->draw.word[1][acting] = (uint32_t)((uint64_t)vm->n_tick >> 32);
    act->draw.word[2][acting] = (uint32_t)lc_workload_stream(vms->load, vms->first + own[k]);
    receiving += mail;
    acting += !mail | then_act;
  }
  receive->n = receiving;
  act->n = acting;
}

/* Places in `act` of the ticks that may send, and the VMs that do not. */
static void part_acting(const struct lc_vms *vms, const struct acting *act, struct ticks *internal,
                        struct ticks *send) {
  int32_t sending = 0, staying = 0;
  for (int32_t k = 0; k < act->n; k++) {
    bool sends = may_send(vms->load, act->draw.word[0][k]);
    send->own[sending] = k;
    internal->own[staying] = act->own[k];
    sending += sends;
    staying += !sends;
  }
  send->n = sending;
  internal->n = staying;
}

/* The sinks get a copy, so that a step that none of them sees need never be in memory. */
ALWAYS void account(struct window *w, const struct lc_step *step, struct shape is) {
  digest_step(w->vms, step, is.lamport, &w->digest);
  if (!is.log || (w->sink->logged && !w->sink->logged(w->sink->context, step->event.machine)))
    return;
  struct lc_step copy = *step;
  w->sink->happened(w->sink->context, &copy);
}

ALWAYS void run_receives(struct window *w, const struct ticks *ticks, struct shape is) {
  for (int32_t k = 0; k < ticks->n; k++) {
    struct lc_step step;
    int32_t own = ticks->own[k];
    fetch_one(w);
    receive_step(w->vms, w->nodes, own, w->vms->deadline_ns[own], is.lamport, is.then_act, &step);
    account(w, &step, is);
  }
  w->sink->n_received += ticks->n;
}

ALWAYS void run_internals(struct window *w, const struct ticks *ticks, struct shape is) {
  for (int32_t k = 0; k < ticks->n; k++) {
    struct lc_step step;
    int32_t own = ticks->own[k];
    fetch_one(w);
    internal_step(w->vms, own, w->vms->deadline_ns[own], is.lamport, is.then_act, &step);
    account(w, &step, is);
  }
}

ALWAYS void run_sends(struct window *w, const struct acting *act, const struct ticks *place,
                      struct shape is) {
  for (int32_t k = 0; k < place->n; k++) {
    struct lc_step step;
    int32_t at = place->own[k], own = act->own[at];
    struct lc_block draw = {{act->draw.word[0][at], act->draw.word[1][at], act->draw.word[2][at],
                             act->draw.word[3][at]}};
    fetch_one(w);
    act_step(w->vms, own, w->vms->deadline_ns[own], is.lamport, is.then_act, &draw, &step);
    if (step.n_receiver)
      w->sink->sent(w->sink->context, &step);
    account(w, &step, is);
  }
}

/* Of receive-then-act every tick acts, and those that receive do that before; else the order of the
 * kinds is free. Returns how many events. */
ALWAYS int32_t run_batch(struct window *w, const int32_t *own, int32_t n, struct shape is) {
  struct ticks receive, internal, send;
  struct acting act;
  if (!is.lamport)
    for (int32_t k = 0; k < n; k++)
      clocks_begin(w->vms, own[k], w->vms->deadline_ns[own[k]]);
  part(w->vms, own, n, is.then_act, &receive, &act);
  fetch_messages(w, &receive);
  lc_draw_many(w->vms->load->seed, LC_DRAW_OPERATION, act.n, &act.draw);
  part_acting(w->vms, &act, &internal, &send);
  if (is.then_act)
    run_receives(w, &receive, is);
  run_internals(w, &internal, is);
  run_sends(w, &act, &send, is);
  if (!is.then_act)
    run_receives(w, &receive, is);
  return act.n + receive.n;
}

/* ---- a window -----------------------------------------------------------------------------------
 */

/* Who is due again, out of those that just had a tick. */
static int32_t keep_due(const struct lc_vms *vms, int64_t until_ns, int32_t *own, int32_t n) {
  int32_t kept = 0;
  for (int32_t k = 0; k < n; k++) {
    own[kept] = own[k];
    kept += vms->deadline_ns[own[k]] < until_ns;
  }
  return kept;
}

ALWAYS int64_t run_block(struct window *w, int32_t block, struct shape is) {
  int32_t due[DUE_ROOM], n = find_due(w->vms, block, w->until_ns, due);
  int64_t events = 0;
  for (; n; n = keep_due(w->vms, w->until_ns, due, n)) {
    for (int32_t at = 0; at < n; at += BATCH) {
      int32_t rest = n - at, size = rest < BATCH ? rest : BATCH, ahead = rest - size;
      w->ahead = due + at + size;
      w->ahead_end = w->ahead + (ahead < BATCH ? ahead : BATCH);
      events += run_batch(w, due + at, size, is);
    }
  }
  w->ahead = w->ahead_end = NULL; /* they pointed into `due` */
  note_deadlines(w->vms, block, w->until_ns);
  return events;
}

static void add_digest(struct lc_digest *sum, const struct lc_digest *digest) {
  sum->execution += digest->execution;
  for (int c = 0; c < LC_MAX_CLOCKS; c++)
    sum->clock[c] += digest->clock[c];
}

/* The usual case, lamport alone and no log, gets loops of its own from the compiler. */
int64_t lc_vms_run(struct lc_vms *vms, int32_t block, int64_t until_ns, struct lc_sink *sink) {
  struct window w = {
      .vms = vms, .nodes = &vms->nodes[block], .until_ns = until_ns, .sink = sink, .digest = {0}};
  bool lamport = only_lamport(vms->clocks), log = sink->happened != NULL;
  int64_t events = 0;
  if (vms->load->rule == LC_RECEIVE_THEN_ACT)
    events = run_block(&w, block, (struct shape){lamport, log, true});
  else if (lamport && !log)
    events = run_block(&w, block, (struct shape){true, false, false});
  else if (lamport)
    events = run_block(&w, block, (struct shape){true, true, false});
  else
    events = run_block(&w, block, (struct shape){false, log, false});
  add_digest(sink->digest, &w.digest);
  return events;
}
