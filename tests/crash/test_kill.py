"""kill -9 at random moments of the whole life of a run: whatever was committed is on file, the file opens,
verifies and can be recovered without losing a row.

LCMPI_KILLS         how many kills (default 30), and a quarter as many of runs in virtual time
LCMPI_KILL_SEED     seed of all random choices (drawn and printed if not given)
LCMPI_KILL_FIRST    number of the first kill: SEED and FIRST of a failure, with LCMPI_KILLS=1, repeat it
LCMPI_KILL_VERBOSE  print a line for every kill
"""

import collections
import hashlib
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "common")]

import content  # noqa: E402
import harness  # noqa: E402
from watch import Watcher  # noqa: E402

KILLS = int(os.environ.get("LCMPI_KILLS", "30"))
FIRST = int(os.environ.get("LCMPI_KILL_FIRST", "0"))
SEED = int(os.environ.get("LCMPI_KILL_SEED", "0")) or secrets.randbelow(10**9) + 1
VERBOSE = "LCMPI_KILL_VERBOSE" in os.environ

# when to kill, and how often each: "any" is a moment drawn from the whole life, the others wait for a sign
MOMENTS = {"any": 5, "set-up": 3, "running": 3, "snapshot": 2, "growth": 6, "end": 4, "compaction": 5}
VICTIMS = {"all ranks": 4, "all ranks and mpirun": 4, "one rank": 7, "mpirun": 1}


