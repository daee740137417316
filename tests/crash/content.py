"""What a run's file holds, judged without lcmpi: by h5py alone, from the format's own promises.

A file is read whole (read), its committed rows are checked against everything that must hold for rows that
are completely on file (problems), and two files are compared row by row (differences). A row that was not
written completely, one that is missing under a commit counter, or a value that changed is found here.
"""

import collections

import h5py
import numpy as np

EMPTY, INTERNAL, SEND, RECEIVE, SKIPPED = range(5)
UNKNOWN, RECEIVED, QUEUED, IN_FLIGHT, LOST = range(5)
RUNNING, COMPLETE, STOPPED, FAILED, RECOVERED = range(1, 6)

# group, counter and region start in /commit, and what orders its rows
TABLES = {
    "events": ("events", "n_events", "first_events", ("machine", "seq")),
    "messages": ("messages", "n_messages", "first_messages", ("sender", "number", "copy")),
    "queue": ("snapshots/queue", "n_queue", "first_queue",
              ("snapshot", "receiver", "sender", "number", "copy")),
    "channel": ("snapshots/channel", "n_channel", "first_channel",
                ("snapshot", "receiver", "sender", "number", "copy")),
}
# of runs in real time that were gone on with: what had happened behind the snapshot
ABANDONED = {
    "events": ("abandoned/events", "n_abandoned_events", "first_abandoned_events"),
    "messages": ("abandoned/messages", "n_abandoned_messages", "first_abandoned_messages"),
}
CROSSING = ("queue", "channel")  # whose rows count only if their snapshot does
OF_RANKS = ("cost/", "restart/")  # what is there of each rank and snapshot
COUNTERS = [names[1] for names in TABLES.values()] + ["n_snapshots", "n_final"]
DIMENSIONS = ("event", "message", "queued", "in_flight")  # no values of their own
JOINED_LATER = ("messages/t_arrival", "messages/fate")


class Content:
    """One file: `commit` by name, `rows[table][column]` (rows that count only, sorted), `rank_of[table]`
    (the region each sorted row came from), `states[column]` as [vm, snapshot], `cuts[column]` as [rank,
    snapshot], `abandoned[table][column]`, `small` values."""


def walk(file):
    """Reads every dataset and every attribute of a file: nothing in it may be unreadable."""
    whole = {}

    def visit(name, item):
        dict(item.attrs.items())
        if isinstance(item, h5py.Dataset):
            whole[name] = item[()]

    dict(file.attrs.items())
    file.visititems(visit)
    return whole


def read(path):
    """The content of a file that h5py opens as any user would; an exception if anything cannot be read."""
    with h5py.File(path, "r") as file:
        return arrange(walk(file), len(file["vm"]), len(file["rank"]))


def arrange(whole, n_vm, n_rank):
    content = Content()
    content.n_vm, content.n_rank = n_vm, n_rank
    content.state = int(whole["commit/state"])
    content.commit = {name: whole[f"commit/{name}"].copy() for name in COUNTERS}
    content.rows, content.rank_of, content.room = {}, {}, {}
    for table, (group, counter, first, order) in TABLES.items():
        starts, counts = whole[f"commit/{first}"], content.commit[counter]
        room = len(whole[f"{group}/{order[0]}"])
        content.room[table] = room
        if (counts < 0).any() or (starts < 0).any() or (starts + counts > room)[counts > 0].any():
            raise ValueError(f"/commit/{counter} {counts} from {starts} does not fit {room} rows")
        at = np.concatenate([np.arange(s, s + n) for s, n in zip(starts, counts)]).astype(np.int64)
        ranks = np.repeat(np.arange(n_rank), counts)
        columns = {
            name[len(group) + 1:]: values[at]
            for name, values in whole.items()
            if name.startswith(group + "/") and name[len(group) + 1:] not in DIMENSIONS
        }
        by = np.lexsort([columns[key] for key in reversed(order)])
        if table in CROSSING:
            by = by[counts_for(content, ranks, columns["snapshot"], len(whole["snapshots/t"]))[by]]
        content.rows[table] = {name: values[by] for name, values in columns.items()}
        content.rank_of[table] = ranks[by]
    of_snapshots = {
        name[len("snapshots/"):]: values
        for name, values in whole.items()
        if name.startswith("snapshots/") and not name.startswith(("snapshots/queue", "snapshots/chan"))
    }
    content.cuts = {name: values for name, values in of_snapshots.items() if name.startswith(OF_RANKS)}
    content.states = {name: values for name, values in of_snapshots.items() if name not in content.cuts}
    content.small = {
        name: values
        for name, values in whole.items()
        if "/" not in name and name not in ("vm", "rank", "component")
    }
    content.abandoned = {table: abandoned_rows(whole, *names) for table, names in ABANDONED.items()
                         if names[0].split("/")[0] + "/events/kind" in whole}
    content.exact = all(
        content.room[table] == content.commit[TABLES[table][1]].sum() for table in TABLES
    )
    return content


