"""The clock of every VM against model time."""
from . import series, style


def draw(run, figure):
    run.need_clock()

    def clock(vm, times):
        return run.value(run.clock, vm, times)

    series.draw(run, figure, clock, f"{style.clock_name(run)} clock",
                floor=0 if run.window[0] == 0 else None,
                reference=(run.fastest, "the fastest clock"))
