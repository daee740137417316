/* What ranks do together: agree, gather, rounds, hosts; and time. */
#include "mpi_unit.h"

#include <unistd.h>

static struct lc_error err;

static void who_is_who(void) {
  int64_t seen = INT64_C(1) << rank;
  check(n_rank >= 1 && rank >= 0 && rank < n_rank);
  lc_sum(transport, &seen, 1);
  check(seen == (INT64_C(1) << n_rank) - 1);
  check(lc_transport_launched());
  check(strlen(lc_transport_library()) > 3 && !strchr(lc_transport_library(), '\n'));
}

/* `failing` is a set of ranks as bits; all must leave with the lowest one's failure. */
static void agree_on(int failing) {
  struct lc_error mine = {LC_OK, "nothing"};
  lc_status status = LC_OK;
  int32_t first = 0;
  if (failing >> rank & 1)
    status = lc_fail(&mine, rank % 2 ? LC_EFILE : LC_EUSAGE, "rank %d says no", rank);
  lc_status agreed = lc_agree(transport, status, &mine);
  if (!failing) {
    check(agreed == LC_OK && strcmp(mine.text, "nothing") == 0);
    return;
  }
  while (!(failing >> first & 1))
    first++;
  char text[40];
  snprintf(text, sizeof text, "rank %d says no", first);
  check_that(agreed == (first % 2 ? LC_EFILE : LC_EUSAGE), "%d ranks fail: %d", failing, agreed);
  check_that(mine.status == agreed && strcmp(mine.text, text) == 0, "%s", mine.text);
}

static void agreement(void) {
  for (int failing = 0; failing < 1 << n_rank; failing++)
    agree_on(failing);
}

static void sums_and_largest(void) {
  int64_t n = n_rank, sum[3] = {rank, -rank, INT64_C(1) << 40}, most[3] = {rank, -rank, INT64_MIN};
  lc_sum(transport, sum, 3);
  check(sum[0] == n * (n - 1) / 2 && sum[1] == -sum[0] && sum[2] == n << 40);
  lc_max(transport, most, 3);
  check(most[0] == n - 1 && most[1] == 0 && most[2] == INT64_MIN);
  static int64_t many[10000];
  for (int i = 0; i < 10000; i++)
    many[i] = rank == i % n_rank ? i : -1;
  lc_max(transport, many, 10000);
  for (int i = 0; i < 10000; i++)
    check(many[i] == i);
}

static void broadcast(void) {
  static unsigned char bytes[100003];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)(mix((uint64_t)rank, i, 7));
  for (size_t length = 0; length <= sizeof bytes; length = length * 7 + 1) {
    lc_broadcast(transport, bytes, length);
    for (size_t i = 0; i < sizeof bytes; i++) {
      uint64_t source = i < length ? 0 : (uint64_t)rank;
      check_that(bytes[i] == (unsigned char)mix(source, i, 7), "byte %zu of %zu", i, length);
    }
  }
}

static void gather_to_all(void) {
  char mine[37], *all = lc_new((size_t)n_rank, sizeof mine, "a test");
  memset(mine, 'a' + rank, sizeof mine);
  lc_gather_all(transport, mine, sizeof mine, all);
  for (size_t i = 0; i < sizeof mine * (size_t)n_rank; i++)
    check(all[i] == 'a' + (char)(i / sizeof mine));
  free(all);
}

/* Rank r brings r * step + least bytes. */
static void gather_lengths(size_t step, size_t least) {
  size_t length = (size_t)rank * step + least, total = 99, at = 0;
  unsigned char *mine = lc_new(length + 1, 1, "a test");
  void *all = mine;
  memset(mine, rank + 1, length);
  lc_gather(transport, mine, length, &all, &total);
  if (rank) {
    check(!all && total == 0);
    free(mine);
    return;
  }
  for (int32_t r = 0; r < n_rank; r++)
    for (size_t i = 0; i < (size_t)r * step + least; i++)
      check_that(at < total && ((unsigned char *)all)[at++] == r + 1, "byte %zu of rank %d", i, r);
  check(at == total);
  free(all);
  free(mine);
}

