"""Signals end a run early and cleanly, on all ranks at one moment; a second one ends it at once."""

import os
import re
import signal
import unittest

import h5py

import program
from program import ENDLESS, harness, judge

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


def waits_for(pid, number):
    """Whether a signal has been sent to a process that has not looked at it yet."""
    with open(f"/proc/{pid}/status") as status:
        pending = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", status.read(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in pending)


def stands_still(pid):
    with open(f"/proc/{pid}/status") as status:
        return "\nState:\tT" in status.read()


class Stopping(program.Case):
    def check_stopped(self, process, number, *codes, name="run.h5"):
        out, err = self.ends(process, *codes)
        self.assertEqual(program.spoken(err), [])
        self.assertIn(f"stopped early by {signal.Signals(number).name}", out)
        run = self.judged(name, state="STOPPED")
        self.assertLess(run.t_end, run.duration)
        self.assertGreater(run.events.n, 0)
        self.assertFalse(os.path.exists(self.path(name + ".tmp")))
        return run

    def check_each(self, signals, *arguments, ranks=None):
        """(what is sent, what a rank gets, the exit code): a run for each, side by side."""
        runs = [self.start_lcmpi(*arguments, *ENDLESS, "-o", f"{sent}.h5", ranks=ranks) for sent, _, _ in signals]
        for process, (sent, seen, code) in zip(runs, signals):
            self.wait_for_rows(process, 10, f"{sent}.h5")
            process.send_signal(sent)
        for process, (sent, seen, code) in zip(runs, signals):
            with self.subTest(signal=sent.name):
                self.check_stopped(process, seen, code, name=f"{sent}.h5")

    def test_alone(self):
        self.check_each([(number, number, 85) for number in SIGNALS], "--vms", 3, "--clock", "lamport,vector")

    def test_theory_of_the_time_that_was_run(self):
        """The summary has what theory expects by then; in the file it is what was expected of the whole run."""
        process = self.started("--vms", 3, *ENDLESS, "--rates", "10,30,60", rows=200)
        process.send_signal(signal.SIGTERM)
        out, _ = self.ends(process, 85)
        with h5py.File(self.path("run.h5"), "r") as file:
            seconds, planned = file["commit/t_end"][()] / 1e9, file["predicted_clock"][()]
        self.assertEqual([round(clock) for clock in planned], [24000, 36000, 36000])
        rows = re.findall(r"^ +([0-2]) +0 +[136]0 +(.*)$", out, re.MULTILINE)
        for vm, (row, planned_clock) in enumerate(zip(rows, planned)):
            queue, clock = float(row[1].split()[5]), float(row[1].split()[7])
            self.assertAlmostEqual(clock / (planned_clock * seconds / 600), 1, delta=0.002)
            self.assertLess(queue, 5 * seconds + 10 if vm == 0 else 1)  # VM 0 is sent 15 and takes 10 a second
        self.assertEqual(len(rows), 3)

    def test_mpirun_forwards(self):
        """SIGUSR1 goes on to all ranks; for SIGINT and SIGTERM mpirun sends SIGTERM, and returns 1."""
        self.check_each([(signal.SIGUSR1, signal.SIGUSR1, 85), (signal.SIGINT, signal.SIGTERM, 1),
                         (signal.SIGTERM, signal.SIGTERM, 1)], ranks=3)

    def test_one_rank_stops_all(self):
        process = self.started("--vms", 5, *ENDLESS, ranks=3)
        os.kill(harness.ranks_of(process)[1], signal.SIGTERM)
        self.check_stopped(process, signal.SIGTERM, 85)

    def test_every_state_before_the_end(self):
        """More snapshots than ticks: also those after the last tick are taken."""
        options = ("--vms", 2, "--rates", "2", "--snapshot-every", "500us", "--duration", "20s", "--commit-every", "20ms",
                   "--progress", "none")
        process = self.started(*options, ranks=2, rows=3)
        process.send_signal(signal.SIGUSR1)
        self.check_stopped(process, signal.SIGUSR1, 85)

    def test_at_the_very_start(self):
        """When the first line is out, the file is there, and a stop is clean, however little has happened."""
        process = self.start_lcmpi("--vms", 3, *ENDLESS, "-o", "run.h5")
        self.assertIn("into run.h5", process.stdout.readline())
        process.terminate()
        out, _ = self.ends(process, 85)
        self.assertIn("stopped early by SIGTERM", out)
        self.judged(state="STOPPED")

    def test_a_second_signal_is_final(self):
        process = self.started("--vms", 3, *ENDLESS)
        process.terminate()
        harness.wait_until(lambda: not waits_for(process.pid, signal.SIGTERM), what="a look at the first")
        process.terminate()
        self.ends(process, 128 + signal.SIGTERM, -signal.SIGTERM)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        state = judge.judge(self.path("run.h5"))[1].state_name
        self.assertIn(state, ("RUNNING", "STOPPED"))  # it may have come when all was saved
        self.judged(state=state)
        if state == "RUNNING":
            self.assertIn("was RUNNING, is RECOVERED", self.check_run("recover", "run.h5").stdout)
            self.judged(state="RECOVERED")

    def test_a_rank_that_stood_still_catches_up(self):
        """Every tick it missed is run, late; the file is as good as ever."""
        process = self.started("--clock", "lamport,vector", *ENDLESS, "--rates", 6, ranks=3)
        still = harness.ranks_of(process)[1]
        os.kill(still, signal.SIGSTOP)
        self.addCleanup(lambda: process.poll() is None and os.kill(still, signal.SIGCONT))
        harness.wait_until(lambda: stands_still(still), what="standstill")
        before = program.committed(self.path("run.h5"))

        def went_on():
            now = program.committed(self.path("run.h5"))
            return sum(b - a >= 25 for a, b in zip(before, now)) >= 2
        harness.wait_until(went_on, what="the others' ticks")
        os.kill(still, signal.SIGCONT)
        self.wait_for_rows(process, max(program.committed(self.path("run.h5"))))
        os.kill(harness.ranks_of(process)[0], signal.SIGUSR1)
        run = self.check_stopped(process, signal.SIGUSR1, 85)
        late = int(run.root["lateness_max"].max())
        self.assertGreater(late, 2 * 10**9, "of about 4 s that it stood still")


if __name__ == "__main__":
    unittest.main()
