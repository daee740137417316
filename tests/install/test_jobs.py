"""The Slurm scripts of the installed tree, with the installed program, and stand-ins for Slurm; the suite `slurm` has
the real one."""

import csv
import unittest

import tree

SLURM = {
    "scontrol": "printf '   JobId=7\\n   Command=%s\\n' \"$SCRIPT\"",
    "mpirun": 'exec "$@"',
    "squeue": "exit 1",
}
RUN = "--vms 3 --rates 1,3,6 --pace virtual --seed 1 --duration 2s --progress none"


class Jobs(tree.Case):
    def setUp(self):
        super().setUp()
        (self.scratch / "bin").mkdir()
        for name, text in SLURM.items():
            path = self.scratch / "bin" / name
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)

    def job(self, script, options, code=0):
        """As Slurm runs it: from a copy elsewhere, with nothing of lcmpi on the PATH."""
        installed = self.tree / "share/lcmpi/jobs" / script
        (self.scratch / "slurm_script").write_bytes(installed.read_bytes())
        return self.shell(f"bash slurm_script {options}", code=code, PATH=f"{self.scratch}/bin:/usr/bin:/bin",
                          SCRIPT=f"{installed} {options}", SLURM_JOB_ID="7")

    def test_a_run_and_the_report_on_it(self):
        said = self.job("run.sbatch", RUN)
        self.assertIn(f"mpirun {self.tree}/share/lcmpi/bin/lcmpi -o lcmpi-7.h5", said)
        self.assertIn("lcmpi-7.h5 is complete", said)
        self.assertIn("nothing to do", self.job("run.sbatch", RUN))
        self.job("report.sbatch", "lcmpi-7.h5")
        with open(self.scratch / "report-7/runs.csv", newline="") as file:
            row, = csv.DictReader(file)
        self.assertEqual((row["state"], row["verified"], row["note"]), ("COMPLETE", "yes", ""))
        self.assertGreater(int(row["figures"]), 4)

    def test_a_user_has_a_site_of_its_own(self):
        site = self.scratch / ".config/lcmpi/site.sh"
        site.parent.mkdir(parents=True)
        site.write_text("folder=elsewhere\n")
        self.assertIn("elsewhere/lcmpi-7.h5 is complete", self.job("run.sbatch", RUN))
        site.write_text("lcmpi=/nowhere/lcmpi\n")
        self.assertIn(f"there is no program /nowhere/lcmpi: build it, or name it in {site}",
                      self.job("run.sbatch", RUN, code=2))


if __name__ == "__main__":
    unittest.main()
