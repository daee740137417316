"""Holds a trace to the rules of the Trace Event Format (the document of that name, JSON object format), and to what
viewers need beyond it. Times are read as decimal fractions, so that nothing is rounded."""
import json
from decimal import Decimal

NEEDED = {"X": {"name", "ts", "dur", "pid", "tid"}, "s": {"name", "cat", "id", "ts", "pid", "tid"},
          "f": {"name", "cat", "id", "ts", "pid", "tid"}, "C": {"name", "ts", "pid", "args"},
          "i": {"name", "ts", "pid", "tid", "s"}, "M": {"name", "pid", "args"}}
METADATA = {"process_name": ("name", str), "thread_name": ("name", str), "process_sort_index": ("sort_index", int),
            "thread_sort_index": ("sort_index", int)}


class Broken(Exception):
    """The trace is not of the format."""


def need(condition, event):
    if not condition:
        raise Broken(str(event))


def read(path):
    trace = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    need(isinstance(trace["traceEvents"], list), "traceEvents")
    need(trace["displayTimeUnit"] in ("ms", "ns"), "displayTimeUnit")
    return trace


def check(trace):
    events = trace["traceEvents"]
    for event in events:
        need(event["ph"] in NEEDED and NEEDED[event["ph"]] <= event.keys(), event)
        need(event["ph"] == "M" or Decimal(event["ts"]) * 1000 == int(event["ts"] * 1000) >= 0, event)  # whole ns
        need(all(isinstance(event.get(key, 1), int) and event.get(key, 1) > 0 for key in ("pid", "tid")), event)
        _check_kind(event)
    slices = _tracks(events)
    _check_flows(events, slices)
    names = {(e["pid"], e["tid"]) for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    need(set(slices) <= names, "a track has no name")


def _check_kind(event):
    if event["ph"] == "M":
        key, kind = METADATA[event["name"]]
        need(isinstance(event["args"][key], kind), event)
    elif event["ph"] == "C":
        need(event["args"] and all(isinstance(value, int) for value in event["args"].values()), event)
    elif event["ph"] == "i":
        need(event["s"] in ("g", "p", "t"), event)
    elif event["ph"] == "X":
        need(event["dur"] > 0, event)


def _tracks(events):
    """(pid, tid) -> its slices, in the order of the file, which is that of time: none overlaps the next."""
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
    for slices in tracks.values():
        for one, other in zip(slices, slices[1:]):
            need(one["ts"] + one["dur"] <= other["ts"], (one, other))
    return tracks


def _check_flows(events, tracks):
    """An id is of one start and one end, which does not come before it; each is at the beginning of a slice. At
    equal times viewers keep the order of the file."""
    line = {id(event): number for number, event in enumerate(events)}
    begins = {(place, each["ts"]): line[id(each)] for place, slices in tracks.items() for each in slices}
    seen = {"s": {}, "f": {}}
    for number, event in enumerate(events):
        if event["ph"] in seen:
            ids = seen[event["ph"]]
            need(event["id"] not in ids and 0 <= event["id"] < 2**53, event)
            need(begins.get(((event["pid"], event["tid"]), event["ts"]), number) < number, event)
            need(event["ph"] == "s" or event["bp"] == "e", event)
            ids[event["id"]] = (event["ts"], number)
    need(seen["s"].keys() == seen["f"].keys(), "an arrow has one end")
    for each, start in seen["s"].items():
        need(start < seen["f"][each], f"arrow {each} ends before it starts")


def arrows(trace):
    """[(slice of the send, slice of the receive)]"""
    at = {(e["pid"], e["tid"], e["ts"]): e for e in trace["traceEvents"] if e["ph"] == "X"}
    ends = {}
    for event in trace["traceEvents"]:
        if event["ph"] in "sf":
            ends.setdefault(event["id"], {})[event["ph"]] = at[event["pid"], event["tid"], event["ts"]]
    return [(each["s"], each["f"]) for each in ends.values()]
