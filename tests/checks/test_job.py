"""What a Slurm job of jobs/ does with a run that ended in this way or that, tried with stand-ins for Slurm and
lcmpi; the suite `slurm` has the real ones."""

import csv
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import project

# lcmpi: `info` says what stands in FILE; a run appends its words to `runs`, writes FILE and ends as told
LCMPI = """
file=$2
if [[ $1 == info ]]; then cat "$file" 2>/dev/null; exit; fi
echo "$*" >>runs
[[ ! -e then ]] || { mv then "$file.new"; mv "$file.new" "$file"; }
exit "$(cat code 2>/dev/null || echo 0)"
"""
SLURM = {
    "scontrol": """case $1 in
      show) printf '   JobId=7\\n   Command=%s\\n' "$SCRIPT" ;;
      requeue) echo "$2" >>requeued; [[ ! -e no-requeue ]] || { echo 'not permitted' >&2; exit 1; } ;;
    esac""",
    "srun": """if [[ $1 == --mpi=list ]]; then printf 'MPI plugin types are...\\n\\tpmix\\n'; exit; fi
      echo "srun ${SLURM_MPI_TYPE-}" >>launched
      while [[ $1 == -* ]]; do shift; done
      "$@" """,
    "mpirun": 'echo mpirun >>launched\n"$@"',
    "squeue": "echo 2030-01-02T03:04:05",
    "lfs": 'echo "$@" >>striped',
}


def info(state, reached="600"):
    return (f"run.h5: {state}: in words\n  command   /x/lcmpi -o run.h5 --vms 3\n"
            f"  rows      {reached} events, 9 messages\n  snapshots 1 of 9\n")


