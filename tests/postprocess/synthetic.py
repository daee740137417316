"""Small files in lcmpi's layout, from a simulation of a few lines, so that every value is known.

    run = simulate(rates=["2", "6", "1"])
    write_live(path, run)          as while the run is on, or after a crash: room behind the rows
    write_exact(path, run)         as after a normal end: exact size, sorted, fates filled in

Of format 2.0, or with old=True of format 1.0: without the messages that cross snapshots before the end.
"""
import heapq
import random
from fractions import Fraction

import h5py
import numpy as np

NS = 1_000_000_000
EMPTY, INTERNAL, SEND, RECEIVE, SKIPPED = range(5)
NONE, UNICAST, MULTICAST, INTERNAL_OP = range(4)
UNKNOWN, RECEIVED, QUEUED, IN_FLIGHT, LOST = range(5)
STATES = "NONE RUNNING COMPLETE STOPPED FAILED RECOVERED"
FATES = "UNKNOWN RECEIVED QUEUED IN_FLIGHT LOST"
ROOM = 7  # unused rows behind each rank's rows in a live file ...
RUBBISH = 99  # ... the first two of which a crash cut short

EVENT_COLUMNS = {
    "machine": ("i4", "1"), "seq": ("i8", "1"), "tick": ("i8", "1"), "t_scheduled": ("i8", "ns"),
    "t_actual": ("i8", "ns"), "peer": ("i4", "1"), "msg_first": ("i8", "1"),
    "msg_count": ("i4", "1"), "t_arrival": ("i8", "ns"), "queue_before": ("i4", "1"),
    "queue_after": ("i4", "1"), "op": ("u1", "NONE UNICAST MULTICAST INTERNAL"),
    "kind": ("u1", "EMPTY INTERNAL SEND RECEIVE SKIPPED"),
}
MESSAGE_COLUMNS = {
    "sender": ("i4", "1"), "number": ("i8", "1"), "copy": ("i4", "1"), "receiver": ("i4", "1"),
    "send_seq": ("i8", "1"), "t_send": ("i8", "ns"), "t_arrival": ("i8", "ns"),
    "fate": ("u1", FATES),
}
LEFT_COLUMNS = {
    "snapshot": ("i4", "1"), "receiver": ("i4", "1"), "sender": ("i4", "1"),
    "number": ("i8", "1"), "copy": ("i4", "1"), "t_arrival": ("i8", "ns"), "fate": ("u1", FATES),
}
STATE_COLUMNS = {
    "t_actual": ("i8", "ns"), "n_tick": ("i8", "1"), "n_event": ("i8", "1"),
    "n_internal": ("i8", "1"), "n_sent": ("i8", "1"), "n_received": ("i8", "1"),
    "n_queued": ("i8", "1"), "queue_max": ("i8", "1"), "valid": ("u1", "NO YES"),
}
CLOCKS = {
    "lamport": ("scalar", "one counter; a receive sets C = max(C, m) + 1 (Lamport 1978)",
                "a -> b implies C(a) < C(b)"),
    "vector": ("vector", "one counter per VM; tells concurrent from ordered",
               "a -> b exactly when V(a) < V(b)"),
}


# ---- simulation ---------------------------------------------------------------------------------

class Machine:
    def __init__(self, vm, rate, words):
        self.vm, self.rate = vm, Fraction(rate)
        self.queue = []  # (t_arrival, sender, number, stamps of the send)
        self.stamps = {"lamport": 0, "vector": [0] * words}
        self.n_tick = self.n_event = self.n_internal = self.n_sent = self.n_received = 0
        self.queue_max = self.jump_max = 0

    def tick_time(self, tick):
        return tick * self.rate.denominator * NS // self.rate.numerator

    def advance(self, received=None):
        stamps, before = self.stamps, self.stamps["lamport"]
        if received:
            stamps["lamport"] = max(stamps["lamport"], received["lamport"])
            stamps["vector"] = [max(pair) for pair in zip(stamps["vector"], received["vector"])]
        stamps["lamport"] += 1
        self.jump_max = max(self.jump_max, stamps["lamport"] - before)
        if stamps["vector"]:
            stamps["vector"][self.vm] += 1

    def copy_of_stamps(self):
        return {"lamport": self.stamps["lamport"], "vector": list(self.stamps["vector"])}


