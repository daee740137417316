"""Runs in virtual time: a signal ends them as cleanly as any other, and their files have the same columns."""

import os
import signal
import time
import unittest

import h5py

import program
from program import harness, judge

ENDLESS = ("--pace", "virtual", "--clock", "lamport,vector", "--duration", "300000s", "--snapshot-every", "none",
           "--progress", "none")
SHORT = ("--pace", "virtual", "--clock", "lamport,vector", "--duration", "20s", "--seed", 3)


class Stopping(program.Case):
    def check_stopped(self, process, name, number, *codes):
        self.check_saved(process, name, number.name, *codes)

    def check_saved(self, process, name, by, *codes):
        out, err = self.ends(process, *codes)
        self.assertEqual(program.spoken(err), [])
        self.assertIn(f"stopped early by {by})", out)
        self.assertIn(": holds", out)
        with h5py.File(self.path(name), "r") as file:
            self.assertEqual(judge.STATES[int(file["commit/state"][()])], "STOPPED")
            self.assertLess(int(file["commit/t_end"][()]), int(file.attrs["duration_ns"]))
        self.check_verified(self.path(name))
        self.assertFalse(os.path.exists(self.path(name + ".tmp")))

    def test_alone(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                name = f"{number.name}.h5"
                process = self.started("--vms", 5, *ENDLESS, name=name)
                process.send_signal(number)
                self.check_stopped(process, name, number, 85)

    def test_one_of_two_ranks(self):
        for rank, number in ((0, signal.SIGINT), (1, signal.SIGTERM)):
            with self.subTest(rank):
                name = f"{number.name}.h5"
                process = self.started("--vms", 5, *ENDLESS, ranks=2, name=name)
                os.kill(harness.ranks_of(process)[rank], number)
                self.check_stopped(process, name, number, 85)

    def test_mpirun(self):
        """It sends SIGTERM on, and returns 1."""
        process = self.started("--vms", 5, *ENDLESS, ranks=2)
        process.terminate()
        self.check_stopped(process, "run.h5", signal.SIGTERM, 1)

    def test_max_walltime(self):
        """One that is over when the run begins stops it before its first tick."""
        unlogged = ("--vms", 3, "--pace", "virtual", "--duration", "365d", "--snapshot-every", "none", "--log", "none",
                    "--reserve", "0.1", "--progress", "none")
        for limit, ranks in ((1.5, None), (1.5, 3), (1e-9, None), (1e-9, 3)):
            with self.subTest(limit=limit, ranks=ranks):
                begun, name = time.monotonic(), f"{limit}-{ranks}.h5"
                process = self.start_lcmpi(*unlogged, "--max-walltime", f"{limit:.9f}s", "-o", name, ranks=ranks)
                self.check_saved(process, name, "--max-walltime", 85)
                self.assertGreater(time.monotonic() - begun, limit)
                with h5py.File(self.path(name), "r") as file:
                    self.assertEqual(file["commit/t_end"][()] > 0, limit > 1)

    def test_judged(self):
        """The other judge finds nothing either."""
        process = self.started("--vms", 3, *ENDLESS, "--snapshot-every", "1000s", ranks=2)
        os.kill(harness.ranks_of(process)[0], signal.SIGTERM)
        self.ends(process, 85)
        self.judged(state="STOPPED")


class Files(program.Case):
    def check_columns(self, name, copies):
        """Every table of a file, and that its rows are of the VMs of these copies; what crosses a cut is of all."""
        with h5py.File(self.path(name), "r") as file:
            logged = [vm for copy in copies for vm in range(3 * copy, 3 * copy + 3)]
            self.assertEqual([vm for vm, is_logged in enumerate(file["logged"][()]) if is_logged], logged)
            for group, columns, machine in (("events", judge.EVENT, "machine"), ("messages", judge.MESSAGE, "sender"),
                                            ("snapshots/queue", judge.LEFT, "receiver"),
                                            ("snapshots/channel", judge.LEFT, "receiver")):
                table = file[group]
                lengths = {len(table[column]) for column in columns}
                self.assertEqual(len(lengths), 1, group)
                allowed = logged if machine in ("machine", "sender") else range(len(file["vm"]))
                self.assertLessEqual(set(table[machine][()]), set(allowed))
            rows = len(file["events/kind"])
            self.assertEqual(rows, int(file["n_event"][logged].sum()))
            self.assertEqual(sorted(set(file["events/machine"][()])), logged)
            self.assertEqual(file["events/clocks/lamport/stamp"].shape, (rows,))
            self.assertEqual(file["events/clocks/vector/stamp"].shape, (rows, 3))
            self.assertTrue((file["events/t_actual"][()] == file["events/t_scheduled"][()]).all())

    def test_full_log(self):
        for ranks in (None, 2):
            with self.subTest(ranks):
                self.finished("--vms", 7, *SHORT, ranks=ranks, name=f"{ranks}.h5")

    def test_columns(self):
        for log, copies in (("all", range(6)), ("sample:2", (0, 2, 4))):
            for ranks in (None, 2):
                with self.subTest(log=log, ranks=ranks):
                    self.check_run("--vms", 3, "--replicas", 6, *SHORT, "--log", log, "--progress", "none", "--force",
                                   "-o", "run.h5", ranks=ranks)
                    self.check_columns("run.h5", copies)
                    self.check_verified(self.path("run.h5"))


if __name__ == "__main__":
    unittest.main()
