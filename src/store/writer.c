/* Rows are gathered in memory; a commit writes each column with one write into the rank's own
 * region, the column `kind` last, then moves the rank's counters. No call here changes the file's
 * structure or waits for another rank. Columns and counters are contiguous and HDF5 says where they
 * begin, so they are written as bytes: HDF5's own path costs several times the write. */
#include "writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void add(struct part *p, const void *record) {
  size_t bytes = p->table->record_bytes;
  lc_grow((void **)&p->records, &p->capacity, (size_t)p->n_added + 1, bytes, "the log");
  memcpy(p->records + (size_t)p->n_added * bytes, record, bytes);
  p->n_added++;
}

static void add_stamped(struct lc_store *s, struct part *p, const void *record,
                        const int64_t *stamps) {
  size_t words = (size_t)s->clocks->stamp_words;
  lc_grow((void **)&p->stamps, &p->stamp_capacity, ((size_t)p->n_added + 1) * words,
          sizeof *p->stamps, "the log's stamps");
  memcpy(p->stamps + (size_t)p->n_added * words, stamps, words * sizeof *stamps);
  add(p, record);
}

void lc_store_event(struct lc_store *s, const struct lc_event *event, const int64_t *stamps) {
  add_stamped(s, &s->part[LC_EVENTS], event, stamps);
}

void lc_store_sent(struct lc_store *s, const struct lc_sent *sent) {
  add(&s->part[LC_MESSAGES], sent);
}

void lc_store_left(struct lc_store *s, const struct lc_left *left, const int64_t *stamps) {
  add_stamped(s, &s->part[left->fate == LC_FATE_QUEUED ? LC_QUEUE : LC_CHANNEL], left, stamps);
}

int64_t lc_store_pending(const struct lc_store *s) {
  int64_t n = 0;
  for (int t = 0; t < LC_N_TABLE; t++)
    n += s->part[t].n_added;
  return n;
}

bool overfull(const struct part *p) {
  return p->n_written + p->n_added > p->room;
}

bool lc_store_wants_room(const struct lc_store *s) {
  for (int t = 0; t < LC_N_TABLE; t++)
    if (overfull(&s->part[t]))
      return true;
  return false;
}

static int64_t fitting(const struct part *p) {
  int64_t space = p->room - p->n_written;
  return p->n_added < space ? p->n_added : space;
}

/* Events in memory before the first whose messages do not all fit: it waits for room with them. */
static int64_t events_with_messages(const struct lc_store *s) {
  const struct part *events = &s->part[LC_EVENTS], *messages = &s->part[LC_MESSAGES];
  int64_t fit = fitting(messages), n = 0;
  if (fit == messages->n_added)
    return events->n_added;
  const struct lc_event *event = (const struct lc_event *)events->records;
  const struct lc_sent *waiting = (const struct lc_sent *)messages->records + fit;
  while (n < events->n_added &&
         (event[n].machine != waiting->sender || event[n].seq != waiting->send_seq))
    n++;
  return n;
}

/* Rows of a table that a commit writes now. */
static int64_t ready(const struct lc_store *s, enum lc_table t) {
  int64_t fit = fitting(&s->part[t]);
  if (t != LC_EVENTS)
    return fit;
  int64_t whole = events_with_messages(s);
  return fit < whole ? fit : whole;
}

