"""The graph, read back by NetworkX: it has no circle, and paths lead from an event to another exactly if its vector
stamp is less."""
import importlib.util
import unittest
import xml.etree.ElementTree as xml
from unittest import mock

import exports
import h5py
import synthetic
from common import FolderTest

NETWORKX = importlib.util.find_spec("networkx")
NAMESPACE = "{http://graphml.graphdrawing.org/xmlns}"


@unittest.skipUnless(NETWORKX, "NetworkX is not installed")
class Graphml(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.run_of = synthetic.simulate(("2", "6", "1", "3"), seconds=12)

    def write(self, run, clocks=("lamport", "vector")):
        synthetic.write_exact(self.file, run, clocks)

    def export(self, *options):
        out, err = self.tool("lcmpi_export", "--graphml", "run.h5", "--force", *options)
        self.assertEqual(out, ["run-graph.graphml"])
        return self.read("run-graph.graphml"), err

    def read(self, name):
        import networkx
        return networkx.read_graphml(self.folder / name)

    def holds(self, graph, events):
        import networkx
        self.assertFalse(graph.is_multigraph())
        self.assertTrue(networkx.is_directed_acyclic_graph(graph))
        self.assertEqual(sorted(graph), sorted(f"e{e['machine']}.{e['seq']}" for e in events))
        for event in events:
            node = f"e{event['machine']}.{event['seq']}"
            expected = {f"e{o['machine']}.{o['seq']}" for o in events if exports.before(event, o)}
            self.assertEqual(networkx.descendants(graph, node), expected, node)

    def edges(self, graph, kind):
        return {edge for *edge, data in graph.edges(data=True) if data["kind"] == kind for edge in [tuple(edge)]}

    def test_whole_run(self):
        self.write(self.run_of)
        graph, err = self.export()
        self.holds(graph, exports.happened(self.run_of))
        self.assertEqual(err, [])
        self.assertEqual(self.edges(graph, "message"), {(f"e{a}.{i}", f"e{b}.{j}") for a, i, b, j in
                                                        exports.messages(self.run_of)})
        self.assertEqual(len(self.edges(graph, "program")), len(graph) - 4)
        self.assertEqual(self.edges(graph, "through"), set())

    def test_attributes(self):
        self.write(self.run_of)
        graph, _ = self.export()
        for event in self.run_of.events:
            node = graph.nodes[f"e{event['machine']}.{event['seq']}"]
            self.assertEqual(node["kind"], ["", "INTERNAL", "SEND", "RECEIVE"][event["kind"]])
            self.assertEqual((node["vm"], node["machine"]), (event["machine"], f"vm{event['machine']}"))
            for name in ("seq", "tick", "t_actual", "t_scheduled", "queue_before", "queue_after", "lamport"):
                self.assertEqual(node[name], event[name])
        ids = {(m["sender"], m["send_seq"], m["receiver"]): m["number"] for m in self.run_of.messages}
        for (source, target), message in ((edge[:2], edge[2]["message"]) for edge in graph.edges(data=True)
                                          if edge[2]["kind"] == "message"):
            vm, seq = map(int, source[1:].split("."))
            self.assertEqual(message, f"{vm}:{ids[vm, seq, int(target[1:].split('.')[0])]}")

    def test_machines(self):
        """Through VMs that are not shown events are joined by as few edges as say it: none follows from the others."""
        import networkx
        run = synthetic.simulate(("2", "6", "1", "3", "4"), seconds=20, sends=0.7)
        self.write(run)
        for vms in ((0, 1, 2), (0, 2, 3, 4), (1, 2)):
            graph, _ = self.export("--machines", ",".join(map(str, vms)))
            self.holds(graph, exports.happened(run, vms))
            through = self.edges(graph, "through")
            self.assertTrue(through)
            for edge in through:
                graph.remove_edge(*edge)
                self.assertFalse(networkx.has_path(graph, *edge), edge)
                graph.add_edge(*edge)

    def test_window(self):
        self.write(self.run_of)
        self.holds(self.export("--window", "3:9")[0], exports.happened(self.run_of, None, 3, 9))
        self.holds(self.export("--window", "3:9", "--machines", "0,2")[0], exports.happened(self.run_of, (0, 2), 3, 9))

    def test_blocks(self):
        import lcmpi_formats.graphml
        import lcmpi_formats.part
        self.write(self.run_of)
        with mock.patch("lcmpi_formats.part.BLOCK_BYTES", 20 * lcmpi_formats.part.EVENT_BYTES):
            part = lcmpi_formats.part.Part(self.file)
            self.assertGreater(len(list(part.blocks())), 4)
            lcmpi_formats.graphml.write(part, [self.folder / "blocks.graphml"])
        self.holds(self.read("blocks.graphml"), exports.happened(self.run_of))
        self.nodes_come_before_their_edges("blocks.graphml")

    def nodes_come_before_their_edges(self, name):
        seen = set()
        for _, element in xml.iterparse(self.folder / name):
            if element.tag == NAMESPACE + "node":
                seen.add(element.get("id"))
            if element.tag == NAMESPACE + "edge":
                self.assertLessEqual({element.get("source"), element.get("target")}, seen)

    def test_ticks_that_were_skipped_and_ticks_with_two_events(self):
        for change in (exports.with_skipped, exports.then_act):
            run = change(self.run_of)
            self.write(run)
            self.holds(self.export()[0], exports.happened(run))

    def test_text_is_escaped(self):
        self.write(self.run_of)
        names = ["<a>", "b & \"c\"", "]]>", "d\x01"]
        with h5py.File(self.file, "r+") as h5:
            h5.attrs["machine_names"] = "\n".join(names)
            h5.attrs["command_line"] = "lcmpi -o 'a<b>&c'"
        graph, _ = self.export()
        self.assertEqual({data["machine"] for _, data in graph.nodes(data=True)}, {"<a>", "b_&_\"c\"", "]]>", "d "})
        self.assertEqual(graph.graph["command_line"], "lcmpi -o 'a<b>&c'")

    def test_live(self):
        synthetic.write_live(self.file, self.run_of, ("vector",), until=5)
        graph, (line,) = self.export()
        self.assertIn("its run is not over", line)
        self.holds(graph, [e for e in exports.happened(self.run_of) if e["t_actual"] < 5 * synthetic.NS])

    def test_contradiction(self):
        self.write(self.run_of)
        synthetic.contradict(self.file)
        line = self.refused(3, "lcmpi_export", "--graphml", "run.h5", "--machines", "0-2")
        self.assertIn("among its own causes", line)


if __name__ == "__main__":
    unittest.main()
