/* What is written once in a while: states of all VMs, and at the end totals, balance and the mark.
 */
#include "writer.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* VMs [first, first + n) of this rank. */
struct span {
  int32_t first, n;
};

static void write_state_column(struct lc_store *s, int i, int32_t index, struct span vms,
                               const struct lc_state *state) {
  const struct column *column = &lc_state_columns[i];
  hsize_t start[3] = {(hsize_t)s->first_vm + (hsize_t)vms.first, (hsize_t)index, 0};
  hsize_t count[3] = {(hsize_t)vms.n, 1, 1};
  void *values = scratch(s, (size_t)vms.n * column_bytes(column->type));
  column_gather(column, state, sizeof *state, vms.n, values);
  h5_transfer_block(&s->h, true, s->state[i], memory_type(column->type), start, count, values,
                    column->name);
}

static int64_t *stamps_of_clock(struct lc_store *s, int32_t c, int32_t n, const int64_t *stamps) {
  size_t words = (size_t)s->clocks->stamp_width[c], all = (size_t)s->clocks->stamp_words;
  int64_t *values = scratch(s, (size_t)n * words * sizeof *values);
  for (size_t i = 0; i < (size_t)n; i++)
    memcpy(values + i * words, stamps + i * all + (size_t)s->clocks->stamp_at[c],
           words * sizeof *values);
  return values;
}

static int64_t *jumps_of_clock(struct lc_store *s, int32_t c, int32_t n, const int64_t *jump_max) {
  int64_t *values = scratch(s, (size_t)n * sizeof *values);
  for (int32_t i = 0; i < n; i++)
    values[i] = jump_max[i * s->clocks->n + c];
  return values;
}

lc_status lc_store_states(struct lc_store *s, int32_t index, int32_t first, int32_t n,
                          const struct lc_state *state, const int64_t *stamps,
                          const int64_t *jump_max, struct lc_error *err) {
  for (int32_t c = 0; c < s->clocks->n; c++) {
    hsize_t start[3] = {(hsize_t)s->first_vm + (hsize_t)first, (hsize_t)index, 0};
    hsize_t count[3] = {(hsize_t)n, 1, (hsize_t)s->clocks->stamp_width[c]};
    h5_transfer_block(&s->h, true, s->state_stamp[c], H5T_NATIVE_INT64, start, count,
                      stamps_of_clock(s, c, n, stamps), "stamps of a snapshot");
    count[2] = 1;
    if (s->state_jump[c] >= 0)
      h5_transfer_block(&s->h, true, s->state_jump[c], H5T_NATIVE_INT64, start, count,
                        jumps_of_clock(s, c, n, jump_max), "jumps of a snapshot");
  }
  for (int i = 0; i < lc_n_state_column; i++)
    write_state_column(s, i, index, (struct span){first, n}, state);
  return h5_status(&s->h, err);
}

lc_status lc_store_cut(struct lc_store *s, int32_t index, const struct lc_cut_cost *cost,
                       const struct lc_digest *digest, struct lc_error *err) {
  int64_t item = lc_transport_rank(s->transport) * (int64_t)s->layout.n_snapshot + index;
  int64_t at = item * (int64_t)sizeof(int64_t);
  for (int i = 0; i < lc_n_cost_column; i++) {
    int64_t value;
    memcpy(&value, (const char *)cost + lc_cost_columns[i].offset, sizeof value);
    write_word(s, s->cost[i] + at, value, lc_cost_columns[i].name);
  }
  for (int32_t i = 0; i < 2 + s->clocks->n; i++) {
    uint64_t part = i == 0 ? digest->execution : i == 1 ? digest->snapshots : digest->clock[i - 2];
    write_word(s, s->cut_digest[i] + at, (int64_t)part, "a digest");
  }
  return h5_status(&s->h, err);
}

lc_status lc_store_states_done(struct lc_store *s, int32_t index, struct lc_error *err) {
  sync_if_durable(s);
  if (index == s->layout.n_snapshot - 1)
    write_counter(s, s->n_final, 1, "n_final");
  else
    write_counter(s, s->n_snapshots, index + 1, "n_snapshots");
  return h5_status(&s->h, err);
}

/* Opens and writes rows of one of the root's columns, which are used once only. */
static void write_total(struct lc_store *s, const char *path, hid_t type, struct span vms,
                        const void *values) {
  h5_write_rows(&s->h, path, type, (hsize_t)s->first_vm + (hsize_t)vms.first, (hsize_t)vms.n,
                values);
}

static void write_counts(struct lc_store *s, struct span vms, const struct lc_vm_totals *totals) {
  char path[PATH_BYTES];
  int64_t *values = lc_new((size_t)vms.n, sizeof *values, "the totals");
  for (int k = 0; k < n_vm_constant; k++) {
    if (vm_constants[k].total < 0)
      continue;
    for (int32_t i = 0; i < vms.n; i++)
      memcpy(&values[i], (const char *)&totals[i] + vm_constants[k].total, sizeof *values);
    write_total(s, column_path(path, "/", vm_constants[k].name), H5T_NATIVE_INT64, vms, values);
  }
  free(values);
}

