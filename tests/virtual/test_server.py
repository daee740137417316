"""The central server in virtual time: against a naive reference row by row, the same on any number of ranks, at and
beyond saturation, stopped, and refused where it cannot go."""

import os
import random
import re
import shutil
import signal
import unittest
from concurrent.futures import ThreadPoolExecutor

import h5py

import server_reference
import test_reference
import virtual
from test_reference import Floating, configuration, read
from virtual import harness

CONFIGURATIONS = 150
FAIL = re.compile(r"^FAIL  (.+?)  ", re.MULTILINE)
DIGEST = re.compile(r"^(?:digest|         ) (0x[0-9a-f]{16})", re.MULTILINE)


def server_configuration(rng):
    """As of messages between VMs, and what is the server's own; it has neither copies nor snapshots."""
    o = dict(configuration(rng), replicas=1, **{"snapshot-every": "none"})
    o["tick-rule"], o["receive-until"] = "receive-or-act", "none"
    o["service-time"] = rng.choice((0, 0, 1, 1000, 10**5, 10**5, 3 * 10**6, 4 * 10**7))
    o["server-order"] = rng.choice(("timestamp", "timestamp", "arrival"))
    return o


def words(o):
    given = {key: value for key, value in o.items() if key != "service-time"}
    return [*test_reference.words(given), "--route", "server", "--service-time", f"{o['service-time']}ns"]


def figures_of(file):
    group = file["server"]
    return {name: group[name][()].tolist() for name in (
        "clock", "n_refresh", "n_submit", "n_report", "busy", "waiting", "waiting_max", "t_idle", "n_skipped")}


def bins_of(values):
    """What the histogram has for them: 32 bins to each power of two, below 64 one to each value."""
    counts = {}
    for value in values:
        shift = max(value.bit_length() - 6, 0)
        low = value >> shift << shift
        middle = low + ((1 << shift) - 1) // 2
        counts[middle] = counts.get(middle, 0) + 1
    return counts


