"""Runs of each preset that were worked out by hand, event by event, from the rules and the draws alone.

The draws of seed 3, which tick k of a machine uses if it acts (i: internal; >: sends to these):

    U = 3        VM 0  i  >2   i  >1  ...          VM 1  >2  i   >2  >2  i  ...     VM 2  >1 >1  i  >0  >1 i >1 >0 >1 ...
    the others   VM 0  i  >12  i  >1  ...          VM 1  >02 i   >2  i   i  i ...   VM 2  >1 >01 i  >01 >1 i i  i  >01 i i ...

A line is an event: machine, tick, time in s, kind, what it takes (sender#number) or sends (#first number>receivers), the queue before
and after, and the stamps of the two clocks of the run.
"""

import unittest

import h5py

import virtual

INTERNAL, SEND, RECEIVE = 1, 2, 3
KINDS = {"INTERNAL": INTERNAL, "SEND": SEND, "RECEIVE": RECEIVE}

# Messages take 10 ms, a tick takes a message or acts; clocks lamport and lamport-seed-b, which logs the value before.
EXERCISE = ("--preset", "exercise", "--vms", 3, "--rates", "1,3,6", "--clock", "lamport,lamport-seed-b", "--duration", "1700ms"), """
0 0 0           INTERNAL  -      0 0   1  0
0 1 1           RECEIVE   1#0    2 1   2  1
1 0 0           SEND      #0>02  0 0   1  0
1 1 0.333333333 RECEIVE   2#0    1 0   2  1
1 2 0.666666666 RECEIVE   2#2    1 0   5  2
1 3 1           RECEIVE   2#3    1 0   6  4
1 4 1.333333333 INTERNAL  -      0 0   7  5
1 5 1.666666666 RECEIVE   2#5    1 0   10 6
2 0 0           SEND      #0>1   0 0   1  0
2 1 0.166666666 RECEIVE   1#1    1 0   2  1
2 2 0.333333333 INTERNAL  -      0 0   3  2
2 3 0.5         SEND      #1>01  0 0   4  3
2 4 0.666666666 SEND      #3>1   0 0   5  4
2 5 0.833333333 INTERNAL  -      0 0   6  5
2 6 1           INTERNAL  -      0 0   7  6
2 7 1.166666666 INTERNAL  -      0 0   8  7
2 8 1.333333333 SEND      #4>01  0 0   9  8
2 9 1.5         INTERNAL  -      0 0   10 9
2 10 1.666666666 INTERNAL -      0 0   11 10
"""

# Messages take 1 ms, a tick takes a message and acts; clocks lamport-seed-a, which a tick advances once, and lamport. Three receives
# of machines 0 and 1 carry the stamp of their send: 4, 5 and 7.
SEED_A = ("--preset", "seed-a:U=3", "--duration", "1400ms"), """
0 0 0           INTERNAL  -      0 0   1  1
0 1 1           RECEIVE   2#2    1 0   4  6
0 1 1           SEND      #0>2   0 0   4  7
1 0 0           SEND      #0>2   0 0   1  1
1 1 0.333333333 RECEIVE   2#0    2 1   2  2
1 1 0.333333333 INTERNAL  -      1 1   2  3
1 2 0.666666666 RECEIVE   2#1    1 0   3  4
1 2 0.666666666 SEND      #1>2   0 0   3  5
1 3 1           RECEIVE   2#3    1 0   5  7
1 3 1           SEND      #2>2   0 0   5  8
1 4 1.333333333 RECEIVE   2#4    1 0   7  10
1 4 1.333333333 INTERNAL  -      0 0   7  11
2 0 0           SEND      #0>1   0 0   1  1
2 1 0.166666666 RECEIVE   1#0    1 0   2  2
2 1 0.166666666 SEND      #1>1   0 0   2  3
2 2 0.333333333 INTERNAL  -      0 0   3  4
2 3 0.5         SEND      #2>0   0 0   4  5
2 4 0.666666666 SEND      #3>1   0 0   5  6
2 5 0.833333333 RECEIVE   1#1    1 0   6  7
2 5 0.833333333 INTERNAL  -      0 0   6  8
2 6 1           SEND      #4>1   0 0   7  9
2 7 1.166666666 RECEIVE   0#0    2 1   8  10
2 7 1.166666666 SEND      #5>0   1 1   8  11
2 8 1.333333333 RECEIVE   1#2    1 0   9  12
2 8 1.333333333 SEND      #6>1   0 0   9  13
"""

