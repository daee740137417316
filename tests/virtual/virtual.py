"""What the tests of virtual time share: runs that start fast, for most of what they take is the start of MPI."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))

import harness  # noqa: E402


def difference(names, got, expected):
    """The first of the named parts in which lcmpi and a reference differ, and where, in words; None: they are the same."""
    for name, mine, other in zip(names, got, expected, strict=True):
        if mine != other:
            pairs = [(mine, other)] if isinstance(mine, dict) else zip(mine, other)
            a, b = next((pair for pair in pairs if pair[0] != pair[1]), (f"{len(mine)} rows", f"{len(other)} rows"))
            return f"{name}: {a}; the reference has {b}"
    return None


class Case(harness.Case):
    def environment(self):
        """No search for networks and remote hosts, no daemon for a process that mpirun did not start; for want of
        one, such processes are all called alike, so each has a folder of its own."""
        return dict(harness.environment(tempfile.mkdtemp(dir=self.scratch)), OMPI_MCA_pml="ob1",
                    OMPI_MCA_plm="isolated", OMPI_MCA_ess_singleton_isolated="1")

    def run_lcmpi(self, *arguments, **options):
        return super().run_lcmpi(*arguments, env=self.environment(), **options)
