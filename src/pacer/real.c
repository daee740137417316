/* The exercise's wall-clock run. Deadlines are absolute; between ticks a rank sleeps until the next
 * one or for a bounded poll interval, takes in what has arrived, and writes the log when there is
 * time. It never spins and never blocks in MPI. The end, and every early stop, is agreed by all
 * ranks in a round. */
#include "real.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Writing keeps so far away from ticks on both sides, but not for ever: many VMs tick at the same
 * moment, and a rank that writes right after its tick holds up the ranks that share its core. */
enum { GAP_NS = 3000000 };

enum {
  BURST_NS = 50000000,   /* so long late ticks may keep a rank from everything else */
  AGREEING_NS = 2000000, /* so often a rank looks while a round is under way, */
  ASKING_NS = 500000     /* and while a tick waits for the server, or as the server */
};

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t cpu_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * LC_NS_PER_S + now.tv_nsec;
}

/* Rank 0 chooses a moment that lies ahead of all ranks; each translates it to its own clock. */
static int64_t agree_on_start(const struct lc_world *w) {
  int64_t start = 0;
  lc_max(w->transport, &start, 1); /* nobody is late for it by more than this takes */
  start = lc_monotonic_ns() + 30000000 + 2000000 * (int64_t)lc_transport_size(w->transport);
  lc_broadcast(w->transport, &start, sizeof start);
  return start + w->clock_offset_ns;
}

/* Channels go on behind the messages that are in flight. */
static void go_on_in_order(struct real *r) {
  const struct lc_world *w = r->world;
  const struct lc_left *left = w->past->left;
  if (!w->fifo || w->latency->kind == LC_LATENCY_CONST) /* not at all, or by itself */
    return;
  for (int64_t i = 0; i < w->past->n_left; i++)
    if (left[i].fate == LC_FATE_IN_FLIGHT)
      lc_channels_order(&r->channels, left[i].sender, left[i].machine, left[i].t_arrival,
                        w->restart->t_ns);
}

/* Model time goes on at the latest record of any VM: ticks that were due before it are late. What
 * comes now arrives after all that had. With a constant latency arrivals are in order by that
 * alone, so it comes after what is still in flight, too. */
static void go_on_in_real_time(struct real *r) {
  const struct lc_world *w = r->world;
  struct lc_past *past = w->past;
  struct lc_balance before;
  go_on(w, r->outcome, &before, &r->until);
  r->n_sent = before.sent;
  r->n_received = before.received;
  r->digest = r->outcome->digest;
  if (!w->restart)
    return;
  r->begun_ns = r->last_arrival_ns = r->last_deadline_ns = w->restart->t_ns;
  r->next_snapshot = w->restart->n_taken;
  for (int64_t i = 0; i < past->n_left && w->latency->kind == LC_LATENCY_CONST; i++)
    r->last_arrival_ns = later(r->last_arrival_ns, past->left[i].t_arrival - w->latency->min_ns);
  go_on_in_order(r);
  lc_past_free(past);
}

void real_init(struct real *r, struct lc_world *w, struct lc_outcome *outcome) {
  memset(outcome, 0, sizeof *outcome);
  *r = (struct real){.world = w, .outcome = outcome, .end_ns = w->duration_ns};
}

void real_start(struct real *r, size_t wire_bytes) {
  const struct lc_world *w = r->world;
  lc_transport_listen(w->transport, wire_bytes);
  r->start_ns = agree_on_start(w);
  /* ranks that share cores take turns at writing, and rounds stay off the whole seconds of ticks */
  int32_t rank = lc_transport_rank(w->transport), ranks = lc_transport_size(w->transport);
  r->last_commit_ns = r->start_ns - w->commit_every_ns / ranks * rank;
  r->last_round_ns = r->start_ns - ROUND_NS + ROUND_OFFSET_NS;
  r->begun_cpu_ns = cpu_now();
}

static void finish(struct real *r) {
  free(r->agenda.item);
  for (size_t i = 0; i < r->done.n; i++)
    lc_cut_free(r->done.cut[i]);
  free(r->done.cut);
  free(r->done.digest);
  lc_recorder_free(r->recorder);
  marking_free(&r->marking);
  free(r->stamps);
  free(r->wire);
  free(r->decoded);
  lc_channels_free(&r->channels);
  lc_channels_free(&r->until.closed);
}

