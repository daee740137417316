/* What all ranks do together at the start and the end: nonblocking collectives, waited for without
 * spinning, so that many ranks on few cores do not wait for each other's time slices. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

void lc_sum(struct lc_transport *t, int64_t *words, int32_t n) {
  uint64_t *sums = (uint64_t *)words; /* digests among them: they wrap */
  MPI_Request request = MPI_REQUEST_NULL;
  transport_finish(
      MPI_Iallreduce(MPI_IN_PLACE, sums, n, MPI_UINT64_T, MPI_SUM, t->control, &request), &request);
}

void lc_max(struct lc_transport *t, int64_t *words, int32_t n) {
  MPI_Request request = MPI_REQUEST_NULL;
  transport_finish(
      MPI_Iallreduce(MPI_IN_PLACE, words, n, MPI_INT64_T, MPI_MAX, t->control, &request), &request);
}

static void broadcast_from(struct lc_transport *t, int root, void *bytes, size_t length) {
  MPI_Request request = MPI_REQUEST_NULL;
  lc_assert(length <= INT32_MAX);
  transport_finish(MPI_Ibcast(bytes, (int)length, MPI_BYTE, root, t->control, &request), &request);
}

void lc_broadcast(struct lc_transport *t, void *bytes, size_t length) {
  broadcast_from(t, 0, bytes, length);
}

lc_status lc_agree(struct lc_transport *t, lc_status status, struct lc_error *err) {
  int64_t first = status ? -t->rank : INT64_MIN; /* the lowest rank that failed */
  lc_max(t, &first, 1);
  if (first == INT64_MIN)
    return LC_OK;
  broadcast_from(t, (int)-first, err, sizeof *err);
  return err->status;
}

void lc_gather_all(struct lc_transport *t, const void *bytes, size_t length, void *all) {
  MPI_Request request = MPI_REQUEST_NULL;
  lc_assert(length <= INT32_MAX);
  transport_finish(MPI_Iallgather(bytes, (int)length, MPI_BYTE, all, (int)length, MPI_BYTE,
                                  t->control, &request),
                   &request);
}

void lc_gather(struct lc_transport *t, const void *bytes, size_t length, void **all,
               size_t *total) {
  MPI_Request request = MPI_REQUEST_NULL;
  size_t ranks = (size_t)t->size;
  int mine = (int)length;
  int *lengths = lc_new(ranks, sizeof *lengths, "a gather");
  int *starts = lc_new(ranks, sizeof *starts, "a gather");
  lc_gather_all(t, &mine, sizeof mine, lengths);
  int64_t sum = 0;
  for (size_t r = 0; r < ranks; r++) {
    starts[r] = (int)sum;
    sum += lengths[r];
  }
  lc_assert(sum <= INT32_MAX);
  *all = t->rank == 0 ? lc_new((size_t)sum, 1, "a gather") : NULL;
  *total = t->rank == 0 ? (size_t)sum : 0;
  transport_finish(
      MPI_Igatherv(bytes, mine, MPI_BYTE, *all, lengths, starts, MPI_BYTE, 0, t->control, &request),
      &request);
  free(lengths);
  free(starts);
}
