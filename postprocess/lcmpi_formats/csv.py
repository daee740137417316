"""Tables of text: a file per VM that is shown, by seq, and one of all of them, by time."""
LEADING = ["machine", "seq", "tick", "kind", "op"]
DERIVED = ["t", "t_due", "lateness"]


def suffixes(part):
    return [*(f"-vm{vm}.csv" for vm in part.vms), "-all.csv"]


def write(part, paths):
    """In time order block by block, and so by seq within each VM."""
    *of_vm, of_all = paths
    path_of = dict(zip(part.vms.tolist(), of_vm))
    header = True
    for block in part.blocks(vectors=True):
        rows = _as_in_the_file(block.events)
        if header:
            for path in of_vm:
                _append(rows.iloc[:0], path, header)
        for vm, own in rows.groupby("machine"):
            _append(own, path_of[vm], False)
        _append(rows.sort_values(["t_actual", "machine", "seq"]), of_all, header)
        header = False


def _as_in_the_file(events):
    rest = [name for name in events if name not in LEADING + DERIVED]
    return events[LEADING + rest]


def _append(rows, path, header):
    rows.to_csv(path, mode="a", index=False, header=header)
