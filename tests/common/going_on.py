"""What the tests of stopping, killing and going on share: a run is cut short at a moment of its life, gone on with
on other ranks, and compared with a run that never stopped."""

import os
import re
import signal
import time

import h5py
import numpy as np

import harness

DIGEST = re.compile(r"^(?:digest|         ) (0x[0-9a-f]{16}.*)$", re.MULTILINE)
ROOT_COLUMNS = ("tick_rate_p", "phase", "replica", "logged", "predicted_arrivals", "predicted_queue",
                "predicted_clock", "n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max")


def digests(stdout):
    """All that a summary prints: of the execution, of the states, of the stamps of each clock."""
    return DIGEST.findall(stdout)


# ---- what is in a file ------------------------------------------------------------------------------------

def rows(file, group, keys, counter):
    """The committed rows of a table, sorted by its keys; stamps too."""
    first, count = (file[f"commit/{name}_{counter}"][()] for name in ("first", "n"))
    at = np.concatenate([np.arange(f, f + n) for f, n in zip(first, count)])
    columns = {name: data[()][at] for name, data in file[group].items()
               if isinstance(data, h5py.Dataset) and not h5py.h5ds.is_scale(data.id)}
    for clock in file[group].get("clocks", {}):
        columns["stamp of " + clock] = file[f"{group}/clocks/{clock}/stamp"][()][at]
    order = np.lexsort([columns[key] for key in reversed(keys)])
    return {name: values[order] for name, values in columns.items() if name != "vm_rank"}


def contents(path):
    """Everything in the file of a finished run that must not depend on how it was made."""
    found = {}

    def take(prefix, columns):
        found.update({f"{prefix} {name}": np.asarray(values) for name, values in columns.items()})
    with h5py.File(path, "r") as file:
        states = file["snapshots"]
        take("root", {name: file[name][()] for name in (*ROOT_COLUMNS, *(n for n in file if n.startswith("final_")))})
        take("event", rows(file, "events", ("machine", "seq"), "events"))
        take("message", rows(file, "messages", ("sender", "number"), "messages"))
        for name in ("queue", "channel"):
            take(name, rows(file, f"snapshots/{name}", ("snapshot", "receiver", "sender", "number"), name))
        take("state", {name: data[()] for name, data in states.items() if isinstance(data, h5py.Dataset)})
        for clock, columns in states["clocks"].items():
            take(f"state {clock}", {name: data[()] for name, data in columns.items() if isinstance(data, h5py.Dataset)})
        take("digest of a cut", {name: data[()].sum(axis=0, dtype=np.uint64) for name, data in
                                 states["restart"].items() if data.ndim == 2})
        for group in ("digest", "balance"):
            take(group, {name: data[()] for name, data in file[group].items()})
        take("end", {name: file[f"commit/{name}"][()] for name in ("state", "t_end")})
    return found


def digests_of(path):
    with h5py.File(path, "r") as file:
        return {name: int(data[()]) for name, data in file["digest"].items()}


def differences(expected, found):
    """The names of what is not the same."""
    return sorted(name for name in expected.keys() | found.keys()
                  if name not in expected or name not in found or not np.array_equal(expected[name], found[name]))


# ---- a moment of a run's life -----------------------------------------------------------------------------

def inode(path):
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


class Live:
    """The file that a run writes; not one that had its name before."""

    def __init__(self, path):
        self.path, self.before = path, inode(path)

    def is_there(self):
        return inode(self.path) not in (None, self.before)

    def least(self, counter):
        """The smallest of the ranks' counters; 0 as long as there is no file."""
        if not self.is_there():
            return 0
        try:
            with h5py.File(self.path, "r") as file:
                return int(file[f"commit/{counter}"][()].min())
        except OSError:  # it is just being replaced
            return 0


def wait_for(condition, process, seconds=60):
    """As precise as polling gets; False if the run ends first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        if condition():
            return True
        time.sleep(0.0002)
    raise AssertionError(f"nothing came of it in {seconds} s")


def ask_to_stop(process, rng):
    """SIGUSR1 to one of its ranks."""
    ranks = harness.ranks_of(process) or [process.pid]
    try:
        os.kill(rng.choice(ranks), signal.SIGUSR1)
    except ProcessLookupError:
        pass  # it came to its end


def kill(process, one, rng):
    """kill -9 to one rank, whose mpirun ends the others, or to all of them and mpirun."""
    ranks = harness.ranks_of(process)
    everyone = set(harness.descendants(process.pid)) | {process.pid}
    victims = [rng.choice(ranks)] if one and ranks else [process.pid, *ranks]
    harness.send_kill(victims)
    process.wait(timeout=60)
    harness.send_kill(pid for pid in everyone if harness.alive(pid))
    harness.wait_until(lambda: not any(map(harness.alive, everyone)), 30, "the end of all ranks")
