"""Look-ups: the features of views beside one row, as they are known at its time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from interplane.views.derived_plan import LookedUp, Plan
from interplane.views.derived_rows import RowRead, RowWalk
from interplane.views.joined import column_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.nodes import Constant
    from interplane.record import Type
    from interplane.views.derived import AnyUse
    from interplane.views.states import States
    from interplane.views.walks import Asked

__all__ = ["LookUps"]


class LookUps:
    """Gives the values that a row's views add to it.

    What several views stand on is read once, and everything is read of one state of the store.

    Args:
        uses: the views by parameter, with the row's columns that name their entities.
        states: what this process keeps of the online store.

    Attributes:
        names: the columns that the views add, in order: ``carrier.late_rate_7d``.
        types: their types.
    """

    def __init__(self, uses: Mapping[str, AnyUse], states: States) -> None:
        views = {parameter: use.view for parameter, use in uses.items()}
        self.names: tuple[str, ...] = tuple(
            column_of(parameter, name) for parameter, view in views.items() for name in view.types
        )
        self.types: tuple[Type, ...] = tuple(
            kind for view in views.values() for kind in view.types.values()
        )
        self._states = states
        plan = Plan.of(uses)
        looked_up = [step for step in plan.steps if isinstance(step, LookedUp)]
        self._shelves = tuple(states.shelf(step.view) for step in looked_up)
        self._walk = RowWalk(plan, states) if plan.rounds > 1 else None
        self._derived = RowRead(plan, states) if plan.rounds == 1 and not plan.is_plain else None
        self._plan: tuple[tuple[Any, str, tuple[str, ...]], ...] = ()
        if plan.is_plain:
            self._plan = tuple(
                (shelf, use.by[0], use.by)
                for shelf, use in zip(self._shelves, uses.values(), strict=True)
            )

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
        if self._walk is not None:
            return self._states.read_in_rounds(partial(self._walk.begin, row), time_us)
        if self._derived is not None:
            values = self._states.read(self._derived.ask(row), time_us)
            return self._derived.answer(row, values)
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
        self._states.check(self._shelves)
