"""What a run was: where it comes from, what came out of it, and theory beside it. Tables are (header, rows) of texts."""
import numpy as np
import pandas as pd

import lcmpi

ROWS = 24    # machines; more are grouped by tick rate ...
GROUPS = 12  # ... and many rates by their neighbours
STATES = 1_000_000  # of machines at snapshots, that are read together


def provenance(subject):
    """[(name, text)]"""
    about = subject.about
    imported = "imported" in about
    rows = [("file", subject.file), ("state", about["state"]), ("made by", f"{about['source']}, format {about['lcmpi_format']}"),
            ("imported" if imported else "started", f"{about['start_time']}" + ("" if imported else f" on {about['hostnames']}")),
            ("command", about["command_line"]), ("system", _system(subject)), ("clocks", ", ".join(about["clocks"])),
            ("on file", f"{about['n_events']:,} events, {about['n_messages']:,} messages, {about['n_snapshots']:,} snapshots before the end")]
    rows += _stretches(subject) + _server(subject)
    if about["t_end"]:
        rows.append(("ended", f"at {subject.end:g} s; {_balance(about['balance'])}"))
    if about["digest"]:
        rows.append(("digest", f"0x{about['digest']['execution'] & (2**64 - 1):016x}"))
    return rows + [("libraries", f"{about['mpi_library']}, HDF5 {about['hdf5_version']}")]


def _stretches(subject):
    """Where the run was gone on with."""
    later = lcmpi.segments(subject.file).iloc[1:]
    texts = [f"at {row.t:g} s" + (f" from snapshot {row.snapshot}" if row.snapshot >= 0 else "") for row in later.itertuples()]
    return [("gone on with", ", ".join(texts))] if texts else []


def _server(subject):
    """What the central server did, if there was one and the run has an end."""
    server = lcmpi.server(subject.file)
    if server is None or not subject.about["t_end"]:
        return []
    busy = server["busy"] / max(subject.about["t_end"], server["t_idle"])
    skipped, ticks = int(server["n_skipped"].sum()), int(subject.table.n_tick.sum())
    waits = np.cumsum(server["latency_refresh"])
    median = server["bin_time"][np.searchsorted(waits, waits[-1] / 2)] / 1e6
    return [("server", f"busy {100 * busy:.3g} % of the time, at most {server['line_max']:,} requests there; a request for a message "
                       f"took {median:.3g} ms (median); {skipped:,} of {ticks:,} ticks skipped")]


def summary(subject):
    """The run in a line."""
    about = subject.about
    until = f"{subject.end:g} s" if about["t_end"] else f"{subject.duration:g} s asked for"
    return " \u00b7 ".join([_system(subject), until, f"{about['n_events']:,} events and {about['n_messages']:,} messages on file",
                             about["state"].lower()])


def _system(subject):
    about, n_copy = subject.about, len(subject.table) // subject.copies
    if "imported" in about:
        return f"{n_copy:,} machines, logs of another program ({about['imported']})"
    copies = f"{subject.copies:,} copies of " if subject.copies > 1 else ""
    ranks = f" on {about['n_rank']} ranks" if about["n_rank"] > 1 else ""
    return f"{copies}{n_copy:,} VMs{ranks}, {about['pace']} time, seed {about['seed']}"


def _balance(balance):
    return (f"{balance['sent']:,} messages sent = {balance['received']:,} received + {balance['queued']:,} queued + "
            f"{balance['in_flight']:,} in flight + {balance['lost']:,} lost")


# ---- machines -----------------------------------------------------------------------------------

def machines(subject):
    """Observed beside predicted: a row per machine, or the means of those of a tick rate."""
    table = observed(subject)
    many = len(table) > ROWS
    if many:
        groups = table.groupby(_rate_texts(table.rate))
        table = groups.mean(numeric_only=True).assign(n=groups.size()).sort_values("rate").drop(columns="rate")
    columns = {"n": "machines", "rate": "ticks/s", "ticks": "ticks", "sent": "sent", "received": "received", "arrivals": "arrivals/s",
               "arrivals_theory": "theory", "queue": "queue", "queue_theory": "theory", "clock": subject.clock or "clock",
               "clock_theory": "theory", "jump_max": "largest jump", "jump_mean": "mean jump"}
    names = [name for name in columns if name in table and table[name].notna().any()]
    header = ["ticks/s" if many else "machine", *(columns[name] for name in names)]
    rows = [[key if many else subject.name(key), *(_number(getattr(row, name)) for name in names)]
            for key, row in zip(table.index, table.itertuples(index=False))]
    return header, rows


