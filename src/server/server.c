/* Since the server does one thing after the other and nothing overtakes in its line, when a request
 * will have been served is known as soon as it is the first: the later of its arrival and the end
 * of the one before, and the time of service. So serving needs no clock that runs, and inboxes
 * change in the order of service, whatever the pace. */
#include "lcmpi/server.h"

#include "lcmpi/heap.h"

#include <stdlib.h>
#include <string.h>

struct waiting {
  struct lc_request request;
  int64_t stamp[];
};

struct letter {
  int64_t key; /* what comes first in the order */
  int64_t number, t_arrival;
  int32_t sender;
  int64_t stamp[];
};

/* When those that are still there, with the one being served, will have been served: a ring. */
struct line {
  int64_t *t_done;
  size_t first, n, room;
};

struct lc_server {
  int32_t n_vm, stamp_words;
  enum lc_server_order order;
  int64_t service_ns;
  struct lc_heap requests; /* of struct waiting * */
  struct lc_heap *inbox;   /* [n_vm] of struct letter * */
  struct letter *handed;   /* the latest that was handed out */
  struct line line;
  struct lc_server_figures figures;
};

const char *lc_request_name(int kind) {
  static const char *const names[LC_N_REQUEST] = {"refresh", "submit", "report"};
  return kind >= 0 && kind < LC_N_REQUEST ? names[kind] : "?";
}

static bool arrives_before(const void *a, const void *b) {
  const struct lc_request *x = &(*(struct waiting *const *)a)->request;
  const struct lc_request *y = &(*(struct waiting *const *)b)->request;
  if (x->t_arrival != y->t_arrival)
    return x->t_arrival < y->t_arrival;
  return x->vm != y->vm ? x->vm < y->vm : x->number < y->number;
}

static bool taken_before(const void *a, const void *b) {
  const struct letter *x = *(struct letter *const *)a, *y = *(struct letter *const *)b;
  if (x->key != y->key)
    return x->key < y->key;
  return x->sender != y->sender ? x->sender < y->sender : x->number < y->number;
}

static const struct lc_heap_kind line_of_requests = {sizeof(struct waiting *), arrives_before,
                                                     "the requests to the central server"};
static const struct lc_heap_kind inbox_of_vm = {sizeof(struct letter *), taken_before,
                                                "the messages at the central server"};

struct lc_server *lc_server_new(int32_t n_vm, int32_t stamp_words, enum lc_server_order order,
                                int64_t service_ns) {
  struct lc_server *s = lc_new(1, sizeof *s, "the central server");
  *s = (struct lc_server){
      .n_vm = n_vm, .stamp_words = stamp_words, .order = order, .service_ns = service_ns};
  s->inbox = lc_new((size_t)n_vm, sizeof *s->inbox, "the central server");
  return s;
}

size_t lc_server_vm_bytes(void) {
  return sizeof(struct lc_heap);
}

static void free_heap(struct lc_heap *heap) {
  void **item = (void **)heap->item;
  for (size_t i = 0; i < heap->n; i++)
    free(item[i]);
  free(item);
}

void lc_server_free(struct lc_server *s) {
  if (!s)
    return;
  free_heap(&s->requests);
  for (int32_t v = 0; v < s->n_vm; v++)
    free_heap(&s->inbox[v]);
  free(s->inbox);
  free(s->handed);
  free(s->line.t_done);
  free(s);
}

void lc_server_put(struct lc_server *s, const struct lc_request *request) {
  size_t words = request->kind == LC_SUBMIT ? (size_t)s->stamp_words : 0;
  struct waiting *w =
      lc_new(1, sizeof *w + words * sizeof *w->stamp, "the requests to the central server");
  w->request = *request;
  w->request.stamp = words ? w->stamp : NULL;
  if (words)
    memcpy(w->stamp, request->stamp, words * sizeof *w->stamp);
  lc_heap_add(&s->requests, &line_of_requests, &w);
}

static const struct lc_request *first_in_line(const struct lc_server *s) {
  struct waiting *const *first = lc_heap_first(&s->requests);
  return first ? &(*first)->request : NULL;
}

static int64_t begin_of(const struct lc_server *s, const struct lc_request *r) {
  return r->t_arrival > s->figures.t_idle ? r->t_arrival : s->figures.t_idle;
}

