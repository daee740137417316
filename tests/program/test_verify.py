"""lcmpi verify: whatever is altered in a file is found, by the check that is about it and with a witness."""

import os
import re
import shutil
import unittest

import h5py

import program
from altered import ALTERATIONS, ARGUMENTS


class Verify(program.Case):
    """One test for each alteration; they are added below."""

    @classmethod
    def setUpClass(cls):
        cls.shelf = program.Case()
        cls.shelf.setUp()
        cls.addClassCleanup(cls.shelf.doCleanups)
        cls.good = cls.shelf.path("good.h5")
        cls.shelf.check_run(*ARGUMENTS, "-o", cls.good)

    def check_alteration(self, alter):
        shutil.copy(self.good, self.path("altered.h5"))
        with h5py.File(self.path("altered.h5"), "r+") as file:
            alter(file)
        result = self.check_run("verify", "altered.h5", code=4)
        self.assertEqual(result.stderr, "lcmpi: altered.h5: verification failed\n")
        found = re.findall(r"^FAIL  (.+?)  +([\d,]+)  .*\n(?: .*could not be judged.*\n)?"
                           r"      ([\d,]+) violations?; the smallest: (.+)$", result.stdout, re.MULTILINE)
        self.assertEqual(len(found), result.stdout.count("FAIL"), "each has its count and its witness")
        self.assertIn(alter.seen_by, [name for name, *_ in found], result.stdout)
        for name, _, count, witness in found:
            self.assertNotEqual(count, "0", name)
            self.assertRegex(witness, r"VM \d|snapshot \d|message \d|balance|digest", "who did what")

    def test_under_mpirun_the_work_is_done_once(self):
        alone = self.check_run("verify", self.good).stdout
        before = os.stat(self.good)
        together = self.check_run("verify", self.good, ranks=3)
        self.assertEqual(together.stdout, alone)
        self.assertEqual((os.stat(self.good).st_mtime_ns, os.stat(self.good).st_ino),
                         (before.st_mtime_ns, before.st_ino), "verify reads only")
        shutil.copy(self.good, self.path("altered.h5"))
        with h5py.File(self.path("altered.h5"), "r+") as file:
            file["balance/sent"][()] += 1
        failed = self.check_run("verify", "altered.h5", ranks=3, code=4)
        self.assertEqual(program.spoken(failed.stderr), ["lcmpi: altered.h5: verification failed"])
        self.assertEqual(failed.stdout.count("FAIL"), 1)

    def test_a_run_going_on_is_verified_as_far_as_it_is(self):
        process = self.started("--vms", 3, *program.ENDLESS)
        for _ in range(5):
            self.assertIn("verified as far as it is on file", self.check_verified("run.h5").stdout)
        process.terminate()
        self.ends(process, 85)
        self.judged(state="STOPPED")


def add_tests():
    for alter in ALTERATIONS:
        if alter.seen_by is None:
            continue

        def test(self, alter=alter):
            self.check_alteration(alter)
        test.__doc__ = alter.title
        setattr(Verify, "test_" + alter.__name__, test)


add_tests()

if __name__ == "__main__":
    unittest.main()
