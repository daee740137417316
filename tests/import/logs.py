"""What the tests of imported logs share: a folder of logs, the importer and lcmpi verify on it."""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "common"))
sys.path.insert(0, str(HERE.parents[1] / "postprocess"))
import harness  # noqa: E402
import seeds  # noqa: E402

IMPORT = HERE.parents[1] / "postprocess" / "lcmpi_import"
TABLE = ["--column", "time=when", "--column", "machine=who", "--column", "kind=what", "--column", "peer=with", "--column",
         "clock=stamp", "--column", "queue=waiting", "--column", "carried=value", "--kind", "RECE=receive", "--kind",
         "INTE=internal", "--time-unit", "s"]


class LogTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.path("logs"))
        self.folder.mkdir()
        self.file = Path(self.path("run.h5"))

    def call(self, *command):
        return subprocess.run([str(each) for each in command], cwd=self.folder.parent, capture_output=True, text=True,
                              env=harness.environment(self.path("")))

    def take(self, *options, code=0, logs=("logs",)):
        """Imports the folder into self.file; returns what was said on stderr."""
        done = self.call(sys.executable, IMPORT, *logs, "-o", self.file, "--force", *options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def refused(self, *options, code=3, logs=("logs",)):
        """The one line that says why; nothing is written."""
        self.file.unlink(missing_ok=True)
        said = self.take(*options, code=code, logs=logs).splitlines()
        self.assertEqual(len(said), 1, said)
        self.assertEqual(os.listdir(self.file.parent).count("run.h5"), 0)
        self.assertEqual(list(self.file.parent.glob("*.tmp")), [])
        return said[0]

    def verify(self, file=None):
        """(exit code, what --json says)"""
        done = self.call(harness.LCMPI, "verify", "--json", file or self.file)
        return done.returncode, json.loads(done.stdout)

    def judge(self, *options):
        """Imports and verifies; what failed: name of the check -> the check."""
        self.take(*options)
        code, report = self.verify()
        failed = {each["name"]: each for each in report["checks"] if each["result"] == "fail"}
        self.assertEqual(code, 4 if failed else 0)
        self.assertEqual(report["verdict"], "failed" if failed else "verified")
        self.assertEqual(report["exit_code"], code)
        return failed

    def write(self, name, *lines):
        (self.folder / name).write_text("".join(line + "\n" for line in lines))

    def write_run(self, run, table=False):
        writer = seeds.write_table if table else seeds.write_a if run.rule == "a" else seeds.write_b
        writer(self.folder, run)
