/* Presets: named sets of ordinary options, set where --preset stands among the others, so that what
 * comes behind it overrides. The seeds are two published solutions of the exercise (model.md; their
 * archived figures: postprocess/lcmpi_reproduction). */
#include "presets.h"

#include <stdlib.h>
#include <string.h>

struct setting {
  const char *option, *value;
};

static const struct setting exercise[] = {
    {"route", "direct"},
    {"rates", "1:6"},
    {"phase", "zero"},
    {"tick-rule", "receive-or-act"},
    {"unicast", "0.2"},
    {"multicast", "0.1"},
    {"internal", "0.7"},
    {"fanout", "2"},
    {"clock", "lamport"},
    {"duration", "60s"},
    {"fifo", "on"},
    {"topology", "full"},
    {"receive-until", "none"},
    {"rng-fault", "none"},
    {NULL, NULL},
};

/* One process for each machine, on one host: messages take about a millisecond. */
static const struct setting seed_a[] = {
    {"route", "direct"},
    {"rng-fault", "none"},
    {"vms", "3"},
    {"rates", "1,3,6"},
    {"phase", "zero"},
    {"tick-rule", "receive-then-act"},
    {"fanout", "2"},
    {"clock", "lamport-seed-a,lamport"},
    {"duration", "60s"},
    {"fifo", "on"},
    {"topology", "full"},
    {"latency", "const:1ms"},
    {"receive-until", "none"},
    {NULL, NULL},
};

static const struct setting seed_b[] = {
    {"route", "direct"},
    {"rng-fault", "none"},
    {"vms", "3"},
    {"rates", "1:6"},
    {"phase", "period"},
    {"tick-rule", "receive-or-act"},
    {"unicast", "0.2"},
    {"multicast", "0.1"},
    {"internal", "0.7"},
    {"fanout", "2"},
    {"clock", "lamport-seed-b,lamport"},
    {"duration", "65s"},
    {"fifo", "on"},
    {"topology", "full"},
    {"latency", "const:1ms"},
    {"receive-until", "60s"},
    {NULL, NULL},
};

static const struct setting server[] = {
    {"route", "server"}, {"receive-until", "none"}, {NULL, NULL}};
static const struct setting extreme[] = {{"rate-weights", "1,1,0,0,1,1"}, {NULL, NULL}};
static const struct setting similar[] = {
    {"rates", "1:3"}, {"rate-weights", ".35,.35,.30"}, {NULL, NULL}};
static const struct setting few_internal[] = {
    {"unicast", "0.5"}, {"multicast", "0.25"}, {"internal", "0.25"}, {NULL, NULL}};
static const struct setting many_internal[] = {
    {"unicast", "1/30"}, {"multicast", "1/60"}, {"internal", "0.95"}, {NULL, NULL}};

static const struct preset {
  const char *name, *summary;
  const struct setting *base, *own; /* own: on top; NULL: nothing */
  bool draws;                       /* takes U: so many draws, one of which is for each peer */
} presets[] = {
    {"exercise", "the exercise as it is set: the defaults", exercise, NULL, false},
    {"seed-a", "seed A: a tick takes a message and acts; one of U draws for each peer (U=10)",
     seed_a, NULL, true},
    {"seed-b", "seed B: 65 s of ticks, receivers listen for 60 s; the same as seed-b:baseline",
     seed_b, NULL, false},
    {"seed-b:baseline", "its first family: rates drawn from 1 to 6", seed_b, NULL, false},
    {"seed-b:extreme", "rates drawn from 1, 2, 5 and 6", seed_b, extreme, false},
    {"seed-b:similar", "rates drawn from 1 to 3", seed_b, similar, false},
    {"seed-b:few-internal", "a quarter of the idle ticks is internal", seed_b, few_internal, false},
    {"seed-b:many-internal", "0.95 of them", seed_b, many_internal, false},
    {"seed-b-server", "its first design: a central server keeps all queues", seed_b, server, false},
};
enum { N_PRESET = sizeof presets / sizeof *presets, DRAWS = 10, MOST_DRAWS = 1000000 };

static lc_status set_one(struct lc_config *config, const char *name, const char *value,
                         struct lc_error *err) {
  const struct option_entry *entry = option_find(name);
  lc_assert(entry);
  config->given |= option_bit(entry);
  lc_status status = entry->set(config, value, err);
  config->preset_weights |= strcmp(name, "rate-weights") == 0;
  return status;
}

static lc_status set_all(struct lc_config *config, const struct setting *settings,
                         struct lc_error *err) {
  lc_status status = LC_OK;
  for (; settings && settings->option && !status; settings++)
    status = set_one(config, settings->option, settings->value, err);
  return status;
}

/* Two of U draws send, one to each peer. */
static lc_status set_draws(struct lc_config *config, int64_t draws, struct lc_error *err) {
  char text[64];
  snprintf(text, sizeof text, "2/%d", (int)draws);
  lc_status status = set_one(config, "unicast", text, err);
  snprintf(text, sizeof text, draws > 2 ? "%d/%d" : "0", (int)draws - 2, (int)draws);
  if (!status)
    status = set_one(config, "multicast", "0", err);
  return status ? status : set_one(config, "internal", text, err);
}

/* The preset whose name the text is, or begins with if it takes U; what is behind it in *rest. */
static const struct preset *find(const char *text, const char **rest) {
  for (size_t i = 0; i < N_PRESET; i++) {
    size_t length = strlen(presets[i].name);
    bool begins = strncmp(text, presets[i].name, length) == 0;
    *rest = text + length;
    if (begins && (!text[length] || (presets[i].draws && text[length] == ':')))
      return &presets[i];
  }
  return NULL;
}

lc_status preset_set(struct lc_config *config, const char *value, struct lc_error *err) {
  const char *rest;
  int64_t draws = DRAWS;
  const struct preset *preset = find(value, &rest);
  if (!preset)
    return lc_fail(err, LC_EUSAGE,
                   "--preset %s: there is no such preset; '--preset help' lists them", value);
  if (*rest && (strncmp(rest, ":U=", 3) != 0 || !lc_parse_int64(rest + 3, &draws) || draws < 2 ||
                draws > MOST_DRAWS))
    return lc_fail(err, LC_EUSAGE, "--preset %s: must be %s:U=N, N a whole number from 2 to %d",
                   value, preset->name, MOST_DRAWS);
  lc_status status = set_all(config, preset->base, err);
  if (!status)
    status = set_all(config, preset->own, err);
  if (!status && preset->draws)
    status = set_draws(config, draws, err);
  return status;
}

const char *preset_word(size_t i) {
  return i < N_PRESET ? presets[i].name : NULL;
}

void print_presets(FILE *to) {
  fputs(
      "Presets, for --preset NAME: sets of options; those behind it override, and --print-config\n"
      "shows what comes of it:\n",
      to);
  for (size_t i = 0; i < N_PRESET; i++)
    fprintf(to, "  %-21s %s\n", presets[i].name, presets[i].summary);
}
