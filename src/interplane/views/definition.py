"""Where feature views are written: one function from a source's row to named features of an entity."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from interplane.data.dataset import Dataset
from interplane.errors import DataError, NotFreezable, UnknownName, UsageError
from interplane.expressions.expr import Expr, Row, if_else
from interplane.expressions.nodes import Column, Literal, Reduce
from interplane.expressions.trees import parts_of
from interplane.expressions.windows import Windowed, last
from interplane.record import check_name
from interplane.views.view import ENTITY_TYPES, Latest, View, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from interplane.expressions.nodes import Node
    from interplane.expressions.windows import WindowFunction
    from interplane.record import Type

__all__ = ["FeatureView", "Joined", "feature_view"]


def feature_view(
    *misplaced: object,
    source: str | Dataset,
    entity: str | Sequence[str],
    event_time: str,
    known_at: str | None = None,
    ttl: str | timedelta | None = None,
    forecast: bool = False,
    key: str | Sequence[str] = (),
) -> Callable[[Callable[..., Mapping[str, Any]]], FeatureView]:
    """Declare features of an entity over time; decorates a function from a row of the source.

    Args:
        source: where the events come from: a dataset, or the name of an output of the pipeline.
        entity: the column, or columns, that name the entity.
        event_time: the column of when an event happened.
        known_at: the column of when it was known; when it happened, unless said.
        ttl: how old the latest event may be (``3h``); windows are not bounded by it.
        forecast: events may be known before they happen.
        key: the column, or columns, that name an event. Windows need it: they count events.
        misplaced: nothing; it catches ``@feature_view`` without arguments.

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

    def decorate(function: Callable[..., Mapping[str, Any]]) -> FeatureView:
        return FeatureView(
            function,
            source=source.name if isinstance(source, Dataset) else source,
            entity=_names(entity),
            event_time=event_time,
            known_at=known_at or event_time,
            ttl_us=None if ttl is None else last(ttl).duration_us,
            forecast=forecast,
            key=_names(key),
        )

    return decorate


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


class FeatureView:
    """A feature view as written; ``by`` joins it to the rows of features.

    The function itself stays callable as ``function``.
    """

    def __init__(
        self,
        function: Callable[..., Mapping[str, Any]],
        *,
        source: str,
        entity: tuple[str, ...],
        event_time: str,
        known_at: str,
        ttl_us: int | None = None,
        forecast: bool = False,
        key: tuple[str, ...] = (),
    ) -> None:
        self.function = function
        self.name = check_name(getattr(function, "__name__", "view"), of="feature view")
        self.source = source
        self.entity = entity
        self.event_time = event_time
        self.known_at = known_at
        self.ttl_us = ttl_us
        self.forecast = forecast
        self.key = key
        self.__doc__ = function.__doc__
        self._row_name = _row_name(function, self.name)
        if not entity or len(set(entity)) != len(entity):
            raise UsageError(
                f"the feature view {self.name!r} has the entity {list(entity)}",
                expected="at least one column, each once",
                do='Write for example entity="carrier"',
            )

    def __repr__(self) -> str:
        return f"<FeatureView {self.name} of {', '.join(self.entity)}, from {self.source}>"

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses this view depends on: the function and settings."""
        return {
            "function": self.function,
            "source": self.source,
            "entity": self.entity,
            "event_time": self.event_time,
            "known_at": self.known_at,
            "ttl_us": self.ttl_us,
            "forecast": self.forecast,
            "key": self.key,
        }

    def by(self, *columns: str) -> Joined:
        """Join the view by these columns of the row, one for each that names the entity.

        Without any, by columns of the entity's own names.

        Raises:
            UsageError: if their number is not that of the entity's columns.
        """
        names = columns or self.entity
        if len(names) != len(self.entity):
            raise UsageError(
                f"{self.name}.by({', '.join(map(repr, columns))}) names {len(names)} columns",
                expected=f"one for each of {', '.join(self.entity)}",
                do="Name the row's column for each of them, in this order",
            )
        return Joined(self, names)

    def define(self, types: Mapping[str, Type]) -> View:
        """Return the view over a source with columns of these types.

        Raises:
            UnknownName: if a column that it names or reads is not there.
            DataError: if a column that names an entity, an event or a time is of another type.
            NotFreezable: if the function returns something that is no feature.
        """
        self._check_columns(types)
        returned: Any = self.function(Row(types, name=self._row_name))
        if not isinstance(returned, Mapping) or not returned:
            raise NotFreezable(
                f"{self.name} returned {returned!r:.80}",
                expected="a dict from feature names to features, with at least one",
                do=f'Return for example {{"wind": {self._row_name}.wind_speed}}',
            )
        arguments: dict[Node, int] = {}
        features = {
            _feature_name(name, self.name): self._feature(name, value, arguments)
            for name, value in returned.items()
        }
        return View(
            name=self.name,
            source=self.source,
            entity=self.entity,
            event_time=self.event_time,
            known_at=self.known_at,
            ttl_us=self.ttl_us,
            forecast=self.forecast,
            key=self.key if any(isinstance(each, Window) for each in features.values()) else (),
            columns=self._columns(types, features, arguments),
            arguments=tuple(arguments),
            features=features,
        )

    def _columns(
        self,
        types: Mapping[str, Type],
        features: Mapping[str, Latest | Window],
        arguments: Mapping[Node, int],
    ) -> dict[str, Type]:
        windowed = any(isinstance(each, Window) for each in features.values())
        named = (*self.entity, self.event_time, self.known_at, *(self.key if windowed else ()))
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
        return Window(function, place, value.window.duration_us, argument.type)

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


@dataclass(frozen=True)
class Joined:
    """A view as written, and the row's columns that it is joined by."""

    view: FeatureView
    by: tuple[str, ...]

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that uses this depends on."""
        return {"view": self.view, "by": self.by}


def _row_name(function: Callable[..., object], name: str) -> str:
    parameters = list(inspect.signature(function).parameters)
    if len(parameters) == 1:
        return parameters[0]
    raise NotFreezable(
        f"the feature view {name} takes {len(parameters)} parameters",
        expected="one, the row of its source",
        do=f"Write for example def {name}(flights)",
    )


def _feature_name(name: object, within: str) -> str:
    if isinstance(name, str) and name.isidentifier():
        return name
    raise NotFreezable(
        f"a feature of {within} is named {name!r}",
        expected="a Python name, as it is read by it: here.wind",
        do="Rename it",
    )
