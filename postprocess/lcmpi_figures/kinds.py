"""Which machines are shown together where there are too many for one each."""
import numpy as np

from . import style

MOST = 6


def kinds(rate, copies, most_vms=MOST):
    """[(name, which)] of the machines whose rates are given, copy by copy: each by itself, over the copies, if a copy has
    at most `most_vms` and all have the same rates; else those of like tick rate, at most MOST kinds."""
    by_copy = rate.reshape(copies, -1)
    vms = by_copy.shape[1]
    if vms <= most_vms and (by_copy == by_copy[0]).all():
        return [(f"VM {vm} ({style.ticks_per_second(rate[vm])})", np.arange(len(rate)) % vms == vm) for vm in range(vms)]
    parts = np.array_split(np.unique(rate), min(MOST, len(np.unique(rate))))
    return [(style.ticks_per_second(part[0], part[-1]), (rate >= part[0]) & (rate <= part[-1])) for part in parts]
