"""How a log's clocks were logged. A log does not say; but what each machine's stamps are after each other does."""
from .rows import RECEIVE

AFTER, BEFORE, MAXIMUM = "after-update", "before-update", "before-maximum"
CONVENTIONS = {
    AFTER: "the stamp is the clock after the event; a receive sets C = max(C, m) + 1",
    BEFORE: "the stamp is the clock before the event's update; a receive sets C = max(C, m) + 1",
    MAXIMUM: "a tick adds 1; a receive logs that, then sets C = max(C, m); the tick's action adds nothing",
}


def guess(log, then_act):
    """The convention with the fewest stamps that it does not explain, and that number for each. Only where
    no message is needed: events that are no receives, and receives whose message says its value."""
    misfits = {name: sum(_misfits(events, name, then_act) for events in log.events) for name in CONVENTIONS}
    return min(CONVENTIONS, key=misfits.get), misfits


def _misfits(events, convention, then_act):
    wrong = 0
    for before, event in zip([None, *events], events):
        low, exact = following(before, event, convention, then_act)
        wrong += event.clock != low if exact else event.clock < low
    return wrong


def following(before, event, convention, then_act):
    """What the stamp after `before` must be: that value exactly, or that at least, as the message's value is
    not known."""
    if convention == AFTER:
        low = (before.clock if before else 0) + 1
        if event.kind != RECEIVE:
            return low, True
        return (max(low - 1, event.carried) + 1, True) if event.carried is not None else (low, False)
    if convention == BEFORE:
        if before is None:
            return 0, True
        if before.kind != RECEIVE:
            return before.clock + 1, True
        if before.carried is not None:
            return max(before.clock, before.carried) + 1, True
        return before.clock + 1, False
    if before is None:
        return 1, True
    same_tick = then_act and before.kind == RECEIVE and event.kind != RECEIVE
    low = before.clock + (not same_tick)
    if before.kind != RECEIVE:
        return low, True
    if before.carried is None:
        return low, False
    return max(before.clock, before.carried) + (not same_tick), True


def taken_value(events, at, convention):
    """What the log says of the value of the message that a receive took: (value, None) exactly, (None, most) at
    most that, (None, None) nothing."""
    event = events[at]
    if event.carried is not None:
        return event.carried, None
    if convention == AFTER:
        before, after = events[at - 1].clock if at else 0, event.clock
    elif convention == BEFORE and at + 1 < len(events):
        before, after = event.clock, events[at + 1].clock
    else:
        return None, None
    if after > before + 1:
        return after - 1, None
    return (None, before) if after == before + 1 else (None, None)
