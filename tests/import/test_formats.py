"""Small logs written by hand, line by line as the seeds wrote them: what becomes of them, and what is refused."""
import sys
import unittest

import h5py

from logs import IMPORT, TABLE, LogTest

A1 = ["2016-03-13 23:40:42,526 : Process: 1, PID: 25324",
      "2016-03-13 23:40:42,527 : Machine 1 (clock rate = 1) sending to Machine 2 logical clock value of 1 at 0.001s",
      "2016-03-13 23:40:43,528 : Machine 1 (clock rate = 1) received message with lc value of 3 with queue size of 2 at "
      "1.002s with logical clock of 2",
      "2016-03-13 23:40:43,528 : Machine 1 (clock rate = 1) has internal event at 1.002s with logical clock value of 3"]
A2 = ["2016-03-13 23:40:42,530 : Process: 2, PID: 25325",
      "2016-03-13 23:40:42,531 : Machine 2 (clock rate = 3) has internal event at 0.001s with logical clock value of 1",
      "2016-03-13 23:40:42,864 : Machine 2 (clock rate = 3) received message with lc value of 1 with queue size of 1 at "
      "0.334s with logical clock of 2",
      "2016-03-13 23:40:42,864 : Machine 2 (clock rate = 3) sending to Machine 1 logical clock value of 2 at 0.334s",
      "2016-03-13 23:40:43,197 : Machine 2 (clock rate = 3) sending to Machine 1 logical clock value of 3 at 0.667s"]
HEADER = "Process Id,System Time,Clock Counter,Event Type,Sender,Reciever,Description,Queue Length"
CREATE = "{0},1678255071281683000,0,CREATE,None,None,(pid: {1}) - (speed: {2}) - (recp: 127.0.0.1;2392) - (id: {0}),0"
B1 = [HEADER, CREATE.format(1, 93922, 1), "1,1678255072281683000,0,RECEIVED,2,1,3,1",
      "1,1678255073281659000,2,INTERNAL,None,None,7,0", "1,1678255074281700000,3,INTERNAL,None,None,4,0",
      "1,1678255075281782000,4,SEND,1,2,3,0", "1,1678255075281783000,4,SEND,1,3,3,0"]
B2 = [HEADER, CREATE.format(2, 93923, 2), "2,1678255071781683000,0,INTERNAL,None,None,9,0",
      "2,1678255072280683000,1,SEND,2,1,1,0"]
B3 = [HEADER, CREATE.format(3, 93924, 1), "3,1678255072281683000,0,INTERNAL,None,None,7,0"]
INTERNAL, SEND, RECEIVE = 1, 2, 3


