"""Happened-before of the part that is exported, through VMs that are not shown too."""
import numpy as np

import lcmpi_causality
import lcmpi_tool as tool

from .part import happened

MOST_BYTES = 1 << 30  # of clocks, and of what is needed to find them


def history(part):
    """Events of the VMs shown, by machine and seq; of each its vector clock over these VMs, a row of as many columns; and
    the messages of all VMs."""
    events, messages = happened(part.events()), part.messages()
    shown = events[events.machine.isin(part.vms)].reset_index(drop=True)
    _refuse_too_much(part, len(shown) + int(messages.recv_seq.notna().sum()) + len(part.logged))
    return shown, lcmpi_causality.known(events, messages, part.vms.tolist()), messages


def _refuse_too_much(part, n_rows):
    n_bytes = n_rows * len(part.vms) * np.dtype(np.int32).itemsize
    if n_bytes > MOST_BYTES:
        raise tool.Failure(f"{part.file}: the vector clocks of this part would take {n_bytes / 2**30:.3g} GiB: choose less of "
                           "it with --window and --machines")
