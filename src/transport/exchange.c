/* The exchange at the end of a window of virtual time. A rank sends each partner one message, by a
 * synchronous send that ends when the partner has matched it; when all of its own have ended it
 * joins the round. The round ends when every rank has joined it: then nothing is under way. */
#include "internal.h"

#include <stdlib.h>

/* Half a millisecond of looks before the first nap: a nap costs more than a window. */
enum { TAG_PARCEL = 2, LOOKS = 4096, NAP_NS = 50000 };

static lc_status send_parcels(struct lc_transport *t, const struct lc_parcel *parcel,
                              int *n_sending, struct lc_error *err) {
  lc_status status = LC_OK;
  *n_sending = 0;
  if (!t->parcel_sent)
    t->parcel_sent = lc_new((size_t)t->size, sizeof *t->parcel_sent, "the exchange");
  for (int r = 0; r < t->size && !status; r++) {
    if (!parcel[r].n)
      continue;
    if (parcel[r].n > INT32_MAX)
      lc_die(LC_ENOMEM, "the messages of one window for rank %d take %zu words, the most is %d", r,
             parcel[r].n, INT32_MAX);
    status = transport_check(MPI_Issend(parcel[r].word, (int)parcel[r].n, MPI_INT64_T, r,
                                        TAG_PARCEL, t->messages, &t->parcel_sent[*n_sending]),
                             "sending the messages of a window", err);
    ++*n_sending;
  }
  return status;
}

/* Takes in one parcel if there is one. */
static lc_status look(struct lc_transport *t, lc_parcel_receiver *receiver, void *context,
                      bool *found, struct lc_error *err) {
  int there = 0, n = 0;
  MPI_Message message;
  MPI_Status mpi;
  int code = MPI_Improbe(MPI_ANY_SOURCE, TAG_PARCEL, t->messages, &there, &message, &mpi);
  *found = code == MPI_SUCCESS && there;
  if (*found) {
    MPI_Get_count(&mpi, MPI_INT64_T, &n);
    lc_grow((void **)&t->parcel_in, &t->parcel_room, (size_t)n, sizeof *t->parcel_in,
            "the messages of a window");
    code = MPI_Mrecv(t->parcel_in, n, MPI_INT64_T, &message, MPI_STATUS_IGNORE);
    if (code == MPI_SUCCESS)
      receiver(context, t->parcel_in, (size_t)n);
  }
  return transport_check(code, "receiving the messages of a window", err);
}

lc_status lc_exchange(struct lc_transport *t, const struct lc_parcel *parcel,
                      lc_parcel_receiver *receiver, void *context, const int64_t *words, int32_t n,
                      int32_t n_max, const int64_t **result, struct lc_error *err) {
  if (t->size == 1) {
    *result = words;
    return LC_OK;
  }
  int n_sending = 0, empty = 0;
  bool over = false;
  lc_status status = send_parcels(t, parcel, &n_sending, err);
  while (!status && !over) {
    bool found = false;
    int sent = 0;
    status = look(t, receiver, context, &found, err);
    if (!status && lc_round_running(t))
      status = lc_round_test(t, &over, result, err);
    else if (!status)
      status = transport_check(MPI_Testall(n_sending, t->parcel_sent, &sent, MPI_STATUSES_IGNORE),
                               "sending the messages of a window", err);
    if (!status && sent)
      status = lc_round_start(t, words, n, n_max, err);
    empty = found || sent ? 0 : empty + 1;
    if (empty > LOOKS)
      lc_sleep_until(lc_monotonic_ns() + NAP_NS);
  }
  return status;
}

void transport_exchange_free(struct lc_transport *t) {
  free(t->parcel_sent);
  free(t->parcel_in);
}
