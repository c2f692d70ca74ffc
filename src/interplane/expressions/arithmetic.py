"""Arithmetic: exact on integers, IEEE on floats; what overflows or is undefined is null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.expressions.form import Example, Form, Operation

if TYPE_CHECKING:
    from interplane.record import Type

__all__ = ["OPERATIONS"]

_GROUP = "Arithmetic"
_INTS: tuple[Type, ...] = ("int", "int")
_IN_RANGE = "({{t}} if -9223372036854775808 <= ({{t}} := {0}) <= 9223372036854775807 else None)"


def _int(sql: str, python: str, *, arity: int = 2, safe: tuple[str, str] | None = None) -> Form:
    """Return a form on integers, computed in 128 bits and null where 64 are too few.

    The plus keeps DuckDB 1.5 from comparing the 128 bits when the result is compared with a
    constant: it moves the cast to the constant, and what should be null is compared.
    """
    wide = sql
    for index in range(arity):
        wide = wide.replace(f"{{{index}}}", f"CAST({{{index}}} AS HUGEINT)")
    return Form(
        args=_INTS[:arity],
        result="int",
        sql=f"(+TRY_CAST({wide} AS BIGINT))",
        python=_IN_RANGE.format(python),
        partial=True,
        safe=safe,
    )


def _plain(name: str, symbol: str, word: str, nan: str, *examples: Example) -> Operation:
    return Operation(
        name=name,
        group=_GROUP,
        written=f"a {symbol} b",
        doc=f"{word}. Null where an integer result needs more than 64 bits.",
        forms=(
            _int(f"({{0}} {symbol} {{1}})", f"{{0}} {symbol} {{1}}"),
            Form(
                args=("float", "float"),
                result="float",
                sql=f"({{0}} {symbol} {{1}})",
                python=f"({{0}} {symbol} {{1}})",
                nan="sum" if nan == "sum" else "product",
                absorbs=True,
            ),
        ),
        examples=examples,
    )


_WIDE0, _WIDE1 = "CAST({0} AS HUGEINT)", "CAST({1} AS HUGEINT)"
_MOD = f"((({_WIDE0} % {_WIDE1}) + {_WIDE1}) % {_WIDE1})"
_FLOORED = f"(({_WIDE0} - {_MOD}) // {_WIDE1})"

OPERATIONS: tuple[Operation, ...] = (
    _plain("add", "+", "Sum", "sum", Example((2, 3), 5), Example((2**63 - 1, 1), None)),
    _plain("sub", "-", "Difference", "sum", Example((2, 3), -1), Example((0.3, 0.1), 0.3 - 0.1)),
    _plain("mul", "*", "Product", "product", Example((4, 3), 12), Example((0.5, 3.0), 1.5)),
    Operation(
        name="div",
        group=_GROUP,
        written="a / b",
        doc="Quotient, always a float. Null where b is 0.",
        forms=(
            Form(
                args=("float", "float"),
                result="float",
                sql="({0} / CASE WHEN {1} <> 0 THEN {1} END)",
                python="({0} / {1} if {1} else None)",
                safe=("({0} / {1})", "({0} / {1})"),
                nan="quotient",
                absorbs=True,
                partial=True,
            ),
        ),
        examples=(Example((7.0, 2.0), 3.5), Example((7.0, 0.0), None)),
    ),
    Operation(
        name="floor_div",
        group=_GROUP,
        written="a // b",
        doc="Quotient rounded down, as in Python; for floats the floor of a / b. Null where b is 0.",
        forms=(
            Form(
                args=("int", "int"),
                result="int",
                sql=f"CASE WHEN {{1}} <> 0 THEN (+TRY_CAST({_FLOORED} AS BIGINT)) END".replace(
                    _WIDE1, "CAST(CASE WHEN {1} <> 0 THEN {1} END AS HUGEINT)"
                ),
                python="(None if {1} == 0 or {0} == -9223372036854775808 and {1} == -1 else {0} // {1})",
                safe=(f"(+TRY_CAST({_FLOORED} AS BIGINT))", "({0} // {1})"),
                partial=True,
            ),
            Form(
                args=("float", "float"),
                result="float",
                sql="(floor({0} / CASE WHEN {1} <> 0 THEN {1} END) + 0.0)",
                python="(float_floor({0} / {1}) if {1} else None)",
                safe=("(floor({0} / {1}) + 0.0)", "float_floor({0} / {1})"),
                nan="quotient",
                absorbs=True,
                partial=True,
            ),
        ),
        examples=(Example((-7, 2), -4), Example((7.5, -2.0), -4.0), Example((7, 0), None)),
    ),
    Operation(
        name="mod",
        group=_GROUP,
        written="a % b",
        doc="Remainder with the sign of b, as in Python. Null where b is 0 or a is infinite.",
        forms=(
            Form(
                args=("int", "int"),
                result="int",
                sql=f"(+CAST({_MOD} AS BIGINT))".replace(
                    _WIDE1, "CAST(CASE WHEN {1} <> 0 THEN {1} END AS HUGEINT)"
                ),
                python="({0} % {1} if {1} else None)",
                safe=(f"(+CAST({_MOD} AS BIGINT))", "({0} % {1})"),
                partial=True,
            ),
            Form(
                args=("float", "float"),
                result="float",
                sql=(
                    "CASE WHEN {1} = 0 OR NOT isfinite({0}) THEN NULL"
                    " WHEN {0} % {1} = 0 THEN CAST(0 AS DOUBLE)"
                    " WHEN ({0} % {1} < 0) <> ({1} < 0) THEN {0} % {1} + {1}"
                    " ELSE {0} % {1} END"
                ),
                python="float_mod({0}, {1})",
                partial=True,
            ),
        ),
        examples=(Example((-7, 2), 1), Example((7.5, -2.0), -0.5), Example((7, 0), None)),
    ),
    Operation(
        name="neg",
        group=_GROUP,
        written="-a",
        doc="The number with the other sign. Null for the smallest integer.",
        forms=(
            _int("(-{0})", "-{0}", arity=1),
            Form(args=("float",), result="float", sql="(-{0})", python="(-{0})", absorbs=True),
        ),
        examples=(Example((3,), -3), Example((-(2**63),), None)),
    ),
    Operation(
        name="abs",
        group=_GROUP,
        written="abs(a), a.abs()",
        doc="The number without its sign. Null for the smallest integer.",
        forms=(
            _int("abs({0})", "abs({0})", arity=1),
            Form(args=("float",), result="float", sql="abs({0})", python="abs({0})", absorbs=True),
        ),
        examples=(Example((-3,), 3), Example((-2.5,), 2.5)),
    ),
    Operation(
        name="sign",
        group=_GROUP,
        written="a.sign()",
        doc="-1, 0 or 1, of the type of a.",
        forms=(
            Form(
                args=("int",),
                result="int",
                sql="CAST(CASE WHEN {0} > 0 THEN 1 WHEN {0} < 0 THEN -1 WHEN {0} = 0 THEN 0 END AS BIGINT)",
                python="(({0} > 0) - ({0} < 0))",
            ),
            Form(
                args=("float",),
                result="float",
                sql="CAST(CASE WHEN {0} > 0 THEN 1 WHEN {0} < 0 THEN -1 WHEN {0} = 0 THEN 0 END AS DOUBLE)",
                python="(1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0)",
                finite=True,
            ),
        ),
        examples=(Example((-7,), -1), Example((2.5,), 1.0)),
    ),
)
