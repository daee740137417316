"""lcmpi in virtual time against the naive reference: the same log, row by row, for hundreds of configurations."""

import ctypes
import os
import random
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))

import harness  # noqa: E402
import reference  # noqa: E402

CONFIGURATIONS = 300


class Law(ctypes.Structure):
    """struct lc_latency, opaque."""
    _fields_ = [("bytes", ctypes.c_char * 256)]


def configuration(rng):
    vms = rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 7, 9, 12))
    shapes = ["full"] * 4 + ["ring", "star", "grid"] + [f"random:{rng.randint(1, max(1, vms - 1))}"] * (vms > 1)
    unicast = rng.choice((0.2, 0.2, 0, 0.5, 0.125))
    multicast = rng.choice((0.1, 0.1, 0, 0.25, 0.5))
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
        "fifo": rng.choice(("on", "off")),
        "duration": rng.randint(1, 20000) * 10**6,
        "snapshot-every": rng.choice(("1s", "5s", "none")),
    }


def words(o):
    given = {key: value for key, value in o.items() if key != "draw"}
    given["fanout"] = "all" if o["fanout"] == 10**9 else o["fanout"]
    given["internal"] = 1 - o["unicast"] - o["multicast"]
    given["duration"] = f"{o['duration'] // 10**6}ms"
    return ["--pace", "virtual", "--clock", "lamport,vector", "--progress", "none",
            *(str(word) for key, value in given.items() for word in (f"--{key}", value))]


def rows(group, columns):
    if not len(group[columns[0]]):
        return []
    return sorted(zip(*(group[name][()].tolist() for name in columns)))


def read(path):
    """The file in the reference's form."""
    with h5py.File(path, "r") as file:
        events, ids = file["events"], ("machine", "seq")
        lamport, vector = (events[f"clocks/{name}/stamp"][()] for name in ("lamport", "vector"))
        stamps = numpy.column_stack([*(events[name][()] for name in ids), lamport, vector])
        left = rows(file["snapshots/queue"], reference.LEFT) + rows(file["snapshots/channel"], reference.LEFT)
        queued = int(file["balance/queued"][()])
        assert queued == len(file["snapshots/queue/sender"])
        return (rows(events, reference.EVENT), sorted(map(tuple, stamps.tolist())),
                rows(file["messages"], reference.MESSAGE), sorted(left))


class Reference(harness.Case):
    @classmethod
    def setUpClass(cls):
        """The logarithm and the exponential of lcmpi, which are part of what a run is."""
        root = harness.ROOT
        cls.folder = os.path.join(root, "build", "tests")
        os.makedirs(cls.folder, exist_ok=True)
        library = os.path.join(cls.folder, "latency.so")
        sources = [os.path.join(root, "src", *name.split("/")) for name in
                   ("network/latency.c", "network/floating.c", "base/rng.c", "base/quantity.c", "base/status.c",
                    "base/text.c", "base/memory.c")]
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-ffp-contract=off", "-shared", "-fPIC", "-I",
                        os.path.join(root, "include"), *sources, "-lm", "-o", library], check=True)
        cls.lcmpi = ctypes.CDLL(library)
        cls.lcmpi.lc_latency_draw.restype = ctypes.c_int64

    def drawer(self, o):
        law, error = Law(), ctypes.create_string_buffer(4096)
        self.assertEqual(self.lcmpi.lc_latency_parse(ctypes.byref(law), o["latency"].encode(), error), 0)
        return lambda sender, number: self.lcmpi.lc_latency_draw(
            ctypes.byref(law), ctypes.c_uint64(o["seed"]), ctypes.c_int32(sender), ctypes.c_int64(number))

    def compare(self, number):
        o = configuration(random.Random(number))
        name = f"{number}.h5"
        result = self.run_lcmpi(*words(o), "-o", name)
        command = "lcmpi " + " ".join(words(o))
        if result.returncode:
            return f"{command}\n{result.stderr}"
        o["draw"] = self.drawer(o)
        for what, got, expected in zip(("events", "stamps", "messages", "left"), read(self.path(name)),
                                       reference.simulate(o)):
            if got != expected:
                differ = next((pair for pair in zip(got, expected) if pair[0] != pair[1]),
                              (f"{len(got)} rows", f"{len(expected)} rows"))
                return f"{command}\n{what}: {differ[0]}; the reference has {differ[1]}"
        os.remove(self.path(name))
        return None

    def test_configurations(self):
        with ThreadPoolExecutor(4) as pool:
            wrong = [found for found in pool.map(self.compare, range(CONFIGURATIONS)) if found]
        self.assertEqual(wrong, [], f"{len(wrong)} of {CONFIGURATIONS}:\n" + "\n".join(wrong[:3]))


if __name__ == "__main__":
    unittest.main()
