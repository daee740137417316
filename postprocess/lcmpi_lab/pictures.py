"""The figures of the report."""
from urllib.parse import quote

from lcmpi_figures import files
from lcmpi_run import Run

NAMES = ("clocks", "jumps", "drift", "queues", "copies")
DPI = 130
ROWS = 2_000_000  # events and messages of a run that is drawn
NO_EVENTS = "No figures over time: no events are on file."


def paths(stem, n):
    """{(which run, from 1, figure): file} of all that may be drawn."""
    return {(i, name): stem.with_name(f"{stem.name}-{i}-{name}.png") for i in range(1, n + 1) for name in NAMES}


def draw(i, run, places):
    """The files that were written, and {figure: a line that shows it, or says why there are none}."""
    if run.about["n_events"] + run.about["n_messages"] > ROWS:
        return [], {"clocks": f"No figures: the run has more than {ROWS:,} events and messages."}
    if not run.about["n_events"] and run.copies == 1:
        return [], {"clocks": NO_EVENTS}
    shown = Run(run.file, run.clock)
    stem = str(places[i, "clocks"]).removesuffix("-clocks.png")
    written = list(files.draw_all(shown, stem, ["png"], DPI, True, NAMES))
    lines = {name: f"![Run {i}: {name}]({quote(path.name)})" for (number, name), path in places.items()
             if number == i and path in written}
    if "clocks" not in lines:
        lines["clocks"] = NO_EVENTS
    elif len(shown.shown) < len(run.rows):
        lines["clocks"] = _which(shown, len(run.rows)) + "\n\n" + lines["clocks"]
    return written, lines


def _which(shown, total):
    copy = ", of one copy" if shown.copies > 1 else ""
    return (f"The figures over time show and compare {len(shown.shown)} of {total:,} machines{copy}: "
            "those whose events are on file.")
