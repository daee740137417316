#include "mpi_unit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

enum { LONGEST_S = 80, PATH_MOST = 512, MOST_NAMES = 64 };

struct lc_transport *transport;
int32_t rank, n_rank;

static const char *name_of_test = "the start";
static char folder[PATH_MOST];

void check_failed(const char *file, int line, const char *format, ...) {
  char text[1500];
  const char *slash = strrchr(file, '/');
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fprintf(stderr, "FAILED on rank %d of %d: %s:%d: %s: %s\n", rank, n_rank,
          slash ? slash + 1 : file, line, name_of_test, text);
  lc_transport_abort(transport, 1);
}

static void too_long(int signal) {
  char text[256];
  (void)signal;
  int length = snprintf(text, sizeof text, "FAILED on rank %d of %d: %s hangs\n", rank, n_rank,
                        name_of_test);
  if (write(STDERR_FILENO, text, (size_t)length) != length)
    _exit(2);
  _exit(1);
}

void start_ranks(int *argc, char ***argv) {
  struct lc_error err;
  signal(SIGALRM, too_long);
  alarm(LONGEST_S);
  if (lc_transport_open(&transport, argc, argv, &err)) {
    fprintf(stderr, "FAILED: %s\n", err.text);
    exit(1);
  }
  rank = lc_transport_rank(transport);
  n_rank = lc_transport_size(transport);
}

void run_test(void (*test)(void), const char *name) {
  name_of_test = name;
  alarm(LONGEST_S);
  barrier();
  int64_t start = lc_monotonic_ns();
  test();
  barrier();
  if (rank == 0)
    printf("%4lld ms  %s\n", (long long)(lc_monotonic_ns() - start) / 1000000, name);
}

static void remove_folder(void) {
  char path[2 * PATH_MOST];
  DIR *list = opendir(folder);
  if (!list)
    return;
  for (const struct dirent *entry; (entry = readdir(list));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] != '.' && unlink(path) != 0)
      rmdir(path);
  }
  closedir(list);
  rmdir(folder);
}

int end_ranks(void) {
  name_of_test = "the end";
  barrier();
  if (rank == 0 && *folder)
    remove_folder();
  lc_transport_close(transport);
  return 0;
}

static void make_folder(void) {
  const char *where = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/lcmpi-test-XXXXXX", where ? where : "/tmp");
  if (rank == 0)
    check_that(mkdtemp(folder), "%s", strerror(errno));
  lc_broadcast(transport, folder, sizeof folder);
}

const char *in_folder(const char *name) {
  static char path[MOST_NAMES][2 * PATH_MOST];
  int i = 0;
  if (!*folder)
    make_folder();
  size_t length = strlen(folder);
  while (i < MOST_NAMES && *path[i] && strcmp(path[i] + length + 1, name) != 0)
    i++;
  check(i < MOST_NAMES);
  snprintf(path[i], sizeof path[i], "%s/%s", folder, name);
  return path[i];
}
