/* history.h: a run as it was recorded, in memory: what the verifier judges. Whoever fills it (the
 * reader of our files, a test) brings rows in the order said here. Local.
 *
 * All arrays are owned by the history and released by lc_history_free(). Times are model ns. */
#ifndef LCMPI_HISTORY_H
#define LCMPI_HISTORY_H

#include "lcmpi/digest.h"
#include "lcmpi/workload.h"

enum lc_fate {
  LC_FATE_UNKNOWN = 0, /* not yet joined, or past what is on file */
  LC_FATE_RECEIVED = 1,
  LC_FATE_QUEUED = 2,
  LC_FATE_IN_FLIGHT = 3,
  LC_FATE_LOST = 4
};

/* One message as its sender recorded it; the last two are known once the receivers' rows are joined
 * to it. */
struct lc_sent {
  int32_t sender, receiver, copy;
  uint8_t fate; /* enum lc_fate */
  int64_t number, send_seq, t_send;
  int64_t t_arrival; /* where fate is not UNKNOWN */
};

/* One message that crosses a cut: sent before its sender's state was recorded, and when its
 * receiver's was still QUEUED (arrived, not taken) or IN_FLIGHT (arriving later: the channel's
 * state). The receiver recorded it. */
struct lc_left {
  int32_t machine, sender, copy; /* machine: the receiver */
  int32_t snapshot;              /* which cut; the last one is the end of the run */
  int64_t number, t_arrival;
  uint8_t fate; /* enum lc_fate */
};

/* One machine's state in one snapshot. */
struct lc_state {
  int64_t t_actual; /* when it was recorded */
  int64_t n_tick, n_event, n_internal, n_sent, n_received, n_queued;
  int64_t queue_max;                        /* the longest queue that a tick had found by then */
  int64_t lateness_max_ns, lateness_sum_ns; /* of the ticks by then; model time */
  uint8_t valid;                            /* 0: nothing was recorded here */
};

/* Totals of one machine over the whole run. */
struct lc_vm_totals {
  int64_t n_tick, n_event, n_internal, n_sent, n_received, n_queued;
  int64_t queue_max; /* the longest that a tick found */
  int64_t lateness_max_ns, lateness_mean_ns;
};

struct lc_machine {
  struct lc_rate rate;
  int64_t phase_ns;
  bool logged;                  /* its events and messages are on file */
  int64_t first_event, n_event; /* its rows in `event` */
  int64_t first_sent, n_sent;   /* its rows in `sent` */
};

/* What the order of a clock's stamps is, as the file says it; see lc_clock. */
struct lc_history_clock {
  char name[64];
  enum lc_clock_order order;
  bool characterizes;
  int32_t words;
  int64_t *stamp;       /* [n_event][words] */
  int64_t *state_stamp; /* [n_vm][n_snapshot][words] */
  int64_t *state_jump;  /* [n_vm][n_snapshot] largest jump by then; NULL if there are none */
  int64_t *left_stamp;  /* [n_left][words]; NULL if there are none */
  /* totals, NULL where lc_history.totals is; jumps of clocks that have no value are NULL too */
  int64_t *final_stamp; /* [n_vm][words] */
  int64_t *jump_max;    /* [n_vm] */
  double *jump_mean;    /* [n_vm] */
};

struct lc_balance {
  int64_t sent, received, queued, in_flight, lost;
};

/* What the file says of a central server; see server.h. */
struct lc_history_server {
  bool served, by_timestamp; /* there was one; how it ordered its inboxes */
  bool known;                /* the figures are on file */
  int64_t clock, n_refresh, n_submit, n_report;
  int64_t *n_skipped; /* [n_vm], NULL if not known */
};

/* How the stamps of an imported log were logged; README of postprocess/ has their words. */
enum lc_convention { LC_AFTER_UPDATE, LC_BEFORE_UPDATE, LC_BEFORE_MAXIMUM };

