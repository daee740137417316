"""The file of a run that is on, has crashed, was recovered, stopped or finished, in every program that is said to
open it: each works out the same figures of the run, in its own way, and must come to what h5py comes to.

Of a run that is on, figures that grow must lie between h5py's before and h5py's afterwards.
"""

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np
from conditions import CONDITIONS, Files

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "postprocess"))

# What grows while a run is on: rows on file of each rank, events and RECEIVEs of each VM, largest stamp of each VM,
# largest of each component of the vector stamps, states on file, messages sent by each VM at the last of them.
GROWS = {"on_file", "events", "received", "lamport", "vector", "snapshots", "sent"}
# Numbers that do not: the machines, totals of the run (0 until its end), its state. And words.
DATA = {"vm", "tick_rate", "n_event", "final_lamport", "state", *GROWS}
NAMES = {"seed", "options", "units", "kinds"}
# In an order that suits a live file: counters, then kind, which is written last, then the other columns.
DATASETS = ("vm", "tick_rate", "n_event", "final_lamport", "commit/state", "commit/n_events", "events/kind", "events/machine",
            "events/clocks/lamport/stamp", "events/clocks/vector/stamp", "snapshots/valid", "snapshots/n_sent")
DIMENSIONS = {"commit/n_events": ["rank"], "events/kind": ["event"], "events/clocks/vector/stamp": ["event", "vm"],
              "snapshots/n_sent": ["vm", "snapshot"]}

files = None


def setUpModule():
    global files
    files = Files()
    unittest.addModuleCleanup(files.close)


def figures(data):
    """The figures that the DATASETS hold, given as arrays by their names."""
    kind, machine = data["events/kind"], data["events/machine"]
    vms = data["vm"]
    return {
        "vm": vms, "tick_rate": data["tick_rate"], "n_event": data["n_event"], "final_lamport": data["final_lamport"],
        "state": [data["commit/state"]], "on_file": data["commit/n_events"],
        "events": [(machine[kind > 0] == vm).sum() for vm in vms],
        "received": [(machine[kind == 3] == vm).sum() for vm in vms],
        "lamport": [data["events/clocks/lamport/stamp"][(kind > 0) & (machine == vm)].max() for vm in vms],
        "vector": data["events/clocks/vector/stamp"][kind > 0].max(axis=0),
        "snapshots": [(data["snapshots/valid"] == 1).sum()],
        "sent": data["snapshots/n_sent"].max(axis=1),
    }


