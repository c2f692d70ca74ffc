"""`View`: a feature view as it is stored: typed, versioned JSON, named by its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from interplane.errors import DataError, InterplaneError
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import parts_of
from interplane.expressions.windows import Last, WindowFunction, window_type
from interplane.record import TYPES, Type, check_name
from interplane.record.digests import digest_value
from interplane.views.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.nodes import Constant, Node
    from interplane.expressions.row_program import RowProgram
    from interplane.record import Digest

__all__ = [
    "ENTITY_TYPES",
    "SOURCE_COLUMN",
    "Latest",
    "View",
    "ViewUse",
    "Window",
    "example",
    "micros",
]

ENTITY_TYPES: Final[tuple[Type, ...]] = ("bool", "int", "str", "date", "timestamp")
"""What can name an entity or an event. Floats cannot: -0.0 and 0.0 are equal and yet two values."""

SOURCE_COLUMN: Final = "@source"
"""The column that an event of a view of several sources has beside those of its table: its source."""

_FORM: Final = "interplane-view"
_VERSION: Final = 1
_NEWER: Final = 2
"""The version of the form of a view that has several sources, or windows that the first one lacks."""

_FIRST_FUNCTIONS: Final = ("count", "sum", "mean", "min", "max")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return a UTC time without a zone as microseconds since 1970.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    return (moment - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Latest:
    """A feature that is a value of the latest event.

    Attributes:
        argument: its place among the view's arguments.
        type: its type.
    """

    argument: int
    type: Type


@dataclass(frozen=True, slots=True)
class Window:
    """A feature that is a statistic of a window: of the last so-and-so long, of so many events, of all.

    Attributes:
        function: which statistic.
        argument: the place among the view's arguments of what it is taken of.
        duration_us: how long the window is, in microseconds; None for a number of events or all.
        of: the type of the argument.
        rows: how many events it holds; None for a length or all.
        delay_us: how long before the time that is asked for it ends, in microseconds.
    """

    function: WindowFunction
    argument: int
    duration_us: int | None
    of: Type
    rows: int | None = None
    delay_us: int = 0

    @property
    def span(self) -> Last:
        """Which events it holds."""
        return Last(self.duration_us, self.rows, self.delay_us)

    @property
    def is_newer(self) -> bool:
        """Whether the first version of the form has no such window."""
        return (
            self.duration_us is None
            or self.delay_us != 0
            or self.function not in _FIRST_FUNCTIONS
            or (self.function in ("min", "max") and self.of not in ("bool", "int", "float"))
        )

    @property
    def type(self) -> Type:
        """The type of its value."""
        found = window_type(self.function, self.of)
        if found is None:
            raise _broken("?", f"there is no {self.function} of {self.of} over a window")
        return found


@dataclass(frozen=True, eq=False)
class View:
    """Features of an entity over time, ready to be looked up. `History` says what they are.

    Attributes:
        name: its name.
        source: the table that its events come from: a dataset, or an output of a pipeline.
        entity: the columns that name the entity.
        event_time: the column of when an event happened.
        known_at: the column of when it was known; may be the same.
        ttl_us: how old the latest event may be, in microseconds; None for no bound.
        forecast: whether events may be known before they happen.
        key: the columns that name an event; a view with windows has some.
        columns: every column of the source that the view reads, with its type.
        arguments: what is computed of each event, once, when it comes in.
        features: what can be looked up, by name and in order.
        more_sources: further tables that events come from. Each has all columns but `SOURCE_COLUMN`.
    """

    name: str
    source: str
    entity: tuple[str, ...]
    event_time: str
    known_at: str
    ttl_us: int | None
    forecast: bool
    key: tuple[str, ...]
    columns: Mapping[str, Type]
    arguments: tuple[Node, ...]
    features: Mapping[str, Latest | Window]
    more_sources: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> Digest:
        """The version of the view: the digest of its JSON form. Another definition is another."""
        return digest_value(self.to_dict())

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Every table that its events come from."""
        return (self.source, *self.more_sources)

    @cached_property
    def types(self) -> dict[str, Type]:
        """The type of each feature, in order."""
        return {name: feature.type for name, feature in self.features.items()}

    @cached_property
    def entity_types(self) -> tuple[Type, ...]:
        """The type of each column that names the entity, in its order."""
        return tuple(self.columns[name] for name in self.entity)

    @cached_property
    def latest_slots(self) -> tuple[tuple[int, int], ...]:
        """For each latest value its place among the features, and that of its argument."""
        return tuple(
            (slot, feature.argument)
            for slot, feature in enumerate(self.features.values())
            if isinstance(feature, Latest)
        )

    @cached_property
    def window_slots(self) -> tuple[tuple[Last, tuple[tuple[int, Window], ...]], ...]:
        """For each span of windows its features, each with its place among all."""
        found: dict[Last, list[tuple[int, Window]]] = {}
        for slot, feature in enumerate(self.features.values()):
            if isinstance(feature, Window):
                found.setdefault(feature.span, []).append((slot, feature))
        return tuple((span, tuple(slots)) for span, slots in found.items())

    @cached_property
    def has_latest(self) -> bool:
        """Whether it has values of the latest event."""
        return bool(self.latest_slots)

    @cached_property
    def has_windows(self) -> bool:
        """Whether it has windows."""
        return bool(self.window_slots)

    @cached_property
    def longest_us(self) -> int:
        """How far back its windows of a length reach, in microseconds; 0 without any."""
        spans = [span for span, _ in self.window_slots]
        return max(((span.duration_us or 0) + span.delay_us for span in spans), default=0)

    @cached_property
    def is_endless(self) -> bool:
        """Whether a window has no length: then an event counts however old it is."""
        return any(span.duration_us is None for span, _ in self.window_slots)

    @cached_property
    def needs_order(self) -> bool:
        """Whether a window asks which of its events come first."""
        return any(
            span.rows is not None or window.function in ("first", "last")
            for span, slots in self.window_slots
            for _, window in slots
        )

    @cached_property
    def nothing(self) -> tuple[Constant, ...]:
        """The values for a row that names no entity (a null in its columns): all null."""
        return (None,) * len(self.features)

    @cached_property
    def program(self) -> RowProgram:
        """The arguments compiled for one event."""
        outputs = {str(place): node for place, node in enumerate(self.arguments)}
        return compile_row(outputs, inputs=dict(self.columns))

    def entity_of(self, row: Mapping[str, Any]) -> tuple[Constant, ...] | None:
        """Return the entity of a row of the source; None if part of its name is null."""
        entity = tuple(row[name] for name in self.entity)
        return None if None in entity else entity

    def event_of(self, row: Mapping[str, Any]) -> Event | None:
        """Return the event that a row of the source is.

        None if it has no event time, is not known yet (no known-at time), or part of its key is
        null: such a row is in no feature.

        Args:
            row: a value for each of ``columns``, of its type; None for null.

        Raises:
            DataError: if it was known before it happened, and the view is no forecast.
        """
        known, happened = row[self.known_at], row[self.event_time]
        key = tuple(row[name] for name in self.key)
        if known is None or happened is None or None in key:
            return None
        if known < happened and not self.forecast:
            raise self.known_too_early(f"{happened}", f"{known}")
        values = tuple(
            value + 0.0 if isinstance(value, float) else value
            for value in self.program(row).values()
        )
        return Event(known=micros(known), event=micros(happened), key=key, values=values)

    def known_too_early(self, happened: str, known: str) -> DataError:
        """Return the error for an event that was known before it happened."""
        return DataError(
            f"an event of {self.source!r} at {self.event_time} {happened} was known before, at "
            f"{self.known_at} {known}",
            expected=f"known_at >= event_time in the view {self.name!r}",
            do="Correct the row, or declare forecast=True where that is meant",
            view=self.name,
        )

    # ---- JSON -----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form: versioned, with nothing in it that runs."""
        return {
            "form": _FORM,
            "version": _NEWER if self._is_newer else _VERSION,
            "name": self.name,
            "source": self.source,
            **({"more_sources": list(self.more_sources)} if self.more_sources else {}),
            "entity": list(self.entity),
            "event_time": self.event_time,
            "known_at": self.known_at,
            "ttl_us": self.ttl_us,
            "forecast": self.forecast,
            "key": list(self.key),
            "columns": [{"name": name, "type": kind} for name, kind in self.columns.items()],
            "arguments": [to_json(node) for node in self.arguments],
            "features": [_feature_to_dict(*item) for item in self.features.items()],
        }

    @property
    def _is_newer(self) -> bool:
        windows = (each for each in self.features.values() if isinstance(each, Window))
        return bool(self.more_sources) or any(each.is_newer for each in windows)

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """Read the plain JSON form. Runs nothing of it; checks all of it.

        Raises:
            DataError: if it is not such a form, or one of a newer Interplane.
        """
        if not isinstance(plain, dict) or plain.get("form") != _FORM:
            raise _broken("?", "it is none")
        if plain.get("version") not in (_VERSION, _NEWER):  # it may be anything, also a list
            raise DataError(
                f"this feature view has version {plain.get('version')!r} of its form",
                expected=f"a version up to {_NEWER}",
                do="Read it with a newer Interplane",
            )
        try:
            read = msgspec.convert(plain, type=_Plain)
            check_name(read.name, of="feature view")
            arguments = tuple(from_json(each) for each in read.arguments)
            features = {each.name: _feature_of(each, arguments) for each in read.features}
        except (msgspec.ValidationError, UnicodeEncodeError, InterplaneError, IndexError) as error:
            raise _broken(str(plain.get("name", "?")), str(error)) from error
        view = cls(
            name=read.name,
            source=read.source,
            entity=read.entity,
            event_time=read.event_time,
            known_at=read.known_at,
            ttl_us=read.ttl_us,
            forecast=read.forecast,
            key=read.key,
            columns={each.name: each.type for each in read.columns},
            arguments=arguments,
            features=features,
            more_sources=read.more_sources,
        )
        _check(view, read)
        if read.version != view.to_dict()["version"]:
            raise _broken(
                read.name, f"version {read.version} of the form has other windows, or sources"
            )
        return view


