"""Values that come round again: hours, weekdays, angles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from interplane.errors import ExpressionError
from interplane.expressions.uncounted import Several
from interplane.features.encodings.arguments import check_positive, expression, numeric

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.expressions.expr import Expr

__all__ = ["cyclic"]

Part = Literal["minute", "hour", "weekday", "month", "day_of_year"]

_PARTS: dict[str, tuple[Callable[[Expr], Expr], float]] = {
    "minute": (lambda t: t.minute(), 60.0),
    "hour": (lambda t: t.hour(), 24.0),
    "weekday": (lambda t: t.day_of_week(), 7.0),
    "month": (lambda t: t.month() - 1, 12.0),
    "day_of_year": (lambda t: t.day_of_year() - 1, 366.0),
}


def cyclic(x: Expr, period: float | Part = 24) -> dict[str, Expr]:
    """Return the two features ``sin`` and ``cos`` of x on a circle.

    Args:
        x: a number, or a date or timestamp (UTC).
        period: the length of the circle: 24 for hours. For a date or timestamp the part that comes round
            again: ``minute``, ``hour``, ``weekday``, ``month`` or ``day_of_year`` (of 366 days).

    >>> from interplane.expressions.expr import Row
    >>> cyclic(Row({"at": "timestamp"}).at, "weekday")["cos"]
    (at.day_of_week().cast('float') * 0.8975979010256552).cos()
    """
    if isinstance(period, str):
        if period not in _PARTS or expression(x, "cyclic").type not in {"date", "timestamp"}:
            raise ExpressionError(
                f"cyclic got {x!r} ({x.type}) and period={period!r}",
                expected=f"a date or timestamp and one of {', '.join(_PARTS)}",
                do="Give the length of the cycle for a number, for example 24 for hours",
            )
        part, length = _PARTS[period]
        return _circle(part(x), length)
    check_positive(
        period,
        "period",
        of="cyclic",
        do='Give the length of the cycle, for example 24 for hours, or "hour" for a timestamp',
    )
    return _circle(numeric(x, "cyclic"), period)


def _circle(x: Expr, period: float) -> dict[str, Expr]:
    angle = x * (2.0 * math.pi / period)
    return Several(sin=angle.sin(), cos=angle.cos())
