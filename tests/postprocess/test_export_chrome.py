"""The trace keeps the rules of its format, and has every event and message of the run, to the nanosecond."""
import unittest
from unittest import mock

import exports
import synthetic
import trace_format
from common import FolderTest


class Chrome(FolderTest):
    def write(self, run, clocks=("lamport", "vector")):
        synthetic.write_exact(self.file, run, clocks)

    def export(self, *options):
        out, err = self.tool("lcmpi_export", "--chrome", "run.h5", "--force", *options)
        self.assertEqual(out, ["run-trace.json"])
        trace = trace_format.read(self.folder / "run-trace.json")
        trace_format.check(trace)
        return trace, err

    def holds(self, trace, run, vms=None, start=0, end=None):
        slices = [e for e in trace["traceEvents"] if e["ph"] == "X"]
        events = exports.happened(run, vms, start, end)
        by_id = {(e["tid"] - 1, e["args"]["seq"]): e for e in slices}
        self.assertEqual(sorted(by_id), [(e["machine"], e["seq"]) for e in events])
        for event in events:
            found = by_id[event["machine"], event["seq"]]
            self.assertEqual((found["name"], found["args"]["kind"]), (self.word(event).lower(), self.word(event)))
            for ours, theirs in (("tick", "tick"), ("t_ns", "t_actual"), ("queue_before", "queue_before"),
                                 ("queue_after", "queue_after"), ("lamport", "lamport"), ("vector", "vector")):
                self.assertEqual(found["args"][ours], event[theirs])
        arrows = [(s["tid"] - 1, s["args"]["seq"], f["tid"] - 1, f["args"]["seq"])
                  for s, f in trace_format.arrows(trace)]
        self.assertEqual(len(arrows), len(set(arrows)))
        self.assertEqual(set(arrows), {m for m in exports.messages(run, vms) if m[:2] in by_id and m[2:] in by_id})
        return slices

    def word(self, event):
        return ["", "INTERNAL", "SEND", "RECEIVE"][event["kind"]]

    def test_whole_run(self):
        self.write(self.run_of)
        trace, err = self.export()
        slices = self.holds(trace, self.run_of)
        self.assertEqual(err, [])
        for each in slices:
            self.assertEqual(each["ts"] * 1000, each["args"]["t_ns"])
        self.assertEqual(trace["otherData"]["command_line"], "lcmpi")

    def test_a_multicast_is_one_slice_with_an_arrow_for_each_message(self):
        self.write(self.run_of)
        trace, _ = self.export()
        sends = [s["args"]["messages"] for s, _ in trace_format.arrows(trace)]
        self.assertTrue(any(len(ids) == 2 and sends.count(ids) == 2 for ids in sends))

    def test_names_and_order_of_tracks(self):
        self.write(self.run_of)
        events = self.export()[0]["traceEvents"]
        named = {(e["name"], e["pid"], e.get("tid")): list(e["args"].values())[0] for e in events if e["ph"] == "M"}
        for vm, rank in enumerate((0, 0, 1)):
            self.assertEqual(named["thread_name", rank + 1, vm + 1], f"vm{vm}")
            self.assertEqual(named["thread_sort_index", rank + 1, vm + 1], vm)
            self.assertEqual(named["process_name", rank + 1, None], f"rank {rank}")

    def test_a_process_for_each_copy(self):
        self.write(self.run_of)
        exports.as_copies(self.file, 3)
        trace, _ = self.export()
        self.holds(trace, self.run_of)
        found = {(e["pid"], e["args"]["name"]) for e in trace["traceEvents"] if e["name"] == "process_name"}
        self.assertEqual(found, {(1, "copy 0"), (2, "copy 1"), (3, "copy 2")})

    def test_queues(self):
        """After each event the counter of its VM is what the event left."""
        self.write(self.run_of)
        events = self.export()[0]["traceEvents"]
        now = {}
        steps = [e for e in events if e["ph"] in "CX"]
        for event in sorted(steps, key=lambda e: (e["ts"], e["ph"] == "X")):
            if event["ph"] == "C":
                now[event["name"]] = event["args"]["messages"]
            else:
                self.assertEqual(now[f"queue of vm{event['tid'] - 1}"], event["args"]["queue_after"])
        self.assertGreater(sum(e["ph"] == "C" for e in events), 3)

    def test_snapshots(self):
        self.write(self.run_of)
        events = self.export()[0]["traceEvents"]
        found = {(e["tid"] - 1, e["args"]["snapshot"]): e for e in events if e.get("cat") == "snapshot"}
        self.assertEqual(sorted(found), sorted((s["vm"], s["snapshot"]) for s in self.run_of.states))
        for state in self.run_of.states:
            event = found[state["vm"], state["snapshot"]]
            self.assertEqual((event["ts"] * 1000, event["args"]["n_event"]), (state["t_actual"], state["n_event"]))

    def test_two_events_of_a_tick_share_its_time_in_their_order(self):
        run = exports.then_act(self.run_of)
        self.write(run)
        slices = self.holds(self.export()[0], run)
        times = {(e["tid"], e["args"]["t_ns"]): 0 for e in slices}
        self.assertLess(len(times), len(slices), "there are no two at one time")
        for one, other in zip(slices, slices[1:]):
            if one["tid"] == other["tid"]:
                self.assertLess(one["args"]["seq"], other["args"]["seq"])

    def test_skipped_ticks_are_instants(self):
        run = exports.with_skipped(self.run_of)
        self.write(run)
        trace, _ = self.export()
        self.holds(trace, run)
        found = [(e["tid"] - 1, e["args"]["tick"]) for e in trace["traceEvents"] if e["name"] == "skipped tick"]
        self.assertEqual(sorted(found), sorted((e["machine"], e["tick"]) for e in run.events
                                               if e["kind"] == synthetic.SKIPPED))

    def test_window_and_machines(self):
        self.write(self.run_of)
        self.holds(self.export("--window", "2:7", "--machines", "0-1")[0], self.run_of, (0, 1), 2, 7)

    def test_blocks(self):
        """A long run is written block by block: the same events and messages, and slices that end in their block."""
        import lcmpi_formats.chrome
        import lcmpi_formats.part
        for run in (exports.then_act(self.run_of), self.run_of):
            self.write(run)
            with mock.patch("lcmpi_formats.part.BLOCK_BYTES", 20 * lcmpi_formats.part.EVENT_BYTES):
                part = lcmpi_formats.part.Part(self.file)
                self.assertGreater(len(list(part.blocks())), 4)
                lcmpi_formats.chrome.write(part, [self.folder / "blocks.json"])
            trace = trace_format.read(self.folder / "blocks.json")
            trace_format.check(trace)
            self.holds(trace, run)

    def test_a_slice_ends_before_the_next_block(self):
        import pandas
        from lcmpi_formats.chrome import _slots
        events = pandas.DataFrame({"machine": [0, 0, 1, 1], "t_actual": [10, 20, 15, 15]})
        begins, ends = _slots(events, 29, 1000)
        self.assertEqual((begins.tolist(), ends.tolist()), ([10, 20, 15, 18], [15, 25, 18, 22]))

    def test_live(self):
        synthetic.write_live(self.file, self.run_of, ("lamport", "vector"), until=5)
        trace, (line,) = self.export()
        self.assertIn("its run is not over", line)
        self.holds(trace, self.run_of, end=5 - 1e-9)

    def test_events_a_nanosecond_apart(self):
        """Late ticks may be: there is room for a slice of one nanosecond."""
        run = exports.then_act(self.run_of)
        rows = sorted((e for e in run.events if e["machine"] == 1), key=lambda e: e["seq"])
        for event in rows[10:14]:
            event["t_actual"] = rows[10]["t_actual"] + event["seq"] - rows[10]["seq"]
        self.write(run)
        trace, _ = self.export()
        self.assertEqual(sum(e["ph"] == "X" for e in trace["traceEvents"]), len(run.events))

    def test_no_events(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        self.assertEqual({e["ph"] for e in self.export()[0]["traceEvents"]} - {"i"}, {"M"})


if __name__ == "__main__":
    unittest.main()
