/* Which ranks share a host, and how far apart the hosts' clocks are: Cristian's method (F.
 * Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989). Rank 0 asks the
 * lowest rank of each other host for its time; the answer of the shortest round trip is taken,
 * wrong by at most half of that trip. Ranks of one host read one clock. */
#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAG_PING = 2, TAG_PONG = 3, TRIPS = 40, NAME_BYTES = 256 };

static void exchange(struct lc_transport *t, bool send, int64_t *word, int peer, int tag) {
  MPI_Request request = MPI_REQUEST_NULL;
  transport_finish(send ? MPI_Isend(word, 1, MPI_INT64_T, peer, tag, t->control, &request)
                        : MPI_Irecv(word, 1, MPI_INT64_T, peer, tag, t->control, &request),
                   &request);
}

static void ask(struct lc_transport *t, int peer, struct lc_host *host) {
  int64_t shortest = INT64_MAX;
  for (int i = 0; i < TRIPS; i++) {
    int64_t theirs = 0, sent = lc_monotonic_ns();
    exchange(t, true, &sent, peer, TAG_PING);
    exchange(t, false, &theirs, peer, TAG_PONG);
    int64_t trip = lc_monotonic_ns() - sent;
    if (trip >= shortest)
      continue;
    shortest = trip;
    host->clock_offset_ns = theirs - (sent + trip / 2);
    host->clock_error_ns = (trip + 1) / 2;
  }
}

static void answer(struct lc_transport *t) {
  for (int i = 0; i < TRIPS; i++) {
    int64_t theirs = 0;
    exchange(t, false, &theirs, 0, TAG_PING);
    int64_t mine = lc_monotonic_ns();
    exchange(t, true, &mine, 0, TAG_PONG);
  }
}

/* Numbers the hosts by first appearance and writes their names. */
static void number_hosts(struct lc_transport *t, const char *names) {
  int32_t n = 0;
  for (int r = 0; r < t->size; r++) {
    const char *name = names + (size_t)r * NAME_BYTES;
    int first = 0;
    while (strcmp(names + (size_t)first * NAME_BYTES, name) != 0)
      first++;
    if (first < r) {
      t->hosts[r].host = t->hosts[first].host;
      continue;
    }
    t->hosts[r].host = n++;
    t->host_names = lc_append(t->host_names, r ? " %s" : "%s", name);
  }
}

static void measure(struct lc_transport *t) {
  for (int r = 1; r < t->size; r++) {
    int first = 0;
    while (t->hosts[first].host != t->hosts[r].host)
      first++;
    if (first == r && t->rank == 0)
      ask(t, r, &t->hosts[r]);
    else if (first == r && t->rank == r)
      answer(t);
    else if (first < r && t->rank == 0) {
      t->hosts[r].clock_offset_ns = t->hosts[first].clock_offset_ns;
      t->hosts[r].clock_error_ns = t->hosts[first].clock_error_ns;
    }
  }
}

bool lc_transport_speaks(const struct lc_transport *t) {
  if (!t->hosts)
    return t->rank == 0;
  for (int r = 0; r < t->rank; r++)
    if (t->hosts[r].host == t->hosts[t->rank].host && kill(t->hosts[r].pid, 0) == 0)
      return false;
  return true;
}

void lc_transport_hosts(struct lc_transport *t, const struct lc_host **table, const char **names) {
  if (!t->hosts) {
    char name[NAME_BYTES] = "";
    char *all = lc_new((size_t)t->size, NAME_BYTES, "host names");
    if (gethostname(name, sizeof name - 1) != 0)
      snprintf(name, sizeof name, "unnamed");
    lc_gather_all(t, name, sizeof name, all);
    struct lc_host mine = {.pid = (int32_t)getpid()};
    t->hosts = lc_new((size_t)t->size, sizeof *t->hosts, "the table of hosts");
    lc_gather_all(t, &mine, sizeof mine, t->hosts);
    number_hosts(t, all);
    measure(t);
    lc_broadcast(t, t->hosts, (size_t)t->size * sizeof *t->hosts);
    free(all);
  }
  *table = t->hosts;
  *names = t->host_names;
}
