"""The training rows on an engine, laid out so that every statistic has the same bits every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pyarrow as pa

from interplane.data.engine import connect
from interplane.data.evaluating import register_lookups
from interplane.expressions.duckdb_sql import select_sql
from interplane.features.aggregates_sql import aggregates_sql
from interplane.features.batch import tables_to_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from interplane.data.key_hashes import KeyHashes
    from interplane.features.aggregates import Grouping
    from interplane.features.lookups import LookupTable

__all__ = ["TrainingRows", "fold_column", "with_folds"]


def fold_column(folds: int) -> str:
    """Return the name of the column that says in which of ``folds`` folds a row is."""
    return f"fold of {folds}"


def with_folds(rows: pa.Table, hashes: KeyHashes, *, folds: Iterable[int]) -> pa.Table:
    """Return the rows with a column for each number of folds: MD5 of the row's key, modulo it.

    The hash is the first 15 hexadecimal digits (`KeyHashes.first`). A row is in the same fold whatever
    rows are beside it and in whatever order.
    """
    for count in sorted(set(folds)):
        rows = rows.append_column(fold_column(count), pa.array(hashes.first % count))
    return rows


class TrainingRows:
    """The training rows on an engine of their own (`Aggregates`, on DuckDB); a context manager.

    On one thread, over rows in their order and in one piece, a float sum has the same bits every
    time, however many files the rows come from. ``fast`` gives that up for all threads.
    """

    def __init__(self, rows: pa.Table, *, fast: bool = False) -> None:
        self._connection = connect(threads=None if fast else 1)
        self.read(rows)
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

    def read(self, rows: pa.Table) -> None:
        """Go on with these rows, the same ones with further columns."""
        self._connection.register("training", rows.combine_chunks())

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
