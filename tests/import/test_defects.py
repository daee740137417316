"""Logs without a fault pass; each planted fault is found by the checks that are about it, with the line of the log."""
import unittest

from logs import TABLE, LogTest
from seeds import NS, Faults, simulate

RULES = "ab"


class Correct(LogTest):
    def test_right_logs_pass(self):
        for rule in RULES:
            for seed in range(3):
                with self.subTest(rule=rule, seed=seed):
                    self.write_run(simulate(rule, seed, right=True))
                    self.assertEqual(self.judge(), {})
                    for each in self.folder.iterdir():
                        each.unlink()

    def test_a_table_of_someone_else_passes(self):
        self.write_run(simulate("b", right=True), table=True)
        self.assertEqual(self.judge(*TABLE, "--rates", "1,3,6"), {})

    def test_the_seeds_break_the_clock_condition_and_nothing_else(self):
        for rule, words in (("a", "a tick adds 1 once"), ("b", "stamps are logged before their update")):
            with self.subTest(rule=rule):
                run = simulate(rule)
                self.write_run(run)
                failed = self.judge()
                self.assertEqual(list(failed), ["clock logged"])
                note = failed["clock logged"]["note"]
                self.assertIn(words, note)
                receives = run.events(kind="receive")
                stamp = (lambda e: max(e["clock"], e["carried"])) if rule == "a" else (lambda e: e["clock"])
                broken = sum(stamp(event) <= event["carried"] for event in receives)
                self.assertGreater(broken, 10)
                self.assertTrue(note.startswith(f"{broken} of {len(receives)} receives break it"), note)
                for each in self.folder.iterdir():
                    each.unlink()

    def test_what_seed_b_loses_at_its_end(self):
        # 65 s of ticks, but its receivers look at the time between messages and listen for 60 s
        run = simulate("b", seconds=65, rates=(4, 5, 6), faults=Faults(deaf_after=60 * NS))
        self.write_run(run)
        failed = self.judge()
        self.assertEqual(sorted(failed), ["clock logged", "conservation"])
        lost = [each for each in run.sent if each["lost"]]
        shown = [each for each in lost if each["send"]["t"] < 63 * NS]  # later ones could still be on their way
        self.assertGreater(len(shown), 5)
        self.assertLessEqual(len(shown), failed["conservation"]["violations"])
        self.assertLessEqual(failed["conservation"]["violations"], len(lost))
        first = lost[0]["send"]
        self.assertIn((first["machine"], first["line"]), [
            (int(each["machine"]), each["line"]) for each in failed["conservation"]["witness"]["places"]])


