"""The model once more, as plainly as it can be written: one list of ticks, one list of messages, no windows.

It shares nothing with lcmpi but the rules, and three functions whose last bit is a rule too: simulate(options,
floating) is given log, exp and quantile (of the normal distribution). It returns the events, stamps, messages, the
states at all snapshots and the messages that cross them as sorted lists of tuples, in the order of the columns named
below, then all stamps in the order of CLOCKS, then their largest jumps.
"""

from fractions import Fraction
from math import ceil, floor, sqrt

EVENT = ("machine", "seq", "tick", "t_scheduled", "t_actual", "peer", "msg_first", "msg_count", "t_arrival",
         "queue_before", "queue_after", "op", "kind")
MESSAGE = ("sender", "number", "receiver", "send_seq", "t_send")
STATE = ("t_actual", "n_tick", "n_event", "n_internal", "n_sent", "n_received", "n_queued", "queue_max", "valid")
CROSSING = ("snapshot", "receiver", "fate", "t_arrival", "sender", "number")  # and the stamps; sorted as in the file
CLOCKS = ("lamport", "vector", "lamport-seed-a", "lamport-seed-b")
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
    phase = {"zero": 0, "period": ceil(NS / rate), "random": (draw[3] * WORD + draw[2]) * period // WORD**2}[o["phase"]]
    return rate, phase


def latency(o, floating, sender, number, purpose=LATENCY):
    law, _, values = o["latency"].partition(":")
    values = values.split(",")
    least = float(values.pop()[4:-2]) * 1e6 if values[-1].startswith("min=") else 0
    first = float(values[0][:-2]) * 1e6
    w = philox(o["seed"], purpose, sender, number)
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
        self.ticks, self.sent, self.inbox, self.last_arrival, self.closed = 0, 0, [], {}, set()
        self.lamport, self.vector, self.seed_a, self.seed_b = 0, [0] * o["vms"], 0, 0
        self.stamps, self.jumps = (0, *self.vector, 0, 0), [0, 0, 0]  # of the latest event; of the clocks of one word
        self.events, self.internal, self.received, self.queue_max = 0, 0, 0, 0

    def due(self):
        return self.phase + self.ticks * self.rate.denominator * NS // self.rate.numerator


def choose(o, machine):
    """(operation, receivers) of an idle tick."""
    drawer = machine.vm - machine.vm % o["vms"] if o["rng-fault"] == "shared-stream" else machine.vm
    draw = philox(o["seed"], OPERATION, drawer, machine.ticks)
    unicast, multicast = (int(w * WORD + 0.5) for w in (o["unicast"], o["unicast"] + o["multicast"]))
    if draw[0] >= multicast or not machine.peers:
        return 3, []
    if draw[0] < unicast:
        return 1, [machine.peers[draw[1] * len(machine.peers) // WORD]]
    n = min(o["fanout"], len(machine.peers))
    if n == len(machine.peers):
        return 2, machine.peers
    return 2, shuffled(stream(o["seed"], OPERATION, drawer, machine.ticks, 2), machine.peers, n)


def cut(machines, snapshot, t):
    """The system as all ticks before t have left it: (states, messages that were sent and not received)."""
    states, crossing = [], []
    for m in machines:
        arrived = sum(x[0] < t for x in m.inbox)
        states.append((m.vm, snapshot, t, m.ticks, m.events, m.internal, m.sent, m.received, arrived, m.queue_max, 1,
                       *m.stamps, *m.jumps))
        crossing += [(snapshot, m.vm, QUEUED if x[0] < t else IN_FLIGHT, *x) for x in m.inbox]
    return states, crossing


def advance(m, me, message=None):
    """The clocks' rules of one event; `message`: the stamps that a receive takes."""
    before = m.stamps
    lamport, *vector, seed_a, seed_b = message or (0,) * len(before)
    logged = m.seed_b
    m.lamport, m.vector = max(m.lamport, lamport) + 1, [max(x, y) for x, y in zip(m.vector, vector)]
    m.vector[me] += 1
    m.seed_a, m.seed_b = max(m.seed_a, seed_a), max(m.seed_b, seed_b) + 1
    m.stamps = (m.lamport, *m.vector, m.seed_a, logged)
    m.jumps = [max(jump, m.stamps[i] - before[i]) for jump, i in zip(m.jumps, (0, -2, -1))]


def simulate(o, floating):
    machines = [Machine(o, vm) for vm in range(o["vms"] * o["replicas"])]
    events, stamps, messages, states, crossing = [], [], [], [], []
    every = o["duration"] if o["snapshot-every"] == "none" else int(o["snapshot-every"][:-1]) * NS
    times = [*range(every, o["duration"], every), o["duration"]]
    until = float("inf") if o["receive-until"] == "none" else int(o["receive-until"][:-2]) * 10**6
    taken = 0
    while True:
        m = min(machines, key=lambda machine: (machine.due(), machine.vm))
        now, me = m.due(), m.vm % o["vms"]
        while taken < len(times) and times[taken] <= now:
            more = cut(machines, taken, times[taken])
            states, crossing, taken = states + more[0], crossing + more[1], taken + 1
        if now >= o["duration"]:
            break
        m.seed_a += 1
        arrived = sorted(x for x in m.inbox if x[0] <= now)
        queue = len(arrived)
        if arrived:
            t_arrival, peer, number, *message = arrived[0]
            m.inbox.remove(arrived[0])
            m.received, m.queue_max = m.received + 1, max(m.queue_max, queue)
            advance(m, me, message)
            events.append((m.vm, m.events, m.ticks, now, now, peer, number, 1, t_arrival, queue, queue - 1, 0, RECEIVE))
            stamps.append((m.vm, m.events, *m.stamps))
            m.events += 1
            queue -= 1
        if not arrived or o["tick-rule"] == "receive-then-act":
            operation, to = choose(o, m)
            advance(m, me)
            m.internal += not to
            events.append((m.vm, m.events, m.ticks, now, now, to[0] if operation == 1 else -1, m.sent if to else 0, len(to),
                           0, queue, queue, operation, SEND if to else INTERNAL))
            stamps.append((m.vm, m.events, *m.stamps))
            for receiver in to:
                arrival = now + latency(o, floating, m.vm, m.sent)
                if o["fifo"] == "on":
                    arrival = m.last_arrival[receiver] = max(arrival, m.last_arrival.get(receiver, 0))
                messages.append((m.vm, m.sent, receiver, m.events, now))
                if receiver not in m.closed:
                    machines[receiver].inbox.append((arrival, m.vm, m.sent, *m.stamps))
                if arrival >= until:
                    m.closed.add(receiver)
                m.sent += 1
            m.events += 1
        m.ticks += 1
    return sorted(events), sorted(stamps), sorted(messages), sorted(states), sorted(crossing)
