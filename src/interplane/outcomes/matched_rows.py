"""`MatchedRows`: predictions with what came true of them; each is looked at when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from interplane.data.engine import identifier
from interplane.outcomes.asking import asking
from interplane.outcomes.targets import KNOWN_AT, OUTCOME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from interplane.data.table import Table
    from interplane.outcomes.targets import Targets

__all__ = ["HAS_OUTCOME", "MatchedRows"]

HAS_OUTCOME: Final = "has_outcome"
_ADDED: Final = (OUTCOME, KNOWN_AT, HAS_OUTCOME)


class MatchedRows:
    """Predictions in their order, with three columns more; see `interplane.data.sources.Rows`.

    What counts is fixed when this is made. The given columns are never copied.

    Args:
        predictions: the predictions.
        by_id: what counts of predictions; it goes before what is said of a key.
        by_key: what counts of keys.
    """

    def __init__(self, predictions: Table, by_id: Targets, by_key: Targets) -> None:
        self._given = predictions
        self._by = (by_id, by_key)

    @property
    def rows(self) -> int:
        """The number of predictions."""
        return self._given.rows

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns of all rows, or of the first ``limit``."""
        given = self._given.select(*(name for name in names if name not in _ADDED))
        if names and not given.names:
            return self._added(limit).select(list(names))
        table = given.to_arrow() if limit is None else given.head(limit).to_arrow()
        if len(given.names) == len(names):
            return table
        return _beside(table, self._added(limit), names)

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in batches of at most ``size`` rows."""
        import pyarrow as pa

        given = self._given.select(*(name for name in names if name not in _ADDED))
        if len(given.names) == len(names):
            yield from given.batches(rows=size)
            return
        added = self._added(None)
        if not given.names:
            yield from added.select(list(names)).to_batches(max_chunksize=size)
            return
        begin = 0
        for batch in given.batches(rows=size):
            rows = pa.Table.from_batches([batch])
            beside = _beside(rows, added.slice(begin, batch.num_rows), names)
            yield from beside.combine_chunks().to_batches()
            begin += batch.num_rows

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Let the engine join: it reads no column that a question does not name."""
        given, joins, of = f"{alias} given", [], []
        self._given.register(connection, given)
        for name, targets in zip(("by_id", "by_key"), self._by, strict=True):
            if targets.rows.num_rows:
                connection.register(f"{alias} {name}", targets.rows)
                joins.append(
                    f" LEFT JOIN {identifier(f'{alias} {name}')} AS {name} "
                    f"ON {targets.joined('given', name)}"
                )
                of.append(name)
        columns = ", ".join(f"given.{identifier(name)}" for name in self._given.names)
        return (
            f"(SELECT {columns}, {self._added_sql(of)} "
            f"FROM {identifier(given)} AS given{''.join(joins)})"
        )

    def _added_sql(self, of: Sequence[str]) -> str:
        """Return SQL for the columns that are added, where some of the targets are joined."""
        if not of:
            kind = "DOUBLE" if self._by[0].is_number else "BOOLEAN"
            return (
                f"CAST(NULL AS {kind}) AS {OUTCOME}, CAST(NULL AS TIMESTAMP) AS {KNOWN_AT}, "
                f"false AS {HAS_OUTCOME}"
            )
        first, last = of[0], of[-1]
        is_first = f"{first}.{KNOWN_AT} IS NOT NULL"
        return (
            f"CASE WHEN {is_first} THEN {first}.{OUTCOME} ELSE {last}.{OUTCOME} END AS {OUTCOME}, "
            f"coalesce({first}.{KNOWN_AT}, {last}.{KNOWN_AT}) AS {KNOWN_AT}, "
            f"({is_first} OR {last}.{KNOWN_AT} IS NOT NULL) AS {HAS_OUTCOME}"
        )

    # ---- in order -------------------------------------------------------------------------

    def _added(self, limit: int | None) -> pa.Table:
        return self._whole if limit is None else self._match(self._given.head(limit))

    @cached_property
    def _whole(self) -> pa.Table:
        return self._match(self._given)

    def _match(self, predictions: Table) -> pa.Table:
        """Return the added columns of predictions, in their order."""
        import numpy as np
        import pyarrow as pa

        count = predictions.rows
        is_number = self._by[0].is_number
        values: np.ndarray[Any, Any] = np.zeros(count, np.float64 if is_number else np.bool_)
        known_at = np.zeros(count, "datetime64[us]")
        has, has_value = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        for targets in reversed(self._by):  # what is said of a prediction over what is of its key
            place, target = _pairs(predictions, targets)
            said = targets.rows[OUTCOME].combine_chunks()
            values[place] = said.fill_null(0 if is_number else False).to_numpy(
                zero_copy_only=False
            )[target]
            has_value[place] = said.is_valid().to_numpy(zero_copy_only=False)[target]
            known_at[place] = targets.rows[KNOWN_AT].to_numpy()[target]
            has[place] = True
        columns = {
            OUTCOME: pa.array(values, mask=~has_value),
            KNOWN_AT: pa.array(known_at, pa.timestamp("us"), mask=~has),
            HAS_OUTCOME: pa.array(has),
        }
        return pa.table(columns)


def _pairs(
    predictions: Table, targets: Targets
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the places of predictions that have a target, and the place of the target of each."""
    import numpy as np
    import pyarrow as pa

    if not targets.rows.num_rows or not predictions.rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers = pa.array(np.arange(targets.rows.num_rows))
    with asking() as connection:
        connection.register(
            "targets", targets.rows.select(list(targets.columns)).append_column("target", numbers)
        )
        predictions.select(*targets.columns).register(connection, "predictions")
        # No join keeps the order of rows. Their numbers are given in the order in which they are read,
        # as the engine has it: a window without an order is computed in one stream.
        pairs = connection.sql(
            "SELECT p.place, t.target FROM "
            "(SELECT *, row_number() OVER () - 1 AS place FROM predictions) AS p "
            f"JOIN targets AS t ON {targets.joined('p', 't')}"
        ).fetchnumpy()
    return pairs["place"], pairs["target"]


def _beside(given: pa.Table, added: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return columns of two tables with the same rows, in the order of the names."""
    import pyarrow as pa

    columns = {name: (added if name in _ADDED else given)[name] for name in names}
    return pa.table(columns)
