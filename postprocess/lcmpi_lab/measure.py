"""What a run shows of each machine: a row of numbers, from its events where all of them are on file, or else from the
totals of a run that has ended, or else from the last snapshot."""
from dataclasses import dataclass

import lcmpi
import numpy as np
import pandas as pd

from .log import Largest, Log

ENDED = ("COMPLETE", "STOPPED")  # with totals; those of RECOVERED lack the queues
STATES = 1_000_000  # of snapshots, that are read
DRIFT = ["behind_max", "behind_max_of"]
GAPS = ["gap_median", "gap_95", "gap_max", "gap_one"]
COLUMNS = ["tick", "clock", "jump_max", "jump_mean", *GAPS, "behind", "behind_of", *DRIFT, "queue", "queue_max",
           "growth", "arrivals", "clock_theory", "jump_theory", "behind_theory", "queue_theory", "growth_theory"]


@dataclass
class Measured:
    """Columns of `rows` are `rate` and COLUMNS, NaN what is not known; none are there if nothing is on file. `of` is a
    clock's largest of the system at that moment, theory that of the end asked for."""
    file: str
    about: dict
    options: dict
    clock: str
    rows: pd.DataFrame
    seconds: float  # that `rows` are about
    source: str  # of them: events, totals or snapshots
    ranks: list  # of each stretch of the run
    n_gap: int
    n_snapshot: int  # that the largest drift is of, where it is not of all moments

    @property
    def copies(self):
        return int(self.about.get("n_replica", 1))

    @property
    def vms(self):
        return len(self.rows) // self.copies

    @property
    def asked(self):
        """Seconds of the run that was asked for."""
        return self.about["duration_ns"] / lcmpi.NS_PER_S

    @property
    def whole(self):
        return self.about["state"] == "COMPLETE"


def measure(file, clock):
    about = lcmpi.info(file)
    machines = lcmpi.machines(file)
    ended = about["state"] in ENDED
    ranks = lcmpi.segments(file).get("n_rank", [about["n_rank"]])
    options = dict(line.split(" = ", 1) for line in about.get("options", "").splitlines() if " = " in line)
    rows = pd.DataFrame({"rate": machines.tick_rate}).assign(**dict.fromkeys(COLUMNS, np.nan))
    found = Measured(str(file), about, options, clock, rows, about["t_end"] / lcmpi.NS_PER_S, "totals", ranks, 0, 0)
    if found.copies == 1 and about["n_events"] and ("logged" not in machines or (machines.logged == 1).all()):
        _from_events(found, Log(file, machines, about["n_events"], ended), machines, ended)
    else:
        _from_states(found, machines, ended)
    if not found.seconds or not rows.tick.sum():
        found.rows = rows.iloc[:0]
        return found
    rows["growth"] = rows.queue / found.seconds
    _theory(found, machines)
    return found


# ---- events ---------------------------------------------------------------------------------------

def _from_events(found, log, machines, ended):
    rows, found.source = found.rows, "events"
    largest = Largest(log, found.clock)
    parts = []
    for vms, events in log.batches():
        of_each = {vm: _of_machine(own, found.clock, largest) for vm, own in events.groupby("machine")}
        parts.append(pd.DataFrame(of_each).T)
    known = pd.concat(parts).reindex(rows.index)
    found.n_gap = int(known.pop("n_gap").sum())
    rows[known.columns] = known
    rows[["tick", "clock"]] = rows[["tick", "clock"]].fillna(0)
    rows["behind_of"] = largest.at_end()
    rows["behind"] = rows.behind_of - rows.clock
    if ended:
        rows["queue"], rows["tick"] = machines.n_queued, machines.n_tick
    else:
        found.seconds = min(log.until / lcmpi.NS_PER_S, found.asked)
    if "imported" in found.about:
        _unknown_queues(rows, log)


