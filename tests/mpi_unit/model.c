#include "model.h"

#include "mpi_unit.h"

#include "lcmpi/pacer.h"

#include <inttypes.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FATES = 4 };

static struct lc_error err;

static int64_t figure(uint64_t what, int32_t vm, int64_t number) {
  return (int64_t)(mix(what, (uint64_t)vm, (uint64_t)number) >> 20);
}

/* Message `number` of `sender`: to whom, and what becomes of it. One VM is not told anything. */
static int32_t receiver_of(const struct model *m, int32_t sender, int64_t number) {
  return (int32_t)((sender + 1 + number % (m->n_vm - 1)) % m->n_vm);
}

static int fate_of(int32_t sender, int64_t number) {
  return (int)(mix(20, (uint64_t)sender, (uint64_t)number) % FATES);
}

static int64_t messages_of(int32_t vm) {
  return vm % 3 == 1 ? 0 : 5 + vm;
}

static struct lc_event *add_event(struct model *m, int32_t vm, enum lc_kind kind) {
  int64_t seq = m->n_event[vm]++;
  struct lc_event *e = &m->event[vm][seq];
  e->machine = vm;
  e->peer = (int32_t)(figure(1, vm, seq) % (m->n_vm + 1)) - 1;
  e->seq = seq;
  e->tick = seq;
  e->t_scheduled = figure(3, vm, seq);
  e->t_actual = figure(4, vm, seq);
  e->t_arrival = figure(5, vm, seq);
  e->msg_first = figure(6, vm, seq);
  e->msg_count = (int32_t)(figure(7, vm, seq) & INT32_MAX);
  e->queue_before = (int32_t)(figure(8, vm, seq) & INT32_MAX);
  e->queue_after = (int32_t)(figure(9, vm, seq) & INT32_MAX);
  e->kind = (uint8_t)kind;
  e->op = (uint8_t)(seq % 4);
  return e;
}

static int64_t *balance_of(struct model *m, uint8_t fate) {
  return fate == LC_FATE_QUEUED ? &m->balance.queued : &m->balance.in_flight;
}

static void add_left(struct model *m, const struct lc_sent *sent, int32_t snapshot, int fate) {
  int32_t vm = sent->receiver;
  struct lc_left *left = &m->left[vm][m->n_left[vm]++];
  left->machine = vm;
  left->sender = sent->sender;
  left->copy = sent->copy;
  left->snapshot = snapshot;
  left->number = sent->number;
  left->t_arrival = figure(21 + (uint64_t)snapshot * 100, sent->sender, sent->number);
  left->fate = (uint8_t)fate;
}

/* Messages cross cuts whatever becomes of them later. */
static void add_crossing(struct model *m, const struct lc_sent *sent, int32_t snapshot) {
  static const int fates[] = {LC_FATE_UNKNOWN, LC_FATE_QUEUED, LC_FATE_IN_FLIGHT};
  uint64_t word = mix(25 + (uint64_t)snapshot, (uint64_t)sent->sender, (uint64_t)sent->number);
  if (fates[word % 3])
    add_left(m, sent, snapshot, fates[word % 3]);
}

/* A row for a message that the receiver took, or that was left over there. */
static void add_reception(struct model *m, const struct lc_sent *sent) {
  int32_t vm = sent->receiver;
  int fate = fate_of(sent->sender, sent->number);
  if (fate == 0) { /* nothing is known of it */
    m->balance.lost++;
    return;
  }
  if (fate == LC_FATE_RECEIVED) {
    struct lc_event *e = add_event(m, vm, LC_RECEIVE);
    e->peer = sent->sender;
    e->msg_first = sent->number;
    m->balance.received++;
    return;
  }
  add_left(m, sent, MODEL_SNAPSHOTS - 1, fate);
  *balance_of(m, (uint8_t)fate) += 1;
}

