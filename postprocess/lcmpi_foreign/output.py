"""Writes what was read as a file of lcmpi, format 2.0, complete and with exact sizes. What the logs do not say has
the value that README.md states; nothing that a log does say is changed, but for times, which begin at 0."""
import time
from fractions import Fraction

import h5py
import numpy as np

from .conventions import CONVENTIONS, MAXIMUM
from .rows import INTERNAL, NS, RECEIVE

KINDS = "EMPTY INTERNAL SEND RECEIVE SKIPPED"
OPS = "NONE UNICAST MULTICAST INTERNAL"
FATES = "UNKNOWN RECEIVED QUEUED IN_FLIGHT LOST"
STATES = "NONE RUNNING COMPLETE STOPPED FAILED RECOVERED"
RECEIVED, IN_FLIGHT, LOST = 1, 3, 4
CLOCK = "logged"
UNKNOWN = -1  # a queue length, a carried value, a machine that the log does not tell


def write(path, log, options):
    """`options`: the namespace of the command line, with then_act, convention and operations settled."""
    end = max(row.time for row in log.rows) + 1
    events = [event for events in log.events for event in events]
    messages = [message for messages in log.messages for message in messages]
    left = [message for message in messages if not message.receive and not message.lost]
    with h5py.File(path, "w", track_order=True) as h5:
        _root(h5, log, options, end)
        group = _table(h5, "events", "event", len(events), _event_columns(events, log))
        _stamps(group, [event.clock for event in events], options, group["event"])
        _table(h5, "messages", "message", len(messages), _message_columns(messages, end))
        _snapshots(h5, log, left, end, options)
        _commit(h5, {"events": events, "messages": messages, "queue": [], "channel": left}, end)
        fates = [_fate(message) for message in messages]
        for name, number in (("sent", len(messages)), ("received", fates.count(RECEIVED)), ("queued", 0),
                             ("in_flight", fates.count(IN_FLIGHT)), ("lost", fates.count(LOST))):
            _column(h5, f"balance/{name}", np.int64(number), "1", f"messages {name}")
        for name in ("execution", "snapshots", CLOCK):
            _column(h5, f"digest/{name}", np.uint64(0), "1", "none: an imported log")


# ---- values -------------------------------------------------------------------------------------

def _fate(message):
    return RECEIVED if message.receive else LOST if message.lost else IN_FLIGHT


def _queue(event, before):
    """Messages in the queue, and whether the log says so: by the rule of ticks, an action finds none, or what
    the receive of its tick left."""
    if event.rows[0].queue is not None:
        return event.rows[0].queue, 1
    if event.kind == RECEIVE:
        return UNKNOWN, 0
    if before is not None and before.tick == event.tick:
        queue = before.rows[0].queue
        return (UNKNOWN if queue is None else queue - 1), 0
    return 0, 0


