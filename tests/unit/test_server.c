/* The central server: a trace worked out by hand; requests that are put in any order are served in
 * the order of their arrival; 1, 2 and 64 VMs against a plain list that is searched through. */
#include "unit.h"

#include "lcmpi/server.h"

static struct lc_request refresh(int32_t vm, int64_t number, int64_t t, int64_t clock) {
  return (struct lc_request){
      .t_sent = t - 10, .t_arrival = t, .number = number, .clock = clock, .vm = vm};
}

static struct lc_request submit(int32_t vm, int64_t number, int64_t t, const int64_t *stamp,
                                int32_t receiver, int64_t message) {
  struct lc_request r = refresh(vm, number, t, *stamp);
  r.kind = LC_SUBMIT;
  r.receiver = receiver;
  r.message = message;
  r.stamp = stamp;
  return r;
}

static struct lc_request report(int32_t vm, int64_t number, int64_t t, int64_t clock) {
  struct lc_request r = refresh(vm, number, t, clock);
  r.kind = LC_REPORT;
  return r;
}

struct expected {
  uint8_t kind;
  int32_t vm;
  int64_t t_done, clock; /* clock: the server's own, afterwards */
  int32_t n_before, sender;
  int64_t message, t_arrival;
};

static void require_answer(struct lc_server *server, const struct expected *e, int step) {
  struct lc_answer a;
  lc_server_serve(server, &a);
  int64_t clock = lc_server_figures(server)->clock;
  require(a.request.kind == e->kind && a.request.vm == e->vm && a.t_done == e->t_done &&
              clock == e->clock && a.n_before == e->n_before,
          "step %d: kind %d of VM %d done at %lld, clock %lld, %d before", step, a.request.kind,
          a.request.vm, (long long)a.t_done, (long long)clock, a.n_before);
  if (a.n_before)
    require(a.sender == e->sender && a.message == e->message && a.t_arrival == e->t_arrival &&
                a.stamp[0] >= 0,
            "step %d: message %lld of VM %d, come at %lld", step, (long long)a.message, a.sender,
            (long long)a.t_arrival);
}

/* Service takes 100. VM 1 (clock 5) and VM 2 (clock 2) send to VM 0; VM 1's comes first, but by
 * timestamp VM 2's is taken first. The server's clock is max(own, the request's) + 1 each time:
 *
 *   arrival  request                served    clock
 *     1000   1 submits 0 -> VM 0    1000-1100   6 = max(0, 5) + 1
 *     1050   2 submits 0 -> VM 0    1100-1200   7 = max(6, 2) + 1  waits 50
 *     1060   0 refreshes (clock 1)  1200-1300   8                  waits 140, finds 2
 *     1060   1 refreshes (clock 5)  1300-1400   9                  waits 240, finds none
 *     1500   0 reports clock 20     1500-1600  21 = max(9, 20) + 1
 *     1500   2 refreshes (clock 2)  1600-1700  22                  waits 100, finds none
 *     1600   0 refreshes            1700-1800  23                  waits 100, finds 1
 *     1700   1 submits 1 -> VM 0    1800-1900  24                  waits 100
 *     1800   0 refreshes            1900-2000  25                  waits 100, finds 1
 *     2000   0 refreshes            2000-2100  26                  finds none
 *
 * At 1060 four are there, the one that is being served among them: the longest line. */
