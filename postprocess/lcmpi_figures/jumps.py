"""By how much the clock of a VM grows at an event: over time, and how often. The first event's jump
is from 0."""
import numpy as np
from matplotlib.ticker import MaxNLocator

from lcmpi_run import Nothing

from . import series, style

MOST_BARS = 40
MEAN_BINS = 30


def draw(run, figure):
    run.need_clock()
    jump = run.events.groupby("machine")[run.clock].diff().fillna(run.events[run.clock])
    events = run.events.assign(jump=jump)
    events = events[run.in_window(events.t) & events.machine.isin(run.shown)]
    if events.empty:
        raise Nothing("the VMs shown have no events in the time shown")
    if style.is_few(run):
        _draw_rows(run, figure, events)
    else:
        _draw_groups(run, figure, events)


# ---- a few VMs: a row each ----------------------------------------------------------------------

def _draw_rows(run, figure, events):
    n = len(run.shown)
    figure.set_size_inches(style.WIDTH, 0.6 + max(1.0, 2.0 - 0.25 * n) * n)
    axes = figure.subplots(n, 2, sharey=True, squeeze=False, gridspec_kw={"width_ratios": [3, 1]})
    largest = events.jump.max()
    for (over_time, how_often), vm, look in zip(axes, run.shown, style.LINES):
        colour = look["color"]
        rows = events[events.machine == vm]
        over_time.vlines(rows.t, 0, rows.jump, color=colour, linewidth=0.8)
        over_time.set_xlim(run.window)
        over_time.set_title(style.vm_name(run, vm), loc="left", pad=3, color=style.ink(colour))
        _draw_bars(how_often, rows.jump, largest, colour)
    for ax in axes[:-1, 0]:
        ax.tick_params(labelbottom=False)
    axes[0, 0].set_ylim(0, max(1.05 * largest, largest + 0.6))
    axes[0, 0].yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[-1, 0].set_xlabel("model time (s)")
    axes[-1, 1].set_xlabel("events")
    figure.supylabel(f"jump of the {style.clock_name(run)} clock", fontsize="medium")


def _draw_bars(ax, jumps, largest, colour):
    width = max(1, int(np.ceil(largest / MOST_BARS)))
    counts, edges = np.histogram(jumps, np.arange(-0.5, largest + width + 0.5, width))
    ax.barh(edges[:-1], counts, 0.8 * width, align="edge", color=colour)
    ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))


# ---- more VMs: groups of like rate --------------------------------------------------------------

def _draw_groups(run, figure, events):
    figure.set_size_inches(style.WIDTH, 3.2)
    figure.get_layout_engine().set(wspace=0.04)
    over_time, how_often = figure.subplots(1, 2, gridspec_kw={"width_ratios": [5, 4]})
    edges = series.tick_bins(run, 4, MEAN_BINS)
    ends = []
    for name, vms, colour in series.rate_groups(run):
        rows = events[events.machine.isin(vms)]
        times, means = _means(rows, edges)
        over_time.plot(times, means, color=colour)
        how_often.plot(*_share_at_least(rows.jump), color=colour, drawstyle="steps-pre",
                       marker="o", markersize=3, markevery=[-1])
        ends.append((series.last_known(means), name, colour))
    over_time.set(xlim=run.window, xlabel="model time (s)",
                  ylabel=f"mean jump of the {style.clock_name(run)} clock")
    over_time.set_ylim(bottom=0)
    over_time.xaxis.set_major_locator(MaxNLocator(5))
    style.label_ends(over_time, ends)
    how_often.set(yscale="log", xlabel="jump", ylabel="share of events with at least this jump")
    how_often.set_xlim(left=0)
    how_often.set_ylim(min(0.1, how_often.get_ylim()[0]), 1.3)


def _means(rows, edges):
    """The middles of the bins that have events, and the mean jump there."""
    number, _ = np.histogram(rows.t, edges)
    total, _ = np.histogram(rows.t, edges, weights=rows.jump)
    some = number > 0
    return (edges[:-1] + edges[1:])[some] / 2, total[some] / number[some]


def _share_at_least(jumps):
    """Each jump that occurs, and the share of events with at least this jump."""
    values, first = np.unique(np.sort(jumps), return_index=True)
    return values, 1 - first / max(1, len(jumps))
