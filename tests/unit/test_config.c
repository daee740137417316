/* From the command line to a configuration. How quantities are read is test_quantity.c's matter;
 * here: what each option accepts, what is said of the rest, and that the effective options read
 * back as themselves. */
#include "unit.h"

#include "config/options.h"

#include "lcmpi/config.h"

enum { WORDS = 80 };

struct parsed {
  struct lc_command_line line;
  struct lc_error err;
  lc_status status;
};

/* Of words with one space between; a '~' stands for a space in a word. */
static void parse_words(struct parsed *p, const char *words) {
  char text[1000], *argv[WORDS] = {0};
  int argc = 0;
  snprintf(text, sizeof text, "lcmpi %s", words);
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
    for (char *at = word; *at; at++)
      *at = *at == '~' ? ' ' : *at;
    assert_true(argc < WORDS - 1);
    argv[argc++] = word;
  }
  p->err = (struct lc_error){LC_OK, ""};
  p->status = lc_command_line_parse(&p->line, argc, argv, &p->err);
}

static void parse(struct parsed *p, const char *words) {
  parse_words(p, words);
  if (!p->status && p->line.command == LC_COMMAND_RUN)
    p->status = lc_config_settle(&p->line.config, 3, &p->err);
}

static void require_parsed(struct parsed *p, const char *words) {
  parse(p, words);
  require(p->status == LC_OK, "%s: %s", words, p->err.text);
}

/* Refused, in one line that has these words. */
static void require_refused(const char *words, const char *said) {
  struct parsed p;
  parse(&p, words);
  require(p.status == LC_EUSAGE && p.err.status == LC_EUSAGE, "%s is accepted", words);
  require(strstr(p.err.text, said) && !strchr(p.err.text, '\n'), "%s: %s; expected: %s", words,
          p.err.text, said);
  lc_command_line_free(&p.line);
}

static void test_defaults(void **state) {
  (void)state;
  struct parsed p;
  require_parsed(&p, "");
  const struct lc_config *c = &p.line.config;
  assert_int_equal(p.line.command, LC_COMMAND_RUN);
  assert_int_equal(c->n_vm, 3); /* one per rank */
  assert_true(c->rates.drawn && c->rates.n == 6);
  for (int i = 0; i < 6; i++)
    assert_true(c->rates.rate[i].p == i + 1 && c->rates.rate[i].q == 1);
  assert_int_equal(c->duration_ns, 60 * LC_NS_PER_S);
  assert_true(c->speed.p == 1 && c->speed.q == 1);
  assert_string_equal(c->clocks, "lamport");
  assert_false(c->seed_given || c->force || c->durable);
  assert_null(c->output);
  assert_null(c->resume);
  assert_true(c->from == -1 && c->max_walltime_ns == 0 && c->given == 0);
  lc_command_line_free(&p.line);
}

static void test_values_arrive(void **state) {
  (void)state;
  struct parsed p;
  require_parsed(&p, "run --vms 16 --rates 1,5/2,0.25 --phase random --clock lamport,vector "
                     "--unicast 1/2 --multicast=0.25 --internal 1/4 --fanout all --duration 90s "
                     "--speed 2.5");
  const struct lc_config *c = &p.line.config;
  assert_int_equal(c->n_vm, 16);
  assert_true(!c->rates.drawn && c->rates.n == 3);
  assert_true(c->rates.rate[1].p == 5 && c->rates.rate[1].q == 2);
  assert_true(c->rates.rate[2].p == 1 && c->rates.rate[2].q == 4);
  assert_int_equal(c->phase, LC_PHASE_RANDOM);
  assert_string_equal(c->clocks, "lamport,vector");
  assert_true(c->unicast == 0.5 && c->multicast == 0.25 && c->internal == 0.25);
  assert_int_equal(c->fanout, LC_FANOUT_ALL);
  assert_int_equal(c->duration_ns, 90 * LC_NS_PER_S);
  assert_true(c->speed.p == 5 && c->speed.q == 2);
  lc_command_line_free(&p.line);
  require_parsed(&p,
                 "--seed 0x7 --snapshot-every 1s -o my~run.h5 --force --durable --compact never "
                 "--max-file-size 2KiB --commit-every 20ms --reserve 3/2 --poll 1ms "
                 "--progress log --resume old~run.h5 --from 4 --max-walltime 55m "
                 "--snapshot-method lai-yang");
  c = &p.line.config;
  assert_true(c->seed == 7 && c->seed_given);
  assert_int_equal(c->snapshot_every_ns, LC_NS_PER_S);
  assert_string_equal(c->output, "my run.h5");
  assert_true(c->force && c->durable);
  assert_int_equal(c->compaction, LC_COMPACT_NEVER);
  assert_int_equal(c->max_file_bytes, 2048);
  assert_int_equal(c->commit_every_ns, 20000000);
  assert_true(c->reserve.p == 3 && c->reserve.q == 2);
  assert_int_equal(c->poll_ns, 1000000);
  assert_int_equal(c->progress, LC_PROGRESS_LOG);
  assert_string_equal(c->resume, "old run.h5");
  assert_int_equal(c->from, 4);
  assert_int_equal(c->max_walltime_ns, 3300 * LC_NS_PER_S);
  assert_string_equal(c->method->name, "lai-yang");
  lc_command_line_free(&p.line);
  require_parsed(&p, "--seed 1 --seed 2 -oa.h5 -o b.h5"); /* the last one counts */
  assert_true(p.line.config.seed == 2);
  assert_string_equal(p.line.config.output, "b.h5");
  lc_command_line_free(&p.line);
}