static void play_trace(enum lc_server_order order) {
  struct lc_server *server = lc_server_new(3, 1, order, 100);
  const int64_t five = 5, two = 2, seven = 7;
  bool by_stamp = order == LC_BY_TIMESTAMP;
  const struct lc_request requests[] = {
      submit(1, 0, 1000, &five, 0, 0), submit(2, 0, 1050, &two, 0, 0),   refresh(0, 0, 1060, 1),
      refresh(1, 1, 1060, 5),          report(0, 1, 1500, 20),           refresh(2, 1, 1500, 2),
      refresh(0, 2, 1600, 20),         submit(1, 2, 1700, &seven, 0, 1), refresh(0, 3, 1800, 20),
      refresh(0, 4, 2000, 20)};
  const struct expected expected[] = {
      {LC_SUBMIT, 1, 1100, 6, 0, 0, 0, 0},
      {LC_SUBMIT, 2, 1200, 7, 0, 0, 0, 0},
      {LC_REFRESH, 0, 1300, 8, 2, by_stamp ? 2 : 1, 0, by_stamp ? 1200 : 1100},
      {LC_REFRESH, 1, 1400, 9, 0, 0, 0, 0},
      {LC_REPORT, 0, 1600, 21, 0, 0, 0, 0},
      {LC_REFRESH, 2, 1700, 22, 0, 0, 0, 0},
      {LC_REFRESH, 0, 1800, 23, 1, by_stamp ? 1 : 2, 0, by_stamp ? 1100 : 1200},
      {LC_SUBMIT, 1, 1900, 24, 0, 0, 0, 0},
      {LC_REFRESH, 0, 2000, 25, 1, 1, 1, 1900},
      {LC_REFRESH, 0, 2100, 26, 0, 0, 0, 0}};
  assert_true(lc_server_arrival(server) == INT64_MAX && lc_server_done(server) == INT64_MAX);
  for (size_t i = LENGTH(requests); i-- > 0;) /* in the wrong order: it must not matter */
    lc_server_put(server, &requests[i]);
  for (int i = 0; i < (int)LENGTH(expected); i++) {
    assert_int_equal(lc_server_arrival(server), requests[i].t_arrival);
    assert_int_equal(lc_server_done(server), expected[i].t_done);
    require_answer(server, &expected[i], i);
  }
  const struct lc_server_figures *f = lc_server_figures(server);
  assert_int_equal(f->n_served[LC_REFRESH], 6);
  assert_int_equal(f->n_served[LC_SUBMIT], 3);
  assert_int_equal(f->n_served[LC_REPORT], 1);
  assert_int_equal(f->busy_ns, 1000);
  assert_int_equal(f->waiting_ns, 50 + 140 + 240 + 100 + 100 + 100 + 100);
  assert_int_equal(f->waiting_most_ns, 240);
  assert_int_equal(f->line_most, 4);
  assert_int_equal(f->inbox_most, 2);
  assert_int_equal(f->t_idle, 2100);
  lc_server_free(server);
}

static void test_trace_by_timestamp(void **state) {
  (void)state;
  play_trace(LC_BY_TIMESTAMP);
}

static void test_trace_by_arrival(void **state) {
  (void)state;
  play_trace(LC_BY_ARRIVAL);
}

/* ---- at random, against lists that are searched through
 * ------------------------------------------
 */

enum { MOST = 4000 };

struct naive {
  struct lc_request request[MOST];
  int64_t stamp[MOST];
  struct letter {
    int64_t key, number, t_arrival;
    int32_t sender, receiver;
  } letter[MOST];
  int n_letter;
};

static int by_arrival(const void *a, const void *b) {
  const struct lc_request *x = a, *y = b;
  if (x->t_arrival != y->t_arrival)
    return x->t_arrival < y->t_arrival ? -1 : 1;
  return x->vm != y->vm ? x->vm - y->vm : (x->number > y->number) - (x->number < y->number);
}

static int first_letter(const struct naive *n, int32_t receiver, int32_t *waiting) {
  int first = -1;
  *waiting = 0;
  for (int i = 0; i < n->n_letter; i++) {
    const struct letter *x = &n->letter[i], *y = &n->letter[first < 0 ? i : first];
    if (x->receiver != receiver)
      continue;
    ++*waiting;
    if (first < 0 || x->key < y->key ||
        (x->key == y->key &&
         (x->sender < y->sender || (x->sender == y->sender && x->number < y->number))))
      first = i;
  }
  return first;
}

