"""The states of one view's entities that a process keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import NotFound, RequestRejected
from interplane.views.history import FOREVER, History
from interplane.views.statuses import AGE, COUNTS, MASK, NO_ENTITY, NULL, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.history import Event
    from interplane.views.ports import Registered
    from interplane.views.statuses import Counts
    from interplane.views.view import View

__all__ = ["EntityState", "Shelf"]

_GROWTH: Final = 64
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive


class EntityState:
    """What is known of one entity, and the last thing that was read of it.

    Attributes:
        since: from when on everything that matters is in it.
        size: how many events it was made of, and has taken in since.
        begin: the time that was read last.
        until: the first time at which the values, or how they were found, may be others; not after ``begin`` if nothing was read.
        values: what was read.
        status: how it was found; a place in `STATUSES`.
        happened: when the newest event happened that was known by then; `FOREVER` if none was known.
        counts: where look-ups of its view are counted.
    """

    __slots__ = (
        *(
            "_ttl",
            "begin",
            "counts",
            "happened",
            "history",
            "room",
            "since",
            "size",
            "status",
            "until",
        ),
        "values",
    )

    def __init__(self, view: View, events: Sequence[Event], since: int, counts: Counts) -> None:
        self.counts = counts
        self.history = History(view, events)
        self._ttl = view.ttl_us if view.has_latest else None
        self.since = since
        self.size = len(events)
        self.room = len(events) + _GROWTH
        self.begin = self.until = since
        self.values: tuple[Constant, ...] = ()
        self.status = NULL
        self.happened = FOREVER

    def read(self, time: int) -> tuple[Constant, ...]:
        """Return the values at a time, and remember them."""
        reading = self.history.at(time)
        happened, until = self.history.newest_at(time)
        self.begin, self.until = time, min(reading.valid_until, until)
        self.values = reading.values
        self.happened = FOREVER if happened is None else happened
        self.status = status_of(reading.values, happened, time, ttl_us=self._ttl)
        return reading.values

    def at(self, time: int) -> tuple[Constant, ...]:
        """Return the values at a time: those that were read last, if they are still that."""
        return self.values if self.begin <= time < self.until else self.read(time)

    def count(self, time: int) -> None:
        """Count that it was looked up for a time, for which it was read last."""
        counts = self.counts
        counts[self.status] += 1
        if time > self.happened:
            counts[AGE] = (counts[AGE] + (time - self.happened) // 1000) & MASK

    def take(self, event: Event) -> bool:
        """Take in what the store has taken in; return False when a new state would be smaller."""
        self.size += 1
        if self.history.insert(event):
            self.until = self.begin
            self.room -= 1
        return self.room > 0


class Shelf:
    """The states of one view's entities, those that were asked for lately and before that.

    Attributes:
        view: the view.
        registered: what the store says of it; None if it keeps none of its events.
        nobody: the state where no entity is named: all null.
        counts: how often was looked up what, in the order of `COUNTS`.
        events: how many events the states are of, and so what making all of them anew would read.
    """

    __slots__ = (
        *("_one", "counts", "events", "horizon", "lately", "nobody", "registered", "sooner"),
        "view",
    )

    def __init__(self, view: View, counts: Counts | None = None) -> None:
        self.view = view
        self.counts: Counts = [0] * len(COUNTS) if counts is None else counts
        self.nobody = EntityState(view, (), -FOREVER, self.counts)
        self.nobody.values, self.nobody.until = view.nothing, FOREVER
        self.nobody.status = NO_ENTITY
        self.registered: Registered | None = None
        self.horizon: float = float("inf")
        self.lately: dict[Any, EntityState] = {}
        self.sooner: dict[Any, EntityState] = {}
        self.events = 0
        self._one = len(view.entity) == 1

    def name(self, entity: Sequence[Constant]) -> Any:
        """Return what an entity is kept under: its only value, or all of them."""
        return entity[0] if self._one else tuple(entity)

    def name_of(self, entity: Sequence[Constant]) -> Any:
        """Return what an entity is kept under, or None where a part of its name is null."""
        return None if None in entity else self.name(entity)

    def update(self, registered: Registered | None) -> None:
        """Take over what the store says of the view."""
        before = self.registered
        if before is not None and (registered is None or registered.number != before.number):
            self.clear()
        self.registered = registered
        horizon = None if registered is None else registered.horizon
        self.horizon = float("inf") if horizon is None else horizon

    def find(self, name: Any) -> EntityState | None:
        """Return an entity's state, if it is here."""
        state = self.lately.get(name)
        if state is None:
            state = self.sooner.pop(name, None)
            if state is None:
                return None
            self.lately[name] = state
        return state

    def asks(self, name: Any, time: int) -> tuple[Registered, tuple[Constant, ...]]:
        """Return what a store is asked for an entity's events.

        Raises:
            NotFound: if the store keeps none of the view's events.
        """
        registered = self.registered
        if registered is None:
            raise self.refusal(time)
        return registered, (name,) if self._one else name

    def put(self, name: Any, events: Sequence[Event], time: int) -> EntityState:
        """Make an entity's state of what the store has, from a time on."""
        before = self.find(name)
        self.events += len(events) - (0 if before is None else before.size)
        state = self.lately[name] = EntityState(self.view, events, time, self.counts)
        return state

    def take(self, name: Any, event: Event) -> None:
        """Take in an event of an entity, if that is here."""
        for states in (self.lately, self.sooner):
            state = states.get(name)
            if state is None:
                continue
            self.events += 1
            if not state.take(event):
                self.events -= states.pop(name).size

    def clear(self) -> None:
        """Forget all states."""
        self.lately.clear()
        self.sooner.clear()
        self.events = 0

    def let_go(self) -> None:
        """Forget the states that were not asked for since the last time."""
        self.events -= sum(state.size for state in self.sooner.values())
        self.sooner, self.lately = self.lately, {}

    def refusal(self, time: int) -> NotFound | RequestRejected:
        """Build the error for a time of which the store has no whole history."""
        view, registered = self.view, self.registered
        if registered is None or registered.horizon is None:
            return NotFound(
                f"the online store has no history of {view.name}",
                expected="a view that was materialized",
                do='Bring its history there with "interplane materialize"',
                view=view.digest,
            )
        asked, horizon = _text(time), _text(registered.horizon)
        return RequestRejected(
            f"the time {asked} is before what the online store keeps of {view.name}",
            expected=f"a time from {horizon} on",
            do='Ask for a later time, or predict in batch: "interplane predict" has all of history',
            view=view.name,
            time=asked,
            horizon=horizon,
        )


def _text(time: int) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=time)).isoformat() + "Z"
    except OverflowError:
        return f"{time} microseconds since 1970"
