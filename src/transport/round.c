/* Rounds: one nonblocking all-reduce at a time, in which every rank brings its requests (stop, make
 * room, I am done) and its figures, and all ranks see the same answer. So every decision about the
 * run is made by all ranks together, in the same round, and none is made by one rank's own clock.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* The first word of a round's data is n_max itself, so that the operation knows where sums start.
 * All ranks bring the same value; it is combined by "maximum" and so kept. */
static void combine(void *in, void *inout, int *count, MPI_Datatype *type) {
  int bytes;
  MPI_Type_size(*type, &bytes);
  int words = bytes / (int)sizeof(int64_t);
  for (int i = 0; i < *count; i++) {
    const int64_t *from = (const int64_t *)in + (ptrdiff_t)i * words;
    int64_t *to = (int64_t *)inout + (ptrdiff_t)i * words;
    int64_t n_max = from[0];
    for (int w = 1; w < words; w++)
      if (w > n_max)
        to[w] += from[w];
      else if (from[w] > to[w])
        to[w] = from[w];
  }
}

static void make_ready(struct lc_transport *t, int32_t n) {
  if (t->round_op == MPI_OP_NULL)
    MPI_Op_create(combine, 1, &t->round_op);
  if (t->round_n == n)
    return;
  if (t->round_type != MPI_DATATYPE_NULL)
    MPI_Type_free(&t->round_type);
  MPI_Type_contiguous(n + 1, MPI_INT64_T, &t->round_type);
  MPI_Type_commit(&t->round_type);
  free(t->round_words);
  t->round_words = lc_new(2 * ((size_t)n + 1), sizeof *t->round_words, "a round");
  t->round_n = n;
}

lc_status lc_round_start(struct lc_transport *t, const int64_t *words, int32_t n, int32_t n_max,
                         struct lc_error *err) {
  lc_assert(t->round == MPI_REQUEST_NULL);
  make_ready(t, n);
  t->round_words[0] = n_max;
  memcpy(t->round_words + 1, words, (size_t)n * sizeof *words);
  return transport_check(MPI_Iallreduce(t->round_words, t->round_words + n + 1, 1, t->round_type,
                                        t->round_op, t->control, &t->round),
                         "agreeing with the other ranks", err);
}

bool lc_round_running(const struct lc_transport *t) {
  return t->round != MPI_REQUEST_NULL;
}

lc_status lc_round_test(struct lc_transport *t, bool *over, const int64_t **result,
                        struct lc_error *err) {
  int done = 0;
  *over = false;
  if (t->round == MPI_REQUEST_NULL)
    return LC_OK;
  lc_status status = transport_check(MPI_Test(&t->round, &done, MPI_STATUS_IGNORE),
                                     "agreeing with the other ranks", err);
  *over = done && !status;
  *result = t->round_words + t->round_n + 2;
  return status;
}

void transport_round_free(struct lc_transport *t) {
  if (t->round_type != MPI_DATATYPE_NULL)
    MPI_Type_free(&t->round_type);
  if (t->round_op != MPI_OP_NULL)
    MPI_Op_free(&t->round_op);
  free(t->round_words);
}
