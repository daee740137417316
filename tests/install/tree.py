"""What these tests share: an installed tree, made once and moved before anybody looks at it, both times under names
with a space."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))

import harness  # noqa: E402

ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "release"
made = None


def tree():
    """The installed tree."""
    global made
    if made is None:
        if not (BUILD / "cmake_install.cmake").exists():
            raise unittest.SkipTest("build/release is not built")
        scratch = Path(tempfile.mkdtemp(prefix="lc", dir="/tmp"))
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)
        call("cmake", "--install", BUILD, "--prefix", scratch / "first place")
        made = (scratch / "first place").rename(scratch / "second place")
    return made


def lib_folder():
    """lib, or lib64 where the system has it so."""
    return re.search(r"^CMAKE_INSTALL_LIBDIR:PATH=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)[1]


def call(*words, code=0, **options):
    """What a command said on stdout, and behind it on stderr; it must end with the code."""
    result = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=120, **options)
    if result.returncode != code:
        raise AssertionError(f"{words} ended with {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def environment(scratch, **more):
    """That of somebody who has the tree's bin on the PATH, and nothing else of lcmpi."""
    env = harness.environment(str(scratch))
    env.pop("LCMPI", None)
    env.update({"PATH": f"{tree()}/bin:/usr/bin:/bin", "HOME": str(scratch), **more})
    return env


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lc", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)
        self.tree = tree()

    def shell(self, text, code=0, **more):
        """What bash says of it, with the tree on the PATH, somewhere else."""
        return call("bash", "-euo", "pipefail", "-c", text, code=code, cwd=self.scratch,
                    env=environment(self.scratch, **more))


def need(tool):
    if not shutil.which(tool):
        raise unittest.SkipTest(f"no {tool} here (tests/run.sh --full installs it)")
