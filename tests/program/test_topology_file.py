"""A file of channels that cannot be one is refused at once; what is left waiting can be ended."""

import os
import unittest

import program


class TopologyFile(program.Case):
    def refused(self, path, why, **options):
        done = self.check_run("--vms", 3, "--topology", f"file:{path}", code=3, timeout=60, **options)
        self.assertEqual(program.spoken(done.stderr), [f"lcmpi: --topology file:{path}: {why}"])

    def test_a_pipe_is_not_waited_for(self):
        os.mkfifo(self.path("pipe"))
        self.refused("pipe", "is not a file")
        self.refused("pipe", "is not a file", ranks=2)

    def test_an_absurdly_large_file(self):
        with open(self.path("large"), "wb") as file:
            file.truncate((1 << 30) + 1)
        self.refused("large", "is larger than 1 GiB")
        self.assertEqual(os.listdir(self.scratch), ["large"])

    def test_a_reading_error(self):
        self.refused("/proc/self/mem", "cannot be read: Input/output error")


if __name__ == "__main__":
    unittest.main()
