"""A real file, named by the environment variable LCMPI_SAMPLE: what the file says of itself must be
what the reader finds in it, in any state of the run."""
import csv
import os
import shutil
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

import shiviz
import trace_format
from common import FolderTest

import lcmpi

SAMPLE = os.environ.get("LCMPI_SAMPLE")


@unittest.skipUnless(SAMPLE, "LCMPI_SAMPLE names no file")
class Sample(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.sample = Path(SAMPLE).resolve()
        cls.info = lcmpi.info(cls.sample)
        cls.machines = lcmpi.machines(cls.sample)
        cls.events = lcmpi.events(cls.sample)
        cls.messages = lcmpi.messages(cls.sample)

    def setUp(self):
        super().setUp()
        shutil.copy(self.sample, self.file)

    def only_at_the_end(self):
        if not self.info["t_end"]:
            self.skipTest("the run has not ended")

    def test_rows_are_those_committed(self):
        self.assertEqual(len(self.events), self.info["n_events"])
        self.assertEqual(len(self.messages), self.info["n_messages"])
        self.assertEqual(len(self.machines), self.info["n_vm"])

    def test_events_are_numbered_without_a_gap(self):
        for _, rows in self.events.groupby("machine"):
            self.assertEqual(rows.seq.tolist(), list(range(len(rows))))

    def test_nothing_is_early(self):
        self.assertTrue((self.events.lateness >= 0).all())
        taken = self.messages[self.messages.recv_seq.notna()]
        self.assertTrue((taken.t_receive >= taken.t_arrival).all())

    def test_every_receive_has_its_message(self):
        self.only_at_the_end()
        received = (self.events.kind == "RECEIVE").sum()
        self.assertEqual((self.messages.fate == "RECEIVED").sum(), received)
        self.assertEqual(self.messages.recv_seq.notna().sum(), received)

    def test_totals(self):
        self.only_at_the_end()
        counts = self.messages.fate.value_counts()
        for fate in ("RECEIVED", "QUEUED", "IN_FLIGHT", "LOST"):
            self.assertEqual(counts[fate], self.info["balance"][fate.lower()])
        self.assertEqual(len(self.messages), self.info["balance"]["sent"])
        n_event = self.events.machine.value_counts().reindex(self.machines.index, fill_value=0)
        self.assertEqual(n_event.tolist(), self.machines.n_event.tolist())

    def test_final_clocks_and_largest_jumps(self):
        self.only_at_the_end()
        for clock, about in self.info["clocks"].items():
            if about["order"] != "scalar":
                continue
            stamps = self.events.groupby("machine")[clock]
            jumps = stamps.diff().fillna(self.events[clock]).groupby(self.events.machine).max()
            for vm, last in stamps.last().items():
                self.assertEqual(last, self.machines[f"final_{clock}"][vm])
                self.assertEqual(jumps[vm], self.machines[f"{clock}_jump_max"][vm])

    def test_last_snapshot_is_the_end(self):
        self.only_at_the_end()
        last = lcmpi.snapshots(self.sample).groupby("vm").last()
        for name in ("n_event", "n_sent", "n_received", "n_queued"):
            self.assertEqual(last[name].tolist(), self.machines[name].tolist(), name)

    def test_export(self):
        out, err = self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertEqual((len(out), err), (self.info["n_vm"] + 1, []))
        with open(self.folder / "run-all.csv", newline="") as file:
            self.assertEqual(sum(1 for _ in csv.reader(file)), 1 + len(self.events))

    def test_plot(self):
        out, _ = self.tool("lcmpi_plot", "run.h5", "--format", "png")
        self.assertTrue(self.events.empty or "run-spacetime.png" in out)

    def test_exports_keep_the_rules_of_their_formats(self):
        self.tool("lcmpi_export", "--shiviz", "run.h5", "--window", "all")
        log = shiviz.read(self.folder / "run-shiviz.log")
        shiviz.check(log)
        self.assertEqual(len(log), (self.events.kind != "SKIPPED").sum())
        self.tool("lcmpi_export", "--chrome", "run.h5")
        trace = trace_format.read(self.folder / "run-trace.json")
        trace_format.check(trace)
        self.assertEqual(len(trace_format.arrows(trace)), self.messages.recv_seq.notna().sum())
        self.tool("lcmpi_export", "--graphml", "run.h5")
        edges = [element for _, element in xml.iterparse(self.folder / "run-graph.graphml") if element.tag.endswith("}edge")]
        self.assertEqual(len(edges), len(log) - len({host for host, *_ in log}) + len(trace_format.arrows(trace)))


if __name__ == "__main__":
    unittest.main()
