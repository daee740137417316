"""One run's file in every condition that a reader may meet, each made once.

The run that is still on goes on until close(), so its file grows while it is read.
"""

import contextlib
import os
import signal
import subprocess
import sys

import h5py

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))
import harness  # noqa: E402

CONDITIONS = ("running", "crashed", "recovered", "stopped", "finished")
RUN = ("--vms", 3, "--rates", "2,4,10", "--phase", "period", "--clock", "lamport,vector", "--seed", 20260,
       "--speed", 10, "--snapshot-every", "2s", "--commit-every", "100ms", "--progress", "none", "-o", "run.h5")


class Files:
    def __init__(self):
        # a folder each: mpiruns that share one can fail over each other's files
        self.cases = {condition: harness.Case() for condition in CONDITIONS}
        self.said = {}  # condition -> what the program said at the end
        try:
            for case in self.cases.values():
                case.setUp()
            self.make()
        except BaseException:
            self.close()
            raise

    def close(self):
        for case in self.cases.values():
            case.doCleanups()

    def path(self, condition):
        return self.cases[condition].path("run.h5")

    def check_running(self):
        """Fails if the run has ended, since then nothing was tried on the file of a run that is on."""
        if self.running.poll() is not None:
            raise AssertionError("the run has ended: " + "".join(self.running.communicate()))

    def make(self):
        self.running, crashed, stopped = map(self.start, ("running", "crashed", "stopped"))
        self.said["finished"] = self.cases["finished"].check_run(*RUN, "--duration", "20s", ranks=2).stdout
        self.wait_for_rows("running", self.running)

        self.wait_for_rows("crashed", crashed)
        for pid in harness.ranks_of(crashed):
            os.kill(pid, signal.SIGKILL)
        crashed.communicate()  # mpirun ends when they have ended
        subprocess.run(["cp", "--sparse=always", self.path("crashed"), self.path("recovered")], check=True)
        self.said["recovered"] = self.cases["recovered"].check_run("recover", "run.h5").stdout

        self.wait_for_rows("stopped", stopped)
        os.kill(harness.ranks_of(stopped)[-1], signal.SIGTERM)
        self.said["stopped"], err = stopped.communicate(timeout=60)
        self.cases["stopped"].assertEqual(stopped.returncode, 85, self.said["stopped"] + err)

    def start(self, condition):
        return self.cases[condition].start_lcmpi(*RUN, "--duration", "6000s", ranks=2)

    def wait_for_rows(self, condition, process):
        """Until every rank has rows and two snapshots on file, and a message was received."""
        def are_there():
            if process.poll() is not None:
                raise AssertionError("the run has ended: " + "".join(process.communicate()))
            with contextlib.suppress(FileNotFoundError), h5py.File(self.path(condition), "r") as h5:
                return (min(h5["commit/n_events"]) > 10 and min(h5["commit/n_snapshots"]) >= 2
                        and (h5["events/kind"][:] == 3).any())
        harness.wait_until(are_there, what=f"rows in the file that is to be {condition}")
