"""More messages than the file has room for: it grows, while the run goes on or at its end, and loses nothing."""

import unittest

import program

# one fast machine sends to 20 slow ones, which hardly ever answer: 1,200 messages a second, for 4,096 of which there
# is room, that being the least
FLOOD = ("--vms", 21, "--rates", ",".join(["60"] + 20 * ["1"]), "--unicast", 0, "--multicast", 1, "--internal", 0,
         "--fanout", "all", "--duration", "6s", "--speed", 4, "--commit-every", "20ms", "--snapshot-every", "1s")

# the hub of a star sends to 4,999 VMs at its only tick, right before the end: rank 0 runs out of room then, rank 1 does
# not, and both have snapshots that wait for a commit
BURST = ("--vms", 5000, "--topology", "star", "--rates", "20/39", "--phase", "period", "--internal", 0.7, "--unicast", 0,
         "--multicast", 0.3, "--fanout", "all", "--latency", "const:20ms", "--duration", "1980ms", "--seed", 4,
         "--snapshot-every", "600ms", "--commit-every", "50s")


class Growth(program.Case):
    def times_grown(self, run):
        return run.attrs["history"].count("laid out again with more room")

    def test_too_little_room(self):
        for name, options, ranks in (("alone", ("--compact", "never"), None), ("ranks", (), 3)):
            with self.subTest(name):
                run = self.finished(*FLOOD, *options, "--reserve", "0.01", ranks=ranks, name=f"{name}.h5")
                self.assertGreater(run.messages.n, 4096)
                self.assertGreater(self.times_grown(run), 0, run.attrs["history"])
                self.assertRegex(self.last.stdout, r"\n          grown \d+ times?: a larger --reserve avoids that\n")

    def test_one_rank_out_of_room_at_the_end(self):
        run = self.check_run(*BURST, "--reserve", "0.01", "--progress", "none", "-o", "run.h5", ranks=2)
        self.assertRegex(run.stdout, r"\n          grown \d+ times?: a larger --reserve avoids that\n")
        self.check_verified(self.path("run.h5"))

    def test_enough_room(self):
        run = self.finished(*FLOOD, "--reserve", 4)
        self.assertEqual(self.times_grown(run), 0)
        self.assertNotIn("grown", self.last.stdout)


if __name__ == "__main__":
    unittest.main()
