"""A program that kills writers and compactors of a prediction log, and looks at what is left.

Run as ``python crashing.py ROLE FOLDER …``; it prints one JSON object. All work that needs threads is
done in forked children, so that this process stays fit to fork.
"""

import fcntl
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import duckdb  # noqa: F401 - children are forked with it
import pyarrow.compute
import pyarrow.parquet  # noqa: F401 - as above

from interplane.predictions.compact import compact
from interplane.predictions.disk import Disk
from interplane.predictions.layout import OPEN, PARQUET
from interplane.predictions.manifest import Manifest
from interplane.predictions.stats import read_stats
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter
from interplane.testing.prediction_laws import made_up_entry

HOUR_US = 3_600_000_000
MOST_ROWS = 4
WRITERS = 3
EACH = 100_000  # numbers that one writer may use


class FatalDisk(Disk):
    """A disk on which the process dies before one of its operations, or of those of one kind."""

    def __init__(self, fatal=0, kind=None):
        self.calls = []
        self.fatal = fatal
        self.kind = kind


def _fatal(name):
    def operation(self, *args, **options):
        if self.kind in {None, name}:
            self.calls.append(name)
            if len(self.calls) == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return getattr(Disk, name)(self, *args, **options)

    return operation


for _name in (
    *("open_root", "open_folder", "make_folder", "open_file", "create", "write", "sync", "remove"),
    *("create_segment", "lock", "append", "cut", "rename", "names", "read"),
):
    setattr(FatalDisk, _name, _fatal(_name))


# ---- children -----------------------------------------------------------------------------


class Child:
    """A forked child that tells this process lines, until it ends or is killed."""

    def __init__(self, work, *args):
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            try:
                work(*args, tell=lambda value: os.write(writing, f"{json.dumps(value)}\n".encode()))
                os._exit(0)
            except BaseException:  # noqa: BLE001 - a child ends here, whatever it was
                traceback.print_exc()
                os._exit(1)
        os.close(writing)
        self._lines = os.fdopen(reading)

    def kill(self):
        """Kill it, wherever it is."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self):
        """Wait for its end; return what it told and the signal that it died of."""
        with self._lines:
            told = [json.loads(line) for line in self._lines if line.endswith("\n")]
        _, status = os.waitpid(self.pid, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            sys.exit("a child raised")
        return told, os.WTERMSIG(status)


def entries_of(numbers):
    """The entries of some numbers; each third has a client's id and may come again."""
    return [
        made_up_entry(number, client_id=None if number % 3 else f"c{number}") for number in numbers
    ]


def write(folder, first, again, seed, *, tell):
    """Append for ever; tell what was acknowledged, after it was."""
    draw = random.Random(seed)
    disk = FatalDisk(fatal=draw.randrange(10, 200) if seed % 4 == 0 else 0)
    log = SegmentWriter(
        folder, name=f"w{first}", sync_ms=1, most_bytes=draw.choice([4_000, 100_000]), disk=disk
    )
    if again:
        log.append(entries_of(again))
    tell(again)
    number = first
    while number < first + EACH - MOST_ROWS:
        batch = [*range(number, number + draw.randrange(1, MOST_ROWS))]
        log.append(entries_of(batch))
        tell(batch)
        number = batch[-1] + 1
        time.sleep(draw.choice([0, 0.002]))  # others get their turn


def compacts(folder, seed, *, tell):
    """Compact for ever, or die inside a file operation."""
    draw = random.Random(seed)
    kind = draw.choice(["remove", "sync", "create", "write", None])
    disk = FatalDisk(draw.randrange(1, 10 if kind else 150) if seed % 3 else 0, kind)
    while True:
        tell("begun")  # which ends this, too, where nobody listens any more
        now_us = time.time_ns() // 1000 + draw.choice([0, 48]) * HOUR_US
        compact(folder, disk=disk, grace_s=0, now_us=lambda now_us=now_us: now_us)


def look(folder, finish, *, tell):
    """Read all ids; at the end compact undisturbed before, and see which files are there."""
    if finish:
        compact(folder, grace_s=0)
    ids = [int(i, 16) for i in read_log(folder).column("prediction_id").to_pylist()]
    orphans = []
    if finish:
        with Manifest.find(folder) as manifest, manifest.reading() as reading:
            named = {file.name for file in reading.state.files}
        there = {path.name for path in (folder / PARQUET).iterdir()}
        left = [path.name for path in (folder / OPEN).iterdir() if path.suffix == ".segment"]
        orphans = [*sorted(there ^ named), *left]
    loss = read_stats(folder).loss
    tell({"ids": ids, "orphans": orphans, "lost": [loss.bad_frames, loss.missing_entries]})


def looked(folder, *, finish=False):
    """Look in a child."""
    (found,), died = Child(look, folder, finish).end()
    if died:
        sys.exit("looking died")
    return found


# ---- roles --------------------------------------------------------------------------------