/* Requests of n_vm VMs: of every kind, many at the same time. */
static void make_requests(struct naive *n, struct draws *draws, int32_t n_vm) {
  for (int i = 0; i < MOST; i++) {
    int32_t vm = (int32_t)draw_below(draws, n_vm);
    int64_t t = draw_below(draws, MOST), kind = n_vm > 1 ? draw_below(draws, 3) : 0;
    n->stamp[i] = draw_below(draws, 50);
    n->request[i] = kind == 1   ? submit(vm, i, t, &n->stamp[i],
                                         (vm + 1 + (int32_t)draw_below(draws, n_vm - 1)) % n_vm, i)
                    : kind == 2 ? report(vm, i, t, n->stamp[i])
                                : refresh(vm, i, t, n->stamp[i]);
  }
}

static void serve_naive(struct naive *n, const struct lc_request *r, int64_t *t_idle,
                        enum lc_server_order order, int64_t service, const struct lc_answer *got) {
  *t_idle = (r->t_arrival > *t_idle ? r->t_arrival : *t_idle) + service;
  require(got->request.vm == r->vm && got->request.number == r->number && got->t_done == *t_idle,
          "request %lld of VM %d was served at %lld", (long long)r->number, r->vm,
          (long long)got->t_done);
  int32_t waiting = 0;
  if (r->kind == LC_SUBMIT)
    n->letter[n->n_letter++] = (struct letter){order == LC_BY_TIMESTAMP ? r->clock : *t_idle,
                                               r->message, *t_idle, r->vm, r->receiver};
  if (r->kind != LC_REFRESH)
    return;
  int first = first_letter(n, r->vm, &waiting);
  assert_int_equal(got->n_before, waiting);
  if (first < 0)
    return;
  const struct letter *x = &n->letter[first];
  require(got->sender == x->sender && got->message == x->number && got->t_arrival == x->t_arrival,
          "VM %d got message %lld of VM %d", r->vm, (long long)got->message, got->sender);
  n->letter[first] = n->letter[--n->n_letter];
}

static void compare_at_random(int32_t n_vm, enum lc_server_order order, int64_t service) {
  static struct naive n;
  struct draws draws = {(uint64_t)n_vm * 7 + (uint64_t)service};
  n.n_letter = 0;
  make_requests(&n, &draws, n_vm);
  struct lc_server *server = lc_server_new(n_vm, 1, order, service);
  for (int i = 0; i < MOST; i++) /* drawn at random: they come in no order */
    lc_server_put(server, &n.request[i]);
  qsort(n.request, MOST, sizeof *n.request, by_arrival);
  int64_t t_idle = 0;
  for (int i = 0; i < MOST; i++) {
    struct lc_answer got;
    lc_server_serve(server, &got);
    serve_naive(&n, &n.request[i], &t_idle, order, service, &got);
  }
  for (int32_t v = 0; v < n_vm; v++) { /* what is left comes in the order of taking too */
    struct lc_answer got;
    int32_t waiting;
    for (int first; (first = first_letter(&n, v, &waiting)) >= 0;
         n.letter[first] = n.letter[--n.n_letter]) {
      assert_true(lc_server_take(server, v, &got));
      assert_int_equal(got.n_before, waiting);
      assert_int_equal(got.message, n.letter[first].number);
    }
    assert_false(lc_server_take(server, v, &got));
  }
  lc_server_free(server);
}

static void test_any_order_of_requests(void **state) {
  (void)state;
  static const int32_t clients[] = {1, 2, 64};
  static const int64_t services[] = {0, 1, 7};
  for (size_t i = 0; i < LENGTH(clients); i++)
    for (size_t k = 0; k < LENGTH(services); k++) {
      compare_at_random(clients[i], LC_BY_TIMESTAMP, services[k]);
      compare_at_random(clients[i], LC_BY_ARRIVAL, services[k]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_trace_by_timestamp),
                                     cmocka_unit_test(test_trace_by_arrival),
                                     cmocka_unit_test(test_any_order_of_requests)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
