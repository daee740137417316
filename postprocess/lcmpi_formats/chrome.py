"""A trace of the Trace Event Format, as Perfetto and chrome://tracing show it: a process per copy (or per rank, if
there is one copy), a track per VM, a slice per event, an arrow per message, a counter per queue, an instant per
recorded state and skipped tick.

An event takes no time, but a slice must be seen. It begins when the event happened, and takes up to half of the
time to its VM's next one, and no more than a quarter of the shortest period. What a VM did at one and the same time (a
tick that takes a message and acts) shares that time, in its order; `t_ns` of the arguments is exact. Viewers sort by
time and keep the order of the file at equal times: so slices come first there, then sends, then receives."""
import json

import numpy as np

import lcmpi
import lcmpi_tool as tool

from .part import happened, provenance, scalar_clocks

WIDEST = 32  # components of vector stamps that are written as arguments
ROWS = 100_000  # that are kept to be sorted, of what has no time
NO_RATE = 1_000_000  # ns: the longest slice where no rate is known
SLICE, SEND, RECEIVE, OTHER = range(4)  # order at equal times


def suffixes(_):
    return ["-trace.json"]


def write(part, paths):
    with open(paths[0], "w", encoding="utf-8") as file:
        trace = _Trace(file, provenance(part))
        pids = _name_tracks(part, trace)
        run = _Run(part, trace, pids)
        for block in part.blocks(vectors=run.vectors):
            run.add(block)
        _add_snapshots(part, trace, pids)
        trace.close()
    if run.backwards:
        tool.note(f"{part.file}: {run.backwards} messages have no arrow: by the times on file they are taken before "
                  "they are sent, or at that moment")


class _Trace:
    """The file: an object whose last member is the array of events, one to a line."""

    def __init__(self, file, other_data):
        self.file, self.empty, self.rows = file, True, []
        file.write(f'{{"displayTimeUnit": "ms",\n"otherData": {json.dumps(other_data)},\n"traceEvents": [')

    def add(self, ns, order, text):
        self.rows.append((ns, order, text))

    def flush(self):
        self.rows.sort(key=lambda row: row[:2])
        for ns, _, text in self.rows:
            self.file.write(f'{"" if self.empty else ","}\n{{"ts": {_us(ns)}, {text}}}')
            self.empty = False
        self.rows.clear()

    def close(self):
        self.flush()
        self.file.write("\n]}\n")


