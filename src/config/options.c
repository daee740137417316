/* Every option of a run in one table. Adding one is adding a row. */
#include "help.h"
#include "presets.h"

#include "lcmpi/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void keep(char **text, const char *value) {
  free(*text);
  *text = value ? lc_format("%s", value) : NULL;
}

/* ---- kinds of value
 * ------------------------------------------------------------------------------- */

static lc_status set_duration(int64_t *to, const char *name, const char *value, int64_t least,
                              int64_t most, struct lc_error *err) {
  int64_t ns = 0;
  char low[LC_QUANTITY_MAX], high[LC_QUANTITY_MAX];
  if (!lc_parse_duration(value, &ns))
    return lc_fail(err, LC_EUSAGE,
                   "--%s %s: is not a time with its unit; write for example 60s, 5m or 250ms", name,
                   value);
  if (ns < least || ns > most)
    return lc_fail(err, LC_EUSAGE, "--%s %s: must be from %s to %s", name, value,
                   lc_print_duration(low, least), lc_print_duration(high, most));
  *to = ns;
  return LC_OK;
}

/* The words that a value can be, as option_entry.word has them. */
#define WORDS(name, ...)                                                                           \
  static const char *name(size_t i) {                                                              \
    static const char *const words[] = {__VA_ARGS__};                                              \
    return i < sizeof words / sizeof *words ? words[i] : NULL;                                     \
  }

static lc_status set_word(int *to, const char *name, const char *value, const char *(*word)(size_t),
                          struct lc_error *err) {
  char *list = NULL;
  for (size_t i = 0; word(i); i++) {
    if (strcmp(value, word(i)) == 0) {
      *to = (int)i;
      free(list);
      return LC_OK;
    }
    list = lc_append(list, "%s%s", !i ? "" : word(i + 1) ? ", " : " or ", word(i));
  }
  lc_fail(err, LC_EUSAGE, "--%s %s: must be %s", name, value, list);
  free(list);
  return LC_EUSAGE;
}

static lc_status set_factor(struct lc_rate *to, const char *name, const char *value, double most,
                            struct lc_error *err) {
  struct lc_rate factor;
  if (!lc_parse_rational(value, &factor.p, &factor.q) || factor.p == 0 ||
      (double)factor.p / (double)factor.q > most)
    return lc_fail(err, LC_EUSAGE, "--%s %s: must be a number above 0 and up to %g", name, value,
                   most);
  *to = factor;
  return LC_OK;
}

#define DAY (86400 * LC_NS_PER_S)
/* So far from the end of 64 bits that a tick after the end, or an arrival, is still before it. */
#define LONGEST (36500 * DAY)

/* ---- system
 * --------------------------------------------------------------------------------------- */

static lc_status set_vms(struct lc_config *c, const char *value, struct lc_error *err) {
  int64_t n = 0;
  if (!lc_parse_int64(value, &n) || n < 1 || n > LC_MAX_VMS)
    return lc_fail(err, LC_EUSAGE, "--vms %s: must be a whole number from 1 to %d", value,
                   LC_MAX_VMS);
  c->n_vm = (int32_t)n;
  return LC_OK;
}

static lc_status set_replicas(struct lc_config *c, const char *value, struct lc_error *err) {
  int64_t n = 0;
  if (!lc_parse_int64(value, &n) || n < 1 || n > LC_MAX_VMS)
    return lc_fail(err, LC_EUSAGE, "--replicas %s: must be a whole number from 1 to %d", value,
                   LC_MAX_VMS);
  c->n_replica = (int32_t)n;
  return LC_OK;
}

static char *print_replicas(const struct lc_config *c) {
  return lc_format("%d", c->n_replica);
}

static char *duration_text(int64_t ns) {
  char text[LC_QUANTITY_MAX];
  return lc_format("%s", lc_print_duration(text, ns));
}

static char *rational_text(int64_t p, int64_t q) {
  char text[LC_QUANTITY_MAX];
  return lc_format("%s", lc_print_rational(text, p, q));
}

static char *print_vms(const struct lc_config *c) {
  return c->n_vm ? lc_format("%d", c->n_vm) : lc_format("one per rank");
}

