"""What a lab report says of a run, a row per machine: from its events, or where there are none or too many from the totals."""
import numpy as np

import lcmpi_tool as tool
from lcmpi_page import facts, series
from lcmpi_page.subject import STATES, Subject

INSTANTS = 5000  # at which drift is looked at


class Measured:
    def __init__(self, file, clock=None):
        self.subject = Subject(file, clock=clock)
        self.about, self.clock, self.file = self.subject.about, self.subject.clock, file
        if self.clock is None:
            raise tool.Failure(f"{file}: has no clock with one value, only {', '.join(self.about['clocks']) or 'none'}: the report is "
                               "about jumps and drift of such clocks")
        self.copies, self.end = self.subject.copies, self.subject.end
        self.notes = [STATES[self.about["state"]].replace("the page", "the report")] if self.about["state"] in STATES else []
        self.drawn = self._load()
        self.machines = facts.observed(self.subject).join(self._longest())
        if self.drawn is not None and self.copies == 1:
            self.machines = self.machines.drop(columns=["jump_max", "jump_mean"], errors="ignore").join(self._of_events())
        else:
            self.notes.append("Gaps and drift are not told: there are copies, too many events, or none on file.")

    def _load(self):
        """The run as figures see it; None where it is too long to be read, or nothing can be drawn."""
        from lcmpi_run import Run
        if self.about["n_events"] > series.READ or (self.subject.part is None and self.copies == 1):
            return None
        return Run(self.file, self.clock)

    def _longest(self):
        table = self.subject.table
        return table[[name for name in ("queue_max",) if name in table]]

    def _of_events(self):
        """Jumps, the values that they leave out, and how far behind the largest clock of the system each machine was."""
        import pandas as pd
        run = self.drawn
        times = np.unique(np.append(run.events.t.to_numpy(), run.end))
        times = times[np.unique(np.linspace(0, len(times) - 1, min(len(times), INSTANTS)).astype(int))]
        largest = run.fastest(times)
        return pd.DataFrame.from_dict({vm: self._of_machine(vm, times, largest) for vm in run.shown}, orient="index")

    def _of_machine(self, vm, times, largest):
        jumps = np.diff(self.drawn.of(vm)[self.clock].to_numpy(), prepend=0)
        behind = largest - self.drawn.value(self.clock, vm, times)
        behind = behind[~np.isnan(behind)]
        if not len(jumps) or not len(behind):
            return {}
        return {"jump_mean": jumps.mean(), "jump_median": np.median(jumps), "jump_95": np.quantile(jumps, 0.95), "jump_max": jumps.max(),
                "share_one": (jumps <= 1).mean(), "left_out": np.maximum(jumps - 1, 0).sum(), "behind_end": behind[-1],
                "behind_most": behind.max()}

    @property
    def saturated(self):
        """The machines to which theory says more messages come than they can take."""
        table = self.machines
        return table.index[table.arrivals_theory >= table.rate] if "arrivals_theory" in table else table.index[:0]

    def rows(self):
        """[(label, values by name, or (median, 5 %, 95 %) of a group)]"""
        table = self.machines
        if self.copies == 1 and len(table) <= facts.ROWS:
            return [(self.subject.name(vm), row) for vm, row in zip(table.index, table.to_dict("records"))]
        alike, groups = facts.alike(table, self.copies)
        return [(f"VM {key} of each copy" if alike else f"the {len(group):,} of {key:g}/s", _spread(group)) for key, group in groups]


def _spread(group):
    return {name: (column.median(), column.quantile(0.05), column.quantile(0.95)) if column.nunique() > 1 else column.iloc[0]
            for name, column in group.items() if column.notna().any()}


def digest(about):
    value = about["digest"].get("execution")
    return None if value is None else f"0x{value & (2**64 - 1):016x}"
