"""Reads the files of lcmpi into pandas. The same calls work on a file whose run is still on, was
stopped, has crashed, or has finished: only rows that are completely on file are returned.

    import lcmpi
    events = lcmpi.events("run.h5")
    events[events.kind == "RECEIVE"].groupby("machine").queue_before.max()

events() and messages() of a long run can be read in part, with memory for that part alone: `window` is
(start, end) in seconds of model time, both included, and `machines` some VMs.

Columns that the file has keep their names and units (times: whole nanoseconds of model time);
what is added here is in seconds. README.md beside this file describes both.
"""
from contextlib import contextmanager

import h5py
import numpy as np
import pandas as pd
from h5py import h5ds

FORMAT_MAJOR = 2
NS_PER_S = 1e9
CHUNK = 1 << 20  # rows that are looked at together

# The tables of which each rank has a region, and their names in /commit.
_COUNTER = {"events": "events", "messages": "messages",
            "snapshots/queue": "queue", "snapshots/channel": "channel"}


class FileError(Exception):
    """The file cannot be read, or is not one that this reader understands."""


def info(file):
    """The root attributes, and under further keys: `state`, `t_end` (ns, 0 until the run has ended),
    `n_events`, `n_messages`, `n_snapshots` (on file), `balance`, `digest` (by name, empty until the end), and `clocks` (the
    attributes of each clock by its name)."""
    with _opened(file) as h5:
        about = _attributes(h5)
        about["state"] = _meanings(h5["commit/state"])[h5["commit/state"][()]]
        about["t_end"] = int(h5["commit/t_end"][()])
        about["n_events"] = int(h5["commit/n_events"][:].sum())
        about["n_messages"] = int(h5["commit/n_messages"][:].sum())
        about["n_snapshots"] = int(h5["commit/n_snapshots"][:].min())
        about["balance"] = {name: int(value[()]) for name, value in h5["balance"].items()}
        about["digest"] = ({name: int(value[()]) for name, value in h5["digest"].items()}
                           if "digest" in h5 and about["t_end"] else {})
        about["clocks"] = {name: _attributes(h5[f"events/clocks/{name}"]) for name in _clocks(h5)}
        return about


def machines(file):
    """One row per VM: rate, phase, rank, and the totals of the run, which are 0 until its end."""
    with _opened(file) as h5:
        columns = {name: dataset[:] for name, dataset in h5.items()
                   if isinstance(dataset, h5py.Dataset) and _is_per_vm(dataset)}
        return pd.DataFrame(columns, index=pd.Index(h5["vm"][:], name="vm"))


def events(file, vectors=False, window=None, machines=None):
    """One row per event, ordered by machine and seq. `t`, `t_due` and `lateness` are in seconds.
    Scalar clocks have a column of their name; with vectors=True vector clocks have NAME_0, ..."""
    with _opened(file) as h5:
        regions = _parts_of_events(h5, window, machines)
        frame = _table(h5, "events", regions)
        frame = frame.assign(t=frame.t_actual / NS_PER_S, t_due=frame.t_scheduled / NS_PER_S,
                             lateness=(frame.t_actual - frame.t_scheduled) / NS_PER_S)
        stamps = [_stamps(h5, "events", name, regions) for name in _clocks(h5, vectors)]
        frame = _with_words(pd.concat([frame, *stamps], axis=1), h5["events"])
    frame = frame[frame.kind != "EMPTY"]
    return frame.sort_values(["machine", "seq"], ignore_index=True)


def messages(file, window=None, machines=None):
    """One row per message, ordered by sender and number, with what became of it: `fate`,
    `t_arrival`, and of the event that took it `recv_seq`, `t_receive` and `recv_queue` (length
    of the queue that it was in, itself included). `t_send_s`, `t_arrival_s` and `t_receive_s` are in
    seconds. What is not known, or did not happen, is missing (<NA>, NaN).

    With a window those that were sent or taken in it; the event that took one later is missing. With
    machines those among them."""
    key = ["sender", "number", "copy"]
    with _opened(file) as h5:
        taken = _taken(h5, window, machines)
        rows = _table(h5, "messages", _parts_of_messages(h5, window, machines, taken))
        frame = rows.merge(taken, "left", key).merge(_left_over(h5), "left", key)
        frame = frame[[*rows, *frame.columns.difference(rows.columns, sort=False)]]  # merging none changes the order
        frame = _with_outcome(frame, _meanings(h5["messages/fate"]))
    for name in ("t_send", "t_arrival", "t_receive"):
        frame[f"{name}_s"] = frame[name].to_numpy(float, na_value=np.nan) / NS_PER_S
    return frame.sort_values(key, ignore_index=True)