/* A rate is limited so that a tick's time fits 64 bits and two ticks never share a nanosecond. */
static bool good_rate(struct lc_rate rate) {
  return rate.p > 0 && rate.p / rate.q <= 100000000 && rate.q / rate.p <= 100000;
}

static lc_status bad_rate(const char *list, struct lc_error *err) {
  return lc_fail(err, LC_EUSAGE,
                 "--rates %s: must be a range of whole numbers such as 1:6, or a list such as "
                 "1,3,6 or 1/2,2.5, each from 1/100000 to 100000000 ticks/s",
                 list);
}

static lc_status set_rate_range(struct lc_config *c, const char *list, const char *colon,
                                struct lc_error *err) {
  int64_t low = 0, high = 0;
  char *first = lc_format("%.*s", (int)(colon - list), list);
  bool good = lc_parse_int64(first, &low) && lc_parse_int64(colon + 1, &high) && low >= 1 &&
              high >= low && high <= 100000000;
  free(first);
  if (!good)
    return bad_rate(list, err);
  if (high - low >= LC_MAX_RATES)
    return lc_fail(err, LC_EUSAGE, "--rates %s: has more than %d values", list, LC_MAX_RATES);
  c->rates.drawn = true;
  c->rates.n = (int32_t)(high - low + 1);
  for (int32_t i = 0; i < c->rates.n; i++)
    c->rates.rate[i] = (struct lc_rate){low + i, 1};
  lc_rate_rule_weigh(&c->rates, NULL);
  return LC_OK;
}

static lc_status set_rates(struct lc_config *c, const char *value, struct lc_error *err) {
  const char *colon = strchr(value, ':');
  c->rates.n = 0;
  c->rates.drawn = false;
  if (c->preset_weights)
    keep(&c->rate_weights_text, NULL);
  c->preset_weights = false;
  if (colon) {
    lc_status status = set_rate_range(c, value, colon, err);
    if (!status)
      keep(&c->rates_text, value);
    return status;
  }
  for (const char *at = value;;) {
    size_t length = strcspn(at, ",");
    char *item = lc_format("%.*s", (int)length, at);
    struct lc_rate rate = {0, 1};
    bool good = lc_parse_rational(item, &rate.p, &rate.q) && good_rate(rate);
    free(item);
    if (!good)
      return bad_rate(value, err);
    if (c->rates.n == LC_MAX_RATES)
      return lc_fail(err, LC_EUSAGE, "--rates: has more than %d values", LC_MAX_RATES);
    c->rates.rate[c->rates.n++] = rate;
    at += length;
    if (!*at)
      break;
    at++;
  }
  keep(&c->rates_text, value);
  return LC_OK;
}

static char *print_rates(const struct lc_config *c) {
  return lc_format("%s", c->rates_text);
}

static lc_status set_rate_weights(struct lc_config *c, const char *value, struct lc_error *err) {
  (void)err; /* read when all options are known: they belong to --rates */
  keep(&c->rate_weights_text, value);
  c->preset_weights = false;
  return LC_OK;
}

static char *print_rate_weights(const struct lc_config *c) {
  return lc_format("%s", c->rate_weights_text ? c->rate_weights_text : "equal");
}

WORDS(phases, "zero", "period", "random")

static lc_status set_phase(struct lc_config *c, const char *value, struct lc_error *err) {
  int phase = 0;
  lc_status status = set_word(&phase, "phase", value, phases, err);
  c->phase = (enum lc_phase)phase;
  return status;
}

static char *print_phase(const struct lc_config *c) {
  return lc_format("%s", phases(c->phase));
}

static const char *clocks(size_t i) {
  const struct lc_clock *clock = lc_clock_at(i);
  return clock ? clock->name : NULL;
}

static lc_status set_clock(struct lc_config *c, const char *value, struct lc_error *err) {
  struct lc_clock_set set;
  lc_clock_set_init(&set, 1);
  lc_status status = lc_clock_set_parse(&set, value, err);
  if (!status)
    keep(&c->clocks, value);
  return status;
}

static char *print_clock(const struct lc_config *c) {
  return lc_format("%s", c->clocks);
}