class Formats(LogTest):
    def columns(self, table, *names):
        with h5py.File(self.file) as h5:
            return list(zip(*(h5[f"{table}/{name}"][:].tolist() for name in names)))

    def attribute(self, name):
        with h5py.File(self.file) as h5:
            return h5.attrs[name]

    def write_a(self):
        self.write("m1.log", *A1)
        self.write("m2.log", *A2)

    def write_b(self):
        self.write("1.csv", *B1)
        self.write("2.csv", *B2)
        self.write("3.csv", *B3)

    def test_seed_a(self):
        self.write_a()
        said = self.take()
        self.assertIn("seed-a: 7 events of 2 machines (1, 2) as VMs 0 to 1; clocks before-maximum", said)
        self.assertEqual(self.attribute("imported"), "seed-a")
        self.assertEqual(self.attribute("tick_rule"), "receive-then-act")
        ms = 1_000_000
        self.assertEqual(
            self.columns("events", "machine", "seq", "tick", "t_actual", "kind", "peer", "msg_first", "carried",
                         "queue_before", "queue_after", "queue_logged", "source_file", "source_line"),
            [(0, 0, 0, 0 * ms, SEND, 1, 0, -1, 0, 0, 0, 0, 2),
             (0, 1, 1, 1001 * ms, RECEIVE, 1, 1, 3, 2, 1, 1, 0, 3),
             (0, 2, 1, 1001 * ms, INTERNAL, -1, 0, -1, 1, 1, 0, 0, 4),
             (1, 0, 0, 4 * ms, INTERNAL, -1, 0, -1, 0, 0, 0, 1, 2),
             (1, 1, 1, 337 * ms, RECEIVE, 0, 0, 1, 1, 0, 1, 1, 3),
             (1, 2, 1, 337 * ms, SEND, 0, 0, -1, 0, 0, 0, 1, 4),
             (1, 3, 2, 670 * ms, SEND, 0, 1, -1, 0, 0, 0, 1, 5)])
        self.assertEqual(self.columns("messages", "sender", "number", "receiver", "send_seq", "fate", "source_line",
                                      "receiver_known"),
                         [(0, 0, 1, 0, 1, 2, 1), (1, 0, 0, 2, 3, 4, 0), (1, 1, 0, 3, 1, 5, 1)])
        with h5py.File(self.file) as h5:
            self.assertEqual(h5["events/clocks/logged/stamp"][:].tolist(), [1, 2, 3, 1, 2, 2, 3])
            self.assertEqual(h5["tick_rate"][:].tolist(), [1, 3])

    def test_a_send_may_name_another_machine_than_its_receiver(self):
        # machine 1's message goes to machine 3, whatever its line says
        self.write_a()
        self.write("m2.log", A2[0], A2[1])
        self.write("m1.log", *A1[:2])
        self.write("m3.log", *(line.replace("Machine 2", "Machine 3").replace("Process: 2", "Process: 3")
                               for line in A2[:3]))
        self.take()
        self.assertEqual(self.columns("messages", "sender", "receiver", "fate", "receiver_known"), [(0, 2, 1, 1)])

    def test_what_values_leave_open_is_said(self):
        # both 1 and 2 send the value 1 before machine 3 takes two messages of that value
        send = "2016-03-13 23:40:42,530 : Machine {0} (clock rate = 3) sending to Machine {1} logical clock value of 1 at 0.0s"
        take = ("2016-03-13 23:40:43,{1} : Machine {0} (clock rate = 3) received message with lc value of 1 with queue "
                "size of 1 at 1.0s with logical clock of {2}")
        for name in (1, 2):
            self.write(f"m{name}.log", A1[0].replace("Process: 1", f"Process: {name}"), send.format(name, 3 - name))
        self.write("m3.log", A1[0].replace("Process: 1", "Process: 3"), take.format(3, 100, 1), take.format(3, 433, 2))
        self.take("--tick-rule", "receive-or-act")
        self.assertEqual([row[0] for row in self.columns("events", "ambiguous")], [0, 0, 1, 1])
        _, report = self.verify()
        matching = next(each for each in report["checks"] if each["name"] == "matching")
        self.assertEqual(matching["result"], "ok")
        self.assertIn("leaves open which of several messages 2 receives took", matching["note"])

    def test_the_general_log_says_nothing_new(self):
        self.write_a()
        self.write("all.log", *sorted(A1 + A2))
        said = self.take()
        self.assertIn("all.log: is the general log", said)
        self.assertIn("7 events of 2 machines", said)

    def test_the_general_log_alone_is_a_run(self):
        self.write("all.log", *sorted(A1 + A2))
        self.assertIn("7 events of 2 machines", self.take())

    def test_whose_log_it_is(self):
        # the first line counts processes from 0; one line names the wrong machine; the general log has one first line
        for each, lines in (("m1.log", A1), ("m2.log", A2)):
            head = lines[0].replace("Process: 1", "Process: 0").replace("Process: 2", "Process: 1")
            more = [line.replace("internal event at 1.002s", f"internal event at {n}s").replace(":43,", f":{44 + n},")
                    for n, line in enumerate(10 * [lines[3 if each == "m1.log" else 1]])]
            self.write(each, head, *lines[1:], *more, *more[:1])
        wrong = (self.folder / "m1.log").read_text().replace("Machine 1 (clock rate = 1) has", "Machine 2 (clock rate = 3) has", 1)
        (self.folder / "m1.log").write_text(wrong)
        self.write("all.log", A1[0], *sorted(A1[1:] + A2[1:]))
        said = self.take()
        self.assertIn("all.log: is the general log", said)
        self.assertIn("of 2 machines (1, 2)", said)
        named = self.columns("events", "machine", "source_line", "named_machine")
        self.assertEqual([row for row in named if row[0] != row[2]], [(0, 4, 1)])

    def test_one_file_of_unequal_machines(self):
        self.write("all.csv", "m,t,k,p,c", "x,0,internal,,1", *(f"y,{n},internal,,{n}" for n in range(1, 40)))
        self.take(*(part for pair in ("machine=m", "time=t", "kind=k", "peer=p", "clock=c")
                    for part in ("--column", pair)), "--time-unit", "s")
        self.assertEqual(self.columns("events", "machine", "named_machine"), [(0, 0)] + 39 * [(1, 1)])

    def test_seed_b(self):
        self.write_b()
        said = self.take()
        self.assertIn("seed-b: 7 events of 3 machines (1, 2, 3) as VMs 0 to 2; clocks before-update", said)
        self.assertEqual(
            self.columns("events", "machine", "seq", "tick", "t_actual", "kind", "op", "peer", "msg_first", "msg_count",
                         "queue_before", "queue_after", "source_file", "source_line"),
            [(0, 0, 0, 500_000_000, RECEIVE, 0, 1, 0, 1, 1, 0, 0, 3),
             (0, 1, 1, 1_499_976_000, INTERNAL, 3, -1, 0, 0, 0, 0, 0, 4),
             (0, 2, 2, 2_500_017_000, INTERNAL, 3, -1, 0, 0, 0, 0, 0, 5),
             (0, 3, 3, 3_500_099_000, SEND, 2, -1, 0, 2, 0, 0, 0, 6),
             (1, 0, 0, 0, INTERNAL, 3, -1, 0, 0, 0, 0, 1, 3),
             (1, 1, 1, 499_000_000, SEND, 1, 0, 0, 1, 0, 0, 1, 4),
             (2, 0, 0, 500_000_000, INTERNAL, 3, -1, 0, 0, 0, 0, 2, 3)])
        self.assertEqual(self.columns("messages", "sender", "number", "receiver", "fate", "source_file", "source_line"),
                         [(0, 0, 1, 3, 0, 6), (0, 1, 2, 3, 0, 7), (1, 0, 0, 1, 1, 4)])
        with h5py.File(self.file) as h5:
            self.assertEqual(h5["events/clocks/logged/stamp"][:].tolist(), [0, 2, 3, 4, 0, 1, 0])
            self.assertEqual(h5["events/clocks/logged"].attrs["logged"], "before-update")

    def test_a_mapping_by_options_and_by_file(self):
        lines = ["when,who,what,with,stamp,waiting,value", "0.5,x,SEND,y,1,0,", "1,y,RECE,x,2,1,1", "1.5,x,INTE,,2,0,"]
        self.write("all.csv", *lines)
        self.take(*TABLE)
        by_options = self.columns("events", "machine", "t_actual", "kind", "peer", "carried", "queue_before")
        self.assertEqual(by_options, [(0, 0, SEND, 1, -1, 0), (0, 10**9, INTERNAL, -1, -1, 0),
                                      (1, 5 * 10**8, RECEIVE, 0, 1, 1)])
        mapping = self.folder.parent / "map.ini"
        mapping.write_text("[columns]\nmachine = who\ntime = when\nkind = what\nclock = 5\npeer = with\nqueue = waiting\n"
                           "carried = value\n[kinds]\nRECE = receive\nINTE = internal\n[log]\ntime-unit = s\nrates = 1,2\n")
        self.take("--map", mapping)
        self.assertEqual(self.columns("events", "machine", "t_actual", "kind", "peer", "carried", "queue_before"), by_options)
        with h5py.File(self.file) as h5:
            self.assertEqual(h5["tick_rate"][:].tolist(), [1, 2])

    def test_message_ids(self):
        self.write("all.csv", "t,m,k,p,c,id", "1,x,send,y,1,a", "2,x,send,y,2,b", "3,y,receive,x,3,b", "4,y,receive,x,4,a")
        columns = [part for pair in ("time=t", "machine=m", "kind=k", "peer=p", "clock=c", "message=id")
                   for part in ("--column", pair)]
        self.take(*columns, "--time-unit", "s")
        self.assertEqual(self.columns("events", "seq", "msg_first")[2:], [(0, 1), (1, 0)])
        failed = {each["name"] for each in self.verify()[1]["checks"] if each["result"] == "fail"}
        self.assertEqual(failed, {"fifo"})


    def test_machines_that_did_little(self):
        self.write("m1.log", *A1[:2])
        self.write("m2.log", *A2[:1])
        self.write("m3.log", A2[0].replace("Process: 2", "Process: 3"), A2[1].replace("Machine 2", "Machine 3"))
        self.assertIn("2 events of 3 machines", self.take())
        code, report = self.verify()
        self.assertEqual(code, 0, report)
        results = {each["name"]: each["result"] for each in report["checks"]}
        self.assertEqual((results["ticks"], results["rates"], results["operations"]), ("unknown",) * 3)
        self.write("1.csv", *B1[:2])
        self.assertIn("no event is in there", self.refused(logs=("logs/1.csv",)))