static void test_commands(void **state) {
  (void)state;
  static const struct {
    const char *words;
    enum lc_command command;
  } list[] = {{"info a.h5", LC_COMMAND_INFO},
              {"verify a.h5", LC_COMMAND_VERIFY},
              {"recover a.h5", LC_COMMAND_RECOVER},
              {"--help", LC_COMMAND_HELP},
              {"-h", LC_COMMAND_HELP},
              {"help", LC_COMMAND_HELP},
              {"info --help", LC_COMMAND_HELP},
              {"--version", LC_COMMAND_VERSION},
              {"-V", LC_COMMAND_VERSION},
              {"--clock help", LC_COMMAND_LIST},
              {"--snapshot-method help", LC_COMMAND_LIST},
              {"predict --clock help", LC_COMMAND_LIST},
              {"-V --help", LC_COMMAND_HELP},
              {"--help -V", LC_COMMAND_HELP}};
  for (size_t i = 0; i < LENGTH(list); i++) {
    struct parsed p;
    require_parsed(&p, list[i].words);
    require(p.line.command == list[i].command, "%s is command %d", list[i].words, p.line.command);
    if (p.line.command <= LC_COMMAND_RECOVER)
      assert_string_equal(p.line.file, "a.h5");
    lc_command_line_free(&p.line);
  }
  struct parsed p;
  require_parsed(&p, "verify --help");
  assert_int_equal(p.line.about, LC_COMMAND_VERIFY);
  lc_command_line_free(&p.line);
}

static void test_tips(void **state) {
  (void)state;
  require_refused("--durration 5s", "did you mean --duration?");
  require_refused("--rate 5", "did you mean --rates?");
  require_refused("--Force", "did you mean --force?");
  require_refused("--snapshot 5s", "did you mean --snapshot-every?");
  require_refused("--nonsense-of-all-kinds", "unknown option --nonsense-of-all-kinds");
  require_refused("-x", "unknown option -x");
  require_refused("verfy a.h5", "did you mean verify?");
  require_refused("banana", "unknown command 'banana'");
  require_refused("--duration", "--duration needs a value");
  require_refused("-o", "-o needs a value");
  require_refused("--force=yes", "--force takes no value");
  require_refused("run a.h5", "'a.h5' is one word too many");
  require_refused("info a.h5 b.h5", "'b.h5' is one word too many");
  require_refused("info", "needs the name of a file");
  require_refused("info --vms 3 a.h5", "takes no option --vms");
  require_refused("predict --resume a.h5", "takes no option --resume");
  require_refused("--snapshot-method markers", "'--snapshot-method help' lists them");
  require_refused("--dur 5s", "did you mean --duration?"); /* no abbreviations */
}

/* The deadline after the last tick is at most a phase and a period behind the longest duration, and
 * the arrival of its message a latency: all fit 64 bits, so nobody has to look. */
static void test_times_fit(void **state) {
  (void)state;
  struct parsed p;
  require_parsed(&p, "--duration 36500d --rates 1/100000 --snapshot-every none");
  const struct lc_config *c = &p.line.config;
  int64_t period = lc_tick_time(c->rates.rate[0], 0, 1), room = INT64_MAX - c->duration_ns;
  assert_true(period == 100000 * LC_NS_PER_S);
  assert_true(room > 2 * period + LC_LATENCY_MOST_NS);
  lc_command_line_free(&p.line);
  require_refused("--duration 36500.1d", "--duration");
}

