"""The exercise's lab report on some runs: jumps, gaps, drift and queues, in Markdown with figures. measure.py takes the figures from a
file, text.py writes about them."""
from pathlib import Path

import lcmpi_tool as tool

from . import text
from .measure import Measured

FIGURES = ("clocks", "drift", "jumps", "queues", "copies")
MARK = "<!-- lcmpi_report -->"  # in every report made here


def write(files, folder, clock=None, force=False):
    """Writes STEM-lab.md, STEM the first file's, and the figures of all runs into `folder`; yields the paths, each when it is there."""
    report = Path(folder) / f"{Path(files[0]).stem}-lab.md"
    if not force:
        tool.spare_strangers([report], MARK, "a report")
    tool.require("matplotlib")
    runs = [Measured(file, clock) for file in files]
    stems = _stems(files)
    pictures = []
    for run, stem in zip(runs, stems):
        paths = list(_draw(run, Path(folder) / f"{stem}-lab", force))
        pictures.append([path.name for path in paths])
        yield from paths
    with tool.whole_file(report) as temporary:
        temporary.write_text(f"{MARK}\n{text.report(runs, pictures)}", encoding="utf-8")
    yield report


def _stems(files):
    """Names of files that no two runs share, though their folders may differ."""
    stems = [Path(file).stem for file in files]
    return [stem if stems.count(stem) == 1 else f"{stem}-{number}" for number, stem in enumerate(stems, 1)]


def _draw(run, stem, force):
    from lcmpi_figures import files
    return files.draw_all(run.drawn, stem, ["png"], 120, force, FIGURES) if run.drawn else ()
