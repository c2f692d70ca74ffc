"""Metrics told by a step: 100,000 points beside a line of JSON each, and beside appending to lists."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Row, best_times
from interplane.pipeline.metric_curves import told_so_far
from interplane.pipeline.metrics import log_metric, telling_to

POINTS = 100_000


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = best_times(
            {
                "ours": lambda: ours(folder / "ours"),
                "flushed": lambda: lines(folder / "lines", is_flushed=True),
                "buffered": lambda: lines(folder / "lines", is_flushed=False),
                "lists": lists,
            },
            repeats=5,
        )
        (curve,) = told_so_far(folder / "ours")
        assert len(curve.values) == POINTS
        reading = best_times({"reading": lambda: told_so_far(folder / "ours")})["reading"]
    beside = {
        "a line of JSON with its time, flushed": times["flushed"],
        "a line of JSON with its time, buffered": times["buffered"],
        "appending both numbers to lists": times["lists"],
    }
    return [
        Row(
            "a point told, to the disk",
            "µs",
            times["ours"] / POINTS * 1e6,
            {name: value / POINTS * 1e6 for name, value in beside.items()},
        ),
        Row(f"{POINTS:,} points read", "ms", reading * 1e3),
    ]


def ours(folder: Path) -> None:
    """Tell points as a step does."""
    with telling_to(folder, say=print):
        for number in range(POINTS):
            log_metric("loss", 1.0 / (number + 1), at=number)


def lines(path: Path, *, is_flushed: bool) -> None:
    """Write points as a person would."""
    with path.open("w") as file:
        for number in range(POINTS):
            point = {"name": "loss", "value": 1.0 / (number + 1), "at": number, "time": time.time()}
            file.write(json.dumps(point) + "\n")
            if is_flushed:
                file.flush()


def lists() -> None:
    """Keep points in memory."""
    at: list[int] = []
    values: list[float] = []
    for number in range(POINTS):
        at.append(number)
        values.append(1.0 / (number + 1))