void *scratch(struct lc_store *s, size_t bytes) {
  lc_grow(&s->scratch, &s->scratch_bytes, bytes, 1, "a column of the log");
  return s->scratch;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are written as they are");

static void write_bytes(struct lc_store *s, int64_t at, const void *values, size_t bytes,
                        const char *name) {
  const char *from = values;
  while (bytes && !s->h.failed) {
    ssize_t n = pwrite(s->lock_fd, from, bytes, (off_t)at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      s->h.failed = true;
      lc_fail(&s->h.error, LC_EFILE, "%s: cannot write %s: %s", s->path, name,
              n == 0            ? "nothing was written"
              : errno == ENOSPC ? "no space left on the disk"
                                : strerror(errno));
      return;
    }
    from += n;
    at += n;
    bytes -= (size_t)n;
  }
}

/* The next n rows of a column that begins at `column`. */
static void write_rows(struct lc_store *s, const struct part *p, int64_t column, int64_t n,
                       size_t row_bytes, const void *values, const char *name) {
  write_bytes(s, column + (p->first + p->n_written) * (int64_t)row_bytes, values,
              (size_t)n * row_bytes, name);
}

static void write_stamps(struct lc_store *s, struct part *p, int64_t n) {
  size_t all = (size_t)s->clocks->stamp_words;
  for (int32_t c = 0; c < s->clocks->n; c++) {
    size_t words = (size_t)s->clocks->stamp_width[c];
    int64_t *values = scratch(s, (size_t)n * words * sizeof *values);
    for (int64_t i = 0; i < n; i++)
      memcpy(values + (size_t)i * words,
             p->stamps + (size_t)i * all + (size_t)s->clocks->stamp_at[c], words * sizeof *values);
    write_rows(s, p, p->stamp[c], n, words * sizeof *values, values, s->clocks->clock[c]->name);
  }
}

static void write_data(struct lc_store *s, enum lc_table t) {
  struct part *p = &s->part[t];
  int64_t n = ready(s, t);
  if (!n)
    return;
  if (layout_stamped(&s->layout, t))
    write_stamps(s, p, n);
  for (int i = 0; i < p->table->n_column; i++) {
    const struct column *column = &p->table->column[i];
    if (column->filled_later)
      continue;
    void *values = scratch(s, (size_t)n * column_bytes(column->type));
    column_gather(column, p->records, p->table->record_bytes, n, values);
    write_rows(s, p, p->column[i], n, column_bytes(column->type), values, column->name);
  }
}

void write_word(struct lc_store *s, int64_t at, int64_t value, const char *name) {
  write_bytes(s, at, &value, sizeof value, name);
}

void write_counter(struct lc_store *s, int64_t counter, int64_t value, const char *name) {
  write_word(s, counter + lc_transport_rank(s->transport) * (int64_t)sizeof value, value, name);
}

static void move_counter(struct lc_store *s, enum lc_table t) {
  struct part *p = &s->part[t];
  int64_t n = ready(s, t);
  if (!n)
    return;
  write_counter(s, p->counter, p->n_written + n, p->table->n_rows);
  if (s->h.failed)
    return;
  p->n_written += n;
  p->n_added -= n;
  memmove(p->records, p->records + (size_t)n * p->table->record_bytes,
          (size_t)p->n_added * p->table->record_bytes);
  if (layout_stamped(&s->layout, t)) {
    size_t words = (size_t)s->clocks->stamp_words;
    memmove(p->stamps, p->stamps + (size_t)n * words,
            (size_t)p->n_added * words * sizeof *p->stamps);
  }
}

void sync_if_durable(struct lc_store *s) {
  if (s->options.durable && !s->h.failed && fsync(s->lock_fd) != 0) {
    s->h.failed = true;
    lc_fail(&s->h.error, LC_EFILE, "%s: cannot be brought to disk: %s", s->path, strerror(errno));
  }
}

/* A message is on file before the event that sent it, so that no committed send lacks its rows. */
static const enum lc_table commit_order[] = {LC_MESSAGES, LC_EVENTS, LC_QUEUE, LC_CHANNEL};
enum { N_WRITTEN = sizeof commit_order / sizeof *commit_order };

lc_status lc_store_commit(struct lc_store *s, struct lc_error *err) {
  for (int i = 0; i < N_WRITTEN; i++)
    write_data(s, commit_order[i]);
  sync_if_durable(s);
  for (int i = 0; i < N_WRITTEN; i++) {
    move_counter(s, commit_order[i]);
    if (commit_order[i] == LC_MESSAGES)
      sync_if_durable(s); /* a power cut must not keep the events' counter and lose this one */
  }
  return h5_status(&s->h, err);
}
