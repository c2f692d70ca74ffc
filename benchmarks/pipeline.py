"""Pipelines of trivial steps: fresh and reused, in process and in the pool, beside bare SQLite rows."""

from __future__ import annotations

import importlib
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.harness import Row
from interplane.pipeline.executors.pool import Pool
from interplane.pipeline.run import Runner
from interplane.storage.workspace import create_workspace

if TYPE_CHECKING:
    from interplane.pipeline.wiring import Graph

STEPS = 100
MANY = 1000
ROUNDS = 5


class Code(NamedTuple):
    """A state of the code plane that costs nothing to take."""

    commit: str | None = None
    diff: bytes | None = None
    environment: bytes = b"{}"


def write_steps(folder: Path, shape: str, count: int) -> Graph:
    """Write and import a pipeline: a chain, or a fan of steps behind the first."""
    name = f"bench_{shape}_{count}"
    lines = [
        f"from interplane.pipeline.graph import Pipeline\npipeline = Pipeline('{shape}-{count}')"
    ]
    lines.append("def helper(x):\n    return x + 1\n")
    for index in range(count):
        before = {"chain": f"s{index - 1}", "fan": "s0"}[shape] if index else ""
        lines.append(f"@pipeline.step\ndef s{index}({before}):\n    return helper({index})\n")
    (folder / f"{name}.py").write_text("\n".join(lines))
    return importlib.import_module(name).pipeline.graph()


def durable_rows(folder: Path, count: int) -> float:
    """Return the seconds of so many transactions of one row, WAL and synchronous=FULL."""
    connection = sqlite3.connect(
        folder / f"rows-{time.monotonic_ns()}.sqlite", isolation_level=None
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE run (id INTEGER PRIMARY KEY, body BLOB)")
    began = time.perf_counter()
    for _ in range(count):
        connection.execute("INSERT INTO run (body) VALUES (?)", (b"x" * 1500,))
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


class Bench:
    """Runs a pipeline in new workspaces of a folder."""

    def __init__(self, folder: Path, shape: str, count: int) -> None:
        self.folder = folder
        self.graph = write_steps(folder, shape, count)
        self.module = f"bench_{shape}_{count}"

    def run(self, place: Path, *, workers: int = 1) -> float:
        """Return the seconds of a run; workers are warm before."""
        store = create_workspace(place)

        pool = Pool(
            [sys.executable, "-m", "interplane.project.worker"],
            root=self.folder,
            pipeline=f"{self.module}:pipeline",
            workspace=place,
            workers=workers,
        )
        if workers > 1:
            pool.warm()
        runner = Runner(
            store,
            root=self.folder,
            project="bench",
            actor="bench",
            pool=lambda _count: pool,
            workers=workers,
        )
        planner = runner.prepare(self.graph)
        began = time.perf_counter()
        runner.run(planner, code=Code)
        seconds = time.perf_counter() - began
        pool.close()
        store.close()
        return seconds


def run() -> list[Row]:
    """Milliseconds a step, durable; and the plan of a thousand steps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "interplane.toml").write_text('name = "bench"\n')
        sys.path.insert(0, str(folder))
        rows = [row for shape in ("chain", "fan") for row in _shape(folder, shape)]
        rows += _many(folder)
        sys.path.remove(str(folder))
    return rows


def _shape(folder: Path, shape: str) -> list[Row]:
    bench = Bench(folder, shape, STEPS)
    times: dict[str, list[float]] = {"fresh": [], "reused": [], "pooled": []}
    bare = []
    for index in range(ROUNDS):
        place = folder / f"{shape}{index}"
        bare.append(durable_rows(folder, STEPS))
        times["fresh"].append(bench.run(place))
        times["reused"].append(bench.run(place))
        if shape == "fan":  # of a chain no two steps can run at the same time
            times["pooled"].append(bench.run(folder / f"{shape}-pool{index}", workers=2))
    beside = {"one durable SQLite row a step": _a_step(bare)}
    words = {"fresh": "fresh, in process", "reused": "reused", "pooled": "fresh, two warm workers"}
    return [
        Row(f"{shape} of {STEPS} steps, {words[how]}", "ms/step", _a_step(found), beside)
        for how, found in times.items()
        if found
    ]


def _a_step(seconds: list[float]) -> float:
    return statistics.median(seconds) / STEPS * 1000


def _many(folder: Path) -> list[Row]:
    bench = Bench(folder, "chain", MANY)
    place = folder / "many"
    bench.run(place)
    store = create_workspace(place)
    runner = Runner(store, root=folder, project="bench", actor="bench")
    plans, runs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        planner = runner.prepare(bench.graph)
        planner.plan()
        plans.append(time.perf_counter() - began)
        began = time.perf_counter()
        runner.run(planner, code=Code)
        runs.append(time.perf_counter() - began)
    store.close()
    return [
        Row(f"plan of {MANY} steps", "ms", statistics.median(plans) * 1000),
        Row(
            f"fully reused run of {MANY} steps, after its plan",
            "ms",
            statistics.median(runs) * 1000,
        ),
    ]
