"""The queue that every VM finds at its ticks, the message that it takes included."""
from lcmpi_run import Nothing

from . import series


def draw(run, figure):
    if len(run.machines) == 1:
        raise Nothing("a single VM has no messages")
    if (run.events.queue_before < 0).any():
        raise Nothing("the imported log does not say how long queues were")

    def queue(vm, times):
        return run.value("queue_before", vm, times)

    series.draw(run, figure, queue, "messages in the queue at the tick", floor=0)