/* ---- operations
 * ------------------------------------------------------------------------------------ */

static lc_status set_weight(double *weight, char **text, const char *name, const char *value,
                            struct lc_error *err) {
  int64_t p = 0, q = 1;
  if (!lc_parse_rational(value, &p, &q) || p > q)
    return lc_fail(err, LC_EUSAGE,
                   "--%s %s: must be a fraction of the idle ticks from 0 to 1, such as 0.2 or 1/6",
                   name, value);
  *weight = (double)p / (double)q;
  keep(text, value);
  return LC_OK;
}

static lc_status set_unicast(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_weight(&c->unicast, &c->unicast_text, "unicast", value, err);
}

static char *print_unicast(const struct lc_config *c) {
  return lc_format("%s", c->unicast_text);
}

static lc_status set_multicast(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_weight(&c->multicast, &c->multicast_text, "multicast", value, err);
}

static char *print_multicast(const struct lc_config *c) {
  return lc_format("%s", c->multicast_text);
}

static lc_status set_internal(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_weight(&c->internal, &c->internal_text, "internal", value, err);
}

static char *print_internal(const struct lc_config *c) {
  return lc_format("%s", c->internal_text);
}

WORDS(all_peers, "all")

static lc_status set_fanout(struct lc_config *c, const char *value, struct lc_error *err) {
  int64_t n = 0;
  if (strcmp(value, all_peers(0)) == 0) {
    c->fanout = LC_FANOUT_ALL;
    return LC_OK;
  }
  if (!lc_parse_int64(value, &n) || n < 1 || n >= LC_MAX_VMS)
    return lc_fail(err, LC_EUSAGE, "--fanout %s: must be a whole number of peers from 1, or all",
                   value);
  c->fanout = (int32_t)n;
  return LC_OK;
}

static char *print_fanout(const struct lc_config *c) {
  return c->fanout == LC_FANOUT_ALL ? lc_format("%s", all_peers(0)) : lc_format("%d", c->fanout);
}

static const char *tick_rules(size_t i) {
  return i <= LC_RECEIVE_THEN_ACT ? lc_tick_rules[i] : NULL;
}

static lc_status set_tick_rule(struct lc_config *c, const char *value, struct lc_error *err) {
  int rule = 0;
  lc_status status = set_word(&rule, "tick-rule", value, tick_rules, err);
  c->tick_rule = (enum lc_tick_rule)rule;
  return status;
}

static char *print_tick_rule(const struct lc_config *c) {
  return lc_format("%s", lc_tick_rules[c->tick_rule]);
}

WORDS(rng_faults, "none", "shared-stream")

static lc_status set_rng_fault(struct lc_config *c, const char *value, struct lc_error *err) {
  int fault = 0;
  lc_status status = set_word(&fault, "rng-fault", value, rng_faults, err);
  if (!status)
    c->shared_stream = fault == 1;
  return status;
}

static char *print_rng_fault(const struct lc_config *c) {
  return lc_format("%s", rng_faults(c->shared_stream));
}

/* ---- network
 * --------------------------------------------------------------------------------------- */

static lc_status set_latency(struct lc_config *c, const char *value, struct lc_error *err) {
  lc_status status = lc_latency_parse(&c->latency, value, err);
  if (!status)
    keep(&c->latency_text, value);
  return status;
}

static char *print_latency(const struct lc_config *c) {
  return c->latency_text ? lc_latency_print(&c->latency)
                         : lc_format("none in real time, const:10ms in virtual time");
}

static lc_status set_topology(struct lc_config *c, const char *value, struct lc_error *err) {
  if (strchr(value, '\n'))
    return lc_fail(err, LC_EUSAGE, "--topology: the name of a file must not have a line break");
  return lc_topology_rule_parse(&c->topology, value, err);
}

static char *print_topology(const struct lc_config *c) {
  return lc_topology_rule_print(&c->topology);
}

WORDS(switches, "off", "on")

static lc_status set_fifo(struct lc_config *c, const char *value, struct lc_error *err) {
  int on = 0;
  lc_status status = set_word(&on, "fifo", value, switches, err);
  if (!status)
    c->fifo = on == 1;
  return status;
}

