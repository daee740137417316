#!/usr/bin/python3
"""Measures lcmpi_report: time and peak memory of making the page, and its size, as the log and the system grow.

    tests/bench/report.py [LARGEST]

Runs in virtual time of 10 machines and of 100,000 with 1,000 events, 100,000 and so on up to LARGEST (100,000), with and without the
verifier. Needs build/release, or LCMPI with the path of the program. Prints a Markdown table; asserts nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LCMPI = os.environ.get("LCMPI", ROOT / "build" / "release" / "lcmpi")
REPORT = ROOT / "postprocess" / "lcmpi_report"
SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
PER_SECOND = 3.5  # ticks of a machine with a rate of 1 to 6
SNAPSHOTS = 12
SYSTEMS = (10, 100_000)
ASKED = 2_000_000  # events up to which lcmpi_report asks the verifier


def run(vms, n_event):
    seconds = n_event / PER_SECOND / vms
    subprocess.run([LCMPI, "--vms", str(vms), "--pace", "virtual", "--duration", f"{seconds:.3f}s", "--seed", "1",
                    "--snapshot-every", f"{seconds / SNAPSHOTS:.3f}s", "--progress", "none", "--force", "-o", "bench.h5"],
                   check=True, capture_output=True)


def measure(*options):
    """Wall time in s and peak memory in MB of the tool, the verifier left out of the memory."""
    begin = time.monotonic()
    environment = {**os.environ, "LCMPI": str(LCMPI)}
    pid = os.posix_spawn(sys.executable, [sys.executable, str(REPORT), "bench.h5", "-o", "page.html", *options], environment,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"lcmpi_report ended with {os.waitstatus_to_exitcode(status)}")
    return f"{time.monotonic() - begin:.1f} s, {usage.ru_maxrss / 1000:.0f} MB"


def line(vms, n_event):
    run(vms, n_event)
    alone = measure("--no-verify")
    asked = measure() if n_event <= ASKED else "not asked"
    file, page = (Path(name).stat() for name in ("bench.h5", "page.html"))
    print(f"| {vms:,} | {n_event:,} | {file.st_blocks / 2048:,.1f} MiB | {alone} | {asked} | {page.st_size / 1000:,.0f} kB |", flush=True)


def main():
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print("| machines | events, about | file | `--no-verify` | with the verdict | page |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for vms in SYSTEMS:
            for n_event in (size for size in SIZES if vms <= size <= largest):
                line(vms, n_event)


if __name__ == "__main__":
    main()
