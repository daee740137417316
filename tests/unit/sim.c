/* Machines step in the order of their actual times; a message takes at least a nanosecond. So
 * whatever has arrived by a step was sent by an earlier one, and one pass makes a correct history.
 * Arrivals lie on a coarse grid, so that many are equal and the queue's further keys decide. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/vm.h"

#define MS INT64_C(1000000)

enum { N_SNAPSHOT = 4, MOST_VMS = 8 };

struct sim {
  struct draws draws;
  struct lc_clock_set clocks;
  struct lc_workload load;
  struct lc_topology topology;
  struct lc_rate_rule rates;
  enum lc_phase phase;
  struct lc_vms vms;
  int64_t last_arrival[MOST_VMS][MOST_VMS]; /* of each channel: they are first in, first out */
  int64_t last_actual[MOST_VMS], next_actual[MOST_VMS];
  int32_t next_snapshot[MOST_VMS];
  struct lc_history *history;
  size_t event_room, stamp_room[2], sent_room, left_room;
};

static void start(struct sim *s, uint64_t seed, int32_t n_vm) {
  static const struct lc_rate rates[] = {{1, 1}, {2, 1}, {3, 1}, {6, 1}, {5, 2}, {2, 3}};
  struct lc_error err;
  s->draws = (struct draws){seed};
  lc_clock_set_init(&s->clocks, n_vm);
  assert_int_equal(lc_clock_set_parse(&s->clocks, "lamport,vector", &err), LC_OK);
  s->topology = (struct lc_topology){.n_vm = n_vm, .n_replica = 1, .max_degree = n_vm - 1};
  lc_workload_init(&s->load, seed, &s->topology, 0.3, 0.15, 2);
  s->rates.n = n_vm;
  for (int32_t v = 0; v < n_vm; v++)
    s->rates.rate[v] = rates[draw_below(&s->draws, LENGTH(rates))];
  s->phase = (enum lc_phase)draw_below(&s->draws, 3);
  lc_vms_init(&s->vms, 0, n_vm, &s->rates, s->phase, &s->load, &s->clocks);
}

static void prepare_history(struct sim *s, int32_t n_vm) {
  struct lc_history *h = s->history;
  *h = (struct lc_history){.n_vm = n_vm,
                           .n_copy = n_vm,
                           .fifo = true,
                           .ended = true,
                           .n_clock = 2,
                           .n_snapshot = N_SNAPSHOT};
  h->t_end = 8000 * MS + draw_below(&s->draws, 8000 * MS);
  h->machine = calloc((size_t)n_vm, sizeof *h->machine);
  h->state = calloc((size_t)n_vm * N_SNAPSHOT, sizeof *h->state);
  h->t_snapshot = calloc(N_SNAPSHOT, sizeof *h->t_snapshot);
  for (int32_t i = 0; i < N_SNAPSHOT; i++)
    h->t_snapshot[i] = h->t_end * (i + 1) / N_SNAPSHOT;
  for (int32_t c = 0; c < 2; c++) {
    const struct lc_clock *clock = s->clocks.clock[c];
    struct lc_history_clock *to = &h->clock[c];
    snprintf(to->name, sizeof to->name, "%s", clock->name);
    to->order = clock->order;
    to->characterizes = clock->characterizes;
    to->words = s->clocks.stamp_width[c];
    to->state_stamp = calloc((size_t)(n_vm * N_SNAPSHOT * to->words), sizeof(int64_t));
  }
  for (int32_t v = 0; v < n_vm; v++) {
    h->machine[v].logged = true;
    h->machine[v].rate = s->rates.rate[v];
    h->machine[v].phase_ns = lc_phase_of(s->phase, s->rates.rate[v], s->load.seed, v);
  }
}

/* Half of all ticks are in time, the others up to 0.4 s late; never before the one before. */
static int64_t actual_time(struct sim *s, int32_t v) {
  int64_t late = draw_below(&s->draws, 2) ? draw_below(&s->draws, 400 * MS) : 0;
  int64_t t = s->vms.deadline_ns[v] + late;
  return t > s->last_actual[v] ? t : s->last_actual[v];
}

/* ---- recording ------------------------------------------------------------------------------- */

