"""lcmpi in virtual time against the naive reference: the same log, row by row, for hundreds of configurations."""

import ctypes
import math
import os
import random
import statistics
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy

import reference
import virtual
from virtual import harness

CONFIGURATIONS = 300


class Floating:
    """The logarithm, the exponential and the normal quantile of lcmpi, which are part of what a run is."""

    def __init__(self):
        folder = os.path.join(harness.ROOT, "build", "tests")
        source = os.path.join(harness.ROOT, "src", "network", "floating.c")
        os.makedirs(folder, exist_ok=True)
        library = os.path.join(folder, "floating.so")
        subprocess.run(["cc", "-O1", "-ffp-contract=off", "-shared", "-fPIC", source, "-lm", "-o", library], check=True)
        functions = ctypes.CDLL(library)
        self.log, self.exp, self.quantile = functions.fixed_log, functions.fixed_exp, functions.fixed_normal_quantile
        for function in (self.log, self.exp, self.quantile):
            function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]


def configuration(rng):
    vms = rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 7, 9, 12))
    shapes = ["full"] * 4 + ["ring", "star", "grid"] + [f"random:{rng.randint(1, max(1, vms - 1))}"] * (vms > 1)
    unicast = rng.choice((0.2, 0.2, 0, 0.5, 0.125))
    multicast = rng.choice((0.1, 0.1, 0, 0.25, 0.5))
    fifo = rng.choice(("on", "off"))
    return {
        "vms": vms,
        "replicas": rng.choice((1, 1, 1, 2, 5)),
        "seed": rng.choice((rng.randint(0, 99), rng.randint(0, 2**63 - 1))),
        "rates": rng.choice(("1:6", "1:6", "1,3,6", "2:5", "7/3,1/2,2.5", "10", "1:3", "20,1")),
        "phase": rng.choice(("zero", "zero", "period", "random")),
        "topology": rng.choice(shapes),
        "unicast": unicast,
        "multicast": multicast,
        "fanout": rng.choice((2, 2, 1, 3, 10**9)),
        "latency": rng.choice(("const:10ms", "const:100ms", "const:1000ms", "uniform:1ms,300ms",
                               "uniform:0ms,50ms,min=2ms", "exp:80ms,min=1ms", "lognormal:50ms,0.7,min=3ms",
                               "uniform:500ms,3000ms", "const:2500ms")),
        "fifo": fifo,
        "tick-rule": rng.choice(("receive-or-act", "receive-then-act")),
        "receive-until": rng.choice(("none", "none", f"{rng.randint(1, 15000)}ms")) if fifo == "on" else "none",
        "rng-fault": rng.choice(("none", "none", "none", "shared-stream")),
        "duration": rng.randint(1, 20000) * 10**6,
        "snapshot-every": rng.choice(("1s", "5s", "none")),
    }


def words(o):
    given = dict(o)
    given["fanout"] = "all" if o["fanout"] == 10**9 else o["fanout"]
    given["internal"] = 1 - o["unicast"] - o["multicast"]
    given["duration"] = f"{o['duration'] // 10**6}ms"
    return ["--pace", "virtual", "--clock", ",".join(reference.CLOCKS), "--progress", "none",
            *(str(word) for key, value in given.items() for word in (f"--{key}", value))]


def rows(group, columns):
    if not len(group[columns[0]]):
        return []
    return sorted(zip(*(group[name][()].tolist() for name in columns)))


def stamps_of(group):
    """Of all clocks, side by side in the last dimension."""
    stamps = [group[f"clocks/{clock}/stamp"][()] for clock in reference.CLOCKS]
    vector = stamps[reference.CLOCKS.index("vector")]
    return numpy.concatenate([s if s.ndim == vector.ndim else s[..., None] for s in stamps], axis=-1)


def states(group):
    """One row for each VM and snapshot."""
    columns = [group[name][()] for name in reference.STATE]
    n_vm, n_snapshot = columns[0].shape
    stamps = stamps_of(group)
    jumps = [group[f"clocks/{clock}/jump_max"][()] for clock in reference.CLOCKS if clock != "vector"]
    return [(v, s, *(column[v, s].item() for column in columns), *stamps[v, s].tolist(),
             *(jump[v, s].item() for jump in jumps)) for v in range(n_vm) for s in range(n_snapshot)]


def crossing(snapshots, name):
    """The rows of a table of messages that cross cuts; of one rank they are in order as they are."""
    group = snapshots[name]
    columns = [group[column][()].tolist() for column in reference.CROSSING]
    stamps = stamps_of(group).tolist()
    found = [(*row, *stamp) for row, stamp in zip(zip(*columns), stamps)]
    assert found == sorted(found), f"the rows of the {name} are not in order"
    return found


def read(path):
    """The file in the reference's form."""
    with h5py.File(path, "r") as file:
        events, ids = file["events"], ("machine", "seq")
        stamps = numpy.column_stack([*(events[name][()] for name in ids), stamps_of(events)])
        snapshots = file["snapshots"]
        left = crossing(snapshots, "queue") + crossing(snapshots, "channel")
        return (rows(events, reference.EVENT), sorted(map(tuple, stamps.tolist())),
                rows(file["messages"], reference.MESSAGE), states(snapshots), sorted(left))


class Reference(virtual.Case):
    @classmethod
    def setUpClass(cls):
        cls.floating = Floating()

    def near(self, got, exact, ulps, what):
        self.assertLessEqual(abs(got - exact), ulps * math.ulp(exact), what)

    def test_floating(self):
        """Within 4 units in the last place of Python's log and exp, 8 of its quantile, and of what erfc makes of it."""
        rng = random.Random(1)
        edges = [2.0**-53, 2.0**-54, 0.075, 0.5, 0.925, 1 - 2.0**-53]
        for u in edges + [rng.random() for _ in range(100000)] + [2.0**-rng.uniform(0, 53) for _ in range(100000)]:
            x = 1400 * (u - 0.5)
            self.near(self.floating.log(u), math.log(u), 4, f"log {u}")
            self.near(self.floating.exp(x), math.exp(x), 4, f"exp {x}")
            z = self.floating.quantile(u)
            self.near(z, statistics.NormalDist().inv_cdf(u), 8, f"quantile {u}")
            slope = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            slack = 8 * (math.ulp(u) + slope * math.ulp(z))
            self.assertLessEqual(abs(math.erfc(-z / math.sqrt(2)) / 2 - u), slack, f"quantile {u}")

    def compare(self, number):
        o = configuration(random.Random(number))
        name = f"{number}.h5"
        result = self.run_lcmpi(*words(o), "-o", name)
        command = "lcmpi " + " ".join(words(o))
        if result.returncode:
            return f"{command}\n{result.stderr}"
        differ = virtual.difference(("events", "stamps", "messages", "states", "crossing"), read(self.path(name)),
                                    reference.simulate(o, self.floating))
        if differ:
            return f"{command}\n{differ}"
        os.remove(self.path(name))
        return None

    def test_configurations(self):
        with ThreadPoolExecutor(4) as pool:
            wrong = [found for found in pool.map(self.compare, range(CONFIGURATIONS)) if found]
        self.assertEqual(wrong, [], f"{len(wrong)} of {CONFIGURATIONS}:\n" + "\n".join(wrong[:3]))


if __name__ == "__main__":
    unittest.main()
