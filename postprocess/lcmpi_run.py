"""A run as figures see it: its tables, the clock, the VMs and the time to be shown."""
from functools import cached_property

import numpy as np

import lcmpi


class Nothing(Exception):
    """Why a figure cannot be drawn."""


class NotInRun(Exception):
    """An option asks for what the run does not have."""


class Run:
    def __init__(self, file, clock=None, vms=None, window=None):
        """`window`: (start, end) in seconds, either of them None for the run's own. Without it the
        space-time diagram picks a part that can be read, all other figures show the whole run."""
        about = lcmpi.info(file)
        self.machines = lcmpi.machines(file)
        self.events = lcmpi.events(file)
        self.messages = lcmpi.messages(file)
        self.clock = _choose_clock(about["clocks"], clock)
        self.copies = int(about.get("n_replica", 1))
        self.copy_vms = len(self.machines) // self.copies
        self.shown = _choose_vms(self.machines.index, vms, self._drawn_alone())
        self.ended = about["t_end"] > 0
        self.end = about["t_end"] / lcmpi.NS_PER_S if self.ended else self.events.t.max()
        self.window = _choose_window(self.end, *(window or (None, None)))
        self.window_given = window is not None
        vm_ids = self.machines.index.to_numpy()
        self._first = dict(zip(vm_ids, np.searchsorted(self.events.machine, vm_ids)))
        self._last = dict(zip(vm_ids, np.searchsorted(self.events.machine, vm_ids, "right")))

    def _drawn_alone(self):
        """The VMs that are drawn unless others are named: those with a log, of the first copy that has one."""
        logged = self.machines.index[self.machines.logged == 1] if "logged" in self.machines else self.machines.index
        if not len(logged):
            return list(self.machines.index)
        copy = logged[0] // self.copy_vms
        return [vm for vm in logged if vm // self.copy_vms == copy]

    def of(self, vm):
        """The events of one VM."""
        return self.events.iloc[self._first[vm]:self._last[vm]]

    def rate(self, vm):
        return self.machines.tick_rate[vm]

    def in_window(self, times):
        start, end = self.window
        return (times >= start) & (times <= end)

    def need_clock(self):
        if self.clock is None:
            raise Nothing("the run has no scalar clock; a vector clock has no one value to draw")

    def value(self, column, vm, times):
        """A column of a VM's events at `times`: 0 before its first event, that of the latest event
        afterwards, and nothing (NaN) where its record has ended."""
        events = self.of(vm)
        t = events.t.to_numpy()
        values = np.concatenate([[0.0], events[column].to_numpy(float)])
        found = values[np.searchsorted(t, times, "right")]
        return np.where(times <= self._record_end(vm, t), found, np.nan)

    def fastest(self, times):
        """The largest clock of all VMs at `times`."""
        t, largest = self._envelope
        return largest[np.searchsorted(t, times, "right")]

    @cached_property
    def _envelope(self):
        events = self.events.sort_values("t")
        clock = np.concatenate([[0.0], events[self.clock].to_numpy(float)])
        return events.t.to_numpy(), np.maximum.accumulate(clock)

    def _record_end(self, vm, t):
        """In a live or crashed file some VMs are on file for longer than others: there, a VM's last
        event holds until its next tick would be due."""
        if self.ended:
            return self.end
        return t[-1] + 1 / self.rate(vm) if len(t) else 0.0


def _choose_clock(clocks, wanted):
    scalar = [name for name, about in clocks.items() if about["order"] == "scalar"]
    if wanted is None:
        return scalar[0] if scalar else None
    if wanted not in scalar:
        there = f"; it has {', '.join(scalar)}" if scalar else ""
        raise NotInRun(f"--clock: the run has no scalar clock '{wanted}'{there}")
    return wanted


def _choose_vms(all_vms, wanted, otherwise):
    if wanted is None:
        return otherwise
    missing = sorted(set(wanted) - set(all_vms))
    if missing:
        raise NotInRun(f"--machines: the run has no VM {missing[0]}; "
                       f"its VMs are {min(all_vms)} to {max(all_vms)}")
    return sorted(wanted)


def _choose_window(run_end, start, end):
    start = start or 0.0
    if start >= run_end > 0:
        raise NotInRun(f"--window: starts at {start:g} s; the run ends at {run_end:g} s")
    return start, run_end if end is None else min(end, run_end)
