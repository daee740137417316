"""The lab report: its numbers are those of the files, its tables and links are whole, it says what it cannot know."""
import os
import re
import subprocess
import unittest
from unittest import mock
from urllib.parse import unquote

import common
import h5py
import numpy as np
import synthetic
from common import FolderTest

import lcmpi
import lcmpi_lab
import lcmpi_tool
from lcmpi_lab import log, made, measure, report, words
from lcmpi_reproduction.statements import rank_correlation

LCMPI = os.environ.get("LCMPI", common.POSTPROCESS.parent / "build" / "release" / "lcmpi")
RATES = (("2", "6", "1"), ("1", "3", "5"), ("4", "4", "2"), ("1", "6", "6"), ("3", "5", "2"))
FIGURES = ("clocks", "jumps", "drift", "queues")
PARTS = ["Clocks and jumps", "Gaps", "Drift", "Queues"]


def tables(text):
    """{(heading of level 2, heading of level 3): rows of cells}, of the last table under each."""
    found, place, rows = {}, ["", ""], None
    for line in text.splitlines():
        if line.startswith("## "):
            place = [line[3:], ""]
        elif line.startswith("### "):
            place[1] = line[4:]
        if line.startswith("|"):
            if rows is None:
                rows = found[tuple(place)] = []
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        else:
            rows = None
    return found


def as_number(cell):
    return float(cell.removesuffix(" %").replace(",", ""))


def set_columns(path, **columns):
    """Puts datasets over the machines into the root."""
    with h5py.File(path, "a") as h5:
        for name, values in columns.items():
            dataset = h5.create_dataset(name, data=np.array(values))
            dataset.dims[0].attach_scale(h5["vm"])


def take_events_away(path, run):
    """As with --log none: totals, and no rows."""
    n = len(run.machines)
    set_columns(path, logged=np.zeros(n, "u1"), queue_max=[machine.queue_max for machine in run.machines],
                lamport_jump_max=[machine.jump_max for machine in run.machines],
                lamport_jump_mean=[machine.stamps["lamport"] / machine.n_event for machine in run.machines])
    with h5py.File(path, "a") as h5:
        h5["commit/n_events"][:] = h5["commit/n_messages"][:] = 0


def set_options(path, **options):
    with h5py.File(path, "a") as h5:
        h5.attrs["options"] = "\n".join(f"{name} = {value}" for name, value in options.items())


