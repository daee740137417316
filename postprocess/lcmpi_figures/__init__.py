"""The figures of lcmpi_plot. A figure is one module with draw(run, figure), which raises Nothing
with the reason if there is nothing to draw; `figures` maps the names of files to them."""
from . import clocks, copies, drift, jumps, queues, spacetime

figures = {
    "clocks": clocks.draw,
    "jumps": jumps.draw,
    "drift": drift.draw,
    "queues": queues.draw,
    "spacetime": spacetime.draw,
    "copies": copies.draw,
}


def figures_of(run):
    """The figures that a run has: distributions if it has copies, what its events show if it has events."""
    return {name: draw for name, draw in figures.items()
            if (run.copies > 1 if name == "copies" else not run.events.empty)}
