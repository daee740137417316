/* The conformance suite: every clock of this build passes it, and clocks that are broken in one way
 * each fail it with a text that names that way. Were a check missing in the suite, a broken clock
 * would pass. */
#include "unit.h"

#include "lcmpi/clock.h"

/* ---- sound parts, to be replaced one at a time ----------------------------------------------- */

static int32_t one_word(int32_t n_vm) {
  (void)n_vm;
  return 1;
}

static int32_t two_words(int32_t n_vm) {
  (void)n_vm;
  return 2;
}

static int32_t word_per_vm(int32_t n_vm) {
  return n_vm;
}

static void advance(int64_t *state, const struct lc_clock_site *site) {
  (void)site;
  state[0]++;
}

static void receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  (void)site;
  state[0] = (stamp[0] > state[0] ? stamp[0] : state[0]) + 1;
}

static void advance_own(int64_t *state, const struct lc_clock_site *site) {
  state[site->self]++;
}

static void merge(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  for (int32_t i = 0; i < site->n_vm; i++)
    if (stamp[i] > state[i])
      state[i] = stamp[i];
  state[site->self]++;
}

static void print(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)n_vm;
  snprintf(to, size, "%lld", (long long)stamp[0]);
}

static size_t wire_bytes(int32_t n_vm) {
  (void)n_vm;
  return 4;
}

static size_t encode(const int64_t *stamp, int32_t n_vm, unsigned char *to) {
  (void)n_vm;
  for (int i = 0; i < 4; i++)
    to[i] = (unsigned char)((uint64_t)stamp[0] >> (8 * i));
  return 4;
}

static size_t decode(int64_t *stamp, int32_t n_vm, const unsigned char *from, size_t length) {
  (void)n_vm;
  if (length < 4)
    return 0;
  stamp[0] = from[0] | from[1] << 8 | from[2] << 16;
  return 4;
}

static struct lc_clock sound_scalar(void) {
  return (struct lc_clock){
      .name = "planted",
      .summary = "for this test",
      .promise = "a -> b implies C(a) < C(b)",
      .order = LC_ORDER_SCALAR,
      .stamp_words = one_word,
      .local = advance,
      .send = advance,
      .receive = receive,
      .compare = lc_compare_scalar,
      .print = print,
  };
}

static struct lc_clock sound_vector(void) {
  struct lc_clock clock = sound_scalar();
  clock.order = LC_ORDER_VECTOR;
  clock.characterizes = true;
  clock.stamp_words = word_per_vm;
  clock.local = clock.send = advance_own;
  clock.receive = merge;
  clock.compare = lc_compare_vector;
  return clock;
}

static struct lc_clock sound_wire(void) {
  struct lc_clock clock = sound_scalar();
  clock.wire_bytes = wire_bytes;
  clock.encode = encode;
  clock.decode = decode;
  return clock;
}

enum { SEEDS = 2 };

/* The three ways in which the suite words a cause that does not come before its effect. */
static const char receive_breach[] = "a receive does not dominate its send";
static const char process_breach[] = "stamps do not grow along a process";
static const char cause_breach[] = "a -> b, but not C(a) < C(b)";

static void require_pass(const struct lc_clock *clock, uint64_t seeds) {
  for (uint64_t seed = 0; seed < seeds; seed++) {
    struct lc_error err = {0};
    lc_status status = lc_clock_conformance(clock, seed, &err);
    require(status == LC_OK, "clock %s fails: %s", clock->name, err.text);
  }
}

/* Fails for every seed, and says so with one of two texts and the clock's name in one line. */
static void require_either(struct lc_clock clock, const char *text, const char *other) {
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct lc_error err = {0};
    require(lc_clock_conformance(&clock, seed, &err) == LC_EVERIFY, "seed %d: not found: %s",
            (int)seed, text);
    assert_int_equal(err.status, LC_EVERIFY);
    require(strstr(err.text, text) || strstr(err.text, other), "expected '%s', got: %s", text,
            err.text);
    require(!clock.name || strstr(err.text, clock.name), "no name in: %s", err.text);
    assert_null(strchr(err.text, '\n'));
  }
}

static void require_breach(struct lc_clock clock, const char *text) {
  require_either(clock, text, text);
}

