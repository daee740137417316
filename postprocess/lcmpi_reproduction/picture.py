"""Archived figures in the distributions of many copies."""
import matplotlib.pyplot as plt
import numpy as np
from lcmpi_figures import style

from .archive import FIGURES

PANELS = ("final_clock", "queue_max", "queue_end", "jump_max")
INSIDE, OUTSIDE = style.LINES[0]["color"], style.LINES[3]["color"]


def draw(verdicts, path):
    """A row for each machine of each trial, a panel for each figure; bands scaled to their median."""
    rows = list(dict.fromkeys((v.trial, v.machine) for v in verdicts))
    place = {row: len(rows) - 1 - i for i, row in enumerate(rows)}
    panels = [name for name in PANELS if any(v.figure == name for v in verdicts)]
    figure, axes = plt.subplots(1, len(panels), sharey=True, squeeze=False, figsize=(style.WIDTH, 1 + 0.13 * len(rows)))
    for ax, name in zip(axes[0], panels):
        for v in (v for v in verdicts if v.figure == name):
            y = place[v.trial, v.machine]
            ax.plot([v.low, v.high], [y, y], color=style.PALE, linewidth=4, solid_capstyle="butt")
            ax.plot([v.median], [y], "|", color=style.GREY, markersize=5)
            if not np.isnan(v.real):
                ax.plot([v.real], [y], "x", color=style.GREY, markersize=3)
            ax.plot([v.archived], [y], "o", color=INSIDE if v.inside else OUTSIDE, markersize=3)
        ax.set_xlabel(FIGURES[name])
        ax.grid(False, axis="y")
    axes[0, 0].set_yticks(range(len(rows)), [f"{trial}: {machine}" for trial, machine in reversed(rows)], fontsize=5)
    axes[0, 0].set_ylim(-1, len(rows))
    copies = "band: central 99 %, bar: median, dot: archived"
    style.explain(axes[0, 0], copies + (", cross: one run in real time" if any(not np.isnan(v.real) for v in verdicts) else ""))
    figure.savefig(path, dpi=200, metadata={"Software": "lcmpi_reproduce"})
    plt.close(figure)
