"""Logs of other programs, exported: what they lack does not keep them from it."""
import csv
import sys
import unittest
import xml.etree.ElementTree as xml

from logs import HERE, LogTest

import seeds

sys.path.insert(0, str(HERE.parent / "postprocess"))
import shiviz  # noqa: E402
import trace_format  # noqa: E402

EXPORT = HERE.parents[1] / "postprocess" / "lcmpi_export"


class Exports(LogTest):
    def export(self, kind, name, *options):
        done = self.call(sys.executable, EXPORT, f"--{kind}", self.file, "--force", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.file.parent / name, done.stderr

    def take_all(self, rule):
        """Simulates, imports and exports. Every receive of the simulation was taken from its sender."""
        run = seeds.simulate(rule)
        self.write_run(run)
        self.take()
        log = shiviz.read(self.export("shiviz", "run-shiviz.log", "--window", "all")[0])
        shiviz.check(log)
        self.assertEqual({host for host, *_ in log}, {"machine1", "machine2", "machine3"})
        self.receives = sum(text.startswith("receive ") for *_, text in log)
        self.assertGreater(self.receives, 50)
        edges = [element.find("*").text for _, element in xml.iterparse(self.export("graphml", "run-graph.graphml")[0])
                 if element.tag.endswith("}edge")]
        self.assertEqual((edges.count("program"), edges.count("message")), (len(log) - 3, self.receives))
        with open(self.export("csv", "run-all.csv")[0], newline="") as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(log))
        path, said = self.export("chrome", "run-trace.json")
        trace = trace_format.read(path)
        trace_format.check(trace)
        self.assertEqual(sum(event["ph"] == "X" for event in trace["traceEvents"]), len(log))
        return len(trace_format.arrows(trace)), said

    def test_seed_b(self):
        self.assertEqual(self.take_all("b"), (self.receives, ""))

    def test_seed_a_whose_times_are_milliseconds(self):
        """A send and its receive may be of the same one: an arrow would go back, and is left out, which is said."""
        arrows, said = self.take_all("a")
        self.assertLess(arrows, self.receives)
        self.assertIn(f" {self.receives - arrows} messages have no arrow", said)


if __name__ == "__main__":
    unittest.main()
