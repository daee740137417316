/* go_on leave FILE: leaves a file as a kill does; go_on FILE: makes the file in which that run goes
 * on, in its place. For those who look at what is written when. */
#include "model.h"
#include "mpi_unit.h"

static struct lc_error err;

static void leave(const struct model *m, const char *path) {
  struct lc_store *store = model_create(m, path, 100, (struct lc_store_options){0});
  model_write_rows(m, store);
  model_write_snapshot(m, store, 0);
  model_write_left(m, store, 1);
  model_close(store);
}

static void go_on(struct model *m, const char *path) {
  struct lc_restart restart;
  struct lc_store *store = NULL;
  int64_t *rows = lc_new((size_t)n_rank, sizeof *rows, "a test");
  model_spread(m, n_rank, true);
  check_ok(lc_store_restart(path, -1, rank == 0, &restart, &err), err);
  struct lc_store_plan plan = model_plan(m, rows);
  plan.past_path = path;
  plan.restart = &restart;
  plan.keep_abandoned = true;
  check_ok(lc_store_create(&store, path, &plan, (struct lc_store_options){0}, transport, &err),
           err);
  model_close(store);
  model_check_cut(m, path, 0, 1);
  free(rows);
}

int main(int argc, char **argv) {
  struct model m;
  start_ranks(&argc, &argv);
  check(argc > 1);
  model_init(&m, 0);
  if (argc > 2)
    leave(&m, argv[2]);
  else
    go_on(&m, argv[1]);
  model_free(&m);
  return end_ranks();
}
