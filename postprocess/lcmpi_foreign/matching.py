"""Which message each receive took. Logs without message ids do not say; channels that keep their order do,
nearly: the k-th receive takes the k-th send. A message that was lost, or taken twice, shifts all that follow, and
then the values that receives show do not fit. So the two sequences of a channel are aligned with as few faults as
possible, as texts are compared."""
from collections import defaultdict

from . import conventions
from .rows import RECEIVE, SEND, Message

MISFIT, GAP, SWAP = 1.0, 1.6, 0.9  # a gap must explain two receives that do not fit
BAND = 60  # how far the sequences may be shifted against each other
LOOK_BACK = 200  # a fault shows itself within so many messages, or not at all
EARLY_NS = 5_000_000  # what the clocks of a log may disagree by: seed A's are in ms


def match(log, convention):
    """Builds log.messages; events of receives get the message that they took."""
    _number(log)
    if any(row.message is not None for row in log.rows):
        _by_id(log)
    elif log.names_true_receiver:
        for channel in _channels(log):
            _align(*channel, log, convention)
    else:
        _by_value(log)
    for messages in log.messages:
        _find_lost(messages)


def _number(log):
    index = {name: number for number, name in enumerate(log.names)}
    log.messages = [[] for _ in log.names]
    for events, messages in zip(log.events, log.messages):
        for event in [event for event in events if event.kind == SEND]:
            event.rows.sort(key=lambda row: index[row.peer])
            for row in event.rows:
                message = Message(event, row, len(messages), index[row.peer], log.names_true_receiver)
                event.sends.append(message)
                messages.append(message)


def _receives(log):
    return [event for events in log.events for event in events if event.kind == RECEIVE]


def _take(event, message):
    event.took, message.receive = message, event
    message.receiver, message.receiver_known = event.machine, True


def _by_id(log):
    sent = {(log.names[each.event.machine], each.receiver, each.row.message): each
            for messages in log.messages for each in messages}
    for event in sorted(_receives(log), key=lambda event: event.time):
        row = event.rows[0]
        message = sent.get((row.peer, event.machine, row.message))
        if message and not message.receive:
            _take(event, message)


def _channels(log):
    receives = defaultdict(list)
    for event in _receives(log):
        receives[event.rows[0].peer, event.machine].append(event)
    for sender, messages in enumerate(log.messages):
        for receiver in range(len(log.names)):
            sends = [each for each in messages if each.receiver == receiver]
            yield sends, receives.get((log.names[sender], receiver), [])


def _align(sends, receives, log, convention):
    values = [conventions.taken_value(log.events[event.machine], event.seq, convention) for event in receives]

    def fault(i, j):
        exact, most = values[j]
        value = sends[i].row.clock
        wrong = value != exact if exact is not None else most is not None and value > most
        early = receives[j].time + EARLY_NS < sends[i].event.time
        return MISFIT * wrong + GAP * early

    for i, j in _path(len(sends), len(receives), fault):
        _take(receives[j], sends[i])


def _path(n, m, fault):
    """Pairs (send, receive) of the alignment with the least cost. Sends behind the last receive cost nothing:
    they are on their way. What fits one to one is not looked at, but for the last of it before the first fault."""
    fits = next((k for k in range(min(n, m)) if fault(k, k)), min(n, m))
    if fits == m:
        return [(k, k) for k in range(m)]
    begin = max(0, fits - LOOK_BACK)
    best = {(begin, begin): (0.0, None, ())}

    def offer(to, cost, source, pairs):
        if abs(to[0] - to[1]) <= BAND and (to not in best or cost < best[to][0] - 1e-9):
            best[to] = (cost, source, pairs)

    for i in range(begin, n + 1):
        for j in range(max(begin, i - BAND), min(m, i + BAND) + 1):
            if (i, j) not in best or j == m:
                continue
            cost = best[i, j][0]
            if i < n:
                offer((i + 1, j + 1), cost + fault(i, j), (i, j), ((i, j),))
                offer((i + 1, j), cost + GAP, (i, j), ())
            if i + 1 < n and j + 1 < m and fault(i, j) + fault(i + 1, j + 1) > SWAP:
                crossed = fault(i, j + 1) + fault(i + 1, j)
                offer((i + 2, j + 2), cost + SWAP + crossed, (i, j), ((i, j + 1), (i + 1, j)))
            offer((i, j + 1), cost + GAP, (i, j), ())
    ends = [at for at in best if at[1] == m or at[0] == n]
    at = min(ends, key=lambda at: (best[at][0] + GAP * (m - at[1]), at))
    pairs = [(k, k) for k in range(begin)]
    while at:
        _, source, steps = best[at]
        pairs += steps
        at = source
    return pairs


def _by_value(log):
    """Where sends do not name their true receiver: by the value that the message carried. Several sends of
    one value are told apart only as far as time and their own machine do; what is left is ambiguous."""
    sent, taken = defaultdict(list), defaultdict(list)
    for messages in log.messages:
        for each in messages:
            sent[each.row.clock].append(each)
    for event in _receives(log):
        taken[event.carried].append(event)
    for value, events in taken.items():
        events.sort(key=lambda event: event.time)
        again = {id(event): sum(each.machine == event.machine for each in events[:at])
                 for at, event in enumerate(events)}
        _match_equal(sent[value], sorted(events, key=lambda event: again[id(event)]))  # a doubled one is last


def _match_equal(sends, events):
    fits = {id(event): [each for each in sends if each.event.machine != event.machine and
                        each.event.time <= event.time + EARLY_NS] for event in events}
    for event in events:
        fits[id(event)].sort(key=lambda each: (each.event.time, each.event.machine))
        _augment(event, fits, set())
    for event in events:  # another could have had it: a cycle or a free end
        others = [each for each in fits[id(event)] if each is not event.took]
        event.ambiguous = event.took is not None and any(_exchangeable(each, event, fits) for each in others)


def _augment(event, fits, tried):
    for each in fits[id(event)]:
        if id(each) in tried:
            continue
        tried.add(id(each))
        if not each.receive or _augment(each.receive, fits, tried):
            _take(event, each)
            return True
    return False


def _exchangeable(wanted, event, fits):
    """Whether `event` could have taken `wanted`, all others being matched still."""
    seen, ahead = set(), [wanted]
    while ahead:
        each = ahead.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if each is event.took or not each.receive:
            return True
        ahead += fits[id(each.receive)]
    return False


def _find_lost(messages):
    """Channels keep their order: what a later message has overtaken will not come."""
    come = set()
    for each in reversed(messages):
        if each.receive and not each.receive.ambiguous:
            come.add(each.receiver)
        elif not each.receive and each.receiver_known and each.receiver in come:
            each.lost = True