static void fill(struct model *m, int64_t more) {
  for (int32_t v = 0; v < m->n_vm; v++)
    for (int64_t k = 0; k < messages_of(v); k++) {
      struct lc_event *e = add_event(m, v, LC_SEND);
      struct lc_sent *sent = &m->sent[v][m->n_sent[v]++];
      sent->sender = v;
      sent->receiver = receiver_of(m, v, k);
      sent->copy = 0;
      sent->number = k;
      sent->send_seq = e->seq;
      sent->t_send = e->t_actual;
    }
  for (int32_t s = 0; s < MODEL_SNAPSHOTS; s++)
    for (int32_t v = 0; v < m->n_vm; v++)
      for (int64_t k = 0; k < m->n_sent[v]; k++)
        s < MODEL_SNAPSHOTS - 1 ? add_crossing(m, &m->sent[v][k], s)
                                : add_reception(m, &m->sent[v][k]);
  for (int32_t v = 0; v < m->n_vm; v++) {
    int64_t idle = v == 1 ? 0 : 20 + v * 7 % 13;
    for (int64_t i = 0; i < idle; i++)
      add_event(m, v, LC_INTERNAL);
    m->balance.sent += m->n_sent[v];
  }
  int32_t last = lc_first_vm((struct lc_placement){m->n_vm, n_rank, 0}, n_rank - 1);
  for (int64_t i = 0; i < more; i++)
    add_event(m, last, LC_INTERNAL);
}

static void allocate(struct model *m, int64_t more) {
  size_t n = (size_t)m->n_vm;
  m->vm = lc_new(n, sizeof *m->vm, "a test");
  m->event = lc_new(n, sizeof *m->event, "a test");
  m->sent = lc_new(n, sizeof *m->sent, "a test");
  m->left = lc_new(n, sizeof *m->left, "a test");
  m->n_event = lc_new(n, sizeof *m->n_event, "a test");
  m->n_sent = lc_new(n, sizeof *m->n_sent, "a test");
  m->n_left = lc_new(n, sizeof *m->n_left, "a test");
  for (size_t v = 0; v < n; v++) {
    m->event[v] = lc_new(1000 + (size_t)more, sizeof **m->event, "a test");
    m->sent[v] = lc_new(1000, sizeof **m->sent, "a test");
    m->left[v] = lc_new(1000, sizeof **m->left, "a test");
  }
}

void model_init(struct model *m, int64_t more) {
  *m = (struct model){.n_vm = 2 * n_rank + 1, .t_end = INT64_C(12345678901)};
  lc_clock_set_init(&m->clocks, m->n_vm);
  check_ok(lc_clock_set_parse(&m->clocks, "lamport,vector", &err), err);
  allocate(m, more);
  for (int32_t v = 0; v < m->n_vm; v++) {
    m->vm[v].rate = (struct lc_rate){3 + v, 2};
    m->vm[v].phase_ns = figure(22, v, 0);
    m->vm[v].replica = v;
    m->vm[v].logged = true;
  }
  model_spread(m, n_rank, false);
  for (int32_t s = 0; s < MODEL_SNAPSHOTS; s++)
    m->t_snapshot[s] = (s + 1) * INT64_C(5000000000);
  fill(m, more);
}

static int32_t first_of(const struct model *m, int32_t of_rank, bool uneven) {
  if (!uneven)
    return lc_first_vm((struct lc_placement){m->n_vm, m->n_rank, 0}, of_rank);
  return of_rank < m->n_rank ? of_rank : m->n_vm;
}

void model_spread(struct model *m, int32_t ranks, bool uneven) {
  m->n_rank = ranks;
  m->widest = m->n_rank > m->widest ? m->n_rank : m->widest;
  free(m->rank);
  m->rank = lc_new((size_t)ranks, sizeof *m->rank, "a test");
  for (int32_t r = 0; r < ranks; r++) {
    m->rank[r] = (struct lc_rank_constants){r / 2, 1000 + r, -figure(23, r, 0), 7 + r};
    for (int32_t v = first_of(m, r, uneven); v < first_of(m, r + 1, uneven); v++)
      m->vm[v].rank = r;
  }
  m->first_own = first_of(m, rank, uneven);
  m->n_own = first_of(m, rank + 1, uneven) - m->first_own;
}

