/* Imported logs: the order of their checks, how a witness names a line, and whose line it is. */
#include "foreign.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *event_where(char out[WHERE_TEXT], const struct judged *j, int64_t event) {
  const struct lc_event *e = &j->h->event[event];
  snprintf(out, WHERE_TEXT, "machine %.20s's %s at %.120s:%" PRId64 " (%.6f s)",
           j->f->name[e->machine], lc_kind_name(e->kind), j->f->file[j->f->event_file[event]],
           j->f->event_line[event], (double)e->t_actual / 1e9);
  return out;
}

const char *send_where(char out[WHERE_TEXT], const struct judged *j, int64_t sent) {
  const struct lc_sent *s = &j->h->sent[sent];
  snprintf(out, WHERE_TEXT, "machine %.20s's SEND at %.120s:%" PRId64 " (%.6f s)",
           j->f->name[s->sender], j->f->file[j->f->sent_file[sent]], j->f->sent_line[sent],
           (double)s->t_send / 1e9);
  return out;
}

static void point(struct lc_check *check, struct lc_place place) {
  if (check->n_place < LC_MAX_PLACES)
    check->place[check->n_place++] = place;
}

void point_event(const struct judged *j, struct lc_check *check, int64_t event) {
  const struct lc_event *e = &j->h->event[event];
  point(check,
        (struct lc_place){e->machine, j->f->event_file[event], e->seq, j->f->event_line[event]});
}

void point_send(const struct judged *j, struct lc_check *check, int64_t sent) {
  const struct lc_sent *s = &j->h->sent[sent];
  point(check,
        (struct lc_place){s->sender, j->f->sent_file[sent], s->send_seq, j->f->sent_line[sent]});
}

int64_t send_event(const struct judged *j, int64_t sent) {
  const struct lc_sent *s = &j->h->sent[sent];
  const struct lc_machine *m = &j->h->machine[s->sender];
  if (s->send_seq < 0 || s->send_seq >= m->n_event ||
      j->h->event[m->first_event + s->send_seq].kind != LC_SEND)
    return -1;
  return m->first_event + s->send_seq;
}

int64_t event_before(const struct judged *j, int64_t event) {
  const struct lc_event *e = &j->h->event[event];
  return event > j->h->machine[e->machine].first_event ? event - 1 : -1;
}

bool is_second(const struct judged *j, int64_t event) {
  int64_t before = event_before(j, event);
  return j->f->then_act && before >= 0 && j->h->event[event].kind != LC_RECEIVE &&
         j->h->event[before].kind == LC_RECEIVE;
}

/* Every log is one machine's; a line in it that names another, or another's rate, is not its. */
static void judge_machines(struct judged *j) {
  char where[WHERE_TEXT];
  const struct lc_foreign *f = j->f;
  struct lc_check *check = new_check(
      j->verdict, "machines", "every line names the machine whose log it is in, and its rate");
  for (int64_t i = 0; i < j->h->n_event; i++) {
    const struct lc_event *e = &j->h->event[i];
    const struct lc_rate *rate = &j->h->machine[e->machine].rate;
    bool kept = false;
    check->n_checked++;
    event_where(where, j, i);
    if (f->named_machine[i] != e->machine)
      kept =
          violation(check, e->t_actual, "%s is said to be of machine %s", where,
                    f->named_machine[i] < 0 ? "that there is not" : f->name[f->named_machine[i]]);
    else if (!isnan(f->named_rate[i]) &&
             fabs(f->named_rate[i] * (double)rate->q / (double)rate->p - 1) > 1e-6)
      kept = violation(check, e->t_actual, "%s names a rate of %g; the machine's is %g", where,
                       f->named_rate[i], (double)rate->p / (double)rate->q);
    if (kept)
      point_event(j, check, i);
  }
}

void check_foreign(const struct lc_history *h, struct lc_verdict *verdict) {
  struct judged j = {
      .h = h,
      .f = h->foreign,
      .verdict = verdict,
      .taken = lc_new((size_t)h->n_event, sizeof *j.taken, "the verifier's matching"),
      .taken_by = lc_new((size_t)h->n_sent, sizeof *j.taken_by, "the verifier's matching"),
      .missing = lc_new((size_t)h->n_vm, sizeof *j.missing, "the verifier's channels"),
  };
  judge_machines(&j);
  judge_ticks(&j);
  judge_rates(&j);
  judge_matching(&j);
  judge_conservation(&j);
  judge_fifo(&j);
  judge_queues(&j);
  judge_operations(&j);
  judge_clock(&j);
  judge_stamps(&j);
  free(j.taken);
  free(j.taken_by);
  free(j.missing);
}
