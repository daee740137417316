"""Runs on three hosts, by mpirun over TCP: their clocks are told apart, what is made of virtual time is the same as on
one host, runs are stopped and gone on with, and a folder that they do not share is refused.
"""

import os
import re
import shutil
import signal
import sys
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "program")]

import hosts  # noqa: E402
import program  # noqa: E402
from program import harness  # noqa: E402

RECEIVE = 3
SECOND = 10**9
REAL = ("--clock", "lamport,vector", "--rates", "10:30", "--duration", "2s", "--snapshot-every", "400ms", "--seed", 5)
VIRTUAL = ("--pace", "virtual", "--clock", "lamport,vector", "--vms", 20, "--seed", 11, "--rates", "10:60",
           "--snapshot-every", "1s", "--progress", "none")


def digests(printed):
    """The digest of a run and those of its states and stamps, as the summary has them."""
    return re.findall(r"0x[0-9a-f]{16}", printed)


class Case(program.Case):
    """Runs with ranks=N are on the hosts, the others on this machine."""

    clocks = (0, 0, 0)

    def setUp(self):
        super().setUp()
        try:
            self.hosts = hosts.Hosts(self.scratch, self.clocks)
        except (hosts.NoHosts, OSError) as error:
            self.skipTest(f"no hosts can be made of namespaces here: {error}")
        self.addCleanup(self.hosts.close)

    def command(self, *arguments, ranks=None, **options):
        words = super().command(*arguments, **options)
        return words if ranks is None else self.hosts.mpirun(ranks, *words)

    def check_order(self, file, least_error=0):
        """No message arrives, and none is taken, before it was sent, as far as the clocks can tell."""
        columns = {f"{table}/{name}": file[f"{table}/{name}"][()] for table, names in (
            ("events", ("kind", "peer", "machine", "msg_first", "t_arrival", "t_actual")),
            ("messages", ("sender", "number", "t_send"))) for name in names}
        sent = dict(zip(zip(columns["messages/sender"].tolist(), columns["messages/number"].tolist()),
                        columns["messages/t_send"].tolist()))
        host, error = file["host"][()][file["vm_rank"][()]], file["clock_error"][()][file["vm_rank"][()]]
        between = 0
        for row in np.nonzero(columns["events/kind"] == RECEIVE)[0]:
            machine, peer, number, arrival, taken = (
                int(columns[f"events/{name}"][row]) for name in ("machine", "peer", "msg_first", "t_arrival", "t_actual"))
            unsure = 0 if host[machine] == host[peer] else int(error[machine] + error[peer])
            self.assertGreaterEqual(arrival - sent[peer, number], -max(unsure, least_error), (machine, peer, number))
            self.assertGreaterEqual(taken, arrival)
            between += host[machine] != host[peer]
        self.assertGreater(between, 20)


