#!/usr/bin/python3
"""Measures lcmpi_export: time, peak memory and size of the files, of each format, as the log grows; beside reading the same
tables into pandas at once, and no more.

    tests/bench/export.py [LARGEST]

Runs of 10 machines in virtual time with 1,000 events, 100,000 and so on up to LARGEST (1,000,000). Needs build/release,
or LCMPI with the path of the program. Prints a Markdown table; asserts nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LCMPI = os.environ.get("LCMPI", ROOT / "build" / "release" / "lcmpi")
SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
RATES = "1,2,3,4,5,6,1,2,4,5"
PER_SECOND = 33
PARTS = {"csv": (), "shiviz": ("--window", "all"), "chrome": (), "graphml": (),
         "graphml of 5 machines": ("--machines", "0-4")}
EXPORT = ROOT / "postprocess" / "lcmpi_export"
READ = f"import sys; sys.path.insert(0, {str(EXPORT.parent)!r}); import lcmpi; " \
       "tables = lcmpi.events('bench.h5', vectors=True), lcmpi.messages('bench.h5')"


def run(n_event):
    subprocess.run([LCMPI, "--vms", "10", "--rates", RATES, "--pace", "virtual", "--duration", f"{n_event / PER_SECOND}s",
                    "--seed", "1", "--clock", "lamport,vector", "--snapshot-every", "none", "--progress", "none",
                    "--force", "-o", "bench.h5"], check=True, capture_output=True)


def short(value, digits):
    return f"{value:.{digits}g}" if value < 10**digits else f"{value:,.0f}"


def measure(*arguments):
    """Wall time in s, peak memory and size of what is written in MB; or None where it is refused."""
    begin = time.monotonic()
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begin
    if process.returncode:
        print(said, file=sys.stderr, end="")
        return "refused"
    written = list(Path("out").glob("*"))
    size = f", {short(sum(path.stat().st_size for path in written) / 1e6, 3)} MB" if written else ""
    for path in written:
        path.unlink()
    return f"{short(wall, 2)} s, {usage.ru_maxrss / 1000:.0f} MB{size}"


def main():
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    sizes = [size for size in SIZES if size <= largest]
    print("| format | " + " | ".join(f"{size:,} events" for size in sizes) + " |\n" + "|---" * (len(sizes) + 1) + "|")
    rows = {name: [] for name in ("reading alone", *PARTS)}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for size in sizes:
            run(size)
            rows["reading alone"].append(measure("-c", READ))
            for name, options in PARTS.items():
                rows[name].append(measure(EXPORT, f"--{name.split()[0]}", "bench.h5", "-o", "out", "--force", *options))
        os.chdir(ROOT)
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
