/* Quantities: what is read, what is refused (and then leaves the result alone), and that what is
 * printed is read back as the same number. */
#include "unit.h"

#include "lcmpi/base.h"

#define SENTINEL INT64_C(-7777)

/* ---- whole numbers --------------------------------------------------------------------------- */

static void test_int64(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } good[] = {
      {"0", 0},
      {"12", 12},
      {"-3", -3},
      {"007", 7},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
  };
  static const char *const bad[] = {"",
                                    " ",
                                    " 1",
                                    "1 ",
                                    "1\n",
                                    "\t1",
                                    "x",
                                    "1x",
                                    "0x10",
                                    "1.0",
                                    "1e3",
                                    "--1",
                                    "- 1",
                                    "9223372036854775808",
                                    "-9223372036854775809"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    int64_t value = SENTINEL;
    require(lc_parse_int64(good[i].text, &value), "'%s' is refused", good[i].text);
    assert_int_equal(value, good[i].value);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    int64_t value = SENTINEL;
    require(!lc_parse_int64(bad[i], &value), "'%s' is read", bad[i]);
    assert_int_equal(value, SENTINEL);
  }
}

static void test_uint64(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t value;
  } good[] = {
      {"0", 0},
      {"12", 12},
      {"0x1f", 31},
      {"0XFF", 255},
      {"010", 10},
      {"18446744073709551615", UINT64_MAX},
      {"0xffffffffffffffff", UINT64_MAX},
  };
  static const char *const bad[] = {"",
                                    " 1",
                                    "1 ",
                                    "-1",
                                    "+1",
                                    "0x",
                                    "0xg",
                                    "1f",
                                    "x1",
                                    "1.5",
                                    "1,0",
                                    "18446744073709551616",
                                    "0x10000000000000000"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    uint64_t value = 99;
    require(lc_parse_uint64(good[i].text, &value), "'%s' is refused", good[i].text);
    assert_true(value == good[i].value);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    uint64_t value = 99;
    require(!lc_parse_uint64(bad[i], &value), "'%s' is read", bad[i]);
    assert_true(value == 99);
  }
}

/* ---- fractions ------------------------------------------------------------------------------- */

static void test_rational(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t p, q;
  } good[] = {
      {"3", 3, 1},
      {"0", 0, 1},
      {"0/5", 0, 1},
      {"2.5", 5, 2},
      {"1/3", 1, 3},
      {"6/4", 3, 2},
      {".35", 7, 20},
      {"1.", 1, 1},
      {"0.10", 1, 10},
      {"2.5/0.5", 5, 1},
      {"0.1/0.3", 1, 3},
      {"100/100", 1, 1},
      {"1000000007/998244353", 1000000007, 998244353},
      {"999999999999999999", 999999999999999999, 1},
      {"0.00000000000000001", 1, 100000000000000000},
      {"999999999999999999/999999999999999998", 999999999999999999, 999999999999999998},
  };
  static const char *const bad[] = {"",
                                    ".",
                                    "/",
                                    "1/",
                                    "/3",
                                    "1/0",
                                    "1/0.0",
                                    "-1",
                                    "1/-3",
                                    "+1",
                                    " 1",
                                    "1 ",
                                    "1 /3",
                                    "1/3/5",
                                    "1.2.3",
                                    "1e3",
                                    "a",
                                    "1/a",
                                    "1,5",
                                    "0x10",
                                    "99999999999999999999",
                                    "1/99999999999999999999",
                                    "0.00000000000000000001",
                                    "999999999999999999/0.1",
                                    "nan",
                                    "inf"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    int64_t p = SENTINEL, q = SENTINEL;
    require(lc_parse_rational(good[i].text, &p, &q), "'%s' is refused", good[i].text);
    require(p == good[i].p && q == good[i].q, "'%s' is read as %lld/%lld", good[i].text,
            (long long)p, (long long)q);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    int64_t p = SENTINEL, q = SENTINEL;
    require(!lc_parse_rational(bad[i], &p, &q), "'%s' is read", bad[i]);
    require(p == SENTINEL && q == SENTINEL, "'%s' is refused, but stored", bad[i]);
  }
}

