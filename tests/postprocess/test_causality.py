"""Happened-before from program order and messages, against the vector clock of the file."""
import unittest

import numpy as np
import synthetic
from common import FolderTest

import lcmpi
import lcmpi_causality


def vectors(events, machines):
    return events[[f"vector_{vm}" for vm in machines]].to_numpy()


class Known(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.run_of = synthetic.simulate(("2", "6", "1", "3"), seconds=20)

    def setUp(self):
        super().setUp()
        synthetic.write_exact(self.file, self.run_of, clocks=("vector",))

    def read(self, window=None):
        return lcmpi.events(self.file, vectors=True, window=window), lcmpi.messages(self.file, window=window)

    def test_whole_run(self):
        events, messages = self.read()
        known = lcmpi_causality.known(events, messages, [0, 1, 2, 3])
        np.testing.assert_array_equal(known, vectors(events, [0, 1, 2, 3]))

    def test_causes_pass_through_machines_that_are_not_shown(self):
        events, messages = self.read()
        shown = events[events.machine.isin([0, 2])]
        known = lcmpi_causality.known(events, messages, [2, 0])
        np.testing.assert_array_equal(known, vectors(shown, [2, 0]))
        among = messages[messages.sender.isin([0, 2]) & messages.receiver.isin([0, 2])]
        self.assertTrue((lcmpi_causality.known(shown, among, [2, 0]) != known).any())

    def test_window(self):
        """Within it the same holds as in the whole run: vectors less what was there before it."""
        events, messages = self.read((5, 12))
        known = lcmpi_causality.known(events, messages, [0, 1, 2, 3])
        before = lcmpi.events(self.file, window=(0, 5 - 1e-9)).groupby("machine").size()
        stamps = vectors(events, [0, 1, 2, 3]) - before.to_numpy()
        np.testing.assert_array_equal(known, np.maximum(stamps, 0))

    def test_pairs(self):
        """The sentence of the contract, for all pairs: a happened before b exactly if V(a) < V(b)."""
        events, messages = self.read()
        stamps, machine = vectors(events, [0, 1, 2, 3]), events.machine.to_numpy()
        known = lcmpi_causality.known(events, messages, [0, 1, 2, 3])
        position = events.groupby("machine").cumcount().to_numpy()
        for b in range(len(events)):
            below = (stamps <= stamps[b]).all(axis=1) & (stamps != stamps[b]).any(axis=1)
            found = known[b, machine] > position
            found[b] = False
            np.testing.assert_array_equal(found, below)

    def test_order_of_rows_does_not_matter(self):
        events, messages = self.read()
        known = lcmpi_causality.known(events, messages, [1])
        shuffled = lcmpi_causality.known(events, messages.sample(frac=1, random_state=1), [1])
        np.testing.assert_array_equal(known, shuffled)

    def test_contradiction(self):
        events, messages = self.read()
        first = messages.index[messages.recv_seq.notna()][0]
        messages.loc[first, "send_seq"] = events.seq[events.machine == messages.sender[first]].max()
        messages.loc[first, "recv_seq"] = 0
        with self.assertRaisesRegex(lcmpi_causality.Contradiction, "of VM . is among its own causes"):
            lcmpi_causality.known(events, messages, [0, 1])


if __name__ == "__main__":
    unittest.main()
