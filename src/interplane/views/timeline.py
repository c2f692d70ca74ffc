"""The windows of one entity: versions of its events in the order of time, and stretches of them.

While nothing is known for later than the time that is asked for, only the *last* version of each event
counts. Those that happened by some time are a stretch of a sorted list; a window remembers which one
was read, and its running statistics. Asked for an earlier time, all versions are looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from interplane.views.events import FOREVER, Event, rank
from interplane.views.retention import keeps_every_event, windows_after
from interplane.views.running import Running
from interplane.views.window_values import statistic, window_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.expressions.windows import Last
    from interplane.views.view import View, Window

__all__ = ["FEW", "Timeline"]

FEW: Final = 64
"""The statistics of so few values are computed anew each time: that is faster than following them."""


_PATIENCE: Final = 4


class Timeline:
    """What windows need of an entity's events, taken in in any order.

    Args:
        view: a view with windows.
        few: up to how many events a window is computed anew for each read.
    """

    __slots__ = ("_last_known", "_line", "_spans", "_valued", "_versions", "_view")

    def __init__(self, view: View, *, few: int = FEW) -> None:
        self._view = view
        self._versions: dict[tuple[Constant, ...], list[_Version]] = {}
        self._last_known = -FOREVER
        windows = [window for _, slots in view.window_slots for _, window in slots]
        self._line = _Line(sorted({window.argument for window in windows}))
        ends = {window.argument for window in windows if window.function in ("first", "last")}
        # Of the last versions also those of which an argument is not null, where ends are asked for.
        self._valued = {argument: _Line(()) for argument in sorted(ends)}
        self._spans = [
            _Stretch(span, slots, self._line, self._valued, few)
            for span, slots in view.window_slots
        ]

    def insert(self, event: Event) -> bool:
        """Take an event in; return whether anything can differ from now on."""
        made = _Version(event)
        versions = self._versions.get(event.key)
        if versions is None:
            self._versions[event.key] = [made]
        else:
            place = bisect_left(versions, made.rank, key=_rank)
            if place < len(versions) and versions[place].whole == event:
                return False
            if place:
                versions[place - 1].until = event.known
            versions.insert(place, made)
            if place < len(versions) - 1:
                made.until = versions[place + 1].whole.known
            else:
                self._take_out(versions[place - 1])
        self._last_known = max(self._last_known, event.known)
        if made.until == FOREVER:
            self._put(made)
        return True

    def _put(self, version: _Version) -> None:
        place = self._line.insert(version)
        for stretch in self._spans:
            stretch.inserted(place, version)
        for argument, line in self._valued.items():
            if version.values[argument] is not None:
                line.insert(version)

    def _take_out(self, version: _Version) -> None:
        place = self._line.remove(version)
        for stretch in self._spans:
            stretch.removed(place, version)
        for argument, line in self._valued.items():
            if version.values[argument] is not None:
                line.remove(version)

    def read(self, time: int, values: list[Constant]) -> int:
        """Write the windows at a time to their places; return the first time at which they may differ."""
        if time < self._last_known:
            return self._read_all(time, values)
        return min([stretch.read(time, values) for stretch in self._spans])

    def newest(self, time: int) -> tuple[int | None, int]:
        """Return when the newest event happened that can matter at a time, and how long that holds.

        What every store keeps for that time: of each event the version that counts then, unless it was
        known so long ago that no window can hold it. So it is no matter what else is in memory.

        Returns:
            When it happened, None if there is none; and the first time at which that may differ.
        """
        after = windows_after(self._view, time)
        counting: Iterable[_Version] = reversed(self._line.items)
        until = FOREVER
        if time < self._last_known:
            versions = [each for some in self._versions.values() for each in some]
            until = min(each.whole.known for each in versions if each.whole.known > time)
            counting = sorted(
                (each for each in versions if each.whole.known <= time < each.until),
                key=_order,
                reverse=True,
            )
        for each in counting:
            if each.whole.known > after:
                if not keeps_every_event(self._view):
                    until = min(until, each.whole.known + self._view.longest_us)
                return each.event, until
        return None, until

    def _read_all(self, time: int, values: list[Constant]) -> int:
        """Read by looking at all versions: some are not known yet, or not yet replaced."""
        versions = [each for some in self._versions.values() for each in some]
        if self._view.needs_order:
            versions.sort(key=_order)
        until = FOREVER
        for span, slots in self._view.window_slots:
            inside, change = _inside(versions, time, span)
            until = min(until, change)
            for slot, window in slots:
                values[slot] = window_value(window, [each[window.argument] for each in inside])
        return until


class _Version:
    """A version of an event: it counts from when it is known, and has happened, until it is replaced."""

    __slots__ = ("_rank", "event", "until", "values", "whole")

    def __init__(self, event: Event) -> None:
        self.whole = event
        self.event = event.event
        self.until = FOREVER
        self.values = event.values
        self._rank: tuple[Any, ...] | None = None

    @property
    def rank(self) -> tuple[Any, ...]:
        """Its rank, which only some need: those of events with several versions, or at one time."""
        if self._rank is None:
            self._rank = rank(self.whole)
        return self._rank

    @property
    def order(self) -> tuple[Any, ...]:
        """What windows order events by: when they happened, then when they were known, then values."""
        known, event, values = self.rank
        return (event, known, values)


_rank: Final[Callable[[_Version], Any]] = attrgetter("rank")
_order: Final[Callable[[_Version], Any]] = attrgetter("order")


class _Line:
    """Versions in their order, and the values of some arguments.

    Versions that are equal in their order are equal in all that windows take of them.
    """

    __slots__ = ("columns", "items", "nulls", "times")

    def __init__(self, arguments: Iterable[int]) -> None:
        self.times: list[int] = []
        self.items: list[_Version] = []
        self.columns: dict[int, list[Constant]] = {argument: [] for argument in arguments}
        self.nulls = dict.fromkeys(self.columns, 0)

    def place(self, version: _Version) -> int:
        """Return the first place at which a version is, or would be."""
        times, event = self.times, version.event
        end = bisect_right(times, event)
        if not end or times[end - 1] != event:
            return end
        begin = bisect_left(times, event)
        return bisect_left(self.items, version.rank, begin, end, key=_rank)

    def insert(self, version: _Version) -> int:
        """Put a version in; return its place."""
        place = self.place(version)
        self.times.insert(place, version.event)
        self.items.insert(place, version)
        for argument, column in self.columns.items():
            value = version.values[argument]
            column.insert(place, value)
            self.nulls[argument] += value is None
        return place

    def remove(self, version: _Version) -> int:
        """Take a version out that is there; return its place."""
        place = self.place(version)
        del self.times[place], self.items[place]
        for argument, column in self.columns.items():
            self.nulls[argument] -= column[place] is None
            del column[place]
        return place


class _Stretch:
    """The windows of one span: which versions are in them, from a place up to another.

    A long stretch gets its running statistics when it was read some times: making them takes as long as
    reading it about as often. They follow from then on.
    """

    __slots__ = ("_arguments", "_begin", "_end", "_few", "_line", "_of", "_reads", "_running", "_slots",
                 "_span", "_valued")  # fmt: skip

    def __init__(
        self,
        span: Last,
        slots: Sequence[tuple[int, Window]],
        line: _Line,
        valued: dict[int, _Line],
        few: int,
    ) -> None:
        self._span = span
        self._slots = slots
        self._line = line
        self._valued = valued
        self._few = few
        self._begin = self._end = 0
        self._reads = 0
        self._arguments = sorted({window.argument for _, window in slots})
        self._of: dict[int, list[Window]] = {}
        for _, window in slots:
            if window.function not in ("first", "last"):
                self._of.setdefault(window.argument, []).append(window)
        self._running: dict[int, Running] | None = None

    # ---- following -------------------------------------------------------------------------

    def inserted(self, place: int, version: _Version) -> None:
        """Follow a version that was put in: what was after it is one place further."""
        if self._running is None or place >= self._end:
            return
        self._end += 1
        if place <= self._begin:
            self._begin += 1
            return
        for argument, running in self._running.items():
            running.add((version.values[argument],))

    def removed(self, place: int, version: _Version) -> None:
        """Follow a version that was taken out."""
        if self._running is None or place >= self._end:
            return
        self._end -= 1
        if place < self._begin:
            self._begin -= 1
            return
        for argument, running in self._running.items():
            running.take_out((version.values[argument],))

    def _move(self, begin: int, end: int) -> dict[int, Running]:
        """Return the running statistics of a stretch: those of the last one, moved, or new ones."""
        moved = abs(begin - self._begin) + abs(end - self._end)
        if self._running is None or moved > end - begin:
            self._running = {argument: Running(of) for argument, of in self._of.items()}
            self._begin = self._end = begin
        begins, ends = sorted((begin, self._begin)), sorted((end, self._end))
        for argument, running in self._running.items():
            column = self._line.columns[argument]
            for (low, high), is_in in ((begins, begin < self._begin), (ends, end > self._end)):
                change = running.add if is_in else running.take_out
                if low < high:
                    change(column[low:high])
        self._begin, self._end = begin, end
        return self._running

    # ---- reading ---------------------------------------------------------------------------

    def read(self, time: int, values: list[Constant]) -> int:
        """Write the windows to their places; return the first time at which they may differ."""
        begin, end, until = self._find(time)
        if self._running is None or end - begin <= self._few:
            self._running = None
            self._reads = self._reads + 1 if end - begin > self._few else 0
            if self._reads <= _PATIENCE:
                self._read_anew(begin, end, values)
                return until
        running = self._move(begin, end)
        for slot, window in self._slots:
            if window.function in ("first", "last"):
                values[slot] = self._end_value(window, begin, end)
            else:
                values[slot] = running[window.argument].value(window)
        return until

    def _read_anew(self, begin: int, end: int, values: list[Constant]) -> None:
        known: dict[int, list[Constant]] = {}
        for argument in self._arguments:
            column = self._line.columns[argument][begin:end]
            if self._line.nulls[argument]:
                column = [value for value in column if value is not None]
            known[argument] = column
        for slot, window in self._slots:
            values[slot] = statistic(window, known[window.argument])

    def _find(self, time: int) -> tuple[int, int, int]:
        """Return where the windows begin and end, and the first time at which that may differ."""
        duration, rows, delay = self._span.duration_us, self._span.rows, self._span.delay_us
        times = self._line.times
        end = bisect_right(times, time - delay)
        until = times[end] + delay if end < len(times) else FOREVER
        if duration is not None:
            begin = bisect_right(times, time - delay - duration)
            if begin < end:
                until = min(until, times[begin] + delay + duration)
            return begin, end, until
        return 0 if rows is None else max(end - rows, 0), end, until

    def _end_value(self, window: Window, begin: int, end: int) -> Constant:
        """Return the first or last value that is not null."""
        line, all_of_them = self._valued[window.argument], self._line.items
        first = line.place(all_of_them[begin])
        after = line.place(all_of_them[end]) if end < len(all_of_them) else len(line.items)
        if first >= after:
            return None
        version = line.items[first if window.function == "first" else after - 1]
        return version.values[window.argument]


def _inside(
    versions: Sequence[_Version], time: int, span: Last
) -> tuple[list[tuple[Constant, ...]], int]:
    """Return the values of the versions in a window, and the first time at which that may differ."""
    inside, until, delay = [], FOREVER, span.delay_us
    for each in versions:
        enter = max(each.whole.known, each.event + delay)
        leave = each.until
        if span.duration_us is not None:
            leave = min(leave, each.event + delay + span.duration_us)
        if time < leave:
            until = min(until, leave if enter <= time else enter)
            if enter <= time:
                inside.append(each.values)
    return inside if span.rows is None else inside[-span.rows :], until
