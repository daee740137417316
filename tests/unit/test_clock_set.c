/* Several clocks side by side: how a list is read, where each clock's words lie, that each event
 * passes through every clock's own rule, and the wire form of all stamps together. */
#include "unit.h"

#include "lcmpi/clock.h"

/* A clock with more state than stamp, wire functions and an init of its own: two state words, of
 * which the second counts and is the stamp; on the wire one byte. */
static int32_t one(int32_t n_vm) {
  (void)n_vm;
  return 1;
}

static int32_t two(int32_t n_vm) {
  (void)n_vm;
  return 2;
}

static void odd_init(int64_t *state, const struct lc_clock_site *site) {
  state[0] = 100 + site->self;
  state[1] = 0;
}

static void odd_local(int64_t *state, const struct lc_clock_site *site) {
  state[1] += 1 + 0 * site->n_vm;
}

static void odd_send(int64_t *state, const struct lc_clock_site *site) {
  state[1] += 10 + 0 * site->n_vm;
}

static void odd_receive(int64_t *state, const int64_t *stamp, const struct lc_clock_site *site) {
  state[1] += stamp[0] + 0 * site->n_vm;
}

static void odd_stamp(const int64_t *state, const struct lc_clock_site *site, int64_t *stamp) {
  stamp[0] = state[1] + 0 * site->n_vm;
}

static size_t odd_bytes(int32_t n_vm) {
  return 1 + 0 * (size_t)n_vm;
}

static size_t odd_encode(const int64_t *stamp, int32_t n_vm, unsigned char *to) {
  *to = (unsigned char)stamp[0];
  return 1 + 0 * (size_t)n_vm;
}

static size_t odd_decode(int64_t *stamp, int32_t n_vm, const unsigned char *from, size_t length) {
  if (!length)
    return 0 * (size_t)n_vm;
  stamp[0] = *from;
  return 1;
}

static void odd_print(char *to, size_t size, const int64_t *stamp, int32_t n_vm) {
  snprintf(to, size, "%lld", (long long)stamp[0] + 0 * n_vm);
}

static const struct lc_clock odd = {
    .name = "odd",
    .summary = "for this test",
    .promise = "none",
    .stamp_words = one,
    .state_words = two,
    .init = odd_init,
    .local = odd_local,
    .send = odd_send,
    .receive = odd_receive,
    .stamp = odd_stamp,
    .compare = lc_compare_scalar,
    .wire_bytes = odd_bytes,
    .encode = odd_encode,
    .decode = odd_decode,
    .print = odd_print,
};

/* ---- reading a list -------------------------------------------------------------------------- */

static void test_registry(void **state) {
  (void)state;
  assert_true(lc_n_clock >= 2);
  for (size_t i = 0; i < lc_n_clock; i++) {
    assert_ptr_equal(lc_clock_find(lc_clocks[i]->name), lc_clocks[i]);
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(lc_clocks[i]->name, lc_clocks[j]->name);
  }
  assert_null(lc_clock_find(""));
  assert_null(lc_clock_find("lampor"));
  assert_null(lc_clock_find("Lamport"));
  assert_null(lc_clock_find("lamport "));
}

static void test_parse(void **state) {
  (void)state;
  struct lc_clock_set set;
  struct lc_error err;
  lc_clock_set_init(&set, 5);
  assert_int_equal(lc_clock_set_parse(&set, "vector,lamport", &err), LC_OK);
  assert_int_equal(set.n, 2);
  assert_string_equal(set.clock[0]->name, "vector");
  assert_string_equal(set.clock[1]->name, "lamport");
}

static void require_refused(const char *list, const char *text) {
  struct lc_clock_set set;
  struct lc_error err = {0};
  lc_clock_set_init(&set, 3);
  require(lc_clock_set_parse(&set, list, &err) == LC_EUSAGE, "'%s' is accepted", list);
  assert_int_equal(err.status, LC_EUSAGE);
  require(strstr(err.text, text), "'%s' is refused with: %s", list, err.text);
  assert_null(strchr(err.text, '\n'));
}

static void test_duplicates_are_refused(void **state) {
  (void)state;
  require_refused("lamport,lamport", "names lamport twice");
  require_refused("lamport,vector,lamport", "names lamport twice");
}

static void test_unknown_names_list_the_known(void **state) {
  (void)state;
  static const char *const lists[] = {"nosuch", "lamport,nosuch", "nosuch,vector"};
  for (size_t i = 0; i < LENGTH(lists); i++) {
    require_refused(lists[i], "'nosuch'");
    for (size_t c = 0; c < lc_n_clock; c++)
      require_refused(lists[i], lc_clocks[c]->name);
  }
  require_refused("", "''");
  require_refused("lamport,", "''");
  require_refused(",lamport", "''");
  require_refused("lamport, vector", "' vector'");
  require_refused("LAMPORT", "'LAMPORT'");
  require_refused("lamport;vector", "'lamport;vector'");
}

