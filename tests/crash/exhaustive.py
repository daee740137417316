"""Crash points: a run is traced, and every state that its files went through is built again and looked at.

trace.c, preloaded into the ranks, logs every call that changes the file or its temporary file, in the one
order in which they happened. A crash point is a prefix of that log. At each one, what stands under the
file's final name must open in h5py, hold every committed row as it finally is, never show a counter that
went back, and satisfy `lcmpi verify`. Beside the prefixes there are

  torn writes    a write across pages that stopped at a page's end, as a kill can make it stop
  skewed cuts    some ranks stopped earlier than others, as when one rank is killed and the others go on
  power cuts     of what was written since the last fsync, any 512-byte sector may be missing (--durable)

test_exhaustive.py runs this.
"""

import collections
import os
import random
import struct
import subprocess

import h5py

import content

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE, SECTOR = 4096, 512
OPEN, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, OTHER = range(1, 8)
HEADER = struct.Struct("<IIIiQQQ")

Record = collections.namedtuple("Record", "kind flags rank inode offset name data")


def build_tracer(folder):
    library = os.path.join(folder, "trace.so")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O1", "-Wall", "-fPIC", "-shared", "-o",
                    library, os.path.join(HERE, "trace.c"), "-ldl", "-pthread"], check=True)
    return library


def read_log(path):
    with open(path, "rb") as file:
        log = file.read()
    records, at = [], 0
    while at < len(log):
        kind, flags, n_name, rank, inode, offset, n = HEADER.unpack_from(log, at)
        at += HEADER.size
        name, data = log[at:at + n_name].decode(), log[at + n_name:at + n_name + n]
        at += n_name + n
        records.append(Record(kind, flags, rank, inode, offset, name, data))
    return records


class File:
    """A file of the replay, with what is needed to lose what was not synced."""

    def __init__(self, path, keep_unsynced):
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        self.unsynced = [] if keep_unsynced else None
        if keep_unsynced:
            self.sync()

    def write(self, offset, data):
        os.pwrite(self.fd, data, offset)
        if self.unsynced is not None:
            self.unsynced.append((offset, data))

    def truncate(self, size):
        os.ftruncate(self.fd, size)
        if self.unsynced is not None:
            self.unsynced.append((size, b""))

    def sync(self):
        if self.unsynced is not None:
            self.unsynced = []
            copy(self.path, self.path + ".synced")


def copy(old, new):
    subprocess.run(["cp", "--sparse=always", old, new], check=True)


class Replay:
    """The files as they were after the records applied so far."""

    def __init__(self, folder, final, keep_unsynced=False):
        self.folder, self.final, self.keep_unsynced = folder, final, keep_unsynced
        self.names, self.inodes, self.n_made = {}, {}, 0

    def make(self, name, inode):
        self.n_made += 1
        path = os.path.join(self.folder, f"state-{self.n_made}")
        self.names[name] = self.inodes[inode] = File(path, self.keep_unsynced)
        return self.names[name]

    def begin_with(self, path, inode):
        """A copy of the file that was there before, and the inode that it had."""
        copy(path, self.make(self.final, inode).path)

    def at_final(self):
        return self.names.get(self.final)

    def file_of(self, record):
        return self.inodes[record.inode]

    def touches_final(self, record):
        """True if what stands under the final name is another after this record."""
        if record.kind in (WRITE, TRUNCATE):
            return self.file_of(record) is self.at_final()
        if record.kind == RENAME:
            return self.final in (record.name, record.data.decode())
        if record.kind == OPEN:
            return record.name == self.final and (record.flags or not self.at_final())
        return record.kind == UNLINK and record.name == self.final

    def apply(self, record):
        if record.kind == OPEN:
            if record.name not in self.names:
                self.make(record.name, record.inode)
            self.inodes[record.inode] = self.names[record.name]
            if record.flags:
                self.file_of(record).truncate(0)
        elif record.kind == WRITE:
            self.file_of(record).write(record.offset, record.data)
        elif record.kind == TRUNCATE:
            self.file_of(record).truncate(record.offset)
        elif record.kind == SYNC:
            self.file_of(record).sync()
        elif record.kind == RENAME:
            self.names[record.data.decode()] = self.names.pop(record.name)
        elif record.kind == UNLINK:
            del self.names[record.name]
        else:
            raise AssertionError(f"the program called {record.name}, which cannot be replayed")


def page_ends(record):
    """How many bytes of a write were done if it stopped at a page's end."""
    first = PAGE - record.offset % PAGE
    return range(first, len(record.data), PAGE)


# ---- looking at a state ----------------------------------------------------------------------------------

class Judge:
    """Looks at states of one run, whose real end is `reference`."""

    def __init__(self, verify, reference):
        self.verify, self.reference = verify, reference
        self.tally, self.faults = collections.Counter(), []
        self.last = None

    def look(self, path, what, previous=None, verify=True):
        """Judges one state; returns its counters, or None if it could not be read."""
        self.tally[what.split(" ")[0]] += 1
        try:
            found = content.read(path)
        except Exception as failure:
            self.fault(what, path, [f"unreadable: {failure!r}"])
            return None
        now = content.counters(found)
        wrong = content.problems(found) + content.differences(found, self.reference)
        if previous and any(a < b for a, b in zip(now, previous)):
            wrong.append(f"counters went back from {previous} to {now}")
        if verify:
            wrong += self.verify(path)
        if wrong:
            self.fault(what, path, wrong)
        return now

    def fault(self, what, path, wrong):
        self.tally["FAILED"] += 1
        self.faults.append((what, wrong))
        if path and len(self.faults) <= 3:
            copy(path, os.path.join(os.path.dirname(path), f"failed-{len(self.faults)}.h5"))

    def report(self):
        groups = collections.defaultdict(list)
        for what, wrong in self.faults:
            for text in wrong:
                groups[" ".join(w for w in text.split() if not any(c.isdigit() for c in w))].append(
                    (what, text))
        return "\n".join(f"{len(list_)} states: {list_[0][1]}\n    first at {list_[0][0]}"
                         for list_ in groups.values())