def _on_file(h5):
    """[rank, snapshot]: whether the rank has counted the snapshot."""
    counted = np.arange(len(h5["snapshots/t"]) - 1) < h5["commit/n_snapshots"][:][:, None]
    return np.column_stack([counted, h5["commit/n_final"][:] == 1])


def _states_on_file(h5):
    """[vm, snapshot]: the same of its VM's rank."""
    return _on_file(h5)[h5["vm_rank"][:]]


def snapshots(file, machines=None, window=None, most=None):
    """One row per VM (or per VM of `machines`) and snapshot that is on file, with the scalar clocks and the largest jump
    of each by then (NAME_jump_max). `t` is the time of the snapshot in seconds; the last snapshot is the
    state at the end of the run. With a window the snapshots in it; with `most` at most so many of them, at equal
    distances, the last of them always."""
    with _opened(file) as h5:
        group = h5["snapshots"]
        chosen = slice(None) if machines is None else _rows_of(sorted(machines))
        on_file = _states_on_file(h5)[chosen]  # before the rows: what is counted is on file
        number = _numbers(group["t"][:], on_file.any(axis=0), window, most)
        vm, place = np.nonzero((group["valid"][chosen][:, number] == 1) & on_file[:, number])
        columns = {"vm": h5["vm"][chosen][vm], "snapshot": group["snapshot"][:][number][place],
                   "t": group["t"][:][number][place] / NS_PER_S}
        names = {name: name for name, dataset in group.items()
                 if isinstance(dataset, h5py.Dataset) and dataset.ndim == 2 and name != "valid"}
        for name in _clocks(h5, vectors=False):
            names[name] = f"clocks/{name}/stamp"
            if "jump_max" in group[f"clocks/{name}"]:
                names[f"{name}_jump_max"] = f"clocks/{name}/jump_max"
        for name, path in names.items():
            columns[name] = group[path][chosen][vm, number[place]]
        return pd.DataFrame(columns)


def _numbers(times, on_file, window, most):
    """Which of the snapshots on file."""
    if window is not None:
        on_file = on_file & _within(times, window)
    number = np.flatnonzero(on_file)
    return number if most is None else number[np.unique(np.linspace(len(number) - 1, 0, min(len(number), most)).astype(int))]


def _rows_of(vms):
    """To index with: neighbours are read many times faster as a slice."""
    neighbours = len(vms) > 0 and vms[-1] - vms[0] == len(vms) - 1
    return slice(int(vms[0]), int(vms[-1]) + 1) if neighbours else np.array(vms, int)


def segments(file):
    """One row per stretch of the run: when and with which snapshot it began or was gone on with (-1: the beginning, or the end of the
    stretch before), `n_rank`, and `started` (Unix time, ns). `t` is in seconds. Files of format 1 have none."""
    with _opened(file) as h5:
        frame = _table(h5, "segments", [(0, len(h5["segments/t_start"]))]) if "segments" in h5 else pd.DataFrame({"t_start": []})
    return frame.assign(t=frame.t_start / NS_PER_S)


def server(file):
    """What the central server did, by the names of /server; None if the run had none."""
    with _opened(file) as h5:
        return {name: dataset[()] for name, dataset in h5["server"].items()} if "server" in h5 else None


def under_way(file, snapshot=-1, vectors=False):
    """The messages that cross a snapshot, one row each: sent before it and not received, by receiver
    in the order of its queue, with `fate` QUEUED or IN_FLIGHT and the stamps that they carry. `t_arrival_s`
    is in seconds. Snapshots are numbered from 0; -1 is the last one that is whole, the end of the
    run if that is on file, -2 the one before it, and so on. A file of format 1 knows the end only."""
    with _opened(file) as h5:
        number = _whole_snapshot(file, h5, snapshot)
        parts = []
        for path in ("snapshots/queue", "snapshots/channel"):
            parts.append(_with_words(_crossing(h5, path, number, vectors), h5[path]))
    frame = pd.concat(parts)
    frame = frame.assign(t_arrival_s=frame.t_arrival / NS_PER_S)
    return frame.sort_values(["receiver", "t_arrival", "sender", "number", "copy"],
                             ignore_index=True)


# ---- opening ------------------------------------------------------------------------------------

