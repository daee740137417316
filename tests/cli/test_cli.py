"""The command line, from files of what is typed and what must come back. One file in cases/ is one test.

  # a remark
  with good.h5 folder      what is in the folder beforehand (see the functions make_... below)
  $ lcmpi --vms 0          a command; 'lcmpi' is the program under test
  = 2                      its exit code, if that is not 0
  | text                   a line on stdout
  ! text                   a line on stderr (but for what mpirun itself adds)
  also -np 3               the same must come back under mpirun on 3 ranks: once, not per rank (not with LCMPI_ALONE)
  makes run.h5             the files that it makes or changes, if any: whatever else changes is a fault

In a line that is expected, <n>, <size>, <late>, <time>, <version>, <host>, <path> and <text> stand for what
differs from run to run (with any space before a number); a line of three dots stands for any lines.

  test_cli.py --accept [NAME...]    writes what comes back now into the files: look at the difference
"""

import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "common"))
import harness  # noqa: E402

CASES = os.path.join(HERE, "cases")
STANDS_FOR = {
    "<n>": r"[\d,.]+", "<late>": r"[\d.]+ [mun]?s", "<size>": r"[\d.]+ (?:bytes|[KMGTPE]iB)", "<path>": r"\S+", "<text>": r".*",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<host>": r"\S+",
    "<version>": r"\d+\.\d+\.\d+(?: \(git \w+(?:\+changes)?\))?",
}


# ---- what a case may find in its folder ------------------------------------------------------------

