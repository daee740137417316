"""The scripts of jobs/ on a real Slurm of three nodes: runs, the cycle of signal, requeue and resume, cancelled jobs,
lost ranks, sweeps, reports."""

import csv
import os
import re
import shutil
import signal
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "common")]

import cluster  # noqa: E402
import harness  # noqa: E402

JOBS = os.path.join(harness.ROOT, "jobs")
SRUN = "launcher=(srun --kill-on-bad-exit=0 --wait=2)\nexport SLURM_MPI_TYPE=pmix\n"
MPIRUN = "launcher=(mpirun)\nexport OMPI_MCA_odls_base_sigkill_timeout=2\n"
SHORT = ("--pace", "virtual", "--rates", "1,3,6", "--seed", 3, "--progress", "none")
# a second or two on three nodes, most of it for windows; nothing piles up in its queues
LONG = ("--pace", "virtual", "--rates", "3,5,6", "--seed", 3, "--progress", "none", "--duration", "3h",
        "--snapshot-every", "10m", "--commit-every", "20ms")
slurm = None


def setUpModule():
    global slurm
    lacking = cluster.missing()
    if lacking:
        raise unittest.SkipTest(f"no Slurm here: {', '.join(lacking)} (tests/run.sh --full installs it)")
    slurm = cluster.Cluster(tempfile.mkdtemp(prefix="lc", dir="/tmp"))
    unittest.addModuleCleanup(slurm.stop)
    slurm.start()


def h5(path, read):
    """What read(file) gives; None as long as there is no file that can be read."""
    try:
        with h5py.File(path, "r") as file:
            return read(file)
    except OSError:
        return None


def committed(path):
    return h5(path, lambda file: int(file["commit/n_events"][()].min()))


def digests(path):
    return h5(path, lambda file: {name: int(value[()]) for name, value in file["digest"].items()})


def segments(path):
    return h5(path, lambda file: len(file["segments/t_start"]))


