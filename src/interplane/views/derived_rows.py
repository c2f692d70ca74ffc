"""Derived views for one row: what is asked of the online store, round by round, and what comes of it.

Standard library only, for the model server imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.views.derived_plan import LookedUp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.expressions.row_program import RowProgram
    from interplane.views.derived_plan import Computed, Plan, Ref
    from interplane.views.shelves import Shelf
    from interplane.views.states import States
    from interplane.views.walks import Asked, Walk

    _Computing = tuple[
        tuple[str, ...], tuple[tuple[str, int], ...], RowProgram, tuple[Constant, ...]
    ]

__all__ = ["RowRead", "RowWalk"]


class RowRead:
    """A plan of one round for one row: everything is asked at once, and the rest is computed.

    Args:
        plan: the plan; all entities are named by columns of the row.
        states: where it will be asked.
    """

    def __init__(self, plan: Plan, states: States) -> None:
        self._asked: list[tuple[Shelf, tuple[str, ...]]] = []
        self._computed: list[_Computing] = []
        begins = _begins(plan)
        for step in plan.steps:
            by = tuple(ref for ref in step.by if isinstance(ref, str))
            if isinstance(step, LookedUp):
                self._asked.append((states.shelf(step.view), by))
            else:
                reads = tuple((name, begins[at.step] + at.slot) for name, at in step.reads)
                self._computed.append((by, reads, step.view.program, step.view.nothing))
        self._out = tuple(
            begins[result] + slot
            for result in plan.results
            for slot in range(len(plan.steps[result].view.types))
        )

    def ask(self, row: Mapping[str, Any]) -> list[Asked]:
        """Return what is asked for a row."""
        return [(shelf, shelf.name_of([row[name] for name in by])) for shelf, by in self._asked]

    def answer(self, row: Mapping[str, Any], values: list[Constant]) -> list[Constant]:
        """Return the values of all views for a row, from those that were asked for."""
        for by, reads, program, nothing in self._computed:
            if None in [row[name] for name in by]:
                values += nothing
            else:
                values += program({name: values[place] for name, place in reads}).values()
        return [values[place] for place in self._out]


def _begins(plan: Plan) -> dict[int, int]:
    """Return where the values of each step begin: those that are looked up first, then the others."""
    begins, end = {}, 0
    looked_up = [isinstance(step, LookedUp) for step in plan.steps]
    for place in sorted(range(len(plan.steps)), key=lambda place: not looked_up[place]):
        begins[place] = end
        end += len(plan.steps[place].view.types)
    return begins


class RowWalk:
    """A plan for one row: it asks, is told, and asks again, until it has the values of all views.

    Args:
        plan: the plan.
        states: where it will be asked.
    """

    def __init__(self, plan: Plan, states: States) -> None:
        self._steps = len(plan.steps)
        self._results = plan.results
        self._rounds: list[list[tuple[int, LookedUp, Shelf]]] = [[] for _ in range(plan.rounds)]
        self._after: list[list[tuple[int, Computed]]] = [[] for _ in range(plan.rounds)]
        for place, step in enumerate(plan.steps):
            if isinstance(step, LookedUp):
                self._rounds[step.round].append((place, step, states.shelf(step.view)))
            else:
                self._after[step.round].append((place, step))

    def begin(self, row: Mapping[str, Any]) -> Walk:
        """Begin with a row: a generator that yields what it asks and returns all values."""
        known: list[Sequence[Constant]] = [()] * self._steps
        for asking, computing in zip(self._rounds, self._after, strict=True):
            asked: list[Asked] = [
                (shelf, shelf.name_of(_entity(step.by, row, known))) for _, step, shelf in asking
            ]
            found = yield asked
            for (place, _, _), values in zip(asking, found, strict=True):
                known[place] = values
            for place, step in computing:
                known[place] = _computed(step, row, known)
        return [value for result in self._results for value in known[result]]


def _entity(
    by: tuple[Ref, ...], row: Mapping[str, Any], known: Sequence[Sequence[Constant]]
) -> list[Any]:
    return [row[ref] if isinstance(ref, str) else known[ref.step][ref.slot] for ref in by]


def _computed(
    step: Computed, row: Mapping[str, Any], known: Sequence[Sequence[Constant]]
) -> Sequence[Constant]:
    if None in _entity(step.by, row, known):
        return step.view.nothing
    read = {column: known[place.step][place.slot] for column, place in step.reads}
    return tuple(step.view.program(read).values())
