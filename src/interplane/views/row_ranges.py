"""From when until when each version is among the last n events of its entity."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from heapq import heapify, heappushpop
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from interplane.views.events import FOREVER
from interplane.views.pairs import Pairs, starts_of

if TYPE_CHECKING:
    from interplane.views.pairs import Ints

__all__ = ["RowRanges"]

_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class RowRanges:
    """Lengths of time in which a version is among the last n events; a version may have several.

    Attributes:
        starts: where each entity's begin, and at last where all end.
        which: the place of the version.
        begin: from when it is among them.
        end: until when.
    """

    starts: Ints
    which: Ints
    begin: Ints
    end: Ints

    @classmethod
    def of(
        cls,
        starts: Ints,
        order: Ints,
        enter: Ints,
        until: Ints | None,
        *,
        rows: int,
        block: int = _BLOCK,
    ) -> Self:
        """Find them.

        Args:
            starts: where each entity's versions begin, and at last where all end.
            order: the places of versions, entity by entity in the order of windows.
            enter: from when each version counts.
            until: until when; None if no event has two versions.
            rows: how many events there are among.
            block: about how many versions to work on at once; an entity is never cut.
        """
        pushed = _pushed_out(starts, enter[order], rows=rows, block=block)
        counts = np.diff(starts)
        if until is None:
            return cls(starts, order, enter[order], pushed)
        entity = np.repeat(np.arange(len(counts)), counts)
        corrected = np.zeros(len(counts), np.bool_)
        corrected[entity[until < FOREVER]] = True
        return cls._with_corrections(
            starts, order, enter, until, pushed, corrected=np.flatnonzero(corrected), rows=rows
        )

    @classmethod
    def _with_corrections(
        cls,
        starts: Ints,
        order: Ints,
        enter: Ints,
        until: Ints,
        pushed: Ints,
        *,
        corrected: Ints,
        rows: int,
    ) -> Self:
        """Take those of entities without corrections as they are, and sweep the others."""
        counts = np.diff(starts)
        is_swept = np.zeros(len(counts), np.bool_)
        is_swept[corrected] = True
        simple = np.repeat(~is_swept, counts)
        which, begin, end = [order[simple]], [enter[order][simple]], [pushed[simple]]
        counts[corrected] = 0
        entity = [np.repeat(np.arange(len(counts)), counts)]
        for number in corrected.tolist():
            span = slice(starts[number], starts[number + 1])
            here = order[span]
            places, *times = _swept(enter[here], until[here], rows=rows)
            which.append(here[places])
            begin.append(times[0])
            end.append(times[1])
            entity.append(np.full(len(places), number))
        numbers = np.concatenate(entity)
        by_entity = np.argsort(numbers, kind="stable")
        return cls(
            starts_of(np.bincount(numbers, minlength=len(counts))),
            *(np.concatenate(each)[by_entity] for each in (which, begin, end)),
        )

    @property
    def size_bytes(self) -> int:
        """How much memory they hold."""
        return sum(int(each.nbytes) for each in (self.starts, self.which, self.begin, self.end))


def _pushed_out(starts: Ints, enter: Ints, *, rows: int, block: int) -> Ints:
    """Return for each version, in the order of windows, when n greater ones have entered.

    That is the n-th of the times at which greater ones enter. Where somewhere among the next n all that
    are smaller entered before all that are greater, it is the time at the n-th place after it when the
    entity's times are sorted.
    """
    found = np.full(len(enter), FOREVER, np.int64)
    first = 0
    while first < len(starts) - 1:  # whole entities, about a block of versions at a time
        last = int(np.searchsorted(starts, starts[first] + block, side="right")) - 1
        last = max(last, first + 1)
        here = slice(int(starts[first]), int(starts[last]))
        sizes = np.diff(starts[first : last + 1])
        found[here] = _pushed_out_of(sizes, enter[here], rows=rows)
        first = last
    return found


def _pushed_out_of(sizes: Ints, enter: Ints, *, rows: int) -> Ints:
    entity = np.repeat(np.arange(len(sizes)), sizes)
    found = np.full(len(enter), FOREVER, np.int64)
    if rows >= len(enter):
        return found
    has_nth = entity[rows:] == entity[:-rows]
    pairs = Pairs.over(enter, entities=len(sizes))
    packed = pairs.pack(entity, enter)
    ordered = np.argsort(packed, kind="stable")
    found[:-rows][has_nth] = enter[ordered][rows:][has_nth]
    # A cut is after a place up to which all entered no later than all after it.
    least_after = np.minimum.accumulate(packed[::-1])[::-1]
    is_cut = np.ones(len(enter), np.bool_)
    is_cut[:-1] = np.maximum.accumulate(packed)[:-1] <= least_after[1:]
    if is_cut.all():
        return found
    part = np.zeros(len(enter), np.int64)  # what lies between two cuts
    np.cumsum(is_cut[:-1], out=part[1:])
    within = part[rows:] == part[:-rows]  # then there is no cut from a place to the n-th after it
    for number in np.unique(part[:-rows][within]).tolist():
        begin, end = (int(each) for each in np.searchsorted(part, (number, number + 1)))
        found[begin : end - rows] = _nth_after(enter[begin:end], rows=rows)
    return found


def _nth_after(enter: Ints, *, rows: int) -> list[int]:
    """Return for each place but the last n the n-th least of the times after it."""
    times = enter.tolist()
    kept = [-time for time in times[len(times) - rows :]]  # the n least so far: the greatest on top
    heapify(kept)
    found = []
    for time in reversed(times[: len(times) - rows]):
        found.append(-kept[0])
        heappushpop(kept, -time)
    return found[::-1]


def _swept(enter: Ints, until: Ints, *, rows: int) -> tuple[Ints, Ints, Ints]:
    """Return when versions of one entity, in the order of windows, are among its last n events."""
    times = np.concatenate((enter, until))
    moments = np.argsort(times, kind="stable")
    sweep = _Sweep(enter.tolist(), until.tolist(), rows=rows)
    for moment in moments[times[moments] < FOREVER].tolist():
        if moment < len(enter):
            sweep.enter(moment)
        else:
            sweep.leave(moment - len(enter))
    for version in list(sweep.since):
        sweep.close(version, FOREVER)
    columns = np.array(sweep.found, np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


class _Sweep:
    """Versions of one entity while they enter and leave, one after the other in time.

    Whenever one does, at most one other takes its place among the last n, or gives it up.
    """

    def __init__(self, enter: list[int], until: list[int], *, rows: int) -> None:
        self._enter = enter
        self._until = until
        self._rows = rows
        self._alive: list[int] = []
        self.since: dict[int, int] = {}
        self.found: list[tuple[int, int, int]] = []

    def enter(self, version: int) -> None:
        """Let a version in, if it counts at any time."""
        alive, time = self._alive, self._enter[version]
        if self._until[version] <= time:
            return
        place = bisect_left(alive, version)
        alive.insert(place, version)
        if place >= len(alive) - self._rows:
            self.since[version] = time
            if len(alive) > self._rows:
                self.close(alive[-self._rows - 1], time)

    def leave(self, version: int) -> None:
        """Let a version go, if it is there."""
        alive, time = self._alive, self._until[version]
        place = bisect_left(alive, version)
        if place == len(alive) or alive[place] != version:
            return
        del alive[place]
        if version in self.since:
            self.close(version, time)
            if len(alive) >= self._rows:
                self.since[alive[-self._rows]] = time

    def close(self, version: int, time: int) -> None:
        """Note since when a version has been among the last n, and that it is no more."""
        begin = self.since.pop(version)
        if begin < time:
            self.found.append((version, begin, time))
