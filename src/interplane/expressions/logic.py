"""Comparison, three-valued logic, nulls and choice."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from interplane.expressions.constants import is_constant_of, type_of
from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.sql_text import sql_constant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

_ALL: tuple[Type, ...] = ("bool", "int", "float", "str", "date", "timestamp")
_ORDERED: tuple[Type, ...] = ("int", "float", "str", "date", "timestamp")
_NUMBERS: tuple[Type, ...] = ("int", "float")


def _comparison(name: str, sql: str, python: str, doc: str, types: tuple[Type, ...]) -> Operation:
    return Operation(
        name=name,
        group="Comparison",
        written=f"a {python} b",
        doc=doc,
        forms=tuple(
            Form(
                args=(kind, kind),
                result="bool",
                sql=f"({{0}} {sql} {{1}})",
                python=f"({{0}} {python} {{1}})",
            )
            for kind in types
        ),
        examples=(Example((1, 2), name in {"ne", "lt", "le"}), Example(("a", None), None)),
    )


def _pick(name: str, symbol: str, word: str, example: Example) -> Operation:
    return Operation(
        name=name,
        group="Choice",
        written=f"{name}(a, b, …)",
        doc=f"The {word} of the arguments that are not null; the first of equal ones.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result=kind,
                sql=(
                    "CASE WHEN {0} IS NULL THEN {1} WHEN {1} IS NULL THEN {0}"
                    f" WHEN {{1}} {symbol} {{0}} THEN {{1}} ELSE {{0}} END"
                ),
                python=(
                    "({1} if {0} is None else {0} if {1} is None"
                    f" else {{1}} if {{1}} {symbol} {{0}} else {{0}})"
                ),
                strict=False,
                null="all",
            )
            for kind in _ORDERED
        ),
        examples=(example, Example((None, 2), 2)),
    )


def _clip(name: str, symbol: str, bound: str, example: Example) -> Operation:
    other = {"<": ">=", ">": "<="}[symbol]
    return Operation(
        name=name,
        group="Choice",
        written=f"x.clip({bound}=…)",
        doc=f"x, or the {bound} bound where x {symbol} it.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result=kind,
                sql=f"CASE WHEN {{0}} {symbol} {{1}} THEN {{1}} WHEN {{0}} {other} {{1}} THEN {{0}} END",
                python=f"({{1}} if {{0}} {symbol} {{1}} else {{0}})",
            )
            for kind in _NUMBERS
        ),
        examples=(example,),
    )


def _are_values(value: Any, of: Type) -> bool:
    return (
        isinstance(value, tuple)
        and 0 < len(value) <= 10_000
        and all(is_constant_of(item, of) for item in value)
    )


def _are_edges(value: Any, of: Type) -> bool:
    return (
        _are_values(value, of)
        and len(value) <= 1000
        and all(low < high for low, high in pairwise(value))
    )


def _is_in_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    values = options["values"]
    kind = type_of(values[0])
    assert kind is not None  # noqa: S101  the option's rule has seen to it
    return f"({args[0]} IN ({', '.join(sql_constant(value, kind) for value in values)}))"


def _bucket_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    edges = options["edges"]
    kind = type_of(edges[0])
    assert kind is not None  # noqa: S101  the option's rule has seen to it
    x = args[0]
    cases = " ".join(
        f"WHEN {x} < {sql_constant(edge, kind)} THEN {index}" for index, edge in enumerate(edges)
    )
    last = sql_constant(edges[-1], kind)
    return f"CAST(CASE {cases} WHEN {x} >= {last} THEN {len(edges)} END AS BIGINT)"


def _samples(of: Type) -> tuple[Any, ...]:
    return {
        "bool": ((True,), (False, True)),
        "int": ((0,), (-5, 3, 7), (-(2**63), 0, 2**63 - 1)),
        "float": ((0.0,), (-2.5, 0.1, 3.0), (-1e300, float("inf"))),
        "str": (("a",), ("", "a", "ß"), ("A", "İ", "z")),
        "date": ((date(2013, 1, 31),), (date(1, 1, 1), date(2024, 2, 29))),
        "timestamp": ((datetime(2013, 1, 31, 12),), (datetime(1, 1, 1), datetime(2024, 2, 29))),
    }[of]


_AND = "(False if {0} is False or {1} is False else None if {0} is None or {1} is None else True)"
_OR = "(True if {0} or {1} else None if {0} is None or {1} is None else False)"


def _boolean(
    name: str,
    symbol: str,
    sql: str,
    python: str,
    *,
    doc: str,
    example: Example,
    plain: str | None = None,
) -> Operation:
    return Operation(
        name=name,
        group="Logic",
        written=f"a {symbol} b",
        doc=doc,
        forms=(
            Form(
                args=("bool", "bool"),
                result="bool",
                sql=f"({{0}} {sql} {{1}})",
                python=python,
                strict=plain is None,
                plain=plain,
            ),
        ),
        examples=(example,),
    )


OPERATIONS: tuple[Operation, ...] = (
    _comparison("eq", "=", "==", "Whether a equals b. 0.0 equals -0.0.", _ALL),
    _comparison("ne", "<>", "!=", "Whether a differs from b.", _ALL),
    _comparison("lt", "<", "<", "Whether a is less than b. Text by code points.", _ORDERED),
    _comparison("le", "<=", "<=", "Whether a is at most b.", _ORDERED),
    _comparison("gt", ">", ">", "Whether a is greater than b.", _ORDERED),
    _comparison("ge", ">=", ">=", "Whether a is at least b.", _ORDERED),
    Operation(
        name="identical",
        group="Comparison",
        written="a.identical_to(b)",
        doc="Whether a equals b, or both are null; never null.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result="bool",
                sql="({0} IS NOT DISTINCT FROM {1})",
                python="({0} == {1})",
                strict=False,
                null="never",
            )
            for kind in _ALL
        ),
        examples=(Example(("a", None), False),),
    ),
    Operation(
        name="is_in",
        group="Comparison",
        written="x.is_in([v, …])",
        doc="Whether x is one of the constants (1 to 10,000, none of them null).",
        forms=tuple(
            Form(
                args=(kind,),
                result="bool",
                sql=_is_in_sql,
                python="({0} in {values})",
                constants=lambda options: {"values": frozenset(options["values"])},
            )
            for kind in _ALL
        ),
        examples=(Example(("AA",), True, (("values", ("AA", "UA")),)),),
        options=(
            Option("values", "1 to 10,000 constants of the type of x", _are_values, _samples),
        ),
    ),
    _boolean(
        "and",
        "&",
        "AND",
        _AND,
        plain="({0} and {1})",
        doc="Both. False if one is false, whatever the other.",
        example=Example((False, None), False),
    ),
    _boolean(
        "or",
        "|",
        "OR",
        _OR,
        plain="({0} or {1})",
        doc="Either. True if one is true, whatever the other.",
        example=Example((True, None), True),
    ),
    _boolean(
        "xor",
        "^",
        "<>",
        "({0} is not {1})",
        doc="One but not both.",
        example=Example((True, False), True),
    ),
    Operation(
        name="not",
        group="Logic",
        written="~a",
        doc="The opposite.",
        forms=(Form(args=("bool",), result="bool", sql="(NOT {0})", python="(not {0})"),),
        examples=(Example((True,), False),),
    ),
    Operation(
        name="is_null",
        group="Nulls",
        written="x.is_null()",
        doc="Whether x is null (NaN is null); never null.",
        forms=tuple(
            Form(
                args=(kind,),
                result="bool",
                sql="({0} IS NULL)",
                python="({0} is None)",
                strict=False,
                null="never",
            )
            for kind in _ALL
        ),
        examples=(Example((1,), False),),
    ),
    Operation(
        name="not_null",
        group="Nulls",
        written="x.not_null()",
        doc="Whether x has a value; never null.",
        forms=tuple(
            Form(
                args=(kind,),
                result="bool",
                sql="({0} IS NOT NULL)",
                python="({0} is not None)",
                strict=False,
                null="never",
            )
            for kind in _ALL
        ),
        examples=(Example((1,), True),),
    ),
    Operation(
        name="coalesce",
        group="Nulls",
        written="coalesce(a, b, …), x.fill_null(b)",
        doc="The first argument that is not null.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result=kind,
                sql="CASE WHEN {0} IS NULL THEN {1} ELSE {0} END",
                python="({1} if {0} is None else {0})",
                strict=False,
                null="all",
            )
            for kind in _ALL
        ),
        examples=(Example((None, 2), 2),),
    ),
    Operation(
        name="null_if",
        group="Nulls",
        written="x.null_if(v)",
        doc="x, or null where x equals v.",
        forms=tuple(
            Form(
                args=(kind, kind),
                result=kind,
                sql="CASE WHEN {0} = {1} THEN NULL ELSE {0} END",
                python="(None if {0} == {1} else {0})",
                strict=False,
                null="always",
            )
            for kind in _ALL
        ),
        examples=(Example((-1, -1), None), Example((3, -1), 3)),
    ),
    Operation(
        name="if_else",
        group="Choice",
        written="if_else(condition, a, b), cases((condition, a), …, otherwise=b)",
        doc="a where the condition is true, else b (also where it is null).",
        forms=tuple(
            Form(
                args=("bool", kind, kind),
                result=kind,
                sql="CASE WHEN {0} THEN {1} ELSE {2} END",
                python="({1} if {0} else {2})",
                strict=False,
                null="branches",
            )
            for kind in _ALL
        ),
        examples=(Example((True, 1, 2), 1), Example((None, 1, 2), 2)),
    ),
    _pick("greatest", ">", "greatest", Example((1, 2), 2)),
    _pick("least", "<", "least", Example((1, 2), 1)),
    _clip("at_least", "<", "lower", Example((-3, 0), 0)),
    _clip("at_most", ">", "upper", Example((95, 80), 80)),
    Operation(
        name="bucket",
        group="Choice",
        written="x.bucket([e0, e1, …])",
        doc="How many of the edges are at or below x: 0 below the first, and so on.",
        forms=tuple(
            Form(
                args=(kind,),
                result="int",
                sql=_bucket_sql,
                python="bisect_right({edges}, {0})",
                constants=lambda options: {"edges": options["edges"]},
            )
            for kind in _ORDERED
        ),
        examples=(Example((7,), 1, (("edges", (5, 10)),)),),
        options=(
            Option(
                "edges",
                "1 to 1,000 constants of the type of x, each above the one before",
                _are_edges,
                lambda of: tuple(value for value in _samples(of) if _are_edges(value, of)),
            ),
        ),
    ),
)
