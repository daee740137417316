"""Numbers and machines as words."""
import numpy as np
from lcmpi_figures import style

NONE = "–"


def number(value):
    """Whole numbers as they are, others with three digits."""
    if not np.isfinite(value):
        return NONE
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


def percent(share):
    return f"{number(round(100 * share, 1))} %" if np.isfinite(share) else NONE


def seconds(value):
    return f"{value:.4g} s"


def plural(n, word):
    return f"{n:,} {word}{'s' * (n != 1)}"


def machine(run, vm):
    """With its copy, where there are several."""
    name = f"VM {vm % run.vms} ({style.ticks_per_second(run.rows.rate[vm])})"
    return name if run.copies == 1 else f"{name} of copy {vm // run.vms}"


def spread(values, show):
    """One value, or the median of several and between which 5 % and 95 % of them lie."""
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return NONE
    if len(values) == 1:
        return show(values[0])
    low, middle, high = map(show, np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf"))
    return middle if low == high else f"{middle} ({low} to {high})"


def listed(words, most=6):
    words = list(words)
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
