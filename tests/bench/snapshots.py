#!/usr/bin/python3
"""Measures snapshots: how long a cut takes and what it sends, by method, shape and size; what taking one every model
second costs; how long a stop and a resume take.

    tests/bench/snapshots.py [--quick] [virtual] [real] [overhead] [stop]

Times of cuts are model time in virtual pace, wall time in real pace. Needs build/release. Prints Markdown tables;
asserts nothing.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import h5py

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LCMPI = os.path.join(ROOT, "build", "release", "lcmpi")
QUICK = "--quick" in sys.argv
ENV = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
           OMPI_MCA_rmaps_base_oversubscribe="1")
STOPPED = 3
UNITS = {"s": 1, "ms": 1e-3, "us": 1e-6, "min": 60}


def command(*options, ranks=1):
    words = ["mpirun", "-np", str(ranks)] if ranks > 1 else []
    return words + [LCMPI, "--progress", "none", *map(str, options)]


def run(*options, ranks=1):
    words = command("--seed", 1, "--force", "-o", "bench.h5", *options, ranks=ranks)
    done = subprocess.run(words, capture_output=True, text=True, env=ENV)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


class Cuts:
    """What the file says of its finished snapshots: medians over them, times in seconds."""

    def __init__(self):
        with h5py.File("bench.h5", "r") as file:
            n = int(file["commit/n_snapshots"][()].min())
            self.n = n
            if not n:
                return
            start, cost = file["snapshots/t"][:n], file["snapshots/cost"]
            moments = file["snapshots/t_actual"][:, :n]
            self.latency = statistics.median(cost["t_done"][:, :n].max(axis=0) - start) / 1e9
            self.spread = statistics.median(moments.max(axis=0) - moments.min(axis=0)) / 1e9
            self.markers = statistics.median(cost["markers"][:, :n].sum(axis=0))
            self.control = statistics.median(cost["control"][:, :n].sum(axis=0))
            crossing = sum(int((file[f"snapshots/{table}/snapshot"][()] < n).sum()) for table in ("queue", "channel"))
            self.messages = crossing / n

    def row(self):
        if not self.n:
            return "none was done | | | | "
        return (f"{1000 * self.latency:,.1f} ms | {1000 * self.spread:,.1f} ms | {self.markers:,.0f} | "
                f"{self.control:,.0f} | {self.messages:,.0f}")


CUT_COLUMNS = "latency | first to last record | markers | control messages | messages across the cut |"


def virtual():
    print("| method | topology | VMs | " + CUT_COLUMNS + "\n" + "|---" * 8 + "|")
    large = (1000, 10000) if QUICK else (1000, 100000)
    for method in ("chandy-lamport", "lai-yang", "time-cut"):
        cases = [("full", n) for n in (10, 100, 1000)] + [("random:4", n) for n in large]
        cases += [("ring", n) for n in large]
        cases += [("full", n) for n in large[1:] if method != "chandy-lamport"]
        for topology, vms in cases:
            # markers go round a ring in so many hops of 20 ms on average
            span = 10 if method != "chandy-lamport" or topology != "ring" else 10 + vms // 2 * 0.025
            run("--pace", "virtual", "--vms", vms, "--topology", topology, "--log", "none", "--snapshot-method", method,
                "--phase", "random", "--latency", "exp:20ms,min=10ms", "--duration", f"{3.5 * span:.0f}s", "--snapshot-every",
                f"{span:.0f}s")
            print(f"| {method} | {topology} | {vms:,} | {Cuts().row()} |", flush=True)


def real():
    print("\n| method | VMs, one per rank | " + CUT_COLUMNS + " latest tick |\n" + "|---" * 8 + "|")
    for method in ("chandy-lamport", "lai-yang"):
        for ranks in (3, 8) if QUICK else (3, 8, 16, 32, 64):
            said = run("--duration", "9s", "--snapshot-every", "2s", "--snapshot-method", method, ranks=ranks)
            late = re.search(r"^lateness .*largest ([\d.]+ \w+)", said, re.M).group(1)
            print(f"| {method} | {ranks} | {Cuts().row()} | {late} |", flush=True)


def engine_rate(*options):
    said = run("--pace", "virtual", "--vms", 100000, "--log", "none", "--latency", "const:100ms", *options)
    events, took, unit = re.search(r"^speed +([\d,]+) events in ([\d.]+) (\w+):", said, re.M).groups()
    return int(events.replace(",", "")) / (float(took) * UNITS[unit]) / 1e6


def snapshot_bytes():
    """What one snapshot writes: states, stamps, and the messages that cross it."""
    with h5py.File("bench.h5", "r") as file:
        n = file["snapshots/t"].shape[0]
        states = [d for d in file["snapshots"].values() if isinstance(d, h5py.Dataset) and d.ndim == 2]
        states += [d for clock in file["snapshots/clocks"].values() for d in clock.values()]
        size = sum(d.dtype.itemsize * d.size for d in states)
        for table in ("queue", "channel"):
            group = file[f"snapshots/{table}"]
            columns = [d for name, d in group.items() if name not in ("queued", "in_flight", "clocks")]
            columns += [clock["stamp"] for clock in group["clocks"].values()]
            rows = int(file[f"commit/n_{table}"][()].sum())
            size += rows * sum(d.dtype.itemsize * d[:1].size for d in columns)
        return size / n


def plain_write(size):
    """Seconds for so many bytes, in pieces of 64 KiB."""
    piece, begin = bytes(65536), time.monotonic()
    with open("plain", "wb", buffering=0) as file:
        for written in range(0, int(size), len(piece)):
            file.write(piece[:int(size) - written])
    took = time.monotonic() - begin
    os.remove("plain")
    return took


def overhead_round(seconds, method, every):
    without = engine_rate("--duration", f"{seconds}s", "--snapshot-every", "none")
    with_cuts = engine_rate("--duration", f"{seconds}s", "--snapshot-every", every, "--snapshot-method", method)
    n = Cuts().n
    size = snapshot_bytes()
    ticks = 350000 * seconds / 1e6
    cost = (ticks / with_cuts - ticks / without) / max(n, 1)
    return without, with_cuts, 1 - with_cuts / without, n, 1000 * cost, size / 2**20, 1000 * plain_write(size)


def overhead():
    print("\n| method | a snapshot every | million events/s without | with | overhead | snapshots | one of them | MiB | "
          "plain write of as much |\n" + "|---" * 9 + "|")
    seconds = 20 if QUICK else 60
    for method in ("time-cut", "lai-yang", "chandy-lamport"):
        for every in ("1s", "10s", "50s"):
            if method == "chandy-lamport":
                continue  # 1e10 markers on this mesh
            rounds = [overhead_round(seconds, method, every) for _ in range(3)]
            a, b, part, n, cost, size, plain = (statistics.median(figures) for figures in zip(*rounds))
            print(f"| {method} | {every} | {a:.1f} | {b:.1f} | {100 * part:.1f} % | {n:.0f} | {cost:.1f} ms | {size:.1f} | "
                  f"{plain:.1f} ms |", flush=True)


def wait_for(condition, process, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if (process.poll() is not None and not condition()) or time.monotonic() > end:
            sys.exit("the run ended before it could be stopped")
        time.sleep(0.01)


def rows_on_file():
    try:
        with h5py.File("bench.h5", "r") as file:
            return int(file["commit/n_events"][()].sum())
    except OSError:
        return 0


def is_stopped():
    with h5py.File("bench.h5", "r") as file:
        return file["commit/state"][()] == STOPPED


ENDLESS = ("--pace", "virtual", "--vms", 10000, "--latency", "const:100ms", "--duration", "1000000s", "--seed", 1,
           "--snapshot-every", "none", "--reserve", 1, "--max-file-size", "100TB")


def stop_once(rows, ranks):
    if os.path.exists("bench.h5"):
        os.remove("bench.h5")
    process = subprocess.Popen(command(*ENDLESS, "-o", "bench.h5", ranks=ranks), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV)
    wait_for(lambda: rows_on_file() > rows, process)
    begin = time.monotonic()
    process.send_signal(signal.SIGUSR1)
    wait_for(is_stopped, process)
    saved = time.monotonic() - begin
    process.wait()
    stopped = time.monotonic() - begin
    events = rows_on_file()
    begin = time.monotonic()
    resumed = subprocess.run(command("--resume", "bench.h5", "--max-walltime", "1ms", ranks=ranks), env=ENV,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = time.monotonic() - begin
    begin = time.monotonic()
    fresh = subprocess.run(command(*ENDLESS, "-o", "fresh.h5", "--max-walltime", "1ms", ranks=ranks), env=ENV,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = time.monotonic() - begin
    os.remove("fresh.h5")
    if (process.returncode, resumed.returncode, fresh.returncode) != (85, 85, 85):
        sys.exit(f"exit codes {process.returncode}, {resumed.returncode}, {fresh.returncode}")
    return events, saved, stopped, took, base


def stop():
    print("\n| ranks | events on file | signal to state STOPPED | to the end of the command | resume and stop at once | "
          "a new run stopped at once |\n" + "|---" * 6 + "|")
    for rows in (100000, 1000000) if QUICK else (100000, 1000000, 10000000):
        for ranks in (1, 2):
            events, *seconds = stop_once(rows, ranks)
            print(f"| {ranks} | {events:,} | {' | '.join(f'{s:.2f} s' for s in seconds)} |", flush=True)


def main():
    parts = {"virtual": virtual, "real": real, "overhead": overhead, "stop": stop}
    chosen = [name for name in parts if name in sys.argv[1:]] or list(parts)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in chosen:
            parts[name]()
        os.chdir("/")


if __name__ == "__main__":
    main()
