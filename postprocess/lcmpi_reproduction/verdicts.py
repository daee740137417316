"""Holds archived figures against the distributions of many copies."""
from dataclasses import dataclass

import numpy as np

from .archive import FIGURES

CENTRAL = 0.99


@dataclass
class Verdict:
    trial: str
    preset: str
    rates: str
    machine: int
    figure: str  # a column of the archive
    archived: float
    low: float
    median: float
    high: float
    theory: float  # nan: theory says nothing of it
    real: float  # of one run in real time; nan: none was made
    note: str  # what is known of the machine's figures

    @property
    def inside(self):
        return self.low <= self.archived <= self.high

    @property
    def word(self):
        if self.inside:
            return "reproduced"
        return "below" if self.archived < self.low else "above"


def judge(trial, ensemble, real=None):
    """A verdict for every figure of the trial."""
    found = []
    for figure in FIGURES:
        for machine, archived in trial.figures.get(figure, {}).items():
            low, median, high = np.quantile(ensemble[figure][:, machine], ((1 - CENTRAL) / 2, 0.5, (1 + CENTRAL) / 2),
                                            method="inverted_cdf")
            theory = ensemble.theory[figure][machine] if figure in ensemble.theory else np.nan
            found.append(Verdict(trial.name, trial.preset, trial.rates, machine, figure, archived, low, median, high, theory,
                                 real[figure][0, machine] if real else np.nan, trial.notes.get(machine, "")))
    return found
