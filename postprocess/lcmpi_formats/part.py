"""The part of a run that is exported: some VMs, some time, read in blocks that fit into memory."""
from functools import cached_property

import numpy as np

import lcmpi
import lcmpi_tool as tool

BLOCK_BYTES = 1 << 27      # of the columns of the events of a block
EVENT_BYTES = 1 << 10      # of one event, while it is read and written, without vector stamps
FOREVER = 1 << 62          # ns


class Block:
    def __init__(self, file, machines, start, end, vectors):
        self.end, self._of = end, (file, _seconds(start, end), machines)
        self.events = lcmpi.events(file, vectors, *self._of[1:])

    def messages(self):
        return lcmpi.messages(*self._of)


class Part:
    def __init__(self, file, window=None, machines=None):
        """`window`: (start, end) in seconds, each None if it was left open; None if not asked for at all.
        `machines`: VMs; None if not asked for."""
        self.file, self.about, self.table = file, lcmpi.info(file), lcmpi.machines(file)
        self.logged = _logged(file, self.table)
        self.window_given, self.machines_given = window is not None, machines is not None
        self.vms = self.logged if machines is None else _chosen(self.logged, self.table.index, machines)
        self.start, self.end = _nanoseconds(window or (None, None))
        ended = self.about["t_end"]
        if 0 < ended <= self.start:
            raise tool.Failure(f"--window: starts at {self.start / lcmpi.NS_PER_S:g} s; the run ends at "
                               f"{ended / lcmpi.NS_PER_S:g} s", tool.USAGE)
        self.names = _names(self.about, self.table.index)

    @property
    def whole(self):
        """Whether every VM with a log is shown."""
        return len(self.vms) == len(self.logged)

    def note_gaps(self):
        """Says if causes may have passed through VMs that have no log."""
        n_vm = len(self.table) // int(self.about.get("n_replica", 1))
        silent = n_vm * len(np.unique(self.logged // n_vm)) - len(self.logged)
        if silent:
            tool.note(f"{self.file}: {silent} VMs are not logged (--log): what happened before what through them is "
                      "missing")

    def n_events(self):
        """How many events of all VMs are in the time chosen, as far as they are spread evenly."""
        n, (_, until) = self.about["n_events"], self._extent
        return n * max(0, min(self.end, until) - self.start) // until if until else n

    def events(self):
        """Of all VMs with a log, in the time chosen."""
        return lcmpi.events(self.file, window=_seconds(self.start, self.end))

    def messages(self):
        return lcmpi.messages(self.file, window=_seconds(self.start, self.end))

    def blocks(self, vectors=False):
        """Of the VMs shown, in the order of time: events, and the messages that were sent or taken in a block."""
        for start, end in self._spans(vectors):
            yield Block(self.file, self._if_fewer(self.vms), start, end, vectors)

    def _if_fewer(self, vms):
        return None if vms is None or len(vms) == len(self.table) else vms

    def _spans(self, vectors):
        """[start, end] of the blocks, in ns. What a run that is on may still add to the file is in the last one. Times
        of other programs' logs need not agree with their order: these are read at once."""
        width = EVENT_BYTES + 8 * vectors * len(self.table) * self._n_vector_clocks()
        n_block = -(-self.about["n_events"] * width // BLOCK_BYTES)
        if n_block < 2 or "imported" in self.about:
            return [(self.start, self.end)]
        end, _ = self._extent
        inner = [end * i // n_block for i in range(1, n_block)]
        cuts = [self.start, *(cut for cut in inner if self.start < cut <= self.end), self.end + 1]
        return [(a, b - 1) for a, b in zip(cuts, cuts[1:])]

    @cached_property
    def _extent(self):
        """ns: until when every rank with a log has its events on file, and until when any has; the end of the run
        once there is one."""
        ended = self.about["t_end"]
        if ended:
            return ended, ended
        latest = lcmpi.latest(self.file)
        return int(latest[self.table.vm_rank[self.logged].unique()].min()), int(latest.max())

    def _n_vector_clocks(self):
        return sum(about["order"] == "vector" for about in self.about["clocks"].values())


def scalar_clocks(part):
    return [name for name, about in part.about["clocks"].items() if about["order"] == "scalar"]


def happened(events):
    """Without the ticks that were skipped: nothing happened at them."""
    return events[events.kind != "SKIPPED"]


def provenance(part):
    """Where it all comes from: name -> text."""
    about = part.about
    names = ("source", "start_time", "command_line", "seed", "pace", "tick_rule", "lcmpi_format", "state")
    part_of = {"file": str(part.file), "window": f"{_text(part.start)}:{_text(part.end)}"}
    return {**part_of, **{name: str(about[name]) for name in names if name in about}}


def _text(time):
    return "" if time in (0, FOREVER) else f"{time / lcmpi.NS_PER_S:.9g}"


def _logged(file, table):
    """The VMs whose log is in the file. Before --log could leave any out there was no column."""
    vms = table.index[table.logged == 1] if "logged" in table else table.index
    if vms.empty:
        raise tool.Failure(f"{file}: no VM is logged (--log none): there are no events to export")
    return vms.to_numpy()


def _chosen(logged, there, wanted):
    missing = sorted(wanted - set(there.tolist()))
    if missing:
        raise tool.Failure(f"--machines: the run has no VM {missing[0]}; its VMs are {there.min()} to {there.max()}",
                           tool.USAGE)
    silent = sorted(wanted - set(logged.tolist()))
    if silent:
        raise tool.Failure(f"--machines: VM {silent[0]} is not logged (--log)", tool.USAGE)
    return np.array(sorted(wanted))


def _nanoseconds(window):
    start, end = window
    to_ns = round((start or 0) * lcmpi.NS_PER_S)
    return to_ns, FOREVER if end is None else round(end * lcmpi.NS_PER_S)


def _seconds(start, end):
    return None if (start, end) == (0, FOREVER) else (start / lcmpi.NS_PER_S, end / lcmpi.NS_PER_S)


def _names(about, vms):
    """VM -> its name, without spaces: vm0, vm1, ..., or what it is called in the logs of another program."""
    foreign = ["_".join(name.split()) for name in str(about.get("machine_names", "")).split("\n")]
    foreign = [f"machine{name}" if name.isdigit() else name for name in foreign]
    if len(vms) == len(foreign) == len(set(foreign)) and all(foreign):
        return dict(zip(vms.tolist(), foreign))
    return {vm: f"vm{vm}" for vm in vms.tolist()}
