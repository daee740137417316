"""Over the runs: side by side, and by class of machine."""
from pathlib import Path

import lcmpi_markdown as markdown
import numpy as np
import pandas as pd
from lcmpi_figures import style
from lcmpi_reproduction.statements import rank_correlation

from . import made, words
from .words import number, percent

LEAST_RUNS = 5  # for a correlation
CLASSES = ("fastest", "middle", "slowest", "all alike")
QUANTITIES = [  # heading, column, how it is shown, column of theory
    ("largest jump", "jump_max", number, None),
    ("mean jump", "jump_mean", number, "jump_theory"),
    ("median gap", "gap_median", number, None),
    ("gaps of 1", "gap_one", percent, None),
    ("behind at the end", "behind", number, "behind_theory"),
    ("the same, of the largest", "behind_share", percent, None),
    ("behind at most", "behind_max", number, None),
    ("queue at the end", "queue", number, "queue_theory"),
    ("longest queue", "queue_max", number, None),
    ("queue growth, 1/s", "growth", number, "growth_theory"),
]
AT_THE_END = ("behind_theory", "queue_theory", "growth_theory")  # theory of a moment that a run may not have reached


def section(runs):
    runs = [(i, run) for i, run in enumerate(runs, 1) if len(run.rows)]
    if len(runs) < 2:
        return []
    lines = ["## Over the runs", "", *_side_by_side(runs)]
    single = [(i, run) for i, run in runs if run.copies == 1]
    if len(single) < len(runs):
        lines += ["Runs with copies are left out of what follows: their distributions stand with each.", ""]
    settings = {}
    for i, run in single:
        settings.setdefault(_setting(run), []).append((i, run))
    for (vms, what, clock), those in settings.items():
        if len(those) > 1:
            lines += _classes(vms, what, clock, those)
    return lines


def _setting(run):
    """Number of machines, what an idle tick does, and the clock: runs that differ in these are not averaged."""
    names = [name for name in ("unicast", "multicast", "internal") if name in run.options]
    return run.vms, ", ".join(f"{name} {run.options[name]}" for name in names), run.clock


# ---- side by side ------------------------------------------------------------------------------------

def _side_by_side(runs):
    head = ["run", "file", "ticks/s", "internal", "time", "largest jump", "furthest behind at the end",
            "of the largest", "longest queue", "fastest growing queue, 1/s", "theory"]
    rows = [[i, f"`{Path(run.file).name}`", made.rates(run), run.options.get("internal", words.NONE),
             words.seconds(run.seconds), *_most(run)] for i, run in runs]
    what = "Of each run the largest over its machines"
    if any(run.copies > 1 for _, run in runs):
        what += "; of one with copies the median of these over the copies (5 % to 95 % of them)"
    return [f"{what}. *Internal* is the weight of an internal event at an idle tick.", "", *markdown.table(head, rows)]


def _most(run):
    rows = run.rows.assign(behind_share=run.rows.behind / run.rows.behind_of)
    of_copy = rows.groupby(rows.index.to_numpy() // run.vms).max()
    return [words.spread(of_copy[name].to_numpy(float), percent if name == "behind_share" else number)
            for name in ("jump_max", "behind", "behind_share", "queue_max", "growth", "growth_theory")]


# ---- classes -----------------------------------------------------------------------------------------

def _classes(vms, what, clock, runs):
    values = pd.concat([_values(run) for _, run in runs], ignore_index=True)
    same = len({tuple(sorted(run.rows.rate)) for _, run in runs}) == 1
    values["kind"] = values.rate if same else values["class"]
    kinds = sorted(values.rate.unique(), reverse=True) if same else [k for k in CLASSES if (values.kind == k).any()]
    name = style.ticks_per_second if same else str
    which = words.listed((str(i) for i, _ in runs), 12)
    rows = []
    for kind in kinds:
        own = values[values.kind == kind]
        rows += [[name(kind), heading, *_statistics(own, column, show, theory)]
                 for heading, column, show, theory in QUANTITIES if own[column].notna().any()]
    head = ["machines", "quantity", "mean", "smallest", "largest", "theory: mean", "values"]
    return [f"### Runs {which}: {', '.join(filter(None, [words.plural(vms, 'machine'), what]))}", "",
            _explained(runs, same, clock), "", *markdown.table(head, rows), *_correlation(values, runs)]


def _values(run):
    rate = run.rows.rate
    kind = np.select([rate == rate.max(), rate == rate.min()], ["fastest", "slowest"], "middle")
    rows = run.rows.assign(behind_share=run.rows.behind / run.rows.behind_of, ratio=rate.max() / rate)
    rows["class"] = kind if rate.nunique() > 1 else "all alike"
    if not run.whole:
        rows[list(AT_THE_END)] = np.nan
    return rows


def _explained(runs, same, clock):
    said = [f"The machines of {len(runs)} runs, by {'tick rate' if same else 'their place in their own run'}; "
            f"the clock is `{clock}`."]
    lengths = [run.seconds for _, run in runs]
    if max(lengths) > 1.01 * min(lengths):
        said.append(f"The records are of {words.seconds(min(lengths))} to {words.seconds(max(lengths))}: "
                    "what grows with time is not alike in them.")
    if not all(run.whole for _, run in runs):
        said.append("Theory of the end is left out where not all runs reached it.")
    return " ".join([*said, *_growth([run for _, run in runs if run.whole])])


def _growth(runs):
    """Of the queues of saturated machines, seen and by theory."""
    rows = pd.concat([run.rows for run in runs]) if runs else pd.DataFrame(columns=["rate", "arrivals"])
    full = rows[rows.arrivals > rows.rate]
    if len(full):
        return [f"In the complete runs {words.plural(len(full), 'machine')} {'is' if len(full) == 1 else 'are'} saturated by "
                f"theory, at the end with {number(full.growth_theory.mean())} messages queued for each second on average; "
                f"seen: {number(full.growth.mean())}."]
    known = len(rows) and rows.arrivals.notna().all()
    return ["By theory no machine of the complete runs is saturated."] if known else []


def _statistics(values, column, show, theory):
    seen = values[column].dropna()
    expected = values.loc[seen.index, theory] if theory else pd.Series([np.nan])
    mean = expected.mean() if expected.notna().all() else np.nan
    return [*map(show, (seen.mean(), seen.min(), seen.max(), mean)), f"{len(seen):,}"]


def _correlation(values, runs):
    values = values.dropna(subset=["jump_max"])
    if len(runs) < LEAST_RUNS or values.ratio.nunique() < 2 or values.jump_max.nunique() < 2:
        return []
    found = rank_correlation(values.ratio.to_numpy(), values.jump_max.to_numpy())
    return [f"The rank correlation of a machine's largest jump with the fastest rate of its run over its own is {found:.2f} "
            f"({len(values):,} machines of {len(runs)} runs).", ""]
