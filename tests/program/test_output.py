"""The file of a run: its name, what it may replace, who may touch it meanwhile, how it is left."""

import os
import re
import stat
import subprocess
import unittest

import h5py

import program
from program import ENDLESS, harness

QUICK = ("--vms", 3, "--duration", "2s", "--speed", 20, "--progress", "none")


class Names(program.Case):
    def test_the_same_command_twice(self):
        """Names of their own: nothing is overwritten, though no name was given."""
        for _ in range(2):
            self.check_run(*QUICK)
        made = sorted(name for name in os.listdir(self.scratch) if name.startswith("lcmpi-"))
        self.assertEqual(len(made), 2)
        for name in made:
            run = self.judged(name)
            self.assertRegex(name, rf"^lcmpi-\d{{8}}T\d{{6}}Z-{run.seed}\.h5$")

    def test_the_name_on_several_ranks(self):
        said = self.check_run("--duration", "2s", "--speed", 20, "--progress", "none", ranks=3).stdout
        name = re.search(r", into (lcmpi-\S+\.h5)\n", said).group(1)
        self.judged(name)
        self.assertIn(f"file      {name} (", said)

    def test_in_a_slurm_job(self):
        env = harness.environment(self.scratch)
        env["SLURM_JOB_ID"] = "123"
        self.check_run(*QUICK, env=env)
        self.judged("lcmpi-123.h5")
        again = self.check_run(*QUICK, env=env, code=3)
        self.assertEqual(len(again.stderr.splitlines()), 1)
        env.update(SLURM_ARRAY_JOB_ID="77", SLURM_ARRAY_TASK_ID="5")
        self.check_run(*QUICK, env=env)
        self.judged("lcmpi-77_5.h5")


class Existing(program.Case):
    def contents(self):
        with open(self.path("run.h5"), "rb") as file:
            return file.read(), os.stat(self.path("run.h5")).st_mtime_ns

    def test_refused_or_replaced(self):
        first = self.finished(*QUICK)
        before = self.contents()
        for ranks in (None, 3):
            result = self.check_run(*QUICK, "-o", "run.h5", ranks=ranks, code=3)
            said, = program.spoken(result.stderr)
            self.assertRegex(said, r"run\.h5: exists and is not overwritten: choose another -o, or add --force$")
            self.assertEqual(result.stdout, "")
            self.assertEqual(self.contents(), before)
        second = self.finished(*QUICK, "--force")
        self.assertNotEqual(second.seed, first.seed)

    def test_a_refused_force_leaves_the_old_file(self):
        self.finished(*QUICK)
        before = self.contents()
        self.check_run(*QUICK, "-o", "run.h5", "--force", "--max-file-size", "1KB", code=2)
        self.assertEqual(self.contents(), before)
        self.assertFalse(os.path.exists(self.path("run.h5.tmp")))

    def test_a_left_temporary_file_is_no_obstacle(self):
        with open(self.path("run.h5.tmp"), "w") as file:
            file.write("of a run that was killed")
        self.finished(*QUICK)
        self.assertFalse(os.path.exists(self.path("run.h5.tmp")))

    def test_a_folder_that_cannot_be_written(self):
        folder = self.path("closed")
        os.mkdir(folder)
        if os.geteuid() != 0:
            os.chmod(folder, stat.S_IRUSR | stat.S_IXUSR)
            self.addCleanup(os.chmod, folder, stat.S_IRWXU)
        elif subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "lcmpi-test", folder],
                            capture_output=True).returncode:
            self.skipTest("root writes everywhere, and a read-only file system cannot be mounted here")
        else:
            self.addCleanup(subprocess.run, ["umount", folder], check=True)
        for ranks in (None, 2):
            result = self.check_run(*QUICK, "-o", "closed/run.h5", ranks=ranks, code=3)
            said, = program.spoken(result.stderr)
            self.assertRegex(said, r"^lcmpi: \S*closed/run\.h5: cannot be created: (Permission denied|Read-only)")


class Meanwhile(program.Case):
    def test_a_live_file_is_read_and_not_replaced(self):
        process = self.started("--vms", 3, *ENDLESS)
        for arguments in ((*QUICK, "--force", "-o", "run.h5"), ("recover", "run.h5")):
            said = self.check_run(*arguments, code=3).stderr
            self.assertRegex(said, r"^lcmpi: \S*run\.h5: is \w+( \w+)? by another process.*\n$")
        with self.assertRaises(OSError):
            h5py.File(self.path("run.h5"), "r+")
        self.assertIn("RUNNING: the run is going on", self.check_run("info", "run.h5").stdout)
        with h5py.File(self.path("run.h5"), "r") as file:
            self.assertGreater(file["commit/n_events"][0], 0)
        process.terminate()
        self.ends(process, 85)
        self.judged(state="STOPPED")


class Compaction(program.Case):
    def test_when(self):
        for when, compact in (("auto", True), ("always", True), ("never", False)):
            with self.subTest(when):
                run = self.finished(*QUICK, "--compact", when, name=f"{when}.h5")
                self.assertEqual((run.exact, run.compressed), (compact, compact))
                said = self.check_run("info", f"{when}.h5").stdout
                self.assertIn("compacted" if compact else "with room behind the rows", said)
                if compact:
                    order = list(zip(run.events.machine.tolist(), run.events.seq.tolist()))
                    self.assertEqual(order, sorted(order))

    def test_an_early_stop_never_compacts(self):
        process = self.started("--vms", 3, *ENDLESS, "--compact", "always")
        process.terminate()
        self.ends(process, 85)
        self.assertFalse(self.judged(state="STOPPED").compressed)


if __name__ == "__main__":
    unittest.main()
