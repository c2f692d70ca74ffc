"""`Table`: lazy rows with typed columns, of a data version, of a step, or of memory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from interplane.data.engine import connect, identifier
from interplane.data.sources import Chained, Memory, Parts, Projected, Rows
from interplane.data.types import arrow_type, columns_of, normalise
from interplane.errors import DataError, UnknownName, UsageError
from interplane.record import Column
from interplane.record.arguments import checked, told_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from interplane.data.promises import Promise
    from interplane.data.schema import Schema
    from interplane.record import Type

__all__ = ["Table", "differing_columns"]

_BATCH_ROWS = 65_536
_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 12


class Table:
    """Rows in a fixed order, with named columns of our six types. Never changes.

    Nothing is read until it is asked for. A table speaks the Arrow PyCapsule interface, so pandas,
    Polars, DuckDB and others take it as it is.

    >>> flights = Table.from_columns({"carrier": ["UA", "AA", "UA"], "late": [True, False, None]})
    >>> flights.types
    {'carrier': 'str', 'late': 'bool'}
    >>> flights.sql("SELECT carrier, count(*) AS n FROM self GROUP BY ALL ORDER BY n").to_rows()
    [{'carrier': 'AA', 'n': 1}, {'carrier': 'UA', 'n': 2}]
    """

    @partial(checked, ours=("Schema", "Promise"))
    def __init__(
        self,
        rows: Rows,
        columns: Sequence[Column],
        *,
        schema: Schema | None = None,
        promise: Promise | None = None,
    ) -> None:
        if not hasattr(rows, "relation"):  # what nothing but our rows has
            raise UsageError(
                f"the rows of the table are {told_kind(rows)}",
                expected="rows that are read by column",
                do="Make a table with ip.Table.from_arrow(…) or ip.Table.from_columns(…)",
            )
        self._rows = rows
        self._columns = tuple(columns)
        self._schema = schema
        self._promise = promise

    # ---- made from ------------------------------------------------------------------------

    @classmethod
    def from_arrow(cls, source: Any, *, name: str = "the table") -> Self:
        """Take an Arrow table, a pandas or Polars frame, or whatever speaks PyCapsule.

        Args:
            source: the object; its types are brought to our six, exactly.
            name: what to call it in a message.

        Raises:
            DataError: for a column that cannot be brought over exactly; names it.
            UsageError: for an object that is no table.
        """
        table = normalise(_to_arrow(source, name=name), where=name)
        return cls(Memory(table), columns_of(table))

    @classmethod
    @checked
    def from_columns(cls, columns: Mapping[str, Any], *, name: str = "the table") -> Self:
        """Take a mapping of names to lists or arrays of equal length.

        Raises:
            DataError: for columns of several lengths, or values of several types in one.
        """
        import pyarrow as pa

        try:
            table = pa.table(dict(columns))
        except (pa.ArrowInvalid, TypeError) as error:
            raise _no_table(name, error) from error
        return cls.from_arrow(table, name=name)

    @classmethod
    @partial(checked, ours=("Promise",))
    def from_parts(
        cls,
        paths: Sequence[Path],
        *,
        columns: Sequence[Column],
        part_rows: Sequence[int],
        promise: Promise | None = None,
    ) -> Self:
        """Take Parquet files that hold these columns, one after the other.

        Raises:
            UsageError: if the numbers of rows are not one for each file.
        """
        import pyarrow as pa

        if len(part_rows) != len(paths):
            raise UsageError(
                f"part_rows has {len(part_rows)} numbers",
                expected=f"one for each of the {len(paths)} files",
                do="Give the number of rows of each file",
            )
        schema = pa.schema([pa.field(column.name, arrow_type(column.type)) for column in columns])
        return cls(Parts(tuple(paths), tuple(part_rows), schema), columns, promise=promise)

    # ---- what it is -----------------------------------------------------------------------

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""
        return self._columns

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self._columns)

    @property
    def types(self) -> dict[str, Type]:
        """The type of each column, in order."""
        return {column.name: column.type for column in self._columns}

    @property
    def schema(self) -> Schema | None:
        """The schema that the rows are read through, if they are."""
        return self._schema

    @property
    def promise(self) -> Promise | None:
        """What a split promised of every row, if the table is a part of one.

        What is made of the table by `select`, `head`, `concat` and `sql` has it too, where it still
        holds: the columns that it speaks of are there, and every row keeps it.
        """
        return self._promise

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._rows.rows

    def __len__(self) -> int:
        return self._rows.rows

    def __bool__(self) -> bool:
        raise UsageError(
            "a table is neither true nor false",
            expected="a question about it",
            do='Write "table is None" or "table.rows == 0"',
        )

    # ---- reading --------------------------------------------------------------------------

    def to_arrow(self) -> pa.Table:
        """Return all rows as an Arrow table."""
        return self._rows.read(self.names)

    def to_pandas(self) -> pd.DataFrame:
        """Return all rows as a pandas frame; integers and booleans with nulls stay exact."""
        import pandas as pd
        import pyarrow as pa

        table = self.to_arrow()
        nullable = {
            field.name: pd.Int64Dtype() if pa.types.is_integer(field.type) else pd.BooleanDtype()
            for field in table.schema
            if (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type))
            and table.column(field.name).null_count
        }
        frame = table.to_pandas()
        for name, dtype in nullable.items():
            frame[name] = dtype.__from_arrow__(table.column(name))
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return all rows as a Polars frame."""
        import polars as pl

        return pl.DataFrame(self.to_arrow())

    def to_rows(self) -> list[dict[str, Any]]:
        """Return all rows as dicts; for small tables and tests."""
        rows: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return rows

    def column(self, name: str) -> pa.ChunkedArray:
        """Return one column as an Arrow array."""
        self._check(name)
        return self._rows.read([name]).column(0)

    def numpy(self, name: str) -> np.ndarray[Any, Any]:
        """Return one column as NumPy: null is NaN in numbers and booleans, NaT in times, None in text.

        >>> Table.from_columns({"x": [1, None]}).numpy("x")
        array([ 1., nan])
        """
        import numpy as np
        import pyarrow as pa

        values = self.column(name)
        if pa.types.is_boolean(values.type) and values.null_count:
            values = values.cast(pa.int8())
        if pa.types.is_date(values.type):
            values = values.cast(pa.timestamp("s")).combine_chunks()
            return np.asarray(values.to_numpy(zero_copy_only=False)).astype("datetime64[D]")
        return np.asarray(values.to_numpy())

    @checked
    def batches(self, *, rows: int = _BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order as Arrow batches of at most ``rows`` rows."""
        _check_rows(rows, least=1)
        yield from self._rows.batches(self.names, size=min(rows, max(self.rows, 1)))

    def select(self, *names: str) -> Self:
        """Return these columns, in this order."""
        for name in names:
            self._check(name)
        by_name = {column.name: column for column in self._columns}
        promise = self._promise
        kept = promise if promise is not None and set(promise.columns) <= set(names) else None
        return type(self)(self._rows, [by_name[name] for name in names], promise=kept)

    @checked
    def head(self, rows: int = _SHOWN_ROWS) -> Self:
        """Return the first rows."""
        _check_rows(rows, least=0)
        first = Memory(self._rows.read(self.names, limit=min(rows, self.rows)))
        return type(self)(first, self._columns, promise=self._promise)

    @partial(checked, ours=("Promise",))
    def promised(self, promise: Promise) -> Self:
        """Return the table as one that a promise holds of.

        Raises:
            Leak: if a row does not keep it; says which.
            UnknownName: if a column that it speaks of is not there.
        """
        from interplane.data.promises import check_kept

        check_kept(self, promise)
        return type(self)(self._rows, self._columns, schema=self._schema, promise=promise)

    def concat(self, other: Table) -> Self:
        """Return the rows of this table and then those of another with the same columns.

        Raises:
            DataError: if the columns differ.

        >>> a = Table.from_columns({"x": [1]})
        >>> a.concat(Table.from_columns({"x": [2]})).to_rows()
        [{'x': 1}, {'x': 2}]
        """
        needs_table(other, "the rows that follow")
        if self._columns != other.columns:
            raise differing_columns(self._columns, other)
        promise = self._promise if self._promise == other.promise else None
        return type(self)(Chained(self._rows, other._rows), self._columns, promise=promise)

    @partial(checked, ours=("Schema",))
    def through(self, schema: Schema) -> Self:
        """Return the table as it reads through a schema.

        Values have the schema's types; a value that breaks a rule with ``on_breach = "null"``, or
        that cannot have its type, reads as null. Rows and their order stay.
        """
        from interplane.data.schema import projection_sql

        expressions = projection_sql(schema, self._columns)
        types = schema.types
        columns = [
            Column(name=column.name, type=types.get(column.name, column.type))
            for column in self._columns
        ]
        rows = Projected(self._rows, expressions) if expressions else self._rows
        seen = type(self)(rows, columns, schema=schema)
        return type(self)(rows, columns, schema=schema, promise=_still(self._promise, seen))

    # ---- SQL ------------------------------------------------------------------------------

    @checked
    def register(self, connection: DuckDBPyConnection, name: str) -> None:
        """Make the rows readable as the view ``name`` on a connection from `engine.connect`.

        Parts are read in place. The connection keeps what it needs alive.
        """
        if not hasattr(connection, "execute"):
            raise UsageError(
                f"the connection is {told_kind(connection)}",
                expected="a connection of DuckDB",
                do="Ask with table.sql(…), or connect with duckdb.connect()",
            )
        if not name:
            raise UsageError(
                "the view has no name", expected="a name", do="Name it as the query does"
            )
        source = self._rows.relation(connection, alias=f"{name} rows")
        chosen = ", ".join(identifier(column) for column in self.names)
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT {chosen} FROM {source}"
        )

    @checked
    def sql(self, query: str, /, **tables: Table) -> Table:
        """Ask a question in DuckDB's SQL: ``self`` is this table, others go by keyword.

        The rows come in the order that the query gives: write ORDER BY where it must be the same
        every time. Sums and averages of floats are computed on one thread, so that they are.
        Decimals in the result become integers (scale 0) or floats.

        Raises:
            UsageError: if the engine refuses the query; says where.
            DataError: if a column of the result has none of our types.

        >>> a = Table.from_columns({"x": [3, 1, 2]})
        >>> a.sql("SELECT x * 10 AS y FROM self ORDER BY x").to_rows()
        [{'y': 10}, {'y': 20}, {'y': 30}]
        """
        import duckdb

        with connect(threads=1) as connection:
            for name, table in {"self": self, **tables}.items():
                needs_table(table, f"the rows of {name!r}")
                table.register(connection, name)
            try:
                answer: Any = connection.sql(query)
                result = None if answer is None else answer.to_arrow_table()
            except duckdb.Error as error:
                known = ", ".join(["self", *tables])
                raise UsageError(
                    f"the query failed: {error}",
                    do=f"Tables in it are {known}; columns of self: {', '.join(self.names)}",
                ) from error
        if result is None:
            raise UsageError(
                f"the query {query[:80]!r} asks for no rows",
                expected="a question",
                do="Begin with SELECT, or with FROM self",
            )
        table = normalise(result, where="the query's result", lenient=True)
        found = Table(Memory(table), columns_of(table))
        return Table(Memory(table), found.columns, promise=_still(self._promise, found))

    # ---- protocols ------------------------------------------------------------------------

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def equals(self, other: Table) -> bool:
        """Return whether the other table has the same columns and, bit for bit, the same rows."""
        from interplane.data.content import content_digest

        needs_table(other, "the rows to compare with")
        return self.columns == other.columns and content_digest(self) == content_digest(other)

    def _check(self, name: object) -> None:
        if not isinstance(name, str) or name not in self.types:
            raise UnknownName.of("column", name, self.names, where="this table")

    def __repr__(self) -> str:
        from interplane.data.render import table_text

        return table_text(self, rows=_SHOWN_ROWS, columns=_SHOWN_COLUMNS)

    def _repr_html_(self) -> str:
        from interplane.data.render import table_html

        return table_html(self, rows=_SHOWN_ROWS, columns=_SHOWN_COLUMNS)


def _still(promise: Promise | None, made: Table) -> Promise | None:
    """Return the promise of a table, where it holds of what was made of it."""
    if promise is None:
        return None
    from interplane.data.promises import is_kept

    return promise if is_kept(made, promise) else None


def differing_columns(columns: Sequence[Column], other: Table) -> DataError:
    """Build the error for rows that cannot follow others, naming each difference."""
    old = {column.name: column.type for column in columns}
    notes = [f"{name!r} is missing" for name in old if name not in other.types]
    notes += [f"{name!r} is new" for name in other.types if name not in old]
    notes += [
        f"{name!r} is {other.types[name]} instead of {type_}"
        for name, type_ in old.items()
        if other.types.get(name, type_) != type_
    ]
    return DataError(
        f"the rows to append have other columns: {'; '.join(notes) or 'their order differs'}",
        expected=", ".join(f"{name} {type_}" for name, type_ in old.items()),
        do="Mend the columns, or add all rows as a version of their own. Where a type differs,"
        " --option types.COLUMN=TYPE (in Python types={…}) shows the line that is no such value",
    )


def needs_table(value: object, what: str) -> None:
    """Refuse rows that are no `Table`: a frame of pandas or Arrow goes through `Table.from_arrow`.

    Raises:
        UsageError: names what the value should be, and how to make it one.

    >>> needs_table(Table.from_columns({"x": [1]}), "the rows")
    """
    if not isinstance(value, Table):
        raise UsageError(
            f"{what} are {told_kind(value)}",
            expected="a table",
            do="Make it one with ip.Table.from_arrow(…), which takes frames of pandas, Polars and Arrow",
        )


def _check_rows(rows: int, *, least: int) -> None:
    if rows < least:
        raise UsageError(
            f"rows is {rows}", expected=f"a number of rows from {least} on", do="Give such a number"
        )


def _no_table(name: str, error: Exception) -> DataError:
    return DataError(
        f"{name} cannot be read as a table: {error}",
        expected="one type of value in each column, and columns of one length",
        do="Convert the column that is named to one type",
    )


def _to_arrow(source: Any, *, name: str) -> pa.Table:
    import pyarrow as pa

    if isinstance(source, Table):
        return source.to_arrow()
    try:
        if type(source).__module__.partition(".")[0] == "pandas":
            return _from_pandas(source, name=name)
        if isinstance(source, pa.Table):
            return source
        if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
            return pa.table(source)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise _no_table(name, error) from error
    raise UsageError(
        f"{name} is a {type(source).__name__}",
        expected="an Arrow table, a pandas or Polars frame, or an object with __arrow_c_stream__",
        do="Convert it, for example with pandas.DataFrame(...)",
    )


def _from_pandas(frame: Any, *, name: str) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise UsageError(
            f"{name} is a pandas {type(frame).__name__}",
            expected="a DataFrame",
            do='Call ".to_frame()" on it',
        )
    # Whole numbers without a name are row numbers, of this frame or of one it was cut from.
    if frame.index.names != [None] or not pd.api.types.is_integer_dtype(frame.index.dtype):
        raise DataError(
            f"the index of {name} ({', '.join(map(repr, frame.index.names))}) is no row number",
            expected="data in columns only",
            do='Call ".reset_index()" to keep it as a column, or ".reset_index(drop=True)"',
        )
    odd = [column for column in frame.columns if not isinstance(column, str)]
    if odd:
        raise DataError(
            f"{name} has a column named {odd[0]!r}, a {type(odd[0]).__name__}",
            expected="names that are text",
            do="Rename it, for example with frame.rename(columns=str)",
        )
    return pa.Table.from_pandas(frame, preserve_index=False)
