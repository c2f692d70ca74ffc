"""More of time: names, weeks, parts of a second, whole units between two times, epochs."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.time_runtime import COUNTS, DATE_COUNTS, TICKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

_GROUP = "Time"
_SAMPLE = datetime(2013, 1, 31, 17, 45, 6, 250_000)
_FIRST_US, _LAST_US = -62135596800000000, 253402300799999999
_BOTH: tuple[Type, ...] = ("date", "timestamp")
_ONLY_TIMESTAMP: tuple[Type, ...] = ("timestamp",)


def _part(
    name: str,
    doc: str,
    sql: str,
    python: str,
    example: Any,
    *,
    types: tuple[Type, ...] = _BOTH,
    result: Type = "int",
) -> Operation:
    return Operation(
        name=name,
        group=_GROUP,
        written=f"t.{name}()",
        doc=doc,
        forms=tuple(
            Form(
                args=(kind,),
                result=result,
                sql=f"CAST({sql} AS BIGINT)" if result == "int" else sql,
                python=python,
            )
            for kind in types
        ),
        examples=(Example((_SAMPLE,), example),),
    )


_OF_SECOND = "((epoch_us({0}) % 1000000 + 1000000) % 1000000)"

_DAY = "(CAST({0} AS DATE) - DATE '0001-01-01')"
_SINCE = f"(epoch_us({{0}}) + {-_FIRST_US}::BIGINT)"
_COUNT_SQL = {
    "year": "year({0})",
    "quarter": "(year({0}) * 4 + quarter({0}))",
    "month": "(year({0}) * 12 + month({0}))",
    "week": f"({_DAY} // 7)",
    "day": _DAY,
    "hour": f"({_SINCE} // 3600000000)",
    "minute": f"({_SINCE} // 60000000)",
    "second": f"({_SINCE} // 1000000)",
    "millisecond": f"({_SINCE} // 1000)",
    "microsecond": _SINCE,
}
"""The number of each unit that a time lies in, counted from the beginning of the year 1 or 0."""


def _is_unit(value: Any, of: Type) -> bool:
    return value in (DATE_COUNTS if of == "date" else COUNTS)


def _delta_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    count = _COUNT_SQL[options["unit"]]
    return f"CAST({count.format(args[0])} - {count.format(args[1])} AS BIGINT)"


def _is_tick(value: Any, _: Type) -> bool:
    return value in TICKS


def _epoch_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    tick = TICKS[options["unit"]]
    first, last = -(-_FIRST_US // tick), _LAST_US // tick
    x = args[0]
    return f"CASE WHEN {x} BETWEEN {first} AND {last} THEN make_timestamp({x} * {tick}) END"


OPERATIONS: tuple[Operation, ...] = (
    _part("week", "The ISO week, 1 to 53; weeks begin on Monday.", "week({0})", "iso_week({0})", 5),
    _part(
        "iso_year",
        "The year that the ISO week belongs to.",
        "isoyear({0})",
        "iso_year({0})",
        2013,
    ),
    _part("days_in_month", "28 to 31.", "day(last_day({0}))", "days_in_month({0})", 31),
    _part(
        "day_name",
        "The English name of the day of the week.",
        "dayname({0})",
        "day_name({0})",
        "Thursday",
        result="str",
    ),
    _part(
        "month_name",
        "The English name of the month.",
        "monthname({0})",
        "month_name({0})",
        "January",
        result="str",
    ),
    _part(
        "millisecond",
        "The milliseconds of the second, 0 to 999.",
        f"{_OF_SECOND} // 1000",
        "({0}.microsecond // 1000)",
        250,
        types=_ONLY_TIMESTAMP,
    ),
    _part(
        "microsecond",
        "The microseconds of the second, 0 to 999,999.",
        _OF_SECOND,
        "{0}.microsecond",
        250_000,
        types=_ONLY_TIMESTAMP,
    ),
    Operation(
        name="delta",
        group=_GROUP,
        written="a.delta(b, unit)",
        doc="How many beginnings of a year, quarter, month, week (Monday), day, hour … lie between b and a; negative where b is later.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result="int",
                sql=_delta_sql,
                python="({count}({0}) - {count}({1}))",
                constants=lambda options: {"count": COUNTS[options["unit"]]},
            )
            for kind in _BOTH
        ),
        examples=(
            Example((date(2013, 2, 1), date(2013, 1, 31)), 1, (("unit", "month"),)),
            Example((_SAMPLE, datetime(2013, 1, 31, 18)), -1, (("unit", "hour"),)),
        ),
        options=(
            Option(
                "unit",
                f"one of {', '.join(COUNTS)} (of dates: a day or longer)",
                _is_unit,
                lambda of: tuple(DATE_COUNTS if of == "date" else COUNTS),
            ),
        ),
    ),
    Operation(
        name="from_epoch",
        group=_GROUP,
        written='n.as_timestamp(unit="s")',
        doc="The time so many seconds (ms: milliseconds, us: microseconds) after 1970 began. Null outside the years 1 to 9999.",
        forms=(
            Form(
                args=("int",),
                result="timestamp",
                sql=_epoch_sql,
                python="time_of_epoch({0}, {tick})",
                partial=True,
                constants=lambda options: {"tick": TICKS[options["unit"]]},
            ),
        ),
        examples=(Example((1359654306,), datetime(2013, 1, 31, 17, 45, 6), (("unit", "s"),)),),
        options=(Option("unit", "one of s, ms, us", _is_tick, lambda _: tuple(TICKS)),),
    ),
)