void model_free(struct model *m) {
  for (int32_t v = 0; v < m->n_vm; v++) {
    free(m->event[v]);
    free(m->sent[v]);
    free(m->left[v]);
  }
  free(m->vm);
  free(m->rank);
  free(m->event);
  free(m->sent);
  free(m->left);
  free(m->n_event);
  free(m->n_sent);
  free(m->n_left);
}

int64_t model_stamp(int32_t vm, int64_t seq, int32_t word) {
  return figure(30, vm * 1000 + word, seq);
}

struct lc_state model_state(const struct model *m, int32_t vm, int32_t s) {
  return (struct lc_state){.t_actual = figure(31, vm, s),
                           .n_tick = figure(32, vm, s),
                           .n_event = s < MODEL_SNAPSHOTS - 1
                                          ? m->n_event[vm] * (s + 1) / (2 * MODEL_SNAPSHOTS)
                                          : m->n_event[vm],
                           .n_internal = figure(34, vm, s),
                           .n_sent = figure(35, vm, s),
                           .n_received = figure(36, vm, s),
                           .n_queued = figure(37, vm, s),
                           .queue_max = figure(39, vm, s),
                           .valid = 1};
}

int64_t model_state_stamp(int32_t vm, int32_t snapshot, int32_t word) {
  return figure(38, vm * 1000 + word, snapshot);
}

int64_t model_state_jump(int32_t vm, int32_t snapshot, int32_t clock) {
  return figure(55, vm * 1000 + clock, snapshot);
}

int64_t model_left_stamp(const struct lc_left *left, int32_t word) {
  return figure(56 + (uint64_t)word * 100, left->sender * 1000 + left->snapshot, left->number);
}

struct lc_cut_cost model_cost(int32_t of_rank, int32_t s) {
  return (struct lc_cut_cost){figure(57, of_rank, s), figure(58, of_rank, s),
                              figure(59, of_rank, s), figure(60, of_rank, s)};
}

/* Large enough for their sums to go round. */
static uint64_t part(uint64_t what, int32_t of_rank, int32_t s) {
  return mix(what, (uint64_t)of_rank, (uint64_t)s);
}

struct lc_digest model_cut_digest(int32_t of_rank, int32_t s) {
  return (struct lc_digest){part(61, of_rank, s), part(62, of_rank, s),
                            .clock = {part(63, of_rank, s), part(64, of_rank, s)}};
}

struct lc_vm_totals model_totals(int32_t vm) {
  return (struct lc_vm_totals){figure(40, vm, 0), 2 + vm,
                               figure(42, vm, 0), figure(43, vm, 0),
                               figure(44, vm, 0), figure(45, vm, 0),
                               figure(51, vm, 0), figure(46, vm, 0),
                               figure(47, vm, 0)};
}

int64_t model_total_stamp(int32_t vm, int32_t word) {
  return figure(48, vm, word);
}

int64_t model_jump(int32_t vm, int32_t clock) {
  return figure(50, vm, clock);
}

struct lc_vm_constants model_constants(const void *model, int32_t vm) {
  const struct model *m = model;
  return m->vm[vm];
}

const struct lc_digest model_digest = {
    .execution = UINT64_C(0xfedcba9876543210), .snapshots = 52, .clock = {53, 54}};

/* ---- writing --------------------------------------------------------------------------------- */

struct lc_store_plan model_plan(const struct model *m, const int64_t *rows) {
  static const struct lc_attribute attributes[] = {
      {"title", "a run that never was", 0}, {"history", "once", 0}, {"seed", NULL, 4711}};
  return (struct lc_store_plan){.n_vm = m->n_vm,
                                .n_rank = m->n_rank,
                                .n_replica = 1,
                                .first_vm = m->first_own,
                                .n_own = m->n_own,
                                .clocks = &m->clocks,
                                .vm = model_constants,
                                .context = m,
                                .rank = m->rank,
                                .rows = {rows, rows, rows, rows},
                                .n_snapshot = MODEL_SNAPSHOTS,
                                .t_snapshot = m->t_snapshot,
                                .n_attribute = 3,
                                .attribute = attributes};
}

