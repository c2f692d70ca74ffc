"""Columns of text turned into typed columns: by all values, exactly, or left as text.

A type is taken only if every value of the column is written as that type is written: ``007`` and
``+5`` are no integers, ``1e400`` is no float, an integer that 64 bits cannot hold stays text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interplane.data.types import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

    from interplane.data.options import ReadOptions
    from interplane.record import Type

__all__ = ["convert", "first_misfit", "infer"]

_ORDER: tuple[Type, ...] = ("int", "float", "bool", "date", "timestamp")
_EXACT_DIGITS = 15
_PEEK = 256


def infer(values: pa.ChunkedArray, options: ReadOptions, *, prefer: Type | None = None) -> Any:
    """Return the column in the first type that holds all its values; text if none does.

    Args:
        values: a column of text.
        options: how numbers and nulls are written.
        prefer: the type to try first, for example the schema's.
    """
    if prefer == "str" or (prefer is None and values.null_count == len(values)):
        return values
    wanted = (prefer, *_ORDER) if prefer else _ORDER
    for name in wanted:
        typed = convert(values, name, options)
        # A column of nothing but quoted nulls is text, unless somebody said otherwise.
        if typed is not None and (name == prefer or typed.null_count < len(values)):
            return typed
    return values


def convert(
    values: pa.ChunkedArray, to: Type, options: ReadOptions, *, written: str | None = None
) -> pa.ChunkedArray | None:
    """Return the column in one type, or None if a value is not written as that type is."""
    import pyarrow as pa

    if to == "str":
        return values
    typed = _attempt(values, to, options, written)
    if typed is None and _quoted_null(values, options):
        # A quoted "" or "NA" is text, but among numbers and times it can only be a null.
        blanked = _without_nulls(values, options)
        typed = _attempt(blanked, to, options, written)
    if typed is None:
        return None
    return typed if isinstance(typed, pa.ChunkedArray) else pa.chunked_array([typed])


def first_misfit(values: pa.ChunkedArray, to: Type, options: ReadOptions, **how: Any) -> int:
    """Return the row of the first value that cannot be converted, by halving."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        half = values.slice(low, middle - low)
        low, high = (low, middle) if convert(half, to, options, **how) is None else (middle, high)
    return low


def _quoted_null(values: pa.ChunkedArray, options: ReadOptions) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    nulls = pa.array(list(options.null_values), pa.string())
    return bool(pc.any(pc.is_in(values, value_set=nulls)).as_py())


def _without_nulls(values: pa.ChunkedArray, options: ReadOptions) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    nulls = pa.array(list(options.null_values), pa.string())
    return pc.if_else(pc.is_in(values, value_set=nulls), pa.scalar(None, pa.string()), values)


def _attempt(
    values: pa.ChunkedArray, to: Type, options: ReadOptions, written: str | None
) -> pa.ChunkedArray | None:
    if written is not None:
        return _formatted(values, to, written)
    match to:
        case "int":
            return _integers(_plain_number(values, options, decimal=False))
        case "float":
            return _floats(_plain_number(values, options, decimal=True))
        case "bool":
            return _booleans(values)
        case "date":
            return _dates(values)
        case _:
            return _timestamps(values)


