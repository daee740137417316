"""The report of lcmpi verify --json, of our own files and imported ones, and what else opens an imported file."""
import sys
import unittest

import h5py

import harness
from logs import TABLE, LogTest
from seeds import simulate

sys.dont_write_bytecode = True
import lcmpi  # noqa: E402

POSTPROCESS = harness.os.path.join(harness.ROOT, "postprocess")

REPORT = {"version": int, "file": str, "verdict": str, "exit_code": int, "error": (str, type(None)),
          "imported": (dict, type(None)), "checks": list}
IMPORTED = {"format": str, "logged": str, "tick_rule": str, "machines": list, "files": list}
CHECK = {"name": str, "claim": str, "result": str, "checked": int, "unknown": int, "violations": int, "note": str,
         "witness": (dict, type(None))}
WITNESS = {"text": str, "t_ns": int, "places": list}
PLACE = {"vm": int, "event": int, "machine": str, "file": str, "line": int}


class Report(LogTest):
    def fits(self, value, schema):
        self.assertEqual(list(value), list(schema))
        for name, kind in schema.items():
            self.assertIsInstance(value[name], kind, name)

    def check_schema(self, report):
        self.fits(report, REPORT)
        self.assertEqual(report["version"], 1)
        if report["imported"]:
            self.fits(report["imported"], IMPORTED)
        for check in report["checks"]:
            self.fits(check, CHECK)
            self.assertEqual(check["result"] == "fail", check["violations"] > 0)
            self.assertEqual(check["result"] == "fail", check["witness"] is not None)
            self.assertIn(check["result"], ("ok", "fail", "unknown"))
            if check["witness"]:
                self.fits(check["witness"], WITNESS)
                for place in check["witness"]["places"]:
                    self.fits(place, PLACE)

    def own_run(self):
        done = self.call(harness.LCMPI, "--vms", 3, "--pace", "virtual", "--duration", "5s", "--seed", 1, "--progress",
                         "none", "-o", self.file)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_of_a_good_run(self):
        self.own_run()
        code, report = self.verify()
        self.check_schema(report)
        self.assertEqual((code, report["verdict"], report["exit_code"], report["imported"]), (0, "verified", 0, None))
        self.assertEqual([check["name"] for check in report["checks"]],
                         ["ticks", "sends", "matching", "conservation", "queues", "happened-before", "clock lamport",
                          "snapshots", "cuts", "totals", "digest"])
        self.assertEqual({check["result"] for check in report["checks"]}, {"ok"})

    def test_of_a_spoilt_run(self):
        self.own_run()
        with h5py.File(self.file, "r+") as h5:
            h5["events/clocks/lamport/stamp"][-1] = 0
        code, report = self.verify()
        self.check_schema(report)
        self.assertEqual((code, report["verdict"], report["exit_code"]), (4, "failed", 4))
        clock = next(check for check in report["checks"] if check["name"] == "clock lamport")
        self.assertIn("VM 2", clock["witness"]["text"])

    def test_of_a_file_that_cannot_be_read(self):
        self.file.write_text("no\n")
        for file in (self.file, self.folder / 'no"\\\n such.h5'):
            code, report = self.verify(file)
            self.check_schema(report)
            self.assertEqual((code, report["verdict"], report["exit_code"], report["checks"]), (3, "unreadable", 3, []))
            self.assertEqual(report["file"], str(file))
            self.assertTrue(report["error"])

    def test_of_imported_logs(self):
        for rule, verdict in (("a", "failed"), ("b", "failed")):
            run = simulate(rule)
            for each in self.folder.iterdir():
                each.unlink()
            self.write_run(run)
            self.take()
            code, report = self.verify()
            self.check_schema(report)
            self.assertEqual((code, report["verdict"]), (4, verdict))
            self.assertEqual(report["imported"]["format"], f"seed-{rule}")
            self.assertEqual(report["imported"]["machines"], ["1", "2", "3"])
            self.assertEqual([check["name"] for check in report["checks"]],
                             ["machines", "ticks", "rates", "matching", "conservation", "fifo", "queues", "operations",
                              "clock logged", "stamps"])
            place = next(check for check in report["checks"] if check["witness"])["witness"]["places"][0]
            with open(self.folder.parent / place["file"]) as log:
                self.assertIn("send" if rule == "a" else "SEND", log.read().splitlines()[place["line"] - 1])

    def test_what_is_missing_is_refused_and_what_is_wrong_judged(self):
        self.write_run(simulate("b", right=True))
        self.take()
        good = self.file.read_bytes()
        gone = ["events/source_line", "events/carried", "messages/receiver_known", "rate_declared"]
        for name in [*gone, "source_files", "machine_names", "convention"]:
            with self.subTest(missing=name):
                self.file.write_bytes(good)
                with h5py.File(self.file, "r+") as h5:
                    if name in gone:
                        del h5[name]
                    else:
                        del h5.attrs[name]
                code, report = self.verify()
                self.assertEqual(code, 3)
                self.assertIn("is an imported log, but not as lcmpi_import writes it", report["error"])
        for name, value, expected in (("events/source_file", 3, 3), ("events/named_machine", 3, 3), ("events/seq", 7, 3),
                                      ("messages/number", 9, 3), ("messages/source_file", -1, 3),
                                      ("messages/send_seq", 10**9, 4), ("messages/send_seq", -1, 4),
                                      ("events/msg_first", -(2**60), 4), ("events/queue_before", -(2**31), 4),
                                      ("events/named_machine", -1, 4), ("events/carried", 2**60, 4),
                                      ("events/t_actual", -(2**60), 4), ("messages/t_send", 2**60, 4),
                                      ("events/carried", 2**62, 3), ("events/t_actual", -(2**62), 3),
                                      ("events/clocks/logged/stamp", 2**63 - 1, 3), ("messages/t_send", 2**62, 3)):
            with self.subTest(name=name, value=value):
                self.file.write_bytes(good)
                with h5py.File(self.file, "r+") as h5:
                    at = int((h5["events/kind"][:] == 3).nonzero()[0][20]) if name.startswith("events") else 20
                    if name == "messages/send_seq":  # one that was taken
                        at = int((h5["messages/fate"][:] == 1).nonzero()[0][20])
                    h5[name][at] = value
                code, report = self.verify()
                self.assertEqual(code, expected, report)
                self.check_schema(report)

    def test_the_lines_say_the_same(self):
        self.write_run(simulate("b"))
        self.take()
        done = self.call(harness.LCMPI, "verify", self.file)
        self.assertEqual(done.returncode, 4)
        self.assertIn("receives break it: stamps are logged before their update", done.stdout)
        self.assertIn("machine 1's RECEIVE at logs/log1.csv:3", done.stdout)