static char *print_fifo(const struct lc_config *c) {
  return lc_format("%s", switches(c->fifo));
}

WORDS(no_time, "none")

static lc_status set_receive_until(struct lc_config *c, const char *value, struct lc_error *err) {
  if (strcmp(value, no_time(0)) == 0) {
    c->receive_until_ns = INT64_MAX;
    return LC_OK;
  }
  return set_duration(&c->receive_until_ns, "receive-until", value, 1, LONGEST, err);
}

static char *print_receive_until(const struct lc_config *c) {
  return c->receive_until_ns < INT64_MAX ? duration_text(c->receive_until_ns) : lc_format("none");
}

WORDS(routes, "direct", "server")

static lc_status set_route(struct lc_config *c, const char *value, struct lc_error *err) {
  int route = 0;
  lc_status status = set_word(&route, "route", value, routes, err);
  if (!status)
    c->served = route == 1;
  return status;
}

static char *print_route(const struct lc_config *c) {
  return lc_format("%s", routes(c->served));
}

static lc_status set_service_time(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_duration(&c->server.service_ns, "service-time", value, 0, 3600 * LC_NS_PER_S, err);
}

static char *print_service_time(const struct lc_config *c) {
  return c->served ? duration_text(c->server.service_ns) : NULL;
}

WORDS(server_orders, "timestamp", "arrival")

static lc_status set_server_order(struct lc_config *c, const char *value, struct lc_error *err) {
  int order = 0;
  lc_status status = set_word(&order, "server-order", value, server_orders, err);
  if (!status)
    c->server.order = order ? LC_BY_ARRIVAL : LC_BY_TIMESTAMP;
  return status;
}

static char *print_server_order(const struct lc_config *c) {
  return c->served ? lc_format("%s", server_orders(c->server.order == LC_BY_ARRIVAL)) : NULL;
}

/* ---- time
 * ------------------------------------------------------------------------------------------ */

WORDS(paces, "real", "virtual")

static lc_status set_pace(struct lc_config *c, const char *value, struct lc_error *err) {
  int pace = 0;
  lc_status status = set_word(&pace, "pace", value, paces, err);
  if (!status)
    c->pace = (enum lc_pace)pace;
  return status;
}

static char *print_pace(const struct lc_config *c) {
  return lc_format("%s", paces(c->pace));
}

static lc_status set_run_duration(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_duration(&c->duration_ns, "duration", value, 1, LONGEST, err);
}

static char *print_run_duration(const struct lc_config *c) {
  return duration_text(c->duration_ns);
}

static lc_status set_speed(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_factor(&c->speed, "speed", value, 1e6, err);
}

static char *print_speed(const struct lc_config *c) {
  return rational_text(c->speed.p, c->speed.q);
}

static lc_status set_seed(struct lc_config *c, const char *value, struct lc_error *err) {
  uint64_t seed = 0;
  if (!lc_parse_uint64(value, &seed) || seed > INT64_MAX)
    return lc_fail(err, LC_EUSAGE, "--seed %s: must be a whole number from 0 to %" PRId64, value,
                   INT64_MAX);
  c->seed = seed;
  c->seed_given = true;
  return LC_OK;
}

static char *print_seed(const struct lc_config *c) {
  return c->seed_given ? lc_format("%" PRIu64, c->seed) : lc_format("drawn");
}

static lc_status set_poll(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_duration(&c->poll_ns, "poll", value, 10000, LC_NS_PER_S / 20, err);
}

static char *print_poll(const struct lc_config *c) {
  return duration_text(c->poll_ns);
}

/* ---- file
 * ------------------------------------------------------------------------------------------ */

/* The effective options are text with one on a line. */
static lc_status set_file(char **to, const char *name, const char *value, struct lc_error *err) {
  if (strchr(value, '\n'))
    return lc_fail(err, LC_EUSAGE, "--%s: the name of a file must not have a line break", name);
  if (!*value || value[strlen(value) - 1] == '/')
    return lc_fail(err, LC_EUSAGE, "--%s %s: must be the name of a file", name, value);
  keep(to, value);
  return LC_OK;
}

