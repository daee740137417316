"""Real time: a run that was stopped or killed goes on, on the same ranks or others: no tick is left out, no message is
lost or there twice, model time goes on where it was, and what was past the snapshot is kept aside."""

import os
import random
import signal
import unittest

import h5py
import numpy as np

import program
from program import harness

import going_on

SYSTEM = ("--vms", 6, "--rates", "20:60", "--clock", "lamport,vector", "--speed", 4, "--duration", "16s",
          "--commit-every", "20ms", "--snapshot-every", "800ms", "--progress", "none")
NETWORKS = {
    "at once": (),
    "constant": ("--latency", "const:30ms"),
    "in order": ("--latency", "exp:60ms,min=1ms"),
    "overtaking": ("--latency", "exp:60ms,min=1ms", "--fifo", "off"),
    "coloured": ("--latency", "exp:60ms,min=1ms", "--snapshot-method", "lai-yang"),
}


class GoingOn(program.Case):
    def for_each_network(self):
        """A test of each, and a folder without what the last one left, also after a failure."""
        for name, network in NETWORKS.items():
            if os.path.exists(self.path("run.h5")):
                os.remove(self.path("run.h5"))
            yield name, network

    def stop(self, process):
        os.kill((harness.ranks_of(process) or [process.pid])[0], signal.SIGUSR1)
        out, err = self.ends(process, 85)
        self.assertEqual(program.spoken(err), [])
        return out

    def wait_for_snapshots(self, process, live, n):
        self.assertTrue(going_on.wait_for(lambda: live.least("n_snapshots") >= n, process), "it came to its end")

    def segments(self, name="run.h5"):
        with h5py.File(self.path(name), "r") as file:
            return {key: data[()].tolist() for key, data in file["segments"].items()
                    if isinstance(data, h5py.Dataset) and not h5py.h5ds.is_scale(data.id)}

    def require_whole(self, name="run.h5"):
        """Beside what both judges look at: each tick once, each message once, and received once or left."""
        run = self.judged(name)
        events, messages = run.events, run.messages
        for v, rows in enumerate(run.of_vm):
            self.assertEqual(events.tick[rows].tolist(), list(range(len(rows))), f"ticks of VM {v}")
        sent = list(zip(messages.sender.tolist(), messages.number.tolist()))
        taken = [(p, n) for k, p, n in zip(events.kind, events.peer, events.msg_first) if k == 3]
        left = [(s, n) for table in (run.queue, run.channel)
                for s, n, cut in zip(table.sender, table.number, table.snapshot) if cut == run.last]
        self.assertEqual(len(set(sent)), len(sent))
        self.assertEqual(sorted(sent), sorted([tuple(map(int, id)) for id in taken + left]))
        return run

    def stopped_and_gone_on_with(self, network, ranks):
        """Stopped twice; gone on with on other ranks."""
        ends = []
        arguments = (*SYSTEM, *network, "-o", "run.h5")
        for n in ranks[:-1]:
            live = going_on.Live(self.path("run.h5"))
            process = self.start_lcmpi(*arguments, ranks=n)
            done = max(live.least("n_snapshots"), 5 * len(ends))
            self.wait_for_snapshots(process, live, done + 4)
            self.stop(process)
            self.judged(state="STOPPED")
            with h5py.File(self.path("run.h5"), "r") as file:
                ends.append(int(file["snapshots/t_actual"][:, -1].max()))
            arguments = ("--resume", "run.h5", "--progress", "none")
        self.check_run(*arguments, ranks=ranks[-1])
        run = self.require_whole()
        found = self.segments()
        self.assertEqual(found["t_start"], [0, *ends])
        self.assertEqual(found["n_rank"], [n or 1 for n in ranks])
        self.assertEqual(found["snapshot"][0], -1)
        for end in ends:  # nothing happens in between; model time stands still
            late = run.events.t_actual >= end
            self.assertTrue((run.events.t_actual[late] >= end).all() and late.any() and not late.all())
        return run

    def test_stopped_and_gone_on_with(self):
        for name, network in self.for_each_network():
            rng = random.Random(name)
            ranks = (rng.choice((2, 3)), rng.choice((None, 2, 3)), rng.choice((1, 3, 5)))
            with self.subTest(name, ranks=ranks):
                self.stopped_and_gone_on_with(network, ranks)

    def test_how_wrong_clocks_were(self):
        """The bound is that of the worst segment."""
        process = self.started(*SYSTEM, ranks=2, name="run.h5")
        self.stop(process)
        with h5py.File(self.path("run.h5"), "r+") as file:
            file["clock_error"][1] = 12345
        self.check_run("--resume", "run.h5", "--max-walltime", "1ms", "--progress", "none", ranks=3, code=85)
        with h5py.File(self.path("run.h5"), "r") as file:
            self.assertEqual(file["clock_error"][()].tolist(), [12345, 12345, 12345])
        self.judged(state="STOPPED")

    def killed(self, *arguments, one, snapshots=5):
        """A run of three ranks that is killed when it has so many snapshots more, and has rows behind them."""
        live = going_on.Live(self.path("run.h5"))
        process = self.start_lcmpi(*arguments, ranks=3)
        self.assertTrue(going_on.wait_for(live.is_there, process))
        self.wait_for_snapshots(process, live, live.least("n_snapshots") + snapshots)
        rows = live.least("n_events")
        going_on.wait_for(lambda: live.least("n_events") > rows + 5, process)
        going_on.kill(process, one, random.Random(1))

    def committed_rows(self):
        """The rows of all events on file, those aside too."""
        with h5py.File(self.path("run.h5"), "r") as file:
            found = [going_on.rows(file, group, ("machine", "seq", "t_actual"), counter) for group, counter in
                     (("events", "events"), ("abandoned/events", "abandoned_events")) if group in file]
            return set().union(*(zip(t["machine"].tolist(), t["seq"].tolist(), t["t_actual"].tolist()) for t in found))

    def test_killed_and_gone_on_with(self):
        """From the newest snapshot; the rows past it are in /abandoned."""
        for name, network in self.for_each_network():
            with self.subTest(name):
                self.killed(*SYSTEM, *network, "-o", "run.h5", one=name == "constant")
                before = self.committed_rows()
                self.killed("--resume", "run.h5", "--progress", "none", one=False, snapshots=3)
                self.assertLessEqual(before, self.committed_rows())
                before = self.committed_rows()
                self.check_run("--resume", "run.h5", "--progress", "none", ranks=2)
                self.require_whole()
                self.assertLessEqual(before, self.committed_rows(), "a committed row is gone")
                self.check_abandoned()

    def check_abandoned(self):
        """Every machine did those ticks again."""
        with h5py.File(self.path("run.h5"), "r") as file:
            events, aside = (going_on.rows(file, group, ("machine", "seq"), counter) for group, counter in
                             (("events", "events"), ("abandoned/events", "abandoned_events")))
            messages = going_on.rows(file, "abandoned/messages", ("sender", "number"), "abandoned_messages")
        self.assertGreater(len(aside["machine"]), 0)
        done = dict(zip(zip(events["machine"].tolist(), events["seq"].tolist()), events["t_actual"].tolist()))
        # Done again it is a little earlier or later, but by chance: the first tick can be at the very moment where the run goes on,
        # and two ticks in time are as late as each other, to the ns, once in tens of thousands.
        same = [t for machine, seq, t in zip(*(aside[name].tolist() for name in ("machine", "seq", "t_actual"))) if done[machine, seq] == t]
        self.assertLess(len(same), 2 + len(aside["machine"]) / 10, "abandoned events are in the run as well")
        self.assertEqual(int(aside["msg_count"][aside["kind"] == 2].sum()), len(messages["sender"]))

    def test_model_time_stands_still(self):
        """It goes on where it was, at the speed that is asked for, and ticks that waited are late, and counted."""
        process = self.started(*SYSTEM, "--snapshot-every", "none", ranks=2, rows=40)
        self.stop(process)
        with h5py.File(self.path("run.h5"), "r") as file:
            t, n = int(file["snapshots/t_actual"][:, -1].max()), file["n_tick"][()].copy()
        out = self.check_run("--resume", "run.h5", "--speed", 8, "--progress", "none").stdout
        run = self.require_whole()
        first = [run.events.t_actual[rows[n[v]]] for v, rows in enumerate(run.of_vm)]
        self.assertGreaterEqual(min(first), t)
        self.assertLess(max(first), t + 4 * 10**9)
        self.assertIn(f"over {run.events.n - int(n.sum()):,} ticks since the resume", out)
        self.assertTrue((np.diff([run.events.t_actual[rows[-1]] for rows in run.of_vm]) < 10**9).all())


if __name__ == "__main__":
    unittest.main()
