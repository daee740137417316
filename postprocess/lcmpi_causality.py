"""Happened-before (Lamport 1978) from program order and messages, not from any clock's stamps.

    import lcmpi, lcmpi_causality
    events, messages = lcmpi.events("run.h5", window=(0, 5)), lcmpi.messages("run.h5", window=(0, 5))
    known = lcmpi_causality.known(events, messages, machines=[0, 1, 2])
"""
import numpy as np


class Contradiction(Exception):
    """An event is among its own causes: no run has such a log, but one that was put together may."""


def known(events, messages, machines):
    """A row for each of the events that is of one of `machines`, in their order, and a column for each of these:
    how many of the events of that machine happened before this one, or are it. Each row is the event's vector clock
    (Fidge 1988, Mattern 1989) over these machines alone.

    `events` and `messages` are frames as lcmpi.events() and lcmpi.messages() return them, of all machines that
    causes may pass through, these or others. With a < b two events, where `position` of an event is its number
    among those of its machine, from 0: known[b, machine of a] > position of a exactly if a happened before b."""
    columns = {vm: column for column, vm in enumerate(machines)}
    sends, taken = _links(events, messages)
    rows = _Rows(events, columns, sends, taken)
    result = np.zeros((rows.n_shown, len(columns)), np.int32)
    _Pass(rows, sends, taken, result).run()
    return result


def reached(messages, vms, start, most):
    """VM -> when (s) it first was in the causal future of the first send from `start` on, as far as messages among
    `vms` tell; at most `most` of them, the sender first."""
    messages = messages[messages.t_send_s >= start]
    messages = messages[messages.sender.isin(vms) & messages.receiver.isin(vms)]
    first = messages.sender[messages.t_send.idxmin()] if len(messages) else vms[0]
    since = {first: start}
    taken = messages[messages.recv_seq.notna()].sort_values("t_receive", kind="stable")
    for message in taken.itertuples():
        if len(since) == most:
            break
        if message.t_send_s >= since.get(message.sender, np.inf):
            since.setdefault(message.receiver, message.t_receive_s)
    return since


def _links(events, messages):
    """{(sender, send_seq)} of the messages taken, and {(receiver, recv_seq): [(sender, send_seq), ...]}, of those
    whose two events are both there."""
    there = set(zip(events.machine.tolist(), events.seq.tolist()))
    received = messages[messages.recv_seq.notna()]
    taken = {}
    for sender, send_seq, receiver, recv_seq in zip(received.sender.tolist(), received.send_seq.tolist(),
                                                    received.receiver.tolist(), received.recv_seq.tolist()):
        if (sender, send_seq) in there and (receiver, recv_seq) in there:
            taken.setdefault((receiver, recv_seq), []).append((sender, send_seq))
    return {send for sends in taken.values() for send in sends}, taken


class _Rows:
    """By machine, the events that matter: (seq, row in the result or -1) of those of machines with a column, and of the
    others those at the ends of messages."""

    def __init__(self, events, columns, sends, taken):
        self.columns, self.of = columns, {}
        self.n_shown = 0
        for vm, seq in zip(events.machine.tolist(), events.seq.tolist()):
            row = -1
            if vm in columns:
                row, self.n_shown = self.n_shown, self.n_shown + 1
            elif (vm, seq) not in sends and (vm, seq) not in taken:
                continue
            self.of.setdefault(vm, []).append((seq, row))


class _Pass:
    """Goes along each machine until a receive whose send is still to come; that send wakes it."""

    def __init__(self, rows, sends, taken, result):
        self.rows, self.sends, self.taken, self.result = rows, sends, taken, result
        self.now = {vm: np.zeros(len(rows.columns), np.int32) for vm in rows.of}
        self.place = dict.fromkeys(rows.of, 0)
        self.carried, self.waiting = {}, {}

    def run(self):
        ready = list(self.rows.of)
        while ready:
            self._go_along(ready.pop(), ready)
        for vm, events in self.rows.of.items():
            if self.place[vm] < len(events):
                seq = events[self.place[vm]][0]
                raise Contradiction(f"event {seq} of VM {vm} is among its own causes, or waits for one that is")

    def _go_along(self, vm, ready):
        events, column = self.rows.of[vm], self.rows.columns.get(vm)
        for place in range(self.place[vm], len(events)):
            seq, row = events[place]
            if not self._take((vm, seq)):
                self.place[vm] = place
                return
            if column is not None:
                self.now[vm][column] += 1
                self.result[row] = self.now[vm]
            if (vm, seq) in self.sends:
                self.carried[vm, seq] = self.now[vm].copy()
                ready.extend(self.waiting.pop((vm, seq), ()))
        self.place[vm] = len(events)

    def _take(self, event):
        """Whether all that the event takes has been sent; then its machine knows what these sends knew."""
        sends = self.taken.get(event, ())
        for send in sends:
            if send not in self.carried:
                self.waiting.setdefault(send, []).append(event[0])
                return False
        for send in sends:
            np.maximum(self.now[event[0]], self.carried[send], out=self.now[event[0]])
        return True
