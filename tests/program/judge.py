"""An independent judge of a run's file: everything that a run promises, worked out again in Python from the
HDF5 file alone. Nothing of lcmpi is used: the random draws, the times of the ticks, the queues, the clocks
and the states are computed from their definitions. Each check returns a list of what is wrong.
"""

from collections import deque

import h5py
import numpy as np

INTERNAL, SEND, RECEIVE = 1, 2, 3
UNICAST, MULTICAST, ACT = 1, 2, 3
RECEIVED, QUEUED, IN_FLIGHT = 1, 2, 3
STATES = {1: "RUNNING", 2: "COMPLETE", 3: "STOPPED", 4: "FAILED", 5: "RECOVERED"}
EVENT = ("machine seq tick t_scheduled t_actual peer msg_first msg_count t_arrival queue_before "
         "queue_after op kind").split()
MESSAGE = "sender number copy receiver send_seq t_send t_arrival fate".split()
LEFT = "snapshot receiver sender number copy t_arrival fate".split()
STATE = "t_actual n_tick n_event n_internal n_sent n_received n_queued queue_max valid".split()
BALANCE = "sent received queued in_flight lost".split()
SECOND = 10**9

# ---- random draws --------------------------------------------------------------------------------

OPERATION, RATE = 0, 1  # what a draw is for


def philox(seed, counter):
    """Philox4x32-10 (Salmon et al., 2011): the four words of one block."""
    key = [seed & 0xFFFFFFFF, seed >> 32]
    c = list(counter)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def draw(seed, purpose, vm, number, block=0):
    return philox(seed, (number & 0xFFFFFFFF, number >> 32, vm, purpose + (block << 8)))


def below(word, n):
    return (word * n) >> 32


def drawn_rate(seed, vm, rates, weights=None):
    """The rate that a VM draws out of a range."""
    weights = weights or [1] * len(rates)
    word, total = draw(seed, RATE, vm, 0)[0], 0
    for rate, weight in zip(rates, weights):
        total += weight
        if word < int(total / sum(weights) * 2**32 + 0.5):
            return rate
    return rates[-1]


def drawn_phase(seed, vm, period):
    word = draw(seed, RATE, vm, 0)
    return ((word[3] << 32 | word[2]) * period) >> 64


