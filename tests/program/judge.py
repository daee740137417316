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
STATE = "t_actual n_tick n_event n_internal n_sent n_received n_queued valid".split()
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
            self.queue = Table(f, "snapshots/queue", LEFT, "n_queue", "first_queue")
            self.channel = Table(f, "snapshots/channel", LEFT, "n_channel", "first_channel")
            self.clocks = {name: self.events.take(f[f"events/clocks/{name}/stamp"][()])
                           for name in f.get("events/clocks", ())}
            self.state = {name: f[f"snapshots/{name}"][()] for name in STATE}
            self.state_stamps = {name: f[f"snapshots/clocks/{name}/stamp"][()] for name in self.clocks}
            self.t_snapshot = f["snapshots/t"][()].tolist()
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
        expected = {"zero": 0, "period": period}.get(phase)
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
            at = run.message.get((int(table.sender[k]), int(table.number[k]), int(table.copy[k])))
            if at is None or at in found or run.messages.receiver[at] != table.receiver[k]:
                wrong.append(f"row {k} of what was left names no message that could be left")
                continue
            t = int(table.t_arrival[k])
            last = table.snapshot[k] == len(run.t_snapshot) - 1
            if int(table.fate[k]) != kind or (t < run.t_end) != (kind == QUEUED) or not last:
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


def check_snapshots(run):
    """Every recorded state is the one that the log gives: of all ticks due before its time, and no other."""
    wrong, e = [], run.events
    every = nanoseconds(run.options["snapshot-every"])
    planned = snapshot_times(run.duration, every)
    if run.state_name == "COMPLETE" and run.t_snapshot != planned:
        wrong.append(f"snapshots at {run.t_snapshot}, planned at {planned}")
    if run.ended and run.t_snapshot[-1] != run.t_end:
        wrong.append(f"the last snapshot is of {run.t_snapshot[-1]}, the end was at {run.t_end}")
    found, fate, _ = arrivals(run)
    valid = run.state["valid"]
    if not np.isin(valid, (0, 1)).all():
        wrong.append("a snapshot is neither there nor not")
    if run.state_name == "COMPLETE" and set(run.n_snapshots) != {len(planned) - 1}:
        wrong.append(f"{run.n_snapshots} of {len(planned) - 1} snapshots before the last are committed")
    for v, rows in enumerate(run.of_vm):
        inbound = np.array([t for at, t in found.items() if run.messages.receiver[at] == v])
        left = [t for at, t in found.items()  # a late tick may have taken what came after the end
                if run.messages.receiver[at] == v and fate[at] != RECEIVED]
        for s, t in enumerate(run.t_snapshot):
            final = s == len(run.t_snapshot) - 1
            if not valid[v, s]:
                if run.ended and (final or t < run.t_end):
                    wrong.append(f"snapshot {s} of {t} lacks VM {v}")
                continue
            n = tick_count(run.p[v], run.q[v], run.phase[v], t)
            if n > len(rows):
                wrong.append(f"snapshot {s} of VM {v} is ahead of its events")
                continue
            expected = counts(run, v, n)
            stored = {name: int(run.state[name][v, s]) for name in expected}
            if stored != expected:
                wrong.append(f"snapshot {s} of VM {v}: {stored}, the log gives {expected}")
            for name, stamp in run.clocks.items():
                last = stamp[rows[n - 1]] if n else np.zeros(stamp.shape[1:], np.int64)
                if (run.state_stamps[name][v, s] != last).any():
                    wrong.append(f"snapshot {s} of VM {v} has another {name} stamp than its last event")
            if run.ended and final:
                queued = sum(arrival < t for arrival in left)
                if run.state["n_queued"][v, s] != queued:
                    wrong.append(f"VM {v} ends with {run.state['n_queued'][v, s]} queued, not {queued}")
                continue
            taken = run.state["t_actual"][v, s]
            if taken < t or n < len(rows) and taken > e.t_actual[rows[n]]:
                wrong.append(f"snapshot {s} of VM {v} was taken before its time or after the next tick")
            queued = int((inbound <= taken).sum()) - expected["n_received"]
            if run.ended and run.state["n_queued"][v, s] != queued:
                wrong.append(f"snapshot {s} of VM {v} has {run.state['n_queued'][v, s]} queued, not {queued}")
    return wrong


def check_totals(run):
    """What the root says of each VM is the count of its events."""
    if not run.ended:
        return []
    wrong, e = [], run.events
    last = {name: stamps[:, -1] for name, stamps in run.state_stamps.items()}
    for v, rows in enumerate(run.of_vm):
        expected = counts(run, v, len(rows))
        expected["n_queued"] = int((run.queue.receiver == v).sum())
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


CHECKS = (check_ticks, check_draws, check_messages, check_queues, check_clocks, check_snapshots,
          check_totals, check_placement)


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