/* Turned round: what is said to be faulty must be. */
static void test_faulty_clocks(void **state) {
  (void)state;
  struct lc_error err;
  struct lc_clock clock = sound_scalar();
  clock.fault = "none, in truth";
  require_breach(clock, "is said to be faulty, but keeps its promise");
  for (size_t i = 0; i < lc_n_clock; i++) {
    if (!lc_clocks[i]->fault)
      continue;
    clock = *lc_clocks[i];
    assert_int_equal(lc_clock_conformance(&clock, 1, &err), LC_OK);
    clock.fault = NULL;
    require_either(clock, receive_breach, cause_breach);
    clock.fault = "known";
    clock.compare = lc_compare_vector; /* of its one word: the same; of another order: not */
    clock.order = LC_ORDER_VECTOR;
    clock.encode = encode; /* cut short for large values, and without its decode */
    require_breach(clock, "one of encode, decode and wire_bytes");
  }
  assert_non_null(lc_clock_find("lamport-seed-a")->fault);
  assert_non_null(lc_clock_find("lamport-seed-b")->fault);
}

static void test_every_registered_clock_passes(void **state) {
  (void)state;
  for (size_t i = 0; i < lc_n_clock; i++)
    require_pass(lc_clocks[i], 1);
}

/* Else the planted ones could fail for another reason. */
static void test_sound_parts_pass(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  require_pass(&clock, 1);
  clock = sound_vector();
  require_pass(&clock, 1);
  clock = sound_wire();
  require_pass(&clock, 1);
}

/* ---- broken rules ---------------------------------------------------------------------------- */

static void receive_without_advance(int64_t *state, const int64_t *stamp,
                                    const struct lc_clock_site *site) {
  (void)site;
  if (stamp[0] > state[0])
    state[0] = stamp[0];
}

static void test_receive_without_advance(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.receive = receive_without_advance;
  require_either(clock, receive_breach, process_breach);
}

static void receive_without_max(int64_t *state, const int64_t *stamp,
                                const struct lc_clock_site *site) {
  (void)stamp, (void)site;
  state[0]++;
}

static void test_receive_without_max(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.receive = receive_without_max;
  require_either(clock, receive_breach, cause_breach);
}

/* The stamp of a message, plus one, whatever the clock itself has reached. */
static void receive_goes_back(int64_t *state, const int64_t *stamp,
                              const struct lc_clock_site *site) {
  (void)site;
  state[0] = stamp[0] + 1;
}

static void test_receive_goes_back(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.receive = receive_goes_back;
  require_either(clock, process_breach, cause_breach);
}

static void stand_still(int64_t *state, const struct lc_clock_site *site) {
  (void)state, (void)site;
}

static void test_send_without_advance(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.send = stand_still;
  require_breach(clock, process_breach);
}

static void test_local_without_advance(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.local = stand_still;
  require_breach(clock, process_breach);
}

static void advance_and_keep(int64_t *state, const struct lc_clock_site *site) {
  state[1] = state[0];
  advance(state, site);
}

static void receive_and_keep(int64_t *state, const int64_t *stamp,
                             const struct lc_clock_site *site) {
  state[1] = state[0];
  receive(state, stamp, site);
}

static void stamp_of_before(const int64_t *state, const struct lc_clock_site *site,
                            int64_t *stamp) {
  (void)site;
  stamp[0] = state[1];
}

static void test_stamp_of_before_the_update(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.state_words = two_words;
  clock.local = clock.send = advance_and_keep;
  clock.receive = receive_and_keep;
  clock.stamp = stamp_of_before;
  require_either(clock, receive_breach, cause_breach);
}

static void merge_but_the_first(int64_t *state, const int64_t *stamp,
                                const struct lc_clock_site *site) {
  for (int32_t i = 1; i < site->n_vm; i++)
    if (stamp[i] > state[i])
      state[i] = stamp[i];
  state[site->self]++;
}

static void test_one_component_not_merged(void **state) {
  (void)state;
  struct lc_clock clock = sound_vector();
  clock.receive = merge_but_the_first;
  require_either(clock, receive_breach, cause_breach);
}

/* Only what the sender itself did: knowledge does not pass on to third parties. */
static void merge_the_largest(int64_t *state, const int64_t *stamp,
                              const struct lc_clock_site *site) {
  int32_t largest = 0;
  for (int32_t i = 0; i < site->n_vm; i++)
    if (stamp[i] > stamp[largest])
      largest = i;
  if (stamp[largest] > state[largest])
    state[largest] = stamp[largest];
  state[site->self]++;
}

