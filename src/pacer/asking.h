/* The VMs' side of --route server, the same in both paces. At its tick a VM asks the server for its
 * next message and waits for the answer: then it takes the message, and reports that, or acts. A
 * tick that sends is over when the server has acknowledged every message. Ticks that were due
 * before that are skipped. */
#ifndef LC_PACER_ASKING_H
#define LC_PACER_ASKING_H

#include "agenda.h"
#include "common.h"

/* What comes back from the server. */
struct reply {
  int32_t vm;
  uint8_t kind;              /* of the request */
  int64_t number;            /* of the request among the VM's */
  int64_t t_sent, t_arrival; /* of the request; of the reply at its VM */
  struct lc_given given;     /* n_before 0: there was no message */
};

struct asker {
  int64_t n_request;
  int64_t t_over; /* when the latest acknowledgement came, or comes */
  int32_t n_open; /* acknowledgements that are not known of yet */
  uint8_t state;
};

struct asking {
  const struct lc_world *world;
  struct asker *asker; /* [n] */
  int64_t *reply;      /* [n][reply_words]: what the VM waits for, once it is known */
  size_t reply_words;
  struct lc_heap agenda; /* ticks, replies, and that the last acknowledgement comes */
  int64_t end_ns;        /* no tick that is due then or later begins */
  int32_t clock;         /* whose value goes with requests; -1: none */
  int32_t n_open;        /* ticks that have begun and are not over */
  int64_t n_event, n_sent, n_received, n_skipped;
  struct lc_histogram latency[LC_N_REQUEST]; /* from a request to its reply */
  /* A request leaves, with no arrival yet; what happened. Their `context` is the pacer. */
  void (*send)(void *context, struct lc_request *request);
  void (*happened)(void *context, const struct lc_step *step);
  void *context;
};

/* Words kept of a reply. */
size_t reply_words(int32_t stamp_words);
void asking_open(struct asking *asking, const struct lc_world *world);
void asking_free(struct asking *asking);
/* The first of the agenda happens, at `now_ns`: when it is due or later. */
void asking_step(struct asking *asking, int64_t now_ns);
/* A reply is under way to one of this rank's VMs, and arrives at its time. */
void asking_reply(struct asking *asking, const struct reply *reply);

#endif
