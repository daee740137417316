"""Files of other formats: 1.0, from before there was virtual time, is read by every tool; a later one as far as it goes."""

import os
import subprocess
import sys
import unittest

import h5py

import harness
import program

LATER = ("replica", "logged", "queue_max", "predicted_queue", "digest")


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

    def test_verify_and_info(self):
        self.old()
        self.check_read()

    def test_it_is_compacted_as_what_it_is(self):
        self.old("--compact", "never")
        self.check_read()
        self.check_run("recover", "old.h5")
        self.check_read()
        with h5py.File(self.path("old.h5"), "r") as file:
            self.assertEqual([name for name in LATER if name in file], [])
            self.assertGreater(file["n_event"][0], 0)

    def test_a_column_that_its_format_has_is_missed(self):
        self.old()
        with h5py.File(self.path("old.h5"), "r+") as file:
            file.attrs["lcmpi_format"] = "1.1"
        done = self.check_run("verify", "old.h5", code=3)
        self.assertEqual(done.stderr, "lcmpi: old.h5: cannot open /replica: object 'replica' doesn't exist\n")

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
