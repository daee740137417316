/* Chandy-Lamport and Lai-Yang cuts of a small system, snapshots overlapping, against the plain
 * definition: a list of all messages and events says which of them a cut must hold. With channels
 * that are not first in, first out Chandy-Lamport's cuts must turn out wrong: so the test sees what
 * it looks for. */
#include "unit.h"

#include "lcmpi/snapshot.h"

#define MS INT64_C(1000000)

enum { MOST_MESSAGES = 20000, MOST_EVENTS = 20000, MOST_VMS = 9, MOST_CUTS = 100 };
enum { SECONDS = 12 };

struct sent {
  int32_t sender, receiver;
  int64_t number, t_arrival, send_seq, receive_seq; /* receive_seq: INT64_MAX until it is taken */
  int64_t stamp[2];
};

struct setting {
  enum lc_snapshot_kind kind;
  bool fifo;
  int32_t n_vm;
  int64_t every_ns;
  bool by_deadline;
};

static struct {
  struct setting is;
  struct draws draws;
  struct lc_clock_set clocks;
  struct lc_topology topology;
  struct lc_workload load;
  struct lc_rate_rule rates;
  struct lc_vms vms;
  struct lc_marking marking;
  int32_t n_in[MOST_VMS];
  bool starts[MOST_VMS];
  struct lc_recorder *recorder;
  int64_t last[MOST_VMS][MOST_VMS]; /* arrival on a channel */
  struct sent sent[MOST_MESSAGES];
  int32_t n_sent;
  struct {
    int32_t machine;
    int64_t seq;
    struct lc_digest digest;
  } event[MOST_EVENTS];
  int32_t n_event, n_marker;
  struct lc_digest all;
} sim;

/* What the last check found to be wrong with a cut; NULL: nothing. */
static const char *wrong;

static int64_t arrival_of(int32_t sender, int32_t receiver, int64_t now) {
  int64_t t = now + 50 * MS + draw_below(&sim.draws, 10) * draw_below(&sim.draws, 100) * MS;
  int64_t *last = &sim.last[sender][receiver];
  if (sim.is.fifo && t < *last)
    t = *last;
  if (t > *last)
    *last = t;
  return t;
}

static void send_marker(void *context, const struct lc_marker *marker) {
  (void)context;
  sim.n_marker++;
  lc_recorder_marker(sim.recorder, marker->receiver, marker,
                     arrival_of(marker->sender, marker->receiver, marker->t_send));
}

static void open_sim(struct setting setting, uint64_t seed) {
  struct lc_error err;
  static struct lc_snapshot_method method;
  memset(&sim, 0, sizeof sim);
  sim.is = setting;
  sim.draws.state = seed;
  lc_clock_set_init(&sim.clocks, setting.n_vm);
  assert_int_equal(lc_clock_set_parse(&sim.clocks, "lamport", &err), LC_OK);
  sim.topology =
      (struct lc_topology){.n_vm = setting.n_vm, .n_replica = 1, .max_degree = setting.n_vm - 1};
  lc_workload_init(&sim.load, seed, &sim.topology, LC_RECEIVE_OR_ACT, 0.4, 0.1, 2);
  sim.rates = (struct lc_rate_rule){.n = 4, .rate = {{5, 1}, {7, 2}, {1, 1}, {9, 1}}};
  lc_vms_init(&sim.vms, 0, setting.n_vm, &sim.rates, LC_PHASE_RANDOM, &sim.load, &sim.clocks);
  method = lc_snapshot_methods[0];
  for (size_t i = 0; i < lc_n_snapshot_method; i++)
    if (lc_snapshot_methods[i].kind == setting.kind)
      method = lc_snapshot_methods[i];
  if (method.coloured)
    lc_vms_colour(&sim.vms);
  for (int32_t v = 0; v < setting.n_vm; v++)
    sim.n_in[v] = setting.n_vm - 1;
  sim.starts[0] = true;
  sim.marking = (struct lc_marking){sim.n_in, sim.starts};
  sim.recorder =
      lc_recorder_new(&method, &sim.vms, &sim.marking, 0, setting.by_deadline, send_marker, NULL);
}

static void close_sim(void) {
  lc_recorder_free(sim.recorder);
  lc_vms_free(&sim.vms);
  lc_workload_free(&sim.load);
}

/* ---- the system ------------------------------------------------------------------------------ */

