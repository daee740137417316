"""Compilers and clang-tidy have nothing to say. The suite "warnings": tests/run.sh warnings"""

import os
import re
import unittest
from concurrent.futures import ThreadPoolExecutor

import project

# The checker looks for MPI_Wait in the same file; here requests are completed with MPI_Test, and collectives
# by transport_wait(), which naps between looks.
NOT_SEEN = "has no matching wait"

FINDING = re.compile(r"^.*:\d+:\d+: (?:warning|error): .*$", re.MULTILINE)


class Warnings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.chdir(project.ROOT)
        cls.jobs = len(os.sched_getaffinity(0))
        cls.said, cls.built = project.output("cmake", "--preset", "werror")
        if cls.built:
            cls.said, cls.built = project.output("cmake", "--build", "--preset", "werror",
                                                 "--parallel", cls.jobs)

    def test_werror_build(self):
        self.assertTrue(self.built, self.said)

    def test_clang_tidy(self):
        project.need("clang-tidy")
        if not self.built:
            self.skipTest("what clang-tidy reads could not be built")
        with ThreadPoolExecutor(self.jobs) as pool:
            findings = list(pool.map(self.tidy, project.files(".c", under="src")))
        text = "\n".join(sorted({line for lines in findings for line in lines}))
        self.assertFalse(text, "\n" + text.replace(f"{project.ROOT}/", ""))

    @staticmethod
    def tidy(path):
        said, good = project.output("clang-tidy", "-p", "build/werror", "--quiet", path)
        if "Stack dump:" in said:  # clang 14's MPI checker can't bear arrays of requests on the heap
            said, good = project.output("clang-tidy", "-p", "build/werror", "--quiet",
                                        "--checks=-clang-analyzer-optin.mpi*", path)
        found = [line for line in FINDING.findall(said) if NOT_SEEN not in line]
        return found or ([] if good else [f"{path}: clang-tidy failed: {said}"])


if __name__ == "__main__":
    unittest.main()
