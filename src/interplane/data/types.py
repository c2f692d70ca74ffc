"""Arrow's types brought to our six at the edge: exactly, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import DataError
from interplane.record import TYPES, Column, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

__all__ = ["DUCKDB_TYPES", "arrow_type", "check_names", "columns_of", "normalise"]

DUCKDB_TYPES: dict[Type, str] = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "float": "DOUBLE",
    "str": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""The type of the engine that holds each of ours."""

_FIRST_MICROSECOND = -62_135_596_800_000_000
_LAST_MICROSECOND = 253_402_300_799_999_999
_FIRST_DAY = -719_162
_LAST_DAY = 2_932_896
_INT64_MAX = 2**63 - 1


def arrow_type(name: Type) -> pa.DataType:
    """Return the Arrow type that holds a type of ours.

    >>> arrow_type("timestamp")
    TimestampType(timestamp[us])
    """
    import pyarrow as pa

    made: dict[Type, pa.DataType] = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "str": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    return made[name]


def check_names(names: Sequence[str], *, where: str) -> None:
    """Refuse names that cannot name the columns of one table.

    Raises:
        DataError: for an empty name, one with a NUL, or two that differ in case only.
    """
    seen: dict[str, str] = {}
    for position, name in enumerate(names, start=1):
        if not name or "\x00" in name:
            raise DataError(
                f"column {position} of {where} has {'no name' if not name else 'a NUL in its name'}",
                expected="a name for each column",
                do="Name the column in the source",
                column=position,
            )
        twin = seen.get(name.lower())
        seen[name.lower()] = name
        if twin is not None:
            raise DataError(
                f"columns {twin!r} and {name!r} of {where} have the same name"
                + ("" if twin == name else " but for upper and lower case"),
                expected="names that differ, also in lower case",
                do="Rename one of them in the source",
                columns=[twin, name],
            )


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """Return the columns of an Arrow table that is normalised already."""
    return tuple(Column(name=field.name, type=_own(field.type)) for field in table.schema)


def _own(arrow: pa.DataType) -> Type:
    for name in TYPES:
        if arrow_type(name).equals(arrow):
            return name
    raise AssertionError(arrow)


def normalise(table: pa.Table, *, where: str, lenient: bool = False) -> pa.Table:
    """Return the table with each column in the Arrow type of one of our six.

    Numbers are widened, dictionaries decoded, zoned times moved to UTC; no value changes. A
    column without any value or type is text. Times without a zone are taken as UTC.

    Args:
        table: any Arrow table.
        where: what to call it in a message.
        lenient: whether decimals become integers (scale 0) or floats; for results of SQL.

    Raises:
        DataError: for a column that cannot be brought over exactly.
    """
    import pyarrow as pa

    check_names(table.column_names, where=where)
    arrays = [
        _column(table.column(index), field=field, where=where, lenient=lenient)
        for index, field in enumerate(table.schema)
    ]
    schema = pa.schema(
        [pa.field(name, array.type) for name, array in zip(table.column_names, arrays, strict=True)]
    )
    return pa.Table.from_arrays(arrays, schema=schema)


def _column(
    values: pa.ChunkedArray, *, field: pa.Field, where: str, lenient: bool
) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_dictionary(field.type):
        values = values.cast(field.type.value_type)
    target = _target(values.type, lenient=lenient)
    if target is None:
        raise DataError(
            f"column {field.name!r} of {where} has the type {field.type}",
            expected="bool, integer, float, text, date or timestamp",
            do=_advice(values.type),
            column=field.name,
        )
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        # Arrow keeps zoned times in UTC already; only the label goes.
        values = values.cast(pa.timestamp(values.type.unit, tz="UTC"))
    try:
        cast = values if values.type.equals(target) else values.cast(target)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"column {field.name!r} of {where} has values that {target} cannot hold exactly: {error}",
            expected="integers of 64 bits, times in whole microseconds",
            do="Round or cast the column before adding it",
            column=field.name,
        ) from error
    _check_values(cast, field=field, where=where)
    return cast


def _target(arrow: pa.DataType, *, lenient: bool) -> pa.DataType | None:
    import pyarrow as pa

    kinds = pa.types
    if lenient and kinds.is_decimal(arrow):
        return arrow_type("int" if arrow.scale == 0 else "float")
    tests: Iterable[tuple[bool, Type]] = (
        (kinds.is_boolean(arrow), "bool"),
        (kinds.is_integer(arrow), "int"),
        (kinds.is_floating(arrow), "float"),
        (kinds.is_string(arrow) or kinds.is_large_string(arrow), "str"),
        (kinds.is_string_view(arrow) or kinds.is_null(arrow), "str"),
        (kinds.is_date(arrow), "date"),
        (kinds.is_timestamp(arrow), "timestamp"),
    )
    return next((arrow_type(name) for found, name in tests if found), None)


def _advice(arrow: pa.DataType) -> str:
    import pyarrow as pa

    if pa.types.is_decimal(arrow):
        return "Cast it to float64, or keep the smallest unit (cents) as an integer"
    if pa.types.is_nested(arrow):
        return "Make a column of each part that is needed, or store it as JSON text"
    if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow):
        return "Decode it to text, or keep the bytes in files and a reference here"
    if pa.types.is_time(arrow) or pa.types.is_duration(arrow):
        return "Keep it as an integer (seconds or microseconds)"
    return "Cast or drop the column before adding it"


def _check_values(values: pa.ChunkedArray, *, field: pa.Field, where: str) -> None:
    """Refuse times outside the years 1 to 9999 and text that is not UTF-8."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(values.type):
        try:
            values.validate(full=True)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"column {field.name!r} of {where} has text that is not UTF-8: {error}",
                expected="UTF-8 text",
                do="Decode it with its real encoding before adding it",
                column=field.name,
            ) from error
        return
    if not pa.types.is_temporal(values.type):
        return
    days = pa.types.is_date(values.type)
    low, high = (_FIRST_DAY, _LAST_DAY) if days else (_FIRST_MICROSECOND, _LAST_MICROSECOND)
    bounds = pc.min_max(values.cast(pa.int32() if days else pa.int64())).as_py()
    if bounds["min"] is not None and (bounds["min"] < low or bounds["max"] > high):
        raise DataError(
            f"column {field.name!r} of {where} has times outside the years 1 to 9999",
            expected="times in the years 1 to 9999",
            do="Make such values null before adding the table",
            column=field.name,
        )