class Run:
    """What simulate() returns: lists of dicts in the order in which things happened."""

    def __init__(self, rates, duration, snapshot_every, vector):
        words = len(rates) if vector else 0
        self.machines = [Machine(vm, rate, words) for vm, rate in enumerate(rates)]
        self.duration = duration
        self.events, self.messages, self.states = [], [], []
        self.crossing = []  # messages that were sent before a snapshot and not received
        self.t_snapshot = [*range(snapshot_every, duration, snapshot_every), duration]


def simulate(rates=("2", "6", "1"), seconds=10, latency_ms=10, lateness_ns=0, snapshot_s=4,
             sends=0.3, vector=True, seed=1):
    """Tick rule receive-or-act, phase zero; `sends` is the share of idle ticks that send, a third of
    which are multicasts to two. vector=False: no vector clock, which is slow for many VMs."""
    run = Run(rates, seconds * NS, snapshot_s * NS, vector)
    run.latency, run.lateness = latency_ms * 1_000_000, lateness_ns
    run.sends, run.draw = sends, random.Random(seed)
    agenda = [(0, machine.vm) for machine in run.machines if run.duration > 0]
    snapshot = 0
    while agenda:
        now, vm = heapq.heappop(agenda)
        while run.t_snapshot[snapshot] <= now:
            _record_states(run, snapshot)
            snapshot += 1
        machine = run.machines[vm]
        _tick(run, machine, now)
        if machine.tick_time(machine.n_tick) < run.duration:
            heapq.heappush(agenda, (machine.tick_time(machine.n_tick), vm))
    for rest in range(snapshot, len(run.t_snapshot)):
        _record_states(run, rest)
    _settle(run)
    return run


def _tick(run, machine, due):
    waiting = _n_arrived(machine, due + run.lateness)
    event = dict(machine=machine.vm, seq=machine.n_event, tick=machine.n_tick, t_scheduled=due,
                 t_actual=due + run.lateness, peer=-1, msg_first=0, msg_count=0, t_arrival=0,
                 queue_before=waiting, queue_after=waiting, op=NONE)
    machine.queue_max = max(machine.queue_max, waiting)
    if waiting:
        _receive(machine, event)
    else:
        _act(run, machine, event)
    event.update(machine.copy_of_stamps())
    run.events.append(event)
    machine.n_tick += 1
    machine.n_event += 1


def _n_arrived(machine, now):
    return sum(message[0] <= now for message in machine.queue)


def _receive(machine, event):
    t_arrival, sender, number, stamps = heapq.heappop(machine.queue)
    machine.advance(stamps)
    machine.n_received += 1
    event.update(kind=RECEIVE, peer=sender, msg_first=number, msg_count=1, t_arrival=t_arrival,
                 queue_after=event["queue_before"] - 1)


def _act(run, machine, event):
    machine.advance()
    peers = [other.vm for other in run.machines if other is not machine]
    chance = run.draw.random()
    if not peers or chance >= run.sends:
        machine.n_internal += 1
        event.update(kind=INTERNAL, op=INTERNAL_OP)
        return
    unicast = chance < run.sends * 2 / 3
    receivers = sorted(run.draw.sample(peers, 1 if unicast else min(2, len(peers))))
    event.update(kind=SEND, op=UNICAST if unicast else MULTICAST,
                 peer=receivers[0] if unicast else -1, msg_first=machine.n_sent,
                 msg_count=len(receivers))
    for receiver in receivers:
        _send(run, machine, event, receiver)


def _send(run, machine, event, receiver):
    message = dict(sender=machine.vm, number=machine.n_sent, copy=0, receiver=receiver,
                   send_seq=event["seq"], t_send=event["t_actual"],
                   t_arrival=event["t_actual"] + run.latency)
    run.messages.append(message)
    heapq.heappush(run.machines[receiver].queue,
                   (message["t_arrival"], machine.vm, message["number"], machine.copy_of_stamps()))
    machine.n_sent += 1


