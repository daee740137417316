"""What the checks of the project's own files share: the files, and the tools they need."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", "build", "results", "__pycache__"}  # folders that hold what is made, at any depth


def files(*suffixes, under="."):
    """The files of the project below a folder, with one of the suffixes if any are given."""
    found = []
    for folder, names, leaves in os.walk(ROOT / under):
        names[:] = sorted(name for name in names if name not in MADE)
        found += [Path(folder, leaf) for leaf in sorted(leaves)]
    return [path for path in found if not suffixes or path.suffix in suffixes]


def scripts(*interpreters):
    """The files whose first line names one of the interpreters."""
    found = []
    for path in files():
        with open(path, "rb") as file:
            first = file.readline().decode(errors="replace").split()
        if first and first[0].startswith("#!") and first[-1].split("/")[-1] in interpreters:
            found.append(path)
    return found


def name(path):
    return str(Path(path).relative_to(ROOT))


def need(tool):
    if not shutil.which(tool):
        raise unittest.SkipTest(f"no {tool} here (tests/run.sh --full installs it)")


def output(*command, **options):
    """What the command says, and whether it succeeded."""
    result = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return result.stdout, result.returncode == 0
