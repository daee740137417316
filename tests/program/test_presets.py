"""The published solutions in real time: their rules hold, and only their clocks are found to be wrong."""

import re
import unittest

import h5py
import numpy as np

import program

FAIL = re.compile(r"^FAIL  (.+?)  ", re.MULTILINE)


class Presets(program.Case):
    def run_of(self, *options, wrong):
        """A run on three ranks; its file, when the verifier has found just that."""
        self.check_run(*options, "--speed", 20, "--seed", 7, "--progress", "none", "-o", "run.h5", ranks=3)
        said = self.check_run("verify", "run.h5", code=4).stdout
        self.assertEqual(FAIL.findall(said), [wrong], said)
        self.assertRegex(said, r"\n      [1-9]\d* of \d+ receives are not after their send; known to be faulty: ")
        return h5py.File(self.path("run.h5"), "r")

    def test_seed_a(self):
        """Ticks that take a message have two events, and a saturated machine acts as often as any."""
        with self.run_of("--preset", "seed-a:U=3", wrong="clock lamport-seed-a") as file:
            self.assertEqual(file["n_tick"][()].tolist(), [60, 180, 360])
            self.assertEqual(file["n_event"][()].tolist(), (file["n_tick"][()] + file["n_received"][()]).tolist())
            events = {name: file[f"events/{name}"][()] for name in ("machine", "tick", "kind", "t_actual", "queue_after")}
            received = np.flatnonzero(events["kind"] == 3)
            for name in ("machine", "tick", "t_actual", "queue_after"):
                self.assertTrue((events[name][received] == events[name][received + 1]).all(), name)
            self.assertTrue((events["kind"][received + 1] != 3).all())
            self.assertEqual(file["n_sent"][0] + file["n_internal"][0], 60)
            self.assertGreater(file["n_queued"][0], 50)
            self.assertEqual(file["final_lamport-seed-a"][2], 360)

    def test_seed_b(self):
        """Ticks go on after the receivers have stopped listening; what was sent to them then is counted as lost."""
        with self.run_of("--preset", "seed-b:few-internal", "--rates", "4,6,2", wrong="clock lamport-seed-b") as file:
            self.assertEqual(file["n_tick"][()].tolist(), [259, 389, 129])
            fate, sender, receiver = (file[f"messages/{name}"][()] for name in ("fate", "sender", "receiver"))
            number, arrival = file["messages/number"][()], file["messages/t_arrival"][()]
            lost = fate == 4
            self.assertGreater(lost.sum(), 10)
            self.assertEqual(lost.sum(), file["balance/lost"][()])
            for channel in {*zip(sender.tolist(), receiver.tolist())}:
                of_it = np.flatnonzero((sender == channel[0]) & (receiver == channel[1]))
                of_it = of_it[np.argsort(number[of_it])]
                late = np.flatnonzero(~lost[of_it] & (arrival[of_it] >= 60 * 10**9))
                self.assertLessEqual(len(late), 1, f"{channel} delivers one message after that time")
                if lost[of_it].any():
                    self.assertEqual(late.tolist(), [int(np.flatnonzero(lost[of_it])[0]) - 1], "the last before those that are lost")

    def test_shared_stream(self):
        """Machines of one rate act in lockstep: whenever two of them act at a tick, they do the same."""
        self.check_run("--vms", 3, "--rates", "5", "--rng-fault", "shared-stream", "--speed", 20, "--duration", "20s", "--seed", 3,
                       "--progress", "none", "-o", "run.h5", ranks=3)
        self.check_verified("run.h5")
        with h5py.File(self.path("run.h5"), "r") as file:
            tick, op = file["events/tick"][()], file["events/op"][()]
            drawn = {}
            for t, o in zip(tick.tolist(), op.tolist()):
                if o:
                    drawn.setdefault(t, []).append(o)
            self.assertGreater(sum(len(ops) > 1 for ops in drawn.values()), 50)
            self.assertTrue(all(len(set(ops)) == 1 for ops in drawn.values()))


if __name__ == "__main__":
    unittest.main()