def run_tool(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(f"{words[0]}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


# ---- how each program reads: all return some of the figures -----------------------------------------

def read_h5py(path):
    with h5py.File(path, "r") as h5:
        data = {name: h5[name][()] for name in DATASETS}
        return {
            **figures(data), "seed": h5.attrs["seed"], "options": h5.attrs["options"],
            "units": [h5["tick_rate"].attrs["units"], h5["events/t_actual"].attrs["units"]],
            "kinds": h5["events/kind"].attrs["flag_meanings"],
            "dimensions": {name: [os.path.basename(d[0].name) for d in h5[name].dims] for name in DIMENSIONS},
        }


def read_pandas(path):
    """As the recipe that needs no reader."""
    import pandas as pd
    with h5py.File(path, "r") as h5:
        group = h5["events"]
        rows = group["kind"][:] > 0
        events = pd.DataFrame({name: group[name][:][rows] for name in ("machine", "kind")})
        events["lamport"] = group["clocks/lamport/stamp"][:][rows]
    by_vm = events.groupby("machine")
    return {"events": by_vm.size(), "lamport": by_vm.lamport.max(),
            "received": (events.kind == 3).groupby(events.machine).sum()}


def read_lcmpi_py(path):
    """With postprocess/lcmpi.py, which reads only what the counters count."""
    import lcmpi
    info, machines = lcmpi.info(path), lcmpi.machines(path)
    events, snapshots = lcmpi.events(path, vectors=True), lcmpi.snapshots(path)
    states = {word: code for code, word in enumerate("NONE RUNNING COMPLETE STOPPED FAILED RECOVERED".split())}
    by_vm = events.groupby("machine")
    assert len(lcmpi.messages(path)) == info["n_messages"] or info["state"] == "RUNNING"
    return {
        "seed": info["seed"], "options": info["options"], "state": [states[info["state"]]], "vm": machines.index,
        "tick_rate": machines.tick_rate, "n_event": machines.n_event, "final_lamport": machines.final_lamport,
        "kinds": " ".join(events.kind.cat.categories),
        "events": by_vm.size(), "received": (events.kind == "RECEIVE").groupby(events.machine).sum(),
        "lamport": by_vm.lamport.max(), "vector": events.filter(regex=r"^vector_").max(),
        "snapshots": [len(snapshots)], "sent": snapshots.groupby("vm").n_sent.max(),
    }


def read_xarray(path, engine):
    """As the recipe: kind first, the other columns when they are asked for."""
    import xarray as xr

    def group(name=None):
        return stack.enter_context(xr.open_dataset(path, group=name, engine=engine))

    with contextlib.ExitStack() as stack:
        root, commit, events, snapshots = map(group, (None, "commit", "events", "snapshots"))
        lamport, vector = group("events/clocks/lamport"), group("events/clocks/vector")
        n_events = commit.n_events.values
        rows = (events.kind > 0).values
        kind, machine = events.kind[rows], events.machine[rows]
        dimensions = {"commit/n_events": commit.n_events, "events/kind": events.kind,
                      "events/clocks/vector/stamp": vector.stamp, "snapshots/n_sent": snapshots.n_sent}
        return {
            "seed": root.attrs["seed"], "options": root.attrs["options"], "kinds": kind.attrs["flag_meanings"],
            "units": [root.tick_rate.attrs["units"], events.t_actual.attrs["units"]],
            "dimensions": {name: list(variable.dims) for name, variable in dimensions.items()},
            "vm": root.vm.values, "tick_rate": root.tick_rate.values, "n_event": root.n_event.values,
            "final_lamport": root.final_lamport.values, "state": [commit.state.item()], "on_file": n_events,
            "events": kind.groupby(machine).count().values, "received": (kind == 3).groupby(machine).sum().values,
            "lamport": lamport.stamp[rows].groupby(machine).max().values,
            "vector": vector.stamp[rows].max("event").values,
            "snapshots": [(snapshots.valid == 1).sum().item()], "sent": snapshots.n_sent.max("snapshot").values,
        }


def read_h5netcdf(path):
    return read_xarray(path, "h5netcdf")


def read_netcdf4(path):
    return read_xarray(path, "netcdf4")


def numbers(text):
    return np.array([float(word) for word in text.replace(",", " ").split()])


def shaped(data):
    """The two-dimensional ones of arrays that a tool prints as mere rows of numbers."""
    n_vm = len(data["vm"])
    data["commit/state"] = data["commit/state"][0]
    data["events/clocks/vector/stamp"] = data["events/clocks/vector/stamp"].reshape(-1, n_vm)
    for name in ("snapshots/valid", "snapshots/n_sent"):
        data[name] = data[name].reshape(n_vm, -1)
    return data


def cdl(text):
    """Of what ncdump prints: {variable or attribute by its path: text}, {variable: dimensions}."""
    values, dimensions, path = {}, {}, []
    token = re.compile(r'^\s*(?:group: (?P<group>\w+) \{|\} // group|(?:string |)(?P<attribute>\w*:\w+) = (?P<value>.*?) ;$'
                       r'|(?P<name>\w+) =\s(?P<data>[^"]*?) ;$|\w+ (?P<variable>\w+)(?:\((?P<dims>[^)]*)\))? ;$)', re.M | re.S)
    for found in token.finditer(text):
        place = "/".join(path)
        key = f"{place}/" if place else ""
        if found["group"]:
            path.append(found["group"])
        elif found["attribute"]:
            values[key + found["attribute"]] = found["value"].strip('"').replace("\\n", "\n")
        elif found["name"]:
            values[key + found["name"]] = found["data"]
        elif found["variable"]:
            dimensions[key + found["variable"]] = (found["dims"] or "").split(", ")
        else:
            path.pop()
    return values, dimensions


def read_ncdump(path):
    head, dimensions = cdl(run_tool("ncdump", "-h", path))
    kind = 1 + DATASETS.index("events/kind")
    data = {}
    for names in (DATASETS[:kind], DATASETS[kind:]):  # in one go it would read in the order of the file: kind last
        wanted = ",".join("/" + name if "/" in name else name for name in names)
        values, _ = cdl(run_tool("ncdump", "-v", wanted, path))
        data.update({name: numbers(values[name]) for name in names})
    return {
        **figures(shaped(data)),
        "seed": head[":seed"].rstrip("L"), "options": head[":options"], "kinds": head["events/kind:flag_meanings"],
        "units": [head["tick_rate:units"], head["events/t_actual:units"]],
        "dimensions": {name: dimensions[name] for name in DIMENSIONS},
    }


def h5dump_values(text):
    """{dataset or attribute: what stands in its DATA}."""
    blocks = re.findall(r'^(?:DATASET|ATTRIBUTE) "/?([^"]+)" \{.*?DATA \{\n(.*?)\n   \}', text, re.M | re.S)
    return {name: data.strip().removeprefix("(0): ") for name, data in blocks}


def read_h5dump(path):
    attributes = ("seed", "options", "events/kind/flag_meanings", "tick_rate/units")
    words = [word for name in attributes for word in ("-a", "/" + name)]
    about = h5dump_values(run_tool("h5dump", *words, path))
    words = [word for name in DATASETS for word in ("-d", "/" + name)]
    values = h5dump_values(run_tool("h5dump", "-y", "-w", "0", *words, path))
    unit = run_tool("h5dump", "-a", "/events/t_actual/units", path)
    return {
        **figures(shaped({name: numbers(values[name]) for name in DATASETS})),
        "seed": about["seed"], "kinds": about["flag_meanings"].strip('"'),
        "options": re.sub(r"\n +", "\n", about["options"]).strip('"'),
        "units": [about["units"].strip('"'), h5dump_values(unit)["units"].strip('"')],
    }


def read_h5ls(path):
    listed = dict(re.findall(r"^/(\S+) +Dataset \{(.*)\}$", run_tool("h5ls", "-r", path), re.M))
    assert set(DATASETS) <= set(listed), listed

    def values(name):
        return numbers(run_tool("h5ls", "-d", "-S", f"{path}/{name}").split("Data:")[1])

    return figures(shaped({name: values(name) for name in DATASETS}))


OCTAVE = """
run = load('-hdf5', '{path}');
on_file = run.events.kind > 0;
vm = run.events.machine(on_file)(:) + 1;
kind = run.events.kind(on_file)(:);
printf('vm %s\\n', mat2str(run.vm(:)'));
printf('tick_rate %s\\n', mat2str(run.tick_rate(:)'));
printf('n_event %s\\n', mat2str(run.n_event(:)'));
printf('final_lamport %s\\n', mat2str(run.final_lamport(:)'));
printf('state %d\\n', run.commit.state);
printf('on_file %s\\n', mat2str(run.commit.n_events(:)'));
printf('events %s\\n', mat2str(accumarray(vm, 1)'));
printf('received %s\\n', mat2str(accumarray(vm, kind == 3)'));
printf('lamport %s\\n', mat2str(accumarray(vm, double(run.events.clocks.lamport.stamp(on_file)(:)), [], @max)'));
printf('vector %s\\n', mat2str(max(run.events.clocks.vector.stamp, [], 2)'));
printf('snapshots %d\\n', sum(run.snapshots.valid(:)));
printf('sent %s\\n', mat2str(max(run.snapshots.n_sent, [], 1)));
"""

R = """
library(hdf5r)
file <- H5File$new("{path}", "r")
rows <- function(name) file[[name]][]
say <- function(key, values) cat(key, as.numeric(values), "\\n")
say("on_file", rows("commit/n_events"))
on_file <- rows("events/kind") > 0
kind <- rows("events/kind")[on_file]
vm <- rows("events/machine")[on_file]
for (name in c("vm", "tick_rate", "n_event", "final_lamport")) say(name, rows(name))
say("state", rows("commit/state"))
say("events", table(vm))
say("received", tapply(kind == 3, vm, sum))
say("lamport", tapply(as.numeric(rows("events/clocks/lamport/stamp")[on_file]), vm, max))
say("vector", apply(file[["events/clocks/vector/stamp"]][, ], 1, max))
say("snapshots", sum(file[["snapshots/valid"]][, ]))
say("sent", apply(file[["snapshots/n_sent"]][, ], 2, max))
cat("seed", h5attr(file, "seed"), "\\n")
cat("options", gsub("\\n", ";", h5attr(file, "options")), "\\n")
cat("kinds", h5attr(file[["events/kind"]], "flag_meanings"), "\\n")
cat("units", h5attr(file[["tick_rate"]], "units"), h5attr(file[["events/t_actual"]], "units"), "\\n")
file$close_all()
"""


def said(text):
    """What a script said, one figure per line."""
    found = dict(re.findall(r"^(\w+) (.*?) *$", text, re.M))
    result = {key: numbers(re.sub(r"\w*\(|[\[\])]", "", value)) for key, value in found.items() if key in DATA}
    for key in ("seed", "kinds"):
        if key in found:
            result[key] = found[key]
    if "options" in found:
        result["options"] = found["options"].replace(";", "\n")
        result["units"] = found["units"].split()
    return result


def read_octave(path):
    return said(run_tool("octave-cli", "--quiet", "--eval", OCTAVE.format(path=path)))


def read_r(path):
    return said(run_tool("Rscript", "-e", R.replace("{path}", path)))


# ---- comparing -------------------------------------------------------------------------------------

# reader -> function, what it needs, what it must find
READERS = {
    "h5py": (read_h5py, "h5py", DATA | NAMES | {"dimensions"}),
    "pandas": (read_pandas, "pandas", {"events", "received", "lamport"}),
    "lcmpi_py": (read_lcmpi_py, "pandas", DATA - {"on_file"} | {"seed", "options", "kinds"}),
    "xarray_h5netcdf": (read_h5netcdf, "xarray h5netcdf", DATA | NAMES | {"dimensions"}),
    "xarray_netcdf4": (read_netcdf4, "xarray netCDF4", DATA | NAMES | {"dimensions"}),
    "ncdump": (read_ncdump, "ncdump", DATA | NAMES | {"dimensions"}),
    "h5dump": (read_h5dump, "h5dump", DATA | NAMES),
    "h5ls": (read_h5ls, "h5ls", DATA),
    "octave": (read_octave, "octave-cli", DATA),
    "r": (read_r, "Rscript hdf5r", DATA | NAMES),
}


@functools.lru_cache(None)
def missing(need):
    """The first of the programs and packages named that is not here."""
    for name in need.split():
        if name in ("ncdump", "h5dump", "h5ls", "octave-cli", "Rscript"):
            there = shutil.which(name)
        elif name == "hdf5r":
            there = not subprocess.run(["Rscript", "-e", "library(hdf5r)"], capture_output=True).returncode
        else:
            there = not subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode
        if not there:
            return name.removesuffix("-cli")
    return None


class Readers(unittest.TestCase):
    def check(self, name, condition):
        read, need, keys = READERS[name]
        lacking = missing(need)
        if lacking:
            self.skipTest(f"no {lacking} here")
        path = files.path(condition)
        before = read_h5py(path)
        found = read(path)
        after = read_h5py(path)
        self.assertEqual(set(found), keys)
        for key in keys:
            if key in GROWS:
                low, value, high = (np.asarray(figure[key], float) for figure in (before, found, after))
                self.assertEqual(low.shape, value.shape, key)
                self.assertTrue((low <= value).all() and (value <= high).all(), f"{key}: {low} {value} {high}")
            elif isinstance(before[key], np.ndarray):
                np.testing.assert_array_equal(np.asarray(found[key], float), before[key], key)
            else:
                self.assertEqual(found[key] if key != "seed" else int(found[key]), before[key], key)
        if condition == "running":
            files.check_running()


class Facts(unittest.TestCase):
    """What all are compared with is what the run was asked for, and what the program said of it."""

    def test_what_was_asked_for(self):
        for condition in CONDITIONS:
            found = read_h5py(files.path(condition))
            with self.subTest(condition):
                self.assertEqual((found["seed"], *found["units"]), (20260, "s-1", "ns"))
                self.assertEqual((list(found["vm"]), list(found["tick_rate"])), ([0, 1, 2], [2, 4, 10]))
                self.assertEqual(found["dimensions"], DIMENSIONS)
                for option in ("clock = lamport,vector", "phase = period", "speed = 10"):
                    self.assertIn(option, found["options"].splitlines())

    def test_states(self):
        states = {condition: read_h5py(files.path(condition))["state"] for condition in CONDITIONS}
        self.assertEqual(states, {"running": [1], "crashed": [1], "recovered": [5], "stopped": [3], "finished": [2]})

    def test_what_the_run_said_at_its_end(self):
        for condition in ("stopped", "finished"):
            found = read_h5py(files.path(condition))
            table = re.findall(r"^ +\d+  .*$", files.said[condition], re.M)
            with self.subTest(condition):
                for vm, line in enumerate(table):
                    vm_said, _, _, ticks, _, sent, received, _, _, lamport, *_ = map(float, line.replace(",", "").split())
                    self.assertEqual((vm_said, ticks, lamport), (vm, found["events"][vm], found["lamport"][vm]))
                    self.assertEqual((ticks, lamport), (found["n_event"][vm], found["final_lamport"][vm]))
                    self.assertEqual((sent, received), (found["sent"][vm], found["received"][vm]))
                self.assertEqual(len(table), 3)

    def test_recovered_is_what_had_been_committed(self):
        crashed, recovered = (read_h5py(files.path(condition)) for condition in ("crashed", "recovered"))
        self.assertIn(f"{sum(crashed['on_file']):,} events", files.said["recovered"])
        for key in ("events", "received", "lamport", "vector", "on_file"):
            np.testing.assert_array_equal(crashed[key], recovered[key], key)

    def test_a_finished_file_has_no_room(self):
        for condition in ("recovered", "finished"):
            with h5py.File(files.path(condition)) as h5:
                self.assertEqual(len(h5["events/kind"]), sum(h5["commit/n_events"]))


class Live(unittest.TestCase):
    """What only the file of a run that is on must do."""

    def test_a_reader_that_stays_sees_it_grow(self):
        with h5py.File(files.path("running"), "r") as h5:
            counts, stamps, first = h5["commit/n_events"], h5["events/clocks/lamport/stamp"], h5["commit/first_events"][:]

            def look():
                counts.id.refresh()
                stamps.id.refresh()
                n = counts[:]
                return [int(stamps[a + k - 1]) for a, k in zip(first, n)]

            begin = look()
            harness.wait_until(lambda: all(now > then > 0 for now, then in zip(look(), begin)), what="growth")

    def test_others_cannot_write_to_it(self):
        with self.assertRaises(OSError):
            h5py.File(files.path("running"), "r+")
        files.check_running()

    def test_a_copy_can_be_read(self):
        copy = files.path("running") + ".copy"
        subprocess.run(["cp", "--sparse=always", files.path("running"), copy], check=True)
        self.assertLess(os.stat(copy).st_blocks * 512, os.stat(copy).st_size / 2)
        self.assertTrue((read_h5py(copy)["events"] > np.zeros(3)).all())


def add_tests():
    def add(name, condition):
        setattr(Readers, f"test_{name}_{condition}", lambda self: self.check(name, condition))

    for name in READERS:
        for condition in CONDITIONS:
            add(name, condition)


add_tests()

if __name__ == "__main__":
    unittest.main()
