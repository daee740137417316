"""Runs lcmpi and reads the totals of its copies."""
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import h5py

import lcmpi_tool as tool

from . import archive

LCMPI = Path(tool.program())
CLOCK = {"seed-a": "lamport-seed-a", "seed-b": "lamport-seed-b"}
LAUNCHER = ("mpirun", "-np")


class Failed(Exception):
    """lcmpi did not do what it was asked for."""


@dataclass
class Ensemble:
    """Totals over copies: arrays [copy, machine] by name."""
    command: list
    totals: dict
    theory: dict  # of the first copy: final_clock and queue_end [machine]

    def __getitem__(self, name):
        return self.totals[name]


def version():
    return subprocess.run([LCMPI, "--version"], env=_environment(), capture_output=True, text=True).stdout.split("\n")[0]


def clock_of(preset):
    return CLOCK.get(preset.partition(":")[0], "lamport")


def virtual(folder, preset, copies, seed, *options):
    """So many copies in virtual time."""
    path = folder / (_file_name(preset, *options) + ".h5")
    words = [str(LCMPI), "--preset", preset, *options, "--pace", "virtual", "--replicas", str(copies), "--seed", str(seed),
             "--log", "none", "--snapshot-every", "none", "--progress", "none", "-o", str(path), "--force"]
    _run(words)
    return read(path, clock_of(preset), words)


def start_real(folder, preset, seed, speed, *options):
    """One run in real time, in the background; finish_real() waits for it."""
    path = folder / ("real-" + _file_name(preset, *options, str(seed)) + ".h5")
    words = [*LAUNCHER, "3", str(LCMPI), "--preset", preset, *options, "--pace", "real", "--seed", str(seed),
             "--speed", str(speed), "--snapshot-every", "none", "--progress", "none", "-o", str(path), "--force"]
    process = subprocess.Popen(words, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    return process, path, clock_of(preset), words


def finish_real(started):
    process, path, clock, words = started
    said, _ = process.communicate()
    if process.returncode:
        raise Failed(f"{' '.join(words)}: exit code {process.returncode}: {_last(said)}")
    return read(path, clock, words)


def read(path, clock, words):
    with h5py.File(path, "r") as file:
        copies = int(file.attrs["n_replica"])

        def total(name):
            return file[name][()].reshape(copies, -1)
        totals = {name: total(name) for name in ("tick_rate", "n_tick", "n_sent", "n_queued", "queue_max")}
        totals["received"] = total("n_received")
        totals["final_clock"] = total(f"final_{clock}")
        totals["jump_max"] = total(f"{clock}_jump_max")
        totals["jump_mean"] = total(f"{clock}_jump_mean")
        totals["queue_end"] = totals["n_queued"] + 1  # both archives count the message that is being taken
        totals["arrivals"] = total("predicted_arrivals")  # per second
        theory = {"final_clock": total("predicted_clock")[0], "queue_end": total("predicted_queue")[0] + 1}
    assert set(archive.FIGURES) <= set(totals)
    return Ensemble(words, totals, theory)


def _run(words):
    done = subprocess.run(words, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: exit code {done.returncode}: {_last(done.stderr or done.stdout)}")


def _last(text):
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def _environment():
    """mpirun wants to be told that ranks may be more than cores, and that root means it."""
    return {"OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", **os.environ}


def _file_name(*words):
    return "-".join(word.strip("-").replace(",", ".").replace(":", "-").replace("/", "_") for word in words if word)
