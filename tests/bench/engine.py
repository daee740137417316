#!/usr/bin/python3
"""Measures virtual time: events per second beside a bare loop, on one and two ranks, with and without a log.

    tests/bench/engine.py [--quick]

Every figure is the median of three rounds, in each of which everything of its line is run once and in turn; a
ratio is the median of the rounds' ratios. Needs build/release with the target bare_ticks. Prints Markdown tables;
asserts nothing.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
TICKS = 2e7 if "--quick" in sys.argv else 1e8
SIZES = (1000, 10000, 100000, 1000000)
ROUNDS = 3
MEAN_RATE = 3.5
ENV = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
           OMPI_MCA_rmaps_base_oversubscribe="1")
UNITS = {"s": 1, "ms": 1e-3, "us": 1e-6, "min": 60}


class Run:
    """One run: `rate` in million events/s of the engine, `wall` seconds of the whole command, `events`, `set_up`
    seconds as the program says, `peak` bytes of memory at most as the system says (of one process)."""

    def __init__(self, *options, ranks=1, log="none"):
        words = ["mpirun", "-np", str(ranks)] if ranks > 1 else []
        words += [os.path.join(BUILD, "lcmpi"), "--pace", "virtual", "--seed", "1", "--log", log, "--snapshot-every",
                  "none", "--progress", "none", "--force", "-o", "bench.h5", *map(str, options)]
        begin = time.monotonic()
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(words, stdout=output, env=ENV)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall, self.peak = time.monotonic() - begin, usage.ru_maxrss * 1024
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read()
        if process.returncode:
            sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
        line = re.search(r"^speed +([\d,]+) events in ([\d.]+) (\w+):.* set up in ([\d.]+) (\w+)$", said, re.M).groups()
        self.events, self.set_up = int(line[0].replace(",", "")), float(line[3]) * UNITS[line[4]]
        self.rate = self.events / (float(line[1]) * UNITS[line[2]]) / 1e6


def rounds(measure):
    """The medians of what measure() returns, figure by figure."""
    return [statistics.median(figures) for figures in zip(*(measure() for _ in range(ROUNDS)))]


def bare(vms):
    said = subprocess.run([os.path.join(BUILD, "bare_ticks"), str(vms)], capture_output=True, text=True, check=True)
    return float(said.stdout.split()[1])


def duration(vms, ticks=TICKS):
    return f"{max(20, int(ticks / vms / MEAN_RATE))}s"


def engine_round(vms):
    options = ("--vms", vms, "--duration", duration(vms))
    yard, one = bare(vms), Run(*options, "--latency", "const:100ms").rate
    ten = Run(*options, "--latency", "const:10ms").rate
    two = Run(*options, "--latency", "const:100ms", ranks=2).rate
    with ThreadPoolExecutor(2) as pool:  # what the machine gives two processes that have nothing to say to each other
        names = ("bench.h5", "other.h5")
        both = sum(pool.map(lambda name: Run(*options, "--latency", "const:100ms", "-o", name).rate, names))
    return yard, one, one / yard, ten, two, two / one, both, two / both


def engine():
    print("| VMs | bare loop | latency 100 ms | of bare | latency 10 ms | 2 ranks, 100 ms | over one | "
          "two runs side by side | 2 ranks of that |\n" + "|---" * 9 + "|")
    for vms in SIZES:
        yard, one, part, ten, two, gain, both, share = rounds(lambda: engine_round(vms))
        print(f"| {vms:,} | {yard:.1f} | {one:.1f} | {part:.2f} | {ten:.1f} | {two:.1f} | {gain:.2f} | {both:.1f} | "
              f"{share:.2f} |", flush=True)


def row_bytes():
    """What a run writes of its rows: those on file, times the bytes of the columns that are not filled later."""
    import h5py  # not before small(): no process seems smaller than the one that started it was
    with h5py.File("bench.h5", "r") as file:
        event = [d for name, d in file["events"].items() if name not in ("event", "clocks")]
        event += [clock["stamp"] for clock in file["events/clocks"].values()]
        sent = [d for name, d in file["messages"].items() if name not in ("message", "t_arrival", "fate")]
        return sum(int(file["commit/" + count][()].sum()) * d.dtype.itemsize * d[:1].size
                   for count, columns in (("n_events", event), ("n_messages", sent)) for d in columns)


def plain_write(size):
    """Seconds for so many bytes, in pieces of 64 KiB."""
    piece, begin = bytes(65536), time.monotonic()
    with open("plain", "wb", buffering=0) as file:
        for written in range(0, size, len(piece)):
            file.write(piece[:size - written])
    took = time.monotonic() - begin
    os.remove("plain")
    return took


def logged_round(vms):
    options = ("--vms", vms, "--duration", duration(vms, 2e7), "--latency", "const:100ms", "--compact", "never")
    base, without, full = Run(*options, "--duration", "1s").wall, Run(*options), Run(*options, log="all")
    size = row_bytes()
    os.remove("bench.h5")
    plain = plain_write(size)
    return (full.events, size / 2**20, without.wall, base, plain, full.wall, full.events / full.wall / 1e6,
            (without.wall + plain) / full.wall)


def logged():
    print("\n| VMs | events | MiB of rows | engine | start and end alone | plain writes of the same bytes | "
          "with full log, start to closed file | million/s | of 1 / (engine + writes) |\n" + "|---" * 9 + "|")
    for vms in (1000, 100000):
        events, size, without, base, plain, full, rate, part = rounds(lambda: logged_round(vms))
        print(f"| {vms:,} | {events:,} | {size:.0f} | {without:.2f} s | {base:.2f} s | {plain:.2f} s | {full:.2f} s | "
              f"{rate:.1f} | {part:.2f} |", flush=True)


def small_round():
    two = Run("--vms", 2, "--duration", "100000s", "--latency", "const:100ms", ranks=2)
    copies = Run("--vms", 3, "--replicas", 10000)
    few, million = (Run("--vms", vms, "--duration", "20s", "--latency", "const:100ms") for vms in (1000, 1000000))
    return two.rate, copies.wall, million.set_up, million.wall, (million.peak - few.peak) / (1000000 - 1000)


def small():
    two, copies, set_up, wall, size = rounds(small_round)
    print("\n| | |\n|---|---|")
    print(f"| 1 VM per rank on 2 ranks | {two:.2f} million events/s |")
    print(f"| 10,000 copies of the 3-VM, 60-second exercise, start to finish, with totals | {copies:.2f} s |")
    print(f"| a million VMs, set up | {set_up:.2f} s |\n| their first 20 s, start to finish | {wall:.2f} s |")
    print(f"| largest resident memory of that run, less that of 1,000 VMs | {size:.0f} bytes per VM |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=".") as folder:
        os.chdir(folder)
        engine()
        small()
        logged()
        os.chdir("..")