@contextmanager
def _opened(file):
    """The file, open for reading; whatever fails to be read of it is a FileError."""
    try:
        with open(file, "rb"):
            pass
        with h5py.File(file, "r") as h5:
            _check_format(file, h5)
            yield h5
    except OSError as error:
        raise FileError(f"{file}: {_reason(error)}") from error
    except (KeyError, ValueError) as error:
        raise FileError(f"{file}: is damaged, or not as lcmpi writes it: {error.args[0]}") from error


def _check_format(file, h5):
    version = str(h5.attrs.get("lcmpi_format", ""))
    major = version.split(".")[0]
    if not major.isdigit():
        raise FileError(f"{file}: is an HDF5 file, but not one of lcmpi's "
                        "(it has no attribute lcmpi_format)")
    if int(major) > FORMAT_MAJOR:
        raise FileError(f"{file}: has format {version}; this reader knows {FORMAT_MAJOR}.x: "
                        "use the one that came with the lcmpi that wrote it")


def _reason(error):
    if error.strerror:
        return error.strerror
    text = str(error)
    if "signature not found" in text:
        return "is not an HDF5 file"
    if "truncated" in text:
        return "is truncated: it is shorter than it says (was it copied completely?)"
    return f"cannot be read: {text}"


# ---- reading ------------------------------------------------------------------------------------

def _regions_of_ranks(h5, table):
    """{rank: [first, end)} of the rows that are completely on file. Of a file that is being written it may be more a
    moment later: counters are read once for all that must go together."""
    first = h5[f"commit/first_{_COUNTER[table]}"][:]
    count = h5[f"commit/n_{_COUNTER[table]}"][:]
    return {rank: (a, a + n) for rank, (a, n) in enumerate(zip(first, count)) if n > 0}


def _regions(h5, table):
    return list(_regions_of_ranks(h5, table).values())


def _rows(dataset, parts):
    """The rows of [first, end), or of [first, end) those that a mask chooses."""
    found = [dataset[a:b][tuple(mask)] for a, b, *mask in parts]
    return np.concatenate(found) if found else np.empty((0, *dataset.shape[1:]), dataset.dtype)


def _choose(regions, wanted):
    """The parts of the regions whose rows are `wanted`, which is asked for the mask of [first, end)."""
    parts = []
    for first, end in regions:
        for a in range(first, end, CHUNK):
            mask = wanted(a, min(a + CHUNK, end))
            here = np.flatnonzero(mask)
            if len(here):
                parts.append((a + here[0], a + here[-1] + 1, mask[here[0]:here[-1] + 1]))
    return parts


def _within(times, window):
    start, end = (round(time * NS_PER_S) for time in window)
    return (times >= start) & (times <= end)


def _parts_of_events(h5, window, machines, kind=None):
    regions = _regions(h5, "events")
    if window is None and machines is None and kind is None:
        return regions
    group = h5["events"]

    def wanted(a, b):
        mask = np.ones(b - a, bool) if kind is None else group["kind"][a:b] == kind
        if machines is not None:
            mask &= np.isin(group["machine"][a:b], machines)
        return mask if window is None else mask & _within(group["t_actual"][a:b], window)

    return _choose(regions, wanted)


def _parts_of_messages(h5, window, machines, taken):
    regions = _regions(h5, "messages")
    if window is None and machines is None:
        return regions
    group, taken_ids = h5["messages"], _id(taken.sender, taken.number)

    def wanted(a, b):
        sender = group["sender"][a:b]
        mask = np.ones(b - a, bool)
        if machines is not None:
            mask = np.isin(sender, machines) & np.isin(group["receiver"][a:b], machines)
        if window is not None:
            mask &= _within(group["t_send"][a:b], window) | np.isin(_id(sender, group["number"][a:b]), taken_ids)
        return mask

    return _choose(regions, wanted)


def _id(sender, number):
    """A message's id as one number."""
    return (np.asarray(sender, np.int64) << 40) + np.asarray(number, np.int64)


def _table(h5, path, regions):
    """A table's columns as they are on file. Dimensions are datasets too, but no columns."""
    return pd.DataFrame({name: _rows(dataset, regions) for name, dataset in h5[path].items()
                         if isinstance(dataset, h5py.Dataset) and not h5ds.is_scale(dataset.id)})


def _clocks(h5, vectors=True):
    """Names of the clocks: all, or those with a scalar stamp."""
    clocks = h5["events/clocks"] if "events/clocks" in h5 else {}
    return [name for name in clocks if vectors or clocks[name].attrs["order"] == "scalar"]


