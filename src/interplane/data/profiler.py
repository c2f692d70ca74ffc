"""The scans behind a profile: all columns at once, on one thread so that every bit is the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

from interplane.data.engine import connect, identifier
from interplane.data.profile import QUANTILES, ColumnProfile, Profile, to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from interplane.data.table import Table
    from interplane.record import Column

__all__ = ["Profiler"]

_SAMPLE_ROWS = 1_000_000
_COUNTED_DISTINCT = 100_000
_TOP = 50
_SPREAD_BINS = 20
_DECILES = tuple(tenth / 10 for tenth in range(1, 10))
_NUMBERS = frozenset({"int", "float"})


class Profiler:
    """One table on one connection; each method below is one scan."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._connection = connect(threads=1)
        table.register(self._connection, "self")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def run(self) -> Profile:
        """Return the profile."""
        columns = self._table.columns
        rows = self._table.rows
        step = max(1, -(-rows // _SAMPLE_ROWS))
        basics = self._basics(columns)
        quantiles = self._quantiles(columns, step)
        numbers = [column for column in columns if column.type in _NUMBERS]
        edges = {column.name: _edges(quantiles[column.name][1]) for column in numbers}
        spreads = {column.name: _spread_edges(column, basics[column.name]) for column in numbers}
        moments = self._moments(columns, basics)
        counts = self._histograms(numbers, edges)
        spread = self._histograms(numbers, spreads)
        made = []
        for column in columns:
            name = column.name
            basic = basics[name]
            distinct, exact, top = self._values(column, basic["distinct"], rows)
            made.append(
                ColumnProfile(
                    name=name,
                    type=column.type,
                    nulls=basic["nulls"],
                    not_finite=basic["not_finite"],
                    distinct=distinct,
                    distinct_exact=exact,
                    low=to_plain(basic["low"]),
                    high=to_plain(basic["high"]),
                    mean=moments[name][0],
                    std=moments[name][1],
                    quantiles=tuple(to_plain(value) for value in quantiles[name][0]),
                    top=top,
                    edges=edges.get(name, ()),
                    counts=counts.get(name, ()),
                    spread_edges=spreads.get(name, ()),
                    spread=spread.get(name, ()),
                )
            )
        return Profile(rows=rows, columns=tuple(made), quantile_rows=-(-rows // step))

    def _one_row(self, expressions: Sequence[str], source: str = "self") -> list[Any]:
        if not expressions:
            return []
        query = f"SELECT {', '.join(expressions)} FROM {source}"
        return list(self._connection.sql(query).fetchall()[0])

    def _basics(self, columns: Sequence[Column]) -> dict[str, dict[str, Any]]:
        """Return nulls, not finite, least, greatest; in large tables distinct values, estimated."""
        estimate = self._table.rows > _SAMPLE_ROWS
        expressions = []
        for column in columns:
            name, finite = identifier(column.name), _finite(column)
            expressions += [
                f"count(*) - count({name})",
                f"count(*) FILTER ({name} IS NOT NULL AND NOT {finite})",
                f"min({name}) FILTER ({finite})",
                f"max({name}) FILTER ({finite})",
                f"approx_count_distinct({name}) FILTER ({finite})" if estimate else "0",
            ]
        values = self._one_row(expressions)
        keys = ("nulls", "not_finite", "low", "high", "distinct")
        return {
            column.name: dict(zip(keys, values[5 * index : 5 * index + 5], strict=True))
            for index, column in enumerate(columns)
        }

    def _quantiles(
        self, columns: Sequence[Column], step: int
    ) -> dict[str, tuple[list[Any], list[Any]]]:
        """Return the quantiles of a profile and the deciles, of numbers and times."""
        ordered = [column for column in columns if column.type not in {"str", "bool"}]
        asked = sorted({*QUANTILES, *_DECILES})
        expressions = [
            f"quantile_disc({identifier(c.name)}, {list(asked)}) FILTER ({_finite(c)})"
            for c in ordered
        ]
        source = "self"
        if step > 1:
            names = ", ".join(identifier(column.name) for column in ordered)
            source = f"(SELECT {names} FROM self QUALIFY row_number() OVER () % {step} = 1)"
        found: dict[str, tuple[list[Any], list[Any]]] = {c.name: ([], []) for c in columns}
        for column, values in zip(ordered, self._one_row(expressions, source), strict=True):
            by_share = dict(zip(asked, values or (), strict=False))
            if by_share:
                chosen = [by_share[share] for share in QUANTILES]
                found[column.name] = (chosen, [by_share[share] for share in _DECILES])
        return found

    def _moments(
        self, columns: Sequence[Column], basics: dict[str, dict[str, Any]]
    ) -> dict[str, tuple[float | None, float | None]]:
        """Return mean and standard deviation; of booleans the share of true."""
        found: dict[str, tuple[float | None, float | None]] = {
            c.name: (None, None) for c in columns
        }
        counted = [c for c in columns if c.type in _NUMBERS or c.type == "bool"]
        expressions, scales = [], []
        for column in counted:
            # Squares of very large floats overflow: such a column is scaled down first.
            basic = basics[column.name]
            largest = max(abs(float(basic["low"] or 0)), abs(float(basic["high"] or 0)))
            scales.append(largest if largest > 1e100 else 1.0)
            scaled = f"({identifier(column.name)}::DOUBLE / {scales[-1]!r}::DOUBLE)"
            finite = _finite(column)
            expressions += [
                f"avg({scaled}) FILTER ({finite})",
                f"stddev_samp({scaled}) FILTER ({finite})",
            ]
        values = self._one_row(expressions)
        for index, (column, scale) in enumerate(zip(counted, scales, strict=True)):
            mean, std = values[2 * index : 2 * index + 2]
            spread = None if column.type == "bool" else _times(std, scale)
            found[column.name] = (_times(mean, scale), spread)
        return found

    def _histograms(
        self, columns: Sequence[Column], edges: dict[str, tuple[int | float, ...]]
    ) -> dict[str, tuple[int, ...]]:
        """Return how many finite values each bin has."""
        return count_bins(self._connection, columns, edges)

    def _values(
        self, column: Column, estimate: int, rows: int
    ) -> tuple[int, bool, tuple[tuple[Any, int], ...]]:
        """Return the distinct count and the most frequent values, counted where they repeat."""
        if estimate > _COUNTED_DISTINCT and rows > _SAMPLE_ROWS:
            return int(estimate), False, ()
        name = identifier(column.name)
        found = self._connection.sql(
            # By position: an alias could be the name of a column.
            f"SELECT {name}, count(*), count(*) OVER () FROM self WHERE {_finite(column)}"
            f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_TOP}"
        ).fetchall()
        if not found:
            return 0, True, ()
        repeated = tuple((to_plain(value), n) for value, n, _ in found if n > 1)
        return int(found[0][2]), True, repeated


def count_bins(
    connection: Any, columns: Sequence[Column], edges: dict[str, tuple[int | float, ...]]
) -> dict[str, tuple[int, ...]]:
    """Return how many finite values of the view ``self`` lie at or below each edge, and above all."""
    asked = [column for column in columns if edges[column.name]]
    if not asked:
        return {column.name: () for column in columns}
    expressions = []
    for column in asked:
        kind = "BIGINT" if column.type == "int" else "DOUBLE"
        listed = ", ".join(f"'{edge!r}'::{kind}" for edge in edges[column.name])
        expressions.append(
            f"histogram({identifier(column.name)}, [{listed}]) FILTER ({_finite(column)})"
        )
    row = connection.sql(f"SELECT {', '.join(expressions)} FROM self").fetchall()[0]
    found: dict[str, tuple[int, ...]] = {column.name: () for column in columns}
    for column, bins in zip(asked, row, strict=True):
        known = edges[column.name]
        inside = [int((bins or {}).get(edge, 0)) for edge in known]
        found[column.name] = (*inside, sum((bins or {}).values()) - sum(inside))
    return found


def _finite(column: Column) -> str:
    name = identifier(column.name)
    if column.type == "float":
        return f"({name} IS NOT NULL AND isfinite({name}))"
    return f"({name} IS NOT NULL)"


def _edges(deciles: Sequence[int | float]) -> tuple[int | float, ...]:
    """Return the different deciles: values that repeat make wider bins, never empty ones."""
    return tuple(sorted(set(deciles)))


def _spread_edges(column: Column, basic: dict[str, Any]) -> tuple[int | float, ...]:
    """Return the edges of bins of equal width between the least and the greatest value."""
    low, high = basic["low"], basic["high"]
    if low is None or low == high:
        return ()
    if column.type == "int":
        width = max(1, -(-(high - low + 1) // _SPREAD_BINS))
        return tuple(edge for edge in range(low + width - 1, high, width))
    # Halved first: the distance of the extremes may be more than a float holds.
    steps = [share / _SPREAD_BINS for share in range(1, _SPREAD_BINS)]
    return tuple(sorted({low * (1 - share) + high * share for share in steps}))


def _times(value: float | None, scale: float) -> float | None:
    if value is None:
        return None
    scaled = value * scale
    return scaled if math.isfinite(scaled) else None
