/* transport.h: the ranks of a run and what passes between them. MPI stands behind this header; only
 * HDF5 is given a communicator of its own. Nothing here spins or blocks in MPI while the VMs tick:
 * sends, receives and rounds are nonblocking and are tested; the few collective calls at the start
 * and the end test and sleep.
 *
 * "Collective." functions are called by all ranks in the same order; the others are Local. A lost
 * peer shows as LC_ERANK where MPI reports it. */
#ifndef LCMPI_TRANSPORT_H
#define LCMPI_TRANSPORT_H

#include "lcmpi/base.h"

struct lc_transport;

/* Starts MPI and takes communicators of its own. Installs the lc_die() hook that ends all ranks.
 * Collective. */
lc_status lc_transport_open(struct lc_transport **transport, int *argc, char ***argv,
                            struct lc_error *err);
/* Ends MPI. Collective. */
void lc_transport_close(struct lc_transport *transport);
/* Ends every rank of the job with this exit code, without waiting for any. Does not return. */
_Noreturn void lc_transport_abort(struct lc_transport *transport, int exit_code);

int32_t lc_transport_rank(const struct lc_transport *transport);
int32_t lc_transport_size(const struct lc_transport *transport);
/* The MPI library's own name and version, one line. */
const char *lc_transport_library(void);

/* True if a launcher (mpirun, srun) started this process as one of a job, judged by the
 * environment, before MPI is started. */
bool lc_transport_launched(void);

/* ---- messages ---------------------------------------------------------------------------------
 */

/* Makes ready for messages of at most `bytes`: preposts receives. Collective. */
void lc_transport_listen(struct lc_transport *transport, size_t bytes);
/* Sends a copy of `bytes` to another rank; returns at once. Messages to one rank do not overtake.
 */
lc_status lc_transport_send(struct lc_transport *transport, int32_t rank, const void *bytes,
                            size_t length, struct lc_error *err);

typedef void lc_receiver(void *context, const unsigned char *bytes, size_t length);
/* Hands over every message that has arrived, in the order in which receives were posted, until two
 * looks in a row find nothing (one look can miss what has arrived), or 65,536 have come: what keeps
 * coming faster than it is taken in must not hold a rank for ever. *n is how many there were. */
lc_status lc_transport_poll(struct lc_transport *transport, lc_receiver *receiver, void *context,
                            int32_t *n, struct lc_error *err);
/* Receives until all messages that any rank has sent are in. After it, no message is under
 * way. By count, never by time. Collective. */
lc_status lc_transport_drain(struct lc_transport *transport, lc_receiver *receiver, void *context,
                             struct lc_error *err);

/* ---- rounds: agreement while the run goes on ----------------------------------------------------
 */

/* A round is one nonblocking reduction over words that all ranks bring: the first n_max words by
 * maximum, the others by sum. Every rank starts the same rounds and so sees the same results. */
lc_status lc_round_start(struct lc_transport *transport, const int64_t *words, int32_t n,
                         int32_t n_max, struct lc_error *err);
bool lc_round_running(const struct lc_transport *transport);
/* True when the round that was started is over; then *result (n words) is valid until the next
 * start. */
lc_status lc_round_test(struct lc_transport *transport, bool *over, const int64_t **result,
                        struct lc_error *err);

/* ---- windows: exchange in virtual time ----------------------------------------------------------
 */

/* Words for another rank. */
struct lc_parcel {
  const int64_t *word;
  size_t n; /* 0: nothing to send */
};
typedef void lc_parcel_receiver(void *context, const int64_t *word, size_t n);

/* Sends parcel[r] to each rank r that there is something for, receives what the others have for
 * this rank, and makes a round of `words`. When it returns, everything that any rank sent before
 * has been received. The sparse exchange of Hoefler, Siebert and Lumsdaine, "Scalable communication
 * protocols for dynamic sparse data exchange", PPoPP'10, with the round as its barrier: cost grows
 * with the number of partners and the logarithm of the number of ranks. *result is valid until the
 * next round. Yields, and naps when it takes long. Collective. */
lc_status lc_exchange(struct lc_transport *transport, const struct lc_parcel *parcel,
                      lc_parcel_receiver *receiver, void *context, const int64_t *words, int32_t n,
                      int32_t n_max, const int64_t **result, struct lc_error *err);

/* ---- at the start and the end -------------------------------------------------------------------
 */

/* All ranks leave with the first failure that any of them entered with, or LC_OK. Collective. */
lc_status lc_agree(struct lc_transport *transport, lc_status status, struct lc_error *err);
/* In place, the same result everywhere. Collective. */
void lc_sum(struct lc_transport *transport, int64_t *words, int32_t n);
void lc_max(struct lc_transport *transport, int64_t *words, int32_t n);
/* From rank 0 to all. Collective. */
void lc_broadcast(struct lc_transport *transport, void *bytes, size_t length);
/* `length` bytes of each rank, by rank, on every rank. Collective. */
void lc_gather_all(struct lc_transport *transport, const void *bytes, size_t length, void *all);
/* Different lengths to rank 0: *all (owned by the caller) holds them by rank, the total in *total;
 * NULL and 0 on other ranks. Collective. */
void lc_gather(struct lc_transport *transport, const void *bytes, size_t length, void **all,
               size_t *total);

/* ---- hosts ------------------------------------------------------------------------------------
 */

/* Which host each rank is on and how far its monotonic clock is from rank 0's: to be added to rank
 * 0's readings to get this host's. Measured by ping-pong (Cristian 1989), once for each host. */
struct lc_host {
  int32_t host; /* 0, 1, ... in order of the lowest rank on it */
  int32_t pid;
  int64_t clock_offset_ns;
  int64_t clock_error_ns; /* half of the shortest round trip; 0 on rank 0's host */
};
/* The table of all ranks, owned by the transport, and the hosts' names (space between). Collective.
 */
void lc_transport_hosts(struct lc_transport *transport, const struct lc_host **table,
                        const char **names);

/* True on one rank of each host: the lowest that is alive. For what must be said when ranks are
 * lost and nothing can be agreed on. Local. */
bool lc_transport_speaks(const struct lc_transport *transport);

/* The host's monotonic clock in ns. */
int64_t lc_monotonic_ns(void);
/* Sleeps until the monotonic clock reads `ns`, or until a signal comes. */
void lc_sleep_until(int64_t ns);

#endif
