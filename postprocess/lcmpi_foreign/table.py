"""Logs with a line of comma-separated values per event: seed B's, and others by a mapping."""
import csv
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from .rows import INTERNAL, RECEIVE, SEND, Refused, Row

CREATE = "create"  # a line that declares a machine
WORDS = {"receive": RECEIVE, "send": SEND, "internal": INTERNAL, "create": CREATE, "ignore": None}
UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
COLUMNS = ("machine", "time", "clock", "kind", "peer", "sender", "receiver", "queue", "carried", "message", "rate",
           "note")
NOT_SAID = ("", "none", "-", "null", "nan")
NOBODY = (*NOT_SAID, "-1")


@dataclass
class Mapping:
    """Which column is what, by name or by number from 1, and what the words of `kind` mean."""
    columns: dict = field(default_factory=dict)
    words: dict = field(default_factory=lambda: {
        "received": RECEIVE, "receive": RECEIVE, "recv": RECEIVE, "sent": SEND, "send": SEND, "internal": INTERNAL,
        "local": INTERNAL, "create": CREATE})
    unit: str = "ns"
    header: bool = True


SEED_B_HEADER = ["Process Id", None, "Clock Counter", "Event Type", "Sender", "Reciever", "Description", "Queue Length"]
SEED_B = Mapping({"machine": "1", "time": "2", "clock": "3", "kind": "4", "sender": "5", "receiver": "6", "note": "7",
                  "queue": "8"})
DECLARED = re.compile(r"\(pid: (?P<pid>\d+)\) - \(speed: (?P<speed>\d+(?:\.\d+)?)\) - \(recp: (?P<recp>.*?)\) - "
                      r"\(id: (?P<id>\w+)\)")


def looks_like_seed_b(first_line):
    return first_line.startswith("Process Id,")


def read(log, file, lines, mapping):
    path, is_seed_b = log.files[file], log.format == "seed-b"
    owners, places, width = [], None, None
    for number, text in lines:
        cells = _cells(text, path, number)
        if places is None:
            places = _places(mapping, cells, path, number, is_seed_b)
            width = len(cells)
            if mapping.header:
                continue
        if len(cells) != width:
            raise Refused(f"{path}:{number}: has {len(cells)} values; expected {width}, as in the first line")
        row = _row(file, number, {name: cells[at].strip() for name, at in places.items()}, path, mapping)
        if row is None:
            continue
        if row.kind == CREATE:
            owners.append(_declare(log, row, path))
        else:
            log.rows.append(row)
    if len(owners) == 1:
        log.owner[file] = owners[0]


def _cells(text, path, number):
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration) as error:
        raise Refused(f"{path}:{number}: cannot be taken apart at commas: {error}") from error


def _places(mapping, cells, path, number, is_seed_b):
    """Column -> its place, from 0."""
    names = [cell.strip() for cell in cells]
    if is_seed_b and (len(names) != len(SEED_B_HEADER) or any(
            wanted and wanted != name for wanted, name in zip(SEED_B_HEADER, names))):
        raise Refused(f"{path}:{number}: expected seed B's header 'Process Id,TIME,Clock Counter,Event Type,Sender,"
                      "Reciever,Description,Queue Length'")
    places = {}
    for column, name in mapping.columns.items():
        if name in names and mapping.header:
            places[column] = names.index(name)
        elif name.isdigit() and 1 <= int(name) <= len(names):
            places[column] = int(name) - 1
        else:
            raise Refused(f"{path}:{number}: has no column '{name}' (for {column}); it has {', '.join(names)}")
    return places


def _row(file, number, cell, path, mapping):
    def number_in(name, least=0):
        if name not in cell:
            return None
        try:
            value = int(cell[name])
        except ValueError:
            value = least - 1
        if value < least:
            raise Refused(f"{path}:{number}: {name} is '{cell[name]}'; expected a whole number")
        return value

    word = cell["kind"].lower()
    if word not in mapping.words:
        raise Refused(f"{path}:{number}: kind is '{cell['kind']}'; expected one of "
                      f"{', '.join(sorted(mapping.words))}")
    kind = mapping.words[word]
    if kind is None:
        return None
    if cell["machine"].lower() in NOBODY:
        raise Refused(f"{path}:{number}: names no machine")
    row = Row(file, number, cell["machine"], _time(cell["time"], path, number, mapping.unit), kind, 0,
              rate=_rate(cell.get("rate"), path, number), note=cell.get("note", ""))
    if kind == CREATE:
        return row
    row.clock = number_in("clock")
    if cell.get("queue", "").lower() not in NOT_SAID:
        row.queue = number_in("queue")
    row.peer = _peer(cell, kind, row, path, number)
    if kind == RECEIVE and cell.get("carried", "").lower() not in NOBODY:
        row.carried = number_in("carried")
    row.message = cell.get("message") if cell.get("message", "").lower() not in NOT_SAID else None
    return row


def _peer(cell, kind, row, path, number):
    """The other machine of a send or receive. Where both are logged, this one must be one of them."""
    if kind == INTERNAL:
        return None
    ours, theirs = ("sender", "receiver") if kind == SEND else ("receiver", "sender")
    peer = cell.get("peer", cell.get(theirs, ""))
    if peer.lower() in NOBODY:
        raise Refused(f"{path}:{number}: a {'send' if kind == SEND else 'receive'} that does not say "
                      f"{'to' if kind == SEND else 'from'} whom")
    if ours in cell and cell[ours] != row.named and cell[ours].lower() not in NOBODY:
        row.named = cell[ours]  # what the line says of itself does not agree: the check of machines sees it
    return peer


def _time(text, path, number, unit):
    try:
        value = Decimal(text) * UNITS[unit]
        if value.is_finite() and abs(value) < 2**63:
            return int(value)
    except InvalidOperation:
        pass
    raise Refused(f"{path}:{number}: time is '{text}'; expected a number of {unit}")


def _rate(text, path, number):
    if text is None or text.lower() in NOBODY:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not float(text):
        raise Refused(f"{path}:{number}: rate is '{text}'; expected ticks per second")
    return text


def _declare(log, row, path):
    """A CREATE row: the machine's rate."""
    found = DECLARED.fullmatch(row.note)
    if log.format == "seed-b" and not found:
        raise Refused(f"{path}:{row.line}: expected '(pid: N) - (speed: N) - (recp: HOST;PORT) - (id: N)', found "
                      f"'{row.note[:60]}'")
    rate = found["speed"] if found else row.rate
    if found and not float(rate):
        raise Refused(f"{path}:{row.line}: a speed of {rate}")
    log.rates[row.named] = rate or log.rates.get(row.named)
    return row.named