def drawn_operation(seed, vm, tick, n_vm, unicast, multicast, fanout):
    """(operation, receivers) of an idle tick."""
    if n_vm == 1:
        return ACT, ()
    word = draw(seed, OPERATION, vm, tick)
    if word[0] < int(unicast * 2**32 + 0.5):
        peer = below(word[1], n_vm - 1)
        return UNICAST, (peer + (peer >= vm),)
    if word[0] >= int((unicast + multicast) * 2**32 + 0.5):
        return ACT, ()
    peers = [v for v in range(n_vm) if v != vm]
    if fanout >= len(peers):
        return MULTICAST, tuple(peers)
    stream = iter(word[2:] + [w for block in range(1, 2 + fanout // 4)
                              for w in draw(seed, OPERATION, vm, tick, block)])
    for i in range(fanout):
        j = i + below(next(stream), len(peers) - i)
        peers[i], peers[j] = peers[j], peers[i]
    return MULTICAST, tuple(sorted(peers[:fanout]))


# ---- times ---------------------------------------------------------------------------------------

def tick_time(p, q, phase, k):
    return phase + k * q * SECOND // p


def tick_count(p, q, phase, end):
    """How many k have phase + floor(k q 1e9 / p) < end: counted from an estimate, not by formula."""
    if end <= phase:
        return 0
    k = (end - phase) * p // (q * SECOND)
    while k > 0 and tick_time(p, q, phase, k - 1) >= end:
        k -= 1
    while tick_time(p, q, phase, k) < end:
        k += 1
    return k


def snapshot_times(duration, every):
    times = list(range(every, duration, every))
    return times + [duration]


# ---- the file ------------------------------------------------------------------------------------

class Table:
    """The committed rows of one table, column by column."""

    def __init__(self, file, group, columns, counter, first):
        count, start = file[f"commit/{counter}"][()], file[f"commit/{first}"][()]
        at = [np.arange(s, s + n) for s, n in zip(start, count)]
        self.rows = np.concatenate(at) if at else np.zeros(0, int)
        for name in columns:
            setattr(self, name, self.take(file[group][name][()]))
        self.n = len(self.rows)

    def take(self, values):
        return values[self.rows.astype(np.int64)]


class Crossing(Table):
    """The messages that cross the cuts that count: queued at their receivers, or in flight to them."""

    def __init__(self, file, name, kind):
        group = f"snapshots/{name}"
        super().__init__(file, group, LEFT, f"n_{name}", f"first_{name}")
        rank = np.repeat(np.arange(len(file["rank"])), file[f"commit/n_{name}"][()])
        done, final = file["commit/n_snapshots"][()][rank], file["commit/n_final"][()][rank]
        last = self.snapshot == len(file["snapshots/t"]) - 1
        self.rows = self.rows[np.where(last, final == 1, (self.snapshot >= 0) & (self.snapshot < done))]
        for column in LEFT:
            setattr(self, column, self.take(file[group][column][()]))
        self.n, self.kind = len(self.rows), kind
        self.stamps = {clock: self.take(data["stamp"][()]) for clock, data in file[f"{group}/clocks"].items()}

    def of_cut(self, snapshot):
        """[(row, receiver, t_arrival, sender, number, copy)] in the order of the file."""
        columns = (getattr(self, name).tolist() for name in ("receiver", "t_arrival", "sender", "number", "copy"))
        return [row for row, at in zip(zip(range(self.n), *columns), self.snapshot.tolist()) if at == snapshot]


class Run:
    """A file of a run: live, crashed, stopped or finished."""

    def __init__(self, path):
        with h5py.File(path, "r") as f:
            self.attrs = dict(f.attrs)
            self.options = dict(line.split(" = ", 1) for line in self.attrs["options"].split("\n"))
            self.seed = int(self.attrs["seed"])
            self.n_vm, self.n_rank = len(f["vm"]), len(f["rank"])
            self.duration = int(self.attrs["duration_ns"])
            self.p = [int(x) for x in f["tick_rate_p"][()]]
            self.q = [int(x) for x in f["tick_rate_q"][()]]
            self.phase = [int(x) for x in f["phase"][()]]
            self.vm_rank = f["vm_rank"][()].tolist()
            self.root = {name: f[name][()] for name in f if isinstance(f[name], h5py.Dataset)}
            self.events = Table(f, "events", EVENT, "n_events", "first_events")
            self.messages = Table(f, "messages", MESSAGE, "n_messages", "first_messages")
            self.queue = Crossing(f, "queue", QUEUED)
            self.channel = Crossing(f, "channel", IN_FLIGHT)
            self.method = self.attrs["snapshot_method"]
            self.clocks = {name: self.events.take(f[f"events/clocks/{name}/stamp"][()])
                           for name in f.get("events/clocks", ())}
            self.state = {name: f[f"snapshots/{name}"][()] for name in STATE}
            self.state_stamps = {name: f[f"snapshots/clocks/{name}/stamp"][()] for name in self.clocks}
            self.t_snapshot = f["snapshots/t"][()].tolist()
            self.state_jumps = {name: clock["jump_max"][()] for name, clock in f["snapshots/clocks"].items()
                                if "jump_max" in clock}
            self.cut_digests = {name: part[()].sum(axis=0, dtype=np.uint64).tolist()
                                for name, part in f["snapshots/restart"].items()}
            self.digests = {name: int(part[()]) for name, part in f["digest"].items()}
            self.balance = {name: int(f[f"balance/{name}"][()]) for name in BALANCE}
            self.n_snapshots = f["commit/n_snapshots"][()].tolist()
            self.n_final = f["commit/n_final"][()].tolist()
            self.t_end = int(f["commit/t_end"][()])
            self.state_name = STATES[int(f["commit/state"][()])]
            self.compressed = f["events/kind"].compression is not None
            self.exact = all(len(f[f"{g}/{c}"]) == t.n for g, c, t in (
                ("events", "kind", self.events), ("messages", "sender", self.messages),
                ("snapshots/queue", "fate", self.queue), ("snapshots/channel", "fate", self.channel)))
        self.ended = self.state_name in ("COMPLETE", "STOPPED") and all(self.n_final)
        self.last = len(self.t_snapshot) - 1
        self.whole = [*range(min(self.n_snapshots)), *([self.last] if self.ended else [])]
        self.own_moments = self.method != "time-cut"  # of each VM, and not of the snapshot's time
        self.exact_time = self.attrs["pace"] == "virtual"
        e = self.events
        order = np.lexsort((e.seq, e.machine))
        cut = np.searchsorted(e.machine[order], np.arange(self.n_vm + 1))
        self.of_vm = [order[cut[v]:cut[v + 1]] for v in range(self.n_vm)]  # row numbers, by seq
        m = self.messages
        self.message = {key: i for i, key in enumerate(
            zip(m.sender.tolist(), m.number.tolist(), m.copy.tolist()))}

    def weights(self):
        def number(text):
            p, _, q = text.partition("/")
            return float(p) / float(q or 1)
        fanout = self.options["fanout"]
        return (number(self.options["unicast"]), number(self.options["multicast"]),
                self.n_vm if fanout == "all" else int(fanout))

    def idle_ticks(self):
        """{(vm, tick): (operation, receivers)} as the file has them."""
        e, m, found = self.events, self.messages, {}
        kind, op = e.kind.tolist(), e.op.tolist()
        receiver = m.receiver.tolist()
        for v, rows in enumerate(self.of_vm):
            for i in rows.tolist():
                if kind[i] == RECEIVE:
                    continue
                first, n = int(e.msg_first[i]), int(e.msg_count[i])
                to = tuple(receiver[self.message[v, k, 0]] for k in range(first, first + n))
                found[v, int(e.tick[i])] = (op[i], to)
        return found


# ---- the checks ----------------------------------------------------------------------------------

def check_ticks(run):
    """One event per tick, none skipped, each scheduled exactly where its rate asks and not before it."""
    wrong, e = [], run.events
    for v, rows in enumerate(run.of_vm):
        p, q, phase = run.p[v], run.q[v], run.phase[v]
        n = len(rows)
        if run.ended and n != tick_count(p, q, phase, run.t_end):
            wrong.append(f"VM {v} has {n} events; {tick_count(p, q, phase, run.t_end)} ticks were due")
        if e.seq[rows].tolist() != list(range(n)) or e.tick[rows].tolist() != list(range(n)):
            wrong.append(f"VM {v}: events or ticks are not 0, 1, 2, ...")
        if e.t_scheduled[rows].tolist() != [tick_time(p, q, phase, k) for k in range(n)]:
            wrong.append(f"VM {v}: a tick is scheduled elsewhere than its rate asks")
        if (e.t_actual[rows] < e.t_scheduled[rows]).any():
            wrong.append(f"VM {v}: a tick happened before it was due")
        if (np.diff(e.t_actual[rows]) < 0).any():
            wrong.append(f"VM {v}: the times of its events go back")
    if not np.isin(e.kind, (INTERNAL, SEND, RECEIVE)).all():
        wrong.append("an event has no kind")
    internal, rest = e.kind == INTERNAL, e.kind != RECEIVE
    if ((e.peer[internal] != -1).any() or e.msg_first[internal].any() or e.msg_count[internal].any()
            or (e.msg_count[~rest] != 1).any() or e.t_arrival[rest].any()):
        wrong.append("an event has values that are not for its kind")
    if run.state_name == "COMPLETE" and run.t_end != run.duration:
        wrong.append(f"complete, but ended at {run.t_end} of {run.duration}")
    return wrong


def check_draws(run):
    """Rates, phases and the operation and the receivers of every idle tick are the seed's."""
    wrong = []
    unicast, multicast, fanout = run.weights()
    rates, phase = run.options["rates"], run.options["phase"]
    for v in range(run.n_vm):
        period = tick_time(run.p[v], run.q[v], 0, 1)
        if ":" in rates and run.options["rate-weights"] == "equal":
            low, high = map(int, rates.split(":"))
            if (run.p[v], run.q[v]) != (drawn_rate(run.seed, v, range(low, high + 1)), 1):
                wrong.append(f"VM {v} has the rate {run.p[v]}/{run.q[v]}")
        expected = {"zero": 0, "period": -(-10**9 * run.q[v] // run.p[v])}.get(phase)
        if run.phase[v] != (drawn_phase(run.seed, v, period) if expected is None else expected):
            wrong.append(f"VM {v} begins at {run.phase[v]}")
    for (v, tick), found in run.idle_ticks().items():
        expected = drawn_operation(run.seed, v, tick, run.n_vm, unicast, multicast, fanout)
        if found != expected:
            wrong.append(f"VM {v} tick {tick}: did {found}, drew {expected}")
    e = run.events
    kind_of = {UNICAST: SEND, MULTICAST: SEND, ACT: INTERNAL, 0: RECEIVE}
    if any(kind_of.get(op) != kind for op, kind in zip(e.op.tolist(), e.kind.tolist())):
        wrong.append("an event is not of the kind that its operation makes")
    return wrong


def arrivals(run):
    """{message row: t_arrival} of all messages whose arrival is on file."""
    e, found, wrong = run.events, {}, []
    rows = np.nonzero(e.kind == RECEIVE)[0]
    taken = zip(rows.tolist(), e.peer[rows].tolist(), e.msg_first[rows].tolist(),
                e.t_arrival[rows].tolist(), e.machine[rows].tolist())
    fate = {}
    for i, peer, number, t, machine in taken:
        at = run.message.get((peer, number, 0))
        if at is None:
            if run.ended:
                wrong.append(f"VM {machine} took message {number} of VM {peer}, which nobody sent")
            continue
        if at in found:
            wrong.append(f"message {number} of VM {peer} was taken twice")
        if run.messages.receiver[at] != machine:
            wrong.append(f"VM {machine} took message {number} of VM {peer}, which was for another")
        found[at], fate[at] = t, RECEIVED
    for table, kind in ((run.queue, QUEUED), (run.channel, IN_FLIGHT)):
        for k in range(table.n):
            if table.snapshot[k] != run.last:
                continue
            at = run.message.get((int(table.sender[k]), int(table.number[k]), int(table.copy[k])))
            if at is None or at in found or run.messages.receiver[at] != table.receiver[k]:
                wrong.append(f"row {k} of what was left names no message that could be left")
                continue
            t = int(table.t_arrival[k])
            if int(table.fate[k]) != kind or (t < run.t_end) != (kind == QUEUED):
                wrong.append(f"row {k} of what was left is in the wrong table")
            found[at], fate[at] = t, kind
    return found, fate, wrong


def check_messages(run):
    """Numbers without a gap, one row per message, each with one fate; the balance is their count."""
    e, m, wrong = run.events, run.messages, []
    for v, rows in enumerate(run.of_vm):
        number = 0
        for i in rows[e.kind[rows] == SEND].tolist():
            first, n = int(e.msg_first[i]), int(e.msg_count[i])
            if first != number or n < 1:
                wrong.append(f"VM {v} event {e.seq[i]}: messages {first}+{n}, expected from {number}")
            for k in range(first, first + n):
                at = run.message.get((v, k, 0))
                if at is None:
                    wrong.append(f"message {k} of VM {v} is not on file")
                elif m.send_seq[at] != e.seq[i] or m.t_send[at] != e.t_actual[i]:
                    wrong.append(f"message {k} of VM {v} does not agree with its event")
            number = first + n
            peer = m.receiver[run.message[v, first, 0]] if e.op[i] == UNICAST else -1
            if e.peer[i] != peer:
                wrong.append(f"VM {v} event {e.seq[i]} names peer {e.peer[i]}, not {peer}")
        if run.ended and number != int((m.sender == v).sum()):
            wrong.append(f"VM {v} sent {number} messages; {(m.sender == v).sum()} are on file")
    found, fate, more = arrivals(run)
    wrong += more
    for at, t in found.items():
        if t < m.t_send[at]:
            wrong.append(f"message {m.number[at]} of VM {m.sender[at]} arrived before it was sent")
    if not run.ended:
        return wrong
    if len(fate) != m.n:
        wrong.append(f"{m.n - len(fate)} messages have no fate")
    count = {"sent": m.n, "received": 0, "queued": 0, "in_flight": 0, "lost": 0}
    for kind in fate.values():
        count[("", "received", "queued", "in_flight")[kind]] += 1
    if count != run.balance:
        wrong.append(f"the balance is {run.balance}; the rows give {count}")
    if run.exact and run.compressed:
        if any(m.fate[at] != kind or m.t_arrival[at] != found[at] for at, kind in fate.items()):
            wrong.append("a message's fate or arrival is not that of its receiver")
    return wrong


def check_queues(run):
    """Whatever has arrived is seen at the next tick, in its order: no VM acts while a message waits."""
    wrong, e, m = [], run.events, run.messages
    found, _, _ = arrivals(run)
    inbound = [[] for _ in range(run.n_vm)]
    for at, t in found.items():
        inbound[m.receiver[at]].append((t, int(m.sender[at]), int(m.number[at])))
    for v, rows in enumerate(run.of_vm):
        coming, waiting = deque(sorted(inbound[v])), deque()
        for i in rows.tolist():
            while coming and coming[0][0] <= e.t_actual[i]:
                waiting.append(coming.popleft())
            name = f"VM {v} tick {e.tick[i]}"
            receive = e.kind[i] == RECEIVE
            before = int(e.queue_before[i])
            if before != len(waiting) if run.ended else before < len(waiting):
                wrong.append(f"{name} logs {before} in its queue; there were {len(waiting)}")
            if e.queue_after[i] != before - receive:
                wrong.append(f"{name} leaves {e.queue_after[i]} of {before}")
            if not receive:
                if waiting:
                    wrong.append(f"{name} acts although {len(waiting)} messages wait")
                continue
            if (int(e.peer[i]), int(e.msg_first[i]), 0) not in run.message:
                break  # of a run without an end: its sender's rows did not reach the file
            taken = waiting.popleft() if waiting else None
            if taken != (e.t_arrival[i], e.peer[i], e.msg_first[i]):
                wrong.append(f"{name} takes {e.msg_first[i]} of VM {e.peer[i]}; first was {taken}")
    return wrong


def check_clocks(run):
    """Each stamp is what its clock's rule makes of the stamp before it and of the message's."""
    wrong, e = [], run.events
    seqs = {}
    for v, rows in enumerate(run.of_vm):
        for i in rows.tolist():
            seqs[v, int(e.seq[i])] = i
    for name, stamp in run.clocks.items():
        for v, rows in enumerate(run.of_vm):
            last = np.zeros(stamp.shape[1:], np.int64)
            for i in rows.tolist():
                value = last.copy()
                if e.kind[i] == RECEIVE:
                    at = run.message.get((int(e.peer[i]), int(e.msg_first[i]), 0))
                    send = at is not None and seqs.get((int(e.peer[i]), int(run.messages.send_seq[at])))
                    if at is None or send is None:
                        last = stamp[i]  # of a run without an end
                        continue
                    value = np.maximum(value, stamp[send])
                if name == "vector":
                    value[v] += 1
                else:
                    value = value + 1
                if (value != stamp[i]).any():
                    wrong.append(f"{name}: VM {v} event {e.seq[i]} is {stamp[i]}, not {value}")
                last = stamp[i]
    return wrong


def counts(run, v, n):
    """What VM v had done after n events."""
    e, rows = run.events, run.of_vm[v][:n]
    kind = e.kind[rows]
    return {"n_tick": n, "n_event": n, "n_internal": int((kind == INTERNAL).sum()),
            "n_sent": int(e.msg_count[rows][kind == SEND].sum()),
            "n_received": int((kind == RECEIVE).sum())}


def check_plan(run):
    """Snapshots are of the times that the options say; one that takes its time may not be done at the end."""
    wrong = []
    every = run.options["snapshot-every"]
    planned = snapshot_times(run.duration, run.duration if every == "none" else nanoseconds(every))
    if run.state_name == "COMPLETE":
        before = run.t_snapshot[:-1]
        if run.t_snapshot[-1] != planned[-1] or before != planned[:len(before)] or (
                not run.own_moments and run.t_snapshot != planned):
            wrong.append(f"snapshots at {run.t_snapshot}, planned at {planned}")
        if set(run.n_snapshots) != {len(before)} and not run.own_moments:
            wrong.append(f"{run.n_snapshots} of {len(before)} snapshots before the last are committed")
    if run.ended and run.t_snapshot[-1] != run.t_end:
        wrong.append(f"the last snapshot is of {run.t_snapshot[-1]}, the end was at {run.t_end}")
    if not np.isin(run.state["valid"], (0, 1)).all():
        wrong.append("a snapshot is neither there nor not")
    for s, t in enumerate(run.t_snapshot):
        needed = s in run.whole or (run.ended and t < run.t_end and not run.own_moments)
        if needed and not run.state["valid"][:, s].all():
            wrong.append(f"snapshot {s} of {t} lacks VMs")
    return wrong


def place(run, v, s):
    """What is wrong with the moment at which VM v's state was recorded."""
    rows, e, t = run.of_vm[v], run.events, run.t_snapshot[s]
    n, moment = int(run.state["n_event"][v, s]), int(run.state["t_actual"][v, s])
    before, after = e.t_actual[rows[:n]], e.t_actual[rows[n:]]
    if run.own_moments and s != run.last:
        late = before >= moment if run.exact_time else before > moment
        if moment < t or late.any() or (after < moment).any():
            return f"snapshot {s} of VM {v} is of {moment}, after event {n}"
    elif n != tick_count(run.p[v], run.q[v], run.phase[v], t) or moment < t or (run.exact_time and moment != t):
        return f"snapshot {s} of VM {v} holds {n} events and is of {moment}"
    return None


def check_snapshots(run):
    """Every recorded state is the one that the log gives after its events."""
    wrong, e = [], run.events
    found, _, _ = arrivals(run)
    for v, rows in enumerate(run.of_vm):
        inbound = np.array([t for at, t in found.items() if run.messages.receiver[at] == v])
        jumps = {name: np.diff(run.clocks[name][rows], prepend=0) for name in run.state_jumps}
        for s in np.flatnonzero(run.state["valid"][v]).tolist():
            n = int(run.state["n_event"][v, s])
            if not 0 <= n <= len(rows):
                wrong.append(f"snapshot {s} of VM {v} is ahead of its events")
                continue
            expected = counts(run, v, n)
            expected["queue_max"] = int(e.queue_before[rows[:n]].max(initial=0))
            stored = {name: int(run.state[name][v, s]) for name in expected}
            if stored != expected:
                wrong.append(f"snapshot {s} of VM {v}: {stored}, the log gives {expected}")
            for name, stamp in run.clocks.items():
                last = stamp[rows[n - 1]] if n else np.zeros(stamp.shape[1:], np.int64)
                if (run.state_stamps[name][v, s] != last).any():
                    wrong.append(f"snapshot {s} of VM {v} has another {name} stamp than its last event")
            for name, jump in jumps.items():
                if run.state_jumps[name][v, s] != jump[:n].max(initial=0):
                    wrong.append(f"snapshot {s} of VM {v} has another largest jump of {name} than its events")
            misplaced = run.ended and place(run, v, s)
            if misplaced:
                wrong.append(misplaced)
            if run.ended and s != run.last:  # at the end late ticks may have taken what came later
                moment = run.state["t_actual"][v, s]
                least, most = ((arrived.sum() - expected["n_received"]) for arrived in (inbound < moment,
                                                                                        inbound <= moment))
                if not least <= run.state["n_queued"][v, s] <= (most if run.own_moments else least):
                    wrong.append(f"snapshot {s} of VM {v} has {run.state['n_queued'][v, s]} queued, not {least}")
    return wrong


def crossings(run, s):
    """(the messages that cross a cut: {message row: t_arrival}, those that make it inconsistent)."""
    e, m, n_event = run.events, run.messages, run.state["n_event"][:, s]
    before = e.seq < n_event[e.machine]
    taken = {(int(e.peer[i]), int(e.msg_first[i])): bool(before[i]) for i in np.flatnonzero(e.kind == RECEIVE)}
    sent = m.send_seq < n_event[m.sender]
    crossing, impossible = set(), []
    for at, key in enumerate(zip(m.sender.tolist(), m.number.tolist())):
        received = taken.get(key, False)
        if received and not sent[at]:
            impossible.append(f"snapshot {s} has received message {key[1]} of VM {key[0]}, but not sent it")
        elif sent[at] and not received:
            crossing.add(at)
    return crossing, impossible


def check_row(run, s, table, row, at):
    """What is wrong with a row of a message that crosses the cut."""
    m, e = run.messages, run.events
    _, receiver, t, *_ = row
    if m.receiver[at] != receiver:
        return "is at another VM"
    if table.fate[row[0]] != table.kind:
        return "has another fate than its table"
    moment = int(run.state["t_actual"][receiver, s])
    if run.own_moments and s != run.last:
        misplaced = t > moment if table.kind == QUEUED else t < moment
    else:
        misplaced = (t < run.t_snapshot[s]) != (table.kind == QUEUED)
    if misplaced:
        return f"is in the wrong table: it arrived at {t}, the cut is of {moment}"
    send = run.of_vm[m.sender[at]][m.send_seq[at]]
    for name, stamps in table.stamps.items():
        if (stamps[row[0]] != run.clocks[name][send]).any():
            return f"has another {name} stamp than event {e.seq[send]}"
    return None


def check_cuts(run):
    """Every cut is consistent, and has the messages that cross it: all, once, in their order, and no others."""
    wrong = []
    found, _, _ = arrivals(run)
    for s in run.whole:
        crossing, impossible = crossings(run, s)
        wrong += impossible
        seen = set()
        for table in (run.queue, run.channel):
            rows = table.of_cut(s)
            for row in rows:
                name = f"snapshot {s}: message {row[4]} of VM {row[3]} "
                at = run.message.get(row[3:])
                if at not in crossing or at in seen:
                    wrong.append(name + ("is there twice" if at in seen else "does not cross it"))
                    continue
                seen.add(at)
                fault = check_row(run, s, table, row, at)
                if not fault and at in found and found[at] != row[2]:
                    fault = f"arrives at {row[2]}, not at {found[at]}"
                if fault:
                    wrong.append(name + fault)
            keys = [row[1:] for row in rows]
            for v in range(run.n_vm):
                mine = [key for key in keys if key[0] == v]
                if mine != sorted(mine):
                    wrong.append(f"snapshot {s}: the messages of VM {v} are not in their order")
                if table is run.queue and len(mine) != run.state["n_queued"][v, s]:
                    wrong.append(f"snapshot {s}: VM {v} has {len(mine)} queued, not {run.state['n_queued'][v, s]}")
        if crossing - seen:
            wrong.append(f"snapshot {s} lacks {len(crossing - seen)} messages")
    return wrong


# ---- digests -------------------------------------------------------------------------------------

BITS = 2**64 - 1


def mix(a, b):
    product = (a & BITS) * (b & BITS)
    return (product ^ product >> 64) & BITS


def mix_words(value, words):
    for word in words:
        value = mix(value ^ 0x94D049BB133111EB, (word & BITS) ^ 0xD6E8FEB86659FD93)
    return value


def identity(vm, seq):
    return mix(vm ^ 0x9E3779B97F4A7C15, seq ^ 0xBF58476D1CE4E5B9)


def digests(run, n_event, snapshots):
    """Of the first events of each VM and of the states of these snapshots."""
    e, m = run.events, run.messages
    total = dict.fromkeys(("execution", "snapshots", *run.clocks), 0)
    factors = ((e.tick, 0xA0761D6478BD642F), (e.t_actual, 0xE7037ED1A0B428DB), (e.msg_first, 0x8EBC6AF09C88C6E3),
               (e.t_arrival, 0x589965CC75374CC3), (e.peer, 0x1D8E4E27C47D124F))
    for i in np.flatnonzero(e.seq < n_event[e.machine]).tolist():
        name = identity(int(e.machine[i]), int(e.seq[i]))
        what = int(e.kind[i]) | int(e.msg_count[i]) << 8
        for column, factor in factors:  # a peer is 32 bits, -1 or not
            what += (int(column[i]) & (2**32 - 1 if column is e.peer else BITS)) * factor
        total["execution"] += mix(name ^ 0x2545F4914F6CDD1D, (what & BITS) ^ 0xD1342543DE82EF95)
        for clock, stamp in run.clocks.items():
            total[clock] += mix_words(name, np.atleast_1d(stamp[i]).tolist())
    for i in np.flatnonzero(m.send_seq < n_event[m.sender]).tolist():
        ends = int(m.sender[i]) << 32 | int(m.receiver[i])
        total["execution"] += mix(ends ^ 0xEB44ACCAB455D165, int(m.number[i]) ^ 0xAF251AF3B0F025B5)
    for s in snapshots:
        for v in np.flatnonzero(run.state["valid"][:, s]).tolist():
            value = mix(identity(v, s), 0xFF51AFD7ED558CCD)
            for name in ("n_tick", "n_internal", "n_sent", "n_received", "n_queued"):
                value = mix_words(value, [int(run.state[name][v, s])])
            for stamps in run.state_stamps.values():
                value = mix_words(value, np.atleast_1d(stamps[v, s]).tolist())
            total["snapshots"] += value
    return {name: value & BITS for name, value in total.items()}


def check_digests(run):
    """The digests of all that is before each cut, and of the whole run."""
    wrong = []
    for s in run.whole:
        expected = digests(run, run.state["n_event"][:, s], range(min(s + 1, run.last)))
        stored = {name: parts[s] for name, parts in run.cut_digests.items()}
        if stored != expected:
            wrong.append(f"the digests before snapshot {s} are {stored}, not {expected}")
        if s == run.last and run.digests != expected:
            wrong.append(f"the digests of the run are {run.digests}, not {expected}")
    return wrong


def check_totals(run):
    """What the root says of each VM is the count of its events."""
    if not run.ended:
        return []
    wrong, e = [], run.events
    last = {name: stamps[:, -1] for name, stamps in run.state_stamps.items()}
    for v, rows in enumerate(run.of_vm):
        expected = counts(run, v, len(rows))
        expected["n_queued"] = int(((run.queue.receiver == v) & (run.queue.snapshot == run.last)).sum())
        expected["queue_max"] = int(e.queue_before[rows].max()) if len(rows) else 0
        late = e.t_actual[rows] - e.t_scheduled[rows]
        expected["lateness_max"] = int(late.max()) if len(rows) else 0
        expected["lateness_mean"] = int(late.sum()) // len(rows) if len(rows) else 0
        for name, stamp in run.clocks.items():
            if (run.root[f"final_{name}"][v] != last[name][v]).any():
                wrong.append(f"VM {v}: final_{name} is not the last state's")
            if f"{name}_jump_max" in run.root:
                jumps = np.diff(stamp[rows], prepend=0)
                expected[f"{name}_jump_max"] = int(jumps.max()) if len(rows) else 0
                mean = jumps.mean() if len(rows) else 0
                if abs(run.root[f"{name}_jump_mean"][v] - mean) > 1e-9:
                    wrong.append(f"VM {v}: {name}_jump_mean is not {mean}")
        stored = {name: int(run.root[name][v]) for name in expected}
        if stored != expected:
            wrong.append(f"VM {v}: the root says {stored}, the log {expected}")
    return wrong


def check_placement(run):
    """VMs are in blocks, as even as can be, in the order of the ranks; the tables beside that."""
    wrong = []
    sizes = [run.vm_rank.count(r) for r in range(run.n_rank)]
    if run.vm_rank != sorted(run.vm_rank) or max(sizes) - min(sizes) > 1 or sum(sizes) != run.n_vm:
        wrong.append(f"VMs are on ranks {run.vm_rank}")
    for name in ("vm", "rank", "component"):
        if run.root.get(name, np.zeros(0)).tolist() != list(range(len(run.root.get(name, ())))):
            wrong.append(f"the dimension {name} does not count from 0")
    if any(rate != p / q for rate, p, q in zip(run.root["tick_rate"], run.p, run.q)):
        wrong.append("tick_rate is not tick_rate_p / tick_rate_q")
    return wrong


def nanoseconds(text):
    number = text.rstrip("dhmsun")
    unit = {"d": 86400 * SECOND, "h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND,
            "ms": 10**6, "us": 1000, "ns": 1}[text[len(number):]]
    whole, _, part = number.partition(".")
    return int(whole) * unit + (int(part) * unit // 10**len(part) if part else 0)


CHECKS = (check_ticks, check_draws, check_messages, check_queues, check_clocks, check_plan, check_snapshots,
          check_cuts, check_digests, check_totals, check_placement)


def judge(path):
    """All that is wrong with a file, at most a few of each kind, and the run itself."""
    run = Run(path)
    wrong = []
    for check in CHECKS:
        try:
            found = check(run)
        except (LookupError, StopIteration) as failure:  # ids that lead nowhere
            found = [f"cannot go on: {failure!r}"]
        wrong += [f"{check.__name__}: {text}" for text in found[:3]]
        if len(found) > 3:
            wrong.append(f"{check.__name__}: and {len(found) - 3} more")
    return wrong, run


if __name__ == "__main__":
    import sys
    faults, _ = judge(sys.argv[1])
    print("\n".join(faults) or "nothing is wrong")
    sys.exit(bool(faults))
