"""The events of a run, some machines at a time, with memory for a part of them."""
import lcmpi
import numpy as np

ROWS = 1_000_000  # about, that are in memory


class Log:
    """Of a run that is not over, the events up to `until` (ns): the time to which all machines are on file, which is
    when the first of them is due to tick again after its last event."""

    def __init__(self, file, machines, n_events, ended):
        self.file, self.until = file, np.iinfo(np.int64).max
        vms = machines.index.to_numpy()
        self.parts = np.array_split(vms, np.clip(-(-n_events // ROWS), 1, len(vms)))
        self._only = lcmpi.events(file) if len(self.parts) == 1 else None
        if not ended:
            self.until = self._known_until(machines)

    def batches(self):
        """Frames of events, each with all events of its machines."""
        for vms in self.parts:
            events = lcmpi.events(self.file, machines=vms) if self._only is None else self._only
            yield vms, events[events.t_actual < self.until]

    def _known_until(self, machines):
        period = lcmpi.NS_PER_S / machines.tick_rate
        ends = []
        for vms, events in self.batches():
            last = events.groupby("machine").t_actual.max().reindex(vms)
            ends.append((last + period[vms]).fillna(0).min())
        return int(min(ends))


class Largest:
    """The largest clock of all machines over time."""

    def __init__(self, log, clock):
        self.t, self.value = np.zeros(1, np.int64), np.zeros(1, np.int64)
        for _, events in log.batches():
            t = np.concatenate([self.t, events.t_actual])
            order = np.argsort(t, kind="stable")
            value = np.maximum.accumulate(np.concatenate([self.value, events[clock]])[order])
            grows = np.flatnonzero(np.diff(value, prepend=-1))
            self.t, self.value = t[order][grows], value[grows]

    def before(self, t):
        """Just before each of these times."""
        return self.value[np.maximum(np.searchsorted(self.t, t) - 1, 0)]

    def at_end(self):
        return self.value[-1]
