/* The channels that a file lists: "A B" both ways, "A -> B" one way, "#" to the end of the line is
 * a comment. Every VM must be able to reach every other, unless it is said that this is meant. */
#include "topology.h"

#include "../base/shuffle.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct channel {
  int32_t from, to;
};

struct list {
  struct channel *channel;
  size_t n, room;
};

static void add(struct list *list, int32_t from, int32_t to) {
  lc_grow((void **)&list->channel, &list->room, list->n + 1, sizeof *list->channel, "the topology");
  list->channel[list->n++] = (struct channel){from, to};
}

/* Moves *at over blanks and one whole number; false if there is none. Too large is -1. */
static bool read_id(const char **at, const char *end, int64_t *id) {
  while (*at < end && isblank((unsigned char)**at))
    ++*at;
  const char *start = *at;
  for (*id = 0; *at < end && isdigit((unsigned char)**at); ++*at)
    *id = *id < 0 || *id > INT32_MAX ? -1 : *id * 10 + (**at - '0');
  return *at > start;
}

static lc_status bad_line(struct lc_error *err, const char *path, int64_t line, const char *why) {
  return lc_fail(err, LC_EUSAGE, "--topology file:%s: line %" PRId64 ": %s", path, line, why);
}

/* One line without its end and its comment. */
static lc_status read_line(struct list *list, const struct lc_topology *t, const char *path,
                           int64_t number, const char *at, const char *end, struct lc_error *err) {
  static const char form[] = "is not \"A B\" or \"A -> B\" with ids of VMs";
  int64_t from, to;
  while (end > at && isspace((unsigned char)end[-1]))
    end--;
  while (at < end && isblank((unsigned char)*at))
    at++;
  if (at == end)
    return LC_OK;
  if (!read_id(&at, end, &from))
    return bad_line(err, path, number, form);
  const char *gap = at;
  while (at < end && isblank((unsigned char)*at))
    at++;
  bool one_way = end - at > 2 && memcmp(at, "->", 2) == 0;
  at += one_way ? 2 : 0;
  if (at == gap || !read_id(&at, end, &to) || at != end)
    return bad_line(err, path, number, form);
  if (from < 0 || from >= t->n_vm || to < 0 || to >= t->n_vm)
    return lc_fail(err, LC_EUSAGE,
                   "--topology file:%s: line %" PRId64
                   ": names a VM that does not exist: there are "
                   "0 to %d",
                   path, number, t->n_vm - 1);
  if (from == to)
    return bad_line(err, path, number, "a VM has no channel to itself");
  add(list, (int32_t)from, (int32_t)to);
  if (!one_way)
    add(list, (int32_t)to, (int32_t)from);
  return LC_OK;
}

static lc_status read_lines(struct list *list, const struct lc_topology *t, const char *path,
                            const char *text, size_t length, struct lc_error *err) {
  const char *end = text + length;
  lc_status status = LC_OK;
  int64_t number = 1;
  for (const char *at = text; at < end && !status; number++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop ? stop : end;
    const char *comment = memchr(at, '#', (size_t)(stop - at));
    status = read_line(list, t, path, number, at, comment ? comment : stop, err);
    at = stop + 1;
  }
  return status;
}

static int by_ends(const void *a, const void *b) {
  const struct channel *x = a, *y = b;
  return x->from != y->from ? ascending_ids(&x->from, &y->from) : ascending_ids(&x->to, &y->to);
}

/* Rows of peers, each channel once. */
static void fill(struct lc_topology *t, const struct list *list) {
  t->first = lc_new((size_t)t->n_vm + 1, sizeof *t->first, "the topology");
  t->peer = lc_new(list->n, sizeof *t->peer, "the topology");
  int64_t n = 0;
  for (size_t i = 0; i < list->n; i++) {
    if (i && by_ends(&list->channel[i - 1], &list->channel[i]) == 0)
      continue;
    t->peer[n++] = list->channel[i].to;
    t->first[list->channel[i].from + 1] = n;
  }
  for (int32_t v = 0; v < t->n_vm; v++) {
    if (t->first[v + 1] < t->first[v])
      t->first[v + 1] = t->first[v];
    if (t->first[v + 1] - t->first[v] > t->max_degree)
      t->max_degree = (int32_t)(t->first[v + 1] - t->first[v]);
  }
}

/* A VM that VM 0 does not reach along the channels, or -1. */
static int32_t not_reached(const struct lc_topology *t) {
  bool *seen = lc_new((size_t)t->n_vm, sizeof *seen, "the topology");
  int32_t *stack = lc_new((size_t)t->n_vm, sizeof *stack, "the topology"), n = 1, found = -1;
  seen[0] = true;
  while (n) {
    int32_t v = stack[--n];
    for (int64_t i = t->first[v]; i < t->first[v + 1]; i++)
      if (!seen[t->peer[i]]) {
        seen[t->peer[i]] = true;
        stack[n++] = t->peer[i];
      }
  }
  for (int32_t v = t->n_vm; v-- > 0;)
    found = seen[v] ? found : v;
  free(seen);
  free(stack);
  return found;
}

/* Everyone reaches everyone iff VM 0 reaches all, and all reach VM 0: it reaches all backwards. */
static lc_status check_reach(const struct lc_topology *t, struct list *list, const char *path,
                             struct lc_error *err) {
  static const char format[] =
      "--topology file:%s: VM %d cannot be reached from VM %d: add channels, or write "
      "file:%s,partial if that is meant";
  int32_t lost = not_reached(t);
  if (lost >= 0)
    return lc_fail(err, LC_EUSAGE, format, path, lost, 0, path);
  struct lc_topology back = {.n_vm = t->n_vm};
  for (size_t i = 0; i < list->n; i++)
    list->channel[i] = (struct channel){list->channel[i].to, list->channel[i].from};
  if (list->n)
    qsort(list->channel, list->n, sizeof *list->channel, by_ends);
  fill(&back, list);
  lost = not_reached(&back);
  lc_topology_free(&back);
  return lost < 0 ? LC_OK : lc_fail(err, LC_EUSAGE, format, path, 0, lost, path);
}

lc_status read_channels(struct lc_topology *t, const struct lc_topology_rule *rule,
                        const char *text, size_t length, struct lc_error *err) {
  struct list list = {.n = 0};
  lc_status status = read_lines(&list, t, rule->path, text, length, err);
  if (!status) {
    if (list.n)
      qsort(list.channel, list.n, sizeof *list.channel, by_ends);
    fill(t, &list);
    if (!rule->partial)
      status = check_reach(t, &list, rule->path, err);
  }
  free(list.channel);
  return status;
}
