"""One seed: the same rates, and the same operations at the same ticks, on any number of ranks."""

import unittest

import program

QUICK = ("--vms", 5, "--duration", "10s", "--speed", 20, "--unicast", "0.4", "--multicast", "0.2",
         "--internal", "0.4", "--phase", "random")


class Draws(program.Case):
    def test_the_same_on_any_number_of_ranks(self):
        runs = [self.finished(*QUICK, "--seed", 41, ranks=ranks, name=f"{ranks}.h5") for ranks in (None, 3)]
        for other in runs[1:]:
            self.assertEqual((runs[0].p, runs[0].q, runs[0].phase), (other.p, other.q, other.phase))
            first, second = runs[0].idle_ticks(), other.idle_ticks()
            both = first.keys() & second.keys()
            self.assertGreater(len(both), 20)
            self.assertEqual({key: first[key] for key in both}, {key: second[key] for key in both})

    def test_another_seed_draws_otherwise(self):
        seeds = {seed: ("--seed", seed) for seed in (41, 42)}
        (_, first), (_, second) = self.finished_all(seeds, *QUICK)
        self.assertNotEqual((first.p, first.phase), (second.p, second.phase))

    def test_a_seed_is_drawn_printed_and_stored(self):
        first = self.finished(*QUICK, name="1.h5")
        self.assertIn(f", seed {first.seed}, into 1.h5", self.last.stdout)
        second = self.finished(*QUICK, name="2.h5")
        self.assertNotEqual(first.seed, second.seed)
        again = self.finished(*QUICK, "--seed", first.seed, name="3.h5")
        self.assertEqual((first.p, first.phase), (again.p, again.phase))
        self.assertEqual(again.seed, first.seed)

    def test_large_seeds(self):
        seeds = (0, 2**32, 2**63 - 1)
        for seed, run in self.finished_all({seed: ("--seed", seed) for seed in seeds}, *QUICK):
            self.assertEqual(run.seed, seed)


if __name__ == "__main__":
    unittest.main()
