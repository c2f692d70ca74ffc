"""Windows over an entity's past: a statistic of what happened lately, or of the last so many events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from interplane.errors import ExpressionError
from interplane.expressions.render import render
from interplane.expressions.uncounted import Uncounted
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from interplane.expressions.nodes import Reduce
    from interplane.record import Type

__all__ = [
    "WINDOW_FUNCTIONS",
    "Last",
    "WindowFunction",
    "Windowed",
    "last",
    "lifetime",
    "window_type",
]

WindowFunction = Literal[
    "count", "sum", "mean", "min", "max", "std", "count_distinct", "first", "last"
]
WINDOW_FUNCTIONS: Final[tuple[WindowFunction, ...]] = get_args(WindowFunction)
"""The statistics that a window has: each has the same bits however the events came in."""

_NUMBERS: Final = ("bool", "int", "float")
_MOST_ROWS: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Last:
    """Which events a window holds: of a length of time, so many, or all of them.

    At time t it is asked of the events that happened by t - ``delay_us``, as they are known at t.

    Attributes:
        duration_us: its length in microseconds; None for a number of events, or a lifetime.
        rows: how many events; None for a length of time, or a lifetime.
        delay_us: how long before the prediction time it ends, in microseconds.
    """

    duration_us: int | None = None
    rows: int | None = None
    delay_us: int = 0

    @property
    def is_bounded(self) -> bool:
        """Whether it has a length: what is older can be let go of."""
        return self.duration_us is not None

    def __str__(self) -> str:
        parts = []
        if self.duration_us is not None:
            parts.append(repr(_text(self.duration_us)))
        if self.rows is not None:
            parts.append(f"{self.rows}")
        if self.delay_us:
            parts.append(f"delay={_text(self.delay_us)!r}")
        name = "lifetime" if self.duration_us is self.rows is None else "last"
        return f"{name}({', '.join(parts)})"


def last(window: str | timedelta | int, *, delay: str | timedelta | None = None) -> Last:
    """Return the window of the last ``90m``, ``36h``, ``7d`` …, of a timedelta, or of so many events.

    An event is in a window of time from the moment it happened (and was known) until just before it
    is as old as the window is long. The last 50 events are the 50 latest ones that are known, by when they
    happened; null values take a place among them and are left out of the statistic.

    Args:
        window: a length of time, or a number of events.
        delay: how long before the prediction time the window ends: ``last("30d", delay="7d")`` is for
            what is known only a week after it happened.

    Raises:
        ExpressionError: if it is no length of time and no number of events, or not positive.

    >>> last("7d")
    Last(duration_us=604800000000, rows=None, delay_us=0)
    >>> print(last(50, delay="7d"))
    last(50, delay='7d')
    """
    if isinstance(window, int) and not isinstance(window, bool):
        if not 0 < window <= _MOST_ROWS:
            raise ExpressionError(
                f"a window of {window:,} events",
                expected=f"1 to {_MOST_ROWS:,} events",
                do="Write ip.last(50) for the last fifty, ip.lifetime() for all",
            )
        return Last(rows=window, delay_us=_delay(delay))
    length = _micros(window)
    if length <= 0:
        raise ExpressionError(
            f"{window!r} is no length of a window",
            expected="a positive length of time such as '90m', '36h' or '7d', a timedelta, or a "
            "number of events",
            do='Write for example ip.last("7d"), or ip.last(50)',
        )
    return Last(length, delay_us=_delay(delay))


def lifetime(*, delay: str | timedelta | None = None) -> Last:
    """Return the window of everything that ever happened to the entity.

    Args:
        delay: how long before the prediction time it ends.

    Raises:
        ExpressionError: if the delay is no length of time.

    >>> print(lifetime(), lifetime(delay="36h"))
    lifetime() lifetime(delay='36h')
    """
    return Last(delay_us=_delay(delay))


def _delay(given: str | timedelta | None) -> int:
    length = 0 if given is None else _micros(given)
    if length < 0 or (length == 0 and given is not None):
        raise ExpressionError(
            f"{given!r} is no delay of a window",
            expected="a positive length of time such as '7d', or a timedelta",
            do='Write for example ip.last("30d", delay="7d")',
        )
    return length


def _micros(given: object) -> int:
    """Return a length of time in microseconds; 0 if it is none."""
    if isinstance(given, timedelta):
        return given // _MICROSECOND
    seconds = parse_duration(str(given))
    return 0 if seconds is None else round(seconds * 1_000_000)


def _text(duration_us: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        if duration_us % (length * 1_000_000) == 0:
            return f"{duration_us // (length * 1_000_000)}{unit}"
    return f"{duration_us}us"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Windowed(Uncounted):
    """A statistic over a window; ``expression.mean().over(last("7d"))``.

    Attributes:
        statistic: what is computed.
        window: over which events.
    """

    statistic: Reduce
    window: Last

    _is = "a statistic over a window, which a feature view returns as it is"
    _do = "Return it alone, and calculate with it where the view is used: history.late_rate + 1"

    def __repr__(self) -> str:
        return f"{render(self.statistic)}.over({self.window})"


def window_type(function: str, argument: Type) -> Type | None:
    """Return the type of a window's value, or None if there is no such window.

    >>> window_type("mean", "bool"), window_type("sum", "bool"), window_type("sum", "str")
    ('float', 'int', None)
    """
    match function:
        case "count" | "count_distinct":
            return "int"
        case "min" | "max" | "first" | "last":
            return argument
        case "mean" | "std" if argument in _NUMBERS:
            return "float"
        case "sum" if argument in _NUMBERS:
            return "float" if argument == "float" else "int"
    return None
