/* Opening and closing the file of a run on all ranks. The parallel open and close are the only
 * collective calls; everything else is independent raw data. */
#include "resume.h"
#include "writer.h"

#include "../transport/communicator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the rows of a contiguous column begin in the file. */
static int64_t place_of(struct lc_store *s, const char *path) {
  hid_t dataset = s->h.failed ? -1 : H5Dopen2(s->h.file, path, H5P_DEFAULT);
  if (!h5_ok(&s->h, dataset, "open", path))
    return -1;
  haddr_t place = H5Dget_offset(dataset);
  H5Dclose(dataset);
  return place == HADDR_UNDEF ? -1 : (int64_t)place;
}

static hid_t open_column(struct lc_store *s, const char *path) {
  if (s->h.failed)
    return -1;
  hid_t dataset = H5Dopen2(s->h.file, path, H5P_DEFAULT);
  h5_ok(&s->h, dataset, "open", path);
  return dataset;
}

static void open_part(struct lc_store *s, int t) {
  char path[PATH_BYTES];
  struct part *p = &s->part[t];
  int32_t rank = lc_transport_rank(s->transport);
  p->table = &lc_tables[t];
  p->first = s->layout.first[t][rank];
  p->room = s->layout.rows[t][rank];
  if (t >= LC_ABANDONED_EVENTS) /* written when the file is made, never by a run */
    return;
  lc_assert(p->table->n_column <= MAX_COLUMNS);
  for (int i = 0; i < p->table->n_column; i++)
    if (!p->table->column[i].filled_later)
      p->column[i] = place_of(s, column_path(path, p->table->group, p->table->column[i].name));
  for (int32_t c = 0; c < s->clocks->n && layout_stamped(&s->layout, t); c++)
    p->stamp[c] = place_of(s, stamp_path(path, p->table->group, s->clocks->clock[c]->name));
  p->counter = place_of(s, column_path(path, "/commit", p->table->n_rows));
}

static void open_all(struct lc_store *s) {
  char path[PATH_BYTES];
  for (int t = 0; t < LC_N_TABLE; t++)
    open_part(s, t);
  for (int i = 0; i < lc_n_state_column; i++)
    s->state[i] = open_column(s, column_path(path, "/snapshots", lc_state_columns[i].name));
  for (int32_t c = 0; c < s->clocks->n; c++) {
    const struct lc_clock *clock = s->clocks->clock[c];
    s->state_stamp[c] = open_column(s, stamp_path(path, "/snapshots", clock->name));
    s->state_jump[c] = clock->value ? open_column(s, state_jump_path(path, clock->name)) : -1;
  }
  for (int i = 0; i < lc_n_cost_column; i++)
    s->cost[i] = place_of(s, column_path(path, "/snapshots/cost", lc_cost_columns[i].name));
  for (int32_t i = 0; i < 2 + s->clocks->n; i++)
    s->cut_digest[i] = place_of(
        s, cut_digest_path(path, i < 2 ? i : 2, i < 2 ? NULL : s->clocks->clock[i - 2]->name));
  s->n_snapshots = place_of(s, "/commit/n_snapshots");
  s->n_final = place_of(s, "/commit/n_final");
}

/* Every rank must look at the file that rank 0 made under this name, not at another of the same
 * name, or at none. */
static lc_status check_same_file(struct lc_store *s, const char *name, struct lc_error *err) {
  struct stat file;
  int64_t mine[2] = {-1, -1}, theirs[2];
  if (stat(name, &file) == 0) {
    mine[0] = (int64_t)file.st_ino;
    mine[1] = (int64_t)file.st_size;
  }
  memcpy(theirs, mine, sizeof theirs);
  lc_broadcast(s->transport, theirs, sizeof theirs);
  lc_status status = LC_OK;
  if (memcmp(mine, theirs, sizeof mine) != 0)
    status = lc_fail(err, LC_EFILE,
                     "%s: rank %d does not see the file that rank 0 created: choose a folder that "
                     "all hosts share",
                     s->path, lc_transport_rank(s->transport));
  return lc_agree(s->transport, status, err);
}

static bool on_several_hosts(struct lc_transport *transport) {
  const struct lc_host *hosts;
  const char *names;
  lc_transport_hosts(transport, &hosts, &names);
  for (int32_t r = 0; r < lc_transport_size(transport); r++)
    if (hosts[r].host > 0)
      return true;
  return false;
}

/* Hosts that do not share the folder are found out by a file under the temporary name, before any
 * file is made or replaced. Collective. */
static lc_status check_shared_folder(struct lc_store *s, struct lc_error *err) {
  if (!on_several_hosts(s->transport))
    return LC_OK;
  bool first = lc_transport_rank(s->transport) == 0;
  struct new_file probe;
  lc_status begun = first ? place_begin(&probe, s->path, err) : LC_OK;
  lc_status status = lc_agree(s->transport, begun, err);
  char *name = lc_format("%s.tmp", s->path);
  if (!status)
    status = check_same_file(s, name, err);
  free(name);
  if (first && !begun)
    place_abandon(&probe);
  return status;
}

