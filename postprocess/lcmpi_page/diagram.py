"""The data of the space-time diagram: events, what each of them knows of the others, messages, and snapshots as cuts."""
import numpy as np

import lcmpi
import lcmpi_causality

WIDEST = 24    # components of a vector stamp that are shown
CUTS = 40      # snapshots that are drawn
LISTED = 200   # messages that cross a cut and are listed


def data(subject):
    """What diagram.js takes; None if there is nothing to draw."""
    if subject.part is None:
        return None
    window = (subject.start, subject.until)
    events, messages = _read(subject, window)
    shown = events[events.machine.isin(subject.vms)]
    if shown.empty:
        subject.notes.append("There are no events in this part of the run: no diagram.")
        return None
    if not subject.about["t_end"]:
        subject.until = min(subject.until, float(shown.t.max()))
    events, shown, skipped = events[events.kind != "SKIPPED"], *_parted(shown)
    return {"vms": [{"id": vm, "label": subject.name(vm), "rate": _rate(subject, vm)} for vm in subject.vms],
            "window": [subject.start, subject.until], "events": _events(subject, shown), "known": _known(subject, events, messages),
            "skipped": [[subject.vms.index(vm), t] for vm, t in zip(skipped.machine.tolist(), skipped.t.round(9).tolist())],
            "messages": _messages(subject, shown, messages), "cuts": _cuts(subject)}


def _parted(shown):
    """Events, and ticks at which nothing happened."""
    skipped = shown.kind == "SKIPPED"
    return shown[~skipped].reset_index(drop=True), shown[skipped]


def _rate(subject, vm):
    rate = float(subject.table.tick_rate[vm])
    return rate if np.isfinite(rate) else 0


def _read(subject, window):
    members = None if len(subject.members) == len(subject.table) else subject.members
    vectors = any(about["order"] == "vector" for about in subject.about["clocks"].values()) and len(subject.table) <= WIDEST
    return lcmpi.events(subject.file, vectors, window, members), lcmpi.messages(subject.file, window, members)


def _known(subject, events, messages):
    """As steps; None if the log contradicts itself."""
    try:
        known = lcmpi_causality.known(events, messages, subject.vms)
    except lcmpi_causality.Contradiction as contradiction:
        subject.notes.append(f"The log contradicts itself: {contradiction}. Past and future cannot be told.")
        return None
    machine = events.machine[events.machine.isin(subject.vms)].to_numpy()
    return _steps(known, machine, np.searchsorted(subject.vms, machine))


def _steps(table, machine, own):
    """A row of numbers for each event, of which few change from an event to its VM's next, but for the one in column `own`, which
    grows by 1: as the other changes, {"event", "column", "more"}."""
    first = np.append(True, machine[1:] != machine[:-1])
    changes = np.diff(table, axis=0, prepend=np.zeros_like(table[:1]))
    changes[first] = table[first]
    changes[np.arange(len(table)), own] -= 1
    event, column = np.nonzero(changes)
    return {"event": event.tolist(), "column": column.tolist(), "more": changes[event, column].tolist()}


def _events(subject, shown):
    place = {vm: row for row, vm in enumerate(subject.vms)}
    columns = {"row": shown.machine.map(place), "t": shown.t.round(9), **{name: shown[name] for name in (
        "seq", "tick", "kind", "peer", "msg_first", "msg_count", "queue_before", "queue_after")}}
    data = {name: column.astype(str).tolist() if name == "kind" else column.tolist() for name, column in columns.items()}
    return {**data, "stamps": {name: _stamps(shown, name, about) for name, about in subject.about["clocks"].items()
                               if about["order"] == "scalar" or f"{name}_0" in shown}}


def _stamps(shown, name, about):
    """Of a scalar clock a list, of a vector clock steps with their `width`."""
    if about["order"] == "scalar":
        return shown[name].tolist()
    columns = [column for column in shown if column.startswith(f"{name}_") and column[len(name) + 1:].isdigit()]
    machine = shown.machine.to_numpy()
    return {"width": len(columns), **_steps(shown[columns].to_numpy(), machine, machine)}


def _messages(subject, shown, messages):
    """Those among the VMs shown: indices of their two events (-1: not in the diagram), rows, times, id, fate."""
    index = {key: i for i, key in enumerate(zip(shown.machine.tolist(), shown.seq.tolist()))}
    place = {vm: row for row, vm in enumerate(subject.vms)}
    messages = messages[messages.sender.isin(subject.vms) & messages.receiver.isin(subject.vms)]
    taken = messages.recv_seq.fillna(-1).astype("int64")
    ends = messages.t_receive_s.where(taken >= 0, messages.t_arrival_s).round(9)
    return [[index.get((sender, send_seq), -1), index.get((receiver, recv_seq), -1), place[sender], place[receiver], t_send,
             None if np.isnan(end) else end, f"{sender}:{number}", fate]
            for sender, send_seq, receiver, recv_seq, t_send, end, number, fate in zip(
                messages.sender.tolist(), messages.send_seq.tolist(), messages.receiver.tolist(), taken.tolist(),
                messages.t_send_s.round(9).tolist(), ends.tolist(), messages.number.tolist(), messages.fate.astype(str).tolist())]


def _cuts(subject):
    """Each snapshot in the time shown: where it cuts each VM's line, and what was under way."""
    states = lcmpi.snapshots(subject.file, subject.vms, (subject.start, subject.until))
    numbers = sorted(states.snapshot.unique().tolist())
    if len(numbers) > CUTS:
        subject.notes.append(f"The diagram shows the first {CUTS} of {len(numbers)} snapshots in this time.")
    return [cut for cut in (_cut(subject, states[states.snapshot == number], number) for number in numbers[:CUTS]) if cut]


def _cut(subject, states, number):
    if len(states) < len(subject.vms):
        return None
    states = states.sort_values("vm")
    at = states.t_actual / lcmpi.NS_PER_S if "t_actual" in states else states.t
    last = number >= subject.about["n_snapshots"]
    return {"label": "the end" if last else f"snapshot {number}", "t": at.round(9).tolist(), "begun": float(states.t.iloc[0]),
            "n_event": states.n_event.tolist(), "under_way": _under_way(subject, number)}


def _under_way(subject, number):
    """Of the VMs shown; None where it is not on file."""
    try:
        rows = lcmpi.under_way(subject.file, number)
    except lcmpi.FileError:
        return None
    rows = rows[rows.receiver.isin(subject.vms)]
    listed = [f"{row.sender}:{row.number} to VM {row.receiver}, {'in the queue since' if row.fate == 'QUEUED' else 'arrives at'} "
              f"{row.t_arrival_s:.4f} s" for row in rows.head(LISTED).itertuples(index=False)]
    return {"queued": int((rows.fate == "QUEUED").sum()), "in_flight": int((rows.fate == "IN_FLIGHT").sum()), "listed": listed}
