"""What of a file the page shows: which VMs, which time, and what has to be said about that."""
import numpy as np

import lcmpi
import lcmpi_causality
import lcmpi_tool as tool
from lcmpi_formats.part import Part

EVENTS = 4000        # in the diagram
EVENTS_SEEN = 200_000  # of all VMs in the time that it shows: causes may pass through any of them
ROWS = 24            # VMs that fit into the diagram ...
REACHED = 12         # ... and, if there are more, those that are picked
STATES = {"RUNNING": "The run is not over, or was killed: the page shows what was on file when it was made.",
          "STOPPED": "The run was stopped early.", "FAILED": "The run could not write any more.",
          "RECOVERED": "The run was killed; what it had committed was recovered."}


class Subject:
    def __init__(self, file, window=None, machines=None, clock=None):
        self.file, self.about, self.table = file, lcmpi.info(file), lcmpi.machines(file)
        self.scalar = [name for name, about in self.about["clocks"].items() if about["order"] == "scalar"]
        self.clock = _clock(self.scalar, clock)
        self.clock_has_theory = self.clock is not None and self.clock == self.scalar[0]  # predicted_clock is of the first
        self.duration = self.about["duration_ns"] / lcmpi.NS_PER_S
        self.copies = int(self.about.get("n_replica", 1))
        self.notes = [STATES[self.about["state"]]] if self.about["state"] in STATES else []
        self.part = Part(file, window, machines) if self._has_events() else None
        self.end = self.about["t_end"] / lcmpi.NS_PER_S or self._end_on_file()
        self.members = self.table.index.to_numpy()[:len(self.table) // self.copies]
        self.asked = None if machines is None else _asked(self.table.index, machines)
        if self.part:
            self._choose()
        elif self.copies > 1:
            self.notes.append(f"Plots over time are of the first of {self.copies:,} copies.")

    def _has_events(self):
        silent = "logged" in self.table and not (self.table.logged == 1).any()
        if silent or self.about["n_events"] == 0:
            self.notes.append(("No VM is logged (--log none)" if silent else "No events are on file (yet)") +
                              ": there is no diagram, and plots are of the states at snapshots.")
            return False
        return True

    def _end_on_file(self):
        """Of a run that has no end: when the last snapshot was, or the duration that was asked for."""
        states = lcmpi.snapshots(self.file, self.table.index[:1])
        return max(states.t.max() if len(states) else 0.0, self.about["duration_ns"] / lcmpi.NS_PER_S)

    # ---- what the diagram shows -----------------------------------------------------------------

    def _choose(self):
        part = self.part
        n_copy = len(self.table) // self.copies
        copy = part.vms[0] // n_copy
        self.members = part.logged[part.logged // n_copy == copy]  # messages never leave a copy
        self.start = part.start / lcmpi.NS_PER_S
        self.vms = self._vms(part.vms[part.vms // n_copy == copy], part.machines_given)
        if self.copies > 1:
            self.notes.append(f"The diagram shows copy {copy} of {self.copies:,}.")
        if len(self.members) < n_copy:
            self.notes.append(f"Only {len(self.members):,} of {n_copy:,} VMs of this copy are logged (--log): what happened before what "
                              "through the others is not known.")
        self._choose_time(min(part.end / lcmpi.NS_PER_S, self.end))

    def _vms(self, vms, given):
        if len(vms) <= (100 if given else ROWS):
            return [int(vm) for vm in vms]
        messages = lcmpi.messages(self.file, (self.start, self.start + self._seconds(vms, EVENTS)))
        reached = list(lcmpi_causality.reached(messages, vms, self.start, REACHED))
        rest = [vm for vm in vms if vm not in reached][:REACHED - len(reached)]
        self.notes.append(f"The diagram shows {REACHED} of {len(vms):,} VMs: those that messages of VM {reached[0]} reach first "
                          "(--machines chooses others). What happened before what is as in the whole run: dashed lines are what "
                          "came through VMs that are not shown.")
        return sorted(int(vm) for vm in [*reached, *rest])

    def _seconds(self, vms, events):
        """In how much time these VMs have so many events."""
        per_tick = 2 if self.about.get("tick_rule") == "receive-then-act" else 1
        rate = self.table.tick_rate[vms].sum() * per_tick
        if not np.isfinite(rate) or rate <= 0:
            rate = max(1, self.about["n_events"]) / max(self.end, 1e-9)
        return events / rate

    def _choose_time(self, end):
        longest = min(self._seconds(self.members, EVENTS_SEEN), self._seconds(self.vms, EVENTS))
        self.until = min(end, self.start + longest)
        if self.until < end:
            self.notes.append(f"The diagram shows the time from {self.start:g} s to {self.until:.4g} s, of {self.end:.4g} s "
                              "(--window START:END chooses another).")
        if self.start > 0:
            self.notes.append(f"The diagram begins at {self.start:g} s: an event's past is shown from there on.")

    def name(self, vm):
        """What a machine is called: by its number, or as in the logs of another program."""
        name = self.part.names[vm] if self.part else f"vm{vm}"
        return f"VM {vm}" if name == f"vm{vm}" else name


def _asked(there, machines):
    missing = sorted(set(machines) - set(there.tolist()))
    if missing:
        raise tool.Failure(f"--machines: the run has no VM {missing[0]}; its VMs are {there.min()} to {there.max()}", tool.USAGE)
    return sorted(machines)


def _clock(scalar, wanted):
    if wanted is None:
        return scalar[0] if scalar else None
    if wanted not in scalar:
        there = f"; it has {', '.join(scalar)}" if scalar else ""
        raise tool.Failure(f"--clock: the run has no scalar clock '{wanted}'{there}", tool.USAGE)
    return wanted