@dataclass(frozen=True)
class ViewUse:
    """A view joined to rows: by which of their columns.

    Attributes:
        view: the view.
        by: the row's columns that name the view's entity, in its order.
    """

    view: View
    by: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {"view": self.view.to_dict(), "by": list(self.by)}


class _PlainColumn(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    type: Type


class _PlainFeature(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    argument: int
    function: WindowFunction | None = None
    duration_us: int | None = None
    rows: int | None = None
    delay_us: int = 0


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    form: str
    version: int
    name: str
    source: str
    entity: tuple[str, ...]
    event_time: str
    known_at: str
    ttl_us: int | None
    forecast: bool
    key: tuple[str, ...]
    columns: tuple[_PlainColumn, ...]
    arguments: tuple[Any, ...]
    features: tuple[_PlainFeature, ...]
    more_sources: tuple[str, ...] = ()


def _feature_to_dict(name: str, feature: Latest | Window) -> dict[str, Any]:
    if isinstance(feature, Latest):
        return {"name": name, "argument": feature.argument}
    plain = {"name": name, "argument": feature.argument, "function": feature.function}
    if feature.duration_us is not None:
        plain["duration_us"] = feature.duration_us
    if feature.rows is not None:
        plain["rows"] = feature.rows
    if feature.delay_us:
        plain["delay_us"] = feature.delay_us
    return plain


def _feature_of(plain: _PlainFeature, arguments: tuple[Node, ...]) -> Latest | Window:
    if plain.argument < 0:
        raise IndexError(plain.argument)
    kind, length = arguments[plain.argument].type, (plain.duration_us, plain.rows)
    if plain.function is None:
        if length != (None, None) or plain.delay_us:
            raise _broken("?", f"the feature {plain.name!r} has half of a window")
        return Latest(plain.argument, kind)
    if None not in length:
        raise _broken("?", f"the feature {plain.name!r} has a length and a number of events")
    return Window(
        plain.function, plain.argument, plain.duration_us, kind, *length[1:], plain.delay_us
    )


def _check(view: View, read: _Plain) -> None:
    """Hold the parts of the form against each other."""
    named = (*view.entity, *view.key, view.event_time, view.known_at)
    windows = [each for each in view.features.values() if isinstance(each, Window)]
    if not view.entity or not view.features or len(view.features) != len(read.features):
        raise _broken(view.name, "it has no entity, no feature, or a feature twice")
    if len(view.columns) != len(read.columns) or "" in view.features:
        raise _broken(view.name, "it has a column twice, or a feature without a name")
    if len(set(view.sources)) != len(view.sources):
        raise _broken(view.name, "it has a source twice")
    if view.ttl_us is not None and view.ttl_us < 0:
        raise _broken(view.name, "its time-to-live is negative")
    if missing := sorted(set(named) - set(view.columns)):
        raise _broken(view.name, f"the column {missing[0]!r} has no type")
    if any(view.columns[name] not in ENTITY_TYPES for name in (*view.entity, *view.key)):
        raise _broken(view.name, "a float names an entity or an event")
    if any(view.columns[name] != "timestamp" for name in (view.event_time, view.known_at)):
        raise _broken(view.name, "a time is no timestamp")
    if windows and not view.key:
        raise _broken(view.name, "it has windows and no key")
    for window in windows:
        _check_window(view.name, window)
    _check_arguments(view)


def _check_window(name: str, window: Window) -> None:
    if window.duration_us is not None and window.duration_us <= 0:
        raise _broken(name, "a window has no length")
    if window.rows is not None and window.rows <= 0:
        raise _broken(name, "a window holds no events")
    if window.delay_us < 0 or window.type not in TYPES:
        raise _broken(name, "a window ends after the time that is asked for")


def _check_arguments(view: View) -> None:
    for node in (part for root in view.arguments for part in parts_of(root)):
        if isinstance(node, Column) and view.columns.get(node.name) != node.type:
            raise _broken(view.name, f"the column {node.name!r} has two types")
        if isinstance(node, Reduce | Lookup):
            raise _broken(view.name, "an argument holds a statistic, or a table")


def _broken(name: str, what: str) -> DataError:
    return DataError(
        f"the feature view {name!r} cannot be read: {what}",
        expected="what View.to_dict gives",
        do="Fit the features again, or take the bytes from the workspace that made them",
    )


def example() -> View:
    """Return a small view, for the examples of this package: the latest x, and a count of 100 µs.

    >>> example().types
    {'x': 'float', 'n': 'int'}
    """
    return View(
        name="example",
        source="events",
        entity=("who",),
        event_time="at",
        known_at="known",
        ttl_us=None,
        forecast=False,
        key=("id",),
        columns={"who": "str", "at": "timestamp", "known": "timestamp", "id": "int", "x": "float"},
        arguments=(Column("x", "float"),),
        features={"x": Latest(0, "float"), "n": Window("count", 0, 100, "float")},
    )