def abandoned_rows(whole, group, counter, first):
    """By column; a row may be there more than once."""
    starts, counts = whole[f"commit/{first}"], whole[f"commit/{counter}"]
    at = np.concatenate([np.arange(s, s + n) for s, n in zip(starts, counts)]).astype(np.int64)
    return {name[len(group) + 1:]: values[at] for name, values in whole.items()
            if name.startswith(group + "/") and name[len(group) + 1:] not in DIMENSIONS
            and name[len("abandoned/"):] not in JOINED_LATER}


def counts_for(content, rank, snapshot, n_snapshot):
    """Where a snapshot is under the counter of a rank."""
    final = content.commit["n_final"][rank] == 1
    return np.where(snapshot == n_snapshot - 1, final, snapshot < content.commit["n_snapshots"][rank])


def counters(content):
    """The counters as one flat tuple, for "never goes back"."""
    return tuple(int(n) for name in COUNTERS for n in content.commit[name])


def n_rows(content):
    return {table: len(content.rank_of[table]) for table in TABLES}


# ---- what holds for every completely written row ------------------------------------------------------

def problems(content):
    """Everything that is wrong with the committed rows, as texts; empty if nothing is."""
    found = []

    def insist(condition, text):
        condition = np.asarray(condition)
        if not condition.all():
            at = f" (first at sorted row {int(np.argmin(condition))})" if condition.ndim else ""
            found.append(f"{text}: {int((~condition).sum())} times{at}")

    check_events(content, insist)
    check_messages(content, insist)
    check_sends(content, insist)
    check_left(content, insist)
    check_stamps_of_left(content, insist)
    check_states(content, insist)
    check_cuts(content, insist)
    check_abandoned(content, insist)
    return found


def consecutive(group, number):
    """True where `number` counts 0, 1, 2, ... within each `group`; both are sorted."""
    if not len(group):
        return np.ones(0, bool)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    lengths = np.diff(np.r_[starts, len(group)])
    return number == np.arange(len(group)) - np.repeat(starts, lengths)


def own_rank(content, table, machine):
    """True where a row stands in the region of the rank that runs its machine."""
    known = (machine >= 0) & (machine < content.n_vm)
    rank = content.small["vm_rank"][np.where(known, machine, 0)]
    return known & (content.exact | (rank == content.rank_of[table]))


