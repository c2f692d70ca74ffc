"""`LoggedRows`: the rows of a table over the log, read by the engine where they lie."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from interplane.data.engine import connect, identifier
from interplane.data.types import arrow_type
from interplane.errors import DataError, StorageError
from interplane.predictions.casts import typed_sql
from interplane.predictions.columns import LOOKED_UP, ROW
from interplane.predictions.pieces import json_sql, value_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from interplane.predictions.kinds import Kind
    from interplane.predictions.pieces import Piece
    from interplane.record.tables import Type

__all__ = ["LoggedRows", "Selected"]

_JSON: Final = {"row": ROW, "looked_up": LOOKED_UP}


@dataclass(frozen=True)
class Selected:
    """A column of the table.

    Attributes:
        name: what it is called.
        type: its type.
        stored: what it is called in the pieces that have it.
        kind: its kind over all pieces; None for the log's own columns, and for whole rows as JSON.
    """

    name: str
    type: Type
    stored: str
    kind: Kind | None = None

    def to_sql(self, piece: Piece) -> str:
        """Return SQL for its value in a piece."""
        if self.kind is not None:
            value = value_sql(self.stored, piece.kinds.get(self.stored, "null"), self.kind)
            return typed_sql(value, self.kind, self.type)
        if self.stored in _JSON:
            return json_sql(piece.kinds, _JSON[self.stored])
        return identifier(self.stored)


class LoggedRows:
    """The rows of some pieces, one piece after the other; see `interplane.data.sources.Rows`.

    Args:
        pieces: the pieces.
        columns: the columns.
    """

    def __init__(self, pieces: Sequence[Piece], columns: Sequence[Selected]) -> None:
        self._pieces = tuple(pieces)
        self._columns = {column.name: column for column in columns}

    @cached_property
    def rows(self) -> int:
        """The number of rows; counted by the engine only where a file is not asked for as a whole."""
        known = sum(piece.rows - len(piece.dropped) for piece in self._pieces if not piece.window)
        asked = [piece for piece in self._pieces if piece.window]
        if asked:
            with _asking(asked), connect() as connection:
                for number, piece in enumerate(asked):
                    source = piece.source(connection, alias=f"rows {number}")
                    found = connection.sql(f"SELECT count(*) FROM {source}").fetchall()
                    known += int(found[0][0])
        return known

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns of all rows, or of the first ``limit``."""
        bound = "" if limit is None else f" LIMIT {int(limit)}"
        asked = names or list(self._columns)[:1]
        with _asking(self._pieces), connect() as connection:
            query = self._query(connection, asked, alias="rows")
            table = connection.sql(f"{query}{bound}").to_arrow_table().cast(self._schema(asked))
        # Without columns only the number of rows is left, which Arrow keeps too.
        return table.select(list(names))

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in batches of at most ``size`` rows, in bounded memory."""
        asked = names or list(self._columns)[:1]
        schema = self._schema(asked)
        with _asking(self._pieces), connect() as connection:
            query = self._query(connection, asked, alias="rows")
            for batch in connection.sql(query).to_arrow_reader(size):
                yield batch.cast(schema).select(list(names))

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Make the rows readable by SQL; return the text to write after FROM."""
        return f"({self._query(connection, list(self._columns), alias=alias)})"

    def _query(self, connection: DuckDBPyConnection, names: Sequence[str], *, alias: str) -> str:
        """Return a query for some columns."""
        if not self._pieces:
            connection.register(alias, self._schema(list(self._columns)).empty_table())
            return f"SELECT {', '.join(map(identifier, names))} FROM {identifier(alias)}"
        return " UNION ALL ".join(
            f"SELECT {self._selection(piece, names)} "
            f"FROM {piece.source(connection, alias=f'{alias} {number}')}"
            for number, piece in enumerate(self._pieces)
        )

    def _selection(self, piece: Piece, names: Sequence[str]) -> str:
        columns = (self._columns[name] for name in names)
        listed = (f"{column.to_sql(piece)} AS {identifier(column.name)}" for column in columns)
        return ", ".join(listed)

    def _schema(self, names: Sequence[str]) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(name, arrow_type(self._columns[name].type)) for name in names])


@contextmanager
def _asking(pieces: Sequence[Piece]) -> Iterator[None]:
    """Turn the engine's errors into ours."""
    import duckdb

    try:
        yield
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise DataError(
            f"a logged value has not the type that was asked for: {str(error).splitlines()[0]}",
            expected="values of that type in every row",
            do="Leave the column out of types: it is read as it was logged",
        ) from error
    except duckdb.Error as error:
        missing = [path for piece in pieces for path in piece.paths if not path.exists()]
        if not missing:
            raise StorageError(
                f"the prediction log cannot be read: {str(error).splitlines()[0]}",
                do="Mend the disk, and ask again",
            ) from error
        raise StorageError(
            f"{missing[0].name} of the prediction log is not there any more: its rows moved to "
            "another file, or were too old to be kept, since this table was made",
            expected="a table that is read within the hour",
            do="Ask for the table again",
        ) from error
