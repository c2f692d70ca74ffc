"""Milliseconds per trivial step, chains and fans of 100, beside one durable row of bare SQLite."""

from __future__ import annotations

import itertools
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Self

from benchmarks.harness import Row
from interplane.project.project import Project
from interplane.project.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.pipeline.outcome import Event

NUMBERS = itertools.count()

STEPS = 100
ROUNDS = 5
POOL_ROUNDS = 3
BARE = "one durable row of bare SQLite, WAL + FULL"

HEAD = """
import interplane as ip

pipeline = ip.Pipeline("bench")


@pipeline.step
def s0(*, start: int = 0):
    return start
"""


def module(steps: int, before: Callable[[int], int]) -> str:
    """Return a module whose step ``n`` takes the step ``before(n)``."""
    return HEAD + "".join(
        f"\n\n@pipeline.step\ndef s{n}(s{before(n)}):\n    return s{before(n)} + {n}\n"
        for n in range(1, steps)
    )


SHAPES = {
    "a chain": module(STEPS, lambda n: n - 1),
    "a fan": module(STEPS, lambda _: 0),
    "two chains": module(STEPS, lambda n: max(n - 2, 0)),
}


class Bench:
    """A new project with one made-up pipeline, and a bare SQLite file on the same disk."""

    def __init__(self, text: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._module = f"bench_{next(NUMBERS)}"
        (folder / "interplane.toml").write_text(
            f'name = "bench"\npipelines = ["{self._module}:pipeline"]\n'
        )
        (folder / f"{self._module}.py").write_text(text)
        self.project = Project.find(folder)
        self.bare = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
        self.bare.execute("PRAGMA journal_mode = WAL")
        self.bare.execute("PRAGMA synchronous = FULL")
        self.bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.bare.close()
        self.project.store.close()
        sys.path.remove(str(self.project.root))
        sys.modules.pop(self._module, None)
        self._folder.cleanup()

    def rows(self) -> float:
        """Write a durable row for each step; return the seconds for one."""
        begin = time.perf_counter()
        for _ in range(STEPS):
            self.bare.execute("INSERT INTO row (body) VALUES (?)", (b"x" * 300,))
        return (time.perf_counter() - begin) / STEPS

    def run(self, how: str, *, start: int = 0, workers: int = 1) -> list[float]:
        """Run as the command does; return when it began, when each step ended, when it ended."""
        times: list[float] = []

        def tell(event: Event) -> None:
            if event.kind == how:
                times.append(time.perf_counter())

        begin = time.perf_counter()
        running = Running(self.project, workers=workers, tell=tell)
        running.run(running.prepare(parameters={"start": start}))
        if len(times) != STEPS:
            raise AssertionError(f"{len(times)} steps were {how}")
        return [begin, *times, time.perf_counter()]


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    return [
        *(row for shape in ("a chain", "a fan") for row in in_process(shape)),
        *(pooled(shape) for shape in ("a fan", "two chains")),
    ]


def in_process(shape: str) -> list[Row]:
    """Measure whole runs, planning and the state of the code included."""
    fresh, reused, rows = [], [], []
    with Bench(SHAPES[shape]) as bench:
        for start in range(ROUNDS + 1):
            fresh.append(whole(bench.run("done", start=start)))
            reused.append(whole(bench.run("reused", start=start)))
            rows.append(bench.rows())
    bare = {BARE: median(rows[1:]) * 1e3}
    return [
        Row(f"a step of {shape} of {STEPS}, in process", "ms", median(fresh[1:]) * 1e3, bare),
        Row(f"a reused step of {shape} of {STEPS}", "ms", median(reused[1:]) * 1e3, bare),
    ]


def pooled(shape: str) -> Row:
    """Measure between the first step that ended and the last: two workers start only once.

    Each round is a new project: where the last run was quick, workers are not even started.
    """
    steps, starts, rows = [], [], []
    for _ in range(POOL_ROUNDS):
        with Bench(SHAPES[shape]) as bench:
            times = bench.run("done", workers=2)
            steps.append((times[-2] - times[1]) / (STEPS - 1))
            starts.append(times[1] - times[0])
            rows.append(bench.rows())
    return Row(
        f"a step of {shape} of {STEPS}, in a pool of two warm workers",
        "ms",
        median(steps) * 1e3,
        {BARE: median(rows) * 1e3},
        f"the first step had ended after {median(starts):.2f} s: workers start once a run",
    )


def whole(times: list[float]) -> float:
    """Return the seconds of a run for each of its steps."""
    return (times[-1] - times[0]) / STEPS