class Shelf:
    """The files that cases start from; each is made once, when it is first asked for."""

    def __init__(self):
        self.case = harness.Case()
        self.case.setUp()
        self.made, self.lock = set(), threading.RLock()  # one file is made from another

    def close(self):
        self.case.doCleanups()

    def path(self, name):
        path = self.case.path(name)
        with self.lock:
            if name not in self.made:
                self.made.add(name)
                getattr(self, "make_" + name.replace(".", "_"))(path)
        return path

    def copy(self, name, folder):
        if name == "fifo":
            os.mkfifo(os.path.join(folder, name))
        elif name == "folder":
            os.mkdir(os.path.join(folder, name))
        else:
            shutil.copy2(self.path(name), os.path.join(folder, name))

    def altered(self, path):
        shutil.copy2(self.path("good.h5"), path)
        return h5py.File(path, "r+")

    def make_good_h5(self, path):
        self.case.check_run("--vms", 3, "--rates", "1,3,6", "--duration", "10s", "--speed", 20, "--seed", 7,
                            "--clock", "lamport,vector", "--progress", "none", "-o", "good.h5")

    def make_whole_h5(self, path):
        """Complete, but laid out as while it ran."""
        self.case.check_run("--vms", 3, "--duration", "10s", "--speed", 20, "--seed", 7,
                            "--compact", "never", "--progress", "none", "-o", "whole.h5")

    def make_stopped_h5(self, path):
        process = self.case.start_lcmpi("--vms", 3, "--seed", 7, "--progress", "none", "-o", "stopped.h5")
        harness.wait_until(lambda: os.path.exists(path), what="the file")
        process.send_signal(signal.SIGTERM)
        self.case.assertEqual(process.wait(), 85)

    def make_killed_h5(self, path):
        process = self.case.start_lcmpi("--vms", 3, "--seed", 7, "--progress", "none", "--speed", 10,
                                        "--commit-every", "20ms", "-o", "killed.h5")

        def committed():
            if not os.path.exists(path):
                return False
            with h5py.File(path, "r") as file:
                return file["commit/n_messages"][0] > 3
        harness.wait_until(committed, what="committed messages")
        process.kill()
        process.wait()

    def make_exact_h5(self, path):
        """The same at every time."""
        self.case.check_run("--vms", 3, "--rates", "1,3,6", "--pace", "virtual", "--duration", "10s", "--seed", 1,
                            "--clock", "lamport,vector", "--progress", "none", "-o", "exact.h5")

    def make_slow_h5(self, path):
        """Like exact.h5, but messages take longer than from their sending to the snapshot."""
        self.case.check_run("--vms", 2, "--rates", "1,2", "--pace", "virtual", "--duration", "4s", "--seed", 1, "--latency",
                            "const:1500ms", "--snapshot-every", "2s", "--clock", "lamport,vector", "--progress", "none",
                            "-o", "slow.h5")

    def make_copies(self, name, log):
        self.case.check_run("--vms", 3, "--replicas", 100, "--rates", "1,3,6", "--pace", "virtual", "--duration", "10s",
                            "--seed", 7, "--log", log, "--progress", "none", "-o", name)

    def make_unlogged_h5(self, path):
        self.make_copies("unlogged.h5", "none")

    def make_sample_h5(self, path):
        self.make_copies("sample.h5", "sample:10")

    def make_old_h5(self, path):
        """As it was before there was virtual time."""
        with self.altered(path) as file:
            harness.make_format_1_0(file)

    def make_links_txt(self, path):
        self.write(path, "# a chain\n0 1\n1 -> 2\n2 1\n")

    def make_apart_txt(self, path):
        self.write(path, "0 1\n")

    def make_garbage_txt(self, path):
        self.write(path, "0 1\nneither this\n")

    def make_unknown_txt(self, path):
        self.write(path, "0 1\n\n1 3\n")

    def make_itself_txt(self, path):
        self.write(path, "2 2\n")

    def make_circle_txt(self, path):
        self.write(path, "".join(f"{vm} -> {(vm // 3 + 1) % 3 * 3 + k}\n" for vm in range(9) for k in range(3)))

    @staticmethod
    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    def make_text_h5(self, path):
        self.write(path, "these are not the bytes of HDF5\n")

    def make_empty_h5(self, path):
        open(path, "w").close()

    def make_foreign_h5(self, path):
        with h5py.File(path, "w") as file:
            file["x"] = [1, 2, 3]

    def make_newer_h5(self, path):
        with self.altered(path) as file:
            file.attrs["lcmpi_format"] = "9.0"

    def make_gutted_h5(self, path):
        with self.altered(path) as file:
            del file["events/seq"]

    def make_short_h5(self, path):
        """A counter says more rows than there are."""
        with self.altered(path) as file:
            file["commit/n_events"][0] += 1

    def make_faulty_h5(self, path):
        with self.altered(path) as file:
            file["balance/sent"][()] += 1

    def make_truncated_h5(self, path):
        with open(self.path("good.h5"), "rb") as whole, open(path, "wb") as file:
            data = whole.read()
            file.write(data[:len(data) // 2])


# ---- case files -------------------------------------------------------------------------------------

class Command:
    def __init__(self):
        self.lines = []  # of the file, with remarks and in their order
        self.given, self.makes, self.launchers = [], [], [[]]
        self.words, self.code, self.out, self.err = [], 0, [], []

    def read(self, line):
        self.lines.append(line)
        sign, _, rest = line.partition(" ")
        if sign == "$":
            self.words = shlex.split(rest)
        elif sign == "=":
            self.code = int(rest)
        elif sign == "|":
            self.out.append(rest)
        elif sign == "!":
            self.err.append(rest)
        elif sign == "with":
            self.given += rest.split()
        elif sign == "makes":
            self.makes += shlex.split(rest)
        elif sign == "also":
            if "LCMPI_ALONE" not in os.environ:
                self.launchers.append(["mpirun", *rest.split()])
        elif sign not in ("#", ""):
            raise ValueError(f"a case file has the line {line!r}")

    def text(self):
        return " ".join(map(shlex.quote, self.words))


def read_cases(name):
    """The commands of a case file; what 'with' gives stays for those that follow."""
    commands = [Command()]
    with open(os.path.join(CASES, name)) as file:
        for line in file.read().splitlines():
            if commands[-1].words and (line.startswith(("$", "with", "#")) or not line):
                commands.append(Command())
                commands[-1].given = list(commands[-2].given)
            commands[-1].read(line)
    return commands


def pattern(lines):
    """The regular expression of the lines that are expected."""
    text = ""
    for line in lines:
        if line == "...":  # in the shortest way that fits
            text += r"(?:.*\n)*?"
            continue
        for part in re.split(r"(<[a-z]+>| +(?=<n>))", line):
            text += STANDS_FOR.get(part) or (" +" if part and part.isspace() else re.escape(part))
        text += "\n"
    return re.compile(text)


def accepted(expected, found):
    """The lines found, as they were written before where that still fits."""
    if pattern(expected).fullmatch("".join(line + "\n" for line in found)):
        return expected
    kept = []
    for line in found:
        kept.append(next((e for e in expected if e != "..." and pattern([e]).fullmatch(line + "\n")), line))
    return kept


def contents(folder):
    """Every file below a folder, with what is in it and when that was written."""
    found = {}
    for place, names, leaves in os.walk(folder):
        for leaf in leaves:
            path = os.path.join(place, leaf)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                found[os.path.relpath(path, folder)] = (digest, os.stat(path).st_mtime_ns)
        found.update({os.path.relpath(os.path.join(place, name), folder): None for name in names})
    return found


class CommandLine(harness.Case):
    """One test for each file in cases/; they are added below."""

    @classmethod
    def setUpClass(cls):
        cls.shelf = Shelf()
        cls.addClassCleanup(cls.shelf.close)

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        os.symlink(os.path.abspath(harness.LCMPI), self.path("bin/lcmpi"))

    def run_command(self, command, launcher, number):
        """(exit code, lines on stdout, lines on stderr, names of what has changed), in a folder of that number."""
        folder = self.path(f"{number}")
        os.mkdir(folder)
        for name in command.given:
            self.shelf.copy(name, folder)
        before = contents(folder)
        env = harness.environment(self.scratch)
        env["PATH"] = self.path("bin") + os.pathsep + env["PATH"]
        env.pop("ARGP_HELP_FMT", None)
        words = [*launcher, *command.words]
        result = subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=60)
        after = contents(folder)
        changed = sorted(name for name in before.keys() | after.keys()
                         if before.get(name) != after.get(name) or (name in before) != (name in after))
        return (result.returncode, result.stdout.splitlines(), harness.own_lines(result.stderr), changed)

    def check(self, command, code, out, err, changed):
        said = "\n".join(["", *("| " + line for line in out), *("! " + line for line in err)])
        self.assertEqual(code, command.code, said)
        for found, expected in ((out, command.out), (err, command.err)):
            text = "".join(line + "\n" for line in found)
            if not pattern(expected).fullmatch(text):
                self.assertEqual(found, expected)
        self.assertEqual(changed, sorted(command.makes), "files that were made or changed")
        if code not in (0, 85) and err:
            self.assertEqual(len(err), 1, "one line says what is wrong")

    def check_file(self, name):
        tries = [(command, launcher) for command in read_cases(name) if command.words for launcher in command.launchers]
        with ThreadPoolExecutor(4) as pool:  # most of each is waiting for MPI to start
            jobs = [pool.submit(self.run_command, *words, number) for number, words in enumerate(tries)]
            for (command, launcher), job in zip(tries, jobs):
                with self.subTest(" ".join(launcher) + " " + command.text()):
                    self.check(command, *job.result())

    def accept_file(self, name):
        lines = []
        for number, command in enumerate(read_cases(name)):
            if command.words:
                code, out, err, changed = self.run_command(command, [], number)
                typed = next(i for i, line in enumerate(command.lines) if line.startswith("$")) + 1
                head = command.lines[:typed]
                tail = [line for line in command.lines[typed:] if line.startswith("also ") or not line]
                command.lines = (head + [f"= {code}"] * (code != 0)
                                 + ["| " + line if line else "|" for line in accepted(command.out, out)]
                                 + ["! " + line for line in accepted(command.err, err)]
                                 + ["makes " + shlex.join(changed)] * bool(changed) + tail)
            lines += command.lines
        with open(os.path.join(CASES, name), "w") as file:
            file.write("".join(line + "\n" for line in lines))


def add_tests():
    for name in sorted(os.listdir(CASES)):
        if name.endswith(".txt"):
            def test(self, name=name):
                (self.accept_file if ACCEPT else self.check_file)(name)
            test.__doc__ = f"what cases/{name} says"
            setattr(CommandLine, "test_" + name[:-4].replace("-", "_"), test)


ACCEPT = __name__ == "__main__" and "--accept" in sys.argv
add_tests()

if __name__ == "__main__":
    if ACCEPT:
        names = sys.argv[sys.argv.index("--accept") + 1:]
        sys.argv = sys.argv[:1] + ["CommandLine.test_" + name.replace("-", "_") for name in names]
    unittest.main()