/* A name longer than any that is compared is not taken for its beginning. */
static void test_overlong_name(void **state) {
  (void)state;
  char name[300];
  memset(name, 'a', sizeof name);
  name[sizeof name - 1] = '\0';
  require_refused(name, "aaaa");
  memcpy(name, "lamport", 7);
  require_refused(name, "lamportaaaa");
}

static void test_full_set(void **state) {
  (void)state;
  static struct lc_clock clock[LC_MAX_CLOCKS + 1];
  struct lc_clock_set set;
  struct lc_error err;
  lc_clock_set_init(&set, 2);
  for (int i = 0; i < LC_MAX_CLOCKS; i++) {
    clock[i] = odd;
    assert_int_equal(lc_clock_set_add(&set, &clock[i], &err), LC_OK);
  }
  clock[LC_MAX_CLOCKS] = odd;
  assert_int_equal(lc_clock_set_add(&set, &clock[LC_MAX_CLOCKS], &err), LC_EUSAGE);
  assert_non_null(strstr(err.text, "at most 16"));
  assert_int_equal(set.n, LC_MAX_CLOCKS);
}

/* ---- where the words lie --------------------------------------------------------------------- */

static void open_three(struct lc_clock_set *set) {
  struct lc_error err;
  lc_clock_set_init(set, 4);
  assert_int_equal(lc_clock_set_parse(set, "vector", &err), LC_OK);
  assert_int_equal(lc_clock_set_add(set, &odd, &err), LC_OK);
  assert_int_equal(lc_clock_set_parse(set, "lamport", &err), LC_OK);
}

static void test_offsets(void **state) {
  (void)state;
  static const int32_t state_at[] = {0, 4, 6}, stamp_at[] = {0, 4, 5}, width[] = {4, 1, 1};
  struct lc_clock_set set;
  open_three(&set);
  for (int c = 0; c < 3; c++) {
    assert_int_equal(set.state_at[c], state_at[c]);
    assert_int_equal(set.stamp_at[c], stamp_at[c]);
    assert_int_equal(set.stamp_width[c], width[c]);
  }
  assert_int_equal(set.state_words, 7);
  assert_int_equal(set.stamp_words, 6);
  assert_int_equal(set.wire_bytes, 32 + 1 + 8);
}

static void test_events_pass_through_every_clock(void **state) {
  (void)state;
  static const int64_t message[] = {5, 0, 9, 2, 77, 30};
  static const int64_t started[] = {0, 0, 0, 0, 102, 0, 0};
  static const int64_t after_local[] = {0, 0, 1, 0, 1, 1}, after_send[] = {0, 0, 2, 0, 11, 2};
  static const int64_t after_receive[] = {5, 0, 10, 2, 88, 31};
  struct lc_clock_set set;
  struct lc_clock_site site = {.self = 2, .n_vm = 4};
  int64_t words[7], stamps[6];
  open_three(&set);
  memset(words, 0x77, sizeof words);
  lc_clock_set_start(&set, words, &site);
  assert_memory_equal(words, started, sizeof words);
  lc_clock_set_local(&set, words, &site, stamps);
  assert_memory_equal(stamps, after_local, sizeof stamps);
  lc_clock_set_send(&set, words, &site, stamps);
  assert_memory_equal(stamps, after_send, sizeof stamps);
  lc_clock_set_receive(&set, words, message, &site, stamps);
  assert_memory_equal(stamps, after_receive, sizeof stamps);
  assert_int_equal(words[4], 102);
}

static void test_shown(void **state) {
  (void)state;
  struct lc_clock_set set;
  struct lc_error err;
  open_three(&set);
  assert_int_equal(lc_clock_set_shown(&set), 2); /* neither vector nor odd has a value() */
  lc_clock_set_init(&set, 4);
  assert_int_equal(lc_clock_set_shown(&set), -1);
  assert_int_equal(lc_clock_set_parse(&set, "vector", &err), LC_OK);
  assert_int_equal(lc_clock_set_shown(&set), -1);
}

/* ---- the wire -------------------------------------------------------------------------------- */

static bool decodes(const struct lc_clock_set *set, int64_t *stamps, const unsigned char *bytes,
                    size_t length) {
  unsigned char *exact = malloc(length ? length : 1);
  memcpy(exact, bytes, length);
  bool decoded = lc_clock_set_decode(set, stamps, exact, length);
  free(exact);
  return decoded;
}

static void test_encode_and_decode(void **state) {
  (void)state;
  static const int64_t stamps[] = {INT64_MAX, 0, INT64_MIN, -1, 200, 0x0102030405060708};
  static const unsigned char tail[] = {8, 7, 6, 5, 4, 3, 2, 1};
  struct lc_clock_set set;
  unsigned char bytes[42];
  int64_t back[6];
  open_three(&set);
  bytes[41] = 0x5a;
  assert_int_equal(lc_clock_set_encode(&set, stamps, bytes), 41);
  assert_int_equal(bytes[41], 0x5a);
  assert_int_equal(bytes[32], 200); /* odd's own form */
  assert_memory_equal(bytes + 33, tail, 8);
  assert_true(decodes(&set, back, bytes, 41));
  assert_memory_equal(back, stamps, sizeof back);
  for (size_t cut = 0; cut < 41; cut++)
    assert_false(decodes(&set, back, bytes, cut));
  assert_false(decodes(&set, back, bytes, 42));
}

