"""The page of lcmpi_report in a real browser: it loads without a complaint, and hovering, clicking, zooming do what they say."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import exports
import numpy as np
import synthetic
from common import POSTPROCESS, needs_chart_js

import lcmpi

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    webdriver = None

LCMPI = os.environ.get("LCMPI")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1240,1400",
           "--host-resolver-rules=MAP * ~NOTFOUND")  # there is no network


def setUpModule():
    global browser, place
    if webdriver is None or not os.path.exists(CHROMIUM) or not os.path.exists(DRIVER):
        raise unittest.SkipTest("no Chromium with its driver, or no Selenium, here")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(service=Service(DRIVER), options=options)
    unittest.addModuleCleanup(browser.quit)
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    place = Path(folder.name)


def reachable(events, edges):
    """[a, b]: whether program order and the edges lead from event a to event b."""
    order = np.argsort(events.t.to_numpy(), kind="stable")
    machine, causes = events.machine.to_numpy(), {}
    for cause, event in [*edges, *((i - 1, i) for i in range(1, len(events)) if machine[i] == machine[i - 1])]:
        causes.setdefault(event, []).append(cause)
    before = np.zeros((len(events), len(events)), bool)
    for event in order:
        for cause in causes.get(event, ()):
            before[:, event] |= before[:, cause]
            before[cause, event] = True
    return before


def make_page(name, *arguments):
    subprocess.run([sys.executable, POSTPROCESS / "lcmpi_report", *arguments, "-o", place / name, "--no-verify", "--force"],
                   check=True, stdout=subprocess.DEVNULL)
    return place / name


class PageTest(unittest.TestCase):
    def show(self, *files, arguments=()):
        """Makes the page of files and loads it."""
        self.load(make_page("page.html", *files, *arguments))

    def load(self, page):
        browser.get(f"file://{page}")
        self.wait(lambda: self.script("return lcmpi.diagrams.every((d) => !d || d.width > 0)"))

    def tearDown(self):
        complaints = [entry["message"] for entry in browser.get_log("browser")]
        self.assertEqual([text for text in complaints if "getImageData" not in text], [])  # that one is about painted()

    def script(self, text, *arguments):
        return browser.execute_script(text, *arguments)

    def wait(self, condition):
        WebDriverWait(browser, 30).until(lambda _: condition())

    @property
    def canvas(self):
        return browser.find_element("css selector", ".diagram canvas")

    def at(self, x, y):
        """The mouse, at a place of the canvas."""
        width, height = self.canvas.size["width"], self.canvas.size["height"]
        return ActionChains(browser).move_to_element_with_offset(self.canvas, round(x - width / 2), round(y - height / 2))

    def over(self, i):
        return self.at(*self.script("return lcmpi.diagrams[0].place(arguments[0])", i))

    def view(self):
        return self.script("return lcmpi.diagrams[0].view")

    def text(self, selector):
        return browser.find_element("css selector", selector).text


@needs_chart_js
class OneRun(PageTest):
    @classmethod
    def setUpClass(cls):
        cls.run_of = synthetic.simulate(seconds=20)
        cls.file = place / "run.h5"
        synthetic.write_exact(cls.file, cls.run_of, ("lamport", "vector"))
        cls.events = lcmpi.events(cls.file, vectors=True)
        cls.stamps = cls.events[[f"vector_{vm}" for vm in range(3)]].to_numpy()
        cls.page = make_page("one.html", cls.file)

    def setUp(self):
        self.load(self.page)

    def event(self, kind, number):
        """The index of one that can be seen from the beginning."""
        return int(self.events.index[(self.events.kind == kind) & (self.events.t < 8)][number])

    def test_everything_is_there(self):
        self.assertEqual(self.script("return lcmpi.charts[0].length"), 4)
        self.assertEqual(self.script("return lcmpi.diagrams[0].data.n"), len(self.events))
        self.assertEqual(len(browser.find_elements("css selector", ".plot canvas")), 4)
        self.assertEqual(self.painted("past"), 0)
        self.assertGreater(self.painted("ink"), 500)

    def painted(self, name):
        """Pixels of the diagram that are just of that colour."""
        return self.script("""
            const d = lcmpi.diagrams[0], probe = document.createElement("canvas").getContext("2d");
            probe.fillStyle = d.colour(arguments[0]);
            const wanted = [1, 3, 5].map((k) => parseInt(probe.fillStyle.slice(k, k + 2), 16));
            const pixels = d.pen.getImageData(0, 0, d.canvas.width, d.canvas.height).data;
            let count = 0;
            for (let k = 0; k < pixels.length; k += 4)
              count += pixels[k + 3] === 255 && wanted.every((part, c) => pixels[k + c] === part);
            return count;""", name)

    def test_hover_shows_the_stamps(self):
        for kind, number in (("SEND", 1), ("RECEIVE", 2), ("INTERNAL", 3)):
            i = self.event(kind, number)
            row = self.events.loc[i]
            self.over(i).perform()
            self.wait(lambda: browser.find_element("css selector", ".tooltip").is_displayed())
            said = self.text(".tooltip").splitlines()
            self.assertEqual(said[0].split(), [f"{row.machine}:{row.seq}", kind])
            self.assertIn(f"lamport {row.lamport}", [" ".join(line.split()) for line in said])
            self.assertIn(f"vector [{', '.join(map(str, self.stamps[i]))}]", [" ".join(line.split()) for line in said])
            if kind == "RECEIVE":
                self.assertIn(f"takes {row.peer}:{row.msg_first}", said)
        self.at(5, 5).perform()
        self.wait(lambda: not browser.find_element("css selector", ".tooltip").is_displayed())

    def expected(self, i):
        """By the vector stamps of the file: what every event is to event i."""
        def below(a, b):
            return (self.stamps[a] <= self.stamps[b]).all() and (self.stamps[a] != self.stamps[b]).any()
        return ["self" if k == i else "past" if below(k, i) else "future" if below(i, k) else "concurrent"
                for k in range(len(self.events))]

    def test_click_lights_up_past_and_future(self):
        for kind, number in (("RECEIVE", 3), ("SEND", 2)):
            i = self.event(kind, number)
            self.over(i).click().perform()
            self.assertEqual(self.script("return lcmpi.diagrams[0].selected"), i)
            found = self.script("const d = lcmpi.diagrams[0]; return Array.from({length: d.data.n}, (_, k) => d.relation(k))")
            expected = self.expected(i)
            self.assertEqual(found, expected)
            said = self.text(".selected")
            for relation, words in (("past", "in its past"), ("future", "in its future"), ("concurrent", "concurrent")):
                self.assertIn(f"{expected.count(relation)} {words}", said)
            self.assertGreater(self.painted("past"), 50)
            self.assertGreater(self.painted("future"), 50)
        self.at(self.canvas.size["width"] - 30, 5).click().perform()
        self.assertEqual(self.script("return lcmpi.diagrams[0].selected"), -1)
        self.assertEqual(self.painted("past"), 0)

    def test_zoom_and_pan(self):
        start, end = self.view()
        self.script("arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -100, clientX: arguments[0].getBoundingClientRect().x + 500,"
                    " clientY: arguments[0].getBoundingClientRect().y + 80, cancelable: true}))", self.canvas)
        near = self.view()
        self.assertLess(near[1] - near[0], end - start)
        self.assertEqual(self.script("return lcmpi.charts[0].map((c) => [c.scales.x.min, c.scales.x.max])"), [near] * 4)
        self.at(600, 80).click_and_hold().move_by_offset(-120, 0).release().perform()
        later = self.view()
        self.assertGreater(later[0], near[0])
        self.assertAlmostEqual(later[1] - later[0], near[1] - near[0])
        self.assertEqual(self.script("return lcmpi.diagrams[0].selected"), -1, "dragging selects nothing")
        for title, wider in (("zoom in", False), ("zoom out", True)):
            before = self.view()
            browser.find_element("css selector", f"button[title='{title}']").click()
            self.assertEqual(self.view()[1] - self.view()[0] > before[1] - before[0], wider)
        browser.find_element("css selector", "button[title='the whole time']").click()
        self.assertEqual(self.view(), [0, 20])
        self.assertIn("0 s to 20 s, of 0 s to 20 s", self.text(".buttons span"))

    def test_keys(self):
        i = self.event("SEND", 0)
        self.over(i).click().perform()
        self.canvas.send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.script("return lcmpi.diagrams[0].selected"), i + 1)
        self.canvas.send_keys(Keys.ARROW_LEFT, Keys.ARROW_DOWN)
        there = self.script("return lcmpi.diagrams[0].selected")
        self.assertEqual(self.events.machine[there], self.events.machine[i] + 1)
        self.canvas.send_keys("+")
        self.assertLess(self.view()[1] - self.view()[0], 20)
        self.canvas.send_keys("0", Keys.ESCAPE)
        self.assertEqual((self.view(), self.script("return lcmpi.diagrams[0].selected")), ([0, 20], -1))

    def test_snapshots_say_what_was_under_way(self):
        x = self.script("const d = lcmpi.diagrams[0]; return d.x(d.data.cuts[0].t[0])")
        self.at(x, 12).perform()
        self.wait(lambda: browser.find_element("css selector", ".tooltip").is_displayed())
        rows = lcmpi.under_way(self.file, 0)
        self.assertIn("snapshot 0, begun at 4 s", self.text(".tooltip"))
        self.assertIn(f"{(rows.fate == 'QUEUED').sum()} messages in queues, {(rows.fate == 'IN_FLIGHT').sum()} in flight", self.text(".tooltip"))
        self.assertGreater(self.painted("cut"), 50)


    def test_click_on_a_snapshot_lights_up_what_crosses_it(self):
        rows = lcmpi.under_way(self.file, 1)
        x = self.script("const d = lcmpi.diagrams[0]; d.reset(); return d.x(d.data.cuts[1].t[0])")
        self.at(x, 12).click().perform()
        crossing = self.script("const d = lcmpi.diagrams[0]; return d.data.messages.filter((m) => d.data.crosses(m, d.cut)).map((m) => m[6])")
        self.assertGreater(len(rows), 0)
        self.assertEqual(sorted(crossing), sorted(f"{row.sender}:{row.number}" for row in rows.itertuples()))
        before = self.script("const d = lcmpi.diagrams[0]; return Array.from({length: d.data.n}, (_, i) => d.data.isBefore(i, d.cut))")
        states = lcmpi.snapshots(self.file)
        n_event = states[states.snapshot == 1].set_index("vm").n_event
        self.assertEqual(before, (self.events.seq < self.events.machine.map(n_event)).tolist())
        for crossed in crossing:
            self.assertIn(f"{crossed} to VM", self.text(".selected"))
        self.canvas.send_keys(Keys.ESCAPE)
        self.assertIsNone(self.script("return lcmpi.diagrams[0].cut"))

    def test_plots_go_back_to_the_whole_run(self):
        self.script("lcmpi.diagrams[0].zoom(2, 4)")
        self.assertEqual(self.script("return lcmpi.charts[0][0].scales.x.max"), 4)
        self.script("lcmpi.diagrams[0].reset()")
        self.assertEqual(self.script("return lcmpi.charts[0].map((c) => [c.scales.x.min, c.scales.x.max])"), [[0, 20]] * 4)


@needs_chart_js
class OtherPages(PageTest):
    def test_thousands_of_events(self):
        run = synthetic.simulate([str(rate) for rate in (20, 40, 60, 80, 25)], seconds=17, vector=False)
        synthetic.write_exact(place / "long.h5", run)
        self.show(place / "long.h5")
        n = self.script("return lcmpi.diagrams[0].data.n")
        self.assertGreater(n, 3500)
        browser.find_element("css selector", "button[title='the whole time']").click()
        self.script("lcmpi.diagrams[0].select(arguments[0])", n // 2)
        self.assertRegex(self.text(".selected"), r"\d+ in its past, \d+ in its future, \d+ concurrent")

    def test_a_window(self):
        synthetic.write_exact(place / "run.h5", synthetic.simulate(seconds=20))
        self.show(place / "run.h5", arguments=("--window", "5:9"))
        self.assertEqual(self.script("return lcmpi.diagrams[0].data.window"), [5, 9])
        self.assertGreaterEqual(self.script("return Math.min(...lcmpi.diagrams[0].data.events.t)"), 5)

    def test_paths_through_machines_that_are_not_shown(self):
        """Program order, the messages shown and the paths drawn lead from an event to another exactly if it happened before it."""
        run = synthetic.simulate(["2", "6", "3", "4", "5"], seconds=20, seed=3)
        synthetic.write_exact(place / "five.h5", run, ("vector",))
        self.show(place / "five.h5", arguments=("--machines", "0,2,4"))
        events = lcmpi.events(place / "five.h5", vectors=True)
        events = events[events.machine % 2 == 0]
        self.assertEqual(self.script("return lcmpi.diagrams[0].data.n"), len(events))
        paths = self.script("return lcmpi.diagrams[0].data.through")
        edges = paths + self.script("return lcmpi.diagrams[0].data.messages.filter((m) => m[0] >= 0 && m[1] >= 0)")
        before = reachable(events, [edge[:2] for edge in edges])
        stamps, machine = events[[f"vector_{vm}" for vm in range(5)]].to_numpy(), events.machine.to_numpy()
        happened = np.array([stamps[:, machine[a]] >= stamps[a, machine[a]] for a in range(len(events))]) & ~np.eye(len(events), dtype=bool)
        np.testing.assert_array_equal(before, happened)
        for path in paths:  # none can be done without
            rest = [edge[:2] for edge in edges if edge[:2] != path]
            self.assertFalse(reachable(events, rest)[tuple(path)], path)
        self.assertGreater(len(paths), 5)
        self.assertIn("known through VMs that are not shown", self.text(".legend"))

    @unittest.skipUnless(LCMPI, "LCMPI names no program")
    def test_happened_before_is_that_of_the_vector_stamps(self):
        """Of all pairs of events shown: with ticks that were skipped, of receive-then-act in a window, and of a part of many VMs."""
        for words, arguments in ((("--vms", "9", "--route", "server", "--service-time", "30ms"), ()),
                                 (("--preset", "seed-a:U=5"), ("--window", "20:40")),
                                 (("--vms", "40"), ("--window", "10:15", "--machines", "0-5,20,30"))):
            with self.subTest(words):
                subprocess.run([LCMPI, *words, "--clock", "lamport,vector", "--pace", "virtual", "--seed", "4", "--progress", "none", "--force",
                                "-o", place / "real.h5"], check=True, stdout=subprocess.DEVNULL)
                self.show(place / "real.h5", arguments=arguments)
                self.holds(place / "real.h5")

    def holds(self, file):
        machine, seq, found = self.script("""
            const d = lcmpi.diagrams[0].data, all = Array.from({length: d.n}, (_, i) => i);
            return [all.map((i) => d.vms[d.events.row[i]].id), d.events.seq,
                    all.map((a) => all.map((b) => d.happenedBefore(a, b) ? "1" : "0").join(""))];""")
        events = lcmpi.events(file, vectors=True)
        events = events[events.kind != "SKIPPED"].set_index(["machine", "seq"]).loc[list(zip(machine, seq))]
        stamps = events[[f"vector_{vm}" for vm in range(len(lcmpi.machines(file)))]].to_numpy()
        expected = stamps[:, machine].T >= stamps[np.arange(len(events)), machine][:, None]
        np.fill_diagonal(expected, False)
        np.testing.assert_array_equal(np.array([list(row) for row in found]) == "1", expected)
        self.assertGreater(len(events), 100)

    def test_events_at_the_same_moment_can_each_be_clicked(self):
        synthetic.write_exact(place / "act.h5", exports.then_act(synthetic.simulate(seed=2)))
        self.show(place / "act.h5")
        events = lcmpi.events(place / "act.h5")
        self.script("lcmpi.diagrams[0].reset()")
        second = np.flatnonzero(events.duplicated(["machine", "t_actual"]))
        self.assertGreater(len(second), 3)
        for i in second[:4].tolist():
            for either in (i - 1, i):
                self.over(either).click().perform()
                self.assertEqual(self.script("return lcmpi.diagrams[0].selected"), either)

    def test_a_log_that_contradicts_itself(self):
        synthetic.write_exact(place / "odd.h5", synthetic.simulate())
        synthetic.contradict(place / "odd.h5")
        self.show(place / "odd.h5")
        self.over(3).click().perform()
        self.assertIn("past and future cannot be told", self.text(".selected"))

    def test_two_runs_side_by_side(self):
        for seed in (1, 2):
            synthetic.write_exact(place / f"{seed}.h5", synthetic.simulate(seed=seed))
        self.show(place / "1.h5", place / "2.h5")
        self.assertEqual(self.script("return [lcmpi.diagrams.length, lcmpi.charts.length, lcmpi.compared.length]"), [2, 2, 2])
        self.assertEqual(self.script("return lcmpi.compared[0].data.datasets.map((d) => d.label)"), [str(place / "1.h5"), str(place / "2.h5")])
        self.script("lcmpi.diagrams[1].zoom(2, 4)")
        self.assertEqual(self.script("return [lcmpi.charts[1][0].scales.x.min, lcmpi.charts[0][0].scales.x.min]"), [2, 0])
        self.assertIn("Side by side", self.text("#comparison"))

    def test_without_events(self):
        synthetic.write_live(place / "none.h5", synthetic.simulate(), until=0)
        self.show(place / "none.h5")
        self.assertEqual(self.script("return lcmpi.diagrams"), [None])
        self.assertIn("No events are on file", self.text(".notes"))


if __name__ == "__main__":
    unittest.main()
