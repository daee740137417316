"""The log for ShiViz, read as ShiViz reads it: its rules hold, and its clocks order events as the file's vector clock
does."""
import unittest
from unittest import mock

import exports
import h5py
import shiviz
import synthetic
from common import FolderTest


class Shiviz(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.run_of = synthetic.simulate(("2", "6", "1", "3"), seconds=12)

    def write(self, run, clocks=("lamport", "vector")):
        synthetic.write_exact(self.file, run, clocks)

    def export(self, *options):
        out, err = self.tool("lcmpi_export", "--shiviz", "run.h5", "--force", *options)
        self.assertEqual(out, ["run-shiviz.log"])
        log = shiviz.read(self.folder / "run-shiviz.log")
        shiviz.check(log)
        return log, err

    def holds(self, log, events):
        """The log has these events, and orders every two of them as their vector stamps do."""
        rows = {f"vm{vm}": [e for e in events if e["machine"] == vm] for vm in range(len(self.run_of.machines))}
        self.assertEqual({host: sum(each[0] == host for each in log) for host in rows},
                         {host: len(own) for host, own in rows.items()})
        pairs = [(clock, rows[host][clock[host] - 1]) for host, clock, _ in log]
        for clock, event in pairs:
            for other_clock, other in pairs:
                self.assertEqual(shiviz.before(clock, other_clock), exports.before(event, other), (event, other))

    def test_whole_run(self):
        self.write(self.run_of)
        log, err = self.export("--window", "all")
        self.holds(log, exports.happened(self.run_of))
        self.assertEqual(err, [])

    def test_window_and_machines(self):
        """Clocks begin at 1 in the window; causes pass through the VMs that are not in the log."""
        self.write(self.run_of)
        log, _ = self.export("--window", "3:9", "--machines", "0,2-3")
        self.holds(log, exports.happened(self.run_of, (0, 2, 3), 3, 9))

    def test_without_a_vector_clock(self):
        self.write(self.run_of, clocks=("lamport",))
        self.holds(self.export("--window", "all")[0], exports.happened(self.run_of))

    def test_only_a_vector_clock(self):
        self.write(self.run_of, clocks=("vector",))
        self.holds(self.export("--window", "all")[0], exports.happened(self.run_of))

    def test_ticks_that_were_skipped_and_ticks_with_two_events(self):
        for change in (exports.with_skipped, exports.then_act):
            run = change(self.run_of)
            self.write(run)
            self.holds(self.export("--window", "all")[0], exports.happened(run))

    def test_text(self):
        self.write(self.run_of)
        log, _ = self.export("--window", "all")
        texts = [text for _, _, text in log]
        for event in self.run_of.events:
            end = f", tick {event['tick']}, at {event['t_actual'] / 1e9:.9g} s, queue {event['queue_before']} to " \
                  f"{event['queue_after']}, lamport {event['lamport']}"
            begin = "internal"
            if event["kind"] == synthetic.RECEIVE:
                begin = f"receive {event['peer']}:{event['msg_first']} from vm{event['peer']}"
            elif event["kind"] == synthetic.SEND:
                own = [m for m in self.run_of.messages
                       if (m["sender"], m["send_seq"]) == (event["machine"], event["seq"])]
                begin = "send " + ", ".join(f"{m['sender']}:{m['number']} to vm{m['receiver']}" for m in own)
            texts.remove(begin + end)
        self.assertEqual(texts, [])

    def test_a_beginning_is_chosen(self):
        run = synthetic.simulate(("2", "6", "1"), seconds=60)
        self.write(run)
        log, (line,) = self.export()
        self.assertIn("the first 300 events", line)
        last = sorted(e["t_actual"] for e in run.events)[299] / synthetic.NS
        self.holds(log, exports.happened(run, end=last))

    def test_hosts_are_chosen(self):
        run = synthetic.simulate(["1"] * 40, seconds=60, vector=False)
        self.write(run, clocks=("lamport",))
        log, (line,) = self.export()
        self.assertIn("12 of 40 VMs", line)
        self.assertEqual(len({host for host, _, _ in log}), 12)
        self.assertGreater(sum(len(clock) > 1 for _, clock, _ in log), 100)

    def test_the_first_copy_is_chosen(self):
        self.write(self.run_of)
        exports.as_copies(self.file, 2)
        log, (line,) = self.export()
        self.assertIn("2 of 4 VMs", line)
        self.assertEqual({host for host, _, _ in log}, {"vm0", "vm1"})

    def test_all_events_at_one_time(self):
        run = synthetic.simulate(["1"] * 20, seconds=30, vector=False)
        self.write(run, clocks=("lamport",))
        log, _ = self.export("--window", "0:0.5")
        self.assertEqual(len(log), 20)

    def test_live(self):
        synthetic.write_live(self.file, self.run_of, ("vector",), until=5)
        log, (line,) = self.export()
        self.assertIn("its run is not over", line)
        self.holds(log, [e for e in exports.happened(self.run_of) if e["t_actual"] < 5 * synthetic.NS])

    def test_names_of_an_imported_log(self):
        self.write(self.run_of)
        with h5py.File(self.file, "r+") as h5:
            h5.attrs.update({"imported": "csv", "machine_names": "the slow one\n2\n{\"x\"}\nünder"})
        log, _ = self.export()
        self.assertEqual({host for host, _, _ in log}, {"the_slow_one", "machine2", "{\"x\"}", "ünder"})

    def test_refusals(self):
        self.write(self.run_of)
        for code, options, text in ((2, ["--machines", "9"], "the run has no VM 9; its VMs are 0 to 3"),
                                    (2, ["--window", "12:"], "--window: starts at 12 s; the run ends at 12 s"),
                                    (2, ["--window", "x"], "'x' is not START:END"),
                                    (3, ["--window", "0.01:0.02"], "no events in this part")):
            self.assertIn(text, self.refused(code, "lcmpi_export", "--shiviz", "run.h5", *options))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["run.h5"])

    def test_too_much(self):
        """What needs more memory than is allowed is refused, before it is read and before its clocks are made."""
        import lcmpi_formats.shiviz
        import lcmpi_tool
        from lcmpi_formats import causes, part
        self.write(self.run_of)
        n_event = len(self.run_of.events)
        for most, options in ((n_event * causes.EVENT_BYTES - 1, "--window"), (n_event * 4, "--window or --machines")):
            with mock.patch("lcmpi_formats.causes.MOST_BYTES", most), mock.patch(
                    "lcmpi_formats.causes.EVENT_BYTES", causes.EVENT_BYTES if most > n_event * 4 else 1):
                with self.assertRaisesRegex(lcmpi_tool.Failure, f"choose less with {options}$"):
                    lcmpi_formats.shiviz.write(part.Part(self.file, (None, None)), [self.folder / "log"])
        self.assertFalse((self.folder / "log").exists())

    def test_a_window_helps_while_the_run_is_on(self):
        import lcmpi_tool
        from lcmpi_formats import causes, part
        synthetic.write_live(self.file, self.run_of, until=8)
        n_event = sum(e["t_actual"] < 8 * synthetic.NS for e in self.run_of.events)
        with mock.patch("lcmpi_formats.causes.MOST_BYTES", n_event * causes.EVENT_BYTES // 2):
            for window in ((None, None), (0, 6), (3, None)):
                with self.assertRaisesRegex(lcmpi_tool.Failure, "choose less with --window$"):
                    causes.history(part.Part(self.file, window))
            for window in ((1, 3), (6, None)):
                shown, _, _ = causes.history(part.Part(self.file, window))
                self.assertEqual(len(shown), len(exports.happened(self.run_of, None, window[0], window[1] or 7.999999)))
            self.assertEqual(part.Part(self.file, (50, None)).n_events(), 0)

    def test_vms_without_a_log(self):
        self.write(self.run_of)
        with h5py.File(self.file, "r+") as h5:
            h5.create_dataset("logged", data=[1, 1, 0, 1]).dims[0].attach_scale(h5["vm"])
        self.assertIn("VM 2 is not logged", self.refused(2, "lcmpi_export", "--shiviz", "run.h5", "--machines", "2"))
        _, (line,) = self.export()
        self.assertIn("1 VMs are not logged", line)


if __name__ == "__main__":
    unittest.main()
