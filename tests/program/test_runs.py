"""Whole runs of all shapes: each ends with 0 and has a file in which two judges find nothing."""

import unittest

import program

QUICK = ("--duration", "6s", "--speed", 20)
SHAPES = {
    "one VM": ("--vms", 1),
    "two VMs": ("--vms", 2),
    "many VMs": ("--vms", 200, "--duration", "1s", "--speed", 2, "--rates", "1:20"),
    "a phase of one period": ("--vms", 3, "--phase", "period"),
    "random phases": ("--vms", 5, "--phase", "random"),
    "fractional rates": ("--vms", 4, "--rates", "2.5,1/3,7,22/7"),
    "a rate too slow to tick": ("--vms", 3, "--rates", "0.1,3", "--phase", "period"),
    "weights of the range": ("--vms", 6, "--rate-weights", "1,1,0,0,1,1"),
    "fractions as weights": ("--vms", 6, "--rates", "1:3", "--rate-weights", ".35,.35,.30"),
    "unicasts only": ("--vms", 3, "--unicast", 1, "--multicast", 0, "--internal", 0),
    "multicasts only": ("--vms", 4, "--unicast", 0, "--multicast", 1, "--internal", 0),
    "nothing is sent": ("--vms", 3, "--unicast", 0, "--multicast", 0, "--internal", 1),
    "to one": ("--vms", 4, "--multicast", ".5", "--unicast", ".2", "--internal", ".3", "--fanout", 1),
    "to nine": ("--vms", 12, "--multicast", ".5", "--unicast", ".2", "--internal", ".3", "--fanout", 9),
    "to all": ("--vms", 5, "--multicast", "1/3", "--unicast", "1/3", "--internal", "1/3", "--fanout", "all"),
    "vector clocks alone": ("--vms", 3, "--clock", "vector"),
    "two clocks": ("--vms", 3, "--clock", "vector,lamport"),
    "snapshots between": ("--vms", 3, "--clock", "lamport,vector", "--snapshot-every", "700ms"),
    "snapshots at every tick": ("--vms", 3, "--rates", 5, "--snapshot-every", "200ms"),
    "no snapshot but the last": ("--vms", 3, "--snapshot-every", "1h"),
    "shorter than a period": ("--vms", 3, "--duration", "1ns"),
    "durable": ("--vms", 3, "--durable", "--commit-every", "10ms"),
    "one commit": ("--vms", 3, "--commit-every", "1h"),
    "rare looks": ("--vms", 3, "--poll", "50ms"),
    "as laid out": ("--vms", 4, "--compact", "never", "--clock", "lamport,vector"),
}


class Runs(program.Case):
    def test_ranks(self):
        for ranks in (1, 2, 3, 5):
            with self.subTest(ranks=ranks):
                run = self.finished("--clock", "lamport,vector", *QUICK, ranks=ranks, name=f"{ranks}.h5")
                self.assertEqual((run.n_vm, run.n_rank), (ranks, ranks))
                self.assertEqual(run.vm_rank, list(range(ranks)))

    def test_alone(self):
        run = self.finished("--vms", 3, *QUICK)
        self.assertEqual((run.n_vm, run.n_rank), (3, 1))

    def test_more_vms_than_ranks(self):
        run = self.finished("--vms", 7, "--clock", "lamport,vector", *QUICK, ranks=3)
        self.assertEqual(sorted(run.vm_rank.count(rank) for rank in range(3)), [2, 2, 3])
        crossing = {(run.vm_rank[s], run.vm_rank[r])
                    for s, r in zip(run.messages.sender.tolist(), run.messages.receiver.tolist())}
        self.assertTrue(any(a == b for a, b in crossing) and any(a != b for a, b in crossing),
                        "messages inside a rank and between ranks")

    def test_shapes(self):
        self.assertEqual(len(list(self.finished_all(SHAPES, *QUICK))), len(SHAPES))

    def test_ticks_are_rate_times_time(self):
        run = self.finished("--vms", 4, "--rates", "1,3,6,2.5", "--duration", "5s", "--speed", 10)
        self.assertEqual([len(rows) for rows in run.of_vm], [5, 15, 30, 13])  # 2.5: at 0, 0.4 ... 4.8 s

    def test_options_show_in_the_file(self):
        """A shape of above is not all alike: what an option asks for is there."""
        run = self.finished("--vms", 6, "--duration", "4s", "--speed", 10, "--rates", "1:6", "--seed", 3,
                            "--rate-weights", "0,0,0,0,1,0", "--multicast", 1, "--unicast", 0, "--internal", 0,
                            "--fanout", 4, "--snapshot-every", "1500ms", "--phase", "random")
        self.assertEqual(run.p, [5] * 6)
        self.assertEqual(len(set(run.phase)), 6)
        self.assertEqual(run.t_snapshot, [1500 * 10**6, 3000 * 10**6, 4000 * 10**6])
        self.assertEqual({len(to) for _, to in run.idle_ticks().values()}, {4})

    def test_the_balance_is_said(self):
        """A machine that takes one message a tick from two fast ones ends with a queue."""
        run = self.finished("--vms", 3, "--rates", "1,20,20", *QUICK, "--unicast", 1, "--multicast", 0,
                            "--internal", 0)
        b = run.balance
        self.assertGreater(b["queued"], 0)
        self.assertIn(f"balance   {b['sent']} sent = {b['received']} received + {b['queued']} queued + "
                      f"{b['in_flight']} in flight + 0 lost: holds", self.last.stdout)


if __name__ == "__main__":
    unittest.main()
