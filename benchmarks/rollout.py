"""What a canary and a shadow cost the predictions of a server: beside none of them, in turn."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import interplane as ip
from benchmarks.harness import Row
from benchmarks.load import Request, measure
from benchmarks.serving_whole import _interplane, _make, _served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.load import Load

ROUNDS = 5
CONNECTIONS = (1, 16)
SECONDS = 2.0
SETTLE_S = 1.5
BODY = {
    "month": 3, "day": 4, "hour": 12, "minute": 15, "carrier": "UA", "origin": "EWR", "dest": "D7",
    "distance": 1400.0, "temp": 40.5, "wind": 11.5, "visib": 10.0, "precip": 0.0,
}  # fmt: skip


def run() -> list[Row]:
    """Measure at 1 and 16 connections; every round has each of them once."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _make(root)
        _another(root)
        project = ip.Project.find(root)
        settings = {
            "none": lambda: project.deploy("plain@1", reason="alone"),
            "canary of 5%": lambda: project.deploy("plain@2", reason="bench", canary=0.05),
            "canary of 50%": lambda: project.deploy("plain@2", reason="bench", canary=0.5),
            "shadow": lambda: _only_shadow(project),
        }
        loads: dict[tuple[str, int], list[Load]] = {}
        with _served(root) as (port, _, _):
            request = Request("/v1/models/plain/predict", json.dumps({"row": BODY}))
            for _ in range(ROUNDS):
                for name, move in settings.items():
                    move()
                    time.sleep(SETTLE_S)
                    for connections in CONNECTIONS:
                        load = measure(port, request, connections=connections, seconds=SECONDS)
                        loads.setdefault((name, connections), []).append(load)
            rows = [_row(loads, name, each) for each in CONNECTIONS for name in settings]
            project.deploy("plain@1", reason="alone")
        return [*rows, _pace(project)]


def _only_shadow(project: ip.Project) -> None:
    project.deploy("plain@1", reason="alone")
    project.deploy("plain@2", reason="bench", shadow=True)


def _another(root: Path) -> None:
    """Make a second crossing of the same features, with other trees."""
    text = (root / "bench.py").read_text()
    (root / "bench.py").write_text(text.replace("num_leaves=31", "num_leaves=29"))
    _interplane(root, "run", "plain")


def _row(loads: dict[tuple[str, int], list[Load]], name: str, connections: int) -> Row:
    def middle(which: str, what: str) -> float:
        return statistics.median(getattr(load, what) for load in loads[which, connections])

    failed = sum(load.failed for load in loads[name, connections])
    return Row(
        f"predictions with {name}, {connections} connections",
        "/s",
        middle(name, "per_second"),
        {} if name == "none" else {"neither canary nor shadow": middle("none", "per_second")},
        note=f"p50 {middle(name, 'p50_ms'):.2f} ms, p99 {middle(name, 'p99_ms'):.2f} ms (without "
        f"{middle('none', 'p50_ms'):.2f} and {middle('none', 'p99_ms'):.2f}); {failed} failed",
    )


def _pace(project: ip.Project) -> Row:
    """How fast a shadow predicts what was logged, with nobody to answer beside it."""
    project.deploy("plain@2", reason="bench", shadow=True)
    with _log_of_now(project) as (work, rows):
        began = time.perf_counter()
        while work.step():
            pass
        took_s = time.perf_counter() - began
    return Row("a shadow alone, rows that were logged", "/s", rows / took_s)


@contextmanager
def _log_of_now(project: ip.Project) -> Iterator[tuple[object, int]]:
    from interplane.predictions.entry import Entry
    from interplane.predictions.writer import SegmentWriter
    from interplane.project.shadow_work import ShadowWork
    from interplane.project.shadows import Active
    from interplane.serving.loading import load_crossing
    from interplane.serving.shadowing import Shadow

    count, at_us = 50_000, time.time_ns() // 1000
    with tempfile.TemporaryDirectory() as folder:
        log, own = Path(folder, "predictions"), Path(folder, "shadow")
        with SegmentWriter(log, name="bench") as writer:
            for number in range(count):
                entry = Entry(f"{number:032x}", "plain", "c" * 64, at_us, at_us, row=BODY)
                writer.append([entry])
        shadow = Shadow(load_crossing(project.store, project.crossing("plain@2").digest))
        work = ShadowWork(log, own, {"plain": Active(shadow, at_us)})
        try:
            yield work, count
        finally:
            work.close()