class Stage(unittest.TestCase):
    """A folder with stand-ins for all commands, a site, and ways to run the scripts there."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        (self.folder / "bin").mkdir()
        for name, text in {"lcmpi": LCMPI, **SLURM}.items():
            self.stand_in(name, text)
        self.site()

    def stand_in(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def site(self, text=""):
        (self.folder / "site.sh").write_text(f"lcmpi={self.folder}/bin/lcmpi\n{text}\n")

    def put(self, name, text):
        (self.folder / name).write_text(text)

    def read(self, name):
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def environment(self, script="run.sbatch", **more):
        return {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "SLURM_JOB_ID": "7", "OUTPUT": "run.h5",
                "SCRIPT": f"{project.ROOT}/jobs/{script} --vms 3", "LCMPI_SITE": f"{self.folder}/site.sh", **more}

    def job(self, *options, code=0, script="run.sbatch", **more):
        """Runs the script as Slurm would, from a copy elsewhere; what it said."""
        copy = self.folder / "slurm_script"
        copy.write_bytes((project.ROOT / "jobs" / script).read_bytes())
        result = subprocess.run(["/bin/bash", copy, *map(str, options)], cwd=self.folder,
                                env=self.environment(script, **more), stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=60)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, code, said)
        return said


class Run(Stage):
    # ---- how a run ends ----------------------------------------------------------------------------

    def test_complete_whatever_the_launcher_says(self):
        self.put("then", info("COMPLETE"))
        self.put("code", "1")
        self.assertIn("run.h5 is complete", self.job("--vms", 3))
        self.assertEqual(self.read("runs"), ["-o run.h5 --vms 3"])
        self.assertEqual(self.read("requeued"), [])

    def test_not_complete_whatever_the_launcher_says(self):
        """mpirun can return 0 although a node was lost."""
        self.put("then", info("RUNNING"))
        self.job("--vms", 3, code=3)
        self.assertEqual(self.read("requeued"), ["7"])

    def test_stopped_goes_on(self):
        """However often: each time it has come further."""
        self.put("run.h5", info("STOPPED", "500"))
        self.put("then", info("STOPPED"))
        self.put("code", "85")
        self.assertIn("stopped and saved: back into the queue", self.job("--vms", 3, code=85, SLURM_RESTART_COUNT="99"))
        self.assertEqual(self.read("runs"), ["--resume run.h5 --vms 3"])
        self.assertEqual(self.read("requeued"), ["7"])

    def test_a_task_is_requeued_and_not_its_array(self):
        self.put("then", info("STOPPED"))
        self.put("code", "85")
        self.job(code=85, SLURM_ARRAY_JOB_ID="7", SLURM_ARRAY_TASK_ID="2", OUTPUT="")
        self.assertEqual(self.read("requeued"), ["7_2"])
        self.assertEqual(self.read("runs"), ["-o lcmpi-7_2.h5"])

    def test_unplanned_ends_are_tried_again_so_many_times(self):
        self.site("restarts=2")
        for state, code, there in (("RUNNING", 137, ()), ("FAILED", 6, ()), ("STOPPED", 85, info("STOPPED"))):
            for count in (1, 2):
                with self.subTest(state=state, count=count):
                    (self.folder / "run.h5").unlink(missing_ok=True)
                    if there:  # it has come no further
                        self.put("run.h5", there)
                    self.put("requeued", "")
                    self.put("then", info(state))
                    self.put("code", str(code))
                    said = self.job(code=code, SLURM_RESTART_COUNT=str(count))
                    self.assertEqual(self.read("requeued"), ["7"] if count < 2 else [])
                    self.assertEqual("not tried again" in said, count == 2)

    def test_what_would_end_the_same_way_is_not_tried_again(self):
        for code in (2, 3, 4, 5):
            for before in ("", info("STOPPED"), info("COMPLETE")):
                with self.subTest(code=code, before=before):
                    (self.folder / "run.h5").unlink(missing_ok=True)
                    if before:
                        self.put("run.h5", before)
                    self.put("code", str(code))
                    self.job("--seed", 2, code=code)
                    self.assertEqual(self.read("requeued"), [])

    def test_no_file_at_all(self):
        self.put("code", "127")
        self.assertIn("left no file run.h5", self.job(code=127))
        self.assertEqual(self.read("requeued"), [])

    def test_no_requeue(self):
        for name, site in (("site", "again=none"), ("Slurm", "")):
            with self.subTest(name):
                self.site(site)
                self.put("run.h5", info("STOPPED", "500"))
                self.put("then", info("STOPPED"))
                self.put("code", "85")
                self.put("no-requeue", "")
                said = self.job(code=85)
                self.assertIn("To go on: OUTPUT=run.h5 sbatch", said)

    # ---- what is started ---------------------------------------------------------------------------

    def test_done_is_done(self):
        self.put("run.h5", info("COMPLETE"))
        self.assertIn("nothing to do", self.job("--vms", 3))
        self.assertEqual(self.read("launched"), [])

    def test_done_with_other_options_is_for_lcmpi_to_judge(self):
        self.put("run.h5", info("COMPLETE"))
        self.job("--vms", 3, "--duration", "9m")
        self.assertEqual(self.read("runs"), ["--resume run.h5 --vms 3 --duration 9m"])

    def test_names(self):
        self.put("then", info("COMPLETE"))
        for options, environment, name in (
                (("-o", "a.h5"), {}, "a.h5"), (("-ob.h5",), {}, "b.h5"), (("--output=c.h5",), {}, "c.h5"),
                ((), {"OUTPUT": "d.h5"}, "d.h5"), ((), {"OUTPUT": ""}, "lcmpi-7.h5")):
            with self.subTest(name):
                self.put("runs", "")
                self.put("then", info("COMPLETE"))
                self.job(*options, **environment)
                self.assertEqual(self.read("runs"), [f"-o {name}"])

    def test_force_replaces_at_the_first_start_only(self):
        for count, words in ((None, "-o run.h5 --vms 3 --force"), ("1", "--resume run.h5 --vms 3")):
            with self.subTest(count=count):
                self.put("runs", "")
                self.put("run.h5", info("STOPPED", "500"))
                self.put("then", info("COMPLETE"))
                self.job("--force", "--vms", 3, **({"SLURM_RESTART_COUNT": count} if count else {}))
                self.assertEqual(self.read("runs"), [words])

    def test_resume_is_not_asked_for(self):
        self.assertIn("resumes by itself", self.job("--resume", "run.h5", code=2))

    def test_launchers(self):
        for site, plugins, expected in (
                ("", "pmix", "srun pmix"), ("", "none", "mpirun"), ("launcher=(mpirun)", "pmix", "mpirun"),
                ("export SLURM_MPI_TYPE=pmi2", "none", "srun pmi2"), ("launcher=(srun --hint=x)", "pmix", "srun ")):
            with self.subTest(site=site, plugins=plugins):
                self.site(site)
                self.stand_in("srun", SLURM["srun"].replace("\\tpmix", f"\\t{plugins}"))
                self.put("launched", "")
                self.put("then", info("COMPLETE"))
                self.job("--seed", 1)
                self.assertEqual(self.read("launched"), [expected])

    def test_end_time(self):
        self.stand_in("lcmpi", LCMPI.replace("echo", 'echo "$SLURM_JOB_END_TIME $SRUN_CPUS_PER_TASK" >>limits; echo', 1))
        self.put("then", info("COMPLETE"))
        self.job(TZ="UTC", SLURM_CPUS_PER_TASK="4")
        self.job("--seed", 2, SLURM_JOB_END_TIME="5", SLURM_CPUS_PER_TASK="4")
        self.assertEqual(self.read("limits"), ["1893553445 4", "5 4"])

    # ---- the site ----------------------------------------------------------------------------------

    def test_folder_and_stripes(self):
        self.site("folder=deep/down stripe=(-c 8 -S 4M)\nfalse")
        for seed in (1, 2):
            self.put("then", info("COMPLETE"))
            self.job("--seed", seed, OUTPUT="", SLURM_JOB_ID=str(seed))
        self.assertEqual(self.read("striped"), ["setstripe -c 8 -S 4M deep/down"])  # while it was empty
        self.assertEqual(self.read("runs"), [f"-o deep/down/lcmpi-{n}.h5 --seed {n}" for n in (1, 2)])

    def test_example_changes_nothing(self):
        """Every setting in it is a comment."""
        text = (project.ROOT / "jobs/site.sh.example").read_text()
        self.assertEqual([line for line in text.splitlines() if line and not line.startswith("#")], [])
        settings = set(re.findall(r"^#(\w+)=", text, re.MULTILINE))
        script = (project.ROOT / "jobs/job.sh").read_text()
        defaults = re.findall(r"^  (lcmpi=.*|launcher=\(\) .*)$", script, re.MULTILINE)
        self.assertEqual(settings, set(re.findall(r"(?<!\S)([a-z]+)=", " ".join(defaults))))

    def test_bad_site(self):
        self.assertIn("cannot be read", self.job(code=2, LCMPI_SITE="nowhere"))
        self.site("lcmpi=nothing")
        self.assertIn("there is no program nothing", self.job(code=2))

    # ---- signals -----------------------------------------------------------------------------------

    def started(self, site=""):
        """The script, when its run has begun, which counts signals and ends when there is a file `go`."""
        self.site(site)
        self.stand_in("lcmpi", """
            if [[ $1 == info ]]; then cat "$2" 2>/dev/null; exit; fi
            trap 'echo signal >>signals' USR1
            echo "$BASHPID" >started
            until [[ -e go ]]; do sleep 0.02; done
            mv then "$2"; exit 85""")
        self.stand_in("mpirun", 'exec "$@"')
        self.put("then", info("STOPPED"))
        process = subprocess.Popen(["/bin/bash", project.ROOT / "jobs/run.sbatch"], cwd=self.folder,
                                   env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.kill)
        self.wait(lambda: self.read("started"))
        return process

    def wait(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end, "it did not come about")
            time.sleep(0.01)

    def test_a_signal_is_passed_on_once(self):
        process = self.started("launcher=(mpirun)")
        process.send_signal(signal.SIGUSR1)
        self.wait(lambda: self.read("signals"))
        process.send_signal(signal.SIGUSR1)
        self.put("go", "")
        said, _ = process.communicate(timeout=60)
        self.assertEqual((process.returncode, self.read("signals"), self.read("requeued")), (85, ["signal"], ["7"]), said)

    def test_a_cancelled_job_is_not_requeued(self):
        """Nor is anything passed on: Slurm has told the ranks."""
        process = self.started("launcher=(mpirun)")
        process.send_signal(signal.SIGTERM)
        self.wait(lambda: "SIGTERM" in process.stdout.readline())
        self.put("go", "")
        said, _ = process.communicate(timeout=60)
        self.assertIn("the job was cancelled", said)
        self.assertEqual((process.returncode, self.read("requeued"), self.read("signals")), (85, [], []), said)


class Sweep(Stage):
    LINES = "# what each is\n--seed 1 # first\n\n   \n\t--seed 2  --vms 3\r\n --rates 1,3\n"

    def sweep(self, task, *words, code=0):
        self.put("rates.txt", self.LINES)
        self.put("then", info("COMPLETE"))
        return self.job(*(words or ("rates.txt",)), code=code, script="sweep.sbatch",
                        **({"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": str(task)} if task is not None else {}))

    def test_lines(self):
        for task in (3, 1, 2):
            self.sweep(task)
        self.sweep(2, "rates.txt", "there")
        self.assertEqual(self.read("runs"), [
            "-o rates.runs/line-0003.h5 --rates 1,3", "-o rates.runs/line-0001.h5 --seed 1",
            "-o rates.runs/line-0002.h5 --seed 2 --vms 3", "-o there/line-0002.h5 --seed 2 --vms 3"])

    def test_refused(self):
        for task, words, expected in (
                (4, (), "has 3 lines with options, but no line 4"), (0, (), "no line 0"), (None, (), "is an array"),
                (1, ("nowhere.txt",), "cannot be read: nowhere.txt"), (1, ("a", "b", "c"), "it takes")):
            with self.subTest(task=task, words=words):
                self.assertIn(expected, self.sweep(task, *words, code=2))
        self.LINES = "--vms 3 -o x.h5\n"
        self.assertIn("a sweep chooses its files itself", self.sweep(1, code=2))
        self.assertEqual(self.read("runs"), [])

    def submit(self, *words):
        """sweep.sh as a user calls it: the exit code, what sbatch was given."""
        self.stand_in("sbatch", 'echo "$@" >>submitted; [[ "$*" == *=afterany* ]] && echo 12 || echo "11;cluster"')
        self.put("rates.txt", self.LINES)
        self.put("submitted", "")
        environment = {name: value for name, value in self.environment().items() if not name.startswith("SLURM")}
        result = subprocess.run([project.ROOT / "jobs/sweep.sh", *words], cwd=self.folder, env=environment,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return result.returncode, self.read("submitted"), result.stdout + result.stderr

    def test_submitting(self):
        jobs = project.ROOT / "jobs"
        report = f"--parsable --dependency=afterany:11 --kill-on-invalid-dep=yes {jobs}/report.sbatch -o"
        code, submitted, said = self.submit("rates.txt", "--time=10:00", "--ntasks=4")
        self.assertEqual((code, submitted), (0, [
            f"--parsable --array=1-3%4 --time=10:00 --ntasks=4 {jobs}/sweep.sbatch rates.txt ./rates.runs",
            f"{report} ./rates.runs/report ./rates.runs"]))
        self.assertEqual(said, "3 lines: sweep 11, report 12; files: ./rates.runs\n")
        self.assertEqual(self.submit("-n", "2", "-d", "x", "rates.txt")[1], [
            f"--parsable --array=1-3%2 {jobs}/sweep.sbatch rates.txt x", f"{report} x/report x"])

    def test_submitting_nothing(self):
        for words in ((), ("--time=1",), ("-n", "many", "rates.txt"), ("nowhere.txt",), ("-d",)):
            with self.subTest(words=words):
                self.assertEqual(self.submit(*words)[:2], (2, []))
        self.LINES = "# nothing\n"
        self.assertEqual(self.submit("rates.txt")[:2], (2, []))


class Report(Stage):
    def report(self, *words, code=0):
        said = self.job("-o", "report", *words, script="report.sbatch", code=code)
        with open(self.folder / "report/runs.csv", newline="") as file:
            return said, {row["file"]: row for row in csv.DictReader(file)}

    def setUp(self):
        super().setUp()
        self.stand_in("lcmpi", """
            [[ -e $2 ]] || { echo "lcmpi: $2: cannot be opened: No such file or directory" >&2; exit 3; }
            [[ $1 != info ]] || exec cat "$2"
            [[ $2 != *bad* ]] || { echo 'ok    ticks                   1  one
FAIL  clock lamport           1  a -> b
      1 violation; the smallest: x
FAIL  queues                  1  in order'; exit 4; }
            [[ $2 != *live* ]] && echo "$2: verified" || echo "$2: verified as far as it is on file (the run has no end)"
            """)
        end = "  ended     at 60s; 9 sent = 7 received + {} queued + 0 in flight + 0 lost\n  digest    0x12ab\n"
        self.put("good.h5", info("COMPLETE", "1,234,600") + end.format(2))
        self.put("bad.h5", info("STOPPED") + end.format(3))
        self.put("live.h5", info("RUNNING"))

    def test_table(self):
        _, table = self.report("good.h5", "live.h5")
        expected = {"state": "COMPLETE", "verified": "yes", "balance": "holds", "digest": "0x12ab", "events": "1234600",
                    "messages": "9", "snapshots": "1", "t_end": "60s", "sent": "9", "received": "7", "queued": "2",
                    "in_flight": "0", "lost": "0", "figures": "0"}
        self.assertEqual({name: table["good.h5"][name] for name in expected}, expected)
        self.assertIn("good.h5", table["good.h5"]["note"])  # of which lcmpi_plot says that it is none of lcmpi's
        row = table["live.h5"]
        self.assertEqual((row["state"], row["verified"], row["balance"], row["digest"]), ("RUNNING", "so far", "", ""))

    def test_what_does_not_verify(self):
        said, table = self.report(".", code=4)
        self.assertEqual(sorted(table), ["bad.h5", "good.h5", "live.h5"])
        row = table["bad.h5"]
        self.assertEqual((row["verified"], row["balance"]), ("no", "does not hold"))
        self.assertIn("violated: clock lamport; queues", row["note"])
        self.assertIn("bad.h5: STOPPED, verified: no", said)

    def test_what_is_no_file(self):
        said, table = self.report("good.h5", "none.h5", code=3)
        self.assertEqual(table["none.h5"]["note"], "lcmpi: none.h5: cannot be opened: No such file or directory")
        self.assertIn("none.h5: no file of lcmpi", said)
        (self.folder / "empty").mkdir()
        self.assertIn("there is no .h5 file in empty", self.job("-o", "x", "empty", script="report.sbatch", code=2))


if __name__ == "__main__":
    unittest.main()
