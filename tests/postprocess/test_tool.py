"""What the tools do alike: help and refusals in any python, missing packages, closed pipes, whole files, signals."""
import argparse
import contextlib
import functools
import io
import signal
import subprocess
import sys
import unittest
from unittest import mock

import synthetic
from common import POSTPROCESS, FolderTest

import lcmpi_tool

TOOLS = {"lcmpi_plot": ["run.h5", "--format", "svg"], "lcmpi_export": ["--csv", "run.h5"]}
BARE = (sys.executable, "-S", "-E")  # a python without any packages

HANGING = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import lcmpi_tool

def main():
    with lcmpi_tool.whole_file(Path(sys.argv[2])) as temporary:
        temporary.write_text("half")
        print("half written", flush=True)
        while True:
            time.sleep(0.01)

lcmpi_tool.run(main)
"""


class Packages(FolderTest):
    def lacking(self, name, package):
        """A python in which importing `package` fails."""
        (self.folder / f"{package}.py").write_text(f"raise ImportError('no {package} here')\n")
        _, err = self.tool(name, *TOOLS[name], code=3, PYTHONPATH=str(self.folder))
        (self.folder / f"{package}.py").unlink()
        return err

    def test_one_line_says_what_to_do(self):
        for name, packages in (("lcmpi_plot", ["h5py", "matplotlib"]), ("lcmpi_export", ["h5py"])):
            for package in packages:
                (line,) = self.lacking(name, package)
                for text in (f"no {package} here", f"apt install python3-{package},",
                             f"run /usr/bin/python3 {POSTPROCESS / name}"):
                    self.assertIn(text, line)

    def test_python_without_packages(self):
        for name in TOOLS:
            out, err = self.tool(name, *TOOLS[name], code=3, python=BARE)
            self.assertEqual((out, len(err)), ([], 1))
            self.assertIn("python3-numpy python3-h5py python3-pandas", err[0])

    def test_help_needs_none(self):
        for name in TOOLS:
            out, err = self.tool(name, "--help", python=BARE)
            self.assertIn("usage: " + name, out[0])
            self.assertEqual(err, [])

    def test_usage_errors_need_none(self):
        for name in TOOLS:
            _, err = self.tool(name, "--bogus", code=2, python=BARE)
            self.assertEqual(len(err), 1)


class Pipes(FolderTest):
    def test_closed_pipe(self):
        synthetic.write_exact(self.file, self.run_of)
        for name, n_files in (("lcmpi_plot", 5), ("lcmpi_export", 4)):
            command = [sys.executable, POSTPROCESS / name, *TOOLS[name], "-o", name]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  cwd=self.folder) as process:
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.returncode, 0)
            self.assertEqual(len(list((self.folder / name).iterdir())), n_files)


class WholeFiles(FolderTest):
    def test_nothing_remains_of_a_failure(self):
        path = self.folder / "log.csv"
        path.write_text("before")
        with self.assertRaises(OSError):
            with lcmpi_tool.whole_file(path) as temporary:
                temporary.write_text("half")
                raise OSError("disk full")
        self.assertEqual(path.read_text(), "before")
        self.assertEqual(list(self.folder.iterdir()), [path])

    def test_what_a_killed_tool_left_does_not_count(self):
        synthetic.write_exact(self.file, self.run_of)
        (self.folder / "run-all.csv.tmp").write_text("stale\n")
        (self.folder / "run-vm0.csv.tmp").write_text("stale\n")
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5")
        texts = [(self.folder / name).read_text() for name in out]
        self.assertTrue(all(text.startswith("machine,seq,") for text in texts))
        self.assertEqual(texts[-1].count("\n"), 1 + len(self.run_of.events))
        self.assertEqual(list(self.folder.glob("*.tmp")), [])

    def test_nothing_remains_of_a_tool_that_is_terminated(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            command = [sys.executable, "-c", HANGING, POSTPROCESS, self.folder / "log.csv"]
            heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # in the background shells have it ignored
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
                self.assertEqual(process.stdout.readline(), "half written\n")
                self.assertEqual([path.name for path in self.folder.iterdir()], ["log.csv.tmp"])
                process.send_signal(number)
                self.assertEqual(len(process.stderr.readlines()), 1)
            self.assertEqual(process.returncode, code)
            self.assertEqual(list(self.folder.iterdir()), [])


class Lists(FolderTest):
    def test_machines(self):
        self.assertEqual(lcmpi_tool.machine_list("0,3,8-11,3"), {0, 3, 8, 9, 10, 11})
        self.assertEqual(lcmpi_tool.machine_list(str(2**31 - 1)), {2**31 - 1})

    def test_more_machines_than_there_can_be(self):
        for text in ("0-99999999999", "99999999999", str(2**31), "0-2147483647", "5,0-10000000", "3-2", "1,", "-1"):
            with self.assertRaises(argparse.ArgumentTypeError, msg=text):
                lcmpi_tool.machine_list(text)
        self.assertIn("99999999999", self.refused(2, "lcmpi_export", "--csv", "run.h5", "--machines", "0-99999999999"))


class OutOfMemory(unittest.TestCase):
    def said_of(self, *of):
        err = io.StringIO()
        with contextlib.redirect_stderr(err), self.assertRaises(SystemExit) as caught, \
                mock.patch("signal.signal"):
            lcmpi_tool.run(mock.Mock(side_effect=MemoryError(*of)))
        self.assertEqual(caught.exception.code, 3)
        return err.getvalue()

    def test_one_line(self):
        self.assertTrue(self.said_of().endswith(": out of memory\n"))
        self.assertTrue(self.said_of("cannot allocate").endswith(": out of memory: cannot allocate\n"))


if __name__ == "__main__":
    unittest.main()
