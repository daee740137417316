"""Several hosts on this machine. Each is a set of namespaces of its own: network, host name, mounts, processes,
shared memory and, if asked for, a monotonic clock; a switch (a bridge, in a network namespace of its own) joins them.
The machine's own network and files are not touched. mpirun runs on the switch, as on a login node.

A host lives as long as its first process, which ends when the pipe to it closes, whatever becomes of the test;
the kernel then ends all that was started on that host and removes its interfaces and mounts.
"""

import os
import subprocess

NAMESPACES = ("--net", "--uts", "--mount", "--ipc", "--pid")

# The first process of a host: names it, gives it what a machine has to itself, says its process id as the others see
# it, and waits for the end of its input.
FIRST = """
set -e
read pid rest </proc/self/stat
hostname "$1"
mount --bind "$2/hosts" /etc/hosts
[ $$ != 1 ] || mount -t proc none /proc
mount -t tmpfs -o mode=1777 none /dev/shm
mount -t tmpfs -o mode=1777 none "$2/own"
ip link set lo up
echo "$pid"
exec cat >/dev/null
"""

# mpirun's way to a host: its name, then a command for the shell there. mpirun itself is on the switch.
AGENT = """#!/bin/bash
host=$1
shift
exec nsenter -t "$(cat "{folder}/$host.pid")" {enter} --wdns="$PWD" -- sh -c "$*"
"""


class NoHosts(Exception):
    """This machine, or this user, may not make them: why."""


def tool(*command):
    """Runs it, and says what it said if it fails."""
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        raise NoHosts(f"{' '.join(command[-4:])}: {result.stderr.strip()}")


class Hosts:
    """Hosts h1, h2, ... in a folder; clocks has the seconds that each one's monotonic clock is ahead of this machine's."""

    def __init__(self, folder, clocks):
        self.folder, self.processes, self.pids, self.networks = folder, {}, {}, set()
        self.names = [f"h{number}" for number in range(1, len(clocks) + 1)]
        self.shifted = any(clocks)
        # an ordinary user is root in a user namespace, which the switch has and the hosts are made in
        self.user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        os.mkdir(self.path("own"))
        with open(self.path("hosts"), "w") as file:
            file.write("127.0.0.1 localhost\n10.77.0.254 switch\n")
            file.writelines(f"10.77.0.{number} {name}\n" for number, name in enumerate(self.names, 1))
        try:
            self.make_switch()
            for number, (name, ahead) in enumerate(zip(self.names, clocks), 1):
                self.make_host(name, number, ahead)
            self.write_agent()
        except (NoHosts, OSError) as error:
            self.close()
            raise NoHosts(" ".join(str(error).split())) from error

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        """Ends the hosts, the switch last: the way to them leads through it."""
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()
            process.wait()

    # ---- making them -----------------------------------------------------------------------------

    def first_process(self, name, *prefix):
        process = subprocess.Popen([*prefix, "sh", "-c", FIRST, "sh", name, self.folder], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes[name] = process
        pid = process.stdout.readline().strip()
        if not pid:
            raise NoHosts(process.stderr.read().strip())
        with open(self.path(f"{name}.pid"), "w") as file:
            file.write(pid)
        self.pids[name] = pid
        self.networks.add(os.readlink(f"/proc/{pid}/ns/net"))

    def make_switch(self):
        user = ["--user", "--map-root-user"] if self.user else []
        # with no processes to itself: it sees those of all hosts
        self.first_process("switch", "unshare", *user, *NAMESPACES[:-1], "--propagation", "private")
        self.on("switch", "ip", "link", "add", "bridge", "type", "bridge")
        self.plug("switch", "10.77.0.254", "bridge")

    def make_host(self, name, number, ahead):
        clock = ["--time", "--monotonic", str(ahead)] if self.shifted else []
        self.first_process(name, *self.way_to("switch", *self.user), "unshare", *NAMESPACES, *clock, "--fork",
                           "--kill-child", "--propagation", "private")
        self.on("switch", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", self.pids[name])
        self.on("switch", "ip", "link", "set", name, "master", "bridge", "up")
        self.plug(name, f"10.77.0.{number}", "eth0")

    def plug(self, name, address, interface):
        self.on(name, "ip", "address", "add", f"{address}/24", "dev", interface)
        self.on(name, "ip", "link", "set", interface, "up")

    def own(self):
        """The namespaces that each host has."""
        return [*NAMESPACES, *(["--time"] if self.shifted else [])]

    def write_agent(self):
        with open(self.path("agent"), "w") as file:
            file.write(AGENT.format(folder=self.folder, enter=" ".join(self.own())))
        os.chmod(self.path("agent"), 0o755)

    # ---- using them ------------------------------------------------------------------------------

    def way_to(self, name, *namespaces):
        return ["nsenter", "-t", self.pids[name], *namespaces]

    def on(self, name, *command):
        """Runs a command on a host, or on the switch."""
        namespaces = NAMESPACES[:-1] if name == "switch" else self.own()
        tool(*self.way_to(name, *self.user, *namespaces), "--", *command)

    def mpirun(self, ranks, *command):
        """The words that start ranks on all hosts, evenly and in their order. Ranks of different hosts reach each
        other by TCP; what MPI keeps in files is the host's own. mpirun, which may not notice that all hosts are gone,
        ends with the test."""
        share = -(-ranks // len(self.names))
        settings = {"TMPDIR": self.path("own"), "OMPI_MCA_plm_rsh_agent": self.path("agent"),
                    "OMPI_MCA_btl_tcp_if_include": "eth0", "OMPI_MCA_mpi_yield_when_idle": "1"}
        return [*self.way_to("switch", *self.user, *NAMESPACES[:-1], f"--wdns={self.folder}"), "--",
                "setpriv", "--pdeathsig", "KILL", "env", "-u", "OMPI_MCA_btl_vader_backing_directory",
                *(f"{name}={value}" for name, value in settings.items()),
                "mpirun", "--timeout", "100", "--host", ",".join(f"{name}:{share}" for name in self.names),
                "--map-by", "slot", "-np", str(ranks), *map(str, command)]

    def processes_left(self):
        """The ids of processes, of whomever, that are in one of the hosts' networks."""
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/ns/net") in self.networks:
                    left.append(int(pid))
            except OSError:
                continue
        return left