def draw(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


class Plan:
    """One kill: a command line, a moment and a victim, all drawn from one seed."""

    what, moments, victims, most_ranks = "kill", MOMENTS, VICTIMS, 5

    def __init__(self, seed, number):
        rng = self.rng = random.Random(f"{seed}:{number}")
        self.number, self.seed = number, seed
        self.moment, self.victim = draw(rng, self.moments), draw(rng, self.victims)
        self.ranks = rng.randint(1, self.most_ranks)
        self.wall = rng.uniform(0.3, 0.8)
        self.delay = rng.random()
        self.options = self.draw_growing() if self.moment == "growth" else self.draw_options()

    def common(self, speed, snapshot_wall):
        rng = self.rng
        options = [
            "--speed", speed, "--duration", f"{self.wall * speed:.3f}s",
            "--seed", rng.randrange(10**6), "--progress", rng.choice(["none", "log"]),
            "--clock", rng.choice(["lamport", "lamport,vector"]),
            "--snapshot-every", f"{max(1, round(snapshot_wall * speed * 1000))}ms",
            "--phase", rng.choice(["zero", "period", "random"]),
            "--compact", rng.choice(["auto", "auto", "always", "never"])
            if self.moment != "compaction" else "always",
        ]
        return options + (["--durable"] if rng.random() < 0.25 else [])

    def draw_options(self):
        rng = self.rng
        speed = rng.choice([1, 1, 2, 5, 10])
        vms = self.ranks + rng.randint(1 if self.ranks == 1 else 0, 12)
        most = max(4, min(400, 12000 // (vms * speed)))  # what two cores can do
        unicast, multicast, internal = rng.choice(
            [("0.2", "0.1", "0.7"), ("1/2", "0", "1/2"), ("0.3", "0.7", "0"), ("0", "0", "1")])
        return self.common(speed, rng.choice([0.01, 0.03, 0.1, 0.3])) + [
            "--vms", vms, "--rates", f"{max(1, most // 6)}:{most}",
            "--unicast", unicast, "--multicast", multicast, "--internal", internal,
            "--fanout", rng.choice([1, "all"]),
            "--commit-every", rng.choice(["1ms", "2ms", "5ms", "20ms", "100ms"]),
            "--reserve", rng.choice(["1.5", "0.01"]),
        ]

    def draw_growing(self):
        """Some thousand messages in no time, where there is room for 4096 of each rank."""
        rng = self.rng
        self.ranks = rng.randint(1, 3)
        self.wall = rng.uniform(0.6, 0.9)
        return self.common(10, rng.choice([0.02, 0.1])) + [
            "--vms", 8 * self.ranks, "--rates", rng.choice(["150", "180", "120,200"]),
            "--unicast", "0", "--multicast", "1", "--internal", "0", "--fanout", 4,
            "--commit-every", rng.choice(["1ms", "5ms", "50ms"]), "--reserve", "0.01",
        ]

    def __str__(self):
        return (f"{self.what} {self.number} of LCMPI_KILL_SEED={self.seed}: {self.victim} at {self.moment}: "
                f"mpirun -np {self.ranks} lcmpi {' '.join(map(str, self.options))}")


class VirtualPlan(Plan):
    """Some 100,000 events: 0.1 s of one rank, 0.5 s of two, for which a window is a message."""

    what, most_ranks = "virtual kill", 2
    moments = {"set-up": 1, "running": 4, "snapshot": 2, "growth": 1, "end": 2, "compaction": 2}
    victims = {"all ranks and mpirun": 5, "one rank": 1}  # an mpirun that survives takes 2 s to end

    def draw_options(self, reserve="1.5"):
        rng = self.rng
        self.wall = 0.05 if self.ranks == 1 else 0.4
        latency = ["const:1ms", "exp:50ms,min=2ms"] if self.ranks == 1 else ["const:10ms", "exp:50ms,min=10ms"]
        return [
            "--pace", "virtual", "--vms", 500, "--duration", "60s", "--phase", "random",
            "--latency", rng.choice(latency), "--seed", rng.randrange(10**6), "--progress", "none",
            "--log", rng.choice(["all", "sample:3"]), "--reserve", reserve, "--snapshot-every", "10s",
            "--compact", "always" if self.moment == "compaction" else rng.choice(["auto", "never"]),
        ] + (["--durable"] if rng.random() < 0.25 else [])

    def draw_growing(self):
        return self.draw_options(reserve="0.01")


# ---- the kill -------------------------------------------------------------------------------------------

def wait_for(condition, process, seconds):
    """As precise as polling gets; ends early if the run does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if condition():
            return
        time.sleep(0.0001)


def wait_for_moment(plan, watcher, process):
    """Returns at the moment at which to kill."""
    wait, delay = (lambda condition, s=20: wait_for(condition, process, s)), 0
    if plan.moment == "any":
        delay = plan.delay * (0.8 + plan.wall)
    elif plan.moment == "set-up":
        if plan.delay < 0.3:
            delay = plan.delay  # somewhere in MPI's own start
        else:
            wait(lambda: os.path.exists(watcher.temporary) or os.path.exists(watcher.path))
            delay = (plan.delay - 0.3) * 0.03
    elif plan.moment == "running":
        wait(lambda: watcher.done("n_events"))
        delay = plan.delay * plan.wall
    elif plan.moment == "snapshot":
        wait(lambda: watcher.done("n_snapshots"))
        at, length = watcher.seen.get("n_snapshots"), 0.5 * plan.delay
        wait(lambda: watcher.seen["n_snapshots"] != at, length)
        delay = plan.rng.choice([0, 0.0005])
    elif plan.moment == "growth":
        wait(lambda: os.path.exists(watcher.path))
        wait(lambda: os.path.exists(watcher.temporary) or watcher.n_file > 1)
        delay = plan.delay * 0.02
    elif plan.moment == "end":
        wait(lambda: watcher.done("n_final"))
        delay = plan.delay * 0.002
    elif plan.moment == "compaction":
        wait(lambda: watcher.state not in (None, content.RUNNING))
        delay = plan.delay * 0.015
    wait_for(lambda: False, process, delay)


def kill(plan, process):
    """SIGKILL to the victims; the ids of all processes of the run, killed or not."""
    ranks = harness.ranks_of(process)
    everyone = set(harness.descendants(process.pid)) | {process.pid}
    if plan.victim == "mpirun":
        harness.send_kill([process.pid])
    elif plan.victim == "one rank" and ranks:
        harness.send_kill([plan.rng.choice(ranks)])
    else:
        plan.rng.shuffle(ranks)
        with_mpirun = [process.pid] if plan.victim.endswith("mpirun") or not ranks else []
        harness.send_kill(with_mpirun + ranks)
    return everyone


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_ino


class Kill(harness.Case):
    """Beside each assertion stands what a user relies on."""

    def test_kills(self):
        self.kill_all(Plan, KILLS)

    def test_kills_in_virtual_time(self):
        self.kill_all(VirtualPlan, -(-KILLS // 4))

    def kill_all(self, kind, kills):
        tally = collections.Counter()
        started = time.monotonic()
        print(f"\n{kills} {kind.what}s from LCMPI_KILL_SEED={SEED}", flush=True)
        plans = [kind(SEED, number) for number in range(FIRST, FIRST + kills)]
        with ThreadPoolExecutor(2) as pool:
            for plan, job in [(plan, pool.submit(self.one_kill, plan, tally)) for plan in plans]:
                with self.subTest(str(plan)):
                    job.result()
        seconds = time.monotonic() - started
        print(f"{kills} {kind.what}s in {seconds:.0f} s: " +
              ", ".join(f"{n} {what}" for what, n in sorted(tally.items())), flush=True)

    def one_kill(self, plan, tally):
        folder = tempfile.mkdtemp(prefix="k", dir=self.scratch)
        path = os.path.join(folder, "run.h5")
        before = time.monotonic()
        try:
            stage = self.kill_and_check(plan, folder, path)
            tally[f"at {stage}"] += 1
            tally[plan.victim] += 1
            if VERBOSE:
                print(f"  {time.monotonic() - before:.2f} s, at {stage}: {plan}", flush=True)
        except Exception as failure:
            tally["FAILED"] += 1
            kept = tempfile.mkdtemp(prefix="lcmpi-crash-")
            with open(os.path.join(folder, "kill.txt"), "w") as note:
                note.write(f"{plan}\n\n{failure}\n")
            subprocess.run(["cp", "-a", "--sparse=always", folder, kept], check=False)
            raise AssertionError(f"{plan}\n  files kept in {kept}\n  {failure}") from failure
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kill_and_check(self, plan, folder, path):
        watcher = Watcher(path)
        watcher.start()
        output = open(os.path.join(folder, "output.txt"), "w")
        process = self.start_lcmpi(*plan.options, "-o", path, ranks=plan.ranks, stdout=output,
                                   stderr=output)
        everyone = set()
        try:
            wait_for_moment(plan, watcher, process)
            stage = watcher.stage()
            everyone = kill(plan, process)
            self.wait_for_death(process, everyone)
        finally:
            harness.send_kill(pid for pid in everyone if harness.alive(pid))
            self.end(process)
            output.close()
            watcher.stop()
        if os.path.exists(path):
            self.check_left_behind(path, watcher, ended=process.returncode == 0)
        else:
            self.check_same_command_works(plan, path, watcher)
        return stage

    def wait_for_death(self, process, everyone):
        """mpirun brings down what was not killed; ranks without an mpirun go by themselves."""
        process.wait(timeout=30)
        harness.wait_until(lambda: not any(map(harness.alive, everyone)), 30, "the end of all ranks")

    # ---- what must hold afterwards ----------------------------------------------------------------------

    def insist(self, wrong):
        if wrong:
            raise AssertionError("\n  ".join(map(str, wrong)))

    def check_same_command_works(self, plan, path, watcher):
        """Nothing appears under the final name before it is whole; what is left does not stand in the way."""
        self.insist(watcher.faults)
        self.check_run(*plan.options, "-o", path, ranks=plan.ranks)
        self.assertFalse(os.path.exists(path + ".tmp"), "the stale temporary file is still there")
        self.insist(content.problems(content.read(path)))
        self.check_verified(path)

    def check_left_behind(self, path, watcher, ended):
        crashed = content.read(path)  # h5py opens it as it is, and reads everything
        self.insist(watcher.check(crashed) + content.problems(crashed))
        if ended:
            self.assertIn(crashed.state, (content.COMPLETE, content.STOPPED))
        self.check_run("info", path)
        self.assertNotIn("is going on", self.check_run("info", path).stdout)
        self.check_verified(path)
        copy = os.path.join(os.path.dirname(path), "crashed.h5")  # kept if something fails from here on
        subprocess.run(["cp", "--sparse=always", path, copy], check=True)
        self.check_run("recover", path)
        self.check_recovered(path, crashed)

    def check_recovered(self, path, crashed):
        recovered = content.read(path)
        self.assertTrue(recovered.exact)
        self.assertEqual(content.n_rows(recovered), content.n_rows(crashed))
        self.insist(content.problems(recovered) + content.differences(crashed, recovered)
                    + content.differences(recovered, crashed) + content.fates(recovered))
        whole = crashed.state in (content.COMPLETE, content.STOPPED)
        self.assertEqual(recovered.state, crashed.state if whole else content.RECOVERED)
        self.assertFalse(os.path.exists(path + ".tmp"), "recover leaves a temporary file")
        self.check_totals(path)
        self.check_verified(path)
        before = digest(path)
        self.check_run("recover", path)  # a second one changes nothing
        self.assertEqual(digest(path), before)


    def check_totals(self, path):
        """The root has the counts of the rows, of every machine that has rows."""
        with h5py.File(path, "r") as file:
            logged = file["logged"][:] == 1
            machine, kind = file["events/machine"][:], file["events/kind"][:]
            for name, weights in (("n_event", None), ("n_tick", None), ("n_internal", kind == 1),
                                  ("n_received", kind == 3), ("n_sent", (kind == 2) * file["events/msg_count"][:])):
                counts = np.bincount(machine, weights, minlength=len(file["vm"]))
                self.assertEqual(file[name][logged].tolist(), counts[logged].tolist(), name)
            largest = np.zeros(len(file["vm"]), int)
            np.maximum.at(largest, machine, file["events/clocks/lamport/stamp"][:])
            self.assertEqual(file["final_lamport"][logged].tolist(), largest[logged].tolist())


if __name__ == "__main__":
    unittest.main()
