"""A histogram of a column's profile: bars of equal width, as shares of the tallest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.record import Value

if TYPE_CHECKING:
    from interplane.charts.columns import ProfiledColumn

__all__ = ["Bar", "Histogram", "draw_histogram"]

_WIDTH: Final = 200.0
_HEIGHT: Final = 44.0
_FEW: Final = 12


class Bar(Value, frozen=True, kw_only=True):
    """A bar, and what it says."""

    x: float
    width: float
    height: float
    says: str


class Histogram(Value, frozen=True, kw_only=True):
    """Bars in a frame of this size."""

    width: float
    height: float
    bars: tuple[Bar, ...]


def draw_histogram(column: ProfiledColumn) -> Histogram | None:
    """Return the histogram of numbers, or of the most frequent values; None without either."""
    if column.spread and any(column.spread):
        edges = (column.low, *column.spread_edges)
        spans = zip(edges, edges[1:], column.spread, strict=False)
        named = [(f"{_short(low)} to {_short(high)}", count) for low, high, count in spans]
    elif column.top:
        named = [(str(value), count) for value, count in column.top[:_FEW]]
    else:
        return None
    most = max(count for _, count in named)
    step = _WIDTH / len(named)
    bars = [
        Bar(
            x=round(place * step, 2),
            width=round(step - 1, 2),
            height=round(max(_HEIGHT * count / most, 0.6 if count else 0.0), 2),
            says=f"{name}: {count:,} rows",
        )
        for place, (name, count) in enumerate(named)
    ]
    return Histogram(width=_WIDTH, height=_HEIGHT, bars=tuple(bars))


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
