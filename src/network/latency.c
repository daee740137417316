/* How long a message takes. With u = (word 1 * 2^32 + word 0 of the draw, divided by 2^11) * 2^-53,
 * uniform in [0, 1):
 *   uniform    a + u (b - a)
 *   exp        -mean ln(1 - u)
 *   lognormal  median exp(sigma z), z the normal quantile of u + 2^-54, at most 1 - 2^-53
 * in doubles and in this order of operations; then rounded to the nearest whole ns, halves up, and
 * at least the minimum. A law is a row of a table. */
#include "floating.h"

#include "lcmpi/network.h"
#include "lcmpi/rng.h"

#include <stdlib.h>
#include <string.h>

/* ---- the laws ------------------------------------------------------------------------------ */

static double draw_const(const struct lc_latency *l, double u) {
  (void)u;
  return (double)l->a_ns;
}

static double draw_uniform(const struct lc_latency *l, double u) {
  return (double)l->a_ns + u * (double)(l->b_ns - l->a_ns);
}

static double draw_exp(const struct lc_latency *l, double u) {
  return -(double)l->a_ns * fixed_log(1 - u);
}

/* Never 0 nor 1. */
static double inside(double u) {
  double p = u + 0x1p-54;
  return p < 1 ? p : 1 - 0x1p-53;
}

static double draw_lognormal(const struct lc_latency *l, double u) {
  return (double)l->a_ns * fixed_exp(l->sigma * fixed_normal_quantile(inside(u)));
}

enum second { NOTHING, AN_END, A_SIGMA };

static const struct law {
  const char *name;   /* with the colon behind it */
  enum second second; /* what stands behind the first time */
  bool tailed;        /* draws can be as short as nothing: the first time is a mean or median */
  double (*draw)(const struct lc_latency *l, double u); /* ns, neither rounded nor bounded yet */
} laws[] = {
    [LC_LATENCY_CONST] = {"const:", NOTHING, false, draw_const},
    [LC_LATENCY_UNIFORM] = {"uniform:", AN_END, false, draw_uniform},
    [LC_LATENCY_EXP] = {"exp:", NOTHING, true, draw_exp},
    [LC_LATENCY_LOGNORMAL] = {"lognormal:", A_SIGMA, true, draw_lognormal},
};
enum { N_LAW = sizeof laws / sizeof *laws };

int64_t lc_latency_draw_for(const struct lc_latency *l, uint64_t seed, enum lc_purpose purpose,
                            int32_t vm, int64_t number) {
  if (l->kind == LC_LATENCY_CONST)
    return l->a_ns;
  struct lc_block draw = lc_draw(seed, purpose, vm, (uint64_t)number, 0);
  uint64_t word = (uint64_t)draw.word[1] << 32 | draw.word[0];
  int64_t ns = (int64_t)(laws[l->kind].draw(l, (double)(word >> 11) * 0x1p-53) + 0.5);
  return ns > l->min_ns ? ns : l->min_ns;
}

