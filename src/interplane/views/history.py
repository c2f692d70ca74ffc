"""What is known of one entity at a moment: the one rule for late rows, ties, age and windows.

Training, batch and the online store go by it. Standard library only.

- An *event* happened at its event time and was known from its known-at time on. At time t only events
  that are known by t exist.
- The *latest* event is that with the greatest event time; of several, the one known last; of several,
  the one with the greatest values, null first. An older event never hides a newer one.
- Its values are null once it is older than the time-to-live: when t - event time > ttl.
- A *window* of length d holds the events with t - d < event time <= t. Events with one key are
  versions of one event: only the last known counts. Nulls are left out; over no values a
  count is 0 and everything else null. The time-to-live does not touch windows.

Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.views.sums import exact_sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.view import View, Window

__all__ = ["FOREVER", "Event", "History", "Reading", "rank"]

FOREVER: Final = 1 << 62
"""A time after every other."""

_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**63 - 1


class Event(NamedTuple):
    """Something that happened to an entity.

    Attributes:
        known: since when it is known.
        event: when it happened.
        key: what names it among the entity's events; empty in a view without windows.
        values: the view's arguments, of their types; no NaN, and no negative zero.
    """

    known: int
    event: int
    key: tuple[Constant, ...]
    values: tuple[Constant, ...]


class Reading(NamedTuple):
    """The values of a view for an entity at a time, and the first time at which they may differ."""

    values: tuple[Constant, ...]
    valid_until: int


def rank(event: Event) -> tuple[Any, ...]:
    """Return what events are ordered by: known at, event time, values (null before all others).

    >>> rank(Event(2, 1, (), (None,))) < rank(Event(2, 1, (), (0.0,))) < rank(Event(3, 0, (), ()))
    True
    """
    values = tuple([(value is not None, value) for value in event.values])
    return (event.known, event.event, values)


class _Version:
    """A version of an event in windows: it counts from ``enter`` until it is replaced or too old."""

    __slots__ = ("_rank", "enter", "event", "until", "values", "whole")

    def __init__(self, event: Event) -> None:
        self.whole = event
        self.enter = max(event.known, event.event)
        self.event = event.event
        self.until = FOREVER
        self.values = event.values
        self._rank: tuple[Any, ...] | None = None

    def rank(self) -> tuple[Any, ...]:
        """Return its rank, which only events with several versions need."""
        if self._rank is None:
            self._rank = rank(self.whole)
        return self._rank


class History:
    """All that is known of one entity under a view; the order in which events come in is no matter.

    Args:
        view: the view.

    >>> from interplane.views.view import example
    >>> history = History(example())
    >>> history.insert(Event(known=10, event=10, key=(1,), values=(5.0,)))
    True
    >>> history.insert(Event(known=20, event=5, key=(2,), values=(1.0,)))  # late: it hides nothing
    True
    >>> history.at(9).values, history.at(30).values
    ((None, 0), (5.0, 2))
    """

    __slots__ = (
        *("_columns", "_events", "_frontier", "_knowns", "_last_enter", "_nulls", "_replaced"),
        *("_versions", "_view", "_windows"),
    )

    def __init__(self, view: View, events: Iterable[Event] = ()) -> None:
        self._view = view
        self._knowns: list[int] = []  # of the frontier
        self._frontier: list[Event] = []
        self._versions: dict[tuple[Constant, ...], list[_Version]] = {}
        # Of each version, by event time: when it happened, the whole, and the value of each argument.
        self._events: list[int] = []
        self._windows: list[_Version] = []
        self._columns: list[list[Constant]] = []
        self._nulls: list[int] = []
        self._last_enter = -FOREVER
        self._replaced = 0
        if view.has_windows:
            self._columns = [[] for _ in view.arguments]
            self._nulls = [0] * len(view.arguments)
        for event in events:
            self.insert(event)

    # ---- taking in ------------------------------------------------------------------------

    def insert(self, event: Event) -> bool:
        """Take an event in; return whether anything can differ from now on."""
        changed = self._view.has_latest and self._reach(event)
        if self._view.has_windows:
            changed = self._version(event) or changed
        return changed

    def _reach(self, event: Event) -> bool:
        """Keep an event that is the latest from when it is known on until a later one is."""
        frontier, knowns = self._frontier, self._knowns
        start = end = bisect_right(knowns, event.known)
        if start:
            before = frontier[start - 1]
            if event.event < before.event or event == before:
                return False
            if before.known == event.known:  # of those known at one time only one counts
                if rank(event) < rank(before):
                    return False
                start -= 1
        while end < len(frontier) and frontier[end].event < event.event:
            end += 1
        knowns[start:end] = [event.known]
        frontier[start:end] = [event]
        return True

    def _version(self, event: Event) -> bool:
        made = _Version(event)
        versions = self._versions.get(event.key)
        if versions is None:
            self._versions[event.key] = [made]
        else:
            place = bisect_left(versions, rank(event), key=_Version.rank)
            if place < len(versions) and versions[place].whole == event:
                return False
            if place < len(versions):
                made.until = versions[place].whole.known
            if place:
                versions[place - 1].until = event.known
            self._replaced += 1
            versions.insert(place, made)
        self._keep(made)
        return True

    def _keep(self, made: _Version) -> None:
        place = bisect_right(self._events, made.event)
        self._events.insert(place, made.event)
        self._windows.insert(place, made)
        for argument, value in enumerate(made.values):
            self._columns[argument].insert(place, value)
            self._nulls[argument] += value is None
        self._last_enter = max(self._last_enter, made.enter)

    # ---- reading --------------------------------------------------------------------------

    def at(self, time: int) -> Reading:
        """Return the view's features as they were known at a time, in the order of the view."""
        view = self._view
        values: list[Constant] = [None] * len(view.features)
        until = FOREVER
        if view.has_latest:
            until = self._read_latest(time, values)
        if view.has_windows:
            until = min(until, self._read_windows(time, values))
        return Reading(tuple(values), until)

    def _read_latest(self, time: int, values: list[Constant]) -> int:
        place = bisect_right(self._knowns, time)
        until = self._frontier[place].known if place < len(self._frontier) else FOREVER
        if not place:
            return until
        event, ttl = self._frontier[place - 1], self._view.ttl_us
        if ttl is not None:
            if time - event.event > ttl:
                return until
            until = min(until, event.event + ttl + 1)
        for slot, argument in self._view.latest_slots:
            values[slot] = event.values[argument]
        return until

    def _read_windows(self, time: int, values: list[Constant]) -> int:
        until = FOREVER
        is_plain = not self._replaced and self._last_enter <= time
        for duration, slots in self._view.window_slots:
            first = bisect_right(self._events, time - duration)
            if is_plain:  # every version that is young enough counts
                if first < len(self._events):
                    until = min(until, self._events[first] + duration)
                for slot, window in slots:
                    column = self._columns[window.argument][first:]
                    if self._nulls[window.argument]:
                        column = [value for value in column if value is not None]
                    values[slot] = _statistic(window, column)
                continue
            inside = self._windows[first:]
            alive = [each.values for each in inside if each.enter <= time < each.until]
            until = min(until, _next_change(inside, time, duration))
            for slot, window in slots:
                values[slot] = window_value(window, [row[window.argument] for row in alive])
        return until

    # ---- what is kept ---------------------------------------------------------------------

    def frontier(self) -> Sequence[Event]:
        """Return the events that are the latest at some time, by the time they are known."""
        return tuple(self._frontier)


