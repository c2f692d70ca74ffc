"""The statistic of a window, of the values in it: what each is."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from interplane.views.running import int_or_null
from interplane.views.sums import Moments, exact_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.view import Window

__all__ = ["statistic", "window_value"]


def window_value(window: Window, values: Sequence[Any]) -> Constant:
    """Return a window's statistic of the values in it, nulls among them, in the order of events.

    >>> from interplane.views.view import Window
    >>> window_value(Window("mean", 0, 1, "bool"), [True, None, False])
    0.5
    """
    return statistic(window, [value for value in values if value is not None])


def statistic(window: Window, known: Sequence[Any]) -> Constant:
    """Return a window's statistic of values that are not null, in the order of events."""
    if not known:
        return 0 if window.function in ("count", "count_distinct") else None
    found = _SIMPLE.get(window.function)
    if found is not None:
        return found(known)
    if window.type == "int":
        return int_or_null(sum(known))
    total = exact_sum(known)
    if window.function == "sum" or total is None:
        return total
    return float(total) / float(len(known))


_SIMPLE: Final[dict[str, Callable[[Sequence[Any]], Constant]]] = {
    "count": len,
    "count_distinct": lambda known: len(set(known)),
    "min": min,
    "max": max,
    "first": itemgetter(0),
    "last": itemgetter(-1),
    "std": lambda known: Moments(known).deviation(),
}
