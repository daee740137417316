"""Every command in the top README is run, as it stands there, and what it is said to print comes back.

A block of code that has prompts ('$ ') shows commands with their output; in one without, each line is a command. Of the output
all must be right, but in real time not the numbers, and nowhere what depends on the machine; a line of three dots stands for any lines. A
remark behind a command may say 'exit code N', and names the files that it makes. The README is one story, in one folder from its beginning to its end.

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


MACHINES_OWN = ("lcmpi 0.", "lateness", "cost", "speed", "memory", "file", "next", "resume")  # lines that no two machines share


def exact(line):
    """What of a line of a run in virtual time must be the same: all, but for the room between words, and folders."""
    return skeleton(line) if line.startswith(MACHINES_OWN) else " ".join(re.sub(r"\S*/(lcmpi\w*)", r"\1", line).split())


def skeleton(line):
    """What of a line must be the same in real time: words, not numbers, their units and the room they take."""
    line = re.sub(r"at [\d.]+ times real pace", "at real pace", line)
    line = re.sub(r"\(git [\w+]+\)", "(git)", line)
    line = re.sub(r"\S*/(lcmpi\w*)", r"\1", line)
    line = re.sub(r"0x[0-9a-f]+", "N", line)
    line = re.sub(r"[\d.,]*\d(?:e[+-]?\d+)?", "N", line)
    line = re.sub(r"N (?:ns|us|ms|s|[KMGT]iB|bytes)\b", "N", line)
    return " ".join(line.split())


class Story:
    """Commands, one after the other, in a folder that has what the README's reader has."""

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
        self.here, self.exports, self.exact_files = folder, [], set()

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
        self.here = (self.here / name).resolve(strict=True)

    def is_exact(self, command):
        """Whether what it prints is the same at every time: it is about a run in virtual time, with its seed."""
        words = command.partition("#")[0].split()
        if "virtual" in words and "--seed" in words:
            self.exact_files.update(words[i + 1] for i, word in enumerate(words) if word == "-o")
            return True
        return "predict" in words or ("lcmpi" in words and bool(self.exact_files.intersection(words)))


class Readme(unittest.TestCase):
    """One test for each section that has commands, in their order; they are added below."""

    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.story = Story(Path(place.name).resolve())

    def tell(self, blocks):
        for block in blocks:
            if isinstance(block, str):
                self.check_python(self.story, block)
                continue
            for command, shown in block.commands:
                self.check_command(self.story, command, shown)

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
        for name in re.findall(r"[\w-]+\.(?:png|html|log|json|graphml|csv|md)\b", command.partition("#")[2]):
            self.assertTrue((story.here / name).exists(), f"{command}: {name} is not there")
        alike = exact if story.is_exact(command) else skeleton
        if shown is not None:
            self.check_output(command, shown, out, alike)

    def check_output(self, command, shown, out, alike):
        """Line by line; after a line of dots, wherever the next one comes. Whether this machine is too slow is its own matter."""
        lines = [alike(line) for line in out.splitlines() if line.strip() and not line.startswith("warning ")]
        at, anywhere = 0, False
        for line in shown:
            if line == "...":
                anywhere = True
                continue
            wanted = alike(line)
            where = lines.index(wanted, at) if wanted in lines[at:] else -1
            self.assertTrue(where == at or (anywhere and where > at), f"{command}\nshould go on with\n{line}\nbut says\n{out}")
            at, anywhere = where + 1, False
        self.assertTrue(anywhere or at == len(lines), f"{command}\nsays more:\n{out}")


def add_tests():
    for number, (heading, blocks) in enumerate(README.items()):
        name = f"test_{number:02}_" + re.sub(r"\W+", "_", heading.lower()).strip("_")
        setattr(Readme, name, lambda self, blocks=blocks: self.tell(blocks))


add_tests()

if __name__ == "__main__":
    unittest.main()