def _of_machine(events, clock, largest):
    value = events[clock].to_numpy()
    jump = np.diff(value, prepend=0)
    gap = np.diff(value[(events.kind != "SKIPPED").to_numpy()])  # a skipped tick has no clock value of its own
    of = np.append(largest.before(events.t_actual.to_numpy()), largest.at_end())
    behind = of - np.append(0, value)
    most = behind.argmax()
    row = {"n_gap": len(gap), "tick": events.tick.iloc[-1] + 1, "clock": value[-1], "jump_max": jump.max(), "jump_mean": jump.mean(),
           "behind_max": behind[most], "behind_max_of": of[most],
           "queue": events.queue_after.iloc[-1], "queue_max": events.queue_before.max()}
    if len(gap):
        median, most_of_them = np.quantile(gap, (0.5, 0.95), method="inverted_cdf")
        row.update(zip(GAPS, (median, most_of_them, gap.max(), (gap == 1).mean())))
    return row


def _unknown_queues(rows, log):
    """A log that another program wrote need not say how long queues were."""
    if any((events.queue_before < 0).any() for _, events in log.batches()):
        rows[["queue", "queue_max"]] = np.nan


# ---- totals and snapshots --------------------------------------------------------------------------

def _from_states(found, machines, ended):
    rows, clock = found.rows, found.clock
    copy = rows.index.to_numpy() // (len(rows) // found.copies)
    states = _states(found)
    if ended:
        names = {"tick": "n_tick", "clock": f"final_{clock}", "jump_max": f"{clock}_jump_max",
                 "jump_mean": f"{clock}_jump_mean", "queue": "n_queued", "queue_max": "queue_max"}
        last = machines
    elif states.empty:
        found.seconds = 0
        return
    else:
        names = {"tick": "n_tick", "clock": clock, "jump_max": f"{clock}_jump_max", "queue": "n_queued",
                 "queue_max": "queue_max"}
        last = states[states.snapshot == states.snapshot.max()].set_index("vm")
        found.source, found.seconds = "snapshots", last.t.iloc[0]
        rows["jump_mean"] = last[clock] / last.n_event
    for name, column in names.items():
        rows[name] = last[column] if column in last else np.nan
    rows["behind_of"] = rows.clock.groupby(copy).transform("max")
    rows["behind"] = rows.behind_of - rows.clock
    if not states.empty:
        _drift_at(found, states, copy)


def _states(found):
    """At the snapshots that are on file for all machines."""
    if found.about["n_snapshots"] * len(found.rows) > STATES:
        return pd.DataFrame()
    states = lcmpi.snapshots(found.file)
    return states[states.groupby("snapshot").vm.transform("size") == len(found.rows)]


def _drift_at(found, states, copy):
    of = states.groupby(["snapshot", copy[states.vm]])[found.clock].transform("max")
    states = states.assign(of=of, behind=of - states[found.clock])
    most = states.sort_values("behind", ascending=False, kind="stable").drop_duplicates("vm").set_index("vm")
    found.rows[DRIFT] = most.loc[found.rows.index, ["behind", "of"]].to_numpy()
    found.n_snapshot = states.snapshot.nunique()


# ---- theory ----------------------------------------------------------------------------------------

def _theory(found, machines):
    """Of Lamport's clock, which every event advances; or of seed A's, if that is the run's first."""
    rows = found.rows
    if "predicted_queue" not in machines:
        return
    rows["arrivals"], rows["queue_theory"] = machines.predicted_arrivals, machines.predicted_queue
    rows["growth_theory"] = rows.queue_theory / found.asked
    first = found.options.get("clock", "lamport").split(",")[0]
    if found.clock == ("lamport-seed-a" if first == "lamport-seed-a" else "lamport"):
        rows["clock_theory"] = machines.predicted_clock
        copy = rows.index.to_numpy() // found.vms
        rows["behind_theory"] = rows.clock_theory.groupby(copy).transform("max") - rows.clock_theory
        if found.about["tick_rule"] == "receive-or-act":
            rows["jump_theory"] = rows.clock_theory / (rows.rate * found.asked)
