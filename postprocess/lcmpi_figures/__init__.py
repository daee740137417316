"""The figures of lcmpi_plot. A figure is one module with draw(run, figure), which raises Nothing
with the reason if there is nothing to draw; `figures` maps the names of files to them."""
from . import clocks, drift, jumps, queues, spacetime

figures = {
    "clocks": clocks.draw,
    "jumps": jumps.draw,
    "drift": drift.draw,
    "queues": queues.draw,
    "spacetime": spacetime.draw,
}
