"""What has to be looked up for some views, and in which order: one plan for one row and for tables.

Views that stand on others are taken apart into *steps*: the look-up of a stored view for an entity,
or the features of a derived one from steps before it. What is asked for twice (the same version of a
view, joined by the same columns) is one step. A step belongs to a *round*: look-ups of the first
know their entities from the row, those of the next from what the rounds before them gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from interplane.views.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Digest, Type
    from interplane.views.derived import AnyUse, AnyView
    from interplane.views.view import View

__all__ = ["Computed", "LookedUp", "Place", "Plan", "Ref", "Step"]


class Place(NamedTuple):
    """A feature of an earlier step.

    Attributes:
        step: the step.
        slot: the place of the feature among those of its view.
    """

    step: int
    slot: int


Ref = str | Place
"""A column of the row, or a feature of an earlier step."""


@dataclass(frozen=True)
class LookedUp:
    """The look-up of a stored view.

    Attributes:
        view: the view.
        by: what names its entity.
        round: after how many rounds of look-ups that is known.
    """

    view: View
    by: tuple[Ref, ...]
    round: int


@dataclass(frozen=True)
class Computed:
    """The features of a derived view.

    Attributes:
        view: the view.
        by: what names its entity; all is null where one of them is.
        reads: for each column that its features read, its name and where it is.
        round: the round after which all of that is known.
    """

    view: Derived
    by: tuple[Ref, ...]
    reads: tuple[tuple[str, Place], ...]
    round: int


Step = LookedUp | Computed


@dataclass(frozen=True)
class Plan:
    """The steps for some views, each after those that it needs.

    Attributes:
        steps: the steps.
        results: for each view that was asked for, its step.
    """

    steps: tuple[Step, ...]
    results: tuple[int, ...]

    @classmethod
    def of(cls, uses: Mapping[str, AnyUse]) -> Plan:
        """Return the plan for some views; the columns that they are joined by are the row's.

        >>> from interplane.views.view import ViewUse, example
        >>> twice = {"one": ViewUse(example(), ("a",)), "again": ViewUse(example(), ("a",))}
        >>> plan = Plan.of(twice)
        >>> len(plan.steps), plan.results
        (1, (0, 0))
        """
        making = _Making()
        results = tuple(making.step(use.view, use.by) for use in uses.values())
        return cls(tuple(making.steps), results)

    @property
    def rounds(self) -> int:
        """How many rounds of look-ups there are."""
        return 1 + max((step.round for step in self.steps), default=-1)

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but look-ups of the views that were asked for, in that order."""
        looked_up = all(isinstance(step, LookedUp) for step in self.steps)
        return looked_up and self.results == tuple(range(len(self.steps)))

    @property
    def columns(self) -> dict[str, Type]:
        """The columns of the row that it reads, with their types."""
        return {
            ref: kind
            for step in self.steps
            for ref, kind in zip(step.by, step.view.entity_types, strict=True)
            if isinstance(ref, str)
        }


class _Making:
    """A plan while it is made."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._known: dict[tuple[Digest, tuple[Ref, ...]], int] = {}

    def step(self, view: AnyView, by: tuple[Ref, ...]) -> int:
        """Return the step of a view, after those that it needs; the one that is there, if there is."""
        known = self._known.get((view.digest, by))
        if known is not None:
            return known
        step = self._derived(view, by) if isinstance(view, Derived) else self._stored(view, by)
        self.steps.append(step)
        place = self._known[view.digest, by] = len(self.steps) - 1
        return place

    def _stored(self, view: View, by: tuple[Ref, ...]) -> LookedUp:
        rounds = [self.steps[ref.step].round + 1 for ref in by if isinstance(ref, Place)]
        return LookedUp(view, by, max(rounds, default=0))

    def _derived(self, view: Derived, by: tuple[Ref, ...]) -> Computed:
        there: dict[str, Ref] = dict(zip(view.entity, by, strict=True))
        parents = []
        for parameter, use in view.parents.items():
            parent = self.step(use.view, tuple(there[name] for name in use.by))
            parents.append(parent)
            for slot, name in enumerate(use.view.types):
                there[f"{parameter}.{name}"] = Place(parent, slot)
        reads = tuple((read.column, Place(parents[read.parent], read.slot)) for read in view.reads)
        needed = {*parents, *(ref.step for ref in by if isinstance(ref, Place))}
        return Computed(view, by, reads, max(self.steps[place].round for place in needed))
