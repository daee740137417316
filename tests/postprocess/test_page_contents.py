"""lcmpi_report: what stands in the page, of every kind of file, and what it refuses. test_page.py looks at it in a browser."""
import json
import os
import re
import subprocess
import unittest
from html.parser import HTMLParser

import h5py
import numpy as np
import synthetic
from common import POSTPROCESS, FolderTest, needs_chart_js

import lcmpi

LCMPI = os.environ.get("LCMPI")
CLOCKS = ("lamport", "vector")


class Page(HTMLParser):
    """The data of a page, its text by class or name of the element, and whatever it would load."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.tables, self.notes, self.open, self.data = [], [], [], [], None
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.loads += [value for name, value in attributes.items() if name in ("src", "href", "srcset", "action")]
        self.open.append((tag, attributes))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "li":
            self.notes.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if attributes.get("id") == "data":
            self.data = json.loads(data)
        elif tag in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif tag == "li":
            self.notes[-1] += data
        if tag not in ("script", "style"):
            self.text += data


def unfold(steps, machine, own, width):
    """The numbers of each event that `steps` of a page stand for: those of the event before it of its VM, 1 more in column own, and the steps."""
    more = np.zeros((len(machine), width), int)
    more[steps["event"], steps["column"]] = steps["more"]
    more[np.arange(len(machine)), own] += 1
    return np.concatenate([more[machine == vm].cumsum(axis=0) for vm in np.unique(machine)])


class ReportTest(FolderTest):
    def report(self, *arguments, **environment):
        out, self.err = self.tool("lcmpi_report", *arguments, **environment)
        self.written = [self.folder / line for line in out]
        return Page(self.written[0].read_text(encoding="utf-8"))

    def run_lcmpi(self, *arguments, name="run.h5"):
        subprocess.run([LCMPI, *map(str, arguments), "--progress", "none", "-o", self.folder / name], check=True, stdout=subprocess.DEVNULL)

    def said(self, page, text):
        self.assertTrue(any(text in note for note in page.notes), page.notes)


@needs_chart_js
class Contents(ReportTest):
    def setUp(self):
        super().setUp()
        synthetic.write_exact(self.file, self.run_of, CLOCKS)
        self.page = self.report("run.h5", "--no-verify")
        self.diagram = self.page.data[0]["diagram"]

    def test_one_file_that_loads_nothing(self):
        self.assertEqual(self.written, [self.folder / "run-report.html"])
        self.assertEqual(self.page.loads, ["data:,"])
        text = self.written[0].read_text()
        self.assertNotRegex(text, r"@import|url\(|\bfetch\(|XMLHttpRequest|importScripts")
        self.assertIn("Chart.js v", text)

    def test_every_event(self):
        events, shown = lcmpi.events(self.file, vectors=True), self.diagram["events"]
        self.assertEqual(shown["row"], events.machine.tolist())
        self.assertEqual(shown["kind"], events.kind.astype(str).tolist())
        self.assertEqual(shown["t"], events.t.round(9).tolist())
        vectors, machine = events[[f"vector_{i}" for i in range(3)]].to_numpy(), events.machine.to_numpy()
        self.assertEqual(shown["stamps"]["lamport"], events.lamport.tolist())
        self.assertEqual(shown["stamps"]["vector"]["width"], 3)
        np.testing.assert_array_equal(unfold(shown["stamps"]["vector"], machine, machine, 3), vectors)
        np.testing.assert_array_equal(unfold(self.diagram["known"], machine, machine, 3), vectors)

    def test_every_message(self):
        messages, shown = lcmpi.messages(self.file), self.diagram["messages"]
        self.assertEqual([row[6] for row in shown], [f"{m.sender}:{m.number}" for m in messages.itertuples()])
        kinds = self.diagram["events"]["kind"]
        for (send, receive, *_, fate), message in zip(shown, messages.itertuples()):
            self.assertEqual(kinds[send], "SEND")
            self.assertEqual((receive >= 0, fate), (message.fate == "RECEIVED", message.fate))
            if receive >= 0:
                self.assertEqual(kinds[receive], "RECEIVE")

    def test_every_snapshot_and_what_crosses_it(self):
        states = lcmpi.snapshots(self.file)
        cuts = self.diagram["cuts"]
        self.assertEqual([cut["label"] for cut in cuts], ["snapshot 0", "snapshot 1", "the end"])
        for number, cut in enumerate(cuts):
            self.assertEqual(cut["n_event"], states[states.snapshot == number].n_event.tolist())
            under_way = lcmpi.under_way(self.file, number)
            self.assertEqual((cut["under_way"]["queued"], cut["under_way"]["in_flight"]),
                             ((under_way.fate == "QUEUED").sum(), (under_way.fate == "IN_FLIGHT").sum()))
            self.assertEqual(len(cut["under_way"]["listed"]), len(under_way))

    def test_plots_are_of_the_events(self):
        plots, events = self.page.data[0]["plots"], lcmpi.events(self.file)
        self.assertEqual([line[-1] for line in plots["lines"]["clock"]], events.groupby("machine").lamport.max().tolist())
        clock, drift = (np.array(plots["lines"][name], float) for name in ("clock", "drift"))
        np.testing.assert_array_equal(drift, clock - clock.max(axis=0))
        jumps = events.groupby("machine").lamport.diff().fillna(events.lamport)
        self.assertEqual(sorted(size for points in plots["jumps"] for _, size in points), sorted(jumps.tolist()))

    def test_machines(self):
        table = next(table for table in self.page.tables if table[0][0] == "machine")
        columns = table[0]
        for vm, row in enumerate(table[1:]):
            machine = lcmpi.machines(self.file).loc[vm]
            self.assertEqual((row[0], row[columns.index("received")], row[columns.index("lamport")]),
                             (f"VM {vm}", str(int(machine.n_received)), str(int(machine.final_lamport))))

    def test_theory_stands_beside_what_was_observed(self):
        with h5py.File(self.file, "a") as h5:
            for name, values in (("arrivals", [1.5, 0.25, 2]), ("queue", [0.5, 30, 0]), ("clock", [60, 61, 62.5])):
                dataset = h5.create_dataset(f"predicted_{name}", data=np.array(values, float))
                dataset.dims[0].attach_scale(h5["vm"])
        page = self.report("run.h5", "--no-verify")
        columns, *rows = next(table for table in page.tables if table[0][0] == "machine")
        machines = lcmpi.machines(self.file)
        for vm, row in enumerate(rows):
            for name, observed, theory in (
                    ("arrivals/s", (machines.n_received[vm] + machines.n_queued[vm]) / 10, machines.predicted_arrivals[vm]),
                    ("queue", machines.n_queued[vm], machines.predicted_queue[vm]),
                    ("lamport", machines.final_lamport[vm], machines.predicted_clock[vm])):
                place = columns.index(name)
                self.assertEqual(columns[place + 1], "theory")
                self.assertEqual([float(cell) for cell in row[place:place + 2]], [observed, theory])
        self.assertEqual(page.data[0]["plots"]["theory"], {"t": 10, "queue": [0.5, 30, 0], "clock": [60, 61, 62.5]})

    def test_the_worst_machine_of_all(self):
        plots = self.page.data[0]["plots"]
        for name, worst in (("drift", np.min), ("queue", np.max)):
            np.testing.assert_array_equal(plots["worst"][name], worst(np.array(plots["lines"][name], float), axis=0))

    def test_window_and_machines(self):
        page = self.report("run.h5", "--no-verify", "--window", "2:6", "--machines", "0,2")
        events, whole = page.data[0]["diagram"]["events"], lcmpi.events(self.file, window=(2, 6))
        self.assertEqual(events["seq"], whole[whole.machine != 1].seq.tolist())
        self.assertEqual([vm["id"] for vm in page.data[0]["diagram"]["vms"]], [0, 2])
        self.said(page, "begins at 2 s")

    def test_causes_through_machines_that_are_not_shown(self):
        page = self.report("run.h5", "--no-verify", "--machines", "0,2")
        events = lcmpi.events(self.file, vectors=True)
        shown = events[events.machine != 1]
        machine = shown.machine.to_numpy()
        np.testing.assert_array_equal(unfold(page.data[0]["diagram"]["known"], machine, machine // 2, 2), shown[["vector_0", "vector_2"]])


@needs_chart_js
class Kinds(ReportTest):
    """Files of every kind."""

    def test_live_and_crashed(self):
        synthetic.write_live(self.file, self.run_of, CLOCKS, until=5)
        page = self.report("run.h5", "--no-verify")
        self.said(page, "The run is not over, or was killed")
        events = lcmpi.events(self.file)
        self.assertEqual(len(page.data[0]["diagram"]["events"]["t"]), len(events))
        self.assertEqual(page.data[0]["diagram"]["window"], [0, events.t.max()])
        self.assertIn("the newest state of each machine on file", page.text)

    def test_old_format(self):
        synthetic.write_exact(self.file, self.run_of, old=True)
        page = self.report("run.h5", "--no-verify")
        self.assertEqual([cut["under_way"] is None for cut in page.data[0]["diagram"]["cuts"]], [True, True, False])

    def test_only_a_vector_clock(self):
        synthetic.write_exact(self.file, self.run_of, ("vector",))
        page = self.report("run.h5", "--no-verify")
        self.assertEqual(list(page.data[0]["plots"]["lines"]), ["queue"])

    def test_without_events(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        page = self.report("run.h5", "--no-verify")
        self.assertIsNone(page.data[0]["diagram"])
        self.said(page, "No events are on file")

    def test_texts_are_escaped(self):
        synthetic.write_exact(self.file, self.run_of)
        nasty = "</script><script>alert(1)</script><b>&"
        with h5py.File(self.file, "r+") as h5:
            h5.attrs["command_line"] = h5.attrs["options"] = f"x = {nasty}"
        name = "<b>&amp;'.h5"
        self.file.rename(self.folder / name)
        page = self.report(name, "--no-verify")
        self.assertIn(nasty, page.text)
        self.assertEqual(page.data[0]["name"], name)
        self.assertEqual([tag for tag, _ in page.open], [])

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_nothing_logged(self):
        self.run_lcmpi("--vms", 3, "--pace", "virtual", "--seed", 1, "--log", "none")
        page = self.report("run.h5")
        self.assertIsNone(page.data[0]["diagram"])
        self.said(page, "No VM is logged")
        self.assertIn('<span class="verdict partly">verified as far as it is on file</span>', self.written[0].read_text())
        states = lcmpi.snapshots(self.file)
        self.assertEqual(page.data[0]["plots"]["lines"]["clock"][1], states[states.vm == 1].lamport.tolist())
        self.assertEqual(self.report("run.h5", "--machines", "1").data[0]["plots"]["lines"]["clock"], [states[states.vm == 1].lamport.tolist()])
        self.assertIn("no VM 3", self.refused(2, "lcmpi_report", "run.h5", "--machines", "3"))

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_more_snapshots_than_a_plot_needs(self):
        self.run_lcmpi("--vms", 3, "--pace", "virtual", "--seed", 1, "--log", "none", "--duration", "3000s", "--snapshot-every", "1s")
        plots = self.report("run.h5", "--no-verify").data[0]["plots"]
        self.assertEqual((len(plots["times"]), plots["times"][0], plots["times"][-1]), (400, 1, 3000))

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_thousands_of_machines(self):
        self.run_lcmpi("--vms", 3000, "--pace", "virtual", "--seed", 1, "--duration", "60s")
        page = self.report("run.h5", "--no-verify")
        diagram = page.data[0]["diagram"]
        self.assertEqual(len(diagram["vms"]), 12)
        self.assertLess(len(diagram["events"]["t"]), 5000)
        self.said(page, "12 of 3,000 VMs")
        columns, *rows = next(table for table in page.tables if "machines" in table[0])
        machines = lcmpi.machines(self.file).groupby("tick_rate")
        self.assertEqual([(row[0], row[1]) for row in rows], [(f"{rate:g}", f"{n:,}") for rate, n in machines.size().items()])
        for row, queue in zip(rows, machines.n_queued.mean()):
            self.assertEqual(row[columns.index("queue")], f"{queue:,.4g}")
        self.said(page, "--window START:END chooses another")
        self.assertLess(self.written[0].stat().st_size, 2_000_000)

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_copies_a_part_of_the_log_and_a_server(self):
        self.run_lcmpi("--vms", 3, "--replicas", 20, "--log", "sample:7", "--pace", "virtual", "--seed", 1, name="copies.h5")
        self.said(self.report("copies.h5"), "copy 0 of 20")
        self.run_lcmpi("--vms", 9, "--log", "sample:2", "--pace", "virtual", "--seed", 1, name="part.h5")
        self.said(self.report("part.h5"), "Only 5 of 9 VMs")
        self.run_lcmpi("--vms", 9, "--route", "server", "--service-time", "30ms", "--pace", "virtual", "--seed", 1, name="server.h5")
        page = self.report("server.h5")
        diagram, events = page.data[0]["diagram"], lcmpi.events(self.folder / "server.h5")
        self.assertIn("RECEIVE", diagram["events"]["kind"])
        self.assertNotIn("SKIPPED", diagram["events"]["kind"])
        skipped = events[events.kind == "SKIPPED"]
        self.assertEqual(diagram["skipped"], [[row.machine, round(row.t, 9)] for row in skipped.itertuples()])
        self.assertRegex(page.text, rf"busy [\d.]+ % of the time.*; {len(skipped)} of 1,\d+ ticks skipped")

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_distributions_over_copies(self):
        self.run_lcmpi("--vms", 3, "--rates", "1,3,6", "--replicas", 50, "--log", "none", "--pace", "virtual", "--seed", 1)
        data = self.report("run.h5", "--no-verify").data[0]["copies"]
        machines = lcmpi.machines(self.file)
        for plot, column in zip(data, ("final_lamport", "n_queued", "lamport_jump_max")):
            for vm, line in enumerate(plot["lines"]):
                values = machines[column][machines.index % 3 == vm]
                self.assertEqual(line["points"][0], [values.min(), 0])
                self.assertEqual(line["points"][1:], [[value, round((values <= value).mean(), 6)] for value in sorted(set(values))])
        self.assertEqual(len(data), 3)

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_stopped_and_gone_on_with(self):
        self.run_lcmpi("--vms", 3, "--pace", "virtual", "--seed", 1, "--duration", "20s")
        whole = self.report("run.h5").data[0]
        code = subprocess.run([LCMPI, "--vms", "300", "--pace", "virtual", "--seed", "1", "--duration", "5000s", "--progress", "none", "--max-walltime",
                               "100ms", "--log", "sample:100", "-o", self.folder / "long.h5"], stdout=subprocess.DEVNULL, check=False).returncode
        self.assertEqual(code, 85)
        self.said(self.report("long.h5"), "The run was stopped early.")
        self.assertEqual(whole["plots"]["end"], 20)
        subprocess.run([LCMPI, "--resume", self.folder / "long.h5", "--max-walltime", "100ms", "--progress", "none"], stdout=subprocess.DEVNULL, check=False)
        self.assertEqual(len(lcmpi.segments(self.folder / "long.h5")), 2)
        page = self.report("long.h5")
        self.assertIn("gone on with", page.text)
        self.assertIn("Theory is of the whole duration of 5000 s.", page.text)

    def test_imported_logs(self):
        (self.folder / "log.csv").write_text("who,when,what,with,stamp\n" + "".join(
            f"{who},{when},{what},{peer},{stamp}\n" for who, when, what, peer, stamp in (
                ("alpha", 0, "send", "beta", 1), ("beta", 0, "internal", "", 1), ("beta", 1, "receive", "alpha", 2), ("alpha", 1, "internal", "", 2),
                ("beta", 2, "internal", "", 3), ("alpha", 2, "internal", "", 3))))
        self.tool("lcmpi_import", "log.csv", "-o", "run.h5", "--rates", "1,1", "--time-unit", "s", *(
            word for pair in ("machine=who", "time=when", "clock=stamp", "kind=what", "peer=with") for word in ("--column", pair)))
        page = self.report("run.h5", "--no-verify")
        diagram = page.data[0]["diagram"]
        self.assertEqual([vm["label"] for vm in diagram["vms"]], ["alpha", "beta"])
        self.assertEqual([message[6] for message in diagram["messages"] if message[1] >= 0], ["0:0"])
        self.assertIn("2 machines, logs of another program", page.text)
        columns = next(table for table in page.tables if table[0][0] == "machine")[0]
        self.assertNotIn("queue", columns)
        self.assertEqual(set(page.data[0]["plots"]["theory"]), {"t"})

    def test_a_log_that_contradicts_itself(self):
        synthetic.write_exact(self.file, self.run_of)
        synthetic.contradict(self.file)
        page = self.report("run.h5", "--no-verify")
        self.assertIsNone(page.data[0]["diagram"]["known"])
        self.assertEqual(len(page.data[0]["diagram"]["events"]["t"]), len(lcmpi.events(self.file)))
        self.said(page, "The log contradicts itself: event")

    def test_needs_no_matplotlib(self):
        synthetic.write_exact(self.file, self.run_of)
        (self.folder / "without").mkdir()
        (self.folder / "without" / "matplotlib.py").write_text("raise ImportError('there is none')\n")
        page = self.report("run.h5", "--no-verify", PYTHONPATH=str(self.folder / "without"))
        self.assertEqual(list(page.data[0]["plots"]["lines"]), ["queue", "clock", "drift"])


@needs_chart_js
class Verdicts(ReportTest):
    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_of_the_verifier(self):
        self.run_lcmpi("--vms", 3, "--pace", "virtual", "--seed", 1, "--clock", "lamport,lamport-seed-a")
        page = self.report("run.h5")
        self.assertIn("The verifier: failed", page.text)
        self.assertIn('<span class="verdict failed">', self.written[0].read_text())
        self.assertIn('<td class="fail">fail</td><td>clock lamport-seed-a</td>', self.written[0].read_text())
        rows = {row[1]: row for row in next(table for table in page.tables if table[0][1] == "check")[1:]}
        self.assertEqual((rows["clock lamport"][0], rows["clock lamport-seed-a"][0]), ("ok", "fail"))
        self.assertIn("the smallest: VM", rows["clock lamport-seed-a"][4])
        self.run_lcmpi("--vms", 3, "--pace", "virtual", "--seed", 1, name="good.h5")
        page = self.report("run.h5", "good.h5", "-o", "both.html")
        compared = {row[0]: row[1:] for row in page.tables[0]}
        self.assertEqual(compared["verdict"], ["failed", "verified"])
        self.assertEqual(compared["clock"], ["lamport,lamport-seed-a", "lamport"])
        self.assertNotIn("seed", compared)
        self.assertEqual([run["name"] for run in page.data], ["run.h5", "good.h5"])

    def test_not_asked(self):
        synthetic.write_exact(self.file, self.run_of)
        self.assertIn("The verifier: not asked", self.report("run.h5", "--no-verify").text)
        page = self.report("run.h5", LCMPI=str(self.folder / "none"), PATH="/usr/bin:/bin")
        self.assertIn("There is no lcmpi here to ask", page.text)


@needs_chart_js
class Refusals(ReportTest):
    def test_files(self):
        synthetic.write_exact(self.file, self.run_of)
        with h5py.File(self.folder / "newer.h5", "w") as h5:
            h5.attrs["lcmpi_format"] = "9.0"
        (self.folder / "text.h5").write_text("no\n")
        self.assertIn("newer.h5: has format 9.0", self.refused(3, "lcmpi_report", "newer.h5"))
        self.assertIn("text.h5: is not an HDF5 file", self.refused(3, "lcmpi_report", "run.h5", "text.h5"))
        self.assertIn("nowhere.h5: No such file", self.refused(3, "lcmpi_report", "nowhere.h5"))
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["newer.h5", "run.h5", "text.h5"])

    def test_options(self):
        synthetic.write_exact(self.file, self.run_of)
        for words, text in ((["--clock", "hybrid"], "no scalar clock 'hybrid'; it has lamport"), (["--machines", "7"], "has no VM 7"),
                            (["--window", "50:"], "starts at 50 s; the run ends at 10 s"), (["--window", "x"], "window"),
                            (["./run.h5"], "named twice"), (["-o", "run.h5"], "that the report is about"), (["--colour"], "--colour")):
            self.assertIn(text, self.refused(2, "lcmpi_report", "run.h5", *words))
        self.assertIn("nowhere: is no folder to write x.html into", self.refused(3, "lcmpi_report", "run.h5", "-o", "nowhere/x.html"))
        synthetic.write_exact(self.folder / "v.h5", self.run_of, ("vector",))
        self.assertIn("v.h5: --clock: the run has no", self.refused(2, "lcmpi_report", "run.h5", "v.h5", "--no-verify", "--clock", "lamport"))

    def test_strangers_are_spared(self):
        synthetic.write_exact(self.file, self.run_of)
        page = self.folder / "run-report.html"
        page.write_text("mine")
        self.assertIn("--force replaces it", self.refused(3, "lcmpi_report", "run.h5", "--no-verify"))
        self.assertEqual(page.read_text(), "mine")
        self.report("run.h5", "--no-verify", "--force")
        self.report("run.h5", "--no-verify")

    def test_no_plotting_library(self):
        synthetic.write_exact(self.file, self.run_of)
        said = self.refused_with("lcmpi_report", "run.h5", LCMPI_CHART_JS=str(self.folder / "none.js"))
        self.assertRegex(said, "none.js: Chart.js, which draws the plots, cannot be read .*apt install libjs-chart.js")

    def refused_with(self, *command, **environment):
        out, err = self.tool(*command, code=3, **environment)
        self.assertEqual((out, len(err)), ([], 1))
        return err[0]


class Style(unittest.TestCase):
    def test_scripts_are_strict_and_say_what_they_are(self):
        for path in (POSTPROCESS / "lcmpi_page").glob("*.js"):
            self.assertTrue(re.match(r'"use strict";\n/\* ', path.read_text()), path)


if __name__ == "__main__":
    unittest.main()