static int64_t divisor_of(int64_t a, int64_t b) {
  return b ? divisor_of(b, a % b) : a;
}

/* What is printed is read back, in lowest terms, for all fractions of up to 18 digits. */
static void test_rational_round_trip(void **state) {
  (void)state;
  struct draws draws = {1};
  for (int i = 0; i < 20000; i++) {
    char text[LC_QUANTITY_MAX * 2];
    int64_t p = draw_any_size(&draws) % 1000000000000000000;
    int64_t q = draw_any_size(&draws) % 1000000000000000000 + 1, divisor = divisor_of(p, q);
    int64_t p_back = SENTINEL, q_back = SENTINEL;
    snprintf(text, sizeof text, "%lld/%lld", (long long)p, (long long)q);
    require(lc_parse_rational(text, &p_back, &q_back), "'%s' is refused", text);
    require(p_back == p / divisor && q_back == q / divisor, "'%s' is not reduced", text);
  }
  for (int i = 0; i < 20000; i++) {
    char text[LC_QUANTITY_MAX];
    int64_t p = draw_below(&draws, 100000000000000), q = 1 + draw_below(&draws, 100000000000000);
    int64_t p_back = SENTINEL, q_back = SENTINEL, divisor = divisor_of(p, q);
    lc_print_rational(text, p / divisor, q / divisor);
    require(lc_parse_rational(text, &p_back, &q_back) && p_back == p / divisor &&
                q_back == q / divisor,
            "'%s' is not read back", text);
  }
}

static void test_print_rational(void **state) {
  (void)state;
  char text[LC_QUANTITY_MAX];
  assert_string_equal(lc_print_rational(text, 3, 1), "3");
  assert_string_equal(lc_print_rational(text, 5, 2), "5/2");
  assert_string_equal(lc_print_rational(text, 0, 1), "0");
  assert_ptr_equal(lc_print_rational(text, 1, 3), text);
}

/* ---- times ----------------------------------------------------------------------------------- */

static void test_duration(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ns;
  } good[] = {
      {"60s", 60 * LC_NS_PER_S},
      {"0s", 0},
      {"1.5m", 90 * LC_NS_PER_S},
      {"250ms", 250000000},
      {"10us", 10000},
      {"3ns", 3},
      {"2h", 7200 * LC_NS_PER_S},
      {"1d", 86400 * LC_NS_PER_S},
      {"0.1s", 100000000},
      {".5ms", 500000},
      {"0.000000001s", 1},
      {"1.000000001s", 1000000001},
      {"0.001us", 1},
      {"0.000694444444d", 59999999961},
      {"9223372036854775807ns", INT64_MAX},
      {"9223372036.854775807s", INT64_MAX},
      /* too long */
      {"9223372036854775808ns", INT64_MAX},
      {"9223372036.854775808s", INT64_MAX},
      {"106752d", INT64_MAX},
      {"99999999999999999999s", INT64_MAX},
      {"99999999999999999999.5s", INT64_MAX},
      {"100000000000000000000000000000000000000000000000000ns", INT64_MAX},
  };
  static const char *const bad[] = {"",
                                    "60",
                                    "s",
                                    "60 s",
                                    " 60s",
                                    "60s ",
                                    "60S",
                                    "60sec",
                                    "1min",
                                    "1/2s",
                                    "-1s",
                                    "+1s",
                                    "1e3s",
                                    "1.2.3s",
                                    "1s1ms",
                                    "1y",
                                    "0x1s",
                                    "1.s.",
                                    "ms",
                                    ".s",
                                    "1 ms",
                                    "0.1ns",
                                    "99999999999999999999",
                                    "99999999999999999999y",
                                    "-99999999999999999999s",
                                    "9.2.3d"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    int64_t ns = SENTINEL;
    require(lc_parse_duration(good[i].text, &ns), "'%s' is refused", good[i].text);
    require(ns == good[i].ns, "'%s' is read as %lld ns", good[i].text, (long long)ns);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    int64_t ns = SENTINEL;
    require(!lc_parse_duration(bad[i], &ns), "'%s' is read", bad[i]);
    require(ns == SENTINEL, "'%s' is refused, but stored", bad[i]);
  }
}

