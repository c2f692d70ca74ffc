"""Which steps can run now: readiness over a graph, without clock, process or store."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from interplane.pipeline.wiring import Graph

__all__ = ["Schedule", "width"]


class Schedule:
    """Hands out steps whose parents are done, in the order of the graph.

    Args:
        graph: the pipeline.
    """

    def __init__(self, graph: Graph) -> None:
        self._place = {name: index for index, name in enumerate(graph.steps)}
        self._names = list(graph.steps)
        self._open = {name: len(graph.parents[name]) for name in graph.steps}
        self._children: dict[str, list[str]] = {name: [] for name in graph.steps}
        for name in graph.steps:
            for parent in graph.parents[name]:
                self._children[parent].append(name)
        self._ready = [self._place[name] for name, count in self._open.items() if not count]
        self.skipped: dict[str, str] = {}

    def next(self) -> str | None:
        """Return a step that can run now; each is returned once."""
        return self._names[heapq.heappop(self._ready)] if self._ready else None

    def done(self, step: str) -> None:
        """Say that a step is done."""
        for child in self._children[step]:
            self._open[child] -= 1
            if not self._open[child]:
                heapq.heappush(self._ready, self._place[child])

    def failed(self, step: str) -> None:
        """Say that a step failed: what needs it is skipped, the rest goes on."""
        waiting = [step]
        while waiting:
            for child in self._children[waiting.pop()]:
                if child not in self.skipped:
                    self.skipped[child] = step
                    waiting.append(child)


def width(graph: Graph, steps: Collection[str]) -> int:
    """Return how many of some steps may run at the same time: the most on one level."""
    level: dict[str, int] = {}
    counts: dict[int, int] = {}
    for name in graph.steps:
        above = max((level[parent] for parent in graph.parents[name]), default=0)
        level[name] = above + (name in steps)
        if name in steps:
            counts[level[name]] = counts.get(level[name], 0) + 1
    return max(counts.values(), default=0)