def check_events(content, insist):
    e, small = content.rows["events"], content.small
    machine, kind = e["machine"], e["kind"]
    insist(own_rank(content, "events", machine), "an event of a machine that the rank does not run")
    if ((machine < 0) | (machine >= content.n_vm)).any():
        return
    insist(small["logged"][machine] == 1, "an event of a machine that is not logged")
    insist((kind >= INTERNAL) & (kind <= RECEIVE), "a committed event without a kind")
    insist(consecutive(machine, e["seq"]), "events of a machine are not numbered 0, 1, 2, ...")
    insist(e["tick"] == e["seq"], "tick and seq differ")
    p, q = small["tick_rate_p"][machine], small["tick_rate_q"][machine]
    due = small["phase"][machine] + e["tick"] * q * 1_000_000_000 // p
    insist(e["t_scheduled"] == due, "t_scheduled is not the tick's time")
    insist(e["t_actual"] >= e["t_scheduled"], "t_actual lies before t_scheduled")
    receive, send = kind == RECEIVE, kind == SEND
    insist(e["queue_after"] == e["queue_before"] - receive, "queue_after does not follow")
    insist((e["op"] == 0) == receive, "op does not go with kind")
    insist((e["op"] == 3) == (kind == INTERNAL), "op does not go with kind INTERNAL")
    insist((e["msg_count"] >= 1) == (receive | send), "msg_count does not go with kind")
    insist(~receive | ((e["peer"] >= 0) & (e["peer"] != machine)), "a receive without a peer")
    insist(~receive | (e["t_arrival"] > 0) & (e["t_arrival"] <= e["t_actual"]),
           "a receive before its message's arrival")
    same = machine[1:] == machine[:-1]
    insist(~same | (e["t_actual"][1:] >= e["t_actual"][:-1]), "t_actual goes back")
    for name, stamp in e.items():
        if not name.startswith("clocks/"):
            continue
        if stamp.ndim == 2:
            own = stamp[np.arange(len(stamp)), machine]
            insist(own == e["seq"] + 1, f"{name}: the own component is not the number of events")
        else:
            insist(stamp > e["seq"], f"{name}: behind the number of events")
            insist(~same | (stamp[1:] > stamp[:-1]), f"{name}: does not grow")


def check_messages(content, insist):
    m = content.rows["messages"]
    insist(own_rank(content, "messages", m["sender"]), "a message of a machine not of the rank")
    insist(consecutive(m["sender"], m["number"]), "messages of a sender are not 0, 1, 2, ...")
    good = (m["receiver"] >= 0) & (m["receiver"] < content.n_vm) & (m["receiver"] != m["sender"])
    insist(good, "a message without a receiver")
    insist((m["send_seq"] >= 0) & (m["t_send"] >= 0) & (m["copy"] == 0), "a message without origin")


def starts_of(machine, n_vm):
    return np.searchsorted(machine, np.arange(n_vm + 1))


def check_sends(content, insist):
    """Every committed send has all of its messages under the counters."""
    e, m = content.rows["events"], content.rows["messages"]
    starts = starts_of(m["sender"], content.n_vm)
    send = e["kind"] == SEND
    machine, first, count = (e[name][send] for name in ("machine", "msg_first", "msg_count"))
    on_file = starts[machine + 1] - starts[machine]
    insist(first + count <= on_file, "a committed send whose messages are not all on file")
    there = first + count <= on_file
    row = np.repeat((starts[machine] + first)[there], count[there])
    row += np.concatenate([np.arange(n) for n in count[there]] or [np.zeros(0, int)]).astype(int)
    for column, of_event in (("send_seq", "seq"), ("t_send", "t_actual")):
        insist(m[column][row] == np.repeat(e[of_event][send][there], count[there]),
               f"a message's {column} is not that of its send")


def check_left(content, insist):
    for table, fate in (("queue", QUEUED), ("channel", IN_FLIGHT)):
        rows = content.rows[table]
        insist(own_rank(content, table, rows["receiver"]), f"{table}: a receiver not of the rank")
        insist(rows["fate"] == fate, f"{table}: a row without its fate")
        insist((rows["sender"] >= 0) & (rows["sender"] < content.n_vm)
               & (rows["sender"] != rows["receiver"]), f"{table}: a row without its sender")
        insist((rows["number"] >= 0) & (rows["t_arrival"] > 0), f"{table}: a row without a message")
        insist((rows["snapshot"] >= 0) & (rows["snapshot"] < len(content.states["t"])),
               f"{table}: a row of no snapshot")


