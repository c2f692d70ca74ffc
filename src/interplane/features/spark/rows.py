"""Spark's rows with columns of our six types: exactly, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from interplane.data.table import Table
from interplane.data.types import check_names
from interplane.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import Column, DataFrame

    from interplane.record import Type

__all__ = ["SparkRows", "spark_type", "types_of", "utc"]

_SPARK: dict[Type, str] = {
    "bool": "boolean",
    "int": "bigint",
    "float": "double",
    "str": "string",
    "date": "date",
    "timestamp": "timestamp_ntz",
}

_TYPES: dict[str, Type] = {
    "boolean": "bool",
    "tinyint": "int",
    "smallint": "int",
    "int": "int",
    "bigint": "int",
    "float": "float",
    "double": "float",
    "string": "str",
    "void": "str",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
}

_ADVICE = {
    "decimal": "Cast it to double, or keep the smallest unit (cents) as a bigint",
    "binary": "Decode it to text, or keep a reference to the bytes",
    "array": "Make a column of each element that is needed",
    "map": "Make a column of each value that is needed",
    "struct": "Make a column of each field that is needed",
    "string collate": "Cast it to a string with the collation UTF8_BINARY",
}


@dataclass(frozen=True)
class SparkRows:
    """Rows of Spark whose columns are ours: exact types, no NaN, and names that need no quoting.

    A ``timestamp`` stands for its instant in UTC whatever the session's time zone is; a
    ``timestamp_ntz`` is taken as UTC, like any time without a zone.

    Attributes:
        frame: the rows; its columns are c0, c1 … in the order of ``types``.
        types: the type of each column by its own name.
    """

    frame: DataFrame
    types: Mapping[str, Type]

    @classmethod
    def read(cls, frame: DataFrame, types: Mapping[str, Type]) -> SparkRows:
        """Take these columns of a frame, integers as floats where a float is asked for.

        Args:
            frame: any frame.
            types: what to take of it, by name: columns that `types_of` has found fit.
        """
        columns = [
            _column(frame, name, kind).alias(f"c{place}")
            for place, (name, kind) in enumerate(types.items())
        ]
        return cls(frame.select(*columns), dict(types))

    def column(self, name: str) -> Column:
        """Return a column by its own name."""
        return self.frame[f"c{list(self.types).index(name)}"]

    def select(self, names: Iterable[str]) -> SparkRows:
        """Return the same rows with some columns, in the order of the names."""
        chosen = list(names)
        columns = [self.column(name).alias(f"c{place}") for place, name in enumerate(chosen)]
        return SparkRows(self.frame.select(*columns), {name: self.types[name] for name in chosen})

    def where(self, name: str) -> SparkRows:
        """Return the rows where a column of type bool is true."""
        return replace(self, frame=self.frame.where(self.column(name)))

    def known(self, name: str) -> SparkRows:
        """Return the rows where a column is not null."""
        return replace(self, frame=self.frame.where(self.column(name).isNotNull()))

    def first(self, count: int) -> SparkRows:
        """Return up to so many of the rows."""
        return replace(self, frame=self.frame.limit(count))

    def named(self) -> DataFrame:
        """Return the frame with its columns under their own names."""
        return self.frame.toDF(*self.types)

    def collect(self) -> Table:
        """Return the rows as a table in memory."""
        import pyarrow as pa

        found = pa.table(self.frame.toArrow()).rename_columns(list(self.types))
        return Table.from_arrow(found, name="the Spark DataFrame")


def utc(rows: SparkRows, name: str) -> Column:
    """Return a column; a ``timestamp`` as the ``timestamp_ntz`` that it is in UTC, exactly.

    Spark's cast between the two goes by the session's time zone.
    """
    from pyspark.sql import functions

    column = rows.column(name)
    if dict(rows.frame.dtypes)[f"c{list(rows.types).index(name)}"] != "timestamp":
        return column
    since = "TIMESTAMP_NTZ '1970-01-01 00:00:00'"
    return functions.timestamp_add(
        "MICROSECOND", functions.unix_micros(column), functions.expr(since)
    )


def spark_type(kind: Type) -> str:
    """Return the Spark type that holds a type of ours.

    >>> spark_type("timestamp")
    'timestamp_ntz'
    """
    return _SPARK[kind]


def types_of(frame: DataFrame, *, needed: Iterable[str] = ()) -> dict[str, Type]:
    """Return the type of each column of a frame that one of ours holds exactly.

    Args:
        frame: the frame.
        needed: columns that have to be among them, if they are there.

    Raises:
        DataError: for a needed column of a type that none of ours holds; says what to do with it.
            For names that one table cannot have.
    """
    check_names(frame.columns, where="the Spark DataFrame")
    wanted = set(needed)
    found: dict[str, Type] = {}
    for field in frame.schema.fields:
        text = field.dataType.simpleString()
        kind = _TYPES.get("string" if text.startswith(("char(", "varchar(")) else text)
        if kind is not None:
            found[field.name] = kind
        elif field.name in wanted:
            raise _unfit(field.name, text)
    return found


def _unfit(name: str, text: str) -> DataError:
    """Return the error for a column of a type that none of ours holds exactly."""
    advice = next(
        (do for start, do in _ADVICE.items() if text.startswith(start)), "Cast it, or leave it out"
    )
    return DataError(
        f"the column {name!r} of the Spark DataFrame is {text}",
        expected="boolean, an integer, float, double, string, date or timestamp",
        do=advice,
        column=name,
    )


def _column(frame: DataFrame, name: str, kind: Type) -> Any:
    from pyspark.sql import functions

    quoted = name.replace("`", "``")
    column: Any = frame[f"`{quoted}`"]
    if kind == "timestamp":
        return column  # a cast between Spark's two kinds would go by the session's time zone
    column = column.cast(spark_type(kind))
    return functions.when(~functions.isnan(column), column) if kind == "float" else column
