"""Both published solutions of the exercise, run by their rules: a thousand runs of each archived trial."""

import csv
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "postprocess", "lcmpi_reproduce")
STATEMENTS = {
    "Slow clocks jump.": "Confirmed",
    "Similar rates drift less.": "Confirmed",
    "Fewer internal events drift harder, with small jumps.": "Confirmed",
    "More internal events make jumps above 60, with short queues.": "Confirmed",
    "A saturated machine never sends.": "Corrected",
}
# by its rules no run can do that: a tick was missed
IMPOSSIBLE = ("B 5,5,6", "2", "jump_max", "above")


def reproduce(folder, *options):
    return subprocess.run([sys.executable, TOOL, "-o", folder, *map(str, options)], capture_output=True, text=True, timeout=300)


class Reproduction(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.done = reproduce(cls.folder, "--copies", 1000)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def rows(self):
        with open(os.path.join(self.folder, "reproduction.csv"), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_every_archived_figure(self):
        """It lies in the central 99 % of a thousand runs."""
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        rows = self.rows()
        outside = [(r["trial"], r["machine"], r["figure"], r["verdict"]) for r in rows if r["verdict"] != "reproduced"]
        self.assertEqual(outside, [IMPOSSIBLE])
        self.assertEqual(len(rows), 159)
        self.assertEqual({r["preset"].partition(":")[0] for r in rows}, {"seed-a", "seed-b"})
        for row in rows:
            low, median, high = (float(row[name]) for name in ("low", "median", "high"))
            self.assertTrue(low <= median <= high, row)
        wide = [r for r in rows if float(r["low"]) < float(r["high"])]
        self.assertGreater(len(wide), 100, "a range that is a point says little")

    def test_statements(self):
        for statement, verdict in STATEMENTS.items():
            self.assertIn(f"\n{statement} {verdict}: ", self.done.stdout)
            self.assertIn(f"\n### {statement} {verdict}.\n", self.read("report.md"))

    def test_report(self):
        report = self.read("report.md")
        self.assertIn("**158 of 159 archived figures lie in the central 99 %**", report)
        self.assertIn("a jump takes a tick that was missed", report)
        self.assertIn("](reproduction.png)", report)
        self.assertIn("--preset seed-a:U=5 --rates 1,3,6 --pace virtual", report)
        with open(os.path.join(self.folder, "reproduction.png"), "rb") as file:
            self.assertEqual(file.read(4), b"\x89PNG")
        self.assertEqual(sorted(os.listdir(self.folder)), ["report.md", "reproduction.csv", "reproduction.png"])

    def archived(self, text, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mine.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = reproduce(os.path.join(folder, "out"), "--archive", path, "--copies", 200, *options)
            name = os.path.join(folder, "out", "reproduction.csv")
            with open(name if os.path.exists(name) else os.devnull, newline="", encoding="utf-8") as file:
                return done, list(csv.DictReader(file))

    HEAD = "trial,preset,rates,machine,final_clock,queue_max\n"

    def test_another_archive(self):
        """A figure that no run has is told from one that most have; real time stands beside both."""
        done, rows = self.archived(self.HEAD + "x,seed-b,\"1,2,3\",0,186,4\nx,seed-b,\"1,2,3\",2,193,500\n", "--real", "--speed", 20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["verdict"] for row in rows], ["reproduced", "reproduced", "reproduced", "above"])
        self.assertTrue(all(float(row["real"]) > 0 for row in rows if row["figure"] == "final_clock"), rows)

    def test_archives_that_are_none(self):
        for text, said in ((self.HEAD, "has no trial"), ("trial,rates\n", "has no column machine, preset"),
                           (self.HEAD + "x,seed-b,\"1,2\",2,3,4\n", "mine.csv:2: there is no machine 2 among rates 1,2"),
                           (self.HEAD + "x,seed-b,\"1,2\",0,three,4\n", "mine.csv:2: could not convert"),
                           (self.HEAD + "x,seed-b,\"1,2\",0,3,4\nx,seed-a,\"1,2\",1,3,4\n", "mine.csv:3: trial x has another"),
                           (self.HEAD + "x,seed-c,\"1,2\",0,3,4\n", "there is no such preset")):
            with self.subTest(said):
                done, rows = self.archived(text)
                self.assertEqual((done.returncode, rows), (3, []), done.stderr)
                self.assertIn(said, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
