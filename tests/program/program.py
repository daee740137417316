"""What the tests of whole runs share: a run is started, waited for by what stands in its file, and judged."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "common")]

import harness  # noqa: E402
import judge  # noqa: E402

ENDLESS = ("--rates", "10:20", "--duration", "10m", "--speed", 5, "--commit-every", "20ms", "--progress", "none")


def committed(path, counter="n_events"):
    """What the ranks have committed so far; None as long as there is no file."""
    try:
        with h5py.File(path, "r") as file:
            return file[f"commit/{counter}"][()].tolist()
    except OSError:
        return None


def spoken(stderr):
    """What lcmpi itself says on stderr; mpirun and the libraries below say more."""
    return [line for line in stderr.splitlines() if line.startswith("lcmpi:")]


class Case(harness.Case):
    def judged(self, name="run.h5", state="COMPLETE"):
        """The file, after both judges have found nothing."""
        wrong, run = judge.judge(self.path(name))
        self.assertEqual(wrong, [])
        self.assertEqual(run.state_name, state)
        self.check_verified(self.path(name))
        return run

    def finished(self, *arguments, ranks=None, name="run.h5"):
        """A run to its end, judged."""
        self.last = self.check_run(*arguments, "--progress", "none", "-o", name, ranks=ranks)
        self.assertEqual(harness.own_lines(self.last.stderr), [])
        return self.judged(name)

    def finished_all(self, runs, *common):
        """Several runs, {name: arguments}, side by side: most of each is waiting for MPI to start."""
        with ThreadPoolExecutor(4) as pool:
            jobs = {name: pool.submit(self.run_lcmpi, *common, *arguments, "--progress", "none", "-o",
                                      f"{number}.h5") for number, (name, arguments) in enumerate(runs.items())}
        for number, (name, job) in enumerate(jobs.items()):
            with self.subTest(name):
                self.assertEqual((job.result().returncode, job.result().stderr), (0, ""))
                yield name, self.judged(f"{number}.h5")

    def started(self, *arguments, ranks=None, rows=20, name="run.h5"):
        """A run in the background, when every rank has committed so many events."""
        process = self.start_lcmpi(*arguments, "-o", name, ranks=ranks)
        self.wait_for_rows(process, rows, name)
        return process

    def wait_for_rows(self, process, rows, name="run.h5"):
        def enough():
            if process.poll() is not None:
                self.fail(f"the run has ended with {process.returncode}: {process.communicate()}")
            counts = committed(self.path(name))
            return counts and min(counts) >= rows
        harness.wait_until(enough, what=f"{rows} events of every rank")

    def ends(self, process, *codes):
        """Waits for the end; what it wrote to stdout and stderr."""
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, codes, out + err)
        return out, err
