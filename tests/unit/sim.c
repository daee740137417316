/* Machines step in the order of their actual times; a message takes at least a nanosecond. So
 * whatever has arrived by a step was sent by an earlier one, and one pass makes a correct history.
 * Arrivals lie on a coarse grid, so that many are equal and the queue's further keys decide.
 *
 * Beside the inboxes of the VMs each message is a parcel here, as is each marker: parcels arrive
 * one by one, which is all that the methods of snapshots see. */
#include "sim.h"
#include "unit.h"

#include "lcmpi/vm.h"

#define MS INT64_C(1000000)

enum { N_SNAPSHOT = 4, MOST_VMS = 8, END = N_SNAPSHOT - 1 };

enum where { UNDER_WAY, WAITING, TAKEN };

struct parcel {
  int32_t sender, receiver, marker; /* marker: the snapshot; -1: a message */
  int32_t colour;                   /* snapshots that the sender had recorded */
  enum where where;
  int64_t number, t_arrival, send_seq, receive_seq; /* -1: not received */
  int64_t stamp[1 + MOST_VMS];
};

/* A message that crosses a cut, and its parcel. */
struct crossing {
  struct lc_left left;
  size_t at;
};

struct sim {
  struct draws draws;
  enum sim_method method;
  struct lc_clock_set clocks;
  struct lc_workload load;
  struct lc_topology topology;
  struct lc_rate_rule rates;
  enum lc_phase phase;
  struct lc_vms vms;
  int64_t last_arrival[MOST_VMS][MOST_VMS]; /* of each channel, if first in, first out */
  int64_t last_actual[MOST_VMS], next_actual[MOST_VMS];
  int32_t recorded[MOST_VMS];              /* snapshots of each VM */
  int32_t marked[MOST_VMS][MOST_VMS];      /* markers that came: [receiver][sender] */
  int64_t record_at[MOST_VMS][N_SNAPSHOT]; /* SIM_AT_RANDOM */
  struct lc_digest done[MOST_VMS];         /* of each VM's events so far */
  struct lc_history *history;
  size_t n_parcel, n_crossing;
  struct parcel *parcel;
  struct crossing *crossing;
  size_t event_room, stamp_room[2], sent_room, parcel_room, crossing_room;
};

static const char *const method_names[] = {
    [SIM_CHANDY_LAMPORT] = "chandy-lamport",
    [SIM_LAI_YANG] = "lai-yang",
    [SIM_TIME_CUT] = "time-cut",
    [SIM_RANK_BY_RANK] = "",
    [SIM_AT_RECEIVE] = "chandy-lamport",
    [SIM_AT_RANDOM] = "lai-yang",
    [SIM_AT_ARRIVAL] = "lai-yang",
};

static void start(struct sim *s, uint64_t seed, int32_t n_vm) {
  static const struct lc_rate rates[] = {{1, 1}, {2, 1}, {3, 1}, {6, 1}, {5, 2}, {2, 3}};
  struct lc_error err;
  s->draws = (struct draws){seed};
  lc_clock_set_init(&s->clocks, n_vm);
  assert_int_equal(lc_clock_set_parse(&s->clocks, "lamport,vector", &err), LC_OK);
  s->topology = (struct lc_topology){.n_vm = n_vm, .n_replica = 1, .max_degree = n_vm - 1};
  lc_workload_init(&s->load, seed, &s->topology, LC_RECEIVE_OR_ACT, 0.3, 0.15, 2);
  s->rates.n = n_vm;
  for (int32_t v = 0; v < n_vm; v++)
    s->rates.rate[v] = rates[draw_below(&s->draws, LENGTH(rates))];
  s->phase = (enum lc_phase)draw_below(&s->draws, 3);
  lc_vms_init(&s->vms, 0, n_vm, &s->rates, s->phase, &s->load, &s->clocks);
}

