/* Reads what only imported logs have: where each event stands in them, and how they were logged.
 * These columns are not in the schema: no run of ours has them, and no file is rewritten with them,
 * since an imported one is complete from the start. */
#include "store_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool is_imported(struct h5 *h) {
  char *format = h5_get_text(h, "/", "imported");
  free(format);
  return format != NULL;
}

static void refuse(struct h5 *h, const char *what) {
  if (h->failed)
    return;
  h->failed = true;
  lc_fail(&h->error, LC_EFILE, "%s: is an imported log, but not as lcmpi_import writes it: %s",
          h->path, what);
}

static void *read_column(struct h5 *h, const char *path, int64_t n, hid_t type, size_t bytes) {
  void *values = lc_new((size_t)n, bytes, "reading an imported log");
  hsize_t size[3] = {0, 1, 1};
  if (h->failed)
    return values;
  if (!h5_exists(h, path) || h5_sizes(h, path, size) != 1 || (int64_t)size[0] != n)
    refuse(h, path);
  else
    h5_read_all(h, path, type, values);
  return values;
}

/* The lines of a text attribute. */
static char **read_lines(struct h5 *h, const char *name, int32_t *n) {
  char *text = h5_get_text(h, "/", name), **line = NULL;
  size_t room = 0;
  *n = 0;
  if (!text)
    refuse(h, name);
  for (const char *at = text; at;) {
    size_t length = strcspn(at, "\n");
    lc_grow((void **)&line, &room, (size_t)*n + 1, sizeof *line, "reading an imported log");
    line[(*n)++] = lc_format("%.*s", (int)length, at);
    at = at[length] ? at + length + 1 : NULL;
  }
  free(text);
  return line;
}

/* Sums and differences of such do not overflow; no clock or time of a log comes near it. */
static bool is_moderate(int64_t value) {
  const int64_t most = INT64_C(1) << 60;
  return value >= -most && value <= most;
}

static void read_convention(struct lc_foreign *f, struct h5 *h) {
  static const char *const names[] = {"after-update", "before-update", "before-maximum"};
  char *convention = h5_get_text(h, "/", "convention"), *rule = h5_get_text(h, "/", "tick_rule");
  char *operations = h5_get_text(h, "/", "operations");
  int found = -1;
  for (int i = 0; i < 3; i++)
    if (convention && strcmp(convention, names[i]) == 0)
      found = i;
  if (found < 0)
    refuse(h, "convention");
  f->convention = found < 0 ? LC_AFTER_UPDATE : (enum lc_convention)found;
  f->then_act = rule && strcmp(rule, "receive-then-act") == 0;
  double *w = f->operation;
  if (operations && (sscanf(operations, "%lf,%lf,%lf", &w[0], &w[1], &w[2]) != 3 ||
                     !(w[0] >= 0 && w[1] >= 0 && w[2] >= 0 && w[0] + w[1] + w[2] < 1.001)))
    refuse(h, "operations");
  f->by_value = h5_get_int(h, "/", "names_receiver", 1) == 0;
  f->latency_bound_ns = h5_get_int(h, "/", "latency_bound_ns", LC_NS_PER_S);
  if (f->latency_bound_ns < 0 || !is_moderate(f->latency_bound_ns))
    refuse(h, "latency_bound_ns");
  free(convention);
  free(rule);
  free(operations);
}

static void read_columns(struct lc_foreign *f, const struct lc_history *history, struct h5 *h) {
  int64_t events = history->n_event, sent = history->n_sent;
  f->rate_declared = read_column(h, "/rate_declared", history->n_vm, H5T_NATIVE_UINT8, 1);
  f->event_file = read_column(h, "/events/source_file", events, H5T_NATIVE_INT32, 4);
  f->event_line = read_column(h, "/events/source_line", events, H5T_NATIVE_INT64, 8);
  f->named_machine = read_column(h, "/events/named_machine", events, H5T_NATIVE_INT32, 4);
  f->named_rate = read_column(h, "/events/named_rate", events, H5T_NATIVE_DOUBLE, 8);
  f->carried = read_column(h, "/events/carried", events, H5T_NATIVE_INT64, 8);
  f->queue_logged = read_column(h, "/events/queue_logged", events, H5T_NATIVE_UINT8, 1);
  f->ambiguous = read_column(h, "/events/ambiguous", events, H5T_NATIVE_UINT8, 1);
  f->sent_file = read_column(h, "/messages/source_file", sent, H5T_NATIVE_INT32, 4);
  f->sent_line = read_column(h, "/messages/source_line", sent, H5T_NATIVE_INT64, 8);
  f->receiver_known = read_column(h, "/messages/receiver_known", sent, H5T_NATIVE_UINT8, 1);
}

/* Whether rows stand in the order in which they are judged, so that these columns stay with them,
 * and only the files that there are are named. */
static void check_rows(const struct lc_history *history, struct h5 *h) {
  const struct lc_foreign *f = history->foreign;
  for (int64_t i = 0; i < history->n_event && !h->failed; i++) {
    const struct lc_event *e = &history->event[i];
    int64_t seq = i && e[-1].machine == e->machine ? e[-1].seq + 1 : 0;
    if ((i && e[-1].machine > e->machine) || e->seq != seq)
      refuse(h, "events are not in order");
    if (f->event_file[i] < 0 || f->event_file[i] >= f->n_file ||
        f->named_machine[i] >= history->n_vm)
      refuse(h, "an event names a file or machine that there is not");
    if (!is_moderate(e->t_actual) || !is_moderate(f->carried[i]) ||
        !is_moderate(history->clock[0].stamp[i]))
      refuse(h, "a time or stamp is out of range");
  }
  for (int64_t i = 0; i < history->n_sent && !h->failed; i++) {
    const struct lc_sent *s = &history->sent[i];
    int64_t number = i && s[-1].sender == s->sender ? s[-1].number + 1 : 0;
    if ((i && s[-1].sender > s->sender) || s->number != number || s->copy != 0)
      refuse(h, "messages are not in order");
    if (!is_moderate(s->t_send))
      refuse(h, "a time is out of range");
    if (f->sent_file[i] < 0 || f->sent_file[i] >= f->n_file)
      refuse(h, "a message names a file that there is not");
  }
}

void read_foreign(struct lc_history *history, const struct layout *layout, struct h5 *h) {
  struct lc_foreign *f = lc_new(1, sizeof *f, "reading an imported log");
  int32_t n_name = 0;
  history->foreign = f;
  char *format = h5_get_text(h, "/", "imported");
  snprintf(f->format, sizeof f->format, "%s", format ? format : "?");
  free(format);
  if (layout->n_clock != 1 || layout->clock[0].words != 1 || !history->ended)
    refuse(h, "it needs one scalar clock and an end");
  f->file = read_lines(h, "source_files", &f->n_file);
  f->name = read_lines(h, "machine_names", &n_name);
  if (n_name != history->n_vm) {
    refuse(h, "machine_names");
    for (int32_t i = 0; i < n_name; i++)
      free(f->name[i]);
    free(f->name);
    f->name = NULL;
  }
  read_convention(f, h);
  read_columns(f, history, h);
  if (!h->failed)
    check_rows(history, h);
}
