"""What happened to an entity, and the order in which it was known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from interplane.expressions.nodes import Constant

__all__ = ["FOREVER", "Event", "rank"]

FOREVER: Final = 1 << 62
"""A time after every other."""


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


def rank(event: Event) -> tuple[Any, ...]:
    """Return what events are ordered by: known at, event time, values (null before all others).

    >>> rank(Event(2, 1, (), (None,))) < rank(Event(2, 1, (), (0.0,))) < rank(Event(3, 0, (), ()))
    True
    """
    values = tuple([(value is not None, value) for value in event.values])
    return (event.known, event.event, values)
