/* Virtual time: conservative synchronisation in windows (Chandy and Misra 1979; bounded windows as
 * in Lubachevsky 1989). No message takes less than the network's minimum latency L, so what VMs do
 * in [W, W + L) cannot reach each other before W + L: every rank runs its VMs through the window on
 * its own, then all exchange what was sent and agree where the next window starts: at the earliest
 * tick of any VM. Nothing depends on where the windows lie, nor on who runs what. */
#include "virtual.h"

#include <stdlib.h>
#include <string.h>

enum {
  COMMIT_ROWS = 8192, /* rows in memory before they are written */
  WINDOW_TICKS =
      1 << 20,          /* about so many ticks of a rank are the most before it hears the others */
  LOOK_TICKS = 1 << 14, /* the wall clock is looked at after so many ticks, */
  LOOK_WINDOWS = 256,   /* or so many windows: a window can be shorter than a look */
  SHOW_NS = 100000000
};

/* Combined by maximum, then summed; the words of cuts stand behind those of their kind. */
enum { NEXT, SIGNAL, FAILED, WANTS_ROOM, CUT_MAX, N_MAX = CUT_MAX + CUTS_MAX };
enum { EVENTS = N_MAX, SENT, QUEUED, CUT_SUM, N_WORDS = CUT_SUM + CUTS_SUM };

void keep_failure_of(struct virtual *v, lc_status status) {
  if (status && !v->failure)
    v->failure = status;
}

static void commit(struct virtual *v) {
  v->n_waiting = 0;
  if (!v->failure && !lc_store_wants_room(v->world->store))
    keep_failure_of(v, lc_store_commit(v->world->store, &v->error));
}

void virtual_log(struct virtual *v, const struct lc_step *step) {
  lc_store_event(v->world->store, &step->event, step->stamps);
  if (++v->n_waiting >= COMMIT_ROWS)
    commit(v);
}

static void happened(void *context, const struct lc_step *step) {
  struct virtual *v = context;
  if (v->recorder)
    lc_recorder_event(v->recorder, step);
  if (v->recorder && !logs(v->world, step->event.machine))
    return;
  virtual_log(v, step);
}

lc_status write_all_rows(struct virtual *v, struct lc_error *err) {
  *err = v->error;
  return commit_everything(v->world, v->outcome, v->failure, err);
}

static bool is_logged(void *context, int32_t vm) {
  const struct virtual *v = context;
  return logs(v->world, vm);
}

void virtual_begin(struct virtual *v, struct lc_world *w, struct lc_outcome *outcome) {
  memset(outcome, 0, sizeof *outcome);
  *v = (struct virtual){
      .world = w,
      .outcome = outcome,
      .n_rank = lc_transport_size(w->transport),
      .rank = lc_transport_rank(w->transport),
      .next_marker_ns = INT64_MAX,
      .sink = {.context = v, .sent = mail_send, .digest = &outcome->digest},
  };
  if (w->restart) {
    bool at_end = w->restart->snapshot >= w->restart->n_taken;
    v->begun_ns = at_end ? w->restart->t_ns : 0;
    v->even_ns = w->method->kind == LC_CHANDY_LAMPORT ? w->restart->t_ns : 0;
    v->next_snapshot = w->restart->n_taken;
  }
  mail_open(v);
}

/* The VMs of a cut are at moments of their own, and each goes on from its own: windows begin with
 * the first tick of any. */
static void go_on_in_virtual_time(struct virtual *v) {
  const struct lc_world *w = v->world;
  struct lc_balance before;
  go_on(w, v->outcome, &before, &v->until);
  if (v->recorder)
    lc_recorder_lost_before(v->recorder, v->until.n_lost);
  v->n_sent = before.sent;
  v->sink.n_received = before.received;
  if (!w->restart)
    return;
  mail_go_on(v);
  lc_past_free(w->past);
}

