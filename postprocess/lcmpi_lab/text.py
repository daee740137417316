"""The words and tables of a lab report."""
import math
from pathlib import Path

from lcmpi_page.facts import ROWS

from . import measure

TABLES = (  # heading, what the columns are, [(name, heading)]
    ("Jumps", "A jump is what an event adds to the machine's clock: 1, or more where a message brought a larger value.",
     [("jump_mean", "mean"), ("jump_median", "median"), ("jump_95", "95 %"), ("jump_max", "largest")]),
    ("Gaps", "A jump of more than 1 leaves values out that no event of the machine has.",
     [("share_one", "events that jump by 1"), ("left_out", "values left out"), ("clock", "final clock")]),
    ("Drift", "How far the machine's clock was behind the largest clock of the system at the same moment.",
     [("clock", "final clock"), ("clock_theory", "theory"), ("behind_end", "behind at the end"), ("behind_most", "behind at most")]),
    ("Queue", "Messages that wait.",
     [("received", "received"), ("queue", "at the end"), ("queue_theory", "theory"), ("queue_max", "longest")]),
)
OVER_RUNS = [("clock", "final clock"), ("jump_max", "largest jump"), ("jump_mean", "mean jump"), ("behind_end", "behind at the end"),
             ("behind_most", "behind at most"), ("queue", "queue at the end"), ("queue_max", "longest queue")]


def report(runs, pictures):
    lines = ["# Logical clocks on machines of different speed", "", _opening(runs), ""]
    if len(runs) > 1:
        lines += _over_runs(runs)
    for number, (run, names) in enumerate(zip(runs, pictures), 1):
        lines += _run(run, number, names)
    return "\n".join([*lines, "## How to repeat it", "", *_provenance(runs), ""])


def _opening(runs):
    n = sum(int(run.about["n_events"]) for run in runs)
    clocks = ", ".join(dict.fromkeys(run.clock for run in runs))
    return (f"{_count(len(runs), 'run')}, {n:,} events on file; the clock is `{clocks}`. All figures are taken from the files; theory is "
            "what lcmpi predicts for the same rates and weights.")


# ---- a run --------------------------------------------------------------------------------------

def _run(run, number, pictures):
    rows = run.rows()
    lines = [f"## Run {number}: {Path(run.file).name}", "", *(f"*{note}*\n" for note in run.notes), _machines(run), ""]
    for heading, meaning, columns in TABLES:
        names = [(name, title) for name, title in columns if any(name in row for _, row in rows)]
        if names and any(name in row for name in _telling(columns) for _, row in rows):
            lines += [f"### {heading}", "", meaning + _theory(run, heading), "",
                      *_table(["machine", "ticks/s", *(title for _, title in names)],
                              [[label, _number(row["rate"]), *(_cell(row, name) for name, _ in names)] for label, row in rows]), ""]
    for name in pictures:
        lines += [f"![{_alt(name)}]({name})", ""]
    return lines


def _telling(columns):
    """The columns without which a table says nothing of its own."""
    return [name for name, _ in columns if name not in ("clock", "clock_theory", "received")] or [columns[0][0]]


def _machines(run):
    n = len(run.machines) // run.copies
    copies = f"{run.copies:,} copies of " if run.copies > 1 else ""
    spread = " Of copies and groups the median stands first, then the central 90 %." if run.copies > 1 or n > ROWS else ""
    return f"{copies}{_count(n, 'machine')}, {run.end:g} s of {run.about['pace']} time.{spread}"


def _theory(run, heading):
    if heading != "Queue" or run.copies > 1 or not 0 < len(run.saturated) <= ROWS:
        return ""
    return "".join(f" {_saturated(run, vm, run.machines.loc[vm])}" for vm in run.saturated)


def _saturated(run, vm, row):
    name, more = run.subject.name(vm), row.arrivals_theory - row.rate
    acts = "" if run.about["tick_rule"] == "receive-then-act" else ", and it acts only while that is empty"
    if more < 1e-6 * row.rate:
        return f"{name} is at the edge: by theory as many messages come as it can take, {row.rate:.4g} a second."
    return (f"{name} is saturated: by theory messages come at {row.arrivals_theory:.4g} a second, and it takes at most {row.rate:.4g}, so "
            f"its queue grows by {more:.4g} a second{acts}.")


def _alt(name):
    return name.rpartition("-lab-")[2].partition(".")[0]


# ---- over the runs ------------------------------------------------------------------------------

def _over_runs(runs):
    """The slowest and the fastest machine of each run, and those between."""
    lines = ["## Over the runs", "", "Of each run its slowest machine, its fastest, and all between: the mean over the runs, and in brackets "
             "the smallest and the largest.", ""]
    classes = {word: [value for run in runs for value in _of_class(run, word)] for word in ("slowest", "between", "fastest")}
    names = [(name, title) for name, title in OVER_RUNS if any(name in row for rows in classes.values() for row in rows)]
    lines += _table(["machine", "how many", "ticks/s", *(title for _, title in names)],
                    [[word, len(rows), _range(rows, "rate"), *(_range(rows, name) for name, _ in names)]
                     for word, rows in classes.items() if rows])
    return [*lines, "", *_correlation(runs)]


def _of_class(run, word):
    table = run.machines.sort_values("rate", kind="stable")
    if len(table) < 2 and word != "slowest":
        return []
    part = {"slowest": table.iloc[:1], "fastest": table.iloc[-1:], "between": table.iloc[1:-1]}[word]
    return [{name: value for name, value in row.items() if value == value} for row in part.to_dict("records")]


def _range(rows, name):
    values = [row[name] for row in rows if name in row]
    if not values:
        return ""
    mean = _number(sum(values) / len(values))
    return mean if min(values) == max(values) else f"{mean} ({_number(min(values))} to {_number(max(values))})"


def _correlation(runs):
    """Whether slow machines jump further, if there are enough of them to say so."""
    import pandas as pd
    rows = pd.concat([pd.DataFrame({"ratio": run.machines.rate.max() / run.machines.rate, "jump": run.machines.jump_max})
                      for run in runs if "jump_max" in run.machines and len(run.machines) > 1] or [pd.DataFrame({"ratio": [], "jump": []})])
    rows = rows.dropna()
    if len(runs) < 5 or rows.ratio.nunique() < 3:
        return []
    value = rows.ratio.rank().corr(rows.jump.rank())
    return [] if math.isnan(value) else [f"The rank correlation of a machine's largest jump with the fastest rate of its run over its own is "
                                         f"{value:.2f} ({len(rows)} machines).", ""]


# ---- provenance ---------------------------------------------------------------------------------

def _provenance(runs):
    rows = []
    for number, run in enumerate(runs, 1):
        about = run.about
        rows.append([number, f"`{about['command_line']}`".replace("|", "\\|"), about["source"], about["seed"], about["start_time"], about["state"],
                     measure.digest(about) or ""])
    return _table(["run", "command", "made by", "seed", "started", "state", "digest"], rows)


# ---- Markdown -----------------------------------------------------------------------------------

def _table(head, rows):
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def _cell(row, name):
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"{_number(value[0])} ({_number(value[1])} to {_number(value[2])})"
    return f"{100 * value:.1f} %" if name == "share_one" and value == value else _number(value)


def _number(value):
    if value != value:
        return ""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.4g}"


def _count(n, what):
    return f"{n:,} {what}{'' if n == 1 else 's'}"
