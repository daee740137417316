"""A log for ShiViz: its regular expression, a line for what would part several executions (there is one), then two
lines per event, its VM with its vector clock and its text.

ShiViz counts events: the clock of a VM begins at 1 at its first event in the log and rises by 1, and what it says of
other VMs are events in the log. The stamps on file count from the beginning of the run, so they would not do for a
part of it: the clocks are made of happened-before."""
import json

import numpy as np

import lcmpi
import lcmpi_causality
import lcmpi_tool as tool

from .causes import history
from .part import FOREVER, happened, scalar_clocks

EXPRESSION = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"
DELIMITER = ""

# That can be looked at together, if nothing is asked for.
EVENTS = 300
HOSTS = 24
REACHED = 12  # of more hosts


def suffixes(_):
    return ["-shiviz.log"]


def write(part, paths):
    part.note_gaps()
    _choose(part)
    events, clocks, messages = history(part)
    if events.empty:
        raise tool.Failure(f"{part.file}: there are no events in this part, and ShiViz takes no log without any")
    with open(paths[0], "w", encoding="utf-8") as file:
        file.write(f"{EXPRESSION}\n{DELIMITER}\n")
        _write_events(part, events, clocks, _receivers(messages, part.names), file)


def _write_events(part, events, clocks, receivers, file):
    """By time, causes first."""
    order = np.lexsort((events.machine, clocks.sum(axis=1, dtype=np.int64), events.t_actual))
    hosts = [json.dumps(part.names[vm], ensure_ascii=False) for vm in part.vms.tolist()]
    events, clocks, names = events.iloc[order], clocks[order], part.names
    for row, stamps, clock in zip(events.itertuples(index=False), _stamps(events, scalar_clocks(part)), clocks):
        there = np.flatnonzero(clock)
        entries = ", ".join(f"{hosts[column]}: {value}" for column, value in zip(there.tolist(), clock[there].tolist()))
        file.write(f"{names[row.machine]} {{{entries}}}\n{_text(row, names, receivers)}{stamps}\n")


# ---- texts --------------------------------------------------------------------------------------

def _receivers(messages, names):
    """(sender, number) -> name of the VM that the message is for."""
    return {(sender, number): names[receiver] for sender, number, receiver in
            zip(messages.sender.tolist(), messages.number.tolist(), messages.receiver.tolist())}


def _text(row, names, receivers):
    what = row.kind.lower()
    if row.kind == "RECEIVE":
        known = row.msg_first >= 0
        what += f" {row.peer}:{row.msg_first} from {names[row.peer]}" if known else " of an unknown message"
    if row.kind == "SEND":
        numbers = range(row.msg_first, row.msg_first + row.msg_count)
        ids = [(row.machine, number) for number in numbers]
        what += ",".join(f" {vm}:{number} to {receivers.get((vm, number), '?')}" for vm, number in ids)
    queue = f", queue {row.queue_before} to {row.queue_after}" if row.queue_before >= 0 else ""
    return f"{what}, tick {row.tick}, at {row.t_actual / lcmpi.NS_PER_S:.9g} s{queue}"


def _stamps(events, clocks):
    texts = [""] * len(events)
    for name in clocks:
        texts = [f"{text}, {name} {value}" for text, value in zip(texts, events[name].tolist())]
    return texts


# ---- what is shown if nothing is asked for ------------------------------------------------------

def _choose(part):
    """Narrows the part to a beginning that can be looked at, if none was asked for, and says so."""
    if part.window_given:
        return
    if not part.machines_given:
        part.vms = _some_hosts(part, _first_copy(part))
    part.end, n_event = _readable(part)
    if part.end < FOREVER or not part.whole:
        vms = f"{len(part.vms)} of {len(part.logged)} VMs" if not part.whole else "all VMs"
        until = "all events"
        if part.end < FOREVER:
            until = f"the first {n_event} events, until {part.end / lcmpi.NS_PER_S:.6g} s"
        tool.note(f"{until}, of {vms}, since ShiViz shows a few hundred; --window and --machines choose another part")


def _first_copy(part):
    n_vm = len(part.table) // int(part.about.get("n_replica", 1))
    return part.logged[part.logged // n_vm == part.logged[0] // n_vm]


def _some_hosts(part, vms):
    """All, or of many those that a chain of messages from the first sender reaches first."""
    if len(vms) <= HOSTS:
        return vms
    for end in _ends(part, vms):
        messages = lcmpi.messages(part.file, (0, end / lcmpi.NS_PER_S))
        reached = lcmpi_causality.reached(messages, vms, 0, REACHED)
        if len(reached) == REACHED:
            break
    rest = [vm for vm in vms if vm not in reached][:REACHED - len(reached)]
    return np.array(sorted([*reached, *rest]))


def _readable(part):
    """The end (ns) of a beginning with so many events as can be looked at, and how many they are."""
    for end in _ends(part, part.vms):
        events = lcmpi.events(part.file, window=(0, end / lcmpi.NS_PER_S), machines=part.vms)
        times = np.sort(happened(events).t_actual.to_numpy())
        if len(times) > EVENTS:
            next_one = times[EVENTS]
            end = int(next_one - 1 if times[0] < next_one else next_one)
            return end, int((times <= end).sum())
    return FOREVER, len(times)


def _ends(part, vms):
    """Later and later ends (ns) of a beginning."""
    rate = part.table.tick_rate[vms].sum()
    end = int(2 * EVENTS / rate * lcmpi.NS_PER_S) if rate > 0 else int(lcmpi.NS_PER_S)
    while end < (part.about["t_end"] or part.about["duration_ns"]):
        yield end
        end *= 4
    yield FOREVER
