"""The manual page and the completion: complete, well-formed, and never behind the program."""

import os
import pty
import re
import select
import shlex
import time
import unittest

import tree

BREAKS = " \t\n\"'><=;|&(:"  # at which readline parts words, unless told otherwise


def options(text):
    """The long options that a text names at the beginning of a line."""
    return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.MULTILINE))


class Manual(tree.Case):
    def setUp(self):
        super().setUp()
        self.page = self.tree / "share/man/man1/lcmpi.1"
        self.text = self.page.read_text().replace("\\-", "-").replace("\\(aq", "'")

    def test_man_has_no_complaint(self):
        tree.need("man")
        said = tree.call("man", "--warnings=w", "-E", "UTF-8", "-l", "-Tutf8", "-Z", self.page,
                         env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(said[said.rindex("x stop"):].strip(), "x stop")  # on stderr, behind it, nothing

    def test_mandoc_has_no_complaint(self):
        tree.need("mandoc")
        self.assertEqual(tree.call("mandoc", "-Tlint", "-Wwarning", self.page), "")

    def test_every_option_of_the_help_is_there(self):
        found = set(re.findall(r"^(?:\\fB-\w\\fR, )?\\fB(--[a-z-]+)\\fR(?:=|$)", self.text, re.MULTILINE))
        self.assertEqual(found, options(self.shell("lcmpi --help")))
        self.assertGreater(len(found), 40)

    def test_help_of_every_command_is_there(self):
        commands = re.findall(r"^\.SS ([a-z]+)$", self.text, re.MULTILINE)
        self.assertIn("verify", commands)
        flat = " ".join(re.sub(r"\\f[BIR]|\\&", "", self.text).split())
        for command in commands:
            said = self.shell(f"lcmpi {command} --help").partition("Exit codes:")[0]
            for paragraph in said.split("\n\n"):
                if not paragraph.startswith(("Usage:", "Questions:")):
                    self.assertIn(" ".join(paragraph.split()), flat)

    def test_lists_and_exit_codes_are_there(self):
        for name in ("preset", "clock", "snapshot-method"):
            for word in re.findall(r"^  (\S+)  ", self.shell(f"lcmpi --{name} help"), re.MULTILINE):
                self.assertIn(f"\\fB{word}\\fR", self.text)
        for code in re.findall(r"^ +(\d+\S*)  ", self.shell("lcmpi info --help"), re.MULTILINE):
            self.assertIn(f".B {code}\n", self.text)

    def test_every_tool_is_named(self):
        links = {path.name for path in (self.tree / "bin").iterdir() if path.is_symlink()}
        self.assertEqual(set(re.findall(r"^\.BR? (lcmpi_\w+)", self.text, re.MULTILINE)), links)

    def test_environment(self):
        """What the program reads, but for what launchers set of their own accord."""
        sources = (tree.ROOT / "src").rglob("*.c")
        read = {name for path in sources for name in re.findall(r'getenv\("(\w+)"\)', path.read_text())}
        self.assertIn("NO_COLOR", read)
        for name in read:
            if not name.startswith("OMPI_"):
                self.assertIn(name, self.text)


class Completion(tree.Case):
    def setUp(self):
        super().setUp()
        self.file = self.tree / "share/bash-completion/completions/lcmpi"

    def complete(self, line, breaks=BREAKS):
        """What the last word of a line is completed to, as readline would ask for it."""
        parts = r"[=:]|[^=:]+" if breaks == BREAKS else ".+"
        words = [part for word in line.split(" ") for part in re.findall(parts, word) or [""]]
        said = self.shell(f"source {shlex.quote(str(self.file))}; COMP_WORDBREAKS={shlex.quote(breaks)}; "
                          f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; "
                          '_lcmpi; ((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"')
        return said.splitlines()

    def test_shellcheck_has_no_complaint(self):
        tree.need("shellcheck")
        tree.call("shellcheck", self.file)

    def test_commands(self):
        self.assertEqual(self.complete("lcmpi "), ["run", "info", "verify", "query", "recover", "predict", "help"])
        self.assertEqual(self.complete("lcmpi ver"), ["verify"])

    def test_options_are_those_of_the_command(self):
        everything = options(self.shell("lcmpi --help"))
        self.assertEqual(set(self.complete("lcmpi --")), everything - {"--json"})
        self.assertEqual(set(self.complete("lcmpi --vms 3 --")), everything - {"--json"})
        self.assertEqual(set(self.complete("lcmpi predict --")), everything - {"--json"})
        self.assertEqual(self.complete("lcmpi --snapshot-m"), ["--snapshot-method"])
        self.assertEqual(self.complete("lcmpi verify --"), ["--json", "--help"])
        self.assertEqual(self.complete("lcmpi info --"), ["--help"])

    def test_values(self):
        for line, replies in (
                ("--pace ", ["real", "virtual"]), ("--pace v", ["virtual"]), ("--pace=", ["real", "virtual"]),
                ("--pace=v", ["virtual"]), ("--vms 3 --fifo ", ["off", "on"]), ("--vms ", []), ("--vms=", []),
                ("--topology ", ["full", "ring", "star", "grid", "random:", "file:"]),
                ("--latency e", ["exp:"]), ("--log s", ["sample:"]), ("--fanout ", ["all"]),
                ("--clock lamport,vec", ["lamport,vector"]), ("--clock=lamport,vec", ["lamport,vector"]),
                ("--preset seed-b:s", ["similar"]), ("--preset=seed-b:s", ["similar"]),
                ("predict --route ", ["direct", "server"])):
            with self.subTest(line):
                self.assertEqual(self.complete(f"lcmpi {line}"), replies)
        self.assertEqual(self.complete("lcmpi --preset=seed-b:s", breaks=" \t\n"), ["--preset=seed-b:similar"])

    def test_lists_are_those_of_the_program(self):
        for name in ("preset", "clock", "snapshot-method"):
            listed = re.findall(r"^  (\S+)  ", self.shell(f"lcmpi --{name} help"), re.MULTILINE)
            self.assertEqual(self.complete(f"lcmpi --{name} "), [*listed, "help"])

    def test_every_word_is_taken(self):
        beside = {"--latency": "--pace real", "--server-order": "--pace virtual --route server"}
        commands, words = [], 0
        for option in self.complete("lcmpi --"):
            for word in self.complete(f"lcmpi {option} ") if option not in ("--output", "--resume") else []:
                if not word.endswith(":") and not word.startswith("--"):
                    commands.append(f"lcmpi {beside.get(option, '--pace virtual')} {option} {word} --print-config >>said "
                                    f"|| echo {option} {word}")
                    words += 1
        self.assertGreater(words, 40)
        self.assertEqual(self.shell("; ".join(commands)), "")

    def test_files(self):
        (self.scratch / "a folder").mkdir()
        for name in ("run.h5", "r2.h5", "rates.txt", "a folder/x.h5"):
            (self.scratch / name).touch()
        for line, replies in (
                ("verify r", ["r2.h5", "run.h5"]), ("info ", ["a folder", "r2.h5", "run.h5"]), ("verify --json ru", ["run.h5"]),
                ("-o ru", ["run.h5"]), ("--resume=ru", ["run.h5"]), ("--topology file:ra", ["rates.txt"]),
                ("--vms 3 -o r2", ["r2.h5"]), ("verify run.h5 ", []), ("query run.h5 pa", ["past", "path"]), ("query r2", ["r2.h5"])):
            with self.subTest(line):
                self.assertEqual(sorted(self.complete(f"lcmpi {line}")), replies)

    def test_on_a_terminal(self):
        """A real readline, with its own parting of words."""
        process, terminal = pty.fork()
        if process == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                       {**tree.environment(self.scratch), "TERM": "dumb", "PS1": "ready ", "LC_ALL": "C"})
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.close, terminal)
        os.write(terminal, f"lcmpi() {{ printf '<%s>' \"$@\" \"end\"; echo; }}; source {shlex.quote(str(self.file))}\n".encode())
        for typed, words in (("--preset=seed-b:few\t\n", "--preset=seed-b:few-internal"), ("--topology ran\t3\n", "--topology><random:3"),
                             ("pred\t--pace v\t\n", "predict><--pace><virtual"), ("--clock lamport,vec\t\n", "--clock><lamport,vector")):
            with self.subTest(typed):
                os.write(terminal, b"lcmpi " + typed.encode())
                self.assertIn(f"<{words}>", self.read(terminal, "<end>"))

    @staticmethod
    def read(terminal, last):
        """What the terminal shows up to a text, which must come."""
        shown, end = "", time.monotonic() + 30
        while last not in shown and time.monotonic() < end:
            if select.select([terminal], [], [], 1)[0]:
                shown += os.read(terminal, 4096).decode(errors="replace")
        return shown


if __name__ == "__main__":
    unittest.main()
