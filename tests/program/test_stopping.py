"""Signals and the end of the time there is stop a run early and cleanly, on all ranks at one moment; a second signal
ends it at once."""

import os
import re
import shlex
import signal
import time
import unittest

import h5py

import program
from program import ENDLESS, harness, judge

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGXCPU)
NAMES = {number: number.name for number in SIGNALS} | {signal.SIGALRM: "--max-walltime"}


def waits_for(pid, number):
    """Whether a signal has been sent to a process that has not looked at it yet."""
    with open(f"/proc/{pid}/status") as status:
        pending = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", status.read(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in pending)


def stands_still(pid):
    with open(f"/proc/{pid}/status") as status:
        return "\nState:\tT" in status.read()


def resume_command(out):
    """The words of the command that a run which was stopped proposes; None if it has none."""
    found = re.search(r"^resume    (.*)$", out, re.MULTILINE)
    return shlex.split(found[1]) if found else None


class Stopping(program.Case):
    def check_stopped(self, process, number, *codes, name="run.h5"):
        out, err = self.ends(process, *codes)
        self.assertEqual(program.spoken(err), [])
        self.assertIn(f"stopped early by {NAMES[number]})", out)
        self.assertEqual(resume_command(out)[-3:], [harness.LCMPI, "--resume", name])
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
        options = ("--vms", 2, "--rates", "2", "--snapshot-every", "5ms", "--duration", "20s", "--commit-every", "20ms",
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

    def test_it_says_how_to_go_on(self):
        """With a launcher only where there was one, and as a shell reads it."""
        for ranks, name, launcher in ((None, "one run.h5", []), (1, "a.h5", []), (3, "b.h5", ["mpirun", "-np", "3"])):
            with self.subTest(ranks=ranks):
                result = self.run_lcmpi("--vms", 3, *ENDLESS, "--max-walltime", "1ns", "-o", name, ranks=ranks)
                self.assertEqual(result.returncode, 85, result.stderr)
                self.assertEqual(resume_command(result.stdout), [*launcher, harness.LCMPI, "--resume", name])
        whole = self.check_run("--duration", "1s", "--pace", "virtual", "--max-walltime", "10m", "-o", "whole.h5")
        self.assertIsNone(resume_command(whole.stdout))

    def test_max_walltime(self):
        for ranks in (None, 3):
            with self.subTest(ranks=ranks):
                begun, name = time.monotonic(), f"{ranks}.h5"
                process = self.start_lcmpi("--vms", 3, *ENDLESS, "--max-walltime", "2s", "-o", name, ranks=ranks)
                run = self.check_stopped(process, signal.SIGALRM, 85, name=name)
                self.assertGreater(time.monotonic() - begun, 2)
                self.assertIn("\nmax-walltime = 2s\n", run.attrs["options"])

    def test_max_walltime_is_none_of_two_signals(self):
        """What comes while a process stands still is looked at when it goes on, lowest number first."""
        term, usr1, alrm = signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM
        cases = (((alrm,), alrm), ((alrm, term), term), ((usr1, alrm), usr1), ((usr1, alrm, term), usr1))
        for i, (numbers, seen) in enumerate(cases):
            with self.subTest(numbers):
                process = self.started("--vms", 3, *ENDLESS, "--max-walltime", "10m", name=f"{i}.h5")
                process.send_signal(signal.SIGSTOP)
                harness.wait_until(lambda: stands_still(process.pid), what="standstill")
                for number in numbers:
                    process.send_signal(number)
                process.send_signal(signal.SIGCONT)
                self.check_stopped(process, seen, 85, name=f"{i}.h5")

    def run_in_slurm(self, end, *arguments, ranks=None):
        env = harness.environment(self.scratch) | {"SLURM_JOB_END_TIME": str(end)}
        return self.run_lcmpi("--vms", 3, *arguments, "--progress", "none", "-o", "run.h5", "--force", env=env, ranks=ranks)

    def test_before_slurm_ends_the_job(self):
        """30 s before, or a tenth of what is left; nothing that is no time to come is a limit."""
        limit = re.compile(r"^limit     the run stops in ([\d.]+)s and is saved: this Slurm job ends soon after", re.MULTILINE)
        short = ("--duration", "1s", "--pace", "virtual")
        now = int(time.time())
        for ranks in (None, 2):
            out = self.run_in_slurm(now + 10000, *short, ranks=ranks).stdout
            self.assertTrue(9970 - 60 < float(limit.search(out)[1]) <= 9970, out)
        for end, more in ((now - 10, ()), (0, ()), (-now, ()), ("soon", ()), ("", ()), (2**63 - 1, ()), (10**30, ()),
                          (now + 10000, ("--max-walltime", "1h"))):
            with self.subTest(end=end):
                result = self.run_in_slurm(end, *short, *more)
                self.assertEqual((result.returncode, limit.search(result.stdout)), (0, None), result.stderr)
        result = self.run_in_slurm(int(time.time()) + 10, *ENDLESS)
        self.assertEqual(result.returncode, 85, result.stderr)
        self.assertLessEqual(float(limit.search(result.stdout)[1]), 9)
        self.assertIn("stopped early by --max-walltime)", result.stdout)
        self.judged(state="STOPPED")

    def test_a_run_that_goes_on_is_not_resumed(self):
        process = self.started("--vms", 3, *ENDLESS)
        result = self.check_run("--resume", "run.h5", code=3)
        self.assertEqual(result.stderr, "lcmpi: run.h5: the run is going on: another process writes it\n")
        process.terminate()
        self.check_stopped(process, signal.SIGTERM, 85)

    def test_a_second_signal_is_final(self):
        """If it comes a second after the first; what comes sooner is the same request, told by another."""
        process = self.started("--vms", 3, *ENDLESS, ranks=2)
        told, still = harness.ranks_of(process)
        os.kill(still, signal.SIGSTOP)  # no stop without it
        self.addCleanup(lambda: process.poll() is None and os.kill(still, signal.SIGCONT))
        harness.wait_until(lambda: stands_still(still), what="standstill")
        os.kill(told, signal.SIGUSR1)
        sent = time.monotonic()
        harness.wait_until(lambda: not waits_for(told, signal.SIGUSR1), what="a look at the first")
        os.kill(told, signal.SIGTERM)
        harness.wait_until(lambda: time.monotonic() > sent + 1.1 and not waits_for(told, signal.SIGTERM), what="a second")
        self.assertIn(told, harness.ranks_of(process))
        os.kill(told, signal.SIGTERM)
        self.ends(process, 128 + signal.SIGTERM)
        self.judged(state="RUNNING")
        self.assertIn("was RUNNING, is RECOVERED", self.check_run("recover", "run.h5").stdout)
        self.judged(state="RECOVERED")

    def test_signals_of_one_request(self):
        """As timeout(1) sends them: to mpirun, which passes it on, and to its group. (What mpirun makes of two is not lcmpi's to say.)"""
        process = self.started("--vms", 3, *ENDLESS, ranks=2)
        ranks = harness.ranks_of(process)
        for rank in ranks:
            os.kill(rank, signal.SIGTERM)
        harness.wait_until(lambda: not any(waits_for(rank, signal.SIGTERM) for rank in ranks), what="a look at the first")
        for rank in ranks:
            os.kill(rank, signal.SIGTERM)
        self.check_stopped(process, signal.SIGTERM, 85)

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
