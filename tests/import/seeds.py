"""Logs as the two seeds wrote them, from small simulations of their programs, written from their rules alone: what a
machine does at a tick, how its clock goes, and what it prints of that. With right=True the clock goes by Lamport's
rule and every event is logged with the clock after it.

    run = simulate("a", seed=1)        events of every machine, in order
    write_a(folder, run)               folder/machine1.log, ...
    write_b(folder, run)               folder/log1.csv, ...

Every event knows the line that it was written to. Defects are planted by `faults`, or by changing an event (a
dict) before it is written."""
import heapq
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NS = 1_000_000_000
START_A = datetime(2016, 3, 13, 23, 40, 42, 526000)
START_B = 1_678_255_071_281_683_000
# probability of a message to one peer, to all, of an internal event
OPERATIONS = {"a": (0.2, 0.0, 0.8), "b": (0.2, 0.1, 0.7)}


class Machine:
    def __init__(self, name, rate):
        self.name, self.rate, self.clock = name, rate, 0
        self.inbox, self.log = [], []


class Run:
    def __init__(self, rule, rates, right, faults):
        self.rule, self.right, self.faults = rule, right, faults
        self.sent, self.closed = [], set()
        self.machines = [Machine(number, rate) for number, rate in enumerate(rates, 1)]

    def events(self, machine=None, kind=None):
        return [event for each in self.machines if machine in (None, each.name) for event in each.log
                if kind in (None, event["kind"])]


@dataclass
class Faults:
    """What goes wrong. Messages are numbered in the order of their sends; ticks are (machine, tick) from 1."""
    lost: tuple = ()  # messages that the network loses
    late: dict = field(default_factory=dict)  # message -> ns that it takes longer
    skipped: tuple = ()  # ticks at which nothing is done
    doubled: tuple = ()  # ticks that do one operation too many
    unmerged: tuple = ()  # ticks whose receive takes no notice of the message's value
    deaf_after: int = None  # ns: a channel delivers up to the first message that comes then or later


