"""Happened-before of the part that is exported, through VMs that are not shown too."""
import numpy as np

import lcmpi_causality
import lcmpi_tool as tool

from .part import happened

MOST_BYTES = 1 << 31
EVENT_BYTES = 600  # to find the causes of one event, without clocks


def history(part):
    """Events of the VMs shown, by machine and seq; of each its vector clock over these VMs, a row of as many columns;
    and the messages of all VMs."""
    _refuse_too_much(part, part.n_events() * EVENT_BYTES, "--window")
    events, messages = happened(part.events()), part.messages()
    shown = events[events.machine.isin(part.vms)].reset_index(drop=True)
    n_clock = len(shown) + int(messages.recv_seq.notna().sum()) + len(part.logged)
    _refuse_too_much(part, n_clock * len(part.vms) * np.dtype(np.int32).itemsize, "--window or --machines")
    return shown, lcmpi_causality.known(events, messages, part.vms.tolist()), messages


def _refuse_too_much(part, n_bytes, options):
    if n_bytes > MOST_BYTES:
        raise tool.Failure(f"{part.file}: what happened before what in this part of the run would take "
                           f"{n_bytes / 2**30:.3g} GiB of memory to find: choose less with {options}")
