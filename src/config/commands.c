/* The commands: what each of them takes, and what its help says before the options. */
#include "commands.h"

static const char run_head[] =
    "Usage: lcmpi [OPTION...]\n"
    "       mpirun -np RANKS lcmpi [OPTION...]\n"
    "       lcmpi --resume FILE [--from K] [OPTION...]\n"
    "       lcmpi info FILE\n"
    "       lcmpi verify FILE\n"
    "       lcmpi query FILE QUESTION\n"
    "       lcmpi recover FILE\n"
    "       lcmpi predict [OPTION...]\n"
    "\n"
    "A laboratory for logical time: every MPI rank is a virtual machine with a tick rate of its "
    "own, "
    "messages are its network, logical clocks stamp every event, and all of it goes into one HDF5 "
    "file.\n"
    "\n"
    "Examples:\n"
    "  mpirun -np 3 lcmpi                          the exercise: 3 VMs, 60 s\n"
    "  mpirun -np 3 lcmpi --rates 1,3,6 --duration 10s --seed 7 -o run.h5\n"
    "  mpirun -np 4 lcmpi --vms 16 --clock lamport,vector --speed 10\n"
    "  lcmpi --vms 3                               three VMs in one process\n"
    "  lcmpi --vms 1000000 --pace virtual --log none --duration 10s\n"
    "  lcmpi --vms 3 --pace virtual --replicas 10000 --log none\n"
    "  lcmpi info run.h5                           what a file holds, and whether it is complete\n"
    "  lcmpi verify run.h5                         judge a run, with a witness for what is wrong\n"
    "  lcmpi query run.h5 path 0:4 2:31            how one event led to another\n"
    "  lcmpi recover run.h5                        finish the file of a run that was killed\n"
    "  lcmpi predict --vms 3 --rates 1,3,6         what theory expects of such a run\n"
    "\n"
    "Stopping and going on: Ctrl-C, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU and --max-walltime end a run "
    "early, on all ranks at one moment. It is saved, the command that goes on with it is printed, "
    "and the exit code is 85. A run that was killed goes on from its newest whole snapshot. The "
    "number of ranks may be another one; in virtual time the result is that of a run that was "
    "never "
    "stopped.\n"
    "\n"
    "  mpirun -np 3 lcmpi --max-walltime 55m -o run.h5\n"
    "  mpirun -np 3 lcmpi --resume run.h5          to its end, in the same file\n"
    "  lcmpi --resume run.h5 --duration 5m -o longer.h5\n"
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
    "lcmpi_import made a file of are judged by what can be said of such; a witness "
    "names their lines. --json prints one JSON object instead.\v";

static const char query_head[] =
    "Usage: lcmpi query [--json] FILE QUESTION\n\n"
    "Answers questions about happened-before in a run, from program order and messages alone. An "
    "event is VM:SEQ, the SEQ-th of that VM, from 0.\n\n"
    "Questions:\n"
    "  event A        what A is, its stamps, and its messages\n"
    "  before A B     whether A happened before B\n"
    "  path A B       how A led to B: a causal path with the fewest messages\n"
    "  past A         all that happened before A\n"
    "  future A       all that A happened before\n"
    "  concurrent A   all that is neither\n"
    "  chain          the longest chain of events each of which happened before the next\n"
    "  state K        the system at snapshot K (from 0, or 'end'): machines, queues, channels\n\n"
    "Past, future and what is concurrent are an interval of the events of each VM of the copy. Of "
    "a run that "
    "is "
    "not over or of which not all is logged the answer is as far as it is on file, and says so. "
    "--json prints one JSON object instead.\v";

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

const struct command command_table[] = {
    [LC_COMMAND_RUN] = {.name = "run", .head = run_head, .options = true},
    [LC_COMMAND_INFO] = {.name = "info", .head = info_head, .n_word = 1},
    [LC_COMMAND_VERIFY] = {.name = "verify", .head = verify_head, .n_word = 1, .json = true},
    [LC_COMMAND_QUERY] = {.name = "query",
                          .head = query_head,
                          .n_word = 1 + LC_MAX_QUESTION_WORDS,
                          .json = true},
    [LC_COMMAND_RECOVER] = {.name = "recover", .head = recover_head, .n_word = 1},
    [LC_COMMAND_PREDICT] = {.name = "predict", .head = predict_head, .options = true},
};
const size_t n_command = sizeof command_table / sizeof *command_table;
