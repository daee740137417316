/* MPI's start and end. */
#include "communicator.h"
#include "internal.h"

#include "lcmpi/stop.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool lc_transport_launched(void) {
  static const char *const signs[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE",
                                      "PMI_FD"};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (getenv(signs[i]))
      return true;
  return false;
}

static struct lc_transport *dying; /* the transport whose ranks lc_die() ends */

/* True if it was not cut short by a signal. */
static bool nap(int64_t ms) {
  int64_t until = lc_monotonic_ns() + ms * 1000000;
  lc_sleep_until(until);
  return lc_monotonic_ns() >= until;
}

/* What one rank meets, all may meet at once: the lowest gets the time to speak for all, and to have
 * them ended, which begins with a signal. What it says gets the time to pass the launcher before
 * what MPI_Abort() says; a rank that is alone has nobody to end, and does without that. */
static void end_all_ranks(lc_status status, const char *text) {
  bool alone = dying->size == 1;
  char speaker[32] = "";
  if (!alone)
    snprintf(speaker, sizeof speaker, "rank %d: ", dying->rank);
  if (dying->rank && !nap(500 + 20 * (int64_t)dying->rank) && lc_stop_signal() == SIGTERM)
    _exit(status);
  fprintf(stderr, "lcmpi: %s%s\n", speaker, text);
  fflush(NULL);
  if (alone)
    _exit(status);
  nap(100);
  lc_transport_abort(dying, status);
}

/* More ranks than cores is the normal case here: without yielding to each other they would wait for
 * whole time slices. Where each rank has a core of its own, yielding makes a window three times as
 * long. Open MPI's launcher binds ranks only if no core gets two; not known: shared. */
static bool cores_are_shared(void) {
  const char *ranks_here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  cpu_set_t allowed;
  if (!ranks_here)
    return true;
  if (getenv("OMPI_MCA_orte_bound_at_launch"))
    return false;
  return sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
         strtol(ranks_here, NULL, 10) > CPU_COUNT(&allowed);
}

lc_status lc_transport_open(struct lc_transport **out, int *argc, char ***argv,
                            struct lc_error *err) {
  setenv("OMPI_MCA_mpi_yield_when_idle", cores_are_shared() ? "1" : "0", 0); /* read at the start */
  int provided = 0;
  if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
    return lc_fail(err, LC_EINTERNAL, "MPI could not be started");
  prctl(PR_SET_TIMERSLACK, 1UL); /* sleep until the deadline, not 50 us beyond */
  struct lc_transport *t = lc_new(1, sizeof *t, "the transport");
  MPI_Comm_dup(MPI_COMM_WORLD, &t->control);
  MPI_Comm_dup(MPI_COMM_WORLD, &t->messages);
  MPI_Comm_dup(MPI_COMM_WORLD, &t->files);
  MPI_Comm_set_errhandler(t->control, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(t->messages, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(t->files, MPI_ERRORS_RETURN);
  MPI_Comm_rank(t->control, &t->rank);
  MPI_Comm_size(t->control, &t->size);
  t->round = MPI_REQUEST_NULL;
  t->round_op = MPI_OP_NULL;
  t->round_type = MPI_DATATYPE_NULL;
  dying = t;
  lc_set_die_hook(end_all_ranks);
  *out = t;
  return LC_OK;
}

void lc_transport_close(struct lc_transport *t) {
  transport_stop_listening(t);
  transport_round_free(t);
  transport_exchange_free(t);
  MPI_Comm_free(&t->control);
  MPI_Comm_free(&t->messages);
  MPI_Comm_free(&t->files);
  lc_set_die_hook(NULL);
  dying = NULL;
  free(t->hosts);
  free(t->host_names);
  free(t);
  MPI_Finalize();
}

void lc_transport_abort(struct lc_transport *t, int exit_code) {
  fflush(NULL);
  MPI_Abort(t->control, exit_code);
  _exit(exit_code);
}

int32_t lc_transport_rank(const struct lc_transport *t) {
  return t->rank;
}

int32_t lc_transport_size(const struct lc_transport *t) {
  return t->size;
}

MPI_Comm transport_files(const struct lc_transport *t) {
  return t->files;
}

const char *lc_transport_library(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  text[strcspn(text, ",\n")] = '\0';
  return text;
}
