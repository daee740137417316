/* Defaults, checks that need several options at once, and the effective options as text. */
#include "options.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The defaults are written as a user would write them, so that they pass the same checks. */
void config_defaults(struct lc_config *config) {
  static const char *const defaults[][2] = {
      {"rates", "1:6"},
      {"phase", "zero"},
      {"clock", "lamport"},
      {"unicast", "0.2"},
      {"multicast", "0.1"},
      {"internal", "0.7"},
      {"fanout", "2"},
      {"duration", "60s"},
      {"speed", "1"},
      {"snapshot-every", "5s"},
      {"compact", "auto"},
      {"commit-every", "500ms"},
      {"reserve", "1.5"},
      {"poll", "2ms"},
      {"progress", "auto"},
      {"pace", "real"},
      {"replicas", "1"},
      {"topology", "full"},
      {"fifo", "on"},
      {"log", "all"},
      {"tick-rule", "receive-or-act"},
      {"rng-fault", "none"},
      {"receive-until", "none"},
      {"route", "direct"},
      {"service-time", "100us"},
      {"server-order", "timestamp"},
  };
  struct lc_error err;
  memset(config, 0, sizeof *config);
  config->from = -1;
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
  free(config->topology.path);
  free(config->latency_text);
  free(config->output);
  free(config->resume);
}

