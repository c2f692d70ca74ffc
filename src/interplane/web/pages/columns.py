"""A column of a profile as a card: its type, how often it is null, what is usual in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.histogram import Histogram, draw_histogram
from interplane.record import Value

if TYPE_CHECKING:
    from interplane.data.profile import ColumnProfile

__all__ = ["ColumnCard", "column_card"]


class ColumnCard(Value, frozen=True, kw_only=True):
    """A column: its type, how often it is null, what is usual in it."""

    name: str
    type: str
    null_share: float
    distinct: int
    is_exact: bool
    low: str
    high: str
    mean: float | None
    std: float | None
    median: str
    top: tuple[tuple[str, int], ...]
    histogram: Histogram | None


def column_card(column: ColumnProfile, rows: int) -> ColumnCard:
    """Return the card of a column of so many rows."""
    middle = column.quantiles[len(column.quantiles) // 2] if column.quantiles else None
    return ColumnCard(
        name=column.name,
        type=column.type,
        null_share=column.nulls / max(rows, 1),
        distinct=column.distinct,
        is_exact=column.distinct_exact,
        low=_text(column.low),
        high=_text(column.high),
        mean=column.mean,
        std=column.std,
        median=_text(middle),
        top=tuple((_text(value), count) for value, count in column.top[:6]),
        histogram=draw_histogram(column),
    )


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)