class Server(virtual.Case):
    @classmethod
    def setUpClass(cls):
        cls.floating = Floating()

    def read_server(self, path):
        events, stamps, messages, _, left = read(path)
        with h5py.File(path, "r") as file:
            middle, latency = file["server/bin_time"][()].tolist(), {}
            self.assertEqual(middle, sorted(set(middle)))
            for kind in server_reference.REFRESH, server_reference.SUBMIT, server_reference.REPORT:
                counts = file[f"server/latency_{kind}"][()].tolist()
                latency[kind] = {at: n for at, n in zip(middle, counts) if n}
            return events, stamps, messages, left, figures_of(file), latency

    def compare(self, number):
        o = server_configuration(random.Random(number))
        name = f"{number}.h5"
        result = self.run_lcmpi(*words(o), "-o", name)
        command = "lcmpi " + " ".join(words(o))
        if result.returncode:
            return f"{command}\n{result.stderr}"
        got = self.read_server(self.path(name))
        *expected, latencies = server_reference.simulate(o, self.floating)
        expected.append({kind: bins_of(values) for kind, values in latencies.items()})
        differ = virtual.difference(("events", "stamps", "messages", "left", "figures", "latencies"), got, expected)
        if differ:
            return f"{command}\n{differ}"
        verdict = self.run_lcmpi("verify", name)
        os.remove(self.path(name))
        wrong = set(FAIL.findall(verdict.stdout)) - {"clock lamport-seed-a", "clock lamport-seed-b"}
        return f"{command}\n{verdict.stdout}{verdict.stderr}" if wrong or verdict.returncode not in (0, 4) else None

    def test_configurations(self):
        with ThreadPoolExecutor(2) as pool:
            wrong = [found for found in pool.map(self.compare, range(CONFIGURATIONS)) if found]
        self.assertEqual(wrong, [], f"{len(wrong)} of {CONFIGURATIONS}:\n" + "\n".join(wrong[:3]))

    def test_configurations_have_what_matters(self):
        """Skipped ticks, a line at the server, inboxes in another order than that of arrival."""
        skipped = waiting = reordered = 0
        for number in range(CONFIGURATIONS):
            o = server_configuration(random.Random(number))
            events, _, _, _, figures, _ = server_reference.simulate(o, self.floating)
            skipped += any(figures["n_skipped"])
            waiting += figures["waiting"] > 0
            taken = {}
            for event in events:
                if event[-1] == server_reference.RECEIVE:
                    taken.setdefault(event[0], []).append(event[8])
            reordered += any(times != sorted(times) for times in taken.values())
        self.assertGreater(skipped, CONFIGURATIONS // 3)
        self.assertGreater(waiting, CONFIGURATIONS // 3)
        self.assertGreater(reordered, CONFIGURATIONS // 10)

    def test_same_on_any_number_of_ranks(self):
        for order in ("timestamp", "arrival"):
            options = ("--vms", "64", "--pace", "virtual", "--route", "server", "--server-order", order, "--latency",
                       "exp:20ms,min=1ms", "--seed", "5", "--duration", "20s", "--service-time", "2ms", "--clock",
                       "lamport,vector", "--progress", "none", "--force", "-o", "ranks.h5")
            found = []
            for ranks in (1, 2, 3):
                result = self.run_lcmpi(*options, ranks=ranks)
                self.assertEqual(result.returncode, 0, result.stderr)
                with h5py.File(self.path("ranks.h5"), "r") as file:
                    found.append((DIGEST.findall(result.stdout), figures_of(file),
                                  [file[f"server/latency_{k}"][()].tolist() for k in ("refresh", "submit", "report")]))
                self.assertEqual(self.run_lcmpi("verify", "ranks.h5").returncode, 0)
            self.assertEqual(len(found[0][0]), 4)
            self.assertEqual(found[0], found[1])
            self.assertEqual(found[0], found[2])

    def test_one_and_two_vms(self):
        for vms in ("1", "2"):
            result = self.run_lcmpi("--vms", vms, "--pace", "virtual", "--route", "server", "--seed", "1", "--duration",
                                    "30s", "--progress", "none", "-o", f"few{vms}.h5")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(self.run_lcmpi("verify", f"few{vms}.h5").returncode, 0)

    def test_saturation(self):
        """The server can serve 1,000 requests a second. A VM of rate r that gets a messages a second, of which as many
        are sent, makes r + 2 a requests, and a = 0.4 (r - a): with r = 10 these are 15.7, so 63.6 VMs are its limit."""
        for vms in (16, 48, 256):
            self.check_run("--vms", vms, "--rates", 10, "--pace", "virtual", "--route", "server", "--service-time", "1ms",
                           "--phase", "random", "--duration", "60s", "--seed", 2, "--progress", "none", "-o",
                           f"s{vms}.h5")
            self.check_verified(f"s{vms}.h5")
            with h5py.File(self.path(f"s{vms}.h5"), "r") as file:
                f = figures_of(file)
                share = f["busy"] / f["t_idle"]
                skipped = sum(f["n_skipped"]) / file["n_tick"][()].sum()
            expected = vms * (10 + 2 * 0.4 * 10 / 1.4) / 1000
            if expected < 1:
                self.assertAlmostEqual(share / expected, 1, delta=0.02)
                self.assertLess(skipped, 0.05)
            else:
                self.assertGreater(share, 0.999)
                self.assertGreater(skipped, 0.5)

    def planted(self, check, change):
        """verify finds the one defect that `change` makes in a good file, by that check."""
        shutil.copy(self.path("good.h5"), self.path("bad.h5"))
        with h5py.File(self.path("bad.h5"), "r+") as file:
            change(file)
        result = self.check_run("verify", "bad.h5", code=4)
        failed = re.findall(r"^FAIL +(\S+(?: \S+)?)", result.stdout, re.MULTILINE)
        self.assertTrue(any(name.startswith(check) for name in failed), result.stdout)

    def test_defects_are_found(self):
        self.check_run("--vms", 5, "--rates", "1,20", "--pace", "virtual", "--route", "server", "--latency",
                       "exp:30ms,min=1ms", "--duration", "60s", "--seed", 3, "--clock", "lamport,vector", "--progress",
                       "none", "-o", "good.h5")
        self.check_verified("good.h5")
        with h5py.File(self.path("good.h5"), "r") as file:
            rows = {name: file[f"events/{name}"][()] for name in test_reference.reference.EVENT}
        skipped = int(next(i for i, kind in enumerate(rows["kind"]) if kind == server_reference.SKIPPED))
        full = [int(i) for i in range(len(rows["kind"])) if rows["queue_before"][i] > 1]
        first = full[0]
        self.assertTrue(any(rows["t_arrival"][i] > rows["t_arrival"][j] for i, j in zip(full, full[1:])
                            if rows["machine"][i] == rows["machine"][j]), "nothing was taken out of order")

        def put(name, at, value):
            def change(file):
                file[name][at] = value
            return change

        def swap(file):
            """Two messages of one inbox, taken one after the other, the other way round."""
            take = next((i, i + 1) for i in full if rows["kind"][i + 1] == server_reference.RECEIVE)
            for name in ("peer", "msg_first", "t_arrival"):
                file[f"events/{name}"][take[0]], file[f"events/{name}"][take[1]] = (
                    rows[name][take[1]], rows[name][take[0]])

        self.planted("queues", swap)
        self.planted("queues", put("events/queue_before", first, rows["queue_before"][first] + 1))
        late = int(next(i for i in range(len(rows["kind"])) if rows["t_arrival"][i] > rows["t_scheduled"][i] + 1))
        self.planted("matching", put("events/t_actual", late, rows["t_scheduled"][late] + 1))
        self.planted("ticks", put("events/kind", skipped, 1))
        self.planted("ticks", put("events/t_actual", skipped, rows["t_actual"][skipped] + 1))
        self.planted("ticks", put("events/t_actual", skipped, rows["t_scheduled"][skipped]))
        self.planted("ticks", put("events/queue_before", skipped, 1))
        self.planted("ticks", put("events/kind", int(next(
            i for i in range(len(rows["kind"]) - 1) if rows["kind"][i] == 1 and rows["kind"][i + 1] == 1)), 4))
        self.planted("clock lamport", put("events/clocks/lamport/stamp", skipped, 10**6))
        self.planted("server", put("server/n_skipped", 1, 0))
        self.planted("server", put("server/n_refresh", (), 3))
        self.planted("server", put("server/n_report", (), 3))
        self.planted("server", put("server/clock", (), 30))

    def test_stopped_run_is_whole(self):
        """Ticks that had begun come to their end, and none begins any more; every rank keeps to the same end."""
        process = self.start_lcmpi("--vms", "50", "--pace", "virtual", "--route", "server", "--duration", "30000s",
                                   "--log", "sample:7", "--progress", "none", "-o", "stop.h5", ranks=2)

        def some_rows():
            if not os.path.exists(self.path("stop.h5")):
                return False
            info = self.run_lcmpi("info", "stop.h5")
            found = re.search(r"rows +(\S+) events", info.stdout)
            return found and found[1] != "0"

        harness.wait_until(some_rows, 30, "rows of the run")
        for pid in harness.ranks_of(process):
            os.kill(pid, signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 85, err)
        self.assertIn("holds", out)
        self.check_verified("stop.h5")
        self.assertNotIn("--resume", out + self.check_run("info", "stop.h5").stdout)


if __name__ == "__main__":
    unittest.main()