def _event_columns(events, log):
    index = {name: number for number, name in enumerate(log.names)}
    queues = []
    for before, event in zip([None, *events], events):
        same = before if before is not None and before.machine == event.machine else None
        queues.append(_queue(event, same))

    def peer(event):
        if event.kind == RECEIVE:
            if event.rows[0].peer is not None:
                return index[event.rows[0].peer]
            return event.took.event.machine if event.took else UNKNOWN
        return event.sends[0].receiver if len(event.sends) == 1 else UNKNOWN

    def op(event):
        return {INTERNAL: 3, RECEIVE: 0}.get(event.kind, 1 if len(event.sends) == 1 else 2)

    first = [event.rows[0] for event in events]
    times = [event.time for event in events]
    yield "machine", "i4", [event.machine for event in events], "1", "virtual machine of the event"
    yield "seq", "i8", [event.seq for event in events], "1", "number of the event on its machine"
    yield "tick", "i8", [event.tick for event in events], "1", "number of the tick, counted from the events"
    yield "t_scheduled", "i8", times, "ns", "as t_actual: the log does not say when the tick was due"
    yield "t_actual", "i8", times, "ns", "time of the line, since the first one of all"
    yield "peer", "i4", list(map(peer, events)), "1", "sender of a RECEIVE, receiver of a unicast SEND, else -1"
    yield ("msg_first", "i8", [event.took.number if event.took else UNKNOWN if event.kind == RECEIVE else
                               event.sends[0].number if event.sends else 0 for event in events], "1",
           "number of the message taken (-1: no send is left for it), or of the first one sent")
    yield ("msg_count", "i4", [1 if event.kind == RECEIVE else len(event.sends) for event in events], "1",
           "messages taken or sent")
    yield ("t_arrival", "i8", [event.time if event.kind == RECEIVE else 0 for event in events], "ns",
           "RECEIVE: as t_actual, the latest that it can have been")
    yield "queue_before", "i4", [n for n, _ in queues], "1", "messages in the queue before the event; -1 unknown"
    yield ("queue_after", "i4", [n - (event.kind == RECEIVE and n > 0) for event, (n, _) in zip(events, queues)], "1",
           "messages in the queue after the event; -1 unknown")
    yield "op", "u1", list(map(op, events)), OPS, "operation of the tick, if it was idle"
    yield "source_file", "i4", [row.file for row in first], "1", "log that it stands in, an index into source_files"
    yield "source_line", "i8", [row.line for row in first], "1", "line there, from 1"
    yield ("named_machine", "i4", [index.get(row.named, UNKNOWN) for row in first], "1",
           "virtual machine that the line names; -1: none of these")
    yield "named_rate", "f8", [float(row.rate or "nan") for row in first], "s-1", "tick rate that the line names"
    yield ("carried", "i8", [UNKNOWN if row.carried is None else row.carried for row in first], "1",
           "RECEIVE: clock value of the message, as logged; -1 not logged")
    yield "queue_logged", "u1", [said for _, said in queues], "NO YES", "whether the log has the queue's length"
    yield ("ambiguous", "u1", [int(event.ambiguous) for event in events], "NO YES",
           "RECEIVE: whether the log leaves open which of several messages it took")
    yield "kind", "u1", [event.kind for event in events], KINDS, "kind of event"


def _message_columns(messages, end):
    yield "sender", "i4", [m.event.machine for m in messages], "1", "virtual machine that sent the message"
    yield "number", "i8", [m.number for m in messages], "1", "number of the message in its sender's count"
    yield "copy", "i4", [0] * len(messages), "1", "0"
    yield "receiver", "i4", [m.receiver for m in messages], "1", "virtual machine that it was sent to"
    yield "send_seq", "i8", [m.event.seq for m in messages], "1", "event of the sender that sent it"
    yield "t_send", "i8", [m.event.time for m in messages], "ns", "time at which it was sent"
    yield ("t_arrival", "i8", [m.receive.time if m.receive else end for m in messages], "ns",
           "when it was taken, or the end of the logs: the latest that it can have been")
    yield "source_file", "i4", [m.row.file for m in messages], "1", "log of its send"
    yield "source_line", "i8", [m.row.line for m in messages], "1", "line there, from 1"
    yield ("receiver_known", "u1", [int(m.receiver_known) for m in messages], "NO YES",
           "whether its receiver is that; NO: the log names the same machine in every send")
    yield "fate", "u1", list(map(_fate, messages)), FATES, "what became of it"


def _left_columns(left, end):
    order = sorted(left, key=lambda m: (m.receiver, m.event.machine, m.number))
    yield "snapshot", "i4", [0] * len(left), "1", "index of the snapshot"
    yield "receiver", "i4", [m.receiver for m in order], "1", "virtual machine that it was sent to"
    yield "sender", "i4", [m.event.machine for m in order], "1", "virtual machine that sent the message"
    yield "number", "i8", [m.number for m in order], "1", "number of the message in its sender's count"
    yield "copy", "i4", [0] * len(left), "1", "0"
    yield "t_arrival", "i8", [end] * len(left), "ns", "the end of the logs: they do not say"
    yield "fate", "u1", [IN_FLIGHT] * len(left), FATES, "in a queue or in flight: the logs do not say which"


# ---- the file -----------------------------------------------------------------------------------