def check_stamps_of_left(content, insist):
    """A message that crosses a cut has the stamps of the event that sent it, where that is on file."""
    e, m = content.rows["events"], content.rows["messages"]
    begin, first = starts_of(e["machine"], content.n_vm), starts_of(m["sender"], content.n_vm)
    for table in CROSSING:
        rows = content.rows[table]
        sender, number = rows["sender"], rows["number"]
        there = (sender >= 0) & (sender < content.n_vm)
        there[there] = number[there] < (first[sender + 1] - first[sender])[there]
        seq = m["send_seq"][(first[sender] + number)[there]]
        sender = sender[there]
        known = seq < begin[sender + 1] - begin[sender]
        event = (begin[sender] + seq)[known]
        for name, stamp in e.items():
            if name.startswith("clocks/"):
                insist(rows[name][there][known] == stamp[event], f"{table}: {name} is not the sender's")


def check_cuts(content, insist):
    """A committed snapshot has all the messages that cross it: those in the queues by each VM's count, those
    in flight by what was sent and did not arrive, once all ranks have counted it."""
    s, n_state = content.states, len(content.states["t"])
    ranks, vm_rank = np.arange(content.n_rank), content.small["vm_rank"]
    for snapshot in range(n_state):
        counted = counts_for(content, ranks, snapshot, n_state)
        queue, channel = (content.rows[table] for table in CROSSING)
        waiting = queue["receiver"][queue["snapshot"] == snapshot]
        n_queued = np.bincount(waiting, minlength=content.n_vm)
        insist(~counted[vm_rank] | (n_queued == s["n_queued"][:, snapshot]),
               f"snapshot {snapshot}: a queue is not on file as its VM counts it")
        if counted.all():
            sent, received, queued = (s[name][:, snapshot].sum() for name in ("n_sent", "n_received", "n_queued"))
            insist((channel["snapshot"] == snapshot).sum() == sent - received - queued,
                   f"snapshot {snapshot}: not every message in flight is on file")


def check_abandoned(content, insist):
    """What was abandoned lay behind the snapshot that the run went on from: it is there completely."""
    for table, rows in content.abandoned.items():
        vm = rows["machine" if table == "events" else "sender"]
        insist((vm >= 0) & (vm < content.n_vm), f"abandoned {table}: a row of no machine")
    if content.abandoned:
        kind = content.abandoned["events"]["kind"]
        insist((kind >= INTERNAL) & (kind <= RECEIVE), "an abandoned event without a kind")


def check_states(content, insist):
    """The states under n_snapshots and n_final were recorded, and count events that are on file."""
    s, e, commit = content.states, content.rows["events"], content.commit
    rank, n_state = content.small["vm_rank"], len(s["t"])
    valid, n = s["valid"] == 1, s["n_event"]
    under = np.arange(n_state)[None, :] < commit["n_snapshots"][rank][:, None]
    under[:, -1] = commit["n_final"][rank] == 1
    if not content.exact:  # an exact file leaves out what nobody recorded
        insist(valid[under], "states under n_snapshots that were not recorded")
    insist(valid[under[:, -1], -1], "a final state under n_final was not recorded")
    valid &= under & (content.small["logged"] == 1)[:, None]  # of the others there are no events to compare with
    begin = starts_of(e["machine"], content.n_vm)
    on_file = np.diff(begin)[:, None]
    insist((n <= on_file)[valid], "a recorded state counts events that are not on file")
    insist((s["n_tick"] == n)[valid], "a state's ticks are not its events")
    some = valid & (n > 0) & (n <= on_file)
    last_event = (begin[:-1, None] + n - 1)[some]
    for name, stamp in e.items():
        if name.startswith("clocks/"):
            insist(stamp[last_event] == s[name][some], f"a state's {name} is not that of its event")


# ---- comparing ------------------------------------------------------------------------------------------

