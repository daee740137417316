"""The space-time diagram: a line per VM, its events by kind, and an arrow from the send to the receive
of every message, the darker the longer the queue that it was taken from."""
import matplotlib
import numpy as np
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

import lcmpi_causality

from . import style

ROWS = 24      # VMs that fit ...
REACHED = 12   # ... and, if there are more, those that are picked
EVENTS = 150   # that can be read, in the part shown if none is asked for
ROW_POINTS = 13  # of a line of the legend
LEAVING = 0.35   # opacity of arrows to a later time than is shown

# Kind -> marker, size (points), filled.
MARKERS = {"INTERNAL": ("o", 1.6, True), "SEND": ("^", 3.6, False), "RECEIVE": ("o", 3.4, True),
           "SKIPPED": ("x", 3.4, True)}

# Longest queue -> name, in steps that have the same colour in every diagram.
QUEUES = {1: "1", 2: "2", 4: "3–4", 8: "5–8", 16: "9–16", 32: "17–32", np.inf: "more"}
SHADES = matplotlib.colormaps["plasma_r"](np.linspace(0.22, 1, len(QUEUES)))


def draw(run, figure):
    vms, note, end = _choose_vms(run)
    start, end = run.window if run.window_given else (run.window[0], _readable(run, vms, end))
    row_of = {vm: row for row, vm in enumerate(vms)}
    figure.set_size_inches(style.WIDTH, 1.3 + 0.27 * max(4, len(vms)))
    ax = figure.add_subplot(xlabel="model time (s)")
    margin = 0.012 * (end - start)
    ax.set_xlim(start - margin, end + margin)
    _draw_machines(ax, run, vms)
    arrows = _draw_messages(ax, _messages(run, row_of, ax.get_xlim()), row_of)
    kinds = _draw_events(ax, _events(run, row_of, ax.get_xlim()), row_of)
    legends = [row for row in (arrows, kinds) if row]
    for line, handles in enumerate(legends):
        _legend(ax, handles, line)
    ax.set_title(note, loc="left", color=style.GREY, pad=4 + ROW_POINTS * len(legends))


# ---- what is shown ------------------------------------------------------------------------------

def _choose_vms(run):
    """The VMs in the order of their rows, a note on them, and a time up to which they are of interest.
    If they are too many: the first sender and those that a chain of messages from it reaches."""
    if len(run.shown) <= ROWS:
        part = len(run.shown) < len(run.machines)
        return run.shown, "messages among these VMs only" if part else "", run.window[0]
    reached = lcmpi_causality.reached(run.messages, run.shown, run.window[0], REACHED)
    first = next(iter(reached))
    rest = [vm for vm in run.shown if vm not in reached][:REACHED - len(reached)]
    note = f"{REACHED} of {len(run.shown)} VMs"
    if not rest:
        note += (f": VM {first}, those its messages reach first (through others too), and messages "
                 "among them")
    return [*reached, *rest], note, max(reached.values())


def _readable(run, vms, wanted):
    """An end of the time shown with about EVENTS events, up to twice that to go as far as wanted."""
    here = run.events.machine.isin(vms) & (run.events.t >= run.window[0])
    times = np.append(np.sort(run.events.t[here].to_numpy()), run.window[1])
    enough, most = times[np.minimum([EVENTS, 2 * EVENTS], len(times) - 1)]
    return float(np.clip(wanted, enough, most))


def _events(run, row_of, limits):
    events = run.events
    return events[events.machine.isin(row_of) & events.t.between(*limits)]


def _messages(run, row_of, limits):
    """Those with any part in the time shown, and with an end that is on file."""
    messages = run.messages
    end = messages.t_receive_s.fillna(messages.t_arrival_s)
    here = (messages.t_send_s <= limits[1]) & (end >= limits[0])
    here &= messages.sender.isin(row_of) & messages.receiver.isin(row_of)
    return messages.assign(end=end)[here]


# ---- drawing ------------------------------------------------------------------------------------

def _draw_machines(ax, run, vms):
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(vms) - 0.5, -0.5)
    ax.set_yticks(range(len(vms)), [style.vm_name(run, vm) for vm in vms])
    ax.tick_params(axis="y", length=0)
    ax.hlines(range(len(vms)), 0, run.end, color=style.PALE, linewidth=0.7, zorder=1)


def _draw_events(ax, events, row_of):
    handles = []
    for kind, (marker, size, filled) in MARKERS.items():
        here = events[events.kind == kind]
        if here.empty:
            continue
        look = {"marker": marker, "markersize": size, "linestyle": "", "color": "0.15",
                "markeredgewidth": 0.7, "markerfacecolor": "0.15" if filled else "white"}
        ax.plot(here.t, here.machine.map(row_of), zorder=4, **look)
        handles.append(Line2D([], [], label=kind.lower(), **look))
    return handles


def _draw_messages(ax, messages, row_of):
    taken = messages.recv_seq.notna()
    steps = np.searchsorted(list(QUEUES), messages.recv_queue[taken].to_numpy(float))
    shades = np.full((len(messages), 4), matplotlib.colors.to_rgba(style.PALE))
    shades[taken] = SHADES[steps]
    shades[messages.end > ax.get_xlim()[1], 3] = LEAVING
    _draw_arrows(ax, messages, row_of, shades)
    names = list(QUEUES.values())
    handles = [Line2D([], [], color=SHADES[step], label=names[step]) for step in np.unique(steps)]
    if handles:
        handles.insert(0, Line2D([], [], linestyle="", label="queue at the receive:"))
    if not taken.all():
        handles.append(Line2D([], [], color=style.PALE, label="arrives, not taken"))
    return handles


def _draw_arrows(ax, messages, row_of, colours):
    x, y = messages.t_send_s.to_numpy(), messages.sender.map(row_of).to_numpy()
    dx = messages.end.to_numpy() - x
    dy = messages.receiver.map(row_of).to_numpy() - y
    ax.quiver(x, y, dx, dy, color=colours, angles="xy", scale_units="xy", scale=1, units="inches",
              width=0.9 / 72, headwidth=5, headlength=6, headaxislength=5.5, zorder=3)


def _legend(ax, handles, line):
    """One row above the axes, the lowest is line 0."""
    lift = ScaledTranslation(0, ROW_POINTS * line / 72, ax.figure.dpi_scale_trans)
    legend = Legend(ax, handles, [handle.get_label() for handle in handles], loc="lower left",
                    bbox_to_anchor=(0, 1), bbox_transform=ax.transAxes + lift, ncols=len(handles),
                    borderpad=0.1, borderaxespad=0.3, handlelength=1.4, columnspacing=1.4,
                    handletextpad=0.5)
    ax.add_artist(legend)
    legend.set_clip_on(False)  # or the layout leaves no room for it