/* ---- the two common orders ------------------------------------------------------------------- */

static void test_compare(void **state) {
  (void)state;
  static const int64_t a[] = {1, 2, 3}, b[] = {1, 3, 3}, c[] = {2, 2, 2};
  static const int64_t low[] = {INT64_MIN}, high[] = {INT64_MAX};
  assert_int_equal(lc_compare_vector(a, a, 3), LC_EQUAL);
  assert_int_equal(lc_compare_vector(a, b, 3), LC_BEFORE);
  assert_int_equal(lc_compare_vector(b, a, 3), LC_AFTER);
  assert_int_equal(lc_compare_vector(a, c, 3), LC_CONCURRENT);
  assert_int_equal(lc_compare_vector(a, b, 1), LC_EQUAL);
  assert_int_equal(lc_compare_scalar(a, c, 3), LC_BEFORE);
  assert_int_equal(lc_compare_scalar(a, b, 3), LC_EQUAL); /* only the first word counts */
  assert_int_equal(lc_compare_scalar(low, high, 1), LC_BEFORE);
  assert_int_equal(lc_compare_scalar(high, low, 1), LC_AFTER);
}

static void test_print(void **state) {
  (void)state;
  static const int64_t stamp[] = {1, 20, 300};
  char text[32], small[6];
  lc_clock_find("lamport")->print(text, sizeof text, stamp, 3);
  assert_string_equal(text, "1");
  lc_clock_find("vector")->print(text, sizeof text, stamp, 3);
  assert_string_equal(text, "[1 20 300]");
  lc_clock_find("vector")->print(small, sizeof small, stamp, 3);
  assert_string_equal(small, "[1 20");
}

/* ---- clocks from outside --------------------------------------------------------------------- */

/* Last, since what is registered stays. */
static void test_register(void **state) {
  (void)state;
  struct lc_error err;
  static struct lc_clock own, other, bad;
  own = other = bad = odd;
  own.name = "of-outside";
  other.name = "of-outside-2";
  bad.print = NULL;
  assert_null(lc_clock_find(own.name));
  assert_int_equal(lc_clock_register(&bad, &err), LC_EUSAGE);
  assert_non_null(strstr(err.text, "lacks one of its required operations"));
  assert_int_equal(lc_clock_register(&own, &err), LC_OK);
  assert_int_equal(lc_clock_register(&other, &err), LC_OK);
  assert_int_equal(lc_clock_register(&own, &err), LC_EUSAGE);
  assert_string_equal(err.text, "clock of-outside: there is a clock of this name");
  assert_int_equal(lc_clock_register(lc_clock_find("lamport"), &err), LC_EUSAGE);
  assert_ptr_equal(lc_clock_find(own.name), &own);
  assert_ptr_equal(lc_clock_find(other.name), &other);
  assert_ptr_equal(lc_clock_at(0), lc_clocks[0]);
  assert_ptr_equal(lc_clock_at(lc_n_clock), &own);
  assert_null(lc_clock_at(lc_n_clock + 2));
  require_refused("nosuch", "of-outside, of-outside-2");
  struct lc_clock_set set;
  lc_clock_set_init(&set, 3);
  assert_int_equal(lc_clock_set_parse(&set, "of-outside,lamport", &err), LC_OK);
  assert_ptr_equal(set.clock[0], &own);
}

/* A name as long as can be is that of its clock; one more letter makes it nobody's. */
static void test_longest_name(void **state) {
  (void)state;
  struct lc_error err;
  struct lc_clock_set set;
  static char name[LC_CLOCK_NAME_MAX + 1];
  char over[sizeof name + 1];
  static struct lc_clock longest;
  memset(name, 'n', LC_CLOCK_NAME_MAX);
  snprintf(over, sizeof over, "%sx", name);
  longest = odd;
  longest.name = over;
  assert_int_equal(lc_clock_register(&longest, &err), LC_EUSAGE);
  assert_non_null(strstr(err.text, "lacks a name of at most 63 characters"));
  longest.name = name;
  assert_int_equal(lc_clock_register(&longest, &err), LC_OK);
  lc_clock_set_init(&set, 3);
  assert_int_equal(lc_clock_set_parse(&set, name, &err), LC_OK);
  assert_ptr_equal(set.clock[0], &longest);
  require_refused(over, over);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_registry),
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_duplicates_are_refused),
      cmocka_unit_test(test_unknown_names_list_the_known),
      cmocka_unit_test(test_overlong_name),
      cmocka_unit_test(test_full_set),
      cmocka_unit_test(test_offsets),
      cmocka_unit_test(test_events_pass_through_every_clock),
      cmocka_unit_test(test_shown),
      cmocka_unit_test(test_encode_and_decode),
      cmocka_unit_test(test_compare),
      cmocka_unit_test(test_print),
      cmocka_unit_test(test_register),
      cmocka_unit_test(test_longest_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
