"""How a benchmark measures and what it prints."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Row", "best_times", "table"]


@dataclass(frozen=True)
class Row:
    """One line: some work, our median, and the medians of what stands beside it, in one unit."""

    work: str
    unit: str
    ours: float
    beside: dict[str, float] = field(default_factory=dict)
    note: str = ""


def best_times(
    works: dict[str, Callable[[], object]], *, repeats: int = 7, number: int = 1
) -> dict[str, float]:
    """Return the median seconds of each work; the works take turns, so that noise hits them all.

    Each is called ``number`` times in a measurement, once before the first to warm up.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(repeats):
        for name, work in works.items():
            begin = time.perf_counter()
            for _ in range(number):
                work()
            times[name].append((time.perf_counter() - begin) / number)
    return {name: statistics.median(values) for name, values in times.items()}


def table(rows: list[Row]) -> str:
    """Return the rows as text: ours, and each neighbour with the ratio ours / neighbour."""
    lines = []
    for row in rows:
        lines.append(f"{row.work:<58}{row.ours:>12.4g} {row.unit}")
        lines.extend(
            f"    beside {name:<47}{value:>12.4g} {row.unit}   ours / it: {row.ours / value:.2f}"
            for name, value in row.beside.items()
        )
        if row.note:
            lines.append(f"    {row.note}")
    return "\n".join(lines)
