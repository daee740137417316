#!/usr/bin/python3
"""Measures the central server against messages from machine to machine as the number of machines grows: where the server
saturates, beside what theory says, and what becomes of the machines' ticks and clocks.

    tests/bench/server.py [--figure FILE.png]
    tests/bench/server.py --real

Virtual time, so every figure but the last column is the same on any machine; with --real in real time, one machine per
rank. Needs build/release. Prints a Markdown table; asserts nothing.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LCMPI = os.path.join(ROOT, "build", "release", "lcmpi")
SIZES = (3, 10, 30, 100, 300, 1000, 1500, 1800, 2000, 3000, 10000)
SECONDS, SERVICE_US = 60, 100
COMMON = ("--pace", "virtual", "--latency", "const:1ms", "--phase", "random", "--duration", f"{SECONDS}s", "--seed", "1",
          "--snapshot-every", "none", "--log", "none", "--progress", "none", "--force", "-o", "bench.h5")
SERVER = ("--route", "server", "--service-time", f"{SERVICE_US}us")


class Run:
    def __init__(self, *options):
        begin = time.monotonic()
        done = subprocess.run([LCMPI, *COMMON, *map(str, options)], capture_output=True, text=True)
        self.wall = time.monotonic() - begin
        if done.returncode:
            sys.exit(f"{' '.join(map(str, options))}: exit code {done.returncode}: {done.stderr}")
        with h5py.File("bench.h5", "r") as file:
            self.ticks, self.sent, self.received = (int(file[name][()].sum()) for name in ("n_tick", "n_sent", "n_received"))
            self.clock = float(np.median(file["final_lamport"][()]))
            if "server" not in file:
                return
            group = file["server"]
            busy, idle = int(group["busy"][()]), int(group["t_idle"][()])
            self.busy = busy / max(SECONDS * 10**9, idle)
            self.line = float(group["waiting"][()]) / (SECONDS * 1e9) + self.busy
            self.skipped = int(group["n_skipped"][()].sum()) / self.ticks
            self.median, self.p99 = quantiles(group["bin_time"][()], group["latency_refresh"][()], (0.5, 0.99))


def quantiles(at, counts, which):
    total = np.cumsum(counts)
    return [float(at[np.searchsorted(total, q * total[-1])]) / 1e6 for q in which]


def load(direct):
    """Of the server, if it could follow: a request for each tick, receive and message."""
    return (direct.ticks + direct.received + direct.sent) / SECONDS * SERVICE_US / 1e6


def draw(rows, path):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    sys.path.insert(0, os.path.join(ROOT, "postprocess"))
    from lcmpi_figures import style
    n = [row[0] for row in rows]
    figure, axes = plt.subplots(1, 3, figsize=(style.WIDTH, 2.6), sharex=True)
    theory = [load(direct) for _, direct, _ in rows]
    axes[0].plot(n, [min(1, x) for x in theory], color=style.GREY, linestyle=(0, (4, 2)), zorder=3, label="theory")
    axes[0].plot(n, [served.busy for _, _, served in rows], "o-", markersize=3, color=style.LINES[0]["color"], label="server")
    axes[0].set_ylabel("server busy")
    axes[1].plot(n, [served.median for _, _, served in rows], "o-", markersize=3, color=style.LINES[0]["color"], label="median")
    axes[1].plot(n, [served.p99 for _, _, served in rows], "o-", markersize=3, color=style.LINES[3]["color"], label="99 %")
    axes[1].set(yscale="log", ylabel="a request until its reply, ms")
    axes[2].plot(n, [1 - served.skipped for _, _, served in rows], "o-", markersize=3, color=style.LINES[0]["color"], label="ticks done")
    axes[2].plot(n, [served.clock / direct.clock for _, direct, served in rows], "s-", markersize=3, color=style.LINES[1]["color"],
                 label="clock")
    axes[2].axhline(1, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axes[2].set(ylabel="of what peer to peer does", ylim=(0, 1.1))
    saturated = next((a[0] + (1 - load(a[1])) * (b[0] - a[0]) / (load(b[1]) - load(a[1])) for a, b in zip(rows, rows[1:])
                      if load(a[1]) < 1 <= load(b[1])), None)
    for ax in axes:
        ax.set(xscale="log", xlabel="machines")
        ax.legend(fontsize=7)
        if saturated:
            ax.axvline(saturated, color=style.PALE, linewidth=1)
    figure.savefig(path, dpi=200, metadata={"Software": "lcmpi"})


def real_run(ranks, *options):
    """Of the events of a run in real time: lateness, median and p99 in ms; processor time of a rank; its file's server."""
    env = dict(os.environ, OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    done = subprocess.run(["mpirun", "-np", str(ranks), LCMPI, "--duration", "20s", "--seed", "1", "--progress", "none", "--force",
                           "-o", "bench.h5", *options], capture_output=True, text=True, env=env, check=True)
    with h5py.File("bench.h5", "r") as file:
        done_at = file["events/t_actual"][()] - file["events/t_scheduled"][()]
        late = np.quantile(done_at[file["events/kind"][()] != 4], (0.5, 0.99)) / 1e6
        if "server" not in file:
            return late, re.search(r"([\d.]+ %) of a core", done.stdout)[1], None
        group, ticks = file["server"], int(file["n_tick"][()].sum())
        waits = [quantiles(group["bin_time"][()], group[f"latency_{kind}"][()], (0.5, 0.99)) for kind in ("refresh", "submit")]
        return late, re.search(r"([\d.]+ %) of a core", done.stdout)[1], (waits, int(group["n_skipped"][()].sum()) / ticks)


def in_real_time():
    print("| machines | tick until its event, direct: median | p99 | server: median | p99 | a request until its reply: median | p99 | "
          "a message until acknowledged: median | p99 | ticks skipped | CPU per rank, direct | server |\n" + "|---" * 12 + "|")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for n in (3, 16, 64):
            direct, direct_cpu, _ = real_run(n)
            late, cpu, (waits, skipped) = real_run(n + 1, "--route", "server")
            times = " | ".join(f"{x:.2g} ms" for x in (*direct, *late, *waits[0], *waits[1]))
            print(f"| {n} | {times} | {100 * skipped:.3g} % | {direct_cpu} | {cpu} |", flush=True)
        os.chdir(ROOT)


def main():
    if "--real" in sys.argv:
        in_real_time()
        return
    rows = []
    print("| machines | load in theory | server busy | requests there | a request until its reply: median | p99 | ticks skipped | "
          "clock, of peer to peer | receives, of peer to peer | direct, server: wall time |\n" + "|---" * 10 + "|")
    with tempfile.TemporaryDirectory() as folder:
        start = os.getcwd()
        os.chdir(folder)
        for n in SIZES:
            direct, served = Run("--vms", n), Run("--vms", n, *SERVER)
            rows.append((n, direct, served))
            print(f"| {n:,} | {load(direct):.3g} | {100 * served.busy:.3g} % | {served.line:.3g} | {served.median:.3g} ms | "
                  f"{served.p99:.3g} ms | {100 * served.skipped:.3g} % | {served.clock / direct.clock:.2f} | "
                  f"{served.received / direct.received:.2f} | {direct.wall:.2f} s, {served.wall:.2f} s |", flush=True)
        os.chdir(start)
    if "--figure" in sys.argv:
        draw(rows, sys.argv[sys.argv.index("--figure") + 1])


if __name__ == "__main__":
    main()
