"""How an entity was found under a view: what look-ups are counted by, and what readers are told."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.history import Event

__all__ = [
    "AGE",
    "AGED",
    "COUNTS",
    "MASK",
    "NOT_FOUND",
    "NO_ENTITY",
    "NULL",
    "OUTSIDE_TTL",
    "PRESENT",
    "STATUSES",
    "Counts",
    "Newest",
    "Status",
    "status_of",
]

Status = Literal["present", "null", "not_found", "outside_ttl"]
"""A value is there; it is null; no event of the entity is known; the latest one is too old."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
PRESENT: Final = 0
NULL: Final = 1
NOT_FOUND: Final = 2
OUTSIDE_TTL: Final = 3

COUNTS: Final = (*STATUSES, "no_entity", "age_ms")
"""What is counted of a view's look-ups: each status, rows that name no entity, the sum of ages."""

NO_ENTITY: Final = 4
"""How a row that names no entity is counted; what it reads is null."""

AGED: Final = (PRESENT, NULL, OUTSIDE_TTL)
"""Where something was found, and so had an age."""

AGE: Final = 5
MASK: Final = (1 << 64) - 1


def status_of(
    values: Sequence[Constant], happened: int | None, time: int, *, ttl_us: int | None
) -> int:
    """Return the place in `STATUSES` of what was read of an entity.

    Args:
        values: the values.
        happened: when its newest event happened; None if none is known.
        time: for when it was read.
        ttl_us: how old the latest event may be; None where nothing bounds it.

    >>> status_of((None,), 5, 9, ttl_us=3), status_of((None, 0), None, 9, ttl_us=3)
    (3, 2)
    """
    if happened is None:
        return NOT_FOUND
    if ttl_us is not None and time - happened > ttl_us:
        return OUTSIDE_TTL
    return NULL if values.count(None) == len(values) else PRESENT


class Counts(Protocol):
    """Where a view's look-ups are counted: a list, or a stretch of memory that processes share.

    A look-up adds one to the place of its status, and the age of what it found, in milliseconds, to
    that of ages (modulo 2**64: so a sum of ages never ends a request).
    """

    def __getitem__(self, place: int, /) -> int: ...
    def __setitem__(self, place: int, value: int, /) -> None: ...


class Newest:
    """When the newest event had happened that was known at a time, for a view of windows alone.

    Events come in any order.

    >>> from interplane.views.history import Event
    >>> newest = Newest([Event(10, 10, (), ()), Event(30, 5, (), ()), Event(40, 20, (), ())])
    >>> [newest.at(time) for time in (9, 10, 35, 40)]
    [None, 10, 10, 20]
    """

    __slots__ = ("_events", "_knowns")

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._knowns: list[int] = []
        self._events: list[int] = []
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take an event in."""
        knowns, events = self._knowns, self._events
        end = begin = bisect_right(knowns, event.known)
        if begin and events[begin - 1] >= event.event:
            return
        if begin and knowns[begin - 1] == event.known:
            begin -= 1
        while end < len(events) and events[end] <= event.event:
            end += 1
        knowns[begin:end] = [event.known]
        events[begin:end] = [event.event]

    def at(self, time: int) -> int | None:
        """Return when the newest event had happened; None if none was known."""
        place = bisect_right(self._knowns, time)
        return self._events[place - 1] if place else None
