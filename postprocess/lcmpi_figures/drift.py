"""How far every VM's clock is behind the largest clock of the system at the same moment."""
from lcmpi_run import Nothing

from . import series, style


def draw(run, figure):
    run.need_clock()
    if len(run.machines) == 1:
        raise Nothing("a single VM drifts from no other")

    def drift(vm, times):
        return run.value(run.clock, vm, times) - run.fastest(times)

    series.draw(run, figure, drift, f"{style.clock_name(run)} clock, relative to the fastest")
