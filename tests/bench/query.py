#!/usr/bin/python3
"""Measures lcmpi query: wall time and memory of each kind of question, as a whole process, on logs of growing length.

    tests/bench/query.py [EVENTS...]

Events are numbers such as 1000000 (the default: 10,000, 1,000,000 and 10,000,000). Needs build/release. Prints a Markdown
table with the median of five questions of each kind about events drawn at random; asserts nothing.
"""

import os
import random
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LCMPI = os.path.join(ROOT, "build", "release", "lcmpi")
VMS, TICKS_PER_S, ROUNDS = 100, 344, 5  # as drawn with this seed
KINDS = {"before": 2, "path": 2, "past": 1, "future": 1, "concurrent": 1, "event": 1, "chain": 0, "state": 0}


def run(*words):
    """(seconds, largest resident size in MiB) of a process."""
    begin = time.monotonic()
    null = os.open(os.devnull, os.O_WRONLY)
    pid = os.posix_spawn(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    _, status, usage = os.wait4(pid, 0)
    os.close(null)
    if status:
        sys.exit(f"{' '.join(words)}: ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def ask(kind, seconds, draw):
    events = [f"{draw.randrange(VMS)}:{draw.randrange(seconds)}" for _ in range(KINDS[kind])]
    return run(LCMPI, "query", "bench.h5", kind, *(["end"] if kind == "state" else events))


def line(events):
    seconds, draw = max(2, events // TICKS_PER_S), random.Random(1)
    run(LCMPI, "--vms", str(VMS), "--pace", "virtual", "--duration", f"{seconds}s", "--seed", "5", "--snapshot-every", "none",
        "--progress", "none", "--force", "-o", "bench.h5")
    rounds = {kind: [ask(kind, seconds, draw) for _ in range(ROUNDS)] for kind in KINDS}
    medians = [f"{statistics.median(wall for wall, _ in each):.2f} s" for each in rounds.values()]
    memory = max(size for each in rounds.values() for _, size in each)
    print(f"| {events:,} | {os.stat('bench.h5').st_blocks / 2048:.1f} MiB |", " | ".join(medians), f"| {memory:.0f} MiB |",
          flush=True)


def main():
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 1_000_000, 10_000_000]
    print("| events | file |", " | ".join(f"`{kind}`" for kind in KINDS), "| memory, most |")
    print("|---" * (len(KINDS) + 3) + "|")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for events in sizes:
            line(events)


if __name__ == "__main__":
    main()
