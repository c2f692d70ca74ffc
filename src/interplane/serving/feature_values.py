"""Feature views that a server reads: by name, with entities as plain JSON, and values back as that."""

from __future__ import annotations

import math
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import RequestRejected, UnknownName
from interplane.record.json_values import EXPECTED, READERS, Misfit, rejected
from interplane.views.online_values import ViewValues, entity_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.record import Type
    from interplane.views.derived import AnyView
    from interplane.views.states import States

__all__ = [
    "FeatureViews",
    "entity_value",
    "json_value",
    "read_entities",
    "time_text",
    "unknown_feature",
]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
_KEPT_S: Final = 1.0
_MOST_KEPT: Final = 1000


class FeatureViews:
    """The views that this process has been asked for, ready to be read.

    Args:
        find: gives the view that a name means now, and raises UnknownName.
        states: what this process keeps of the online store.
    """

    def __init__(self, find: Callable[[str], AnyView], states: States) -> None:
        self._find = find
        self._states = states
        self._named: dict[str, tuple[float, AnyView]] = {}
        self._values: dict[str, ViewValues] = {}

    def get(self, name: str) -> ViewValues:
        """Return what reads a view; which one a name means is looked up again every second.

        Raises:
            UnknownName: if there is no such view.
        """
        now = time.monotonic()
        until, view = self._named.get(name, (0.0, None))
        if view is None or until < now:
            view = self._find(name)
            if len(self._named) >= _MOST_KEPT:
                self._named.clear()
            self._named[name] = (now + _KEPT_S, view)
        return self.of(view)

    def of(self, view: AnyView) -> ViewValues:
        """Return what reads a view."""
        found = self._values.get(view.digest)
        if found is None:
            found = self._values[view.digest] = ViewValues(view, self._states)
        return found


def read_entities(view: AnyView, rows: Sequence[Any], at: str) -> list[list[Constant]]:
    """Return the entities that plain rows name; null names none.

    Args:
        view: the view.
        rows: objects with a value per column.
        at: their path, for messages.

    Raises:
        RequestRejected: names the first that is none.
    """
    types = entity_types(view)
    return [_entity(types, row, f"{at}[{place}]") for place, row in enumerate(rows)]


def _entity(types: Mapping[str, Type], row: Any, at: str) -> list[Constant]:
    if not isinstance(row, dict):
        raise rejected(row, at, expected="an object with a value per column of the entity")
    for name in types:
        if name not in row:
            raise RequestRejected(
                f"{at}.{name} is missing, which names the entity",
                expected=EXPECTED[types[name]],
                do=f"Give a value for each of {', '.join(types)}",
                path=f"{at}.{name}",
            )
    for name in row:
        if name not in types:
            raise RequestRejected(
                f"{str(name)[:60]!r} at {at} does not name the entity",
                expected=f"{', '.join(types)}, and nothing else",
                do="Take it out",
                path=at,
            )
    return [entity_value(row[name], kind, f"{at}.{name}") for name, kind in types.items()]


def entity_value(value: Any, kind: Type, path: str) -> Constant:
    """Return a plain value as its column's type has it; null stays null.

    Raises:
        RequestRejected: if it is not of the type.
    """
    if value is None:
        return None
    try:
        found: Constant = READERS[kind](value)
    except Misfit as misfit:
        raise rejected(value, path, expected=EXPECTED[kind], why=str(misfit)) from misfit
    return found


def json_value(value: Constant) -> Any:
    """Return a value as JSON has it: times as text, and the infinite as ``"Infinity"``.

    >>> json_value(datetime(2024, 5, 1, 12)), json_value(-math.inf), json_value(0.5)
    ('2024-05-01T12:00:00Z', '-Infinity', 0.5)
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value


def time_text(time_us: int | None) -> str | None:
    """Return microseconds since 1970 as text; None where the calendar does not reach.

    >>> time_text(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    """
    if time_us is None:
        return None
    try:
        return f"{(_EPOCH + timedelta(microseconds=time_us)).isoformat()}Z"
    except OverflowError:
        return None


def unknown_feature(view: AnyView, name: object) -> UnknownName:
    """Return the error for a feature that a view does not have."""
    shown = str(name)[:100].encode(errors="backslashreplace").decode()
    return UnknownName.of("feature", shown, view.types, where=f"the feature view {view.name}")
