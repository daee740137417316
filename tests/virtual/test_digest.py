"""One configuration, one result: the same bits on any number of ranks, at any optimisation, with either MPI library."""

import os
import re
import shutil
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py

import virtual
from virtual import harness

RANKS = (2, 3, 4, 7)
MATRIX = {
    "the exercise": ("--vms", 7),
    "every clock": ("--vms", 9, "--clock", "lamport,vector"),
    "odd rates": ("--vms", 11, "--rates", "7/3,1/2,20", "--phase", "random"),
    "exponential": ("--vms", 8, "--latency", "exp:50ms,min=1ms"),
    "lognormal, overtaking": ("--vms", 8, "--latency", "lognormal:80ms,0.8,min=2ms", "--fifo", "off"),
    "uniform, long": ("--vms", 8, "--latency", "uniform:100ms,9s"),
    "ring": ("--vms", 13, "--topology", "ring", "--rates", "5"),
    "star, all": ("--vms", 10, "--topology", "star", "--fanout", "all"),
    "grid": ("--vms", 12, "--topology", "grid", "--snapshot-every", "1s"),
    "drawn peers": ("--vms", 20, "--topology", "random:3"),
    "copies": ("--vms", 3, "--replicas", 9),
    "many": ("--vms", 9000, "--duration", "2s", "--snapshot-every", "700ms"),
    "a sample": ("--vms", 30, "--log", "sample:4"),
    "markers": ("--vms", 9, "--snapshot-method", "chandy-lamport", "--latency", "uniform:10ms,400ms",
                "--snapshot-every", "1s"),
    "colours": ("--vms", 9, "--snapshot-method", "lai-yang", "--latency", "uniform:10ms,400ms", "--fifo", "off",
                "--snapshot-every", "300ms", "--clock", "lamport,vector"),
    "two events in a tick": ("--vms", 9, "--tick-rule", "receive-then-act", "--unicast", "0.5", "--internal", "0.4",
                             "--latency", "exp:50ms,min=1ms", "--clock", "lamport,lamport-seed-a,lamport-seed-b"),
    "lost after a time": ("--vms", 9, "--receive-until", "14s", "--latency", "uniform:10ms,3s", "--snapshot-every", "1s"),
    "lost, with markers": ("--vms", 8, "--receive-until", "14s", "--latency", "uniform:10ms,3s", "--snapshot-every", "1s",
                           "--snapshot-method", "chandy-lamport"),
    "lost, with colours": ("--vms", 8, "--receive-until", "14s", "--latency", "uniform:10ms,3s", "--snapshot-every", "1s",
                           "--snapshot-method", "lai-yang", "--tick-rule", "receive-then-act"),
    "one stream for all": ("--vms", 5, "--replicas", 3, "--rng-fault", "shared-stream", "--fanout", 3),
    "seed-a": ("--preset", "seed-a:U=4", "--vms", 9),
    "seed-b": ("--preset", "seed-b:few-internal", "--vms", 8),
    "a file": ("--vms", 4, "--replicas", 3, "--topology", "file:channels.txt"),
}
FAIL = re.compile(r"^FAIL  (.+?)  ", re.MULTILINE)
DIGEST = re.compile(r"^digest 0x[0-9a-f]{16}$", re.MULTILINE)
ROOT_COLUMNS = ("tick_rate_p", "phase", "replica", "logged", "predicted_arrivals", "predicted_queue",
                "predicted_clock", "n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max",
                "final_lamport", "lamport_jump_max", "lamport_jump_mean")


def table(group, keys):
    """All columns of a table, sorted by its keys; stamps too."""
    columns = {name: data[()].tolist() for name, data in group.items()
               if isinstance(data, h5py.Dataset) and data.shape and "netCDF variable" not in str(
                   data.attrs.get("NAME", ""))}
    for clock in group.get("clocks", {}):
        columns["stamp of " + clock] = group[f"clocks/{clock}/stamp"][()].tolist()
    order = sorted(range(len(columns[keys[0]])), key=lambda i: [columns[key][i] for key in keys])
    return {name: [values[i] for i in order] for name, values in columns.items() if name != "vm_rank"}


def contents(path):
    """Everything in a file that must not depend on how it was made."""
    with h5py.File(path, "r") as file:
        found = {name: file[name][()].tolist() for name in ROOT_COLUMNS}
        found["events"] = table(file["events"], ("machine", "seq"))
        found["messages"] = table(file["messages"], ("sender", "number"))
        for name in ("queue", "channel"):
            found[name] = table(file["snapshots"][name], ("snapshot", "receiver", "sender", "number"))
        found["states"] = {name: data[()].tolist() for name, data in file["snapshots"].items()
                           if isinstance(data, h5py.Dataset)}
        found["state stamps"] = {name: {each: data[()].tolist() for each, data in clock.items()}
                                 for name, clock in file["snapshots/clocks"].items()}
        found["digests before"] = {name: parts[()].sum(axis=0, dtype="u8").tolist()
                                   for name, parts in file["snapshots/restart"].items()}
        for group in ("digest", "balance"):
            found[group] = {name: int(data[()]) for name, data in file[group].items()}
        return found