static void test_ranges(void **state) {
  (void)state;
  static const char *const good[] = {"--vms 1",
                                     "--vms 10000000",
                                     "--rates 1/100000",
                                     "--rates 100000000",
                                     "--rates 1:4096",
                                     "--rates 7:7",
                                     "--fanout 1",
                                     "--fanout 9999999",
                                     "--duration 1ns",
                                     "--seed 0",
                                     "--seed 9223372036854775807",
                                     "--poll 10us",
                                     "--poll 50ms",
                                     "--speed 1000000",
                                     "--reserve 0.1",
                                     "--commit-every 1ms",
                                     "--commit-every 1h",
                                     "--duration 36500d --snapshot-every 36500d",
                                     "--snapshot-every 1ms",
                                     "--max-walltime 1ns",
                                     "--max-walltime 36500d",
                                     "--resume a.h5 --from 0",
                                     "--resume a.h5 --from 2147483647"};
  static const char *const bad[] = {"--vms 0",
                                    "--vms 10000001",
                                    "--vms -1",
                                    "--vms 1.5",
                                    "--rates 0",
                                    "--rates 1/100001",
                                    "--rates 100000001",
                                    "--rates 0:6",
                                    "--rates 6:1",
                                    "--rates 1:4097",
                                    "--rates 1,,2",
                                    "--rates 1,2,",
                                    "--rates 1:2:3",
                                    "--rates 1.5:3",
                                    "--fanout 0",
                                    "--fanout 10000000",
                                    "--duration 0s",
                                    "--duration -1s",
                                    "--duration 60",
                                    "--duration 36501d",
                                    "--seed -1",
                                    "--seed 9223372036854775808",
                                    "--poll 9us",
                                    "--poll 51ms",
                                    "--speed 0",
                                    "--speed 1000001",
                                    "--reserve 0",
                                    "--reserve 1001",
                                    "--commit-every 999us",
                                    "--commit-every 3601s",
                                    "--snapshot-every 999ns",
                                    "--phase never",
                                    "--clock sundial",
                                    "--clock lamport,lamport",
                                    "--compact maybe",
                                    "--progress loud",
                                    "--pace simulated",
                                    "--replicas 0",
                                    "--replicas 2.5",
                                    "--latency 10ms",
                                    "--latency const:10",
                                    "--latency exp:-1s",
                                    "--latency uniform:3ms,2ms",
                                    "--latency const:1ms,min=1ms",
                                    "--latency lognormal:1ms,11",
                                    "--latency exp:30d",
                                    "--topology mesh",
                                    "--topology random:0",
                                    "--topology file:",
                                    "--fifo yes",
                                    "--log some",
                                    "--log sample:0",
                                    "--tick-rule none",
                                    "--max-file-size 0",
                                    "--max-file-size x",
                                    "-o dir/",
                                    "-o a\nb",
                                    "--topology file:a\nb",
                                    "--resume dir/",
                                    "--resume a\nb",
                                    "--from -1",
                                    "--from 2147483648",
                                    "--from last",
                                    "--max-walltime 0s",
                                    "--max-walltime 55",
                                    "--max-walltime 36501d",
                                    "--unicast 1.1",
                                    "--unicast -0.1"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    struct parsed p;
    char words[100];
    bool few = strncmp(good[i], "--vms 1", 8) == 0; /* fewer VMs than the three ranks */
    snprintf(words, sizeof words, "%s", good[i]);
    parse(&p, words);
    require(few ? p.status == LC_EUSAGE : p.status == LC_OK, "%s: %s", good[i], p.err.text);
    assert_true(!few || strstr(p.err.text, "every rank needs a VM"));
    lc_command_line_free(&p.line);
  }
  for (size_t i = 0; i < LENGTH(bad); i++) {
    char option[40];
    snprintf(option, sizeof option, "%.*s", (int)strcspn(bad[i], " "), bad[i]);
    require_refused(bad[i], strcmp(option, "-o") == 0 ? "--output" : option);
  }
}

