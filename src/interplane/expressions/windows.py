"""Windows over an entity's past: a statistic of what happened in the last so-and-so long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from interplane.errors import ExpressionError
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from interplane.expressions.nodes import Reduce
    from interplane.record import Type

__all__ = ["WINDOW_FUNCTIONS", "Last", "WindowFunction", "Windowed", "last", "window_type"]

WindowFunction = Literal["count", "sum", "mean", "min", "max"]
WINDOW_FUNCTIONS: Final[tuple[WindowFunction, ...]] = get_args(WindowFunction)
"""The statistics that a window has: each has the same bits however the events came in."""

_NUMBERS: Final = ("bool", "int", "float")


@dataclass(frozen=True, slots=True)
class Last:
    """A length of time that ends at the prediction time.

    Attributes:
        duration_us: its length in microseconds.
    """

    duration_us: int


def last(duration: str | timedelta) -> Last:
    """Return the window of the last ``90m``, ``36h``, ``7d`` …, or of a timedelta.

    An event is in it from the moment it happened (and was known) until just before it is as old
    as the window is long.

    Raises:
        ExpressionError: if it is no length of time, or not positive.

    >>> last("7d")
    Last(duration_us=604800000000)
    """
    if isinstance(duration, timedelta):
        length = duration // timedelta(microseconds=1)
    else:
        seconds = parse_duration(str(duration))
        length = 0 if seconds is None else round(seconds * 1_000_000)
    if length <= 0:
        raise ExpressionError(
            f"{duration!r} is no length of a window",
            expected="a positive length of time such as '90m', '36h' or '7d', or a timedelta",
            do='Write for example ip.last("7d")',
        )
    return Last(length)


@dataclass(frozen=True, slots=True)
class Windowed:
    """A statistic over the last so-and-so long; ``expression.mean().over(last("7d"))``.

    Attributes:
        statistic: what is computed.
        window: over how long.
    """

    statistic: Reduce
    window: Last


def window_type(function: str, argument: Type) -> Type | None:
    """Return the type of a window's value, or None if there is no such window.

    >>> window_type("mean", "bool"), window_type("sum", "bool"), window_type("max", "str")
    ('float', 'int', None)
    """
    if function == "count":
        return "int"
    if argument not in _NUMBERS or function not in WINDOW_FUNCTIONS:
        return None
    if function == "mean":
        return "float"
    if function == "sum":
        return "float" if argument == "float" else "int"
    return argument