def _next_change(versions: Sequence[_Version], time: int, duration: int) -> int:
    """Return the first time after ``time`` at which a version enters or leaves a window."""
    changes = [
        each.enter if each.enter > time else min(each.until, each.event + duration)
        for each in versions
        if each.until > time
    ]
    return min(changes, default=FOREVER)


def window_value(window: Window, values: Sequence[Any]) -> Constant:
    """Return a window's statistic of the values in it, nulls among them.

    >>> from interplane.views.view import Window
    >>> window_value(Window("mean", 0, 1, "bool"), [True, None, False])
    0.5
    """
    return _statistic(window, [value for value in values if value is not None])


def _statistic(window: Window, known: Sequence[Any]) -> Constant:
    """Return a window's statistic of values that are not null."""
    if window.function == "count":
        return len(known)
    if not known:
        return None
    match window.function:
        case "min":
            return min(known)  # type: ignore[no-any-return]
        case "max":
            return max(known)  # type: ignore[no-any-return]
    total = exact_sum(known) if window.type == "float" else _int_sum(known)
    if window.function == "sum" or total is None:
        return total
    return float(total) / float(len(known))


def _int_sum(values: Sequence[int]) -> int | None:
    total = sum(values)
    return total if _INT_MIN <= total <= _INT_MAX else None
