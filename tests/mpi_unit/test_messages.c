/* Messages between ranks: all of them, whole, in order, and soon. */
#include "mpi_unit.h"

enum { MOST = 70000, HEAD = 16, RANKS = 64 };

static struct lc_error err;

/* What has come in: the next number expected from each rank. */
static int64_t next_from[RANKS], next_to[RANKS];

/* Sizes from the least to the most, small ones eager, large ones by rendezvous; odd ones among
 * them. */
static size_t length_of(int64_t number) {
  static const size_t lengths[] = {HEAD,        HEAD + 1, 36,   61,       HEAD + 7,
                                   HEAD + 4080, HEAD,     8191, MOST - 1, 64};
  return lengths[mix(1, (uint64_t)number, 0) % (sizeof lengths / sizeof *lengths)];
}

static unsigned char byte_of(int32_t from, int64_t number, size_t at) {
  return (unsigned char)(mix((uint64_t)from, (uint64_t)number, 2) + at * 31);
}

static void send_one(int32_t to, size_t length) {
  static unsigned char bytes[MOST];
  int64_t head[2] = {rank, next_to[to]++};
  memcpy(bytes, head, HEAD);
  for (size_t i = HEAD; i < length; i++)
    bytes[i] = byte_of(rank, head[1], i);
  check_ok(lc_transport_send(transport, to, bytes, length, &err), err);
  memset(bytes, 0xee, length); /* a copy is on its way, not this */
}

static void receive(void *context, const unsigned char *bytes, size_t length) {
  int64_t head[2];
  check(length >= HEAD);
  memcpy(head, bytes, HEAD);
  check_that(head[0] >= 0 && head[0] < n_rank, "from rank %lld", (long long)head[0]);
  int64_t expected = next_from[head[0]]++;
  check_that(head[1] == expected, "from rank %lld message %lld instead of %lld", (long long)head[0],
             (long long)head[1], (long long)expected);
  for (size_t i = HEAD; i < length; i++)
    check_that(bytes[i] == byte_of((int32_t)head[0], head[1], i), "byte %zu of %zu", i, length);
  *(int64_t *)context += (int64_t)length;
}

static int64_t n_received(void) {
  int64_t sum = 0;
  for (int32_t r = 0; r < n_rank; r++)
    sum += next_from[r];
  return sum;
}

static int32_t poll_once(void) {
  int32_t n;
  int64_t bytes = 0, before = n_received();
  check_ok(lc_transport_poll(transport, receive, &bytes, &n, &err), err);
  check(n == n_received() - before);
  return n;
}

/* After it each rank has all that was sent to it, no more and no less. */
static void drain_all(void) {
  int64_t bytes = 0, sent[RANKS] = {0};
  check_ok(lc_transport_drain(transport, receive, &bytes, &err), err);
  int64_t *all = lc_new((size_t)n_rank * RANKS, sizeof *all, "a test");
  memcpy(sent, next_to, sizeof sent);
  lc_gather_all(transport, sent, sizeof sent, all);
  for (int32_t r = 0; r < n_rank; r++)
    check_that(next_from[r] == all[r * RANKS + rank], "rank %d: %lld of %lld", r,
               (long long)next_from[r], (long long)all[r * RANKS + rank]);
  free(all);
  check(poll_once() == 0);
  barrier(); /* before the next is sent */
}

static void no_messages(void) {
  check(poll_once() == 0);
  drain_all();
  drain_all();
}

/* One look of MPI can miss what came milliseconds ago; one poll must not. 64 receives are posted:
 * more messages than that are sent, too. */
static void a_poll_sees_what_came_5_ms_ago(void) {
  static const int each[] = {1, 1, 3, 1, 10, 2, 1, 40};
  for (int i = 0; i < 32; i++) {
    int n = each[i % 8];
    for (int k = 0; k < n; k++)
      for (int32_t r = 0; r < n_rank; r++)
        send_one((rank + r) % n_rank, 64);
    barrier();
    lc_sleep_until(lc_monotonic_ns() + 5000000);
    int32_t got = poll_once();
    check_that(got == n * n_rank, "%d of %d", got, n * n_rank);
    barrier();
  }
}

/* Eager ones must not overtake large ones. */
static void whole_and_in_order(void) {
  for (int i = 0; i < 150; i++) {
    for (int32_t r = 0; r < n_rank; r++)
      send_one((rank + r) % n_rank, length_of(next_to[(rank + r) % n_rank]));
    if (mix((uint64_t)rank, (uint64_t)i, 3) % 4 == 0)
      poll_once();
  }
  drain_all();
}

/* Nobody looks before the drain: more messages than receives are posted wait at every rank. */
static void drain_without_a_poll(void) {
  for (int i = 0; i < 400; i++)
    send_one((int32_t)(mix((uint64_t)rank, (uint64_t)i, 4) % (uint64_t)n_rank), 100);
  drain_all();
}

/* A single message is waited for, too. */
static void drain_of_one(void) {
  for (int i = 0; i < 5; i++) {
    send_one((rank + 1) % n_rank, 64);
    drain_all();
  }
}

/* All to one, and one late. */
static void all_to_one(void) {
  if (rank == n_rank - 1)
    lc_sleep_until(lc_monotonic_ns() + 20000000);
  for (int i = 0; i < 500; i++)
    send_one(0, 64);
  drain_all();
}

static void random_traffic(void) {
  for (int step = 0; step < 1500; step++) {
    uint64_t draw = mix((uint64_t)rank, (uint64_t)step, 5);
    for (uint64_t k = draw % 3; k > 0; k--) {
      int32_t to = (int32_t)(mix(draw, k, 6) % (uint64_t)n_rank);
      send_one(to, length_of(next_to[to]) % 5000 + HEAD);
    }
    if (draw % 7 == 0)
      poll_once();
    if (draw % 97 == 0)
      lc_sleep_until(lc_monotonic_ns() + 200000);
  }
  drain_all();
}

/* Messages and rounds do not disturb each other. */
static void beside_rounds(void) {
  const int64_t *result;
  for (int64_t i = 0; i < 50; i++) {
    bool over = false;
    int64_t words[2] = {i + rank, 1};
    check_ok(lc_round_start(transport, words, 2, 1, &err), err);
    while (!over) {
      send_one((int32_t)((rank + i) % n_rank), 64);
      poll_once();
      check_ok(lc_round_test(transport, &over, &result, &err), err);
      lc_sleep_until(lc_monotonic_ns() + 100000);
    }
    check(result[0] == i + n_rank - 1 && result[1] == n_rank);
  }
  drain_all();
}

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  check(n_rank <= RANKS);
  lc_transport_listen(transport, MOST);
  run(no_messages);
  run(a_poll_sees_what_came_5_ms_ago);
  run(whole_and_in_order);
  run(drain_without_a_poll);
  run(drain_of_one);
  run(all_to_one);
  run(random_traffic);
  run(beside_rounds);
  run(no_messages);
  return end_ranks();
}
