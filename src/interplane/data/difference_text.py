"""A difference of two versions for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.render import cell, grid

if TYPE_CHECKING:
    from interplane.data.datasets import ColumnChange, Difference
    from interplane.data.profile import ColumnProfile

__all__ = ["column_pairs", "difference_lines", "difference_text"]

_SHOWN = 40


_HEADER = ("column", "change", "nulls", "low", "high", "mean", "distinct")


def difference_lines(difference: Difference) -> tuple[str, str]:
    """Return what is to be said of rows and of parts."""
    rows = f"rows: {difference.rows_before:,} -> {difference.rows_after:,}"
    if difference.rows_added is not None and difference.rows_removed is not None:
        rows += f" ({difference.rows_added:,} added, {difference.rows_removed:,} removed)"
    parts = (
        f"parts: {difference.parts_shared:,} shared, {difference.parts_new:,} new"
        f" ({difference.new_bytes:,} bytes)"
    )
    return rows, parts


def difference_text(difference: Difference) -> str:
    """Return rows, parts, and a line for each column that changed."""
    rows, parts = difference_lines(difference)
    if not difference.columns:
        return f"{rows}\n{parts}\ncolumns: all as they were"
    shown = [_line(change) for change in difference.columns[:_SHOWN]]
    text = grid(_HEADER, shown, right=(False, False, True, True, True, True, True))
    hidden = len(difference.columns) - len(shown)
    more = f"\nand {hidden} more columns" if hidden > 0 else ""
    return f"{rows}\n{parts}\n{text}{more}"


def column_pairs(change: ColumnChange) -> list[tuple[str, str]]:
    """Return what is known of a column in both versions, each under its name."""
    _, _, *pairs = _line(change)
    return list(zip(_HEADER[2:], pairs, strict=True))


def _line(change: ColumnChange) -> tuple[str, ...]:
    before, after = _numbers(change.before), _numbers(change.after)
    pairs = [
        one if one == other else f"{one} -> {other}"
        for one, other in zip(before, after, strict=True)
    ]
    return (cell(change.name), change.change, *pairs)


def _numbers(column: ColumnProfile | None) -> tuple[str, ...]:
    if column is None:
        return ("-",) * 5
    values = (column.nulls, column.low, column.high, column.mean, column.distinct)
    return tuple(f"{value:,}" if type(value) is int else cell(value) for value in values)
