/* What the checks of imported logs share. A foreign log has no exact times, may lack message ids,
 * and its witness is a line of it; so these checks are others than those of our own files. */
#ifndef LC_VERIFY_FOREIGN_H
#define LC_VERIFY_FOREIGN_H

#include "checks.h"

/* Clocks of different machines of a log may disagree by so much; seed A's are in ms. */
#define LC_CLOCKS_AGREE_NS INT64_C(5000000)

struct judged {
  const struct lc_history *h;
  const struct lc_foreign *f;
  struct lc_verdict *verdict;
  int64_t *taken;    /* [n_event] the message that a RECEIVE took, an index into sent; -1 none */
  int64_t *taken_by; /* [n_sent] the first RECEIVE that took it; -1 none */
  int64_t *missing;  /* [n_vm] messages to it that conservation finds lost */
};

/* "machine 2's RECEIVE at b/log2.csv:17 (4.000131 s)" */
enum { WHERE_TEXT = 200 };
const char *event_where(char out[WHERE_TEXT], const struct judged *j, int64_t event);
const char *send_where(char out[WHERE_TEXT], const struct judged *j, int64_t sent);
/* Where the witness just kept is to be found. */
void point_event(const struct judged *j, struct lc_check *check, int64_t event);
void point_send(const struct judged *j, struct lc_check *check, int64_t sent);

/* Whether an event is the action of a tick that has received. */
bool is_second(const struct judged *j, int64_t event);
/* The SEND event that a message says it is of; -1 if that is none. */
int64_t send_event(const struct judged *j, int64_t sent);
/* The event before on the same machine, or -1. */
int64_t event_before(const struct judged *j, int64_t event);

void judge_ticks(struct judged *j);
void judge_rates(struct judged *j);
void judge_operations(struct judged *j);
void judge_matching(struct judged *j); /* fills in taken and taken_by: first of those below */
void judge_conservation(struct judged *j);
void judge_fifo(struct judged *j);
void judge_queues(struct judged *j);
void judge_clock(struct judged *j);
void judge_stamps(struct judged *j);

#endif
