"""The exercise's lab report in Markdown: jumps, gaps, drift and queues of some runs, with tables and figures."""
import os
from pathlib import Path

import lcmpi
import lcmpi_tool as tool


def write(files, folder, clock=None, force=False):
    """Writes STEM-lab.md and its figures, STEM-lab-RUN-FIGURE.png, into `folder`, which is made if need be
    (None: beside the first file), STEM being that of the first file. Returns the paths. What cannot be read,
    or replaced, is refused with tool.Failure before anything is written."""
    try:
        return _write([Path(file) for file in files], folder, clock, force)
    except lcmpi.FileError as error:
        raise tool.Failure(error) from error


def _write(files, folder, clock, force):
    tool.require("matplotlib")
    from lcmpi_figures.files import MARK

    from . import pictures, report
    from .measure import measure
    _refuse_twice(files)
    clocks = [_clock_of(file, clock) for file in files]
    page = tool.output_folder(files[0], folder) / f"{files[0].stem}-lab.md"
    places = pictures.paths(page.with_suffix(""), len(files))
    if not force:
        report.spare_changed(page)
        tool.spare_strangers(places.values(), MARK, "a figure")
    runs = [measure(*each) for each in zip(files, clocks)]
    drawn = [pictures.draw(i, run, places) for i, run in enumerate(runs, 1)]
    with tool.whole_file(page) as temporary:
        temporary.write_text(report.sealed(report.text(runs, [lines for _, lines in drawn])), encoding="utf-8")
    return [page, *(path for written, _ in drawn for path in written)]


def _refuse_twice(files):
    seen = {}
    for file in files:
        same = seen.setdefault(os.path.realpath(file), file)
        if same is not file:
            raise tool.Failure(f"{file}: is given twice" + (f", as {same} too" if same != file else ""), tool.USAGE)


def _clock_of(file, wanted):
    """The clock that the report is about: the first that has one value, or the one that is asked for."""
    known = [name for name, about in lcmpi.info(file)["clocks"].items() if about["order"] == "scalar"]
    if not known:
        raise tool.Failure(f"{file}: has no clock with one value, which jumps, gaps and drift are of; "
                           "a run with --clock lamport,... has one")
    if wanted is None:
        return known[0]
    if wanted not in known:
        raise tool.Failure(f"{file}: has no clock '{wanted}' with one value; it has {', '.join(known)}", tool.USAGE)
    return wanted
