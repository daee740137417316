/* clock.h: logical clocks as one table of operations each, and sets of clocks that run side by side
 * on one execution. A clock stamps what a VM does and never changes it.
 *
 * A clock has a *state* at each VM and gives each event a *stamp*; both are arrays of int64_t whose
 * length depends only on the number of VMs. The stamp of a send event travels with its messages.
 *
 * To add a clock to lcmpi: one file in src/clock/ that ends in one `const struct lc_clock
 * lc_clock_NAME`, and NAME in LCMPI_CLOCKS in CMakeLists.txt. Help, the conformance suite, the HDF5
 * file, the verifier and the plots follow from the table. A program that links the core brings
 * clocks of its own by lc_clock_register(). All functions here are Local. */
#ifndef LCMPI_CLOCK_H
#define LCMPI_CLOCK_H

#include "lcmpi/base.h"

/* Where a clock runs, and what it may read there. */
struct lc_clock_site {
  int32_t self;        /* the VM, 0..n_vm-1 */
  int32_t n_vm;        /* of the whole system */
  int64_t physical_ns; /* the VM's own physical clock, >= 0 */
};

enum lc_order { LC_EQUAL, LC_BEFORE, LC_AFTER, LC_CONCURRENT };

/* How two stamps are compared by somebody who knows only the file: SCALAR, the first word as a
 * number; VECTOR, a < b iff no word of a is greater and one is smaller. */
enum lc_clock_order { LC_ORDER_SCALAR, LC_ORDER_VECTOR };

enum { LC_CLOCK_NAME_MAX = 63 };

struct lc_clock {
  /* On the command line and in the file: of a-z, 0-9 and -, a letter first, at most
   * LC_CLOCK_NAME_MAX characters, and not "help". */
  const char *name;
  const char *summary; /* one line for --clock help */
  const char *promise; /* one line: what holds between happened-before and the stamps */
  enum lc_clock_order order;
  bool characterizes; /* C(a) < C(b) implies a -> b, not only the other way round */
  /* NULL, or of a clock that is known to break its promise: one line that says what is wrong with
   * it. The conformance suite must find it out, and the verifier says it beside what it found. */
  const char *fault;

  int32_t (*stamp_words)(int32_t n_vm);
  /* Optional: words of state, at least 1; without it, those of the stamp. */
  int32_t (*state_words)(int32_t n_vm);
  /* Optional: the state before the first event; without it, all words are 0. */
  void (*init)(int64_t *state, const struct lc_clock_site *site);
  /* Optional: what a tick does before its first event. */
  void (*tick)(int64_t *state, const struct lc_clock_site *site);
  /* The rules of an internal event, a send, and a receive of a message that carries `stamp`. */
  void (*local)(int64_t *state, const struct lc_clock_site *site);
  void (*send)(int64_t *state, const struct lc_clock_site *site);
  void (*receive)(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site);
  /* Optional: the stamp of the event that just happened; without it, the first words of state. */
  void (*stamp)(const int64_t *state, const struct lc_clock_site *site, int64_t *stamp);
  enum lc_order (*compare)(const int64_t *a, const int64_t *b, int32_t n_vm);
  /* Optional: the one number to show and to plot for a stamp; without it the clock has none. */
  int64_t (*value)(const int64_t *stamp);
  /* Optional: a stamp in a message, at most wire_bytes(n_vm) long; encode returns the length,
   * decode the number of bytes read, or 0 if they are not a stamp. Without them: little-endian. */
  size_t (*wire_bytes)(int32_t n_vm);
  size_t (*encode)(const int64_t *stamp, int32_t n_vm, unsigned char *to);
  size_t (*decode)(int64_t *stamp, int32_t n_vm, const unsigned char *from, size_t length);
  /* For people: writes at most `size` bytes with the final zero. */
  void (*print)(char *to, size_t size, const int64_t *stamp, int32_t n_vm);
};

/* Every clock of this build, in the order of the list in CMakeLists.txt. */
extern const struct lc_clock *const lc_clocks[];
extern const size_t lc_n_clock;

/* What a table lacks to be a clock, as words behind "lacks", or NULL. */
const char *lc_clock_lacks(const struct lc_clock *clock);
/* Makes a clock from outside known by its name, for as long as the process lives; it is not copied.
 * Its rules are lc_clock_conformance()'s to judge. LC_EUSAGE, and nothing has changed, if it lacks
 * something or its name is taken. Not while another thread is here or looks a clock up. */
