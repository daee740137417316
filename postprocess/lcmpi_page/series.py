"""The data of the plots: clock, drift, jumps and queue over the whole run. A few VMs have a line each, more are grouped by tick
rate. Of a long run they are made of the states at the snapshots, which are on file whatever is logged."""
import numpy as np

import lcmpi

LINES = 5            # VMs with a line of their own
GROUPS = 6           # of more VMs
SAMPLED = 200        # VMs of a large system
TIMES = 400          # points of a line
JUMPS = 3000         # points of a plot of jumps
READ = 300_000       # events that are read; above, snapshots


def data(subject):
    """What plots.js takes; None if there is nothing to plot."""
    vms = _sample(subject)
    groups = _groups(subject, vms)
    whole = subject.part is not None and subject.about["n_events"] <= READ and subject.copies == 1
    plots = _of_events(subject, groups) if whole else _of_snapshots(subject, groups)
    if plots is None:
        subject.notes.append("Neither events nor snapshots are on file: no plots.")
        return None
    n_logged = len(subject.table) if subject.part is None else len(subject.part.logged)
    of = f", of {len(vms)} of {n_logged:,} VMs" if len(vms) < n_logged else ""
    made_of = "the events" if whole else "the states at the snapshots (between them lines are straight; jumps are the largest so far)"
    return {**plots, "stepped": whole, "source": f"Made of {made_of}{of}." + ("" if len(vms) <= LINES else " Lines are medians of the VMs of a tick rate."),
            "clock": subject.clock}


def _sample(subject):
    """The VMs that the plots are of: those shown or, of a large system, some at equal distances."""
    if subject.part is not None and subject.part.machines_given:
        return subject.vms
    there = subject.table.index if subject.part is None else subject.members
    return [int(vm) for vm in there[np.unique(np.linspace(0, len(there) - 1, min(len(there), SAMPLED)).astype(int))]]


def _groups(subject, vms):
    """[(label, VMs)]"""
    rates = subject.table.tick_rate[vms]
    if len(vms) <= LINES:
        return [(f"{subject.name(vm)} ({rates[vm]:.3g}/s)", [vm]) for vm in vms]
    order = rates.sort_values(kind="stable")
    parts = [order[order == rate] for rate in sorted(order.unique())]
    if len(parts) > GROUPS:
        parts = [order.iloc[part] for part in np.array_split(np.arange(len(order)), GROUPS)]
    return [(_rate_text(part), part.index.tolist()) for part in parts]


def _rate_text(rates):
    low, high = f"{rates.min():.3g}", f"{rates.max():.3g}"
    return f"{low if low == high else f'{low} to {high}'} ticks/s ({len(rates)} VMs)"


# ---- of events ----------------------------------------------------------------------------------

def _of_events(subject, groups):
    from lcmpi_figures.run import Run
    run = Run(subject.file, subject.clock, [vm for _, vms in groups for vm in vms])
    if run.events.empty:
        return None
    times = np.linspace(0, run.end, TIMES)
    values = {"queue": lambda vm: run.value("queue_before", vm, times)}
    if subject.clock:
        fastest = run.fastest(times)
        values["clock"] = lambda vm: run.value(subject.clock, vm, times)
        values["drift"] = lambda vm: values["clock"](vm) - fastest
    lines = {name: [_plain(np.median([of(vm) for vm in vms], axis=0)) for _, vms in groups] for name, of in values.items()}
    return {"times": times.round(6).tolist(), "labels": [label for label, _ in groups], "lines": lines,
            "jumps": [_jumps(run, subject.clock, vms, JUMPS // len(groups)) for _, vms in groups] if subject.clock else None}


def _jumps(run, clock, vms, most):
    """[time, size] of the jumps of a group: all, or of many the largest and some of the others at equal distances."""
    points = []
    for vm in vms:
        events = run.of(vm)
        points += zip(events.t.round(6).tolist(), np.diff(events[clock].to_numpy(), prepend=0).tolist())
    if len(points) <= most:
        return points
    points.sort(key=lambda point: -point[1])
    rest = points[most // 2:]
    return points[:most // 2] + rest[::-(-len(rest) // (most // 2))]


def _plain(values):
    return [None if np.isnan(value) else round(float(value), 3) for value in values]


# ---- of snapshots -------------------------------------------------------------------------------

def _of_snapshots(subject, groups):
    states = lcmpi.snapshots(subject.file, [vm for _, vms in groups for vm in vms])
    if states.empty:
        return None
    times = sorted(states.t.unique())
    names = {"queue": "n_queued"}
    if subject.clock:
        states = states.assign(drift=states[subject.clock] - states.groupby("t")[subject.clock].transform("max"))
        names.update(clock=subject.clock, drift="drift")
    lines = {name: [_medians(states, vms, column, times) for _, vms in groups] for name, column in names.items()}
    jump = f"{subject.clock}_jump_max"
    jumps = [list(zip(times, _medians(states, vms, jump, times))) for _, vms in groups] if jump in states else None
    return {"times": times, "labels": [label for label, _ in groups], "lines": lines, "jumps": jumps}


def _medians(states, vms, column, times):
    return _plain(states[states.vm.isin(vms)].groupby("t")[column].median().reindex(times).to_numpy(float))
