"""Random feature views, the events of their sources, and rows that ask for them: what breaks joins.

Everything is drawn from a `random.Random`: a seeded one at length, or Hypothesis' own (``randoms()``),
which makes what it finds small.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.expressions.nodes import Column, Lookup
from interplane.expressions.trees import parts_of
from interplane.expressions.windows import WINDOW_FUNCTIONS, Last, window_type
from interplane.record import TYPES
from interplane.testing.random_expressions import Draw
from interplane.views.history import History
from interplane.views.view import ENTITY_TYPES, Latest, View, Window, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from random import Random

    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Type
    from interplane.views.history import Event

__all__ = ["Past", "histories", "known_of", "table_of"]

_EXTREMES = (2**63 - 1, -(2**63), 2**62, -(2**62), 2**53 + 1, 2**32, -(2**32) - 1)
_FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.1, 0.3, 1e16, 1e16 + 2, -1e16, 1e-16, math.pi, math.nan, None),
    *(math.inf, -math.inf, 5e-324, -5e-324, 2.2250738585072014e-308, 2.0**970, 2.0**53 - 1),
    *(1.7976931348623157e308, -1.7976931348623157e308, 8.98846567431158e307, 1e300, 1e-300),
)
_WORDS = ("", "a", "A", "b", "é", "ß", "\uffff", "\U00010000", "a\x00", "a b", "'", '"')
_NAMES = ("hash", "s", "source", "rows", "a b", 'c"d', "e'f", "0", "1", "select", "place of the row",
          "é", "at", "known", "p0", "c0", "t1", "k", "v", "g", "h", "m", "n", "x", "y", "z")  # fmt: skip
_FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
_USUAL = datetime(2024, 2, 28, 23, 59, 59, 999_998)  # noqa: DTZ001
_TICK = timedelta(microseconds=1)


class Past:
    """A source of views, of the rows that their events come from, and of rows that ask.

    Few entities, few keys and few times, so that ties, versions and repeated rows are the rule.

    Args:
        random: what everything is drawn from.

    >>> from random import Random
    >>> past = Past(Random(7))
    >>> view = past.view()
    >>> len(past.events(view, 5)), len(past.asking(view, 3, by=("who",) * len(view.entity)))
    (5, 3)
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._times: list[datetime] = [_USUAL]

    # ---- views ----------------------------------------------------------------------------

    def view(self, *, source: str = "events") -> View:
        """Return a view of one or two entity columns, with latest values, windows or both."""
        draw = self._random
        names = draw.sample(_NAMES, len(_NAMES))
        entity = {names.pop(): draw.choice(ENTITY_TYPES) for _ in range(draw.choice((1, 1, 2)))}
        happened = names.pop()
        known = happened if draw.random() < 0.3 else names.pop()
        columns: dict[str, Type] = {**entity, happened: "timestamp", known: "timestamp"}
        columns |= {names.pop(): kind for kind in TYPES}
        key = self._key(columns, names)
        arguments = tuple(self._argument(columns) for _ in range(draw.randint(1, 3)))
        features = self._features(arguments, windows=bool(key))
        if not any(isinstance(each, Window) for each in features.values()):
            key = key if draw.random() < 0.1 else ()
        read = {
            part.name for root in arguments for part in parts_of(root) if isinstance(part, Column)
        }
        read |= {*entity, happened, known, *key}
        return View(
            name="past",
            source=source,
            entity=tuple(entity),
            event_time=happened,
            known_at=known,
            ttl_us=draw.choice((None, None, 0, 1, draw.randint(1, 12), 10**24)),
            forecast=draw.random() < 0.3,
            key=key,
            columns={name: kind for name, kind in columns.items() if name in read},
            arguments=arguments,
            features=features,
        )

    def _key(self, columns: dict[str, Type], names: list[str]) -> tuple[str, ...]:
        draw = self._random
        key = []
        for _ in range(draw.choice((0, 1, 1, 2))):
            if draw.random() < 0.2:  # one that has another part in the view too
                key.append(draw.choice([n for n, kind in columns.items() if kind != "float"]))
            else:
                key.append(names.pop())
                columns[key[-1]] = draw.choice(ENTITY_TYPES)
        return tuple(key)

    def _argument(self, columns: Mapping[str, Type]) -> Node:
        draw = self._random
        kind = draw.choice(("float", "int", *TYPES))
        if draw.random() < 0.2:
            expressions = Draw(draw.getrandbits(32))
            expressions.columns = dict(columns)
            made = expressions.expression(kind, depth=2)
            if not any(isinstance(part, Lookup) for part in parts_of(made)):
                return made
        return Column(draw.choice([name for name, each in columns.items() if each == kind]), kind)

    def _features(self, arguments: Sequence[Node], *, windows: bool) -> dict[str, Latest | Window]:
        draw = self._random
        spans = self._spans()
        features: dict[str, Latest | Window] = {}
        for number in range(draw.randint(1, 5)):
            place = draw.randrange(len(arguments))
            kind = arguments[place].type
            function = draw.choice([f for f in WINDOW_FUNCTIONS if window_type(f, kind)])
            if windows and draw.random() < 0.75:
                span = draw.choice(spans)
                made: Latest | Window = Window(
                    function, place, span.duration_us, kind, span.rows, span.delay_us
                )
            else:
                made = Latest(place, kind)
            features[f"f{number}"] = made
        return features

    def _spans(self) -> list[Last]:
        """Return a few spans of windows: short and long ones, of few and many events, late ones."""
        draw = self._random

        def delay() -> int:
            return draw.choice((0, 0, 0, draw.randint(1, 6), 10**6, 10**30))

        return [
            Last(draw.randint(1, 12), delay_us=delay()),
            Last(
                draw.choice((1, 10**6, 86_400 * 10**6, 10**30)), delay_us=draw.choice((0, delay()))
            ),
            Last(rows=draw.choice((1, 2, 3, 5, 1000)), delay_us=delay()),
            Last(delay_us=delay()),
        ]

    # ---- rows -----------------------------------------------------------------------------

    def events(self, view: View, count: int) -> list[dict[str, Any]]:
        """Return rows of the view's source: late ones, ties, versions, nulls, the same row twice."""
        draw = self._random
        rows: list[dict[str, Any]] = []
        for _ in range(count):
            if rows and draw.random() < 0.2:
                rows.append(self._again(view, draw.choice(rows)))
                continue
            row = {name: self.value(kind) for name, kind in view.columns.items()}
            row[view.event_time], row[view.known_at] = self._moments(view)
            # A key that is a time of the event as well has been drawn with it.
            rows.append(row)
        self._times = [
            time for row in rows for name in (view.event_time, view.known_at) if (time := row[name])
        ] or [_USUAL]
        return rows

    def _again(self, view: View, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the same row, or another version of what it says."""
        again = dict(row)
        named = {*view.entity, *view.key, view.event_time, view.known_at}
        for name, kind in view.columns.items():
            if name not in named and self._random.random() < 0.4:
                again[name] = self.value(kind)
        if self._random.random() < 0.4:
            again[view.event_time], again[view.known_at] = self._moments(view)
        return again

    def _moments(self, view: View) -> tuple[datetime | None, datetime | None]:
        """Return an event time and a known-at time."""
        draw = self._random
        happened = self.time()
        if view.known_at == view.event_time:
            return (None, None) if draw.random() < 0.05 else (happened, happened)
        delay = draw.choice((0, 0, 1, 1, 2, 5, 10**6))
        if view.forecast and draw.random() < 0.4:
            delay = -delay
        known = _moved(happened, delay)
        if not view.forecast and known is not None and known < happened:
            known = happened
        return None if draw.random() < 0.05 else happened, known

    def asking(self, view: View, count: int, *, by: Sequence[str]) -> list[dict[str, Any]]:
        """Return rows that ask for the view by some columns, as of their column ``t``.

        Their times are those of the events drawn last, and where something changes after them.
        """
        draw = self._random
        steps = [0, 1, -1, *(() if view.ttl_us is None else (view.ttl_us, view.ttl_us + 1))]
        for span, _ in view.window_slots:
            steps += [span.delay_us, span.delay_us - 1]
            if span.duration_us is not None:
                steps += [span.delay_us + span.duration_us, span.delay_us + span.duration_us - 1]
        rows = []
        for _ in range(count):
            row: dict[str, Any] = {"t": _moved(draw.choice(self._times), draw.choice(steps))}
            if draw.random() < 0.1:
                row["t"] = draw.choice((None, self.time()))
            for name, entity in zip(by, view.entity, strict=True):
                row[name] = self.value(view.columns[entity])
            rows.append(row)
        return rows

    def time(self) -> datetime:
        """Return a time: most are within a few microseconds."""
        draw = self._random
        kind = draw.random()
        if kind < 0.03:
            return draw.choice((_FIRST, _LAST))
        unit = _TICK if kind < 0.8 else draw.choice((timedelta(seconds=1), timedelta(days=1)))
        return _USUAL + draw.randint(0, 6) * unit

    def value(self, kind: Type) -> Any:
        """Return a value of a type, of few; null, and in floats NaN, among them."""
        draw = self._random
        if draw.random() < 0.08:
            return None
        made: dict[Type, Callable[[], Any]] = {
            "bool": lambda: draw.random() < 0.5,
            "int": lambda: draw.choice(_EXTREMES) if draw.random() < 0.25 else draw.randint(-1, 1),
            "float": self._float,
            "str": lambda: draw.choice(_WORDS) if draw.random() < 0.4 else draw.choice("ab"),
            "date": lambda: draw.choice((date(2024, 2, 29), date(2024, 3, 1), date.min, date.max)),
            "timestamp": self.time,
        }
        return made[kind]()

    def _float(self) -> Any:
        draw = self._random
        kind = draw.random()
        if kind < 0.4:
            return draw.choice(_FLOATS)
        if kind < 0.7:
            return draw.choice((0.5, 1.0, -1.0, 3.0))
        return math.ldexp(draw.randint(-(2**53), 2**53), draw.randint(-1074, 970))


def _moved(time: datetime, by_us: int) -> datetime | None:
    """Return a later or earlier time; None beyond the years 1 to 9999."""
    try:
        return time + by_us * _TICK
    except OverflowError:
        return None


def table_of(rows: Iterable[Mapping[str, Any]], types: Mapping[str, Type]) -> Table:
    """Return rows as a table with columns of these types.

    >>> table_of([{"x": 1.0}, {"x": None}], {"x": "float"}).to_rows()
    [{'x': 1.0}, {'x': None}]
    """
    rows = list(rows)
    return Table.from_arrow(
        pa.table(
            {
                name: pa.array([row[name] for row in rows], arrow_type(kind))
                for name, kind in types.items()
            }
        )
    )


def histories(
    view: View, rows: Iterable[Mapping[str, Any]]
) -> dict[tuple[Constant, ...], list[Event]]:
    """Return the events that rows of the source are, by entity, in the order of the rows."""
    found: dict[tuple[Constant, ...], list[Event]] = {}
    for row in rows:
        entity = view.entity_of(row)
        event = None if entity is None else view.event_of(row)
        if entity is not None and event is not None:
            found.setdefault(entity, []).append(event)
    return found


def known_of(
    view: View,
    events: Mapping[tuple[Constant, ...], Sequence[Event]],
    entity: tuple[Constant, ...],
    time: datetime | None,
) -> tuple[Constant, ...]:
    """Return the view's features of an entity at a time, by the one rule (`History`)."""
    if time is None or None in entity:
        return view.nothing
    return History(view, events.get(entity, ())).at(micros(time)).values