def _record_states(run, snapshot):
    time = run.t_snapshot[snapshot]
    for machine in run.machines:
        run.states.append(dict(
            vm=machine.vm, snapshot=snapshot, t_actual=time, n_tick=machine.n_tick,
            n_event=machine.n_event, n_internal=machine.n_internal, n_sent=machine.n_sent,
            n_received=machine.n_received, n_queued=_n_arrived(machine, time - 1), valid=1,
            queue_max=machine.queue_max, lamport_jump_max=machine.jump_max,
            **machine.copy_of_stamps()))
        for t_arrival, sender, number, stamps in sorted(machine.queue, key=lambda each: each[:3]):
            run.crossing.append(dict(
                snapshot=snapshot, receiver=machine.vm, sender=sender, number=number, copy=0,
                t_arrival=t_arrival, fate=QUEUED if t_arrival < time else IN_FLIGHT, **stamps))


def _settle(run):
    """The fate of every message, and who received it."""
    taken = {(e["peer"], e["msg_first"]): e for e in run.events if e["kind"] == RECEIVE}
    for message in run.messages:
        event = taken.get((message["sender"], message["number"]))
        message["recv_seq"] = event["seq"] if event else None
        message["t_receive"] = event["t_actual"] if event else None
        arrived = message["t_arrival"] < run.duration
        message["fate"] = RECEIVED if event else QUEUED if arrived else IN_FLIGHT


# ---- files --------------------------------------------------------------------------------------

def write_exact(path, run, clocks=("lamport",), state="COMPLETE", n_rank=2, old=False):
    _write(path, run, clocks, state, n_rank, exact=True, old=old)


def write_live(path, run, clocks=("lamport",), state="RUNNING", n_rank=2, until=None, old=False):
    """`until`: only what had happened by that time (s) is committed, all else is not yet there; but of
    the next snapshot the messages are, which do not count without it."""
    _write(path, run, clocks, state, n_rank, exact=False, until=until, old=old)


