"""Random views that stand on one another, and on several sources: what breaks look-ups of views.

Everything is drawn from a `random.Random`, as in `histories`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from interplane.expressions.nodes import Column, Literal, Lookup
from interplane.expressions.trees import parts_of, rebuild
from interplane.record import TYPES
from interplane.testing.histories import Past, known_of, table_of
from interplane.testing.random_expressions import Draw
from interplane.views.derived import Derived, use_of
from interplane.views.joined import column_of
from interplane.views.view import ENTITY_TYPES, SOURCE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Type
    from interplane.views.derived import AnyUse, AnyView
    from interplane.views.history import Event
    from interplane.views.view import View

__all__ = ["Family", "family", "said", "tables_of"]

_CHAINED = 0.6
_NEW_COLUMN = 0.2


@dataclass(frozen=True)
class Family:
    """Views that stand on one another.

    Attributes:
        stored: the views with events of their own; each has sources of its own.
        derived: the views that stand on them, and on each other.
    """

    stored: tuple[View, ...]
    derived: tuple[Derived, ...]


def family(random: Random) -> Family:
    """Return random views, of one source and of several, and some that stand on them.

    >>> from random import Random
    >>> made = family(Random(7))
    >>> len(made.stored), len(made.derived)
    (2, 2)
    """
    stored = tuple(_stored(random, number) for number in range(2))
    known: list[AnyView] = [*stored]
    derived = []
    for number in range(2):
        derived.append(_derived(random, known, name=f"d{number}"))
        known.append(derived[-1])
    return Family(stored, tuple(derived))


def tables_of(view: View, rows: Sequence[Mapping[str, Any]]) -> dict[str, Table]:
    """Return the tables of a view's sources that rows of it come from, each by its name.

    A row of a view of several sources says in ``SOURCE_COLUMN`` which it is of.
    """
    own = {name: kind for name, kind in view.columns.items() if name != SOURCE_COLUMN}
    return {
        source: table_of(
            [row for row in rows if row.get(SOURCE_COLUMN, view.source) == source], own
        )
        for source in view.sources
    }


def said(
    view: AnyView,
    events: Mapping[str, Mapping[tuple[Constant, ...], Sequence[Event]]],
    entity: tuple[Constant, ...],
    time: datetime,
) -> tuple[Constant, ...]:
    """Return what a view says of an entity at a time, by the rule that each kind has.

    Args:
        view: the view.
        events: the events of each stored view, by its name and by entity.
        entity: the entity.
        time: the time.
    """
    if not isinstance(view, Derived):
        return known_of(view, events[view.name], entity, time)
    if None in entity:
        return view.nothing
    there: dict[str, Constant] = dict(zip(view.entity, entity, strict=True))
    for parameter, use in view.parents.items():
        values = said(use.view, events, tuple(there[name] for name in use.by), time)
        names = (column_of(parameter, name) for name in use.view.types)
        there |= dict(zip(names, values, strict=True))
    return tuple(view.program({read.column: there[read.column] for read in view.reads}).values())


def _stored(random: Random, number: int) -> View:
    view = replace(Past(random).view(source=f"s{number}"), name=f"v{number}")
    if random.random() < 0.5:
        return view
    view = replace(view, more_sources=(f"t{number}",))
    if not view.key or random.random() < 0.3:  # a key of all sources
        return view
    columns: dict[str, Type] = {**view.columns, SOURCE_COLUMN: "str"}
    return replace(view, key=(*view.key, SOURCE_COLUMN), columns=columns)


def _derived(random: Random, known: Sequence[AnyView], *, name: str) -> Derived:
    entity: dict[str, Type] = {}
    there: dict[str, Type] = {}
    parents: dict[str, AnyUse] = {}
    for number in range(random.randint(1, 4)):
        view = random.choice(known)
        by = []
        for kind in view.entity_types:
            chained = [each for each, its in there.items() if its == kind]
            own = [each for each, its in entity.items() if its == kind]
            if chained and random.random() < _CHAINED:
                by.append(random.choice(chained))
            elif own and random.random() > _NEW_COLUMN:
                by.append(random.choice(own))
            else:
                by.append(f"k{len(entity)}")
                entity[by[-1]] = kind
        parents[f"p{number}"] = use_of(view, tuple(by))
        there |= {
            column_of(f"p{number}", feature): kind
            for feature, kind in view.types.items()
            if kind in ENTITY_TYPES
        }
    made = Derived(
        name=name,
        entity=tuple(entity),
        entity_types=tuple(entity.values()),
        parents=parents,
        features={},
    )
    count = random.randint(1, 4)
    features = {f"f{place}": _expression(random, made.offered) for place in range(count)}
    return replace(made, features=features)


def _expression(random: Random, columns: Mapping[str, Type]) -> Node:
    draw = Draw(random.getrandbits(32))
    # Expressions are drawn of all types; what no parent has is null.
    draw.columns = {**dict(columns), **_spare(columns)}
    made = draw.expression(random.choice(tuple(columns.values())), depth=random.randint(0, 3))
    if any(isinstance(part, Lookup) for part in parts_of(made)):
        return Column(*random.choice(tuple(columns.items())))
    return rebuild(
        made,
        lambda part: (
            Literal(None, part.type)
            if isinstance(part, Column) and part.name not in columns
            else None
        ),
    )


def _spare(columns: Mapping[str, Type]) -> dict[str, Type]:
    return {f"no {kind}": kind for kind in TYPES if kind not in columns.values()}
