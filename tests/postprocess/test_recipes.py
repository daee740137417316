"""Every fenced code block of postprocess/README.md runs as it stands, and finds what is in the file; where the README shows
what it prints, of a run of lcmpi itself, it prints that."""
import os
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import synthetic
from common import CHART_JS, POSTPROCESS, FolderTest

README = (POSTPROCESS / "README.md").read_text()
RECIPES = re.findall(r"^```(\w+)( live)?\n((?:(?!```)[^\n]*\n)*)```$", README, re.M)
NOT_TESTED = ("julia", "matlab")  # the README says so
RECIPES = [recipe for recipe in RECIPES if recipe[0] not in (*NOT_TESTED, "text")]
SHOWN = re.findall(r"^```(\w+)\n((?:(?!```)[^\n]*\n)*)```\n\n```text\n((?:(?!```)[^\n]*\n)*)```$", README, re.M)
SHOWN_RUN = re.search(r"^    lcmpi (--vms .*)$", README, re.M)[1].split()
RUN = {"python": [sys.executable, "-c"], "bash": ["bash", "-ec"],
       "octave": ["octave-cli", "--quiet", "--eval"], "r": ["Rscript", "-e"]}
# What a recipe in which the word stands needs -> a command that fails without it.
NEEDS = {"ncdump": ["which", "ncdump"], "h5dump": ["which", "h5dump"],
         "lcmpi_report": ["test", "-e", CHART_JS],
         "networkx": [sys.executable, "-c", "import networkx"],
         "xarray": [sys.executable, "-c", "import xarray, h5netcdf, netCDF4"],
         "hdf5r": ["Rscript", "-e", "library(hdf5r)"]}
CLOCKS = ("lamport", "vector")


def missing(language, text):
    if not shutil.which(RUN[language][0]):
        return RUN[language][0]
    for word, command in NEEDS.items():
        if word in text and subprocess.run(command, capture_output=True).returncode:
            return word
    return None


class RecipeTest(FolderTest):
    def command(self, language, text):
        lacking = missing(language, text)
        if lacking:
            self.skipTest(f"{lacking} is not installed")
        return [*RUN[language], text]

    def environment(self):
        """As if the tools were installed, for the python of the test."""
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "python3").symlink_to(sys.executable)
        return {**os.environ, "PYTHONPATH": str(POSTPROCESS), "PYTHONUNBUFFERED": "1",
                "PATH": f"{programs}:{POSTPROCESS}:{os.environ['PATH']}"}

    def n_events(self, until, *kinds):
        return sum(e["t_actual"] < until * synthetic.NS and (not kinds or e["kind"] in kinds)
                   for e in self.run_of.events)

    def finds(self, until, out):
        self.assertRegex(out, rf"\b{self.n_events(until, synthetic.RECEIVE)}\b")


class Recipes(RecipeTest):
    def run_recipe(self, language, text):
        done = subprocess.run(self.command(language, text), text=True, capture_output=True,
                              cwd=self.folder, env=self.environment(), timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def finished(self, language, text):
        synthetic.write_exact(self.file, self.run_of, CLOCKS)
        out = self.run_recipe(language, text)
        if "received" in text:
            self.finds(10, out)

    def unfinished(self, language, text):
        synthetic.write_live(self.file, self.run_of, CLOCKS, until=5)
        out = self.run_recipe(language, text)
        if "received" in text and language != "bash":  # balances are written at the end
            self.finds(5, out)

    def test_there_are_some_in_every_language(self):
        self.assertEqual({language for language, _, _ in RECIPES}, set(RUN))


@unittest.skipUnless("LCMPI" in os.environ, "no LCMPI is named")
class ShownRecipes(RecipeTest):
    """What the README shows, but for room between words, and for when it was."""

    @staticmethod
    def words(text):
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "WHEN", line) for line in lines]

    def shown(self, language, text, expected):
        subprocess.run([os.environ["LCMPI"], *SHOWN_RUN, "--progress", "none"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)
        done = subprocess.run(self.command(language, text), text=True, capture_output=True, cwd=self.folder,
                              env=self.environment(), timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        pattern = "\n".join(r"[^\0]*?" if line == "..." else re.escape(line) for line in self.words(expected))
        self.assertRegex("\n".join(self.words(done.stdout)), rf"\A{pattern}\Z")

    def test_most_of_them_are_shown(self):
        self.assertGreaterEqual(len(SHOWN), 9)


class LiveRecipes(RecipeTest):
    """The file grows while a recipe reads it, by raw writes, as a run writes it."""

    def growing(self, language, text):
        synthetic.write_live(self.file, self.run_of, CLOCKS, until=5)
        self.watch(language, text, lambda until, state: grow(self.file, self.later(until, state)))

    def replaced(self, language, text):
        synthetic.write_live(self.file, self.run_of, CLOCKS, until=5)
        self.watch(language, text, lambda until, state:
                   os.replace(self.later(until, state), self.file))

    def later(self, until, state):
        path = self.folder / "later.h5"
        synthetic.write_live(path, self.run_of, CLOCKS, state=state, until=until)
        return path

    def watch(self, language, text, change):
        """The recipe shows 5 s of the run, then 8 s, and ends when the run does."""
        with subprocess.Popen(self.command(language, text), text=True, stdout=subprocess.PIPE,
                              cwd=self.folder, env=self.environment()) as process:
            self.wait_for(process, self.n_events(5))
            change(8, "RUNNING")
            self.wait_for(process, self.n_events(8))
            change(10, "COMPLETE")
            self.finds(10, process.stdout.read().splitlines()[-1])
        self.assertEqual(process.returncode, 0)

    def wait_for(self, process, n_events):
        for line in process.stdout:
            if line.startswith(f"{n_events} events"):
                return
        self.fail(f"the recipe ended before it had seen {n_events} events")


def grow(path, later):
    """Writes what `later` has into the file `path` of the same layout: rows, then counters."""
    writes = []
    with h5py.File(path, "r") as old, h5py.File(later, "r") as new:
        for name in sorted(dataset_names(old), key=lambda name: (name.startswith("commit/"), name)):
            if old[name].shape == new[name].shape and old[name].id.get_offset() is not None:
                writes.append((old[name].id.get_offset(), new[name][()].tobytes()))
    with open(path, "r+b", buffering=0) as file:
        for offset, values in writes:
            os.pwrite(file.fileno(), values, offset)


def dataset_names(h5):
    names = []
    h5.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
    return names


def add_tests():
    """One test per recipe and kind of file."""
    def add(case, kind, number, language, text, *expected):
        def test(self):
            getattr(self, kind)(language, text, *expected)
        test.__doc__ = text.splitlines()[0]
        setattr(case, f"test_{language}_{number}_{kind}", test)

    for number, (language, live, text) in enumerate(RECIPES):
        case, kinds = (LiveRecipes, ("growing", "replaced")) if live else (
            Recipes, ("finished", "unfinished"))
        for kind in kinds:
            add(case, kind, number, language, text)
    for number, (language, text, expected) in enumerate(SHOWN):
        add(ShownRecipes, "shown", number, language, text, expected)


add_tests()

if __name__ == "__main__":
    unittest.main()
