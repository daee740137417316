"""The lab report as one text."""
import hashlib
import re
from pathlib import Path

import lcmpi_tool as tool

from . import made, overview, sections, words

SEAL = re.compile(rb"<!-- lcmpi_report ([0-9a-f]{64}) -->\n\Z")


def text(runs, pictures):
    """`pictures`: for each run what sections.lines() wants."""
    lines = ["# Scale models and logical clocks", "", _opening(runs), "", *made.section(runs)]
    lines += ["## What is measured", "", *(f"* {line}" for line in sections.MEANING), ""]
    for i, (run, shown) in enumerate(zip(runs, pictures), 1):
        lines += [f"## Run {i}: `{Path(run.file).name}`", "", *_about(run, shown)]
    return "\n".join([*lines, *overview.section(runs)])


def _opening(runs):
    return (f"{words.plural(len(runs), 'run')} of machines that tick at rates of their own, take one message a tick out of a "
            "queue, and keep a logical clock: jumps of the clocks, gaps between their values, drift, and queues. Every "
            "figure here is computed from the files; theory is what they say of it.")


def _about(run, shown):
    if not len(run.rows):
        return ["Nothing is on file that all its machines have.", ""]
    said = [] if run.whole else [f"State: {made.state(run)}.", ""]
    return [*said, *sections.lines(run, shown)]


# ---- the file ----------------------------------------------------------------------------------------

def sealed(content):
    """With a last line by which it is known whether anybody changed it since."""
    return f"{content}<!-- lcmpi_report {_digest(content.encode())} -->\n"


def spare_changed(path):
    if path.exists() and not _is_as_written(path.read_bytes()):
        raise tool.Failure(f"{path}: exists and is not as this tool wrote it; --force replaces it")


def _is_as_written(content):
    seal = SEAL.search(content)
    return bool(seal) and seal[1].decode() == _digest(content[:seal.start()])


def _digest(content):
    return hashlib.sha256(content).hexdigest()
