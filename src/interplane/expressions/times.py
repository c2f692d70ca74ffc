"""Dates and UTC timestamps, in the years 1 to 9999; what leaves them is null."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.runtime import DATE_CUTS, TIMESTAMP_CUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

_GROUP = "Time"
_FIRST_US, _LAST_US = -62135596800000000, 253402300799999999
_DAY_US = 86_400_000_000
_SPAN_DAYS = 3_652_058

_TIMES: tuple[Type, ...] = ("date", "timestamp")
_SAMPLE = datetime(2013, 1, 31, 17, 45, 6)

_UNITS = tuple(TIMESTAMP_CUTS)
_DATE_UNITS = tuple(DATE_CUTS)


def _part(
    name: str,
    doc: str,
    result: int,
    *,
    sql: str | None = None,
    python: str | None = None,
    types: tuple[Type, ...] = _TIMES,
) -> Operation:
    return Operation(
        name=name,
        group=_GROUP,
        written=f"t.{name}()",
        doc=doc,
        forms=tuple(
            Form(
                args=(kind,),
                result="int",
                sql=f"CAST({sql or name + '({0})'} AS BIGINT)",
                python=python or f"{{0}}.{name}",
            )
            for kind in types
        ),
        examples=(Example((_SAMPLE,), result),),
    )


def _is_unit(value: Any, of: Type) -> bool:
    return value in (_DATE_UNITS if of == "date" else _UNITS)


def _truncate_sql(to: str) -> Any:
    """Write the beginning of a unit; `greatest` of one value is that value.

    DuckDB 1.5 takes what is compared with a constant that begins no unit for never equal, and says
    false (or, of unlike, true) of a null too. It does not see through `greatest`, which costs nothing.
    """

    def sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
        return f"greatest(CAST(date_trunc('{options['unit']}', {args[0]}) AS {to}))"

    return sql


def _is_shift(value: Any, of: Type) -> bool:
    if type(value) is not int or abs(value) > _SPAN_DAYS * _DAY_US:
        return False
    return of == "timestamp" or value % _DAY_US == 0


def _shift_timestamp_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    moved = f"epoch_us({args[0]}) + {options['microseconds']}::BIGINT"
    return f"CASE WHEN {moved} BETWEEN {_FIRST_US} AND {_LAST_US} THEN make_timestamp({moved}) END"


def _shift_date_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    days = options["microseconds"] // _DAY_US
    moved = f"{args[0]} + {days}::INTEGER"
    return f"CASE WHEN {moved} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {moved} END"


def _is_months(value: Any, _: Type) -> bool:
    return type(value) is int and abs(value) <= 120_000


def _months_sql(to: str) -> Any:
    def sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
        x, months = args[0], options["months"]
        count = f"year({x}) * 12 + month({x}) - 1 + {months}::BIGINT"
        moved = f"CAST({x} + to_months({months}::INTEGER) AS {to})"
        return f"CASE WHEN {count} BETWEEN 12 AND 119999 THEN {moved} END"

    return sql


_EPOCH_SECONDS = "((epoch_us({0}) - ((epoch_us({0}) % 1000000) + 1000000) % 1000000) // 1000000)"

OPERATIONS: tuple[Operation, ...] = (
    _part("year", "The year.", 2013),
    _part("quarter", "The quarter, 1 to 4.", 1, python="(({0}.month + 2) // 3)"),
    _part("month", "The month, 1 to 12.", 1),
    _part("day", "The day of the month.", 31),
    _part("hour", "The hour, 0 to 23.", 17, types=("timestamp",)),
    _part("minute", "The minute, 0 to 59.", 45, types=("timestamp",)),
    _part("second", "The second, 0 to 59.", 6, types=("timestamp",)),
    _part(
        "day_of_week",
        "0 for Monday to 6 for Sunday.",
        3,
        sql="(isodow({0}) - 1)",
        python="{0}.weekday()",
    ),
    _part(
        "day_of_year",
        "1 for the first of January.",
        31,
        sql="dayofyear({0})",
        python="day_of_year({0})",
    ),
    _part(
        "epoch_seconds",
        "Whole seconds since 1970, rounded down.",
        1359654306,
        sql=_EPOCH_SECONDS,
        python="epoch_seconds({0})",
        types=("timestamp",),
    ),
    Operation(
        name="truncate",
        group=_GROUP,
        written="t.truncate(unit)",
        doc="The beginning of the year, quarter, month, week (Monday), day, hour, minute or second.",
        forms=(
            Form(
                args=("date",),
                result="date",
                sql=_truncate_sql("DATE"),
                python="{cut}({0})",
                constants=lambda options: {"cut": DATE_CUTS[options["unit"]]},
            ),
            Form(
                args=("timestamp",),
                result="timestamp",
                sql=_truncate_sql("TIMESTAMP"),
                python="{cut}({0})",
                constants=lambda options: {"cut": TIMESTAMP_CUTS[options["unit"]]},
            ),
        ),
        examples=(
            Example((_SAMPLE,), datetime(2013, 1, 28), (("unit", "week"),)),
            Example((date(2013, 5, 31),), date(2013, 4, 1), (("unit", "quarter"),)),
        ),
        options=(
            Option(
                "unit",
                f"one of {', '.join(_UNITS)} (of a date: a day or longer)",
                _is_unit,
                lambda of: _DATE_UNITS if of == "date" else _UNITS,
            ),
        ),
    ),
    Operation(
        name="shift",
        group=_GROUP,
        written="t + timedelta(…), t - timedelta(…)",
        doc="The time a constant duration later. Null outside the years 1 to 9999.",
        forms=(
            Form(
                args=("date",),
                result="date",
                sql=_shift_date_sql,
                python="shifted({0}, {duration})",
                partial=True,
                constants=lambda options: {
                    "duration": timedelta(microseconds=options["microseconds"])
                },
            ),
            Form(
                args=("timestamp",),
                result="timestamp",
                sql=_shift_timestamp_sql,
                python="shifted({0}, {duration})",
                partial=True,
                constants=lambda options: {
                    "duration": timedelta(microseconds=options["microseconds"])
                },
            ),
        ),
        examples=(
            Example((_SAMPLE,), datetime(2013, 2, 1, 17, 45, 6), (("microseconds", _DAY_US),)),
        ),
        options=(
            Option(
                "microseconds",
                "an int up to 9,999 years (of a date: whole days)",
                _is_shift,
                lambda of: (
                    (_DAY_US, -40 * _DAY_US, 0) + ((1, -3_600_000_001) if of != "date" else ())
                ),
            ),
        ),
    ),
    Operation(
        name="add_months",
        group=_GROUP,
        written="t.add_months(n)",
        doc="The same day n months later, the last one of a shorter month. Null outside the years 1 to 9999.",
        forms=(
            Form(
                args=("date",),
                result="date",
                sql=_months_sql("DATE"),
                python="months_later({0}, {months})",
                partial=True,
            ),
            Form(
                args=("timestamp",),
                result="timestamp",
                sql=_months_sql("TIMESTAMP"),
                python="months_later({0}, {months})",
                partial=True,
            ),
        ),
        examples=(Example((date(2013, 1, 31),), date(2013, 2, 28), (("months", 1),)),),
        options=(
            Option(
                "months", "an int up to 120,000", _is_months, lambda _: (1, -1, 12, -37, 24_000)
            ),
        ),
    ),
    Operation(
        name="seconds_since",
        group=_GROUP,
        written="a.seconds_since(b)",
        doc="The seconds from b to a, with fraction; negative where b is later.",
        forms=(
            Form(
                args=("timestamp", "timestamp"),
                result="float",
                sql="(CAST(epoch_us({0}) - epoch_us({1}) AS DOUBLE) / 1e6::DOUBLE)",
                python="seconds_between({0}, {1})",
                finite=True,
            ),
        ),
        examples=(Example((_SAMPLE, datetime(2013, 1, 31, 17, 45)), 6.0),),
    ),
    Operation(
        name="days_since",
        group=_GROUP,
        written="a.days_since(b)",
        doc="The days from b to a: an int for dates, with fraction for timestamps.",
        forms=(
            Form(
                args=("date", "date"),
                result="int",
                sql="CAST({0} - {1} AS BIGINT)",
                python="({0} - {1}).days",
            ),
            Form(
                args=("timestamp", "timestamp"),
                result="float",
                sql="(CAST(epoch_us({0}) - epoch_us({1}) AS DOUBLE) / 86400000000.0::DOUBLE)",
                python="days_between({0}, {1})",
                finite=True,
            ),
        ),
        examples=(Example((date(2013, 3, 1), date(2013, 1, 31)), 29),),
    ),
)
