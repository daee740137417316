/* How long a message takes. With u = (word 1 * 2^32 + word 0 of the draw, divided by 2^11) * 2^-53,
 * uniform in [0, 1):
 *   uniform    a + u (b - a)
 *   exp        -mean ln(1 - u)
 *   lognormal  median exp(sigma z), z the normal quantile of u + 2^-54, at most 1 - 2^-53
 * in doubles and in this order of operations; then rounded to the nearest whole ns, halves up, and
 * at least the minimum. */
#include "floating.h"

#include "lcmpi/network.h"
#include "lcmpi/rng.h"

#include <stdlib.h>
#include <string.h>

/* Never 0 nor 1. */
static double inside(double u) {
  double p = u + 0x1p-54;
  return p < 1 ? p : 1 - 0x1p-53;
}

static double raw_latency(const struct lc_latency *l, double u) {
  switch (l->kind) {
  case LC_LATENCY_CONST:
    break;
  case LC_LATENCY_UNIFORM:
    return (double)l->a_ns + u * (double)(l->b_ns - l->a_ns);
  case LC_LATENCY_EXP:
    return -(double)l->a_ns * fixed_log(1 - u);
  case LC_LATENCY_LOGNORMAL:
    return (double)l->a_ns * fixed_exp(l->sigma * fixed_normal_quantile(inside(u)));
  }
  return (double)l->a_ns;
}

int64_t lc_latency_draw(const struct lc_latency *l, uint64_t seed, int32_t sender, int64_t number) {
  if (l->kind == LC_LATENCY_CONST)
    return l->a_ns;
  struct lc_block draw = lc_draw(seed, LC_DRAW_LATENCY, sender, (uint64_t)number, 0);
  uint64_t word = (uint64_t)draw.word[1] << 32 | draw.word[0];
  int64_t ns = (int64_t)(raw_latency(l, (double)(word >> 11) * 0x1p-53) + 0.5);
  return ns > l->min_ns ? ns : l->min_ns;
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */

static const char *const names[] = {"const", "uniform", "exp", "lognormal"};

static lc_status refuse(struct lc_error *err, const char *text, const char *why) {
  return lc_fail(err, LC_EUSAGE, "--latency %s: %s", text, why);
}

static lc_status unknown(struct lc_error *err, const char *text) {
  return refuse(err, text,
                "must be none, const:10ms, uniform:5ms,15ms, exp:20ms,min=1ms or "
                "lognormal:20ms,0.5,min=1ms");
}

/* The law's numbers, split at commas; min= apart from the others. */
struct fields {
  int n;
  char *field[3];
  char *min;
};

static bool split(struct fields *f, const char *list) {
  static const char min[] = "min=";
  for (const char *at = list;; at++) {
    size_t length = strcspn(at, ",");
    char *item = lc_format("%.*s", (int)length, at);
    bool is_min = strncmp(item, min, sizeof min - 1) == 0;
    if (is_min ? f->min != NULL : f->n == 3) {
      free(item);
      return false;
    }
    if (is_min) {
      f->min = lc_format("%s", item + sizeof min - 1);
      free(item);
    } else {
      f->field[f->n++] = item;
    }
    at += length;
    if (!*at)
      return true;
  }
}

static void free_fields(struct fields *f) {
  for (int i = 0; i < f->n; i++)
    free(f->field[i]);
  free(f->min);
}

static lc_status read_sigma(struct lc_latency *l, const char *field, const char *text,
                            struct lc_error *err) {
  int64_t p = 0, q = 1;
  if (!lc_parse_rational(field, &p, &q) || p > 10 * q)
    return refuse(err, text, "sigma, behind the median, must be a number from 0 to 10");
  l->sigma = (double)p / (double)q;
  return LC_OK;
}

static lc_status read_min(struct lc_latency *l, const char *min, const char *text,
                          struct lc_error *err) {
  if (l->kind == LC_LATENCY_CONST && min)
    return refuse(err, text, "a constant latency has no min=");
  if (min && (!lc_parse_duration(min, &l->min_ns) || l->min_ns < 0))
    return refuse(err, text, "min= must be a time with its unit, such as min=1ms");
  int64_t least = l->kind <= LC_LATENCY_UNIFORM ? l->a_ns : l->a_ns >= 1000 ? l->a_ns / 1000 : 1;
  if (!min || (l->kind == LC_LATENCY_UNIFORM && l->min_ns < least))
    l->min_ns = least;
  if (l->min_ns > LC_LATENCY_MOST_NS)
    return refuse(err, text, "no message may take longer than 365 days");
  return LC_OK;
}

static lc_status read_fields(struct lc_latency *l, const struct fields *f, const char *text,
                             struct lc_error *err) {
  static const int wanted[] = {1, 2, 1, 2};
  if (f->n != wanted[l->kind])
    return unknown(err, text);
  if (!lc_parse_duration(f->field[0], &l->a_ns))
    return refuse(err, text, "is not a time with its unit; write for example const:10ms");
  if (l->a_ns < 0 || (l->kind >= LC_LATENCY_EXP && l->a_ns < 1))
    return refuse(err, text, "a latency cannot be negative, nor a mean or median 0");
  if (l->kind == LC_LATENCY_UNIFORM && !lc_parse_duration(f->field[1], &l->b_ns))
    return refuse(err, text, "its end is not a time with its unit; write uniform:5ms,15ms");
  if (l->kind == LC_LATENCY_UNIFORM && l->b_ns < l->a_ns)
    return refuse(err, text, "the end lies before the start");
  if (l->kind == LC_LATENCY_LOGNORMAL) {
    lc_status status = read_sigma(l, f->field[1], text, err);
    if (status)
      return status;
  }
  double largest = raw_latency(l, 1 - 0x1p-53);
  if (largest > (double)LC_LATENCY_MOST_NS)
    return refuse(err, text, "its largest draws are longer than 365 days: use less");
  return read_min(l, f->min, text, err);
}

lc_status lc_latency_parse(struct lc_latency *latency, const char *text, struct lc_error *err) {
  struct lc_latency read = {.kind = LC_LATENCY_CONST};
  const char *colon = strchr(text, ':');
  if (strcmp(text, "none") == 0) {
    *latency = read;
    return LC_OK;
  }
  if (!colon)
    return unknown(err, text);
  size_t length = (size_t)(colon - text);
  int kind = 0;
  while (kind < 4 && (strlen(names[kind]) != length || strncmp(text, names[kind], length) != 0))
    kind++;
  if (kind == 4)
    return unknown(err, text);
  read.kind = (enum lc_latency_kind)kind;
  struct fields fields = {.n = 0};
  lc_status status =
      split(&fields, colon + 1) ? read_fields(&read, &fields, text, err) : unknown(err, text);
  free_fields(&fields);
  if (!status)
    *latency = read;
  return status;
}

char *lc_latency_print(const struct lc_latency *l) {
  char a[LC_QUANTITY_MAX], b[LC_QUANTITY_MAX], min[LC_QUANTITY_MAX];
  lc_print_duration(a, l->a_ns);
  lc_print_duration(b, l->b_ns);
  lc_print_duration(min, l->min_ns);
  switch (l->kind) {
  case LC_LATENCY_CONST:
    break;
  case LC_LATENCY_UNIFORM:
    return lc_format("uniform:%s,%s,min=%s", a, b, min);
  case LC_LATENCY_EXP:
    return lc_format("exp:%s,min=%s", a, min);
  case LC_LATENCY_LOGNORMAL:
    return lc_format("lognormal:%s,%.12g,min=%s", a, l->sigma, min);
  }
  return l->a_ns ? lc_format("const:%s", a) : lc_format("none");
}
