"""What the tests of the program share: where it is, how it is started, and looking at its files.

LCMPI names the program under test (default: build/release/lcmpi). Every test works in a folder of its own
that is removed afterwards; MPI keeps its own temporary files there too, so a killed run leaves nothing.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LCMPI = os.environ.get("LCMPI", os.path.join(ROOT, "build", "release", "lcmpi"))


def environment(scratch):
    """The environment of a test run: more ranks than cores, as root or not, nothing left behind."""
    env = dict(os.environ)
    env.update(
        OMPI_MCA_rmaps_base_oversubscribe="1",
        PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
        OMPI_ALLOW_RUN_AS_ROOT="1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        TMPDIR=scratch,
        OMPI_MCA_btl_vader_backing_directory=scratch,
        NO_COLOR="1",
    )
    return env


def wait_until(condition, seconds=30.0, what="a condition"):
    """Polls until condition() is true; a test waits for things, never for a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about in {seconds} s")


def make_format_1_1(file):
    """What is left of an open file when all that came with the messages of every cut is taken away."""
    for name in ("snapshots/cost", "snapshots/restart", "snapshots/queue_max", "segments", "abandoned"):
        if name in file:
            del file[name]
    for name in [name for name in file["commit"] if "abandoned" in name]:
        del file["commit"][name]
    for clock in file["snapshots/clocks"].values():
        if "jump_max" in clock:
            del clock["jump_max"]
    keep_the_end(file, "queue", "queued")
    keep_the_end(file, "channel", "in_flight")
    if "snapshot_method" in file.attrs:
        del file.attrs["snapshot_method"]
    drop_options(file, "snapshot-method")
    file.attrs["lcmpi_format"] = "1.1"


def keep_the_end(file, table, dimension):
    """Of the messages that cross a cut those of the last one, without their stamps."""
    group, commit = file[f"snapshots/{table}"], file["commit"]
    del group["clocks"]
    first, n = commit[f"first_{table}"][:], commit[f"n_{table}"][:]
    last = len(file["snapshots/t"]) - 1
    snapshot = group["snapshot"][:]
    rows = [[at for at in range(a, a + k) if snapshot[at] == last] for a, k in zip(first, n)]
    commit[f"n_{table}"][:] = [len(part) for part in rows]
    commit[f"first_{table}"][:] = [sum(map(len, rows[:rank])) for rank in range(len(rows))]
    for name in [name for name in group if name != dimension]:
        values, attributes = group[name][:], dict(group[name].attrs)
        del group[name]
        group[name] = values[[at for part in rows for at in part]]
        for key in ("units", "long_name", "flag_values", "flag_meanings"):
            if key in attributes:
                group[name].attrs[key] = attributes[key]


def drop_options(file, *names):
    lines = file.attrs["options"].split("\n")
    file.attrs["options"] = "\n".join(line for line in lines if line.split(" = ")[0] not in names)


def make_format_1_0(file):
    """What is left when all that came with virtual time is taken away too."""
    make_format_1_1(file)
    for name in ("replica", "logged", "queue_max", "predicted_arrivals", "predicted_queue", "predicted_clock", "digest"):
        del file[name]
    del file.attrs["n_replica"]
    drop_options(file, "replicas", "latency", "topology", "fifo", "log")
    file.attrs["lcmpi_format"] = "1.0"


class Case(unittest.TestCase):
    """A test with a scratch folder, and ways to start the program in it."""

    def setUp(self):
        # a short path: MPI puts sockets there
        self.scratch = tempfile.mkdtemp(prefix="lc", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def command(self, *arguments, ranks=None, program=LCMPI):
        """The words that start the program: alone, or with mpirun on so many ranks."""
        words = [program, *map(str, arguments)]
        if ranks is None:
            return words
        return ["mpirun", "--timeout", "300", "-np", str(ranks), *words]

    def run_lcmpi(self, *arguments, ranks=None, timeout=300, **options):
        """Runs to the end; the result has returncode, stdout, stderr as text."""
        return subprocess.run(
            self.command(*arguments, ranks=ranks, program=options.pop("program", LCMPI)),
            cwd=options.pop("cwd", self.scratch),
            env=options.pop("env", environment(self.scratch)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            **options,
        )

    def start_lcmpi(self, *arguments, ranks=None, **options):
        """Starts in the background, in a session of its own; killed at the end of the test if need be."""
        process = subprocess.Popen(
            self.command(*arguments, ranks=ranks),
            cwd=self.scratch,
            env=environment(self.scratch),
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            text=True,
            start_new_session=True,
            **options,
        )
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        """Kills what start_lcmpi() started, with all its ranks, by their ids."""
        if process.poll() is None:
            for pid in descendants(process.pid) + [process.pid]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()

    def check_run(self, *arguments, ranks=None, code=0, **options):
        """Runs and insists on the exit code."""
        result = self.run_lcmpi(*arguments, ranks=ranks, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def check_verified(self, path):
        return self.check_run("verify", path)


def own_lines(stderr):
    """The lines on stderr without those that mpirun adds of its own accord."""
    lines, block = [], False
    for line in stderr.splitlines():
        if line and not line.strip("-"):
            block = not block
        elif not block and not line.startswith("mpirun: "):
            lines.append(line)
    return lines


def descendants(pid):
    """The ids of all processes that `pid` started, directly or not."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def ranks_of(process):
    """The ids of the ranks that an mpirun started, lowest first."""
    found = []
    for pid in descendants(process.pid):
        try:
            if os.path.samefile(f"/proc/{pid}/exe", LCMPI):
                found.append(pid)
        except OSError:
            continue
    return sorted(found)


def send_kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
