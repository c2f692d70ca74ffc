"""Programs that the tests of processes run: writers that are many, paused, or killed.

Run as ``python writers.py ROLE WORKSPACE …``. A writer prints what was acknowledged, one line each.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from interplane.errors import Fenced
from interplane.record import Snapshot, digest_bytes
from interplane.storage.files import Files
from interplane.storage.folder_blobs import FolderBlobs
from interplane.storage.store import Store
from interplane.storage.workspace import open_workspace

SERIES = "model/crowd"


def say(line):
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def unit(store, writer, name):
    """Commit one unit: a small value, a blob, an entry on both, a number, a pointer."""
    draft = store.draft()
    small = draft.put(f"small {name}".encode())
    large = draft.put(f"large {name} ".encode() * 2000)
    record = Snapshot(project=name, commit=None, diff=large, environment=small)
    draft.append(SERIES, draft.record(record))
    draft.move(f"last/{name.partition('-')[0]}", record.digest)
    numbers = store.commit(draft, writer=writer).numbers
    return {"name": name, "digest": record.digest, "number": numbers[0]}


def crowd(place, who, count):
    """Write many units beside others, and one unit that all of them write."""
    store = open_workspace(place)
    writer = store.catalog.writer(who)
    for number in range(count):
        say(json.dumps(unit(store, writer, f"{who}-{number}")))
        say(json.dumps(unit(store, writer, f"all-{number}")))
    store.close()


def holder(place):
    """Take a lease, say so, and write when a line comes; say whether it was refused."""
    store = open_workspace(place)
    writer = store.catalog.acquire("run/flights", actor="holder")
    say(writer.fence)
    sys.stdin.readline()
    try:
        unit(store, writer, "late-0")
    except Fenced as error:
        say(f"fenced: {error}")
    else:
        say("written")
    store.close()


class FatalFiles(Files):
    """File operations among which the process dies, before or after one of them."""

    def __init__(self, fatal):
        self.left = fatal

    def _tick(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _fatal(name):
    def operation(self, *args, **options):
        self._tick()
        result = getattr(Files, name)(self, *args, **options)
        self._tick()
        return result

    return operation


for _name in ("make_folder", "create", "write", "sync", "link", "remove", "open_folder"):
    setattr(FatalFiles, _name, _fatal(_name))


def write_until_killed(place, who, acknowledged, fatal):
    """Write units for ever; tell the pipe what was acknowledged."""
    store = open_workspace(place)
    if fatal:
        store = Store(store.catalog, FolderBlobs(place / "blobs", files=FatalFiles(fatal)))
    writer = store.catalog.writer(who)
    number = 0
    while True:
        line = json.dumps(unit(store, writer, f"{who}-{number}"))
        os.write(acknowledged, f"{line}\n".encode())
        number += 1


def spawn(place, who, fatal):
    """Fork a writer; return its process and the end of the pipe that it writes to."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            write_until_killed(place, who, writing, fatal)
        finally:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    return pid, os.fdopen(reading)


def kill_rounds(place, seed, rounds):
    """Kill writers at random moments, two at a time; print what they had acknowledged.

    Every other round they die inside a file operation instead.
    """
    chance = random.Random(seed)
    for turn in range(rounds):
        fatal = chance.randrange(1, 60) if turn % 2 else 0
        children = [spawn(place, f"w{turn}x{which}", fatal) for which in range(2)]
        heard = {pid: [] for pid, _ in children}
        if not fatal:
            for pid, lines in children:
                heard[pid] += [lines.readline() for _ in range(chance.randrange(3))]
            time.sleep(chance.uniform(0.0, 0.01))
            for pid, _ in children:
                os.kill(pid, signal.SIGKILL)
        for pid, lines in children:
            _, status = os.waitpid(pid, 0)
            with lines:
                heard[pid] += lines
            units = [json.loads(line) for line in heard[pid]]
            say(json.dumps({"signal": os.WTERMSIG(status), "acknowledged": units}))


def expected_bytes(name):
    """The two values of a unit."""
    return f"small {name}".encode(), f"large {name} ".encode() * 2000


def expected_digest(name):
    """The digest of a unit's record."""
    small, large = map(digest_bytes, expected_bytes(name))
    return Snapshot(project=name, commit=None, diff=large, environment=small).digest


if __name__ == "__main__":
    role, folder, *rest = sys.argv[1:]
    if role == "crowd":
        crowd(Path(folder), rest[0], int(rest[1]))
    elif role == "holder":
        holder(Path(folder))
    else:
        kill_rounds(Path(folder), int(rest[0]), int(rest[1]))