# Messages take 1 ms; first ticks after one period, rounded up to a whole ns; clocks lamport-seed-b and lamport.
SEED_B = ("--preset", "seed-b", "--rates", "2,3,6", "--duration", "1600ms"), """
0 0 0.5         RECEIVE   2#1    1 0   0  3
0 1 1           RECEIVE   2#3    1 0   2  5
0 2 1.5         INTERNAL  -      0 0   4  6
1 0 0.333333334 RECEIVE   2#0    1 0   0  2
1 1 0.666666667 RECEIVE   2#2    1 0   1  3
1 2 1           RECEIVE   2#4    2 1   2  5
1 3 1.333333334 RECEIVE   2#5    1 0   4  6
2 0 0.166666667 SEND      #0>1   0 0   0  1
2 1 0.333333333 SEND      #1>01  0 0   1  2
2 2 0.5         INTERNAL  -      0 0   2  3
2 3 0.666666667 SEND      #3>01  0 0   3  4
2 4 0.833333333 SEND      #5>1   0 0   4  5
2 5 1           INTERNAL  -      0 0   5  6
2 6 1.166666667 INTERNAL  -      0 0   6  7
2 7 1.333333333 INTERNAL  -      0 0   7  8
2 8 1.5         SEND      #6>01  0 0   8  9
"""


def expected_rows(trace):
    """Of the file: (machine, seq, tick, t_actual, kind, peer, msg_first, msg_count, queue_before, queue_after, stamp, stamp); and
    who was sent what: (sender, number, receiver)."""
    rows, sent, seqs = [], [], {}
    for line in trace.split("\n"):
        if not line:
            continue
        vm, tick, t, kind, what, before, after, first, second = line.split()
        vm, peer, number, count = int(vm), -1, 0, 0
        if kind == "RECEIVE":
            (peer, number), count = map(int, what.split("#")), 1
        elif kind == "SEND":
            number, to = what[1:].split(">")
            number, count, peer = int(number), len(to), int(to) if len(to) == 1 else -1
            sent += [(vm, number + i, int(receiver)) for i, receiver in enumerate(to)]
        whole, _, rest = t.partition(".")
        seq = seqs[vm] = seqs.get(vm, -1) + 1
        rows.append((vm, seq, int(tick), int(whole) * 10**9 + int(rest.ljust(9, "0")), KINDS[kind], peer, number, count,
                     int(before), int(after), int(first), int(second)))
    return rows, sent


class Traces(virtual.Case):
    def check(self, options, trace, clocks):
        rows, sent = expected_rows(trace)
        self.assertGreater(len({row[:1] + row[2:3] for row in rows}), 10, "ticks")
        for ranks in (None, 3):
            self.check_run(*options, "--pace", "virtual", "--seed", 3, "--progress", "none", "-o", "run.h5", "--force", ranks=ranks)
            with h5py.File(self.path("run.h5"), "r") as file:
                events, messages = file["events"], file["messages"]
                columns = [events[name][()] for name in ("machine", "seq", "tick", "t_actual", "kind", "peer", "msg_first", "msg_count",
                                                         "queue_before", "queue_after")]
                columns += [events[f"clocks/{clock}/stamp"][()] for clock in clocks]
                found = sorted(zip(*(column.tolist() for column in columns)))
                self.assertEqual(found, rows)
                self.assertEqual(sorted(zip(*(messages[name][()].tolist() for name in ("sender", "number", "receiver")))), sent)

    def test_exercise(self):
        self.check(*EXERCISE, ("lamport", "lamport-seed-b"))

    def test_seed_a(self):
        self.check(*SEED_A, ("lamport-seed-a", "lamport"))

    def test_seed_b(self):
        self.check(*SEED_B, ("lamport-seed-b", "lamport"))


if __name__ == "__main__":
    unittest.main()
