/* The group /server of a run with --route server: what it did, and what it cost. */
#include "store_internal.h"
#include "writer.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define FIGURE(field) (ptrdiff_t) offsetof(struct lc_server_figures, field)

static const struct {
  const char *name, *units, *long_name;
  ptrdiff_t at; /* in struct lc_server_figures */
} figures[] = {
    {"clock", "1", "the server's own Lamport clock at the end", FIGURE(clock)},
    {"n_refresh", "1", "requests for a VM's next message", FIGURE(n_served[LC_REFRESH])},
    {"n_submit", "1", "messages that VMs handed in", FIGURE(n_served[LC_SUBMIT])},
    {"n_report", "1", "receives that VMs reported", FIGURE(n_served[LC_REPORT])},
    {"busy", "ns", "time in which the server served", FIGURE(busy_ns)},
    {"waiting", "ns", "time that all requests together waited for it", FIGURE(waiting_ns)},
    {"waiting_max", "ns", "longest time that a request waited", FIGURE(waiting_most_ns)},
    {"line_max", "1", "most requests at the server at once", FIGURE(line_most)},
    {"inbox_max", "1", "most messages in one inbox at once", FIGURE(inbox_most)},
    {"t_idle", "ns", "when the server had served the last request", FIGURE(t_idle)},
};
enum { N_FIGURE = sizeof figures / sizeof *figures };

static const char *latency_path(char out[PATH_BYTES], int kind) {
  snprintf(out, PATH_BYTES, "/server/latency_%s", lc_request_name(kind));
  return out;
}

void service_each(const struct layout *layout, service_dataset *visit, void *context) {
  char path[PATH_BYTES];
  for (int i = 0; i < N_FIGURE; i++)
    visit(context, column_path(path, "/server", figures[i].name), COLUMN_I64, 1);
  for (int k = 0; k < LC_N_REQUEST; k++)
    visit(context, latency_path(path, k), COLUMN_I64, LC_HISTOGRAM_BINS);
  visit(context, "/server/n_skipped", COLUMN_I64, layout->n_vm);
}

static void build(struct h5 *h, const char *path, const struct h5_shape *shape, const char *units,
                  const char *long_name, int64_t n) {
  h5_dataset(h, path, file_type(COLUMN_I64), shape, 0);
  layout_describe(h, path, units, long_name);
  write_zeros(h, path, COLUMN_I64, n);
}

void service_build(const struct layout *layout, struct h5 *h) {
  char path[PATH_BYTES];
  struct h5_shape scalar = {.rank = 0}, bins = {1, {LC_HISTOGRAM_BINS}, {"/server/bin"}};
  struct h5_shape vms = {1, {(hsize_t)layout->n_vm}, {"/vm"}};
  int64_t *middle = lc_new(LC_HISTOGRAM_BINS, sizeof *middle, "the bins of a histogram");
  h5_group(h, "/server");
  h5_set_text(h, "/server", "title", "the central server that kept the inboxes of all VMs");
  for (int i = 0; i < N_FIGURE; i++)
    build(h, column_path(path, "/server", figures[i].name), &scalar, figures[i].units,
          figures[i].long_name, 1);
  h5_dimension(h, "/server/bin", LC_HISTOGRAM_BINS);
  build(h, "/server/bin_time", &bins, "ns", "middle of the bin", LC_HISTOGRAM_BINS);
  for (int i = 0; i < LC_HISTOGRAM_BINS; i++)
    middle[i] = lc_histogram_middle(i);
  h5_write_all(h, "/server/bin_time", H5T_NATIVE_INT64, middle);
  free(middle);
  for (int k = 0; k < LC_N_REQUEST; k++)
    build(h, latency_path(path, k), &bins, "1",
          k == LC_REPORT ? "reports by the time until they had been served"
                         : "requests by the time until their reply came",
          LC_HISTOGRAM_BINS);
  build(h, "/server/n_skipped", &vms, "1", "ticks of the machine that were skipped", layout->n_vm);
}

static void write_figures(struct lc_store *s, const struct lc_service *service) {
  char path[PATH_BYTES];
  for (int i = 0; i < N_FIGURE; i++)
    h5_write_all(&s->h, column_path(path, "/server", figures[i].name), H5T_NATIVE_INT64,
                 (const char *)&service->figures + figures[i].at);
  for (int k = 0; k < LC_N_REQUEST; k++)
    h5_write_all(&s->h, latency_path(path, k), H5T_NATIVE_INT64, service->latency[k].count);
}

lc_status lc_store_service(struct lc_store *s, const struct lc_service *service,
                           const struct lc_vms *vms, struct lc_error *err) {
  if (lc_transport_rank(s->transport) == 0)
    write_figures(s, service);
  h5_write_rows(&s->h, "/server/n_skipped", H5T_NATIVE_INT64, (hsize_t)vms->first, (hsize_t)vms->n,
                vms->skipped);
  return h5_status(&s->h, err);
}
