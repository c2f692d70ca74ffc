"""What is known of one entity at a moment: the one rule for late rows, ties, age and windows.

Training, batch and the online store go by it. Standard library only.

- An *event* happened at its event time and was known from its known-at time on. At time t only events
  that are known by t exist.
- The *latest* event is that with the greatest event time; of several, the one known last; of several,
  the one with the greatest values, null first. An older event never hides a newer one.
- Its values are null once it is older than the time-to-live: when t - event time > ttl.
- A *window* of length d holds the events with t - d < event time <= t; one of n events the n greatest of
  those by (event time, known at, values, null first); a lifetime all. With a delay D it is asked of the
  events that happened by t - D, as they are known at t: t - D - d < event time <= t - D.
- Events with one key are versions of one event: only the last known counts in windows. Nulls are left
  out of statistics (but are among the n events); over no values counts are 0 and everything else null.
  ``first`` and ``last`` are the values of the least and greatest event in the order above. The
  time-to-live does not touch windows.

Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from interplane.views.events import FOREVER, Event, rank
from interplane.views.timeline import FEW, Timeline
from interplane.views.window_values import window_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.view import View

__all__ = ["FOREVER", "Event", "History", "Reading", "rank", "window_value"]


class Reading(NamedTuple):
    """The values of a view for an entity at a time, and the first time at which they may differ."""

    values: tuple[Constant, ...]
    valid_until: int


class History:
    """All that is known of one entity under a view; the order in which events come in is no matter.

    Args:
        view: the view.
        events: what is taken in first.
        few: up to how many events a window is computed anew for each read, which changes no value.

    >>> from interplane.views.view import example
    >>> history = History(example())
    >>> history.insert(Event(known=10, event=10, key=(1,), values=(5.0,)))
    True
    >>> history.insert(Event(known=20, event=5, key=(2,), values=(1.0,)))  # late: it hides nothing
    True
    >>> history.at(9).values, history.at(30).values
    ((None, 0), (5.0, 2))
    """

    __slots__ = ("_frontier", "_knowns", "_timeline", "_view")

    def __init__(self, view: View, events: Iterable[Event] = (), *, few: int = FEW) -> None:
        self._view = view
        self._knowns: list[int] = []  # of the frontier
        self._frontier: list[Event] = []
        self._timeline = Timeline(view, few=few) if view.has_windows else None
        for event in events:
            self.insert(event)

    # ---- taking in ------------------------------------------------------------------------

    def insert(self, event: Event) -> bool:
        """Take an event in; return whether anything can differ from now on."""
        changed = self._view.has_latest and self._reach(event)
        if self._timeline is not None:
            changed = self._timeline.insert(event) or changed
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

    # ---- reading --------------------------------------------------------------------------

    def at(self, time: int) -> Reading:
        """Return the view's features as they were known at a time, in the order of the view."""
        view = self._view
        values: list[Constant] = [None] * len(view.features)
        until = FOREVER
        if view.has_latest:
            until = self._read_latest(time, values)
        if self._timeline is not None:
            until = min(until, self._timeline.read(time, values))
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

    def latest_at(self, time: int) -> Event | None:
        """Return the latest event at a time, however old; None if none is known, or none is kept."""
        place = bisect_right(self._knowns, time)
        return self._frontier[place - 1] if place else None

    def newest_at(self, time: int) -> tuple[int | None, int]:
        """Return when the newest event happened that is known at a time, and how long that holds.

        That is the latest event, however old. Of a view with windows alone it is the newest that some
        window can still hold.

        Returns:
            When it happened, None if there is none; and the first time at which that may differ.
        """
        if self._timeline is not None and not self._view.has_latest:
            return self._timeline.newest(time)
        place = bisect_right(self._knowns, time)
        until = self._frontier[place].known if place < len(self._frontier) else FOREVER
        return (self._frontier[place - 1].event if place else None), until

    # ---- what is kept ---------------------------------------------------------------------

    def frontier(self) -> Sequence[Event]:
        """Return the events that are the latest at some time, by the time they are known."""
        return tuple(self._frontier)
