"""Look-ups: the features of views beside one row, as they are known at its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.nodes import Constant
    from interplane.record import Type
    from interplane.views.states import Asked, States
    from interplane.views.view import ViewUse

__all__ = ["LookUps"]


class LookUps:
    """Gives the values that a row's views add to it.

    Args:
        uses: the views by parameter, with the row's columns that name their entities.
        states: what this process keeps of the online store.

    Attributes:
        names: the columns that the views add, in order: ``carrier.late_rate_7d``.
        types: their types.
    """

    def __init__(self, uses: Mapping[str, ViewUse], states: States) -> None:
        views = {parameter: use.view for parameter, use in uses.items()}
        self.names: tuple[str, ...] = tuple(
            f"{parameter}.{name}" for parameter, view in views.items() for name in view.types
        )
        self.types: tuple[Type, ...] = tuple(
            kind for view in views.values() for kind in view.types.values()
        )
        self._states = states
        self._plan = tuple((states.shelf(use.view), use.by[0], use.by) for use in uses.values())

    def read(self, row: Mapping[str, Any], time_us: int) -> list[Constant]:
        """Return the values of all views for a row, all of one state of the store.

        They are null where a column that names the entity is null.

        Args:
            row: the values of the row by column, of their types.
            time_us: the prediction time in microseconds since 1970.

        Raises:
            RequestRejected: if the time is before the horizon of a view.
            NotFound: if nothing was materialized of a view.
            StorageError: if the store cannot be read.
        """
        asked: list[Asked] = []
        for shelf, first, by in self._plan:
            name = row[first]
            if len(by) > 1:
                entity = tuple([row[column] for column in by])
                name = None if None in entity else entity
            asked.append((shelf, name))
        return self._states.read(asked, time_us)

    def check(self) -> None:
        """Refuse to look up where there is no history.

        Raises:
            NotFound: if nothing was materialized of a view.
        """
        self._states.check([shelf for shelf, _, _ in self._plan])