class Walk:
    """Goes through the states of a trace. `sample` limits how many prefixes are looked at: those around
    every change of a name always are."""

    def __init__(self, folder, final, records, judge, seed, sample=None, durable=False):
        self.folder, self.records, self.judge = folder, records, judge
        self.replay = Replay(folder, final, keep_unsynced=durable)
        self.rng = random.Random(seed)
        self.durable = durable
        self.chosen = self.choose(sample)
        self.sampled = sample is not None
        self.scratch = os.path.join(folder, "state-other")

    def choose(self, sample):
        n = len(self.records)
        if sample is None or sample >= n:
            return set(range(n))
        near = {i for at, record in enumerate(self.records) if record.kind in (RENAME, UNLINK)
                for i in range(at - 3, at + 4)}
        rest = [i for i in range(n) if i not in near]
        return near | set(self.rng.sample(rest, max(0, min(len(rest), sample - len(near)))))

    def go(self, last=None):
        """`last` are the counters of a file that was there before. Returns the file at the end."""
        tally, judge = self.judge.tally, self.judge
        for i, record in enumerate(self.records):
            tally["records"] += 1
            changes = self.replay.touches_final(record)
            if changes and record.kind == WRITE and i in self.chosen:
                self.torn(i, record, last)
            was_there = self.replay.at_final() is not None
            self.replay.apply(record)
            file = self.replay.at_final()
            if was_there and file is None:
                judge.fault(f"prefix {i} ({self.describe(i)})", None, ["the file vanished"])
            if file is None:
                tally["without-a-file"] += 1
            elif not changes:
                tally["same-as-before"] += 1
            elif i in self.chosen:
                last = judge.look(file.path, f"prefix {i} ({self.describe(i)})", last) or last
                self.others(i, file)
        return self.replay.at_final()

    def others(self, i, file):
        """Of what is not a prefix, a sample at each prefix."""
        if self.rng.random() < 0.3:
            self.skewed(i, file)
        if self.durable:
            for _ in range(3):
                self.power_cut(i, file)

    def describe(self, i):
        record = self.records[i]
        kind = ("", "open", "write", "truncate", "sync", "rename", "unlink", "other")[record.kind]
        return f"rank {record.rank} {kind} of {len(record.data)} at {record.offset}"

    def torn(self, i, record, last):
        ends = list(page_ends(record))
        if len(ends) > 3:
            ends = [ends[0], self.rng.choice(ends[1:-1]), ends[-1]] if self.sampled else ends
        file = self.replay.file_of(record)
        for end in ends:
            os.pwrite(file.fd, record.data[:end], record.offset)
            self.judge.look(file.path, f"torn {i} after {end} bytes ({self.describe(i)})", last,
                            verify=end == ends[0])

    def skewed(self, i, file):
        """From here on some ranks write nothing more, while the others go on for a while: until something
        happens that takes all ranks."""
        ranks = {record.rank for record in self.records}
        if len(ranks) < 2:
            return
        stopped = set(self.rng.sample(sorted(ranks), self.rng.randint(1, len(ranks) - 1)))
        end = self.rng.randint(i + 1, min(len(self.records), i + 300))
        ending = self.ending(file)
        copy(file.path, self.scratch)
        fd = os.open(self.scratch, os.O_RDWR)
        n = 0
        for record in self.records[i + 1:end]:
            if record.kind not in (WRITE, SYNC) or record.offset in ending:
                break
            if record.kind == WRITE and record.rank not in stopped:
                os.pwrite(fd, record.data, record.offset)
                n += 1
        os.close(fd)
        if n:
            self.judge.look(self.scratch, f"skewed {i} and {n} more without ranks {sorted(stopped)}")

    def ending(self, file):
        """Where rank 0 writes once all ranks have agreed that all is written."""
        with h5py.File(file.path, "r") as f:
            names = [f"balance/{name}" for name in f["balance"]] + ["commit/state", "commit/t_end"]
            return {f[name].id.get_offset() for name in names}

    def power_cut(self, i, file):
        if not file.unsynced:
            return
        copy(file.path + ".synced", self.scratch)
        versions = collections.defaultdict(list)  # of each sector that was written since
        fd = os.open(self.scratch, os.O_RDWR)
        size = os.fstat(file.fd).st_size
        os.ftruncate(fd, size)
        image = {}
        for offset, data in file.unsynced:
            for sector in range(offset // SECTOR, (offset + len(data) + SECTOR - 1) // SECTOR):
                if sector not in image:
                    image[sector] = bytearray(os.pread(fd, SECTOR, sector * SECTOR).ljust(SECTOR, b"\0"))
                    versions[sector].append(bytes(image[sector]))
                low = max(offset, sector * SECTOR)
                high = min(offset + len(data), (sector + 1) * SECTOR)
                image[sector][low - sector * SECTOR:high - sector * SECTOR] = data[low - offset:high - offset]
                versions[sector].append(bytes(image[sector]))
        for sector, list_ in versions.items():
            os.pwrite(fd, self.rng.choice(list_), sector * SECTOR)
        os.ftruncate(fd, size)
        os.close(fd)
        self.judge.look(self.scratch, f"power-cut {i} with {len(versions)} unsynced sectors")


def same_bytes(a, b):
    with open(a, "rb") as x, open(b, "rb") as y:
        return x.read() == y.read()
