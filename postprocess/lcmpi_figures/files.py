"""Figures as files: STEM-clocks.png and so on, the same bytes for the same run."""
from pathlib import Path

from matplotlib.figure import Figure

import lcmpi_tool as tool
from lcmpi_run import Nothing

from . import figures_of

MARK = "lcmpi_plot"  # in every figure made here
MARK_KEY = {"png": "Software", "svg": "Creator", "pdf": "Creator"}
TIMELESS = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


def draw_all(run, stem, suffixes, dpi=200, force=False, wanted=None):
    """Draws the figures that the run has (or of these the `wanted` ones) and yields the paths, each when it is there. Why there is
    none of a kind is a note. Files of these names that were not made here are spared unless forced."""
    figures = {name: draw for name, draw in figures_of(run).items() if wanted is None or name in wanted}
    paths = {(name, suffix): Path(f"{stem}-{name}.{suffix}") for name in figures for suffix in suffixes}
    if not force:
        tool.spare_strangers(paths.values(), MARK, "a figure")
    for name, draw in figures.items():
        figure = Figure()
        try:
            draw(run, figure)
        except Nothing as reason:
            tool.note(f"no figure '{name}': {reason}")
            continue
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # it stays as it is: each format would lay it out again
        for suffix in suffixes:
            _save(figure, paths[name, suffix], suffix, dpi)
            yield paths[name, suffix]


def _save(figure, path, suffix, dpi):
    with tool.whole_file(path) as temporary:
        figure.savefig(temporary, format=suffix, dpi=dpi, metadata={MARK_KEY[suffix]: MARK, **TIMELESS[suffix]})
