"""Values at which features change their mind: constants, keys, ranges, and what lies next to them.

Edge values of a type (edges.py) say nothing of where *these* features have their edges: a bound that
they clip at, a category that they know, the key of a lookup table, an hour that a clock goes over
twice. Each comes with its neighbours: the next float, the next microsecond, another case.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from interplane.expressions.constants import INT_MAX, INT_MIN, type_of
from interplane.expressions.nodes import Call, Column, Literal, Lookup
from interplane.expressions.trees import parts_of
from interplane.expressions.zone_rules import kind_of_year, parse_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interplane.expressions.nodes import Constant, Node
    from interplane.features.lookups import LookupTable
    from interplane.record import Type

__all__ = ["neighbours", "special_values"]

_MOST = 200
"""How many special values a column has; of more, every so many-th."""

_MOST_TIMES = 1_000
"""How many a column of times has: clocks of a zone change up to some hundred times."""

_MOST_DISTINCT = 32
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  UTC, naive by definition
_RULED_YEARS = (2024, 2026, 2100, 9998)
"""Years, leap and not, in which the changes of a yearly rule are tried."""
_LOOKED_AT = 10_000
"""Among how many rows those are looked for: many millions of different numbers take seconds."""


def special_values(
    features: Mapping[str, Node],
    lookups: Mapping[str, LookupTable],
    rows: pa.Table,
) -> dict[str, list[Any]]:
    """Return for each column the values that its features, tables and rows single out.

    - constants of its type in the features that read it (bounds, buckets, known categories), with
      their neighbours;
    - the moments at which the clocks of a zone change that it is shown in;
    - the keys of the lookup tables that it is looked up in;
    - its least and its greatest value in the training rows, with their neighbours, and some of its
      values as they are and in another case.

    Args:
        features: the expressions by name.
        lookups: the tables that they look values up in.
        rows: the training rows: every column that the features read.
    """
    constants = _constants(features.values())
    keys = _keys(features.values(), lookups)
    made: dict[str, list[Any]] = {}
    for name in rows.column_names:
        singled_out = [
            *constants.get(name, ()),
            *_range(rows.column(name)),
            *_seen(rows.column(name)),
        ]
        values = [near for value in singled_out for near in neighbours(value)]
        most = _MOST_TIMES if pa.types.is_timestamp(rows.column(name).type) else _MOST
        made[name] = _some(_distinct([*values, *keys.get(name, ())]), most)
    return made


def neighbours(value: Any) -> Iterator[Any]:
    """Yield a value and those next to it; of a text, how else it may be written.

    >>> list(neighbours(7)), list(neighbours("jfk"))
    ([7, 6, 8], ['jfk', 'JFK', ' jfk', 'jfk '])
    """
    yield value
    match value:
        case bool():
            return
        case int():
            yield from (near for near in (value - 1, value + 1) if INT_MIN <= near <= INT_MAX)
        case float():
            if math.isfinite(value):
                yield from (math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
        case str():
            others = (value.lower(), value.upper(), f" {value}", f"{value} ")
            yield from (other for other in others if other != value)
        case datetime():
            yield from _moved(value, timedelta(microseconds=1))
        case date():
            yield from _moved(value, timedelta(days=1))


def _moved(value: Any, step: timedelta) -> Iterator[Any]:
    for by in (-step, step):
        try:
            yield value + by
        except OverflowError:
            continue


def _constants(features: Iterable[Node]) -> dict[str, list[Constant]]:
    """Return the constants by the columns that are read together with them and have their type."""
    found: dict[str, dict[tuple[str, str], Constant]] = {}
    for feature in features:
        parts = list(parts_of(feature))
        constants = {(kind, repr(value)): value for kind, value in _all_constants(parts)}
        for part in parts:
            if isinstance(part, Column):
                there = found.setdefault(part.name, {})
                for each, value in constants.items():
                    if each[0] == part.type:
                        there[each] = value
    return {name: list(constants.values()) for name, constants in found.items()}


def _all_constants(parts: Iterable[Node]) -> Iterator[tuple[Type, Constant]]:
    for part in parts:
        match part:
            case Literal(value, kind):
                if value is not None:
                    yield kind, value
            case Call("to_local"):
                yield from (("timestamp", at) for at in _clock_changes(dict(part.options)))
            case Call():
                for _, setting in part.options:
                    for value in setting if isinstance(setting, tuple) else (setting,):
                        of = type_of(value)
                        if of is not None:
                            yield of, value


def _clock_changes(options: Mapping[str, Any]) -> Iterator[datetime]:
    """Yield when clocks of a zone change: those that are written down, and some of a yearly rule."""
    for second in options["transitions"][1::2]:
        yield _EPOCH + timedelta(seconds=second)
    if options["rule"]:
        rule = parse_rule(options["rule"])
        for year in _RULED_YEARS:
            kind = kind_of_year(year)
            for second in (rule.starts_s[kind], rule.ends_s[kind]):
                yield datetime(year, 1, 1) + timedelta(seconds=second)  # noqa: DTZ001  UTC


def _keys(
    features: Iterable[Node], lookups: Mapping[str, LookupTable]
) -> dict[str, list[Constant]]:
    """Return the keys that a column is looked up by as it is, some of each table."""
    found: dict[str, list[Constant]] = {}
    seen: set[tuple[str, str, int]] = set()
    for part in (part for feature in features for part in parts_of(feature)):
        if not isinstance(part, Lookup):
            continue
        for place, key in enumerate(part.keys):
            if isinstance(key, Column) and (key.name, part.table, place) not in seen:
                seen.add((key.name, part.table, place))
                values = [entry[place] for entry in lookups[part.table].entries]
                found.setdefault(key.name, []).extend(_some(_distinct(values), _MOST // 2))
    return found


def _range(column: pa.ChunkedArray) -> list[Any]:
    """Return the least and the greatest value of a column; no infinity."""
    if pa.types.is_boolean(column.type) or column.null_count == len(column):
        return []
    ends = [each.as_py() for each in pc.min_max(column).values()]
    if pa.types.is_floating(column.type) and not all(map(math.isfinite, ends)):
        column = column.filter(pc.is_finite(column))
        ends = [each.as_py() for each in pc.min_max(column).values()]
    return [end for end in ends if end is not None]


def _seen(column: pa.ChunkedArray) -> list[Any]:
    """Return some values of a column, from all over it, each once."""
    step = max(1, len(column) // _LOOKED_AT)
    looked_at = column.take(pa.array(range(0, len(column), step)))
    return _some(looked_at.unique().drop_null().to_pylist(), _MOST_DISTINCT)


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the values, each once; 0.0 and -0.0 are two."""
    return list({(type(value), repr(value)): value for value in values}.values())


def _some(values: list[Any], most: int) -> list[Any]:
    """Return at most so many of the values, from all over the list.

    >>> _some([1, 2, 3, 4, 5], 3), _some([1, 2], 3)
    ([1, 3, 5], [1, 2])
    """
    if len(values) <= most:
        return values
    return [values[place * (len(values) - 1) // (most - 1)] for place in range(most)]