/* The ticks that are due now, in order; a late one is run like any other. A rank that cannot keep
 * up comes back after a while all the same, to commit and to hear the others. */
static lc_status run_due(struct real *r, struct lc_error *err) {
  int64_t until = lc_monotonic_ns() + BURST_NS;
  for (;;) {
    int64_t next = agenda_next(&r->agenda), now = model_now(r);
    begin_cuts(r, next, now);
    take_moments(r, now);
    if (next > now || next >= r->end_ns || r->failure)
      return LC_OK;
    lc_status status = run_tick(r, err);
    if (status)
      return status;
    r->last_deadline_ns = next;
    r->last_tick_ns = lc_monotonic_ns();
    if (r->last_tick_ns > until)
      return LC_OK;
  }
}

static lc_status tick_turn(void *context, struct lc_error *err) {
  lc_status status = run_due(context, err);
  return status ? status : take_in(context, err);
}

static lc_status begin(struct real *r, struct lc_world *w, struct lc_outcome *outcome,
                       struct lc_error *err) {
  size_t wire = lc_message_wire_bytes(w->vms->clocks);
  real_init(r, w, outcome);
  r->turn = tick_turn;
  r->receive = receive_message;
  r->context = r;
  if (w->method->coloured)
    lc_vms_colour(w->vms);
  for (int32_t i = 0; i < w->vms->n; i++)
    agenda_add(&r->agenda, i, w->vms->deadline_ns[i]);
  go_on_in_real_time(r);
  r->wire = lc_new(1, wire, "a message");
  r->stamps = lc_new((size_t)w->vms->clocks->stamp_words + 1, sizeof *r->stamps, "a message");
  r->decoded =
      lc_new(1, sizeof *r->decoded + ((size_t)w->vms->clocks->stamp_words + 1) * 8, "a message");
  r->recorder =
      lc_recorder_new(w->method, w->vms, &r->marking, r->next_snapshot, false, send_marker, r);
  lc_recorder_lost_before(r->recorder, r->until.n_lost);
  lc_status status = LC_OK;
  if (w->method->kind == LC_CHANDY_LAMPORT)
    status = lc_agree(w->transport, marking_make(&r->marking, w, err), err);
  if (!status)
    real_start(r, wire);
  return status;
}

/* When the next tick, or what it waits for, is due on this rank. */
static int64_t next_due(const struct real *r) {
  if (!r->serving)
    return agenda_next(&r->agenda);
  const struct lc_server *server = r->serving->server;
  int64_t next = agenda_next(&r->serving->asking.agenda);
  return server ? sooner(next, lc_server_done(server)) : next;
}

static void commit_if_time(struct real *r) {
  int64_t now = lc_monotonic_ns(), since = now - r->last_commit_ns;
  bool nothing = lc_store_pending(r->world->store) == 0 && r->done.n == 0;
  if (since < r->world->commit_every_ns || nothing)
    return;
  int64_t before = now - r->last_tick_ns, after = wall_of(r, next_due(r)) - now;
  if ((before > GAP_NS && after > GAP_NS) || since >= 2 * r->world->commit_every_ns)
    commit(r);
}

/* The longest time between two looks. */
static int64_t nap(const struct real *r) {
  const struct serving *s = r->serving;
  if (s && (s->server || s->asking.n_open))
    return sooner(r->world->poll_ns, ASKING_NS);
  /* a round takes several looks of every rank */
  bool agreeing = lc_round_running(r->world->transport) || lc_stop_signal();
  return agreeing ? sooner(r->world->poll_ns, AGREEING_NS) : r->world->poll_ns;
}

static void sleep_a_little(const struct real *r) {
  int64_t until = lc_monotonic_ns() + nap(r), next = next_due(r);
  if (next < r->end_ns && !r->failure)
    until = sooner(until, wall_of(r, next));
  if (until > lc_monotonic_ns())
    lc_sleep_until(until);
}

static void note_cost(struct real *r) {
  r->outcome->ticking_ns = lc_monotonic_ns() - r->start_ns;
  r->outcome->cpu_ns = cpu_now() - r->begun_cpu_ns;
}

