"""Happened-before as a directed graph in GraphML: a node per event, and the edges from which all else follows: a
path leads from an event to another exactly if it happened before it.

Edges are of three kinds: program order, from an event to its VM's next one; messages, from send to receive; and, if
some VMs are not shown, `through`: what came by way of these, as few edges as say it."""
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .causes import history
from .part import happened, provenance, scalar_clocks

INTEGERS = ["seq", "tick", "t_actual", "t_scheduled", "queue_before", "queue_after"]
WORDS = ["kind", "op"]
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""


def suffixes(_):
    return ["-graph.graphml"]


def write(part, paths):
    part.note_gaps()
    with open(paths[0], "w", encoding="utf-8") as file:
        graph = _Graph(file, part)
        if part.whole:
            _write_blocks(part, graph)
        else:
            _write_among(part, graph)
        graph.close()


def _write_blocks(part, graph):
    first, last = {}, {}
    for block in part.blocks():
        events = happened(block.events)
        graph.nodes(events)
        for vm, seq in zip(events.machine.tolist(), events.seq.tolist()):
            if vm in last:
                graph.edge((vm, last[vm]), (vm, seq), "program")
            first.setdefault(vm, seq)
            last[vm] = seq
        for send, receive, number in _taken(block.messages()):
            if all(first.get(vm, seq + 1) <= seq <= last[vm] for vm, seq in (send, receive)):
                graph.edge(send, receive, "message", number)


def _taken(messages):
    """((sender, send_seq), (receiver, recv_seq), number)."""
    messages = messages[messages.recv_seq.notna()]
    for sender, send_seq, receiver, recv_seq, number in zip(*(messages[name].astype("int64").tolist() for name in (
            "sender", "send_seq", "receiver", "recv_seq", "number"))):
        yield (sender, send_seq), (receiver, recv_seq), number


def _write_among(part, graph):
    """Of some of the VMs. What a receive made known came by its message: if that is of a VM shown, it says it all."""
    events, clocks, messages = history(part)
    graph.nodes(events)
    ids = list(zip(events.machine.tolist(), events.seq.tolist()))
    there = set(ids)
    direct = {}
    for send, receive, number in _taken(messages):
        if send in there and receive in there:
            graph.edge(send, receive, "message", number)
            direct[receive] = True
    first = np.searchsorted(events.machine, part.vms)
    for row, event in enumerate(ids):
        same = row > 0 and ids[row - 1][0] == event[0]
        if same:
            graph.edge(ids[row - 1], event, "program")
        if event not in direct:
            before = clocks[row - 1] if same else 0
            for cause in _latest(clocks, row, before, first, np.searchsorted(part.vms, event[0])):
                graph.edge(ids[cause], event, "through")


def _latest(clocks, row, before, first, own):
    """Rows of the events of other VMs that an event is the first of its VM to know, without those that happened before
    others of them."""
    new = np.flatnonzero(clocks[row] > before)
    new = new[new != own]
    causes = first[new] + clocks[row, new] - 1
    return [cause for cause, column in zip(causes.tolist(), new.tolist())
            if not any(clocks[other, column] >= clocks[row, column] for other in causes.tolist() if other != cause)]


class _Graph:
    """The file. Nodes come before the edges that end at them."""

    def __init__(self, file, part):
        self.file, self.part, self.names = file, part, part.names
        self.clocks = scalar_clocks(part)
        file.write(HEAD)
        for name in provenance(part):
            self._key("graph", name, "string")
        for name, kind in {"vm": "int", "machine": "string", **dict.fromkeys(WORDS, "string"),
                           **dict.fromkeys(INTEGERS + self.clocks, "long")}.items():
            self._key("node", name, kind)
        self._key("edge", "kind", "string")
        self._key("edge", "message", "string")
        file.write('<graph id="happened-before" edgedefault="directed">\n')
        for name, value in provenance(part).items():
            file.write(f"<data key={quoteattr('graph-' + name)}>{escape(_printable(value))}</data>\n")

    def _key(self, of, name, kind):
        key = quoteattr(f"{of}-{name}")
        self.file.write(f'<key id={key} for="{of}" attr.name={quoteattr(name)} attr.type="{kind}"/>\n')

    def nodes(self, events):
        columns = WORDS + INTEGERS + self.clocks
        texts = "".join(f"<data key={quoteattr('node-' + name)}>{{}}</data>" for name in columns)
        values = zip(*(events[name].tolist() for name in columns))
        for vm, seq, row in zip(events.machine.tolist(), events.seq.tolist(), values):
            self.file.write(f'<node id="{_id((vm, seq))}"><data key="node-vm">{vm}</data><data key="node-machine">'
                            f'{escape(_printable(self.names[vm]))}</data>{texts.format(*row)}</node>\n')

    def edge(self, source, target, kind, number=None):
        message = "" if number is None else f'<data key="edge-message">{source[0]}:{number}</data>'
        self.file.write(f'<edge source="{_id(source)}" target="{_id(target)}"><data key="edge-kind">{kind}</data>'
                        f"{message}</edge>\n")

    def close(self):
        self.file.write("</graph>\n</graphml>\n")


def _id(event):
    return f"e{event[0]}.{event[1]}"


def _printable(text):
    """XML has no way to write control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
