"""Every command in the top README is run, as it stands there, and what it is said to print comes back.

A block of code that has prompts ('$ ') shows commands with their output; in one without, each line is a command. Of the output
all must be right but numbers, units, versions and folders; a line of three dots stands for any lines. A remark behind a command may say
'exit code N'. Each section is one story, in one folder from its beginning to its end.

Two things are not as they stand: what would take minutes is made shorter (SHORTER), and `tests/run.sh`, which runs this, is not run.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("LCMPI", ROOT / "build/release/lcmpi")).resolve()
PYTHON = "/usr/bin/python3"  # the one that sees Debian's packages

# A command that begins so -> what is added to it.
SHORTER = {
    "jobs/local.sh": "--speed 20 -o {folder}/local.h5",
    "jobs/experiments.sh": "--copies 50 --no-real -o {folder}/experiments",
    "mpirun -np 3 ./lcmpi": "--speed 20",
    "mpirun -np 3 lcmpi --rates 1,3,6": "--speed 20",
}
NOT_RUN = ("tests/run.sh",)
IF_THERE = ("man",)
FROM_THE_TOP = ("jobs/", "cmake ")  # in the project's own folder; all else in a folder of its own


class Block:
    """Commands, and of each the lines that it is said to print, or None."""

    def __init__(self, lines):
        self.commands = []
        shown = any(line.startswith("$ ") for line in lines)
        for line in lines:
            if line.startswith("$ ") or not shown or not self.commands:
                self.commands.append((line.removeprefix("$ "), [] if shown else None))
            else:
                self.commands[-1][1].append(line)


def sections(text):
    """{heading: [Block or the text of a program in Python, ...]}."""
    found = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        heading, _, body = part.partition("\n")
        pieces = re.finditer(r"^```python\n([\s\S]*?)^```|((?:^(?: {4}.*)?\n)+)", body, re.MULTILINE)
        blocks = []
        for python, indented in (piece.groups() for piece in pieces):
            lines = [line[4:] for line in (indented or "").strip("\n").splitlines()]
            if python:
                blocks.append(python)
            elif any(lines):
                blocks.append(Block([line for line in lines if line]))
        if blocks:
            found[heading] = blocks
    return found


README = sections((ROOT / "README.md").read_text())


def skeleton(line):
    """What of a line must be the same: words, not numbers, their units and the room they take."""
    line = re.sub(r"at [\d.]+ times real pace", "at real pace", line)
    line = re.sub(r"\(git [\w+]+\)", "(git)", line)
    line = re.sub(r"\S*/(lcmpi\w*)", r"\1", line)
    line = re.sub(r"0x[0-9a-f]+", "N", line)
    line = re.sub(r"[\d.,]*\d(?:e[+-]?\d+)?", "N", line)
    line = re.sub(r"N (?:ns|us|ms|s|[KMGT]iB|bytes)\b", "N", line)
    return " ".join(line.split())


class Story:
    """A section's commands, one after the other, in a folder that has what the README's reader has."""

    def __init__(self, folder):
        self.folder = folder
        tools = folder / "bin"
        tools.mkdir()
        (tools / "python3").symlink_to(PYTHON)
        (tools / "lcmpi").symlink_to(PROGRAM)
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/lcmpi").symlink_to(PROGRAM)
        for name in ("postprocess", "jobs", "tests"):
            (folder / name).symlink_to(ROOT / name)
        self.environment = {**os.environ, "HOME": str(folder), "PATH": f"{tools}:{ROOT / 'postprocess'}:{os.environ['PATH']}"}
        self.here, self.exports = folder, []

    def run(self, command):
        """(exit code, stdout, stderr)."""
        words = command
        for begin, more in SHORTER.items():
            if re.match(re.escape(begin) + r"(?: |$)", command.partition("#")[0]):
                bare, mark, remark = command.partition("#")
                words = f"{bare} {more.format(folder=self.folder)} {mark}{remark}"
        where = ROOT if command.startswith(FROM_THE_TOP) else self.here
        done = subprocess.run(["bash", "-c", "; ".join([*self.exports, words])], cwd=where, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.environment)
        if command.startswith("export "):
            self.exports.append(command)  # for what comes after it
        return done.returncode, done.stdout, done.stderr

    def change_folder(self, name):
        self.here = self.here / name
        assert (ROOT / name / "lcmpi").exists() and self.here.is_dir(), name


class Readme(unittest.TestCase):
    """One test for each section that has commands; they are added below."""

    def tell(self, blocks):
        with tempfile.TemporaryDirectory() as place:
            story = Story(Path(place))
            for block in blocks:
                if isinstance(block, str):
                    self.check_python(story, block)
                    continue
                for command, shown in block.commands:
                    self.check_command(story, command, shown)

    def check_python(self, story, program):
        done = subprocess.run([PYTHON, "-c", program], cwd=story.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{program}\n{done.stderr}")
        self.assertTrue(done.stdout, program)

    def check_command(self, story, command, shown):
        bare = command.partition("#")[0].strip()
        if bare in NOT_RUN or not shutil.which(bare.split()[0]) and bare.split()[0] in IF_THERE:
            return
        if bare.startswith("cd "):
            story.change_folder(bare.removeprefix("cd "))
            return
        said = re.search(r"#.*exit code (\d+)", command)
        code, out, err = story.run(command)
        self.assertEqual(code, int(said[1]) if said else 0, f"{command}\n{out}{err}")
        if shown is not None:
            self.check_output(command, shown, out)

    def check_output(self, command, shown, out):
        """Line by line; after a line of dots, wherever the next one comes. Whether this machine is too slow is its own matter."""
        lines = [skeleton(line) for line in out.splitlines() if line.strip() and not line.startswith("warning ")]
        at, anywhere = 0, False
        for line in shown:
            if line == "...":
                anywhere = True
                continue
            wanted = skeleton(line)
            where = lines.index(wanted, at) if wanted in lines[at:] else -1
            self.assertTrue(where == at or (anywhere and where > at), f"{command}\nshould go on with\n{line}\nbut says\n{out}")
            at, anywhere = where + 1, False
        self.assertTrue(anywhere or at == len(lines), f"{command}\nsays more:\n{out}")


def add_tests():
    for heading, blocks in README.items():
        name = "test_" + re.sub(r"\W+", "_", heading.lower()).strip("_")
        setattr(Readme, name, lambda self, blocks=blocks: self.tell(blocks))


add_tests()

if __name__ == "__main__":
    unittest.main()