class Jobs(harness.Case):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(dir=slurm.folder)
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def submit(self, script, *words, options=(), site="", **env):
        """sbatch, in the scratch folder, with the site's settings; the job's number."""
        with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=self.scratch, delete=False) as file:
            file.write(site)
        result = self.slurm("sbatch", "--parsable", *options, os.path.join(JOBS, script), *words,
                            env={"LCMPI": harness.LCMPI, "LCMPI_SITE": file.name, **env})
        return result.stdout.strip()

    def slurm(self, *words, **options):
        result = slurm.run(*words, cwd=self.scratch, **options)
        self.assertEqual(result.returncode, 0, f"{words}: {result.stderr}")
        return result

    def log(self, job, name="lcmpi"):
        with open(self.path(f"{name}-{job}.log"), errors="replace") as file:
            return file.read()

    def done(self, job, state="COMPLETED", code="0:0", name="lcmpi"):
        """The job, when it has ended in this way."""
        ended = slurm.wait_for(job, seconds=200)
        self.assertEqual((ended["JobState"], ended["ExitCode"]), (state, code), self.log(job, name))
        return ended

    def running(self, job, path, restarts=0, rows=100):
        """Waits until this start of the job has committed more than so many rows of each rank."""
        def look():
            now = slurm.job(job)
            if now["JobState"] in cluster.ENDED or int(now["Restarts"]) > restarts:
                self.fail(f"job {job} is {now['JobState']} after {now['Restarts']} restarts:\n{self.log(job)}")
            state = h5(path, lambda file: int(file["commit/state"][()]))
            return now["JobState"] == "RUNNING" and state == 1 and committed(path) > rows
        harness.wait_until(look, 60, f"more than {rows} rows of job {job}")

    def requeued(self, job, restarts):
        """Waits until the job has gone back into the queue so many times; it may be on again already."""
        def look():
            now = slurm.job(job)
            self.assertNotIn(now["JobState"], cluster.ENDED)
            return int(now["Restarts"]) == restarts
        harness.wait_until(look, 60, f"restart {restarts} of job {job}")

    def alone(self, name, *options):
        """The same run without Slurm, never stopped, on one rank."""
        self.check_run("--vms", 3, *options, "-o", name)
        return digests(self.path(name))

    def ranks(self, job):
        """The ids of the ranks of a job on all nodes."""
        found = []
        for pid in cluster.started_by(slurm.folder):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    words = file.read().split(b"\0")
                if os.path.samefile(f"/proc/{pid}/exe", harness.LCMPI) and f"SLURM_JOB_ID={job}".encode() in words:
                    found.append(pid)
            except OSError:
                continue
        return sorted(found)

    # ---- runs ------------------------------------------------------------------------------------

    def test_three_nodes(self):
        """With what starts ranks by default, and with mpirun; the same bits as without Slurm."""
        expected = self.alone("alone.h5", *SHORT)
        jobs = {launcher: self.submit("run.sbatch", *SHORT, options=["-N3"], site=site)
                for launcher, site in (("srun", ""), ("mpirun", MPIRUN + "folder=deep/down"))}
        for launcher, folder in (("srun", "."), ("mpirun", "deep/down")):
            with self.subTest(launcher):
                job = jobs[launcher]
                self.assertEqual(self.done(job)["NodeList"], "n[1-3]")
                file = self.path(f"{folder}/lcmpi-{job}.h5")
                self.assertIn(f" {launcher} ", self.log(job))
                self.assertIn("(SLURM_JOB_END_TIME)", self.log(job))
                self.assertEqual(h5(file, lambda h: h.attrs["n_rank"]), 3)
                self.assertEqual(digests(file), expected)

    def test_refused(self):
        job = self.submit("run.sbatch", "--rates", "none")
        self.assertEqual(self.done(job, "FAILED", "2:0")["Restarts"], "0")
        self.assertEqual([name for name in os.listdir(self.scratch) if ".h5" in name], [])

    # ---- signal, requeue, resume -----------------------------------------------------------------

    def cycle(self, launcher, site, signals, *options):
        """A run that is told to stop so many times; its file and the job's number."""
        job = self.submit("run.sbatch", *options, options=["-N3", "--time=30"], site=site, OUTPUT=f"{launcher}.h5")
        file, rows = self.path(f"{launcher}.h5"), 10
        for restarts in range(signals):
            self.running(job, file, restarts, rows)
            self.slurm("scancel", "--batch", "--signal=USR1", job)
            self.requeued(job, restarts + 1)
            rows = committed(file)
        self.assertEqual(self.done(job)["Restarts"], str(signals))
        self.assertEqual(self.log(job).count("stopped and saved: back into the queue"), signals, self.log(job))
        self.assertEqual(segments(file), signals + 1)
        self.check_verified(file)
        return file, job

    def test_signal_requeue_resume_until_complete(self):
        """The digest is that of a run that was never stopped."""
        with ThreadPoolExecutor() as pool:
            runs = [pool.submit(self.cycle, "srun", SRUN, 2, *LONG), pool.submit(self.cycle, "mpirun", MPIRUN, 1, *LONG)]
            expected = self.alone("alone.h5", *LONG)
        for run in runs:
            file, _ = run.result()
            self.assertEqual(digests(file), expected)

    def test_real_time(self):
        file, _ = self.cycle("mpirun", MPIRUN, 1, "--rates", "10:20", "--duration", "6s", "--commit-every", "50ms",
                             "--snapshot-every", "500ms", "--progress", "none")
        self.assertEqual(h5(file, lambda h: len(h["commit/n_events"])), 3)

    def test_the_time_limit_itself(self):
        """Slurm's own warning, as often as it takes. Model time is wall time: there is more of it than the limit has."""
        job = self.submit("run.sbatch", "--duration", "40s", "--snapshot-every", "1s", "--commit-every", "50ms", "--progress",
                          "none", options=["-N3", "--time=1", "--signal=B:USR1@40"], site=SRUN, OUTPUT="limit.h5")
        restarts = int(self.done(job)["Restarts"])
        self.assertGreaterEqual(restarts, 1)
        self.assertEqual(self.log(job).count("stopped and saved: back into the queue"), restarts, self.log(job))
        self.assertEqual(segments(self.path("limit.h5")), restarts + 1)
        self.check_verified(self.path("limit.h5"))

    def test_a_lost_rank(self):
        """The job is tried again, but not more often than the site says."""
        jobs = {restarts: self.submit("run.sbatch", *LONG, options=["-N3"], OUTPUT=f"{restarts}.h5",
                                      site=f"{site}restarts={restarts}\n") for restarts, site in ((1, SRUN), (0, MPIRUN))}
        for restarts, job in jobs.items():
            self.running(job, self.path(f"{restarts}.h5"))
            os.kill(self.ranks(job)[1], signal.SIGKILL)
        self.done(jobs[0], "FAILED", "137:0")
        self.assertIn("after 0 restarts of the job (restarts=0): not tried again", self.log(jobs[0]))
        self.assertEqual(self.done(jobs[1])["Restarts"], "1")
        self.assertIn("the file is RUNNING: back into the queue", self.log(jobs[1]))
        self.assertEqual(digests(self.path("1.h5")), self.alone("alone.h5", *LONG))

    def test_a_cancelled_job(self):
        """It is saved, not requeued, and can be gone on with in another job."""
        jobs = {name: self.submit("run.sbatch", *LONG, options=["-N3"], site=site, OUTPUT=f"{name}.h5")
                for name, site in (("srun", SRUN), ("mpirun", MPIRUN))}
        for name, job in jobs.items():
            self.running(job, self.path(f"{name}.h5"))
            self.slurm("scancel", job)
        for name, job in jobs.items():
            with self.subTest(name):
                ended = slurm.wait_for(job)
                self.assertEqual((ended["JobState"], ended["Restarts"]), ("CANCELLED", "0"), self.log(job))
                self.assertIn("STOPPED", self.check_run("info", f"{name}.h5").stdout.splitlines()[0])
        job = self.submit("run.sbatch", *LONG, options=["-N1", "-n2"], site=SRUN, OUTPUT="srun.h5")
        self.done(job)
        self.assertEqual(digests(self.path("srun.h5")), self.alone("alone.h5", *LONG))

    # ---- sweeps and reports ----------------------------------------------------------------------

    def sweep(self, *words):
        """sweep.sh, to the end of both its jobs: their numbers."""
        said = self.slurm(os.path.join(JOBS, "sweep.sh"), *words,
                          env={"LCMPI": harness.LCMPI, "LCMPI_SITE": self.path("site.sh")}).stdout
        return re.search(r"sweep (\d+), report (\d+)", said).groups()

    def test_sweep(self):
        """One line is stopped and goes on alone; the second time all are done; the report is made when all have ended."""
        with open(self.path("site.sh"), "w") as file:
            file.write(SRUN)
        with open(self.path("rates.txt"), "w") as file:
            file.write("# three runs\n--pace virtual --seed 1 --progress none\n\n"
                       "--rates 10:20 --duration 5s --commit-every 50ms --progress none  # takes its time\n"
                       "--pace virtual --seed 2 --progress none\n")
        array, report = self.sweep("rates.txt")
        files = [self.path(f"rates.runs/line-000{k}.h5") for k in (1, 2, 3)]
        self.running(f"{array}_2", files[1], rows=5)
        self.slurm("scancel", "--batch", "--signal=USR1", f"{array}_2")
        self.requeued(f"{array}_2", 1)
        self.assertEqual((slurm.job(report)["JobState"], slurm.job(report)["Reason"]), ("PENDING", "Dependency"))
        for task, restarts in ((1, "0"), (2, "1"), (3, "0")):
            self.assertEqual(self.done(f"{array}_{task}", name="lcmpi-sweep")["Restarts"], restarts)
        self.done(report, name="lcmpi-report")
        self.check_report("rates.runs", files)

        before = [os.stat(file) for file in files]
        array, report = self.sweep("rates.txt")
        for task in (1, 2, 3):
            self.done(f"{array}_{task}", name="lcmpi-sweep")
            self.assertIn("is complete: nothing to do", self.log(f"{array}_{task}", "lcmpi-sweep"))
        self.done(report, name="lcmpi-report")
        self.assertEqual([(now.st_ino, now.st_mtime_ns) for now in map(os.stat, files)],
                         [(then.st_ino, then.st_mtime_ns) for then in before])

    def check_report(self, folder, files):
        with open(self.path(f"{folder}/report/runs.csv"), newline="") as table:
            rows = list(csv.DictReader(table))
        self.assertEqual([os.path.basename(row["file"]) for row in rows], [os.path.basename(file) for file in files])
        for row, file in zip(rows, files):
            self.assertEqual((row["state"], row["verified"], row["balance"], row["note"]), ("COMPLETE", "yes", "holds", ""))
            self.assertEqual(int(row["digest"], 16), digests(file)["execution"])
            self.assertEqual(int(row["events"]), h5(file, lambda h: h["n_event"][:].sum()))
            stem = os.path.splitext(os.path.basename(file))[0]
            self.assertTrue(os.path.exists(self.path(f"{folder}/report/{stem}-clocks.png")))
            self.assertGreater(int(row["figures"]), 1)

    def test_dependencies(self):
        """A report that waits for a job that fails is not left in the queue."""
        failing = self.submit("run.sbatch", "--rates", "none")
        after = [f"--dependency={kind}:{failing}" for kind in ("afterok", "afterany")]
        never, ever = (self.submit("report.sbatch", "none.h5", options=[words, "--kill-on-invalid-dep=yes"])
                       for words in after)
        self.done(failing, "FAILED", "2:0")
        self.assertEqual(slurm.wait_for(never)["JobState"], "CANCELLED")
        self.done(ever, "FAILED", "3:0", name="lcmpi-report")


if __name__ == "__main__":
    unittest.main()