static void test_print_duration(void **state) {
  (void)state;
  static const struct {
    int64_t ns;
    const char *text;
  } list[] = {
      {0, "0s"},
      {1, "1ns"},
      {999, "999ns"},
      {1000, "1us"},
      {1500, "1.5us"},
      {250000000, "250ms"},
      {LC_NS_PER_S, "1s"},
      {60 * LC_NS_PER_S, "60s"},
      {1500000000, "1.5s"},
      {1000000001, "1.000000001s"},
      {123456789, "123.456789ms"},
      {10000, "10us"},
      {INT64_MAX, "9223372036.854775807s"},
  };
  char text[LC_QUANTITY_MAX];
  for (size_t i = 0; i < LENGTH(list); i++)
    assert_string_equal(lc_print_duration(text, list[i].ns), list[i].text);
}

static void test_duration_round_trip(void **state) {
  (void)state;
  struct draws draws = {2};
  for (int i = 0; i < 50000; i++) {
    char text[LC_QUANTITY_MAX];
    int64_t ns = draw_any_size(&draws), back = SENTINEL;
    lc_print_duration(text, ns);
    require(lc_parse_duration(text, &back) && back == ns, "%lld ns is printed as '%s'",
            (long long)ns, text);
  }
}

static void test_print_time(void **state) {
  (void)state;
  static const struct {
    int64_t ns;
    const char *text;
  } list[] = {
      {0, "0 ns"},
      {7, "7 ns"},
      {999, "999 ns"},
      {1000, "1.00 us"},
      {1234, "1.23 us"},
      {12345, "12.3 us"},
      {183000, "183 us"},
      {9994, "9.99 us"},
      {9996, "10.0 us"},
      {99960, "100 us"},
      {1500000, "1.50 ms"},
      {60000000, "60.0 ms"},
      {2500000000, "2.50 s"},
      {60000000000, "60.0 s"},
  };
  char text[LC_QUANTITY_MAX];
  for (size_t i = 0; i < LENGTH(list); i++)
    assert_string_equal(lc_print_time(text, list[i].ns), list[i].text);
}

/* ---- sizes and counts ------------------------------------------------------------------------ */

static void test_size(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t bytes;
  } good[] = {
      {"512", 512},
      {"512B", 512},
      {"8KiB", 8192},
      {"8K", 8192},
      {"8kB", 8000},
      {"8KB", 8000},
      {"2MB", 2000000},
      {"2MiB", 2 << 20},
      {"2M", 2 << 20},
      {"1.5GiB", 3 << 29},
      {"20GB", 20000000000},
      {"1G", 1 << 30},
      {"1TB", 1000000000000},
      {"1T", INT64_C(1) << 40},
      {"1TiB", INT64_C(1) << 40},
      {"0.5KiB", 512},
      {"9223372036854775807", INT64_MAX},
  };
  static const char *const bad[] = {
      "",          "B",   "-1",   "1.5",  "1.5B", "1 KiB", "1kib",
      "1KIB",      "1PB", "1KBs", "1/2K", " 1",   "1e9",   "9223372036854775808",
      "8388608TiB"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    int64_t bytes = SENTINEL;
    require(lc_parse_size(good[i].text, &bytes), "'%s' is refused", good[i].text);
    require(bytes == good[i].bytes, "'%s' is read as %lld", good[i].text, (long long)bytes);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    int64_t bytes = SENTINEL;
    require(!lc_parse_size(bad[i], &bytes), "'%s' is read", bad[i]);
    assert_int_equal(bytes, SENTINEL);
  }
}

static void test_print_bytes(void **state) {
  (void)state;
  char text[LC_QUANTITY_MAX];
  assert_string_equal(lc_print_bytes(text, 0), "0 bytes");
  assert_string_equal(lc_print_bytes(text, 1023), "1023 bytes");
  assert_string_equal(lc_print_bytes(text, 1024), "1.00 KiB");
  assert_string_equal(lc_print_bytes(text, 3 << 19), "1.50 MiB");
  assert_string_equal(lc_print_bytes(text, INT64_C(20) << 30), "20.0 GiB");
  assert_string_equal(lc_print_bytes(text, INT64_C(300) << 40), "300 TiB");
  assert_string_equal(lc_print_bytes(text, INT64_MAX), "8.00 EiB");
}