struct lc_store *model_create(const struct model *m, const char *path, int64_t room,
                              struct lc_store_options options) {
  struct lc_store *store = NULL;
  int64_t *rows = lc_new((size_t)m->n_rank, sizeof *rows, "a test");
  for (int32_t r = 0; r < m->n_rank; r++)
    rows[r] = room;
  struct lc_store_plan plan = model_plan(m, rows);
  check_ok(lc_store_create(&store, path, &plan, options, transport, &err), err);
  check(store);
  free(rows);
  return store;
}

void model_add_event(const struct model *m, struct lc_store *store, int32_t vm, int64_t seq) {
  int64_t *stamps = lc_new((size_t)m->clocks.stamp_words, sizeof *stamps, "a test");
  const struct lc_event *e = &m->event[vm][seq];
  for (int32_t w = 0; w < m->clocks.stamp_words; w++)
    stamps[w] = model_stamp(vm, seq, w);
  lc_store_event(store, e, stamps);
  if (e->kind == LC_SEND) /* the first events are the sends */
    lc_store_sent(store, &m->sent[vm][seq]);
  free(stamps);
}

void model_add(const struct model *m, struct lc_store *store, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++)
    for (int32_t v = m->first_own; v < m->first_own + m->n_own; v++)
      if (i < m->n_event[v])
        model_add_event(m, store, v, i);
}

void model_write_rows(const struct model *m, struct lc_store *store) {
  int64_t from = 0, most = 0;
  for (int32_t v = m->first_own; v < m->first_own + m->n_own; v++)
    most = m->n_event[v] > most ? m->n_event[v] : most;
  for (int64_t batch = 1; from < most; batch += 3 + rank) { /* each rank at its own pace */
    model_add(m, store, from, from + batch);
    from += batch;
    check_ok(lc_store_commit(store, &err), err);
    check(lc_store_pending(store) == 0);
  }
}

void model_write_left(const struct model *m, struct lc_store *store, int32_t snapshot) {
  int64_t *stamps = lc_new((size_t)m->clocks.stamp_words, sizeof *stamps, "a test");
  for (int32_t v = m->first_own; v < m->first_own + m->n_own; v++)
    for (int64_t i = 0; i < m->n_left[v]; i++) {
      if (m->left[v][i].snapshot != snapshot)
        continue;
      for (int32_t w = 0; w < m->clocks.stamp_words; w++)
        stamps[w] = model_left_stamp(&m->left[v][i], w);
      lc_store_left(store, &m->left[v][i], stamps);
    }
  check_ok(lc_store_commit(store, &err), err);
  free(stamps);
}

void model_write_states(const struct model *m, struct lc_store *store, int32_t snapshot) {
  size_t words = (size_t)m->clocks.stamp_words, n = (size_t)m->n_own;
  struct lc_state *state = lc_new(n, sizeof *state, "a test");
  int64_t *stamps = lc_new(n * words, sizeof *stamps, "a test");
  int64_t *jumps = lc_new(n * (size_t)m->clocks.n, sizeof *jumps, "a test");
  for (size_t i = 0; i < n; i++) {
    int32_t v = m->first_own + (int32_t)i;
    state[i] = model_state(m, v, snapshot);
    for (size_t w = 0; w < words; w++)
      stamps[i * words + w] = model_state_stamp(v, snapshot, (int32_t)w);
    for (int32_t c = 0; c < m->clocks.n; c++)
      jumps[(int32_t)i * m->clocks.n + c] = model_state_jump(v, snapshot, c);
  }
  struct lc_cut_cost cost = model_cost(rank, snapshot);
  struct lc_digest digest = model_cut_digest(rank, snapshot);
  int32_t half = m->n_own / 2; /* in pieces */
  check_ok(lc_store_states(store, snapshot, 0, half, state, stamps, jumps, &err), err);
  check_ok(lc_store_states(store, snapshot, half, m->n_own - half, state + half,
                           stamps + (size_t)half * words, jumps + half * m->clocks.n, &err),
           err);
  check_ok(lc_store_cut(store, snapshot, &cost, &digest, &err), err);
  check_ok(lc_store_states_done(store, snapshot, &err), err);
  free(state);
  free(stamps);
  free(jumps);
}