static void test_what_goes_together(void **state) {
  (void)state;
  require_refused("--unicast 0.5", "sum to 1.3: they must sum to 1");
  require_refused("--unicast 0 --multicast 0 --internal 0", "sum to 0: they must sum to 1");
  require_refused("--unicast 0.1 --multicast 0.1", "sum to 0.9: they must sum to 1");
  require_refused("--vms 2", "every rank needs a VM");
  require_refused("--rates 1,2,3 --rate-weights 1,1,1", "weights need a range");
  require_refused("--rates 1:3 --rate-weights 1,1", "has 2 weights; --rates 1:3 has 3 values");
  require_refused("--rates 1:3 --rate-weights .5,.3,.3", "sum to 1.1: they must sum to 1");
  require_refused("--rates 1:3 --rate-weights 0,0,0", "sum to 0: they must sum to 1");
  require_refused("--rates 1:3 --rate-weights 1,x,1", "must be numbers");
  require_refused("--duration 100d --snapshot-every 1s", "more than 1000000 snapshots");
  require_refused("--pace virtual --latency none", "virtual time needs a latency above 0");
  require_refused("--pace virtual --latency uniform:0s,1s", "virtual time needs a latency above 0");
  require_refused("--pace virtual --speed 2", "goes with --pace real");
  require_refused("--from 3", "name its file with --resume");
  require_refused("--snapshot-method time-cut", "goes with --pace virtual");
  require_refused("--snapshot-method chandy-lamport --fifo off", "needs --fifo on");
  require_refused(
      "--snapshot-method chandy-lamport --fifo off --pace virtual",
      "needs --fifo on: a message must not overtake a marker; use time-cut or lai-yang");
  require_refused("--replicas 2", "3 cannot be divided into 2 copies"); /* on 3 ranks */
  require_refused("--vms 1 --replicas 2", "every rank needs a VM");
  require_refused("--vms 10000000 --replicas 11", "the most is 100000000");
  static const char *const good[] = {
      "--unicast 1/3 --multicast 1/3 --internal 1/3", "--unicast 0 --multicast 0 --internal 1",
      "--rates 1:3 --rate-weights 1/3,1/3,1/3", "--rates 1:3 --rate-weights 5,0,95",
      "--rate-weights .35,.35,.30 --rates 1:3"};
  for (size_t i = 0; i < LENGTH(good); i++) {
    struct parsed p;
    require_parsed(&p, good[i]);
    lc_command_line_free(&p.line);
  }
}

/* Markers go where they can, and are few enough; at the edges of the rule. */
static void test_snapshot_methods(void **state) {
  (void)state;
  static const struct {
    const char *words, *method;
  } list[] = {
      {"", "chandy-lamport"},
      {"--pace virtual", "time-cut"},
      {"--pace virtual --fifo off", "time-cut"},
      {"--pace virtual --snapshot-method chandy-lamport", "chandy-lamport"},
      {"--pace virtual --fifo off --snapshot-method lai-yang", "lai-yang"},
      {"--fifo off", "lai-yang"},
      {"--snapshot-method lai-yang", "lai-yang"},
      {"--vms 1000 --snapshot-method chandy-lamport", "chandy-lamport"}, /* as asked */
      {"--vms 256", "chandy-lamport"},
      {"--vms 257", "lai-yang"},
      {"--vms 256 --topology file:x", "chandy-lamport"},
      {"--vms 257 --topology file:x", "lai-yang"},
      {"--vms 32768 --topology ring", "chandy-lamport"},
      {"--vms 32769 --topology ring", "lai-yang"},
      {"--vms 32769 --topology star", "chandy-lamport"},
      {"--vms 32770 --topology star", "lai-yang"},
      {"--vms 16384 --topology grid", "chandy-lamport"},
      {"--vms 16385 --topology grid", "lai-yang"},
      {"--vms 8192 --topology random:8", "chandy-lamport"},
      {"--vms 8193 --topology random:8", "lai-yang"},
      {"--vms 2 --replicas 32768", "chandy-lamport"},
      {"--vms 2 --replicas 32769", "lai-yang"},
  };
  for (size_t i = 0; i < LENGTH(list); i++) {
    struct parsed p;
    require_parsed(&p, list[i].words);
    require(strcmp(p.line.config.method->name, list[i].method) == 0, "%s: %s", list[i].words,
            p.line.config.method->name);
    lc_command_line_free(&p.line);
  }
}

/* Weights have their effect: a weight of 0 is never drawn. */
static void test_rate_weights(void **state) {
  (void)state;
  struct parsed p;
  int64_t count[3] = {0};
  static const double share[] = {0.2, 0, 0.8};
  require_parsed(&p, "--rates 4:6 --rate-weights 1,0,4");
  for (int32_t v = 0; v < 20000; v++)
    count[lc_rate_of(&p.line.config.rates, 1, v, INT32_MAX).p - 4]++;
  assert_true(frequencies_fit(count, share, 3));
  lc_command_line_free(&p.line);
}

/* A refused option leaves the value before it. */
static void test_a_refusal_changes_nothing(void **state) {
  (void)state;
  struct lc_config c;
  struct lc_error err;
  config_defaults(&c);
  char *before = lc_config_text(&c);
  for (size_t i = 0; i < n_option; i++) {
    const struct option_entry *entry = &option_table[i];
    if (!entry->set || !entry->argument || strcmp(entry->name, "rate-weights") == 0)
      continue; /* those are read when all is known */
    require(entry->set(&c, "", &err) == LC_EUSAGE, "--%s takes an empty value", entry->name);
    if (strcmp(entry->name, "clock") != 0)
      require(entry->set(&c, "12 bananas/", &err) == LC_EUSAGE, "--%s takes bananas", entry->name);
    char *after = lc_config_text(&c);
    require(strcmp(before, after) == 0, "--%s: %s\nbecame\n%s", entry->name, before, after);
    free(after);
  }
  free(before);
  config_free(&c);
}

