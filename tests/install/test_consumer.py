"""An outside program (tests/consumer) on the installed core: found by CMake and by pkg-config, without anything of
ours but the tree; and its system is the one that lcmpi itself runs."""

import json
import os
import re
import shlex
import unittest

import tree

SOURCE = tree.ROOT / "tests" / "consumer"
STRICT = "-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror".split()


class Consumer(tree.Case):
    def check(self, program):
        said = tree.call(program, cwd=self.scratch)
        self.assertIn("clock plausible: passes the suite\n", said)
        self.assertIn("again: clock plausible: there is a clock of this name\n", said)
        self.assertRegex(said, r"(?m)^found: clock plausible-deaf: .* "
                               r"\(\d+ VMs, seed 1, events \d+ of VM \d+, \[\d+ \d+\], and .*\)$")
        run = self.shell("lcmpi --vms 3 --rates 1,3,6 --pace virtual --seed 1 --snapshot-every none -o run.h5")
        digests = [re.search("^digest 0x.*", text, re.MULTILINE)[0] for text in (said, run)]
        self.assertEqual(*digests)
        clocks = re.findall(r"^VM \d: lamport (\d+) plausible \[\d+ \d+\]$", said, re.MULTILINE)
        table = re.findall(r"^ +\d +0 +[136] +\d+ +\d+ +\d+ +\d+ +\d+ +\S+ +(\d+)", run, re.MULTILINE)
        self.assertEqual(clocks, table)
        self.assertEqual(len(clocks), 3)

    def test_cmake(self):
        build = self.scratch / "build"
        tree.call("cmake", "-S", SOURCE, "-B", build, f"-DCMAKE_PREFIX_PATH={self.tree}",
                  "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
        tree.call("cmake", "--build", build)
        self.check(build / "consumer")
        for unit in json.loads((build / "compile_commands.json").read_text()):
            words = shlex.split(unit["command"])
            ours = [word for word in words if re.match(r"-Wconv|-Wshadow|-D|-f|-O", word) or "Random123" in word]
            self.assertEqual(ours, [], "a consumer does not inherit our flags")

    def test_cmake_version(self):
        (self.scratch / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.21)\nproject(x C)\nfind_package(lcmpi ${WANTED} REQUIRED)\n")
        for wanted, code in (("0.1", 0), ("0.0", 1), ("0.2", 1), ("1", 1)):
            with self.subTest(wanted):
                tree.call("cmake", "-S", self.scratch, "-B", self.scratch / wanted, f"-DWANTED={wanted}",
                          f"-DCMAKE_PREFIX_PATH={self.tree}", code=code)

    def test_pkg_config(self):
        tree.need("pkg-config")
        said = tree.call("pkg-config", "--cflags", "--libs", "lcmpi",
                         env={**os.environ, "PKG_CONFIG_PATH": f"{self.tree}/{tree.lib_folder()}/pkgconfig"})
        tree.call("cc", *STRICT, *sorted(SOURCE.glob("*.c")), *shlex.split(said), "-o", self.scratch / "consumer")
        self.check(self.scratch / "consumer")

    def test_every_header_stands_alone(self):
        """In strict C11, without the definitions that lcmpi is built with, and without Random123."""
        folder = self.tree / "include"
        for header in sorted(folder.glob("lcmpi/*.h")):
            with self.subTest(header.name):
                (self.scratch / "x.c").write_text(f"#include <lcmpi/{header.name}>\n" * 2 + "typedef int nothing;\n")
                used = tree.call("cc", *STRICT, "-I", folder, "-M", self.scratch / "x.c")
                tree.call("cc", *STRICT, "-I", folder, "-fsyntax-only", self.scratch / "x.c")
                self.assertNotIn("Random123", used)


if __name__ == "__main__":
    unittest.main()
