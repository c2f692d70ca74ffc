"""The training rows on an engine, laid out so that every statistic has the same bits every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from interplane.data.engine import connect, identifier
from interplane.data.evaluating import PLACE, in_order, register_lookups, with_places
from interplane.expressions.duckdb_sql import select_sql
from interplane.features.aggregates_sql import aggregates_sql
from interplane.features.batch import tables_to_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    import pyarrow as pa

    from interplane.features.aggregates import Grouping
    from interplane.features.lookups import LookupTable

__all__ = ["TrainingRows", "fold_column", "with_folds"]


def fold_column(folds: int) -> str:
    """Return the name of the column that says in which of ``folds`` folds a row is."""
    return f"fold of {folds}"


def with_folds(rows: pa.Table, key: Sequence[str], *, folds: Iterable[int]) -> pa.Table:
    """Return the rows with a column for each number of folds: MD5 of the row's key, modulo it.

    A row is in the same fold whatever rows are beside it and in whatever order.
    """
    counts = sorted(set(folds))
    if not counts:
        return rows
    with connect() as connection:
        connection.register("rows", with_places(rows.select(list(dict.fromkeys(key)))))
        columns = ", ".join(f"CAST(hash % {count} AS BIGINT) AS f{count}" for count in counts)
        hashed = f"SELECT {identifier(PLACE)} AS place, {_hash_sql(key)} AS hash FROM rows"
        query = f"SELECT place, {columns} FROM ({hashed})"
        found = in_order(connection.sql(query).to_arrow_table())
    for count, column in zip(counts, found.columns, strict=True):
        rows = rows.append_column(fold_column(count), column)
    return rows


def _hash_sql(key: Sequence[str]) -> str:
    """Return the first 15 hexadecimal digits of the MD5 of the key's texts, as an integer.

    Each text has its length in bytes before it, so that 1, 23 is not 12, 3.
    """
    texts = [f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in key]
    measured = ", ".join(f"strlen({text}), ':', {text}" for text in texts)
    return f"CAST('0x' || left(md5(concat({measured})), 15) AS BIGINT)"


class TrainingRows:
    """The training rows on an engine of their own (`Aggregates`, on DuckDB); a context manager.

    On one thread, over rows in their order and in one piece, a float sum has the same bits every
    time, however many files the rows come from. ``fast`` gives that up for all threads.
    """

    def __init__(self, rows: pa.Table, *, fast: bool = False) -> None:
        self._connection = connect(threads=None if fast else 1)
        self._connection.register("training", rows.combine_chunks())
        self._relation = register_lookups(self._connection, {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def use(self, lookups: Mapping[str, LookupTable]) -> None:
        """Make the tables of earlier stages readable."""
        self._relation = register_lookups(self._connection, tables_to_arrow(lookups))

    def aggregate(self, groupings: Sequence[Grouping]) -> list[pa.Table]:
        """Compute the statistics of each grouping, on the engine."""
        return [self._aggregate(grouping) for grouping in groupings]

    def _aggregate(self, grouping: Grouping) -> pa.Table:
        keys = {f"k{place}": key for place, key in enumerate(grouping.by)}
        columns, aggregates = aggregates_sql(grouping.statistics)
        source = select_sql({**keys, **columns}, source="training", lookup=self._relation)
        query = f"SELECT {', '.join([*keys, *aggregates])} FROM ({source})"
        if keys:
            known = " AND ".join(f"{key} IS NOT NULL" for key in keys)
            named = ", ".join(keys)
            query += f" WHERE {known} GROUP BY {named} ORDER BY {named}"
        return self._connection.sql(query).to_arrow_table()
