"""Every execution of small models of the snapshot methods, searched by Spin: each cut is consistent and has exactly the
messages that cross it. What must not work (markers on channels that deliver in any order, messages whose colour is
not looked at) is found not to work, so the search can find what is wrong.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
MEGABYTES = 1500


@unittest.skipUnless(shutil.which("spin"), "no spin here (tests/run.sh --full installs it)")
class Model(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def run_in_folder(self, *command):
        result = subprocess.run([str(word) for word in command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def searched(self, model, *defines, compiled="-DSAFETY", options=()):
        """What the search says of the model."""
        self.run_in_folder("spin", "-a", *(f"-D{define}" for define in defines), os.path.join(HERE, f"{model}.pml"))
        self.run_in_folder("cc", "-O2", "-w", compiled, "-DNFAIR=3", "-DCOLLAPSE", f"-DMEMLIM={MEGABYTES}", "-o", "pan", "pan.c")
        return self.run_in_folder("./pan", "-m10000", *options)

    def check_holds(self, *arguments, **more):
        """All of it was searched, and nothing was found."""
        said = self.searched(*arguments, **more)
        self.assertIn("errors: 0\n", said)
        self.assertNotIn("not completed", said)
        self.assertNotIn("too small", said)
        return int(re.search(r"^ *(\d+) states, stored", said, re.MULTILINE)[1])

    def check_fails(self, *arguments, pattern, **more):
        said = self.searched(*arguments, **more)
        self.assertRegex(said, rf"pan:1: {pattern}")
        self.assertIn("errors: 1\n", said)

    CUT = r"assertion violated \(.*snapshot\["

    def test_chandy_lamport(self):
        """Also that N (N - 1) markers are sent, and that every execution ends with all snapshots done."""
        self.assertGreater(self.check_holds("chandy_lamport", "MESSAGES=3", "SNAPSHOTS=1"), 10**6)
        self.assertGreater(self.check_holds("chandy_lamport", "MESSAGES=2", "SNAPSHOTS=2"), 10**6)

    def test_chandy_lamport_needs_fifo(self):
        self.check_fails("chandy_lamport", "SHUFFLED", "MESSAGES=2", "SNAPSHOTS=1", pattern=self.CUT)
        self.check_fails("chandy_lamport", "SHUFFLED", "MESSAGES=2", "SNAPSHOTS=2", pattern="assertion violated")

    def test_lai_yang(self):
        """Its channels deliver in any order."""
        self.assertGreater(self.check_holds("lai_yang", "MESSAGES=3", "SNAPSHOTS=1"), 10**5)
        self.assertGreater(self.check_holds("lai_yang", "MESSAGES=2", "SNAPSHOTS=2"), 10**5)

    def test_lai_yang_needs_colours(self):
        self.check_fails("lai_yang", "COLOURLESS", "MESSAGES=2", "SNAPSHOTS=1", pattern=self.CUT)

    def test_no_execution_goes_on_for_ever(self):
        """No state comes again, but while the counts are summed up and VMs wait that could go on."""
        for_ever = {"compiled": "-DNP", "options": ("-l",)}
        self.check_holds("chandy_lamport", "MESSAGES=1", **for_ever)
        self.check_holds("lai_yang", "MESSAGES=1", compiled="-DNP", options=("-l", "-f"))
        self.check_fails("lai_yang", "MESSAGES=1", pattern="non-progress cycle", **for_ever)

    def test_what_is_searched(self):
        """Executions in which two snapshots overlap, with one message on its channel in both and another in a queue."""
        for model in ("chandy_lamport", "lai_yang"):
            with self.subTest(model):
                self.check_fails(model, "MESSAGES=2", "SEEK_OVERLAP", pattern="assertion violated .*flight&")


if __name__ == "__main__":
    unittest.main()
