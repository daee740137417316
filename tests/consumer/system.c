/* A system on one thread, as `lcmpi --vms 3 --rates 1,3,6 --pace virtual --seed 1` runs it: windows
 * as long as a message takes, so that nothing that is sent in one arrives in it. */
#include "consumer.h"

#include <lcmpi/vm.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_VM = 3, SEED = 1, MOST_WORDS = 8, MOST_MESSAGES = 64 };
static const int64_t latency_ns = 10000000, end_ns = 60 * LC_NS_PER_S;

struct message {
  int32_t sender, receiver;
  int64_t number, t_arrival, stamp[MOST_WORDS];
};

struct mail {
  const struct lc_clock_set *clocks;
  int n;
  struct message message[MOST_MESSAGES];
};

static void post(void *context, const struct lc_step *step) {
  struct mail *mail = context;
  for (int32_t i = 0; i < step->n_receiver; i++) {
    lc_assert(mail->n < MOST_MESSAGES);
    struct message *message = &mail->message[mail->n++];
    *message = (struct message){.sender = step->event.machine,
                                .receiver = step->receiver[i],
                                .number = step->event.msg_first + i,
                                .t_arrival = step->event.t_actual + latency_ns};
    memcpy(message->stamp, step->stamps, (size_t)mail->clocks->stamp_words * sizeof(int64_t));
  }
}

static void deliver(struct mail *mail, struct lc_vms *vms) {
  for (int i = 0; i < mail->n; i++) {
    const struct message *m = &mail->message[i];
    lc_vms_put(vms, m->receiver, m->sender, m->number, m->t_arrival, m->stamp);
  }
  mail->n = 0;
}

static void print_stamps(const struct lc_vms *vms, const struct lc_clock_set *clocks) {
  for (int32_t v = 0; v < N_VM; v++) {
    printf("VM %d:", v);
    for (int32_t c = 0; c < clocks->n; c++) {
      char text[64];
      clocks->clock[c]->print(text, sizeof text, lc_vms_stamps(vms, v) + clocks->stamp_at[c], N_VM);
      printf(" %s %s", clocks->clock[c]->name, text);
    }
    putchar('\n');
  }
}

lc_status run_system(const char *list, struct lc_error *err) {
  static struct lc_rate_rule rates = {.n = N_VM, .rate = {{1, 1}, {3, 1}, {6, 1}}};
  struct lc_topology topology = {.n_vm = N_VM, .n_replica = 1, .max_degree = N_VM - 1};
  struct lc_clock_set clocks;
  lc_clock_set_init(&clocks, N_VM);
  lc_status status = lc_clock_set_parse(&clocks, list, err);
  if (status)
    return status;
  if (clocks.stamp_words > MOST_WORDS)
    return lc_fail(err, LC_EUSAGE, "%s: more than %d words", list, MOST_WORDS);
  struct lc_workload load;
  struct lc_vms vms;
  struct lc_digest digest = {0};
  struct mail mail = {.clocks = &clocks};
  struct lc_sink sink = {.context = &mail, .sent = post, .digest = &digest};
  lc_workload_init(&load, SEED, &topology, LC_RECEIVE_OR_ACT, 0.2, 0.1, 2);
  lc_vms_init(&vms, 0, N_VM, &rates, LC_PHASE_ZERO, &load, &clocks);
  for (int64_t t = 0; t < end_ns; t += latency_ns) {
    lc_vms_run(&vms, 0, t + latency_ns, &sink);
    deliver(&mail, &vms);
  }
  print_stamps(&vms, &clocks);
  printf("digest 0x%016" PRIx64 "\n", digest.execution);
  lc_vms_free(&vms);
  lc_workload_free(&load);
  return LC_OK;
}