class Crowd:
    """Writers and a compactor that work at the same time; whoever is killed is replaced."""

    def __init__(self, folder, draw):
        self.folder = folder
        self.draw = draw
        self.acknowledged, self.attempted = set(), set()
        self.kills = {"writer": 0, "compactor": 0}
        self._first = 0
        self._living = []

    def fill(self):
        """Begin whoever is missing."""
        roles = [role for role, _, _ in self._living]
        for role in ["writer"] * (WRITERS - roles.count("writer")):
            self._first += EACH
            # A client that got no answer asks again, with the same id.
            unanswered = (n for n in self.attempted - self.acknowledged if n % 3 == 0)
            again = [number for number, _ in zip(unanswered, range(MOST_ROWS), strict=False)]
            child = Child(write, self.folder, self._first, again, self.draw.randrange(1 << 30))
            self._living.append((role, self._first, child))
        if "compactor" not in roles:
            child = Child(compacts, self.folder, self.draw.randrange(1 << 30))
            self._living.append(("compactor", 0, child))

    def kill(self, place):
        """Kill one, and learn what it had acknowledged."""
        role, first, child = self._living.pop(place)
        child.kill()
        told, died = child.end()
        self.kills[role] += died == signal.SIGKILL
        if role == "writer":
            numbers = {number for batch in told for number in batch}
            last = max((number for number in numbers if number >= first), default=first - 1)
            self.acknowledged |= numbers
            self.attempted |= {*range(first, last + 1 + MOST_ROWS)}

    def kill_one(self):
        """Kill one at random, after a while."""
        time.sleep(self.draw.choice([0, self.draw.uniform(0, 0.02), self.draw.uniform(0, 0.2)]))
        writers = [place for place, item in enumerate(self._living) if item[0] == "writer"]
        # A compaction takes longer than a few appends: it is killed less often.
        (compactor,) = {*range(len(self._living))} - {*writers}
        self.kill(self.draw.choice([*writers * 3, compactor]))

    def kill_all(self):
        """Kill whoever lives."""
        while self._living:
            self.kill(0)


def random_kills(folder, seed, kills, longest_s):
    """Kill writers and compactors at random moments, while the others go on."""
    folder.mkdir()
    crowd = Crowd(folder, random.Random(seed))
    found = {"lost": [], "doubled": [], "unknown": [], "orphans": [], "loss": []}
    until = time.monotonic() + longest_s
    while sum(crowd.kills.values()) < kills and time.monotonic() < until:
        for _ in range(25):
            crowd.fill()
            crowd.kill_one()
        crowd.kill_all()
        judge(found, looked(folder), crowd)
    judge(found, looked(folder, finish=True), crowd)
    return {**found, "kills": crowd.kills, "acknowledged": len(crowd.acknowledged)}


def judge(found, seen, crowd):
    """Note what is wrong with what was seen; all who could still write are dead."""
    times = Counter(seen["ids"])
    found["lost"] += sorted(crowd.acknowledged - times.keys())[:5]
    found["doubled"] += sorted(number for number, count in times.items() if count > 1)[:5]
    found["unknown"] += sorted(times.keys() - crowd.attempted)[:5]
    found["orphans"] += seen["orphans"]
    found["loss"] += seen["lost"] if any(seen["lost"]) else []


def each_step(folder, longest_s):
    """Kill the compactor before each of its file operations in turn, in a copy of one log."""
    base = folder / "base"
    numbers = Child(prepare, base).end()[0][0]
    counted = shutil.copytree(base, folder / "counted")
    calls = Child(once, counted, 0).end()[0][0]
    found = {"steps": 0, "left": [], "wrong": []}
    until = time.monotonic() + longest_s
    places = [
        place
        for place, name in enumerate(calls, start=1)
        if name != "write" or place % 9 == 0  # Arrow writes in many small pieces
    ]
    for place in places:
        if time.monotonic() > until:
            break
        copy = shutil.copytree(base, folder / f"{place}")
        _, died = Child(once, copy, place).end()
        if died != signal.SIGKILL:
            sys.exit(f"step {place}, {calls[place - 1]}, was not reached")
        for finish in (False, True):
            seen = looked(copy, finish=finish)
            if sorted(seen["ids"]) != numbers:
                found["wrong"].append([place, calls[place - 1], finish, seen["ids"]])
            found["left"] += seen["orphans"]
        found["steps"] += 1
        shutil.rmtree(copy)
    return {**found, "all": len(places)}


def prepare(base, *, tell):
    """Make a log with files, entries that are there twice, and segments to compact."""
    base.mkdir(parents=True)
    day_us = 24 * HOUR_US
    for numbers in ([0, 1, 2, 3], [4, 5], [3, 6, 9], [0, 7, 8]):
        with SegmentWriter(base, name="w", sync_ms=10_000) as log:
            log.append(entries_of(numbers))
            log.append([made_up_entry(100 + numbers[1], at_us=made_up_entry(0).at_us + day_us)])
        if numbers[0] == 0 and numbers[1] == 1:
            compact(base, now_us=lambda: made_up_entry(0).at_us)
    tell([*range(10), 101, 105, 106, 107])


def once(folder, fatal, *, tell):
    """Compact once, on a disk that may be fatal."""
    disk = FatalDisk(fatal)
    compact(folder, disk=disk, grace_s=0)
    tell(disk.calls)


if __name__ == "__main__":
    role, place, *rest = sys.argv[1:]
    if role == "random":
        result = random_kills(Path(place), int(rest[0]), int(rest[1]), float(rest[2]))
    else:
        result = each_step(Path(place), float(rest[0]))
    sys.stdout.write(json.dumps(result) + "\n")