static void record_event(struct sim *s, const struct lc_step *step) {
  struct lc_history *h = s->history;
  size_t n = (size_t)h->n_event + 1;
  lc_grow((void **)&h->event, &s->event_room, n, sizeof *h->event, "a test's events");
  h->event[h->n_event] = step->event;
  for (int32_t c = 0; c < h->n_clock; c++) {
    size_t words = (size_t)h->clock[c].words;
    lc_grow((void **)&h->clock[c].stamp, &s->stamp_room[c], n * words, sizeof(int64_t),
            "a test's stamps");
    memcpy(h->clock[c].stamp + (n - 1) * words, step->stamps + s->clocks.stamp_at[c],
           words * sizeof(int64_t));
  }
  h->n_event++;
}

static void record_state(struct sim *s, int32_t v, int32_t snapshot, int64_t now) {
  struct lc_history *h = s->history;
  struct lc_counts counts = lc_vms_counts(&s->vms, v);
  int64_t row = (int64_t)v * N_SNAPSHOT + snapshot;
  h->state[row] = (struct lc_state){
      .t_actual = now,
      .n_tick = counts.n_tick,
      .n_event = counts.n_tick,
      .n_internal = counts.n_internal,
      .n_sent = counts.n_sent,
      .n_received = counts.n_received,
      .n_queued = lc_vms_arrived(&s->vms, v, now + 1),
      .valid = 1,
  };
  for (int32_t c = 0; c < h->n_clock; c++)
    memcpy(h->clock[c].state_stamp + row * h->clock[c].words,
           lc_vms_stamps(&s->vms, v) + s->clocks.stamp_at[c],
           (size_t)h->clock[c].words * sizeof(int64_t));
}

static void record_sent(struct sim *s, const struct lc_event *e, int64_t number, int32_t receiver) {
  struct lc_history *h = s->history;
  lc_grow((void **)&h->sent, &s->sent_room, (size_t)h->n_sent + 1, sizeof *h->sent,
          "a test's messages");
  h->sent[h->n_sent++] = (struct lc_sent){.sender = e->machine,
                                          .receiver = receiver,
                                          .number = number,
                                          .send_seq = e->seq,
                                          .t_send = e->t_actual};
}