int64_t lc_latency_draw(const struct lc_latency *l, uint64_t seed, int32_t sender, int64_t number) {
  return lc_latency_draw_for(l, seed, LC_DRAW_LATENCY, sender, number);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* What was typed: the whole, and what stands behind the colon, split at commas; min= apart. */
struct fields {
  const char *text;
  int n;
  char *field[3];
  char *min;
};

static lc_status refuse(struct lc_error *err, const struct fields *f, const char *why) {
  return lc_fail(err, LC_EUSAGE, "--latency %s: %s", f->text, why);
}

static lc_status unknown(struct lc_error *err, const struct fields *f) {
  return refuse(err, f,
                "must be none, const:10ms, uniform:5ms,15ms, exp:20ms,min=1ms or "
                "lognormal:20ms,0.5,min=1ms");
}

static lc_status read_time(int64_t *ns, const char *field, const struct fields *f,
                           struct lc_error *err) {
  if (*field == '-')
    return refuse(err, f, "no time can be negative");
  if (!lc_parse_duration(field, ns))
    return lc_fail(err, LC_EUSAGE,
                   "--latency %s: '%s' is not a time with its unit; write for example 10ms",
                   f->text, field);
  if (*ns > LC_LATENCY_MOST_NS)
    return refuse(err, f, "no message may take longer than 365 days");
  return LC_OK;
}

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

static lc_status read_second(struct lc_latency *l, enum second second, const struct fields *f,
                             struct lc_error *err) {
  int64_t p = 0, q = 1;
  switch (second) {
  case NOTHING:
    break;
  case AN_END:
    if (read_time(&l->b_ns, f->field[1], f, err))
      return LC_EUSAGE;
    return l->b_ns < l->a_ns ? refuse(err, f, "the end lies before the start") : LC_OK;
  case A_SIGMA:
    if (!lc_parse_rational(f->field[1], &p, &q) || p > 10 * q)
      return refuse(err, f, "sigma, behind the median, must be a number from 0 to 10");
    l->sigma = (double)p / (double)q;
  }
  return LC_OK;
}

static lc_status read_min(struct lc_latency *l, const struct fields *f, struct lc_error *err) {
  const struct law *law = &laws[l->kind];
  int64_t least = !law->tailed ? l->a_ns : l->a_ns >= 1000 ? l->a_ns / 1000 : 1;
  if (f->min && l->kind == LC_LATENCY_CONST)
    return refuse(err, f, "a constant latency has no min=");
  if (f->min && read_time(&l->min_ns, f->min, f, err))
    return LC_EUSAGE;
  if (law->second == AN_END && l->min_ns > l->b_ns)
    return refuse(err, f, "min= lies above the end");
  if (!f->min || (!law->tailed && l->min_ns < least))
    l->min_ns = least;
  return LC_OK;
}

static lc_status read_fields(struct lc_latency *l, const struct fields *f, struct lc_error *err) {
  const struct law *law = &laws[l->kind];
  enum second second = law->second;
  if (f->n != (second == NOTHING ? 1 : 2))
    return unknown(err, f);
  lc_status status = read_time(&l->a_ns, f->field[0], f, err);
  if (!status && law->tailed && l->a_ns == 0)
    status = refuse(err, f, "a mean or median cannot be 0");
  if (!status)
    status = read_second(l, second, f, err);
  if (!status && law->draw(l, 1 - 0x1p-53) > (double)LC_LATENCY_MOST_NS)
    status = refuse(err, f, "its largest draws are longer than 365 days: use less");
  return status ? status : read_min(l, f, err);
}

const char *lc_latency_word(size_t i) {
  return i < N_LAW ? laws[i].name : i == N_LAW ? "none" : NULL;
}

lc_status lc_latency_parse(struct lc_latency *latency, const char *text, struct lc_error *err) {
  struct lc_latency read = {.kind = LC_LATENCY_CONST};
  struct fields fields = {.text = text};
  if (strcmp(text, "none") == 0) {
    *latency = read;
    return LC_OK;
  }
  int kind = 0;
  while (kind < N_LAW && strncmp(text, laws[kind].name, strlen(laws[kind].name)) != 0)
    kind++;
  if (kind == N_LAW)
    return unknown(err, &fields);
  read.kind = (enum lc_latency_kind)kind;
  const char *list = text + strlen(laws[kind].name);
  lc_status status =
      split(&fields, list) ? read_fields(&read, &fields, err) : unknown(err, &fields);
  free_fields(&fields);
  if (!status)
    *latency = read;
  return status;
}

char *lc_latency_print(const struct lc_latency *l) {
  const struct law *law = &laws[l->kind];
  char time[LC_QUANTITY_MAX];
  if (l->kind == LC_LATENCY_CONST && !l->a_ns)
    return lc_format("none");
  char *text = lc_format("%s%s", law->name, lc_print_duration(time, l->a_ns));
  if (law->second == AN_END)
    text = lc_append(text, ",%s", lc_print_duration(time, l->b_ns));
  if (law->second == A_SIGMA)
    text = lc_append(text, ",%.12g", l->sigma);
  if (l->kind == LC_LATENCY_CONST)
    return text;
  return lc_append(text, ",min=%s", lc_print_duration(time, l->min_ns));
}