static void gather_to_rank_0(void) {
  gather_lengths(0, 0);
  gather_lengths(0, 1);
  gather_lengths(1, 0);
  gather_lengths(13, 3);
  gather_lengths(100003, 5);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static int64_t word_of(int64_t round, int32_t of_rank, int32_t w) {
  return (int64_t)(mix((uint64_t)round, (uint64_t)of_rank, (uint64_t)w) >> 8) - (INT64_C(1) << 54);
}

static void one_round(int64_t round, int32_t n, int32_t n_max) {
  int64_t words[40];
  const int64_t *result = NULL;
  bool over = true;
  check(!lc_round_running(transport));
  check_ok(lc_round_test(transport, &over, &result, &err), err);
  check(!over); /* none is under way */
  for (int32_t w = 0; w < n; w++)
    words[w] = word_of(round, rank, w);
  check_ok(lc_round_start(transport, words, n, n_max, &err), err);
  memset(words, 0x55, sizeof words); /* the round has a copy */
  check(lc_round_running(transport));
  for (over = false; !over;) {
    check_ok(lc_round_test(transport, &over, &result, &err), err);
    if (!over)
      lc_sleep_until(lc_monotonic_ns() + 50000);
  }
  check(!lc_round_running(transport));
  for (int32_t w = 0; w < n; w++) {
    int64_t expected = word_of(round, 0, w);
    for (int32_t r = 1; r < n_rank; r++) {
      int64_t word = word_of(round, r, w);
      expected = w >= n_max ? expected + word : word > expected ? word : expected;
    }
    check_that(result[w] == expected, "word %d of %d (%d by maximum) is %lld", w, n, n_max,
               (long long)result[w]);
  }
}

static void rounds(void) {
  static const int32_t lengths[] = {1, 5, 5, 40, 2, 17};
  for (int64_t round = 0; round < 60; round++) {
    int32_t n = lengths[round % 6];
    int32_t n_max = (int32_t)(mix((uint64_t)round, 0, 8) % (uint64_t)(n + 1));
    if (round % n_rank == rank) /* one is late */
      lc_sleep_until(lc_monotonic_ns() + 1000000);
    one_round(round, n, n_max);
  }
  one_round(1000, 8, 0);
  one_round(1001, 8, 8);
}

/* A round is over only when all have started it. */
static void nobody_decides_alone(void) {
  const int64_t *result;
  int64_t word = 1, started = 0;
  bool over = false;
  barrier();
  if (rank == n_rank - 1)
    lc_sleep_until(lc_monotonic_ns() + 30000000);
  started = lc_monotonic_ns();
  check_ok(lc_round_start(transport, &word, 1, 0, &err), err);
  while (!over) {
    check_ok(lc_round_test(transport, &over, &result, &err), err);
    lc_sleep_until(lc_monotonic_ns() + 100000);
  }
  int64_t ended = lc_monotonic_ns(); /* one host, one clock */
  check(result[0] == n_rank);
  lc_max(transport, &started, 1);
  check(ended > started);
}

/* ---- hosts and time -------------------------------------------------------------------------- */

static void hosts(void) {
  const struct lc_host *table, *again;
  const char *names, *names_again;
  char own[256] = "";
  lc_transport_hosts(transport, &table, &names);
  gethostname(own, sizeof own - 1);
  check(strcmp(names, own) == 0);
  check(table[rank].pid == (int32_t)getpid());
  for (int32_t r = 0; r < n_rank; r++) {
    check(table[r].host == 0 && table[r].clock_offset_ns == 0 && table[r].clock_error_ns == 0);
    for (int32_t q = 0; q < r; q++)
      check(table[q].pid != table[r].pid);
  }
  lc_transport_hosts(transport, &again, &names_again);
  check(again == table && names_again == names);
  int64_t speakers = lc_transport_speaks(transport);
  check(speakers == (rank == 0)); /* all are alive and on one host */
}

static void time_goes_on(void) {
  for (int i = 0; i < 20; i++) {
    int64_t until = lc_monotonic_ns() + 500000 * (i % 3);
    lc_sleep_until(until);
    check(lc_monotonic_ns() >= until);
  }
  int64_t now = lc_monotonic_ns();
  lc_sleep_until(now - LC_NS_PER_S); /* gone by: returns */
  check(lc_monotonic_ns() - now < 20 * LC_NS_PER_S);
}

int main(int argc, char **argv) {
  start_ranks(&argc, &argv);
  run(who_is_who);
  run(agreement);
  run(sums_and_largest);
  run(broadcast);
  run(gather_to_all);
  run(gather_to_rank_0);
  run(rounds);
  run(nobody_decides_alone);
  run(hosts);
  run(time_goes_on);
  return end_ranks();
}
