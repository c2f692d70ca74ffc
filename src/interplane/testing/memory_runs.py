"""Runs that take as long as a test says, and survive whoever started them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.monitoring.triggers.ports import Found
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interplane.monitoring.triggers.firing import Firing
    from interplane.record.digests import Digest

__all__ = ["MemoryRuns"]


class MemoryRuns:
    """Starts nothing, and remembers what was asked for: a machine on which runs end on command.

    Attributes:
        begun: the firings that a process was started for, in order.
        without_code: pipelines of which no code is on record.
    """

    def __init__(self) -> None:
        self.begun: list[Firing] = []
        self.without_code: set[str] = set()
        self._alive: dict[str, Firing] = {}
        self._ended: dict[str, Found] = {}

    def begin(self, firing: Firing) -> Digest:
        """Start a process for a firing, unless one lives for it."""
        if firing.action.run in self.without_code:
            raise UsageError(f"no code of {firing.action.run}", do="Run it once by hand")
        if firing.actor not in self._alive:
            self.begun.append(firing)
            self._alive[firing.actor] = firing
        return digest_value({"code of": firing.action.run})

    def find(self, firing: Firing) -> Found:
        """Return what there is of a firing's run."""
        if firing.actor in self._alive:
            return Found(is_alive=True)
        return self._ended.get(firing.actor, Found())

    def busy(self, pipelines: Iterable[str]) -> dict[str, str]:
        """Return those of some pipelines that run now."""
        wanted = set(pipelines)
        return {
            firing.action.run: actor
            for actor, firing in self._alive.items()
            if firing.action.run in wanted
        }

    def end(self, found: Found | None = None) -> int:
        """Let all runs end, as they should or as ``found`` says; return how many there were."""
        ended = list(self._alive)
        for actor in ended:
            run = digest_value({"run of": actor})
            self._ended[actor] = found or Found(exit_code=0, run=run, status="done")
            del self._alive[actor]
        return len(ended)
