/* Brings a history's rows into their order: events by (machine, seq), messages by (sender, number,
 * copy), whatever order a file had them in. */
#include "lcmpi/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int by_sender(const void *a, const void *b) {
  const struct lc_sent *x = a, *y = b;
  int order = compare(x->sender, y->sender);
  if (!order)
    order = compare(x->number, y->number);
  return order ? order : compare(x->copy, y->copy);
}

struct place {
  int32_t machine;
  int64_t seq, row;
};

static int by_machine(const void *a, const void *b) {
  const struct place *x = a, *y = b;
  int order = compare(x->machine, y->machine);
  if (!order)
    order = compare(x->seq, y->seq);
  return order ? order : compare(x->row, y->row);
}

static bool events_sorted(const struct lc_history *h) {
  for (int64_t i = 1; i < h->n_event; i++) {
    const struct lc_event *a = &h->event[i - 1], *b = &h->event[i];
    if (a->machine > b->machine || (a->machine == b->machine && a->seq > b->seq))
      return false;
  }
  return true;
}

static void *gathered(const void *from, const struct place *place, int64_t n, size_t size) {
  char *to = lc_new((size_t)n, size, "sorting the events");
  for (int64_t i = 0; i < n; i++)
    memcpy(to + (size_t)i * size, (const char *)from + (size_t)place[i].row * size, size);
  return to;
}

static void sort_events(struct lc_history *h) {
  struct place *place = lc_new((size_t)h->n_event, sizeof *place, "sorting the events");
  for (int64_t i = 0; i < h->n_event; i++)
    place[i] = (struct place){h->event[i].machine, h->event[i].seq, i};
  qsort(place, (size_t)h->n_event, sizeof *place, by_machine);
  struct lc_event *event = gathered(h->event, place, h->n_event, sizeof *event);
  free(h->event);
  h->event = event;
  for (int32_t c = 0; c < h->n_clock; c++) {
    size_t bytes = (size_t)h->clock[c].words * sizeof(int64_t);
    int64_t *stamp = gathered(h->clock[c].stamp, place, h->n_event, bytes);
    free(h->clock[c].stamp);
    h->clock[c].stamp = stamp;
  }
  free(place);
}

static lc_status check_id(const struct lc_history *h, int32_t id, const char *what, int64_t row,
                          struct lc_error *err) {
  if (id >= 0 && id < h->n_vm)
    return LC_OK;
  return lc_fail(err, LC_EFILE, "%s row %" PRId64 " names machine %d; there are %d", what, row, id,
                 h->n_vm);
}

static lc_status check_ids(const struct lc_history *h, struct lc_error *err) {
  lc_status status = LC_OK;
  for (int64_t i = 0; i < h->n_event && !status; i++) {
    status = check_id(h, h->event[i].machine, "event", i, err);
    if (!status && h->event[i].peer != -1)
      status = check_id(h, h->event[i].peer, "event", i, err);
  }
  for (int64_t i = 0; i < h->n_sent && !status; i++) {
    status = check_id(h, h->sent[i].sender, "message", i, err);
    if (!status)
      status = check_id(h, h->sent[i].receiver, "message", i, err);
  }
  for (int64_t i = 0; i < h->n_left && !status; i++) {
    status = check_id(h, h->left[i].machine, "queue", i, err);
    if (!status)
      status = check_id(h, h->left[i].sender, "queue", i, err);
  }
  return status;
}

lc_status lc_history_index(struct lc_history *h, struct lc_error *err) {
  lc_status status = check_ids(h, err);
  if (status)
    return status;
  if (!events_sorted(h))
    sort_events(h);
  if (!h->n_copy)
    h->n_copy = h->n_vm;
  if (h->n_sent)
    qsort(h->sent, (size_t)h->n_sent, sizeof *h->sent, by_sender);
  for (int32_t v = 0; v < h->n_vm; v++)
    h->machine[v].n_event = h->machine[v].n_sent = 0;
  for (int64_t i = 0; i < h->n_event; i++)
    h->machine[h->event[i].machine].n_event++;
  for (int64_t i = 0; i < h->n_sent; i++)
    h->machine[h->sent[i].sender].n_sent++;
  int64_t events = 0, sent = 0;
  for (int32_t v = 0; v < h->n_vm; v++) {
    h->machine[v].first_event = events;
    h->machine[v].first_sent = sent;
    events += h->machine[v].n_event;
    sent += h->machine[v].n_sent;
  }
  return LC_OK;
}

static void free_foreign(struct lc_foreign *f, int32_t n_vm) {
  if (!f)
    return;
  for (int32_t i = 0; i < f->n_file; i++)
    free(f->file[i]);
  for (int32_t v = 0; v < n_vm && f->name; v++)
    free(f->name[v]);
  free(f->file);
  free(f->name);
  free(f->rate_declared);
  free(f->event_file);
  free(f->event_line);
  free(f->named_machine);
  free(f->named_rate);
  free(f->carried);
  free(f->queue_logged);
  free(f->ambiguous);
  free(f->sent_file);
  free(f->sent_line);
  free(f->receiver_known);
  free(f);
}

void lc_history_free(struct lc_history *h) {
  free_foreign(h->foreign, h->n_vm);
  free(h->machine);
  free(h->event);
  for (int32_t c = 0; c < h->n_clock; c++) {
    free(h->clock[c].stamp);
    free(h->clock[c].state_stamp);
    free(h->clock[c].state_jump);
    free(h->clock[c].left_stamp);
    free(h->clock[c].final_stamp);
    free(h->clock[c].jump_max);
    free(h->clock[c].jump_mean);
  }
  free(h->sent);
  free(h->left);
  free(h->t_snapshot);
  free(h->state);
  free(h->cut_digest);
  free(h->totals);
  free(h->server.n_skipped);
  memset(h, 0, sizeof *h);
}

int64_t lc_history_sent(const struct lc_history *h, int32_t sender, int64_t number, int32_t copy) {
  if (sender < 0 || sender >= h->n_vm)
    return -1;
  const struct lc_sent *rows = h->sent + h->machine[sender].first_sent;
  int64_t low = 0, high = h->machine[sender].n_sent;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    const struct lc_sent *row = &rows[middle];
    if (row->number < number || (row->number == number && row->copy < copy))
      low = middle + 1;
    else
      high = middle;
  }
  if (low == h->machine[sender].n_sent || rows[low].number != number || rows[low].copy != copy)
    return -1;
  return h->machine[sender].first_sent + low;
}
