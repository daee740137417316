"""The data of the plots: clock, drift, jumps and queue over the whole run. A few VMs have a line each, more are grouped by tick
rate. Of a long run they are made of the states at the snapshots, which are on file whatever is logged."""
import numpy as np

import lcmpi

LINES = 5            # VMs with a line of their own
GROUPS = 6           # of more VMs
SAMPLED = 200        # VMs of a large system
TIMES = 400          # points of a line ...
STEPS = 2000         # ... or so many, if these are all there are
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
    return {**plots, "drift_of": _compared_with(subject, vms, whole), "end": subject.end, "theory": _theory(subject, groups),
            "stepped": whole, "source": _source(subject, vms, whole), "clock": subject.clock}


def _compared_with(subject, vms, whole):
    """Whose largest clock drift is behind."""
    if len(vms) < len(subject.members) and not whole:
        return "of these machines"
    return "of those logged" if len(subject.members) < len(subject.table) // subject.copies else "of the system"


def _source(subject, vms, whole):
    """What plots are made of, as a sentence or two."""
    of = f", of {len(vms)} of {len(subject.members):,} VMs" if len(vms) < len(subject.members) else ""
    states = "the states at the snapshots (between them lines are straight; jumps are the largest so far)"
    medians = " Lines are medians of the VMs of a tick rate." if len(vms) > LINES else ""
    return f"Made of {'the events' if whole else states}{of}.{medians}"


def _sample(subject):
    """The VMs that the plots are of: those shown or, of a large system, some at equal distances."""
    there = subject.members if subject.asked is None else np.array(subject.asked)
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


def _theory(subject, groups):
    """What theory expects of each group at the end of the duration that was asked for: {"t": s, "queue": [...], "clock": [...]}."""
    names = {"queue": "predicted_queue", **({"clock": "predicted_clock"} if subject.clock_has_theory else {})}
    return {"t": subject.duration, **{name: _plain([subject.table[column][vms].mean() for _, vms in groups])
                                      for name, column in names.items() if column in subject.table and subject.table[column].notna().any()}}


# ---- of events ----------------------------------------------------------------------------------

def _of_events(subject, groups):
    from lcmpi_run import Run
    run = Run(subject.file, subject.clock, [vm for _, vms in groups for vm in vms])
    if run.events.empty:
        return None
    times = _times(run)
    values = {}
    if (run.events.queue_before >= 0).all():  # other programs' logs may not say
        values["queue"] = lambda vm: run.value("queue_before", vm, times)
    if subject.clock:
        fastest = run.fastest(times)
        values["clock"] = lambda vm: run.value(subject.clock, vm, times)
        values["drift"] = lambda vm: values["clock"](vm) - fastest
    found = {name: [np.array([of(vm) for vm in vms]) for _, vms in groups] for name, of in values.items()}
    lines = {name: [_plain(np.median(group, axis=0)) for group in groups_of] for name, groups_of in found.items()}
    return {"times": times.round(9).tolist(), "labels": [label for label, _ in groups], "lines": lines,
            "worst": {name: _plain(_worst(name, np.concatenate(groups_of))) for name, groups_of in found.items() if name != "clock"},
            "jumps": [_jumps(run, subject.clock, vms, JUMPS // len(groups)) for _, vms in groups] if subject.clock else None}


def _times(run):
    """When something happened, or of many events the ends of equal parts."""
    times = np.unique(np.concatenate([[0, run.end], run.events.t[run.events.machine.isin(run.shown)]]))
    return times if len(times) <= STEPS else np.linspace(0, run.end, TIMES)


def _worst(name, values):
    """Of the machines at each time: the clock that is furthest behind, the longest queue."""
    return (np.fmin if name == "drift" else np.fmax).reduce(values)


def _jumps(run, clock, vms, most):
    """[time, size] of the jumps of a group, by time: all, or of many the largest and some of the others at equal distances."""
    points = []
    for vm in vms:
        events = run.of(vm)
        points += zip(events.t.round(9).tolist(), np.diff(events[clock].to_numpy(), prepend=0).tolist())
    points.sort()
    if len(points) <= most:
        return points
    points.sort(key=lambda point: -point[1])
    half = most // 2
    return sorted(points[:half] + sorted(points[half:])[::-(-(len(points) - half) // half)])


def _plain(values):
    return [None if np.isnan(value) else round(float(value), 3) for value in values]


# ---- of snapshots -------------------------------------------------------------------------------

def _of_snapshots(subject, groups):
    states = lcmpi.snapshots(subject.file, [vm for _, vms in groups for vm in vms], most=TIMES)
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
    worst = {name: _plain(states.groupby("t")[column].agg("min" if name == "drift" else "max").reindex(times))
             for name, column in names.items() if name != "clock"}
    return {"times": times, "labels": [label for label, _ in groups], "lines": lines, "worst": worst, "jumps": jumps}


def _medians(states, vms, column, times):
    return _plain(states[states.vm.isin(vms)].groupby("t")[column].median().reindex(times).to_numpy(float))