/* ---- the effective options ------------------------------------------------------------------- */

static void test_the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < n_option; i++) {
    const struct option_entry *a = &option_table[i];
    assert_ptr_equal(option_find(a->name), a); /* no name twice */
    assert_true(*a->help && *a->group);
    assert_true(a->set || !a->print);
    assert_true(a->print || !a->set || strcmp(a->name, "preset") == 0); /* it sets others */
    assert_true(a->argument || !a->list);
    assert_true(option_bit(a) == UINT64_C(1) << i);
    for (size_t k = 0; k < i; k++)
      require(option_table[k].key != a->key, "--%s has the key of --%s", a->name,
              option_table[k].name);
  }
  assert_null(option_find("no-such"));
  assert_null(option_find(""));
  assert_null(option_find("forc"));
}

static bool line_of(const char *text, const char *line) {
  size_t length = strlen(line);
  for (const char *at = text; (at = strstr(at, line)); at++)
    if ((at == text || at[-1] == '\n') && (at[length] == '\n' || !at[length]))
      return true;
  return false;
}

static void require_config(const char *words, const char *const *lines, size_t n) {
  struct parsed p;
  require_parsed(&p, words);
  char *text = lc_config_text(&p.line.config);
  for (size_t i = 0; i < n; i++)
    require(line_of(text, lines[i]), "%s: no line '%s' in:\n%s", words, lines[i], text);
  free(text);
  lc_command_line_free(&p.line);
}

/* A preset is the options that it stands for, where it stands. */
static void test_presets(void **state) {
  (void)state;
  static const char *const five[] = {
      "vms = 3",       "rates = 1,3,6",  "tick-rule = receive-then-act",   "unicast = 2/5",
      "multicast = 0", "internal = 3/5", "clock = lamport-seed-a,lamport", "duration = 60s"};
  static const char *const most[] = {"unicast = 2/2", "internal = 0"};
  static const char *const ten[] = {"unicast = 2/10", "internal = 8/10"};
  static const char *const baseline[] = {"rates = 1:6",         "rate-weights = equal",
                                         "phase = period",      "duration = 65s",
                                         "receive-until = 60s", "clock = lamport-seed-b,lamport"};
  static const char *const extreme[] = {"rates = 1:6", "rate-weights = 1,1,0,0,1,1"};
  static const char *const given[] = {"rates = 2,6,1", "rate-weights = equal", "duration = 10s"};
  static const char *const weighed[] = {"rates = 2:3", "rate-weights = 1,2"};
  static const char *const network[] = {"fifo = on", "topology = full"};
  static const char *const served[] = {"route = server", "pace = real", "service-time = 100us",
                                       "server-order = timestamp", "receive-until = none"};
  static const char *const similar[] = {"rates = 1:3", "rate-weights = .35,.35,.30"};
  static const char *const after[] = {"duration = 65s", "seed = 7"};
  static const char *const back[] = {"rates = 1:6",          "tick-rule = receive-or-act",
                                     "rate-weights = equal", "receive-until = none",
                                     "phase = zero",         "clock = lamport"};
  require_config("--preset seed-a:U=5", five, LENGTH(five));
  require_config("--preset seed-a:U=2", most, LENGTH(most));
  require_config("--preset seed-a", ten, LENGTH(ten));
  require_config("--preset seed-b", baseline, LENGTH(baseline));
  require_config("--preset seed-b:extreme", extreme, LENGTH(extreme));
  require_config("--preset seed-b:extreme --rates 2,6,1 --duration 10s", given, LENGTH(given));
  require_config("--preset seed-b:extreme --rates 2:3 --rate-weights 1,2", weighed,
                 LENGTH(weighed));
  require_config("--preset seed-b:similar", similar, LENGTH(similar));
  require_config("--duration 10s --seed 7 --preset seed-b", after, LENGTH(after));
  require_config("--fifo off --topology ring --preset seed-a", network, LENGTH(network));
  require_config("--fifo off --topology ring --preset seed-b", network, LENGTH(network));
  require_config("--preset seed-b-server", served, LENGTH(served));
  require_config("--preset seed-b:extreme --preset exercise", back, LENGTH(back));
}

