/* Messages between ranks: eager nonblocking sends, and a ring of receives from any rank. A message
 * matches the earliest receive that is posted, so looking only at the head of the ring consumes
 * messages in the order MPI guarantees for each pair, whatever order they complete in, and a look
 * costs the same however many receives are posted. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { TAG = 1, TAG_WARM = 4, WARM_PEERS = 128, MOST_AT_ONCE = 1 << 16 };

static unsigned char *buffer_of(struct lc_transport *t, int i) {
  return t->inbox + (size_t)i * t->message_bytes;
}

static int post(struct lc_transport *t, int i) {
  t->posted[i] = MPI_REQUEST_NULL;
  return MPI_Irecv(buffer_of(t, i), (int)t->message_bytes, MPI_BYTE, MPI_ANY_SOURCE, TAG,
                   t->messages, &t->posted[i]);
}

/* The first message to a peer sets up the path to it, which takes longer than a tick may be late:
 * that is done before the run, for as many peers as is worth it. */
static void open_paths(struct lc_transport *t) {
  int peers = t->size - 1 < WARM_PEERS ? t->size - 1 : WARM_PEERS;
  int code[2 * WARM_PEERS] = {MPI_SUCCESS};
  MPI_Request request[2 * WARM_PEERS];
  for (int k = 1; k <= peers; k++) {
    int from = (t->rank - k + t->size) % t->size, to = (t->rank + k) % t->size;
    code[2 * k - 2] =
        MPI_Irecv(NULL, 0, MPI_BYTE, from, TAG_WARM, t->messages, &request[2 * k - 2]);
    code[2 * k - 1] = MPI_Isend(NULL, 0, MPI_BYTE, to, TAG_WARM, t->messages, &request[2 * k - 1]);
  }
  for (int i = 0; i < 2 * peers; i++)
    transport_finish(code[i], &request[i]);
}

void lc_transport_listen(struct lc_transport *t, size_t bytes) {
  lc_assert(!t->inbox && bytes > 0 && bytes <= INT32_MAX);
  t->message_bytes = bytes;
  t->inbox = lc_new(PREPOSTED, bytes, "receive buffers");
  t->n_sent_to = lc_new((size_t)t->size, sizeof *t->n_sent_to, "counts of messages");
  for (int i = 0; i < PREPOSTED; i++)
    if (post(t, i) != MPI_SUCCESS)
      lc_die(LC_EINTERNAL, "MPI refuses a receive of %zu bytes", bytes);
  open_paths(t);
}

void transport_stop_listening(struct lc_transport *t) {
  if (!t->inbox)
    return;
  for (int i = 0; i < PREPOSTED; i++) {
    MPI_Cancel(&t->posted[i]);
    MPI_Wait(&t->posted[i], MPI_STATUS_IGNORE); /* returns at once: it was cancelled */
  }
  for (size_t i = 0; i < t->room_out; i++) {
    if (i < t->n_out && t->out[i].request != MPI_REQUEST_NULL)
      MPI_Request_free(&t->out[i].request);
    free(t->out[i].bytes);
  }
  free(t->inbox);
  free(t->out);
  free(t->n_sent_to);
  t->inbox = NULL;
}

/* Slots 0..n_out-1 are under way; the others keep their buffers for the next sends. */
static void collect_sent(struct lc_transport *t) {
  for (size_t i = 0; i < t->n_out;) {
    int done = 0;
    MPI_Test(&t->out[i].request, &done, MPI_STATUS_IGNORE);
    if (!done) {
      i++;
      continue;
    }
    struct outgoing freed = t->out[i];
    t->out[i] = t->out[--t->n_out];
    t->out[t->n_out] = freed;
  }
}

static struct outgoing *free_slot(struct lc_transport *t) {
  if (t->n_out)
    collect_sent(t);
  size_t old = t->room_out;
  lc_grow((void **)&t->out, &t->room_out, t->n_out + 1, sizeof *t->out, "messages being sent");
  for (size_t i = old; i < t->room_out; i++)
    t->out[i] = (struct outgoing){MPI_REQUEST_NULL, NULL};
  struct outgoing *slot = &t->out[t->n_out++];
  if (!slot->bytes)
    slot->bytes = lc_new(1, t->message_bytes, "a message being sent");
  return slot;
}

lc_status lc_transport_send(struct lc_transport *t, int32_t rank, const void *bytes, size_t length,
                            struct lc_error *err) {
  lc_assert(length <= t->message_bytes);
  struct outgoing *slot = free_slot(t);
  memcpy(slot->bytes, bytes, length);
  t->n_sent_to[rank]++;
  return transport_check(
      MPI_Isend(slot->bytes, (int)length, MPI_BYTE, rank, TAG, t->messages, &slot->request),
      "sending a message", err);
}

lc_status lc_transport_poll(struct lc_transport *t, lc_receiver *receiver, void *context,
                            int32_t *n, struct lc_error *err) {
  *n = 0;
  for (int empty = 0; empty < 2 && *n < MOST_AT_ONCE;) {
    int done = 0, length = 0;
    MPI_Status mpi;
    lc_status status =
        transport_check(MPI_Test(&t->posted[t->head], &done, &mpi), "receiving messages", err);
    if (status)
      return status;
    if (!done) {
      empty++;
      continue;
    }
    empty = 0;
    MPI_Get_count(&mpi, MPI_BYTE, &length);
    receiver(context, buffer_of(t, t->head), (size_t)length);
    t->n_received++;
    ++*n;
    status = transport_check(post(t, t->head), "posting a receive", err);
    if (status)
      return status;
    t->head = (t->head + 1) % PREPOSTED;
  }
  return LC_OK;
}

lc_status lc_transport_drain(struct lc_transport *t, lc_receiver *receiver, void *context,
                             struct lc_error *err) {
  int64_t expected = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  transport_finish(MPI_Ireduce_scatter_block(t->n_sent_to, &expected, 1, MPI_INT64_T, MPI_SUM,
                                             t->control, &request),
                   &request);
  int64_t nap = 20000;
  while (t->n_received < expected) {
    int32_t n;
    lc_status status = lc_transport_poll(t, receiver, context, &n, err);
    if (status)
      return status;
    if (n || t->n_received >= expected)
      continue;
    lc_sleep_until(lc_monotonic_ns() + nap);
    nap = nap < 1000000 ? nap * 2 : nap;
  }
  lc_assert(t->n_received == expected);
  return LC_OK;
}
