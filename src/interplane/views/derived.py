"""`Derived`: a feature view of other views, as it is stored: typed, versioned JSON, named by its digest.

It has no events of its own. Its features are expressions of what the views that it stands on, its
*parents*, say at the time that is asked for; so it is never stale, and nothing of it is stored.

- A parent is joined by columns that name the entity, or by features of parents before it
  (``latest.carrier``): the aircraft's latest carrier is looked up, and then that carrier.
- A row that names no entity (a null in one of its columns) has null in all features, as with every
  other view. A parent that is joined by a null feature is all null; what the expressions make of
  that is the feature's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import msgspec

from interplane.errors import DataError, InterplaneError
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import parts_of
from interplane.record import Type, check_name
from interplane.record.digests import digest_value
from interplane.views.joined import column_of
from interplane.views.view import ENTITY_TYPES, View, ViewUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interplane.expressions.nodes import Constant, Node
    from interplane.expressions.row_program import RowProgram
    from interplane.record import Digest

__all__ = [
    "DEEPEST",
    "LARGEST",
    "AnyUse",
    "AnyView",
    "Derived",
    "DerivedUse",
    "Read",
    "size_of",
    "sources_of",
    "stored_below",
    "stored_views",
    "use_of",
    "view_from_dict",
]

DEEPEST: Final = 16
"""How many views may stand on one another."""

LARGEST: Final = 500
"""How many look-ups may stand below one view, those of its parents' parents among them."""

_FORM: Final = "interplane-derived-view"
_VERSION: Final = 1


class Read(NamedTuple):
    """A parent's feature that a view reads.

    Attributes:
        column: what the expressions call it: ``week.late_rate``.
        parent: the place of the parent among the parents.
        slot: the place of the feature among those of the parent.
    """

    column: str
    parent: int
    slot: int


@dataclass(frozen=True, eq=False)
class Derived:
    """Features of an entity that are made of other views' features.

    Attributes:
        name: its name.
        entity: the columns that name the entity.
        entity_types: their types, in this order.
        parents: the views that it stands on, by parameter and in order; each joined by columns of
            the entity, or by features of parents before it.
        features: the expressions of what the parents say, by name and in order.
    """

    name: str
    entity: tuple[str, ...]
    entity_types: tuple[Type, ...]
    parents: Mapping[str, AnyUse]
    features: Mapping[str, Node]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Derived) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> Digest:
        """The version of the view: the digest of its JSON form, which holds its parents' whole."""
        return digest_value(self.to_dict())

    @cached_property
    def types(self) -> dict[str, Type]:
        """The type of each feature, in order."""
        return {name: node.type for name, node in self.features.items()}

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Every table that the events of its stored views come from, each once."""
        return tuple(dict.fromkeys(name for view in stored_views(self) for name in view.sources))

    @cached_property
    def depth(self) -> int:
        """How many views stand on one another, this one included."""
        return 1 + max(_depth(use.view) for use in self.parents.values())

    @cached_property
    def offered(self) -> dict[str, Type]:
        """What the parents say, as ``parameter.feature``, in order, with types."""
        return {
            column_of(parameter, name): kind
            for parameter, use in self.parents.items()
            for name, kind in use.view.types.items()
        }

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """The features of parents that the expressions read, in the order of the parents."""
        used = {
            part.name
            for root in self.features.values()
            for part in parts_of(root)
            if isinstance(part, Column)
        }
        return tuple(
            Read(column, place, slot)
            for place, (parameter, use) in enumerate(self.parents.items())
            for slot, name in enumerate(use.view.types)
            if (column := column_of(parameter, name)) in used
        )

    @cached_property
    def nothing(self) -> tuple[Constant, ...]:
        """The values for a row that names no entity: all null."""
        return (None,) * len(self.features)

    @cached_property
    def program(self) -> RowProgram:
        """The features compiled for one row of what is read."""
        return compile_row(
            self.features, inputs={read.column: self.offered[read.column] for read in self.reads}
        )

    # ---- JSON -----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form: versioned, with nothing in it that runs."""
        named = zip(self.entity, self.entity_types, strict=True)
        return {
            "form": _FORM,
            "version": _VERSION,
            "name": self.name,
            "entity": [{"name": name, "type": kind} for name, kind in named],
            "parents": [
                {"parameter": parameter, **use.to_dict()} for parameter, use in self.parents.items()
            ],
            "features": [
                {"name": name, "expression": to_json(node)} for name, node in self.features.items()
            ],
        }

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """Read the plain JSON form. Runs nothing of it; checks all of it.

        Raises:
            DataError: if it is not such a form, or one of a newer Interplane.
        """
        return cls._read(plain, deep=1)

    @classmethod
    def _read(cls, plain: Any, *, deep: int) -> Self:
        if not isinstance(plain, dict) or plain.get("form") != _FORM:
            raise _broken("?", "it is none")
        name = str(plain.get("name", "?"))
        if plain.get("version") != _VERSION:
            raise DataError(
                f"the derived feature view {name!r} has version {plain.get('version')!r} of its form",
                expected=f"version {_VERSION}",
                do="Read it with a newer Interplane",
            )
        if deep > DEEPEST:
            raise _broken(name, f"more than {DEEPEST} views stand on one another")
        try:
            read = msgspec.convert(plain, type=_Plain)
            check_name(read.name, of="feature view")
            parents = {each.parameter: _use(each, deep=deep + 1) for each in read.parents}
            features = {each.name: from_json(each.expression) for each in read.features}
        except (msgspec.ValidationError, UnicodeEncodeError, InterplaneError) as error:
            raise _broken(name, str(error)) from error
        view = cls(
            name=read.name,
            entity=tuple(each.name for each in read.entity),
            entity_types=tuple(each.type for each in read.entity),
            parents=parents,
            features=features,
        )
        _check(view, read)
        return view


