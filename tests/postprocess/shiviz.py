"""Reads a log as ShiViz does, by the regular expression that it begins with, and holds it to ShiViz's rules."""
import json
import re

SEPARATE = re.MULTILINE  # as ShiViz applies it: `.` ends at the end of a line


class Broken(Exception):
    """ShiViz would refuse the log."""


def read(path):
    """[(host, clock, text)] in the order of the log."""
    expression, delimiter, log = path.read_text(encoding="utf-8").split("\n", 2)
    if delimiter:
        raise Broken("there is one execution, and no delimiter")
    pattern = re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", expression), SEPARATE)
    found, end = [], 0
    for match in pattern.finditer(log):
        if log[end:match.start()].strip():
            raise Broken(f"not read: {log[end:match.start()]!r}")
        found.append((match["host"], json.loads(match["clock"]), match["event"]))
        end = match.end()
    if not found or log[end:].strip():
        raise Broken(f"not read: {log[end:]!r}")
    return found


def check(events):
    """A host's own clock begins at 1 and rises by exactly 1; another's entry is of an event in the log."""
    count = {}
    for host, _, _ in events:
        count[host] = count.get(host, 0) + 1
    seen = dict.fromkeys(count, 0)
    for host, clock, text in events:
        seen[host] += 1
        if not host or clock.get(host) != seen[host]:
            raise Broken(f"event {seen[host]} of {host!r} has the clock {clock}")
        for other, value in clock.items():
            if not 1 <= value <= count.get(other, 0):
                raise Broken(f"{host}: {text}: {other} has no event {value}")


def before(one, other):
    """Whether a vector clock is less than another: what is not named is 0."""
    return one != other and all(value <= other.get(host, 0) for host, value in one.items())
