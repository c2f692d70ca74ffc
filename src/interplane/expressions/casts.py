"""Casts: what has no value of the other type is null."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from interplane.expressions.form import Example, Form, Operation, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

# In templates, where braces are doubled.
_INT_TEXT = "-?[0-9]{{1,19}}"
_FLOAT_TEXT = "-?[0-9]{{1,40}}([.][0-9]{{1,40}})?([eE][+-]?[0-9]{{1,3}})?"
_DATE_TEXT = "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
_TIME_TEXT = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{{1,6}})?"
_BITS = (8, 16, 32)


def _is_bits(value: object, _: Type) -> bool:
    return type(value) is int and value in _BITS


def _narrow_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    half = 2 ** (options["bits"] - 1)
    return f"CASE WHEN {args[0]} BETWEEN {-half} AND {half - 1} THEN {args[0]} END"


def _cast(name: str, to: str, doc: str, forms: tuple[Form, ...], *examples: Example) -> Operation:
    return Operation(
        name=name,
        group="Casts",
        written=f'x.cast("{to}")',
        doc=doc,
        forms=forms,
        examples=examples,
    )


OPERATIONS: tuple[Operation, ...] = (
    _cast(
        "to_int",
        "int",
        "A float without its fraction, null beyond 64 bits; true as 1; text of an optional '-' and 1 to 19 digits, else null.",
        (
            Form(
                args=("bool",), result="int", sql="CAST({0} AS BIGINT)", python="(1 if {0} else 0)"
            ),
            Form(
                args=("float",),
                result="int",
                sql=(
                    "CASE WHEN {0} >= CAST('-9223372036854775808' AS DOUBLE)"
                    " AND {0} < CAST('9223372036854775808' AS DOUBLE)"
                    " THEN TRY_CAST(trunc({0}) AS BIGINT) END"
                ),
                python="(int({0}) if -9223372036854775808.0 <= {0} < 9223372036854775808.0 else None)",
                partial=True,
            ),
            Form(
                args=("str",),
                result="int",
                sql=f"CASE WHEN regexp_full_match({{0}}, '{_INT_TEXT}') THEN TRY_CAST({{0}} AS BIGINT) END",
                python="int_of_text({0})",
                partial=True,
            ),
        ),
        Example((-2.7,), -2),
        Example(("012",), 12),
        Example(("1_000",), None),
    ),
    _cast(
        "to_float",
        "float",
        "The nearest float; true as 1.0; text such as -12.5e3 (no spaces, no names), else null.",
        (
            Form(
                args=("bool",),
                result="float",
                sql="CAST(CAST({0} AS BIGINT) AS DOUBLE)",
                python="(1.0 if {0} else 0.0)",
                finite=True,
            ),
            Form(
                args=("int",),
                result="float",
                sql="CAST({0} AS DOUBLE)",
                python="float({0})",
                finite=True,
            ),
            Form(
                args=("str",),
                result="float",
                sql=f"CASE WHEN regexp_full_match({{0}}, '{_FLOAT_TEXT}') THEN TRY_CAST({{0}} AS DOUBLE) END",
                python="float_of_text({0})",
                partial=True,
            ),
        ),
        Example((3,), 3.0),
        Example(("-1.5e3",), -1500.0),
        Example(("nan",), None),
    ),
    _cast(
        "to_str",
        "str",
        "Shortest exact text of a float, ISO text of a time (the fraction without trailing zeros), 'true' and 'false'.",
        (
            Form(
                args=("bool",),
                result="str",
                sql="CAST({0} AS VARCHAR)",
                python="('true' if {0} else 'false')",
            ),
            Form(args=("int",), result="str", sql="CAST({0} AS VARCHAR)", python="str({0})"),
            Form(args=("float",), result="str", sql="CAST({0} AS VARCHAR)", python="str({0})"),
            Form(
                args=("date",), result="str", sql="CAST({0} AS VARCHAR)", python="{0}.isoformat()"
            ),
            Form(
                args=("timestamp",),
                result="str",
                sql="CAST({0} AS VARCHAR)",
                python="text_of_timestamp({0})",
            ),
        ),
        Example((0.1,), "0.1"),
        Example((datetime(2013, 1, 31, 12, 0, 0, 500_000),), "2013-01-31 12:00:00.5"),
    ),
    _cast(
        "to_bool",
        "bool",
        "Whether a number is not 0; 'true' and 'false' of text, else null.",
        (
            Form(args=("int",), result="bool", sql="({0} <> 0)", python="({0} != 0)"),
            Form(args=("float",), result="bool", sql="({0} <> 0)", python="({0} != 0.0)"),
            Form(
                args=("str",),
                result="bool",
                sql="CASE WHEN {0} = 'true' THEN TRUE WHEN {0} = 'false' THEN FALSE END",
                python="(True if {0} == 'true' else False if {0} == 'false' else None)",
                partial=True,
            ),
        ),
        Example((2,), True),
        Example(("yes",), None),
    ),
    _cast(
        "to_date",
        "date",
        "The day of a timestamp; text of the form 2013-01-31 in the years 1 to 9999, else null.",
        (
            Form(args=("timestamp",), result="date", sql="CAST({0} AS DATE)", python="{0}.date()"),
            Form(
                args=("str",),
                result="date",
                sql=(
                    f"CASE WHEN regexp_full_match({{0}}, '{_DATE_TEXT}') AND {{0}} >= '0001'"
                    " THEN TRY_CAST({0} AS DATE) END"
                ),
                python="date_of_text({0})",
                partial=True,
            ),
        ),
        Example((datetime(2013, 1, 31, 12),), date(2013, 1, 31)),
        Example(("2013-02-30",), None),
    ),
    _cast(
        "to_timestamp",
        "timestamp",
        "Midnight at the beginning of a day; text such as 2013-01-31 17:45:06.25 (or with T; UTC, no offset), else null.",
        (
            Form(
                args=("date",),
                result="timestamp",
                sql="CAST({0} AS TIMESTAMP)",
                python="datetime({0}.year, {0}.month, {0}.day)",
            ),
            Form(
                args=("str",),
                result="timestamp",
                sql=(
                    f"CASE WHEN regexp_full_match({{0}}, '{_DATE_TEXT}[ T]{_TIME_TEXT}')"
                    " AND {0} >= '0001' THEN TRY_CAST({0} AS TIMESTAMP) END"
                ),
                python="timestamp_of_text({0})",
                partial=True,
            ),
        ),
        Example((date(2013, 1, 31),), datetime(2013, 1, 31)),
        Example(("2013-01-31T17:45:06.25",), datetime(2013, 1, 31, 17, 45, 6, 250_000)),
        Example(("2013-01-31T17:45:06Z",), None),
    ),
    Operation(
        name="narrow",
        group="Casts",
        written='x.cast("int8"), x.cast("int16"), x.cast("int32")',
        doc="The whole number, null beyond so many bits.",
        forms=(
            Form(
                args=("int",),
                result="int",
                sql=_narrow_sql,
                python="({0} if {low} <= {0} <= {high} else None)",
                partial=True,
                constants=lambda options: {
                    "low": -(2 ** (options["bits"] - 1)),
                    "high": 2 ** (options["bits"] - 1) - 1,
                },
            ),
        ),
        examples=(
            Example((127,), 127, (("bits", 8),)),
            Example((128,), None, (("bits", 8),)),
        ),
        options=(Option("bits", "8, 16 or 32", _is_bits, lambda _: _BITS),),
    ),
)
