"""lcmpi query of imported logs: machines go by their names, what a log does not say is not said, and logs in which an
event is among its own causes have no before and after."""
import json
import unittest

from logs import LogTest, harness

COLUMNS = [part for pair in ("time=t", "machine=m", "kind=k", "peer=p", "clock=c", "message=id")
           for part in ("--column", pair)]
HEADER = "t,m,k,p,c,id"


class Query(LogTest):
    def take_table(self, *lines):
        self.write("all.csv", HEADER, *lines)
        self.take(*COLUMNS, "--time-unit", "s")

    def ask(self, *words, code=0):
        """What it says: on stdout, or the one line on stderr."""
        done = self.call(harness.LCMPI, "query", self.file.name, *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout if code else done.stderr, "")
        return done.stderr if code else done.stdout

    def test_names_and_what_is_not_known(self):
        self.take_table("1,alice,send,bob,1,a", "2,alice,internal,,2,", "3,bob,receive,alice,2,a")
        self.assertEqual(self.ask("before", "alice:0", "bob:0"), "yes: 0:0 happened before 1:0\n")
        self.assertEqual(self.ask("before", "bob:0", "alice:1"), "no: 1:0 and 0:1 are concurrent\n")
        self.assertEqual(self.ask("event", "bob:0"), self.ask("event", "1:0"))
        self.assertEqual(self.ask("event", "bob:0").splitlines(),
                         ["1:0: RECEIVE at 2.000000 s, tick 0", "  log       logs/all.csv line 4, machine bob", "  logged    2",
                          "  takes     0:0, sent by 0:0"])
        event, = json.loads(self.ask("event", "bob:0", "--json"))["events"]
        self.assertEqual([event[key] for key in ("vm", "machine", "file", "line", "t_due_ns", "queue_before", "queue_after")],
                         [1, "bob", "logs/all.csv", 4, None, None, None])
        self.assertEqual(self.ask("past", "carol:0", code=2),
                         "lcmpi: run.h5 has no VM carol: its VMs are 0 to 1, or the names of machines in the logs\n")

    def test_a_cycle(self):
        """Each takes first what the other sends afterwards: no event has a past then, whichever is asked for."""
        self.take_table("1,alice,receive,bob,2,m2", "2,alice,send,bob,3,m1", "1,bob,receive,alice,2,m1", "2,bob,send,alice,3,m2",
                        "1,carol,internal,,1,")
        questions = [["chain"], ["before", "alice:0", "bob:1"], ["path", "bob:1", "alice:0"], ["before", "carol:0", "carol:0"]]
        questions += [[word, name] for word in ("past", "future", "concurrent")
                      for name in ("alice:0", "alice:1", "bob:0", "bob:1", "carol:0")]
        for words in questions:
            for json_too in ([], ["--json"]):
                with self.subTest(words + json_too):
                    self.assertEqual(self.ask(*words, *json_too, code=4),
                                     "lcmpi: run.h5: an event is among its own causes ('lcmpi verify' shows it): nothing can be "
                                     "said of before and after\n")
        self.assertIn("1:1: SEND at", self.ask("event", "bob:1"))


if __name__ == "__main__":
    unittest.main()
