/* How long the program may run: what was asked for, or what Slurm says. Rank 0 reads it, all ranks
 * set a timer of their own, so that each hears of the end even if the others are gone. */
#include "run_internal.h"

#include "lcmpi/stop.h"

#include <stdlib.h>
#include <time.h>

/* What stopping, the last snapshot and closing the file are given before Slurm ends the job. */
static const int64_t margin_ns = 30 * LC_NS_PER_S;

/* Wall time until a run in this Slurm job should stop, or 0 if nothing is known of its end. */
static int64_t left_by_slurm(void) {
  const char *text = getenv("SLURM_JOB_END_TIME");
  int64_t end_s = 0, now_s = (int64_t)time(NULL), most_s = INT64_MAX / LC_NS_PER_S;
  if (!text || !lc_parse_int64(text, &end_s) || end_s <= now_s || end_s - now_s > most_s)
    return 0;
  int64_t left = (end_s - now_s) * LC_NS_PER_S;
  return left - (left / 10 < margin_ns ? left / 10 : margin_ns);
}

void watch_limit(struct run *run) {
  int64_t asked = run->config->max_walltime_ns;
  int64_t word[] = {asked ? run->begun_ns + asked - lc_monotonic_ns() : 0,
                    asked ? 0 : left_by_slurm()};
  lc_broadcast(run->transport, word, sizeof word);
  run->limit_ns = word[1];
  if (asked || run->limit_ns)
    lc_stop_after(asked ? word[0] : word[1]);
}
