"""How all figures look: type, colours, the words for VMs and rates, labels at the ends of lines.

A few VMs have a line of their own, in colours of Okabe and Ito's palette, which colour-blind readers
can tell apart, chosen so that they differ in grey too. More VMs have the colour of their tick
rate, the darker the faster."""
import matplotlib
import numpy as np
from matplotlib.colors import to_rgb

WIDTH = 7.0  # inches: the text width of a page
LINES = [{"color": "#0072B2"}, {"color": "#E69F00"}, {"color": "#000000"}, {"color": "#D55E00"},
         {"color": "#009E73", "linestyle": (0, (4, 1))}]
GREY, PALE = "0.4", "0.75"
SMALL = 8  # points

matplotlib.rcdefaults()
matplotlib.rcParams.update({
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9, "axes.labelsize": 9, "axes.titlesize": SMALL,
    "axes.titley": 1.0,  # no search for a free place, which is slow
    "xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "legend.fontsize": SMALL,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6,
    "axes.grid": True, "grid.color": "0.9", "grid.linewidth": 0.5, "axes.axisbelow": True,
    "lines.linewidth": 1.2, "legend.frameon": False, "legend.handlelength": 1.8,
    "svg.hashsalt": "lcmpi",
})


def is_few(run):
    return len(run.shown) <= len(LINES)


def rate_colours(n):
    """n colours from light to dark."""
    return matplotlib.colormaps["viridis_r"](np.linspace(0.25 if n > 1 else 1, 1, n))


def ink(colour):
    """The colour, darkened so that small type in it can be read on white."""
    red, green, blue = to_rgb(colour)
    lightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return tuple(part * min(1, 0.45 / max(lightness, 0.01)) for part in (red, green, blue))


def ticks_per_second(*rates):
    text = "–".join(dict.fromkeys(f"{rate:.3g}" for rate in rates))
    return f"{text} tick/s" if text == "1" else f"{text} ticks/s"


def vm_name(run, vm):
    return f"VM {vm} ({ticks_per_second(run.rate(vm))})"


def clock_name(run):
    return run.clock[:1].upper() + run.clock[1:]


def explain(ax, text):
    """What lines and bands mean, above the axes."""
    ax.set_title(text, loc="left", color=GREY)


def label_ends(ax, entries):
    """Writes (y, text, colour) at the right edge, moved apart where they would overlap, with a thin
    line to where they belong. The limits of the axes must be final."""
    ax.figure.draw_without_rendering()
    width, height = ax.get_window_extent().size / ax.figure.dpi * 72
    ends = [(0, y) for y, _, _ in entries]
    wanted = ax.transAxes.inverted().transform(ax.transData.transform(ends))[:, 1]
    places = spread(wanted, 1.2 * SMALL / height)
    for (_, text, colour), at, place in zip(entries, wanted, places):
        ax.annotate(text, (1, at), (1 + 16 / width, place), "axes fraction", "axes fraction",
                    color=ink(colour), fontsize=SMALL, va="center", annotation_clip=False,
                    arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5,
                                "shrinkA": 1, "shrinkB": 1, "relpos": (0, 0.5)})


def spread(wanted, gap):
    """Places in the order of `wanted`, at least `gap` apart, none below 0, each as near to the place
    wanted as a pass up and a pass down bring it."""
    order = np.argsort(wanted, kind="stable")
    low = np.asarray(wanted, float)[order]
    high = low.copy()
    for i in range(1, len(low)):
        low[i] = max(low[i], low[i - 1] + gap)
    for i in reversed(range(len(high) - 1)):
        high[i] = min(high[i], high[i + 1] - gap)
    middle = np.maximum((low + high) / 2, gap * np.arange(len(low)))
    places = np.empty(len(middle))
    places[order] = middle
    return places
