"""What every format is read into: rows as they stand in the log, and the run that they are of."""
from dataclasses import dataclass, field

INTERNAL, SEND, RECEIVE = 1, 2, 3  # as /events/kind has them
NS = 1_000_000_000
LARGEST = 2**53  # of a number in a log: it stays exact in every program


class Refused(Exception):
    """A log that cannot be read: where, what was found, what was expected."""


@dataclass
class Row:
    """One line of a log. What the log does not say is None."""
    file: int  # index into Log.files
    line: int  # from 1
    named: str  # the machine that the line names
    time: int  # ns
    kind: int
    clock: int
    peer: str = None
    queue: int = None  # messages in the queue, the one taken included
    carried: int = None  # the clock value of the message taken
    message: str = None  # the id of the message
    rate: str = None
    note: str = ""
    machine: int = None  # whose log it is in: an index into Log.names


@dataclass
class Event:
    """What one operation of a machine left in the log: a line, or one for each message of a multicast."""
    rows: list
    seq: int = 0
    tick: int = 0
    sends: list = field(default_factory=list)
    took: "Message" = None  # of a RECEIVE
    ambiguous: bool = False  # of a RECEIVE: the log does not tell which of several messages

    machine = property(lambda self: self.rows[0].machine)
    kind = property(lambda self: self.rows[0].kind)
    time = property(lambda self: self.rows[0].time)
    clock = property(lambda self: self.rows[0].clock)
    carried = property(lambda self: self.rows[0].carried)


@dataclass
class Message:
    event: Event
    row: Row
    number: int
    receiver: int
    receiver_known: bool
    receive: Event = None
    lost: bool = False


@dataclass
class Log:
    format: str
    files: list = field(default_factory=list)
    rows: list = field(default_factory=list)  # of each machine in the order of its log
    names: list = field(default_factory=list)  # of the machines
    rates: dict = field(default_factory=dict)  # by name, as text; what was declared
    owner: dict = field(default_factory=dict)  # file -> the machine whose log it is, if it is one's
    names_true_receiver: bool = True
    events: list = field(default_factory=list)  # [machine] in order
    messages: list = field(default_factory=list)  # [machine] in order of their numbers


def by_name(name):
    """1, 2, 10 and not 1, 10, 2."""
    return (0, int(name), name) if name.isdigit() else (1, 0, name)


def settle(log):
    """Gives every row its machine, and builds the machines' events."""
    if not log.rows:
        raise Refused(f"{', '.join(log.files)}: no event is in there")
    for name, rate in log.rates.items():
        if rate and not 1e-3 <= float(rate) <= 1e6:
            raise Refused(f"{', '.join(log.files)}: a rate of {rate} ticks per second, of machine {name}, is too small or "
                          "large to be true")
    log.names = sorted({*(_whose(log, row) for row in log.rows), *log.rates}, key=by_name)
    index = {name: number for number, name in enumerate(log.names)}
    first = min(row.time for row in log.rows)
    for row in log.rows:
        if max(row.time - first, row.clock, row.carried or 0, 2**22 * (row.queue or 0)) > LARGEST:
            raise Refused(f"{log.files[row.file]}:{row.line}: a time, clock or queue that is too large to be true")
    for row in log.rows:
        row.machine = index[_whose(log, row)]
        row.time -= first
        if row.peer is not None and row.peer not in index:
            raise Refused(f"{log.files[row.file]}:{row.line}: names machine {row.peer}; the logs are "
                          f"of {', '.join(log.names)}")
        if row.peer is not None and index[row.peer] == row.machine and row.named == row.peer:
            raise Refused(f"{log.files[row.file]}:{row.line}: a message of machine {row.peer} to itself")
    log.events = [[] for _ in log.names]
    for row in log.rows:
        _add(log, row)


def _whose(log, row):
    return log.owner.get(row.file, row.named)


def _add(log, row):
    events = log.events[row.machine]
    if events and _is_more_of(events[-1], row, log):
        events[-1].rows.append(row)
    else:
        events.append(Event([row], seq=len(events)))


def _is_more_of(event, row, log):
    """Whether a line is a further message of the multicast before it: the same stamp, within a quarter of a
    period (a fifth of a second where that is not known), to someone else."""
    if not log.names_true_receiver or row.kind != SEND or event.kind != SEND:
        return False
    rate = log.rates.get(log.names[row.machine])
    near = NS / (4 * float(rate)) if rate else NS / 5
    return (row.clock == event.clock and row.note == event.rows[0].note and
            0 <= row.time - event.time < near and row.peer not in [each.peer for each in event.rows])


def count_ticks(log, then_act):
    """Numbers every machine's ticks: each event is one, but an action after a receive where a tick does both."""
    for events in log.events:
        tick = -1
        for before, event in zip([None, *events], events):
            same = (then_act and before is not None and before.kind == RECEIVE and event.kind != RECEIVE)
            tick += not same
            event.tick = tick
