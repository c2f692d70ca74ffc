"""Where feature views are written: one function from a source's row to named features of an entity.

Without a source it is a function of other views: see `derived_definition`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast, overload

from interplane.data.dataset import Dataset
from interplane.errors import DataError, NotFreezable, UnknownName, UsageError
from interplane.expressions.expr import Expr, Row, if_else
from interplane.expressions.nodes import Column, Literal, Reduce
from interplane.expressions.places import called
from interplane.expressions.trees import parts_of
from interplane.expressions.windows import Windowed
from interplane.record import check_name
from interplane.record.arguments import checked, checked_methods
from interplane.record.durations import parse_duration
from interplane.views.definition_sources import all_columns, check_shared, source_names
from interplane.views.derived_definition import DerivedFeatureView
from interplane.views.joined import Joined, WrittenView, named_features, names_of
from interplane.views.view import ENTITY_TYPES, SOURCE_COLUMN, Latest, View, ViewUse, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.expressions.nodes import Node
    from interplane.expressions.windows import WindowFunction
    from interplane.record import Type

__all__ = ["FeatureView", "Joined", "feature_view"]

_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST: Final = timedelta(days=3_652_059)  # all days that a time can be of


@overload
def feature_view(
    *misplaced: object,
    source: str | Dataset | Sequence[str | Dataset],
    entity: str | Sequence[str],
    event_time: str,
    known_at: str | None = None,
    ttl: str | timedelta | None = None,
    forecast: bool = False,
    key: str | Sequence[str] = (),
    shared_key: bool = False,
) -> Callable[[Callable[..., Mapping[str, Any]]], FeatureView]: ...
@overload
def feature_view(
    *misplaced: object, entity: str | Sequence[str] = ()
) -> Callable[[Callable[..., Mapping[str, Any]]], DerivedFeatureView]: ...
@checked
def feature_view(
    *misplaced: object,
    source: str | Dataset | Sequence[str | Dataset] = (),
    entity: str | Sequence[str] = (),
    event_time: str = "",
    known_at: str | None = None,
    ttl: str | timedelta | None = None,
    forecast: bool = False,
    key: str | Sequence[str] = (),
    shared_key: bool = False,
) -> Callable[[Callable[..., Mapping[str, Any]]], FeatureView | DerivedFeatureView]:
    """Declare features of an entity over time; decorates a function from a row of the source.

    Without a source, it decorates a function of other views, and its features are expressions of what
    those say at the time that is asked for: ``def trend(week=carrier_7d, quarter=carrier_90d)``.

    Args:
        source: where the events come from: a dataset, the name of an output of the pipeline, or
            several of them. The events of a view of several sources are those of all; a row says
            which it is from: ``row["@source"]``.
        entity: the column, or columns, that name the entity.
        event_time: the column of when an event happened.
        known_at: the column of when it was known; when it happened, unless said.
        ttl: how old the latest event may be (``3h``); windows are not bounded by it.
        forecast: events may be known before they happen.
        key: the column, or columns, that name an event. Windows need it: they count events.
        shared_key: events of several sources that have one key are one event, however often it came.
            Without it a key names an event within its source.
        misplaced: nothing; it catches ``@feature_view`` without arguments.

    >>> from interplane.expressions.windows import last
    >>> @feature_view(source="flights", entity="carrier", event_time="left", key="flight_id")
    ... def carrier_history(flights):
    ...     return {"late_rate_7d": flights.late.mean().over(last("7d"))}
    >>> carrier_history
    <FeatureView carrier_history of carrier, from flights>
    """
    if misplaced:
        raise UsageError(
            f"feature_view got {misplaced[0]!r:.80} without a name",
            expected="settings by name, in parentheses after the decorator",
            do='Write for example @ip.feature_view(source=flights, entity="carrier", …)',
        )

    if not isinstance(source, str | Dataset) and not source:
        _refuse_settings(event_time, known_at, ttl, forecast, key, shared_key)
        return lambda function: DerivedFeatureView(function, entity=names_of(entity))

    def decorate(function: Callable[..., Mapping[str, Any]]) -> FeatureView:
        return FeatureView(
            function,
            source=source_names(source),
            entity=names_of(entity),
            event_time=event_time,
            known_at=known_at or event_time,
            ttl_us=None if ttl is None else _ttl(ttl),
            forecast=forecast,
            key=names_of(key),
            shared_key=shared_key,
        )

    return decorate


def _ttl(given: str | timedelta) -> int:
    """Return a time-to-live in microseconds."""
    seconds = given.total_seconds() if isinstance(given, timedelta) else parse_duration(given)
    if seconds is None or not 0 < seconds <= _LONGEST.total_seconds():
        raise UsageError(
            f"ttl={given!r} is no time-to-live: how old the latest event of a view may be",
            expected=f"a positive length of time such as '90m', '3h' or '7d', or a timedelta; at most "
            f"{_LONGEST.days:,} days",
            do='Write for example ttl="3h"; leave it out where an event stays whatever its age',
        )
    return (timedelta(seconds=seconds) if isinstance(given, str) else given) // _MICROSECOND


def _refuse_settings(*settings: object) -> None:
    """Refuse what only a view with events of its own has."""
    if any(settings):
        raise UsageError(
            "a feature view without a source has settings of one",
            expected="entity= alone: event times, keys and a time-to-live are those of the views that "
            "it stands on",
            do="Leave them out, or say where its events come from with source=",
        )


@checked_methods()
class FeatureView(WrittenView):
    """A feature view as written; ``by`` joins it to the rows of features.

    The function itself stays callable as ``function``.
    """

    def __init__(
        self,
        function: Callable[..., Mapping[str, Any]],
        *,
        source: str | tuple[str, ...],
        entity: tuple[str, ...],
        event_time: str,
        known_at: str,
        ttl_us: int | None = None,
        forecast: bool = False,
        key: tuple[str, ...] = (),
        shared_key: bool = False,
    ) -> None:
        self.function = function
        self.name = check_name(getattr(function, "__name__", "view"), of="feature view")
        self.sources = names_of(source)
        self.source = " and ".join(self.sources)
        self.entity = entity
        self.event_time = event_time
        self.known_at = known_at
        self.ttl_us = ttl_us
        self.forecast = forecast
        self.key = key
        self.shared_key = shared_key
        self.__doc__ = function.__doc__
        self._row_name = _row_name(function, self.name)
        self._check_entity()

    def __repr__(self) -> str:
        return f"<FeatureView {self.name} of {', '.join(self.entity)}, from {self.source}>"

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses this view depends on: the function and settings."""
        return {
            "function": self.function,
            "source": self.source if len(self.sources) == 1 else self.sources,
            "entity": self.entity,
            "event_time": self.event_time,
            "known_at": self.known_at,
            "ttl_us": self.ttl_us,
            "forecast": self.forecast,
            "key": self.key,
            **({"shared_key": True} if self.shared_key else {}),
        }

    def use(self, types: Mapping[str, Mapping[str, Type]], by: tuple[str, ...]) -> ViewUse:
        """Return the view over its sources, joined by columns.

        Raises:
            UnknownName: if a source lacks a column that the view names or reads.
            DataError: if sources have one column with several types.
        """
        for name in self.sources:
            if not isinstance(types.get(name), Mapping):
                raise UnknownName.of(
                    *("source", name, types),
                    where="the types",
                    do=f"Give the types of its columns: {{{name!r}: table.types}}",
                )
        own = {name: types[name] for name in self.sources}
        if len(own) == 1:
            return ViewUse(self.define(own[self.sources[0]]), by)
        view = self.define(all_columns(own, of=self.name))
        check_shared(view, own)
        return ViewUse(view, by)

    def define(self, types: Mapping[str, Type]) -> View:
        """Return the view over a source with columns of these types.

        Raises:
            UnknownName: if a column that it names or reads is not there.
            DataError: if a column that names an entity, an event or a time is of another type.
            NotFreezable: if the function returns something that is no feature.
        """
        self._check_columns(types)
        returned: Any = called(self.function, Row(types, name=self._row_name), of=self.name)
        if not isinstance(returned, Mapping) or not returned:
            raise NotFreezable(
                f"{self.name} returned {returned!r:.80}",
                expected="a dict from feature names to features, with at least one",
                do=f'Return for example {{"wind": {self._row_name}.wind_speed}}',
            )
        arguments: dict[Node, int] = {}
        features = {
            name: self._feature(name, value, arguments)
            for name, value in named_features(returned, self.name).items()
        }
        windowed = any(isinstance(each, Window) for each in features.values())
        key = self._identity() if windowed else ()
        return View(
            name=self.name,
            source=self.sources[0],
            more_sources=self.sources[1:],
            entity=self.entity,
            event_time=self.event_time,
            known_at=self.known_at,
            ttl_us=self.ttl_us,
            forecast=self.forecast,
            key=key,
            columns=self._columns(types, key, arguments),
            arguments=tuple(arguments),
            features=features,
        )

    def _identity(self) -> tuple[str, ...]:
        """Return the columns that name an event: where sources have keys of their own, its source too."""
        several = len(self.sources) > 1 and not self.shared_key
        return (*self.key, SOURCE_COLUMN) if several and SOURCE_COLUMN not in self.key else self.key

    def _columns(
        self, types: Mapping[str, Type], key: tuple[str, ...], arguments: Mapping[Node, int]
    ) -> dict[str, Type]:
        named = (*self.entity, self.event_time, self.known_at, *key)
        read = (
            part.name for root in arguments for part in parts_of(root) if isinstance(part, Column)
        )
        return {name: types[name] for name in dict.fromkeys((*named, *read))}

    def _feature(self, name: str, value: object, arguments: dict[Node, int]) -> Latest | Window:
        if isinstance(value, Windowed):
            return self._window(name, value, arguments)
        if not isinstance(value, Expr):
            raise NotFreezable(
                f"the feature {name!r} of {self.name} is {value!r:.80}, of type "
                f"{type(value).__name__}",
                expected="an expression of the source's columns, or a statistic over a window",
                do=f'Write for example {self._row_name}.late.mean().over(ip.last("7d")); compute '
                "with the result where the view is used",
                feature=name,
            )
        for part in parts_of(value.node):
            if isinstance(part, Reduce):
                raise NotFreezable(
                    f"the feature {name!r} of {self.name} takes the {part.function} over no window",
                    expected="a value of the latest event, or a statistic over a window",
                    do='Add .over(ip.last("7d")), alone: compute with the result where the view '
                    "is used",
                    feature=name,
                )
        return Latest(arguments.setdefault(value.node, len(arguments)), value.type)

    def _window(self, name: str, value: Windowed, arguments: dict[Node, int]) -> Window:
        if not self.key:
            raise NotFreezable(
                f"the feature {name!r} of {self.name} is over a window, and nothing names an event",
                expected="key=, the column or columns that tell one event from another",
                do='Declare it, for example key="flight_id": events that come twice count once',
                feature=name,
            )
        statistic = value.statistic
        argument = statistic.args[0]
        if statistic.where is not None:
            nothing = Literal(None, argument.type)
            argument = if_else(Expr(statistic.where), Expr(argument), Expr(nothing)).node
        if any(isinstance(part, Reduce) for part in parts_of(argument)):
            raise NotFreezable(
                f"the feature {name!r} of {self.name} takes a statistic of a statistic",
                expected="a statistic of the source's columns",
                do="Compute with the result where the view is used",
                feature=name,
            )
        place = arguments.setdefault(argument, len(arguments))
        function = cast("WindowFunction", statistic.function)
        span = value.window
        return Window(function, place, span.duration_us, argument.type, span.rows, span.delay_us)

    def _check_columns(self, types: Mapping[str, Type]) -> None:
        parts = {
            "entity": self.entity,
            "event time": (self.event_time,),
            "known-at time": (self.known_at,),
            "key": self.key,
        }
        for part, names in parts.items():
            for name in names:
                if name not in types:
                    raise UnknownName.of(
                        *("column", name, types),
                        where=f"the source {self.source!r}",
                        do=f"It is the {part} of {self.name}: name a column of its source",
                    )
                allowed = ("timestamp",) if "time" in part else ENTITY_TYPES
                if types[name] not in allowed:
                    raise DataError(
                        f"the column {name!r} of {self.source!r} is {types[name]}, and the {part} "
                        f"of {self.name}",
                        expected=" or ".join(allowed),
                        do="Cast it in the step that makes the source",
                        column=name,
                    )


def _row_name(function: Callable[..., object], name: str) -> str:
    try:
        parameters = list(inspect.signature(function).parameters)
    except ValueError:  # some of C have none
        parameters = []
    if len(parameters) == 1:
        return parameters[0]
    raise NotFreezable(
        f"the feature view {name} takes {len(parameters)} parameters",
        expected="one, the row of its source",
        do=f"Write for example def {name}(flights); a view of other views has no source",
    )