static void send_message(const struct lc_step *step, int32_t i) {
  struct sent *sent = &sim.sent[sim.n_sent++];
  assert_true(sim.n_sent < MOST_MESSAGES);
  int32_t sender = step->event.machine, receiver = step->receiver[i];
  int32_t colour = sim.is.kind == LC_LAI_YANG ? lc_recorder_colour(sim.recorder, sender) : 0;
  *sent = (struct sent){.sender = sender,
                        .receiver = receiver,
                        .number = step->event.msg_first + i,
                        .t_arrival = arrival_of(sender, receiver, step->event.t_actual),
                        .send_seq = step->event.seq,
                        .receive_seq = INT64_MAX,
                        .stamp = {step->stamps[0], colour}};
  lc_recorder_message(sim.recorder, receiver, sender, sent->number, sent->t_arrival, colour,
                      sent->stamp);
  lc_vms_put(&sim.vms, receiver, sender, sent->number, sent->t_arrival, sent->stamp);
}

static void note_receive(const struct lc_event *e) {
  for (int32_t i = sim.n_sent; i-- > 0;)
    if (sim.sent[i].sender == e->peer && sim.sent[i].number == e->msg_first) {
      sim.sent[i].receive_seq = e->seq;
      return;
    }
  fail();
}

static void tick(int32_t v, int64_t now) {
  struct lc_step step;
  if (!sim.is.by_deadline)
    lc_recorder_tick(sim.recorder, v, now);
  lc_vms_step(&sim.vms, v, now, &step);
  lc_recorder_event(sim.recorder, &step);
  assert_true(sim.n_event < MOST_EVENTS);
  sim.event[sim.n_event].machine = v;
  sim.event[sim.n_event].seq = step.event.seq;
  lc_vms_digest(&sim.vms, &step, &sim.event[sim.n_event++].digest);
  lc_vms_digest(&sim.vms, &step, &sim.all);
  if (step.event.kind == LC_RECEIVE)
    note_receive(&step.event);
  for (int32_t i = 0; i < step.n_receiver; i++)
    send_message(&step, i);
}

/* ---- what a cut must be ---------------------------------------------------------------------- */

static bool crosses(const struct lc_cut *cut, const struct sent *m) {
  bool sent = m->send_seq < cut->state[m->sender].n_event;
  bool received = m->receive_seq < cut->state[m->receiver].n_event;
  if (received && !sent)
    wrong = "it is not consistent";
  return sent && !received;
}

static const struct lc_left *find_left(const struct lc_cut *cut, const struct sent *m,
                                       int64_t *at) {
  for (*at = 0; *at < cut->n_left; ++*at)
    if (cut->left[*at].sender == m->sender && cut->left[*at].number == m->number)
      return &cut->left[*at];
  return NULL;
}

static void check_message(const struct lc_cut *cut, const struct sent *m, int64_t *n_queued,
                          int64_t *n_crossing) {
  int64_t at, t = cut->state[m->receiver].t_actual;
  const struct lc_left *left = find_left(cut, m, &at);
  bool crossing = crosses(cut, m);
  *n_crossing += crossing;
  if (crossing != (left != NULL))
    wrong = crossing ? "it lacks a message" : "it has a message too many";
  if (!left)
    return;
  bool queued = left->fate == LC_FATE_QUEUED;
  n_queued[m->receiver] += queued;
  if (left->machine != m->receiver || left->t_arrival != m->t_arrival ||
      cut->left_stamps[at] != m->stamp[0] || left->snapshot != cut->index)
    wrong = "it has a message other than it was";
  if (queued ? m->t_arrival > t : m->t_arrival < t)
    wrong = "a queued message is in flight, or the other way round";
}

static void check_digest(const struct lc_cut *cut) {
  struct lc_digest before = {0};
  for (int32_t i = 0; i < sim.n_event; i++)
    if (sim.event[i].seq < cut->state[sim.event[i].machine].n_event) {
      before.execution += sim.event[i].digest.execution;
      before.clock[0] += sim.event[i].digest.clock[0];
    }
  if (before.execution != sim.all.execution - cut->after.execution ||
      before.clock[0] != sim.all.clock[0] - cut->after.clock[0])
    wrong = "its digest is not that of the events before it";
}

static void check_cut(const struct lc_cut *cut) {
  int64_t n_queued[MOST_VMS] = {0}, n_crossing = 0;
  for (int32_t i = 0; i < sim.n_sent; i++)
    check_message(cut, &sim.sent[i], n_queued, &n_crossing);
  if (n_crossing != cut->n_left)
    wrong = "it has a message twice";
  for (int32_t v = 0; v < sim.is.n_vm; v++)
    if (cut->state[v].n_queued != n_queued[v] || !cut->state[v].valid ||
        cut->state[v].t_actual < (cut->index + 1) * sim.is.every_ns)
      wrong = "a state is not that of its moment";
  for (int64_t i = 1; i < cut->n_left; i++)
    if (cut->left[i - 1].machine > cut->left[i].machine)
      wrong = "its messages are in no order";
  check_digest(cut);
}