static void open_parallel(struct lc_store *s) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_fapl_mpio(access, transport_files(s->transport), MPI_INFO_NULL);
  s->h = (struct h5){.path = s->path, .file = H5Fopen(s->path, H5F_ACC_RDWR, access)};
  h5_ok(&s->h, s->h.file, "open", "");
  H5Pclose(access);
  if (!s->h.failed)
    open_all(s);
}

/* Collective: the file as it stands under its name now. A rank that holds it already goes on. */
lc_status open_store(struct lc_store *s, struct lc_error *err) {
  lc_status status = s->lock_fd < 0 ? place_hold(s->path, &s->lock_fd, err) : LC_OK;
  status = lc_agree(s->transport, status, err);
  if (!status)
    status = check_same_file(s, s->path, err);
  if (status)
    return status;
  open_parallel(s);
  return lc_agree(s->transport, h5_status(&s->h, err), err);
}

/* What all ranks must know of what is taken over: where it lies in the new file. */
static void share_past(struct lc_store *s, const struct resume *resume) {
  int32_t n_rank = s->layout.n_rank, rank = lc_transport_rank(s->transport);
  int32_t flags[2] = {0};
  int64_t *copied = lc_new((size_t)n_rank, sizeof *copied, "going on from a file");
  if (resume) {
    resume_make_room(resume, &s->layout);
    flags[0] = s->layout.abandoned;
    flags[1] = s->layout.n_segment;
  }
  lc_broadcast(s->transport, flags, sizeof flags);
  s->layout.abandoned = flags[0];
  s->layout.n_segment = flags[1];
  for (int t = 0; t < LC_N_TABLE; t++) {
    for (int32_t r = 0; r < n_rank && resume; r++)
      copied[r] = resume_rows(resume, t, r);
    lc_broadcast(s->transport, copied, (size_t)n_rank * sizeof *copied);
    lc_broadcast(s->transport, s->layout.rows[t], (size_t)n_rank * sizeof *copied);
    s->part[t].n_written = copied[rank];
  }
  layout_place(&s->layout, LC_REGION_ROWS);
  free(copied);
}

/* A file for a new run, or for one that goes on; by all ranks. */
static lc_status make_file(struct lc_store *s, const struct lc_store_plan *plan,
                           struct lc_error *err) {
  bool first = lc_transport_rank(s->transport) == 0;
  struct resume *resume = NULL;
  lc_status status = LC_OK;
  if (plan->past_path) {
    if (first)
      status = resume_begin(&resume, plan, s->path, err);
    status = lc_agree(s->transport, status, err);
    if (status == LC_OK)
      share_past(s, resume);
  }
  if (!status && first)
    status = create_file(s->path, plan, &s->layout, s->options.force, resume, &s->lock_fd, err);
  if (resume)
    resume_end(resume);
  if (!status && plan->past_path && first)
    lc_restart_release(plan->restart);
  return lc_agree(s->transport, status, err);
}

lc_status lc_store_create(struct lc_store **out, const char *path, const struct lc_store_plan *plan,
                          struct lc_store_options options, struct lc_transport *transport,
                          struct lc_error *err) {
  h5_quiet();
  struct lc_store *s = lc_new(1, sizeof *s, "the store");
  s->path = place_resolve(path);
  s->transport = transport;
  s->clocks = plan->clocks;
  s->options = options;
  s->lock_fd = -1;
  s->h.file = -1;
  layout_from_plan(&s->layout, plan);
  s->first_vm = plan->first_vm;
  s->n_vm = plan->n_own;
  lc_status status = check_shared_folder(s, err);
  if (!status)
    status = make_file(s, plan, err);
  if (!status)
    status = open_store(s, err);
  *out = s;
  if (status) {
    struct lc_error ignored;
    lc_store_close(s, true, &ignored);
    *out = NULL;
  }
  return status;
}

static void close_columns(struct lc_store *s) {
  for (int i = 0; i < lc_n_state_column; i++)
    H5Dclose(s->state[i]);
  for (int32_t c = 0; c < s->clocks->n; c++) {
    H5Dclose(s->state_stamp[c]);
    if (s->state_jump[c] >= 0)
      H5Dclose(s->state_jump[c]);
  }
}

/* Closes what is open in HDF5; nothing is dirty, since only raw data was written. */
lc_status close_parallel(struct lc_store *s, struct lc_error *err) {
  bool failed = s->h.failed;
  close_columns(s);
  herr_t code = H5Fclose(s->h.file);
  s->h.file = -1;
  if (code < 0 && !failed)
    h5_ok(&s->h, code, "close", "");
  if (s->options.durable && fsync(s->lock_fd) != 0 && !s->h.failed)
    return lc_fail(err, LC_EFILE, "%s: cannot be brought to disk: %s", s->path, strerror(errno));
  return h5_status(&s->h, err);
}

lc_status lc_store_close(struct lc_store *s, bool lost, struct lc_error *err) {
  lc_status status = LC_OK;
  if (!lost && s->h.file >= 0)
    status = close_parallel(s, err);
  if (s->lock_fd >= 0)
    close(s->lock_fd);
  for (int t = 0; t < LC_N_TABLE; t++) {
    free(s->part[t].records);
    free(s->part[t].stamps);
  }
  layout_free(&s->layout);
  free(s->scratch);
  free(s->path);
  free(s);
  return status;
}