class Refused(LogTest):
    def refuses(self, where, *words, options=()):
        said = self.refused(*options)
        self.assertTrue(said.startswith(f"lcmpi_import: logs/{where}: "), said)
        for word in words:
            self.assertIn(word, said)

    def test_garbage_in_seed_a(self):
        for garbage in ("hello", A1[1].replace("clock rate", "rate"), A1[1].replace("value of 1", "value of x"),
                        A1[1] + " ", A1[1].replace("03-13", "13-43"), A1[1].replace("rate = 1", "rate = 0"),
                        A1[2].replace("queue size of 2 ", "")):
            with self.subTest(garbage):
                self.write("m1.log", *A1[:2], garbage, *A1[2:])
                self.refuses("m1.log:3")

    def test_what_was_expected_is_said(self):
        self.write("m1.log", *A1[:2], "hello")
        self.refuses("m1.log:3", "'hello' is no line of seed A's; expected 'DATE TIME,ms : Process: N, PID: N'")

    def test_garbage_in_seed_b(self):
        good = B1[3]
        for garbage, word in ((good.replace("INTERNAL", "INTERNALLY"), "expected one of"),
                              (good.replace(",2,", ",two,", 1), "clock is 'two'; expected a whole number"),
                              (good + ",1", "has 9 values; expected 8"), (good[:-2], "has 7 values; expected 8"),
                              (good.replace("1678255073281659000", "noon"), "expected a number of ns"),
                              (good[:-1] + "-1", "queue is '-1'"), ("hello", "has 1 values"),
                              ('"' + good, "cannot be taken apart"), (good.replace("1,", ",", 1), "names no machine"),
                              (B1[5].replace("SEND,1,2", "SEND,1,None"), "does not say to whom"),
                              (B1[5].replace("SEND,1,2", "SEND,1,9"), "names machine 9"),
                              (CREATE.format(1, 5, 1).replace("speed", "rate"), "expected '(pid: N) - (speed: N)")):
            with self.subTest(garbage):
                self.write("1.csv", *B1[:4], garbage, *B1[4:])
                self.write("2.csv", *B2)
                self.write("3.csv", *B3)
                self.refuses("1.csv:5", word)

    def test_numbers_that_cannot_be(self):
        for line in (B1[3].replace(",2,", ",9007199254740993,", 1), B1[3][:-1] + "9999999999",
                     B1[3].replace("1678255073281659000", "9078255073281659000")):
            with self.subTest(line):
                self.write("1.csv", *B1[:3], line, *B1[4:])
                self.write("2.csv", *B2)
                self.write("3.csv", *B3)
                self.refuses("1.csv:4", "too large to be true")

    def test_rates_that_cannot_be(self):
        for rate in ("0.0001", "99999999999999999999"):
            self.write("m1.log", *(line.replace("rate = 1", f"rate = {rate}") for line in A1))
            self.write("m2.log", *A2)
            self.assertIn(f"a rate of {rate} ticks per second, of machine 1,", self.refused())

    def test_another_header(self):
        self.write("1.csv", HEADER.replace("Reciever", "Receiver"), *B1[1:])
        self.refuses("1.csv:1", "expected seed B's header")

    def test_no_log_at_all(self):
        self.write("1.log", "what is this")
        self.refuses("1.log:1", "begins no log of seed A", "or seed B")

    def test_what_is_not_text_or_empty(self):
        (self.folder / "1.log").write_bytes(A1[0].encode() + b"\n\xff\xfe\n")
        self.refuses("1.log:2", "is not text")
        (self.folder / "1.log").write_bytes(b"")
        self.assertIn("logs/1.log: is empty", self.refused())

    def test_a_truncated_last_line(self):
        for lines, name, cut in ((A1, "m1.log", 30), (B1, "1.csv", 12)):
            with self.subTest(name):
                for each in self.folder.iterdir():
                    each.unlink()
                self.write("2.csv" if name == "1.csv" else "m2.log", *(B2 if name == "1.csv" else A2))
                if name == "1.csv":
                    self.write("3.csv", *B3)
                (self.folder / name).write_text("".join(line + "\n" for line in lines)[:-cut])
                self.refuses(f"{name}:{len(lines)}", "the last line ends amid a row (--truncated leaves it out)")
                said = self.take("--truncated")
                self.assertIn(f"{name}:{len(lines)}: the last line ends amid a row and is left out", said)
                with h5py.File(self.file) as h5:
                    lines_read = h5["events/source_line"][h5["events/machine"][:] == 0]
                self.assertNotIn(len(lines), lines_read)

    def test_only_a_last_line_can_be_truncated(self):
        self.write("m1.log", *A1[:2], A1[2][:50], A1[3])
        self.refuses("m1.log:3", options=("--truncated",))

    def test_usage(self):
        self.write("m1.log", *A1)
        self.write("m2.log", *A2)
        for options, word in ((("--rates", "1,2,3"), "is not 2 rates"), (("--operations", "1,2"), "is not three weights"),
                              (("--latency", "soon"), "is no time"), (("--format", "csv"), "needs --column machine=NAME"),
                              (("--format", "seed-a", "--column", "time=1"), "are of --format csv"),
                              (("--column", "tim=1"), "there are machine, time"), (("--column", "time"), "has no '='"),
                              (("--nonsense",), "unrecognized")):
            with self.subTest(options):
                self.assertIn(word, self.refused(*options, code=2))

    def test_places(self):
        self.assertIn("has no log in it", self.refused())
        self.assertIn("nowhere: No such file", self.refused(logs=("nowhere",)))
        self.write("m1.log", *A1)
        self.write("m2.log", *A2)
        self.write("notes.md", "my notes")
        self.assertIn("logs/notes.md: is not taken for a log", self.take())

    def test_an_existing_file_is_kept(self):
        self.write("m1.log", *A1)
        self.write("m2.log", *A2)
        self.file.write_text("precious")
        done = self.call(sys.executable, IMPORT, "logs", "-o", "run.h5")
        self.assertEqual((done.returncode, self.file.read_text()), (3, "precious"))
        self.assertIn("run.h5: exists; --force replaces it", done.stderr)


if __name__ == "__main__":
    unittest.main()
