"""Rows: `Table`, the data frames of pandas and Polars, Arrow tables; each becomes any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import DataError, UnknownArtifact
from interplane.pipeline.codecs.ports import is_a
from interplane.pipeline.codecs.wants import refuse_form
from interplane.record import DataVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interplane.data.promises import Promise
    from interplane.data.table import Table
    from interplane.pipeline.codecs.ports import Loading, Saving
    from interplane.pipeline.codecs.wants import Form, Want

__all__ = ["FrameCodec", "TableCodec", "in_form"]

_LIBRARIES: Final[dict[str, tuple[str, Form]]] = {
    "pandas": ("DataFrame", "pandas"),
    "polars": ("DataFrame", "polars"),
    "pyarrow": ("Table", "arrow"),
}


class TableCodec:
    """A `Table`: Parquet parts, as a data version has them."""

    kind = "table"

    def takes(self, value: Any) -> bool:
        """Return whether it is a `Table`."""
        return is_a(value, "interplane.data.table", "Table")

    def save(self, value: Table, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Store the rows as parts."""
        from interplane.data.parts import write_parts

        del place
        version = write_parts(value, to.store.blobs)
        for part in version.parts:
            to.keep(part.digest)
        plain = version.to_dict()
        description = {"columns": plain["columns"], "parts": plain["parts"]}
        if value.promise is not None:  # without one the description is what it always was
            description["promise"] = value.promise.to_dict()
        return description, shape_words(version.rows, len(version.columns))

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return the rows, read when asked for."""
        from interplane.data.parts import parts_table

        rows = {key: description[key] for key in ("columns", "parts")}
        version = msgspec.convert({"kind": "data-version", **rows}, DataVersion)
        table = parts_table(version, source.store.blobs, promise=_promise(description))
        return in_form(table, want)


def _promise(description: Mapping[str, Any]) -> Promise | None:
    """Return what the rows were stored with: it was held against them when the part was made."""
    if "promise" not in description:
        return None
    from interplane.data.promises import Promise

    return msgspec.convert(description["promise"], Promise)


class FrameCodec:
    """A data frame: an Arrow file, which keeps types and index; proved to come back equal."""

    kind = "dataframe"

    def takes(self, value: Any) -> bool:
        """Return whether it is a frame of pandas or Polars, or an Arrow table."""
        return any(is_a(value, module, name) for module, (name, _) in _LIBRARIES.items())

    def save(self, value: Any, to: Saving, place: str) -> tuple[dict[str, Any], str]:
        """Store the frame as one Arrow file.

        Raises:
            UnknownArtifact: if it would not come back equal.
        """
        library = type(value).__module__.partition(".")[0]
        table = _to_arrow(value, library, place)
        data = _encode(table)
        if not _same(value, _from_arrow(_decode(data), library), library):
            raise _lossy(place, library, "some values or types would change")
        return {"library": library, "data": to.put(data)}, shape_words(
            table.num_rows, table.num_columns
        )

    def load(self, description: Mapping[str, Any], want: Want, source: Loading) -> Any:
        """Return the frame in the library that it came from, unless another is wanted."""
        table = _decode(source.read(description["data"]))
        library = description["library"]
        if want.form in {"any", _LIBRARIES[library][1]}:
            return _from_arrow(table, library)
        if want.form in {"pandas", "polars", "arrow"}:
            return _from_arrow(table, "pyarrow" if want.form == "arrow" else want.form)
        from interplane.data.table import Table

        return in_form(Table.from_arrow(_from_arrow(table, library), name=want.place), want)


def shape_words(rows: int, columns: int) -> str:
    """Return the shape of rows for a person."""
    return f"{rows:,} rows of {columns} columns"


def in_form(table: Table, want: Want) -> Any:
    """Return a table in the form that is wanted."""
    if want.form in {"any", "table"}:
        return table
    if want.form == "pandas":
        return table.to_pandas()
    if want.form == "polars":
        return table.to_polars()
    if want.form == "arrow":
        return table.to_arrow()
    if want.form == "numpy":
        return _matrix(table, want)
    raise refuse_form(want, f"a table of {shape_words(table.rows, len(table.columns))}")


def _matrix(table: Table, want: Want) -> Any:
    """Return numbers as float64, rows by columns, NaN for null."""
    import numpy as np

    matrix = np.empty((table.rows, len(table.columns)), np.float64)
    for index, column in enumerate(table.columns):
        if column.type not in {"bool", "int", "float"}:
            raise refuse_form(want, f"a table whose column {column.name!r} is {column.type}")
        matrix[:, index] = table.numpy(column.name)
    return matrix


def _to_arrow(value: Any, library: str, place: str) -> pa.Table:
    import pyarrow as pa

    try:
        if library == "pandas":
            return pa.Table.from_pandas(value)
        return value.to_arrow() if library == "polars" else value
    except (pa.ArrowException, DataError, TypeError, ValueError) as error:
        raise _lossy(place, library, str(error)) from error


def _from_arrow(table: pa.Table, library: str) -> Any:
    if library == "pandas":
        return table.to_pandas()
    if library == "polars":
        import polars as pl

        return pl.DataFrame(table)
    return table


def _encode(table: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _decode(data: bytes) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_file(pa.BufferReader(data)).read_all()


def _same(one: Any, other: Any, library: str) -> bool:
    if library == "pandas":
        return bool(
            one.equals(other)
            and one.columns.equals(other.columns)
            and one.index.equals(other.index)
            and (one.dtypes.array == other.dtypes.array).all()
        )
    return bool(one.equals(other) and one.schema == other.schema)


def _lossy(place: str, library: str, why: str) -> UnknownArtifact:
    return UnknownArtifact(
        f"{place} is a {library} frame that does not come back as it is: {why}",
        expected="columns of one type each, that Arrow knows, with text for names",
        do="Convert the columns, or return interplane.Table.from_arrow(frame)",
    )