/* What a log of another program says beyond events and messages; where it says nothing, -1. */
struct lc_foreign {
  char format[32];
  enum lc_convention convention; /* of clock[0] */
  bool then_act;                 /* a tick that receives also acts */
  bool by_value; /* sends do not name their true receiver: messages are told by their stamps */
  int64_t latency_bound_ns; /* what was sent longer ago is in its receiver's queue */
  double operation[3];      /* unicast, multicast, internal of idle ticks; sum 1, or 0: unknown */
  int32_t n_file;
  char **file;            /* [n_file] the logs */
  char **name;            /* [n_vm] of the machines in them */
  uint8_t *rate_declared; /* [n_vm] */
  int32_t *event_file;    /* [n_event], as all that follow: where the event stands, from line 1 */
  int64_t *event_line;
  int32_t *named_machine; /* the VM that the line names; the event is in the log of its own */
  double *named_rate;     /* NAN where it names none */
  int64_t *carried;       /* RECEIVE: the stamp that the message brought */
  uint8_t *queue_logged;  /* queue_before is the log's own */
  uint8_t *ambiguous;     /* RECEIVE: it may have taken another message of the same stamp */
  int32_t *sent_file;     /* [n_sent], as all that follow: where the send stands */
  int64_t *sent_line;
  uint8_t *receiver_known; /* 0: the log names the same receiver in every send */
};

struct lc_history {
  int32_t n_vm;    /* of all copies together */
  int32_t n_copy;  /* of one copy: peers never cross copies */
  bool exact_time; /* virtual time: every event happens at its tick, a snapshot at its time */
  bool fifo;       /* channels are first in, first out */
  struct lc_history_server server;
  enum lc_tick_rule rule;
  int64_t receive_until_ns; /* channels deliver one message that arrives then or later; 0: all */
  bool ended;               /* the end is on file: what was queued or in flight, and the balance */
  bool complete;            /* the run reached its end: nothing can be added any more */
  int64_t t_end;            /* if ended: every tick due before it was done */
  int64_t error_ns;         /* by how much the clocks of two hosts may differ; 0 on one host */
  struct lc_machine *machine;
  int64_t n_event;
  struct lc_event *event; /* by machine, then seq */
  int32_t n_clock;
  struct lc_history_clock clock[LC_MAX_CLOCKS];
  int64_t n_sent;
  struct lc_sent *sent; /* by sender, number, copy */
  bool joined;          /* sent[].fate and t_arrival are the file's */
  int64_t n_left;
  struct lc_left *left; /* of a snapshot and receiver: the queue in order, then the channels */
  bool cuts; /* `left` has the messages of every cut and their stamps; else of the end alone */
  char method[32]; /* how snapshots were taken; "" where the file does not say */
  struct lc_balance balance;
  int32_t n_snapshot;
  int64_t *t_snapshot;    /* [n_snapshot] */
  struct lc_state *state; /* [n_vm][n_snapshot] */
  int32_t n_taken;        /* snapshots 0..n_taken-1 are whole, on all ranks; the end: `ended` */
  struct lc_digest *cut_digest; /* [n_snapshot] of all before each cut; NULL if there are none */
  struct lc_vm_totals *totals;  /* [n_vm], NULL if there are none */
  bool longest_known;           /* totals[].queue_max is on file */
  bool digested;                /* `digest` is on file, and clock c's is that of clock[c] */
  struct lc_digest digest;
  struct lc_foreign *foreign; /* NULL but for imported logs; rows of files come in order there */
};

/* Sorts events and messages into their order (stamps follow) and fills in every machine's ranges.
 * LC_EFILE if a row names a machine that does not exist. */
lc_status lc_history_index(struct lc_history *history, struct lc_error *err);
void lc_history_free(struct lc_history *history);

/* The index of a message in an indexed history's `sent`, or -1. */
int64_t lc_history_sent(const struct lc_history *history, int32_t sender, int64_t number,
                        int32_t copy);

#endif
