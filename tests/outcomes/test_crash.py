"""Writers of outcomes that are killed at any moment: what was acknowledged is there, once."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from interplane.outcomes.pieces import kept_of
from interplane.outcomes.store import SqliteOutcomes
from interplane.testing.outcome_laws import by_id

SAYING = Path(__file__).with_name("saying.py")
ROUNDS, WRITERS = 5, 3


def acknowledged(path):
    """Return the numbers that a writer was told of before it died."""
    lines = path.read_bytes().splitlines(keepends=True)
    return {n for line in lines if line.endswith(b"\n") for n in json.loads(line)}


@pytest.mark.crash
def test_killed_writers_lose_and_double_nothing(tmp_path):
    """Three at a time say some of the same, as rows and in columns, while each of them packs."""
    seed = int(os.environ.get("INTERPLANE_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"INTERPLANE_CRASH_SEED={seed}\n")
    draw = random.Random(seed)
    path = tmp_path / "outcomes.sqlite"
    said, kills = set(), 0
    for round_ in range(ROUNDS):
        paths = [tmp_path / f"said-{round_}-{writer}" for writer in range(WRITERS)]
        children = []
        first = max(said, default=-1) + 1
        for writer, file in enumerate(paths):
            begin = first + draw.randrange(40) * (writer > 0)
            words = [
                sys.executable,
                str(SAYING),
                str(path),
                str(begin),
                str(draw.randrange(1 << 32)),
            ]
            with file.open("wb") as out:
                children.append(subprocess.Popen(words, stdout=out))
        until = time.monotonic() + 60
        while not all(file.stat().st_size for file in paths):
            assert [None] * WRITERS == [child.poll() for child in children]
            assert time.monotonic() < until
            time.sleep(0.01)
        for child in draw.sample(children, WRITERS):
            time.sleep(draw.uniform(0, 0.05))
            child.kill()
            kills += 1
        for child, file in zip(children, paths, strict=True):
            assert -9 == child.wait(30)
            said |= acknowledged(file)
        found = look(path)
        assert [] == sorted(said - found.keys())
        assert {} == {number: count for number, count in found.items() if count != 1}
    sys.stdout.write(f"{kills} kills, {len(said):,} acknowledged outcomes, each there once\n")
    assert ROUNDS * WRITERS == kills


def look(path):
    """Return how often each number is there; every one of them as it was said."""
    store = SqliteOutcomes(path)
    kept = kept_of("flights", store.read("flights"))
    assert len({each.sequence for each in kept}) == len(kept)
    numbers = [int(each.outcome.prediction_id, 16) for each in kept]
    assert [by_id(n, n % 2 == 0, known_at_us=n) for n in numbers] == [e.outcome for e in kept]
    assert store.newest("flights") == kept[-1].sequence
    assert [False] * len(kept) == store.add([each.outcome for each in kept])
    store.close()
    return Counter(numbers)
