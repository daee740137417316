"""Files of other formats, 1.0 from before virtual time and 1.1 from before the messages of every cut, are read by every
tool and stay what they are; a later one is read as far as it goes."""

import os
import subprocess
import sys
import unittest

import h5py

import harness
import program

LATER = ("replica", "logged", "queue_max", "predicted_queue", "digest")
LATER_STILL = ("snapshots/cost", "snapshots/restart", "snapshots/queue_max", "snapshots/queue/clocks",
               "snapshots/channel/clocks", "snapshots/clocks/lamport/jump_max", "abandoned", "segments")


class OldFormat(program.Case):
    def old(self, *arguments):
        self.check_run("--vms", 3, "--rates", "1,3,6", "--duration", "20s", "--speed", 20, "--clock", "lamport,vector",
                       "--progress", "none", *arguments, "-o", "old.h5")
        with h5py.File(self.path("old.h5"), "r+") as file:
            harness.make_format_1_0(file)

    def check_read(self):
        verdict = self.check_verified("old.h5").stdout
        self.assertTrue(verdict.endswith("old.h5: verified\n"), verdict)
        self.assertNotIn("digest", verdict)
        told = self.check_run("info", "old.h5").stdout
        self.assertIn("format 1.0\n", told)
        self.assertIn("  system    3 VMs on 1 rank,", told)
        self.assertIn("  logged    all VMs\n", told)

    def check_lacks(self, names):
        with h5py.File(self.path("old.h5"), "r") as file:
            self.assertEqual([name for name in names if name in file], [])
            self.assertGreater(file["n_event"][0], 0)

    def test_verify_and_info(self):
        self.old()
        self.check_read()

    def test_it_is_compacted_as_what_it_is(self):
        self.old("--compact", "never")
        self.check_read()
        self.check_run("recover", "old.h5")
        self.check_read()
        self.check_lacks(LATER + LATER_STILL)

    def old_1_1(self, *arguments):
        """With messages that cross every cut, of which only those of the end stay."""
        self.check_run("--vms", 8, "--rates", "10", "--duration", "20s", "--latency", "const:300ms", "--snapshot-every", "4s",
                       "--pace", "virtual", "--clock", "lamport,vector", "--progress", "none", *arguments, "-o", "old.h5",
                       ranks=2)
        with h5py.File(self.path("old.h5"), "r+") as file:
            self.assertGreater(len(set(file["snapshots/channel/snapshot"][:])), 1)
            harness.make_format_1_1(file)

    def check_1_1(self):
        verdict = self.check_verified("old.h5").stdout
        self.assertTrue(verdict.endswith("old.h5: verified\n"), verdict)
        self.assertIn("format 1.1\n", self.check_run("info", "old.h5").stdout)
        self.check_lacks(LATER_STILL)

    def test_format_1_1(self):
        self.old_1_1()
        self.check_1_1()

    def test_format_1_1_is_compacted_as_what_it_is(self):
        self.old_1_1("--compact", "never")
        self.check_1_1()
        self.check_run("recover", "old.h5")
        self.check_1_1()
        self.assertIn(", compacted\n", self.check_run("info", "old.h5").stdout)

    def test_a_column_that_its_format_has_is_missed(self):
        self.old()
        for later, missing in (("1.1", "/replica: object 'replica' doesn't exist"),
                               ("2.0", "/segments/segment: component not found")):
            with h5py.File(self.path("old.h5"), "r+") as file:
                file.attrs["lcmpi_format"] = later
            done = self.check_run("verify", "old.h5", code=3)
            self.assertEqual(done.stderr, f"lcmpi: old.h5: cannot open {missing}\n")

    def test_values_of_a_wrong_shape(self):
        self.old()
        with h5py.File(self.path("old.h5"), "r+") as file:
            del file["commit/t_end"]
            file["commit/t_end"] = [0] * 100000
        for command in ("info", "verify"):
            done = self.check_run(command, "old.h5", code=3)
            self.assertEqual(done.stderr, "lcmpi: old.h5: /commit/t_end is not a single value\n")

    def test_numbers_of_formats(self):
        self.check_run("--vms", 3, "--duration", "20s", "--pace", "virtual", "--compact", "never", "--progress", "none",
                       "-o", "new.h5")
        with h5py.File(self.path("new.h5"), "r+") as file:
            file.attrs["lcmpi_format"] = "2.99"
        self.check_verified("new.h5")
        done = self.check_run("recover", "new.h5", code=3)
        self.assertIn("was written by a newer lcmpi", done.stderr)
        with h5py.File(self.path("new.h5"), "r+") as file:
            file.attrs["lcmpi_format"] = "1.-1"
        self.assertIn("not one of lcmpi's", self.check_run("info", "new.h5", code=3).stderr)

    def test_figures_and_logs(self):
        self.old()
        for tool, count, *words in (("lcmpi_plot", 5, "--format", "svg"), ("lcmpi_export", 4, "--csv")):
            done = subprocess.run([sys.executable, os.path.join(harness.ROOT, "postprocess", tool), "old.h5", *words], cwd=self.scratch,
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(len(done.stdout.splitlines()), count, done.stdout)


if __name__ == "__main__":
    unittest.main()
