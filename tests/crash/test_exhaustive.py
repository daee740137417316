"""Crash points of whole runs and of `lcmpi recover`, as exhaustive.py makes them from a trace.

LCMPI_EXHAUSTIVE=1   every crash point of every configuration (some minutes); else a sample of one run
LCMPI_CRASH_SEED     seed of what is sampled (drawn and printed if not given)
"""

import os
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
import exhaustive  # noqa: E402
import harness  # noqa: E402

EVERYTHING = os.environ.get("LCMPI_EXHAUSTIVE", "0") not in ("", "0")
SEED = int(os.environ.get("LCMPI_CRASH_SEED", "0")) or secrets.randbelow(10**9) + 1
SAMPLE = 90

BASE = ["--progress", "none", "--clock", "lamport,vector", "--speed", 10, "--seed", 5]
# queues that are never empty, and rows that are not committed when the end comes
PLAIN = [*BASE, "--duration", "4s", "--rates", "20:60", "--vms", 6, "--unicast", "1/2", "--multicast",
         "1/2", "--internal", 0, "--commit-every", "60ms", "--snapshot-every", "500ms"]
# more messages than the room that is laid out for them
GROWING = [*BASE, "--duration", "6s", "--rates", "120,200", "--unicast", 0, "--multicast", 1,
           "--internal", 0, "--fanout", 4, "--commit-every", "50ms", "--snapshot-every", "1s",
           "--reserve", "0.01"]