def _write(path, run, clocks, state, n_rank, exact, until=None, old=False):
    rank_of = [vm * n_rank // len(run.machines) for vm in range(len(run.machines))]
    ended = state in ("COMPLETE", "STOPPED", "RECOVERED") and until is None
    limit = run.duration if until is None else until * NS
    n_snapshots = sum(t <= limit for t in run.t_snapshot[:-1])
    crossing = [row for row in run.crossing if row["snapshot"] == len(run.t_snapshot) - 1 or not old]
    tables = {
        "events": (EVENT_COLUMNS, run.events, "machine", "t_actual", limit),
        "messages": (MESSAGE_COLUMNS, run.messages, "sender", "t_send", limit),
        "snapshots/queue": (LEFT_COLUMNS, [row for row in crossing if row["fate"] == QUEUED], "receiver",
                            "snapshot", len(run.t_snapshot) if ended else n_snapshots + 1),
        "snapshots/channel": (LEFT_COLUMNS, [row for row in crossing if row["fate"] == IN_FLIGHT],
                              "receiver", "snapshot", len(run.t_snapshot) if ended else n_snapshots + 1),
    }
    with h5py.File(path, "w", track_order=True) as h5:
        _write_root(h5, run, clocks, rank_of, n_rank, ended)
        h5.attrs["lcmpi_format"] = "1.0" if old else "2.0"
        _write_snapshots(h5, run, clocks, limit, old)
        for name, (columns, rows, vm_column, key, end) in tables.items():
            regions = _regions(rows, rank_of, n_rank, vm_column, exact)
            on_file = [r for region in regions for r in region if r[key] < end]
            stamped = name == "events" or (not old and name.startswith("snapshots"))
            _write_table(h5, name, columns, regions, on_file, clocks if stamped else (), exact)
        commit = h5["commit"]
        _column(commit, "n_final", np.full(n_rank, int(ended)), h5["rank"])
        _column(commit, "n_snapshots", np.full(n_rank, n_snapshots), h5["rank"])
        _column(commit, "t_end", run.duration if ended else 0)
        _column(commit, "state", np.uint8(STATES.split().index(state)), meanings=STATES)
        _write_balance(h5, run if ended else None)
        if not old:
            _write_segments(h5, n_rank)


def _regions(rows, rank_of, n_rank, vm_column, exact):
    regions = [[r for r in rows if rank_of[r[vm_column]] == rank] for rank in range(n_rank)]
    if exact and vm_column != "receiver":
        order = (lambda r: (r[vm_column], r.get("seq", r.get("number"))))
        regions = [sorted(region, key=order) for region in regions]
    return regions


def _column(group, name, values, *scales, units=None, meanings=None, **layout):
    dataset = group.create_dataset(name, data=values, **layout)
    for axis, scale in enumerate(scales):
        dataset.dims[axis].attach_scale(scale)
    dataset.attrs["long_name"] = name
    if meanings:
        dataset.attrs["flag_values"] = np.arange(len(meanings.split()), dtype="u1")
        dataset.attrs["flag_meanings"] = meanings
    if units:
        dataset.attrs["units"] = units
    return dataset


def _scale(group, name, length):
    scale = group.create_dataset(name, data=np.arange(length, dtype="i4"))
    scale.make_scale(name)
    return scale


def _pure_dimension(group, name, length):
    scale = group.create_dataset(name, shape=(length,), dtype=">f4")
    scale.make_scale("This is a netCDF dimension but not a netCDF variable.%10d" % length)
    return scale


def _write_root(h5, run, clocks, rank_of, n_rank, ended):
    n_vm = len(run.machines)
    h5.attrs.update({
        "Conventions": "CF-1.10", "title": "lcmpi run", "source": "synthetic", "history": "made",
        "start_time": "2026-01-31T12:00:00Z", "command_line": "lcmpi",
        "options": "rates = 1:6\nseed = 1\n", "pace": "virtual", "tick_rule": "receive-or-act",
        "mpi_library": "none", "hdf5_version": h5py.version.hdf5_version,
        "hostnames": "localhost", "row_order": "by rank", "seed": np.int64(1),
        "duration_ns": np.int64(run.duration), "n_vm": np.int64(n_vm), "n_rank": np.int64(n_rank)})
    vm, rank = _scale(h5, "vm", n_vm), _scale(h5, "rank", n_rank)
    rates = [machine.rate for machine in run.machines]
    _column(h5, "tick_rate", np.array([float(rate) for rate in rates]), vm, units="s-1")
    _column(h5, "tick_rate_p", np.array([rate.numerator for rate in rates]), vm, units="1")
    _column(h5, "tick_rate_q", np.array([rate.denominator for rate in rates]), vm, units="s")
    _column(h5, "phase", np.zeros(n_vm, "i8"), vm, units="ns")
    _column(h5, "vm_rank", np.array(rank_of, "i4"), vm, units="1")
    _write_totals(h5, run, clocks, ended)
    for name in ("host", "pid"):
        _column(h5, name, np.full(n_rank, 77, "i4"), rank, units="1")
    for name in ("clock_offset", "clock_error"):
        _column(h5, name, np.zeros(n_rank, "i8"), rank, units="ns")
    h5.create_group("commit")


def _write_totals(h5, run, clocks, ended):
    n_vm = len(run.machines)
    totals = {name: [getattr(machine, name) for machine in run.machines]
              for name in ("n_tick", "n_event", "n_internal", "n_sent", "n_received")}
    totals["n_queued"] = [state["n_queued"] for state in run.states[-n_vm:]]
    totals["lateness_max"] = totals["lateness_mean"] = [run.lateness] * n_vm
    for name, values in totals.items():
        _column(h5, name, np.array(values) * int(ended), h5["vm"], units="1")
    for clock in clocks:
        final = np.array([machine.stamps[clock] for machine in run.machines]) * int(ended)
        wide = [_scale(h5, "component", n_vm)] if clock == "vector" else []
        _column(h5, f"final_{clock}", final, h5["vm"], *wide, units="1")


def _write_snapshots(h5, run, clocks, limit, old):
    group = h5.create_group("snapshots", track_order=True)
    n_vm, n_snapshot = len(run.machines), len(run.t_snapshot)
    scale = _scale(group, "snapshot", n_snapshot)
    _column(group, "t", np.array(run.t_snapshot), scale, units="ns")
    for name, (dtype, units) in STATE_COLUMNS.items():
        if name == "queue_max" and old:
            continue
        values = _of_states(run, limit, name, np.zeros((n_vm, n_snapshot), dtype))
        _column(group, name, values, h5["vm"], scale, units=units if name != "valid" else "1",
                meanings=units if name == "valid" else None)
    for clock in clocks:
        width = (n_vm,) if clock == "vector" else ()
        values = _of_states(run, limit, clock, np.zeros((n_vm, n_snapshot, *width), "i8"))
        scales = (h5["component"],) if width else ()
        _stamps(group, clock, values, h5["vm"], scale, *scales)
        if not width and not old:
            values = _of_states(run, limit, f"{clock}_jump_max", np.zeros((n_vm, n_snapshot), "i8"))
            _column(group[f"clocks/{clock}"], "jump_max", values, h5["vm"], scale, units="1")


def _of_states(run, limit, name, values):
    for state in run.states:
        if state["t_actual"] <= limit:
            values[state["vm"], state["snapshot"]] = state[name]
    return values


def _stamps(group, clock, values, *scales, **layout):
    order, summary, promise = CLOCKS[clock]
    place = group.create_group(f"clocks/{clock}")
    place.attrs.update({"order": order, "summary": summary, "promise": promise,
                        "characterizes": np.int64(order == "vector"),
                        "has_value": np.int64(order == "scalar")})
    _column(place, "stamp", values, *scales, units="1", **layout)


def _write_table(h5, path, columns, regions, on_file, clocks, exact):
    """Rows of `regions` that are in `on_file` are committed. In a live file, rubbish lies behind them
    and the columns that are joined in later are empty."""
    starts = np.cumsum([0] + [len(region) + (0 if exact else ROOM) for region in regions])
    length = int(starts[-1])
    committed = {id(row) for row in on_file}
    kept = [[row for row in region if id(row) in committed] for region in regions]
    group = h5.create_group(path, track_order=True)
    dimension = _pure_dimension(group, _dimension(path), length)
    layout = {"compression": "gzip", "shuffle": True} if exact and length else {}
    for name, (dtype, units) in columns.items():
        values = np.zeros(length, dtype)
        for start, rows in zip(starts, kept):
            if not exact and name != "kind":
                values[start + len(rows):start + len(rows) + 2] = RUBBISH
            if exact or path != "messages" or name not in ("t_arrival", "fate"):
                values[start:start + len(rows)] = [row[name] for row in rows]
        enumeration = " " in units
        _column(group, name, values, dimension, units="1" if enumeration else units,
                meanings=units if enumeration else None, **layout)
    for clock in clocks:
        _write_stamps(h5, group, clock, starts, kept, dimension)
    counter = path.split("/")[-1]
    _column(h5["commit"], f"n_{counter}", np.array([len(rows) for rows in kept]), h5["rank"])
    _column(h5["commit"], f"first_{counter}", starts[:-1].astype("i8"), h5["rank"])


def _write_stamps(h5, group, clock, starts, kept, dimension):
    wide = [h5["vm"]] if clock == "vector" else []
    values = np.zeros((int(starts[-1]), *map(len, wide)), "i8")
    for start, rows in zip(starts, kept):
        if rows:
            values[start:start + len(rows)] = [row[clock] for row in rows]
    _stamps(group, clock, values, dimension, *wide)


def _dimension(path):
    return {"events": "event", "messages": "message", "snapshots/queue": "queued",
            "snapshots/channel": "in_flight"}[path]


def _write_balance(h5, run):
    fates = [message["fate"] for message in run.messages] if run else []
    group = h5.create_group("balance")
    for name, number in (("sent", len(fates)), ("received", fates.count(RECEIVED)),
                         ("queued", fates.count(QUEUED)), ("in_flight", fates.count(IN_FLIGHT)),
                         ("lost", 0)):
        _column(group, name, np.int64(number), units="1")


def _write_segments(h5, n_rank):
    """Of a run that was never gone on with."""
    group = h5.create_group("segments")
    scale = _scale(group, "segment", 1)
    for name, value, units in (("t_start", 0, "ns"), ("snapshot", -1, "1"), ("n_rank", n_rank, "1"),
                               ("started", 1769860800 * NS, "nanoseconds since 1970-01-01")):
        _column(group, name, np.array([value], "i8"), scale, units=units)


# ---- what no run can be -------------------------------------------------------------------------

def contradict(path):
    """Makes events of a file their own causes: all that VM 1 sent is of its last event, and was taken before."""
    with h5py.File(path, "r+") as h5:
        last = (h5["events/machine"][:] == 1).sum() - 1
        h5["messages/send_seq"][h5["messages/sender"][:] == 1] = last