class Digests(virtual.Case):
    alone = {}  # the results on one rank, verified

    def setUp(self):
        super().setUp()
        with open(self.path("channels.txt"), "w", encoding="utf-8") as file:
            file.write("0 1\n1 -> 2\n2 3\n3 -> 0\n")

    def result(self, options, ranks=None, name="run.h5", program=None, launcher=None):
        """(the line that is printed, what is in the file) of one run."""
        words = ("--pace", "virtual", "--seed", 5, *options, "--progress", "none", "--force", "-o", name)
        if program:
            command = [*(launcher or ()), program, *map(str, words)]
            done = subprocess.run(command, cwd=self.scratch, env=self.environment(),
                                  capture_output=True, text=True, timeout=120, check=False)
        else:
            done = self.run_lcmpi(*words, ranks=ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = DIGEST.findall(done.stdout)
        self.assertEqual(len(lines), 1, done.stdout)
        found = contents(self.path(name))
        self.assertEqual(lines[0], f"digest 0x{found['digest']['execution']:016x}")
        return lines[0], found

    def same(self, first, other):
        self.assertEqual(first[0], other[0])
        for name, value in first[1].items():
            self.assertTrue(value == other[1][name], f"{name} is not the same")

    def first(self, name):
        if name not in self.alone:
            self.alone[name] = self.result(MATRIX[name])
            faulty = "seed" in str(MATRIX[name])  # the verifier finds that out, and nothing else
            said = self.check_run("verify", self.path("run.h5"), code=4 if faulty else 0).stdout
            self.assertTrue(set(FAIL.findall(said)) <= {"clock lamport-seed-a", "clock lamport-seed-b"}, said)
        return self.alone[name]

    def compare(self, name, many):
        """The results with each of many ways to run, two at a time, with that on one rank."""
        with self.subTest(name), ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(self.result, MATRIX[name], name=f"{i}.h5", **how) for i, how in enumerate(many)]
            for job in jobs:
                self.same(self.first(name), job.result())

    def test_ranks(self):
        for name in MATRIX:
            self.compare(name, [{"ranks": ranks} for ranks in RANKS])

    def test_what_is_logged_changes_nothing(self):
        lines = {self.result((*MATRIX["copies"], "--log", log))[0] for log in ("all", "none", "sample:2")}
        self.assertEqual(len(lines), 1)

    def test_another_seed_and_another_option(self):
        options = MATRIX["the exercise"]
        lines = [self.result((*options, *more))[0] for more in
                 ((), ("--seed", 6), ("--latency", "const:11ms"), ("--unicast", "0.21", "--internal", "0.69"))]
        self.assertEqual(len(set(lines)), len(lines))

    def test_a_copy_is_a_run_of_its_own(self):
        """The first copy of many is the plain run."""
        options = ("--vms", 3, "--clock", "lamport,vector", "--latency", "exp:30ms,min=1ms")
        _, one = self.result(options)
        _, many = self.result((*options, "--replicas", 4))
        count = len(one["events"]["machine"])
        self.assertGreater(count, 100)
        for name, column in one["events"].items():
            self.assertEqual(column, many["events"][name][:count], name)

    def build(self, name, *settings):
        folder = os.path.join(harness.ROOT, "build", "tests", name)
        for command in (["cmake", "-S", harness.ROOT, "-B", folder, "-DLCMPI_TESTS=OFF", *settings],
                        ["cmake", "--build", folder, "--target", "lcmpi", "-j", "2"]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        return os.path.join(folder, "lcmpi")

    def test_without_optimisation(self):
        program = self.build("o0", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O0")
        for name in MATRIX:
            self.compare(name, [{"program": program}])

    def test_mpich(self):
        compiler, mpirun = shutil.which("mpicc.mpich"), shutil.which("mpirun.mpich")
        prefix = "/usr/lib/x86_64-linux-gnu/hdf5/mpich"
        if not (compiler and mpirun and os.path.isdir(prefix)):
            self.skipTest("no MPICH with its parallel HDF5 here")
        program = self.build("mpich", "-DCMAKE_BUILD_TYPE=Release", f"-DMPI_C_COMPILER={compiler}",
                             f"-DMPIEXEC_EXECUTABLE={mpirun}", f"-DHDF5_ROOT={prefix}",
                             "-DHDF5_C_COMPILER_EXECUTABLE=/usr/bin/h5pcc.mpich")
        for name in MATRIX:
            self.compare(name, [{"program": program, "launcher": (mpirun, "-np", "3")}])


if __name__ == "__main__":
    unittest.main()
