/* server.h: the central server of --route server: one inbox for each VM, a Lamport clock of its
 * own, and the line of requests that wait for it. It serves one request after the other, in order
 * of (arrival, VM, number), and each takes the same time. What brings requests to it and answers to
 * the VMs is the pacer's; both paces run on it. Times are model ns. Local. */
#ifndef LCMPI_SERVER_H
#define LCMPI_SERVER_H

#include "lcmpi/base.h"
#include "lcmpi/histogram.h"

/* What a VM asks for. REFRESH: the next message of its inbox, if there is one. SUBMIT: one message
 * into an inbox. REPORT: the stamp of a receive; nothing answers it. */
enum lc_request_kind { LC_REFRESH, LC_SUBMIT, LC_REPORT, LC_N_REQUEST };
const char *lc_request_name(int kind);

/* How an inbox is ordered: by (clock value of the message, sender, number), or as messages came. */
enum lc_server_order { LC_BY_TIMESTAMP, LC_BY_ARRIVAL };

struct lc_request {
  int64_t t_sent, t_arrival;
  int64_t number; /* 0, 1, 2, ... of the VM's requests */
  int64_t clock;  /* value of the VM's clock when it asked; 0 if none has one */
  int32_t vm;
  uint8_t kind;         /* enum lc_request_kind */
  int32_t receiver;     /* SUBMIT: of the message, */
  int64_t message;      /* its number, */
  const int64_t *stamp; /* its stamps, not owned */
};

struct lc_answer {
  struct lc_request request; /* `stamp` is gone */
  int64_t t_done;            /* when it was served: the answer leaves */
  /* of a REFRESH: */
  int32_t n_before; /* messages that were in the inbox; 0: there was none to take */
  int32_t sender;
  int64_t message, t_arrival; /* its number, and when it came into the inbox */
  const int64_t *stamp;       /* valid until the next call */
};

/* What the server has done so far. The mean length of the line is sojourn_ns over the time. */
struct lc_server_figures {
  int64_t clock; /* its own: max(own, the request's) + 1 for each request */
  int64_t n_served[LC_N_REQUEST];
  int64_t busy_ns;         /* it served */
  int64_t waiting_ns;      /* requests waited, together */
  int64_t waiting_most_ns; /* the longest that one did */
  int64_t line_most;       /* most requests there at once, with the one being served */
  int64_t inbox_most;      /* messages in the longest inbox at any time */
  int64_t t_idle;          /* when it was done with what it has served */
};

/* What a central server did and cost. */
struct lc_service {
  struct lc_server_figures figures;
  /* From a request to its reply; of a report to the end of its service. */
  struct lc_histogram latency[LC_N_REQUEST];
  int64_t n_skipped; /* ticks */
};

struct lc_server;
struct lc_server *lc_server_new(int32_t n_vm, int32_t stamp_words, enum lc_server_order order,
                                int64_t service_ns);
void lc_server_free(struct lc_server *server);
/* Bytes that it holds for each VM, without messages. */
size_t lc_server_vm_bytes(void);

/* A request joins the line, with a copy of its stamps. One that arrives before another that has
 * been served already is too late: it must not happen. */
void lc_server_put(struct lc_server *server, const struct lc_request *request);
/* When the first request in line arrives, and when it will have been served; INT64_MAX: none. */
int64_t lc_server_arrival(const struct lc_server *server);
int64_t lc_server_done(const struct lc_server *server);
/* Serves the first request in line. */
void lc_server_serve(struct lc_server *server, struct lc_answer *answer);

/* How many messages wait in a VM's inbox. */
int64_t lc_server_inbox(const struct lc_server *server, int32_t vm);
/* What is left in a VM's inbox, in the order in which it would be taken: takes the first; false if
 * there is none. */
bool lc_server_take(struct lc_server *server, int32_t vm, struct lc_answer *answer);

const struct lc_server_figures *lc_server_figures(const struct lc_server *server);

#endif