def _root(h5, log, options, end):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    n = len(log.names)
    h5.attrs.update({
        "Conventions": "CF-1.10", "title": "lcmpi imported log", "source": "lcmpi_import",
        "history": f"{now} imported from {len(log.files)} file{'s' * (len(log.files) != 1)}",
        "lcmpi_format": "2.0", "start_time": now, "command_line": options.command_line,
        "options": "", "seed": np.int64(0), "pace": "real", "duration_ns": np.int64(end),
        "tick_rule": "receive-then-act" if options.then_act else "receive-or-act", "snapshot_method": "",
        "mpi_library": "none", "hdf5_version": h5py.version.hdf5_version, "hostnames": "unknown",
        "n_vm": np.int64(n), "n_rank": np.int64(1), "n_replica": np.int64(1),
        "row_order": "events by machine, seq; messages by sender, number",
        "imported": log.format, "source_files": "\n".join(log.files), "machine_names": "\n".join(log.names),
        "names_receiver": np.int64(log.names_true_receiver), "convention": options.convention, "latency_bound_ns": np.int64(options.latency)})
    if options.operations:
        h5.attrs["operations"] = ",".join(map(repr, options.operations))
    vm, rank = _scale(h5, "vm", n), _scale(h5, "rank", 1)
    rates = [_rate(log, machine) for machine in range(n)]
    declared = [int(log.rates.get(name) is not None) for name in log.names]
    per_vm = [("tick_rate", list(map(float, rates)), "s-1"), ("tick_rate_p", [r.numerator for r in rates], "1"),
              ("tick_rate_q", [r.denominator for r in rates], "s"), ("phase", _firsts(log), "ns"),
              ("vm_rank", np.zeros(n, "i4"), "1"), ("replica", np.zeros(n, "i4"), "1"),
              ("rate_declared", np.array(declared, "u1"), "1")]
    per_vm += [(f"predicted_{name}", np.full(n, np.nan), "1") for name in ("arrivals", "queue", "clock")]
    per_vm += [(name, _totals(log, name), "1") for name in
               ("n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max")]
    per_vm += [(name, np.zeros(n, "i8"), "ns") for name in ("lateness_max", "lateness_mean")]
    per_vm += [(f"final_{CLOCK}", _finals(log), "1"), (f"{CLOCK}_jump_max", _jumps(log, max), "1"),
               (f"{CLOCK}_jump_mean", _jumps(log, lambda jumps: sum(jumps) / len(jumps)), "1")]
    for name, values, units in per_vm:
        _column(h5, name, np.asarray(values), units, name.replace("_", " "), vm)
    _column(h5, "logged", np.ones(n, "u1"), "NO YES", "whether its events and messages are on file", vm)
    for name, dtype in (("host", "i4"), ("pid", "i4"), ("clock_offset", "i8"), ("clock_error", "i8")):
        _column(h5, name, np.zeros(1, dtype), "1", name.replace("_", " "), rank)


def _rate(log, machine):
    """The rate that was declared, or else that of the median interval."""
    declared = log.rates.get(log.names[machine])
    if declared:
        return Fraction(declared).limit_denominator(10**6)
    first = {}
    for event in log.events[machine]:
        first.setdefault(event.tick, event.time)
    intervals = np.diff(sorted(first.values()))
    median = float(np.median(intervals)) if len(intervals) else NS
    return Fraction(NS / max(median, 1.0)).limit_denominator(1000) or Fraction(1, 1000)


def _firsts(log):
    return np.array([events[0].time if events else 0 for events in log.events], "i8")


def _finals(log):
    return np.array([events[-1].clock if events else 0 for events in log.events], "i8")


def _jumps(log, of):
    values = []
    for events in log.events:
        stamps = [0] + [event.clock for event in events]
        values.append(of([b - a for a, b in zip(stamps, stamps[1:])]) if events else 0)
    return np.array(values)


def _totals(log, name):
    kinds = {"n_internal": INTERNAL, "n_received": RECEIVE}
    if name in kinds:
        return np.array([sum(e.kind == kinds[name] for e in events) for events in log.events], "i8")
    if name == "n_sent":
        return np.array([len(messages) for messages in log.messages], "i8")
    if name == "n_event":
        return np.array([len(events) for events in log.events], "i8")
    if name == "n_tick":
        return np.array([events[-1].tick + 1 if events else 0 for events in log.events], "i8")
    if name == "queue_max":
        return np.array([max([row.queue or 0 for e in events for row in e.rows], default=0)
                         for events in log.events], "i8")
    return np.zeros(len(log.events), "i8")  # n_queued: as being in flight, see _left_columns