void model_write_snapshot(const struct model *m, struct lc_store *store, int32_t snapshot) {
  model_write_left(m, store, snapshot);
  model_write_states(m, store, snapshot);
}

static void write_totals(const struct model *m, struct lc_store *store) {
  size_t words = (size_t)m->clocks.stamp_words, n = (size_t)m->n_own, clocks = (size_t)m->clocks.n;
  struct lc_vm_totals *totals = lc_new(n, sizeof *totals, "a test");
  int64_t *jumps = lc_new(n * clocks, sizeof *jumps, "a test");
  int64_t *stamps = lc_new(n * words, sizeof *stamps, "a test");
  for (size_t i = 0; i < n; i++) {
    int32_t v = m->first_own + (int32_t)i;
    totals[i] = model_totals(v);
    for (size_t c = 0; c < clocks; c++)
      jumps[i * clocks + c] = model_jump(v, (int32_t)c);
    for (size_t w = 0; w < words; w++)
      stamps[i * words + w] = model_total_stamp(v, (int32_t)w);
  }
  check_ok(lc_store_totals(store, 0, m->n_own, totals, stamps, jumps, &err), err);
  free(totals);
  free(jumps);
  free(stamps);
}

void model_end(const struct model *m, struct lc_store *store, enum lc_run_state state) {
  write_totals(m, store);
  model_write_snapshot(m, store, MODEL_SNAPSHOTS - 1);
  check(lc_store_pending(store) == 0);
  barrier(); /* the mark comes last */
  check_ok(lc_store_end(store, state, m->t_end, &m->balance, &model_digest, &err), err);
}

void model_close(struct lc_store *store) {
  check_ok(lc_store_close(store, false, &err), err);
  barrier();
}

void model_write(const struct model *m, const char *path, enum lc_run_state state) {
  struct lc_store *store = model_create(m, path, 100, (struct lc_store_options){0});
  model_write_rows(m, store);
  for (int32_t s = 0; s < MODEL_SNAPSHOTS - 1; s++)
    model_write_snapshot(m, store, s);
  model_end(m, store, state);
  model_close(store);
}

bool same_state(const struct lc_state *a, const struct lc_state *b) {
  return memcmp(a, b, offsetof(struct lc_state, valid)) == 0 && a->valid == b->valid;
}

