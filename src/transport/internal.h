/* What the files of the transport share. */
#ifndef LC_TRANSPORT_INTERNAL_H
#define LC_TRANSPORT_INTERNAL_H

#include "lcmpi/transport.h"

#include <mpi.h>

enum { PREPOSTED = 64 };

struct outgoing {
  MPI_Request request;
  unsigned char *bytes;
};

struct lc_transport {
  MPI_Comm control;  /* rounds and collectives */
  MPI_Comm messages; /* point to point */
  MPI_Comm files;    /* HDF5's */
  int rank, size;
  /* messages in: a ring of receives, looked at in posted order */
  size_t message_bytes;
  unsigned char *inbox; /* PREPOSTED buffers of message_bytes */
  MPI_Request posted[PREPOSTED];
  int head;
  int64_t n_received;
  /* messages out */
  struct outgoing *out;
  size_t n_out, room_out;
  int64_t *n_sent_to; /* [size] */
  /* the round */
  MPI_Request round;
  MPI_Op round_op;
  MPI_Datatype round_type;
  int64_t *round_words; /* round_n to send, then as many results */
  int32_t round_n, round_room;
  /* parcels */
  MPI_Request *parcel_sent; /* [size] */
  int64_t *parcel_in;
  size_t parcel_room;
  /* hosts */
  struct lc_host *hosts; /* [size] */
  char *host_names;
};

/* Status of an MPI return code; `doing` goes into the text. */
lc_status transport_check(int code, const char *doing, struct lc_error *err);
/* Waits without spinning for an operation that was started with return code `code`: tests, then
 * sleeps, longer and longer. lc_die(LC_ERANK) if it fails. */
void transport_finish(int code, MPI_Request *request);

void transport_stop_listening(struct lc_transport *transport);
void transport_round_free(struct lc_transport *transport);
void transport_exchange_free(struct lc_transport *transport);

#endif