static void test_print_count(void **state) {
  (void)state;
  char text[LC_QUANTITY_MAX];
  assert_string_equal(lc_print_count(text, 0), "0");
  assert_string_equal(lc_print_count(text, 999), "999");
  assert_string_equal(lc_print_count(text, 1000), "1,000");
  assert_string_equal(lc_print_count(text, 12345), "12,345");
  assert_string_equal(lc_print_count(text, 123456), "123,456");
  assert_string_equal(lc_print_count(text, -123456), "-123,456");
  assert_string_equal(lc_print_count(text, -12), "-12");
  assert_string_equal(lc_print_count(text, INT64_MAX), "9,223,372,036,854,775,807");
  assert_string_equal(lc_print_count(text, INT64_MIN), "-9,223,372,036,854,775,808");
}

/* No text is longer than the room that every caller gives. */
static void test_room_for_all(void **state) {
  (void)state;
  struct draws draws = {3};
  for (int i = 0; i < 20000; i++) {
    char text[LC_QUANTITY_MAX];
    int64_t value = draw_any_size(&draws);
    assert_true(strlen(lc_print_duration(text, value)) < LC_QUANTITY_MAX);
    assert_true(strlen(lc_print_time(text, value)) < LC_QUANTITY_MAX);
    assert_true(strlen(lc_print_bytes(text, value)) < LC_QUANTITY_MAX);
    assert_true(strlen(lc_print_count(text, -value)) < LC_QUANTITY_MAX);
  }
}

/* ---- the tip behind "unknown" ---------------------------------------------------------------- */

static void test_nearest(void **state) {
  (void)state;
  static const char *const names[] = {"duration", "rates", "rate-weights", "clock", "seed", "vms"};
  static const struct {
    const char *name, *near;
  } list[] = {
      {"duration", "duration"},  {"duraton", "duration"}, {"druation", "duration"},
      {"durationn", "duration"}, {"dur", "duration"},     {"clocks", "clock"},
      {"Clock", "clock"},        {"clokc", "clock"},      {"rate-w", "rate-weights"},
      {"sed", "seed"},           {"vm", "vms"},           {"rate", "rates"},
      {"frobnicate", NULL},      {"xyzzy", NULL},         {"output", NULL},
  };
  for (size_t i = 0; i < LENGTH(list); i++) {
    const char *near = lc_nearest(list[i].name, names, LENGTH(names));
    require((near == NULL) == (list[i].near == NULL) && (!near || strcmp(near, list[i].near) == 0),
            "'%s' is taken for '%s'", list[i].name, near ? near : "nothing");
  }
  assert_null(lc_nearest("clock", names, 0));
}

static void test_nearest_with_long_names(void **state) {
  (void)state;
  char text[200];
  memset(text, 'a', sizeof text);
  text[sizeof text - 1] = '\0';
  const char *const names[] = {text, "clock"};
  assert_null(lc_nearest(text, names, 2));
  assert_string_equal(lc_nearest("clocc", names, 2), "clock");
  text[63] = '\0'; /* the longest that is compared at all */
  assert_ptr_equal(lc_nearest(text, names, 2), text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_int64),
      cmocka_unit_test(test_uint64),
      cmocka_unit_test(test_rational),
      cmocka_unit_test(test_rational_round_trip),
      cmocka_unit_test(test_print_rational),
      cmocka_unit_test(test_duration),
      cmocka_unit_test(test_print_duration),
      cmocka_unit_test(test_duration_round_trip),
      cmocka_unit_test(test_print_time),
      cmocka_unit_test(test_size),
      cmocka_unit_test(test_print_bytes),
      cmocka_unit_test(test_print_count),
      cmocka_unit_test(test_room_for_all),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_nearest_with_long_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