static void prepare_history(struct sim *s, int32_t n_vm, bool late) {
  struct lc_history *h = s->history;
  *h = (struct lc_history){
      .n_vm = n_vm, .n_copy = n_vm, .ended = true, .n_clock = 2, .n_snapshot = N_SNAPSHOT};
  h->exact_time = s->method == SIM_TIME_CUT;
  h->fifo = s->method != SIM_LAI_YANG;
  h->cuts = s->method != SIM_RANK_BY_RANK;
  snprintf(h->method, sizeof h->method, "%s", method_names[s->method]);
  h->t_end = 8000 * MS + draw_below(&s->draws, 8000 * MS);
  h->machine = calloc((size_t)n_vm, sizeof *h->machine);
  h->state = calloc((size_t)n_vm * N_SNAPSHOT, sizeof *h->state);
  h->t_snapshot = calloc(N_SNAPSHOT, sizeof *h->t_snapshot);
  h->cut_digest = h->cuts ? calloc(N_SNAPSHOT, sizeof *h->cut_digest) : NULL;
  for (int32_t i = 0; i < N_SNAPSHOT; i++) /* the third is done long before the end, or perhaps */
    h->t_snapshot[i] = h->t_end * (late ? 16 + i : i + 1) / (late ? 19 : 5);
  h->t_snapshot[END] = h->t_end;
  for (int32_t c = 0; c < 2; c++) {
    const struct lc_clock *clock = s->clocks.clock[c];
    struct lc_history_clock *to = &h->clock[c];
    snprintf(to->name, sizeof to->name, "%s", clock->name);
    to->order = clock->order;
    to->characterizes = clock->characterizes;
    to->words = s->clocks.stamp_width[c];
    to->state_stamp = calloc((size_t)(n_vm * N_SNAPSHOT * to->words), sizeof(int64_t));
    if (clock->value && h->cuts)
      to->state_jump = calloc((size_t)(n_vm * N_SNAPSHOT), sizeof(int64_t));
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
  int64_t t = s->vms.deadline_ns[v] + (s->history->exact_time ? 0 : late);
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
  lc_vms_digest(&s->vms, step, &s->done[step->event.machine]);
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

static void record_crossing(struct sim *s, size_t at, int32_t snapshot, enum lc_fate fate) {
  const struct parcel *p = &s->parcel[at];
  lc_grow((void **)&s->crossing, &s->crossing_room, s->n_crossing + 1, sizeof *s->crossing,
          "a test's cuts");
  s->crossing[s->n_crossing++] = (struct crossing){.left = {.machine = p->receiver,
                                                            .sender = p->sender,
                                                            .snapshot = snapshot,
                                                            .number = p->number,
                                                            .t_arrival = p->t_arrival,
                                                            .fate = (uint8_t)fate},
                                                   .at = at};
}

static void add_digest(const struct sim *s, struct lc_digest *sum, const struct lc_digest *part) {
  sum->execution += part->execution;
  sum->snapshots += part->snapshots;
  for (int32_t c = 0; c < s->clocks.n; c++)
    sum->clock[c] += part->clock[c];
}

static void record_state(struct sim *s, int32_t v, int32_t snapshot, int64_t now,
                         int64_t n_queued) {
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
      .n_queued = n_queued,
      .queue_max = lc_vms_vm(&s->vms, v)->max_queued,
      .valid = 1,
  };
  for (int32_t c = 0; c < h->n_clock; c++) {
    memcpy(h->clock[c].state_stamp + row * h->clock[c].words,
           lc_vms_stamps(&s->vms, v) + s->clocks.stamp_at[c],
           (size_t)h->clock[c].words * sizeof(int64_t));
    if (h->clock[c].state_jump)
      h->clock[c].state_jump[row] = lc_vms_jump(&s->vms, v, c);
  }
  if (h->cut_digest)
    add_digest(s, &h->cut_digest[snapshot], &s->done[v]);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static bool knows_all(enum sim_method method) {
  return method == SIM_AT_RECEIVE || method == SIM_AT_RANDOM;
}

static int64_t draw_arrival(struct sim *s, int32_t from, int32_t to, int64_t now) {
  int64_t grid = 50 * MS, *last = &s->last_arrival[from][to];
  int64_t t = (now / grid + 1 + draw_below(&s->draws, 30)) * grid;
  *last = t > *last || !s->history->fifo ? t : *last;
  return *last;
}

static struct parcel *new_parcel(struct sim *s) {
  lc_grow((void **)&s->parcel, &s->parcel_room, s->n_parcel + 1, sizeof *s->parcel,
          "a test's messages");
  struct parcel *p = &s->parcel[s->n_parcel++];
  *p = (struct parcel){.marker = -1, .receive_seq = -1};
  return p;
}

static void send_markers(struct sim *s, int32_t v, int32_t snapshot, int64_t now) {
  for (int32_t other = 0; other < s->history->n_vm; other++) {
    if (other == v)
      continue;
    int64_t t = draw_arrival(s, v, other, now);
    struct parcel *p = new_parcel(s);
    p->sender = v;
    p->receiver = other;
    p->marker = snapshot;
    p->t_arrival = t;
  }
}

/* The VM's next snapshot: its state and its queue. */
static void record(struct sim *s, int32_t v, int64_t now) {
  int32_t snapshot = s->recorded[v]++;
  int64_t n_queued = 0;
  for (size_t i = 0; i < s->n_parcel && !knows_all(s->method); i++) {
    const struct parcel *p = &s->parcel[i];
    if (p->receiver != v || p->marker >= 0 || p->where == TAKEN)
      continue;
    if (p->where == WAITING) {
      record_crossing(s, i, snapshot, LC_FATE_QUEUED);
      n_queued++;
    } else if (s->method == SIM_TIME_CUT) {
      record_crossing(s, i, snapshot, LC_FATE_IN_FLIGHT);
    }
  }
  record_state(s, v, snapshot, now, n_queued);
  if (s->method == SIM_CHANDY_LAMPORT)
    send_markers(s, v, snapshot, now);
}

/* A parcel reaches its VM: what of it is a channel's state is recorded. */
static void arrive(struct sim *s, size_t at) {
  struct parcel *p = &s->parcel[at];
  int32_t v = p->receiver, from = p->sender, colour = p->colour, marker = p->marker;
  int64_t t = p->t_arrival;
  p->where = WAITING;
  if (marker >= 0) {
    s->marked[v][from]++;
    if (s->recorded[v] == marker)
      record(s, v, t);
    return;
  }
  if (s->method == SIM_CHANDY_LAMPORT)
    for (int32_t k = s->marked[v][from]; k < s->recorded[v]; k++)
      record_crossing(s, at, k, LC_FATE_IN_FLIGHT);
  if (s->method == SIM_LAI_YANG) {
    p->where = UNDER_WAY; /* not in the queue yet */
    while (s->recorded[v] < colour)
      record(s, v, t);
    s->parcel[at].where = WAITING;
    for (int32_t k = colour; k < s->recorded[v]; k++)
      record_crossing(s, at, k, LC_FATE_IN_FLIGHT);
  }
  while (s->method == SIM_AT_ARRIVAL && s->recorded[v] < END &&
         s->history->t_snapshot[s->recorded[v]] <= t)
    record(s, v, t);
}

/* Before a tick of a VM, or after it. */
static void record_at_tick(struct sim *s, int32_t v, int64_t due, int64_t now,
                           enum sim_method method) {
  const struct lc_history *h = s->history;
  while (s->method == method && s->recorded[v] < END && h->t_snapshot[s->recorded[v]] <= due)
    record(s, v, now);
}

/* Before a tick that is due at the snapshot's time or later, however late it is. */
static void record_rank_by_rank(struct sim *s, int32_t v, int64_t due) {
  const struct lc_history *h = s->history;
  while (s->method == SIM_RANK_BY_RANK && s->recorded[v] < END &&
         h->t_snapshot[s->recorded[v]] <= due) {
    int64_t t = h->t_snapshot[s->recorded[v]];
    t = t > s->last_actual[v] ? t : s->last_actual[v];
    record_state(s, v, s->recorded[v]++, t, lc_vms_arrived(&s->vms, v, t + 1));
  }
}

/* When a VM records of itself next. */
static int64_t own_moment(const struct sim *s, int32_t v) {
  int32_t next = s->recorded[v];
  if (next == END)
    return INT64_MAX;
  if (s->method == SIM_AT_RANDOM)
    return s->record_at[v][next];
  bool starts = s->method == SIM_TIME_CUT || (s->method == SIM_CHANDY_LAMPORT && v == 0);
  return starts ? s->history->t_snapshot[next] : INT64_MAX;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void send_all(struct sim *s, const struct lc_step *step) {
  const struct lc_event *e = &step->event;
  for (int32_t i = 0; i < step->n_receiver; i++) {
    int32_t receiver = step->receiver[i];
    int64_t t = draw_arrival(s, e->machine, receiver, e->t_actual);
    struct parcel *p = new_parcel(s);
    p->sender = e->machine;
    p->receiver = receiver;
    p->colour = s->recorded[e->machine];
    p->number = e->msg_first + i;
    p->t_arrival = t;
    p->send_seq = e->seq;
    memcpy(p->stamp, step->stamps, (size_t)s->clocks.stamp_words * sizeof *p->stamp);
    record_sent(s, e, p->number, receiver);
    lc_vms_put(&s->vms, receiver, e->machine, p->number, t, step->stamps);
  }
}

static void take_parcel(struct sim *s, const struct lc_event *e) {
  for (size_t i = 0; i < s->n_parcel && e->kind == LC_RECEIVE; i++) {
    struct parcel *p = &s->parcel[i];
    if (p->marker >= 0 || p->sender != e->peer || p->number != e->msg_first)
      continue;
    p->where = TAKEN;
    p->receive_seq = e->seq;
  }
}

static void tick(struct sim *s, int32_t v) {
  int64_t now = s->next_actual[v], due = s->vms.deadline_ns[v];
  struct lc_step step;
  record_rank_by_rank(s, v, due);
  record_at_tick(s, v, due, now, SIM_LAI_YANG);
  lc_vms_step(&s->vms, v, now, &step);
  take_parcel(s, &step.event);
  record_event(s, &step);
  send_all(s, &step);
  if (step.event.kind == LC_RECEIVE)
    record_at_tick(s, v, now, now, SIM_AT_RECEIVE);
  s->last_actual[v] = now;
  s->next_actual[v] = actual_time(s, v);
}

static int32_t soonest_tick(const struct sim *s) {
  int32_t first = -1;
  for (int32_t v = 0; v < s->history->n_vm; v++)
    if (s->vms.deadline_ns[v] < s->history->t_end &&
        (first < 0 || s->next_actual[v] < s->next_actual[first]))
      first = v;
  return first;
}

/* The first of those under way; of a channel, the one that was sent first. */
static int64_t soonest_parcel(const struct sim *s) {
  int64_t first = -1;
  for (size_t i = 0; i < s->n_parcel; i++)
    if (s->parcel[i].where == UNDER_WAY &&
        (first < 0 || s->parcel[i].t_arrival < s->parcel[first].t_arrival))
      first = (int64_t)i;
  return first;
}

static int32_t soonest_record(const struct sim *s) {
  int32_t first = 0;
  for (int32_t v = 1; v < s->history->n_vm; v++)
    if (own_moment(s, v) < own_moment(s, first))
      first = v;
  return first;
}

/* At the same time records come first, then arrivals, then ticks. */
static void run(struct sim *s) {
  for (int32_t v = 0; v < s->history->n_vm; v++)
    s->next_actual[v] = actual_time(s, v);
  for (;;) {
    int32_t v = soonest_tick(s), recorder = soonest_record(s);
    int64_t p = soonest_parcel(s), until = v >= 0 ? s->next_actual[v] : s->history->t_end - 1;
    int64_t t_record = own_moment(s, recorder);
    int64_t t_arrival = p >= 0 ? s->parcel[p].t_arrival : INT64_MAX;
    if (t_record <= until && t_record <= t_arrival)
      record(s, recorder, t_record);
    else if (t_arrival <= until)
      arrive(s, (size_t)p);
    else if (v >= 0)
      tick(s, v);
    else
      break;
  }
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Snapshots that all VMs have recorded, with all that belongs to them. */
static int32_t count_whole(const struct sim *s) {
  int32_t whole = END;
  for (int32_t v = 0; v < s->history->n_vm; v++) {
    whole = s->recorded[v] < whole ? s->recorded[v] : whole;
    for (int32_t other = 0; other < s->history->n_vm && s->method == SIM_CHANDY_LAMPORT; other++)
      if (other != v && s->marked[v][other] < whole)
        whole = s->marked[v][other];
  }
  for (size_t i = 0; i < s->n_parcel && s->method == SIM_LAI_YANG; i++)
    if (s->parcel[i].where == UNDER_WAY && s->parcel[i].colour < whole)
      whole = s->parcel[i].colour;
  return whole;
}

/* What crosses a cut by the definition, for methods that do not find out themselves. */
static void record_by_definition(struct sim *s, int32_t snapshot) {
  struct lc_state *state = s->history->state;
  for (size_t i = 0; i < s->n_parcel; i++) {
    const struct parcel *p = &s->parcel[i];
    struct lc_state *to = &state[p->receiver * N_SNAPSHOT + snapshot];
    if (p->send_seq >= state[p->sender * N_SNAPSHOT + snapshot].n_event ||
        (p->receive_seq >= 0 && p->receive_seq < to->n_event))
      continue;
    bool queued = p->t_arrival <= to->t_actual;
    to->n_queued += queued;
    record_crossing(s, i, snapshot, queued ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT);
  }
}

static void record_end(struct sim *s) {
  struct lc_history *h = s->history;
  for (int32_t v = 0; v < h->n_vm; v++) {
    record_state(s, v, END, h->t_end, 0);
    h->balance.sent += s->vms.tally[v].n_sent;
    h->balance.received += s->vms.tally[v].n_received;
  }
  for (size_t i = 0; i < s->n_parcel; i++) {
    const struct parcel *p = &s->parcel[i];
    if (p->marker >= 0 || p->where == TAKEN)
      continue;
    bool queued = p->t_arrival < h->t_end;
    record_crossing(s, i, END, queued ? LC_FATE_QUEUED : LC_FATE_IN_FLIGHT);
    h->balance.queued += queued;
    h->balance.in_flight += !queued;
    h->state[p->receiver * N_SNAPSHOT + END].n_queued += queued;
  }
}

static int by_place(const void *a, const void *b) {
  const struct lc_left *x = &((const struct crossing *)a)->left;
  const struct lc_left *y = &((const struct crossing *)b)->left;
  const int64_t keys[][2] = {{x->snapshot, y->snapshot}, {x->machine, y->machine},
                             {x->fate, y->fate},         {x->t_arrival, y->t_arrival},
                             {x->sender, y->sender},     {x->number, y->number}};
  for (size_t i = 0; i < LENGTH(keys); i++)
    if (keys[i][0] != keys[i][1])
      return keys[i][0] < keys[i][1] ? -1 : 1;
  return 0;
}

/* Rows of snapshots that are whole, in their order. */
static void write_left(struct sim *s) {
  struct lc_history *h = s->history;
  h->left = calloc(s->n_crossing + 1, sizeof *h->left);
  for (int32_t c = 0; c < h->n_clock && h->cuts; c++)
    h->clock[c].left_stamp =
        calloc((s->n_crossing + 1) * (size_t)h->clock[c].words, sizeof(int64_t));
  if (s->n_crossing)
    qsort(s->crossing, s->n_crossing, sizeof *s->crossing, by_place);
  for (size_t i = 0; i < s->n_crossing; i++) {
    const struct lc_left *left = &s->crossing[i].left;
    if (left->snapshot != END && (left->snapshot >= h->n_taken || !h->cuts))
      continue;
    for (int32_t c = 0; c < h->n_clock && h->cuts; c++)
      memcpy(h->clock[c].left_stamp + h->n_left * h->clock[c].words,
             s->parcel[s->crossing[i].at].stamp + s->clocks.stamp_at[c],
             (size_t)h->clock[c].words * sizeof(int64_t));
    h->left[h->n_left++] = *left;
  }
}

/* The digests of the states; each cut's are of all states up to it. */
static void digest_states(struct sim *s) {
  struct lc_history *h = s->history;
  uint64_t sum = 0;
  for (int32_t k = 0; k < N_SNAPSHOT; k++) {
    for (int32_t v = 0; v < h->n_vm && k < h->n_taken; v++) {
      int64_t at = (int64_t)v * N_SNAPSHOT + k;
      const struct lc_state *state = &h->state[at];
      const int64_t counts[] = {state->n_tick, state->n_internal, state->n_sent, state->n_received,
                                state->n_queued};
      uint64_t hash = lc_hash_state(v, k, counts, 5);
      for (int32_t c = 0; c < h->n_clock; c++)
        hash = lc_hash_words(hash, h->clock[c].state_stamp + at * h->clock[c].words,
                             h->clock[c].words);
      sum += hash;
    }
    h->cut_digest[k].snapshots = sum;
  }
  h->digested = true;
  h->digest = h->cut_digest[END];
}

static void finish(struct sim *s) {
  struct lc_history *h = s->history;
  for (int32_t v = 0; v < h->n_vm; v++) {
    record_rank_by_rank(s, v, h->t_end);
    record_at_tick(s, v, h->t_end, h->t_end + 400 * MS, SIM_AT_RECEIVE); /* after its last tick */
    record_at_tick(s, v, h->t_end, h->t_end + 400 * MS, SIM_AT_ARRIVAL);
  }
  h->n_taken = count_whole(s);
  for (int32_t v = 0; v < h->n_vm; v++)
    for (int32_t k = h->n_taken; k < END; k++)
      h->state[v * N_SNAPSHOT + k].valid = 0;
  for (int32_t k = 0; k < END && knows_all(s->method); k++)
    record_by_definition(s, k);
  record_end(s);
  write_left(s);
  if (h->cut_digest)
    digest_states(s);
}

static void release(struct sim *s) {
  lc_vms_free(&s->vms);
  lc_workload_free(&s->load);
  free(s->parcel);
  free(s->crossing);
  free(s);
}

/* Each VM at its own moments, between its snapshot's time and the next one's. */
static void draw_moments(struct sim *s) {
  const int64_t *t = s->history->t_snapshot;
  for (int32_t v = 0; v < s->history->n_vm; v++)
    for (int32_t k = 0; k < END; k++)
      s->record_at[v][k] = t[k] + draw_below(&s->draws, t[k + 1] - t[k]);
}

void simulate_by(struct lc_history *history, uint64_t seed, int32_t n_vm, enum sim_method method,
                 bool late) {
  struct sim *s = calloc(1, sizeof *s);
  struct lc_error err;
  s->history = history;
  s->method = method;
  start(s, seed, n_vm);
  prepare_history(s, n_vm, late);
  draw_moments(s);
  run(s);
  finish(s);
  release(s);
  assert_int_equal(lc_history_index(history, &err), LC_OK);
}

void simulate(struct lc_history *history, uint64_t seed, int32_t n_vm) {
  simulate_by(history, seed, n_vm, SIM_CHANDY_LAMPORT, false);
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
  h->ended = h->digested = false;
  h->t_end = 0;
  h->balance = (struct lc_balance){0};
  assert_int_equal(lc_history_index(h, &err), LC_OK);
  for (int32_t v = 0; v < h->n_vm; v++) {
    const struct lc_state *state = &h->state[(int64_t)v * h->n_snapshot];
    h->state[(int64_t)v * h->n_snapshot + h->n_snapshot - 1].valid = 0;
    while (h->n_taken > 0 && state[h->n_taken - 1].n_event > h->machine[v].n_event)
      h->n_taken--;
  }
  while (h->n_left > 0 && h->left[h->n_left - 1].snapshot >= h->n_taken)
    h->n_left--; /* they are in order of snapshots */
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

void make_a_cycle(struct lc_history *h) {
  struct lc_error err;
  *h = (struct lc_history){
      .n_vm = 2, .fifo = true, .ended = true, .t_end = 2 * LC_NS_PER_S, .n_snapshot = 1};
  h->error_ns = 60 * LC_NS_PER_S;
  h->machine = calloc(2, sizeof *h->machine);
  h->event = calloc(4, sizeof *h->event);
  h->sent = calloc(2, sizeof *h->sent);
  h->t_snapshot = calloc(1, sizeof *h->t_snapshot);
  h->state = calloc(2, sizeof *h->state);
  h->t_snapshot[0] = h->t_end;
  h->balance = (struct lc_balance){.sent = 2, .received = 2};
  h->n_event = 4;
  h->n_sent = 2;
  for (int32_t v = 0; v < 2; v++) {
    h->machine[v].logged = true;
    h->machine[v].rate = (struct lc_rate){1, 1};
    h->event[2 * v] = (struct lc_event){
        .machine = v, .peer = 1 - v, .msg_count = 1, .queue_before = 1, .kind = LC_RECEIVE};
    h->event[2 * v + 1] = (struct lc_event){.machine = v,
                                            .peer = 1 - v,
                                            .seq = 1,
                                            .tick = 1,
                                            .t_scheduled = LC_NS_PER_S,
                                            .t_actual = LC_NS_PER_S,
                                            .msg_count = 1,
                                            .kind = LC_SEND,
                                            .op = LC_OP_UNICAST};
    h->sent[v] =
        (struct lc_sent){.sender = v, .receiver = 1 - v, .send_seq = 1, .t_send = LC_NS_PER_S};
    h->state[v] = (struct lc_state){
        .t_actual = h->t_end, .n_tick = 2, .n_event = 2, .n_sent = 1, .n_received = 1, .valid = 1};
  }
  assert_int_equal(lc_history_index(h, &err), LC_OK);
}