class Readers(LogTest):
    """An imported file is a file."""

    def imported(self, rule="b", table=False):
        run = simulate(rule, right=True)
        self.write_run(run, table)
        self.take(*([*TABLE] if table else []))
        return run

    def test_the_reader(self):
        for rule in "ab":
            run = self.imported(rule)
            events, messages = lcmpi.events(self.file), lcmpi.messages(self.file)
            self.assertEqual(len(events), len(run.events()))
            self.assertEqual(len(messages), len(run.sent))
            self.assertEqual((messages.fate == "RECEIVED").sum(), len(run.events(kind="receive")))
            self.assertEqual(lcmpi.machines(self.file).tick_rate.tolist(), [1, 3, 6])
            self.assertEqual(len(lcmpi.snapshots(self.file)), 3)
            self.assertEqual(len(lcmpi.under_way(self.file)), (messages.fate == "IN_FLIGHT").sum())
            self.assertEqual(lcmpi.info(self.file)["state"], "COMPLETE")
            if rule == "b":  # who took what, in us since the first event
                first = min(event["t"] // 1000 for event in run.events())
                taken = {(each["sender"] - 1, each["to"] - 1, each["receive"]["t"] // 1000 - first)
                         for each in run.sent if "receive" in each}
                found = messages[messages.fate == "RECEIVED"]
                self.assertEqual(set(zip(found.sender, found.receiver, found.t_receive // 1000)), taken)
            for each in self.folder.iterdir():
                each.unlink()

    def test_plot_and_export(self):
        self.imported("b")
        figures = self.call(sys.executable, f"{POSTPROCESS}/lcmpi_plot", self.file, "-o", "out", "--format", "png")
        self.assertEqual(figures.returncode, 0, figures.stderr)
        self.assertEqual(sorted(line.rsplit("-", 1)[1] for line in figures.stdout.split()),
                         ["clocks.png", "drift.png", "jumps.png", "queues.png", "spacetime.png"])
        export = self.call(sys.executable, f"{POSTPROCESS}/lcmpi_export", "--csv", self.file, "-o", "out")
        self.assertEqual(export.returncode, 0, export.stderr)
        self.assertIn("source_line", (self.folder.parent / "out/run-all.csv").read_text().splitlines()[0])

    def test_a_log_without_queues_has_no_figure_of_them(self):
        self.write("all.csv", "t,m,k,p,c", "1,x,send,y,1", "2,x,internal,,2", "3,y,receive,x,2", "4,y,internal,,3")
        self.take(*(part for pair in ("time=t", "machine=m", "kind=k", "peer=p", "clock=c")
                    for part in ("--column", pair)), "--time-unit", "s")
        figures = self.call(sys.executable, f"{POSTPROCESS}/lcmpi_plot", self.file, "-o", "out", "--format", "png")
        self.assertEqual(figures.returncode, 0, figures.stderr)
        self.assertIn("the imported log does not say how long queues were", figures.stderr)
        self.assertNotIn("queues.png", figures.stdout)

    def test_info_and_resume(self):
        self.imported("b")
        info = self.call(harness.LCMPI, "info", self.file)
        self.assertIn("COMPLETE: logs of another program, imported", info.stdout)
        self.assertIn("logs/log1.csv", info.stdout)
        for of_a_run in ("digest", "started ", "rank", "seed ", "libraries", "snapshots", "options\n"):
            self.assertNotIn(of_a_run, info.stdout)
        resume = self.call(harness.LCMPI, "--resume", self.file)
        self.assertEqual((resume.returncode, resume.stderr),
                         (3, f"lcmpi: {self.file}: is an imported log: there is no run to go on with\n"))


if __name__ == "__main__":
    unittest.main()
