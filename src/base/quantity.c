/* Quantities as people write them. Decimals are read as whole numbers over a power of ten, so
 * that "0.1s" is exactly 100,000,000 ns and "2.5" exactly 5/2. */
#include "lcmpi/base.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* digits / scale, scale a power of ten */
struct decimal {
  wide digits;
  int64_t scale;
};

/* Reads an unsigned decimal at *text and moves *text past it. Of a whole part that is beyond every
 * range only so many digits are kept that it still is. */
static bool read_decimal(const char **text, struct decimal *out) {
  const wide beyond = (wide)INT64_MAX * 10;
  const char *at = *text;
  wide digits = 0;
  int64_t scale = 1;
  int count = 0;
  bool point = false, huge = false;
  for (; isdigit((unsigned char)*at) || (*at == '.' && !point); at++) {
    if (*at == '.') {
      point = true;
      continue;
    }
    count++;
    if (huge)
      continue;
    digits = digits * 10 + (*at - '0');
    huge = digits > beyond;
    if (point && (huge || __builtin_mul_overflow(scale, 10, &scale)))
      return false;
  }
  if (!count)
    return false;
  *out = (struct decimal){digits, scale};
  *text = at;
  return true;
}

bool lc_parse_int64(const char *text, int64_t *out) {
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (end == text || *end || errno || isspace((unsigned char)*text))
    return false;
  *out = value;
  return true;
}

bool lc_parse_uint64(const char *text, uint64_t *out) {
  char *end;
  if (!isdigit((unsigned char)*text))
    return false;
  bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  errno = 0;
  unsigned long long value = strtoull(text, &end, hex ? 16 : 10);
  if (*end || errno)
    return false;
  *out = value;
  return true;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

bool lc_parse_rational(const char *text, int64_t *numerator, int64_t *denominator) {
  struct decimal top, bottom = {1, 1};
  if (!read_decimal(&text, &top))
    return false;
  if (*text == '/') {
    text++;
    if (!read_decimal(&text, &bottom) || bottom.digits == 0)
      return false;
  }
  int64_t p = 0, q = 0;
  if (*text || __builtin_mul_overflow(top.digits, bottom.scale, &p) ||
      __builtin_mul_overflow(bottom.digits, top.scale, &q))
    return false;
  int64_t divisor = greatest_common_divisor(p, q);
  *numerator = p / divisor;
  *denominator = q / divisor;
  return true;
}

struct unit {
  const char *name;
  int64_t size;
};

static bool read_quantity(const char *text, const struct unit *unit, size_t n_unit, wide *out) {
  struct decimal number;
  if (!read_decimal(&text, &number))
    return false;
  for (size_t i = 0; i < n_unit; i++) {
    if (strcmp(text, unit[i].name) != 0)
      continue;
    wide value = number.digits * unit[i].size;
    if (value % number.scale != 0 && unit[i].size == 1)
      return false; /* no fractions of the smallest unit */
    *out = value / number.scale;
    return true;
  }
  return false;
}

static const struct unit time_units[] = {
    {"d", 86400 * LC_NS_PER_S},
    {"h", 3600 * LC_NS_PER_S},
    {"m", 60 * LC_NS_PER_S},
    {"s", LC_NS_PER_S},
    {"ms", 1000000},
    {"us", 1000},
    {"ns", 1},
};

bool lc_parse_duration(const char *text, int64_t *ns) {
  wide value;
  if (!read_quantity(text, time_units, sizeof time_units / sizeof *time_units, &value))
    return false;
  *ns = value < INT64_MAX ? (int64_t)value : INT64_MAX;
  return true;
}

bool lc_parse_size(const char *text, int64_t *bytes) {
  static const struct unit sizes[] = {
      {"", 1},
      {"B", 1},
      {"kB", 1000},
      {"KB", 1000},
      {"K", 1 << 10},
      {"KiB", 1 << 10},
      {"MB", 1000000},
      {"M", 1 << 20},
      {"MiB", 1 << 20},
      {"GB", 1000000000},
      {"G", 1 << 30},
      {"GiB", 1 << 30},
      {"TB", INT64_C(1000000000000)},
      {"T", INT64_C(1) << 40},
      {"TiB", INT64_C(1) << 40},
  };
  wide value;
  if (!read_quantity(text, sizes, sizeof sizes / sizeof *sizes, &value) || value > INT64_MAX)
    return false;
  *bytes = (int64_t)value;
  return true;
}

/* Whole units are written as such; else a fraction of seconds, or of the unit below a second. */
const char *lc_print_duration(char out[LC_QUANTITY_MAX], int64_t ns) {
  static const struct unit whole[] = {{"s", LC_NS_PER_S}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
  const struct unit *unit = whole;
  while (unit->size > 1 && ns < unit->size && ns != 0)
    unit++;
  int length = snprintf(out, LC_QUANTITY_MAX, "%" PRId64, ns / unit->size);
  int64_t rest = ns % unit->size;
  if (rest) {
    out[length++] = '.';
    for (int64_t place = unit->size / 10; rest; place /= 10) {
      out[length++] = (char)('0' + rest / place);
      rest %= place;
    }
  }
  snprintf(out + length, (size_t)(LC_QUANTITY_MAX - length), "%s", unit->name);
  return out;
}

static const char *print_three_digits(char out[LC_QUANTITY_MAX], double value, const char *unit) {
  int places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(out, LC_QUANTITY_MAX, "%.*f %s", places, value, unit);
  return out;
}

const char *lc_print_time(char out[LC_QUANTITY_MAX], int64_t ns) {
  double value = (double)ns;
  if (ns < 1000)
    snprintf(out, LC_QUANTITY_MAX, "%" PRId64 " ns", ns);
  else if (ns < 1000000)
    print_three_digits(out, value / 1e3, "us");
  else if (ns < LC_NS_PER_S)
    print_three_digits(out, value / 1e6, "ms");
  else
    print_three_digits(out, value / 1e9, "s");
  return out;
}

const char *lc_print_bytes(char out[LC_QUANTITY_MAX], int64_t bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    snprintf(out, LC_QUANTITY_MAX, "%" PRId64 " bytes", bytes);
    return out;
  }
  double value = (double)bytes / 1024;
  size_t i = 0;
  for (; value >= 1024 && i + 1 < sizeof units / sizeof *units; i++)
    value /= 1024;
  return print_three_digits(out, value, units[i]);
}

const char *lc_print_count(char out[LC_QUANTITY_MAX], int64_t count) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRId64, count);
  int start = digits[0] == '-';
  char *to = out;
  for (int i = 0; i < length; i++) {
    if (i > start && (length - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return out;
}

const char *lc_print_rational(char out[LC_QUANTITY_MAX], int64_t numerator, int64_t denominator) {
  if (denominator == 1)
    snprintf(out, LC_QUANTITY_MAX, "%" PRId64, numerator);
  else
    snprintf(out, LC_QUANTITY_MAX, "%" PRId64 "/%" PRId64, numerator, denominator);
  return out;
}
