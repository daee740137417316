#!/usr/bin/python3
"""Measures virtual time: events per second beside a bare loop, on one and two ranks, with and without a log.

    tests/bench/engine.py [--quick]

Everything is run once per line and in turn, so that the figures of a line are of the same minutes. Needs
build/release with the target bare_ticks. Prints Markdown tables; asserts nothing.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
TICKS = 2e7 if "--quick" in sys.argv else 1e8
SIZES = (1000, 10000, 100000, 1000000)
MEAN_RATE = 3.5
ENV = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
           OMPI_MCA_rmaps_base_oversubscribe="1")


def bare(vms):
    said = subprocess.run([os.path.join(BUILD, "bare_ticks"), str(vms)], capture_output=True, text=True, check=True)
    return float(said.stdout.split()[1])


def run(*options, ranks=1, log="none"):
    """(million events/s of the engine, wall seconds of the whole command, what it said)"""
    words = ["mpirun", "-np", str(ranks)] if ranks > 1 else []
    words += [os.path.join(BUILD, "lcmpi"), "--pace", "virtual", "--seed", "1", "--log", log, "--snapshot-every",
              "none", "--progress", "none", "--force", "-o", "bench.h5", *map(str, options)]
    begin = time.monotonic()
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=ENV).stdout
    wall = time.monotonic() - begin
    events, took, unit = re.search(r"^speed +([\d,]+) events in ([\d.]+) (\w+):", said, re.M).groups()
    seconds = float(took) * {"s": 1, "ms": 1e-3, "us": 1e-6, "min": 60}.get(unit, 1)
    return int(events.replace(",", "")) / seconds / 1e6, wall, said


def duration(vms, ticks=TICKS):
    return f"{max(20, int(ticks / vms / MEAN_RATE))}s"


def engine():
    print("| VMs | bare loop | latency 100 ms | of bare | latency 10 ms | 2 ranks, 100 ms | over one |")
    print("|---|---|---|---|---|---|---|")
    for vms in SIZES:
        options = ("--vms", vms, "--duration", duration(vms))
        yard = bare(vms)
        one, _, _ = run(*options, "--latency", "const:100ms")
        ten, _, _ = run(*options, "--latency", "const:10ms")
        two, _, _ = run(*options, "--latency", "const:100ms", ranks=2)
        print(f"| {vms:,} | {yard:.1f} | {one:.1f} | {one / yard:.2f} | {ten:.1f} | {two:.1f} | {two / one:.2f} |",
              flush=True)


def plain_write(size):
    """Seconds for so many bytes, in pieces of 64 KiB."""
    piece, begin = bytes(65536), time.monotonic()
    with open("plain", "wb", buffering=0) as file:
        for _ in range(size // len(piece)):
            file.write(piece)
    took = time.monotonic() - begin
    os.remove("plain")
    return took


def logged():
    print("\n| VMs | events | engine | plain writes of the same bytes | with full log, start to closed file | "
          "million/s | of 1 / (engine + writes) |\n|---|---|---|---|---|---|---|")
    for vms in (1000, 100000):
        options = ("--vms", vms, "--duration", duration(vms, 2e7), "--latency", "const:100ms", "--compact", "never")
        _, base, _ = run(*options, "--duration", "1s")
        _, without, said = run(*options)
        events = int(re.search(r"^speed +([\d,]+)", said, re.M).group(1).replace(",", ""))
        _, with_log, _ = run(*options, log="all")
        size = os.stat("bench.h5").st_blocks * 512
        os.remove("bench.h5")
        plain = plain_write(size)
        bound = without + plain
        print(f"| {vms:,} | {events:,} | {without:.2f} s (start and end alone {base:.2f} s) | {plain:.2f} s | "
              f"{with_log:.2f} s | {events / with_log / 1e6:.1f} | {bound / with_log:.2f} |", flush=True)


def small():
    two, _, _ = run("--vms", 2, "--duration", "100000s", "--latency", "const:100ms", ranks=2)
    _, wall, said = run("--vms", 3, "--replicas", 10000)
    _, million, _ = run("--vms", 1000000, "--duration", "1ms")
    print(f"\n1 VM per rank on 2 ranks: {two:.2f} million events/s")
    print(f"10,000 copies of the 3-VM, 60-second exercise, start to finish: {wall:.2f} s")
    print(f"a million VMs, one tick, start to finish: {million:.2f} s; memory line of a run: "
          + re.search(r"^memory +(.*)$", said, re.M).group(1))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=".") as folder:
        os.chdir(folder)
        engine()
        logged()
        small()
        os.chdir("..")
