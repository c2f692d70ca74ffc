"""What a feature view says of entities, read online, with a truthful status for each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.views.derived import Derived, use_of
from interplane.views.lookups import LookUps
from interplane.views.statuses import NOT_FOUND, NULL, OUTSIDE_TTL, PRESENT, STATUSES
from interplane.views.view import Latest, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant
    from interplane.record import Type
    from interplane.views.derived import AnyView
    from interplane.views.states import Seen, States
    from interplane.views.statuses import Status

__all__ = ["Found", "ViewValues", "entity_types"]


class Found(NamedTuple):
    """What a view says of one entity at a time.

    Attributes:
        values: the values of its features, in the view's order. They are what a prediction at that
            time is given: a count over no events is 0, whatever its status.
        statuses: how each was found.
        happened: when the newest event of the entity happened, in microseconds since 1970; None if
            none is known.
    """

    values: tuple[Constant, ...]
    statuses: tuple[Status, ...]
    happened: int | None


def entity_types(view: AnyView) -> dict[str, Type]:
    """Return the columns that name an entity of a view, with their types.

    >>> from interplane.views.view import example
    >>> entity_types(example())
    {'who': 'str'}
    """
    return dict(zip(view.entity, view.entity_types, strict=True))


class ViewValues:
    """Reads one view online.

    Of an entity that has no event (that still matters) all is ``not_found``; where the latest event
    is older than the time-to-live, its values are ``outside_ttl``; another null is ``null``. A view
    of other views has values of its own; of it an entity is ``not_found`` if it is that in all views
    that are joined by its own columns.

    Args:
        view: the view.
        states: what this process keeps of the online store.
    """

    def __init__(self, view: AnyView, states: States) -> None:
        self.view = view
        self._states = states
        stored = _parents(view)
        self._shelves = [(states.shelf(each), places) for each, places in stored]
        self._look_ups = None
        if isinstance(view, Derived):
            self._look_ups = LookUps({view.name: use_of(view, view.entity)}, states)

    def read(self, entities: Sequence[Sequence[Constant]], time_us: int) -> list[Found]:
        """Return what the view says of entities; of a stored one, all of one state of the store.

        Args:
            entities: the values that name each, of their types; null where none is named.
            time_us: for when.

        Raises:
            RequestRejected: if the time is before the horizon.
            NotFound: if nothing was materialized.
            StorageError: if the store cannot be read.
        """
        asked = [
            (shelf, None if None in named else shelf.name(named))
            for shelf, places in self._shelves
            for entity in entities
            for named in [[entity[place] for place in places]]
        ]
        seen = self._states.look(asked, time_us)
        if isinstance(self.view, View):
            view = self.view
            return [
                Found(each.values, _statuses(view, each, None in entity), each.happened)
                for entity, each in zip(entities, seen, strict=True)
            ]
        size = len(entities)
        return [
            self._derived(
                entity, [seen[row + k * size] for k in range(len(self._shelves))], time_us
            )
            for row, entity in enumerate(entities)
        ]

    def _derived(self, entity: Sequence[Constant], parents: Sequence[Seen], time_us: int) -> Found:
        if self._look_ups is None:
            raise TypeError(self.view)
        row = dict(zip(self.view.entity, entity, strict=True))
        values = tuple(self._look_ups.read(row, time_us))
        is_missing = bool(parents) and all(each.status == NOT_FOUND for each in parents)
        happened = max((e.happened for e in parents if e.happened is not None), default=None)
        if is_missing and None not in entity:
            return Found(values, (STATUSES[NOT_FOUND],) * len(values), None)
        return Found(values, tuple(_found(value) for value in values), happened)


def _parents(view: AnyView) -> list[tuple[View, tuple[int, ...]]]:
    """Return the stored views whose entity is named by a view's own columns, and which of them."""
    places = {name: place for place, name in enumerate(view.entity)}
    if isinstance(view, View):
        return [(view, tuple(places.values()))]
    return [
        (use.view, tuple(places[name] for name in use.by))
        for use in view.parents.values()
        if isinstance(use.view, View) and all(name in places for name in use.by)
    ]


def _statuses(view: View, seen: Seen, is_nobody: bool) -> tuple[Status, ...]:  # noqa: FBT001
    if is_nobody or seen.status == NOT_FOUND:
        status = NULL if is_nobody else NOT_FOUND
        return (STATUSES[status],) * len(seen.values)
    is_old = seen.status == OUTSIDE_TTL
    return tuple(
        STATUSES[OUTSIDE_TTL] if is_old and isinstance(feature, Latest) else _found(value)
        for feature, value in zip(view.features.values(), seen.values, strict=True)
    )


def _found(value: Constant) -> Status:
    return STATUSES[NULL if value is None else PRESENT]
