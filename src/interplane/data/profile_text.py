"""A profile for a person: one line a column, with a small picture of its distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.render import cell, grid

if TYPE_CHECKING:
    from interplane.data.profile import ColumnProfile, Profile

__all__ = ["profile_text", "sparkline"]

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_VALUES = 3


def sparkline(counts: tuple[int, ...]) -> str:
    """Return counts as small bars; an empty bin is a space.

    >>> sparkline((0, 1, 4, 8))
    ' ▁▄█'
    """
    most = max(counts, default=0)
    return "".join(_BARS[(8 * count - 1) // most] if count else " " for count in counts)


def profile_text(profile: Profile) -> str:
    """Return the profile as a table of text."""
    header = ("column", "type", "nulls", "distinct", "low", "median", "high", "mean", "")
    right = (False, False, True, True, True, True, True, True, False)
    lines = [_line(column, profile.rows) for column in profile.columns]
    note = (
        ""
        if profile.quantile_rows == profile.rows
        else f", medians of {profile.quantile_rows:,} of them"
    )
    return f"{grid(header, lines, right=right)}\n{profile.rows:,} rows{note}"


def _line(column: ColumnProfile, rows: int) -> tuple[str, ...]:
    share = column.nulls / rows if rows else 0.0
    median = column.quantiles[4] if column.quantiles else None
    return (
        cell(column.name),
        column.type,
        f"{share:.1%}" if column.nulls else "-",
        f"{'' if column.distinct_exact else '~'}{column.distinct:,}",
        cell(column.low),
        cell(median),
        cell(column.high),
        cell(column.mean),
        sparkline(column.spread) or _most_frequent(column),
    )


def _most_frequent(column: ColumnProfile) -> str:
    return ", ".join(f"{cell(value)} {n:,}" for value, n in column.top[:_SHOWN_VALUES])
