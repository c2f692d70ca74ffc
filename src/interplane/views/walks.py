"""Look-ups in rounds: walks that ask, are told, and ask again; many of them side by side."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.views.shelves import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.expressions.nodes import Constant
    from interplane.views.shelves import EntityState

    StatesOf = Callable[[Sequence["Asked"], int], list[EntityState]]

__all__ = ["Asked", "Walk", "Walked", "walk_all", "walk_one"]

Asked = tuple[Shelf, Any]
"""A view's shelf, and the name of an entity there; None for a row that names none."""

Walk = Generator[Sequence[Asked], "list[tuple[Constant, ...]]", "list[Constant]"]
"""Look-ups in rounds: yields what it asks, is sent the values of each, and returns what comes of them."""


class Walked(NamedTuple):
    """A walk that came to its end.

    Attributes:
        values: what it returned.
        told: the states that it was told, by what it asked.
    """

    values: list[Constant]
    told: dict[Asked, EntityState]


def walk_one(walk: Walk, states_of: StatesOf, time: int, told: list[EntityState]) -> list[Constant]:
    """Take one walk to its end, for it is what a prediction waits for; return what it returns.

    Args:
        walk: a walk that has not begun.
        states_of: gives the states of what is asked, in its order.
        time: for when the states are read, in microseconds.
        told: is given the states. Nothing is counted as looked up: see `walk_all`.
    """
    try:
        asked = next(walk)
        while True:
            states = states_of(asked, time)
            told += states
            asked = walk.send(
                [
                    state.values if state.begin <= time < state.until else state.read(time)
                    for state in states
                ]
            )
    except StopIteration as end:
        values: list[Constant] = end.value
        return values


def walk_all(walks: Sequence[Walk], states_of: StatesOf, time: int) -> list[Walked]:
    """Take walks to their ends, side by side: what they ask in a round is asked at once.

    Nothing is counted as looked up: whoever begins them anew would count it twice.

    Args:
        walks: walks that have not begun.
        states_of: gives the states of what is asked, in its order.
        time: for when the states are read, in microseconds.
    """
    found = [Walked([], {}) for _ in walks]
    asking = [(walk, end, asked) for walk, end in zip(walks, found, strict=True)
              if (asked := _go_on(walk, None, end)) is not None]  # fmt: skip
    while asking:
        states = iter(states_of([each for _, _, asked in asking for each in asked], time))
        going, asking = asking, []
        for walk, end, asked in going:
            told = list(islice(states, len(asked)))
            end.told.update(zip(asked, told, strict=True))
            more = _go_on(walk, [state.at(time) for state in told], end)
            if more is not None:
                asking.append((walk, end, more))
    return found


def _go_on(
    walk: Walk, told: list[tuple[Constant, ...]] | None, end: Walked
) -> Sequence[Asked] | None:
    """Return what a walk asks next; None where it ended, and said what comes of it."""
    try:
        return next(walk) if told is None else walk.send(told)
    except StopIteration as stop:
        end.values.extend(stop.value)
        return None
