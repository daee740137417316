"""A run that is stopped or killed at random moments and gone on with, on any number of ranks, has the result of one
that never was: the digests, and every row and state of the file."""

import itertools
import os
import random
import shutil
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py

import virtual
from virtual import harness

import going_on

SEED = int(os.environ.get("LCMPI_RESUME_SEED", "0")) or random.randrange(1, 10**9)
COMMON = ("--pace", "virtual", "--phase", "random", "--duration", "100s", "--progress", "none")
SMALL = ("--vms", 200, "--latency", "const:4ms")
MARKERS = ("--snapshot-method", "chandy-lamport")
COLOURS = ("--snapshot-method", "lai-yang")
MATRIX = {
    "constant latency": (*SMALL,),
    "in order": ("--vms", 200, "--latency", "exp:60ms,min=5ms"),
    "in order, long": ("--vms", 150, "--latency", "uniform:10ms,9s", "--unicast", "0.6", "--internal", "0.3"),
    "overtaking": ("--vms", 200, "--latency", "lognormal:60ms,0.8,min=5ms", "--fifo", "off"),
    "every clock": ("--vms", 40, "--clock", "vector,lamport", "--rates", "5/3,40,7", "--latency", "exp:20ms,min=2ms"),
    "copies": ("--vms", 3, "--replicas", 70, "--latency", "const:5ms"),
    "ring": (*SMALL, "--topology", "ring"),
    "long queues": ("--vms", 60, "--topology", "star", "--fanout", "all", "--rates", "3,11", "--latency", "const:5ms"),
    "drawn peers": (*SMALL, "--topology", "random:3", "--compact", "never"),
    "a sample": (*SMALL, "--log", "sample:7"),
    "no log": ("--vms", 3000, "--log", "none", "--latency", "exp:80ms,min=15ms"),
    "only the end": ("--vms", 200, "--latency", "exp:60ms,min=5ms", "--snapshot-every", "none"),
    "no log, only the end": ("--vms", 30000, "--log", "none", "--latency", "const:10ms", "--snapshot-every", "none"),
    "two events in a tick": (*SMALL, "--tick-rule", "receive-then-act", "--clock", "lamport"),
    "two events, in order": ("--vms", 150, "--tick-rule", "receive-then-act", "--latency", "exp:600ms,min=5ms", *COLOURS),
    "lost after a time": (*SMALL, "--receive-until", "40s"),
    "lost, with markers": ("--vms", 60, "--receive-until", "50s", "--latency", "exp:600ms,min=5ms", *MARKERS),
    "one stream for all": (*SMALL, "--rng-fault", "shared-stream"),
    "many snapshots": (*SMALL, "--snapshot-every", "300ms"),
    "markers": (*SMALL, *MARKERS),
    "markers in order": ("--vms", 60, "--latency", "exp:600ms,min=5ms", *MARKERS),
    "markers, overlapping": ("--vms", 40, "--latency", "exp:900ms,min=5ms", "--snapshot-every", "700ms", *MARKERS),
    "markers, ring": ("--vms", 30, "--topology", "ring", "--latency", "exp:60ms,min=5ms", "--snapshot-every", "900ms",
                      *MARKERS),
    "markers, ring of one time": ("--vms", 50, "--topology", "ring", "--latency", "const:20ms", *MARKERS),
    "markers, drawn peers": ("--vms", 150, "--topology", "random:3", "--latency", "uniform:10ms,4s", *MARKERS),
    "markers, copies": ("--vms", 4, "--replicas", 40, "--latency", "uniform:10ms,900ms", "--snapshot-every", "1s",
                        *MARKERS),
    "markers, no log": ("--vms", 100, "--log", "none", "--latency", "exp:300ms,min=5ms", *MARKERS),
    "colours": (*SMALL, *COLOURS),
    "colours in order": ("--vms", 150, "--latency", "exp:600ms,min=5ms", "--snapshot-every", "1s", *COLOURS),
    "colours, overtaking": ("--vms", 150, "--latency", "lognormal:600ms,0.8,min=5ms", "--fifo", "off",
                            "--snapshot-every", "1s", *COLOURS),
    "colours, slow machines": ("--vms", 60, "--rates", "1/3,30", "--unicast", "0.2", "--multicast", "0", "--internal",
                               "0.8", "--latency", "uniform:10ms,4s", "--snapshot-every", "400ms", *COLOURS),
    "colours, every clock": ("--vms", 40, "--clock", "vector,lamport", "--latency", "exp:200ms,min=2ms", *COLOURS),
}
WAYS = ("SIGUSR1", "--max-walltime", "kill -9", "kill -9 of one rank")


