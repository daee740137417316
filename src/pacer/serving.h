/* What both paces of --route server share: what ranks write to each other, and the server's end of
 * a run. Words are written one after the other: a request or a reply is as long as its kind. */
#ifndef LC_PACER_SERVING_H
#define LC_PACER_SERVING_H

#include "asking.h"

/* A growing row of words. */
struct words {
  int64_t *word;
  size_t n, room;
};

void write_request(struct words *to, const struct lc_request *request, int32_t stamp_words);
/* Reads the one that begins there; returns how many words it has. Its stamps lie there. */
size_t read_request(struct lc_request *request, const int64_t *word, int32_t stamp_words);
void write_reply(struct words *to, const struct reply *reply, int32_t stamp_words);
size_t read_reply(struct reply *reply, const int64_t *word, int32_t stamp_words);

/* The reply to what the server has served; false if nothing answers it. t_arrival is not known
 * yet. */
bool reply_of(struct reply *reply, const struct lc_answer *answer);

/* Figures of the run, those of all ranks together: `server` is NULL but where it is; `reported` are
 * the latencies of reports, from a VM to the end of service. Collective. */
void share_server(const struct lc_world *world, const struct asking *asking,
                  const struct lc_server *server, const struct lc_histogram *reported,
                  struct lc_outcome *outcome);

#endif
