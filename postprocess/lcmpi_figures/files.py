"""Figures as files, which are derived: one that bears the mark of the tool that made it may be replaced by that
tool, any other file is left alone. The same run gives the same bytes."""
import lcmpi_tool as tool
from matplotlib.figure import Figure

MARK_KEY = {"png": "Software", "svg": "Creator", "pdf": "Creator"}
TIMELESS = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


def spare_strangers(paths, mark):
    for path in paths:
        if path.exists() and mark.encode() not in path.read_bytes():
            raise tool.Failure(f"{path}: exists and is not a figure of this tool; --force replaces it")


def drawn(run, draw):
    """The figure, laid out once for all formats."""
    figure = Figure()
    draw(run, figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def save(figure, path, mark, dpi):
    """In the format that the name ends with."""
    suffix = path.suffix[1:]
    with tool.whole_file(path) as temporary:
        figure.savefig(temporary, format=suffix, dpi=dpi,
                       metadata={MARK_KEY[suffix]: mark, **TIMELESS[suffix]})