def _stamps(h5, path, clock, regions):
    stamps = _rows(h5[f"{path}/clocks/{clock}/stamp"], regions)
    if stamps.ndim == 1:
        return pd.DataFrame({clock: stamps})
    return pd.DataFrame(stamps, columns=[f"{clock}_{i}" for i in range(stamps.shape[1])])


def _meanings(dataset):
    return dataset.attrs["flag_meanings"].split()


def _with_words(frame, group):
    """The columns with flag_meanings as categories."""
    words = {name: pd.Categorical.from_codes(frame[name], _meanings(group[name]))
             for name in frame if name in group and "flag_meanings" in group[name].attrs}
    return frame.assign(**words)


def _taken(h5, window=None, machines=None):
    """What the RECEIVE events say of the messages that they took. They do not say which copy."""
    receive = _meanings(h5["events/kind"]).index("RECEIVE")
    parts = _parts_of_events(h5, window, machines, receive)
    names = {"peer": "sender", "msg_first": "number", "seq": "recv_seq", "t_actual": "t_receive",
             "queue_before": "recv_queue", "t_arrival": "taken_arrival"}
    columns = {new: _rows(h5[f"events/{old}"], parts) for old, new in names.items()}
    frame = pd.DataFrame(columns).assign(copy=0)
    nullable = ["recv_seq", "t_receive", "recv_queue", "taken_arrival"]
    return frame.astype(dict.fromkeys(nullable, "Int64"))


def _whole_snapshot(file, h5, snapshot):
    """The number of a snapshot that all ranks have counted; a negative one is counted from the last."""
    whole = np.flatnonzero(_on_file(h5).all(axis=0))
    if "clocks" not in h5["snapshots/queue"]:
        whole = whole[whole == len(h5["snapshots/t"]) - 1]
    if -len(whole) <= snapshot < 0:
        return whole[snapshot]
    if snapshot not in whole:
        known = ", ".join(map(str, whole)) if len(whole) <= 5 else f"0 to {whole[-2]}, and {whole[-1]}"
        raise FileError(f"{file}: has no snapshot {snapshot} with its messages (it has "
                        f"{known or 'none'})")
    return snapshot


def _crossing(h5, path, number, vectors=False):
    """Of one of the two tables of messages that cross snapshots the rows of one snapshot, if their rank has
    counted it. Formats 1.x have them of the end only, and no stamps."""
    stamped = "clocks" in h5[path]
    counted = _on_file(h5)[:, number]  # before the rows: those of what is counted are on file
    regions = [region for rank, region in _regions_of_ranks(h5, path).items() if counted[rank] or not stamped]
    parts = _choose(regions, lambda a, b: h5[f"{path}/snapshot"][a:b] == number)
    names = _clocks(h5, vectors) if stamped else []
    stamps = [_stamps(h5, path, name, parts) for name in names]
    return pd.concat([_table(h5, path, parts), *stamps], axis=1)


def _left_over(h5):
    """The messages that waited or were in flight when the run ended."""
    end = h5["snapshots/snapshot"].size - 1
    frame = pd.concat([_crossing(h5, path, end) for path in ("snapshots/queue", "snapshots/channel")])
    frame = frame[["sender", "number", "copy", "t_arrival", "fate"]]
    frame = frame.rename(columns={"t_arrival": "left_arrival", "fate": "left_fate"})
    return frame.astype({"left_arrival": "Int64", "left_fate": "Int64"})


def _with_outcome(frame, fates):
    """`fate` and `t_arrival` as they are on file, or else as the joined columns give them."""
    on_file = frame.fate != fates.index("UNKNOWN")
    fate = frame.left_fate.where(frame.recv_seq.isna(), fates.index("RECEIVED"))
    fate = fate.where(~on_file, frame.fate).fillna(fates.index("UNKNOWN")).astype(int)
    arrival = frame.taken_arrival.fillna(frame.left_arrival)
    arrival = arrival.fillna(frame.t_arrival.astype("Int64").where(on_file))
    frame = frame.drop(columns=["taken_arrival", "left_arrival", "left_fate"])
    return frame.assign(fate=pd.Categorical.from_codes(fate, fates), t_arrival=arrival)


def _is_per_vm(dataset):
    return dataset.ndim == 1 and any(scale.name == "/vm" for scale in dataset.dims[0].values())


def _attributes(node):
    return {name: value.item() if isinstance(value, np.generic) else value
            for name, value in node.attrs.items()}
