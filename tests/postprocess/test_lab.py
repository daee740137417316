"""The lab report in Markdown: its numbers are those of the files, its tables are tables, its figures are there."""
import re
import unittest

import numpy as np
import synthetic
from common import FolderTest

import lcmpi


class LabTest(FolderTest):
    def lab(self, *files, options=()):
        """The report; its tables by (heading of the run, heading), each a list of {column: text}."""
        out, self.err = self.tool("lcmpi_report", "--markdown", *files, "-o", "lab", *options)
        self.written = [self.folder / line for line in out]
        self.text = self.written[-1].read_text(encoding="utf-8")
        self.tables = {}
        for run in re.split(r"^## ", self.text, flags=re.MULTILINE)[1:]:
            for number, part in enumerate(re.split(r"^### ", run, flags=re.MULTILINE)):
                lines = [line for line in part.splitlines() if line.startswith("|")]
                if lines:
                    self.tables[run.splitlines()[0], part.splitlines()[0] if number else ""] = self.rows(lines)

    def rows(self, lines):
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
        self.assertEqual({len(row) for row in cells}, {len(cells[0])}, lines)
        self.assertEqual(set(cells[1]), {"---"})
        return [dict(zip(cells[0], row)) for row in cells[2:]]

    def number(self, text):
        return float(text.replace(",", "").removesuffix(" %"))


class OneRun(LabTest):
    def setUp(self):
        super().setUp()
        synthetic.write_exact(self.file, self.run_of)
        self.lab("run.h5")
        self.events = lcmpi.events(self.file)

    def test_jumps_and_gaps(self):
        for vm, row in enumerate(self.tables["Run 1: run.h5", "Jumps"]):
            jumps = np.diff(self.events[self.events.machine == vm].lamport, prepend=0)
            self.assertEqual(row["machine"], f"VM {vm}")
            self.assertEqual([self.number(row[name]) for name in ("median", "largest")], [np.median(jumps), jumps.max()])
            self.assertAlmostEqual(self.number(row["mean"]), jumps.mean(), delta=1e-3 * jumps.mean())
        for vm, row in enumerate(self.tables["Run 1: run.h5", "Gaps"]):
            stamps = self.events[self.events.machine == vm].lamport
            self.assertEqual(self.number(row["values left out"]), stamps.max() - len(stamps))
            self.assertEqual(row["events that jump by 1"], f"{100 * (np.diff(stamps, prepend=0) == 1).mean():.1f} %")

    def test_drift_and_queue(self):
        final = self.events.groupby("machine").lamport.max()
        for vm, row in enumerate(self.tables["Run 1: run.h5", "Drift"]):
            self.assertEqual(self.number(row["behind at the end"]), final.max() - final[vm])
            self.assertGreaterEqual(self.number(row["behind at most"]), self.number(row["behind at the end"]))
        machines = lcmpi.machines(self.file)
        for vm, row in enumerate(self.tables["Run 1: run.h5", "Queue"]):
            self.assertEqual((self.number(row["received"]), self.number(row["at the end"])),
                             (machines.n_received[vm], machines.n_queued[vm]))

    def test_figures(self):
        names = re.findall(r"!\[\w+\]\((.*?)\)", self.text)
        self.assertEqual(names, [f"run-lab-{name}.png" for name in ("clocks", "jumps", "drift", "queues")])
        self.assertEqual(self.written, [self.folder / "lab" / name for name in [*names, "run-lab.md"]])
        self.assertTrue(all(path.exists() for path in self.written))

    def test_how_to_repeat_it(self):
        (row,) = self.tables["How to repeat it", ""]
        self.assertEqual((row["command"], row["seed"], row["state"]), ("`lcmpi`", "1", "COMPLETE"))


class Runs(LabTest):
    def test_five(self):
        for seed in range(1, 6):
            rates = [str(rate) for rate in np.random.default_rng(seed).choice(range(1, 7), 3, replace=False)]
            synthetic.write_exact(self.folder / f"{seed}.h5", synthetic.simulate(rates, seed=seed))
        self.lab(*(f"{seed}.h5" for seed in range(1, 6)))
        over = {row["machine"]: row for row in self.tables["Over the runs", ""]}
        slowest = [lcmpi.machines(self.folder / f"{seed}.h5").sort_values("tick_rate").final_lamport.iloc[0] for seed in range(1, 6)]
        mean, low, high = map(self.number, re.fullmatch(r"(\S+) \((\S+) to (\S+)\)", over["slowest"]["final clock"]).groups())
        self.assertEqual((low, high), (min(slowest), max(slowest)))
        self.assertAlmostEqual(mean, np.mean(slowest), delta=0.1)
        self.assertEqual([row["how many"] for row in over.values()], ["5"] * 3)
        self.assertRegex(self.text, r"The rank correlation of a machine's largest jump .* is -?[01]\.\d\d \(15 machines\)\.")
        self.assertEqual([heading for heading, part in self.tables if part == "Jumps"], [f"Run {seed}: {seed}.h5" for seed in range(1, 6)])

    def test_files_of_one_name(self):
        for name in ("a", "b"):
            (self.folder / name).mkdir()
            synthetic.write_exact(self.folder / name / "run.h5", self.run_of)
        self.lab("a/run.h5", "b/run.h5")
        self.assertEqual(len(set(self.written)), len(self.written))


class Kinds(LabTest):
    def test_live(self):
        synthetic.write_live(self.file, self.run_of, until=5)
        self.lab("run.h5")
        self.assertIn("*The run is not over, or was killed: the report shows what was on file", self.text)
        largest = [self.number(row["largest"]) for row in self.tables["Run 1: run.h5", "Jumps"]]
        events = lcmpi.events(self.file)
        self.assertEqual(largest, events.lamport.sub(events.groupby("machine").lamport.shift(fill_value=0)).groupby(events.machine).max().tolist())

    def test_without_events(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        self.lab("run.h5")
        self.assertIn("Gaps and drift are not told", self.text)
        self.assertNotIn("### Gaps", self.text)


class Refusals(LabTest):
    def test_refusals(self):
        synthetic.write_exact(self.file, self.run_of, ("vector",))
        self.assertIn("run.h5: has no clock with one value, only vector", self.refused(3, "lcmpi_report", "--markdown", "run.h5"))
        synthetic.write_exact(self.file, self.run_of)
        self.assertIn("--window is about the page", self.refused(2, "lcmpi_report", "--markdown", "run.h5", "--window", "1:2"))
        (self.folder / "run-lab.md").write_text("mine")
        self.assertIn("--force replaces it", self.refused(3, "lcmpi_report", "--markdown", "run.h5"))
        self.assertEqual((self.folder / "run-lab.md").read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
