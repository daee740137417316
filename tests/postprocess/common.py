"""Where the tools are, how a test runs them, and the files that tests share."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import synthetic

POSTPROCESS = Path(__file__).resolve().parents[2] / "postprocess"
sys.path.insert(0, str(POSTPROCESS))

CHART_JS = os.environ.get("LCMPI_CHART_JS", "/usr/share/javascript/chart.js/chart.min.js")
needs_chart_js = unittest.skipUnless(os.path.exists(CHART_JS), "Chart.js is not installed")


class FolderTest(unittest.TestCase):
    """A test with a folder of its own, and the one run that most tests look at."""

    @classmethod
    def setUpClass(cls):
        cls.run_of = synthetic.simulate()

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)
        self.file = self.folder / "run.h5"

    def tool(self, name, *arguments, code=0, python=(sys.executable,), **environment):
        """Runs a tool in the folder; returns its lines on stdout and on stderr."""
        done = subprocess.run([*python, POSTPROCESS / name, *map(str, arguments)], text=True,
                              capture_output=True, cwd=self.folder,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.splitlines(), done.stderr.splitlines()

    def refused(self, code, *command):
        """The one line with which a tool refuses."""
        out, err = self.tool(*command, code=code)
        self.assertEqual((out, len(err)), ([], 1), err)
        self.assertTrue(err[0].startswith(f"{command[0]}: "), err)
        return err[0]
