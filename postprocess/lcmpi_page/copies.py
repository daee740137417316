"""The data of the distributions over the copies of a run: final clock, queue and largest jump, of each machine or tick rate."""
import numpy as np

from . import facts, series

POINTS = 300  # of a line


def data(subject):
    """What plots.js takes; None of a run that is no copies, or has no end yet."""
    if subject.copies < 2 or not subject.about["t_end"]:
        return None
    table = facts.observed(subject)
    same, groups = facts.alike(table, subject.copies)
    groups = [(f"VM {key} of each copy" if same else f"{key:g} ticks/s", group) for key, group in groups][:series.GROUPS]
    names = {"clock": f"{subject.clock} clock at the end", "queue": "messages in the queue at the end",
             "jump_max": f"largest jump of the {subject.clock} clock"}
    return [_distribution(title, groups, name) for name, title in names.items() if name in table and table[name].notna().all()]


def _distribution(title, groups, name):
    theory = f"{name}_theory"
    return {"title": title, "lines": [{"label": label, "points": _shares(group[name].to_numpy()),
                                       "theory": [float(group[theory].mean()), 0] if theory in group else None} for label, group in groups]}


def _shares(values):
    """[value, share of the copies that have at most this], all or of many some at equal distances."""
    values, counts = np.unique(values, return_counts=True)
    shares = np.cumsum(counts) / counts.sum()
    some = np.unique(np.linspace(0, len(values) - 1, min(len(values), POINTS)).astype(int))
    points = np.column_stack([values[some], shares[some].round(6)]).tolist()
    return [[points[0][0], 0], *points]
