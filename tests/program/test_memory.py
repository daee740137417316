"""Out of memory: one line, code 5, the figure; nothing is left where nothing had begun."""

import os
import re
import resource
import subprocess
import unittest

import harness
import program

FIGURE = r"\d (?:bytes|[KMG]iB)"


class Memory(program.Case):
    @classmethod
    def setUpClass(cls):
        """What the program has of its address space, MPI and HDF5 in it, while it runs a small system."""
        shelf = program.Case()
        shelf.setUp()
        cls.addClassCleanup(shelf.doCleanups)
        process = shelf.started("--vms", 3, *program.ENDLESS)
        with open(f"/proc/{process.pid}/status") as status:
            cls.mapped = 1024 * int(re.search(r"VmPeak:\s+(\d+) kB", status.read()).group(1))

    def run_within(self, mebibytes, *arguments, **options):
        """Runs with so much room in its address space."""
        limit = self.mapped + (mebibytes << 20)
        return self.check_run(*arguments, "--progress", "none", code=5, **options,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))

    def refused(self, *arguments, **options):
        done = self.run_within(64, *arguments, **options)
        self.assertRegex(done.stderr, rf"\Alcmpi: out of memory: .*{FIGURE}; it can have .*{FIGURE}: use fewer VMs.*\n\Z")
        self.assertEqual(done.stdout, "")
        self.assertEqual([name for name in os.listdir(self.scratch) if "ompi" not in name], [])

    def test_before_the_run(self):
        self.refused("--vms", 1000000, "--pace", "virtual", "--log", "none", "--duration", "1s")

    def test_channels_that_are_drawn(self):
        self.refused("--vms", 20000, "--topology", "random:1000", "--pace", "virtual", "--log", "none")

    def test_what_a_prediction_needs(self):
        self.refused("predict", "--vms", 20000, "--topology", "random:10000")

    def test_amid_the_run(self):
        """What was committed stays, as after a kill."""
        done = self.run_within(64, "--vms", 200000, "--pace", "virtual", "--latency", "const:1000s", "--duration", "500s",
                               "--log", "none", "-o", "run.h5")
        self.assertRegex(done.stderr, rf"\Alcmpi: out of memory: .*{FIGURE}.*\n\Z")
        self.assertIn("no end", self.check_verified("run.h5").stdout)

    def test_several_ranks_are_ended(self):
        words = ["prlimit", f"--as={self.mapped + (96 << 20)}", *self.command(
            "--vms", 200000, "--pace", "virtual", "--latency", "const:1000s", "--duration", "500s", "--log", "none",
            "--progress", "none", "-o", "run.h5")]
        done = subprocess.run(["mpirun", "-np", "2", *words], cwd=self.scratch, env=harness.environment(self.scratch),
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr.splitlines()[0], rf"^lcmpi: rank \d: out of memory: .*{FIGURE}", done.stderr)


if __name__ == "__main__":
    unittest.main()
