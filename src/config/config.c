/* Defaults, checks that need several options at once, and the effective options as text. */
#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The defaults are written as a user would write them, so that they pass the same checks. */
void config_defaults(struct lc_config *config) {
  static const char *const defaults[][2] = {
      {"rates", "1:6"},         {"phase", "zero"},    {"clock", "lamport"},
      {"unicast", "0.2"},       {"multicast", "0.1"}, {"internal", "0.7"},
      {"fanout", "2"},          {"duration", "60s"},  {"speed", "1"},
      {"snapshot-every", "5s"}, {"compact", "auto"},  {"commit-every", "500ms"},
      {"reserve", "1.5"},       {"poll", "2ms"},      {"progress", "auto"},
  };
  struct lc_error err;
  memset(config, 0, sizeof *config);
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
    lc_assert(option_find(defaults[i][0])->set(config, defaults[i][1], &err) == LC_OK);
}

void config_free(struct lc_config *config) {
  free(config->rates_text);
  free(config->rate_weights_text);
  free(config->unicast_text);
  free(config->multicast_text);
  free(config->internal_text);
  free(config->clocks);
  free(config->output);
}

static lc_status check_operations(const struct lc_config *c, struct lc_error *err) {
  double sum = c->unicast + c->multicast + c->internal;
  if (fabs(sum - 1) <= 1e-9)
    return LC_OK;
  return lc_fail(err, LC_EUSAGE,
                 "--unicast %s, --multicast %s and --internal %s sum to %.6g: they must sum to 1",
                 c->unicast_text, c->multicast_text, c->internal_text, sum);
}

/* The weights of a range, read from their list; false if one is not a number. */
static bool read_weights(const char *list, double *weight, int32_t *n, double *sum, bool *whole) {
  *n = 0;
  *sum = 0;
  *whole = true;
  for (const char *at = list;; at++) {
    size_t length = strcspn(at, ",");
    char *item = lc_format("%.*s", (int)length, at);
    int64_t p = 0, q = 1;
    bool good = *n < LC_MAX_RATES && lc_parse_rational(item, &p, &q);
    free(item);
    if (!good)
      return false;
    *whole &= q == 1;
    weight[*n] = (double)p / (double)q;
    *sum += weight[(*n)++];
    at += length;
    if (!*at)
      return true;
  }
}

static lc_status settle_rate_weights(struct lc_config *c, struct lc_error *err) {
  const char *list = c->rate_weights_text;
  double weight[LC_MAX_RATES], sum;
  int32_t n;
  bool whole;
  if (!list)
    return LC_OK;
  if (!c->rates.drawn)
    return lc_fail(err, LC_EUSAGE, "--rate-weights %s: --rates %s is a list; weights need a range",
                   list, c->rates_text);
  if (!read_weights(list, weight, &n, &sum, &whole))
    return lc_fail(err, LC_EUSAGE, "--rate-weights %s: must be numbers such as .35,.35,.30", list);
  if (n != c->rates.n)
    return lc_fail(err, LC_EUSAGE, "--rate-weights %s: has %d weights; --rates %s has %d values",
                   list, n, c->rates_text, c->rates.n);
  if (sum <= 0 || (!whole && fabs(sum - 1) > 1e-9))
    return lc_fail(err, LC_EUSAGE,
                   "--rate-weights %s: sum to %.6g: they must sum to 1, or be whole-number "
                   "proportions",
                   list, sum);
  lc_rate_rule_weigh(&c->rates, weight);
  return LC_OK;
}

lc_status lc_config_settle(struct lc_config *config, int32_t n_rank, struct lc_error *err) {
  lc_status status = check_operations(config, err);
  if (!status)
    status = settle_rate_weights(config, err);
  if (status)
    return status;
  if (!config->n_vm)
    config->n_vm = n_rank;
  if (config->n_vm < n_rank)
    return lc_fail(err, LC_EUSAGE,
                   "--vms %d on %d ranks: every rank needs a VM; use at most %d rank%s or more VMs",
                   config->n_vm, n_rank, config->n_vm, config->n_vm == 1 ? "" : "s");
  if (config->duration_ns / config->snapshot_every_ns > 1000000)
    return lc_fail(err, LC_EUSAGE,
                   "--snapshot-every: asks for more than 1000000 snapshots; make it longer");
  return LC_OK;
}

char *lc_config_text(const struct lc_config *config) {
  char *text = NULL;
  for (size_t i = 0; i < n_option; i++) {
    if (!option_table[i].print)
      continue;
    char *value = option_table[i].print(config);
    text = lc_append(text, "%s%s = %s", text ? "\n" : "", option_table[i].name, value);
    free(value);
  }
  return text;
}
