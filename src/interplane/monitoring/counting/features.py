"""A model's features of logged rows, computed anew on the engine, so that they are watched like columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interplane.data.sources import Memory
from interplane.data.table import Table
from interplane.errors import UnknownName
from interplane.features.batch import transform
from interplane.monitoring.counting.columns import FEATURES, spoken
from interplane.monitoring.counting.expressions import as_meant
from interplane.record import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from interplane.features.frozen import Frozen

__all__ = ["with_features"]

_AT_ONCE: Final = 262_144


def with_features(rows: Table, frozen: Frozen) -> Table:
    """Return rows in the form of the log with the model's features of them, as ``features.NAME``.

    They are computed when they are asked for, of the logged columns and of what was looked up when the
    prediction was made. Of a crossing's baseline rows and of its log alike; `make_layout` and `count`
    take them as they take columns.

    Args:
        rows: rows of one crossing.
        frozen: its features.

    Raises:
        UnknownName: if the rows lack a column that the features read.
    """
    names = spoken(rows.types)
    for name in frozen.columns:
        if name not in names:
            raise UnknownName.of("column", name, names, where="the logged rows")
    columns = [Column(name=FEATURES + name, type="float") for name in frozen.names]
    return Table(_Featured(rows, frozen), [*rows.columns, *columns])


class _Featured:
    """Rows with features; see `interplane.data.sources.Rows`."""

    def __init__(self, table: Table, frozen: Frozen) -> None:
        self._table = table
        self._frozen = frozen
        names = spoken(table.types)
        self._inputs = {name: names[name] for name in frozen.columns}

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._table.rows

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns of all rows, or of the first ``limit``."""
        table = self._table if limit is None else self._table.head(limit)
        own = [name for name in names if not name.startswith(FEATURES)]
        if len(own) == len(names):
            return table.select(*names).to_arrow()
        needed = table.select(*dict.fromkeys((*own, *self._inputs.values()))).to_arrow()
        return self._featured(needed, names)

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in batches of at most ``size`` rows."""
        own = [name for name in names if not name.startswith(FEATURES)]
        if len(own) == len(names):
            yield from self._table.select(*names).batches(rows=size)
            return
        needed = self._table.select(*dict.fromkeys((*own, *self._inputs.values())))
        # Asking the engine costs milliseconds, however few rows there are.
        for batch in needed.batches(rows=max(size, _AT_ONCE)):
            found = self._featured(pa.Table.from_batches([batch]), names)
            yield from found.combine_chunks().to_batches(max_chunksize=size)

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Make the rows readable by SQL; return the text to write after FROM."""
        names = [*self._table.names, *(FEATURES + name for name in self._frozen.names)]
        return Memory(self.read(names)).relation(connection, alias=alias)

    def _featured(self, rows: pa.Table, names: Sequence[str]) -> pa.Table:
        """Return columns of some rows, features among them."""
        kinds = self._frozen.columns
        raw = {
            name: as_meant(rows.column(column).combine_chunks(), kinds[name])
            for name, column in self._inputs.items()
        }
        # Without any input the engine would not know how many rows there are.
        given = Table.from_columns(raw or {"nothing": pa.nulls(rows.num_rows, pa.int64())})
        features = transform(self._frozen, given)
        return pa.table(
            {
                name: features.column(name.removeprefix(FEATURES))
                if name.startswith(FEATURES)
                else rows.column(name)
                for name in names
            }
        )