static lc_status set_output(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_file(&c->output, "output", value, err);
}

static char *print_output(const struct lc_config *c) {
  return lc_format("%s", c->output ? c->output : "lcmpi-TIME-SEED.h5");
}

static lc_status set_force(struct lc_config *c, const char *value, struct lc_error *err) {
  (void)value, (void)err;
  c->force = true;
  return LC_OK;
}

static char *print_force(const struct lc_config *c) {
  return lc_format("%s", c->force ? "yes" : "no");
}

static lc_status set_durable(struct lc_config *c, const char *value, struct lc_error *err) {
  (void)value, (void)err;
  c->durable = true;
  return LC_OK;
}

static char *print_durable(const struct lc_config *c) {
  return lc_format("%s", c->durable ? "yes" : "no");
}

/* By enum lc_log. */
WORDS(logs, "all", "sample:", "none")

static lc_status set_log(struct lc_config *c, const char *value, struct lc_error *err) {
  const char *sample = logs(LC_LOG_SAMPLE);
  int64_t k = 0;
  if (strncmp(value, sample, strlen(sample)) == 0) {
    if (!lc_parse_int64(value + strlen(sample), &k) || k < 1 || k > LC_MAX_VMS)
      return lc_fail(err, LC_EUSAGE,
                     "--log %s: must be sample: and a whole number from 1, such as sample:100",
                     value);
    c->log = LC_LOG_SAMPLE;
    c->log_sample = (int32_t)k;
    return LC_OK;
  }
  for (size_t i = 0; logs(i); i++) {
    if (strcmp(value, logs(i)) != 0)
      continue;
    c->log = (enum lc_log)i;
    return LC_OK;
  }
  return lc_fail(err, LC_EUSAGE, "--log %s: must be all, none or sample:K, such as sample:100",
                 value);
}

static char *print_log(const struct lc_config *c) {
  return c->log == LC_LOG_SAMPLE ? lc_format("%s%d", logs(c->log), c->log_sample)
                                 : lc_format("%s", logs(c->log));
}

static lc_status set_commit_every(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_duration(&c->commit_every_ns, "commit-every", value, 1000000, 3600 * LC_NS_PER_S, err);
}

static char *print_commit_every(const struct lc_config *c) {
  return duration_text(c->commit_every_ns);
}

WORDS(compactions, "auto", "always", "never")

static lc_status set_compact(struct lc_config *c, const char *value, struct lc_error *err) {
  int compaction = 0;
  lc_status status = set_word(&compaction, "compact", value, compactions, err);
  c->compaction = (enum lc_compaction)compaction;
  return status;
}

static char *print_compact(const struct lc_config *c) {
  return lc_format("%s", compactions(c->compaction));
}

static lc_status set_max_file_size(struct lc_config *c, const char *value, struct lc_error *err) {
  if (!lc_parse_size(value, &c->max_file_bytes) || c->max_file_bytes < 1)
    return lc_fail(err, LC_EUSAGE, "--max-file-size %s: must be a size such as 500MiB or 20GB",
                   value);
  return LC_OK;
}

static char *print_max_file_size(const struct lc_config *c) {
  return c->max_file_bytes ? lc_format("%" PRId64, c->max_file_bytes) : lc_format("the free space");
}

static lc_status set_reserve(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_factor(&c->reserve, "reserve", value, 1000, err);
}

static char *print_reserve(const struct lc_config *c) {
  return rational_text(c->reserve.p, c->reserve.q);
}

/* ---- snapshots, stopping and going on
 * --------------------------------------------------------------------------------------- */

static lc_status set_snapshot_every(struct lc_config *c, const char *value, struct lc_error *err) {
  if (strcmp(value, no_time(0)) == 0) {
    c->snapshot_every_ns = 0;
    return LC_OK;
  }
  return set_duration(&c->snapshot_every_ns, "snapshot-every", value, 1000, LONGEST, err);
}

static char *print_snapshot_every(const struct lc_config *c) {
  return c->snapshot_every_ns ? duration_text(c->snapshot_every_ns) : lc_format("none");
}

static const char *methods(size_t i) {
  return i < lc_n_snapshot_method ? lc_snapshot_methods[i].name : NULL;
}