static void test_merge_of_one_component(void **state) {
  (void)state;
  struct lc_clock clock = sound_vector();
  clock.receive = merge_the_largest;
  require_either(clock, receive_breach, cause_breach);
}

/* Looks right to the neighbours, but raises others' components, too. */
static void advance_all(int64_t *state, const struct lc_clock_site *site) {
  for (int32_t i = 0; i < site->n_vm; i++)
    state[i]++;
}

static void test_vector_that_knows_too_much(void **state) {
  (void)state;
  struct lc_clock clock = sound_vector();
  clock.local = advance_all;
  require_breach(clock, "C(a) < C(b), but not a -> b");
}

static void test_scalar_that_claims_to_characterize(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.characterizes = true;
  require_breach(clock, "C(a) < C(b), but not a -> b");
}

/* ---- broken comparisons ---------------------------------------------------------------------- */

static enum lc_order always_before(const int64_t *a, const int64_t *b, int32_t n_vm) {
  (void)a, (void)b, (void)n_vm;
  return LC_BEFORE;
}

static enum lc_order reversed(const int64_t *a, const int64_t *b, int32_t n_vm) {
  return lc_compare_scalar(b, a, n_vm);
}

static enum lc_order by_the_first(const int64_t *a, const int64_t *b, int32_t n_vm) {
  return lc_compare_scalar(a, b, n_vm);
}

static void test_inconsistent_comparisons(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.compare = always_before;
  require_breach(clock, "compare(a, b) and compare(b, a) do not agree");
  clock.compare = reversed;
  require_breach(clock, "compare() is not the order that the table declares");
  clock = sound_vector();
  clock.compare = by_the_first;
  require_breach(clock, "compare() is not the order that the table declares");
}

/* ---- broken memory --------------------------------------------------------------------------- */

static void advance_and_write_on(int64_t *state, const struct lc_clock_site *site) {
  advance(state, site);
  state[1] = 1;
}

static void stamp_and_write_on(const int64_t *state, const struct lc_clock_site *site,
                               int64_t *stamp) {
  (void)site;
  stamp[0] = state[0];
  stamp[2] = 1;
}

static void test_writes_past_the_declared_words(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.local = advance_and_write_on;
  require_breach(clock, "writes past its declared words");
  clock = sound_scalar();
  clock.stamp = stamp_and_write_on;
  require_breach(clock, "writes past its declared words");
}

static void print_too_much(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)stamp, (void)n_vm;
  memset(to, 'x', size);
  to[size] = '\0';
}

static void print_without_end(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  (void)stamp, (void)n_vm;
  memset(to, 'x', size);
}

static void test_prints_too_much(void **state) {
  (void)state;
  struct lc_clock clock = sound_scalar();
  clock.print = print_too_much;
  require_breach(clock, "print() writes more than it may");
  clock.print = print_without_end;
  require_breach(clock, "print() writes more than it may");
}

/* ---- broken wire ----------------------------------------------------------------------------- */

static size_t encode_a_byte_more(const int64_t *stamp, int32_t n_vm, unsigned char *to) {
  to[4] = 0;
  return encode(stamp, n_vm, to) + 1;
}

static size_t write_a_byte_more(const int64_t *stamp, int32_t n_vm, unsigned char *to) {
  to[4] = 0;
  return encode(stamp, n_vm, to);
}

static size_t encode_nothing(const int64_t *stamp, int32_t n_vm, unsigned char *to) {
  (void)stamp, (void)n_vm, (void)to;
  return 0;
}

static void test_encodes_more_than_declared(void **state) {
  (void)state;
  struct lc_clock clock = sound_wire();
  clock.encode = encode_a_byte_more;
  require_breach(clock, "in more than it declares");
  clock.encode = write_a_byte_more;
  require_breach(clock, "in more than it declares");
  clock.encode = encode_nothing;
  require_breach(clock, "encoded in no bytes");
}

static size_t decode_whatever(int64_t *stamp, int32_t n_vm, const unsigned char *from,
                              size_t length) {
  (void)n_vm;
  uint64_t word = 0;
  for (size_t i = length < 4 ? length : 4; i-- > 0;)
    word = word << 8 | from[i];
  stamp[0] = (int64_t)word;
  return length < 4 ? length : 4;
}

