"""A full disk, at every stage of a run, and a limit on the size of files: exit code 3, one line that says what to do,
and nothing lost.

The disk is a small tmpfs that the test mounts; only root can.
"""

import os
import resource
import subprocess
import unittest

import program
from program import harness

OPTIONS = ("--vms", 3, "--rates", "10:20", "--speed", 5, "--commit-every", "20ms", "--progress", "none",
           "--max-file-size", "1GB")  # or it would look at the free space beforehand
PAGE = 4096


class FullDisk(program.Case):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("a small disk can only be mounted by root")

    def mount(self, size):
        disk = self.path("disk")
        os.mkdir(disk)
        result = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "lcmpi-test", disk],
                                capture_output=True, text=True)
        if result.returncode:
            self.skipTest(f"root, but no file system can be mounted here: {result.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)

    def make_room(self, size="64m"):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.path("disk")], check=True)

    def fill(self, but=0):
        """Leaves so many bytes free."""
        with open(self.path("disk/filler"), "ab") as file:
            disk = os.statvfs(self.path("disk"))
            free = disk.f_bavail * disk.f_frsize
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size + max(PAGE, free - but))

    def check_said(self, err, pattern):
        """lcmpi's one line; the only others are Open MPI's own."""
        said = [line for line in harness.own_lines(err) if not line.startswith("mca_")]
        self.assertEqual(said, program.spoken(err))
        self.assertEqual(len(said), 1, err)
        self.assertRegex(said[0], pattern)

    def test_refused_beforehand(self):
        self.mount("256k")
        result = self.check_run(*OPTIONS[:-2], "--duration", "10m", "-o", "disk/run.h5", code=3)
        self.check_said(result.stderr, r"disk/run\.h5: would need [\d.]+ MiB, free on the disk is ")
        self.assertEqual(os.listdir(self.path("disk")), [])

    def test_at_set_up(self):
        self.mount("256k")
        self.fill(but=2 * PAGE)
        for ranks in (None, 3):
            with self.subTest(ranks=ranks):
                result = self.check_run(*OPTIONS, "--duration", "5s", "-o", "disk/run.h5", ranks=ranks, code=3)
                self.check_said(result.stderr, r"disk/run\.h5.*[Nn]o space left")
                self.assertEqual(os.listdir(self.path("disk")), ["filler"])

    def check_midway(self, ranks):
        self.mount("2m")
        process = self.started(*OPTIONS, "--duration", "10m", ranks=ranks, name="disk/run.h5")
        self.fill()
        out, err = self.ends(process, 3)
        self.check_said(err, r"no space left on the disk; what was committed is safe in the file: make room")
        self.assertEqual(len(out.splitlines()), 1, "no summary")
        run = self.judged("disk/run.h5", state="FAILED")
        self.assertGreater(run.events.n, 0)
        self.check_run("recover", "disk/run.h5", code=3)  # there is still no room
        self.assertEqual(self.judged("disk/run.h5", state="FAILED").events.n, run.events.n)
        self.make_room()
        self.assertIn("was FAILED, is RECOVERED", self.check_run("recover", "disk/run.h5").stdout)
        self.assertEqual(self.judged("disk/run.h5", state="RECOVERED").events.n, run.events.n)

    def test_midway(self):
        self.check_midway(None)

    def test_midway_on_ranks(self):
        self.check_midway(3)

    def test_at_compaction(self):
        """The run is complete, and the file as it was laid out is kept."""
        self.finished(*OPTIONS, "--duration", "4s", "--compact", "never", name="measure.h5")
        used = os.stat(self.path("measure.h5")).st_blocks * 512
        self.mount(f"{(used + 16 * PAGE) // 1024}k")
        result = self.check_run(*OPTIONS, "--duration", "4s", "-o", "disk/run.h5", code=3)
        self.check_said(result.stderr, r"the whole run is safe in the file: make room, then: \S+ recover disk/run.h5")
        self.assertIn("holds", result.stdout)
        self.assertEqual(os.listdir(self.path("disk")), ["run.h5"])
        self.assertFalse(self.judged("disk/run.h5").compressed)
        self.make_room()
        self.check_run("recover", "disk/run.h5")
        self.assertTrue(self.judged("disk/run.h5").compressed)


class LimitedFiles(program.Case):
    """ulimit -f."""
    OPTIONS = ("--pace", "virtual", "--vms", 1000, "--seed", 1, "--progress", "none", "-o", "run.h5")

    def check_refused(self, mib, says, *options):
        limit = mib << 20
        result = self.check_run(*self.OPTIONS, *options, code=3,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertRegex(result.stderr, rf"\Alcmpi: run.h5{says}\n\Z")
        self.assertEqual([name for name in os.listdir(self.scratch) if name.endswith(".tmp")], [])

    def test_new_file(self):
        """Where the rows do not fit, and where they do but what is laid out does not."""
        self.check_refused(20, r": would need 73\.\d MiB, the limit on a file's size \(ulimit -f\) leaves 18.* use .*",
                           "--duration", "200s")
        self.check_refused(78, r"\.tmp: cannot be written: File too large: the limit on a file's size "
                           r"\(ulimit -f\) is 78\.0 MiB; raise it", "--duration", "200s")
        self.assertFalse(os.path.exists(self.path("run.h5")))

    def test_resume(self):
        """What there is stays as it is."""
        self.check_run(*self.OPTIONS, "--duration", "20000s", "--max-walltime", "50ms", "--max-file-size", "1TB", code=85)
        with open(self.path("run.h5"), "rb") as file:
            before = file.read(1 << 20)
        limit = 20 << 20
        result = self.check_run("--resume", "run.h5", "--max-file-size", "1TB", code=3,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertIn("ulimit -f", result.stderr)
        self.assertEqual([name for name in os.listdir(self.scratch) if name.endswith(".tmp")], [])
        with open(self.path("run.h5"), "rb") as file:
            self.assertEqual(file.read(1 << 20), before)
        self.check_verified("run.h5")


if __name__ == "__main__":
    unittest.main()