def _snapshots(h5, log, left, end, options):
    """The only one is the end."""
    vm, rank = h5["vm"], h5["rank"]
    group = h5.create_group("snapshots", track_order=True)
    scale = _scale(group, "snapshot", 1)
    _column(group, "t", np.array([end], "i8"), "ns", "time of the snapshot", scale)
    for name in ("n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max"):
        _column(group, name, _totals(log, name)[:, None], "1", name.replace("_", " "), vm, scale)
    n = len(log.names)
    _column(group, "t_actual", np.full((n, 1), end, "i8"), "ns", "time at which it was recorded", vm, scale)
    for name in ("lateness_max", "lateness_sum"):
        _column(group, name, np.zeros((n, 1), "i8"), "ns", "not known", vm, scale)
    _column(group, "valid", np.ones((n, 1), "u1"), "NO YES", "whether the state was recorded", vm, scale)
    _stamps(group, _finals(log)[:, None], options, vm, scale)
    _column(group[f"clocks/{CLOCK}"], "jump_max", _jumps(log, max)[:, None].astype("i8"), "1", "largest jump", vm, scale)
    order = sorted(left, key=lambda m: (m.receiver, m.event.machine, m.number))
    for name, dimension, rows in (("queue", "queued", []), ("channel", "in_flight", order)):
        table = _table(group, name, dimension, len(rows), _left_columns(rows, end))
        _stamps(table, [m.row.clock for m in rows], options, table[dimension])
    for name in ("t_done", "wall", "markers", "control"):
        _column(group, f"cost/{name}", np.zeros((1, 1), "i8"), "1", "none", rank, scale)
    for name in ("execution", "snapshots", CLOCK):
        _column(group, f"restart/{name}", np.zeros((1, 1), "u8"), "1", "none: an imported log", rank, scale)


def _commit(h5, tables, end):
    for name, rows in tables.items():
        _column(h5, f"commit/n_{name}", np.array([len(rows)], "i8"), "1", "rows on file", h5["rank"])
        _column(h5, f"commit/first_{name}", np.zeros(1, "i8"), "1", "first row", h5["rank"])
    _column(h5, "commit/n_snapshots", np.zeros(1, "i8"), "1", "snapshots on file", h5["rank"])
    _column(h5, "commit/n_final", np.ones(1, "i8"), "1", "whether the final state is on file", h5["rank"])
    _column(h5, "commit/t_end", np.int64(end), "ns", "end of the logs")
    _column(h5, "commit/state", np.uint8(STATES.split().index("COMPLETE")), STATES, "state of the run")
    group = h5.create_group("segments", track_order=True)
    scale = _scale(group, "segment", 1)
    for name, value, dtype, units in (("t_start", 0, "i8", "ns"), ("snapshot", -1, "i4", "1"), ("n_rank", 1, "i4", "1"),
                                      ("started", 0, "i8", "nanoseconds since 1970-01-01")):
        _column(group, name, np.array([value], dtype), units, name.replace("_", " "), scale)


def _table(parent, name, dimension, length, columns):
    group = parent.create_group(name, track_order=True)
    scale = group.create_dataset(dimension, shape=(length,), dtype=">f4")
    scale.make_scale("This is a netCDF dimension but not a netCDF variable.%10d" % length)
    for column, dtype, values, units, text in columns:
        _column(group, column, np.array(values, dtype), units, text, scale)
    return group


def _stamps(group, values, options, *scales):
    place = group.create_group(f"clocks/{CLOCK}")
    place.attrs.update({
        "summary": f"as logged: {CONVENTIONS[options.convention]}", "promise": "a -> b implies C(a) < C(b)",
        "order": "scalar", "characterizes": np.int64(0), "has_value": np.int64(1), "logged": options.convention})
    if options.convention == MAXIMUM:
        place.attrs["of_receive"] = "before the maximum; the larger of it and /events/carried is after it"
    _column(place, "stamp", np.array(values, "i8"), "1", "clock as logged", *scales)


def _column(group, name, values, units, text, *scales):
    """`units`: those, or the meanings of 0, 1, 2, ..."""
    layout = {"compression": "gzip", "shuffle": True} if np.ndim(values) and np.size(values) > 64 else {}
    dataset = group.create_dataset(name, data=values, **layout)
    for axis, scale in enumerate(scales):
        dataset.dims[axis].attach_scale(scale)
    dataset.attrs["long_name"] = text
    if " " in units and units.isupper():
        dataset.attrs["flag_values"] = np.arange(len(units.split()), dtype="u1")
        dataset.attrs["flag_meanings"] = units
    dataset.attrs["units"] = "1" if units.isupper() else units


def _scale(group, name, length):
    scale = group.create_dataset(name, data=np.arange(length, dtype="i4"))
    scale.make_scale(name)
    return scale
