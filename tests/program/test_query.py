"""lcmpi query: its answers are those of the vector clock and the snapshots in the same file."""

import json
import os
import random
import sys
import unittest

import numpy as np

import program

sys.path.insert(0, os.path.join(program.HERE, "..", "..", "postprocess"))
import lcmpi  # noqa: E402


class Query(program.Case):
    """Runs with a clock that tells happened-before: in virtual time, on three ranks in real time, of two copies, and
    with a server that is so slow that ticks are skipped."""

    RUNS = {"virtual.h5": ("--vms", 5, "--pace", "virtual", "--latency", "exp:300ms,min=1ms", "--tick-rule",
                           "receive-then-act", "--duration", "20s"),
            "real.h5": ("--vms", 5, "--speed", 20, "--duration", "20s", "--snapshot-every", "4s"),
            "copies.h5": ("--vms", 3, "--replicas", 2, "--pace", "virtual", "--duration", "12s"),
            "served.h5": ("--vms", 4, "--route", "server", "--service-time", "30ms", "--rates", "6:12", "--pace", "virtual",
                          "--duration", "11s")}

    @classmethod
    def setUpClass(cls):
        cls.shelf = program.Case()
        cls.shelf.setUp()
        cls.addClassCleanup(cls.shelf.doCleanups)
        for name, arguments in cls.RUNS.items():
            cls.shelf.check_run(*arguments, "--seed", 3, "--clock", "lamport,vector", "--progress", "none", "-o", name,
                                ranks=3 if name == "real.h5" else None)

    def each(self):
        for name in self.RUNS:
            with self.subTest(name):
                self.file = self.shelf.path(name)
                self.events = lcmpi.events(self.file, vectors=True)
                self.stamps = self.events[[name for name in self.events if name.startswith("vector_")]].to_numpy()
                self.copy = (self.events.machine // self.stamps.shape[1]).to_numpy()
                self.happened = np.flatnonzero(self.events.kind != "SKIPPED").tolist()
                self.names = [f"{vm}:{seq}" for vm, seq in zip(self.events.machine, self.events.seq)]
                yield random.Random(name)

    def ask(self, *words):
        answer = json.loads(self.check_run("query", "--json", self.file, *words).stdout)
        self.assertEqual((answer["version"], answer["file"], answer["question"], answer["whole"]),
                         (1, self.file, words[0], True))
        return answer

    def before(self, a, b):
        return (self.stamps[a] <= self.stamps[b]).all() and (self.stamps[a] != self.stamps[b]).any()

    def members(self, answer):
        """Without ticks that were skipped: they lie in the range of a VM, and are no events."""
        skipped = {self.names[at] for at in np.flatnonzero(self.events.kind == "SKIPPED")}
        return [name for part in answer["vms"] for seq in range(part["first"], part["last"] + 1)
                if (name := f"{part['vm']}:{seq}") not in skipped]

    def peers(self, at):
        """What happened in the same copy as an event."""
        return [i for i in self.happened if self.copy[i] == self.copy[at]]

    def test_sets(self):
        """Past, future and what is concurrent are all of the others, of the same copy."""
        for draw in self.each():
            for at in draw.sample(self.happened, 4):
                relation = {i: (self.before(i, at), self.before(at, i)) for i in self.peers(at)}
                for question, wanted in (("past", (True, False)), ("future", (False, True)),
                                         ("concurrent", (False, False))):
                    answer = self.ask(question, self.names[at])
                    expected = [self.names[i] for i, found in relation.items() if found == wanted and i != at]
                    self.assertEqual(sorted(self.members(answer)), sorted(expected), (question, self.names[at]))
                    self.assertEqual(answer["count"], len(expected))

    def test_pairs_and_paths(self):
        for draw in self.each():
            seen = set()
            for _ in range(12):
                a = draw.choice(self.happened)
                b = draw.choice([i for i in self.peers(a) if i != a])
                answer = self.ask("path", self.names[a], self.names[b])
                expected = "before" if self.before(a, b) else "after" if self.before(b, a) else "concurrent"
                self.assertEqual(answer["relation"], expected)
                self.assertEqual(self.ask("before", self.names[a], self.names[b])["relation"], expected)
                self.check_path(answer["events"], a, b, expected == "before")
                seen.add(expected)
            self.assertGreater(len(seen), 1)

    def test_copies_are_not_compared(self):
        file = self.shelf.path("copies.h5")
        for question in ("before", "path"):
            self.assertEqual(program.spoken(self.check_run("query", file, question, "2:1", "3:4", code=2).stderr),
                             ["lcmpi: 2:1 and 3:4 are of different copies of the system: nothing orders them"])

    def test_skipped_ticks_are_no_events(self):
        """In text as in the sets above, which are of JSON; they are in no chain."""
        file = self.shelf.path("served.h5")
        kind = lcmpi.events(file).kind
        self.assertGreater((kind == "SKIPPED").sum(), 20)
        said = self.check_run("query", file, "chain").stdout
        self.assertRegex(said, rf"^the longest chain has \d+ of {(kind != 'SKIPPED').sum()} events\n")
        self.assertNotIn("SKIPPED", said)

    def check_path(self, path, a, b, expected):
        if not expected:
            self.assertEqual(path, [])
            return
        self.assertEqual((path[0]["event"], path[-1]["event"]), (self.names[a], self.names[b]))
        self.check_steps(path)

    def check_steps(self, path):
        """Each event is of the VM of the one before and later, or takes a message of it."""
        for one, two in zip(path, path[1:]):
            taken = two["took"] and two["took"]["sent_by"] == one["event"]
            self.assertTrue(taken or (one["vm"] == two["vm"] and one["seq"] < two["seq"]), (one, two))

    def test_the_longest_chain(self):
        """The largest Lamport stamp is its length: each event's stamp is that of the longest chain to it."""
        for _ in self.each():
            answer = self.ask("chain")
            self.assertEqual(answer["count"], self.events.lamport.max())
            self.assertEqual([event["stamps"]["lamport"] for event in answer["events"]],
                             list(range(1, answer["count"] + 1)))
            self.check_steps(answer["events"])

    def test_an_event(self):
        for draw in self.each():
            messages = lcmpi.messages(self.file)
            for at in draw.sample(self.happened, 8):
                row = self.events.iloc[at]
                (event,) = self.ask("event", self.names[at])["events"]
                self.assertEqual((event["kind"], event["t_ns"], event["tick"], event["stamps"]),
                                 (row.kind, row.t_actual, row.tick,
                                  {"lamport": row.lamport, "vector": self.stamps[at].tolist()}))
                sent = messages[(messages.sender == row.machine) & (messages.send_seq == row.seq)]
                taken_by = [None if np.isnan(seq) else f"{vm}:{int(seq)}"
                            for vm, seq in zip(sent.receiver, sent.recv_seq.astype(float))]
                self.assertEqual([(m["message"], m["receiver"], m["received_by"]) for m in event["sent"]],
                                 [(f"{row.machine}:{n}", to, by)
                                  for n, to, by in zip(sent.number, sent.receiver, taken_by)])

    def test_a_snapshot(self):
        for _ in self.each():
            states = lcmpi.snapshots(self.file)
            has_second = "served" not in self.file  # a server's run has the end alone
            for word, number, crossing in [("1", 1, 1)] * has_second + [("end", states.snapshot.max(), -1)]:
                answer, rows = self.ask("state", word), states[states.snapshot == number]
                self.assertEqual([(vm["n_event"], vm["n_queued"], vm["t_ns"], vm["stamps"]["lamport"])
                                  for vm in answer["vms"]],
                                 list(zip(rows.n_event, rows.n_queued, rows.t_actual, rows.lamport)))
                rows = lcmpi.under_way(self.file, crossing)
                self.assertEqual(sorted((m["message"], m["receiver"], m["fate"]) for m in answer["messages"]),
                                 sorted((f"{m.sender}:{m.number}", m.receiver, m.fate) for m in rows.itertuples()))


if __name__ == "__main__":
    unittest.main()