class CrashPoints(harness.Case):
    def setUp(self):
        super().setUp()
        self.started = time.monotonic()
        self.path_ = self.path("run.h5")
        self.tracer = exhaustive.build_tracer(self.scratch)

    def trace(self, *arguments, ranks=None, **options):
        log = self.path("trace.log")
        env = harness.environment(self.scratch)
        env.update(LD_PRELOAD=self.tracer, CRASH_TRACE_LOG=log, CRASH_TRACE_PREFIX=self.path_)
        self.check_run(*arguments, ranks=ranks, env=env, **options)
        records = exhaustive.read_log(log)
        os.remove(log)
        self.assertTrue(records, "nothing was traced")
        return records

    def verify(self, path):
        result = self.run_lcmpi("verify", path)
        if result.returncode == 0:
            return []
        lines = (result.stdout + result.stderr).splitlines()
        return ["lcmpi verify: " + "; ".join(
            line.strip() for at, line in enumerate(lines)
            if line.startswith("FAIL") or lines[at - 1].startswith("FAIL")) or result.stderr]

    def walk(self, what, records, sample=None, before=None, durable=False):
        judge = exhaustive.Judge(self.verify, content.read(self.path_))
        folder = tempfile.mkdtemp(prefix="walk", dir=self.scratch)
        walk = exhaustive.Walk(folder, self.path_, records, judge, SEED, sample, durable)
        counters = None
        if before:
            walk.replay.begin_with(*before)
            counters = content.counters(content.read(before[0]))
        end = walk.go(counters)
        seconds = time.monotonic() - self.started
        tally = ", ".join(f"{n} {name}" for name, n in judge.tally.items())
        print(f"\n{what}: {tally}; {seconds:.0f} s, LCMPI_CRASH_SEED={SEED}", flush=True)
        self.assertTrue(exhaustive.same_bytes(end.path, self.path_),
                        "the trace does not give the file that the run wrote: a call was not traced")
        if judge.faults:
            kept = tempfile.mkdtemp(prefix="lcmpi-crash-")
            for name in os.listdir(folder):
                if name.startswith("failed-"):
                    shutil.copy(os.path.join(folder, name), kept)
            shutil.copy(self.path_, os.path.join(kept, "end.h5"))
            self.fail(f"{what}: {judge.tally['FAILED']} bad states, the first kept in {kept}\n"
                      f"{judge.report()}")

    def points(self, what, options, ranks, sample=None, durable=False):
        if not EVERYTHING and sample is None:
            self.skipTest("every crash point of this takes long: LCMPI_EXHAUSTIVE=1 runs it")
        options = options + (["--durable"] if durable else [])
        records = self.trace(*options, "-o", self.path_, ranks=ranks)
        grown = sum(r.kind == exhaustive.RENAME for r in records) - 2  # the first and the last: always
        self.assertEqual(grown > 0, "--reserve" in options, f"grew {grown} times")
        self.walk(what, records, sample, durable=durable)

    def test_sample(self):
        """Where LCMPI_EXHAUSTIVE is not set: one run that has everything in it."""
        if EVERYTHING:
            self.skipTest("all of it is run")
        self.points("sample of 3 ranks, growing", [*GROWING, "--vms", 24], 3, SAMPLE)

    def test_sample_of_power_cuts(self):
        if EVERYTHING:
            self.skipTest("all of it is run")
        self.points("sample of 2 ranks, durable", PLAIN, 2, 30, durable=True)

    def test_one_rank(self):
        self.points("1 rank", PLAIN, 1)

    def test_three_ranks(self):
        self.points("3 ranks", PLAIN, 3)

    def test_one_rank_growing(self):
        self.points("1 rank, growing", [*GROWING, "--vms", 12], 1)

    def test_three_ranks_growing(self):
        self.points("3 ranks, growing", [*GROWING, "--vms", 24], 3)

    def test_durable(self):
        self.points("3 ranks, durable", PLAIN, 3, durable=True)

    def test_durable_growing(self):
        self.points("2 ranks, durable, growing", [*GROWING, "--vms", 16], 2, durable=True)

    def test_recover(self):
        """A kill of `recover` leaves the old file or the new one."""
        process = self.start_lcmpi(*PLAIN, "-o", self.path_, "--duration", "60s", ranks=2)
        harness.wait_until(lambda: self.has_rows(process), 20, "the first commits")
        for pid in harness.ranks_of(process) + [process.pid]:
            os.kill(pid, 9)
        process.wait()
        crashed = self.path("crashed.h5")
        subprocess.run(["cp", "--sparse=always", self.path_, crashed], check=True)
        before = content.read(crashed)
        inode = os.stat(self.path_).st_ino
        records = self.trace("recover", self.path_)
        self.walk("recover", records, before=(crashed, inode))
        after = content.read(self.path_)
        self.assertEqual(content.n_rows(after), content.n_rows(before))
        self.assertEqual(content.differences(before, after), [])

    def test_going_on(self):
        """Making the file in which a run goes on, in the place of the old one: at every moment the old file is
        there, byte for byte, or the new one, whole."""
        program = os.path.join(os.path.dirname(harness.LCMPI), "tests", "mpi_unit", "go_on")
        if not os.path.exists(program):
            self.skipTest(f"there is no {program}")
        self.check_run("leave", self.path_, ranks=3, program=program)
        old, inode = self.path("old.h5"), os.stat(self.path_).st_ino
        subprocess.run(["cp", "--sparse=always", self.path_, old], check=True)
        records = self.trace(self.path_, ranks=3, program=program)
        replay = exhaustive.Replay(tempfile.mkdtemp(prefix="walk", dir=self.scratch), self.path_, False)
        replay.begin_with(old, inode)
        renamed, writes = 0, 0
        for at, record in enumerate(records):
            touches = replay.touches_final(record)
            replay.apply(record)
            renamed += record.kind == exhaustive.RENAME
            writes += record.kind == exhaustive.WRITE
            if touches:
                self.assertTrue(renamed, f"record {at} of {len(records)} changed the old file: {record[:6]}")
                self.assertTrue(exhaustive.same_bytes(replay.at_final().path, self.path_), f"record {at}: not whole")
        self.assertEqual(renamed, 1)
        self.assertGreater(writes, 100)
        self.assertFalse(exhaustive.same_bytes(old, self.path_))

    def has_rows(self, process):
        if process.poll() is not None:
            raise AssertionError("the run ended: " + process.stderr.read())
        try:
            return all(content.read(self.path_).commit["n_events"] > 100)
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