def _cast(values: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray | None:
    import pyarrow as pa

    try:
        # Most columns that are not of this type show it at once: that costs no copy of them all.
        values.slice(0, _PEEK).cast(to)
        return values.cast(to)
    except pa.ArrowInvalid:
        return None


def _all(condition: Any) -> bool:
    """Return whether a condition holds wherever it is not null."""
    import pyarrow.compute as pc

    return bool(pc.all(condition, min_count=0).as_py())


def _plain_number(
    values: pa.ChunkedArray, options: ReadOptions, *, decimal: bool
) -> pa.ChunkedArray | None:
    """Write numbers as Arrow reads them: no thousands, a point before decimals."""
    import pyarrow.compute as pc

    if options.thousands:
        grouped = rf"^-?[0-9]{{1,3}}(\{options.thousands}[0-9]{{3}})*(\{options.decimal}[0-9]*)?$"
        plain = rf"^-?[0-9]*(\{options.decimal}[0-9]*)?([eE][-+]?[0-9]+)?$"
        if not _all(pc.match_substring_regex(values, f"{grouped}|{plain}")):
            return None
        values = pc.replace_substring(values, options.thousands, "")
    if decimal and options.decimal != ".":
        if _all(pc.invert(pc.match_substring(values, "."))):
            return pc.replace_substring(values, options.decimal, ".")
        return None
    return values


def _integers(values: pa.ChunkedArray | None) -> pa.ChunkedArray | None:
    """Take integers only where writing them again would give the same text."""
    import pyarrow.compute as pc

    typed = None if values is None else _cast(values, arrow_type("int"))
    if typed is None:
        return None
    # What Arrow takes beyond that begins with a zero: 007, 0x10, -0.
    padded = pc.and_(pc.starts_with(values, "0"), pc.greater(pc.binary_length(values), 1))
    return typed if _all(pc.invert(pc.or_(padded, pc.starts_with(values, "-0")))) else None


def _floats(values: pa.ChunkedArray | None) -> pa.ChunkedArray | None:
    import pyarrow.compute as pc

    typed = None if values is None else _cast(values, arrow_type("float"))
    if typed is None:
        return None
    odd = rf"^[+-]?0[0-9]|^[+-]?[0-9]{{{_EXACT_DIGITS + 1},}}$"
    if not _all(pc.invert(pc.match_substring_regex(values, odd))):
        return None
    infinite = pc.filter(values, pc.is_inf(typed))
    if not _all(pc.match_substring(infinite, "inf", ignore_case=True)):
        return None
    return typed


def _booleans(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    lowered = pc.ascii_lower(values)
    true = pc.equal(lowered, "true")
    if not _all(pc.or_(true, pc.equal(lowered, "false"))):
        return None
    return true.cast(pa.bool_())


def _dates(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    typed = _cast(values, pa.date32())
    if typed is None:
        return None
    return typed if _all(pc.equal(pc.utf8_length(values), 10)) else None


def _timestamps(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Take ISO times: all without a zone (as UTC), or all with one (moved to UTC)."""
    import pyarrow as pa

    naive = _cast(values, pa.timestamp("us"))
    if naive is not None:
        return naive
    zoned = _cast(values, pa.timestamp("us", tz="UTC"))
    return None if zoned is None else zoned.cast(pa.timestamp("us"))


def _formatted(values: pa.ChunkedArray, to: Type, written: str) -> pa.ChunkedArray | None:
    """Take times that are written in a format of their own.

    Arrow is quick and forgives: it takes 31.02. for the third of March, and passes over a zone.
    What it would not write again as it stands is read once more, strictly.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        typed = pc.strptime(values, format=written, unit="s")
        exact = pc.equal(pc.strftime(typed, format=written), values)
    except pa.ArrowInvalid:
        typed, exact = None, pa.scalar(False)
    if not _all(exact):
        typed = _strictly(values, written)
    return None if typed is None else _whole(typed, to)


def _strictly(values: pa.ChunkedArray, written: str) -> pa.ChunkedArray | None:
    """Read every value as the standard library does; times with a zone move to UTC."""
    import pyarrow as pa

    encoded = values.combine_chunks().dictionary_encode()
    found: list[datetime] = []
    for text in encoded.dictionary.to_pylist():
        try:
            time = datetime.strptime(text, written)  # noqa: DTZ007 - the format may have a zone
        except ValueError:
            return None
        found.append(time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None))
    times = pa.array(found, pa.timestamp("us"))
    return pa.chunked_array([times.take(encoded.indices)])


def _whole(times: pa.ChunkedArray, to: Type) -> pa.ChunkedArray | None:
    """Return times in a type; None where a date would lose its hour."""
    import pyarrow.compute as pc

    typed = times.cast(arrow_type(to))
    return typed if _all(pc.equal(typed.cast(times.type), times)) else None