lc_status lc_clock_register(const struct lc_clock *clock, struct lc_error *err);
/* The i-th clock: those of this build, then those that were registered; NULL beyond the last. */
const struct lc_clock *lc_clock_at(size_t i);
/* The clock of that name, or NULL. */
const struct lc_clock *lc_clock_find(const char *name);

/* compare() for clocks that order their stamps in one of the two common ways. */
enum lc_order lc_compare_scalar(const int64_t *a, const int64_t *b, int32_t n_vm);
enum lc_order lc_compare_vector(const int64_t *a, const int64_t *b, int32_t n_vm);

/* The wire form of `stamp`, with the clock's own functions or the common ones. */
size_t lc_clock_wire_bytes(const struct lc_clock *clock, int32_t n_vm);
size_t lc_clock_encode(const struct lc_clock *clock, const int64_t *stamp, int32_t n_vm,
                       unsigned char *to);
size_t lc_clock_decode(const struct lc_clock *clock, int64_t *stamp, int32_t n_vm,
                       const unsigned char *from, size_t length);

/* ---- several clocks side by side ------------------------------------------------------------ */

enum { LC_MAX_CLOCKS = 16 };

/* The states of all clocks of one VM lie in one array of `state_words`, the stamps of one event in
 * one array of `stamp_words`; clock c begins at its offset in each. */
struct lc_clock_set {
  int32_t n, n_vm;
  const struct lc_clock *clock[LC_MAX_CLOCKS];
  int32_t state_at[LC_MAX_CLOCKS], stamp_at[LC_MAX_CLOCKS];
  int32_t stamp_width[LC_MAX_CLOCKS];
  int32_t state_words, stamp_words;
  size_t wire_bytes; /* the most that all stamps of one message take */
  bool ticks;        /* some clock does something at the beginning of a tick */
};

/* An empty set for n_vm machines. */
void lc_clock_set_init(struct lc_clock_set *set, int32_t n_vm);
/* Adds one clock. LC_EUSAGE if it is there already or the set is full. */
lc_status lc_clock_set_add(struct lc_clock_set *set, const struct lc_clock *clock,
                           struct lc_error *err);
/* Adds the clocks of a list such as "lamport,vector". LC_EUSAGE for an unknown name. */
lc_status lc_clock_set_parse(struct lc_clock_set *set, const char *list, struct lc_error *err);
/* The first clock of the set that has a value(), or -1. */
int32_t lc_clock_set_shown(const struct lc_clock_set *set);
/* The first clock of the set that keeps more than its stamps tell, so that a run with it cannot go
 * on from a file; or NULL. */
const struct lc_clock *lc_clock_set_untold(const struct lc_clock_set *set);

void lc_clock_set_start(const struct lc_clock_set *set, int64_t *state,
                        const struct lc_clock_site *site);
/* The beginning of a tick. */
void lc_clock_set_tick(const struct lc_clock_set *set, int64_t *state,
                       const struct lc_clock_site *site);
/* One event under every clock's rule; `stamps` receives the stamps of the event. */
void lc_clock_set_local(const struct lc_clock_set *set, int64_t *state,
                        const struct lc_clock_site *site, int64_t *stamps);
void lc_clock_set_send(const struct lc_clock_set *set, int64_t *state,
                       const struct lc_clock_site *site, int64_t *stamps);
void lc_clock_set_receive(const struct lc_clock_set *set, int64_t *state, const int64_t *message,
                          const struct lc_clock_site *site, int64_t *stamps);
size_t lc_clock_set_encode(const struct lc_clock_set *set, const int64_t *stamps,
                           unsigned char *to);
/* False if the bytes are not the stamps of this set. */
bool lc_clock_set_decode(const struct lc_clock_set *set, int64_t *stamps, const unsigned char *from,
                         size_t length);

/* ---- conformance ------------------------------------------------------------------------------
 */

/* Runs `clock` over randomised histories of 1 to 9 VMs, drawn from `seed`, beside a happened-before
 * computed from program order and messages alone, and checks all that its table declares: monotone
 * along a process; a receive dominates its send; compare() is consistent with itself, with the
 * declared order and with happened-before; encode and decode are inverse and within wire_bytes();
 * nothing is written outside the declared words. A clock with a `fault` must pass all but what is
 * against happened-before, and must not pass that. LC_EVERIFY with the first breach in *err. */
lc_status lc_clock_conformance(const struct lc_clock *clock, uint64_t seed, struct lc_error *err);

#endif
