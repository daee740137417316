"""The numbers in the figures are those of the run, and labels do not overlap."""
import random
import unittest

import numpy as np
import synthetic
from common import FolderTest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from matplotlib.text import Text
from synthetic import NS

from lcmpi_figures import (clocks, drift, figures, jumps, queues, series, spacetime,
                           style)
from lcmpi_run import Nothing, Run


def history(run, vm, name):
    """[(time, value after it)] of a VM, by the simulation alone."""
    return [(0.0, 0)] + [(e["t_actual"] / NS, e[name]) for e in run.events if e["machine"] == vm]


def value_at(steps, time):
    return [value for t, value in steps if t <= time][-1]


class Figures(FolderTest):
    def load(self, run=None, **choice):
        synthetic.write_exact(self.file, run or self.run_of)
        return Run(self.file, **choice)

    def lines(self, draw, run):
        figure = Figure()
        draw(run, figure)
        return figure, [line for line in figure.axes[0].lines]

    def check_lines(self, draw, expected):
        _, lines = self.lines(draw, self.load())
        self.assertEqual(len(lines), 3)
        for vm, line in enumerate(lines):
            times, values = line.get_data()
            self.assertEqual(line.get_drawstyle(), "steps-post")
            self.assertEqual((times[0], times[-1]), (0.0, 10.0))
            self.assertEqual(values.tolist(), [expected(vm, time) for time in times])

    def test_clocks(self):
        of = [history(self.run_of, vm, "lamport") for vm in range(3)]
        self.check_lines(clocks.draw, lambda vm, time: value_at(of[vm], time))

    def test_queues(self):
        of = [history(self.run_of, vm, "queue_before") for vm in range(3)]
        self.check_lines(queues.draw, lambda vm, time: value_at(of[vm], time))

    def test_drift(self):
        of = [history(self.run_of, vm, "lamport") for vm in range(3)]
        self.check_lines(drift.draw, lambda vm, time: value_at(of[vm], time)
                         - max(value_at(steps, time) for steps in of))

    def test_drift_is_from_all_machines(self):
        of = [history(self.run_of, vm, "lamport") for vm in range(3)]
        _, (line,) = self.lines(drift.draw, self.load(vms=[2]))
        for time, value in zip(*line.get_data()):
            self.assertEqual(value, value_at(of[2], time)
                             - max(value_at(steps, time) for steps in of))

    def test_jumps(self):
        figure = Figure()
        jumps.draw(self.load(), figure)
        for vm in range(3):
            over_time, how_often = figure.axes[2 * vm:2 * vm + 2]
            values = [value for _, value in history(self.run_of, vm, "lamport")]
            truth = np.diff(values).tolist()
            drawn = [segment[1][1] for segment in over_time.collections[0].get_segments()]
            self.assertEqual(drawn, truth)
            bars = {bar.get_y() + 0.5: bar.get_width() for bar in how_often.patches
                    if bar.get_width()}
            self.assertEqual(bars, {jump: truth.count(jump) for jump in set(truth)})

    def test_share_of_jumps(self):
        values, share = jumps._share_at_least(np.array([1, 5, 1, 2]))
        self.assertEqual((values.tolist(), share.tolist()), ([1, 2, 5], [1, 0.5, 0.25]))

    def test_a_record_that_ends_early(self):
        synthetic.write_live(self.file, self.run_of, until=5)
        run = Run(self.file)
        self.assertEqual(run.end, max(e["t_actual"] for e in self.run_of.events
                                      if e["t_actual"] < 5 * NS) / NS)
        times = np.array([4.0, run.end, run.end + 0.2])  # a period is 1/6 s
        self.assertTrue(np.isfinite(run.value("lamport", 1, times)[:2]).all())
        self.assertTrue(np.isnan(run.value("lamport", 1, times)[2]))

    def test_window(self):
        run = self.load(window=(2.0, 99.0))
        self.assertEqual(run.window, (2.0, 10.0))
        figure, lines = self.lines(clocks.draw, run)
        self.assertEqual(figure.axes[0].get_xlim(), (2.0, 10.0))
        self.assertEqual(lines[0].get_xdata()[0], 2.0)

    def test_groups(self):
        simulated = synthetic.simulate([str(1 + vm % 3) for vm in range(30)], vector=False)
        figure, lines = self.lines(queues.draw, self.load(simulated))
        self.assertEqual(len(lines), 3)
        labels = [text.get_text() for text in figure.axes[0].texts]
        self.assertEqual(labels, ["1 tick/s (10 VMs)", "2 ticks/s (10 VMs)", "3 ticks/s (10 VMs)"])

    def test_group_means(self):
        """Without messages the clock of a VM is the number of its ticks."""
        simulated = synthetic.simulate(["2"] * 25, sends=0, vector=False)
        _, (line,) = self.lines(clocks.draw, self.load(simulated))
        times, values = line.get_data()
        np.testing.assert_allclose(values, 2 * times + 0.5, atol=0.02)

    def test_long_runs(self):
        simulated = synthetic.simulate(["4", "3"], seconds=1800, sends=0, snapshot_s=600)
        figure, lines = self.lines(clocks.draw, self.load(simulated))
        times, values = lines[0].get_data()
        self.assertEqual(len(times), series.BINS)
        np.testing.assert_allclose(values, 4 * times + 0.5, atol=0.1)
        self.assertIn("range within 4.5 s", figure.axes[0].get_title("left"))