static size_t decode_one_word_more(int64_t *stamp, int32_t n_vm, const unsigned char *from,
                                   size_t length) {
  size_t read = decode(stamp, n_vm, from, length);
  stamp[1] = 0;
  return read;
}

static size_t decode_wrongly(int64_t *stamp, int32_t n_vm, const unsigned char *from,
                             size_t length) {
  size_t read = decode(stamp, n_vm, from, length);
  stamp[0] &= 0x3f;
  return read;
}

static size_t decode_but_miscount(int64_t *stamp, int32_t n_vm, const unsigned char *from,
                                  size_t length) {
  return decode(stamp, n_vm, from, length) ? 3 : 0;
}

static void test_broken_decoding(void **state) {
  (void)state;
  struct lc_clock clock = sound_wire();
  clock.decode = decode_whatever;
  require_breach(clock, "a stamp cut short is decoded");
  clock.decode = decode_one_word_more;
  require_breach(clock, "decode writes past the declared words");
  clock.decode = decode_wrongly;
  require_breach(clock, "a stamp is not decoded to what was encoded");
  clock.decode = decode_but_miscount;
  require_breach(clock, "a stamp is not decoded to what was encoded");
}

/* ---- incomplete tables ----------------------------------------------------------------------- */

static void test_missing_names(void **state) {
  (void)state;
  static const char *const bad[] = {NULL,    "",    "two words", "a,b", "a/b",
                                    "Upper", "1st", "-a",        "help"};
  for (size_t i = 0; i < LENGTH(bad); i++) {
    struct lc_clock clock = sound_scalar();
    clock.name = bad[i];
    require_breach(clock, "lacks a name of one word");
  }
  struct lc_clock clock = sound_scalar();
  clock.name = "of-sixty-four-characters-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  require_breach(clock, "lacks a name of at most 63 characters");
  clock = sound_scalar();
  clock.summary = NULL;
  require_breach(clock, "lacks a summary and a promise");
  clock = sound_scalar();
  clock.promise = NULL;
  require_breach(clock, "lacks a summary and a promise");
}

static void test_missing_operations(void **state) {
  (void)state;
  struct lc_clock clock[6];
  for (size_t i = 0; i < LENGTH(clock); i++)
    clock[i] = sound_scalar();
  clock[0].stamp_words = NULL;
  clock[1].local = NULL;
  clock[2].send = NULL;
  clock[3].receive = NULL;
  clock[4].compare = NULL;
  clock[5].print = NULL;
  for (size_t i = 0; i < LENGTH(clock); i++)
    require_breach(clock[i], "lacks one of its required operations");
}

static void test_wire_functions_come_together(void **state) {
  (void)state;
  for (int kept = 1; kept < 7; kept++) { /* every subset but none and all */
    struct lc_clock clock = sound_wire();
    clock.wire_bytes = kept & 1 ? wire_bytes : NULL;
    clock.encode = kept & 2 ? encode : NULL;
    clock.decode = kept & 4 ? decode : NULL;
    require_breach(clock, "lacks one of encode, decode and wire_bytes");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_registered_clock_passes),
      cmocka_unit_test(test_faulty_clocks),
      cmocka_unit_test(test_sound_parts_pass),
      cmocka_unit_test(test_receive_without_advance),
      cmocka_unit_test(test_receive_without_max),
      cmocka_unit_test(test_receive_goes_back),
      cmocka_unit_test(test_send_without_advance),
      cmocka_unit_test(test_local_without_advance),
      cmocka_unit_test(test_stamp_of_before_the_update),
      cmocka_unit_test(test_one_component_not_merged),
      cmocka_unit_test(test_merge_of_one_component),
      cmocka_unit_test(test_vector_that_knows_too_much),
      cmocka_unit_test(test_scalar_that_claims_to_characterize),
      cmocka_unit_test(test_inconsistent_comparisons),
      cmocka_unit_test(test_writes_past_the_declared_words),
      cmocka_unit_test(test_prints_too_much),
      cmocka_unit_test(test_encodes_more_than_declared),
      cmocka_unit_test(test_broken_decoding),
      cmocka_unit_test(test_missing_names),
      cmocka_unit_test(test_missing_operations),
      cmocka_unit_test(test_wire_functions_come_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
