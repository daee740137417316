"""lcmpi_plot: which files it writes, what it says, what it refuses."""
import unittest

import synthetic
from common import FolderTest

FIGURES = ["clocks", "jumps", "drift", "queues", "spacetime"]


class Plot(FolderTest):
    def setUp(self):
        super().setUp()
        synthetic.write_exact(self.file, self.run_of)

    def plot(self, *arguments):
        return self.tool("lcmpi_plot", "run.h5", *arguments)

    def test_names(self):
        out, err = self.plot()
        self.assertEqual(out, [f"run-{name}.{suffix}" for name in FIGURES
                               for suffix in ("png", "svg")])
        self.assertEqual(err, [])
        self.assertEqual(sorted(out + ["run.h5"]), sorted(p.name for p in self.folder.iterdir()))
        for name in out:
            start = (self.folder / name).read_bytes()[:5]
            self.assertEqual(start, b"<?xml" if name.endswith("svg") else b"\x89PNG\r")

    def test_options(self):
        out, _ = self.plot("-o", "a/b", "--format", "pdf", "--window", "2:8", "--machines", "0,1-2",
                           "--clock", "lamport")
        self.assertEqual(out, [f"a/b/run-{name}.pdf" for name in FIGURES])
        self.plot("--window", "all", "--format", "png", "--dpi", "50")
        small = (self.folder / "run-drift.png").read_bytes()
        self.assertEqual(int.from_bytes(small[16:20], "big"), 350)  # 7 inches

    def test_same_file_same_figures(self):
        """The second time they replace those of the first."""
        def drawn():
            out, _ = self.plot("--format", "png,svg,pdf", "--dpi", "50")
            return {name: (self.folder / name).read_bytes() for name in out}

        self.assertEqual(drawn(), drawn())

    def test_other_figures_are_not_replaced(self):
        mine = self.folder / "run-drift.svg"
        mine.write_text("mine")
        self.assertIn("run-drift.svg: exists", self.refused(3, "lcmpi_plot", "run.h5"))
        self.assertEqual(mine.read_text(), "mine")
        self.plot("--force", "--format", "svg")
        self.assertNotEqual(mine.read_text(), "mine")

    def test_no_events(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        out, err = self.plot()
        self.assertEqual(out, [])
        self.assertEqual(err, ["lcmpi_plot: run.h5: has no events (yet): nothing to draw"])

    def test_only_a_vector_clock(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("vector",))
        out, err = self.plot("--format", "png")
        self.assertEqual(out, ["run-queues.png", "run-spacetime.png"])
        self.assertEqual(len(err), 3)
        for name, line in zip(FIGURES, err):
            self.assertIn(f"no figure '{name}': the run has no scalar clock", line)

    def test_one_machine(self):
        synthetic.write_exact(self.file, synthetic.simulate(["3"]))
        out, err = self.plot("--format", "png")
        self.assertEqual(len(out), 3)
        self.assertEqual(err, ["lcmpi_plot: no figure 'drift': a single VM drifts from no other",
                               "lcmpi_plot: no figure 'queues': a single VM has no messages"])

    def test_a_thousand_machines(self):
        rates = [str(1 + vm % 6) for vm in range(1000)]
        synthetic.write_exact(self.file, synthetic.simulate(rates, seconds=3, vector=False))
        out, err = self.plot("--format", "svg")
        self.assertEqual((len(out), err), (5, []))
        for path in self.folder.glob("*.svg"):
            self.assertLess(path.stat().st_size, 200_000, path)  # not a line per VM

    def test_a_long_run(self):
        synthetic.write_exact(self.file, synthetic.simulate(seconds=1200, snapshot_s=600))
        out, err = self.plot("--format", "png")
        self.assertEqual((len(out), err), (5, []))

    def test_unfinished_runs(self):
        for n_rank in (1, 3):
            synthetic.write_live(self.file, self.run_of, until=5, n_rank=n_rank)
            self.assertEqual(len(self.plot("--format", "png")[0]), 5)

    def test_refusals(self):
        for arguments, text in (
                (["--window", "9"], "'9' is not START:END"), (["--window", "9:3"], "ends before"),
                (["--window", "-1:3"], "--window"), (["--window", "1:2:3"], "not START:END"),
                (["--window", "70:80"], "the run ends at 10 s"),
                (["--machines", "3"], "no VM 3; its VMs are 0 to 2"),
                (["--machines", "0,x"], "not a list"), (["--machines", "2-1"], "not a list"),
                (["--format", "gif"], "not a list of png, svg, pdf"), (["--dpi", "0"], "10 to 2400"),
                (["--clock", "vector"], "no scalar clock 'vector'; it has lamport"),
                (["--bogus"], "--bogus")):
            self.assertIn(text, self.refused(2, "lcmpi_plot", "run.h5", *arguments))
        self.refused(2, "lcmpi_plot")
        self.assertIn("No such file", self.refused(3, "lcmpi_plot", "none.h5"))
        whole = self.file.read_bytes()
        self.file.write_bytes(whole[:len(whole) // 2])
        self.assertIn("truncated", self.refused(3, "lcmpi_plot", "run.h5"))


if __name__ == "__main__":
    unittest.main()