/* What is printed, given again, is the same. */
static void require_read_back(const char *text) {
  struct parsed again;
  char words[1000] = "", *next = NULL;
  char *copy = lc_format("%s", text);
  for (char *line = strtok_r(copy, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
    char name[40], value[200];
    assert_int_equal(sscanf(line, "%39s = %199[^\n]", name, value), 2);
    const struct option_entry *entry = option_find(name);
    assert_non_null(entry);
    size_t used = strlen(words);
    if (entry->argument)
      snprintf(words + used, sizeof words - used, "--%s %s ", name, value);
    else if (strcmp(value, "yes") == 0)
      snprintf(words + used, sizeof words - used, "--%s ", name);
  }
  require_parsed(&again, words);
  char *text_again = lc_config_text(&again.line.config);
  assert_string_equal(text_again, text);
  free(copy);
  free(text_again);
  lc_command_line_free(&again.line);
}

/* What the file says a run was asked for, given again, asks for the same. */
static void test_effective_options_read_back(void **state) {
  (void)state;
  struct parsed p;
  require_parsed(&p,
                 "--vms 7 --rates 2:5 --rate-weights 1,2,3,4 --speed 2.50 --duration 90s --seed "
                 "0x10 --durable --output a.h5 --max-file-size 1MiB --fanout all");
  char *text = lc_config_text(&p.line.config);
  static const char *const lines[] = {"vms = 7",
                                      "rates = 2:5",
                                      "rate-weights = 1,2,3,4",
                                      "speed = 5/2",
                                      "duration = 90s",
                                      "seed = 16",
                                      "durable = yes",
                                      "force = no",
                                      "output = a.h5",
                                      "fanout = all",
                                      "phase = zero",
                                      "unicast = 0.2",
                                      "max-file-size = 1048576",
                                      "clock = lamport",
                                      "poll = 2ms",
                                      "snapshot-method = chandy-lamport",
                                      "pace = real"};
  for (size_t i = 0; i < LENGTH(lines); i++)
    require(line_of(text, lines[i]), "no line '%s' in:\n%s", lines[i], text);
  require_read_back(text);
  free(text);
  lc_command_line_free(&p.line);
}

/* A run with a central server prints nothing that it would refuse. */
static void test_options_of_a_server_read_back(void **state) {
  (void)state;
  struct parsed p;
  require_parsed(&p,
                 "--pace virtual --route server --service-time 1ms --server-order arrival --rates "
                 "2:3 --rate-weights 1,2 --seed 4 --output a.h5 --max-file-size 1MiB");
  char *text = lc_config_text(&p.line.config);
  require(line_of(text, "service-time = 1ms") && line_of(text, "server-order = arrival"), "%s",
          text);
  require_read_back(text);
  free(text);
  lc_command_line_free(&p.line);
}

/* ---- a run that goes on ---------------------------------------------------------------------- */

/* `words`, for the run of a file with these options, on so many ranks. */
static void resume(struct parsed *p, const char *words, const char *options, int32_t n_rank) {
  parse_words(p, words);
  require(p->status == LC_OK, "%s: %s", words, p->err.text);
  p->status = lc_config_resume(&p->line.config, options, &p->err);
  if (!p->status)
    p->status = lc_config_settle(&p->line.config, n_rank, &p->err);
}

static void require_resumed(struct parsed *p, const char *words, const char *options) {
  resume(p, words, options, 2);
  require(p->status == LC_OK, "%s: %s", words, p->err.text);
}

static void require_not_resumed(const char *words, const char *options, lc_status status,
                                const char *said, const char *said_too) {
  struct parsed p;
  resume(&p, words, options, 2);
  require(p.status == status && p.err.status == status, "%s: %d", words, p.status);
  require(strstr(p.err.text, said) && strstr(p.err.text, said_too) && !strchr(p.err.text, '\n'),
          "%s: %s; expected: %s ... %s", words, p.err.text, said, said_too);
  lc_command_line_free(&p.line);
}

static char *option_value(const struct parsed *p, const char *name) {
  char *value = option_find(name)->print(&p->line.config);
  return value ? value : lc_format("nothing");
}

static void require_value(const struct parsed *p, const char *name, const char *value) {
  char *found = option_value(p, name);
  require(strcmp(found, value) == 0, "--%s is %s, and should be %s", name, found, value);
  free(found);
}

/* The effective options of a run on 3 ranks; the caller frees them. */
static char *options_of(const char *words) {
  struct parsed p;
  require_parsed(&p, words);
  char *text = lc_config_text(&p.line.config);
  lc_command_line_free(&p.line);
  return text;
}

/* For each option that is kept: what another run has, that is not the default. */
static const struct {
  const char *name, *value;
} others[] = {
    {"vms", "12"},
    {"replicas", "4"},
    {"rates", "2:4"},
    {"rate-weights", "1,2,3"},
    {"phase", "random"},
    {"clock", "vector,lamport"},
    {"tick-rule", "receive-then-act"},
    {"rng-fault", "shared-stream"},
    {"receive-until", "none"}, /* goes with --fifo on */
    {"route", "direct"},       /* a run with a server does not go on */
    {"unicast", "0.5"},
    {"multicast", "0.25"},
    {"internal", "0.25"},
    {"fanout", "all"},
    {"latency", "exp:20ms,min=2ms"},
    {"topology", "random:3"},
    {"fifo", "off"},
    {"pace", "virtual"},
    {"duration", "90s"},
    {"speed", "1"}, /* goes with real time */
    {"seed", "12345"},
    {"poll", "3ms"},
    {"durable", "yes"},
    {"log", "sample:2"},
    {"commit-every", "250ms"},
    {"compact", "never"},
    {"max-file-size", "1048576"},
    {"reserve", "5/2"},
    {"snapshot-every", "7s"},
    {"snapshot-method", "lai-yang"},
    {"progress", "none"},
};

/* All of it on a command line. */
static char *other_words(void) {
  char *words = NULL;
  for (size_t i = 0; i < LENGTH(others); i++) {
    bool valued = option_find(others[i].name)->argument != NULL;
    words = lc_append(words, "%s--%s%s%s", words ? " " : "", others[i].name, valued ? " " : "",
                      valued ? others[i].value : "");
  }
  return words;
}

/* Nothing is given: everything is as in the file, on any number of ranks. */
static void test_resume_inherits(void **state) {
  (void)state;
  struct parsed p;
  char *words = other_words(), *options = options_of(words);
  require_resumed(&p, "--resume a.h5", options);
  size_t kept = 0;
  for (size_t i = 0; i < n_option; i++)
    kept += option_table[i].kind != OPTION_NOT_KEPT;
  assert_int_equal(kept - 2, LENGTH(others)); /* two are a server's, without which they are none */
  for (size_t i = 0; i < LENGTH(others); i++)
    require_value(&p, others[i].name, others[i].value);
  lc_command_line_free(&p.line);
  free(options);
  options = options_of(""); /* what stands there for a default need not be a value: "equal" */
  require_resumed(&p, "--resume a.h5", options);
  assert_true(p.line.config.n_vm == 3 && !p.line.config.durable);
  assert_null(p.line.config.rate_weights_text);
  lc_command_line_free(&p.line);
  free(options);
  free(words);
}

/* The whole configuration, given again, is no contradiction; whatever differs is, by its name. */
static void test_resume_compares(void **state) {
  (void)state;
  struct parsed p;
  char *words = other_words(), *options = options_of(words);
  char *again = lc_format("--resume a.h5 %s", words);
  require_resumed(&p, again, options);
  lc_command_line_free(&p.line);
  for (size_t i = 0; i < LENGTH(others); i++) {
    const struct option_entry *entry = option_find(others[i].name);
    if (entry->kind != OPTION_OF_RUN)
      continue;
    char *given = lc_format("--resume a.h5 --%s %s", entry->name, others[i].value);
    char *file = lc_format("%s = something else", entry->name);
    char *said =
        lc_format("--%s %s: the run in a.h5 has something else: ", entry->name, others[i].value);
    require_not_resumed(given, file, LC_EUSAGE, said, "leave it out, or start a new run");
    free(given);
    free(file);
    free(said);
  }
  require_not_resumed("--resume a.h5 --vms 4", options, LC_EUSAGE, "--vms 4: ", " has 12: ");
  require_not_resumed("--resume a.h5 --pace real", options, LC_EUSAGE, "--pace real", "virtual");
  require_not_resumed("--resume a.h5 --seed 0x10", options, LC_EUSAGE, "--seed 16", "12345");
  free(again);
  free(options);
  free(words);
}

/* What is printed in one form is the same, however it was typed. */
static void test_resume_compares_what_is_printed(void **state) {
  (void)state;
  struct parsed p;
  char *options = options_of("--seed 16 --latency const:10ms --snapshot-every 1500ms");
  require_resumed(&p,
                  "--resume a.h5 --vms 3 --seed 0x10 --latency const:0.01s --snapshot-every 1.5s "
                  "--snapshot-method chandy-lamport --duration 1m",
                  options);
  lc_command_line_free(&p.line);
  free(options);
}

static void test_resume_duration(void **state) {
  (void)state;
  struct parsed p;
  require_resumed(&p, "--resume a.h5 --duration 2m", "duration = 90s");
  require_value(&p, "duration", "120s");
  lc_command_line_free(&p.line);
  require_resumed(&p, "--resume a.h5 --duration 1.5m", "duration = 90s");
  require_value(&p, "duration", "90s");
  lc_command_line_free(&p.line);
  require_not_resumed("--resume a.h5 --duration 89999ms", "duration = 90s", LC_EUSAGE,
                      "--duration 89.999s: ", "is 90s long and can be made longer, not shorter");
}

static void test_resume_leaves_free(void **state) {
  (void)state;
  struct parsed p;
  char *options = options_of("--vms 3 --speed 5 --poll 3ms --commit-every 1s --compact never "
                             "--reserve 2 --progress log --max-file-size 1MiB -o old.h5 --force "
                             "--max-walltime 1h --resume older.h5 --from 3 --durable");
  require_resumed(&p,
                  "--resume a.h5 --speed 2 --poll 4ms --commit-every 2s --compact always "
                  "--reserve 3 --progress none --max-file-size 2MiB",
                  options);
  require_value(&p, "speed", "2");
  require_value(&p, "poll", "4ms");
  require_value(&p, "commit-every", "2s");
  require_value(&p, "compact", "always");
  require_value(&p, "reserve", "3");
  require_value(&p, "progress", "none");
  require_value(&p, "max-file-size", "2097152");
  require_value(&p, "durable", "yes"); /* not given, and no way to give the contrary */
  require_value(&p, "resume", "a.h5");
  require_value(&p, "from", "nothing");
  require_value(&p, "max-walltime", "nothing");
  require_value(&p, "force", "no");
  assert_null(p.line.config.output);
  lc_command_line_free(&p.line);
  free(options);
}

/* Of a file that has less, more, or nonsense. */
static void test_resume_of_other_files(void **state) {
  (void)state;
  struct parsed p;
  require_resumed(&p, "--resume a.h5 --vms 5 --fifo off --topology star", "seed = 9\nvms = 5");
  require_value(&p, "vms", "5");
  require_value(&p, "fifo", "off");
  require_value(&p, "topology", "star");
  require_value(&p, "seed", "9");
  require_value(&p, "phase", "zero");
  lc_command_line_free(&p.line);
  require_resumed(&p, "--resume a.h5", "");
  lc_command_line_free(&p.line);
  require_resumed(&p, "--resume a.h5", "no option\n\n=\nphase=random\nfanout = 3\n");
  require_value(&p, "phase", "zero");
  require_value(&p, "fanout", "3");
  lc_command_line_free(&p.line);
  static const char *const bad[] = {"gravity = 9.81",   "vms = 0",      "duration = long",
                                    "durable = maybe",  "rates = 1,,2", "help = yes",
                                    "seed = drawn well"};
  for (size_t i = 0; i < LENGTH(bad); i++)
    require_not_resumed("--resume a.h5", bad[i], LC_EFILE, "a.h5: its option ", bad[i]);
  require_not_resumed("--resume a.h5 --duration 1m", "duration = long", LC_EFILE,
                      "a.h5: its option duration = long", "not a time");
  resume(&p, "--resume a.h5", "vms = 3", 4);
  assert_int_equal(p.status, LC_EUSAGE);
  assert_non_null(strstr(p.err.text, "--vms 3 on 4 ranks"));
  lc_command_line_free(&p.line);
}

/* However long the values are, there is room for what to do. */
static void test_resume_says_it_all(void **state) {
  (void)state;
  char list[400], *words, *options;
  for (size_t i = 0; i < sizeof list; i++)
    list[i] = i % 2 ? ',' : '1';
  list[sizeof list - 1] = '\0';
  words = lc_format("--resume a.h5 --rates %s", list);
  options = lc_format("rates = %s,2", list);
  require_not_resumed(words, options, LC_EUSAGE, "--rates 1,1,1,", "or start a new run");
  free(words);
  free(options);
}

/* Each option stands in the help, with its default. */
static void test_help(void **state) {
  (void)state;
  char *text = NULL, words[60];
  size_t size;
  FILE *to = open_memstream(&text, &size);
  lc_print_help(to, LC_COMMAND_RUN);
  fclose(to);
  for (size_t i = 0; i < n_option; i++) {
    snprintf(words, sizeof words, "--%s", option_table[i].name);
    require(strstr(text, words), "%s is not in the help", words);
  }
  assert_non_null(strstr(text, "60s"));
  assert_non_null(strstr(text, "85"));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_values_arrive),
      cmocka_unit_test(test_commands),
      cmocka_unit_test(test_tips),
      cmocka_unit_test(test_times_fit),
      cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_what_goes_together),
      cmocka_unit_test(test_snapshot_methods),
      cmocka_unit_test(test_rate_weights),
      cmocka_unit_test(test_a_refusal_changes_nothing),
      cmocka_unit_test(test_the_table),
      cmocka_unit_test(test_presets),
      cmocka_unit_test(test_effective_options_read_back),
      cmocka_unit_test(test_options_of_a_server_read_back),
      cmocka_unit_test(test_resume_inherits),
      cmocka_unit_test(test_resume_compares),
      cmocka_unit_test(test_resume_compares_what_is_printed),
      cmocka_unit_test(test_resume_duration),
      cmocka_unit_test(test_resume_leaves_free),
      cmocka_unit_test(test_resume_of_other_files),
      cmocka_unit_test(test_resume_says_it_all),
      cmocka_unit_test(test_help),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
