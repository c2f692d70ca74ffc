"""What a notebook shows of a table's statistics: a line a column, with its histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.histogram import draw_histogram
from interplane.charts.markup import Markup
from interplane.charts.notebook import card
from interplane.charts.numbers import number
from interplane.charts.svg import histogram
from interplane.charts.tables import table

if TYPE_CHECKING:
    from interplane.data.profile import ColumnProfile, Profile

__all__ = ["profile_html", "profile_table"]

_HEADER = ("column", "type", "values", "nulls", "different", "least", "mean", "greatest")
_RIGHT = (False, False, False, True, True, True, True, True)


def profile_html(profile: Profile) -> str:
    """Return the statistics as a table of columns."""
    lead = f"{profile.rows:,} rows, {len(profile.columns):,} columns"
    return card("profile", lead, profile_table(profile))


def profile_table(profile: Profile) -> Markup:
    """Return a line a column, with how its values are spread."""
    return table(_HEADER, [_line(column) for column in profile.columns], right=_RIGHT)


def _line(column: ColumnProfile) -> list[object]:
    drawn = draw_histogram(column)
    return [
        column.name,
        column.type,
        Markup("") if drawn is None else histogram(drawn, column.name),
        f"{column.nulls:,}",
        f"{'' if column.distinct_exact else 'about '}{column.distinct:,}",
        _value(column.low),
        "" if column.mean is None else number(column.mean),
        _value(column.high),
    ]


def _value(value: object) -> str:
    if value is None:
        return ""
    return number(value) if isinstance(value, float) else str(value)