def simulate(rule, seed=1, rates=(1, 3, 6), seconds=60, right=False, faults=Faults()):
    run, draw = Run(rule, rates, right, faults), random.Random(seed)
    agenda = []
    for machine in run.machines:
        heapq.heappush(agenda, (NS // machine.rate if rule == "b" else 0, machine.name, 1))
    while agenda:
        due, name, tick = heapq.heappop(agenda)
        machine = run.machines[name - 1]
        now = due + draw.randrange(300_000, 1_500_000)  # a little late, as on any machine
        if (name, tick) not in faults.skipped:
            _tick(run, machine, now, tick, draw)
        following = (tick + (rule == "b")) * NS // machine.rate
        if following < seconds * NS:
            heapq.heappush(agenda, (following, name, tick + 1))
    return run


def _tick(run, machine, now, tick, draw):
    doubled = (machine.name, tick) in run.faults.doubled
    mail = [each for each in machine.inbox if each[0] <= now]
    if run.rule == "a":
        machine.clock += not run.right
    if mail:
        _, _, message = heapq.heappop(machine.inbox)
        _log(run, machine, now, tick, "receive", message=message, queue=len(mail))
    if run.rule == "a" or not mail or doubled:
        _act(run, machine, now + 100_000 * bool(mail), tick, draw)
    if doubled and (run.rule == "a" or not mail):
        _act(run, machine, now + 200_000, tick, draw)


def _act(run, machine, now, tick, draw):
    peers = [each.name for each in run.machines if each is not machine]
    one, everyone, _ = OPERATIONS[run.rule]
    chance = draw.random()
    to = [peers[chance >= one / 2]] if chance < one else peers if chance < one + everyone else []
    event = _log(run, machine, now, tick, "send" if to else "internal", to=to)
    for peer in to:
        number = len(run.sent)
        message = dict(to=peer, sender=machine.name, value=event["value"], send=event, number=number)
        run.sent.append(message)
        arrival = now + draw.randrange(200_000, 900_000) + run.faults.late.get(number, 0)
        channel = (machine.name, peer)
        message["lost"] = number in run.faults.lost or channel in run.closed
        if run.faults.deaf_after is not None and arrival >= run.faults.deaf_after:
            run.closed.add(channel)
        if not message["lost"]:
            heapq.heappush(run.machines[peer - 1].inbox, (arrival, number, message))


def _log(run, machine, now, tick, kind, message=None, to=(), queue=0):
    before = machine.clock
    carried = message["value"] if message else 0
    merged = 0 if (machine.name, tick) in run.faults.unmerged else carried
    if run.right or run.rule == "b":
        machine.clock = max(before, merged) + 1
    elif message:
        machine.clock = max(before, merged)
    logged = machine.clock if run.right else before
    event = dict(machine=machine.name, rate=machine.rate, t=now, tick=tick, kind=kind, clock=logged, value=logged,
                 queue=queue, to=list(to), carried=carried, sender=message["sender"] if message else None,
                 took=message, roll=3 if len(to) > 1 else 1 if to else 7, before=before)
    machine.log.append(event)
    if message:
        message["receive"] = event
    return event


# ---- logs ---------------------------------------------------------------------------------------

def write_a(folder, run, general=False):
    """The lines of each machine, and of all together. Every send names the first peer, whatever its receiver."""
    everything = []
    for machine in run.machines:
        head = f"{_stamp(0)} : Process: {machine.name}, PID: {25323 + machine.name}"
        lines = [(event["t"], line_a(event, run)) for event in machine.log]
        for number, event in enumerate(machine.log, 2):
            event["line"] = number
        everything += [(0, head), *lines]
        _write(folder / f"machine{machine.name}.log", [head, *(text for _, text in lines)])
    if general:
        _write(folder / "general.log", [text for _, text in sorted(everything, key=lambda each: each[0])])


def _stamp(t):
    moment = START_A + timedelta(microseconds=t // 1000)
    return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"


def line_a(event, run):
    who = f"{_stamp(event['t'])} : Machine {event['machine']} (clock rate = {event['rate']})"
    at = f"{event['t'] / NS:.3f}s"
    if event["kind"] == "receive":
        return (f"{who} received message with lc value of {event['carried']} with queue size of {event['queue']} "
                f"at {at} with logical clock of {event['clock']}")
    if event["kind"] == "send":
        first = next(each.name for each in run.machines if each.name != event["machine"])
        return f"{who} sending to Machine {first} logical clock value of {event['clock']} at {at}"
    return f"{who} has internal event at {at} with logical clock value of {event['clock']}"


def write_b(folder, run):
    for machine in run.machines:
        description = (f"(pid: {93921 + machine.name}) - (speed: {machine.rate}) - (recp: 127.0.0.1;{2390 + machine.name})"
                       f" - (id: {machine.name})")
        lines = ["Process Id,System Time,Clock Counter,Event Type,Sender,Reciever,Description,Queue Length",
                 f"{machine.name},{START_B},0,CREATE,None,None,{description},0"]
        for event in machine.log:
            event["line"] = len(lines) + 1
            lines += lines_b(event)
        _write(folder / f"log{machine.name}.csv", lines)


def lines_b(event):
    name, time = event["machine"], START_B + event["t"] // 1000 * 1000
    if event["kind"] == "receive":
        return [f"{name},{time},{event['clock']},RECEIVED,{event['sender']},{name},{event['took']['send']['roll']},"
                f"{event['queue']}"]
    if event["kind"] == "internal":
        return [f"{name},{time},{event['clock']},INTERNAL,None,None,{event['roll']},{event['queue']}"]
    return [f"{name},{time + 1000 * at},{event['clock']},SEND,{name},{to},{event['roll']},{event['queue']}"
            for at, to in enumerate(event["to"])]


def write_table(folder, run):
    """A table of someone else: one file, other names and words, seconds, the value that a message carries."""
    lines = ["when,who,what,with,stamp,waiting,value"]
    for event in sorted(run.events(), key=lambda each: each["t"]):
        event["line"] = len(lines) + 1
        for to in event["to"] or [event["sender"] or ""]:
            lines.append(f"{event['t'] / NS:.6f},node{event['machine']},{event['kind'][:4].upper()},"
                         f"{'node' + str(to) if to else ''},{event['clock']},{event['queue']},"
                         f"{event['carried'] if event['sender'] else ''}")
    _write(folder / "all.csv", lines)


def _write(path, lines):
    path.write_text("".join(line + "\n" for line in lines))