class Defects(LogTest):
    """On logs with Lamport's rule, so that nothing else is wrong with them."""

    def plant(self, rule, faults=None, **how):
        run = simulate(rule, right=True, faults=faults or Faults(), **how)
        self.clear()
        self.write_run(run)
        return run

    def clear(self):
        for each in self.folder.iterdir():
            each.unlink()

    def lines(self, check):
        """(machine, line) of the witness's places."""
        return [(int(each["machine"]), each["line"]) for each in check["witness"]["places"]]

    def found(self, expected, event=None, check=None):
        """Exactly these checks fail; the line of `event` is in the witness of `check`, the first of them."""
        failed = self.judge()
        self.assertEqual(sorted(failed), sorted(expected),
                         {name: each["witness"]["text"] for name, each in failed.items()})
        check = failed[check or expected[0]]
        if event is not None:
            owner = event.get("owner", event["machine"])
            self.assertIn((owner, event["line"]), self.lines(check), check["witness"]["text"])
            self.assertIn(f":{event['line']} ", check["witness"]["text"])
        return check

    def test_a_lost_message(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                for lost in range(20, 60):  # one that no other message has the value of
                    run = simulate(rule, right=True, faults=Faults(lost=(lost,)))
                    values = [each["value"] for each in run.sent]
                    if run.sent[lost]["to"] == 2 and values.count(values[lost]) == 1:
                        break
                self.clear()
                self.write_run(run)
                check = self.found(["conservation"])
                self.assertIn("is lost", check["witness"]["text"])
                if rule == "a":  # values tell which one
                    self.assertIn((run.sent[lost]["sender"], run.sent[lost]["send"]["line"]), self.lines(check))

    def test_the_lost_message_is_named_where_merges_show_it(self):
        run = simulate("b", right=True, rates=(2, 6, 3))
        lost = next(a["number"] for a, b in zip(run.sent[10:], run.sent[11:])
                    if a["to"] == 1 and "receive" in a and a["receive"]["clock"] > a["receive"]["before"] + 1)
        run = self.plant("b", Faults(lost=(lost,)), rates=(2, 6, 3))
        self.found(["conservation"], run.sent[lost]["send"])

    def test_two_sends_race_for_one_slot_and_one_is_lost(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                rates = (6, 3, 3)
                run = simulate(rule, right=True, rates=rates)
                first, second = next((a, b) for a in run.sent for b in run.sent if a["to"] == b["to"] == 1 and
                                     a["sender"] < b["sender"] and abs(a["send"]["t"] - b["send"]["t"]) < 2_000_000)
                run = self.plant(rule, Faults(lost=(first["number"],)), rates=rates)
                check = self.found(["conservation"])
                if rule == "b":
                    self.assertIn("at the same time to the same machine", check["witness"]["text"])
                    lines = self.lines(check)
                    for each in (first, second):
                        send = run.sent[each["number"]]["send"]  # a line for each receiver
                        self.assertIn((each["sender"], send["line"] + send["to"].index(1)), lines)

    def test_a_doubled_receive(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = simulate(rule, right=True)
                log = run.machines[1].log
                at = next(i for i in range(30, len(log)) if log[i]["kind"] == "receive" and log[i]["queue"] == 1 and
                          all(each["kind"] == "internal" for each in log[i + 1:i + 3]))
                if rule == "b":  # the next tick takes it once more
                    log[at + 1].update(kind="receive", took=log[at]["took"], sender=log[at]["sender"], queue=1)
                else:  # and acts; all that comes later has a clock that is larger by one
                    again = dict(log[at], t=log[at + 2]["t"] - 50_000, tick=log[at + 2]["tick"],
                                 clock=log[at + 2]["clock"])
                    log[at + 2]["clock"] += 1
                    log[at + 3:] = []
                    log.insert(at + 2, again)
                    cut_at = log[-1]["t"]
                    for machine in run.machines:
                        machine.log[:] = [each for each in machine.log if each["t"] <= cut_at]
                self.clear()
                self.write_run(run)
                failed = self.judge()
                self.assertIn("matching", failed)
                doubled = log[at + 1] if rule == "b" else again
                named = self.lines(failed["matching"])[0]
                self.assertIn(named, [(2, log[at]["line"]), (2, doubled["line"])])
                self.assertLessEqual(set(failed), {"matching", "queues"})

    def test_a_skipped_tick(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = self.plant(rule, Faults(skipped=((3, 100),)))
                after = next(each for each in run.events(machine=3) if each["tick"] == 101)
                check = self.found(["ticks"], after)
                self.assertIn("ticks are missing", check["witness"]["text"])

    def test_a_send_and_a_receive_in_one_tick(self):
        run = simulate("b", right=True)
        tick = next(each["tick"] for each in run.events(machine=2, kind="receive") if each["tick"] > 50)
        run = self.plant("b", Faults(doubled=((2, tick),)))
        act = [each for each in run.events(machine=2) if each["tick"] == tick][1]
        self.assertIn("in the same tick", self.found(["ticks"], act)["witness"]["text"])

    def test_two_actions_in_one_tick(self):
        run = self.plant("a", Faults(doubled=((2, 60),)))
        act = [each for each in run.events(machine=2) if each["tick"] == 60][-1]
        self.assertIn("in the same tick", self.found(["ticks"], act)["witness"]["text"])

    def test_a_receive_without_the_action_of_its_tick(self):
        run = simulate("a", right=True)
        log = run.machines[2].log
        cut = next(i for i in range(len(log) - 1, 0, -1) if log[i]["kind"] == "receive")
        for machine in run.machines:  # the end may be cut short there
            machine.log[:] = [each for each in machine.log if each["t"] < log[cut]["t"]] + [log[cut]] * (machine.name == 3)
        self.write_run(run)
        self.assertEqual(self.judge(), {})

    def test_two_messages_of_a_channel_swapped(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                rates = (2, 6, 1)
                run = simulate(rule, right=True, rates=rates)
                sends = [each for each in run.sent[4:] if each["sender"] == 2 and each["to"] == 1]
                for a, b in zip(sends, sends[1:]):
                    gap = b["send"]["t"] - a["send"]["t"]
                    if gap > 0.7 * NS:
                        continue
                    run = simulate(rule, right=True, rates=rates, faults=Faults(late={a["number"]: gap + 5_000_000}))
                    one, other = run.sent[a["number"]], run.sent[b["number"]]
                    if "receive" in one and "receive" in other and other["receive"]["t"] < one["receive"]["t"] and \
                            other["receive"]["clock"] > other["receive"]["before"] + 1:
                        break  # the merge shows it
                else:
                    self.fail("no such pair")
                self.clear()
                self.write_run(run)
                self.found(["fifo"], one["receive"])

    def test_lines_swapped(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = simulate(rule, right=True)
                log = run.machines[2].log
                at = next(i for i in range(50, 99) if all(each["kind"] == "internal" for each in log[i - 1:i + 3]))
                log[at], log[at + 1] = log[at + 1], log[at]
                self.clear()
                self.write_run(run)
                failed = self.judge()
                self.assertIn("its time is before", failed["ticks"]["witness"]["text"] +
                              str([each for each in failed]))
                self.assertIn((3, log[at + 1]["line"]), self.lines(failed["ticks"]))

    def test_a_wrong_merge(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = simulate(rule, right=True)
                tick = next(each["tick"] for each in run.events(machine=1, kind="receive")
                            if each["carried"] > each["before"] + 1 and each["tick"] > 20)
                run = self.plant(rule, Faults(unmerged=((1, tick),)))
                event = next(each for each in run.events(machine=1, kind="receive") if each["tick"] == tick)
                check = self.found(["stamps", "clock logged"], event)
                self.assertIn("a wrong merge", check["witness"]["text"])
                self.assertEqual(check["violations"], 1)

    def test_a_wrong_merge_in_a_log_before_updates(self):
        run = simulate("b")
        tick = next(each["tick"] for each in run.events(machine=1, kind="receive")
                    if each["carried"] > each["before"] + 1 and each["tick"] > 20)
        run = simulate("b", faults=Faults(unmerged=((1, tick),)))
        self.write_run(run)
        event = next(each for each in run.events(machine=1, kind="receive") if each["tick"] == tick)
        self.found(["stamps", "clock logged"], event)

    def test_a_stamp_logged_before_its_update(self):
        for rule in RULES:
            for kind in ("internal", "send", "receive"):
                with self.subTest(rule=rule, kind=kind):
                    run = simulate(rule, right=True)
                    event = run.events(machine=2, kind=kind)[-8]
                    event["clock"] = event["before"]
                    self.clear()
                    self.write_run(run)
                    failed = self.judge()
                    self.assertIn("stamps", failed)
                    self.assertIn("clock logged", failed)
                    self.assertIn((2, event["line"]), self.lines(failed["stamps"]))
                    self.assertIn("logged before its update", failed["stamps"]["witness"]["text"])

    def test_a_rate_not_kept(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = simulate(rule, right=True)
                for each in [run.machines[1], *run.machines[1].log]:
                    if isinstance(each, dict):
                        each["rate"] = 4
                    else:
                        each.rate = 4
                self.clear()
                self.write_run(run)
                check = self.found(["rates"])
                self.assertIn("machine 2 has rate 4", check["witness"]["text"])
                self.assertEqual(self.lines(check), [(2, run.machines[1].log[0]["line"])])

    def test_an_event_attributed_to_the_wrong_machine(self):
        for rule in RULES:
            for kind in ("internal", "send", "receive"):
                with self.subTest(rule=rule, kind=kind):
                    run = simulate(rule, right=True)
                    event = run.events(machine=3, kind=kind)[20]
                    event.update(machine=2, owner=3)
                    if 2 in event["to"] or event["sender"] == 2:
                        event = run.events(machine=3, kind=kind)[20]
                    self.clear()
                    self.write_run(run)
                    failed = self.judge()
                    self.assertIn("machines", failed)
                    self.assertIn((3, event["line"]), self.lines(failed["machines"]))

    def test_a_rate_of_another_machine(self):
        run = simulate("a", right=True)
        event = run.events(machine=3)[50]
        event["rate"] = 3
        self.write_run(run)
        self.assertIn("names a rate of 3", self.found(["machines"], event)["witness"]["text"])

    def test_in_one_file_a_wrong_machine_leaves_a_gap_and_a_double(self):
        run = simulate("b", right=True)
        event = run.events(machine=3, kind="internal")[50]
        event["machine"] = 2
        self.write_run(run, table=True)
        failed = self.judge(*TABLE, "--rates", "1,3,6")
        self.assertIn("ticks", failed)
        self.assertGreaterEqual(failed["ticks"]["violations"], 2)

    def test_a_queue_that_shrinks_by_itself(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                run = simulate(rule, right=True, rates=(1, 6, 6))
                event = next(each for each in run.events(machine=1, kind="receive") if each["queue"] > 12)
                event["queue"] = 2
                self.clear()
                self.write_run(run)
                self.found(["queues"], event)

    def test_a_tick_that_leaves_mail_alone(self):
        run = simulate("b", right=True)
        event = run.events(machine=3, kind="internal")[100]
        event["queue"] = 1
        self.write_run(run)
        self.assertIn("finds 1 in its queue", self.found(["queues"], event)["witness"]["text"])

    def test_a_queue_longer_than_what_was_sent(self):
        run = simulate("b", right=True)
        event = run.events(machine=3, kind="receive")[0]
        event["queue"] = 90
        self.write_run(run)
        self.assertIn("queues", self.judge())

    def test_operations_with_other_frequencies(self):
        for rule, weights in (("a", "0.6,0,0.4"), ("b", "0.5,0.25,0.25")):
            with self.subTest(rule=rule):
                self.clear()
                self.write_run(simulate(rule, right=True))
                failed = self.judge("--operations", weights)
                self.assertEqual(list(failed), ["operations"])
                self.assertIn("has p = ", failed["operations"]["witness"]["text"])
                self.assertEqual(self.judge("--operations", "none"), {})

    def test_a_multicast_where_there_is_none(self):
        self.write_run(simulate("b", right=True))
        self.assertEqual(list(self.judge("--operations", "1/3,0,2/3")), ["operations"])


if __name__ == "__main__":
    unittest.main()
