/* What --help, the lists of --clock help and --snapshot-method help, and the subcommands' help say.
 */
#include "help.h"

#include "lcmpi/clock.h"

#include <stdlib.h>

static const char run_head[] =
    "Usage: lcmpi [OPTION...]\n"
    "       mpirun -np RANKS lcmpi [OPTION...]\n"
    "       lcmpi --resume FILE [--from K] [OPTION...]\n"
    "       lcmpi info FILE\n"
    "       lcmpi verify FILE\n"
    "       lcmpi recover FILE\n"
    "       lcmpi predict [OPTION...]\n"
    "\n"
    "A laboratory for logical time: every MPI rank is a virtual machine with a tick rate of its "
    "own, "
    "messages are its network, logical clocks stamp every event, and all of it goes into one HDF5 "
    "file.\n"
    "\n"
    "Examples:\n"
    "  mpirun -np 3 ./lcmpi                        the exercise: 3 VMs, 60 s\n"
    "  mpirun -np 3 ./lcmpi --rates 1,3,6 --duration 10s --seed 7 -o run.h5\n"
    "  mpirun -np 4 ./lcmpi --vms 16 --clock lamport,vector --speed 10\n"
    "  ./lcmpi --vms 3                             three VMs in one process\n"
    "  ./lcmpi --vms 1000000 --pace virtual --log none --duration 10s\n"
    "  ./lcmpi --vms 3 --pace virtual --replicas 10000 --log none\n"
    "  ./lcmpi info run.h5                         what a file holds, and whether it is complete\n"
    "  ./lcmpi verify run.h5                       judge a run, with a witness for what is wrong\n"
    "  ./lcmpi recover run.h5                      finish the file of a run that was killed\n"
    "  ./lcmpi predict --vms 3 --rates 1,3,6       what theory expects of such a run\n"
    "\n"
    "Stopping and going on: Ctrl-C, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU and --max-walltime end a run "
    "early, on all ranks at one moment. It is saved, the command that goes on with it is printed, "
    "and the exit code is 85. A run that was killed goes on from its newest whole snapshot. The "
    "number of ranks may be another one; in virtual time the result is that of a run that was "
    "never "
    "stopped.\n"
    "\n"
    "  mpirun -np 3 ./lcmpi --max-walltime 55m -o run.h5\n"
    "  mpirun -np 3 ./lcmpi --resume run.h5        to its end, in the same file\n"
    "  ./lcmpi --resume run.h5 --duration 5m -o longer.h5\n"
    "\v";

static const char info_head[] = "Usage: lcmpi info FILE\n\n"
                                "Says what the file of a run holds, whether the run is complete, "
                                "and how it was made. Reads files "
                                "of finished, running and crashed runs.\v";

static const char verify_head[] =
    "Usage: lcmpi verify [--json] FILE\n\n"
    "Derives happened-before again from program order and message ids alone, and checks the run "
    "against it: ticks, messages, queues, conservation, the promise of every clock, snapshots. "
    "Ends "
    "with 4 and the smallest witness if anything is wrong. Logs of other programs that "
    "postprocess/lcmpi_import made a file of are judged by what can be said of such; a witness "
    "names their lines. --json prints one JSON object instead.\v";

static const char recover_head[] =
    "Usage: lcmpi recover FILE\n\n"
    "Finishes the file of a run that was killed: all committed rows, sorted and compressed, with "
    "the "
    "fate of every message, in state RECOVERED. The old file stays until the new one is on disk.\v";

static const char predict_head[] =
    "Usage: lcmpi predict [OPTION...]\n\n"
    "Prints what theory expects of a run with these options: the arrival rate at every VM, who is "
    "saturated, queue and Lamport clock at the end. Runs nothing and writes nothing. Without --vms "
    "it is about three VMs. The options are those of a run.\v";

static char *with_exit_codes(const char *head) {
  char *text = lc_format("%sExit codes:\n", head);
#define X(name, code, meaning)                                                                     \
  {                                                                                                \
    char *longer = lc_format("%s  %2d  %s\n", text, code, meaning);                                \
    free(text);                                                                                    \
    text = longer;                                                                                 \
  }
  LC_STATUS_MAP(X)
#undef X
  char *whole =
      lc_format("%s 128+n  ended at once by a signal n, a second or more after the first\n", text);
  free(text);
  return whole;
}

void lc_print_help(FILE *to, enum lc_command about) {
  static const struct argp_option none[] = {{0}};
  struct lc_config defaults;
  config_defaults(&defaults);
  struct argp_option *options = argp_options(&defaults);
  const char *head = about == LC_COMMAND_INFO      ? info_head
                     : about == LC_COMMAND_VERIFY  ? verify_head
                     : about == LC_COMMAND_RECOVER ? recover_head
                     : about == LC_COMMAND_PREDICT ? predict_head
                                                   : run_head;
  char *doc = with_exit_codes(head);
  struct argp argp = {.options = about == LC_COMMAND_RUN ? options : none, .doc = doc};
  char name[] = "lcmpi";
  setenv("ARGP_HELP_FMT", "rmargin=98,opt-doc-col=28", 0);
  argp_help(&argp, to, ARGP_HELP_LONG | ARGP_HELP_DOC, name);
  free(doc);
  argp_options_free(options);
  config_free(&defaults);
}

void print_clocks(FILE *to) {
  fputs("Clocks, for --clock NAME or a list of them (they run side by side on one execution):\n",
        to);
  for (size_t i = 0; i < lc_n_clock; i++)
    fprintf(to, "  %-14s %s\n  %-14s promise: %s\n", lc_clocks[i]->name, lc_clocks[i]->summary, "",
            lc_clocks[i]->promise);
}

void print_methods(FILE *to) {
  fputs("Methods, for --snapshot-method NAME; each sees only what passes the channels:\n", to);
  for (size_t i = 0; i < lc_n_snapshot_method; i++)
    fprintf(to, "  %-15s %s\n", lc_snapshot_methods[i].name, lc_snapshot_methods[i].summary);
}
