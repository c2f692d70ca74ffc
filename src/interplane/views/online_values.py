"""What a feature view says of entities, read online, with a truthful status for each value."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from interplane.views.derived import Derived, stored_below, use_of
from interplane.views.derived_plan import Plan
from interplane.views.derived_rows import RowWalk
from interplane.views.events import FOREVER
from interplane.views.statuses import NO_ENTITY, NOT_FOUND, NULL, OUTSIDE_TTL, PRESENT, STATUSES
from interplane.views.view import Latest, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.record import Digest, Type
    from interplane.views.derived import AnyView
    from interplane.views.states import Seen, States
    from interplane.views.statuses import Status
    from interplane.views.walks import Asked

__all__ = ["Found", "ViewValues", "entity_types"]


class Found(NamedTuple):
    """What a view says of one entity at a time.

    Attributes:
        values: the values of its features, in the view's order. They are what a prediction at that
            time is given: a count over no events is 0, whatever its status.
        statuses: how each was found.
        happened: when the newest event of the entity happened, in microseconds since 1970; None if
            none is known.
        until: the first time at which that may differ though no event comes, in microseconds since 1970:
            windows and ages move with the clock. None if there is none.
    """

    values: tuple[Constant, ...]
    statuses: tuple[Status, ...]
    happened: int | None
    until: int | None


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
    is older than the time-to-live, its values are ``outside_ttl``; another null is ``null``. A feature of
    a view of other views is ``not_found`` if none of the entities that were looked up for it has an event,
    and a null one is ``outside_ttl`` if the latest event of one of them is too old. What happened last is
    the newest event of all that was looked up.

    Args:
        view: the view.
        states: what this process keeps of the online store.
    """

    def __init__(self, view: AnyView, states: States) -> None:
        self.view = view
        self._states = states
        self._walk = None
        if isinstance(view, Derived):
            self._walk = RowWalk(Plan.of({view.name: use_of(view, view.entity)}), states)
            self._below = [
                [each.digest for each in stored_below(view, name)] for name in view.features
            ]
        else:
            self._shelf = states.shelf(view)

    def read(self, entities: Sequence[Sequence[Constant]], time_us: int) -> list[Found]:
        """Return what the view says of entities, all of one state of the store.

        Args:
            entities: the values that name each, of their types; null where none is named.
            time_us: for when.

        Raises:
            RequestRejected: if the time is before the horizon.
            NotFound: if nothing was materialized.
            StorageError: if the store cannot be read.
        """
        view = self.view
        if self._walk is not None:
            rows = [dict(zip(view.entity, entity, strict=True)) for entity in entities]
            begins = [partial(self._walk.begin, row) for row in rows]
            read = self._states.look_in_rounds(begins, time_us)
            return [
                self._derived(entity, values, seen)
                for entity, (values, seen) in zip(entities, read, strict=True)
            ]
        asked = [(self._shelf, self._shelf.name_of(entity)) for entity in entities]
        return [
            Found(
                each.values,
                _statuses(view, each, is_nobody=None in entity),
                each.happened,
                _until(each.until),
            )
            for entity, each in zip(entities, self._states.look(asked, time_us), strict=True)
        ]

    def _derived(
        self, entity: Sequence[Constant], read: Sequence[Constant], seen: Mapping[Asked, Seen]
    ) -> Found:
        values = tuple(read)
        until = _until(min(each.until for each in seen.values()))
        happened = max((e.happened for e in seen.values() if e.happened is not None), default=None)
        if None in entity:
            return Found(values, tuple(map(_found, values)), happened, until)
        of_views: dict[Digest, list[int]] = {}
        for (shelf, _), each in seen.items():
            if each.status != NO_ENTITY:  # joined by a null: nothing was looked up
                of_views.setdefault(shelf.view.digest, []).append(each.status)
        statuses = tuple(
            _of_parents(value, [each for view in below for each in of_views.get(view, ())])
            for value, below in zip(values, self._below, strict=True)
        )
        return Found(values, statuses, happened, until)


def _until(time_us: int) -> int | None:
    return None if time_us >= FOREVER else time_us


def _of_parents(value: Constant, statuses: Sequence[int]) -> Status:
    """Return the status of a value by those of what was looked up for it."""
    if statuses and all(each == NOT_FOUND for each in statuses):
        return STATUSES[NOT_FOUND]
    return STATUSES[OUTSIDE_TTL] if value is None and OUTSIDE_TTL in statuses else _found(value)


def _statuses(view: AnyView, seen: Seen, *, is_nobody: bool) -> tuple[Status, ...]:
    if is_nobody or seen.status == NOT_FOUND:
        status = NULL if is_nobody else NOT_FOUND
        return (STATUSES[status],) * len(seen.values)
    if not isinstance(view, View):
        raise TypeError(view)
    is_old = seen.status == OUTSIDE_TTL
    return tuple(
        STATUSES[OUTSIDE_TTL] if is_old and isinstance(feature, Latest) else _found(value)
        for feature, value in zip(view.features.values(), seen.values, strict=True)
    )


def _found(value: Constant) -> Status:
    return STATUSES[NULL if value is None else PRESENT]
