"""The training rows on an engine, laid out so that every statistic has the same bits every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from interplane.data.engine import connect, identifier
from interplane.expressions.duckdb_sql import select_sql
from interplane.features.batch import register_lookups, tables_to_arrow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import pyarrow as pa

    from interplane.expressions.nodes import Node
    from interplane.features.lookups import LookupTable

__all__ = ["TrainingRows", "fold_column"]

_HASH = "hash of the row's key"


def fold_column(folds: int) -> str:
    """Return the name of the column that says in which of ``folds`` folds a row is."""
    return f"fold of {folds}"


class TrainingRows:
    """The training rows on an engine of their own; a context manager.

    On one thread, over rows in their order and laid out afresh, a float sum has the same bits
    every time, however many files the rows come from. ``fast`` gives that up.

    Args:
        rows: every column that a statistic reads, the label and the key.
        key: the columns that name a row; folds are drawn by them.
        fast: use all threads.
    """

    def __init__(self, rows: pa.Table, *, key: Sequence[str] = (), fast: bool = False) -> None:
        self._connection = connect(threads=None if fast else 1)
        self._connection.register("given", rows)
        hashed = f", {_hash_sql(key)} AS {identifier(_HASH)}" if key else ""
        self._connection.execute(f"CREATE TEMP TABLE training AS SELECT *{hashed} FROM given")
        self._connection.unregister("given")
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

    def values(self, columns: Mapping[str, Node], *, folds: int | None = None) -> str:
        """Return the SQL of a relation: the value of each expression for each training row.

        Args:
            columns: the expressions by the name of their column.
            folds: if given, there is a column ``fold`` too, below this number.
        """
        if folds is None:
            return f"({select_sql(columns, source='training', lookup=self._relation)})"
        query = select_sql(columns, source="training", carry=[_HASH], lookup=self._relation)
        fold = f"CAST({identifier(_HASH)} % {folds} AS BIGINT)"
        return f"(SELECT * EXCLUDE ({identifier(_HASH)}), {fold} AS fold FROM ({query}))"

    def query(self, sql: str, **tables: pa.Table) -> pa.Table:
        """Return the result of a query; Arrow tables in it go by keyword."""
        for name, table in tables.items():
            self._connection.register(name, table)
        found = self._connection.sql(sql).to_arrow_table()
        for name in tables:
            self._connection.unregister(name)
        return found

    def groups(self, source: str, keys: Sequence[str], aggregates: Sequence[str]) -> pa.Table:
        """Return a row per group without a null in its key, in the order of the keys."""
        known = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        named = ", ".join(keys)
        return self.query(
            f"SELECT {', '.join([*keys, *aggregates])} FROM {source} WHERE {known} "
            f"GROUP BY {named} ORDER BY {named}"
        )

    def folds(self, counts: Sequence[int]) -> pa.Table:
        """Return in which fold each training row is, in their order, per number of folds."""
        columns = ", ".join(
            f"CAST({identifier(_HASH)} % {count} AS BIGINT) AS {identifier(fold_column(count))}"
            for count in counts
        )
        return self.query(f"SELECT {columns} FROM training")


def _hash_sql(key: Sequence[str]) -> str:
    """Return 64 bits of the MD5 of the key's texts, each with its length before it."""
    texts = (f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in key)
    measured = ", ".join(f"strlen({text}), ':', {text}" for text in texts)
    return f"md5_number_lower(concat({measured}))"