static lc_status set_snapshot_method(struct lc_config *c, const char *value, struct lc_error *err) {
  const struct lc_snapshot_method *method = lc_snapshot_method_find(value);
  if (!method)
    return lc_fail(err, LC_EUSAGE,
                   "--snapshot-method %s: there is no such method; '--snapshot-method help' lists "
                   "them",
                   value);
  c->method = method;
  return LC_OK;
}

static char *print_snapshot_method(const struct lc_config *c) {
  if (c->served) /* it takes none, and to name a method is refused */
    return NULL;
  return lc_format("%s", c->method ? c->method->name
                                   : "chandy-lamport in real time, or lai-yang where that cannot "
                                     "be; time-cut in virtual time");
}

static lc_status set_max_walltime(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_duration(&c->max_walltime_ns, "max-walltime", value, 1, LONGEST, err);
}

static char *print_max_walltime(const struct lc_config *c) {
  return c->max_walltime_ns ? duration_text(c->max_walltime_ns) : NULL;
}

static lc_status set_resume(struct lc_config *c, const char *value, struct lc_error *err) {
  return set_file(&c->resume, "resume", value, err);
}

static char *print_resume(const struct lc_config *c) {
  return c->resume ? lc_format("%s", c->resume) : NULL;
}

static lc_status set_from(struct lc_config *c, const char *value, struct lc_error *err) {
  int64_t k = 0;
  if (!lc_parse_int64(value, &k) || k < 0 || k > INT32_MAX)
    return lc_fail(err, LC_EUSAGE,
                   "--from %s: must be the number of a snapshot, a whole number from 0", value);
  c->from = (int32_t)k;
  return LC_OK;
}

static char *print_from(const struct lc_config *c) {
  return c->from < 0 ? NULL : lc_format("%d", c->from);
}

/* ---- display
 * --------------------------------------------------------------------------------------- */

WORDS(progresses, "auto", "live", "log", "none")

static lc_status set_progress(struct lc_config *c, const char *value, struct lc_error *err) {
  int progress = 0;
  lc_status status = set_word(&progress, "progress", value, progresses, err);
  c->progress = (enum lc_progress_mode)progress;
  return status;
}

static char *print_progress(const struct lc_config *c) {
  return lc_format("%s", progresses(c->progress));
}

/* ---- the table
 * ------------------------------------------------------------------------------------- */

#define SYSTEM     "The system"
#define OPERATIONS "What an idle tick does (the three weights sum to 1)"
#define NETWORK    "The network"
#define TIME       "Time"
#define OUTPUT     "The file"
#define GOING_ON   "Snapshots, stopping and going on"
#define OTHER      "Display and help"

