"""What jobs/setup.sh installs when, tried with stand-ins for the package manager."""

import os
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

import project

# all that setup.sh may call, but for sudo and what a test stands in for
TOOLS = """awk bash cat cc cmake cp cut dirname env getconf grep head id make mkdir mktemp mpirun
           python3 rm sed sort tail touch tr uname""".split()
NEEDED = """libc6-dev openmpi-bin libopenmpi-dev libhdf5-openmpi-dev librandom123-dev
            python3-h5py python3-numpy python3-pandas python3-matplotlib""".split()
PAGES = "libjs-chart.js"
LIBRARY = "lcmpi needs the parallel build of HDF5"


class Setup(unittest.TestCase):
    """A machine of its own: a folder of commands, a /etc/os-release, a copy of setup.sh."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.calls = self.folder / "calls"
        self.calls.touch()
        for name in ("bin", "project/jobs"):
            (self.folder / name).mkdir(parents=True)
        setup = project.ROOT / "jobs/setup.sh"
        (self.folder / "project/jobs/setup.sh").write_text(setup.read_text())
        for tool in TOOLS:
            self.stand_in(tool, f'exec "$(PATH={os.environ["PATH"]} command -v {tool})" "$@"')
        self.system("debian")
        self.user(0)
        self.installed(*NEEDED, PAGES, "libcmocka-dev")
        self.stand_in("apt-get", self.note("apt-get") + '[[ $1 != install ]] || ! grep -q broken "$0.state"')
        self.stand_in("apt-cache", '[[ $2 != r-cran-hdf5r ]]')
        (self.folder / "bin/apt-get.state").write_text("fine")
        self.stand_in("cmake", f'printf "CMake Error at CMakeLists.txt:1 (message):\\n  {LIBRARY}\\n\\n"; exit 1')

    def stand_in(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def note(self, name):
        return f'echo {name} "$@" >>{self.calls}\n'

    def system(self, name):
        (self.folder / "os-release").write_text(f'NAME="x"\nID={name}\n')

    def user(self, number):
        self.stand_in("id", f"echo {number}")

    def installed(self, *packages):
        lines = "\n".join(f"{package} installed" for package in packages)
        self.stand_in("dpkg-query", f"cat <<'EOF'\n{lines}\nlibdead config-files\nEOF\nexit 1")

    def install(self, level="run", good=True):
        """(what was said, the calls of apt-get and sudo)."""
        environment = {"PATH": str(self.folder / "bin"), "HOME": str(self.folder),
                       "LCMPI_OS_RELEASE": str(self.folder / "os-release"), "TMPDIR": str(self.folder)}
        result = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", f". project/jobs/setup.sh; setup_install {level}"],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, 0 if good else 1, said)
        self.assertNotIn("not found", said)
        self.assertNotIn("unbound", said)
        return said, self.calls.read_text().splitlines()

    def test_nothing_is_missing(self):
        for level in ("run", "test"):
            said, calls = self.install(level)
            self.assertEqual((said, calls), ("", []))

    def test_only_what_is_missing_is_installed(self):
        self.installed(*[name for name in NEEDED if name not in ("python3-h5py", "openmpi-bin")], PAGES)
        said, calls = self.install()
        self.assertEqual(calls[0], "apt-get update -qq")
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[1].startswith("apt-get install -y --no-install-recommends "))
        self.assertTrue(calls[1].endswith(" openmpi-bin python3-h5py"), calls[1])
        self.assertIn("lacks, with apt-get: openmpi-bin python3-h5py\n", said)

    def test_tests_need_cmocka_and_the_program_does_not(self):
        self.installed(*NEEDED, PAGES)
        self.assertEqual(self.install("run")[1], [])
        self.assertTrue(self.install("test")[1][-1].endswith(" libcmocka-dev"))

    def test_removed_packages_are_missing(self):
        self.stand_in("dpkg-query", "printf '%s deinstall\\n' " + " ".join([*NEEDED, PAGES]))
        self.assertTrue(self.install()[1][-1].endswith(" " + " ".join([*NEEDED, PAGES])))

    def test_a_compiler_is_installed_only_if_there_is_none(self):
        (self.folder / "bin/cc").unlink()
        self.assertTrue(self.install()[1][-1].endswith(" gcc"))

    def test_full_takes_what_the_archive_offers(self):
        said, calls = self.install("full")
        self.assertIn("no r-cran-hdf5r", said)
        self.assertNotIn("r-cran-hdf5r", calls[-1])
        for package in ("octave", "iproute2", "spin", "chromium"):
            self.assertIn(f" {package}", calls[-1])
        self.assertNotIn("libopenmpi-dev", calls[-1])

    def test_no_service_is_left_running(self):
        """What brings one is installed where there is none, and disabled, and nothing else is."""
        self.stand_in("systemctl", self.note("systemctl"))
        _, calls = self.install("full")
        self.assertTrue(calls[-2].endswith(" slurmctld slurmd munge"), calls)
        self.assertEqual(calls[-1], "systemctl disable --now slurmctld slurmd munge")

    def test_a_slurm_that_is_here_is_left_alone(self):
        self.stand_in("systemctl", self.note("systemctl"))
        for command in ("sbatch", "munge"):
            self.stand_in(command, "exit 1")
        _, calls = self.install("full")
        self.assertNotIn("systemctl", " ".join(calls))
        self.assertIn("apt-get install", calls[-1])
        self.assertNotRegex(calls[-1], "slurm|munge")

    def test_a_service_that_was_here_is_left_alone(self):
        """munge of the machine's own, but no Slurm."""
        self.stand_in("systemctl", self.note("systemctl"))
        self.stand_in("munge", "exit 1")
        self.assertEqual(self.install("full")[1][-1], "systemctl disable --now slurmctld slurmd")

    def test_sudo(self):
        self.installed()
        self.user(1000)
        self.stand_in("sudo", self.note("sudo") + 'exec "$@"')
        said, calls = self.install()
        self.assertEqual([call.split()[0] for call in calls], ["sudo", "apt-get"] * 2)
        self.assertIn("sudo env DEBIAN_FRONTEND=noninteractive apt-get install", calls[2])
        self.assertIn("with sudo apt-get", said)

    def test_neither_root_nor_sudo(self):
        self.installed(*NEEDED[:-1])
        self.user(1000)
        said, calls = self.install(good=False)
        self.assertEqual(calls, [])
        self.assertIn("have somebody run: apt-get install python3-matplotlib\n", said)

    def test_apt_fails(self):
        self.installed(*NEEDED[1:], PAGES)
        (self.folder / "bin/apt-get.state").write_text("broken")
        said, _ = self.install(good=False)
        self.assertIn("what has to be installed: libc6-dev\n", said)

    def test_what_is_there_in_another_way_is_not_installed(self):
        """MPICH, or modules on a Debian cluster."""
        self.stand_in("cmake", "exit 0")
        self.stand_in("python3", "exit 0")
        self.installed(PAGES)
        self.assertEqual(self.install(), ("", []))

    def test_what_draws_the_pages_is_installed_where_that_can_be(self):
        self.installed(*NEEDED)
        self.assertTrue(self.install()[1][-1].endswith(" " + PAGES))
        self.calls.write_text("")
        self.user(1000)
        self.assertEqual(self.install(), ("", []))

    def test_other_systems(self):
        self.system("fedora")
        said, calls = self.install(good=False)
        self.assertEqual(calls, [])
        for word in (LIBRARY, "dnf install", "brew install", "spack install", "module load"):
            self.assertIn(word, said)

    def test_other_systems_that_have_all(self):
        self.system("rhel")
        self.stand_in("cmake", "exit 0")
        self.stand_in("python3", "exit 0")
        self.assertEqual(self.install("test"), ("", []))

    def test_ubuntu_and_derivatives(self):
        self.installed()
        for text in ("ID=ubuntu\nID_LIKE=debian\n", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'):
            (self.folder / "os-release").write_text(text)
            self.assertIn("apt-get", self.install()[0])

    def test_mpi_environment(self):
        environment = textwrap.dedent("""\
            OMPI_MCA_rmaps_base_oversubscribe=1
            PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
            OMPI_MCA_mpi_yield_when_idle=1
            """).splitlines()
        root = ["OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"]
        for user, expected in ((0, environment + root), (1000, environment)):
            self.user(user)
            result = subprocess.run(
                ["/bin/bash", "-c", ". project/jobs/setup.sh; setup_environment; /usr/bin/env"],
                cwd=self.folder, env={"PATH": str(self.folder / "bin")}, capture_output=True, text=True)
            found = [line for line in result.stdout.splitlines() if line.startswith(("OMPI", "PRTE"))]
            self.assertEqual(sorted(found), sorted(expected))


if __name__ == "__main__":
    unittest.main()
