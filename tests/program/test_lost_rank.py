"""kill -9 of one rank: the others end too, one voice says so, and what was committed is kept."""

import os
import signal
import unittest
from concurrent.futures import ThreadPoolExecutor

import program
from program import ENDLESS, harness


class LostRank(program.Case):
    def lose(self, number, ranks=3):
        name = f"lost{number}.h5"
        process = self.started("--vms", 4, "--clock", "lamport,vector", *ENDLESS, ranks=ranks, name=name)
        members = harness.ranks_of(process)
        self.assertEqual(len(members), ranks)
        os.kill(members[number], signal.SIGKILL)
        had = program.committed(self.path(name))
        out, err = self.ends(process, *range(1, 256))
        harness.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in members),
                           what="the end of all ranks")
        self.assertLessEqual(len(program.spoken(err)), 1, err)
        self.assertEqual(program.spoken(err), harness.own_lines(err), "nobody else speaks")
        self.assertEqual(len(out.splitlines()), 1, "no summary of a run without an end")
        kept = program.committed(self.path(name))
        self.assertTrue(all(a <= b for a, b in zip(had, kept)), (had, kept))
        return kept

    def check_kept(self, kept, name="run.h5"):
        run = self.judged(name, state="RUNNING")
        self.assertEqual(run.events.n, sum(kept))
        self.assertIn("RUNNING: the run was killed", self.check_run("info", name).stdout)
        self.assertIn("was RUNNING, is RECOVERED", self.check_run("recover", name).stdout)
        run = self.judged(name, state="RECOVERED")
        self.assertEqual(run.events.n, sum(kept), "recover loses no event")

    def test_the_first_or_the_last(self):
        with ThreadPoolExecutor() as pool:  # side by side: mostly waiting
            jobs = {number: pool.submit(self.lose, number) for number in (0, -1)}
        for number, job in jobs.items():
            with self.subTest(rank=number):
                self.check_kept(job.result(), f"lost{number}.h5")

    def test_all_at_once(self):
        """A run alone that is killed has nobody to speak for it."""
        process = self.started("--vms", 4, "--clock", "lamport,vector", *ENDLESS)
        process.kill()
        self.ends(process, -signal.SIGKILL)
        self.check_kept(program.committed(self.path("run.h5")))


if __name__ == "__main__":
    unittest.main()
