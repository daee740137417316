"""Runs for the tests of exports, beyond what simulate() makes, and what is true of them."""
import copy

import h5py
import numpy as np
import synthetic


def happened(run, vms=None, start=0, end=None):
    """Events by (machine, seq), without skipped ticks, of these VMs, in [start, end] s."""
    end = run.duration if end is None else end * synthetic.NS
    rows = [e for e in run.events if e["kind"] != synthetic.SKIPPED and start * synthetic.NS <= e["t_actual"] <= end
            and (vms is None or e["machine"] in vms)]
    return sorted(rows, key=lambda e: (e["machine"], e["seq"]))


def before(one, other):
    """By the vector stamps of the run."""
    return one["vector"] != other["vector"] and all(a <= b for a, b in zip(one["vector"], other["vector"]))


def messages(run, vms=None):
    """{(sender, send_seq, receiver, recv_seq)} of those taken, among these VMs."""
    return {(m["sender"], m["send_seq"], m["receiver"], m["recv_seq"]) for m in run.messages
            if m["recv_seq"] is not None and (vms is None or {m["sender"], m["receiver"]} <= set(vms))}


def then_act(run):
    """As receive-then-act has it: an event after a receive becomes one of the same tick and time."""
    run = copy.deepcopy(run)
    for first, second in _neighbours(run):
        if first["kind"] == synthetic.RECEIVE and second["kind"] != synthetic.RECEIVE:
            second.update(t_actual=first["t_actual"], t_scheduled=first["t_scheduled"], tick=first["tick"])
            for message in run.messages:
                if (message["sender"], message["send_seq"]) == (second["machine"], second["seq"]):
                    message["t_send"] = second["t_actual"]
    return run


def with_skipped(run):
    """Half of the internal events become skipped ticks: at the time of the event before, with its stamps."""
    run = copy.deepcopy(run)
    for first, second in _neighbours(run):
        if second["kind"] == synthetic.INTERNAL and second["seq"] % 2:
            second.update(kind=synthetic.SKIPPED, op=synthetic.NONE, t_actual=first["t_actual"],
                          lamport=first["lamport"], vector=list(first["vector"]))
    return run


def as_copies(path, n_copy):
    """Makes the file say that its VMs are those of so many copies."""
    with h5py.File(path, "r+") as h5:
        n_vm = len(h5["vm"])
        h5.attrs["n_replica"] = n_copy
        replica = h5.create_dataset("replica", data=np.arange(n_vm) * n_copy // n_vm)
        replica.dims[0].attach_scale(h5["vm"])


def _neighbours(run):
    rows = sorted(run.events, key=lambda e: (e["machine"], e["seq"]))
    return [(one, other) for one, other in zip(rows, rows[1:]) if one["machine"] == other["machine"]]