class Resume(virtual.Case):
    def folder(self, name):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        return path

    def finished(self, *arguments, path, ranks=None, code=0):
        """(all digests that it prints, what is in the file) of a run to its end."""
        done = self.check_run(*arguments, ranks=ranks, code=code)
        self.assertEqual(harness.own_lines(done.stderr), [])
        return going_on.digests(done.stdout), going_on.contents(path)

    def never_stopped(self, options, path):
        printed, found = self.finished(*COMMON, *options, "-o", path, path=path)
        self.check_verified(path)
        return printed, found

    def check_same(self, expected, found, path):
        if found[0]:  # a run that was complete already prints none
            self.assertEqual(found[0], expected[0])
        self.assertEqual(going_on.differences(expected[1], found[1]), [])
        self.check_verified(path)

    # ---- cutting short ----------------------------------------------------------------------------------

    def moment(self, live, rng):
        """A condition that is met at a random moment of a run."""
        kind, delay = rng.choice(["rows", "snapshots", "start"]), 0
        if kind == "rows":
            n = rng.randrange(1, 12000)
            return lambda: live.least("n_events") >= n or live.least("n_snapshots") > 10
        if kind == "snapshots":
            n = rng.randrange(1, 16)
            return lambda: live.least("n_snapshots") >= n
        return live.is_there

    def cut_short(self, arguments, path, way, rng, seconds=1):
        """Starts a run and stops or kills it in the middle; by --max-walltime within so many seconds. Whether that came
        before its end."""
        live, ranks = going_on.Live(path), rng.choice((2, 2, 3))
        if way == "--max-walltime":
            arguments = (*arguments, way, f"{rng.randint(1, round(seconds * 1e6))}us")
        process = self.start_lcmpi(*arguments, ranks=ranks)
        if way == "--max-walltime":
            pass
        elif going_on.wait_for(self.moment(live, rng), process):
            if way == "SIGUSR1":
                going_on.ask_to_stop(process, rng)
            else:
                going_on.kill(process, way == "kill -9 of one rank", rng)
        out, err = process.communicate(timeout=60)
        killed = way.startswith("kill") and process.returncode != 0
        if not killed:
            self.assertIn(process.returncode, (0, 85), out + err)
        if process.returncode == 85:
            with h5py.File(path, "r") as file:
                self.assertEqual(file["commit/state"][()], 3)
                self.assertLess(file["commit/t_end"][()], file.attrs["duration_ns"])
        return killed or process.returncode == 85

    def gone_on_with(self, options, path, rng, ways, seconds):
        """The result of a run that was cut short up to three times, and how often it was."""
        arguments, cuts = (*COMMON, *options, "-o", path), 0
        for _ in range(rng.choice((1, 2, 3))):
            cuts += self.cut_short(arguments, path, rng.choice(ways), rng, seconds)
            if os.path.exists(path):
                arguments = ("--resume", path, "--progress", "none")
        if cuts and os.path.exists(path) and rng.random() < 0.5:
            self.check_verified(path)  # what was left behind
        return self.finished(*arguments, path=path, ranks=rng.choice((None, 1, 2, 3, 7))), cuts

    def check_one(self, name):
        """Two files of the same options: one that was never stopped, and one that was. A run may be over before it is
        reached: the limits become shorter, and the last is over before anything begins."""
        folder = self.folder(name.replace(",", "").replace(" ", "-"))
        options, cuts, begin = (*MATRIX[name], "--seed", 7), 0, time.monotonic()
        expected = self.never_stopped(options, os.path.join(folder, "whole.h5"))
        seconds = time.monotonic() - begin
        for number in range(8):
            rng = random.Random(f"{SEED} {name} {number}")
            path = os.path.join(folder, f"{number}.h5")
            found, now = self.gone_on_with(options, path, rng, WAYS if number < 3 else ("--max-walltime",),
                                           seconds / 4**number)
            cuts += now
            try:
                self.check_same(expected, found, path)
            except AssertionError as failure:
                raise AssertionError(f"LCMPI_RESUME_SEED={SEED}, {name}, {number}: {failure}") from failure
            if cuts:
                break
        shutil.rmtree(folder)
        self.assertGreater(cuts, 0, f"{name}: every run was over before it could be stopped")

    def test_matrix(self):
        with ThreadPoolExecutor(2) as pool:
            for name, job in [(name, pool.submit(self.check_one, name)) for name in MATRIX]:
                with self.subTest(name):
                    job.result()

    # ---- from a snapshot, and for longer ----------------------------------------------------------------

    def check_from(self, k, old, expected, ranks):
        new = self.path("new.h5")
        self.check_same(expected, self.finished("--resume", old, "--from", k, "-o", new, "--force", "--progress", "none",
                                                path=new, ranks=ranks), new)

    def test_from_each_snapshot(self):
        """In a new file; the old one stays as it is, whether its rows are sorted or not."""
        options = (*COMMON, "--vms", 30, "--clock", "lamport,vector", "--latency", "exp:300ms,min=5ms", "--seed", 3,
                   "--snapshot-every", "12s")
        for kept, ranks, method, snapshots in (("always", None, (), range(8)), ("never", 3, (), (0, 3, 7)),
                                               ("always", 3, MARKERS, (0, 2, 7)), ("never", 2, COLOURS, (1, 6))):
            old = self.path("old.h5")
            expected = self.finished(*options, *method, "--compact", kept, "-o", old, "--force", path=old, ranks=ranks)
            with open(old, "rb") as file:
                before = file.read()
            for k in snapshots:
                with self.subTest(k=k, compact=kept, method=method):
                    self.check_from(k, old, expected, (None, 3, 7, 2)[k % 4])
            with open(old, "rb") as file:
                self.assertEqual(file.read(), before)

    def test_from_snapshots_that_overlap(self):
        """Many markers are under way at each cut, and channels are slow: what comes has to wait behind them. In ns,
        much happens at the same time."""
        in_ns = ("--vms", 8, "--rates", "1000000000/200", "--duration", "9us", "--snapshot-every", "1us", "--latency",
                 "uniform:2ns,30ns")
        for name, options in {
                "markers, ring": ("--vms", 4, "--duration", "12s", "--topology", "ring", "--latency", "uniform:1us,3s",
                                  "--snapshot-every", "500ms", *MARKERS),
                "markers behind messages": ("--vms", 4, "--duration", "12s", "--topology", "ring", "--rates", "8",
                                            "--latency", "uniform:1us,3s", "--snapshot-every", "1s", *MARKERS),
                "markers": ("--vms", 8, "--duration", "10s", "--latency", "exp:900ms,min=5ms", "--snapshot-every",
                            "300ms", *MARKERS),
                "markers in ns": (*in_ns, *MARKERS),
                "colours": ("--vms", 6, "--duration", "10s", "--latency", "exp:900ms,min=5ms", "--snapshot-every",
                            "500ms", *COLOURS),
                "colours in ns": (*in_ns, *COLOURS)}.items():
            old = self.path("old.h5")
            expected = self.finished(*COMMON, *options, "--seed", 1, "-o", old, "--force", path=old)
            with h5py.File(old, "r") as file:
                taken = int(file["commit/n_snapshots"][()].min())
            self.assertGreater(taken, 3, name)
            for k in range(0, taken, 1 if taken < 8 else 3):
                with self.subTest(name, k=k):
                    self.check_from(k, old, expected, 2 if k % 2 else None)

    def test_for_longer(self):
        """A run that was complete, at a snapshot's time and not, and one that was stopped."""
        options = ("--pace", "virtual", "--vms", 50, "--latency", "exp:300ms,min=5ms", "--seed", 4, "--snapshot-every",
                   "5s", "--progress", "none")
        whole, path = self.path("whole.h5"), self.path("run.h5")
        expected = self.finished(*options, "--duration", "31s", "-o", whole, path=whole)
        for first, then in (("10s", None), ("12s", None), ("7s", "20s")):
            with self.subTest(first=first, then=then):
                self.check_run(*options, "--duration", first, "-o", path, "--force", ranks=2)
                if then:
                    self.check_run("--resume", path, "--duration", then, ranks=3)
                found = self.finished("--resume", path, "--duration", "31s", "--progress", "none", path=path, ranks=2)
                self.check_same(expected, found, path)

    def test_stopped_and_for_longer(self):
        rng = random.Random(f"{SEED} longer")
        options = (*MATRIX["in order"], "--seed", 5)
        whole, path = self.path("whole.h5"), self.path("run.h5")
        expected = self.finished(*COMMON, *options, "--duration", "130s", "-o", whole, path=whole)
        self.cut_short((*COMMON, *options, "-o", path), path, "SIGUSR1", rng)
        found = self.finished("--resume", path, "--duration", "130s", path=path, ranks=2)
        self.check_same(expected, found, path)

    def test_events_of_this_segment(self):
        """The speed is that of what was done since."""
        path = self.path("run.h5")
        options = ("--pace", "virtual", "--vms", 10, "--rates", "2", "--progress", "none")
        self.check_run(*options, "--duration", "10s", "-o", path)
        out = self.check_run("--resume", path, "--duration", "15s").stdout
        self.assertIn("100 events since the resume in", out)

    def test_messages_lost_before(self):
        """A message is lost when it is heard of, long before it would arrive: a cut before that time may lack it already."""
        options = ("--pace", "virtual", "--vms", 6, "--rates", "6", "--seed", 1, "--latency", "const:3s", "--receive-until", "20s",
                   "--snapshot-every", "3s", "--progress", "none")
        whole, path = self.path("whole.h5"), self.path("run.h5")
        for method in ((), MARKERS, COLOURS):
            with self.subTest(method=method):
                expected = self.finished(*options, *method, "--duration", "30s", "-o", whole, "--force", path=whole)
                self.check_run(*options, *method, "--duration", "19900ms", "-o", path, "--force")
                found = self.finished("--resume", path, "--duration", "30s", "--progress", "none", path=path, ranks=3)
                self.check_same(expected, found, path)

    def test_clocks(self):
        """One that does something at the beginning of a tick goes on; one whose stamps do not tell its state does not."""
        whole, path = self.path("whole.h5"), self.path("run.h5")
        options = ("--preset", "seed-a:U=4", "--pace", "virtual", "--seed", 3, "--progress", "none")
        self.check_run(*options, "-o", whole)
        self.check_run(*options, "--duration", "31s", "-o", path)
        self.check_run("--resume", path, "--duration", "60s", ranks=2)
        self.assertEqual(going_on.differences(going_on.contents(whole), going_on.contents(path)), [])
        self.check_run("--preset", "seed-b", "--pace", "virtual", "-o", path, "--force")
        with h5py.File(path, "r+") as file:
            file["commit/state"][...] = 3
        said = self.check_run("info", path).stdout
        self.assertIn(f"{path}: STOPPED: the run was stopped early and saved\n", said)
        refused = self.check_run("--resume", path, "--duration", "80s", code=2)
        self.assertIn("has the clock lamport-seed-b, whose stamps do not tell its state", refused.stderr)

    def test_channels_of_a_file(self):
        """They must be those of the beginning: the path alone says little."""
        links, whole, path = (self.path(name) for name in ("links.txt", "whole.h5", "run.h5"))
        options = ("--pace", "virtual", "--vms", 4, "--topology", f"file:{links}", "--seed", 3, "--progress", "none")
        text = "0 1\n1 2\n2 3\n"
        with open(links, "w") as file:
            file.write(text)
        expected = self.finished(*options, "--duration", "20s", "-o", whole, path=whole)
        self.check_run(*options, "--duration", "10s", "-o", path)
        for ranks in (None, 2):
            with open(links, "w") as file:
                file.write(text + "3 0\n")
            refused = self.check_run("--resume", path, "--duration", "20s", ranks=ranks, code=2)
            self.assertIn(f"lcmpi: --topology file:{links}: the file is not what it was when the run of {path} was started",
                          refused.stderr)
        with open(links, "w") as file:
            file.write(text)
        found = self.finished("--resume", path, "--duration", "20s", path=path, ranks=2)
        self.check_same(expected, found, path)

    def test_amid_a_snapshot(self):
        """What had been recorded of it is lost at the end: the run goes back to the one before, or to its beginning; in
        a file of the exact size too, where nothing is left of the one that was begun."""
        options = ("--pace", "virtual", "--vms", 12, "--latency", "uniform:10ms,6s", "--seed", 4, "--progress", "none",
                   "--snapshot-every", "2s")
        whole, path = self.path("whole.h5"), self.path("run.h5")
        for first, gone_on in (("29s", "snapshot"), ("2500ms", "beginning"), ("2s", "end")):
            for method, kept in itertools.product((MARKERS, COLOURS), ("always", "never")):
                common = (*options, *method, "--compact", kept, "--force")
                with self.subTest(first=first, method=method, compact=kept):
                    expected = self.finished(*common, "--duration", "31s", "-o", whole, path=whole)
                    self.check_run(*common, "--duration", first, "-o", path)
                    with h5py.File(path, "r") as file:
                        taken = int(file["commit/n_snapshots"][()].min())
                    self.assertEqual(taken > 0, gone_on == "snapshot")
                    found = self.finished("--resume", path, "--duration", "31s", path=path, ranks=2)
                    self.check_same(expected, found, path)
                    with h5py.File(path, "r") as file:
                        t_start, snapshot = file["segments/t_start"][1], file["segments/snapshot"][1]
                    self.assertEqual(snapshot, taken - 1)
                    if gone_on != "snapshot":
                        self.assertEqual(t_start, 2 * 10**9 if gone_on == "end" else 0)

    def test_from_the_end_amid_a_snapshot(self):
        """Where that is asked for; the snapshot begins anew there."""
        path, new = self.path("run.h5"), self.path("new.h5")
        for method in (MARKERS, COLOURS):
            self.check_run(*COMMON, "--vms", 12, "--latency", "uniform:10ms,6s", "--snapshot-every", "2s", *method,
                           "--compact", "never", "-o", path, "--force")
            with h5py.File(path, "r") as file:
                end = file["snapshots/t"].shape[0] - 1
                self.assertLess(file["commit/n_snapshots"][()].min(), end)
            self.check_run("--resume", path, "--from", end, "--duration", "130s", "-o", new, "--force")
            self.check_verified(new)
            with h5py.File(new, "r") as file:
                self.assertEqual(file["segments/t_start"][1], 100 * 10**9)


if __name__ == "__main__":
    unittest.main()