class LabTest(FolderTest):
    def write(self, *names, **more):
        paths = lcmpi_lab.write([self.folder / name for name in names or ["run.h5"]], self.folder / "out", **more)
        for path in paths:
            self.assertTrue(path.is_file(), path)
        self.paths, self.text = paths, paths[0].read_text(encoding="utf-8")
        self.check_form()
        return tables(self.text)

    def check_form(self):
        """Rows are as wide as the head of their table; all links are to what was written, and all that was written is linked."""
        block = []
        for line in [*self.text.splitlines(), ""]:
            if line.startswith("|"):
                block.append(len(re.split(r"(?<!\\)\|", line)))
            elif block:
                self.assertEqual(len(set(block)), 1, line)
                self.assertGreater(len(block), 2, "a table without rows")
                block = []
        links = [unquote(link) for link in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", self.text)]
        self.assertEqual(sorted(links), sorted(path.name for path in self.paths[1:]))
        self.assertNotRegex(self.text, r"\bnan\b|\binf\b")

    def refuses(self, code, *names, **more):
        with self.assertRaises(lcmpi_tool.Failure) as caught:
            self.write(*names, **more)
        self.assertEqual(caught.exception.code, code)
        self.assertFalse(list(self.folder.glob("out/*.tmp")))
        return str(caught.exception)

    def quick(self):
        """Without drawing: figures have tests of their own."""
        patch = mock.patch("lcmpi_lab.pictures.draw", lambda *_: ([], {}))
        patch.start()
        self.addCleanup(patch.stop)


class OneRun(LabTest):
    def setUp(self):
        super().setUp()
        synthetic.write_exact(self.file, self.run_of)

    def values(self, vm):
        return [event["lamport"] for event in self.run_of.events if event["machine"] == vm]

    def behind(self, vm):
        """(largest, of which clock), after all events of each moment, by looking at every event."""
        now, largest, of = dict.fromkeys(range(3), 0), 0, 0
        events = sorted(self.run_of.events, key=lambda event: event["t_actual"])
        for event, after in zip(events, [*events[1:], None]):
            now[event["machine"]] = event["lamport"]
            if after is None or after["t_actual"] > event["t_actual"]:
                if max(now.values()) - now[vm] > largest:
                    largest, of = max(now.values()) - now[vm], max(now.values())
        return largest, of

    def test_numbers(self):
        found = self.write()
        self.assertEqual([path.name for path in self.paths], ["run-lab.md", *(f"run-lab-1-{name}.png" for name in FIGURES)])
        clocks, gaps, drift, queues = (found["Run 1: `run.h5`", part] for part in PARTS)
        for vm, machine in enumerate(self.run_of.machines):
            values, row = self.values(vm), 2 + vm
            jumps, steps = np.diff(values, prepend=0), np.diff(values)
            name = f"VM {vm} ({machine.rate} tick{'s' * (machine.rate != 1)}/s)"
            self.assertEqual(clocks[row], [name, *map(words.number, (len(values), values[-1], max(jumps), np.mean(jumps)))])
            self.assertEqual(gaps[row][0], name)
            self.assertEqual(as_number(gaps[row][1]), np.quantile(steps, 0.5, method="inverted_cdf"))
            self.assertEqual(as_number(gaps[row][3]), max(steps))
            self.assertAlmostEqual(as_number(gaps[row][4]), 100 * np.mean(steps == 1), delta=0.051)
            top = max(max(self.values(other)) for other in range(3))
            self.assertEqual(as_number(drift[row][1]), top - values[-1])
            self.assertAlmostEqual(as_number(drift[row][2]), 100 * (top - values[-1]) / top, delta=0.051)
            largest, of = self.behind(vm)
            self.assertEqual(as_number(drift[row][3]), largest)
            self.assertAlmostEqual(as_number(drift[row][4]), 100 * largest / max(of, 1), delta=0.051)
            end = self.run_of.states[-3 + vm]["n_queued"]
            self.assertEqual(queues[row], [name, *map(words.number, (end, machine.queue_max, end / 10))])

    def test_structure(self):
        self.quick()
        self.write()
        self.assertEqual(re.findall("^##+ .*", self.text, re.MULTILINE),
                         ["## How it was made", "## What is measured", "## Run 1: `run.h5`", *(f"### {part}" for part in PARTS)])
        self.assertIn("```sh\nmpirun -np 2 lcmpi --seed 1\n```", self.text)

    def test_how_it_was_made(self):
        self.quick()
        with h5py.File(self.file, "a") as h5:
            h5["digest/execution"] = np.uint64(2**64 - 255)
            h5["digest/lamport"] = np.uint64(0xabc)
            h5.attrs["command_line"] = "./lcmpi --seed 1 -o 'a|b.h5'"
        found = self.write()
        self.assertIn("```sh\nmpirun -np 2 ./lcmpi --seed 1 -o 'a|b.h5'\n```", self.text)
        self.assertEqual(found["How it was made", ""][2:], [["1", "`0xffffffffffffff01`", "`0x0000000000000abc`"]])
        row = next(line for line in self.text.splitlines() if line.startswith("| 1 | `run.h5`"))
        self.assertEqual(row, "| 1 | `run.h5` | complete | 3 | 2, 6, 1 | 1 | 2026-01-31T12:00:00Z | synthetic | 2.0 |")

    def test_a_run_that_was_gone_on_with(self):
        """All commands, each with its own number of ranks."""
        about = {"command_line": "lcmpi --vms 9", "seed": 7, 
                 "history": "2026 lcmpi: lcmpi --vms 9\n2027 lcmpi: lcmpi --resume a.h5\n2027 lcmpi: compacted\n2028 lcmpi: lcmpi --resume a.h5 -o b.h5"}
        self.assertEqual(made.commands(about, [4, 1, 2]), ["mpirun -np 4 lcmpi --vms 9 --seed 7", "lcmpi --resume a.h5", "mpirun -np 2 lcmpi --resume a.h5 -o b.h5"])

    def test_theory(self):
        """What is said of saturation follows the file."""
        self.quick()
        self.write()
        self.assertIn("has no theory of queues", self.text)
        self.assertNotIn("saturated:", self.text)
        set_columns(self.file, predicted_arrivals=[1.9, 0.5, 1.25], predicted_queue=[0.2, 0.1, 2.5], predicted_clock=[50.0, 60.0, 40.0])
        found = self.write()
        self.assertIn("VM 2 (1 tick/s) is saturated: by theory 1.25 messages a second arrive, and it takes 1,", self.text)
        self.assertEqual(self.text.count(" is saturated: "), 1)
        queues, drift, clocks = (found["Run 1: `run.h5`", part] for part in ("Queues", "Drift", "Clocks and jumps"))
        self.assertEqual([row[2] for row in queues], ["theory", "---", "0.2", "0.1", "2.5"])
        self.assertEqual([row[5] for row in queues], ["theory: growth", "---", "0.02", "0.01", "0.25"])
        self.assertEqual([row[3] for row in drift], ["theory", "---", "10", "0", "20"])
        self.assertEqual([row[3] for row in clocks], ["theory", "---", "50", "60", "40"])
        self.assertEqual([row[6] for row in clocks], ["theory: mean", "---", "2.5", "1", "4"])

    def test_no_machine_is_saturated(self):
        self.quick()
        set_columns(self.file, predicted_arrivals=[1, 0.5, 1], predicted_queue=[0.2] * 3, predicted_clock=[60.0] * 3)
        self.write()
        self.assertIn("Theory has no machine saturated", self.text)
        self.assertIn("(at most 1 a tick)", self.text)

    def test_some_machines_at_a_time(self):
        """Whatever part of the log is in memory, the numbers are the same."""
        whole = measure.measure(self.file, "lamport")
        for rows in (1, 40):
            with mock.patch.object(log, "ROWS", rows):
                part = measure.measure(self.file, "lamport")
            self.assertEqual(part.n_gap, whole.n_gap)
            self.assertTrue(part.rows.equals(whole.rows))

    def test_no_events_on_file(self):
        take_events_away(self.file, self.run_of)
        events = measure.measure(self.file, "lamport").rows
        found = self.write()
        self.assertEqual(len(self.paths), 1)
        self.assertIn("Gaps are left out: not every machine's events are on file.", self.text)
        self.assertIn("over the 3 snapshots on file", self.text)
        self.assertIn("No figures over time", self.text)
        self.assertNotIn(("Run 1: `run.h5`", "Gaps"), found)
        synthetic.write_exact(self.file, self.run_of)
        for name in ("tick", "clock", "jump_max", "jump_mean", "behind", "queue", "queue_max"):
            self.assertTrue(np.allclose(events[name], measure.measure(self.file, "lamport").rows[name]), name)
        states = {(state["vm"], state["snapshot"]): state["lamport"] for state in self.run_of.states}
        for vm, row in zip(range(3), found["Run 1: `run.h5`", "Drift"][2:]):
            behind = [max(states[other, k] for other in range(3)) - states[vm, k] for k in range(3)]
            self.assertEqual(as_number(row[3]), max(behind))

    def test_a_run_that_is_not_over(self):
        """Of what all machines have: nothing from behind the time at which the first one could be missing a tick."""
        self.quick()
        for n_rank in (1, 3):
            synthetic.write_live(self.file, self.run_of, until=5, n_rank=n_rank)
            found = self.write()
            ends = [max(e["t_actual"] for e in self.run_of.events if e["machine"] == vm and e["t_actual"] < 5 * synthetic.NS)
                    + synthetic.NS / machine.rate for vm, machine in enumerate(self.run_of.machines)]
            until = min(ends)
            self.assertIn(f"not over, or killed: on file to {words.seconds(float(until) / synthetic.NS)} of 10 s", self.text)
            for vm, row in zip(range(3), found["Run 1: `run.h5`", "Clocks and jumps"][2:]):
                own = [e for e in self.run_of.events if e["machine"] == vm and e["t_actual"] < until]
                self.assertEqual(row[1:3], [f"{len(own)}", f"{own[-1]['lamport']}"])
            self.assertIn("what each machine's last event left", self.text)

    def test_a_crash_without_events(self):
        """The last snapshot that all machines have."""
        self.quick()
        synthetic.write_live(self.file, self.run_of, until=9)
        with h5py.File(self.file, "a") as h5:
            h5["commit/n_events"][:] = 0
        found = self.write()
        self.assertIn("from the last snapshot", self.text)
        self.assertIn("on file to 8 s of 10 s", self.text)
        states = [state for state in self.run_of.states if state["snapshot"] == 1]
        self.assertEqual([row[1:4] for row in found["Run 1: `run.h5`", "Clocks and jumps"][2:]],
                         [[str(s["n_tick"]), str(s["lamport"]), str(s["lamport_jump_max"])] for s in states])

    def test_nothing_on_file_yet(self):
        synthetic.write_live(self.file, self.run_of, until=0)
        self.write()
        self.assertIn("Nothing is on file that all its machines have.", self.text)
        self.assertEqual(len(self.paths), 1)

    def test_one_machine(self):
        synthetic.write_exact(self.file, synthetic.simulate(["3"]))
        self.write()
        self.assertIn("A single machine is behind no other.", self.text)
        self.assertEqual([path.name for path in self.paths[1:]], ["run-lab-1-clocks.png", "run-lab-1-jumps.png"])

    def test_an_imported_log(self):
        """It need not say how long queues were, and has no theory."""
        with h5py.File(self.file, "a") as h5:
            h5.attrs["imported"], h5.attrs["command_line"] = "csv", "lcmpi_import a.csv -o run.h5"
            h5["events/queue_before"][0] = -1
        found = self.write()
        self.assertIn("Queues are left out: the log does not say how long they were.", self.text)
        self.assertNotIn("queues.png", self.text)
        self.assertNotIn(("Run 1: `run.h5`", "Queues"), found)
        self.assertIn("```sh\nlcmpi_import a.csv -o run.h5\n```", self.text)
        self.assertIn("The file has no theory of this clock.", self.text)

    def test_a_file_of_format_1(self):
        new = measure.measure(self.file, "lamport").rows
        synthetic.write_exact(self.file, self.run_of, old=True)
        self.assertTrue(new.equals(measure.measure(self.file, "lamport").rows))
        self.quick()
        self.write()
        self.assertIn("mpirun -np 2 lcmpi --seed 1", self.text)

    def test_many_machines(self):
        run = synthetic.simulate([str(1 + vm % 3) for vm in range(30)], seconds=5, vector=False)
        synthetic.write_exact(self.file, run)
        self.quick()
        rows = self.write()["Run 1: `run.h5`", "Clocks and jumps"][2:]
        self.assertEqual([row[:3] for row in rows], [["1 tick/s", "10", "5"], ["2 ticks/s", "10", "10"], ["3 ticks/s", "10", "15"]])
        clock = [machine.stamps["lamport"] for machine in run.machines if machine.rate == 1]
        low, middle, high = np.quantile(clock, (0.05, 0.5, 0.95), method="inverted_cdf")
        self.assertEqual(rows[0][3], f"{middle} ({low} to {high})")

    def test_copies(self):
        """Each is behind the largest clock of its own copy."""
        run = synthetic.simulate(["2", "6", "1"] * 4, vector=False)
        synthetic.write_exact(self.file, run)
        take_events_away(self.file, run)
        with h5py.File(self.file, "a") as h5:
            h5.attrs["n_replica"] = 4
        self.quick()
        found = self.write()
        rows = found["Run 1: `run.h5`", "Drift"][2:]
        clock = np.array([machine.stamps["lamport"] for machine in run.machines]).reshape(4, 3)
        behind = clock.max(axis=1, keepdims=True) - clock
        self.assertEqual([row[:2] for row in rows], [["VM 0 (2 ticks/s)", "4"], ["VM 1 (6 ticks/s)", "4"], ["VM 2 (1 tick/s)", "4"]])
        self.assertEqual([row[2] for row in rows], [words.spread(behind[:, vm], words.number) for vm in range(3)])
        self.assertIn("4 copies of 3", self.text)

    def test_refusals(self):
        self.assertIn("run.h5: is given twice", self.refuses(2, "run.h5", "run.h5"))
        (self.folder / "other.h5").symlink_to(self.file)
        self.assertIn("run.h5 too", self.refuses(2, "run.h5", "other.h5"))
        self.assertRegex(self.refuses(2, clock="vector"), r"run\.h5: has no clock 'vector' with one value; it has lamport$")
        self.assertIn("none.h5: No such file", self.refuses(3, "run.h5", "none.h5"))
        bad = self.folder / "bad.h5"
        synthetic.write_exact(bad, self.run_of, clocks=("vector",))
        self.assertRegex(self.refuses(3, "run.h5", "bad.h5"), r"bad\.h5: has no clock with one value")
        bad.write_bytes(bad.read_bytes()[:5000])
        self.assertIn("bad.h5: is truncated", self.refuses(3, "run.h5", "bad.h5"))
        self.assertFalse((self.folder / "out").exists(), "nothing is written")

    def test_what_others_wrote_is_left_alone(self):
        self.write()
        before = {path: path.read_bytes() for path in self.paths}
        self.write()
        self.assertEqual(before, {path: path.read_bytes() for path in self.paths}, "the same file, the same report")
        page, figure = self.paths[:2]
        page.write_text(self.text.replace("## What is measured", "My own words.\n\n## What is measured"), encoding="utf-8")
        self.assertIn("run-lab.md: exists and is not as this tool wrote it", self.refuses(3))
        self.assertIn("My own words.", page.read_text())
        self.quick()
        self.write(force=True)
        self.assertNotIn("My own words.", page.read_text())
        figure.write_text("mine")
        self.assertIn("run-lab-1-clocks.png: exists and is not a figure of this tool", self.refuses(3))
        self.assertEqual(figure.read_text(), "mine")

    def test_command(self):
        out, _ = self.tool("lcmpi_report", "--markdown", "run.h5", "-o", "lab")
        self.assertEqual(out, ["lab/run-lab.md", *(f"lab/run-lab-1-{name}.png" for name in FIGURES)])
        (self.folder / "lab" / "run-lab.md").write_text("mine")
        self.assertIn("--force replaces it", self.refused(3, "lcmpi_report", "--markdown", "run.h5", "-o", "lab"))

    def test_seal(self):
        page = self.folder / "page.md"
        for text, good in ((report.sealed("text\n"), True), ("text\n", False), (report.sealed("a\n") + "b\n", False), ("", False)):
            page.write_text(text)
            self.assertEqual(report._is_as_written(page.read_bytes()), good, text)


class Runs(LabTest):
    """Five of different rates, and others beside them."""

    def setUp(self):
        super().setUp()
        self.quick()
        self.runs = [synthetic.simulate(rates, seed=i) for i, rates in enumerate(RATES)]
        self.names = [f"r {i}.h5" for i in range(5)]
        for name, run in zip(self.names, self.runs):
            synthetic.write_exact(self.folder / name, run)

    def test_classes(self):
        found = self.write(*self.names)
        self.assertEqual(self.paths[0].name, "r 0-lab.md")
        rows = found["Over the runs", "Runs 1, 2, 3, 4 and 5: 3 machines"]
        seen = {(row[0], row[1]): row[2:] for row in rows[2:]}
        self.assertEqual({kind for kind, _ in seen}, {"fastest", "middle", "slowest"})
        for kind, of in (("slowest", min), ("fastest", max)):
            jumps = [machine.jump_max for run in self.runs for machine in run.machines
                     if machine.rate == of(other.rate for other in run.machines)]
            self.assertEqual(seen[kind, "largest jump"],
                             [*map(words.number, (np.mean(jumps), min(jumps), max(jumps))), "–", str(len(jumps))])

    def test_correlation(self):
        ratio = [max(m.rate for m in run.machines) / machine.rate for run in self.runs for machine in run.machines]
        jump = [machine.jump_max for run in self.runs for machine in run.machines]
        expected = rank_correlation(np.array(ratio, float), np.array(jump, float))
        self.write(*self.names)
        self.assertIn(f"over its own is {expected:.2f} (15 machines of 5 runs)", self.text)
        self.assertGreater(expected, 0.5)
        self.write(*self.names[:4])
        self.assertNotIn("correlation", self.text)

    def test_runs_that_share_rates(self):
        for seed, name in enumerate(self.names[:2]):
            synthetic.write_exact(self.folder / name, synthetic.simulate(seed=seed))
        rows = self.write(*self.names[:2])["Over the runs", "Runs 1 and 2: 3 machines"]
        self.assertEqual(list(dict.fromkeys(row[0] for row in rows[2:])), ["6 ticks/s", "2 ticks/s", "1 tick/s"])

    def test_side_by_side(self):
        """The variation: runs of other weights are not averaged with the rest."""
        for name, internal in zip(self.names, ("0.7", "0.7", "0.2", "0.2", "0.7")):
            set_options(self.folder / name, unicast=0.2, internal=internal)
        found = self.write(*self.names)
        self.assertIn(("Over the runs", "Runs 1, 2 and 5: 3 machines, unicast 0.2, internal 0.7"), found)
        self.assertIn(("Over the runs", "Runs 3 and 4: 3 machines, unicast 0.2, internal 0.2"), found)
        rows = found["Over the runs", ""][2:]
        self.assertEqual([row[3] for row in rows], ["0.7", "0.7", "0.2", "0.2", "0.7"])
        for run, row in zip(self.runs, rows):
            clock = [machine.stamps["lamport"] for machine in run.machines]
            self.assertEqual([row[5], row[6], row[8]], [str(max(m.jump_max for m in run.machines)), str(max(clock) - min(clock)),
                                                        str(max(m.queue_max for m in run.machines))])

    def test_runs_of_different_kinds(self):
        """Live, crashed, without events, and empty ones together."""
        synthetic.write_live(self.folder / self.names[1], self.runs[1], until=5)
        take_events_away(self.folder / self.names[2], self.runs[2])
        synthetic.write_live(self.folder / self.names[3], self.runs[3], state="RECOVERED", until=7)
        synthetic.write_live(self.folder / self.names[4], self.runs[4], until=0)
        found = self.write(*self.names)
        self.assertIn("killed, and recovered: on file to", self.text)
        self.assertEqual([row[0] for row in found["Over the runs", ""][2:]], ["1", "2", "3", "4"])
        self.assertRegex(self.text, r"The records are of \S+ s to 10 s: ")


@unittest.skipUnless(os.access(LCMPI, os.X_OK), "set LCMPI to lcmpi")
class OfLcmpi(LabTest):
    def run_lcmpi(self, name, *options):
        subprocess.run([LCMPI, "--vms", "3", "--rates", "1,3,6", "--pace", "virtual", "--progress", "none", "-o", name, *options],
                       cwd=self.folder, check=True, capture_output=True, env={**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                                                                             "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})

    def test_events_and_totals_say_the_same(self):
        for options in (["--seed", "4"], ["--seed", "4", "--tick-rule", "receive-then-act"], ["--route", "server", "--service-time", "50ms"]):
            self.run_lcmpi("a.h5", *options, "--force")
            rows, machines = measure.measure(self.folder / "a.h5", "lamport").rows, lcmpi.machines(self.folder / "a.h5")
            for name, column in (("tick", "n_tick"), ("clock", "final_lamport"), ("jump_max", "lamport_jump_max"),
                                 ("jump_mean", "lamport_jump_mean"), ("queue", "n_queued"), ("queue_max", "queue_max")):
                self.assertTrue(np.allclose(rows[name], machines[column]), (options, name))

    def test_report(self):
        self.run_lcmpi("a.h5", "--seed", "4", "--duration", "30s")
        self.run_lcmpi("b.h5", "--seed", "4", "--duration", "30s", "--log", "none", "--replicas", "20")
        found = self.write("a.h5", "b.h5")
        self.assertEqual([path.name for path in self.paths],
                         ["a-lab.md", *(f"a-lab-1-{name}.png" for name in FIGURES), "a-lab-2-copies.png"])
        self.assertIn("VM 0 (1 tick/s) is saturated: by theory 1.5 messages a second arrive, and it takes 1,", self.text)
        self.assertIn("By theory 20 of 60 machines are saturated", self.text)
        digest = lcmpi.info(self.folder / "a.h5")["digest"]
        self.assertEqual(found["How it was made", ""][2], ["1", f"`0x{digest['execution']:016x}`", f"`0x{digest['lamport']:016x}`"])


if __name__ == "__main__":
    unittest.main()
