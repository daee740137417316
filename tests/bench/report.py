#!/usr/bin/python3
"""Measures lcmpi_report: time, peak memory and size of the page as the log grows, with few machines and with many; and how long a
headless Chromium takes to load the page and to light up the past and future of an event, where there is one.

    tests/bench/report.py [LARGEST]

Runs in virtual time with 1,000 events, 100,000 and so on up to LARGEST (10,000,000), and 50 snapshots. Needs build/release, or LCMPI with the path
of the program. Prints a Markdown table; asserts nothing.
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
RUNS = ((10, 1_000), (10, 100_000), (10, 10_000_000), (10_000, 100_000), (10_000, 10_000_000))  # machines, events
MEAN_RATE = 3.5
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def run(n_vm, n_event):
    seconds = n_event / n_vm / MEAN_RATE
    subprocess.run([LCMPI, "--vms", str(n_vm), "--pace", "virtual", "--duration", f"{seconds:.6f}s", "--snapshot-every", f"{seconds / 50:.6f}s",
                    "--seed", "1", "--progress", "none", "--force", "-o", "bench.h5"], check=True, capture_output=True)


def measure(*options):
    """Wall time in s and peak memory in MB."""
    begin = time.monotonic()
    with subprocess.Popen([sys.executable, REPORT, "bench.h5", "-o", "page.html", *options], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    return time.monotonic() - begin, usage.ru_maxrss / 1000


def browser():
    """None where there is no Chromium with its driver, or no Selenium."""
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        return None
    if not os.path.exists(CHROMIUM) or not os.path.exists(DRIVER):
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1240,1000"):
        options.add_argument(option)
    return webdriver.Chrome(service=Service(DRIVER), options=options)


def in_browser(chromium):
    """Events in the diagram; seconds until the page is loaded and drawn; ms to select an event, all in view, the mean of all at
    equal distances."""
    begin = time.monotonic()
    chromium.get(f"file://{Path('page.html').resolve()}")
    chromium.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    loaded = time.monotonic() - begin
    shown, selected = chromium.execute_script("""
        const d = lcmpi.diagrams[0], n = d.data.n, step = Math.ceil(n / 50);
        d.reset();
        const begin = performance.now();
        let count = 0;
        for (let i = 0; i < n; i += step, count++) d.select(i);
        return [n, (performance.now() - begin) / count];""")
    return f"{shown:,} | {loaded:.2f} s | {selected:.1f} ms"


def main():
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    print("| machines | events | file | `--no-verify`: time | peak memory | page | with the verdict: time | events in the diagram | loaded | "
          "an event selected |\n" + "|---" * 10 + "|")
    chromium = browser()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for n_vm, n_event in RUNS:
            if n_event > largest:
                continue
            run(n_vm, n_event)
            n_bytes = Path("bench.h5").stat().st_blocks * 512
            wall, memory = measure("--no-verify")
            size = Path("page.html").stat().st_size
            judged = f"{measure()[0]:.1f} s" if n_event <= 1_000_000 else "not asked"
            seen = in_browser(chromium) if chromium else " | | "
            print(f"| {n_vm:,} | {n_event:,} | {n_bytes / 1e6:,.1f} MB | {wall:.1f} s | {memory:.0f} MB | {size / 1e6:.2f} MB | {judged} | {seen} |",
                  flush=True)
        os.chdir(ROOT)
    if chromium:
        chromium.quit()


if __name__ == "__main__":
    main()
