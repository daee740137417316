"""The four parts of the report on a run: a sentence or two about what the columns are, what was seen and what theory
says, then the table, then the figures."""
from dataclasses import dataclass

import lcmpi_markdown as markdown
import numpy as np
from lcmpi_figures import kinds

from . import words
from .words import machine, number, percent

MOST_ROWS = 24


@dataclass
class Column:
    head: str
    of: object  # rows -> values
    show: object = number


@dataclass
class Part:
    title: str
    figures: tuple
    columns: list
    sentences: object  # run -> list


def _column(head, name, show=number):
    return Column(head, lambda rows: rows[name].to_numpy(float), show)


def _share(head, name, of):
    def values(rows):
        top, bottom = rows[name].to_numpy(float), rows[of].to_numpy(float)
        return np.divide(top, bottom, out=0 * top, where=bottom > 0)
    return Column(head, values, percent)


def lines(run, pictures):
    """`pictures`: {figure: a line that shows it, or says why there is none}."""
    found = []
    for part in PARTS:
        found += [f"### {part.title}", "", " ".join(part.sentences(run)), "", *_table(run, part.columns)]
        for name in part.figures:
            found += [pictures[name], ""] if name in pictures else []
    return found


def _table(run, columns):
    """A row for each machine, or each kind of machine. Columns of which nothing is known are left out."""
    rows = run.rows
    groups = kinds.kinds(rows.rate.to_numpy(), run.copies, MOST_ROWS)
    values = [column.of(rows) for column in columns]
    known = [i for i, of in enumerate(values) if np.isfinite(of).any()]
    if not known:
        return []
    several = len(groups) < len(rows)
    head = [_who(run, several), *(["machines"] if several else []), *(columns[i].head for i in known)]
    cells = [[name, *([f"{which.sum():,}"] if several else []),
              *(words.spread(values[i][which], columns[i].show) for i in known)] for name, which in groups]
    note = ["Of several machines: the median (5 % to 95 % of them).", ""] if several else []
    return [*note, *markdown.table(head, cells)]


def _who(run, several):
    if not several:
        return "machine"
    return "machine, over the copies" if run.copies > 1 else "machines of"


# ---- clocks and jumps --------------------------------------------------------------------------------

def _clock_sentences(run):
    rows = run.rows
    said = [f"The `{run.clock}` clock after {words.seconds(run.seconds)}."]
    if run.source == "events":
        said.append("All events are on file, and the figures are from them.")
    elif run.copies == 1:
        said.append(f"Not all events are on file: the figures are from {SOURCE[run.source]}.")
    else:
        said.append(f"The figures are from {SOURCE[run.source]} of {run.copies:,} independent copies.")
    if rows.jump_max.notna().any():
        said.append(f"The largest jump, {number(rows.jump_max.max())}, is that of {_holders(run, rows.jump_max)}.")
    if run.copies == 1 and rows.clock_theory.notna().any():
        said.append(_clock_against_theory(run))
    said.append(_theory_is_of(run, "clock_theory", "clock"))
    return [text for text in said if text]


SOURCE = {"totals": "the totals", "snapshots": "the last snapshot"}


def _holders(run, values):
    """Who has the largest of these values."""
    having = values.index[values == values.max()]
    return machine(run, having[0]) if len(having) == 1 else f"{len(having):,} of {words.plural(len(values), 'machine')}"


def _clock_against_theory(run):
    rows = run.rows
    if not run.whole:
        return ""
    off = ((rows.clock - rows.clock_theory) / rows.clock_theory).abs()
    most = off.idxmax()
    return (f"Final clocks are within {percent(off[most])} of theory; {machine(run, most)} is furthest from it, at "
            f"{number(rows.clock[most])} where theory has {number(round(rows.clock_theory[most]))}.")


def _theory_is_of(run, name, what):
    if run.rows[name].isna().all():
        return f"The file has no theory of this {what}."
    if run.seconds < run.asked:
        return f"Theory's {what} is that of {words.seconds(run.asked)}, which this record does not reach."
    return ""


# ---- gaps --------------------------------------------------------------------------------------------

def _gap_sentences(run):
    rows = run.rows
    if run.source != "events":
        why = "not every machine's events are on file"
        if run.copies > 1:
            why = "of a run with copies only totals are looked at"
        return [f"Gaps are left out: {why}."]
    if not run.n_gap:
        return ["No machine has two clock values."]
    said = [f"{words.plural(run.n_gap, 'gap')} in all."]
    even = rows.index[rows.gap_max == 1]
    if len(even):
        who = f"{len(even):,} of {words.plural(len(rows), 'machine')}"
        if len(rows) <= MOST_ROWS:
            who = words.listed((machine(run, vm) for vm in even), 3)
        said.append(f"Whose clock leaves no value out: {who}.")
    rough = rows.gap_median.max()
    if rough > 1:
        said.append(f"The largest median gap, {number(rough)}, is that of {_holders(run, rows.gap_median)}.")
    return said


