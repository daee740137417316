"""Distributions over the copies of a run: each machine's final clock, queue at the end and largest jump, beside
what theory expects. Where every copy has drawn rates of its own, machines of one rate are taken together."""
import numpy as np

from lcmpi_run import Nothing

from . import kinds, style

BINS = 40


def draw(run, figure):
    if run.copies < 2:
        raise Nothing("the run is a single copy; --replicas makes more")
    if not run.ended:
        raise Nothing("the run has no end yet, and so no totals")
    groups = kinds.kinds(run.machines.tick_rate.to_numpy(), run.copies)
    columns = _columns(run)
    figure.set_size_inches(style.WIDTH, 0.5 + 1.15 * len(groups))
    axes = figure.subplots(len(groups), len(columns), sharex="col", squeeze=False)
    for c, (label, values, theory) in enumerate(columns):
        edges = _edges(values)
        for r, (name, members) in enumerate(groups):
            _histogram(axes[r, c], values[members], edges, style.LINES[r % len(style.LINES)]["color"],
                       None if theory is None else theory[members])
            if c == 0:
                axes[r, c].set_ylabel(f"{name}\ncopies")
        axes[-1, c].set_xlabel(label)
    style.explain(axes[0, 0], f"{run.copies:,} copies; line: median, band: central 99 %, dashed: theory")


def _columns(run):
    machines = run.machines
    found = [("queue at the end", machines.n_queued, machines.predicted_queue)]
    if run.clock is not None:
        theory = machines.predicted_clock if run.clock == "lamport" else None
        found = [(f"{style.clock_name(run)} clock at the end", machines[f"final_{run.clock}"], theory), *found,
                 ("largest jump", machines[f"{run.clock}_jump_max"], None)]
    return [(label, values.to_numpy(float), None if theory is None else theory.to_numpy(float))
            for label, values, theory in found]


def _edges(values):
    """Of whole numbers: no bin holds more of them than another."""
    low, high = values.min(), values.max()
    width = max(1, int(np.ceil((high - low + 1) / BINS)))
    return np.arange(low - 0.5, high + width + 0.5, width)


def _histogram(ax, values, edges, colour, theory):
    low, middle, high = np.quantile(values, (0.005, 0.5, 0.995))
    ax.axvspan(low, high, color="0.94", linewidth=0)
    ax.hist(values, edges, color=colour, linewidth=0)
    ax.axvline(middle, color=style.ink(colour), linewidth=1)
    if theory is not None:
        ax.axvline(theory.mean(), color="0", linewidth=0.8, linestyle=(0, (4, 2)))
    ax.grid(False, axis="x")
    ax.locator_params(axis="y", nbins=3)