@dataclass(frozen=True)
class DerivedUse:
    """A derived view joined: by which columns.

    Attributes:
        view: the view.
        by: the columns that name the view's entity, in its order.
    """

    view: Derived
    by: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {"view": self.view.to_dict(), "by": list(self.by)}


AnyView = View | Derived
"""A view, whether it has events of its own or stands on others."""

AnyUse = ViewUse | DerivedUse
"""A view that is joined by columns."""


def use_of(view: AnyView, by: tuple[str, ...]) -> AnyUse:
    """Return a view joined by columns."""
    return DerivedUse(view, by) if isinstance(view, Derived) else ViewUse(view, by)


def view_from_dict(plain: Any) -> AnyView:
    """Read the plain JSON form of a view, stored or derived.

    Raises:
        DataError: if it is neither, or one of a newer Interplane.
    """
    return _view(plain, deep=1)


def stored_views(view: AnyView) -> tuple[View, ...]:
    """Return the views with events that a view stands on, each once; a stored one is itself.

    >>> from interplane.views.view import example
    >>> [each.name for each in stored_views(example())]
    ['example']
    """
    if isinstance(view, View):
        return (view,)
    found = (each for use in view.parents.values() for each in stored_views(use.view))
    return tuple({each.digest: each for each in found}.values())


def stored_below(view: AnyView, name: str) -> tuple[View, ...]:
    """Return the stored views that a feature stands on, those that say what others are joined by too.

    >>> from interplane.views.view import example
    >>> [each.name for each in stored_below(example(), "x")]
    ['example']
    """
    if isinstance(view, View):
        return (view,)
    nodes = parts_of(view.features[name])
    columns = list(dict.fromkeys(part.name for part in nodes if isinstance(part, Column)))
    found: dict[Digest, View] = {}
    for column in columns:  # grows by what parents are joined by
        for parameter, use in view.parents.items():
            for feature in use.view.types:
                if column_of(parameter, feature) == column:
                    found |= {each.digest: each for each in stored_below(use.view, feature)}
                    columns += [by for by in use.by if by in view.offered and by not in columns]
    return tuple(found.values())


def sources_of(uses: Mapping[str, AnyUse]) -> tuple[str, ...]:
    """Return the names of the tables that the events of some views come from, each once."""
    return tuple(dict.fromkeys(name for use in uses.values() for name in use.view.sources))


def size_of(view: AnyView) -> int:
    """Return how many look-ups stand below a view, itself included."""
    if isinstance(view, View):
        return 1
    return 1 + sum(size_of(use.view) for use in view.parents.values())


class _PlainEntity(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    type: Type


class _PlainParent(msgspec.Struct, forbid_unknown_fields=True):
    parameter: str
    view: Any
    by: tuple[str, ...]


class _PlainFeature(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    expression: Any


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    form: str
    version: int
    name: str
    entity: tuple[_PlainEntity, ...]
    parents: tuple[_PlainParent, ...]
    features: tuple[_PlainFeature, ...]


def _depth(view: AnyView) -> int:
    return 0 if isinstance(view, View) else view.depth


def _view(plain: Any, *, deep: int) -> AnyView:
    if isinstance(plain, dict) and plain.get("form") == _FORM:
        return Derived._read(plain, deep=deep)  # noqa: SLF001 - another one of its kind
    return View.from_dict(plain)


def _use(plain: _PlainParent, *, deep: int) -> AnyUse:
    return use_of(_view(plain.view, deep=deep), plain.by)


def _check(view: Derived, read: _Plain) -> None:
    """Hold the parts of the form against each other."""
    if not view.entity or len(set(view.entity)) != len(view.entity):
        raise _broken(view.name, "it has no entity, or a column of it twice")
    if any(kind not in ENTITY_TYPES for kind in view.entity_types):
        raise _broken(view.name, "a float names an entity")
    if not view.parents or len(view.parents) != len(read.parents):
        raise _broken(view.name, "it stands on no view, or a parameter is there twice")
    if not view.features or len(view.features) != len(read.features) or "" in view.features:
        raise _broken(view.name, "it has no feature, one twice, or one without a name")
    if size_of(view) > LARGEST:
        raise _broken(view.name, f"more than {LARGEST} look-ups stand below it")
    _check_joins(view)
    for part in _parts(view):
        if isinstance(part, Column) and view.offered.get(part.name) != part.type:
            raise _broken(view.name, f"no parent has {part.name!r} of the type {part.type}")
        if isinstance(part, Reduce | Lookup):
            raise _broken(view.name, "a feature holds a statistic, or a table")


def _parts(view: Derived) -> Iterator[Node]:
    for root in view.features.values():
        yield from parts_of(root)


def _check_joins(view: Derived) -> None:
    there = dict(zip(view.entity, view.entity_types, strict=True))
    for parameter, use in view.parents.items():
        if len(use.by) != len(use.view.entity):
            raise _broken(view.name, f"{parameter!r} is joined by {len(use.by)} columns")
        for name, kind in zip(use.by, use.view.entity_types, strict=True):
            if there.get(name) != kind:
                raise _broken(view.name, f"{parameter!r} is joined by {name!r}, which is no {kind}")
        for name, kind in use.view.types.items():
            column = column_of(parameter, name)
            if column in there:
                raise _broken(view.name, f"{column!r} is two things")
            there[column] = kind


def _broken(name: str, what: str) -> DataError:
    return DataError(
        f"the derived feature view {name!r} cannot be read: {what}",
        expected="what Derived.to_dict gives",
        do="Fit the features again, or take the bytes from the workspace that made them",
    )
