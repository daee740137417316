/* The live table (or line) on the terminal, and the log lines of a batch job. Under mpirun isatty()
 * lies about stdout and stderr, so the terminal itself is opened. */
#include "lcmpi/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LIVE_MS = 200, LOG_MS = 5000, BAR = 24 };

struct lc_progress {
  int terminal; /* -1: log lines on stderr */
  bool colour;
  int32_t n_vm;
  struct lc_rate rate[LC_TABLE_VMS];
  const char *clock;
  int64_t duration_ns;
  struct lc_rate speed;
  int64_t last_ms;     /* wall time of the last drawing */
  int lines;           /* that the last drawing took */
  int64_t before_ms;   /* for rates: the state some time ago */
  int64_t sent_before; /* -1: nothing was shown yet */
};

static int64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int open_terminal(void) {
  const char *term = getenv("TERM");
  if (!term || strcmp(term, "dumb") == 0)
    return -1;
  signal(SIGTTOU, SIG_IGN); /* drawing from the background does not stop the run */
  return open("/dev/tty", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

struct lc_progress *lc_progress_open(enum lc_progress_mode mode, int32_t n_vm,
                                     const struct lc_rate *rate, const char *clock,
                                     int64_t duration_ns, struct lc_rate speed) {
  if (mode == LC_PROGRESS_NONE)
    return NULL;
  struct lc_progress *p = lc_new(1, sizeof *p, "the display");
  const char *no_colour = getenv("NO_COLOR");
  p->terminal = mode == LC_PROGRESS_LOG ? -1 : open_terminal();
  if (mode == LC_PROGRESS_LIVE && p->terminal < 0)
    p->terminal = dup(STDERR_FILENO); /* asked for: then it must be able to show it */
  p->colour = p->terminal >= 0 && !(no_colour && *no_colour);
  p->n_vm = n_vm;
  for (int32_t v = 0; v < n_vm && n_vm <= LC_TABLE_VMS; v++)
    p->rate[v] = rate[v];
  p->clock = clock;
  p->duration_ns = duration_ns;
  p->speed = speed;
  p->last_ms = wall_ms();
  p->sent_before = -1;
  return p;
}

static const char *paint(const struct lc_progress *p, const char *code) {
  return p->colour ? code : "";
}

static double messages_per_second(struct lc_progress *p, const struct lc_view *view, int64_t now) {
  double seconds = (double)(now - p->before_ms) / 1000;
  double rate = seconds > 0 ? (double)(view->n_sent - p->sent_before) / seconds : 0;
  if (seconds > 3) { /* over the last few seconds, not over a single drawing */
    p->before_ms = now - 1500;
    p->sent_before = view->n_sent - (int64_t)(rate * 1.5);
  }
  return rate;
}

static void write_eta(const struct lc_progress *p, const struct lc_view *view, FILE *to) {
  double left =
      (double)(p->duration_ns - view->t_ns) / 1e9 * (double)p->speed.q / (double)p->speed.p;
  if (left < 0)
    left = 0;
  int64_t seconds = (int64_t)(left + 0.5);
  fprintf(to, "%" PRId64 ":%02" PRId64 " left", seconds / 60, seconds % 60);
}

/* One line that says where the run is; the live display and the log share it. */
static void write_summary(struct lc_progress *p, const struct lc_view *view, int64_t now,
                          FILE *to) {
  char count[LC_QUANTITY_MAX], queued[LC_QUANTITY_MAX], total[LC_QUANTITY_MAX];
  char clock[LC_QUANTITY_MAX];
  int64_t t = view->t_ns < p->duration_ns ? view->t_ns : p->duration_ns;
  fprintf(to, "%.1f of %s  %s events  %s queued  %.1f messages/s  ", (double)t / 1e9,
          lc_print_duration(total, p->duration_ns), lc_print_count(count, view->n_event),
          lc_print_count(queued, view->n_queued), messages_per_second(p, view, now));
  if (p->clock)
    fprintf(to, "%s up to %s  ", p->clock, lc_print_count(clock, view->clock));
  write_eta(p, view, to);
  if (view->n_overrun)
    fprintf(to, "  %s%s ticks over a period late%s", paint(p, "\033[33m"),
            lc_print_count(count, view->n_overrun), paint(p, "\033[0m"));
  if (view->signal)
    fputs("  stopping", to);
}

static void write_bar(const struct lc_progress *p, const struct lc_view *view, FILE *to) {
  double done = p->duration_ns ? (double)view->t_ns / (double)p->duration_ns : 1;
  int full = (int)(done * BAR);
  if (full > BAR)
    full = BAR;
  fprintf(to, "%s", paint(p, "\033[36m"));
  for (int i = 0; i < BAR; i++)
    fputs(i < full ? "#" : "-", to);
  fprintf(to, "%s ", paint(p, "\033[0m"));
}

static int write_table(const struct lc_progress *p, const struct lc_view *view, FILE *to) {
  char rate[LC_QUANTITY_MAX];
  fprintf(to, "%s  vm   ticks/s      ticks  %10s  queue%s\033[K\n", paint(p, "\033[1m"),
          p->clock ? p->clock : "", paint(p, "\033[0m"));
  for (int32_t v = 0; v < p->n_vm; v++) {
    fprintf(to, "%4d  %8s %10" PRId64, v, lc_print_rational(rate, p->rate[v].p, p->rate[v].q),
            view->vm[v].n_tick);
    if (p->clock)
      fprintf(to, "  %10" PRId64, view->vm[v].clock);
    else
      fprintf(to, "  %10s", "");
    int64_t queue = view->vm[v].n_queued;
    fprintf(to, "  %5" PRId64 " %s", queue, paint(p, "\033[33m"));
    for (int64_t i = 0; i < queue && i < 30; i++)
      fputc('=', to);
    fprintf(to, "%s%s\033[K\n", queue > 30 ? ">" : "", paint(p, "\033[0m"));
  }
  return p->n_vm + 1;
}

static int columns_of(int terminal) {
  struct winsize size = {0};
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return size.ws_col;
}

/* The run does not wait for whoever reads this: a terminal that is stopped, or a pipe that is full,
 * misses a drawing. True if all was taken. */
static bool put(int fd, const char *bytes, size_t length) {
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) &&
         write(fd, bytes, length) == (ssize_t)length;
}

static void draw_live(struct lc_progress *p, const struct lc_view *view, int64_t now, FILE *to) {
  if (p->lines)
    fprintf(to, "\033[%dA\r", p->lines);
  fputs("\033[?7l", to); /* what is too long for the terminal is cut, not wrapped */
  p->lines = 1;
  if (p->n_vm <= LC_TABLE_VMS)
    p->lines += write_table(p, view, to);
  if (columns_of(p->terminal) >= 110)
    write_bar(p, view, to);
  write_summary(p, view, now, to);
  fputs("\033[?7h\033[K\n", to);
}

static void write_log_line(struct lc_progress *p, const struct lc_view *view, int64_t now,
                           FILE *to) {
  fputs("lcmpi: ", to);
  write_summary(p, view, now, to);
  fputc('\n', to);
}

void lc_progress_show(struct lc_progress *p, const struct lc_view *view) {
  if (!p)
    return;
  int64_t now = wall_ms();
  if (p->sent_before < 0) { /* a run that goes on had sent some before */
    p->before_ms = now;
    p->sent_before = view->n_sent;
  }
  if (now - p->last_ms < (p->terminal >= 0 ? LIVE_MS : LOG_MS) - 10)
    return;
  p->last_ms = now;
  char *bytes = NULL;
  size_t length = 0;
  FILE *to = open_memstream(&bytes, &length);
  if (!to)
    return;
  bool live = p->terminal >= 0;
  (live ? draw_live : write_log_line)(p, view, now, to);
  fclose(to);
  if (!put(live ? p->terminal : STDERR_FILENO, bytes, length))
    p->lines = 0; /* the next one starts where the cursor is */
  free(bytes);
}

void lc_progress_close(struct lc_progress *p) {
  if (!p)
    return;
  if (p->terminal >= 0) {
    if (p->lines) {
      char clear[32];
      int length = snprintf(clear, sizeof clear, "\033[%dA\r\033[J", p->lines);
      put(p->terminal, clear, (size_t)length);
    }
    close(p->terminal);
  }
  free(p);
}
