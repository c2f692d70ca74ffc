"""Spark's rows with columns of our six types: exactly, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.data.types import check_names, normalise
from interplane.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

    from interplane.record import Type

__all__ = ["SparkRows", "spark_type", "types_of", "unfit"]

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

    def named(self) -> DataFrame:
        """Return the frame with its columns under their own names."""
        return self.frame.toDF(*self.types)

    def collect(self) -> pa.Table:
        """Return the rows as Arrow, with columns of our types."""
        import pyarrow as pa

        found = pa.table(self.frame.toArrow())
        return normalise(found, where="the rows").rename_columns(list(self.types))


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
            raise unfit(field.name, text)
    return found


def unfit(name: str, text: str) -> DataError:
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