/* ---- one run ----------------------------------------------------------------------------------
 */

static int32_t next_vm(void) {
  int32_t first = 0;
  for (int32_t v = 1; v < sim.is.n_vm; v++)
    if (sim.vms.deadline_ns[v] < sim.vms.deadline_ns[first])
      first = v;
  return first;
}

/* Ticks, moments and snapshots in order of time; returns how many cuts were whole. */
static int32_t run(struct setting setting, uint64_t seed) {
  int32_t begun = 0, whole = 0;
  wrong = NULL;
  open_sim(setting, seed);
  while (!wrong) {
    int32_t v = next_vm();
    int64_t t_tick = sim.vms.deadline_ns[v], t_cut = (begun + 1) * setting.every_ns;
    int64_t due = lc_recorder_due(sim.recorder, 0), unrecorded, outstanding, done;
    if (t_tick >= SECONDS * LC_NS_PER_S)
      break;
    lc_recorder_report(sim.recorder, 0, &unrecorded, &outstanding, &done);
    int64_t now = t_tick < t_cut ? t_tick : t_cut;
    if (!unrecorded && !outstanding && done <= (due < now ? due : now)) {
      struct lc_cut *cut = lc_recorder_finished(sim.recorder);
      assert_int_equal(cut->index, whole++);
      check_cut(cut);
      if (setting.kind == LC_CHANDY_LAMPORT)
        assert_int_equal(cut->cost.n_marker, setting.n_vm * (setting.n_vm - 1));
      lc_cut_free(cut);
    } else if (due < t_cut && due <= t_tick)
      lc_recorder_take(sim.recorder, 0, due);
    else if (t_cut <= t_tick)
      lc_recorder_begin(sim.recorder, begun++, t_cut);
    else
      tick(v, t_tick);
  }
  close_sim();
  return whole;
}

static void require_right(struct setting setting, int32_t least, const char *name) {
  for (uint64_t seed = 1; seed <= 25; seed++) {
    int32_t whole = run(setting, seed);
    require(!wrong, "%s, seed %d: cut %d: %s", name, (int)seed, whole - 1, wrong);
    require(whole >= least, "%s, seed %d: only %d cuts were whole", name, (int)seed, whole);
  }
}

static void test_chandy_lamport(void **state) {
  (void)state;
  require_right((struct setting){LC_CHANDY_LAMPORT, true, 5, 4 * LC_NS_PER_S, true}, 2, "apart");
  require_right((struct setting){LC_CHANDY_LAMPORT, true, 5, 150 * MS, true}, 50, "overlapping");
  require_right((struct setting){LC_CHANDY_LAMPORT, true, 2, 333 * MS, false}, 20, "two VMs");
  require_right((struct setting){LC_CHANDY_LAMPORT, true, 1, 333 * MS, true}, 20, "one VM");
}

static void test_lai_yang(void **state) {
  (void)state;
  for (int by_deadline = 0; by_deadline < 2; by_deadline++)
    for (int fifo = 0; fifo < 2; fifo++) {
      bool known = by_deadline, first_in = fifo;
      require_right((struct setting){LC_LAI_YANG, first_in, 5, 4 * LC_NS_PER_S, known}, 2, "apart");
      require_right((struct setting){LC_LAI_YANG, first_in, 9, 150 * MS, known}, 50, "overlapping");
      require_right((struct setting){LC_LAI_YANG, first_in, 1, 333 * MS, known}, 20, "one VM");
    }
}

/* Markers that can be overtaken do not part before from after. */
static void test_chandy_lamport_needs_fifo(void **state) {
  (void)state;
  int n_wrong = 0;
  for (uint64_t seed = 1; seed <= 25; seed++) {
    run((struct setting){LC_CHANDY_LAMPORT, false, 5, 1 * LC_NS_PER_S, true}, seed);
    n_wrong += wrong != NULL;
  }
  require(n_wrong >= 10, "only %d of 25 runs have a wrong cut", n_wrong);
}

static void test_methods(void **state) {
  (void)state;
  assert_null(lc_snapshot_method_find("chandy"));
  for (size_t i = 0; i < lc_n_snapshot_method; i++)
    assert_ptr_equal(lc_snapshot_method_find(lc_snapshot_methods[i].name), &lc_snapshot_methods[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chandy_lamport),
      cmocka_unit_test(test_lai_yang),
      cmocka_unit_test(test_chandy_lamport_needs_fifo),
      cmocka_unit_test(test_methods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
