"""Where the rows of a table lie: in memory, in Parquet parts, or seen through expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from interplane.data.engine import connect, identifier, string_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["Chained", "Memory", "Parts", "Projected", "Rows"]


class Rows(Protocol):
    """Rows in a fixed order, read column by column."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        ...

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns of all rows, or of the first ``limit``."""
        ...

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in batches of at most ``size`` rows."""
        ...

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Make the rows readable by SQL on a connection; return the text to write after FROM."""
        ...


@dataclass(frozen=True)
class Memory:
    """Rows of a normalised Arrow table."""

    table: pa.Table

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.table.num_rows)

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns, without copying."""
        chosen = self.table.select(list(names))
        return chosen if limit is None else chosen.slice(0, limit)

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield batches, without copying."""
        yield from self.read(names).to_batches(max_chunksize=size)

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Register the Arrow table."""
        connection.register(alias, self.table)
        return identifier(alias)


@dataclass(frozen=True)
class Parts:
    """Rows of Parquet files, one after the other."""

    paths: tuple[Path, ...]
    part_rows: tuple[int, ...]
    schema: pa.Schema

    @property
    def rows(self) -> int:
        """The number of rows, which the data version knows without opening a file."""
        return sum(self.part_rows)

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Read some columns, from no more parts than ``limit`` needs."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = pa.schema([self.schema.field(name) for name in names])
        tables = [wanted.empty_table()]
        missing = self.rows if limit is None else limit
        for path, rows in zip(self.paths, self.part_rows, strict=True):
            if missing <= 0:
                break
            with pq.ParquetFile(path) as file:
                # Without columns only the number of rows is left, which Arrow keeps too.
                tables.append(file.read(columns=list(names)).cast(wanted))
            missing -= rows
        table = pa.concat_tables(tables)
        return table if limit is None else table.slice(0, limit)

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield batches, never more than one part in memory."""
        import pyarrow.parquet as pq

        for path in self.paths:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=size, columns=list(names))

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Let the engine read the parts in place."""
        if not self.paths:
            return Memory(self.schema.empty_table()).relation(connection, alias=alias)
        return f"read_parquet({string_list(str(path) for path in self.paths)})"


@dataclass(frozen=True)
class Projected:
    """Rows of which some columns are seen through SQL expressions of the same row."""

    base: Rows
    expressions: Mapping[str, str]

    @property
    def rows(self) -> int:
        """The number of rows: an expression drops none."""
        return self.base.rows

    def _selection(self, names: Sequence[str]) -> str:
        return ", ".join(
            f"{self.expressions.get(name, identifier(name))} AS {identifier(name)}"
            for name in names
        )

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Compute some columns with the engine."""
        with connect() as connection:
            source = self.base.relation(connection, alias="rows")
            bound = "" if limit is None else f" LIMIT {int(limit)}"
            query = f"SELECT {self._selection(names)} FROM {source}{bound}"
            return connection.sql(query).to_arrow_table()

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Compute some columns and yield them in batches."""
        yield from self.read(names).to_batches(max_chunksize=size)

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Return a subquery over the rows below, with their other columns as they are."""
        source = self.base.relation(connection, alias=f"{alias} below")
        replaced = ", ".join(
            f"{expression} AS {identifier(name)}" for name, expression in self.expressions.items()
        )
        return f"(SELECT * REPLACE ({replaced}) FROM {source})" if replaced else source


@dataclass(frozen=True)
class Chained:
    """Rows of one source and then those of another, with the same columns."""

    first: Rows
    then: Rows

    @property
    def rows(self) -> int:
        """The number of rows of both."""
        return self.first.rows + self.then.rows

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Read some columns of both."""
        import pyarrow as pa

        before = self.first.read(names, limit=limit)
        rest = None if limit is None else max(limit - before.num_rows, 0)
        return pa.concat_tables([before, self.then.read(names, limit=rest)])

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield the batches of both."""
        yield from self.first.batches(names, size=size)
        yield from self.then.batches(names, size=size)

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Return a subquery over both; columns go by name."""
        first = self.first.relation(connection, alias=f"{alias} first")
        then = self.then.relation(connection, alias=f"{alias} then")
        return f"(SELECT * FROM {first} UNION ALL BY NAME SELECT * FROM {then})"
