"""Seed A's logs: lines of text, one file per process and perhaps a general one."""
import re
from datetime import datetime, timezone

from .rows import INTERNAL, RECEIVE, SEND, Refused, Row

_TIME = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) : "
_WHO = r"Machine (\w+) \(clock rate = (\d+(?:\.\d+)?)\) "
HEAD = re.compile(_TIME + r"Process: (\w+), PID: (\d+)")
RECEIVED = re.compile(_TIME + _WHO + r"received message with lc value of (\d+) with queue size of (\d+) "
                      r"at \d+(?:\.\d+)?s with logical clock of (\d+)")
SENT = re.compile(_TIME + _WHO + r"sending to Machine (\w+) logical clock value of (\d+) at \d+(?:\.\d+)?s")
INSIDE = re.compile(_TIME + _WHO + r"has internal event at \d+(?:\.\d+)?s with logical clock value of (\d+)")
EXPECTED = ("'DATE TIME,ms : Process: N, PID: N' or '... : Machine N (clock rate = R) received message with "
            "lc value of N with queue size of N at Ns with logical clock of N | sending to Machine N logical "
            "clock value of N at Ns | has internal event at Ns with logical clock value of N'")


def looks_like(first_line):
    return bool(re.match(_TIME + "(Process: |Machine )", first_line))


def read(log, file, lines):
    """The rows of one file, and whose log it is: the process of its only first line, if it has one."""
    processes = []
    for number, text in lines:
        if found := HEAD.fullmatch(text):
            processes.append(found[2])
            log.rates.setdefault(found[2], None)
        else:
            log.rows.append(_row(file, number, text, log.files[file]))
    if len(processes) == 1:
        log.owner[file] = processes[0]
    log.names_true_receiver = False


def _row(file, number, text, path):
    if found := RECEIVED.fullmatch(text):
        time, who, rate, carried, queue, clock = found.groups()
        more = dict(kind=RECEIVE, carried=int(carried), queue=int(queue))
    elif found := SENT.fullmatch(text):
        time, who, rate, peer, clock = found.groups()
        more = dict(kind=SEND, peer=peer)
    elif found := INSIDE.fullmatch(text):
        time, who, rate, clock = found.groups()
        more = dict(kind=INTERNAL)
    else:
        raise Refused(f"{path}:{number}: '{text[:60]}' is no line of seed A's; expected {EXPECTED}")
    if not float(rate):
        raise Refused(f"{path}:{number}: a clock rate of {rate}")
    return Row(file, number, who, _ns(time, path, number), clock=int(clock), rate=rate, **more)


def _ns(text, path, number):
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Refused(f"{path}:{number}: '{text}' is no date and time") from None
    since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
