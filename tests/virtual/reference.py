"""The model once more, as plainly as it can be written: one list of ticks, one list of messages, no windows.

It shares nothing with lcmpi but the rules, and three functions whose last bit is a rule too: simulate(options,
floating) is given log, exp and quantile (of the normal distribution). It returns the events, stamps, messages, the
states at all snapshots and the messages that cross them as sorted lists of tuples, in the order of the columns named
below. Where a clock has a largest jump it stands behind the clock's stamp.
"""

from fractions import Fraction
from math import ceil, floor, sqrt

EVENT = ("machine", "seq", "tick", "t_scheduled", "t_actual", "peer", "msg_first", "msg_count", "t_arrival",
         "queue_before", "queue_after", "op", "kind")
MESSAGE = ("sender", "number", "receiver", "send_seq", "t_send")
STATE = ("t_actual", "n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max", "valid")
CROSSING = ("snapshot", "receiver", "fate", "t_arrival", "sender", "number")  # and the stamps; sorted as in the file
INTERNAL, SEND, RECEIVE = 1, 2, 3
QUEUED, IN_FLIGHT = 2, 3
OPERATION, RATE, LATENCY, TOPOLOGY = 0, 1, 2, 3
NS, WORD = 10**9, 2**32


def philox(seed, purpose, vm, number, block=0):
    """Philox4x32-10 (Salmon et al. 2011)."""
    c = [number % WORD, number // WORD, vm, purpose + 256 * block]
    k = [seed % WORD, seed // WORD]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b // WORD ^ c[1] ^ k[0], b % WORD, a // WORD ^ c[3] ^ k[1], a % WORD]
        k = [(k[0] + 0x9E3779B9) % WORD, (k[1] + 0xBB67AE85) % WORD]
    return c


def shuffled(words, items, n):
    """The first n of a partial Fisher-Yates shuffle."""
    items = list(items)
    for i in range(n):
        j = i + next(words) * (len(items) - i) // WORD
        items[i], items[j] = items[j], items[i]
    return sorted(items[:n])


def stream(seed, purpose, vm, number, skip):
    block = 0
    while True:
        yield from philox(seed, purpose, vm, number, block)[skip if block == 0 else 0:]
        block += 1


def peers_of(o, vm):
    n, me = o["vms"], vm % o["vms"]
    others = [v for v in range(n) if v != me]
    shape, width = o["topology"], ceil(sqrt(n))
    if shape.startswith("random:"):
        others = shuffled(stream(o["seed"], TOPOLOGY, vm, 0, 0), others, int(shape[7:]))
    elif shape == "ring":
        others = [v for v in others if (v - me) % n in (1, n - 1)]
    elif shape == "star":
        others = others if me == 0 else [0]
    elif shape == "grid":
        others = [v for v in others if abs(v // width - me // width) + abs(v % width - me % width) == 1]
    return [vm - me + v for v in others]


def rate_and_phase(o, vm):
    draw = philox(o["seed"], RATE, vm, 0)
    if ":" in o["rates"]:
        low, high = map(int, o["rates"].split(":"))
        count = high - low + 1
        rate = Fraction(low + next(i for i in range(count) if draw[0] < (i + 1) * WORD / count // 1 + (
            (i + 1) * WORD % count * 2 >= count)))
    else:
        rates = o["rates"].split(",")
        rate = Fraction(rates[vm % o["vms"] % len(rates)])  # given, not drawn: the same in every copy
    period = NS * rate.denominator // rate.numerator
    phase = {"zero": 0, "period": period, "random": (draw[3] * WORD + draw[2]) * period // WORD**2}[o["phase"]]
    return rate, phase


def latency(o, floating, sender, number):
    law, _, values = o["latency"].partition(":")
    values = values.split(",")
    least = float(values.pop()[4:-2]) * 1e6 if values[-1].startswith("min=") else 0
    first = float(values[0][:-2]) * 1e6
    w = philox(o["seed"], LATENCY, sender, number)
    u = ((w[1] * WORD + w[0]) >> 11) * 2.0**-53
    if law == "uniform":
        first += u * (float(values[1][:-2]) * 1e6 - first)
    elif law == "exp":
        first = -first * floating.log(1 - u)
    elif law == "lognormal":
        first *= floating.exp(float(values[1]) * floating.quantile(min(u + 2.0**-54, 1 - 2.0**-53)))
    return max(floor(first + 0.5), int(least))


class Machine:
    def __init__(self, o, vm):
        self.vm, self.peers = vm, peers_of(o, vm)
        self.rate, self.phase = rate_and_phase(o, vm)
        self.ticks, self.sent, self.inbox, self.last_arrival = 0, 0, [], {}
        self.lamport, self.vector, self.jump_max = 0, [0] * o["vms"], 0
        self.internal, self.received, self.queue_max = 0, 0, 0

    def due(self):
        return self.phase + self.ticks * self.rate.denominator * NS // self.rate.numerator


def choose(o, machine):
    """(operation, receivers) of an idle tick."""
    draw = philox(o["seed"], OPERATION, machine.vm, machine.ticks)
    unicast, multicast = (int(w * WORD + 0.5) for w in (o["unicast"], o["unicast"] + o["multicast"]))
    if draw[0] >= multicast or not machine.peers:
        return 3, []
    if draw[0] < unicast:
        return 1, [machine.peers[draw[1] * len(machine.peers) // WORD]]
    n = min(o["fanout"], len(machine.peers))
    if n == len(machine.peers):
        return 2, machine.peers
    return 2, shuffled(stream(o["seed"], OPERATION, machine.vm, machine.ticks, 2), machine.peers, n)


def cut(machines, snapshot, t):
    """The system as all ticks before t have left it: (states, messages that were sent and not received)."""
    states, crossing = [], []
    for m in machines:
        arrived = sum(x[0] < t for x in m.inbox)
        states.append((m.vm, snapshot, t, m.ticks, m.ticks, m.internal, m.sent, m.received, arrived, m.queue_max, 1,
                       m.lamport, m.jump_max, *m.vector))
        crossing += [(snapshot, m.vm, QUEUED if x[0] < t else IN_FLIGHT, *x[:3], x[3][0], *x[3][1]) for x in m.inbox]
    return states, crossing


def simulate(o, floating):
    machines = [Machine(o, vm) for vm in range(o["vms"] * o["replicas"])]
    events, stamps, messages, states, crossing = [], [], [], [], []
    every = o["duration"] if o["snapshot-every"] == "none" else int(o["snapshot-every"][:-1]) * NS
    times = [*range(every, o["duration"], every), o["duration"]]
    taken = 0
    while True:
        m = min(machines, key=lambda machine: (machine.due(), machine.vm))
        now, me = m.due(), m.vm % o["vms"]
        while taken < len(times) and times[taken] <= now:
            more = cut(machines, taken, times[taken])
            states, crossing, taken = states + more[0], crossing + more[1], taken + 1
        if now >= o["duration"]:
            break
        arrived = sorted(x for x in m.inbox if x[0] <= now)
        operation, peer, first, count, t_arrival, kind, to = 0, -1, 0, 0, 0, RECEIVE, []
        before = m.lamport
        if arrived:
            t_arrival, peer, first, count, (lamport, vector) = *arrived[0][:3], 1, arrived[0][3]
            m.inbox.remove(arrived[0])
            m.lamport, m.vector = max(m.lamport, lamport), [max(x, y) for x, y in zip(m.vector, vector)]
            m.received, m.queue_max = m.received + 1, max(m.queue_max, len(arrived))
        else:
            operation, to = choose(o, m)
            kind = SEND if to else INTERNAL
            first, count = (m.sent, len(to)) if to else (0, 0)
            peer = to[0] if operation == 1 else -1
            m.internal += kind == INTERNAL
        m.lamport, m.vector[me] = m.lamport + 1, m.vector[me] + 1
        m.jump_max = max(m.jump_max, m.lamport - before)
        events.append((m.vm, m.ticks, m.ticks, now, now, peer, first, count, t_arrival, len(arrived),
                       len(arrived) - bool(arrived), operation, kind))
        stamps.append((m.vm, m.ticks, m.lamport, *m.vector))
        for receiver in to:
            arrival = now + latency(o, floating, m.vm, m.sent)
            if o["fifo"] == "on":
                arrival = m.last_arrival[receiver] = max(arrival, m.last_arrival.get(receiver, 0))
            messages.append((m.vm, m.sent, receiver, m.ticks, now))
            machines[receiver].inbox.append((arrival, m.vm, m.sent, (m.lamport, list(m.vector))))
            m.sent += 1
        m.ticks += 1
    return sorted(events), sorted(stamps), sorted(messages), sorted(states), sorted(crossing)