def differences(old, new):
    """What of the committed rows of `old` is not in `new` with the same values; empty if all is. Rows that
    only `new` has are no difference, and what compaction fills in later is not compared."""
    found = []
    index = new_index(old, new)
    for table, (group, _, _, order) in TABLES.items():
        a, b = dict(old.rows[table]), new.rows[table]
        if table in CROSSING:
            a["snapshot"] = index[a["snapshot"]]
            if (a["snapshot"] < 0).any():
                found.append(f"{group}: rows of snapshots that are missing")
                continue
        at = find(a, b, order)
        if (at < 0).any():
            found.append(f"{group}: {int((at < 0).sum())} committed rows are missing")
        for name in a:
            if f"{group}/{name}" in JOINED_LATER:
                continue
            if not np.array_equal(a[name][at >= 0], b[name][at[at >= 0]]):
                found.append(f"{group}/{name}: values of committed rows changed")
    found += state_differences(old, new)
    for table, rows in old.abandoned.items():
        lost = counted_rows(rows) - counted_rows(new.abandoned.get(table, {}))
        if lost:
            found.append(f"abandoned/{table}: {sum(lost.values())} rows are missing")
    return found


def counted_rows(columns):
    """How often each row is there."""
    return collections.Counter(zip(*(values.tolist() if values.ndim == 1 else map(tuple, values.tolist())
                                     for _, values in sorted(columns.items()))))


def find(a, b, order):
    """For each row of `a` the index of the row of `b` with the same key, or -1. Both are sorted by it."""
    key_a, key_b = np.zeros(len(a[order[0]]), np.int64), np.zeros(len(b[order[0]]), np.int64)
    for column in order:
        size = 1 + int(max(a[column].max(initial=0), b[column].max(initial=0)))
        key_a, key_b = key_a * size + a[column], key_b * size + b[column]
    assert (key_b[1:] > key_b[:-1]).all(), f"rows with the same {order}"
    at = np.searchsorted(key_b, key_a)
    there = at < len(key_b)
    there[there] = key_b[at[there]] == key_a[there]
    return np.where(there, at, -1)


def new_index(old, new):
    """Of each snapshot of `old` its index in `new`, by their times; -1 if it is not there."""
    where = {int(t): i for i, t in enumerate(new.states["t"][:-1])}
    index = [where.get(int(t), -1) for t in old.states["t"][:-1]]
    return np.array(index + [len(new.states["t"]) - 1])


def state_differences(old, new):
    """States and cuts under the counters, whose index may change."""
    found, index, n_state = [], new_index(old, new), len(old.states["t"])
    for snapshot, to in enumerate(index):
        counted = counts_for(old, np.arange(old.n_rank), snapshot, n_state)
        if to < 0:
            if counted.any() and (old.states["valid"][counted[old.small["vm_rank"]], snapshot] == 1).any():
                found.append(f"snapshots: number {snapshot} is missing")
            continue
        vms = counted[old.small["vm_rank"]] & (old.states["valid"][:, snapshot] == 1)
        for name, values in old.states.items():
            if name not in ("t", "snapshot") and (values[vms, snapshot] != new.states[name][vms, to]).any():
                found.append(f"snapshots/{name}: states of number {snapshot} changed")
        for name, values in old.cuts.items():
            if (values[counted, snapshot] != new.cuts[name][counted, to]).any():
                found.append(f"snapshots/{name}: values of number {snapshot} changed")
    return found


def fates(content):
    """What is wrong with the fates that a compacted file must have; empty if nothing is."""
    e, m = content.rows["events"], content.rows["messages"]
    receive = e["kind"] == RECEIVE
    arrival = dict(zip(zip(e["peer"][receive].tolist(), e["msg_first"][receive].tolist()),
                       e["t_arrival"][receive].tolist()))
    expected = {key: (RECEIVED, t) for key, t in arrival.items()}
    for table in CROSSING:
        rows = content.rows[table]
        at_end = rows["snapshot"] == len(content.states["t"]) - 1  # what crossed a cut before went on
        columns = (rows[name][at_end].tolist() for name in ("sender", "number", "t_arrival", "fate"))
        for s, n, t, f in zip(*columns):
            expected[s, n] = (f, t)
    wrong = 0
    for s, n, t, f in zip(*(m[k].tolist() for k in ("sender", "number", "t_arrival", "fate"))):
        wrong += expected.get((s, n), (UNKNOWN, 0)) != (f, t)
    return [f"{wrong} messages have another fate than the log gives"] if wrong else []
