"""The reader gives back what the simulation did, from every form of the file."""
import unittest
from contextlib import contextmanager
from unittest import mock

import h5py
import numpy as np
import pandas as pd
import synthetic
from common import FolderTest
from synthetic import NS

import lcmpi

KINDS = ["EMPTY", "INTERNAL", "SEND", "RECEIVE", "SKIPPED"]
FATES = synthetic.FATES.split()


def by(rows, *keys):
    return sorted(rows, key=lambda row: [row[key] for key in keys])


def plain(column):
    """A column as a list, with None for what is missing."""
    return [None if pd.isna(value) else value for value in column]


class Events(FolderTest):
    def test_every_column(self):
        synthetic.write_exact(self.file, self.run_of)
        events, truth = lcmpi.events(self.file), by(self.run_of.events, "machine", "seq")
        self.assertEqual(len(events), len(truth))
        for name in (*synthetic.EVENT_COLUMNS, "lamport"):
            expected = [row[name] for row in truth]
            if name == "kind":
                expected = [KINDS[kind] for kind in expected]
            if name == "op":
                expected = [["NONE", "UNICAST", "MULTICAST", "INTERNAL"][op] for op in expected]
            self.assertEqual(events[name].tolist(), expected, name)

    def test_seconds(self):
        run = synthetic.simulate(lateness_ns=2_500_000)
        synthetic.write_exact(self.file, run)
        event = lcmpi.events(self.file).query("machine == 1 and seq == 3").iloc[0]
        self.assertEqual((event.t_due, event.t, event.lateness), (0.5, 0.5025, 0.0025))

    def test_categories(self):
        synthetic.write_exact(self.file, self.run_of)
        events = lcmpi.events(self.file)
        self.assertEqual(list(events.kind.cat.categories), KINDS)
        self.assertEqual(list(events.op.cat.categories),
                         ["NONE", "UNICAST", "MULTICAST", "INTERNAL"])

    def test_vectors_on_request(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"))
        self.assertNotIn("vector_0", lcmpi.events(self.file))
        events = lcmpi.events(self.file, vectors=True)
        truth = [row["vector"] for row in by(self.run_of.events, "machine", "seq")]
        self.assertEqual(events[["vector_0", "vector_1", "vector_2"]].values.tolist(), truth)

    def test_live_form_equals_exact_form(self):
        clocks = ("lamport", "vector")
        live = self.folder / "live.h5"
        synthetic.write_exact(self.file, self.run_of, clocks, n_rank=1)
        for n_rank in (1, 2, 3):
            synthetic.write_live(live, self.run_of, clocks, n_rank=n_rank)
            pd.testing.assert_frame_equal(lcmpi.events(live, True), lcmpi.events(self.file, True))

    def test_only_committed_rows(self):
        synthetic.write_live(self.file, self.run_of, until=5)
        events = lcmpi.events(self.file)
        truth = [row for row in self.run_of.events if row["t_actual"] < 5 * NS]
        self.assertEqual(events.seq.tolist(), [row["seq"] for row in by(truth, "machine", "seq")])

    def test_rows_that_a_counter_has_not_reached(self):
        synthetic.write_live(self.file, self.run_of)
        with h5py.File(self.file, "r+") as h5:
            h5["commit/n_events"][0] -= 4
        self.assertEqual(len(lcmpi.events(self.file)), len(self.run_of.events) - 4)

    def test_no_events(self):
        for write, run in ((synthetic.write_exact, synthetic.simulate(seconds=0)),
                           (lambda *of: synthetic.write_live(*of, until=0), self.run_of)):
            write(self.file, run)
            self.assertTrue(lcmpi.events(self.file).empty)
            self.assertTrue(lcmpi.messages(self.file).empty)
            self.assertEqual(len(lcmpi.machines(self.file)), 3)


class Part(FolderTest):
    """With a window or machines: the rows that the whole has of them."""

    WINDOWS = ((2, 5), (0, 0), (3.2, 3.4), (9, 99), (50, 60))
    MACHINES = ([1], [0, 2], [])

    def both_forms(self, run=None):
        for write in (synthetic.write_exact, synthetic.write_live):
            write(self.file, run or self.run_of, ("lamport", "vector"))
            for chunk in (3, lcmpi.CHUNK):
                with mock.patch.object(lcmpi, "CHUNK", chunk):
                    yield

    def check(self, part, whole):
        pd.testing.assert_frame_equal(part, whole.reset_index(drop=True), check_categorical=False)

    def test_events(self):
        for _ in self.both_forms():
            whole = lcmpi.events(self.file, vectors=True)
            for window in self.WINDOWS:
                self.check(lcmpi.events(self.file, True, window=window), whole[whole.t.between(*window)])
            for machines in self.MACHINES:
                self.check(lcmpi.events(self.file, True, machines=machines), whole[whole.machine.isin(machines)])
            self.check(lcmpi.events(self.file, True, (2, 5), [0, 1]),
                       whole[whole.t.between(2, 5) & whole.machine.isin([0, 1])])

    def test_both_ends_of_a_window_are_in_it(self):
        synthetic.write_exact(self.file, self.run_of)
        events = lcmpi.events(self.file, window=(2, 5), machines=[2])
        self.assertEqual(events.t.tolist(), [2, 3, 4, 5])

    def test_messages(self):
        for _ in self.both_forms(synthetic.simulate(latency_ms=700)):
            whole = lcmpi.messages(self.file)
            for start, end in self.WINDOWS:
                sent, taken = whole.t_send_s.between(start, end), whole.t_receive_s.between(start, end)
                part = lcmpi.messages(self.file, window=(start, end))
                later = whole[sent | taken].reset_index(drop=True)
                known = taken[sent | taken].reset_index(drop=True)
                self.check(part[known].reset_index(drop=True), later[known])
                self.assertEqual(part.number.tolist(), later.number.tolist())
                self.assertTrue(part.recv_seq[~known].isna().all())
            for machines in self.MACHINES:
                among = whole.sender.isin(machines) & whole.receiver.isin(machines)
                self.check(lcmpi.messages(self.file, machines=machines), whole[among])


class Messages(FolderTest):
    def check(self, messages, truth):
        self.assertEqual(len(messages), len(truth))
        for name in ("sender", "number", "receiver", "send_seq", "t_send"):
            self.assertEqual(messages[name].tolist(), [row[name] for row in truth], name)
        for name in ("t_arrival", "recv_seq", "t_receive"):
            self.assertEqual(plain(messages[name]), [row[name] for row in truth], name)
            self.assertEqual(str(messages[name].dtype), "Int64")
        self.assertEqual(messages.fate.tolist(), [FATES[row["fate"]] for row in truth])
        self.assertEqual(plain(messages.t_receive_s),
                         [row["t_receive"] and row["t_receive"] / NS for row in truth])

    def test_live_crashed_stopped_and_finished(self):
        truth = by(self.run_of.messages, "sender", "number")
        self.assertEqual({row["fate"] for row in truth}, {synthetic.RECEIVED, synthetic.QUEUED})
        synthetic.write_exact(self.file, self.run_of)
        self.check(lcmpi.messages(self.file), truth)
        synthetic.write_live(self.file, self.run_of, state="STOPPED")
        self.check(lcmpi.messages(self.file), truth)

    def test_in_flight_at_the_end(self):
        run = synthetic.simulate(latency_ms=3000)
        truth = by(run.messages, "sender", "number")
        self.assertIn(synthetic.IN_FLIGHT, {row["fate"] for row in truth})
        for write in (synthetic.write_exact,
                      lambda *of: synthetic.write_live(*of, state="COMPLETE")):
            write(self.file, run)
            self.check(lcmpi.messages(self.file), truth)

    def test_not_yet_known(self):
        synthetic.write_live(self.file, self.run_of, until=5)
        truth = [dict(row) for row in by(self.run_of.messages, "sender", "number")
                 if row["t_send"] < 5 * NS]
        for row in truth:
            if row["t_receive"] is None or row["t_receive"] >= 5 * NS:
                row.update(fate=synthetic.UNKNOWN, t_arrival=None, recv_seq=None, t_receive=None)
        self.assertIn(synthetic.UNKNOWN, [row["fate"] for row in truth])
        self.check(lcmpi.messages(self.file), truth)

    def test_queue_at_the_receive(self):
        synthetic.write_exact(self.file, self.run_of)
        length = {(row["machine"], row["seq"]): row["queue_before"] for row in self.run_of.events}
        for message in lcmpi.messages(self.file).query("fate == 'RECEIVED'").itertuples():
            self.assertEqual(message.recv_queue, length[message.receiver, message.recv_seq])

    def test_left_over_at_an_earlier_snapshot_is_not_the_end(self):
        for old in (False, True):
            synthetic.write_live(self.file, self.run_of, state="STOPPED", old=old)
            self.assertIn("QUEUED", lcmpi.messages(self.file).fate.tolist())
            with h5py.File(self.file, "r+") as h5:
                h5["snapshots/queue/snapshot"][:] = 0
            self.assertNotIn("QUEUED", lcmpi.messages(self.file).fate.tolist())

    def test_left_over_does_not_count_before_the_end_does(self):
        synthetic.write_live(self.file, self.run_of, state="STOPPED")
        with h5py.File(self.file, "r+") as h5:
            h5["commit/n_final"][:] = 0
        self.assertNotIn("QUEUED", lcmpi.messages(self.file).fate.tolist())


class UnderWay(FolderTest):
    def setUp(self):
        super().setUp()
        self.run_of = synthetic.simulate(latency_ms=2000, sends=0.5)

    def check(self, frame, number, clocks=("lamport",)):
        truth = by([row for row in self.run_of.crossing if row["snapshot"] == number],
                   "receiver", "t_arrival", "sender", "number")
        self.assertEqual({row["fate"] for row in truth}, {synthetic.QUEUED, synthetic.IN_FLIGHT})
        for name in ("snapshot", "receiver", "sender", "number", "copy", "t_arrival", *clocks):
            self.assertEqual(frame[name].tolist(), [row[name] for row in truth], name)
        self.assertEqual(frame.fate.tolist(), [FATES[row["fate"]] for row in truth])
        self.assertEqual(frame.t_arrival_s.tolist(), [row["t_arrival"] / NS for row in truth])

    def test_every_snapshot(self):
        for n_rank in (1, 2, 3):
            for write in (synthetic.write_exact,
                          lambda *of, **options: synthetic.write_live(*of, state="STOPPED", **options)):
                write(self.file, self.run_of, n_rank=n_rank)
                for number in range(3):
                    self.check(lcmpi.under_way(self.file, number), number)
                    self.check(lcmpi.under_way(self.file, number - 3), number)
                self.check(lcmpi.under_way(self.file), 2)

    def test_vectors_on_request(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"))
        frame = lcmpi.under_way(self.file, 0, vectors=True)
        self.check(frame, 0)
        truth = by([row for row in self.run_of.crossing if row["snapshot"] == 0],
                   "receiver", "t_arrival", "sender", "number")
        self.assertEqual(frame[["vector_0", "vector_1", "vector_2"]].values.tolist(),
                         [row["vector"] for row in truth])

    def test_so_far(self):
        """Rows of the next snapshot are on file already."""
        synthetic.write_live(self.file, self.run_of, until=5)
        with h5py.File(self.file, "r") as h5:
            regions = zip(h5["commit/first_channel"][:], h5["commit/n_channel"][:])
            rows = [h5["snapshots/channel/snapshot"][a:a + n] for a, n in regions]
            self.assertEqual(set(np.concatenate(rows)), {0, 1})
        self.check(lcmpi.under_way(self.file), 0)
        self.check(lcmpi.under_way(self.file, 0), 0)

    def test_while_it_is_written(self):
        """Rows are committed between two looks at their number."""
        class Growing:
            def __init__(self, h5):
                self.h5, self.missing = h5, {"commit/n_queue": 2, "commit/n_channel": 2}

            def __getitem__(self, name):
                if not self.missing.get(name):
                    return self.h5[name]
                self.missing[name] -= 1
                return np.maximum(self.h5[name][:] - self.missing[name] - 1, 0)

            def __contains__(self, name):
                return name in self.h5

        @contextmanager
        def growing(file, opened=lcmpi._opened):
            with opened(file) as h5:
                yield Growing(h5)

        synthetic.write_live(self.file, self.run_of, n_rank=3, state="STOPPED")
        with mock.patch.object(lcmpi, "_opened", growing):
            self.check(lcmpi.under_way(self.file, 0), 0)

    def refuses(self, number, text):
        with self.assertRaises(lcmpi.FileError) as caught:
            lcmpi.under_way(self.file, number)
        self.assertIn(text, str(caught.exception))

    def test_what_is_not_there(self):
        synthetic.write_exact(self.file, self.run_of)
        self.refuses(3, "has no snapshot 3 with its messages (it has 0, 1, 2)")
        self.refuses(-4, "has no snapshot -4")
        synthetic.write_live(self.file, self.run_of, until=5)
        self.refuses(1, "(it has 0)")
        synthetic.write_live(self.file, self.run_of, until=1)
        self.refuses(-1, "(it has none)")
        synthetic.write_exact(self.file, self.run_of, old=True)
        self.refuses(0, "(it has 2)")

    def test_the_end_of_an_old_file(self):
        synthetic.write_exact(self.file, self.run_of, old=True)
        self.check(lcmpi.under_way(self.file), 2, clocks=())


class Tables(FolderTest):
    def test_machines(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"), n_rank=3)
        machines = lcmpi.machines(self.file)
        self.assertEqual(machines.tick_rate.to_dict(), {0: 2.0, 1: 6.0, 2: 1.0})
        self.assertEqual(machines.final_lamport.tolist(),
                         [machine.stamps["lamport"] for machine in self.run_of.machines])
        self.assertEqual(machines.n_event.tolist(), [20, 60, 10])
        # as many ranks as VMs, but no columns of ranks, nor vectors
        self.assertFalse({"pid", "host", "rank", "vm", "final_vector"} & set(machines))

    def test_snapshots(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"))
        snapshots = lcmpi.snapshots(self.file)
        truth = by(self.run_of.states, "vm", "snapshot")
        self.assertEqual(snapshots.t.tolist(), [4.0, 8.0, 10.0] * 3)
        for name in ("vm", "snapshot", "n_event", "n_received", "n_queued", "queue_max", "lamport",
                     "lamport_jump_max"):
            self.assertEqual(snapshots[name].tolist(), [row[name] for row in truth], name)
        synthetic.write_exact(self.file, self.run_of, old=True)
        self.assertEqual(set(snapshots) - set(lcmpi.snapshots(self.file)),
                         {"queue_max", "lamport_jump_max"})

    def test_some_snapshots(self):
        for write in (synthetic.write_exact, synthetic.write_live):
            write(self.file, self.run_of, state="COMPLETE")
            whole = lcmpi.snapshots(self.file)
            for machines in ([0, 1, 2], [1], [0, 2], {2, 1}):
                of_these = whole[whole.vm.isin(machines)]
                for options, numbers in (({}, [0, 1, 2]), ({"window": (4, 9)}, [0, 1]), ({"window": (8.5, 9)}, []), ({"most": 2}, [0, 2]),
                                         ({"most": 1}, [2]), ({"most": 9}, [0, 1, 2]), ({"window": (0, 8), "most": 1}, [1])):
                    with self.subTest(machines=machines, **options):
                        found = lcmpi.snapshots(self.file, machines, **options)
                        expected = of_these[of_these.snapshot.isin(numbers)]
                        pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))

    def test_segments_and_server(self):
        synthetic.write_exact(self.file, self.run_of)
        self.assertEqual(lcmpi.segments(self.file)[["t", "snapshot", "n_rank"]].to_numpy().tolist(), [[0, -1, 2]])
        self.assertIsNone(lcmpi.server(self.file))
        synthetic.write_exact(self.file, self.run_of, old=True)
        self.assertEqual(len(lcmpi.segments(self.file)), 0)

    def test_snapshots_so_far(self):
        synthetic.write_live(self.file, self.run_of, until=5)
        self.assertEqual(lcmpi.snapshots(self.file).snapshot.tolist(), [0, 0, 0])

    def test_info(self):
        synthetic.write_exact(self.file, self.run_of, clocks=("lamport", "vector"))
        info = lcmpi.info(self.file)
        self.assertEqual((info["state"], info["t_end"], info["n_vm"], info["pace"]),
                         ("COMPLETE", 10 * NS, 3, "virtual"))
        self.assertEqual(info["n_events"], len(self.run_of.events))
        self.assertEqual(info["balance"]["sent"], len(self.run_of.messages))
        self.assertEqual(info["clocks"]["vector"]["order"], "vector")
        self.assertIs(type(info["seed"]), int)
        synthetic.write_live(self.file, self.run_of, until=5)
        info = lcmpi.info(self.file)
        self.assertEqual((info["state"], info["t_end"], info["n_snapshots"]), ("RUNNING", 0, 1))


class Refusals(FolderTest):
    def refuses(self, text):
        with self.assertRaises(lcmpi.FileError) as caught:
            lcmpi.events(self.file)
        message = str(caught.exception)
        self.assertTrue(message.startswith(f"{self.file}: "), message)
        self.assertIn(text, message)
        self.assertNotIn("\n", message)

    def test_no_file(self):
        self.refuses("No such file")

    def test_no_hdf5(self):
        self.file.write_text("machine,seq\n")
        self.refuses("not an HDF5 file")
        self.file.write_text("")
        self.refuses("not an HDF5 file")

    def test_not_ours(self):
        with h5py.File(self.file, "w") as h5:
            h5["events"] = np.arange(3)
        self.refuses("not one of lcmpi's")

    def test_formats(self):
        synthetic.write_exact(self.file, self.run_of)
        for version, refused in (("1.7", False), ("2.9", False), ("3.0", True), ("10.0", True)):
            with h5py.File(self.file, "r+") as h5:
                h5.attrs.modify("lcmpi_format", version)
            if refused:
                self.refuses(f"has format {version}")
            else:
                self.assertFalse(lcmpi.events(self.file).empty)

    def test_truncated(self):
        synthetic.write_exact(self.file, self.run_of)
        whole = self.file.read_bytes()
        for share in (0.9, 0.5, 0.1):
            self.file.write_bytes(whole[:int(len(whole) * share)])
            self.refuses("truncated")

    def test_damaged(self):
        synthetic.write_exact(self.file, self.run_of)
        with h5py.File(self.file, "r+") as h5:
            del h5["commit/n_events"]
        self.refuses("damaged")

    def test_counters_beyond_the_rows(self):
        synthetic.write_exact(self.file, self.run_of)
        with h5py.File(self.file, "r+") as h5:
            del h5["events/seq"]
            h5["events/seq"] = np.arange(5)
        self.refuses("damaged")


if __name__ == "__main__":
    unittest.main()
