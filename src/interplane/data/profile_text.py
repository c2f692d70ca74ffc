"""A profile for a person: one line a column, with a small picture of its distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.render import cell, grid, grid_width, shorten

if TYPE_CHECKING:
    from interplane.data.profile import ColumnProfile, Profile

__all__ = ["profile_text", "share_text", "sparkline"]

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_VALUES = 3
_HEADER = ("column", "type", "nulls", "distinct", "low", "median", "high", "mean", "")
_RIGHT = (False, False, True, True, True, True, True, True, False)
_FIRST_TO_GO = ("mean", "median", "", "high", "low")
_NARROW = 12


def sparkline(counts: tuple[int, ...]) -> str:
    """Return counts as small bars; an empty bin is a space.

    >>> sparkline((0, 1, 4, 8))
    ' ▁▄█'
    """
    most = max(counts, default=0)
    return "".join(_BARS[(8 * count - 1) // most] if count else " " for count in counts)


def profile_text(profile: Profile, *, width: int | None = None) -> str:
    """Return the profile as a table of text.

    Args:
        profile: the profile.
        width: how many characters a line may have; columns that do not fit are left out.
    """
    lines = [_line(column, profile.rows) for column in profile.columns]
    kept = list(range(len(_HEADER)))
    if width is not None:
        lines = [_narrowed(line) for line in lines]
        for name in _FIRST_TO_GO:
            if grid_width([[row[i] for i in kept] for row in (_HEADER, *lines)]) <= width:
                break
            kept.remove(_HEADER.index(name))
    note = (
        ""
        if profile.quantile_rows == profile.rows
        else f", medians of {profile.quantile_rows:,} of them"
    )
    shown = [[line[i] for i in kept] for line in lines]
    table = grid([_HEADER[i] for i in kept], shown, right=[_RIGHT[i] for i in kept])
    return f"{table}\n{profile.rows:,} rows{note}"


def _narrowed(line: tuple[str, ...]) -> tuple[str, ...]:
    """Return the line with values that leave room for others; the name keeps its own."""
    name, *values, picture = line
    return (name, *(shorten(value, _NARROW) for value in values), shorten(picture, 20))


def share_text(count: int, rows: int) -> str:
    """Return a share that says 0 % and 100 % only where it is none and all.

    >>> share_text(0, 9), share_text(1, 9), share_text(1, 90_000), share_text(89_999, 90_000)
    ('-', '11.1%', '<0.1%', '>99.9%')
    """
    if not count:
        return "-"
    share = f"{count / rows:.1%}"
    return {"0.0%": "<0.1%", "100.0%": "100.0%" if count == rows else ">99.9%"}.get(share, share)


def _line(column: ColumnProfile, rows: int) -> tuple[str, ...]:
    median = column.quantiles[4] if column.quantiles else None
    return (
        cell(column.name),
        column.type,
        share_text(column.nulls, rows),
        f"{'' if column.distinct_exact else '~'}{column.distinct:,}",
        cell(column.low),
        cell(median),
        cell(column.high),
        cell(column.mean),
        sparkline(column.spread) or _most_frequent(column),
    )


def _most_frequent(column: ColumnProfile) -> str:
    return ", ".join(f"{cell(value)} {n:,}" for value, n in column.top[:_SHOWN_VALUES])