bool same_left(const struct lc_left *a, const struct lc_left *b) {
  return memcmp(a, b, offsetof(struct lc_left, fate)) == 0 && a->fate == b->fate;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* As the sender recorded it. */
static bool equal_sent(const struct lc_sent *a, const struct lc_sent *b) {
  return a->sender == b->sender && a->receiver == b->receiver && a->copy == b->copy &&
         a->number == b->number && a->send_seq == b->send_seq && a->t_send == b->t_send;
}

/* `events` of each VM. */
static void check_events(const struct model *m, const struct lc_history *h, const int64_t *events) {
  int64_t row = 0, sent = 0;
  for (int32_t v = 0; v < m->n_vm; v++) {
    int64_t n = m->n_event[v] < events[v] ? m->n_event[v] : events[v];
    check_that(h->machine[v].n_event == n, "VM %d has %" PRId64 ", not %" PRId64, v,
               h->machine[v].n_event, n);
    for (int64_t i = 0; i < n; i++, row++) {
      check_that(memcmp(&h->event[row], &m->event[v][i], sizeof *h->event) == 0,
                 "event %" PRId64 " of VM %d", i, v);
      int32_t word = 0;
      for (int32_t c = 0; c < h->n_clock; c++)
        for (int32_t w = 0; w < h->clock[c].words; w++)
          check_that(h->clock[c].stamp[row * h->clock[c].words + w] == model_stamp(v, i, word++),
                     "event %" PRId64 " of VM %d, clock %d", i, v, c);
    }
    int64_t messages = m->n_sent[v] < events[v] ? m->n_sent[v] : events[v];
    check_that(h->machine[v].n_sent == messages, "VM %d", v);
    for (int64_t i = 0; i < messages; i++, sent++)
      check_that(equal_sent(&h->sent[sent], &m->sent[v][i]), "message %" PRId64 " of VM %d", i, v);
  }
  check(h->n_event == row && h->n_sent == sent);
}

/* An exact file leaves out the snapshots that nobody took: the end comes right behind the others.
 */
static int32_t index_of(const struct lc_history *h, int32_t snapshot) {
  return snapshot == MODEL_SNAPSHOTS - 1 ? h->n_snapshot - 1 : snapshot;
}

static void check_left_row(const struct lc_history *h, const struct lc_left *left) {
  struct lc_left there = *left;
  int64_t found = 0;
  there.snapshot = index_of(h, left->snapshot);
  for (int64_t k = 0; k < h->n_left; k++) {
    if (!same_left(&h->left[k], &there))
      continue;
    found++;
    int32_t word = 0;
    for (int32_t c = 0; c < h->n_clock; c++)
      for (int32_t w = 0; w < h->clock[c].words; w++)
        check_that(
            h->clock[c].left_stamp[k * h->clock[c].words + w] == model_left_stamp(left, word++),
            "a message from VM %d in snapshot %d, clock %d", left->sender, left->snapshot, c);
  }
  check_that(found == 1, "message %" PRId64 " of VM %d in snapshot %d", left->number, left->sender,
             left->snapshot);
}

static bool has(const struct lc_history *h, int32_t snapshot, int32_t taken) {
  return snapshot == MODEL_SNAPSHOTS - 1 ? h->ended : snapshot < taken;
}

static void check_left(const struct model *m, const struct lc_history *h, int32_t taken) {
  int64_t expected = 0;
  for (int32_t v = 0; v < m->n_vm; v++)
    for (int64_t i = 0; i < m->n_left[v]; i++)
      if (has(h, m->left[v][i].snapshot, taken)) {
        check_left_row(h, &m->left[v][i]);
        expected++;
      }
  check(h->cuts);
  for (int64_t k = 0; k < h->n_left; k++) { /* others only where the rank has counted them */
    const struct lc_left *left = &h->left[k];
    check(h->state[(int64_t)left->machine * h->n_snapshot + left->snapshot].valid);
    expected += left->snapshot >= taken && left->snapshot < h->n_snapshot - 1;
  }
  check(h->n_left == expected);
}

static void check_state(const struct model *m, const struct lc_history *h, int32_t v, int32_t s) {
  int64_t row = (int64_t)v * h->n_snapshot + index_of(h, s);
  struct lc_state state = model_state(m, v, s);
  check_that(same_state(&h->state[row], &state), "snapshot %d of VM %d", s, v);
  int32_t word = 0;
  for (int32_t c = 0; c < h->n_clock; c++) {
    const struct lc_history_clock *clock = &h->clock[c];
    for (int32_t w = 0; w < clock->words; w++)
      check_that(clock->state_stamp[row * clock->words + w] == model_state_stamp(v, s, word++),
                 "snapshot %d of VM %d, clock %d", s, v, c);
    check(!clock->state_jump == !m->clocks.clock[c]->value);
    check_that(!clock->state_jump || clock->state_jump[row] == model_state_jump(v, s, c),
               "snapshot %d of VM %d, clock %d", s, v, c);
  }
}

static void check_cut_digest(const struct lc_history *h, int32_t s) {
  struct lc_digest sum = {0};
  for (int32_t r = 0; r < n_rank; r++) {
    struct lc_digest of_rank = model_cut_digest(r, s);
    sum.execution += of_rank.execution;
    sum.snapshots += of_rank.snapshots;
    for (int32_t c = 0; c < h->n_clock; c++)
      sum.clock[c] += of_rank.clock[c];
  }
  check(memcmp(&h->cut_digest[index_of(h, s)], &sum, sizeof sum) == 0);
}

static void check_snapshots(const struct model *m, const struct lc_history *h, int32_t taken) {
  check(h->n_taken == taken);
  for (int32_t s = 0; s < MODEL_SNAPSHOTS; s++) {
    if (!has(h, s, taken))
      continue;
    check(h->t_snapshot[index_of(h, s)] == (s < MODEL_SNAPSHOTS - 1 ? m->t_snapshot[s] : m->t_end));
    check_cut_digest(h, s);
    for (int32_t v = 0; v < m->n_vm; v++)
      check_state(m, h, v, s);
  }
}

static void check_head(const struct model *m, const struct lc_history *h) {
  check(h->n_vm == m->n_vm && h->n_clock == m->clocks.n);
  /* that of the most uncertain segment */
  check(h->error_ns >= 2 * (7 + m->n_rank - 1) && h->error_ns <= 2 * (7 + m->widest - 1));
  for (int32_t c = 0; c < h->n_clock; c++) {
    const struct lc_clock *clock = m->clocks.clock[c];
    check(strcmp(h->clock[c].name, clock->name) == 0 && h->clock[c].order == clock->order);
    check(h->clock[c].characterizes == clock->characterizes);
    check(h->clock[c].words == m->clocks.stamp_width[c]);
  }
  for (int32_t v = 0; v < m->n_vm; v++) {
    check(h->machine[v].rate.p == m->vm[v].rate.p && h->machine[v].rate.q == m->vm[v].rate.q);
    check(h->machine[v].phase_ns == m->vm[v].phase_ns);
  }
}

static void check_file(const struct model *m, const char *path, const int64_t *events,
                       int32_t taken, bool whole) {
  struct lc_history h;
  check_ok(lc_store_read(path, &h, &err), err);
  check_head(m, &h);
  check_events(m, &h, events);
  check(h.ended == whole);
  check_left(m, &h, taken);
  check_snapshots(m, &h, taken);
  if (whole) {
    check(h.t_end == m->t_end);
    check(memcmp(&h.balance, &m->balance, sizeof h.balance) == 0);
  }
  lc_history_free(&h);
}

void model_check_file(const struct model *m, const char *path, int64_t events, int32_t taken,
                      bool whole) {
  int64_t *of_vm = lc_new((size_t)m->n_vm, sizeof *of_vm, "a test");
  for (int32_t v = 0; v < m->n_vm; v++)
    of_vm[v] = events;
  check_file(m, path, of_vm, taken, whole);
  free(of_vm);
}

void model_check_cut(const struct model *m, const char *path, int32_t cut, int32_t taken) {
  int64_t *of_vm = lc_new((size_t)m->n_vm, sizeof *of_vm, "a test");
  for (int32_t v = 0; v < m->n_vm; v++)
    of_vm[v] = cut < 0 ? 0 : model_state(m, v, cut).n_event;
  check_file(m, path, of_vm, taken, false);
  free(of_vm);
}

void model_check_whole_file(const struct model *m, const char *path) {
  model_check_file(m, path, INT64_MAX, MODEL_SNAPSHOTS - 1, true);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

uint64_t bytes_of(const char *path) {
  uint64_t sum = 1, count = 0;
  FILE *file = fopen(path, "rb");
  if (!file)
    return 0;
  static uint64_t words[8192];
  for (size_t n; (n = fread(words, 1, sizeof words, file)) > 0;) {
    memset((char *)words + n, 0, sizeof words - n);
    for (size_t i = 0; i < (n + 7) / 8; i++)
      sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
    count += n;
  }
  fclose(file);
  return sum * 2 + count + 1;
}

void copy_file(const char *from, const char *to, int64_t most_bytes) {
  char bytes[65536];
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  check(in && out);
  while (most_bytes > 0) {
    size_t want = most_bytes < (int64_t)sizeof bytes ? (size_t)most_bytes : sizeof bytes;
    size_t n = fread(bytes, 1, want, in);
    if (!n)
      break;
    check(fwrite(bytes, 1, n, out) == n);
    most_bytes -= (int64_t)n;
  }
  fclose(in);
  check(fclose(out) == 0);
}

bool is_there(const char *path) {
  return access(path, F_OK) == 0;
}