static void record_left(struct sim *s, int32_t v, const struct lc_node *m) {
  struct lc_history *h = s->history;
  bool queued = m->t_arrival < h->t_end;
  lc_grow((void **)&h->left, &s->left_room, (size_t)h->n_left + 1, sizeof *h->left,
          "a test's messages");
  h->left[h->n_left++] = (struct lc_left){.machine = v,
                                          .sender = m->sender,
                                          .snapshot = N_SNAPSHOT - 1,
                                          .number = m->number,
                                          .t_arrival = m->t_arrival,
                                          .fate = queued ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT};
  h->balance.queued += queued;
  h->balance.in_flight += !queued;
  h->state[(int64_t)v * N_SNAPSHOT + N_SNAPSHOT - 1].n_queued += queued;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void send_all(struct sim *s, const struct lc_step *step) {
  const struct lc_event *e = &step->event;
  for (int32_t i = 0; i < step->n_receiver; i++) {
    int32_t receiver = step->receiver[i];
    int64_t grid = 50 * MS, *last = &s->last_arrival[e->machine][receiver];
    int64_t t = (e->t_actual / grid + 1 + draw_below(&s->draws, 30)) * grid;
    *last = t > *last ? t : *last;
    record_sent(s, e, e->msg_first + i, receiver);
    lc_vms_put(&s->vms, receiver, e->machine, e->msg_first + i, *last, step->stamps);
  }
}

static void take_states(struct sim *s, int32_t v, int64_t deadline) {
  const struct lc_history *h = s->history;
  while (s->next_snapshot[v] < N_SNAPSHOT - 1 && h->t_snapshot[s->next_snapshot[v]] <= deadline) {
    int64_t now = h->t_snapshot[s->next_snapshot[v]];
    now = now > s->last_actual[v] ? now : s->last_actual[v];
    record_state(s, v, s->next_snapshot[v]++, now);
  }
}

static int32_t soonest(const struct sim *s) {
  int32_t first = -1;
  for (int32_t v = 0; v < s->history->n_vm; v++)
    if (s->vms.deadline_ns[v] < s->history->t_end &&
        (first < 0 || s->next_actual[v] < s->next_actual[first]))
      first = v;
  return first;
}

static void run(struct sim *s) {
  for (int32_t v = 0; v < s->history->n_vm; v++)
    s->next_actual[v] = actual_time(s, v);
  for (int32_t v; (v = soonest(s)) >= 0;) {
    int64_t now = s->next_actual[v];
    take_states(s, v, s->vms.deadline_ns[v]);
    struct lc_step step;
    lc_vms_step(&s->vms, v, now, &step);
    record_event(s, &step);
    send_all(s, &step);
    s->last_actual[v] = now;
    s->next_actual[v] = actual_time(s, v);
  }
}

static void finish(struct sim *s) {
  struct lc_history *h = s->history;
  for (int32_t v = 0; v < h->n_vm; v++) {
    take_states(s, v, h->t_end);
    record_state(s, v, N_SNAPSHOT - 1, h->t_end);
    h->state[(int64_t)v * N_SNAPSHOT + N_SNAPSHOT - 1].n_queued = 0; /* counted with the left */
    h->balance.sent += s->vms.tally[v].n_sent;
    h->balance.received += s->vms.tally[v].n_received;
    const struct lc_node *node = lc_vms_first(&s->vms, v);
    for (; node; node = lc_vms_next(&s->vms, v, node))
      record_left(s, v, node);
  }
}

static void release(struct sim *s) {
  lc_vms_free(&s->vms);
  lc_workload_free(&s->load);
}

void simulate(struct lc_history *history, uint64_t seed, int32_t n_vm) {
  struct sim *s = calloc(1, sizeof *s);
  struct lc_error err;
  s->history = history;
  start(s, seed, n_vm);
  prepare_history(s, n_vm);
  run(s);
  finish(s);
  release(s);
  free(s);
  assert_int_equal(lc_history_index(history, &err), LC_OK);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void move_event(struct lc_history *h, int64_t to, int64_t from) {
  h->event[to] = h->event[from];
  for (int32_t c = 0; c < h->n_clock; c++) {
    int64_t words = h->clock[c].words;
    memmove(h->clock[c].stamp + to * words, h->clock[c].stamp + from * words,
            (size_t)words * sizeof(int64_t));
  }
}

void cut_off(struct lc_history *h, uint64_t seed) {
  struct draws draws = {seed};
  struct lc_error err;
  int64_t events = 0, sent = 0;
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_machine machine = h->machine[v];
    int64_t kept = draw_below(&draws, machine.n_event + 1), numbers = 0;
    for (int64_t i = 0; i < kept; i++) {
      const struct lc_event *e = &h->event[machine.first_event + i];
      numbers = e->kind == LC_SEND ? e->msg_first + e->msg_count : numbers;
      move_event(h, events++, machine.first_event + i);
    }
    numbers += draw_below(&draws, machine.n_sent - numbers + 1);
    for (int64_t i = 0; i < numbers; i++)
      h->sent[sent++] = h->sent[machine.first_sent + i];
  }
  h->n_event = events;
  h->n_sent = sent;
  h->n_left = 0;
  h->ended = false;
  h->t_end = 0;
  h->balance = (struct lc_balance){0};
  for (int32_t v = 0; v < h->n_vm; v++)
    h->state[(int64_t)v * h->n_snapshot + h->n_snapshot - 1].valid = 0;
  assert_int_equal(lc_history_index(h, &err), LC_OK);
}

void remove_event(struct lc_history *h, int64_t at) {
  struct lc_error err;
  struct lc_event gone = h->event[at];
  assert_int_equal(gone.kind, LC_INTERNAL);
  for (int64_t i = at; i + 1 < h->n_event; i++) {
    move_event(h, i, i + 1);
    h->event[i].seq -= h->event[i].machine == gone.machine;
  }
  h->n_event--;
  for (int64_t i = 0; i < h->n_sent; i++)
    h->sent[i].send_seq -= h->sent[i].sender == gone.machine && h->sent[i].send_seq > gone.seq;
  assert_int_equal(lc_history_index(h, &err), LC_OK);
}
