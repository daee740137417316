"""A run with copies in the plotting tool: its distributions, and the figures of its first copy that has a log."""

import os
import subprocess
import unittest

import h5py
import numpy

import virtual
from virtual import harness

PLOT = os.path.join(harness.ROOT, "postprocess", "lcmpi_plot")
RUN = ("--pace", "virtual", "--vms", 3, "--replicas", 40, "--seed", 4, "--progress", "none", "-o", "run.h5")


class Copies(virtual.Case):
    def plot(self):
        done = subprocess.run(["/usr/bin/python3", PLOT, "run.h5", "--format", "png"], cwd=self.scratch,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {name[len("run-"):-len(".png")] for name in done.stdout.split()}

    def test_without_a_log(self):
        self.check_run(*RUN, "--log", "none")
        self.assertEqual(self.plot(), {"copies"})
        self.assertGreater(os.path.getsize(self.path("run-copies.png")), 10000)

    def test_with_a_sample(self):
        self.check_run(*RUN, "--log", "sample:7", "--rates", "1,3,6")
        self.assertEqual(self.plot(), {"clocks", "jumps", "drift", "queues", "spacetime", "copies"})
        with h5py.File(self.path("run.h5"), "r") as file:
            logged = numpy.flatnonzero(file["logged"][()]) // 3
            self.assertEqual(sorted(set(logged)), [0, 7, 14, 21, 28, 35])
            self.assertEqual(set(file["events/machine"][()] // 3), set(logged))
            self.assertEqual(file["replica"][()].tolist(), [vm // 3 for vm in range(120)])
            self.assertEqual(int(file["n_event"][()].sum()), 40 * 600)

    def test_given_rates(self):
        """Copies are of one system: a list of rates begins anew in each, and theory says the same of all."""
        for rates, copy in (("1,3", (1, 3, 1)), ("2,5,1,7", (2, 5, 1))):
            self.check_run(*RUN, "--log", "none", "--rates", rates, "--force")
            with h5py.File(self.path("run.h5"), "r") as file:
                self.assertEqual(file["tick_rate"][()].tolist(), list(copy) * 40)
                for name in ("predicted_arrivals", "predicted_queue", "predicted_clock"):
                    self.assertEqual(len(numpy.unique(file[name][()].reshape(40, 3), axis=0)), 1, name)

    def test_drawn_rates(self):
        self.check_run(*RUN, "--log", "none", "--rates", "1:9", "--clock", "vector,lamport")
        self.assertEqual(self.plot(), {"copies"})


if __name__ == "__main__":
    unittest.main()