class Clocks(Case):
    """Hosts whose clocks agree, for they are this machine's."""

    def check_hosts(self, file):
        """The offsets are what they are known to be, within the error that is on file; it is small."""
        self.assertEqual(file.attrs["hostnames"], "h1 h2 h3")
        self.assertEqual(file["host"][()].tolist(), [0, 0, 1, 1, 2, 2])
        offset, error = file["clock_offset"][()], file["clock_error"][()]
        ahead = np.array([(clock - self.clocks[0]) * SECOND for clock in self.clocks])[file["host"][()]]
        self.assertEqual(error[:2].tolist(), [0, 0])
        self.assertTrue((error[2:] > 0).all(), error)
        self.assertTrue((np.abs(offset - ahead) <= error).all(), f"{offset}, not {ahead} by more than {error}")
        self.assertLess(error.max(), SECOND // 20)

    def check_snapshots(self, file, method):
        """Taken while messages go from host to host; verify judges what is in them."""
        self.assertGreater(file["commit/n_snapshots"][()].min(), 1)
        markers = file["snapshots/cost/markers"][()].sum(axis=0)[:file["commit/n_snapshots"][()].min()]
        self.assertEqual(set(markers.tolist()), {6 * 5 if method == "chandy-lamport" else 0})

    def test_real_time(self):
        for method in ("chandy-lamport", "lai-yang"):
            with self.subTest(method):
                name = f"{method}.h5"
                self.check_run(*REAL, "--snapshot-method", method, "--progress", "none", "-o", name, ranks=6)
                with h5py.File(self.path(name), "r") as file:
                    self.check_hosts(file)
                    self.check_order(file)
                    self.check_snapshots(file, method)
                self.check_verified(name)


    def test_server(self):
        """On the first host; the verifier allows as much between hosts as their clocks are unsure, and no more."""
        self.check_run("--route", "server", "--rates", "10:30", "--latency", "const:5ms", "--duration", "2s", "--seed", 5,
                       "--progress", "none", "-o", "server.h5", ranks=6)
        with h5py.File(self.path("server.h5"), "r") as file:
            self.check_hosts(file)
            self.assertEqual(file["vm_rank"][()].tolist(), [1, 2, 3, 4, 5])
            self.assertGreater(file["n_received"][()].sum(), 10)
            waits = file["events/t_actual"][()] - file["events/t_scheduled"][()]
            self.assertGreater(waits[file["events/kind"][()] != 4].min(), 10**7)  # but of skipped ticks
        self.check_verified("server.h5")


class OtherClocks(Clocks):
    """Hosts that were started at other times: what their clocks count from is seconds apart."""

    clocks = (3, 1000, 0)


class Virtual(Case):
    def test_digest(self):
        """Of the events, the states in the snapshots and the stamps: as on one host."""
        for method in ("time-cut", "chandy-lamport", "lai-yang"):
            with self.subTest(method):
                options = (*VIRTUAL, "--duration", "10s", "--snapshot-method", method)
                alone = self.check_run(*options, "-o", f"{method}-alone.h5")
                result = self.check_run(*options, "-o", f"{method}.h5", ranks=6)
                self.assertGreater(len(digests(alone.stdout)), 2)
                self.assertEqual(digests(result.stdout), digests(alone.stdout))
                with h5py.File(self.path(f"{method}.h5"), "r") as file:
                    self.assertEqual(file.attrs["hostnames"], "h1 h2 h3")
                    self.assertTrue(file["snapshots/valid"][()].all())
                self.check_verified(f"{method}.h5")


class GoingOn(Case):
    """Runs that are stopped by a signal to mpirun, and gone on with on other ranks."""

    def stopped(self, *options):
        """A run that is stopped after its first snapshots: the longest of its clocks' errors."""
        process = self.started(*options, "--commit-every", "20ms", "--progress", "none", ranks=6)
        harness.wait_until(lambda: min(program.committed(self.path("run.h5"), "n_snapshots")) > 1, what="two snapshots")
        process.send_signal(signal.SIGUSR1)
        out, err = self.ends(process, 85)
        self.assertIn("--resume", out + err)
        with h5py.File(self.path("run.h5"), "r") as file:
            self.assertLess(file["commit/t_end"][()], file.attrs["duration_ns"])
            return int(file["clock_error"][()].max())

    def check_segments(self, file, ranks):
        self.assertEqual(file["segments/n_rank"][()].tolist(), ranks)
        begun = file["segments/t_start"][()]
        self.assertTrue((np.diff(begun) > 0).all() and begun[0] == 0, begun)
        self.assertEqual(file["commit/t_end"][()], file.attrs["duration_ns"])

    def test_virtual_time(self):
        """The result is that of a run that was never stopped."""
        options = (*VIRTUAL, "--duration", "120s")
        alone = self.check_run(*options, "-o", "alone.h5")
        self.stopped(*options)
        shutil.copy(self.path("run.h5"), self.path("other.h5"))
        for name, ranks in (("run.h5", 6), ("other.h5", 4)):
            with self.subTest(ranks=ranks):
                result = self.check_run("--resume", name, "--progress", "none", ranks=ranks)
                self.assertEqual(digests(result.stdout), digests(alone.stdout))
                with h5py.File(self.path(name), "r") as file:
                    self.check_segments(file, [6, ranks])
                self.check_verified(name)

    def test_real_time(self):
        """Nothing is lost or doubled, and no message arrives before it was sent."""
        error = self.stopped(*REAL, "--vms", 7, "--duration", "4s")
        self.check_run("--resume", "run.h5", "--progress", "none", ranks=5)
        with h5py.File(self.path("run.h5"), "r") as file:
            self.check_order(file, least_error=2 * error)
            self.check_segments(file, [6, 5])
        self.check_verified("run.h5")


class Folders(Case):
    def test_not_shared(self):
        """One host has a folder of its own where the others share one: at once there is one clear line, and no file."""
        os.mkdir(self.path("out"))
        self.hosts.on("h3", "mount", "-t", "tmpfs", "none", self.path("out"))
        with open(self.path("out/old.h5"), "w") as old:
            old.write("precious")
        for name, more in (("run.h5", ()), ("old.h5", ("--force",))):
            with self.subTest(name):
                path = self.path(f"out/{name}")
                result = self.check_run("--duration", "1h", *more, "-o", path, ranks=6, code=3)
                self.assertEqual(program.spoken(result.stderr), [
                    f"lcmpi: {path}: rank 4 does not see the file that rank 0 created: choose a folder that all hosts "
                    "share"])
                self.assertEqual(result.stdout, "")
        self.assertEqual(os.listdir(self.path("out")), ["old.h5"])
        with open(self.path("out/old.h5")) as old:
            self.assertEqual(old.read(), "precious")


class Made(Case):
    def test_nothing_is_left(self):
        """However hosts end, what ran on them ends with them."""
        self.started("--rates", 20, "--duration", "1h", "--commit-every", "20ms", "--progress", "none", ranks=6)
        self.assertGreater(len(self.hosts.processes_left()), 6)
        self.hosts.close()
        harness.wait_until(lambda: not self.hosts.processes_left(), what="the end of all that ran on the hosts")


if __name__ == "__main__":
    unittest.main()