const struct option_entry option_table[] = {
    {"preset", 321, "NAME", SYSTEM, OPTION_NOT_KEPT,
     "a named set of options, set where it stands: options behind it override; 'help' lists them",
     preset_set, NULL, print_presets, preset_word},
    {"vms", 256, "N", SYSTEM, OPTION_OF_RUN,
     "virtual machines of a copy, spread over the ranks in blocks", set_vms, print_vms, NULL, NULL},
    {"replicas", 262, "R", SYSTEM, OPTION_OF_RUN,
     "independent copies of the system in one run, each with its own draws", set_replicas,
     print_replicas, NULL, NULL},
    {"rates", 257, "LIST", SYSTEM, OPTION_OF_RUN,
     "ticks per second: a range 1:6 that each VM draws from, or a list 1,3,6 dealt out in turn",
     set_rates, print_rates, NULL, NULL},
    {"rate-weights", 258, "LIST", SYSTEM, OPTION_OF_RUN,
     "weights of the values of a range: fractions that sum to 1, or whole-number proportions",
     set_rate_weights, print_rate_weights, NULL, NULL},
    {"phase", 259, "WHEN", SYSTEM, OPTION_OF_RUN,
     "first tick: zero (all together at the start), period (after one period) or random", set_phase,
     print_phase, NULL, phases},
    {"clock", 260, "LIST", SYSTEM, OPTION_OF_RUN,
     "logical clocks that run side by side; 'help' lists them", set_clock, print_clock,
     print_clocks, clocks},
    {"tick-rule", 261, "RULE", SYSTEM, OPTION_OF_RUN,
     "receive-or-act: a tick takes one message or acts; receive-then-act: a tick takes one "
     "message, "
     "if there is one, and acts",
     set_tick_rule, print_tick_rule, NULL, tick_rules},
    {"unicast", 270, "W", OPERATIONS, OPTION_OF_RUN, "weight of a send to one peer", set_unicast,
     print_unicast, NULL, NULL},
    {"multicast", 271, "W", OPERATIONS, OPTION_OF_RUN, "weight of a send to --fanout peers",
     set_multicast, print_multicast, NULL, NULL},
    {"internal", 272, "W", OPERATIONS, OPTION_OF_RUN, "weight of an internal event", set_internal,
     print_internal, NULL, NULL},
    {"fanout", 273, "K", OPERATIONS, OPTION_OF_RUN, "peers of a multicast, or 'all'", set_fanout,
     print_fanout, NULL, all_peers},
    {"rng-fault", 274, "FAULT", OPERATIONS, OPTION_OF_RUN,
     "shared-stream: all machines of a copy draw the operations of its first one, tick for tick; "
     "or "
     "none",
     set_rng_fault, print_rng_fault, NULL, rng_faults},
    {"latency", 275, "LAW", NETWORK, OPTION_OF_RUN,
     "how long a message takes: none, const:10ms, uniform:5ms,15ms, exp:20ms,min=1ms or "
     "lognormal:20ms,0.5,min=1ms; in real time on top of MPI's own. Without min= the least of exp "
     "and "
     "lognormal is a thousandth of the mean or median; the larger the least, the faster is virtual "
     "time",
     set_latency, print_latency, NULL, lc_latency_word},
    {"topology", 276, "SHAPE", NETWORK, OPTION_OF_RUN,
     "who can send to whom: full, ring, star, grid, random:K or file:PATH (with ,partial behind "
     "it: "
     "VMs that cannot be reached are meant)",
     set_topology, print_topology, NULL, lc_topology_word},
    {"fifo", 277, "on|off", NETWORK, OPTION_OF_RUN,
     "whether messages of a channel arrive in the order of sending", set_fifo, print_fifo, NULL,
     switches},
    {"receive-until", 278, "TIME", NETWORK, OPTION_OF_RUN,
     "each channel delivers its messages up to the first that arrives at TIME or later, and loses "
     "the rest; or none",
     set_receive_until, print_receive_until, NULL, no_time},
    {"route", 330, "ROUTE", NETWORK, OPTION_OF_RUN,
     "direct: messages go from VM to VM; server: one process keeps all inboxes, and a VM asks it "
     "at each tick; in real time it is rank 0, which then has no VMs unless it is alone",
     set_route, print_route, NULL, routes},
    {"service-time", 331, "TIME", NETWORK, OPTION_OF_RUN,
     "how long the server takes for a request (default 100us)", set_service_time,
     print_service_time, NULL, NULL},
    {"server-order", 332, "ORDER", NETWORK, OPTION_OF_RUN,
     "what the server gives out first: timestamp (by clock value, sender, number; the default) or "
     "arrival",
     set_server_order, print_server_order, NULL, server_orders},
    {"pace", 280, "PACE", TIME, OPTION_OF_RUN,
     "real: model time follows the wall clock; virtual: as fast as can be, with the same result on "
     "any number of ranks",
     set_pace, print_pace, NULL, paces},
    {"duration", 281, "TIME", TIME, OPTION_EXTENDS, "model time to run", set_run_duration,
     print_run_duration, NULL, NULL},
    {"speed", 282, "X", TIME, OPTION_FREE, "model time runs X times as fast as the wall clock",
     set_speed, print_speed, NULL, NULL},
    {"seed", 283, "N", TIME, OPTION_OF_RUN,
     "seed of all random draws; drawn and printed if not given", set_seed, print_seed, NULL, NULL},
    {"poll", 284, "TIME", TIME, OPTION_FREE, "longest time between two looks for messages",
     set_poll, print_poll, NULL, NULL},
    {"output", 'o', "FILE", OUTPUT, OPTION_NOT_KEPT,
     "HDF5 file to write; never overwritten unasked", set_output, print_output, NULL, NULL},
    {"force", 290, NULL, OUTPUT, OPTION_NOT_KEPT, "replace an existing file", set_force,
     print_force, NULL, NULL},
    {"durable", 291, NULL, OUTPUT, OPTION_FREE,
     "fsync at every commit: committed rows survive a power cut", set_durable, print_durable, NULL,
     NULL},
    {"log", 297, "WHAT", OUTPUT, OPTION_OF_RUN,
     "events and messages on file: all, none, or sample:K, those of every K-th copy (of one copy: "
     "every K-th VM)",
     set_log, print_log, NULL, logs},
    {"commit-every", 293, "TIME", OUTPUT, OPTION_FREE,
     "wall time between commits; a kill -9 takes only what is younger than twice this",
     set_commit_every, print_commit_every, NULL, NULL},
    {"compact", 294, "WHEN", OUTPUT, OPTION_FREE,
     "rewrite the file sorted and compressed at the end: auto (rows below 256 MiB), always, never",
     set_compact, print_compact, NULL, compactions},
    {"max-file-size", 295, "SIZE", OUTPUT, OPTION_FREE,
     "refuse to start a run whose rows would need more", set_max_file_size, print_max_file_size,
     NULL, NULL},
    {"reserve", 296, "X", OUTPUT, OPTION_FREE,
     "room laid out for messages, over the number expected; the file grows if it is too small",
     set_reserve, print_reserve, NULL, NULL},
    {"snapshot-every", 292, "TIME", GOING_ON, OPTION_OF_RUN,
     "model time between consistent snapshots of the whole system, or none", set_snapshot_every,
     print_snapshot_every, NULL, no_time},
    {"snapshot-method", 310, "NAME", GOING_ON, OPTION_OF_RUN,
     "how they are taken; 'help' lists the methods", set_snapshot_method, print_snapshot_method,
     print_methods, methods},
    {"max-walltime", 311, "TIME", GOING_ON, OPTION_NOT_KEPT,
     "wall time after which the run stops and is saved, from the start of the program; in a Slurm "
     "job that tells its end (SLURM_JOB_END_TIME) the default is shortly before that",
     set_max_walltime, print_max_walltime, NULL, NULL},
    {"resume", 312, "FILE", GOING_ON, OPTION_NOT_KEPT,
     "go on with a run that was stopped or killed, in the same file or in --output; its options "
     "are those of the file, and --duration may be longer",
     set_resume, print_resume, NULL, NULL},
    {"from", 313, "K", GOING_ON, OPTION_NOT_KEPT,
     "with --resume: go on from snapshot K, and not from the newest", set_from, print_from, NULL,
     NULL},
    {"progress", 300, "HOW", OTHER, OPTION_FREE,
     "auto (live on a terminal, else log), live, log (a line every few seconds) or none",
     set_progress, print_progress, NULL, progresses},
    {"print-config", PRINT_CONFIG, NULL, OTHER, OPTION_NOT_KEPT,
     "print the effective options, one on each line, and end", NULL, NULL, NULL, NULL},
    {"json", JSON, NULL, OTHER, OPTION_NOT_KEPT,
     "of 'lcmpi verify' and 'lcmpi query': print the answer as one JSON object", NULL, NULL, NULL,
     NULL},
    {"help", 'h', NULL, OTHER, OPTION_NOT_KEPT, "print this help and end", NULL, NULL, NULL, NULL},
    {"version", 'V', NULL, OTHER, OPTION_NOT_KEPT,
     "print the version and those of MPI and HDF5, and end", NULL, NULL, NULL, NULL},
};
const size_t n_option = sizeof option_table / sizeof *option_table;

const struct option_entry *option_find(const char *name) {
  for (size_t i = 0; i < n_option; i++)
    if (strcmp(option_table[i].name, name) == 0)
      return &option_table[i];
  return NULL;
}

uint64_t option_bit(const struct option_entry *entry) {
  lc_assert(n_option <= 64);
  return UINT64_C(1) << (entry - option_table);
}
