"""The architecture: the core knows of no level above it, and builds with neither MPI nor HDF5."""

import os
import re
import subprocess
import tempfile
import unittest

import project

CORE = ["base", "causality", "clock", "event", "message", "network", "predict", "server", "snapshot", "vm", "verify"]  # folders of src/: levels 0 and 1
ABOVE = {"transport.h", "pacer.h", "store.h", "progress.h", "config.h", "run.h", "stop.h"}
LIBRARIES = {"mpi.h", "hdf5.h", "hdf5_hl.h"}
CC = [os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-I", project.ROOT / "include"]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def includes(path):
    return INCLUDE.findall(path.read_text())


def core_files(*suffixes):
    return [path for folder in CORE for path in project.files(*suffixes, under=f"src/{folder}")]


def random123():
    """Where Random123 is, if the compiler does not find it by itself: as CMake found it."""
    cache = project.ROOT / "build/release/CMakeCache.txt"
    found = re.search(r"^RANDOM123_INCLUDE_DIR:PATH=(.*)$", cache.read_text(), re.MULTILINE)
    return [] if found[1] == "/usr/include" else ["-isystem", found[1]]


class Levels(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name

    def test_core_includes_nothing_above_it(self):
        for path in core_files(".c", ".h"):
            with self.subTest(project.name(path)):
                named = {name.removeprefix("lcmpi/") for name in includes(path)}
                self.assertFalse(named & (ABOVE | LIBRARIES))

    def test_public_headers_know_no_library(self):
        for path in project.files(".h", under="include/lcmpi"):
            with self.subTest(project.name(path)):
                self.assertFalse(set(includes(path)) & LIBRARIES)

    def test_headers_of_the_core_reach_nothing_above_it(self):
        """Not by way of another header either."""
        headers = project.ROOT / "include"
        seen = set()
        todo = [name for path in core_files(".c", ".h") for name in includes(path)]
        while todo:
            name = todo.pop()
            if name not in seen and (headers / name).is_file():
                seen.add(name)
                todo += includes(headers / name)
        self.assertIn("lcmpi/base.h", seen)
        self.assertFalse({name.removeprefix("lcmpi/") for name in seen} & ABOVE)

    def test_core_builds_without_mpi_and_hdf5(self):
        """Compiled with nothing but include/ and Random123, and linked with nothing but libm."""
        sources = core_files(".c")
        generated = project.ROOT / "build/release/generated/clock_list.c"
        objects = []
        for path in [*sources, generated]:
            target = os.path.join(self.scratch, f"{len(objects)}.o")
            objects.append(target)
            said, good = project.output(*CC, *random123(), "-fPIC", "-MMD", "-c", path, "-o", target)
            self.assertTrue(good, said)
            with open(target[:-1] + "d") as file:
                used = {os.path.basename(name) for name in file.read().split()}
            self.assertFalse(used & LIBRARIES, path)
        said, good = project.output(CC[0], "-shared", "-Wl,-z,defs", *objects, "-lm",
                                    "-o", os.path.join(self.scratch, "core.so"))
        self.assertTrue(good, said)

    def test_every_public_header_compiles_alone(self):
        for path in project.files(".h", under="include/lcmpi"):
            with self.subTest(project.name(path)):
                text = f'#include "lcmpi/{path.name}"\n' * 2 + "typedef int nothing;\n"
                result = subprocess.run([*CC, "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                         "-fsyntax-only", "-x", "c", "-"],
                                        input=text, text=True, capture_output=True)
                self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
