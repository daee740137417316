"""What the reports on the published runs say, as a number each over many runs with drawn rates."""
from dataclasses import dataclass

import numpy as np

FAMILIES = ("baseline", "extreme", "similar", "few-internal", "many-internal")


@dataclass
class Finding:
    statement: str
    verdict: str  # confirmed, corrected, or not confirmed
    why: str  # one sentence with the figures
    head: tuple  # of a table
    rows: list


def all_of(families):
    """A finding for every statement; `families`: ensembles of seed B's families by name."""
    return [slow_clocks_jump(families), similar_rates_drift_less(families), fewer_internal_events(families),
            more_internal_events(families), a_saturated_machine(families)]


# ---- figures of a copy -------------------------------------------------------------------------------

def drift(ensemble):
    """How far the slowest clock of a copy is behind its fastest at the end."""
    clock = ensemble["final_clock"]
    return clock.max(axis=1) - clock.min(axis=1)


def relative_drift(ensemble):
    """The same as a part of the fastest clock."""
    return drift(ensemble) / ensemble["final_clock"].max(axis=1)


def is_saturated(ensemble):
    return ensemble["arrivals"] > ensemble["tick_rate"]


def chance_above(a, b):
    """The probability that one of `a` is above one of `b`, ties counted half."""
    b = np.sort(b)
    return (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")).mean() / (2 * len(b))


def rank_correlation(x, y):
    x, y = (_mid_ranks(values) for values in (x, y))
    return np.corrcoef(x, y)[0, 1]


def _mid_ranks(values):
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def _word(chance):
    """Of a statement that one is above the other; 0.5 is neither."""
    return "confirmed" if chance > 0.6 else "corrected" if chance > 0.4 else "not confirmed"


# ---- the statements ------------------------------------------------------------------------------------

def slow_clocks_jump(families):
    e = families["baseline"]
    ratio = (e["tick_rate"].max(axis=1, keepdims=True) / e["tick_rate"]).ravel()
    mean, largest = e["jump_mean"].ravel(), e["jump_max"].ravel()
    rows = []
    for low, high in ((1, 1), (1, 1.5), (1.5, 2), (2, 3), (3, 4), (4, 6)):
        chosen = (ratio == 1) if high == 1 else (ratio > low) & (ratio <= high)
        if chosen.any():
            rows.append(("1" if high == 1 else f"above {low:g} to {high:g}", f"{np.median(mean[chosen]):.2f}",
                         f"{np.median(largest[chosen]):.0f}", f"{chosen.sum():,}"))
    correlation = rank_correlation(ratio, largest)
    return Finding("Slow clocks jump.", _word((1 + correlation) / 2),
                   f"The rank correlation of a machine's largest jump with the fastest rate over its own is {correlation:.2f}.",
                   ("fastest rate / own rate", "mean jump, median", "largest jump, median", "machines"), rows)


def similar_rates_drift_less(families):
    names = ("similar", "baseline", "extreme")
    rows = [(name, f"{np.median(drift(families[name])):.0f}", f"{100 * np.median(relative_drift(families[name])):.1f} %")
            for name in names]
    similar, usual, extreme = (drift(families[name]) for name in names)
    above_usual, above_extreme = chance_above(usual, similar), chance_above(extreme, similar)
    part = chance_above(relative_drift(families["baseline"]), relative_drift(families["similar"]))
    return Finding("Similar rates drift less.", _word(min(above_usual, above_extreme)),
                   f"A run with extreme rates drifts by more ticks than one with similar rates in {100 * above_extreme:.0f} % of all pairs, one with "
                   f"the usual rates in {100 * above_usual:.0f} %; as a part of the clock, which similar rates from 1 to 3 keep low, in {100 * part:.0f} %.",
                   ("family", "slowest clock behind the fastest, median", "as a part of the clock"), rows)


def fewer_internal_events(families):
    few, base = families["few-internal"], families["baseline"]
    rows = [(name, f"{np.median(drift(e)):.0f}", f"{np.median(e['jump_max'].max(axis=1)):.0f}",
             f"{100 * is_saturated(e).any(axis=1).mean():.0f} %") for name, e in (("few-internal", few), ("baseline", base))]
    drifts, jumps = chance_above(drift(few), drift(base)), chance_above(base["jump_max"].max(axis=1), few["jump_max"].max(axis=1))
    return Finding("Fewer internal events drift harder, with small jumps.",
                   _word(min(drifts, jumps)),
                   f"With few internal events a run drifts further than with the usual ones in {100 * drifts:.0f} % of all pairs, and its "
                   f"largest jump is smaller in {100 * jumps:.0f} %.",
                   ("family", "drift, median", "largest jump of a run, median", "runs with a saturated machine"), rows)


def more_internal_events(families):
    rows, share = [], {}
    for name in ("many-internal", "baseline"):
        jump, queue = families[name]["jump_max"].max(axis=1), families[name]["queue_max"].max(axis=1)
        share[name] = (jump > 60).mean()
        high = jump > 60
        rows.append((name, f"{100 * share[name]:.1f} %", f"{np.median(queue[high]):.0f}" if high.any() else "none",
                     f"{np.median(queue):.0f}"))
    queue = families["many-internal"]["queue_max"].max(axis=1)
    short = (queue <= 5).mean()
    good = share["many-internal"] > 10 * share["baseline"] and short > 0.9
    return Finding("More internal events make jumps above 60, with short queues.", "confirmed" if good else "corrected",
                   f"{100 * share['many-internal']:.0f} % of the runs with many internal events have a jump above 60, of the usual ones "
                   f"{100 * share['baseline']:.2g} %; the longest queue is at most 5 in {100 * short:.0f} % of them.",
                   ("family", "runs with a jump above 60", "their longest queue, median", "longest queue of all, median"), rows)


def a_saturated_machine(families):
    rows, never, sends = [], [], []
    for name in ("baseline", "extreme", "few-internal"):
        e = families[name]
        saturated = is_saturated(e)
        if not saturated.any():
            continue
        sent, ticks = e["n_sent"][saturated], e["n_tick"][saturated]
        rows.append((name, f"{saturated.sum():,}", f"{100 * (sent == 0).mean():.0f} %", f"{(sent / ticks).mean():.3f}",
                     f"{(e['n_sent'][~saturated] / e['n_tick'][~saturated]).mean():.3f}"))
        never.append(sent == 0)
        sends.append(sent / ticks)
    silent = np.concatenate(never).mean()
    return Finding("A saturated machine never sends.", "confirmed" if silent > 0.99 else "corrected",
                   f"{100 * silent:.0f} % of the saturated machines sent nothing at all; on average one sends "
                   f"{np.concatenate(sends).mean():.2f} messages a tick.",
                   ("family", "saturated machines", "that sent nothing", "messages a tick", "of the others"), rows)