int64_t lc_server_arrival(const struct lc_server *s) {
  const struct lc_request *r = first_in_line(s);
  return r ? r->t_arrival : INT64_MAX;
}

int64_t lc_server_done(const struct lc_server *s) {
  const struct lc_request *r = first_in_line(s);
  return r ? begin_of(s, r) + s->service_ns : INT64_MAX;
}

/* ---- figures ------------------------------------------------------------------------------------
 */

static void grow_line(struct line *line) {
  size_t room = line->room ? 2 * line->room : 64;
  int64_t *all = lc_new(room, sizeof *all, "the central server");
  for (size_t i = 0; i < line->n; i++)
    all[i] = line->t_done[(line->first + i) % line->room];
  free(line->t_done);
  *line = (struct line){all, 0, line->n, room};
}

/* How many there are when one arrives, itself included. */
static int64_t stand_in_line(struct line *line, int64_t t_arrival, int64_t t_done) {
  while (line->n && line->t_done[line->first] <= t_arrival) {
    line->first = (line->first + 1) % line->room;
    line->n--;
  }
  if (line->n == line->room)
    grow_line(line);
  line->t_done[(line->first + line->n++) % line->room] = t_done;
  return (int64_t)line->n;
}

static void keep_most(int64_t *most, int64_t value) {
  *most = value > *most ? value : *most;
}

static void count(struct lc_server *s, const struct lc_request *r, int64_t begin, int64_t done) {
  struct lc_server_figures *f = &s->figures;
  f->clock = (r->clock > f->clock ? r->clock : f->clock) + 1;
  f->n_served[r->kind]++;
  f->busy_ns += done - begin;
  f->waiting_ns += begin - r->t_arrival;
  keep_most(&f->waiting_most_ns, begin - r->t_arrival);
  keep_most(&f->line_most, stand_in_line(&s->line, r->t_arrival, done));
  f->t_idle = done;
}

/* ---- service ------------------------------------------------------------------------------------
 */

static void store_letter(struct lc_server *s, const struct waiting *w, int64_t t_done) {
  const struct lc_request *r = &w->request;
  size_t bytes = (size_t)s->stamp_words * sizeof(int64_t);
  struct letter *letter = lc_new(1, sizeof *letter + bytes, "the messages at the central server");
  *letter = (struct letter){
      .key = s->order == LC_BY_TIMESTAMP ? r->clock : t_done,
      .number = r->message,
      .t_arrival = t_done,
      .sender = r->vm,
  };
  memcpy(letter->stamp, w->stamp, bytes);
  lc_heap_add(&s->inbox[r->receiver], &inbox_of_vm, &letter);
  keep_most(&s->figures.inbox_most, (int64_t)s->inbox[r->receiver].n);
}

bool lc_server_take(struct lc_server *s, int32_t vm, struct lc_answer *answer) {
  answer->n_before = (int32_t)s->inbox[vm].n;
  if (!answer->n_before)
    return false;
  struct letter *letter;
  lc_heap_take(&s->inbox[vm], &inbox_of_vm, &letter);
  free(s->handed);
  s->handed = letter;
  answer->sender = letter->sender;
  answer->message = letter->number;
  answer->t_arrival = letter->t_arrival;
  answer->stamp = letter->stamp;
  return true;
}

void lc_server_serve(struct lc_server *s, struct lc_answer *answer) {
  struct waiting *w;
  lc_heap_take(&s->requests, &line_of_requests, &w);
  const struct lc_request *r = &w->request;
  int64_t begin = begin_of(s, r);
  *answer = (struct lc_answer){.request = *r, .t_done = begin + s->service_ns};
  answer->request.stamp = NULL;
  count(s, r, begin, answer->t_done);
  if (r->kind == LC_REFRESH)
    lc_server_take(s, r->vm, answer);
  else if (r->kind == LC_SUBMIT)
    store_letter(s, w, answer->t_done);
  free(w);
}

int64_t lc_server_inbox(const struct lc_server *s, int32_t vm) {
  return (int64_t)s->inbox[vm].n;
}

const struct lc_server_figures *lc_server_figures(const struct lc_server *s) {
  return &s->figures;
}
