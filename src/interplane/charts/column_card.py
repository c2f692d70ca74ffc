"""A column of a profile as a card: its type, how often it is null, what is usual in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.histogram import Histogram, draw_histogram
from interplane.charts.markup import Markup, element, joined
from interplane.charts.numbers import number
from interplane.charts.svg import histogram
from interplane.charts.tables import pairs
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.charts.columns import ProfiledColumn

__all__ = ["ColumnCard", "column_card", "column_tile"]


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


def column_card(column: ProfiledColumn, rows: int) -> ColumnCard:
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


def column_tile(it: ColumnCard) -> Markup:
    """Return the card of a column: how its values are spread, and what is usual in it."""
    shown = element("div", class_="no-histogram")
    if it.histogram is not None:
        shown = histogram(it.histogram, it.name)
    return joined([shown, pairs(_known(it), kind="small")])


def _known(it: ColumnCard) -> Iterator[tuple[str, object]]:
    if it.low:
        yield "range", f"{it.low} to {it.high}"
    if it.mean is not None:
        doubt = "" if it.std is None else element("span", f"± {number(it.std)}", class_="soft")
        yield "mean", joined([number(it.mean), " ", doubt])
    yield "null", f"{number(it.null_share * 100, 1)} %"
    yield "different", f"{'' if it.is_exact else 'about '}{number(it.distinct)}"
