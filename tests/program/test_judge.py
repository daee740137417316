"""The judge of these tests is judged: it believes a good file, and finds out every altered copy."""

import shutil
import unittest

import h5py

import program
from altered import ALTERATIONS, ARGUMENTS
from judge import judge, philox


class Judge(program.Case):
    @classmethod
    def setUpClass(cls):
        cls.shelf = program.Case()
        cls.shelf.setUp()
        cls.addClassCleanup(cls.shelf.doCleanups)
        cls.good = cls.shelf.path("good.h5")
        cls.shelf.check_run(*ARGUMENTS, "-o", cls.good)

    def test_a_good_file(self):
        self.assertEqual(judge(self.good)[0], [])

    def test_every_alteration_is_found_out(self):
        for alter in ALTERATIONS:
            with self.subTest(alter.title):
                shutil.copy(self.good, self.path("altered.h5"))
                with h5py.File(self.path("altered.h5"), "r+") as file:
                    alter(file)
                self.assertNotEqual(judge(self.path("altered.h5"))[0], [])

    def test_another_seed_draws_otherwise(self):
        shutil.copy(self.good, self.path("altered.h5"))
        with h5py.File(self.path("altered.h5"), "r+") as file:
            file.attrs["seed"] = file.attrs["seed"] + 1
        found = judge(self.path("altered.h5"))[0]
        self.assertTrue(found and all(text.startswith("check_draws") for text in found), found)

    def test_philox_is_the_published_one(self):
        """The known answers that come with Random123."""
        ones = 0xFFFFFFFF
        known = ((0, [0] * 4, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
                 (ones << 32 | ones, [ones] * 4, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
                 (0x299F31D0A4093822, [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
                  "d16cfe09 94fdcceb 5001e420 24126ea1"))
        for key, counter, words in known:
            self.assertEqual(" ".join(f"{word:08x}" for word in philox(key, counter)), words)


if __name__ == "__main__":
    unittest.main()
