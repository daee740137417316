"""A Slurm of its own for the tests: munged, slurmctld and three slurmd on this machine, in one folder.

They run as root or as anybody, and listen on the loopback only; their configuration, key, sockets, state and
logs are in the folder. All that they start, step daemons and jobs, has the name of that folder in its
environment. A guard, which is this file as a program, waits until the test is over, however it ends, then
ends what is left of these, each by its id, and removes the folder.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "common")]

import harness  # noqa: E402

COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "sinfo")
PLACES = "/usr/sbin:/sbin:/usr/local/sbin"  # where daemons are, and ordinary users do not look
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL")

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
TmpFS={folder}/tmp.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
MailProg=/bin/true
KillWait=10
UnkillableStepTimeout=20
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port={first}-{last} CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES DefaultTime=5 MaxTime=120 State=UP
"""


def path():
    return os.environ.get("PATH", os.defpath) + ":" + PLACES


def missing():
    """The commands that are not here."""
    return [name for name in COMMANDS if not shutil.which(name, path=path())]


def free_ports(count):
    """The first of so many ports in a row that nobody listens on, below those that the system gives out."""
    for first in range(21000, 32000, count):
        listeners = []
        try:
            for port in range(first, first + count):
                listeners.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for listener in listeners:
                listener.close()
    raise RuntimeError(f"no {count} free ports in a row")


def started_by(folder):
    """The ids of the processes that a cluster in the folder has started, directly or not."""
    mark, found = f"SLURM_CONF={folder}/slurm.conf".encode(), []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(entry))
        except OSError:
            continue  # it has just ended, or is somebody else's
    return found


def guard(folder):
    """Waits for the end of stdin, then ends all of the folder's processes and removes it."""
    sys.stdin.read()
    while left := started_by(folder):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    def __init__(self, folder, nodes=3):
        self.folder, self.nodes = folder, nodes
        self.daemons = []
        self.env = harness.environment(folder)
        self.env = {name: value for name, value in self.env.items() if not name.startswith(("SLURM_", "SBATCH_"))}
        self.env.update(
            PATH=path(),
            SLURM_CONF=os.path.join(folder, "slurm.conf"),
            # nodes that are one machine: no shared memory between them, and ranks that wait must yield
            OMPI_MCA_btl="tcp,self",
            OMPI_MCA_btl_tcp_if_include="lo",
            OMPI_MCA_oob_tcp_if_include="lo",
            OMPI_MCA_mpi_yield_when_idle="1",
        )
        for name in ("OMPI_MCA_rmaps_base_oversubscribe", "PRTE_MCA_rmaps_default_mapping_policy"):
            self.env.pop(name, None)  # the job says how many ranks there are

    def start(self):
        os.chmod(self.folder, 0o755)
        self.guard = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.folder],
                                      stdin=subprocess.PIPE, start_new_session=True)
        self._munge()
        first = free_ports(1 + self.nodes)
        os.mkdir(self._path("state"))
        for node in range(1, self.nodes + 1):
            os.mkdir(self._path(f"tmp.n{node}"))
        with open(self.env["SLURM_CONF"], "w") as file:
            file.write(CONFIGURATION.format(
                folder=self.folder, host=socket.gethostname().split(".")[0], port=first, first=first + 1,
                last=first + self.nodes, nodes=self.nodes, user=self._user()))
        self._daemon("slurmctld", "slurmctld", "-D", "-c")
        for node in range(1, self.nodes + 1):
            self._daemon(f"slurmd.n{node}", "slurmd", "-D", "-N", f"n{node}")
        self._wait(lambda: len(self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").stdout.split()) == self.nodes,
                   f"{self.nodes} idle nodes")

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    @staticmethod
    def _user():
        return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()

    def _munge(self):
        os.mkdir(self._path("munge"), 0o711)
        with open(self._path("munge", "key"), "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(os.urandom(128))
        # --force: the folder is in one that everybody may write to
        self._daemon("munged", "munged", "--foreground", "--force", "--num-threads=1",
                     *(f"--{name}={self._path('munge', leaf)}" for name, leaf in (
                         ("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"), ("seed-file", "seed"))))
        self._wait(lambda: os.path.exists(self._path("munge", "socket")), "munged's socket")

    def _daemon(self, name, *words):
        with open(self._path(f"{name}.log"), "wb") as log:
            self.daemons.append((name, subprocess.Popen(
                words, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)))

    def _wait(self, condition, what):
        def look():
            for name, daemon in self.daemons:
                if daemon.poll() is not None:
                    raise AssertionError(f"{name} has ended with {daemon.returncode}:\n{self.logs(name)}")
            return condition()
        try:
            harness.wait_until(look, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def logs(self, only=None):
        """The last lines of the daemons' logs."""
        text = []
        for name, _ in self.daemons:
            if only in (None, name):
                with open(self._path(f"{name}.log"), errors="replace") as file:
                    text += [f"---- {name}", *file.read().splitlines()[-15:]]
        return "\n".join(text)

    # ---- what a user does --------------------------------------------------------------------------

    def run(self, *words, **options):
        """A command of Slurm's, with its output as text."""
        env = {**self.env, **options.pop("env", {})}
        return subprocess.run(list(map(str, words)), env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, **options)

    def job(self, number):
        """What slurmctld knows of a job, or of one task of an array: {"JobState": "RUNNING", ...}."""
        result = self.run("scontrol", "-o", "show", "job", number)
        if result.returncode:
            raise AssertionError(f"no job {number}: {result.stderr}")
        return dict(re.findall(r"(?:^|\s)(\w+)=(\S*)", result.stdout.splitlines()[0]))

    def wait_for(self, number, *states, seconds=60):
        """Waits until the job is in one of the states, by default any that it does not leave."""
        job = {}

        def there():
            job.update(self.job(number))
            return job["JobState"] in (states or ENDED)
        try:
            harness.wait_until(there, seconds, f"the end of job {number}" if not states else f"{number}: {states}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {job}\n{self.logs()}") from None
        return job

    # ---- the end -------------------------------------------------------------------------------------

    def stop(self):
        """Ends the jobs and the daemons as an administrator would; the guard has the rest."""
        try:
            self._cancel_all()
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            print(f"jobs were not ended by Slurm itself: {error}", file=sys.stderr)
        for _, daemon in reversed(self.daemons):
            daemon.terminate()
        for name, daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                print(f"{name} did not end", file=sys.stderr)
        self.guard.stdin.close()
        self.guard.wait(60)

    def _cancel_all(self):
        jobs = self.run("squeue", "-h", "-o", "%A").stdout.split()
        if jobs:
            self.run("scancel", "--full", *jobs)
            harness.wait_until(lambda: not self.run("squeue", "-h", "-o", "%A").stdout.split(), 20, "the end of all jobs")


if __name__ == "__main__":
    guard(sys.argv[1])
