"""A quantity of every VM over time, drawn by one rule whatever the size of the run: a few VMs have a
line each in one set of axes, more have a small panel each, and many are drawn as groups of like
tick rate. In a long run lines become means with the range around them."""
from functools import partial

import numpy as np
from matplotlib.ticker import MaxNLocator

from . import style

PANELS = 24        # VMs that can have a panel each
COLUMNS = 4        # of panels
STEPS = 8000       # instants up to which every step is drawn
BINS = 400         # of a long run
GROUPS = 6         # of many VMs
GROUP_BINS = 60    # in time, for groups
SAMPLES = 64       # per bin, for a mean


def draw(run, figure, value, label, floor=None, reference=None):
    """Draws value(vm, times) of all VMs shown. `floor`: where the axis begins. `reference`: a pair of
    what is drawn in grey in every panel, reference(times), and its name."""
    if style.is_few(run):
        _draw_lines(run, figure, value, label, floor)
    elif len(run.shown) <= PANELS:
        _draw_panels(run, figure, value, label, floor, reference)
    else:
        _draw_groups(run, figure, value, label, floor)


# ---- a few VMs ----------------------------------------------------------------------------------

def _draw_lines(run, figure, value, label, floor):
    figure.set_size_inches(style.WIDTH, 3.6)
    ax = figure.add_subplot(xlabel="model time (s)", ylabel=label, xlim=run.window)
    times = _instants(run)
    ends = []
    for vm, look in zip(run.shown, style.LINES):
        last = _draw_vm(ax, run, times, partial(value, vm), look)
        ends.append((last, style.vm_name(run, vm), look["color"]))
    _finish(ax, floor)
    style.explain(ax, _note(run, times))
    style.label_ends(ax, ends)


def _instants(run):
    """When the VMs shown have events, and the ends of the window."""
    events = run.events
    here = events.machine.isin(run.shown) & run.in_window(events.t)
    return np.unique(np.concatenate([run.window, events.t[here]]))


def _draw_vm(ax, run, times, value, look):
    """Returns where the line ends."""
    if len(times) <= STEPS:
        values = value(times)
        ax.plot(times, values, drawstyle="steps-post", **look)
        return last_known(values)
    edges = np.linspace(*run.window, BINS + 1)
    values = sample(value, edges, int(np.clip(2 * len(times) / BINS, SAMPLES, 1000)))
    means = values.mean(axis=1)
    draw_band(ax, edges, values.min(axis=1), means, values.max(axis=1), look)
    return last_known(means)


def _note(run, times):
    if len(times) <= STEPS:
        return ""
    return f"line: mean, band: range within {(run.window[1] - run.window[0]) / BINS:.3g} s"


def _finish(ax, floor):
    """Whole numbers on the vertical axis, which spans at least 1."""
    ax.margins(y=0.04)
    ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    low, high = ax.get_ylim()
    if floor is not None:
        ax.set_ylim(floor, max(floor + 1, high))
    elif high - low < 1:
        ax.set_ylim(low - 0.5, high + 0.5)


# ---- more VMs -----------------------------------------------------------------------------------

def _draw_panels(run, figure, value, label, floor, reference):
    rows = -(-len(run.shown) // COLUMNS)
    figure.set_size_inches(style.WIDTH, 0.7 + 1.05 * rows)
    axes = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    times = _instants(run)
    colour_of = {vm: colour for _, vms, colour in rate_groups(run) for vm in vms}
    for ax, vm in zip(axes, run.shown):
        if reference:
            line_times = np.linspace(*run.window, 200)
            ax.plot(line_times, reference[0](line_times), color=style.PALE, linewidth=0.8)
        _draw_vm(ax, run, times, partial(value, vm), {"color": colour_of[vm]})
        ax.set_title(style.vm_name(run, vm), loc="left", pad=2)
    for ax in axes[len(run.shown):]:
        ax.remove()
    for ax in axes[len(run.shown) - COLUMNS:len(run.shown)]:
        ax.tick_params(labelbottom=True)
    axes[0].set_xlim(run.window)
    _finish(axes[0], floor)
    note = _note(run, times)
    figure.supxlabel("model time (s)" + (f" – {note}" if note else ""), fontsize="medium")
    figure.supylabel(label + (f" (grey: {reference[1]})" if reference else ""), fontsize="medium")


# ---- many VMs -----------------------------------------------------------------------------------

def _draw_groups(run, figure, value, label, floor):
    figure.set_size_inches(style.WIDTH, 3.6)
    ax = figure.add_subplot(xlabel="model time (s)", ylabel=label, xlim=run.window)
    edges = tick_bins(run, 20, GROUP_BINS)
    ends = []
    for name, vms, colour in rate_groups(run):
        means = [sample(partial(value, vm), edges, SAMPLES).mean(axis=1) for vm in vms]
        low, middle, high = _quantiles(np.array(means))
        draw_band(ax, edges, low, middle, high, {"color": colour})
        ends.append((last_known(middle), name, colour))
    _finish(ax, floor)
    style.explain(ax, "line: median, band: 5 % to 95 % of the VMs of a rate")
    style.label_ends(ax, ends)


def rate_groups(run):
    """[(name, VMs, colour)], slowest first, at most GROUPS of them."""
    rates = run.machines.tick_rate[run.shown]
    distinct = np.unique(rates)
    parts = np.array_split(distinct, min(GROUPS, len(distinct)))
    groups = []
    for part, colour in zip(parts, style.rate_colours(len(parts))):
        vms = rates.index[rates.between(part[0], part[-1])]
        name = style.ticks_per_second(part[0], part[-1])
        groups.append((f"{name} ({len(vms)} VM{'s' * (len(vms) > 1)})", vms, colour))
    return groups


# ---- parts --------------------------------------------------------------------------------------

def sample(value, edges, samples):
    """value() as [bin, sample]."""
    steps = (np.arange(samples) + 0.5) / samples
    times = edges[:-1, None] + np.diff(edges)[:, None] * steps
    return value(times.ravel()).reshape(times.shape)


def tick_bins(run, least, most):
    """Edges of equal bins in which every VM ticks at least once, within limits of their number."""
    start, end = run.window
    n_tick = (end - start) * run.machines.tick_rate[run.shown].min()
    return np.linspace(start, end, int(np.clip(n_tick, least, most)) + 1)


def draw_band(ax, edges, low, middle, high, look):
    middles = (edges[:-1] + edges[1:]) / 2
    ax.fill_between(middles, low, high, color=look["color"], alpha=0.25, linewidth=0)
    ax.plot(middles, middle, **look)


def last_known(values):
    known = values[np.isfinite(values)]
    return known[-1] if len(known) else 0.0


def _quantiles(values):
    """5 %, 50 % and 95 % of the rows that have a value, for each column."""
    known = np.isfinite(values).any(axis=0)
    result = np.full((3, values.shape[1]), np.nan)
    result[:, known] = np.nanpercentile(values[:, known], [5, 50, 95], axis=0)
    return result