def alike(table, copies):
    """Whether copies are so much alike that the first machines of all go together, and so on; and the groups: these, or the machines of a
    rate."""
    n_copy = len(table) // copies
    place = table.index % n_copy
    same = copies > 1 and n_copy <= ROWS and (table.rate.groupby(place).nunique() == 1).all()
    return same, table.groupby(place if same else "rate")


def _rate_texts(rates):
    """Each machine's tick rate as text, or of many rates a range of them."""
    distinct = np.unique(rates)
    parts = np.array_split(distinct, min(GROUPS, len(distinct)))
    names = {rate: f"{part[0]:g}" if len(part) == 1 else f"{part[0]:.4g} to {part[-1]:.4g}" for part in parts for rate in part}
    return rates.map(names).rename(None)


def machines_note(subject):
    """What there is to say of that table."""
    texts = ["Means of the machines of a tick rate."] if len(subject.table) > ROWS else []
    if not subject.about["t_end"]:
        texts.append("Observed: the newest state of each machine on file.")
    if "predicted_queue" in subject.table and subject.about["state"] != "COMPLETE":
        texts.append(f"Theory is of the whole duration of {subject.duration:g} s.")
    return " ".join(texts)


def observed(subject):
    """What each machine did: totals, or of a run that has no end the newest state on file; and theory."""
    table, clock = subject.table, subject.clock
    frame = table[["tick_rate"]].rename(columns={"tick_rate": "rate"})
    if subject.about["t_end"]:
        source, of_clock = table.assign(t=subject.end), f"final_{clock}"
    else:
        source, of_clock = _newest_states(subject), clock
    names = {"n_tick": "ticks", "n_sent": "sent", "n_received": "received", "n_queued": "queue", of_clock: "clock",
             f"{clock}_jump_max": "jump_max", f"{clock}_jump_mean": "jump_mean"}
    source = source.assign(arrivals=(source.n_received + source.n_queued) / source.t.where(source.t > 0))
    if "imported" in subject.about:  # which of the messages not taken had arrived is not in such logs
        source = source.drop(columns=["n_queued", "arrivals"])
    frame = frame.join(source[[name for name in [*names, "arrivals"] if name in source]].rename(columns=names))
    theory = {"predicted_arrivals": "arrivals_theory", "predicted_queue": "queue_theory",
              **({"predicted_clock": "clock_theory"} if subject.clock_has_theory else {})}
    return frame.join(table[[name for name in theory if name in table]].rename(columns=theory))


def _newest_states(subject):
    """Of each machine that has one on file, some machines at a time."""
    vms, step = subject.table.index.to_numpy(), max(1, STATES // (subject.about["n_snapshots"] + 1))
    return pd.concat([lcmpi.snapshots(subject.file, vms[first:first + step]).groupby("vm").last() for first in range(0, len(vms), step)])


def _number(value):
    if value != value:
        return ""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1e4 else f"{value:,.4g}"


def options(subject):
    """{name: value} as in effect."""
    lines = str(subject.about["options"]).splitlines()
    return dict(line.split(" = ", 1) for line in lines if " = " in line)


# ---- several runs -------------------------------------------------------------------------------

def comparison(subjects, verdicts):
    """What differs between runs, and what came of each: a column per run."""
    header = ["", *(str(subject.file) for subject in subjects)]
    all_options = [options(subject) for subject in subjects]
    names = list(dict.fromkeys(name for each in all_options for name in each if name not in ("output", "progress", "force")))
    rows = [[name, *(each.get(name, "") for each in all_options)] for name in names
            if len({each.get(name) for each in all_options}) > 1]
    sums = [_totals(subject) for subject in subjects]
    rows += [["state", *(subject.about["state"] for subject in subjects)], ["verdict", *(verdict.word for verdict in verdicts)]]
    return header, rows + [[name, *(each[name] for each in sums)] for name in sums[0]]


def _totals(subject):
    table = observed(subject)
    totals = {"machines": f"{len(table):,}", "events on file": f"{subject.about['n_events']:,}",
              "messages received": _sum(table, "received"), "queued": _sum(table, "queue"),
              "longest queue": _number(subject.table.queue_max.max()) if "queue_max" in subject.table else ""}
    has_clock = "clock" in table and table.clock.notna().any()
    totals["largest clock"] = _number(table.clock.max()) if has_clock else ""
    totals["smallest clock"] = _number(table.clock.min()) if has_clock else ""
    totals["largest jump"] = _number(table.jump_max.max()) if "jump_max" in table else ""
    return totals


def _sum(table, name):
    return f"{table[name].sum():,.0f}" if name in table else ""
