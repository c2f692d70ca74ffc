"""What encodings check of their arguments, with one wording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.constants import refuse_uncalled
from interplane.expressions.expr import Expr
from interplane.record.arguments import told

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "check_choice",
    "check_flag",
    "check_positive",
    "check_share",
    "check_whole",
    "exactly_one",
    "expression",
    "groupable",
    "groupables",
    "number",
    "numeric",
    "text",
]

_GROUPABLE = ("bool", "int", "str", "date", "timestamp")
_NUMBERS = ("bool", "int", "float")


def groupable(x: Any, encoding: str) -> Expr:
    """Return x, if rows can be grouped by it."""
    found = expression(x, encoding)
    if found.type not in _GROUPABLE:
        raise ExpressionError(
            f"{encoding} got {x!r}, which is {found.type}",
            expected=f"values to group by: {', '.join(_GROUPABLE)}",
            do='Make groups of it first, for example with .floor().cast("int") or .bucket([...])',
        )
    return found


def groupables(x: Any, encoding: str) -> list[Expr]:
    """Return one expression or several as a list, if rows can be grouped by each."""
    keys = list(x) if hasattr(type(x), "__iter__") and not isinstance(x, Expr) else [x]
    if not keys:
        raise ExpressionError(
            f"{encoding} got no columns",
            expected="one or more",
            do=f"Write for example {encoding}([flight.origin, flight.dest], …)",
        )
    return [groupable(key, encoding) for key in keys]


def number(x: Any, encoding: str) -> Expr:
    """Return x, if it is a number or a bool."""
    found = expression(x, encoding)
    if found.type not in _NUMBERS:
        raise ExpressionError(
            f"{encoding} got {x!r}, which is {found.type}",
            expected=f"a number: {', '.join(_NUMBERS)}",
            do="Take a number of it first, for example .hour(), .length() or .epoch_seconds()",
        )
    return found


def numeric(x: Any, encoding: str) -> Expr:
    """Return x as a number to calculate with: 1 and 0 for true and false."""
    found = number(x, encoding)
    return found.cast("int") if found.type == "bool" else found


def text(x: Any, encoding: str) -> Expr:
    """Return x, if it is text."""
    found = expression(x, encoding)
    if found.type != "str":
        raise ExpressionError(
            f"{encoding} got {x!r}, which is {found.type}",
            expected="text",
            do=f'Write {encoding}(x.cast("str"), …) if its text is meant',
        )
    return found


def check_whole(value: Any, name: str, *, least: int, most: int, of: str) -> None:
    """Refuse a setting that is no whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ExpressionError(
            f"{of} got {name}={value!r}",
            expected=f"a whole number from {least:,} to {most:,}",
            do=f"Write for example {name}={max(least, min(most, 10))}",
        )


def check_share(value: Any, name: str, *, of: str) -> None:
    """Refuse a setting that is no share."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ExpressionError(
            f"{of} got {name}={value!r}",
            expected="a share from 0 to 1",
            do=f"Write for example {name}=0.01",
        )


def check_positive(value: Any, name: str, *, of: str, do: str) -> None:
    """Refuse a setting that is no finite number above 0."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and value > 0):
        raise ExpressionError(f"{of} got {name}={value!r}", expected="a number above 0", do=do)


def check_choice(value: object, name: str, choices: Sequence[str], *, of: str, do: str) -> None:
    """Refuse a setting that is none of some words."""
    if not isinstance(value, str) or value not in choices:
        raise ExpressionError(
            f"{of} got {name}={told(value)}", expected=f"one of {', '.join(choices)}", do=do
        )


def check_flag(value: object, name: str, *, of: str) -> None:
    """Refuse a setting that is neither true nor false."""
    if not isinstance(value, bool):
        raise ExpressionError(
            f"{of} got {name}={told(value)}", expected="True or False", do="Leave it out for False"
        )


def exactly_one(given: dict[str, Any], *, of: str, do: str) -> str:
    """Return the name of the one setting that is given."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise ExpressionError(
            f"{of} got {' and '.join(names) or 'none of its settings'}",
            expected=f"exactly one of {', '.join(given)}",
            do=do,
        )
    return names[0]


def expression(x: Any, encoding: str) -> Expr:
    """Return x, if it is an expression."""
    if isinstance(x, Expr):
        return x
    refuse_uncalled(x)
    raise ExpressionError(
        f"{encoding} got {x!r:.60}, of type {type(x).__name__}",
        expected="an expression of the row's columns",
        do="Give for example flight.carrier",
    )
