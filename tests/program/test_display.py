"""What is shown while a run goes on: a live table on a terminal, plain lines elsewhere, nothing if so wished."""

import fcntl
import os
import pty
import re
import struct
import termios
import unittest
from concurrent.futures import ThreadPoolExecutor

import program
from program import harness

QUICK = ("--rates", "1,3,6", "--duration", "6s", "--speed", 7, "--force", "-o")
SGR = r"\x1b\[[0-9;]*m"
HEADER = "  vm   ticks/s      ticks     lamport  queue"


class Display(program.Case):
    def on_a_terminal(self, *arguments, ranks=None, columns=80, **variables):
        """What a terminal of its own gets from a run to its end; variables of None are unset."""
        env = {**harness.environment(self.scratch), "TERM": "xterm", **variables}
        env = {name: value for name, value in env.items() if value is not None}
        words = self.command(*arguments, ranks=ranks)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.scratch)
            os.execvpe(words[0], words, env)
        with open(terminal, "rb", buffering=0) as reader:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
            out = b""
            try:
                while data := reader.read(65536):
                    out += data
            except OSError:  # the other side is closed
                pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, out)
        return out.decode().replace("\r\n", "\n")

    def check_live(self, out, colours):
        self.assertEqual(bool(re.search(SGR, out)), colours)
        shown = re.sub(SGR, "", out)
        frames = re.findall(r"^(?:\x1b\[\d+A\r)?\x1b\[\?7l" + HEADER, shown, re.MULTILINE)
        self.assertGreater(len(frames), 1, "drawn again and again")
        self.assertRegex(shown, r"\n   1         3 +\d+ +\d+ +\d+ =*\x1b\[K\n")
        self.assertRegex(shown, r"of 6s  [\d,]+ events  [\d,]+ queued  .* left.*\x1b\[K\n")
        self.assertIn("\x1b[J", shown)
        after = shown.rpartition("\x1b[J")[2]
        self.assertTrue(after.startswith("\n   VM  rank"), "the summary stands where the display was")
        self.assertNotIn("\x1b", after)

    def check_plain(self, out):
        self.assertNotIn("\x1b", out)
        self.assertRegex(out, r"^lcmpi \d.* into \S+\n\n   VM  rank")

    def test_a_terminal(self):
        self.check_live(self.on_a_terminal("--vms", 3, *QUICK, "run.h5", ranks=3, NO_COLOR=None), colours=True)
        self.judged()

    def test_no_color(self):
        self.check_live(self.on_a_terminal("--vms", 3, *QUICK, "run.h5", NO_COLOR="1"), colours=False)
        out = self.on_a_terminal("--vms", 3, *QUICK, "run.h5", NO_COLOR="")
        self.check_live(out, colours=True)  # empty is as good as unset

    def test_a_wide_terminal_has_a_bar(self):
        out = self.on_a_terminal("--vms", 3, *QUICK, "run.h5", columns=140)
        self.assertRegex(out, r"\n#+-+ [\d.]+ of 6s")

    def test_no_line_wraps(self):
        """The terminal is told to cut what is too long for it, and to wrap again afterwards."""
        out = self.on_a_terminal("--vms", 3, *QUICK, "run.h5", columns=60)
        drawings = re.split(r"\x1b\[\?7l", out)
        self.assertGreater(len(drawings), 2)
        for drawing in drawings[1:]:
            self.assertRegex(drawing, r" left.*\x1b\[\?7h\x1b\[K\n")

    def test_many_vms_take_one_line(self):
        out = self.on_a_terminal("--vms", 100, *QUICK, "run.h5", columns=140)
        self.assertNotIn(HEADER, out)
        self.assertIn("\x1b[1A\r", out)

    def test_a_terminal_that_can_do_nothing(self):
        self.check_plain(self.on_a_terminal("--vms", 3, *QUICK, "run.h5", TERM="dumb"))

    def test_none(self):
        self.check_plain(self.on_a_terminal("--vms", 3, *QUICK, "run.h5", "--progress", "none"))

    def test_live_on_stderr_if_asked_for(self):
        """Without a terminal; what is asked for is shown all the same, and stdout stays plain."""
        result = self.check_run("--vms", 3, *QUICK, "run.h5", "--progress", "live", start_new_session=True)
        self.check_plain(result.stdout)
        self.assertIn(HEADER, result.stderr)

    def test_lines(self):
        """Every few seconds one, without a terminal and where asked for, and nothing that moves a cursor."""
        slow = ("--vms", 3, "--rates", "1,3,6", "--duration", "12s", "--speed", 2, "-o")
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(self.on_a_terminal, *slow, "asked.h5", "--progress", "log", NO_COLOR=None)
            piped = pool.submit(self.check_run, *slow, "piped.h5", ranks=2, start_new_session=True)
        self.assertNotIn("\x1b", asked.result())
        line = (r"^lcmpi: [\d.]+ of 12s  \d+ events  \d+ queued  .* messages/s  lamport up to \d+  0:0\d left"
                r"(?:  .* late)?$")
        self.assertTrue(re.findall(line, asked.result(), re.MULTILINE))
        self.assertRegex(piped.result().stderr.rstrip("\n"), line)
        self.check_plain(piped.result().stdout)


if __name__ == "__main__":
    unittest.main()
