"""``to_local``: the wall clock's time in a zone, whose changes are settings of the operation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.constants import is_constant_of
from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.sql_text import sql_constant
from interplane.expressions.zone_clock import local_clock
from interplane.expressions.zone_rules import parse_rule
from interplane.expressions.zone_transitions import are_transitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

_EPOCH = datetime(1970, 1, 1)
_FIRST, _LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)
_NEW_YORK = "-18000,-14400,M3.2.0/7200,M11.1.0/7200"
_SAMPLES = (
    (0,),
    (-17762, -2717650800, -18000, -1633280400, -14400, -1615140000, -18000),
    (93600, -62135400000, -93600, 0, 1, 253402100000, -93600),
)
_RULES = (
    "",
    _NEW_YORK,
    "39600,37800,J97/7200,276/7200",
    "3600,0,M10.5.0/7200,M3.5.0/3600",
    "-7200,-3600,M3.5.0/-3600,M10.5.0/180000",
)


def _are_transitions(value: Any, _: Type) -> bool:
    return are_transitions(value)


def _is_rule(value: Any, _: Type) -> bool:
    if value == "":
        return True
    try:
        return isinstance(value, str) and bool(parse_rule(value))
    except ExpressionError:
        return False


def _is_name(value: Any, _: Type) -> bool:
    return is_constant_of(value, "str") and 0 < len(value) <= 100


def _local_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    """Return the shifted time where it stays in range: the changes are asked for from the last on."""
    x, transitions, rule = args[0], options["transitions"], options["rule"]
    edges, offsets = transitions[1::2], [*map(str, transitions[:-1:2])]
    offsets.append(_rule_sql(x, rule) if rule else f"{transitions[-1]}")
    cases = " ".join(
        f"WHEN {x} >= {_time(_EPOCH + timedelta(seconds=edge))} THEN {offset}"
        for edge, offset in zip(reversed(edges), reversed(offsets[1:]), strict=True)
    )
    offset = f"CASE {cases} ELSE {offsets[0]} END" if cases else offsets[0]
    first, last = _range(transitions, rule)
    moved = f"make_timestamp(epoch_us({x}) + ({offset})::BIGINT * 1000000)"
    return f"CASE WHEN {x} BETWEEN {_time(first)} AND {_time(last)} THEN {moved} END"


def _rule_sql(x: str, text: str) -> str:
    """Return the offset by a yearly rule: the year's kind says when both changes are."""
    rule = parse_rule(text)
    year = f"date_trunc('year', {x})"
    leap = f"CASE WHEN dayofyear(make_date(year({x}), 12, 31)) = 366 THEN 2 ELSE 1 END"
    kind = f"(isodow({year}) - 1) * 2 + {leap}"
    start, end = (
        f"list_extract([{', '.join(f'{second}::BIGINT' for second in seconds)}], {kind})"
        for seconds in (rule.starts_s, rule.ends_s)
    )
    second = f"(epoch_us({x}) - epoch_us({year})) // 1000000"
    first, then, inside, outside = (
        (start, end, rule.daylight_s, rule.standard_s)
        if rule.starts_s[0] < rule.ends_s[0]
        else (end, start, rule.standard_s, rule.daylight_s)
    )
    return f"CASE WHEN {second} >= {first} AND {second} < {then} THEN {inside} ELSE {outside} END"


def _range(transitions: tuple[int, ...], rule: str) -> tuple[datetime, datetime]:
    """Return the first and the last time whose local time is in the years 1 to 9999.

    There are no changes near either end, so the offset there is one.
    """
    early, late = transitions[0], transitions[-1]
    if rule:
        yearly = parse_rule(rule)
        late = yearly.offset_s(9999, 364 * 86400)
        early = early if len(transitions) > 1 else yearly.offset_s(1, 0)
    return _FIRST - timedelta(seconds=min(early, 0)), _LAST - timedelta(seconds=max(late, 0))


def _time(at: datetime) -> str:
    return sql_constant(at, "timestamp")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="to_local",
        group="Time",
        written='t.to_local("America/New_York")',
        doc="The time that clocks show in a zone of the IANA database when it is t in UTC. Its changes of all times become part of the expression. Null outside the years 1 to 9999.",
        forms=(
            Form(
                args=("timestamp",),
                result="timestamp",
                sql=_local_sql,
                python="{clock}({0})",
                partial=True,
                constants=lambda options: {
                    "clock": local_clock(options["transitions"], options["rule"])
                },
            ),
        ),
        examples=(
            Example(
                (datetime(2013, 3, 10, 7),),
                datetime(2013, 3, 10, 3),
                (("rule", _NEW_YORK), ("transitions", (-18000,)), ("zone", "America/New_York")),
            ),
        ),
        options=(
            Option(
                "rule",
                "the text of a yearly rule, or nothing",
                _is_rule,
                lambda _: _RULES,
            ),
            Option(
                "transitions",
                "an offset, then by turns the time of a change and the offset from then on",
                _are_transitions,
                lambda _: _SAMPLES,
            ),
            Option("zone", "the zone's name", _is_name, lambda _: ("Somewhere/Else",)),
        ),
    ),
)