static int64_t sooner(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* No longer than the lookahead, not across a snapshot or the end, and not so long that a rank does
 * not come back to hear of a signal. */
static int64_t window_end(const struct virtual *v, int64_t start, int64_t most_ns) {
  const struct lc_world *w = v->world;
  int64_t length = sooner(w->latency->min_ns, most_ns);
  int64_t end = start > INT64_MAX - length ? INT64_MAX : start + length;
  if (v->next_snapshot < w->n_snapshot - 1)
    end = sooner(end, lc_snapshot_time(v->next_snapshot, w->duration_ns, w->snapshot_every_ns));
  return sooner(end, w->duration_ns);
}

static int64_t longest_window(const struct lc_world *w) {
  double ticks_per_ns = 0;
  for (int32_t i = 0; i < w->vms->n; i++) {
    const struct lc_period *period = &w->vms->period[lc_vms_vm(w->vms, i)->rate];
    ticks_per_ns += 1 / ((double)period->whole_ns + (double)period->rest / (double)period->p);
  }
  double most = WINDOW_TICKS / ticks_per_ns;
  int64_t ns = most < 1 ? 1 : most < 0x1p62 ? (int64_t)most : INT64_C(1) << 62;
  ns = -ns;
  lc_max(w->transport, &ns, 1); /* the shortest of all ranks */
  return -ns;
}

/* While a cut is open every event counts, whether it is logged or not. */
static void choose_sink(struct virtual *v) {
  enum lc_log log = v->world->log;
  bool open = v->recorder && lc_recorder_open(v->recorder);
  v->sink.happened = log == LC_LOG_NONE && !open ? NULL : happened;
  v->sink.logged = log == LC_LOG_ALL || open ? NULL : is_logged;
}

static void run_window(struct virtual *v) {
  struct lc_vms *vms = v->world->vms;
  choose_sink(v);
  for (int32_t b = 0; b < vms->n_block; b++) {
    if (v->recorder && lc_recorder_open(v->recorder)) {
      cuts_run_block(v, b);
      continue;
    }
    if (lc_vms_block_deadline(vms, b) >= v->until_ns)
      continue;
    mail_deliver(v, b);
    v->outcome->n_event += lc_vms_run(vms, b, v->until_ns, &v->sink);
  }
  v->outcome->n_window++;
}

/* The next that happens on this rank: a tick, or a VM records, or a marker that it sent arrives. */
static int64_t earliest(const struct virtual *v) {
  const struct lc_vms *vms = v->world->vms;
  int64_t first = v->next_marker_ns;
  for (int32_t b = 0; b < vms->n_block; b++) {
    first = sooner(first, lc_vms_block_deadline(vms, b));
    if (v->recorder)
      first = sooner(first, lc_recorder_due(v->recorder, b));
  }
  return first;
}

/* Rows are on file within --commit-every of wall time, however few they are. */
void virtual_look(struct virtual *v) {
  const struct lc_outcome *o = v->outcome;
  if (o->n_event < v->look_tick && o->n_window < v->look_window)
    return;
  v->look_tick = o->n_event + LOOK_TICKS;
  v->look_window = o->n_window + LOOK_WINDOWS;
  v->now_ns = lc_monotonic_ns();
  if (v->now_ns - v->committed_ns < v->world->commit_every_ns)
    return;
  v->committed_ns = v->now_ns;
  if (v->n_waiting)
    commit(v);
}

void virtual_show(struct virtual *v, int64_t t_ns, const int64_t *counts, int signal) {
  if (!v->world->progress || v->now_ns - v->shown_ns < SHOW_NS)
    return;
  v->shown_ns = v->now_ns;
  struct lc_view view = {.t_ns = t_ns,
                         .n_event = counts[0],
                         .n_sent = counts[1],
                         .n_queued = counts[2],
                         .signal = signal};
  lc_progress_show(v->world->progress, &view);
}

/* What every rank needs to know before the next window; *next is where it starts. */
static lc_status agree(struct virtual *v, int64_t *next, bool *over, struct lc_error *err) {
  const struct lc_world *w = v->world;
  virtual_look(v);
  int64_t words[N_WORDS] = {[NEXT] = -earliest(v),
                            [SIGNAL] = lc_stop_signal(),
                            [FAILED] = v->failure != LC_OK,
                            [EVENTS] = v->outcome->n_event,
                            [SENT] = v->n_sent,
                            [QUEUED] = v->n_sent - v->sink.n_received - v->until.n_lost,
                            [WANTS_ROOM] = lc_store_wants_room(w->store)};
  cuts_report(v, words + CUT_MAX, words + CUT_SUM);
  const int64_t *all;
  lc_status status = mail_exchange(v, words, N_WORDS, N_MAX, &all, err);
  v->next_marker_ns = INT64_MAX;
  if (status)
    return status;
  *next = -all[NEXT];
  v->outcome->signal = (int)all[SIGNAL];
  *over = all[FAILED] || (all[SIGNAL] && *next >= v->even_ns);
  virtual_show(v, *next, all + EVENTS, (int)all[SIGNAL]);
  int64_t cut_max[CUTS_MAX], cut_sum[CUTS_SUM]; /* the next round overwrites `all` */
  memcpy(cut_max, all + CUT_MAX, sizeof cut_max);
  memcpy(cut_sum, all + CUT_SUM, sizeof cut_sum);
  if (!*over && all[WANTS_ROOM])
    status = write_all_rows(v, err);
  *next = sooner(*next, w->duration_ns);
  if (!status)
    status = cuts_take(v, cut_max, cut_sum, next, *over, err);
  *over |= *next >= w->duration_ns;
  return status;
}

static lc_status run_windows(struct virtual *v, int64_t *end, struct lc_error *err) {
  const struct lc_world *w = v->world;
  int64_t most_ns = longest_window(w), next = 0;
  bool over = false;
  for (;;) {
    lc_status status = agree(v, &next, &over, err);
    if (status)
      return status;
    if (over)
      break;
    v->until_ns = window_end(v, next, most_ns);
    run_window(v);
  }
  *end = next;
  *err = v->error;
  return lc_agree(w->transport, v->failure, err);
}

lc_status virtual_end(struct virtual *v, int64_t end, struct lc_error *err) {
  struct lc_world *w = v->world;
  struct lc_outcome *o = v->outcome;
  for (int32_t b = 0; b < w->vms->n_block; b++)
    mail_deliver(v, b);
  o->balance.sent = v->n_sent;
  o->balance.lost = v->until.n_lost;
  for (int32_t i = 0; i < w->vms->n; i++)
    o->balance.received += w->vms->tally[i].n_received;
  o->message_bytes = lc_vms_message_bytes(w->vms) + mail_bytes(v);
  int64_t begun_ns = lc_monotonic_ns();
  lc_status status = record_messages(w, w->n_snapshot - 1, end, &o->balance, err);
  status = commit_everything(w, o, status, err);
  if (!status)
    status = lc_agree(w->transport,
                      write_cut(w, w->n_snapshot - 1, end, end, begun_ns, &o->digest, err), err);
  if (status)
    return status;
  share_counts(w, o);
  o->t_end = end;
  bool complete = end == w->duration_ns;
  if (complete)
    o->signal = 0;
  status = lc_store_end(w->store, complete ? LC_RUN_COMPLETE : LC_RUN_STOPPED, end, &o->balance,
                        &o->digest, err);
  status = lc_agree(w->transport, status, err);
  return status ? status : check_balance(&o->balance, err);
}

void virtual_free(struct virtual *v, lc_status status) {
  struct lc_outcome *o = v->outcome;
  struct lc_error ignored;
  if (status == LC_EFILE)
    lc_store_end(v->world->store, LC_RUN_FAILED, 0, &o->balance, &o->digest, &ignored);
  mail_free(v);
  cuts_free(v);
}

lc_status lc_pace_virtual(struct lc_world *world, struct lc_outcome *outcome,
                          struct lc_error *err) {
  struct virtual v;
  if (world->server)
    return pace_virtual_server(world, outcome, err);
  int64_t end = 0, begun = lc_monotonic_ns();
  virtual_begin(&v, world, outcome);
  lc_status status = cuts_open(&v, err);
  go_on_in_virtual_time(&v);
  if (!status)
    status = run_windows(&v, &end, err);
  outcome->ticking_ns = lc_monotonic_ns() - begun;
  if (!status)
    status = virtual_end(&v, end, err);
  virtual_free(&v, status);
  return status;
}
