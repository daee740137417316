"""kill -9 at random moments of runs in virtual time and of their resumes, on other numbers of ranks, until they are
complete: the digests are those of a run that was never stopped.

LCMPI_RESUMES         how many such runs (default 20)
LCMPI_RESUME_SEED     seed of all random choices (drawn and printed if not given)
LCMPI_RESUME_FIRST    number of the first: SEED and FIRST of a failure, with LCMPI_RESUMES=1, repeat it
LCMPI_RESUME_VERBOSE  print a line for every run
"""

import collections
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "common")]

import content  # noqa: E402
import going_on  # noqa: E402
import harness  # noqa: E402
from watch import Watcher  # noqa: E402

RESUMES = int(os.environ.get("LCMPI_RESUMES", "20"))
FIRST = int(os.environ.get("LCMPI_RESUME_FIRST", "0"))
SEED = int(os.environ.get("LCMPI_RESUME_SEED", "0")) or secrets.randbelow(10**9) + 1
VERBOSE = "LCMPI_RESUME_VERBOSE" in os.environ

COMMON = ("--pace", "virtual", "--duration", "120s", "--phase", "random", "--progress", "none")
SYSTEMS = (
    ("--vms", 200, "--latency", "const:4ms"),
    ("--vms", 200, "--latency", "exp:50ms,min=5ms", "--compact", "always"),
    ("--vms", 200, "--latency", "uniform:5ms,7s", "--fifo", "off", "--snapshot-every", "1s"),
    ("--vms", 30, "--clock", "lamport,vector", "--rates", "30:60", "--latency", "exp:30ms,min=5ms"),
    ("--vms", 3, "--replicas", 60, "--log", "sample:4", "--latency", "const:8ms", "--compact", "always"),
    ("--vms", 3000, "--log", "none", "--latency", "lognormal:90ms,0.7,min=10ms", "--snapshot-every", "3s"),
    ("--vms", 200, "--latency", "const:4ms", "--reserve", "0.01", "--durable"),
    ("--vms", 200, "--latency", "const:8ms", "--snapshot-every", "none", "--compact", "never"),
)
MOMENTS = {"any": 3, "set-up": 4, "running": 5, "snapshot": 5, "end": 4, "compaction": 2}


def draw(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


class Follower(Watcher):
    """Of the file that a run makes, not of one that has its name already; counters begin anew with each file."""

    def __init__(self, path):
        super().__init__(path)
        self.before = going_on.inode(path)

    def look(self):
        self.temporary_exists = os.path.exists(self.temporary)
        if going_on.inode(self.path) != self.before:
            super().look()

    def open(self, inode):
        self.seen.clear()
        super().open(inode)


class Plan:
    def __init__(self, seed, number):
        self.rng = random.Random(f"{seed}:{number}")
        self.number, self.seed = number, seed
        self.system = self.rng.choice(SYSTEMS)
        self.kills = self.rng.choice((1, 1, 2, 3))

    def __str__(self):
        words = " ".join(map(str, (*COMMON, *self.system)))
        return f"run {self.number} of LCMPI_RESUME_SEED={self.seed}, killed {self.kills} times: lcmpi {words}"


class Resume(harness.Case):
    expected = {}  # system: the digests of a run that was never stopped

    def test_kill_and_resume(self):
        tally = collections.Counter()
        started = time.monotonic()
        print(f"\n{RESUMES} runs from LCMPI_RESUME_SEED={SEED}", flush=True)
        for number in range(FIRST, FIRST + RESUMES):
            plan = Plan(SEED, number)
            with self.subTest(str(plan)):
                self.one_run(plan, tally)
        print(f"{RESUMES} runs in {time.monotonic() - started:.0f} s: " +
              ", ".join(f"{n} {what}" for what, n in sorted(tally.items())), flush=True)

    def one_run(self, plan, tally):
        folder = tempfile.mkdtemp(prefix="r", dir=self.scratch)
        before, stages = time.monotonic(), []
        try:
            self.kill_and_resume(plan, os.path.join(folder, "run.h5"), stages)
            tally.update(f"killed at {stage}" for stage in stages)
            if VERBOSE:
                print(f"  {time.monotonic() - before:.2f} s, at {', '.join(stages)}: {plan}", flush=True)
        except Exception as failure:
            tally["FAILED"] += 1
            kept = tempfile.mkdtemp(prefix="lcmpi-resume-")
            subprocess.run(["cp", "-a", "--sparse=always", folder, kept], check=False)
            raise AssertionError(f"{plan}\n  at {', '.join(stages)}; files kept in {kept}\n  {failure}") from failure
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def never_stopped(self, system):
        if system not in self.expected:
            path = self.path("whole.h5")
            done = self.check_run(*COMMON, *system, "--seed", 11, "-o", path, "--force")
            self.check_verified(path)
            self.expected[system] = going_on.digests(done.stdout), going_on.digests_of(path)
        return self.expected[system]

    def kill_and_resume(self, plan, path, stages):
        printed, on_file = self.never_stopped(plan.system)
        begin = (*COMMON, *plan.system, "--seed", 11, "-o", path)
        resume = ("--resume", path, "--progress", "none")
        for _ in range(plan.kills):
            arguments = resume if os.path.exists(path) else begin
            stages.append(self.start_and_kill(plan, arguments, path) + (" of a resume" if arguments is resume else ""))
            self.assertTrue(arguments is begin or os.path.exists(path), "a resume took the file with it")
            if os.path.exists(path) and plan.rng.random() < 0.4:
                self.check_verified(path)
        done = self.check_run(*(resume if os.path.exists(path) else begin), ranks=plan.rng.choice((None, 1, 2, 3, 5)))
        if "nothing to resume" not in done.stdout:  # else it was killed when all was done
            self.assertEqual(going_on.digests(done.stdout), printed)
            self.assertFalse(os.path.exists(path + ".tmp"), "a temporary file is left")
        self.assertEqual(going_on.digests_of(path), on_file)
        self.check_verified(path)

    # ---- the kill ---------------------------------------------------------------------------------------

    def start_and_kill(self, plan, arguments, path):
        """Returns at what stage of its life the run was killed."""
        rng, follower = plan.rng, Follower(path)
        one, ranks, moment = rng.random() < 0.2, rng.choice((1, 2, 2, 3)), draw(rng, MOMENTS)
        follower.start()
        process = self.start_lcmpi(*arguments, ranks=ranks, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_for_moment(moment, follower, process, rng.random())
            stage = follower.stage()
            going_on.kill(process, one, rng)
        finally:
            self.end(process)
            follower.stop()
        self.assertEqual(follower.faults, [])
        return stage

    @staticmethod
    def wait_for_moment(moment, follower, process, delay):
        conditions = {
            "set-up": lambda: follower.temporary_exists or follower.inode is not None,
            "running": lambda: follower.inode is not None,
            "snapshot": lambda: follower.done("n_snapshots"),
            "end": lambda: follower.done("n_final"),
            "compaction": lambda: follower.state not in (None, content.RUNNING),
        }
        longest = {"any": 0.9, "set-up": 0.03, "running": 0.3, "snapshot": 0.1, "end": 0.002, "compaction": 0.03}
        if moment != "any":
            going_on.wait_for(conditions[moment], process)
        until = time.monotonic() + delay * longest[moment]
        going_on.wait_for(lambda: time.monotonic() >= until, process)


if __name__ == "__main__":
    unittest.main()