/* A rank that is gone will agree on nothing; what is this one's own can still be written. */
static lc_status check_sent(struct real *r, struct lc_error *err) {
  if (r->failure != LC_ERANK)
    return LC_OK;
  *err = r->error;
  r->failure = LC_OK;
  return LC_ERANK;
}

lc_status run_until_over(struct real *r, struct lc_error *err) {
  while (!r->over) {
    lc_status status = r->turn(r->context, err);
    if (!status)
      status = check_sent(r, err);
    if (!status)
      status = run_rounds(r, err);
    if (status)
      return status;
    if (r->over)
      break;
    commit_if_time(r);
    sleep_a_little(r);
  }
  note_cost(r);
  return LC_OK;
}

/* An early end is a moment before which every rank runs all ticks that are due, and after which
 * none has run any, so the log has no gap: now, but for ranks that are behind. */
static lc_status stop_together(struct real *r, struct lc_error *err) {
  int64_t now = model_now(r);
  int64_t end = 1 + (agenda_next(&r->agenda) > now ? now : r->last_deadline_ns);
  lc_max(r->world->transport, &end, 1);
  r->end_ns = sooner(end, r->world->duration_ns);
  lc_sleep_until(wall_of(r, r->end_ns));
  while (agenda_next(&r->agenda) < r->end_ns && !r->failure) {
    lc_status status = run_due(r, err);
    if (status)
      return status;
    commit_if_time(r);
  }
  begin_cuts(r, agenda_next(&r->agenda), model_now(r));
  return LC_OK;
}

/* From here on the figures are those of all ranks. */
static void share_outcome(struct real *r) {
  struct lc_outcome *o = r->outcome;
  o->balance.sent = r->n_sent;
  o->balance.received = r->n_received;
  o->balance.lost = r->until.n_lost;
  o->digest = r->digest;
  share_counts(r->world, o);
  int64_t words[] = {o->lateness.n_tick, o->lateness.n_overrun};
  lc_sum(r->world->transport, words, 2);
  lc_sum(r->world->transport, o->lateness.histogram.count, LC_HISTOGRAM_BINS);
  lc_max(r->world->transport, &o->lateness.largest_ns, 1);
  o->lateness.n_tick = words[0];
  o->lateness.n_overrun = words[1];
  o->t_end = r->end_ns;
}

lc_status real_end(struct real *r, struct lc_error *err) {
  struct lc_world *w = r->world;
  lc_status status = write_ending(r, err);
  if (status)
    return status;
  share_outcome(r);
  bool complete = r->end_ns == w->duration_ns;
  if (complete)
    r->outcome->signal = 0;
  status = lc_store_end(w->store, complete ? LC_RUN_COMPLETE : LC_RUN_STOPPED, r->end_ns,
                        &r->outcome->balance, &r->outcome->digest, err);
  status = lc_agree(w->transport, status, err);
  return status ? status : check_balance(&r->outcome->balance, err);
}

static lc_status end_run(struct real *r, struct lc_error *err) {
  lc_status status = r->outcome->signal ? stop_together(r, err) : LC_OK;
  take_moments(r, r->end_ns - 1);
  if (!status)
    status = drain(r, err);
  if (status)
    return status;
  finish_last_cuts(r);
  return real_end(r, err);
}

void real_free(struct real *r, lc_status status) {
  struct lc_store *store = r->world->store;
  if (status == LC_ERANK)
    commit(r); /* this rank's own rows need nobody else */
  if (status == LC_EFILE) {
    struct lc_error ignored;
    drain(r, &ignored); /* all ranks come here: no message may be under way when MPI ends */
    /* the disk is full, or worse: what can be marked is marked */
    lc_store_end(store, LC_RUN_FAILED, 0, &r->outcome->balance, &r->outcome->digest, &ignored);
  }
  finish(r);
}

lc_status lc_pace_real(struct lc_world *world, struct lc_outcome *outcome, struct lc_error *err) {
  struct real r;
  if (world->server)
    return pace_real_server(world, outcome, err);
  lc_status status = begin(&r, world, outcome, err);
  if (!status)
    status = run_until_over(&r, err);
  if (!status && !outcome->signal) {
    *err = r.error;
    status = lc_agree(world->transport, r.failure, err);
  }
  if (!status)
    status = end_run(&r, err);
  real_free(&r, status);
  return status;
}
