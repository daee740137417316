"""The central server in real time: it has rank 0 for itself, every tick waits for its reply, and the verifier, which
replays its inboxes, finds nothing."""

import signal
import unittest

import h5py
import numpy as np

import program
from program import harness

import going_on

SKIPPED = 4
SECOND, MS = 10**9, 10**6
SERVED = ("--route", "server", "--seed", 7, "--progress", "none")


def middle(file, kind):
    """Of the times from a request to its reply: median, in ns."""
    counts, at = file[f"server/latency_{kind}"][()], file["server/bin_time"][()]
    return int(at[np.searchsorted(np.cumsum(counts), counts.sum() / 2)])


class Server(program.Case):
    def served(self, *options, ranks=None, state=2, code=0):
        """The file of a run, when the verifier has found nothing and its histograms have each request once."""
        self.check_run(*SERVED, *options, "-o", "run.h5", "--force", ranks=ranks, code=code)
        return self.looked_at("run.h5", state)

    def going(self, *options, ranks):
        """A run in the background, when machines have committed events; the server has none."""
        process = self.start_lcmpi(*SERVED, "--rates", "20", "--duration", "10m", "--commit-every", "20ms", *options, ranks=ranks)
        harness.wait_until(lambda: max(program.committed(self.path(options[-1])) or [0]) > 20, what="20 events")
        return process

    def looked_at(self, name, state):
        self.check_verified(name)
        file = h5py.File(self.path(name), "r")
        self.addCleanup(file.close)
        self.assertEqual(file["commit/state"][()], state)
        for kind in ("refresh", "submit", "report"):
            self.assertEqual(file[f"server/latency_{kind}"][()].sum(), file[f"server/n_{kind}"][()], kind)
        events = going_on.rows(file, "events", ("machine", "seq"), "events")
        done = events["kind"] != SKIPPED
        self.assertEqual(file["server/n_refresh"][()], done.sum())
        self.due, self.waits = events["t_scheduled"], (events["t_actual"] - events["t_scheduled"])[done]
        self.assertTrue((self.waits > 0).all(), "a reply takes time")
        return file

    def test_ranks(self):
        """The server has rank 0 for itself; alone it shares it."""
        for ranks, options, placed in ((None, ("--vms", 3), [0, 0, 0]), (2, (), [1]), (4, (), [1, 2, 3]),
                                       (3, ("--vms", 5), [1, 1, 2, 2, 2])):
            with self.subTest(ranks=ranks):
                file = self.served("--rates", "5:9", "--duration", "2s", *options, ranks=ranks)
                self.assertEqual(file["vm_rank"][()].tolist(), placed)
                self.assertEqual(file["server/n_submit"][()], file["balance/sent"][()])

    def test_64_clients(self):
        file = self.served("--duration", "3s", "--clock", "lamport,vector", ranks=65)
        self.assertEqual(file["vm_rank"][()].tolist(), list(range(1, 65)))
        self.assertEqual(file["server/n_refresh"][()] + file["server/n_skipped"][()].sum(), file["n_tick"][()].sum())

    def test_latency(self):
        """There and back, each on top of what the ranks take; sends wait twice as long."""
        file = self.served("--vms", 6, "--rates", "3", "--latency", "const:40ms", "--duration", "3s", ranks=3)
        self.assertGreaterEqual(self.waits.min(), 80 * MS)
        self.assertGreaterEqual(middle(file, "refresh"), 80 * MS)
        self.assertGreaterEqual(middle(file, "submit"), 79 * MS)
        self.assertGreaterEqual(middle(file, "report"), 39 * MS)

    def test_overtaking(self):
        """Requests and replies pass each other, in either order of the inboxes."""
        for order in ("timestamp", "arrival"):
            with self.subTest(order):
                file = self.served("--vms", 12, "--rates", "8:12", "--latency", "uniform:1ms,150ms", "--fifo", "off", "--server-order",
                                   order, "--unicast", 0, "--multicast", 1, "--internal", 0, "--fanout", 4, "--duration", "3s", ranks=4)
                self.assertGreater(file["server/inbox_max"][()], 3)

    def test_saturated(self):
        """It serves one request after the other, at its pace; ticks that it cannot serve are skipped, and what it was
        asked by the end it still does."""
        file = self.served("--vms", 9, "--rates", "20", "--service-time", "20ms", "--duration", "3s", ranks=4)
        served = sum(int(file[f"server/n_{kind}"][()]) for kind in ("refresh", "submit", "report"))
        self.assertEqual(file["server/busy"][()], served * 20 * MS)
        self.assertLess(served, 1.5 * 3 * SECOND / (20 * MS))
        self.assertGreater(file["server/busy"][()] / file["server/t_idle"][()], 0.7)
        self.assertGreater(file["server/n_skipped"][()].sum(), 200)
        self.assertGreater(middle(file, "refresh"), 100 * MS)

    def test_speed(self):
        """Model time is what the server's times are in."""
        file = self.served("--vms", 4, "--rates", "2", "--speed", 10, "--service-time", "300ms", "--duration", "20s", ranks=3)
        self.assertGreaterEqual(self.waits.min(), 300 * MS)
        self.assertEqual(file["server/busy"][()] % (300 * MS), 0)

    def test_stopped(self):
        """Ticks that have begun are brought to their end, and no other begins."""
        for ranks in (None, 4):
            with self.subTest(ranks=ranks):
                process = self.going("--vms", 6, "--service-time", "15ms", "-o", f"{ranks}.h5", ranks=ranks)
                process.send_signal(signal.SIGUSR1)
                out, err = self.ends(process, 85)
                self.assertEqual(program.spoken(err), [])
                self.assertIn("stopped early by SIGUSR1", out)
                self.assertNotIn("--resume", out)
                file = self.looked_at(f"{ranks}.h5", state=3)
                end = file["commit/t_end"][()]
                self.assertTrue((self.due < end).all())
                self.assertEqual(file["n_tick"][()].tolist(), [-(-int(end) // (SECOND // 20))] * 6)

    def test_long_line(self):
        """Neither a stop nor the end waits for it: it is an hour long."""
        for ranks, options, code, state in ((4, ("--duration", "2h", "--max-walltime", "2s"), 85, 3), (4, ("--duration", "1s"), 0, 2),
                                            (None, ("--duration", "1s"), 0, 2)):
            with self.subTest(ranks=ranks, code=code):
                file = self.served("--vms", 12, "--rates", "6", "--service-time", "5m", *options, ranks=ranks, code=code, state=state)
                self.assertGreaterEqual(self.waits.max(), 12 * 300 * SECOND)
                self.assertGreaterEqual(file["server/t_idle"][()], 12 * 300 * SECOND)

    def test_room(self):
        """A rank without machines has no messages, whatever the topology."""
        file = self.served("--vms", 300, "--rates", "50", "--topology", "star", "--compact", "never", "--duration", "1s", ranks=3)
        for table in ("queue", "channel"):
            first = file[f"commit/first_{table}"][()].tolist()
            self.assertEqual(first[1] - first[0], 4096, "a chunk is the least")
            self.assertGreater(first[2] - first[1], 4096, table)

    def test_server_is_lost(self):
        """What is committed is on file."""
        process = self.going("-o", "run.h5", ranks=4)
        harness.send_kill([min(harness.ranks_of(process))])
        process.communicate(timeout=60)
        self.assertNotIn(process.returncode, (0, 85))
        self.check_verified("run.h5")


if __name__ == "__main__":
    unittest.main()