/* A clock starts at 0: its last value is the sum of its jumps. */
static void write_jumps(struct lc_store *s, int32_t c, struct span vms,
                        const struct lc_vm_totals *totals, const int64_t *stamps,
                        const int64_t *jump_max) {
  char path[PATH_BYTES];
  const struct lc_clock *clock = s->clocks->clock[c];
  size_t n = (size_t)vms.n, all = (size_t)s->clocks->stamp_words;
  int64_t *largest = lc_new(n, sizeof *largest, "the totals");
  double *mean = lc_new(n, sizeof *mean, "the totals");
  for (size_t i = 0; i < n; i++) {
    int64_t last = clock->value(stamps + i * all + (size_t)s->clocks->stamp_at[c]);
    largest[i] = jump_max[i * (size_t)s->clocks->n + (size_t)c];
    mean[i] = totals[i].n_event ? (double)last / (double)totals[i].n_event : 0;
  }
  snprintf(path, sizeof path, "/%s_jump_max", clock->name);
  write_total(s, path, H5T_NATIVE_INT64, vms, largest);
  snprintf(path, sizeof path, "/%s_jump_mean", clock->name);
  write_total(s, path, H5T_NATIVE_DOUBLE, vms, mean);
  free(largest);
  free(mean);
}

lc_status lc_store_totals(struct lc_store *s, int32_t first, int32_t n,
                          const struct lc_vm_totals *totals, const int64_t *stamps,
                          const int64_t *jump_max, struct lc_error *err) {
  char path[PATH_BYTES];
  struct span vms = {first, n};
  write_counts(s, vms, totals);
  for (int32_t c = 0; c < s->clocks->n; c++) {
    snprintf(path, sizeof path, "/final_%s", s->clocks->clock[c]->name);
    write_total(s, path, H5T_NATIVE_INT64, vms, stamps_of_clock(s, c, n, stamps));
    if (s->clocks->clock[c]->value)
      write_jumps(s, c, vms, totals, stamps, jump_max);
  }
  return h5_status(&s->h, err);
}

lc_status lc_store_prediction(struct lc_store *s, int32_t first, int32_t n,
                              const struct lc_prediction *prediction, int64_t t_end,
                              struct lc_error *err) {
  static const char *const path[] = {"/predicted_arrivals", "/predicted_queue", "/predicted_clock"};
  double *value = lc_new((size_t)n, sizeof *value, "the prediction");
  for (int k = 0; k < 3; k++) {
    for (int32_t i = 0; i < n; i++)
      value[i] = k == 0   ? prediction[i].arrivals
                 : k == 1 ? lc_predicted_queue(&prediction[i], t_end)
                          : lc_predicted_clock(&prediction[i], t_end);
    write_total(s, path[k], H5T_NATIVE_DOUBLE, (struct span){first, n}, value);
  }
  free(value);
  return h5_status(&s->h, err);
}

static void write_digest(struct lc_store *s, const struct lc_digest *digest) {
  char path[PATH_BYTES];
  h5_write_all(&s->h, digest_path(path, 0, NULL), H5T_NATIVE_UINT64, &digest->execution);
  h5_write_all(&s->h, digest_path(path, 1, NULL), H5T_NATIVE_UINT64, &digest->snapshots);
  for (int32_t c = 0; c < s->clocks->n; c++)
    h5_write_all(&s->h, digest_path(path, 2, s->clocks->clock[c]->name), H5T_NATIVE_UINT64,
                 &digest->clock[c]);
}

lc_status lc_store_end(struct lc_store *s, enum lc_run_state state, int64_t t_end,
                       const struct lc_balance *balance, const struct lc_digest *digest,
                       struct lc_error *err) {
  if (lc_transport_rank(s->transport) != 0)
    return LC_OK;
  uint8_t byte = (uint8_t)state;
  const int64_t words[5] = {balance->sent, balance->received, balance->queued, balance->in_flight,
                            balance->lost};
  char path[PATH_BYTES];
  if (state == LC_RUN_FAILED) /* the disk may have taken this much: it needs no new space */
    s->h.failed = false;
  for (int i = 0; i < 5; i++)
    h5_write_all(&s->h, column_path(path, "/balance", balance_names[i]), H5T_NATIVE_INT64,
                 &words[i]);
  write_digest(s, digest);
  if (state != LC_RUN_FAILED) {
    hsize_t last = (hsize_t)s->layout.n_snapshot - 1;
    h5_write_rows(&s->h, "/snapshots/t", H5T_NATIVE_INT64, last, 1, &t_end);
  }
  h5_write_all(&s->h, "/commit/t_end", H5T_NATIVE_INT64, &t_end);
  sync_if_durable(s);
  h5_write_all(&s->h, "/commit/state", H5T_NATIVE_UINT8, &byte);
  return h5_status(&s->h, err);
}
