"""The C files are as clang-format leaves them, the scripts as shellcheck wants them."""

import os
import re
import unittest

import project

CLANG_FORMAT = 14  # each version formats a little differently


class Format(unittest.TestCase):
    def test_clang_format(self):
        project.need("clang-format")
        version = re.search(r"version (\d+)", project.output("clang-format", "--version")[0])
        if int(version[1]) != CLANG_FORMAT:
            self.skipTest(f"clang-format is {version[1]}, the files are as {CLANG_FORMAT} has them")
        sources = [project.name(path) for folder in ("src", "include", "tests")
                   for path in project.files(".c", ".h", under=folder)]
        self.assertTrue(sources)
        said, _ = project.output("clang-format", "--dry-run", "-Werror", *sources, cwd=project.ROOT)
        bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error:", said, re.MULTILINE)))
        self.assertFalse(bad, "clang-format -i mends these")

    def test_shellcheck(self):
        project.need("shellcheck")
        shell = project.scripts("bash", "sh") + project.files(".sh", ".example")
        shell = sorted(set(shell))
        self.assertIn(project.ROOT / "tests/run.sh", shell)
        said, good = project.output("shellcheck", "--external-sources", *shell, cwd=project.ROOT)
        self.assertTrue(good, said)

    def test_scripts_can_be_run(self):
        for path in project.scripts("bash", "sh", "python3"):
            with self.subTest(project.name(path)):
                self.assertTrue(os.access(path, os.X_OK), "has a first line #! but cannot be run")


if __name__ == "__main__":
    unittest.main()