def _us(ns):
    """Microseconds, exactly."""
    return f"{ns // 1000}.{ns % 1000:03d}" if ns % 1000 else str(ns // 1000)


def _name_tracks(part, trace):
    """VM -> its process. Numbers begin at 1, since 0 has a meaning of its own in viewers."""
    copies = int(part.about.get("n_replica", 1))
    word, column = ("copy", "replica") if copies > 1 else ("rank", "vm_rank")
    pids = {}
    for vm, group in zip(part.vms.tolist(), part.table.loc[part.vms, column].tolist()):
        pids[vm] = group + 1
        _name_track(trace, "thread", f'"pid": {group + 1}, "tid": {vm + 1}', part.names[vm], vm)
        if len(trace.rows) > ROWS:
            trace.flush()
    for pid in sorted(set(pids.values())):
        _name_track(trace, "process", f'"pid": {pid}', f"{word} {pid - 1}", pid)
    trace.flush()
    return pids


def _name_track(trace, kind, track, name, place):
    for what, value in (("name", f'"name": {json.dumps(name)}'), ("sort_index", f'"sort_index": {place}')):
        trace.add(0, SLICE, f'"ph": "M", "name": "{kind}_{what}", {track}, "args": {{{value}}}')


class _Run:
    """Makes slices, arrows and counters of blocks. What it remembers is of VMs, and of messages under way."""

    def __init__(self, part, trace, pids):
        self.trace, self.pids, self.names = trace, pids, part.names
        self.n_vm = len(part.table)
        self.clocks = scalar_clocks(part)
        wide = [name for name, about in part.about["clocks"].items() if about["order"] == "vector"]
        self.vectors = bool(wide) and self.n_vm <= WIDEST
        self.wide = {name: [f"{name}_{i}" for i in range(self.n_vm)] for name in wide} if self.vectors else {}
        rates = part.table.tick_rate[part.vms]
        self.widest = max(1, int(lcmpi.NS_PER_S / rates.max()) // 4) if rates.max() > 0 else NO_RATE
        self.under_way, self.queue, self.backwards = {}, {}, 0

    def add(self, block):
        for row in block.events[block.events.kind == "SKIPPED"].itertuples():
            self._instant(row)
        events = happened(block.events)
        begins, ends = _slots(events, block.end, self.widest)
        begin_of = dict(zip(zip(events.machine.tolist(), events.seq.tolist()), begins.tolist()))
        self._slices(events, begins, ends)
        self._counters(events)
        self._arrows(block.messages(), begin_of)
        self.trace.flush()

    def _track(self, vm):
        return f'"pid": {self.pids[vm]}, "tid": {vm + 1}'

    def _instant(self, row):
        self.trace.add(row.t_actual, OTHER, f'"ph": "i", "s": "t", "cat": "event", "name": "skipped tick", '
                                            f'{self._track(row.machine)}, "args": {{"tick": {row.tick}}}')

    def _slices(self, events, begins, ends):
        stamps = self._stamps(events)
        for row, begin, end, stamp in zip(events.itertuples(index=False), begins.tolist(), ends.tolist(), stamps):
            self.trace.add(begin, SLICE,
                           f'"ph": "X", "dur": {_us(end - begin)}, "cat": "event", "name": "{row.kind.lower()}", '
                           f'{self._track(row.machine)}, "args": {{"t_ns": {row.t_actual}, "tick": {row.tick}, '
                           f'"seq": {row.seq}, "kind": "{row.kind}", "op": "{row.op}"{_messages(row)}, '
                           f'"queue_before": {row.queue_before}, "queue_after": {row.queue_after}{stamp}}}')

    def _stamps(self, events):
        texts = [""] * len(events)
        for name in self.clocks:
            texts = [f'{text}, "{name}": {value}' for text, value in zip(texts, events[name].tolist())]
        for name, columns in self.wide.items():
            texts = [f'{text}, "{name}": {values}' for text, values in zip(texts, events[columns].to_numpy().tolist())]
        return texts

    def _counters(self, events):
        for vm, t, length in zip(events.machine.tolist(), events.t_actual.tolist(), events.queue_after.tolist()):
            if length >= 0 and self.queue.get(vm) != length:
                self.queue[vm] = length
                self.trace.add(t, OTHER, f'"ph": "C", "name": {json.dumps("queue of " + self.names[vm])}, '
                                         f'"pid": {self.pids[vm]}, "args": {{"messages": {length}}}')

    def _arrows(self, messages, begin_of):
        sent = messages.loc[messages.fate != "LOST", ["sender", "number", "copy", "send_seq"]]
        for vm, number, copy, seq in sent.itertuples(index=False):
            if (vm, seq) in begin_of:
                self.under_way[vm, number, copy] = begin_of[vm, seq]
        taken = messages[messages.recv_seq.notna()]
        taken = taken[["sender", "number", "copy", "receiver", "recv_seq"]].astype("int64")
        for vm, number, copy, receiver, seq in taken.itertuples(index=False):
            begin, end = self.under_way.pop((vm, number, copy), None), begin_of.get((receiver, seq))
            if begin is not None and end is not None:
                self._arrow((number * self.n_vm + vm, f"{vm}:{number}"), (vm, begin), (receiver, end))

    def _arrow(self, message, send, receive):
        if receive[1] < send[1]:
            self.backwards += 1
            return
        number, name = message
        about = f'"cat": "message", "name": "message", "id": {number}, "args": {{"message": "{name}"}}'
        self.trace.add(send[1], SEND, f'"ph": "s", {about}, {self._track(send[0])}')
        self.trace.add(receive[1], RECEIVE, f'"ph": "f", "bp": "e", {about}, {self._track(receive[0])}')


def _slots(events, block_end, widest):
    """Begin and end of each event's slice, in ns."""
    vm, t = events.machine.to_numpy(), events.t_actual.to_numpy()
    new = np.ones(len(t), bool)
    new[1:] = (vm[1:] != vm[:-1]) | (t[1:] != t[:-1])
    first = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    if not len(first):
        return t, t
    until = np.append(t[first[1:]], 0)
    until[np.append(vm[first[1:]] != vm[first[:-1]], True)] = block_end + 1  # the next block begins there
    slot = np.clip((until - t[first]) // 2, 1, widest)
    size = np.diff(np.append(first, len(t)))
    place = np.arange(len(t)) - first[group]
    begin = t + place * slot[group] // size[group]
    return begin, t + (place + 1) * slot[group] // size[group]


def _messages(row):
    if row.kind == "INTERNAL" or row.msg_first < 0:
        return ""
    if row.kind == "RECEIVE":
        return f', "from": {row.peer}, "message": "{row.peer}:{row.msg_first}"'
    ids = [f"{row.machine}:{row.msg_first + i}" for i in range(row.msg_count)]
    to = f', "to": {row.peer}' if row.peer >= 0 else ""
    return f'{to}, "messages": {json.dumps(ids)}'


def _add_snapshots(part, trace, pids):
    states = lcmpi.snapshots(part.file)
    states = states[states.vm.isin(part.vms)]
    times = states.t_actual if "t_actual" in states else (states.t * lcmpi.NS_PER_S).round().astype("int64")
    for vm, number, t, n_event in zip(states.vm.tolist(), states.snapshot.tolist(), times.tolist(),
                                      states.n_event.tolist()):
        if part.start <= t <= part.end:
            trace.add(t, OTHER, f'"ph": "i", "s": "t", "cat": "snapshot", "name": "snapshot {number}", "pid": {pids[vm]}, '
                                f'"tid": {vm + 1}, "args": {{"snapshot": {number}, "n_event": {n_event}}}')