# ---- drift -------------------------------------------------------------------------------------------

def _drift_sentences(run):
    rows = run.rows
    said = []
    if run.vms == 1:
        return ["A single machine is behind no other."]
    widest = rows.behind.idxmax()
    if rows.behind[widest] > 0:
        said.append(f"Furthest behind at the end is {machine(run, widest)}: {number(rows.behind[widest])} of "
                    f"{number(rows.behind_of[widest])} ({percent(rows.behind[widest] / rows.behind_of[widest])}).")
    else:
        said.append("At the end no machine is behind.")
    if rows.behind_max.isna().all():
        said.append("How far at most is left out: neither events nor snapshots say it.")
    elif run.n_snapshot:
        said.append(f"*At most* is over the {words.plural(run.n_snapshot, 'snapshot')} on file, since not all events are.")
    said.append(_theory_is_of(run, "behind_theory", "drift"))
    return [text for text in said if text]


# ---- queues ------------------------------------------------------------------------------------------

def _queue_sentences(run):
    rows = run.rows
    said = []
    if rows.queue.isna().all():
        return ["Queues are left out: the log does not say how long they were."]
    if run.source == "events" and run.about["state"] not in ("COMPLETE", "STOPPED"):
        said.append("The queue at the end is what each machine's last event left.")
    if rows.arrivals.isna().all():
        return [*said, "The file has no theory of queues."]
    return [*said, *_saturation(run), *filter(None, [_theory_is_of(run, "queue_theory", "queue")])]


def _saturation(run):
    """Of machines at which more messages arrive than they have ticks to take them."""
    rows = run.rows
    full = rows[rows.arrivals > rows.rate]
    if full.empty:
        most = number(round((rows.arrivals / rows.rate).max(), 3))
        return [f"Theory has no machine saturated: at none more messages arrive than it has ticks (at most {most} a tick)."]
    if run.copies == 1 and len(rows) <= MOST_ROWS:
        return [f"{machine(run, vm)} is saturated: by theory {number(own.arrivals)} messages a second arrive, and it takes "
                f"{number(own.rate)}, so that its queue grows without end." for vm, own in full.iterrows()]
    return [f"By theory {len(full):,} of {words.plural(len(rows), 'machine')} are saturated: more messages arrive than they "
            f"have ticks. On average {number(full.arrivals.mean())} a second arrive, and they take {number(full.rate.mean())}."]


PARTS = [
    Part("Clocks and jumps", ("clocks", "copies", "jumps"), [
        _column("ticks", "tick"), _column("final clock", "clock"), _column("theory", "clock_theory"),
        _column("largest jump", "jump_max"), _column("mean jump", "jump_mean"), _column("theory: mean", "jump_theory")],
        _clock_sentences),
    Part("Gaps", (), [
        _column("median", "gap_median"), _column("95 %", "gap_95"), _column("largest", "gap_max"),
        _column("share of 1", "gap_one", percent)], _gap_sentences),
    Part("Drift", ("drift",), [
        _column("at the end", "behind"), _share("of the largest", "behind", "behind_of"), _column("theory", "behind_theory"),
        _column("at most", "behind_max"), _share("of the largest then", "behind_max", "behind_max_of")], _drift_sentences),
    Part("Queues", ("queues",), [
        _column("at the end", "queue"), _column("theory", "queue_theory"), _column("longest", "queue_max"),
        _column("growth, 1/s", "growth"), _column("theory: growth", "growth_theory")], _queue_sentences),
]

MEANING = (
    "*Jump*: growth of a machine's clock at one event, the first from 0. Theory's mean is its final clock over its ticks.",
    "*Gap*: difference between two consecutive clock values of a machine; 1 is none left out.",
    "*Drift*: how far a clock is behind the largest of its system at the same moment, at the end and at most, in ticks "
    "of the clock and as a part of that largest clock. Theory's is the difference of its final clocks.",
    "*Queue*: messages that wait. *Longest* is what a tick found, with the message that it took; *growth* is the queue at "
    "the end over the time.",
    "*Saturated* is a machine at which, by theory, more messages arrive than it has ticks, each of which takes one.",
)