class SpaceTime(FolderTest):
    def draw(self, run=None, **choice):
        synthetic.write_exact(self.file, run or self.run_of)
        figure = Figure()
        spacetime.draw(Run(self.file, **choice), figure)
        (axes,) = figure.axes
        (arrows,) = [artist for artist in axes.collections if isinstance(artist, Quiver)]
        return axes, arrows

    def test_arrows(self):
        _, arrows = self.draw(window=(None, None))
        drawn = sorted(zip(arrows.X, arrows.Y, arrows.X + arrows.U, arrows.Y + arrows.V))
        truth = sorted((m["t_send"] / NS, m["sender"],
                        (m["t_receive"] or m["t_arrival"]) / NS, m["receiver"])
                       for m in self.run_of.messages)
        np.testing.assert_allclose(drawn, truth)

    def test_shades(self):
        _, arrows = self.draw(window=(None, None))
        length = {(e["peer"], e["msg_first"]): e["queue_before"] for e in self.run_of.events
                  if e["kind"] == synthetic.RECEIVE}
        ordered = sorted(self.run_of.messages, key=lambda m: (m["sender"], m["number"]))
        for message, shade in zip(ordered, arrows.get_facecolor()):
            waiting = length.get((message["sender"], message["number"]))
            step = waiting and [waiting <= most for most in spacetime.QUEUES].index(True)
            expected = to_rgba(style.PALE) if waiting is None else spacetime.SHADES[step]
            np.testing.assert_allclose(shade, expected)

    def test_markers(self):
        axes, _ = self.draw(window=(None, None))
        drawn = {line.get_marker() + str(line.get_markersize()): len(line.get_xdata())
                 for line in axes.lines}
        kinds = [e["kind"] for e in self.run_of.events]
        self.assertEqual(drawn, {"o1.6": kinds.count(synthetic.INTERNAL),
                                 "^3.6": kinds.count(synthetic.SEND),
                                 "o3.4": kinds.count(synthetic.RECEIVE)})

    def test_readable_part(self):
        axes, _ = self.draw(synthetic.simulate(seconds=60))
        drawn = sum(len(line.get_xdata()) for line in axes.lines)
        self.assertLess(abs(drawn - spacetime.EVENTS), 20)

    def test_many_machines_are_those_that_messages_connect(self):
        simulated = synthetic.simulate(["3"] * 60, vector=False)
        axes, arrows = self.draw(simulated)
        self.assertEqual(len(axes.get_yticklabels()), spacetime.REACHED)
        reached = set(arrows.Y + arrows.V)
        self.assertEqual(reached | {0}, set(range(spacetime.REACHED)))
        self.assertIn("12 of 60 VMs", axes.get_title("left"))


class Sizes(FolderTest):
    def test_every_figure_at_every_size(self):
        draw = random.Random(1)
        for n_vm, sends in ((1, 0), (5, 0.3), (7, 0.3), (25, 0), (64, 0.3)):
            rates = [f"{draw.uniform(0.5, 8):.2f}" for _ in range(n_vm)]
            synthetic.write_exact(self.file, synthetic.simulate(rates, sends=sends, vector=False))
            for window in (None, (4.001, 4.002)):
                run = Run(self.file, window=window)
                for name, draw_figure in figures.items():
                    with self.subTest(n_vm=n_vm, sends=sends, window=window, figure=name):
                        self.draw(run, name, draw_figure)

    def draw(self, run, name, draw_figure):
        figure = Figure(dpi=40)
        try:
            draw_figure(run, figure)
        except Nothing:
            self.assertTrue(name in ("drift", "queues") and len(run.machines) == 1
                            or name == "jumps" and not run.in_window(run.events.t).any()
                            or name == "copies" and run.copies == 1)
        else:
            figure.draw_without_rendering()


class Labels(FolderTest):
    def test_spread(self):
        for wanted in ([0.5, 0.5, 0.5], [0, 0, 0, 0.9], [0.2, 0.21, 0.8, 0.79, 0.2], [1, 1]):
            places = style.spread(wanted, 0.05)
            gaps = np.diff(np.sort(places))
            self.assertGreaterEqual(gaps.min(), 0.05 - 1e-9)
            self.assertGreaterEqual(places.min(), 0)
            order = np.argsort(wanted, kind="stable")
            self.assertTrue((np.diff(places[order]) > 0).all())
        self.assertEqual(style.spread([0.1, 0.9], 0.05).tolist(), [0.1, 0.9])

    def test_no_text_overlaps(self):
        for n_vm in (3, 5, 40):
            synthetic.write_exact(self.file, synthetic.simulate(
                [str(1 + vm % 6) for vm in range(n_vm)], vector=False))
            for draw in (clocks.draw, drift.draw, queues.draw, jumps.draw):
                figure = Figure()
                draw(Run(self.file), figure)
                figure.draw_without_rendering()
                boxes = [Text.get_window_extent(text)  # without the line that leads to it
                         for axes in figure.axes for text in axes.texts]
                for i, box in enumerate(boxes):
                    self.assertGreaterEqual(box.x0, 0)
                    self.assertLessEqual(box.x1, figure.bbox.x1)
                    for other in boxes[:i]:
                        self.assertFalse(box.overlaps(other), (draw.__module__, n_vm))

    def test_rates(self):
        self.assertEqual(style.ticks_per_second(1), "1 tick/s")
        self.assertEqual(style.ticks_per_second(0.5), "0.5 ticks/s")
        self.assertEqual(style.ticks_per_second(2, 2), "2 ticks/s")
        self.assertEqual(style.ticks_per_second(1, 2.5), "1–2.5 ticks/s")


if __name__ == "__main__":
    unittest.main()
