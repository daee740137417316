"""What both tools do alike: help and refusals in any python, missing packages, closed pipes."""
import subprocess
import sys
import unittest

import synthetic
from common import POSTPROCESS, FolderTest

import lcmpi_tool

TOOLS = {"lcmpi_plot": ["run.h5", "--format", "svg"], "lcmpi_export": ["--csv", "run.h5"]}
BARE = (sys.executable, "-S", "-E")  # a python without any packages


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


if __name__ == "__main__":
    unittest.main()
