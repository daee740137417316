"""Looks at a run's file while it is written: what had been committed, and where in its life the run is."""

import os
import struct
import threading
import time

import h5py

import content

ROW = {"kind": "B", "machine": "i", "seq": "q", "tick": "q", "t_scheduled": "q", "t_actual": "q"}
STAGES = ("nothing", "set-up", "start", "running", "growth", "end", "compaction", "finished")


class Part:
    """Where something lies in the file, and how many numbers it is."""

    def __init__(self, dataset, form):
        self.at, self.form, self.length = dataset.id.get_offset(), "<" + form, dataset.size

    def read(self, fd, first=0, n=None):
        n = self.length if n is None else n
        size = struct.calcsize(self.form)
        data = os.pread(fd, n * size, self.at + first * size)
        return struct.unpack(f"<{n}{self.form[1:]}", data)


class Watcher(threading.Thread):
    """Reads the commit counters from the live file, by plain reads at the places where HDF5 says they are,
    as often as it can; notes every one that goes back, and every row under them that is not there."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.temporary = path, path + ".tmp"
        self.over = threading.Event()
        self.seen = {}  # counter name: the largest values seen
        self.rows = {}  # (machine, seq): the columns of ROW as they were under a counter
        self.faults = []
        self.n_sample = self.n_file = 0
        self.state = self.inode = self.fd = None
        self.temporary_exists = False

    # ---- the thread ---------------------------------------------------------------------------------

    def run(self):
        try:
            while not self.over.is_set():
                self.look()
                time.sleep(0.0002)
            self.look()
        except Exception as failure:  # a reader of a live file must never fail
            self.faults.append(f"reading the live file failed: {failure!r}")
        finally:
            if self.fd is not None:
                os.close(self.fd)

    def look(self):
        self.temporary_exists = os.path.exists(self.temporary)
        try:
            inode = os.stat(self.path).st_ino
        except FileNotFoundError:
            if self.inode is not None:
                self.faults.append("the file was there and vanished")
            return
        if inode != self.inode:
            self.open(inode)
        self.sample()

    def open(self, inode):
        if self.fd is not None:
            os.close(self.fd)
        self.fd = os.open(self.path, os.O_RDONLY)
        self.inode = os.fstat(self.fd).st_ino
        self.n_file += 1
        with h5py.File(f"/proc/self/fd/{self.fd}", "r") as file:
            commit = file["commit"]
            self.counters = {name: Part(commit[name], "q") for name in content.COUNTERS}
            self.state_part = Part(commit["state"], "B")
            self.first = [int(n) for n in commit["first_events"]]
            events = file["events"]
            contiguous = events["kind"].id.get_offset() is not None
            self.columns = {name: Part(events[name], form) for name, form in ROW.items()} \
                if contiguous else {}

    def sample(self):
        old = dict(self.seen)
        for name, part in self.counters.items():
            values = part.read(self.fd)
            for rank, (before, now) in enumerate(zip(self.seen.get(name, values), values)):
                if now < before:
                    self.faults.append(f"{name}[{rank}] went back from {before} to {now}")
            self.seen[name] = values
        (self.state,) = self.state_part.read(self.fd)
        self.n_sample += 1
        before = old.get("n_events", [0] * len(self.first))
        for rank, n in enumerate(self.seen["n_events"]):
            if self.columns and n > before[rank]:
                self.take_row(rank, self.first[rank] + n - 1)

    def take_row(self, rank, at):
        """The last row under a counter has to be there by the time that the counter is."""
        row = {name: part.read(self.fd, at, 1)[0] for name, part in self.columns.items()}
        if row["kind"] == content.EMPTY:
            self.faults.append(f"the last committed row of rank {rank} is not on file: {row}")
        self.rows[row["machine"], row["seq"]] = row

    # ---- what the test asks ---------------------------------------------------------------------------

    def stop(self):
        self.over.set()
        self.join()

    def done(self, name):
        return any(self.seen.get(name, ()))

    def stage(self):
        """Where the run is now, as far as its files show it."""
        if self.inode is None:
            return "set-up" if self.temporary_exists else "nothing"
        ended = self.state not in (None, content.RUNNING)
        if self.temporary_exists:
            return "compaction" if ended else "growth"
        if ended:
            return "finished"
        if self.done("n_final"):
            return "end"
        return "running" if self.done("n_events") else "start"

    def check(self, found):
        """What is wrong with a file that was left behind, given what had been seen in it before."""
        wrong = list(self.faults)
        for name, values in self.seen.items():
            for rank, (least, n) in enumerate(zip(values, found.commit[name])):
                if n < least:
                    wrong.append(f"{name}[{rank}] is {n}; {least} had been committed")
        events = found.rows["events"]
        place = {key: i for i, key in enumerate(zip(events["machine"].tolist(), events["seq"].tolist()))}
        for key, row in self.rows.items():
            at = place.get(key)
            if at is None:
                wrong.append(f"event {key} had been committed and is gone")
            elif any(events[name][at] != value for name, value in row.items()):
                wrong.append(f"event {key} was committed as {row} and has changed")
        return wrong
