"""The CSV logs hold what the run did, and nothing is overwritten unasked."""
import csv
import itertools
import unittest
from unittest import mock

import h5py
import numpy as np
import synthetic
from common import FolderTest

KINDS = ["EMPTY", "INTERNAL", "SEND", "RECEIVE", "SKIPPED"]
OPS = ["NONE", "UNICAST", "MULTICAST", "INTERNAL"]
HEADER = ("machine,seq,tick,kind,op,t_scheduled,t_actual,peer,msg_first,msg_count,t_arrival,"
          "queue_before,queue_after,lamport,vector_0,vector_1,vector_2").split(",")


def as_text(event):
    row = {**event, "kind": KINDS[event["kind"]], "op": OPS[event["op"]],
           **{f"vector_{i}": word for i, word in enumerate(event["vector"])}}
    return {name: str(row[name]) for name in HEADER}


class Export(FolderTest):
    def setUp(self):
        super().setUp()
        synthetic.write_live(self.file, self.run_of, clocks=("lamport", "vector"))

    def read(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def test_logs(self):
        out, err = self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertEqual(out, ["run-vm0.csv", "run-vm1.csv", "run-vm2.csv", "run-all.csv"])
        self.assertEqual(len(err), 1)
        self.assertIn("its run is not over", err[0])
        truth = [as_text(event) for event in self.run_of.events]
        for vm in range(3):
            own = [row for row in truth if row["machine"] == str(vm)]
            self.assertEqual(self.read(f"run-vm{vm}.csv"), own)
        in_time = sorted(truth, key=lambda row: [int(row[name]) for name in
                                                 ("t_actual", "machine", "seq")])
        self.assertEqual(self.read("run-all.csv"), in_time)

    def test_window_and_machines(self):
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5", "--window", "2:6", "--machines", "0,2")
        self.assertEqual(out, ["run-vm0.csv", "run-vm2.csv", "run-all.csv"])
        here = [as_text(e) for e in self.run_of.events if 2 * synthetic.NS <= e["t_actual"] <= 6 * synthetic.NS]
        for vm in ("0", "2"):
            self.assertEqual(self.read(f"run-vm{vm}.csv"), [row for row in here if row["machine"] == vm])
        self.assertEqual(len(self.read("run-all.csv")), sum(row["machine"] != "1" for row in here))

    def test_blocks(self):
        """A long run is read block by block; the files are the same."""
        import lcmpi_formats.csv
        import lcmpi_formats.part
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"))
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5")
        with mock.patch("lcmpi_formats.part.BLOCK_BYTES", 20 * lcmpi_formats.part.EVENT_BYTES):
            part = lcmpi_formats.part.Part(self.file)
            self.assertGreater(len(list(part.blocks())), 4)
            paths = [self.folder / f"blocks{suffix}" for suffix in lcmpi_formats.csv.suffixes(part)]
            lcmpi_formats.csv.write(part, paths)
        for name, path in zip(out, paths):
            self.assertEqual(path.read_text(), (self.folder / name).read_text())

    def check_blocks(self, blocks, truth):
        """They hold these events, each once."""
        found = [row for block in blocks for row in zip(block.events.machine, block.events.seq)]
        self.assertEqual(sorted(found), sorted((event["machine"], event["seq"]) for event in truth))

    def test_blocks_of_a_run_that_is_not_over(self):
        import lcmpi_formats.part
        synthetic.write_live(self.file, self.run_of, until=8)
        with mock.patch("lcmpi_formats.part.BLOCK_BYTES", 8 * lcmpi_formats.part.EVENT_BYTES):
            blocks = list(lcmpi_formats.part.Part(self.file).blocks())
        self.check_blocks(blocks, [e for e in self.run_of.events if e["t_actual"] < 8 * synthetic.NS])
        self.assertGreater(len(blocks), 6)
        self.assertLess(max(len(block.events) for block in blocks), 16)

    def test_what_is_added_meanwhile_is_in_the_last_block(self):
        """Also by a rank that was behind the others, or had nothing yet."""
        import lcmpi_formats.part
        for n_behind, several in ((16, True), (10**6, False)):
            synthetic.write_live(self.file, self.run_of, until=5)
            with h5py.File(self.file, "r+") as h5:
                h5["commit/n_events"][0] = max(0, h5["commit/n_events"][0] - n_behind)
            with mock.patch("lcmpi_formats.part.BLOCK_BYTES", 4 * lcmpi_formats.part.EVENT_BYTES):
                part = lcmpi_formats.part.Part(self.file)
                n_block, blocks = len(list(part.blocks())), part.blocks()
                read = list(itertools.islice(blocks, n_block - 1))
                synthetic.write_live(self.file, self.run_of, until=9)
                read += blocks
            self.assertEqual((len(read), n_block > 3), (n_block, several))
            self.check_blocks(read, [e for e in self.run_of.events if e["t_actual"] < 9 * synthetic.NS])

    def test_a_run_that_failed(self):
        synthetic.write_live(self.file, self.run_of, state="FAILED")
        _, (line,) = self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertIn("its run failed", line)

    def test_header(self):
        self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertEqual((self.folder / "run-all.csv").read_text().splitlines()[0],
                         ",".join(HEADER))

    def test_no_events(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertEqual(len(out), 4)
        for name in out:
            self.assertEqual(self.read(name), [])
            self.assertTrue((self.folder / name).read_text().startswith("machine,seq,"))

    def log_only(self, *vms):
        with h5py.File(self.file, "r+") as h5:
            logged = h5.create_dataset("logged", data=np.isin(h5["vm"][:], vms).astype("u1"))
            logged.dims[0].attach_scale(h5["vm"])

    def test_vms_without_a_log_have_no_file(self):
        self.log_only(0, 2)
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5")
        self.assertEqual(out, ["run-vm0.csv", "run-vm2.csv", "run-all.csv"])

    def test_no_log(self):
        self.log_only()
        line = self.refused(3, "lcmpi_export", "--csv", "run.h5", "-o", "logs")
        self.assertIn("run.h5: no VM is logged", line)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["run.h5"])

    def test_folder_is_made(self):
        out, _ = self.tool("lcmpi_export", "--csv", "run.h5", "-o", "a/b")
        self.assertEqual(out[-1], "a/b/run-all.csv")
        self.assertTrue((self.folder / "a/b/run-all.csv").exists())

    def test_nothing_is_overwritten_unasked(self):
        kept = self.folder / "run-vm1.csv"
        kept.write_text("mine\n")
        line = self.refused(3, "lcmpi_export", "--csv", "run.h5")
        self.assertIn("run-vm1.csv: exists", line)
        self.assertEqual(kept.read_text(), "mine\n")
        self.assertEqual(sorted(path.name for path in self.folder.glob("*.csv")), ["run-vm1.csv"])
        self.tool("lcmpi_export", "--csv", "run.h5", "--force")
        self.assertTrue(kept.read_text().startswith("machine"))
        self.assertIn("(and 3 more)", self.refused(3, "lcmpi_export", "--csv", "run.h5"))

    def test_refusals(self):
        self.refused(2, "lcmpi_export", "run.h5")
        self.refused(2, "lcmpi_export", "--csv")
        self.refused(2, "lcmpi_export", "--csv", "run.h5", "--bogus")
        self.assertIn("No such file", self.refused(3, "lcmpi_export", "--csv", "none.h5"))
        (self.folder / "text.h5").write_text("x")
        self.assertIn("not an HDF5", self.refused(3, "lcmpi_export", "--csv", "text.h5"))
        self.assertIn("text.h5: File exists",
                      self.refused(3, "lcmpi_export", "--csv", "run.h5", "-o", "text.h5"))


if __name__ == "__main__":
    unittest.main()
