"""Mathematical functions on floats. Outside their domain they are null; they overflow to infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from interplane.expressions.form import Example, Form, Operation, Option

if TYPE_CHECKING:
    from interplane.record import Type

__all__ = ["OPERATIONS"]

_GROUP = "Mathematics"
_FINITE = "abs({0}) < CAST('inf' AS DOUBLE)"


def _function(
    name: str,
    doc: str,
    example: Example,
    *,
    python: str | None = None,
    where: tuple[str, str] | None = None,
    finite: bool = False,
) -> Operation:
    """Return a function of one float; ``where`` is its domain in SQL and in Python."""
    sql, row = f"{name}({{0}})", python or f"{name}({{0}})"
    if where is not None:
        sql, row = f"CASE WHEN {where[0]} THEN {sql} END", f"({row} if {where[1]} else None)"
    form = Form(
        args=("float",),
        result="float",
        sql=sql,
        python=row,
        partial=where is not None,
        finite=finite,
    )
    return Operation(
        name=name, group=_GROUP, written=f"x.{name}()", doc=doc, forms=(form,), examples=(example,)
    )


def _rounding(name: Literal["floor", "ceil"], word: str, example: Example) -> Operation:
    return Operation(
        name=name,
        group=_GROUP,
        written=f"x.{name}()",
        doc=f"The nearest whole number {word}, as a float; never -0.0.",
        forms=(
            Form(
                args=("float",),
                result="float",
                sql=f"({name}({{0}}) + 0.0)",
                python=f"float_{name}({{0}})",
                absorbs=True,
            ),
        ),
        examples=(example,),
    )


def _is_digits(value: Any, _: Type) -> bool:
    return type(value) is int and 0 <= value <= 15


def _round_sql(args: tuple[str, ...], options: Any) -> str:
    power = f"1e{options['digits']}"
    x = args[0]
    return (
        f"CASE WHEN abs({x}) < 4503599627370496.0::DOUBLE"
        f" THEN round({x} * {power}::DOUBLE) / {power}::DOUBLE + 0.0 ELSE {x} END"
    )


_POSITIVE = ("{0} > 0", "{0} > 0.0")
_UNIT = ("{0} BETWEEN -1 AND 1", "-1.0 <= {0} <= 1.0")
_BOUNDED = (_FINITE, "-inf < {0} < inf")

OPERATIONS: tuple[Operation, ...] = (
    _function("exp", "e to the power of x.", Example((0.0,), 1.0), python="float_exp({0})"),
    _function(
        "ln",
        "Natural logarithm. Null where x <= 0.",
        Example((1.0,), 0.0),
        python="log({0})",
        where=_POSITIVE,
    ),
    _function(
        "log2", "Logarithm to base 2. Null where x <= 0.", Example((8.0,), 3.0), where=_POSITIVE
    ),
    _function(
        "log10", "Logarithm to base 10. Null where x <= 0.", Example((0.0,), None), where=_POSITIVE
    ),
    Operation(
        name="log",
        group=_GROUP,
        written="x.log(base)",
        doc="x.ln() / base.ln(); to base 2 and 10 rather log2 and log10. Null where x <= 0, base <= 0 or base is 1.",
        forms=(
            Form(
                args=("float", "float"),
                result="float",
                sql="CASE WHEN {0} > 0 AND {1} > 0 AND {1} <> 1 THEN ln({0}) / ln({1}) END",
                python="(log({0}) / log({1}) if {0} > 0.0 and {1} > 0.0 and {1} != 1.0 else None)",
                partial=True,
                nan="quotient",
            ),
        ),
        examples=(Example((9.0, 3.0), 2.0), Example((2.0, 1.0), None)),
    ),
    _function(
        "sqrt",
        "Square root. Null where x < 0.",
        Example((2.25,), 1.5),
        where=("{0} >= 0", "{0} >= 0.0"),
    ),
    _function(
        "sin",
        "Sine of x radians. Null where x is infinite.",
        Example((0.0,), 0.0),
        where=_BOUNDED,
        finite=True,
    ),
    _function(
        "cos",
        "Cosine of x radians. Null where x is infinite.",
        Example((0.0,), 1.0),
        where=_BOUNDED,
        finite=True,
    ),
    _function(
        "tan",
        "Tangent of x radians. Null where x is infinite.",
        Example((0.0,), 0.0),
        where=_BOUNDED,
        finite=True,
    ),
    _function(
        "asin",
        "Arc sine, in radians. Null outside [-1, 1].",
        Example((0.0,), 0.0),
        where=_UNIT,
        finite=True,
    ),
    _function(
        "acos",
        "Arc cosine, in radians. Null outside [-1, 1].",
        Example((1.0,), 0.0),
        where=_UNIT,
        finite=True,
    ),
    _function("sinh", "Hyperbolic sine.", Example((0.0,), 0.0), python="float_sinh({0})"),
    _function("cosh", "Hyperbolic cosine.", Example((0.0,), 1.0), python="float_cosh({0})"),
    _function("tanh", "Hyperbolic tangent, from -1 to 1.", Example((0.0,), 0.0), finite=True),
    _function("atan", "Arc tangent, in radians.", Example((0.0,), 0.0), finite=True),
    _function("radians", "Degrees as radians.", Example((180.0,), 3.141592653589793)),
    _function("degrees", "Radians as degrees.", Example((3.141592653589793,), 180.0)),
    Operation(
        name="atan2",
        group=_GROUP,
        written="y.atan2(x)",
        doc="The angle of the point (x, y), in radians.",
        forms=(
            Form(
                args=("float", "float"),
                result="float",
                sql="atan2({0}, {1})",
                python="atan2({0}, {1})",
                finite=True,
            ),
        ),
        examples=(Example((0.0, 1.0), 0.0),),
    ),
    Operation(
        name="pow",
        group=_GROUP,
        written="x ** y",
        doc="x to the power of y, always a float. Null where x < 0 and y is not whole, and where x is 0 and y < 0.",
        forms=(
            Form(
                args=("float", "float"),
                result="float",
                sql="CASE WHEN {0} = 0 AND {1} < 0 THEN NULL ELSE power({0}, {1}) END",
                python="float_pow({0}, {1})",
                partial=True,
                nan="always",
            ),
        ),
        examples=(
            Example((2.0, 10.0), 1024.0),
            Example((-8.0, 0.5), None),
            Example((0.0, -1.0), None),
        ),
    ),
    _rounding("floor", "at or below x", Example((-0.5,), -1.0)),
    _rounding("ceil", "at or above x", Example((-0.5,), 0.0)),
    Operation(
        name="round",
        group=_GROUP,
        written="x.round(digits=0)",
        doc="x * 10**digits rounded half away from zero, divided by 10**digits; digits 0 to 15; never -0.0.",
        forms=(
            Form(
                args=("float",),
                result="float",
                sql=_round_sql,
                python="float_round({0}, {power})",
                constants=lambda options: {"power": 10.0 ** options["digits"]},
            ),
        ),
        examples=(
            Example((2.5,), 3.0, (("digits", 0),)),
            Example((-1.25,), -1.3, (("digits", 1),)),
        ),
        options=(Option("digits", "an int from 0 to 15", _is_digits, lambda _: (0, 1, 2, 5, 15)),),
    ),
    Operation(
        name="is_inf",
        group=_GROUP,
        written="x.is_inf()",
        doc="Whether x is infinite. (There is no NaN here: it is null.)",
        forms=(
            Form(
                args=("float",),
                result="bool",
                sql="(abs({0}) = CAST('inf' AS DOUBLE))",
                python="(abs({0}) == inf)",
            ),
        ),
        examples=(Example((1.0,), False),),
    ),
)
