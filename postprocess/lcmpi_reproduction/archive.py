"""Archived figures of published runs, one row of a CSV file per machine of a trial; what was not kept is blank."""
import csv
from dataclasses import dataclass, field
from pathlib import Path

ARCHIVE = Path(__file__).with_name("archive.csv")
FIGURES = {  # column: what it is called in tables
    "final_clock": "final clock",
    "queue_end": "queue at the end",
    "queue_max": "largest queue",
    "jump_max": "largest jump",
    "received": "receives",
}


class BadArchive(Exception):
    """Where the file is not what it should be."""


@dataclass
class Trial:
    name: str
    preset: str
    rates: str
    figures: dict = field(default_factory=dict)  # column: {machine: value}
    notes: dict = field(default_factory=dict)  # machine: what is known of its figures

    @property
    def machines(self):
        return len(self.rates.split(","))


def load(path=ARCHIVE):
    """The trials of a file, in its order."""
    trials = {}
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        lacking = {"trial", "preset", "rates", "machine"} - set(rows.fieldnames or ())
        if lacking:
            raise BadArchive(f"{path}: has no column {', '.join(sorted(lacking))}")
        for row in rows:
            try:
                _add(trials, row)
            except (ValueError, TypeError) as error:
                raise BadArchive(f"{path}:{rows.line_num}: {error}") from None
    if not trials:
        raise BadArchive(f"{path}: has no trial")
    return list(trials.values())


def _add(trials, row):
    trial = trials.setdefault(row["trial"], Trial(row["trial"], row["preset"], row["rates"]))
    machine = int(row["machine"])
    if (trial.preset, trial.rates) != (row["preset"], row["rates"]):
        raise ValueError(f"trial {row['trial']} has another preset or other rates than in the row before")
    if not 0 <= machine < trial.machines:
        raise ValueError(f"there is no machine {machine} among rates {row['rates']}")
    if row.get("note"):
        trial.notes[machine] = row["note"]
    for column in FIGURES:
        if row.get(column):
            trial.figures.setdefault(column, {})[machine] = float(row[column])