static lc_status check_receive_until(const struct lc_config *c, struct lc_error *err) {
  if (c->receive_until_ns == INT64_MAX || c->fifo)
    return LC_OK;
  return lc_fail(err, LC_EUSAGE,
                 "--receive-until: needs --fifo on: which message of a channel is its first after "
                 "that must be known when it comes");
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

/* Without --vms every rank is one VM, and the copies share the ranks. A server in real time has
 * rank 0 for itself, unless it is alone. */
static lc_status settle_vms(struct lc_config *c, int32_t n_rank, struct lc_error *err) {
  c->n_apart = c->served && c->pace == LC_PACE_REAL && n_rank > 1;
  n_rank -= c->n_apart;
  if (!c->n_vm && n_rank % c->n_replica)
    return lc_fail(
        err, LC_EUSAGE,
        "--replicas %d on %d rank%s: without --vms every rank is one VM, and %d cannot be "
        "divided into %d copies; give the VMs of one copy, for example --vms 3",
        c->n_replica, n_rank, n_rank == 1 ? "" : "s", n_rank, c->n_replica);
  if (!c->n_vm)
    c->n_vm = n_rank / c->n_replica;
  int64_t all = (int64_t)c->n_vm * c->n_replica;
  if (all > LC_MAX_ALL_VMS)
    return lc_fail(err, LC_EUSAGE, "--replicas %d of --vms %d: are %" PRId64 " VMs; the most is %d",
                   c->n_replica, c->n_vm, all, LC_MAX_ALL_VMS);
  if (all < n_rank)
    return lc_fail(err, LC_EUSAGE,
                   "--vms %d on %d ranks: every rank%s needs a VM; use at most %" PRId64
                   " rank%s or more VMs",
                   c->n_vm, n_rank + c->n_apart, c->n_apart ? " but the server's" : "",
                   all + c->n_apart, all + c->n_apart == 1 ? "" : "s");
  return LC_OK;
}

/* The latency that the pace has by default, and what virtual time asks for. */
static lc_status settle_pace(struct lc_config *c, struct lc_error *err) {
  bool is_virtual = c->pace == LC_PACE_VIRTUAL;
  if (!c->latency_text) /* it stands among the effective options */
    lc_assert(option_find("latency")->set(c, is_virtual ? "const:10ms" : "none", err) == LC_OK);
  if (!is_virtual)
    return LC_OK;
  if (c->latency.min_ns < 1)
    return lc_fail(err, LC_EUSAGE,
                   "--latency %s: virtual time needs a latency above 0 (it is how far ranks may "
                   "run ahead); use for example const:10ms or exp:20ms,min=1ms",
                   c->latency_text);
  if (c->speed.p != c->speed.q)
    return lc_fail(err, LC_EUSAGE,
                   "--speed: goes with --pace real; virtual time is as fast as it can be");
  return LC_OK;
}

static lc_status needs_direct(struct lc_error *err, const char *what, const char *why) {
  return lc_fail(err, LC_EUSAGE, "--route server: %s; %s", what, why);
}

/* What a central server cannot go with. */
static lc_status settle_route(struct lc_config *c, struct lc_error *err) {
  static const char later[] = "use --route direct";
  static const char *const own[] = {"service-time", "server-order"};
  for (int i = 0; i < 2 && !c->served; i++)
    if (c->given & option_bit(option_find(own[i])))
      return lc_fail(err, LC_EUSAGE, "--%s: goes with --route server", own[i]);
  if (!c->served)
    return LC_OK;
  if (c->resume)
    return needs_direct(err, "a run with a server cannot go on with --resume", later);
  if (c->tick_rule != LC_RECEIVE_OR_ACT)
    return needs_direct(err, "a tick that asks the server takes a message or acts",
                        "use --tick-rule receive-or-act");
  if (c->receive_until_ns < INT64_MAX)
    return needs_direct(err, "its machines ask for messages, no channel delivers them",
                        "use --receive-until none");
  if (c->n_replica > 1)
    return needs_direct(err, "--replicas would share one server and not be independent", later);
  if (c->snapshot_every_ns && (c->given & option_bit(option_find("snapshot-every"))))
    return needs_direct(err, "there are no snapshots with a server but the end",
                        "use --snapshot-every none, which is its default");
  if (c->method && (c->given & option_bit(option_find("snapshot-method"))))
    return needs_direct(err, "there are no snapshots with a server, so no --snapshot-method",
                        "leave it out");
  c->snapshot_every_ns = 0;
  return LC_OK;
}

/* The channels of all copies, or what they are at most. */
static int64_t count_channels(const struct lc_config *c) {
  int64_t n = c->n_vm, of_copy = n * (n - 1);
  switch (c->topology.kind) {
  case LC_TOPOLOGY_RING:
    of_copy = 2 * n;
    break;
  case LC_TOPOLOGY_STAR:
    of_copy = 2 * (n - 1);
    break;
  case LC_TOPOLOGY_GRID:
    of_copy = 4 * n;
    break;
  case LC_TOPOLOGY_RANDOM:
    of_copy = n * c->topology.k;
    break;
  case LC_TOPOLOGY_FULL:
  case LC_TOPOLOGY_FILE:
    break;
  }
  return of_copy * c->n_replica;
}

/* A marker on every channel for each snapshot: beyond so many, counting is cheaper. */
enum { MOST_MARKED_CHANNELS = 65536 };

/* The method that goes with the pace and the network. */
static lc_status settle_method(struct lc_config *c, struct lc_error *err) {
  bool is_virtual = c->pace == LC_PACE_VIRTUAL;
  bool marked = c->fifo && count_channels(c) <= MOST_MARKED_CHANNELS;
  if (c->served) { /* the end alone, which is one */
    c->method = lc_snapshot_method_find("time-cut");
    return LC_OK;
  }
  if (!c->method)
    c->method = lc_snapshot_method_find(is_virtual ? "time-cut"
                                        : marked   ? "chandy-lamport"
                                                   : "lai-yang");
  if (!is_virtual && !c->method->real_time)
    return lc_fail(err, LC_EUSAGE,
                   "--snapshot-method %s: goes with --pace virtual: in real time no two ranks are "
                   "at one model time; use chandy-lamport or lai-yang",
                   c->method->name);
  if (!c->fifo && c->method->needs_fifo)
    return lc_fail(err, LC_EUSAGE,
                   "--snapshot-method %s: needs --fifo on: a message must not overtake a marker; "
                   "use %s",
                   c->method->name, is_virtual ? "time-cut or lai-yang" : "lai-yang");
  return LC_OK;
}

lc_status lc_config_settle(struct lc_config *config, int32_t n_rank, struct lc_error *err) {
  lc_status status = check_operations(config, err);
  if (!status)
    status = check_receive_until(config, err);
  if (!status)
    status = settle_rate_weights(config, err);
  if (status)
    return status;
  status = settle_route(config, err);
  if (!status)
    status = settle_vms(config, n_rank, err);
  if (!status)
    status = settle_pace(config, err);
  if (!status)
    status = settle_method(config, err);
  if (status)
    return status;
  if (config->from >= 0 && !config->resume)
    return lc_fail(err, LC_EUSAGE,
                   "--from %d: says where a run goes on; name its file with --resume FILE",
                   config->from);
  if (config->snapshot_every_ns && config->duration_ns / config->snapshot_every_ns > 1000000)
    return lc_fail(err, LC_EUSAGE,
                   "--snapshot-every: asks for more than 1000000 snapshots; make it longer");
  return LC_OK;
}

lc_status lc_config_clocks(const struct lc_config *c, struct lc_clock_set *clocks,
                           struct lc_error *err) {
  lc_clock_set_init(clocks, c->n_vm);
  lc_status status = lc_clock_set_parse(clocks, c->clocks, err);
  const struct lc_clock *untold = lc_clock_set_untold(clocks);
  if (status)
    return status;
  if (c->resume && untold)
    return lc_fail(err, LC_EUSAGE,
                   "--resume %s: has the clock %s, whose stamps do not tell its state: a run with "
                   "it cannot be gone on with",
                   c->resume, untold->name);
  if (c->served && c->server.order == LC_BY_TIMESTAMP && lc_clock_set_shown(clocks) < 0)
    return lc_fail(err, LC_EUSAGE,
                   "--clock %s: --server-order timestamp needs a clock with one value, such as "
                   "lamport; add it, or use --server-order arrival",
                   c->clocks);
  return LC_OK;
}

char *lc_config_text(const struct lc_config *config) {
  char *text = NULL;
  for (size_t i = 0; i < n_option; i++) {
    if (!option_table[i].print)
      continue;
    char *value = option_table[i].print(config);
    if (value)
      text = lc_append(text, "%s%s = %s", text ? "\n" : "", option_table[i].name, value);
    free(value);
  }
  return text;
}
